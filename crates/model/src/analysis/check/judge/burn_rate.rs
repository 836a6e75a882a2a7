//! `burnRate`: does the new version burn the error budget too fast, over a long and a short window
//! at once?
//!
//! A pair of windows fires if the share of bad requests exceeds burn · (1 − objective) in both;
//! pairs are or-ed (Google SRE Workbook, "Alerting on SLOs"; [`windtunnel_stats::burn_rate`]). The
//! share is that of the new version alone, of as much of a window as it has lived. In thin traffic
//! one bad request exceeds every budget: `minBad` says from how many on a long window counts.

use super::{Asks, Judge, Judging, Look, Opinion, Over, Samples, alone};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;
use windtunnel_stats::burn_rate::BurnRule;

/// `burnRate` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "burnRate",
    summary: "the pace at which the error budget burns, over long and short windows",
    read,
};

/// Most pairs of windows.
const PAIRS: usize = 8;

/// The settings of the judge, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct BurnRate {
    /// Its pairs of windows.
    pub rules: Vec<BurnRule>,
    /// Windows in the order of the pairs: long, short, long, short.
    pub windows: Vec<SimDuration>,
    /// Bad requests in the long window before a pair counts.
    pub min_bad: u64,
}

fn pair(r: &mut Reader<'_>) -> (SimDuration, SimDuration, f64) {
    let long = r.duration("long", "1h", "the long window");
    let short = r.duration("short", "5m", "the short one, by which the alert ends soon");
    let burn = r.number("burn", 14.4, 0.01..=1e6, "how many times the sustainable pace");
    if !r.describing() && (short < SimDuration::from_secs(1) || short > long) {
        r.problem("short", format!("found {short}"), "at least 1s, at most the long window", "");
    }
    (long, short, burn)
}

/// The pairs that page, for a budget of 30 days.
fn pages() -> Vec<(SimDuration, SimDuration, f64)> {
    let minutes = |m: u64| SimDuration::from_secs(60 * m);
    vec![(minutes(60), minutes(5), 14.4), (minutes(360), minutes(30), 6.0)]
}

fn read(r: &mut Reader<'_>) -> Judging {
    let objective =
        r.share("objective", "99.9%", "share of good requests that is promoted").value();
    let leaves_some = objective > 0.0 && objective < 1.0;
    if !leaves_some && !r.describing() {
        r.problem("objective", "leaves no budget, or nothing else", "above 0%, below 100%", "");
    }
    let help = "pairs of windows; left out: the two that page in Google's SRE Workbook, 1h with 5m \
                at 14.4 and 6h with 30m at 6";
    let pairs = r.opt_list("pairs", help, pair).unwrap_or_else(pages);
    if pairs.is_empty() || pairs.len() > PAIRS {
        let found = format!("found {} pairs", pairs.len());
        r.problem("pairs", found, &format!("1 to {PAIRS}"), "");
    }
    let help = "bad requests in a long window before its pair counts; the Workbook's plain rule: 1";
    let min_bad = r.count("minBad", 1, 1..=1_000_000, help);
    let rule = |(long, short, burn): &(SimDuration, SimDuration, f64)| BurnRule {
        slo: objective,
        burn: *burn,
        long_window_secs: long.as_secs_f64(),
        short_window_secs: short.as_secs_f64(),
    };
    let pairs: Vec<_> = pairs.into_iter().take(PAIRS).collect();
    let rules = pairs.iter().map(rule).collect();
    let windows = pairs.iter().flat_map(|(long, short, _)| [*long, *short]).collect();
    Judging::by(BurnRate { rules, windows, min_bad })
}

impl Judge for BurnRate {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        let over = Over::Windows(self.windows.clone());
        Asks { samples: Samples::Counts(over), stable: false, looks: Some(1) }
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        let Some(look) = looks.last() else { return Opinion::default() };
        let mut worst: Option<(f64, &BurnRule, Opinion)> = None;
        let mut fires = false;
        for (number, rule) in self.rules.iter().enumerate() {
            let both = look.counted(2 * number).zip(look.counted(2 * number + 1));
            let Some((long, short)) = both else { continue };
            let share = |c: super::Counts| c.share().unwrap_or(f64::NAN);
            let (over_long, over_short) = (share(long), share(short));
            fires |= long.bad >= self.min_bad && rule.fires(over_long, over_short);
            // The slower of the two windows holds a pair back.
            let burn = over_long.min(over_short) / (1.0 - rule.slo);
            if worst.as_ref().is_none_or(|(b, r, _)| burn / rule.burn > b / r.burn) {
                worst = Some((burn, rule, alone(long)));
            }
        }
        let Some((value, rule, seen)) = worst else { return Opinion::default() };
        let (statistic, limit) = ("burn rate", rule.burn);
        let tested = Some(Tested { judge: PART.name, statistic, value, limit });
        let limit = Some(rule.threshold());
        Opinion { verdict: Some(Verdict::of(!fires)), limit, tested, ..seen }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Counts, Look, Sample};
    use super::*;

    #[test]
    fn both_windows_must_burn_and_one_pair_suffices() {
        let judge = |min_bad| {
            let rule = |burn| BurnRule {
                slo: 0.999,
                burn,
                long_window_secs: 3600.0,
                short_window_secs: 300.0,
            };
            BurnRate { rules: vec![rule(14.4), rule(6.0)], windows: Vec::new(), min_bad }
        };
        let of = |min_bad, counts: [(u64, u64); 4]| {
            let counts = counts.iter().map(|(bad, total)| Counts { bad: *bad, total: *total });
            let new = Sample { counts: counts.collect(), ..Sample::default() };
            judge(min_bad).judge(&[Look { new, ..Look::default() }]).verdict
        };
        let quiet = (0, 1000);
        assert_eq!(of(1, [(20, 1000), (20, 1000), quiet, quiet]), Some(Verdict::Fail));
        assert_eq!(of(1, [(20, 1000), quiet, quiet, quiet]), Some(Verdict::Pass));
        assert_eq!(of(1, [quiet, quiet, (7, 1000), (7, 1000)]), Some(Verdict::Fail));
        assert_eq!(of(30, [(20, 1000), (20, 1000), quiet, quiet]), Some(Verdict::Pass));
        assert_eq!(of(1, [(0, 0); 4]), None);
    }
}
