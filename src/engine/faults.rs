//! Faults at work: when each begins and ends, and what that changes in the tables.
//!
//! Request effects become rows that the request loop reads; pod effects are asked for when a pod
//! starts; the others act once. A defect only ever touches the new version's rows and pods.

use super::flight::{Event, Flight, PodStep};
use super::plane::ClientChange;
use crate::base::maths;
use crate::base::random::{Purpose, mix64};
use crate::base::time::{SimDuration, SimTime};
use crate::base::units::Share;
use crate::fault::{ClientEffect, DataEffect, Fault, FaultEffect, InfraEffect, PodEffect, Trigger};
use crate::scenario::model::Scenario;
use crate::world::effect::{Causes, Effect, threshold};
use crate::world::pod::Stage;
use crate::world::service::Version;

/// One fault of a flight.
#[derive(Clone, Debug)]
pub struct FaultState {
    pub(super) fault: Fault,
    /// Does it live in the new version (else in the environment)?
    pub(super) defect: bool,
    pub(super) active: bool,
    /// How often it has begun.
    strikes: u32,
    route: Option<u8>,
}

impl FaultState {
    /// Chaos first, then the variant's defects: the order in which causes act.
    pub(super) fn all(scenario: &Scenario, variant: Option<usize>) -> Vec<FaultState> {
        let routes = &scenario.service.routes;
        let state = |fault: &Fault, defect: bool| FaultState {
            defect,
            active: false,
            strikes: 0,
            route: fault
                .scope
                .route
                .as_ref()
                .and_then(|name| routes.iter().position(|r| r.name == *name))
                .map(|r| r as u8),
            fault: fault.clone(),
        };
        let defects = variant.and_then(|v| scenario.release.variants.get(v));
        let defects = defects.map_or(&[][..], |v| &v.faults);
        let chaos = scenario.chaos.iter().map(|f| state(f, false));
        chaos.chain(defects.iter().map(|f| state(f, true))).collect()
    }

    fn is_phase_bound(&self) -> bool {
        is_phase_bound(&self.fault.trigger)
    }

    fn acts_once(&self) -> bool {
        use InfraEffect::{NodeLoss, PodKill, ZoneLoss};
        matches!(self.fault.effect, FaultEffect::Infra(PodKill(_) | NodeLoss(_) | ZoneLoss))
    }
}

/// Does the trigger depend on how far a release is?
pub fn is_phase_bound(trigger: &Trigger) -> bool {
    matches!(
        trigger,
        Trigger::AtProgress { .. }
            | Trigger::AboveFleet(_)
            | Trigger::MixedVersions
            | Trigger::OnRollback
    )
}

impl Flight {
    /// Plans all faults whose instants are known from the start.
    pub(super) fn prepare_faults(&mut self) {
        for index in 0..self.faults.len() {
            let state = &self.faults[index];
            match state.fault.trigger.clone() {
                // A defect begins to exist with the release that carries it.
                Trigger::Always if state.defect => {}
                Trigger::Always => self.fault(index, true),
                Trigger::Window { from, until } => {
                    self.plan_fault(index, SimTime::ZERO + from, until.saturating_sub(from))
                }
                Trigger::Random { rate, lasts } => self.plan_random(index, rate.value(), lasts),
                Trigger::AfterRelease { delay, lasts } if !state.defect => {
                    // Chaos by the clock: it hits the twin at the same instant.
                    let at = SimTime::ZERO + self.scenario.release.at + delay;
                    self.plan_fault(index, at, lasts);
                }
                _ => {}
            }
        }
        if !self.has_release {
            for (index, begins, at) in std::mem::take(&mut self.chaos_at) {
                self.calendar.plan(at, Event::Fault { index, begins });
            }
        }
    }

    fn plan_fault(&mut self, index: usize, at: SimTime, lasts: SimDuration) {
        self.calendar.plan(at, Event::Fault { index, begins: true });
        self.calendar.plan(at + lasts, Event::Fault { index, begins: false });
    }

