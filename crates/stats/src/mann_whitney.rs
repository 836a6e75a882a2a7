//! Rank comparison of two samples: Mann–Whitney's test and Hodges and Lehmann's shift.
//!
//! Points must be independent; a series of scrapes is not, and then both alarm too often.
//! Deliberately absent: directions, tolerances and verdicts (see `kayenta`).

use windtunnel_base::interval::Interval;
use windtunnel_base::special::{normal_sf, two_sided_z};

/// Most values an exact distribution is computed for.
const MOST_EXACT: usize = 200;

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

/// The exact test: all ways to deal the pooled mid-ranks, ties kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactMannWhitney {
    /// Pairs with x > y, plus half the ties.
    pub u_x: f64,
    /// P(U ≥ u).
    pub p_greater: f64,
    /// P(U ≤ u).
    pub p_less: f64,
    /// P(U at least as far from its mean as u).
    pub p_two_sided: f64,
    /// Number of ways to split the values: C(m+n, m).
    pub splits: f64,
}

/// Mann–Whitney's full permutation distribution, by counting subsets of doubled mid-ranks. Nothing
/// for an empty sample, NaN, or more than 200 values (use the approximation).
pub fn mann_whitney_exact(x: &[f64], y: &[f64]) -> Option<ExactMannWhitney> {
    if x.len() + y.len() > MOST_EXACT {
        return None;
    }
    let groups = groups(&pooled(x, y)?);
    let m = x.len();
    let (mut ranks, mut before) = (Vec::new(), 0);
    for (size, _) in &groups {
        // Twice the mid-rank of the group: a whole number.
        ranks.extend(std::iter::repeat_n(2 * before + size + 1, *size));
        before += size;
    }
    let total: usize = ranks.iter().sum();
    // ways[k][s]: subsets of k ranks with sum s.
    let mut ways = vec![vec![0.0_f64; total + 1]; m + 1];
    ways[0][0] = 1.0;
    for rank in &ranks {
        for k in (1..=m).rev() {
            let (smaller, larger) = ways.split_at_mut(k);
            let (from, into) = (&smaller[k - 1], &mut larger[0]);
            into[*rank..].iter_mut().zip(from).for_each(|(to, f)| *to += f);
        }
    }
    let (u_x, _) = statistic(&groups);
    // Doubled throughout: 2U = 2·(rank sum) − m(m+1), compared with its observed value.
    let (shift, centre) = (m * (m + 1), (m * y.len()) as f64);
    let mut counts = [0.0; 4];
    for (sum, count) in ways[m].iter().enumerate() {
        let doubled = sum as f64 - shift as f64;
        let holds = [
            doubled >= 2.0 * u_x,
            doubled <= 2.0 * u_x,
            (doubled - centre).abs() >= (2.0 * u_x - centre).abs(),
            true,
        ];
        counts.iter_mut().zip(holds).for_each(|(c, h)| *c += if h { *count } else { 0.0 });
    }
    Some(ExactMannWhitney {
        u_x,
        p_greater: counts[0] / counts[3],
        p_less: counts[1] / counts[3],
        p_two_sided: counts[2] / counts[3],
        splits: counts[3],
    })
}

/// A shift of x against y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// Median of all x_i − y_j.
    pub estimate: f64,
    /// Rank of the lower end among the sorted differences.
    pub k: u64,
    /// From the k-th smallest to the k-th largest difference.
    pub interval: Interval,
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

/// Hodges and Lehmann's estimate (1963) with the interval of ranks
/// k = max(1, ⌊mn/2 − z√(mn(m+n+1)/12)⌋). Nothing for an empty sample, NaN or a confidence outside
/// (0, 1).
pub fn hodges_lehmann(x: &[f64], y: &[f64], confidence: f64) -> Option<Shift> {
    let sorted = differences(x, y).filter(|_| confidence > 0.0 && confidence < 1.0)?;
    let (m, n) = (x.len() as f64, y.len() as f64);
    let reach = two_sided_z(confidence) * tied_sigma(m, n, 0.0);
    let k = (m * n / 2.0 - reach).floor().max(1.0) as usize;
    Some(Shift {
        estimate: median_of_sorted(&sorted),
        k: k as u64,
        interval: Interval { lower: sorted[k - 1], upper: sorted[sorted.len() - k] },
    })
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

    #[test]
    fn approximation_and_exact_agree_on_middling_samples() {
        let x: Vec<f64> = (0..30).map(|i| f64::from(i * 37 % 101)).collect();
        let y: Vec<f64> = (0..25).map(|i| f64::from(i * 53 % 97) + 9.0).collect();
        let near = mann_whitney(&x, &y, true).expect("samples");
        let exact = mann_whitney_exact(&x, &y).expect("samples");
        assert_eq!(near.u_x, exact.u_x);
        assert!((near.p_two_sided - exact.p_two_sided).abs() < 0.01);
    }

    #[test]
    fn degenerate_samples_are_answered() {
        assert_eq!(mann_whitney(&[], &[1.0], true), None);
        assert_eq!(mann_whitney_exact(&[f64::NAN], &[1.0]), None);
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0], true).map(|t| t.p_two_sided), Some(1.0));
        assert_eq!(mann_whitney_exact(&[1.0; 150], &[1.0; 150]), None);
        assert_eq!(hodges_lehmann(&[1.0], &[0.5], 0.95).map(|s| s.estimate), Some(0.5));
        assert_eq!(hodges_lehmann(&[f64::INFINITY], &[f64::INFINITY], 0.95), None);
    }
}
