//! Faults: when each begins and ends, whom it strikes, and what all of them make of the tables.
//!
//! What a fault is while it lasts is not done here but made by `tables` from all active
//! faults at once; this file writes those tables, and nobody else does. What a strike does to pods
//! and nodes is theirs (`cluster`), and who orders it is the flight (`strikes`).

use super::address::Address;
use super::context::Context;
use super::data_plane::DataPlane;
use super::data_plane::tables::TableRow;
use super::event::Event;
use super::tables::{Acting, Life, Shared, Switches};
use windtunnel_base::distribution::Distribution;
use windtunnel_base::maths;
use windtunnel_base::random::mix64;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::fault::{DataEffect, Fault, FaultEffect, InfraEffect, Trigger};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::world::effect::{Effect, threshold};
use windtunnel_model::world::pod::Pod;

/// Phase-bound chaos of a flight: (number of the fault, does it begin, when).
pub(super) type Strikes = Vec<(usize, bool, SimTime)>;

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
    nodes: Vec<u32>,
    /// How often it has begun.
    strikes: u32,
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

/// How far a release is, as phase-bound triggers ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    /// Ready pods of the new version.
    pub(super) new: u32,
    /// Pods that the service asks for.
    pub(super) replicas: u32,
    /// Do users' requests reach both versions?
    pub(super) mixed: bool,
    /// Has a rollback been ordered?
    pub(super) rolls_back: bool,
}

/// What has turned a fault on or off.
#[derive(Clone, Debug)]
pub(super) struct Turned {
    /// What people call it.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) effect: FaultEffect,
    /// Does it live in the new version?
    pub(super) defect: bool,
}

/// All faults of a flight.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    states: Vec<FaultState>,
    switches: Switches,
    /// When phase-bound chaos struck the flight that this one is the twin of.
    bound: Strikes,
    /// When it struck this flight.
    struck: Strikes,
}