    fn plan_random(&mut self, index: usize, per_sec: f64, lasts: SimDuration) {
        let purpose = if self.faults[index].defect { Purpose::Defects } else { Purpose::Chaos };
        let mut stream = self.streams.stream(purpose, index as u64);
        // What acts once is over at once, so that it can strike again.
        let lasts = if self.faults[index].acts_once() { SimDuration::ZERO } else { lasts };
        let mut at = SimTime::ZERO;
        let mut until = SimTime::ZERO;
        // Bounded: a rate of many per second would be a state, not an event.
        for _ in 0..10_000 {
            at += SimDuration::from_secs_f64(-maths::ln(stream.uniform()) / per_sec.max(1e-12));
            if at >= self.end {
                break;
            }
            // One that strikes while the last one lasts prolongs it.
            if at >= until {
                self.calendar.plan(until, Event::Fault { index, begins: false });
                self.calendar.plan(at, Event::Fault { index, begins: true });
            }
            until = at + lasts;
        }
        self.calendar.plan(until, Event::Fault { index, begins: false });
    }

    /// The release begins: defects that are always there begin, those that count from it are
    /// planned.
    pub(super) fn fault_release(&mut self) {
        for index in (0..self.faults.len()).filter(|i| self.faults[*i].defect).collect::<Vec<_>>() {
            match self.faults[index].fault.trigger {
                Trigger::Always => self.fault(index, true),
                Trigger::AfterRelease { delay, lasts } => {
                    self.plan_fault(index, self.now + delay, lasts);
                }
                _ => {}
            }
        }
    }

    /// Triggers that follow the fleet: progress, size, mixed versions, the way back.
    pub(super) fn faults_follow_fleet(&mut self) {
        if !self.has_release || self.watch.release_at.is_none() {
            return;
        }
        let new = self.ready_pods(Version::New);
        let replicas = f64::from(self.full_size());
        for index in 0..self.faults.len() {
            if !self.faults[index].is_phase_bound() {
                continue;
            }
            let state = &self.faults[index];
            let (wanted, lasts) = match state.fault.trigger {
                Trigger::AtProgress { share, lasts } => {
                    let reached = f64::from(new) >= share.value() * replicas;
                    if state.strikes > 0 || !reached {
                        continue;
                    }
                    (true, lasts)
                }
                Trigger::AboveFleet(count) => (new > count, SimDuration::FOREVER),
                Trigger::MixedVersions => (self.both_versions_serve(), SimDuration::FOREVER),
                Trigger::OnRollback => (self.watch.way_back_at.is_some(), SimDuration::FOREVER),
                _ => continue,
            };
            if wanted != self.faults[index].active {
                self.fault(index, wanted);
                if wanted && lasts < SimDuration::FOREVER {
                    let ends = Event::Fault { index, begins: false };
                    self.calendar.plan(self.now + lasts, ends);
                }
            }
        }
    }

    /// A fault begins or ends.
    pub(super) fn fault(&mut self, index: usize, begins: bool) {
        if self.faults[index].active == begins {
            return;
        }
        let state = &mut self.faults[index];
        state.active = begins;
        state.strikes += u32::from(begins);
        let (name, effect, defect) = (state.fault.name, state.fault.effect.clone(), state.defect);
        if self.faults[index].is_phase_bound() && !defect {
            self.watch.chaos_at.push((index, begins, self.now));
        }
        // What is there from the start is part of the scenario, not of the story.
        if self.now > SimTime::ZERO {
            let source = if defect { "defect" } else { "chaos" };
            let word = if begins { "begins" } else { "ends" };
            self.story("fault", || format!("{source} {name} {word}"));
        }
        match effect {
            FaultEffect::Request(_) => (0..self.pods.len() as u32).for_each(|p| self.fault_rows(p)),
            FaultEffect::Pod(effect) => self.pod_fault(index, &effect, begins),
            FaultEffect::Infra(effect) => self.infra_fault(index, &effect, begins),
            FaultEffect::Client(effect) => self.client_fault(index, &effect, begins),
            FaultEffect::Data(DataEffect::UnreadableForOld(share)) => {
                self.plane.unreadable = if begins { threshold(share.value()) } else { 0 };
            }
            // Done by the first new pod that serves, and not undone.
            FaultEffect::Data(DataEffect::Migrated(_)) => {}
        }
    }

