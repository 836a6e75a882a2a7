//! From a finished flight to its measures (`docs/methods.md`).

use super::data_plane::tally::{Outcome as End, Second};
use super::flight::Flight;
use std::sync::Arc;
use windtunnel_base::bitset::BitSet;
use windtunnel_base::moments::median;
use windtunnel_base::special::binomial_tails;
use windtunnel_base::time::SimTime;
use windtunnel_model::outcome::bill::{Held, Tariff};
use windtunnel_model::outcome::measures::{Facts, TwinFacts};
use windtunnel_model::outcome::{Measures, Outcome, Recording};
use windtunnel_model::world::user::Marks;

/// What a twin tells the flights that are compared with it.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Bad outcomes by request, sorted, as `index << 2 | outcome`.
    pub bad: Arc<[u64]>,
    /// Users hurt without any release.
    pub hurt: BitSet,
    /// What it came to.
    pub facts: Facts,
    /// Its own row.
    pub outcome: Outcome,
}

/// What is released, and what it is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Released<'a> {
    /// Should it not have been shipped?
    pub(super) bad: bool,
    /// The flight without it.
    pub(super) twin: &'a Twin,
    /// What its strategy is charged for.
    pub(super) tariff: Tariff,
}

/// Least tail probability of a second that the objective still explains.
const UNEXPLAINED: f64 = 0.001;
/// Fewest requests a window must have to be judged.
const WINDOW_REQUESTS: u32 = 100;

/// Seconds in which failed and wrong requests exceed what the objective explains: their share is
/// above 1 − `objective` and the binomial tail is below 0.001. Where a second has fewer than 100
/// requests, the shortest window of at least 100 that ends with it is judged.
pub fn downtime_secs(seconds: &[Second], objective: f64) -> f64 {
    let allowed = 1.0 - objective;
    let (mut from, mut requests, mut bad, mut down) = (0, 0_u32, 0_u32, 0);
    for (at, second) in seconds.iter().enumerate() {
        requests += second.requests;
        bad += second.bad;
        while requests - seconds[from].requests >= WINDOW_REQUESTS && from < at {
            requests -= seconds[from].requests;
            bad -= seconds[from].bad;
            from += 1;
        }
        // A second without a bad request ends the window's claim on it.
        down += u32::from(second.bad > 0 && exceeds(requests, bad, allowed));
    }
    f64::from(down)
}

fn exceeds(requests: u32, bad: u32, allowed: f64) -> bool {
    if requests < WINDOW_REQUESTS || f64::from(bad) <= allowed * f64::from(requests) {
        return false;
    }
    // P(as many or more): the second of the two tails.
    binomial_tails(u64::from(bad), u64::from(requests), allowed).1 < UNEXPLAINED
}

impl Flight {
    /// The twin's record. Call after [`Flight::run`].
    pub(super) fn into_twin(self, replication: u32) -> Twin {
        let mut hurt = BitSet::new(self.data_plane.users().count());
        self.data_plane.users().with(Marks::HURT).for_each(|user| {
            hurt.insert(user);
        });
        let facts = self.came_to(None);
        let outcome = self.outcome(replication, None);
        Twin { bad: self.data_plane.bad_outcomes().into(), hurt, facts, outcome }
    }

    /// The measures of the flight. Call after [`Flight::run`].
    pub(super) fn outcome(&self, replication: u32, released: Option<Released<'_>>) -> Outcome {
        let (shadow, facts) = (self.data_plane.shadow(), self.came_to(released));
        Outcome {
            replication,
            verdict: self.decisions.verdict(released.is_some_and(|released| released.bad)),
            measures: Measures::of(&facts),
            bill: facts.bill().unwrap_or_default(),
            stopped_by: self.decisions.stopped_by().map(str::to_string),
            by_human: self.decisions.by_human(),
            differences: (shadow.candidate.compared > 0).then_some(shadow),
            steps: self.steps.all(self.ctx.now, &self.data_plane),
            work: self.data_plane.tally().arrived,
        }
    }

    /// What was recorded, if anything, with the telemetry if it was exported.
    pub(super) fn recording(self, export: bool) -> Option<Recording> {
        let recording = self.log.finish()?;
        Some(Recording { telemetry: export.then(|| self.scraping.into_store()), ..recording })
    }

