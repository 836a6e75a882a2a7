//! Argo Rollouts in a flight: what a reconcile sees in the world, and what its orders do there.
//!
//! A reconcile follows every change and, a moment later, every one of its own writes. With
//! traffic routing and in blue-green the new version lives in the candidate pool; without it both
//! versions share the stable pool, and the weight is the ratio of pods, unless users come by the
//! stable Service, which leads to pods of the stable version alone. The rollback is an abort
//! while an update is under way, else an undo, which is an update like any other. Deliberately
//! unknown here: how a reconcile decides (see [`super::canary`], [`super::blue_green`]).

pub use super::bind::plan;
use super::counts::Rs;
use super::experiment::Place;
use super::kayenta::over;
use super::settings::{ArgoSettings, Step, Strategy as Kind};
use super::status::{
    ArgoObserved, ArgoStatus, ArgoWrite as Written, Managed, Pause, SetSight, Template,
};
use super::weight::Weights;
use super::{blame, blue_green, canary};
use crate::analysis::argo::metric::ArgoMetric;
use crate::analysis::argo::outcome::{MeasurementAnswer, Phase};
use crate::analysis::expr::dates::instant;
use crate::analysis::promql::value::Value;
use crate::analysis::promql::{Options, Query};
use crate::strategy::fleet::route_all;
use crate::strategy::order::HumanOrder;
use crate::strategy::{Cause, Machine, SetFacts, View};
use crate::telemetry::unix_ms;
use crate::world::action::{Action, Alarm, Decision, Token};
use crate::world::routing::{Mirror, Pool, Routing, Split, Sticky};
use crate::world::service::Version;
use std::collections::BTreeMap;
use windtunnel_base::random::mix64;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_base::units::Share;

/// One reconcile, with the writes that end it: the next sees what came of them. Recorded of the
/// real controller, which comes again after 20 to 35 ms.
const RECONCILE: SimDuration = SimDuration::from_millis(30);

/// "After" an instant means a moment later.
const MOMENT: SimDuration = SimDuration::from_millis(1);

/// Argo Rollouts with the state of one Rollout.
#[derive(Clone, Debug)]
pub struct Argo {
    settings: ArgoSettings,
    /// What it asks, by text.
    queries: BTreeMap<String, Query>,
    wanted: Version,
    status: Option<ArgoStatus>,
    /// The earliest wake-up that is still to come.
    waking: Option<SimTime>,
    /// Somebody has paused it: nothing is reconciled.
    held: bool,
    /// When the reconcile that has written last is over.
    free_at: SimTime,
    /// When the release began.
    released: Option<SimTime>,
    /// Sets of experiments: number and position of the template, and the number of the set.
    trials: Vec<((u32, usize), u32)>,
    /// When somebody runs `promote --full`, if that is still to come.
    full_at: Option<SimTime>,
    /// The version whose pods the stable Service selects.
    selected: Version,
}

/// Cookies of the router.
fn sticky(settings: &ArgoSettings) -> Option<Sticky> {
    let Kind::Canary(canary) = &settings.strategy else { return None };
    let kept = canary.traffic.as_ref()?.sticky?;
    Some(Sticky { candidate: kept, stable: Some(kept) })
}

/// Where the pods of a version serve.
fn pool(settings: &ArgoSettings, version: Version) -> Pool {
    match (&settings.strategy, version) {
        (Kind::Canary(canary), _) if canary.traffic.is_none() && !canary.stable_service_only => {
            Pool::Stable
        }
        (_, Version::Old) => Pool::Stable,
        (_, Version::New) => Pool::Candidate,
    }
}

fn template(version: Version) -> Template {
    1 + version.index() as Template
}

fn version(template: Template) -> Version {
    if template == template_of_new() { Version::New } else { Version::Old }
}

fn template_of_new() -> Template {
    template(Version::New)
}

/// Sizes as they will be when the orders so far have been carried out.
#[derive(Default)]
struct Sizes {
    /// Of the sets of templates.
    own: BTreeMap<Template, u32>,
    /// Of experiments, by number and position.
    trials: BTreeMap<(u32, usize), (Template, Place, u32)>,
}