impl Faults {
    /// Chaos first, then the variant's defects: the order in which causes act. A twin is struck by
    /// phase-bound chaos when the flight was that it is the twin of.
    pub(super) fn new(scenario: &Scenario, variant: Option<usize>, bound: Strikes) -> Faults {
        let state = |fault: &Fault, of_defect| FaultState::new(scenario, fault, of_defect);
        let defects = variant.and_then(|v| scenario.release.variants.get(v));
        let defects = defects.map_or(&[][..], |v| &v.faults);
        let chaos = scenario.chaos.iter().map(|f| state(f, false));
        Faults {
            states: chaos.chain(defects.iter().map(|f| state(f, true))).collect(),
            switches: Switches::default(),
            bound,
            struck: Vec::new(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.states.len()
    }

    /// What the active ones switch in the control plane.
    pub(super) fn switches(&self) -> Switches {
        self.switches
    }

    /// When phase-bound chaos has struck so far.
    pub(super) fn struck(&self) -> &Strikes {
        &self.struck
    }

    /// Ends of the cohorts that faults are limited to, rising.
    pub(super) fn cohorts(&self) -> Vec<u32> {
        let cohorts = self.states.iter().filter_map(|state| state.fault.cohort());
        let mut below: Vec<u32> = cohorts.map(|share| threshold(share.value())).collect();
        below.sort_unstable();
        below.dedup();
        below
    }

    /// Plans a fault whose instants are known from the start; says whether it begins at once.
    pub(super) fn plan(&self, index: usize, ctx: &mut Context) -> bool {
        let state = &self.states[index];
        match state.fault.trigger.clone() {
            // A defect begins to exist with the release that carries it.
            Trigger::Always => return !state.defect,
            Trigger::Window { from, until } => {
                plan_span(ctx, index, SimTime::ZERO + from, until.saturating_sub(from))
            }
            Trigger::Random { rate, lasts } => self.plan_random(ctx, index, rate.value(), lasts),
            Trigger::AfterRelease { delay, lasts } if !state.defect => {
                // Chaos by the clock: it hits the twin at the same instant.
                let at = SimTime::ZERO + ctx.scenario.release.at + delay;
                plan_span(ctx, index, at, lasts);
            }
            _ => {}
        }
        false
    }

    /// Plans what struck the flight that this one is the twin of.
    pub(super) fn plan_bound(&mut self, ctx: &mut Context) {
        for (index, begins, at) in std::mem::take(&mut self.bound) {
            ctx.plan(at, Event::Fault { index, begins });
        }
    }

    fn plan_random(&self, ctx: &mut Context, index: usize, per_sec: f64, lasts: SimDuration) {
        let state = &self.states[index];
        let address = if state.defect { Address::Defect } else { Address::Chaos };
        let mut stream = address(index as u16).stream(&ctx.streams);
        // What acts once is over at once, so that it can strike again.
        let lasts = if state.acts_once() { SimDuration::ZERO } else { lasts };
        let (mut at, mut until) = (SimTime::ZERO, SimTime::ZERO);
        // A scenario has few of them in a flight: others were refused.
        loop {
            at += SimDuration::from_secs_f64(-maths::ln(stream.uniform()) / per_sec.max(1e-12));
            if at >= ctx.end {
                break;
            }
            // One that strikes while the last one lasts prolongs it.
            if at >= until {
                ctx.plan(until, Event::Fault { index, begins: false });
                ctx.plan(at, Event::Fault { index, begins: true });
            }
            until = at + lasts;
        }
        ctx.plan(until, Event::Fault { index, begins: false });
    }

    /// The release begins: plans a defect that counts from it; says whether it begins at once.
    pub(super) fn release(&self, index: usize, ctx: &mut Context) -> bool {
        let state = &self.states[index];
        match state.fault.trigger {
            _ if !state.defect => false,
            Trigger::Always => true,
            Trigger::AfterRelease { delay, lasts } => {
                plan_span(ctx, index, ctx.now + delay, lasts);
                false
            }
            _ => false,
        }
    }

    /// Does any trigger depend on how far the release is?
    pub(super) fn follow_phases(&self) -> bool {
        self.states.iter().any(|state| is_phase_bound(&state.fault.trigger))
    }

    /// What a phase-bound fault has to become, and for how long, if it is not so already.
    pub(super) fn wanted(&self, index: usize, phase: &Phase) -> Option<(bool, SimDuration)> {
        let state = &self.states[index];
        let (wanted, lasts) = match state.fault.trigger {
            Trigger::AtProgress { share, lasts } => {
                let reached = f64::from(phase.new) >= share.value() * f64::from(phase.replicas);
                (state.strikes == 0 && reached || state.active, lasts)
            }
            Trigger::AboveFleet(count) => (phase.new > count, SimDuration::FOREVER),
            Trigger::MixedVersions => (phase.mixed, SimDuration::FOREVER),
            Trigger::OnRollback => (phase.rolls_back, SimDuration::FOREVER),
            _ => return None,
        };
        (wanted != state.active).then_some((wanted, lasts))
    }

    /// A fault begins or ends; nothing if it was so before.
    pub(super) fn turn(&mut self, index: usize, begins: bool, now: SimTime) -> Option<Turned> {
        let state = &mut self.states[index];
        if state.active == begins {
            return None;
        }
        state.active = begins;
        state.strikes += u32::from(begins);
        if is_phase_bound(&state.fault.trigger) && !state.defect {
            self.struck.push((index, begins, now));
        }
        let FaultState { fault, defect, .. } = state;
        Some(Turned { name: fault.name, effect: fault.effect.clone(), defect: *defect })
    }

    /// Does a fault act at present?
    #[cfg(test)]
    pub(super) fn is_active(&self, index: usize) -> bool {
        self.states[index].active
    }

    /// Draws distinct entries of a list, each strike anew. Every entry has a place of its own in
    /// the draw, so that a flight with further entries meets the same ones as far as possible.
    pub(super) fn draw_some(
        &self,
        ctx: &Context,
        index: usize,
        from: Vec<(u64, u32)>,
        count: u32,
    ) -> Vec<u32> {
        let strike = self.states[index].strikes;
        let key = Address::Victims { fault: index as u16, strike }.key(&ctx.streams);
        let mut placed: Vec<(u64, u32)> =
            from.into_iter().map(|(entity, number)| (mix64(key ^ mix64(entity)), number)).collect();
        placed.sort_unstable();
        placed.into_iter().take(count as usize).map(|(_, number)| number).collect()
    }

    /// From now on a fault drains these nodes, and no others.
    pub(super) fn drain(&mut self, index: usize, nodes: Vec<u32>) {
        self.states[index].nodes = nodes;
    }

    /// Nodes that any fault drains, as the faults name them.
    pub(super) fn drained_nodes(&self) -> impl Iterator<Item = u32> {
        self.states.iter().flat_map(|state| state.nodes.iter().copied())
    }

    /// Does an active fault drain a node?
    pub(super) fn drains(&self, node: u32) -> bool {
        self.states.iter().any(|state| state.active && state.nodes.contains(&node))
    }

    fn acting<'a>(&'a self, ctx: &'a Context, data_plane: &'a DataPlane) -> Acting<'a> {
        Acting {
            faults: &self.states,
            service: &ctx.scenario.service,
            cohorts: &data_plane.tables().cohorts,
            streams: ctx.streams,
        }
    }

