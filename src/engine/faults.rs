//! Faults at work: when each begins and ends, and what it does once.
//!
//! What a fault is while it lasts is not done here but made by [`super::tables`] from all active
//! faults at once; this file writes those tables, and nobody else does.

use super::address::{Address, PodDraw};
use super::flight::{Event, Flight, PodStep};
use super::plane::tables::Row;
use super::tables::{Acting, Shared};
use crate::base::distribution::Distribution;
use crate::base::maths;
use crate::base::random::mix64;
use crate::base::time::{SimDuration, SimTime};
use crate::fault::{DataEffect, Fault, FaultEffect, InfraEffect, PodEffect, SomeNodes, Trigger};
use crate::scenario::model::Scenario;
use crate::world::effect::{Effect, threshold};
use crate::world::pod::{Node, Pod, Stage};
use crate::world::service::Version;

/// One fault of a flight.
#[derive(Clone, Debug)]
pub struct FaultState {
    pub(super) fault: Fault,
    /// Does it live in the new version (else in the environment)?
    pub(super) defect: bool,
    pub(super) active: bool,
    /// Has it migrated the shared data?
    pub(super) migrated: bool,
    /// The route that it is limited to, or leads users to.
    pub(super) route: Option<u8>,
    /// Nodes that it drains, while it lasts.
    pub(super) nodes: Vec<u32>,
    /// How often it has begun.
    pub(super) strikes: u32,
}

impl FaultState {
    /// A fault that has not begun yet.
    pub(super) fn new(scenario: &Scenario, fault: &Fault, defect: bool) -> FaultState {
        let named = |name| scenario.service.routes.iter().position(|r| r.name == name);
        FaultState {
            fault: fault.clone(),
            defect,
            active: false,
            migrated: false,
            route: fault.route().and_then(named).map(|route| route as u8),
            nodes: Vec::new(),
            strikes: 0,
        }
    }

    /// Chaos first, then the variant's defects: the order in which causes act.
    pub(super) fn all(scenario: &Scenario, variant: Option<usize>) -> Vec<FaultState> {
        let state = |fault: &Fault, of_defect| FaultState::new(scenario, fault, of_defect);
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
        matches!(self.fault.effect, FaultEffect::Infra(PodKill(..) | NodeLoss(_) | ZoneLoss(_)))
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
        let of_defect = self.faults[index].defect;
        let address = if of_defect { Address::Defect } else { Address::Chaos };
        let mut stream = address(index as u16).stream(&self.streams);
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
        self.retable();
        match effect {
            FaultEffect::Pod(PodEffect::CrashAfter(_), _) if begins => self.plan_exits(index),
            FaultEffect::Infra(effect) => self.infra_fault(index, &effect, begins),
            _ => {}
        }
    }

    /// What strikes once, at the begin of a fault; and the nodes that a drain takes and gives back.
    fn infra_fault(&mut self, index: usize, effect: &InfraEffect, begins: bool) {
        match effect {
            InfraEffect::PodKill(count, _) if begins => self.kill_pods(index, *count),
            InfraEffect::NodeLoss(nodes) if begins => {
                let lost = self.choose_nodes(index, nodes);
                self.lose_nodes(&lost);
            }
            InfraEffect::ZoneLoss(zone) if begins => {
                let nodes = self.nodes.iter().enumerate();
                let lost: Vec<u32> = nodes
                    .filter(|(_, n)| n.zone == *zone && n.alive)
                    .map(|(i, _)| i as u32)
                    .collect();
                self.lose_nodes(&lost);
            }
            InfraEffect::NodeDrain(nodes) => {
                let some = if begins { self.choose_nodes(index, nodes) } else { Vec::new() };
                self.faults[index].nodes = some;
                self.follow_drains();
            }
            _ => {}
        }
    }

    /// Draws distinct entries of a list, each strike anew. Every entry has a place of its own in
    /// the draw, so that a flight with further entries meets the same ones as far as possible.
    fn draw_some(&self, index: usize, from: Vec<(u64, u32)>, count: u32) -> Vec<u32> {
        let strike = self.faults[index].strikes;
        let key = Address::Victims { fault: index as u16, strike }.key(&self.streams);
        let mut placed: Vec<(u64, u32)> =
            from.into_iter().map(|(entity, number)| (mix64(key ^ mix64(entity)), number)).collect();
        placed.sort_unstable();
        placed.into_iter().take(count as usize).map(|(_, number)| number).collect()
    }

    fn kill_pods(&mut self, index: usize, count: u32) {
        let serving = (0..self.pods.len() as u32)
            .filter(|p| {
                let pod = &self.pods[*p as usize];
                pod.stage == Stage::Serving && self.acting().meets(index, pod)
            })
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

    fn choose_nodes(&self, index: usize, wanted: &SomeNodes) -> Vec<u32> {
        let fits = |node: &Node| {
            node.alive && node.used > 0 && wanted.zone.is_none_or(|zone| zone == node.zone)
        };
        let busy = (0..self.nodes.len() as u32)
            .filter(|n| fits(&self.nodes[*n as usize]))
            .map(|n| (u64::from(n), n))
            .collect();
        self.draw_some(index, busy, wanted.count)
    }

    pub(super) fn acting(&self) -> Acting<'_> {
        Acting {
            faults: &self.faults,
            service: &self.scenario.service,
            cohorts: &self.plane.tables.cohorts,
            streams: self.streams,
        }
    }

    /// Does this start of a container fail, whose faults come to this probability?
    pub(super) fn crashes_on_start(&self, pod: u32, probability: f64) -> bool {
        let draw = self.address(pod, PodDraw::CrashOnStart).uniform(&self.streams);
        draw < probability
    }

