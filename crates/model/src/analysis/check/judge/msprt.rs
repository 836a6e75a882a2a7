//! `msprt`: the mixture sequential test of the difference of two shares, valid at every look.
//!
//! Λ = √(V/(V+nτ²))·exp(n²τ²d²/(2V(V+nτ²))), p = min over looks of 1/Λ (Johari, Koomen, Pekelis,
//! Walsh, "Always Valid Inference"; [`windtunnel_stats::sequential::msprt_normal`]), over all
//! requests since the first look. n is the harmonic mean of both versions' requests and
//! V = 2p̄(1−p̄), so that V/n is the variance of the difference also of unequal
//! halves. The variance is estimated: before
//! `minBad` bad requests it says nothing. It never shows that a release is good: what has not
//! failed passes, or, with a `margin`, is unsure until the always-valid interval excludes it.

use super::{Asks, Counts, Judge, Judging, Look, Opinion, Over, Samples, against};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_stats::sequential::{Msprt, msprt_normal};

/// `msprt` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "msprt",
    summary: "the mixture sequential test: both versions' bad requests, at every look",
    read,
};

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// Probability with which a good release ever fails.
    pub alpha: f64,
    /// Standard deviation of the mixture, τ.
    pub effect: f64,
    /// Bad requests of both versions before it says anything.
    pub min_bad: u64,
    /// Harm that has to be excluded before it passes.
    pub margin: Option<f64>,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let help = "probability with which a good release fails at any of all looks";
    let alpha = r.share("errorProbability", "1%", help).value();
    super::probability(r, "errorProbability", alpha);
    let help = "difference of the shares for which it is quickest: the deviation of the mixture";
    let effect = r.share("effect", "1%", help).value();
    if effect <= 0.0 && !r.describing() {
        r.problem("effect", "found 0%", "above 0%", "");
    }
    let help = "bad requests of both versions before it says anything: the variance is estimated";
    let min_bad = r.count("minBad", 10, 1..=1_000_000, help);
    let help = "how much worse it may be: unsure until more is excluded; left out: what has not \
                failed passes";
    let margin = r.opt_share("margin", help).map(|m| m.value());
    Judging::by(Mixture { alpha, effect, min_bad, margin })
}

impl Mixture {
    /// The test after so many requests of both versions, and the difference.
    fn test(&self, new: Counts, stable: Counts) -> Option<(f64, Msprt)> {
        let (n1, n2) = (new.total as f64, stable.total as f64);
        let mean = (new.bad + stable.bad) as f64 / (n1 + n2);
        let difference = new.share()? - stable.share()?;
        let pairs = (2.0 * n1 * n2 / (n1 + n2)).round() as u64;
        let variance = 2.0 * mean * (1.0 - mean);
        let enough = new.bad + stable.bad >= self.min_bad;
        let test = msprt_normal(difference, pairs, variance, self.effect * self.effect, self.alpha);
        Some((difference, test.filter(|_| enough)?))
    }
}

impl Judge for Mixture {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        Asks { samples: Samples::Counts(Over::Interval), stable: true, looks: None }
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        if looks.last().and_then(|look| look.both(0)).is_none() {
            return Opinion::default();
        }
        let (mut new, mut stable) = (Counts::default(), Counts::default());
        let (mut p, mut last) = (1.0_f64, None);
        for (more, beside) in looks.iter().filter_map(|look| look.both(0)) {
            (new, stable) = (new + more, stable + beside);
            last = self.test(new, stable);
            if let Some((_, test)) = last.filter(|(difference, _)| *difference > 0.0) {
                p = p.min(test.p_now);
            }
        }
        let upper = last.map(|(difference, test)| difference + test.half_width);
        let verdict = match self.margin {
            _ if p <= self.alpha => Verdict::Fail,
            Some(margin) if upper.is_none_or(|upper| upper > margin) => Verdict::Unsure,
            _ => Verdict::Pass,
        };
        let (statistic, limit) = ("always-valid p", self.alpha);
        let tested = Some(Tested { judge: PART.name, statistic, value: p, limit });
        Opinion { verdict: Some(verdict), tested, ..against(new, stable) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks;
    use super::*;

    #[test]
    fn harm_adds_up_over_looks_and_is_not_forgotten() {
        let judge = Mixture { alpha: 0.01, effect: 0.01, min_bad: 10, margin: None };
        let of = |judge: Mixture, counts: &[[(u64, u64); 2]]| judge.judge(&looks(counts)).verdict;
        let thin = [(6, 200), (2, 200)];
        assert_eq!(of(judge, &[thin]), Some(Verdict::Pass));
        assert_eq!(of(judge, &[thin; 20]), Some(Verdict::Fail));
        let mut later = vec![thin; 20];
        later.extend([[(0, 200), (10, 200)]; 10]);
        assert_eq!(of(judge, &later), Some(Verdict::Fail));
        let careful = Mixture { margin: Some(0.002), ..judge };
        assert_eq!(of(careful, &[[(2, 200), (2, 200)]; 3]), Some(Verdict::Unsure));
        assert_eq!(of(careful, &[[(10, 90_000), (30, 90_000)]]), Some(Verdict::Pass));
        assert_eq!(of(judge, &[[(40, 200), (0, 200)]; 3]), Some(Verdict::Fail));
        assert_eq!(of(judge, &[[(0, 200), (40, 200)]; 3]), Some(Verdict::Pass), "better");
    }
}
