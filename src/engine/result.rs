//! From a finished flight to its measures (`docs/methods.md`).

use super::flight::Flight;
use super::plane::tally::{Outcome as End, Second};
use crate::base::bitset::BitSet;
use crate::base::moments::median;
use crate::base::special::binomial_tails;
use crate::base::time::SimTime;
use crate::outcome::bill::{Held, Tariff};
use crate::outcome::measures::{AtVerdict, Facts, TwinFacts};
use crate::outcome::{Measures, Outcome, Verdict};
use crate::world::user::Marks;
use std::sync::Arc;

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
pub struct Released<'a> {
    /// Should it not have been shipped?
    pub bad: bool,
    /// The flight without it.
    pub twin: &'a Twin,
    /// What its strategy is charged for.
    pub tariff: Tariff,
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
    pub fn into_twin(mut self, replication: u32) -> Twin {
        let mut bad = std::mem::take(&mut self.plane.tally.bad_log);
        bad.sort_unstable();
        let mut hurt = BitSet::new(self.plane.users.count());
        self.plane.users.with(Marks::HURT).for_each(|user| {
            hurt.insert(user);
        });
        let facts = self.came_to(None);
        let outcome = self.outcome(replication, None);
        Twin { bad: bad.into(), hurt, facts, outcome }
    }

    /// The measures of the flight. Call after [`Flight::run`].
    pub fn outcome(&self, replication: u32, released: Option<Released<'_>>) -> Outcome {
        let facts = self.came_to(released);
        let compared = self.plane.shadow.candidate.compared > 0;
        Outcome {
            replication,
            verdict: self.verdict(released.is_some_and(|released| released.bad)),
            measures: Measures::of(&facts),
            bill: facts.bill().unwrap_or_default(),
            stopped_by: self.watch.stopped_by.clone(),
            by_human: self.watch.by_human,
            differences: compared.then_some(self.plane.shadow),
            steps: self.all_steps(),
            work: self.plane.tally.arrived,
        }
    }

    fn verdict(&self, bad: bool) -> Verdict {
        let w = &self.watch;
        match (w.promoted_at.is_some(), w.way_back_at.is_some()) {
            _ if w.no_evidence && !w.by_human => Verdict::NoEvidence,
            (_, true) if !bad => Verdict::FalseRollback,
            (false, true) => Verdict::RolledBackBad,
            (true, true) => Verdict::RolledBackLate,
            (true, false) if bad => Verdict::MissedBad,
            (true, false) => Verdict::PromotedGood,
            (false, false) if w.passed && bad => Verdict::MissedBad,
            (false, false) if w.passed => Verdict::PassedGood,
            (false, false) => Verdict::Unfinished,
        }
    }

    /// What the flight came to.
    fn came_to(&self, released: Option<Released<'_>>) -> Facts {
        let (tally, w, service) = (&self.plane.tally, &self.watch, &self.scenario.service);
        let counts = self.plane.users.counts();
        let ended = |outcome: End| tally.outcomes[outcome as usize];
        let latency_ms =
            |version: usize| [0.5, 0.99].map(|q| tally.latency[version].quantile_ms(q));
        let within = tally.seconds.split_last().map_or(&[][..], |(_, s)| s);
        Facts {
            active: counts.active,
            exposed: counts.exposed,
            hurt: counts.hurt,
            crossed: self.plane.users.with(Marks::CROSSED).count() as u64,
            flipped: self.plane.users.with(Marks::FLIPPED).count() as u64,
            minutes_down: self.plane.users.minutes_down(),
            ended: [tally.ended(), ended(End::Failed), ended(End::Wrong), ended(End::Slow)],
            latency_ms: [latency_ms(0), latency_ms(1)],
            connections_broken: tally.connections_broken,
            duplicated: tally.duplicated,
            at_verdict: w.verdict_seen.map(|(exposed, judged, weight)| AtVerdict {
                exposed,
                judged,
                weight,
            }),
            outage_s: w.outage.as_secs_f64(),
            outage_after_decision_s: w.outage_after_decision.as_secs_f64(),
            downtime_s: downtime_secs(within, service.objective.value()),
            mixed_s: w.mixed.as_secs_f64(),
            available_min: w.available_min,
            pods_peak: w.pods_peak,
            start_to_ready_s: median(w.start_to_ready_s.clone()),
            new_traffic_minus_pods: w.rollout.and_then(|r| r.new_traffic_minus_pods()),
            release_at: w.release_at,
            rolled_out_at: w.rolled_out_at,
            first_harm_at: tally.first_harm.map(|(_, at)| SimTime::from_nanos(at)),
            decided_at: w.way_back_at,
            safe_at: self.safe_at(),
            restored_at: w.restored_at,
            pod_hours: w.pod_seconds() / 3600.0,
            surge_pod_hours: w.surge_pod_seconds() / 3600.0,
            tariff: released.map_or_else(|| self.scenario.tariff_of_pods(), |r| r.tariff),
            pages: self.human.pages,
            paged_hours: self.human.worked.as_secs_f64() / 3600.0,
            held: released.filter(|r| !r.bad).map_or_else(Held::default, |_| self.held()),
            replicas: service.replicas,
            value_lost: tally.value_lost * (1.0 - service.come_back.value()),
            twin: released.map(|released| self.beside(released.twin)),
        }
    }

    /// How late a good release came to its users.
    fn held(&self) -> Held {
        let verdict = self.verdict(false);
        let shipped = verdict == Verdict::PromotedGood;
        let until = match (shipped, self.watch.way_back_at) {
            (true, _) => self.watch.rolled_out_at,
            (false, decided) => decided,
        };
        let from = self.watch.release_at.unwrap_or(self.end);
        let hours = until.unwrap_or(self.end).since(from).as_secs_f64() / 3600.0;
        Held { hours, again: !shipped, false_alarm: verdict == Verdict::FalseRollback }
    }

    /// When the new version got its last request, if it can get none any more.
    fn safe_at(&self) -> Option<SimTime> {
        let decided = self.watch.way_back_at?;
        let last = self.plane.tally.last_new.map(SimTime::from_nanos)?;
        // Still reachable at the horizon: the way back was cut, not finished.
        let settled = self.believed_weight() <= 0.0 && self.settled_at() <= self.end;
        settled.then(|| last.max(decided))
    }

    fn beside(&self, twin: &Twin) -> TwinFacts {
        let hurt = self.plane.users.with(Marks::HURT);
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