    /// Plans what a process that begins to serve will meet.
    pub(super) fn serving_faults(&mut self, pod: u32) {
        self.migrate();
        self.retable_pod(pod);
        for exit in self.acting().exits(&self.pods[pod as usize]) {
            self.plan_exit(pod, exit);
        }
    }

    /// A fault has begun that lets processes exit after a time: those that serve already, too.
    fn plan_exits(&mut self, index: usize) {
        for pod in 0..self.pods.len() as u32 {
            let entry = &self.pods[pod as usize];
            let serves = entry.stage == Stage::Serving && !entry.lost;
            let exits = if serves { self.acting().exits(entry) } else { Vec::new() };
            if let Some(exit) = exits.into_iter().find(|(own, ..)| *own == index) {
                self.plan_exit(pod, exit);
            }
        }
    }

    fn plan_exit(&mut self, pod: u32, (fault, rank, time): (usize, usize, Distribution)) {
        let address = match rank {
            0 => self.address(pod, PodDraw::Exit),
            _ => Address::FurtherExit(rank.min(255) as u8, self.pod_address(pod)),
        };
        let draw = address.uniform(&self.streams);
        let strike = self.faults[fault].strikes;
        let step = PodStep::ExitsBy { fault: fault as u32, strike };
        self.plan_pod(pod, self.now + time.quantile(draw), step);
    }

    /// The time of an exit has come: it happens if its fault has not ended meanwhile.
    pub(super) fn exits_by(&mut self, pod: u32, fault: u32, strike: u32) {
        let state = &self.faults[fault as usize];
        if state.active && state.strikes == strike {
            self.crash(pod);
        }
    }

    /// Data that a serving pod of a new version migrates are migrated for good.
    fn migrate(&mut self) {
        let new = |pod: &Pod| pod.version == Version::New && pod.stage == Stage::Serving;
        if !self.pods.iter().any(new) {
            return;
        }
        for index in 0..self.faults.len() {
            let state = &self.faults[index];
            let FaultEffect::Data(DataEffect::Migrated(share)) = state.fault.effect else {
                continue;
            };
            if state.active && !state.migrated && share.value() > 0.0 {
                self.faults[index].migrated = true;
                self.retable_shared();
                self.story("fault", || "the shared data are migrated".into());
            }
        }
    }

    /// Writes all tables anew: the set of active faults has changed.
    fn retable(&mut self) {
        self.migrate();
        self.retable_shared();
        (0..self.pods.len() as u32).for_each(|pod| self.retable_pod(pod));
    }

    fn retable_shared(&mut self) {
        let Shared { clients, unreadable, migrated, dependency_down, switches } =
            self.acting().shared();
        self.switches = switches;
        let tables = &mut self.plane.tables;
        (tables.clients, tables.unreadable) = (clients, unreadable);
        (tables.migrated, tables.dependency_down) = (migrated, dependency_down);
    }

    /// Writes a pod's tables anew: it has changed, or the active faults have.
    pub(super) fn retable_pod(&mut self, pod: u32) {
        let entry = &self.pods[pod as usize];
        let (life, rows) = (self.acting().life(entry), self.acting().rows(entry));
        let first = self.plane.row(pod, 0, 0, 0);
        let tables = &mut self.plane.tables;
        for (at, (effect, ladder)) in rows.into_iter().enumerate() {
            let effect = Effect { ladder: tables.ladder(&ladder), ..effect };
            tables.rows[first + at] = Row::new(effect, &ladder);
        }
        let stage = self.pods[pod as usize].stage;
        self.pods[pod as usize].frozen = life.frozen;
        if stage == Stage::Serving {
            self.plane.pods[pod as usize].set_leak(life.leak);
        }
        let healthy = match stage {
            Stage::Serving => !life.frozen,
            Stage::Booting => life.lies,
            _ => return,
        };
        let probes = &self.pods[pod as usize].probes;
        if probes.iter().flatten().any(|probe| probe.healthy != healthy) {
            self.condition(pod, healthy);
        }
    }

    /// Are all tables what the active faults make of them? Whatever wrote them last.
    pub(super) fn check_tables(&self) {
        let (acting, tables) = (self.acting(), &self.plane.tables);
        let Shared { clients, unreadable, migrated, dependency_down, switches } = acting.shared();
        assert_eq!(switches, self.switches);
        assert_eq!(clients, tables.clients);
        let found = (tables.unreadable, tables.migrated, tables.dependency_down);
        assert_eq!((unreadable, migrated, dependency_down), found);
        for (number, pod) in self.pods.iter().enumerate().filter(|(_, pod)| pod.exists()) {
            let first = self.plane.row(number as u32, 0, 0, 0);
            for (at, (effect, ladder)) in acting.rows(pod).into_iter().enumerate() {
                let row = Row::new(Effect { ladder: 0, ..effect }, &ladder);
                let mut found = tables.rows[first + at];
                found.effect.ladder = 0;
                assert_eq!(row, found, "pod {number} at {}", self.now);
            }
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
        self.retable_pod(pod);
    }

    /// Divides users by the cohorts that faults are limited to.
    pub(super) fn prepare_cohorts(&mut self) {
        let cohorts = self.faults.iter().filter_map(|state| state.fault.cohort());
        let mut below: Vec<u32> = cohorts.map(|share| threshold(share.value())).collect();
        below.sort_unstable();
        below.dedup();
        self.plane.tables.cohorts = below;
    }
}
