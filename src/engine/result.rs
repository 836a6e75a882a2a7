//! From a finished flight to its measures (`docs/methods.md`).

use super::flight::Flight;
use super::plane::tally::{Outcome as End, Second};
use crate::base::bitset::BitSet;
use crate::base::moments::median;
use crate::base::special::binomial_tails;
use crate::base::time::SimTime;
use crate::outcome::{Measures, Outcome, Verdict};
use crate::world::service::Version;
use crate::world::user::Marks;
use std::sync::Arc;

/// What a twin tells the flights that are compared with it.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Bad outcomes by request, sorted, as `index << 2 | outcome`.
    pub bad: Arc<[u64]>,
    /// Users hurt without any release.
    pub hurt: BitSet,
    /// Its outage in seconds.
    pub outage_s: f64,
    /// Its downtime in seconds.
    pub downtime_s: f64,
    /// Its pod-seconds.
    pub pod_seconds: f64,
    /// Value it lost.
    pub value_lost: f64,
    /// Its own row.
    pub outcome: Outcome,
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
        let mut hurt = BitSet::new(self.plane.users.len());
        self.plane.users.with(Marks::HURT).for_each(|user| {
            hurt.insert(user);
        });
        let outcome = self.outcome(replication, false, None);
        Twin {
            bad: bad.into(),
            hurt,
            outage_s: self.watch.outage.as_secs_f64(),
            downtime_s: outcome.measures.downtime_s.unwrap_or(0.0),
            pod_seconds: self.watch.pod_seconds(),
            value_lost: self.plane.tally.value_lost,
            outcome,
        }
    }

    /// The measures of the flight. Call after [`Flight::run`].
    pub fn outcome(&self, replication: u32, bad: bool, twin: Option<&Twin>) -> Outcome {
        let mut m = Measures::default();
        self.user_measures(&mut m, twin);
        self.request_measures(&mut m);
        self.time_measures(&mut m, twin);
        self.way_back_measures(&mut m);
        self.cost_measures(&mut m, twin);
        let compared = self.plane.shadow.candidate.compared > 0;
        Outcome {
            replication,
            verdict: self.verdict(bad),
            measures: m,
            stopped_by: self.watch.stopped_by.clone(),
            differences: compared.then_some(self.plane.shadow),
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

    fn user_measures(&self, m: &mut Measures, twin: Option<&Twin>) {
        let counts = self.plane.users.counts();
        m.users_active = Some(counts.active as f64);
        m.users_exposed = Some(counts.exposed as f64);
        m.exposed_before_verdict = self.watch.verdict_seen.map(|(exposed, ..)| exposed as f64);
        m.users_hurt = Some(counts.hurt as f64);
        m.user_minutes_down = Some(self.plane.users.minutes_down());
        m.users_crossed = Some(self.plane.users.with(Marks::CROSSED).count() as f64);
        let share = |count: Option<f64>| count.map(|c| c / counts.active.max(1) as f64);
        m.users_exposed_share = share(m.users_exposed);
        m.exposed_before_verdict_share = share(m.exposed_before_verdict);
        m.users_flipped = Some(self.plane.users.with(Marks::FLIPPED).count() as f64);
        m.users_flipped_share = share(m.users_flipped);
        if let Some(twin) = twin {
            let hurt = self.plane.users.with(Marks::HURT);
            let both = hurt.filter(|user| twin.hurt.contains(*user)).count() as u64;
            let by_release = (counts.hurt - both) as f64;
            m.users_hurt_by_release = Some(by_release);
            m.users_spared = Some((twin.hurt.count() - both) as f64);
            m.users_hurt_by_release_share = Some(by_release / (counts.active.max(1) as f64));
        }
    }

    fn request_measures(&self, m: &mut Measures) {
        let tally = &self.plane.tally;
        let ended = |outcome: End| Some(tally.outcomes[outcome as usize] as f64);
        m.requests = Some(tally.ended() as f64);
        m.requests_failed = ended(End::Failed);
        m.requests_wrong = ended(End::Wrong);
        m.requests_slow = ended(End::Slow);
        let [old, new] = &tally.latency;
        m.p50_old_ms = old.quantile_ms(0.5);
        m.p99_old_ms = old.quantile_ms(0.99);
        m.p50_new_ms = new.quantile_ms(0.5);
        m.p99_new_ms = new.quantile_ms(0.99);
        m.connections_broken = Some(tally.connections_broken as f64);
        m.side_effects_duplicated = Some(tally.duplicated as f64);
        m.requests_judged = self.watch.verdict_seen.map(|(_, judged, _)| judged as f64);
        m.weight_at_verdict = self.watch.verdict_seen.map(|(.., weight)| weight);
    }

    fn time_measures(&self, m: &mut Measures, twin: Option<&Twin>) {
        let w = &self.watch;
        let outage_s = w.outage.as_secs_f64();
        m.outage_s = Some(outage_s);
        let within = self.plane.tally.seconds.split_last().map_or(&[][..], |(_, s)| s);
        let downtime_s = downtime_secs(within, self.scenario.service.objective.value());
        m.downtime_s = Some(downtime_s);
        m.mixed_version_s = Some(w.mixed.as_secs_f64());
        m.pods_available_min = w.available_min.map(f64::from);
        m.rollout_s = span(w.release_at, w.rolled_out_at);
        m.new_traffic_minus_pods = w.rollout.and_then(|r| r.new_traffic_minus_pods());
        m.rollback_outage_s = w.way_back_at.map(|_| w.outage_after_decision.as_secs_f64());
        m.start_to_ready_s = median(w.start_to_ready_s.clone());
        if let Some(twin) = twin {
            m.downtime_by_release_s = Some(downtime_s - twin.downtime_s);
            m.outage_by_release_s = Some(outage_s - twin.outage_s);
        }
    }

    fn way_back_measures(&self, m: &mut Measures) {
        let w = &self.watch;
        let harm = self.plane.tally.first_harm.map(|(_, at)| SimTime::from_nanos(at));
        let last_new = self.plane.tally.last_new.map(SimTime::from_nanos);
        let Some(decided) = w.way_back_at else { return };
        m.detected_after_s =
            harm.filter(|h| *h <= decided).and_then(|h| span(Some(h), Some(decided)));
        // Still reachable at the horizon: the way back was cut, not finished.
        let settled = self.believed_weight() <= 0.0 && self.settled_at() <= self.end;
        let safe = last_new.filter(|_| settled).map(|last| last.max(decided));
        m.rollback_s = span(Some(decided), safe);
        m.harm_to_safe_s = match (harm, safe) {
            (Some(harm), Some(safe)) if harm <= safe => span(Some(harm), Some(safe)),
            _ => None,
        };
        m.capacity_restored_s = span(Some(decided), w.restored_at);
    }

    fn cost_measures(&self, m: &mut Measures, twin: Option<&Twin>) {
        let service = &self.scenario.service;
        let hours = self.watch.pod_seconds() / 3600.0;
        m.pod_hours = Some(hours);
        m.pods_peak = Some(f64::from(self.watch.pods_peak));
        m.cost_usd = Some(hours * service.price_per_hour.value());
        let kept = 1.0 - service.come_back.value();
        let harm = self.plane.tally.value_lost * kept;
        m.harm_usd = Some(harm);
        if let Some(twin) = twin {
            let extra = hours - twin.pod_seconds / 3600.0;
            m.pod_hours_extra = Some(extra);
            m.fleet_minutes_extra = Some(extra * 60.0 / f64::from(service.replicas));
            m.cost_extra_usd = Some(extra * service.price_per_hour.value());
            m.value_lost_by_release_usd = Some(harm - twin.value_lost * kept);
            m.release_usd = m.cost_extra_usd.zip(m.value_lost_by_release_usd).map(|(a, b)| a + b);
        }
    }

    /// Do no pods of the new version exist (a promise some tests ask for)?
    pub fn is_all_old(&self) -> bool {
        !self.pods.iter().any(|p| p.version == Version::New && p.exists())
    }
}

fn span(from: Option<SimTime>, until: Option<SimTime>) -> Option<f64> {
    Some(until?.since(from?).as_secs_f64())
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
