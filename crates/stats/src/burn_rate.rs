//! Alerts on the speed at which an error budget burns, over a long and a short window.
//!
//! Google SRE Workbook, "Alerting on SLOs". Closed forms for an error ratio that jumps from 0 and
//! ends: what an alert can do at best, in seconds. Deliberately absent: traffic (thin traffic trips
//! the alert by a single error; require minimum counts) and dilution by other versions.

/// One alert rule: fires while both windows burn faster than `burn` times the budget's pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnRule {
    /// The objective as a share, such as 0.999.
    pub slo: f64,
    /// How many times the sustainable pace.
    pub burn: f64,
    /// Length of the long window in seconds.
    pub long_window_secs: f64,
    /// Length of the short window in seconds.
    pub short_window_secs: f64,
}

/// How a rule answers one outage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnAnswer {
    /// Error ratio above which the rule fires: burn·(1 − SLO).
    pub threshold: f64,
    /// Seconds from the jump to the alert; nothing if it never fires.
    pub detect_secs: Option<f64>,
    /// Share of the period's budget spent by then.
    pub budget_at_detect: Option<f64>,
    /// Share of the period's budget the outage spends in all; may exceed 1.
    pub budget_total: f64,
    /// Seconds from the outage's end until the alert is silent; nothing if it never fired.
    pub reset_secs: Option<f64>,
}

impl BurnRule {
    /// The error ratio above which the rule fires.
    pub fn threshold(&self) -> f64 {
        self.burn * (1.0 - self.slo)
    }

    /// Does the rule fire for these error ratios over its two windows? A ratio that is NaN (no
    /// requests) does not fire.
    pub fn fires(&self, long_ratio: f64, short_ratio: f64) -> bool {
        long_ratio > self.threshold() && short_ratio > self.threshold()
    }

    /// The answer to an error ratio that jumps from 0 to `error_ratio`, lasts `duration_secs` and
    /// ends, under a budget for `period_secs`. Nothing for an SLO outside (0, 1) or values that are
    /// not positive (a ratio may be 0).
    pub fn answer(
        &self,
        error_ratio: f64,
        duration_secs: f64,
        period_secs: f64,
    ) -> Option<BurnAnswer> {
        let positive = [self.burn, self.long_window_secs, self.short_window_secs, period_secs];
        let sound = self.slo > 0.0 && self.slo < 1.0 && positive.iter().all(|x| *x > 0.0);
        if !(sound && (0.0..=1.0).contains(&error_ratio) && duration_secs >= 0.0) {
            return None;
        }
        let (threshold, allowed) = (self.threshold(), (1.0 - self.slo) * period_secs);
        // A window's average after t seconds is error_ratio·t/W: each window has its own wait, and
        // the outage must last it out.
        let longest = self.long_window_secs.max(self.short_window_secs);
        let wait = threshold * longest / error_ratio;
        let detect_secs = (error_ratio > threshold && wait <= duration_secs).then_some(wait);
        let shortest = self.long_window_secs.min(self.short_window_secs);
        Some(BurnAnswer {
            threshold,
            detect_secs,
            budget_at_detect: detect_secs.map(|secs| error_ratio * secs / allowed),
            budget_total: error_ratio * duration_secs / allowed,
            reset_secs: detect_secs.map(|_| shortest * (1.0 - threshold / error_ratio)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: BurnRule =
        BurnRule { slo: 0.999, burn: 14.4, long_window_secs: 3600.0, short_window_secs: 300.0 };

    /// The closed forms against a second-by-second replay of both windows.
    #[test]
    fn closed_forms_match_a_replay() {
        for (ratio, duration) in
            [(1.0, 600_usize), (0.05, 7200), (0.02, 1000), (1.0, 30), (0.3, 200)]
        {
            let answer = PAGE.answer(ratio, duration as f64, 2.592e6).expect("sound");
            let average = |t: usize, window: usize| {
                let bad = t.min(duration).saturating_sub(t.saturating_sub(window));
                ratio * bad as f64 / window as f64
            };
            let firing: Vec<usize> =
                (1..20_000).filter(|t| PAGE.fires(average(*t, 3600), average(*t, 300))).collect();
            let first = firing.first().map(|t| *t as f64);
            assert_eq!(first.is_some(), answer.detect_secs.is_some(), "{ratio} {duration}");
            if let (Some(first), Some(detect)) = (first, answer.detect_secs) {
                assert!((first - detect).abs() <= 1.01, "{first} {detect}");
                let last = firing[firing.len() - 1] as f64 - duration as f64;
                assert!(answer.reset_secs.is_some_and(|r| (r - last).abs() <= 1.01));
            }
        }
    }

    #[test]
    fn odd_rules_are_refused() {
        assert_eq!(PAGE.answer(f64::NAN, 1.0, 1.0), None);
        assert_eq!(BurnRule { slo: 1.0, ..PAGE }.answer(0.1, 1.0, 1.0), None);
        assert_eq!(PAGE.answer(0.0, 10.0, 100.0).and_then(|a| a.detect_secs), None);
        assert!(!PAGE.fires(f64::NAN, 1.0));
    }
}