    fn pod_fault(&mut self, index: usize, effect: &PodEffect, begins: bool) {
        if !matches!(effect, PodEffect::Freeze) {
            return; // asked for when pods start
        }
        for pod in 0..self.pods.len() as u32 {
            if self.in_scope(index, pod) && self.pods[pod as usize].stage == Stage::Serving {
                self.pods[pod as usize].frozen = begins;
                self.condition(pod, !begins);
                self.fault_rows(pod);
            }
        }
    }

    fn infra_fault(&mut self, index: usize, effect: &InfraEffect, begins: bool) {
        match effect {
            InfraEffect::PodKill(count) if begins => self.kill_pods(index, *count),
            InfraEffect::NodeLoss(count) if begins => {
                let lost = self.choose_nodes(index, *count);
                self.lose_nodes(&lost);
            }
            InfraEffect::ZoneLoss if begins => {
                let zone = self.faults[index].fault.scope.zone.unwrap_or(0);
                let nodes = self.nodes.iter().enumerate();
                let lost: Vec<u32> = nodes
                    .filter(|(_, n)| n.zone == zone && n.alive)
                    .map(|(i, _)| i as u32)
                    .collect();
                self.lose_nodes(&lost);
            }
            InfraEffect::NodeDrain(count) if begins => {
                let nodes = self.choose_nodes(index, *count);
                self.drain_nodes(index, &nodes);
            }
            InfraEffect::NodeDrain(_) => self.return_nodes(index),
            InfraEffect::PodKill(_) | InfraEffect::NodeLoss(_) | InfraEffect::ZoneLoss => {}
            InfraEffect::DependencyErrors(share) => {
                self.plane.dependency_down = if begins { threshold(share.value()) } else { 0 };
            }
            InfraEffect::MetricGap => self.scrapes_fail = begins,
            InfraEffect::PropagationLag(factor) => {
                self.lag_factor = if begins { *factor } else { 1.0 }
            }
        }
    }

    /// Draws distinct entries of a list, each strike anew. Every entry has a place of its own in
    /// the draw, so that a flight with further entries meets the same ones as far as possible.
    fn draw_some(&self, index: usize, from: Vec<(u64, u32)>, count: u32) -> Vec<u32> {
        let strike = u64::from(self.faults[index].strikes);
        let key = self.streams.key(Purpose::Chaos, 1 << 55 | strike << 16 | index as u64);
        let mut placed: Vec<(u64, u32)> =
            from.into_iter().map(|(entity, number)| (mix64(key ^ mix64(entity)), number)).collect();
        placed.sort_unstable();
        placed.into_iter().take(count as usize).map(|(_, number)| number).collect()
    }

    fn kill_pods(&mut self, index: usize, count: u32) {
        let serving = (0..self.pods.len() as u32)
            .filter(|p| self.pods[*p as usize].stage == Stage::Serving && self.in_scope(index, *p))
            .map(|p| {
                let pod = &self.pods[p as usize];
                ((pod.version as u64) << 32 | u64::from(pod.ordinal), p)
            })
            .collect();
        for pod in self.draw_some(index, serving, count) {
            self.story("fault", || format!("pod {pod} is killed"));
            self.crash(pod);
        }
    }

    fn choose_nodes(&self, index: usize, count: u32) -> Vec<u32> {
        let busy = (0..self.nodes.len() as u32)
            .filter(|n| self.nodes[*n as usize].alive && self.nodes[*n as usize].used > 0)
            .map(|n| (u64::from(n), n))
            .collect();
        self.draw_some(index, busy, count)
    }

