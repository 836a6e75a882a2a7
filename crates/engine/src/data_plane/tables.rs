//! What the active faults make of requests, as the request loop reads it.
//!
//! It knows no fault: [`crate::tables`] makes these values, and the flight writes them
//! whenever the set of active faults or a pod has changed.

use windtunnel_model::world::effect::{ClientChange, Effect, LoadStep};

/// A row of effects, with what tells at a glance that nothing happens to a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TableRow {
    pub(crate) effect: Effect,
    /// Draws from here on are answered rightly and in the time that they demand, whatever the load;
    /// 2³² if there are none.
    pub(super) untouched_from: u64,
}

impl TableRow {
    /// A row with the ladder that it has a number of.
    pub(crate) fn new(effect: Effect, ladder: &[LoadStep]) -> TableRow {
        let Effect { defect, wrong, hang, .. } = effect;
        let loaded = ladder.iter().map(|step| step.errors).max().unwrap_or(0);
        let moves = effect.factor != 1.0 || ladder.iter().any(|step| step.factor != 1.0);
        let adds = effect.add_us > 0 || ladder.iter().any(|step| step.add_us > 0);
        let from = u64::from(defect.max(loaded).max(wrong).max(hang));
        TableRow { effect, untouched_from: if moves || adds { 1 << 32 } else { from } }
    }
}

impl From<Effect> for TableRow {
    fn from(effect: Effect) -> TableRow {
        TableRow::new(effect, &[])
    }
}

/// The tables that requests meet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tables {
    /// Row ((pod × 2 + version) × classes + class) × routes + route.
    pub(crate) rows: Vec<TableRow>,
    /// What rows are like under load, by the number that they bear; the first is empty.
    ladders: Vec<Vec<LoadStep>>,
    /// Ends of the cohorts that faults are limited to, rising; they divide users into classes.
    pub(crate) cohorts: Vec<u32>,
    /// By class of users, what those of the new version do otherwise; empty if nothing.
    pub(crate) clients: Vec<ClientChange>,
    /// Old pods fail requests of users who wrote with the new version, with this threshold.
    pub(crate) unreadable: u32,
    /// Share (as a threshold) of the old version's requests that the migrated data fail.
    pub(crate) migrated: u32,
    /// Share (as a threshold) of calls to the dependency that fail.
    pub(crate) dependency_down: u32,
}

impl Default for Tables {
    fn default() -> Self {
        Tables {
            rows: Vec::new(),
            ladders: vec![Vec::new()],
            cohorts: Vec::new(),
            clients: Vec::new(),
            unreadable: 0,
            migrated: 0,
            dependency_down: 0,
        }
    }
}

impl Tables {
    /// The number of a ladder, which is added if it is new. There are as few as there are sets of
    /// faults that need a busy pod.
    pub(crate) fn ladder(&mut self, steps: &[LoadStep]) -> u32 {
        let known = self.ladders.iter().position(|ladder| ladder == steps);
        known.unwrap_or_else(|| {
            self.ladders.push(steps.to_vec());
            self.ladders.len() - 1
        }) as u32
    }

    /// What a row above its load limit is like with `load` requests in flight.
    #[cold]
    #[inline(never)]
    pub(super) fn step(&self, effect: &Effect, load: u32) -> LoadStep {
        let ladder = self.ladders.get(effect.ladder as usize).map_or(&[][..], |steps| steps);
        let reached = ladder.partition_point(|step| step.above < load);
        let Effect { defect, factor, add_us, .. } = *effect;
        let unloaded = LoadStep { above: 0, errors: defect, factor, add_us };
        ladder[..reached].last().copied().unwrap_or(unloaded)
    }

    /// What a user of this class does otherwise, having met the new version.
    pub(super) fn client(&self, class: usize) -> Option<&ClientChange> {
        self.clients.get(class)
    }
}
