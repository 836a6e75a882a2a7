//! Flagger in a flight: its ticker, what a tick sees in the world, and what its orders do there.
//!
//! The primary lives in the stable pool, the target (the canary) in the candidate pool. The same
//! ticker that runs the analysis also sees the new template first, so a release waits for the next
//! tick. The rollback is a human's: a rollback webhook if there is one, else the old template, of
//! which Flagger makes what it makes of any template. Deliberately unknown here: how a tick
//! decides (see [`super::tick`]).

use super::answer::{FlaggerAnswer, Response, read};
use super::bind::Asked;
pub use super::bind::plan;
use super::blame::Calls;
use super::check::{Question, Source};
use super::provider::Provider;
use super::router::Reach;
use super::settings::{Analysis, FlaggerMetric, FlaggerSettings, Hook, Load, Webhook};
use super::side::Side;
use super::status::{FlaggerStatus, Phase, Spec};
use super::tick::{FlaggerObserved, FlaggerQueries, FlaggerWrite, advance, reported_routes};
use super::weights::{Routes, TOTAL};
use crate::analysis::promql::Query;
use crate::analysis::promql::value::Value;
use crate::strategy::order::HumanOrder as SeenGroup;
use crate::strategy::{Cause, Machine, View};
use crate::world::action::{Action, Alarm, Decision, Evidence, Token, Verdict};
use crate::world::routing::{Mirror, Pool, Routing, Split, Sticky};
use crate::world::service::Version;
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::random::mix64;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_base::units::Share;

const TICK: Token = Token::of(Alarm::Tick);
const PRIMARY: Token = Token::of(Alarm::PrimaryDeadline);
const CANARY: Token = Token::of(Alarm::CanaryDeadline);
const ANSWERED: Token = Token::of(Alarm::Answered);

/// Flagger with the state of one Canary.
#[derive(Clone, Debug)]
pub struct Flagger {
    settings: FlaggerSettings,
    asked: Asked,
    status: FlaggerStatus,
    routes: Routes,
    /// The template that the target has been given.
    wanted: Version,
    sides: Option<(Side, Side)>,
    /// The sizes of both that an autoscaler has been told of.
    told: Option<[u32; 2]>,
    released: SimTime,
    /// A human has opened the rollback webhook.
    called_back: bool,
    calls: u64,
    ticker: Ticker,
    /// Load tests by the webhook that starts them, and when the last one ends.
    loads: Vec<(String, Load, SimTime)>,
}

/// The ticker of the control loop. A tick runs to its end, webhooks and all; of the ticks that
/// fall due meanwhile one is kept and follows at once, the others are lost (Go's `time.Ticker`).
#[derive(Clone, Copy, Debug, Default)]
struct Ticker {
    /// The instant of its first tick.
    first: SimTime,
    /// Number of the last tick that was run, kept or lost.
    seen: u64,
}

impl Ticker {
    /// The span from the end of a tick, at `now`, to the next one.
    fn next(&mut self, now: SimTime, interval: SimDuration) -> SimDuration {
        let fired = now.since(self.first).as_nanos() / interval.as_nanos().max(1);
        if fired > self.seen {
            self.seen = fired;
            return SimDuration::ZERO;
        }
        self.seen += 1;
        (self.first + interval * self.seen).since(now)
    }
}

fn count(view: &View<'_>, query: &Query) -> Option<f64> {
    match view.ask(query) {
        Ok(Value::Vector(elements)) => Some(elements.first().map_or(0.0, |e| e.value)),
        _ => None,
    }
}

fn spec(version: Version) -> Spec {
    Spec { template: 1 + version.index() as u64, configs: 0 }
}

impl Flagger {
    /// A Canary whose primary runs the old version, with what it asks.
    pub(super) fn new(settings: FlaggerSettings, asked: Asked) -> Flagger {
        Flagger {
            settings,
            asked,
            status: FlaggerStatus::initialized(spec(Version::Old)),
            routes: Routes::PRIMARY,
            wanted: Version::Old,
            sides: None,
            told: None,
            released: SimTime::ZERO,
            called_back: false,
            calls: 0,
            ticker: Ticker::default(),
            loads: Vec::new(),
        }
    }

    fn release(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let target = &self.settings.target;
        self.released = view.now;
        self.wanted = Version::New;
        let primary = Side::new(Pool::Stable, target, view.replicas);
        let mut canary = Side::new(Pool::Candidate, target, 0);
        canary.aim(Version::New, view.now);
        canary.resize(target.replicas.unwrap_or(0), target);
        self.sides = Some((primary, canary));
        let interval = self.settings.interval();
        let drawn = interval.scaled((mix64(view.chance) >> 11) as f64 / (1u64 << 53) as f64);
        let after = self.settings.first_tick.unwrap_or(drawn);
        self.ticker = Ticker { first: view.now + after, seen: 0 };
        out.push(Action::Wake { after, token: TICK });
    }

