//! `sprt`: Wald's sequential test of a good share of bad requests against a bad one, look by look.
//!
//! S = Σ ln(p1/p0) per bad request and ln((1−p1)/(1−p0)) per good one; S ≥ ln((1−β)/α) fails the
//! release, S ≤ ln(β/(1−α)) passes it, in between it waits (Wald 1945;
//! [`windtunnel_stats::sequential::Sprt`]). It may be looked at as often as one likes. After a pass
//! the test begins anew, so that a fault which comes later is met by a test of its own. The stable
//! version is not asked.

use super::{Asks, Judge, Judging, Look, Opinion, Over, Samples, alone};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_stats::sequential::{Sprt, SprtDecision};

/// `sprt` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "sprt",
    summary: "Wald's sequential test of a good share of bad requests against a bad one",
    read,
};

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wald {
    /// Wald's test with its two rates and its error probabilities.
    pub test: Sprt,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let (good, bad) = super::shares(r);
    let help = "probability with which a good release fails, over all looks of one test";
    let alpha = r.share("errorProbability", "5%", help).value();
    let help = "probability with which a bad release passes such a test";
    let beta = r.share("missProbability", "10%", help).value();
    let test = Sprt::new(good, bad, alpha, beta).unwrap_or_else(|| {
        if !r.describing() && good < bad && bad < 1.0 && good > 0.0 {
            let found = "the two probabilities of error do not leave room for a test";
            r.problem("errorProbability", found, "both above 0%, below 100% together", "");
        }
        Sprt::usual()
    });
    Judging::by(Wald { test })
}

impl Judge for Wald {
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
        let (mut llr, mut decision) = (0.0, SprtDecision::Continue);
        for counts in looks.iter().filter_map(|look| look.counted(0)) {
            if decision == SprtDecision::AcceptH0 {
                llr = 0.0;
            }
            llr += self.test.batch(counts.bad, counts.total);
            decision = self.test.decide(llr);
        }
        let verdict = match decision {
            SprtDecision::RejectH0 => Verdict::Fail,
            SprtDecision::AcceptH0 => Verdict::Pass,
            SprtDecision::Continue => Verdict::Wait,
        };
        let (statistic, limit) = ("log-likelihood ratio", self.test.log_a);
        let tested = Some(Tested { judge: PART.name, statistic, value: llr, limit });
        Opinion { verdict: Some(verdict), tested, ..alone(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks;
    use super::*;

    #[test]
    fn it_waits_decides_and_begins_anew() {
        let judge = Wald { test: Sprt::usual() };
        let of = |counts: &[(u64, u64)]| {
            let both: Vec<_> = counts.iter().map(|c| [*c, (0, 0)]).collect();
            judge.judge(&looks(&both)).verdict
        };
        assert_eq!(of(&[(0, 20)]), Some(Verdict::Wait));
        assert_eq!(of(&[(0, 20), (0, 60)]), Some(Verdict::Pass));
        assert_eq!(of(&[(0, 1_000), (0, 20)]), Some(Verdict::Wait), "what passed does not count");
        assert_eq!(of(&[(0, 1_000), (6, 60)]), Some(Verdict::Fail));
    }
}