impl Argo {
    /// A Rollout that runs the old version, with what it asks, by text.
    pub(super) fn new(settings: ArgoSettings, queries: BTreeMap<String, Query>) -> Argo {
        Argo {
            queries,
            settings,
            wanted: Version::Old,
            status: None,
            waking: None,
            held: false,
            free_at: SimTime::ZERO,
            released: None,
            trials: Vec::new(),
            full_at: None,
            selected: Version::Old,
        }
    }

    /// What `kubectl argo rollouts` and `kubectl` write.
    fn ordered(&mut self, order: HumanOrder) {
        let Some(status) = &mut self.status else { return };
        let steps = self.settings.steps();
        match order {
            HumanOrder::Undo => self.wanted = Version::Old,
            HumanOrder::Pause => self.held = true,
            // Whoever was to resume what is paused from the start has done so.
            HumanOrder::Resume => (self.held, self.settings.resumed_after) = (false, None),
            HumanOrder::Abort => status.abort = !status.is_promoted(),
            HumanOrder::Retry => status.abort = false,
            // A step that is not a pause is passed over.
            HumanOrder::Promote if status.pauses.is_empty() => {
                status.step = (status.step + 1).min(steps);
            }
            HumanOrder::Promote => status.promote(),
            HumanOrder::PromoteFull => status.promote_full = !status.is_promoted(),
            HumanOrder::Scale(_) => {}
        }
    }

    fn roll_back(&mut self) {
        let Some(status) = &mut self.status else { return };
        if status.is_promoted() {
            self.wanted = Version::Old;
        } else {
            status.abort = true;
        }
    }

    /// One reconcile, which reads the state and writes what comes of it; another follows as long
    /// as one has written anything. They come one after another, never two at once.
    fn settle(&mut self, view: &View<'_>, out: &mut Vec<Action>) {
        if self.is_paused(view, out) || self.held {
            return;
        }
        if self.free_at > view.now {
            return self.wake_at(view.now, Some(self.free_at), out);
        }
        let Some(mut status) = self.status.take() else { return };
        let mut sizes = Sizes::default();
        let mut again = self.promote_by_hand(&mut status, view.now);
        again = earliest(again, self.promote_fully(&mut status, view.now, out));
        let mut told = Vec::new();
        let looked = status.look(view.now, &mut |metric| self.ask(view, metric), &mut told);
        out.extend(told.into_iter().map(Action::Say));
        again = earliest(again, looked.map(|at| at.max(view.now) + MOMENT));
        let before = status.clone();
        let sight = self.sight(view, &sizes);
        self.select(&status, &sight, out);
        let orders = match &self.settings.strategy {
            Kind::Canary(plan) => canary::reconcile(&self.settings, plan, &mut status, &sight),
            Kind::BlueGreen(plan) => {
                blue_green::reconcile(&self.settings, plan, &mut status, &sight)
            }
        };
        let mut wrote = !status.says_the_same_as(&before);
        out.extend(blame::gate(&before, &orders).map(Action::Because));
        for order in orders {
            if let Written::Again(span) = order {
                wrote |= span == SimDuration::ZERO;
                again = earliest(again, Some(view.now + span));
            } else {
                wrote |= !matches!(order, Written::Event(_));
                self.carry_out(&status, order, &mut sizes, out);
            }
        }
        self.write_sizes(view, &sizes, out);
        out.extend(self.asked(&status).map(Action::Ask));
        if wrote {
            self.free_at = view.now + RECONCILE;
            again = Some(self.free_at);
        }
        self.wake_at(view.now, again, out);
        self.status = Some(status);
    }

    /// Points the stable Service at the stable version's pods, once all of them are available
    /// (`ensureSVCTargets` in `rollout/service.go`).
    fn select(&mut self, status: &ArgoStatus, sight: &ArgoObserved, out: &mut Vec<Action>) {
        let Kind::Canary(canary) = &self.settings.strategy else { return };
        let stable = version(status.stable);
        let set = sight.sets.iter().find(|set| set.template == status.stable);
        let whole = set.is_some_and(|set| set.rs.size > 0 && set.rs.available >= set.rs.size);
        if canary.stable_service_only && stable != self.selected && whole {
            self.selected = stable;
            out.push(route_all(pool(&self.settings, stable)));
            let word = stable.word();
            out.push(Action::Say(format!("the stable Service selects pods of the {word} version")));
        }
    }