    fn roll_back(&mut self, view: &View<'_>) {
        let hooks = self.settings.analysis.iter().flat_map(|a| &a.webhooks);
        let has_hook = hooks.clone().any(|hook| hook.hook == Hook::Rollback);
        if has_hook && self.status.phase.is_analysing() {
            self.called_back = true;
        } else {
            self.apply_old(view);
        }
    }

    /// The target gets the old template again.
    fn apply_old(&mut self, view: &View<'_>) {
        self.wanted = Version::Old;
        if let Some((_, canary)) = &mut self.sides {
            canary.aim(Version::Old, view.now);
        }
    }

    fn rescale(&mut self, view: &View<'_>, pool: Pool, replicas: u32, out: &mut Vec<Action>) {
        if let Some((primary, canary)) = &mut self.sides {
            let side = if pool == Pool::Stable { primary } else { canary };
            side.rescale(view, replicas, &self.settings.target, out);
        }
    }

    fn sync(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        if let Some((primary, canary)) = &mut self.sides {
            primary.sync(view, PRIMARY, out);
            canary.sync(view, CANARY, out);
        }
    }

    /// A tick falls due. Slow webhooks come first: what they block is found by a tick on trial,
    /// and the tick itself runs when the last of them has answered.
    fn begin_tick(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let Some(sight) = self.sight(view) else { return };
        let slow = |analysis: &Analysis| {
            let templates = analysis.metrics.iter().filter_map(|metric| metric.template.as_ref());
            let asked = templates.map(|template| template.takes).max();
            analysis.webhooks.iter().any(|hook| !waits_for_nothing(hook))
                || asked.is_some_and(|takes| takes > SimDuration::ZERO)
        };
        let mut blocked = SimDuration::ZERO;
        if self.settings.analysis.as_ref().is_some_and(slow) {
            let mut calls = self.calls;
            let mut trial = self.senses(view, &mut calls);
            let mut status = self.status;
            advance(&self.settings, &mut status, &sight, &mut trial);
            blocked = trial.blocked;
        }
        match blocked {
            SimDuration::ZERO => self.tick(view, out),
            after => out.push(Action::Wake { after, token: ANSWERED }),
        }
    }

    fn sight(&self, view: &View<'_>) -> Option<FlaggerObserved> {
        let (primary, canary) = self.sides.as_ref()?;
        Some(FlaggerObserved {
            now: view.now,
            primary: primary.report(),
            canary: canary.report(),
            routes: reported_routes(&self.settings, &self.status, self.routes),
            spec: spec(self.wanted),
        })
    }

    fn senses<'s, 'v>(&'s self, view: &'s View<'v>, calls: &'s mut u64) -> Sensed<'s, 'v> {
        Sensed {
            view,
            queries: &self.asked.queries,
            metrics: self.settings.analysis.as_ref().map_or(&[], |a| &a.metrics),
            age: view.now.since(self.released),
            called_back: self.called_back,
            calls,
            answers: Vec::new(),
            heard: Calls::default(),
            blocked: SimDuration::ZERO,
        }
    }

    fn tick(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let Some(sight) = self.sight(view) else { return };
        let before = self.status;
        let (mut calls, mut status) = (self.calls, self.status);
        let mut sensed = self.senses(view, &mut calls);
        let orders = advance(&self.settings, &mut status, &sight, &mut sensed);
        let (answers, heard) = (sensed.answers, sensed.heard);
        (self.calls, self.status) = (calls, status);
        let counted = self.status.failed > before.failed;
        self.tell_evidence(view, &answers, counted, out);
        let silent = counted && !out.iter().any(failed_evidence);
        out.extend(silent.then(|| Action::Because(heard.of_failed_look())));
        let rollback = heard.of_rollback(&orders);
        for order in orders {
            self.carry_out(view, order, out);
        }
        self.sync(view, out);
        // A failed promotion is no rollback: the new version keeps all the traffic.
        let failed = self.status.phase == Phase::Failed && before.phase != Phase::Failed;
        if self.status.told() != before.told() {
            out.push(Action::Say(self.status.told()));
        }
        if failed && self.routes != Routes::CANARY {
            out.extend(rollback.map(Action::Because));
            out.push(Action::Decide(Decision::Rollback));
        }
        let after = self.ticker.next(view.now, self.settings.interval());
        out.push(Action::Wake { after, token: TICK });
    }

