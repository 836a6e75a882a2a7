//! Rank comparison of two samples: Mann–Whitney's test, and the differences of all pairs.
//!
//! Points must be independent; a series of scrapes is not, and then both alarm too often.
//! Deliberately absent: directions, tolerances and verdicts (see `kayenta`).

use windtunnel_base::special::normal_sf;

/// The test by normal approximation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs with x > y, plus half the ties.
    pub u_x: f64,
    /// Pairs with y > x, plus half the ties.
    pub u_y: f64,
    /// Standard deviation of U under equality, corrected for ties.
    pub sigma: f64,
    /// P-value of equal distributions.
    pub p_two_sided: f64,
    /// Small when x tends to exceed y.
    pub p_greater: f64,
    /// Small when y tends to exceed x.
    pub p_less: f64,
}

impl MannWhitney {
    /// P(x > y) + ½P(x = y): the common-language effect size.
    pub fn cles(&self) -> f64 {
        self.u_x / (self.u_x + self.u_y)
    }
}

/// Both samples in one ascending row of (value, is x); nothing if one is empty or holds NaN.
fn pooled(x: &[f64], y: &[f64]) -> Option<Vec<(f64, bool)>> {
    if x.is_empty() || y.is_empty() || x.iter().chain(y).any(|v| v.is_nan()) {
        return None;
    }
    let tag = |values: &[f64], is_x: bool| values.iter().map(|v| (*v, is_x)).collect::<Vec<_>>();
    let mut all = tag(x, true);
    all.extend(tag(y, false));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(all)
}

/// Groups of equal values: (how many, how many of them from x).
fn groups(all: &[(f64, bool)]) -> Vec<(usize, usize)> {
    let same = |a: &(f64, bool), b: &(f64, bool)| a.0 == b.0;
    let count = |group: &[(f64, bool)]| (group.len(), group.iter().filter(|g| g.1).count());
    all.chunk_by(same).map(count).collect()
}

/// (U_x, Σ(t³−t)) from the tie groups.
fn statistic(groups: &[(usize, usize)]) -> (f64, f64) {
    let (mut u, mut ties, mut y_below) = (0.0, 0.0, 0.0);
    for (size, from_x) in groups {
        let (size, from_x) = (*size as f64, *from_x as f64);
        u += from_x * (y_below + (size - from_x) / 2.0);
        ties += size * (size * size - 1.0);
        y_below += size - from_x;
    }
    (u, ties)
}

/// σ of U: √((mn/12)(m+n+1 − Σ(t³−t)/((m+n)(m+n−1)))).
fn tied_sigma(m: f64, n: f64, ties: f64) -> f64 {
    let all = m + n;
    (m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)))).max(0.0).sqrt()
}

/// Mann–Whitney by normal approximation, with a continuity correction of ½ towards the mean if
/// `continuity`. All values equal give p = 1 everywhere. Nothing for an empty sample or NaN.
pub fn mann_whitney(x: &[f64], y: &[f64], continuity: bool) -> Option<MannWhitney> {
    let (u_x, ties) = statistic(&groups(&pooled(x, y)?));
    let (m, n) = (x.len() as f64, y.len() as f64);
    let (u_y, sigma) = (m * n - u_x, tied_sigma(m, n, ties));
    let correction = if continuity { 0.5 } else { 0.0 };
    let tail = |u: f64| {
        if sigma > 0.0 { normal_sf((u - m * n / 2.0 - correction) / sigma) } else { 1.0 }
    };
    Some(MannWhitney {
        u_x,
        u_y,
        sigma,
        p_two_sided: (2.0 * tail(u_x.max(u_y))).min(1.0),
        p_greater: tail(u_x),
        p_less: tail(u_y),
    })
}

/// All differences x_i − y_j in ascending order; nothing for an empty sample or NaN.
pub fn differences(x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
    let mut all: Vec<f64> = x.iter().flat_map(|a| y.iter().map(move |b| a - b)).collect();
    if all.is_empty() || all.iter().any(|d| d.is_nan()) {
        return None;
    }
    all.sort_by(f64::total_cmp);
    Some(all)
}

/// The median of an ascending row; NaN if it is empty.
pub fn median_of_sorted(ascending: &[f64]) -> f64 {
    match ascending.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => ascending[n / 2],
        n => f64::midpoint(ascending[n / 2 - 1], ascending[n / 2]),
    }
}

/// The standardised U of x shifted down by `shift`, with ½ towards zero: falls as the shift grows.
/// It is what R's `wilcox.test(conf.int = TRUE)` and Kayenta solve for ±z. 0 when all are tied.
pub fn shifted_z(x: &[f64], y: &[f64], shift: f64) -> Option<f64> {
    let moved: Vec<f64> = x.iter().map(|v| v - shift).collect();
    let (u, ties) = statistic(&groups(&pooled(&moved, y)?));
    let (m, n) = (x.len() as f64, y.len() as f64);
    let (excess, sigma) = (u - m * n / 2.0, tied_sigma(m, n, ties));
    let towards = if excess == 0.0 { 0.0 } else { 0.5 * excess.signum() };
    Some(if sigma > 0.0 { (excess - towards) / sigma } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of three ties each: σ² = 9/12 · (7 − 48/30) = 4.05, where without ties it is
    /// 5.25; U of y is 6 of 9 pairs.
    #[test]
    fn ties_narrow_the_distribution() {
        let tied = mann_whitney(&[1.0, 1.0, 2.0], &[1.0, 2.0, 2.0], false).expect("a test");
        assert_eq!((tied.u_x, tied.u_y), (3.0, 6.0));
        assert!((tied.sigma * tied.sigma - 4.05).abs() < 1e-12, "{}", tied.sigma);
        let apart = mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], false).expect("a test");
        assert!((apart.sigma * apart.sigma - 5.25).abs() < 1e-12, "{}", apart.sigma);
    }

    #[test]
    fn degenerate_samples_are_answered() {
        assert_eq!(mann_whitney(&[], &[1.0], true), None);
        assert_eq!(mann_whitney(&[f64::NAN], &[1.0], true), None);
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0], true).map(|t| t.p_two_sided), Some(1.0));
        assert_eq!(differences(&[1.0, 3.0], &[0.5]), Some(vec![0.5, 2.5]));
        assert_eq!(differences(&[f64::INFINITY], &[f64::INFINITY]), None);
    }
}