    fn client_fault(&mut self, index: usize, effect: &ClientEffect, begins: bool) {
        let mut change = self.plane.client_change.unwrap_or_default();
        match effect {
            ClientEffect::Retries(extra) => change.extra_attempts = if begins { *extra } else { 0 },
            ClientEffect::RouteMix(share) => {
                change.reroute = if begins { threshold(share.value()) } else { 0 };
                change.reroute_to = self.faults[index].route.unwrap_or(0);
            }
        }
        let changed =
            change != ClientChange { reroute_to: change.reroute_to, ..Default::default() };
        self.plane.client_change = changed.then_some(change);
    }

    /// Does a fault's scope hold this pod?
    fn in_scope(&self, index: usize, pod: u32) -> bool {
        let state = &self.faults[index];
        let entry = &self.pods[pod as usize];
        let version = !state.defect || entry.version == Version::New;
        version && self.in_pods_and_zone(index, pod)
    }

    fn in_pods_and_zone(&self, index: usize, pod: u32) -> bool {
        let (scope, entry) = (&self.faults[index].fault.scope, &self.pods[pod as usize]);
        let zone = scope.zone.is_none_or(|z| z == entry.zone);
        let drawn = |share: Share| {
            let entity =
                (entry.version as u64) << 62 | (index as u64) << 32 | u64::from(entry.ordinal);
            self.streams.uniform(Purpose::Defects, entity) < share.value()
        };
        zone && scope.pods.is_none_or(drawn)
    }

    /// Active pod effects on a pod.
    fn pod_effects(&self, pod: u32) -> Vec<PodEffect> {
        let active =
            (0..self.faults.len()).filter(|i| self.faults[*i].active && self.in_scope(*i, pod));
        let effect = |i: usize| match &self.faults[i].fault.effect {
            FaultEffect::Pod(effect) => Some(effect.clone()),
            _ => None,
        };
        active.filter_map(effect).collect()
    }

    pub(super) fn startup_factor(&self, pod: u32) -> f64 {
        let factor = |e: &PodEffect| if let PodEffect::SlowStart(f) = e { *f } else { 1.0 };
        self.pod_effects(pod).iter().map(factor).product()
    }

    pub(super) fn probe_lies(&self, pod: u32) -> bool {
        self.pod_effects(pod).contains(&PodEffect::ProbeLies)
    }

    pub(super) fn crashes_on_start(&self, pod: u32) -> bool {
        let draw = self.streams.uniform(Purpose::Defects, self.pod_entity(pod, 8));
        let crashes =
            |e: &PodEffect| matches!(e, PodEffect::CrashOnStart(share) if draw < share.value());
        self.pod_effects(pod).iter().any(crashes)
    }

    /// Plans what a process that begins to serve will meet.
    pub(super) fn serving_faults(&mut self, pod: u32) {
        self.migrate(pod);
        for effect in self.pod_effects(pod) {
            match effect {
                PodEffect::CrashAfter(time) => {
                    let draw = self.streams.uniform(Purpose::Defects, self.pod_entity(pod, 9));
                    self.plan_pod(pod, self.now + time.quantile(draw), PodStep::Crashes);
                }
                PodEffect::CrashAfterRequests(count) => {
                    self.plane.pods[pod as usize].trip_at = count;
                }
                PodEffect::Freeze => {
                    self.pods[pod as usize].frozen = true;
                    self.fault_rows(pod);
                }
                _ => {}
            }
        }
    }

    /// A pod whose version changes the shared data does so before it serves.
    fn migrate(&mut self, pod: u32) {
        if self.pods[pod as usize].version == Version::Old {
            return;
        }
        let share = |state: &FaultState| match state.fault.effect {
            FaultEffect::Data(DataEffect::Migrated(share)) if state.active => share.value(),
            _ => 0.0,
        };
        let fails = threshold(self.faults.iter().map(share).fold(0.0, f64::max));
        if fails > self.plane.migrated {
            self.plane.migrated = fails;
            self.story("fault", || "the shared data are migrated".into());
        }
    }