    /// The weight that the steps so far have set, as they are written; nothing once it is over.
    fn asked(&self, status: &ArgoStatus) -> Option<Share> {
        let Kind::Canary(plan) = &self.settings.strategy else { return None };
        if self.wanted == Version::Old || status.abort || status.is_promoted() {
            return None;
        }
        if status.promote_full || status.step >= plan.steps.len() {
            return Some(Share::ONE);
        }
        let weight = |step: &Step| match step {
            Step::SetWeight(weight) => Some(*weight),
            _ => None,
        };
        let set = plan.steps.iter().take(status.step + 1).rev().find_map(weight)?;
        Some(Share::clamped(f64::from(set) / f64::from(plan.max_weight().max(1))))
    }

    /// Asks to be woken then, unless an earlier wake-up is still to come.
    fn wake_at(&mut self, now: SimTime, at: Option<SimTime>, out: &mut Vec<Action>) {
        let Some(at) = at.filter(|at| *at > now) else { return };
        let pending = self.waking.filter(|pending| *pending > now);
        if pending.is_none_or(|pending| at < pending) {
            self.waking = Some(at);
            out.push(Action::Wake { after: at.since(now), token: Token::of(Alarm::Pass) });
        }
    }

    /// Somebody promotes what is paused without end; says when, if that is still to come.
    fn promote_by_hand(&self, status: &mut ArgoStatus, now: SimTime) -> Option<SimTime> {
        let after = self.settings.promoted_after?;
        let endless = |pause: &Pause| match (pause, &self.settings.strategy) {
            (Pause::Inconclusive | Pause::InconclusiveExperiment, _) => true,
            (Pause::CanaryStep, Kind::Canary(canary)) => {
                matches!(canary.steps.get(status.step), Some(Step::Pause(None)))
            }
            (Pause::BlueGreen, Kind::BlueGreen(plan)) => !plan.auto_promotion,
            _ => false,
        };
        let since = status.pauses.iter().find(|(pause, _)| endless(pause)).map(|(_, s)| *s)?;
        if since + after > now {
            return Some(since + after);
        }
        status.promote();
        None
    }

    /// Somebody promotes an update in full; says when, if that is still to come.
    fn promote_fully(
        &mut self,
        status: &mut ArgoStatus,
        now: SimTime,
        out: &mut Vec<Action>,
    ) -> Option<SimTime> {
        let at = self.full_at?;
        if at > now {
            return Some(at);
        }
        self.full_at = None;
        if !status.is_promoted() {
            status.promote_full = true;
            let name = &self.settings.name;
            out.push(Action::Say(format!("rollout '{name}' fully promoted by hand")));
        }
        None
    }

    fn sight(&self, view: &View<'_>, sizes: &Sizes) -> ArgoObserved {
        let seen = |version: Version| {
            let set = self.set_of(view, version);
            let size = sizes.own.get(&template(version)).copied().or(set.map(|set| set.size))?;
            let rs = Rs {
                size,
                created: set.map_or(0, |set| set.replicas),
                available: set.map_or(0, |set| set.available),
            };
            Some(SetSight {
                template: template(version),
                name: format!("{}-{}", self.settings.name, version.word()),
                rs,
                ready: set.map_or(0, |set| set.ready),
            })
        };
        let trial = |(key, set): &((u32, usize), u32)| {
            let set = view.sets.iter().find(|known| known.id == *set)?;
            let size = sizes.trials.get(key).map_or(set.size, |(.., size)| *size);
            let rs = Rs { size, created: set.replicas, available: set.available };
            Some((key.0, key.1, rs))
        };
        ArgoObserved {
            now: view.now,
            released: self.released.unwrap_or(view.now),
            chance: view.chance,
            trials: self.trials.iter().filter_map(trial).collect(),
            replicas: view.replicas,
            wanted: template(self.wanted),
            sets: Version::BOTH.into_iter().filter_map(seen).collect(),
        }
    }