    /// What was asked in this tick; if a check has failed it is the last one that was asked.
    fn tell_evidence(
        &self,
        view: &View<'_>,
        answers: &[(Question, FlaggerAnswer)],
        failed: bool,
        out: &mut Vec<Action>,
    ) {
        let metrics = self.settings.analysis.as_ref().map_or(&[][..], |a| &a.metrics);
        for (at, ((number, _), answer)) in answers.iter().enumerate() {
            let Some(metric) = metrics.get(*number) else { continue };
            let range = metric.range.unwrap_or_default();
            let value = match answer {
                FlaggerAnswer::Value(value) => Some(*value),
                FlaggerAnswer::NoValues | FlaggerAnswer::Error(_) | FlaggerAnswer::Given(_) => None,
            };
            out.push(Action::Evidence(Evidence {
                check: Arc::from(metric.name.as_str()),
                value,
                limit: range.min.or(range.max).or(Some(metric.threshold)),
                requests: self.asked.counts.get(number).and_then(|query| count(view, query)),
                verdict: Verdict::of(!(failed && at + 1 == answers.len())),
                tested: None,
            }));
        }
    }

    fn carry_out(&mut self, view: &View<'_>, order: FlaggerWrite, out: &mut Vec<Action>) {
        let Some((primary, canary)) = &mut self.sides else { return };
        match order {
            FlaggerWrite::Route(routes) => {
                self.routes = routes;
                if self.settings.provider.routes() {
                    out.push(Action::Ask(asked(&self.settings, routes)));
                    out.push(Action::Route(routing(&self.settings, routes)));
                }
            }
            FlaggerWrite::ScaleCanary(size) => canary.resize(size, &self.settings.target),
            FlaggerWrite::Promote => {
                primary.aim(self.wanted, view.now);
                if self.settings.autoscaler.is_none() {
                    primary.resize(canary.desired(), &self.settings.target);
                }
                if self.wanted == Version::New {
                    out.push(Action::Decide(Decision::Promote));
                }
            }
            FlaggerWrite::Load(hook, load) => self.load(view.now, hook, load, out),
            FlaggerWrite::Event(event) => out.push(Action::Say(event.text)),
        }
    }
}

impl Flagger {
    /// The load tester starts a command, and skips one that still runs (pkg/loadtester/runner.go).
    fn load(&mut self, now: SimTime, hook: String, load: Load, out: &mut Vec<Action>) {
        self.loads.retain(|(.., ends)| *ends > now);
        if !self.loads.iter().any(|(name, other, _)| *name == hook && *other == load) {
            self.loads.push((hook, load, now + load.lasts));
            let Load { straight, rate, lasts } = load;
            out.push(Action::Load { straight, rate, lasts });
        }
    }
}

/// What Flagger asks for, as it tells it; in an A/B test everything of those who match.
fn asked(settings: &FlaggerSettings, routes: Routes) -> Share {
    let matching = settings.analysis.as_ref().and_then(|analysis| analysis.matching.as_ref());
    match (matching, routes.canary) {
        (Some(matching), TOTAL) => matching.share,
        (_, percent) => Share::clamped(f64::from(percent) / f64::from(TOTAL)),
    }
}

/// What the mesh object means to the balancers. Percent become shares; whom a match leaves with the
/// primary is the router's affair.
fn routing(settings: &FlaggerSettings, routes: Routes) -> Routing {
    let usual = Analysis::default();
    let analysis = settings.analysis.as_ref().unwrap_or(&usual);
    let share = |percent: u32| Share::clamped(f64::from(percent) / f64::from(TOTAL));
    let weight = share(routes.canary);
    let matched = |users, weight, others| Split::Matched { users, weight, others };
    let split = match (settings.provider.reach(analysis), routes.canary) {
        (_, 0) | (Reach::Nobody, _) => Split::All(Pool::Stable),
        (Reach::Whole(users), _) if users == Share::ZERO => Split::All(Pool::Stable),
        (Reach::Whole(users), _) | (Reach::Matching(users), TOTAL) => Split::Header(users),
        (Reach::Matching(users), _) => matched(users, weight, Share::ZERO),
        (Reach::Everyone | Reach::Beside(_), TOTAL) => Split::All(Pool::Candidate),
        (Reach::Beside(users), _) => matched(users, Share::ONE, weight),
        (Reach::Everyone, _) => Split::Weight(weight),
    };
    let copied = match analysis.mirror_weight {
        // Other routers copy everything.
        0 => Share::ONE,
        percent if settings.provider == Provider::Istio => share(percent),
        _ => Share::ONE,
    };
    let mirrors = routes.mirrored && settings.provider.mirrors(analysis);
    let mirror = Mirror { share: if mirrors { copied } else { Share::ZERO }, ..Mirror::default() };
    let keeps = routes.canary > 0 && settings.provider.keeps_sessions(analysis);
    let sticky = analysis.affinity.as_ref().filter(|_| keeps).map(|affinity| Sticky {
        candidate: affinity.max_age,
        stable: affinity.primary_cookie.as_ref().map(|_| analysis.interval),
    });
    Routing { split, mirror, sticky }
}

