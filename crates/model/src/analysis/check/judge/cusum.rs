//! `cusum`: has the share of bad requests moved from a good one to a bad one, at any time?
//!
//! S = max(0, S + llr) over all looks; S ≥ h fails the release, with h = ln(falseAlarmEvery): the
//! mean number of requests between false alarms is at least e^h (Lorden 1971;
//! [`windtunnel_stats::sequential::cusum_bernoulli`]). It forgets what was good, so that a fault
//! which begins in the middle of a rollout is seen as soon as one at its start.

use super::{Asks, Judge, Judging, Look, Opinion, Over, Samples, alone};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::maths;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_stats::sequential::cusum_bernoulli;

/// `cusum` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "cusum",
    summary: "a move from a good share of bad requests to a bad one, at any time",
    read,
};

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cusum {
    /// The good share.
    pub good: f64,
    /// The bad share.
    pub bad: f64,
    /// The statistic at which it fails.
    pub limit: f64,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let (good, bad) = super::shares(r);
    let help = "requests between false alarms, in the mean, of a version that stays good";
    let every = r.count("falseAlarmEvery", 1_000_000, 10..=1_000_000_000_000, help);
    Judging::by(Cusum { good, bad, limit: maths::ln(every as f64) })
}

impl Judge for Cusum {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        Asks { samples: Samples::Counts(Over::Interval), stable: false, looks: None }
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        let Some(now) = looks.last().and_then(|look| look.counted(0)) else {
            return Opinion::default();
        };
        let seen = looks.iter().filter_map(|look| look.counted(0));
        let batches: Vec<(u64, u64)> = seen.map(|c| (c.bad, c.total)).collect();
        let path = cusum_bernoulli(self.good, self.bad, &batches).unwrap_or_default();
        let value = path.last().copied().unwrap_or(0.0);
        let tested = Some(Tested { judge: PART.name, statistic: "S", value, limit: self.limit });
        Opinion { verdict: Some(Verdict::of(value < self.limit)), tested, ..alone(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks;
    use super::*;

    #[test]
    fn what_was_good_is_forgotten() {
        let judge = Cusum { good: 0.01, bad: 0.05, limit: maths::ln(1e6) };
        let mut counts = vec![[(1, 300), (0, 0)]; 20];
        assert_eq!(judge.judge(&looks(&counts)).verdict, Some(Verdict::Pass));
        counts.push([(30, 300), (0, 0)]);
        assert_eq!(judge.judge(&looks(&counts)).verdict, Some(Verdict::Fail));
    }
}