    /// Does a fault that acts on pods act on this one while it is active?
    pub(super) fn meets(
        &self,
        ctx: &Context,
        data_plane: &DataPlane,
        index: usize,
        pod: &Pod,
    ) -> bool {
        self.acting(ctx, data_plane).meets(index, pod)
    }

    /// What the life of a pod is like.
    pub(super) fn life(&self, ctx: &Context, data_plane: &DataPlane, pod: &Pod) -> Life {
        self.acting(ctx, data_plane).life(pod)
    }

    /// Exits after a time that a pod is under: the fault, how often that has struck, its rank among
    /// those of its kind, and what its time is drawn from.
    pub(super) fn exits(
        &self,
        ctx: &Context,
        data_plane: &DataPlane,
        pod: &Pod,
    ) -> Vec<(usize, u32, usize, Distribution)> {
        let exits = self.acting(ctx, data_plane).exits(pod).into_iter();
        exits.map(|(fault, rank, time)| (fault, self.states[fault].strikes, rank, time)).collect()
    }

    /// Does a strike of a fault still last?
    pub(super) fn lasts(&self, fault: u32, strike: u32) -> bool {
        let state = &self.states[fault as usize];
        state.active && state.strikes == strike
    }

    /// A pod of a new version serves: data that it migrates are migrated for good. Says how many
    /// faults have done so now.
    pub(super) fn migrate(&mut self, ctx: &Context, data_plane: &mut DataPlane) -> usize {
        let mut migrated = 0;
        for index in 0..self.states.len() {
            let state = &mut self.states[index];
            let FaultEffect::Data(DataEffect::Migrated(share)) = state.fault.effect else {
                continue;
            };
            if state.active && !state.migrated && share.value() > 0.0 {
                state.migrated = true;
                migrated += 1;
                self.write_shared(ctx, data_plane);
            }
        }
        migrated
    }

    /// Writes the tables that no pod has for itself anew.
    pub(super) fn write_shared(&mut self, ctx: &Context, data_plane: &mut DataPlane) {
        let Shared { clients, unreadable, migrated, dependency_down, switches } =
            self.acting(ctx, data_plane).shared();
        self.switches = switches;
        let tables = data_plane.tables_mut();
        (tables.clients, tables.unreadable) = (clients, unreadable);
        (tables.migrated, tables.dependency_down) = (migrated, dependency_down);
    }

    /// Writes a pod's tables anew, and says what its life is like.
    pub(super) fn write_pod(
        &self,
        ctx: &Context,
        data_plane: &mut DataPlane,
        number: u32,
        pod: &Pod,
    ) -> Life {
        let acting = self.acting(ctx, data_plane);
        let (life, rows) = (acting.life(pod), acting.rows(pod));
        let first = data_plane.row(number, 0, 0, 0);
        let tables = data_plane.tables_mut();
        for (at, (effect, ladder)) in rows.into_iter().enumerate() {
            let effect = Effect { ladder: tables.ladder(&ladder), ..effect };
            tables.rows[first + at] = TableRow::new(effect, &ladder);
        }
        life
    }

    /// Panics unless all tables are what the active faults make of them, whatever wrote them last.
    pub(super) fn check_tables(&self, ctx: &Context, data_plane: &DataPlane, pods: &[Pod]) {
        let (acting, tables) = (self.acting(ctx, data_plane), data_plane.tables());
        let Shared { clients, unreadable, migrated, dependency_down, switches } = acting.shared();
        assert_eq!(switches, self.switches);
        assert_eq!(clients, tables.clients);
        let found = (tables.unreadable, tables.migrated, tables.dependency_down);
        assert_eq!((unreadable, migrated, dependency_down), found);
        for (number, pod) in pods.iter().enumerate().filter(|(_, pod)| pod.exists()) {
            let first = data_plane.row(number as u32, 0, 0, 0);
            for (at, (effect, ladder)) in acting.rows(pod).into_iter().enumerate() {
                let row = TableRow::new(Effect { ladder: 0, ..effect }, &ladder);
                let mut found = tables.rows[first + at];
                found.effect.ladder = 0;
                assert_eq!(row, found, "pod {number} at {}", ctx.now);
            }
        }
    }
}

fn plan_span(ctx: &mut Context, index: usize, at: SimTime, lasts: SimDuration) {
    ctx.plan(at, Event::Fault { index, begins: true });
    ctx.plan(at + lasts, Event::Fault { index, begins: false });
}