/// What a tick can ask of the world.
struct Sensed<'s, 'v> {
    view: &'s View<'v>,
    queries: &'s BTreeMap<Question, Query>,
    metrics: &'s [FlaggerMetric],
    age: SimDuration,
    called_back: bool,
    calls: &'s mut u64,
    answers: Vec<(Question, FlaggerAnswer)>,
    /// What webhooks said.
    heard: Calls,
    /// How long the calls block the tick.
    blocked: SimDuration,
}

fn failed_evidence(action: &Action) -> bool {
    matches!(action, Action::Evidence(found) if found.verdict == Verdict::Fail)
}

/// Is there nothing to wait for? Calls after the orders hold nothing up.
fn waits_for_nothing(hook: &Webhook) -> bool {
    hook.hook == Hook::PostRollout || hook.is_quick()
}

impl FlaggerQueries for Sensed<'_, '_> {
    fn call(&mut self, hook: &Webhook) -> bool {
        *self.calls += 1;
        let (passes, blocks) = hook.call(self.age, self.view.chance ^ *self.calls);
        if !waits_for_nothing(hook) {
            self.blocked += blocks;
        }
        let ordered = hook.hook == Hook::Rollback && self.called_back && !hook.times_out();
        self.heard.note(hook, passes || ordered);
        passes || ordered
    }

    fn ask(&mut self, question: Question) -> FlaggerAnswer {
        let metric = self.metrics.get(question.0);
        let template = metric.and_then(|metric| metric.template.as_ref());
        let template = template.filter(|_| question.1 == Source::Template);
        self.blocked += template.map_or(SimDuration::ZERO, |template| template.takes);
        let reply = template.and_then(|template| template.reply);
        let answer = match (self.queries.get(&question), reply) {
            (_, Some(reply)) => {
                *self.calls += 1;
                FlaggerAnswer::Given(reply.passes(self.age, self.view.chance ^ *self.calls))
            }
            (None, None) => FlaggerAnswer::NoValues,
            (Some(query), None) => read(&response(self.view, query)),
        };
        self.answers.push((question, answer.clone()));
        answer
    }
}

fn response(view: &View<'_>, query: &Query) -> Response {
    match view.ask(query) {
        Ok(Value::Vector(elements)) => {
            Response::Vector(elements.iter().map(|element| element.value).collect())
        }
        Ok(Value::Matrix(rows)) => Response::Matrix(rows.len()),
        Ok(Value::Scalar(_) | Value::Text(_)) => Response::Single,
        Err(error) => Response::Failed(error.0),
    }
}

impl Flagger {
    fn react(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match cause {
            Cause::Release => self.release(view, out),
            Cause::Rollback => self.roll_back(view),
            Cause::Ordered(SeenGroup::Undo) => self.apply_old(view),
            Cause::Scaled { pool, replicas } => return self.rescale(view, pool, replicas, out),
            Cause::Pods | Cause::Timer(_) | Cause::Smoke { .. } | Cause::Ordered(_) => {}
        }
        // The Deployments' own controller reacts to every change, Flagger to its ticker only.
        match cause {
            Cause::Timer(token @ (TICK | ANSWERED)) => {
                // The tick's own sync follows and writes; what was asked for once is kept.
                let mut written = Vec::new();
                self.sync(view, &mut written);
                out.extend(written.into_iter().filter(|a| matches!(a, Action::Wake { .. })));
                if token == TICK { self.begin_tick(view, out) } else { self.tick(view, out) }
            }
            // A look at one Deployment's deadline.
            Cause::Timer(token) => {
                if let Some((primary, canary)) = &mut self.sides {
                    let side = if token == PRIMARY { primary } else { canary };
                    side.sync(view, token, out);
                }
            }
            _ => self.sync(view, out),
        }
    }

    /// What has become of `spec.replicas` of both, where it is not what was told before.
    fn resized(&mut self) -> Vec<Action> {
        let Some((primary, canary)) = &self.sides else { return Vec::new() };
        let sizes = [primary.desired(), canary.desired()];
        let told = self.told.replace(sizes);
        let pools = [Pool::Stable, Pool::Candidate].into_iter().enumerate();
        let new = pools.filter(|(i, _)| told.is_none_or(|told| told[*i] != sizes[*i]));
        new.map(|(i, pool)| Action::Replicas { pool, replicas: sizes[i] }).collect()
    }
}

impl Machine for Flagger {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        let before = out.len();
        self.react(view, cause, out);
        // Before anything else is carried out, so that all of it meets these sizes.
        out.splice(before..before, self.resized());
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