    fn carry_out(
        &self,
        status: &ArgoStatus,
        order: Written,
        sizes: &mut Sizes,
        out: &mut Vec<Action>,
    ) {
        match order {
            Written::Create(template) => drop(sizes.own.insert(template, 0)),
            Written::Scale(template, size) => drop(sizes.own.insert(template, size)),
            Written::Trial { id, index, template, place, size } => {
                sizes.trials.insert((id, index), (template, place, size));
            }
            Written::Route { canary, weight, managed } => {
                let mut routing = routing(status.stable, canary, weight, &managed);
                routing.sticky = sticky(&self.settings);
                out.push(Action::Route(routing));
            }
            Written::Activate(template) => {
                out.push(route_all(pool(&self.settings, version(template))));
            }
            Written::Promoted if self.wanted == Version::New => {
                out.push(Action::Decide(Decision::Promote));
            }
            Written::Aborted => out.push(Action::Decide(Decision::Rollback)),
            Written::DeadlinePassed => out.push(Action::DeadlinePassed),
            Written::Event(text) => out.push(Action::Say(text)),
            Written::Promoted | Written::Again(_) => {}
        }
    }

    /// Time since the release began.
    fn age(&self, view: &View<'_>) -> SimDuration {
        self.released.map_or(SimDuration::ZERO, |at| view.now.since(at))
    }

    /// The set of a version, which is not one of an experiment.
    fn set_of<'v>(&self, view: &'v View<'_>, version: Version) -> Option<&'v SetFacts> {
        let own = |set: &&SetFacts| !self.trials.iter().any(|(_, trial)| *trial == set.id);
        view.sets.iter().filter(own).find(|set| set.version == version)
    }

    /// A Rollout that is paused does nothing at all until somebody resumes it.
    fn is_paused(&mut self, view: &View<'_>, out: &mut Vec<Action>) -> bool {
        let (Some(after), Some(released)) = (self.settings.resumed_after, self.released) else {
            return false;
        };
        let end = released + after;
        if end <= view.now {
            return false;
        }
        if self.waking.is_none_or(|at| at <= view.now) {
            let name = &self.settings.name;
            out.push(Action::Say(format!("rollout '{name}' is paused: spec.paused")));
            self.waking = Some(end);
            out.push(Action::Wake { after: end.since(view.now), token: Token::of(Alarm::Pass) });
        }
        true
    }

    fn write_sizes(&mut self, view: &View<'_>, sizes: &Sizes, out: &mut Vec<Action>) {
        // The number of the set that is created next.
        let mut next = view.sets.len() as u32;
        for (template, size) in &sizes.own {
            let version = version(*template);
            match self.set_of(view, version) {
                Some(set) if set.size != *size => {
                    out.push(Action::Scale { set: set.id, size: *size });
                }
                Some(_) => {}
                None => {
                    let pool = pool(&self.settings, version);
                    out.push(Action::Create { version, pool, size: *size });
                    next += 1;
                }
            }
        }
        for (key, (template, place, size)) in &sizes.trials {
            let known = self.trials.iter().find(|(known, _)| known == key).map(|(_, set)| *set);
            if let Some(set) = known {
                out.push(Action::Scale { set, size: *size });
                continue;
            }
            let version = version(*template);
            let pool = match (place, version) {
                (Place::Fleet, _) | (Place::Weighted, Version::Old) => Pool::Stable,
                (Place::Weighted, Version::New) => Pool::Candidate,
                (Place::Apart, _) => Pool::Baseline,
            };
            out.push(Action::Create { version, pool, size: *size });
            self.trials.push((*key, next));
            next += 1;
        }
    }

    /// The points of the first series that a query over time answers.
    fn series(&self, view: &View<'_>, query: &str) -> Vec<f64> {
        let answer = self.queries.get(query);
        match answer.map(|query| view.ask(query)) {
            Some(Ok(Value::Matrix(rows))) => {
                rows.first().map_or(Vec::new(), |row| row.samples.iter().map(|(_, v)| *v).collect())
            }
            _ => Vec::new(),
        }
    }