    /// What the flight came to.
    fn came_to(&self, released: Option<Released<'_>>) -> Facts {
        let (tally, users) = (self.data_plane.tally(), self.data_plane.users());
        let (meters, decisions) = (&self.meters, &self.decisions);
        let service = &self.ctx.scenario.service;
        let counts = users.counts();
        let ended = |outcome: End| tally.outcomes[outcome as usize];
        let latency_ms =
            |version: usize| [0.5, 0.99].map(|q| tally.latency[version].quantile_ms(q));
        let within = tally.seconds.split_last().map_or(&[][..], |(_, s)| s);
        let [outage_s, outage_after_decision_s] = meters.outage_s();
        let (pages, paged_hours) = self.on_call.pages();
        let held = || decisions.held(meters.rolled_out_at(), self.ctx.end);
        Facts {
            active: counts.active,
            exposed: counts.exposed,
            hurt: counts.hurt,
            crossed: users.with(Marks::CROSSED).count() as u64,
            flipped: users.with(Marks::FLIPPED).count() as u64,
            minutes_down: users.minutes_down(),
            ended: [tally.ended(), ended(End::Failed), ended(End::Wrong), ended(End::Slow)],
            latency_ms: [latency_ms(0), latency_ms(1)],
            connections_broken: tally.connections_broken,
            duplicated: tally.duplicated,
            at_verdict: decisions.at_verdict(),
            outage_s,
            outage_after_decision_s,
            downtime_s: downtime_secs(within, service.objective.value()),
            mixed_s: meters.mixed_s(),
            available_min: meters.available_min(),
            pods_peak: meters.pods_peak(),
            start_to_ready_s: median(self.cluster.start_to_ready_s()),
            new_traffic_minus_pods: meters.new_traffic_minus_pods(),
            release_at: decisions.release_at(),
            rolled_out_at: meters.rolled_out_at(),
            first_harm_at: self.data_plane.first_harm().map(SimTime::from_nanos),
            decided_at: decisions.rollback_at(),
            safe_at: self.safe_at(),
            restored_at: meters.restored_at(),
            pod_hours: meters.pod_nanos() as f64 / 1e9 / 3600.0,
            surge_pod_hours: meters.surge_pod_hours(),
            tariff: released.map_or_else(|| self.ctx.scenario.tariff_of_pods(), |r| r.tariff),
            pages,
            paged_hours,
            held: released.filter(|r| !r.bad).map_or_else(Held::default, |_| held()),
            replicas: service.replicas,
            value_lost: tally.value_lost * (1.0 - service.come_back.value()),
            twin: released.map(|released| self.beside(released.twin)),
        }
    }

    /// When the new version got its last request, if it can get none any more.
    fn safe_at(&self) -> Option<SimTime> {
        let decided = self.decisions.rollback_at()?;
        let last = self.data_plane.tally().last_new.map(SimTime::from_nanos)?;
        // Still reachable at the horizon: the rollback was cut, not finished.
        let reachable = self.data_plane.believed_weight() > 0.0;
        let settled = !reachable && self.propagation.settled_at() <= self.ctx.end;
        settled.then(|| last.max(decided))
    }

    fn beside(&self, twin: &Twin) -> TwinFacts {
        let hurt = self.data_plane.users().with(Marks::HURT);
        TwinFacts {
            hurt: twin.hurt.count(),
            hurt_in_both: hurt.filter(|user| twin.hurt.contains(*user)).count() as u64,
            outage_s: twin.facts.outage_s,
            downtime_s: twin.facts.downtime_s,
            pod_hours: twin.facts.pod_hours,
            surge_pod_hours: twin.facts.surge_pod_hours,
            ended: twin.facts.ended,
            value_lost: twin.facts.value_lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(pattern: &[(u32, u32)]) -> Vec<Second> {
        pattern
            .iter()
            .map(|(requests, bad)| Second { requests: *requests, bad: *bad, slow: 0, new: 0 })
            .collect()
    }

    #[test]
    fn an_outage_is_down_and_noise_is_not() {
        let mut busy = vec![(200, 1); 60];
        busy[20..30].fill((200, 200));
        assert_eq!(downtime_secs(&seconds(&busy), 0.99), 10.0);
        assert_eq!(downtime_secs(&seconds(&[(200, 2); 60]), 0.99), 0.0);
    }

    /// One bad request more than half of a hundred million is what half of them explains: its
    /// tail is 0.5, not below 0.001.
    #[test]
    fn the_tail_is_exact_for_many_requests() {
        assert!(!exceeds(100_000_000, 50_000_001, 0.5));
        assert!(exceeds(100_000_000, 50_020_000, 0.5));
    }

    #[test]
    fn thin_traffic_is_judged_over_the_shortest_long_enough_window() {
        let mut thin = vec![(10, 0); 60];
        thin[30..40].fill((10, 10));
        let down = downtime_secs(&seconds(&thin), 0.99);
        assert!((9.0..=10.0).contains(&down), "{down}");
        assert_eq!(downtime_secs(&seconds(&[(1, 1); 50]), 0.99), 0.0, "too few to judge");
    }
}
