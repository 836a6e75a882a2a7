//! `twoProportions`: are the new version's requests bad more often than the stable one's, in this
//! window?
//!
//! z = (p1 − p2)/√(p̄(1−p̄)(1/n1+1/n2)), one-sided; below five expected bad requests a version the
//! exact tail of the binomial count instead ([`windtunnel_stats::proportions::worse`]). The test of
//! a fixed horizon: `errorProbability` holds for one look, and a release that is looked at k times
//! fails by chance up to k times as often. With a `margin` there is a third answer: unsure, while
//! the interval of Newcombe still reaches beyond it.

use super::{Asks, Judge, Judging, Look, Opinion, Over, Samples, against};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_stats::proportions::{two_proportions, worse};

/// `twoProportions` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "twoProportions",
    summary: "bad requests of both versions, by the test of two proportions",
    read,
};

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoProportions {
    /// Probability with which a good release fails one look.
    pub alpha: f64,
    /// Harm that has to be excluded before it passes.
    pub margin: Option<f64>,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let help = "probability with which chance alone fails a good release at one look";
    let alpha = r.share("errorProbability", "1%", help).value();
    let help = "how much worse it may be: unsure until more is excluded; left out: what is not \
                shown to be worse passes";
    let margin = r.opt_share("margin", help).map(|m| m.value());
    super::probability(r, "errorProbability", alpha);
    Judging::by(TwoProportions { alpha, margin })
}

impl Judge for TwoProportions {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        Asks { samples: Samples::Counts(Over::Window), stable: true, looks: Some(1) }
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        let Some((new, stable)) = looks.last().and_then(|look| look.both(0)) else {
            return Opinion::default();
        };
        let (one, two) = ((new.bad, new.total), (stable.bad, stable.total));
        let Some(test) = worse(one, two) else { return against(new, stable) };
        let reach = two_proportions(one, two, 1.0 - 2.0 * self.alpha).map(|t| t.newcombe.upper);
        let verdict = match (self.margin, reach) {
            _ if test.p <= self.alpha => Verdict::Fail,
            (Some(margin), Some(upper)) if upper > margin => Verdict::Unsure,
            _ => Verdict::Pass,
        };
        let statistic = if test.exact { "exact p" } else { "p of z" };
        let (value, limit) = (test.p, self.alpha);
        let tested = Some(Tested { judge: PART.name, statistic, value, limit });
        Opinion { verdict: Some(verdict), tested, ..against(new, stable) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks;
    use super::*;

    #[test]
    fn three_answers() {
        let of = |margin, counts| {
            TwoProportions { alpha: 0.01, margin }.judge(&looks(&[counts])).verdict
        };
        assert_eq!(of(None, [(40, 1000), (10, 1000)]), Some(Verdict::Fail));
        assert_eq!(of(None, [(12, 1000), (10, 1000)]), Some(Verdict::Pass));
        assert_eq!(of(Some(0.005), [(12, 1000), (10, 1000)]), Some(Verdict::Unsure));
        assert_eq!(of(Some(0.05), [(12, 1000), (10, 1000)]), Some(Verdict::Pass));
        assert_eq!(of(None, [(3, 10), (1, 1000)]), Some(Verdict::Fail), "by the exact tail");
        assert_eq!(of(None, [(0, 0), (1, 1000)]), None, "no requests");
    }
}