    fn ask(&self, view: &View<'_>, metric: &ArgoMetric) -> MeasurementAnswer {
        if let Some(canary) = metric.given.as_ref().and_then(|given| given.canary.as_ref()) {
            let (score, phase) = canary.judge(&|query| self.series(view, &over(canary, query)));
            return MeasurementAnswer::Scored(score, phase);
        }
        if let Some(given) = &metric.given {
            let name =
                metric.name.bytes().fold(view.now.as_nanos(), |key, b| mix64(key ^ u64::from(b)));
            let passes = given.reply.passes(self.age(view), view.chance ^ name);
            return MeasurementAnswer::Given(if passes {
                Phase::Successful
            } else {
                Phase::Failed
            });
        }
        let Some(query) = self.queries.get(&metric.query) else {
            return MeasurementAnswer::Failed("no query".into());
        };
        let answer = match &metric.range {
            None => view.ask(query),
            Some(range) => {
                let step = (range.step.as_nanos() / 1_000_000) as i64;
                let (from, to) = match range.ends_ms(&instant(unix_ms(view.now))) {
                    Ok(ends) => ends,
                    Err(text) => return MeasurementAnswer::Failed(text),
                };
                query.range(view.telemetry, (from, to, step), &Options::in_flight())
            }
        };
        match answer {
            Ok(Value::Scalar(number)) => MeasurementAnswer::Scalar(number),
            Ok(Value::Vector(elements)) => {
                MeasurementAnswer::Samples(elements.iter().map(|element| element.value).collect())
            }
            Ok(Value::Matrix(rows)) => {
                let samples = rows.iter().flat_map(|row| row.samples.iter().map(|(_, v)| *v));
                MeasurementAnswer::Samples(samples.collect())
            }
            Ok(Value::Text(_)) => {
                MeasurementAnswer::Failed("Prometheus metric type not supported".into())
            }
            Err(error) => MeasurementAnswer::Failed(error.0),
        }
    }
}

fn earliest(a: Option<SimTime>, b: Option<SimTime>) -> Option<SimTime> {
    [a, b].into_iter().flatten().min()
}

/// What the router's weights mean to the balancers: the candidate pool holds the new version,
/// whichever side that is on.
fn routing(stable: Template, canary: Template, weight: Share, managed: &Managed) -> Routing {
    let new = template_of_new();
    let side = |template: Template, share: f64| if template == new { share } else { 0.0 };
    let share = side(canary, weight.value()) + side(stable, 1.0 - weight.value());
    let mut split = match share {
        share if share <= 0.0 => Split::All(Pool::Stable),
        share if share >= 1.0 => Split::All(Pool::Candidate),
        share => Split::Weight(Share::clamped(share)),
    };
    let most = |shares: &BTreeMap<String, Share>| {
        shares.values().copied().fold(Share::ZERO, |a, b| if b > a { b } else { a })
    };
    let users = most(&managed.headers);
    if users > Share::ZERO {
        // Header routes come before the weights.
        let weight = Share::clamped(side(canary, 1.0));
        split = Split::Matched { users, weight, others: Share::clamped(share) };
    }
    let mirror = Mirror { share: most(&managed.mirrors), ..Mirror::default() };
    Routing { split, mirror, sticky: None }
}

impl Machine for Argo {
    fn wake(&mut self, view: &View<'_>, cause: Cause, out: &mut Vec<Action>) {
        match cause {
            Cause::Release => {
                let (steps, old) = (self.settings.steps(), template(Version::Old));
                let mut status = ArgoStatus::healthy(old, steps, view.now);
                // The router has been told before that the stable side takes everything.
                status.weights = self
                    .settings
                    .routed_weight()
                    .map(|max| (Weights { canary: 0, stable: max }, old));
                self.status = Some(status);
                self.wanted = Version::New;
                self.released = Some(view.now);
                self.full_at = self.settings.promoted_full_after.map(|after| view.now + after);
            }
            Cause::Rollback => self.roll_back(),
            Cause::Ordered(order) => self.ordered(order),
            Cause::Pods | Cause::Timer(_) | Cause::Scaled { .. } | Cause::Smoke { .. } => {}
        }
        self.settle(view, out);
    }

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
