//! Flagger in a flight: its ticker, what a tick sees in the world, and what its orders do there.
//!
//! The primary lives in the stable pool, the target (the canary) in the candidate pool. The same
//! ticker that runs the analysis also sees the new template first, so a release waits for the next
//! tick. The way back is a human's: a rollback webhook if there is one, else the old template, of
//! which Flagger makes what it makes of any template. Deliberately unknown here: how a tick
//! decides (see [`super::tick`]).

use super::answer::{Answer, Response, read};
use super::check::{Question, questions};
use super::provider::Provider;
use super::query::{Builtin, Model, requests};
use super::settings::{Analysis, Hook, Load, Metric, Settings, Webhook};
use super::side::Side;
use super::status::{Phase, Spec, Status};
use super::tick::{Order, Senses, Sight, advance, reported_routes};
use super::upstream::upstreams;
use super::weights::{Mode, Routes, TOTAL};
use crate::analysis::check::about::About;
use crate::analysis::promql::Query;
use crate::analysis::promql::value::Value;
use crate::base::random::mix64;
use crate::base::time::{SimDuration, SimTime};
use crate::base::units::Share;
use crate::strategy::{Cause, Judged, Needs, Plan, Scalable, Scaling, Strategy, View};
use crate::world::action::{Action, Decision, Evidence, Verdict};
use crate::world::names::Names;
use crate::world::routing::{Mirror, Pool, Routing, Split, Sticky};
use crate::world::service::Version;
use std::collections::BTreeMap;
use std::sync::Arc;

const TICK: u32 = 1;
const PRIMARY: u32 = 2;
const CANARY: u32 = 3;
const ANSWERED: u32 = 4;