    /// Adds a pod to the data plane, with the rows that the active faults make.
    pub(super) fn add_plane_pod(&mut self, pod: u32) {
        let version = self.pods[pod as usize].version as u8;
        let routes = &self.scenario.service.routes;
        let plain = |_: usize, r: usize| {
            Effect::plain(routes[r].errors.value(), routes[r].conversion.value())
        };
        self.plane.add_pod(version, plain);
        self.fault_rows(pod);
    }

    /// Makes a pod's rows anew.
    pub(super) fn fault_rows(&mut self, pod: u32) {
        for version in Version::BOTH {
            for class in 0..self.plane.classes() {
                for route in 0..self.scenario.service.routes.len() as u8 {
                    let row = self.plane.row(pod, version as u8, class, route);
                    self.plane.effects[row] = self.effect_of(pod, version, class, route).into();
                }
            }
        }
    }

    /// Divides users by the cohorts that request faults are limited to.
    pub(super) fn prepare_cohorts(&mut self) {
        let cohorts = self.faults.iter().filter_map(|state| match state.fault.effect {
            FaultEffect::Request(_) => state.fault.scope.cohort,
            _ => None,
        });
        let mut below: Vec<u32> = cohorts.map(|share| threshold(share.value())).collect();
        below.sort_unstable();
        below.dedup();
        self.plane.cohorts = below;
    }

    fn effect_of(&self, pod: u32, version: Version, class: usize, route: u8) -> Effect {
        let facts = &self.scenario.service.routes[usize::from(route)];
        let mut causes = Causes::plain(facts.errors.value(), facts.conversion.value());
        for (index, state) in self.faults.iter().enumerate() {
            let FaultEffect::Request(effect) = &state.fault.effect else { continue };
            let version_fits = !state.defect || version == Version::New;
            let route_fits = state.route.is_none_or(|r| r == route);
            // Users of a class lie below the cohort's end with this number, and all later ones.
            let cohort = state.fault.scope.cohort.map(|share| threshold(share.value()));
            let user_fits =
                cohort.is_none_or(|end| self.plane.cohorts.get(class).is_some_and(|b| *b <= end));
            let fits = version_fits && route_fits && user_fits;
            if !state.active || !fits || !self.in_pods_and_zone(index, pod) {
                continue;
            }
            apply(&mut causes, state, effect, self.scenario.service.pod.concurrency);
        }
        let row = causes.into_effect();
        if self.pods[pod as usize].frozen { row.frozen() } else { row }
    }
}

/// Adds one fault's effect to the causes of a row.
fn apply(
    causes: &mut Causes,
    state: &FaultState,
    effect: &crate::fault::RequestEffect,
    slots: u32,
) {
    let errors = match (state.defect, effect.above_load) {
        (_, Some(_)) => &mut causes.loaded,
        (false, None) => &mut causes.chaos,
        (true, None) => &mut causes.defect,
    };
    *errors = Causes::also(*errors, effect.errors);
    causes.wrong = Causes::also(causes.wrong, effect.wrong);
    causes.hang = Causes::also(causes.hang, effect.hang);
    let row = &mut causes.row;
    let add_us = (effect.add.as_nanos() / 1_000).min(u64::from(u32::MAX)) as u32;
    row.loaded_factor *= effect.factor as f32;
    row.loaded_add_us = row.loaded_add_us.saturating_add(add_us);
    if let Some(share) = effect.above_load {
        // "While this share of the slots is busy": the arriving request is not counted.
        row.load_limit = ((f64::from(slots) * share.value()).ceil() as u32).saturating_sub(1);
    } else {
        row.factor *= effect.factor as f32;
        row.add_us = row.add_us.saturating_add(add_us);
    }
    row.cpu *= effect.cpu as f32;
    row.calls *= effect.calls as f32;
    row.conversion = (f64::from(row.conversion) * effect.conversion) as u32;
}
