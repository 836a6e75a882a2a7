//! Alerts on the speed at which an error budget burns, over a long and a short window.
//!
//! Google SRE Workbook, "Alerting on SLOs". Deliberately absent: traffic (thin
//! traffic trips the alert by a single error; require minimum counts) and dilution by other
//! versions.

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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both windows have to burn, faster than the limit; no requests burn nothing.
    #[test]
    fn both_windows_have_to_burn() {
        let page =
            BurnRule { slo: 0.999, burn: 14.4, long_window_secs: 3600.0, short_window_secs: 300.0 };
        assert!(page.fires(0.015, 0.015));
        assert!(!page.fires(0.015, 0.014) && !page.fires(0.014, 0.015));
        assert!(!page.fires(f64::NAN, 1.0) && !page.fires(1.0, f64::NAN));
    }
}