/// Flagger with the state of one Canary.
#[derive(Clone, Debug)]
pub struct Flagger {
    settings: Settings,
    queries: BTreeMap<Question, Result<Query, String>>,
    /// What counts the requests behind a built-in query, by the number of its metric.
    counts: BTreeMap<usize, Query>,
    status: Status,
    routes: Routes,
    /// The template that the target has been given.
    wanted: Version,
    sides: Option<(Side, Side)>,
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

/// The plan of a Canary, under a name of its own.
pub fn plan(name: &str, settings: Settings) -> Plan {
    let analysis = settings.analysis.clone().unwrap_or_default();
    let needs = Needs {
        second_fleet: true,
        traffic_routing: settings.provider.routes(),
        metrics: !settings.skips_analysis() && !analysis.metrics.is_empty(),
        mixing: true,
    };
    let strategy = Box::new(Flagger::new(settings));
    Plan { name: name.to_string(), kind: "flagger", needs, strategy }
}

/// The queries that count what the built-in ones rest on.
fn counts(settings: &Settings) -> BTreeMap<usize, Query> {
    let metrics = settings.analysis.iter().flat_map(|a| &a.metrics).enumerate();
    let query = |(number, metric): (usize, &Metric)| {
        Builtin::parse(&metric.name)?;
        let interval = metric.interval.as_deref().filter(|i| !i.is_empty()).unwrap_or("1m");
        let model = Model { names: &settings.names, interval, variables: &metric.variables };
        let text = requests(settings.provider, &model).ok()?;
        Some((number, Query::parse_by(&text, settings.promql).ok()?))
    };
    metrics.filter_map(query).collect()
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
    /// A Canary whose primary runs the old version.
    pub fn new(settings: Settings) -> Flagger {
        let rules = settings.promql;
        let parse = |text: Result<String, String>| {
            text.and_then(|text| Query::parse_by(&text, rules).map_err(|error| error.message))
        };
        let asked = questions(&settings).into_iter();
        Flagger {
            counts: counts(&settings),
            queries: asked.map(|(question, text)| (question, parse(text))).collect(),
            settings,
            status: Status::initialized(spec(Version::Old)),
            routes: Routes::PRIMARY,
            wanted: Version::Old,
            sides: None,
            released: SimTime::ZERO,
            called_back: false,
            calls: 0,
            ticker: Ticker::default(),
            loads: Vec::new(),
        }
    }

    /// Its status, as `kubectl get canary` shows it.
    pub fn status(&self) -> &Status {
        &self.status
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

    fn way_back(&mut self, view: &View<'_>) {
        let hooks = self.settings.analysis.iter().flat_map(|a| &a.webhooks);
        let has_hook = hooks.clone().any(|hook| hook.hook == Hook::Rollback);
        if has_hook && self.status.phase.is_analysing() {
            self.called_back = true;
        } else {
            self.wanted = Version::Old;
            if let Some((_, canary)) = &mut self.sides {
                canary.aim(Version::Old, view.now);
            }
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
        let slow =
            |analysis: &Analysis| analysis.webhooks.iter().any(|hook| !waits_for_nothing(hook));
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

    fn sight(&self, view: &View<'_>) -> Option<Sight> {
        let (primary, canary) = self.sides.as_ref()?;
        Some(Sight {
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
            queries: &self.queries,
            age: view.now.since(self.released),
            called_back: self.called_back,
            calls,
            answers: Vec::new(),
            blocked: SimDuration::ZERO,
        }
    }

    fn tick(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        let Some(sight) = self.sight(view) else { return };
        let before = self.status;
        let (mut calls, mut status) = (self.calls, self.status);
        let mut sensed = self.senses(view, &mut calls);
        let orders = advance(&self.settings, &mut status, &sight, &mut sensed);
        let answers = sensed.answers;
        (self.calls, self.status) = (calls, status);
        let counted = self.status.failed > before.failed;
        self.tell_evidence(view, &answers, counted, out);
        for order in orders {
            self.carry_out(view, order, out);
        }
        self.sync(view, out);
        // A failed promotion is no way back: the new version keeps all the traffic.
        let failed = self.status.phase == Phase::Failed && before.phase != Phase::Failed;
        if self.status.told() != before.told() {
            out.push(Action::Say(self.status.told()));
        }
        if failed && self.routes != Routes::CANARY {
            out.push(Action::Decide(Decision::WayBack));
        }
        let after = self.ticker.next(view.now, self.settings.interval());
        out.push(Action::Wake { after, token: TICK });
    }

    /// What was asked in this tick; if a check has failed it is the last one that was asked.
    fn tell_evidence(
        &self,
        view: &View<'_>,
        answers: &[(Question, Answer)],
        failed: bool,
        out: &mut Vec<Action>,
    ) {
        let metrics = self.settings.analysis.as_ref().map_or(&[][..], |a| &a.metrics);
        for (at, ((number, _), answer)) in answers.iter().enumerate() {
            let Some(metric) = metrics.get(*number) else { continue };
            let range = metric.range.unwrap_or_default();
            let value = match answer {
                Answer::Value(value) => Some(*value),
                Answer::NoValues | Answer::Error(_) => None,
            };
            out.push(Action::Evidence(Evidence {
                check: Arc::from(metric.name.as_str()),
                value,
                limit: range.min.or(range.max).or(Some(metric.threshold)),
                requests: self.counts.get(number).and_then(|query| count(view, query)),
                verdict: Verdict::of(!(failed && at + 1 == answers.len())),
            }));
        }
    }

    fn carry_out(&mut self, view: &View<'_>, order: Order, out: &mut Vec<Action>) {
        let Some((primary, canary)) = &mut self.sides else { return };
        match order {
            Order::Route(routes) => {
                self.routes = routes;
                if self.settings.provider.routes() {
                    out.push(Action::Route(routing(&self.settings, routes)));
                }
            }
            Order::ScaleCanary(size) => canary.resize(size, &self.settings.target),
            Order::Promote => {
                primary.aim(self.wanted, view.now);
                if self.settings.autoscaler.is_none() {
                    primary.resize(canary.desired(), &self.settings.target);
                }
                if self.wanted == Version::New {
                    out.push(Action::Decide(Decision::Promote));
                }
            }
            Order::Load(hook, load) => self.load(view.now, hook, load, out),
            Order::Event(event) => out.push(Action::Say(event.text)),
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

/// What the mesh object means to the balancers. Percent become shares; a match leaves all other
/// users with the primary.
fn routing(settings: &Settings, routes: Routes) -> Routing {
    let usual = Analysis::default();
    let analysis = settings.analysis.as_ref().unwrap_or(&usual);
    let share = |percent: u32| Share::clamped(f64::from(percent) / f64::from(TOTAL));
    let weight = share(routes.canary);
    let split = match (&analysis.matching, routes.canary) {
        (_, 0) => Split::All(Pool::Stable),
        (Some(matching), TOTAL) => Split::Header(matching.share),
        (Some(matching), _) => {
            Split::Matched { users: matching.share, weight, others: Share::ZERO }
        }
        (None, TOTAL) => Split::All(Pool::Candidate),
        (None, _) => Split::Weight(weight),
    };
    let copied = match analysis.mirror_weight {
        // Other routers copy everything.
        0 => Share::ONE,
        percent if settings.provider == Provider::Istio => share(percent),
        _ => Share::ONE,
    };
    let mirrors = routes.mirrored && settings.provider.mirrors(analysis.iterations);
    let mirror = Mirror { share: if mirrors { copied } else { Share::ZERO }, ..Mirror::default() };
    let keeps = routes.canary > 0 && settings.provider.keeps_sessions();
    let sticky = analysis.affinity.as_ref().filter(|_| keeps).map(|affinity| Sticky {
        candidate: affinity.max_age,
        stable: affinity.primary_cookie.as_ref().map(|_| analysis.interval),
    });
    Routing { split, mirror, sticky }
}

/// What a tick can ask of the world.
struct Sensed<'s, 'v> {
    view: &'s View<'v>,
    queries: &'s BTreeMap<Question, Result<Query, String>>,
    age: SimDuration,
    called_back: bool,
    calls: &'s mut u64,
    answers: Vec<(Question, Answer)>,
    /// How long the calls block the tick.
    blocked: SimDuration,
}

/// Is there nothing to wait for? Calls after the orders hold nothing up.
fn waits_for_nothing(hook: &Webhook) -> bool {
    hook.hook == Hook::PostRollout || hook.is_quick()
}

impl Senses for Sensed<'_, '_> {
    fn call(&mut self, hook: &Webhook) -> bool {
        *self.calls += 1;
        let (passes, blocks) = hook.call(self.age, self.view.chance ^ *self.calls);
        if !waits_for_nothing(hook) {
            self.blocked += blocks;
        }
        passes || hook.hook == Hook::Rollback && self.called_back && !hook.times_out()
    }

    fn ask(&mut self, question: Question) -> Answer {
        let answer = match self.queries.get(&question) {
            None => Answer::NoValues,
            Some(Err(text)) => Answer::Error(text.clone()),
            Some(Ok(query)) => read(&response(self.view, query)),
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

impl Strategy for Flagger {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match cause {
            Cause::Release => self.release(view, out),
            Cause::WayBack => self.way_back(view),
            Cause::Scaled { pool, replicas } => return self.rescale(view, pool, replicas, out),
            Cause::Pods | Cause::Timer(_) | Cause::Smoke { .. } => {}
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

    fn prepare(&mut self, about: &About<'_>) {
        let target = &mut self.settings.target;
        if target.writes_replicas {
            target.replicas = Some(about.replicas);
        }
    }

    /// The target's own autoscaler, and the primary's copy of it where the Canary refers to one.
    fn scaling(&self) -> Scaling {
        let Some((primary, canary)) = &self.sides else { return Scaling::Fleet };
        let target = Scalable { replicas: canary.desired(), min: None, max: None };
        let copy = self.settings.autoscaler.map(|scaler| {
            let (min, max) = scaler.primary;
            Scalable { replicas: primary.desired(), min, max }
        });
        Scaling::Deployments([copy, Some(target)])
    }

    fn clone_box(&self) -> Box<dyn Strategy> {
        Box::new(self.clone())
    }

    fn rename(&self, names: &mut Names) {
        let super::settings::Names { target, service, namespace, .. } = &self.settings.names;
        names.namespace.clone_from(namespace);
        names.workloads =
            [format!("{target}-primary"), target.clone(), format!("{target}-baseline")];
        // The primary's pods bear its own label, so that no selector picks both
        // (pkg/canary/deployment_controller.go, makePrimaryLabels).
        names.apps = names.workloads.clone();
        names.hosts = ["primary", "canary", "baseline"].map(|side| format!("{service}-{side}"));
        names.backends = names.hosts.clone();
        names.long_labels = true;
        names.upstreams = upstreams(self.settings.provider, &self.settings.names);
    }

    fn queries(&self) -> Vec<Query> {
        self.queries.values().flatten().chain(self.counts.values()).cloned().collect()
    }

    fn judged(&self) -> Vec<Judged> {
        let metrics = self.settings.analysis.iter().flat_map(|a| &a.metrics).enumerate();
        let of = |(number, metric): (usize, &Metric)| {
            let mine = self.queries.iter().filter(move |((of, _), _)| *of == number);
            let queries = mine.filter_map(|(_, query)| query.as_ref().ok().cloned()).collect();
            Judged { name: metric.name.clone(), path: String::new(), queries }
        };
        metrics.map(of).collect()
    }

    fn takes(&self) -> SimDuration {
        let Some(analysis) = &self.settings.analysis else { return self.settings.interval() };
        let ticks = match Mode::of(Some(analysis)) {
            // What never gets there is warned of, and takes no time that could be named.
            Mode::Canary => super::weights::steps_to_last(analysis).unwrap_or(0) + 1,
            Mode::AbTesting => u64::from(analysis.iterations) + 1,
            Mode::BlueGreen => u64::from(analysis.iterations) + 2,
        };
        self.settings.interval() * ticks
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
