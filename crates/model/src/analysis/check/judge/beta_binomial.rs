//! `betaBinomial`: how probable is it that the new version's share of bad requests is the greater?
//!
//! P(p_new > p_stable) of independent Beta posteriors over all requests since the first look
//! ([`windtunnel_stats::beta_binomial`]); above `failsAbove` the release fails, above `unsureAbove`
//! it is unsure. Both begin with the same prior, worth `priorRequests` requests of which `prior`
//! are bad: a uniform one takes a canary of twenty requests for a bad one. Looking again and again
//! is peeking: the probability of a false alarm grows with the looks.

use super::{Asks, Counts, Judge, Judging, Look, Opinion, Over, Samples, against};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_stats::beta_binomial::Posterior;

/// `betaBinomial` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "betaBinomial",
    summary: "the probability that the new version is worse, by Beta posteriors",
    read,
};

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBinomial {
    /// Fails above this probability.
    pub fails_above: f64,
    /// Is unsure above this one.
    pub unsure_above: f64,
    /// The prior's α and β.
    pub prior: (f64, f64),
}

fn read(r: &mut Reader<'_>) -> Judging {
    let help = "probability of being worse above which it fails; 95% to 99% are usual";
    let fails_above = r.share("failsAbove", "95%", help).value();
    if (fails_above <= 0.0 || fails_above >= 1.0) && !r.describing() {
        let found = format!("found {}%", fails_above * 100.0);
        r.problem("failsAbove", found, "above 0%, below 100%", "");
    }
    let help = "probability above which it is unsure; left out: it passes up to failsAbove";
    let unsure = r.opt_share("unsureAbove", help).map(|s| s.value());
    if let Some(unsure) = unsure.filter(|unsure| *unsure > fails_above) {
        let found = format!("found {:.1}%, above failsAbove", unsure * 100.0);
        r.problem("unsureAbove", found, "at most failsAbove", "");
    }
    let share = r.share("prior", "1%", "share of bad requests before any is seen").value();
    let weight = r.number("priorRequests", 10.0, 0.01..=1e9, "requests that the prior is worth");
    if (share <= 0.0 || share >= 1.0) && !r.describing() {
        r.problem("prior", "leaves no room for doubt", "above 0%, below 100%", "");
    }
    let share = share.clamp(1e-9, 1.0 - 1e-9);
    Judging::by(BetaBinomial {
        fails_above,
        unsure_above: unsure.unwrap_or(fails_above),
        prior: (share * weight, (1.0 - share) * weight),
    })
}

impl Judge for BetaBinomial {
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
        let all = looks.iter().filter_map(|look| look.both(0));
        let sum = |(a, b): (Counts, Counts), (c, d): (Counts, Counts)| (a + c, b + d);
        let (new, stable) = all.fold(Default::default(), sum);
        let of = |c: Counts| Posterior::new(c.bad, c.total, self.prior.0, self.prior.1);
        let Some((one, two)) = of(new).zip(of(stable)) else { return against(new, stable) };
        let p = one.p_greater(&two);
        let verdict = match p {
            p if p > self.fails_above => Verdict::Fail,
            p if p > self.unsure_above => Verdict::Unsure,
            _ => Verdict::Pass,
        };
        let (statistic, limit) = ("probability of being worse", self.fails_above);
        let tested = Some(Tested { judge: PART.name, statistic, value: p, limit });
        Opinion { verdict: Some(verdict), tested, ..against(new, stable) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::looks;
    use super::*;

    #[test]
    fn doubt_lies_between_the_two_limits() {
        let judge = BetaBinomial { fails_above: 0.95, unsure_above: 0.8, prior: (0.1, 9.9) };
        let of = |counts| judge.judge(&looks(&[counts])).verdict;
        assert_eq!(of([(30, 1000), (10, 1000)]), Some(Verdict::Fail));
        assert_eq!(of([(14, 1000), (9, 1000)]), Some(Verdict::Unsure));
        assert_eq!(of([(9, 1000), (10, 1000)]), Some(Verdict::Pass));
        assert_eq!(of([(0, 20), (5, 5000)]), Some(Verdict::Pass), "few requests, no alarm");
    }
}
