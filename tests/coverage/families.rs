//! Kinds of flights with a known truth: what a measure is in one flight of a good or a bad release
//! by two strategies that meet the same storm.

use windtunnel::base::maths;
use windtunnel::base::random::{Purpose, Stream, Streams};
use windtunnel::base::ziggurat::{Exponentials, Normals};
use windtunnel::outcome::{MeasureId, Measures, Outcome, Verdict};

/// What all requests of a flight are worth that stay away.
pub const WORTH_USD: f64 = 90_000.0;

/// What two strategies meet alike in one replication.
pub struct Storm {
    size: f64,
    stream: Stream,
}

impl Storm {
    /// The storm of a replication, met by one flight: its size is the same for all flights, what
    /// else happens is the flight's own.
    pub fn new(seed: u64, replication: u32, flight: u64) -> Storm {
        let streams = Streams::new(seed, u64::from(replication));
        let size = Normals::default().draw(&mut streams.stream(Purpose::Swarm, 77));
        Storm { size, stream: streams.stream(Purpose::Swarm, 100 + flight) }
    }

    fn normal(&mut self) -> f64 {
        Normals::default().draw(&mut self.stream)
    }

    fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        // Four fifths of the variance are the storm's, the rest is the flight's own.
        let own = self.normal();
        median * maths::exp(sigma * (0.8_f64.sqrt() * self.size + 0.2_f64.sqrt() * own))
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.stream.uniform() < probability
    }

    fn exponential(&mut self) -> f64 {
        Exponentials::default().draw(&mut self.stream)
    }
}

/// One flight. Strategy 0 waits for a human, strategy 1 is a canary.
pub fn flight(storm: &mut Storm, replication: u32, bad: bool, strategy: usize) -> Outcome {
    let canary = strategy == 1;
    let missed = bad && canary && storm.happens(0.035);
    let alarm = !bad && canary && storm.happens(1.0 / 30.0);
    let hurt = match (bad, canary, missed) {
        // A bad release that is missed hurts forty times as many as one that is caught.
        (true, true, true) => 0.14 + 0.02 * storm.normal(),
        (true, true, false) => storm.lognormal(0.003, 0.4),
        (true, false, _) => (0.08 + 0.02 * storm.exponential() + 0.01 * storm.size).max(0.0),
        // A good one hurts a few in one flight of thirty.
        (false, ..) if storm.happens(1.0 / 30.0) => 0.02 * storm.exponential().min(4.0),
        (false, ..) => 0.0,
    };
    let rarely = |yes: bool, value: f64| if yes { value } else { 0.0 };
    let (a, b, c) = (storm.happens(0.1), storm.happens(0.3), storm.happens(1.0 / 30.0));
    let pods = if bad && canary { 10.0 + f64::from(u8::from(storm.happens(0.5))) } else { 12.0 };
    // Dollars follow the users hurt: for the flight where the release stays, else for some minutes.
    let stays = missed || (bad && !canary);
    let loss = hurt * WORTH_USD * if stays { 0.8 } else { 0.2 };
    let measures = Measures {
        harm_usd: Some(loss),
        value_lost_by_release_usd: Some(loss),
        release_usd: Some(loss + 0.1 * (storm.exponential() - 1.0)),
        users_hurt_by_release_share: Some(hurt),
        users_hurt_by_release: Some((hurt * 10_000.0).round()),
        // Down in one flight of ten, for very different times.
        downtime_by_release_s: Some(rarely(a, 40.0 * storm.exponential())),
        // In three of ten, all alike; and a fault in one of thirty.
        outage_by_release_s: Some(rarely(b, 5.0)),
        outage_s: Some(rarely(c, 90.0)),
        requests_failed: Some(storm.lognormal(300.0, 1.0)),
        rollback_s: bad.then(|| storm.lognormal(30.0, 1.0)),
        detected_after_s: bad.then(|| 200.0 + 20.0 * storm.exponential()),
        pod_hours: Some(8.0 + 0.1 * storm.normal() + 0.1 * storm.size),
        fleet_minutes_extra: Some(storm.normal() + storm.size - 0.5),
        cost_extra_usd: Some(0.1 * (storm.exponential() - 1.0)),
        pods_peak: Some(pods),
        weight_at_verdict: Some(if storm.happens(0.5) { 1.0 } else { 0.05 }),
        ..Measures::default()
    };
    let verdict = match (bad, stays, alarm) {
        (true, true, _) => Verdict::MissedBad,
        (true, false, _) => Verdict::RolledBackBad,
        (false, _, true) => Verdict::FalseRollback,
        (false, _, false) => Verdict::PromotedGood,
    };
    let (stopped_by, differences) = (None, None);
    let (by_human, steps) = (false, Vec::new());
    Outcome {
        replication,
        verdict,
        measures,
        bill: Default::default(),
        stopped_by,
        by_human,
        differences,
        steps,
        work: 1,
    }
}

/// `flights[variant][strategy]` of one experiment; good and bad releases, each with its number.
pub fn flights(seed: u64, counts: [u32; 2]) -> Vec<Vec<Vec<Outcome>>> {
    let of = |variant: usize, strategy: usize| {
        let one = |r: u32| {
            let mut storm = Storm::new(seed, r, 2 * variant as u64 + strategy as u64);
            flight(&mut storm, r, variant == 1, strategy)
        };
        (0..counts[variant]).map(one).collect()
    };
    (0..2).map(|variant| (0..2).map(|strategy| of(variant, strategy)).collect()).collect()
}

/// The measures that have a value here.
pub const MEASURES: [MeasureId; 16] = [
    MeasureId::HarmUsd,
    MeasureId::ValueLostByReleaseUsd,
    MeasureId::ReleaseUsd,
    MeasureId::UsersHurtByReleaseShare,
    MeasureId::UsersHurtByRelease,
    MeasureId::DowntimeByReleaseS,
    MeasureId::OutageByReleaseS,
    MeasureId::OutageS,
    MeasureId::RequestsFailed,
    MeasureId::RollbackS,
    MeasureId::DetectedAfterS,
    MeasureId::PodHours,
    MeasureId::FleetMinutesExtra,
    MeasureId::CostExtraUsd,
    MeasureId::PodsPeak,
    MeasureId::WeightAtVerdict,
];
