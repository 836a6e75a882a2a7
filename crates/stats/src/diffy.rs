//! The shadow comparator's rule per response field, after Diffy's published behaviour.
//!
//! Every request goes to the candidate and to two old instances; differences between the two old
//! ones are noise. With no regression raw and noise are exchangeable, so small counts report
//! falsely often. Deliberately absent: responses, and how they are compared.

/// Shown above this relative difference in percent, unless set otherwise.
pub const RELATIVE_PERCENT: f64 = 20.0;
/// Shown above this absolute difference in percent, unless set otherwise.
pub const ABSOLUTE_PERCENT: f64 = 0.03;

/// The judgement of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// |raw−noise|/(raw+noise) in percent; 0 without any difference.
    pub relative_percent: f64,
    /// |raw−noise|/total in percent; 0 without requests.
    pub absolute_percent: f64,
    /// Is the field reported?
    pub shown: bool,
}

/// Judges a field: shown if raw > noise and both percentages exceed their limits. `raw` counts
/// candidate ≠ primary, `noise` secondary ≠ primary, over `total` requests.
pub fn field(raw: u64, noise: u64, total: u64, relative_limit: f64, absolute_limit: f64) -> Field {
    let gap = raw.abs_diff(noise) as f64 * 100.0;
    let share = |of: f64| if of > 0.0 { gap / of } else { 0.0 };
    let (relative, absolute) = (share(raw as f64 + noise as f64), share(total as f64));
    Field {
        relative_percent: relative,
        absolute_percent: absolute,
        shown: raw > noise && relative > relative_limit && absolute > absolute_limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_strict_and_noise_hides() {
        let shown =
            |raw, noise, total| field(raw, noise, total, RELATIVE_PERCENT, ABSOLUTE_PERCENT).shown;
        // 3 to 2 is exactly 20 %.
        assert!(!shown(3, 2, 100) && shown(31, 20, 1000));
        assert!(!shown(2, 9, 10) && !shown(0, 0, 0) && !shown(1, 0, 10_000));
    }
}
