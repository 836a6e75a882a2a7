//! Did something change between two sets of flights? Means and shares, in pairs or not, and what is
//! left of many such questions when all are asked at once.
//!
//! A p-value is never below what reordering the same flights could give: few flights prove little,
//! however equal they are among themselves. Deliberately absent: what was measured.

use super::mixture::{Stratum, correlations};
use windtunnel_base::interval::Interval;
use windtunnel_base::maths::{exp, ln_gamma};
use windtunnel_base::moments::Moments;
use windtunnel_base::special::{binomial_tails, t_quantile, t_sf};

/// A difference, after minus before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Mean difference.
    pub mean: f64,
    /// Its own interval, as if nothing else had been asked.
    pub interval: Interval,
    /// P-value of no difference, two-sided.
    pub p: f64,
}

/// The mean of paired differences by Student's t. Nothing below two pairs.
pub fn paired(differences: &[f64], confidence: f64) -> Option<Change> {
    let moments = Moments::of(differences).filter(|m| m.n >= 2)?;
    let moved = differences.iter().filter(|d| **d != 0.0).count();
    // Under no change either sign of each moved pair is as likely: 2 of 2^moved are as extreme.
    let least = exp(-std::f64::consts::LN_2 * (moved as f64 - 1.0));
    Some(by_t(moments.mean, moments.standard_error(), moments.n as f64 - 1.0, least, confidence))
}

/// The difference of two means whose flights have nothing in common (Welch, "The generalization of
/// 'Student's' problem", 1947). Nothing below two flights on either side.
pub fn welch(before: &[f64], after: &[f64], confidence: f64) -> Option<Change> {
    let [a, b] = [Moments::of(before)?, Moments::of(after)?];
    if a.n < 2 || b.n < 2 {
        return None;
    }
    let [va, vb] = [a.variance / a.n as f64, b.variance / b.n as f64];
    let spread = va * va / (a.n as f64 - 1.0) + vb * vb / (b.n as f64 - 1.0);
    let df = if spread > 0.0 { (va + vb) * (va + vb) / spread } else { (a.n + b.n - 2) as f64 };
    // Two of all ways to deal the same flights out to both sides are as extreme.
    let ways = ln_choose((a.n + b.n) as f64, a.n as f64);
    let least = 2.0 * exp(-ways);
    Some(by_t(b.mean - a.mean, (va + vb).sqrt(), df, least, confidence))
}

/// A sum of means: its value, the variance of that, and Welch and Satterthwaite's degrees of
/// freedom.
struct Sum {
    mean: f64,
    variance: f64,
    df: f64,
    /// Fewest values, and most that are not 0, of a part.
    least: usize,
    moved: usize,
}

/// The sum of the means of some parts, each its weight times its values. Parts that share
/// replications move together as far as those tell. Nothing if a part has fewer than two values.
fn sum(parts: &[Stratum]) -> Option<Sum> {
    let known: Vec<Vec<f64>> = parts.iter().map(Stratum::known).collect();
    let moments: Vec<Moments> = known.iter().map(|v| Moments::of(v)).collect::<Option<_>>()?;
    let least = moments.iter().map(|m| m.n).min().filter(|n| *n >= 2)?;
    let errors: Vec<f64> = parts
        .iter()
        .zip(&moments)
        .map(|(part, m)| part.weight.abs() * m.standard_error())
        .collect();
    let together = correlations(parts);
    let pairs = (0..errors.len()).flat_map(|i| (0..errors.len()).map(move |j| (i, j)));
    let variance: f64 = pairs.map(|(i, j)| together[i][j] * errors[i] * errors[j]).sum();
    let squares = errors.iter().zip(&moments);
    let spread: f64 = squares.map(|(e, m)| e * e * e * e / (m.n as f64 - 1.0)).sum();
    let df = if spread > 0.0 { variance * variance / spread } else { least as f64 - 1.0 };
    let most = moments.iter().map(|m| m.n).sum::<usize>() - moments.len();
    let mean = parts.iter().zip(&moments).map(|(part, m)| part.weight * m.mean).sum();
    let moved = known.iter().map(|v| v.iter().filter(|value| **value != 0.0).count()).max()?;
    Some(Sum { mean, variance, df: df.min(most as f64), least, moved })
}

/// What a mix has more than before, of the differences of each of its parts in pairs.
pub fn mix_paired(parts: &[Stratum], confidence: f64) -> Option<Change> {
    let sum = sum(parts)?;
    let least = exp(-std::f64::consts::LN_2 * (sum.moved as f64 - 1.0));
    Some(by_t(sum.mean, sum.variance.sqrt(), sum.df, least, confidence))
}

/// What a mix has more than before, where the flights of both have nothing in common.
pub fn mix_apart(before: &[Stratum], after: &[Stratum], confidence: f64) -> Option<Change> {
    let [a, b] = [sum(before)?, sum(after)?];
    let variance = a.variance + b.variance;
    let spread = a.variance * a.variance / a.df + b.variance * b.variance / b.df;
    let df = if spread > 0.0 { variance * variance / spread } else { a.df + b.df };
    let ways = ln_choose((a.least + b.least) as f64, a.least as f64);
    Some(by_t(b.mean - a.mean, variance.sqrt(), df, 2.0 * exp(-ways), confidence))
}

fn by_t(mean: f64, error: f64, df: f64, least: f64, confidence: f64) -> Change {
    let p = match (mean == 0.0, error > 0.0) {
        (true, _) => 1.0,
        (false, true) => 2.0 * t_sf((mean / error).abs(), df),
        (false, false) => 0.0,
    };
    let reach = if error > 0.0 { t_quantile((1.0 + confidence) / 2.0, df) * error } else { 0.0 };
    Change { mean, interval: Interval::around(mean, reach), p: p.max(least).min(1.0) }
}

/// Exact p-value of equal shares in pairs: how often only the one had it, and only the other
/// (McNemar's test by the binomial tail).
pub fn mcnemar(only_before: u64, only_after: u64) -> f64 {
    let all = only_before + only_after;
    let (_, upper) = binomial_tails(only_before.max(only_after), all, 0.5);
    if all == 0 { 1.0 } else { (2.0 * upper).min(1.0) }
}

/// Exact p-value of equal shares x1/n1 and x2/n2 without pairs (Fisher's test, two-sided by the
/// probabilities that are no greater).
pub fn fisher((x1, n1): (u64, u64), (x2, n2): (u64, u64)) -> f64 {
    let (n1f, n2f, hits) = (n1 as f64, n2 as f64, x1 + x2);
    let all = ln_choose(n1f + n2f, hits as f64);
    let log = |x: u64| ln_choose(n1f, x as f64) + ln_choose(n2f, (hits - x) as f64) - all;
    let found = log(x1.min(n1)) + 1e-7;
    let range = hits.saturating_sub(n2)..=hits.min(n1);
    let sum: f64 = range.map(log).filter(|l| *l <= found).map(exp).sum();
    sum.min(1.0)
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Which of many p-values stand when one false one among all may come with this chance at most
/// (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979).
pub fn holm(p: &[f64], chance: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]).then(a.cmp(b)));
    let mut stands = vec![false; p.len()];
    for (rank, at) in order.into_iter().enumerate() {
        if p[at] * (p.len() - rank) as f64 > chance {
            break;
        }
        stands[at] = true;
    }
    stands
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::random::{Purpose, Streams};
    use windtunnel_base::ziggurat::Normals;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-6 * wanted.abs().max(1e-3), "{found} for {wanted}");
    }

    /// Fisher's tea: 3 of 4 against 1 of 4 gives 0.4857; 8 of 10 against 1 of 9 is SciPy's
    /// `fisher_exact([[8, 2], [1, 8]])`, 0.0054774; McNemar by hand: 2·(1 + 9)/2⁹.
    #[test]
    fn exact_tests_give_the_textbooks_figures() {
        near(fisher((3, 4), (1, 4)), 34.0 / 70.0);
        assert!((fisher((8, 10), (1, 9)) - 0.005_477).abs() < 1e-5);
        near(fisher((0, 5), (0, 7)), 1.0);
        near(mcnemar(1, 8), 20.0 / 512.0);
        near(mcnemar(0, 0), 1.0);
        near(mcnemar(3, 3), 1.0);
    }

    #[test]
    fn few_flights_prove_little() {
        let found = paired(&[30.0; 4], 0.95).expect("four pairs");
        near(found.p, 0.125);
        let found = welch(&[1.0; 4], &[2.0; 4], 0.95).expect("four each");
        near(found.p, 2.0 / 70.0);
        assert_eq!(paired(&[1.0], 0.95), None);
        near(paired(&[0.0; 5], 0.95).expect("five").p, 1.0);
    }

    /// By hand: means 3 and 6.2, variances 2.5 and 12.2, so t = 3.2 / √2.94 at Welch's degrees.
    #[test]
    fn welch_is_that_of_the_formula() {
        let found = welch(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 6.0, 8.0, 11.0], 0.95);
        let found = found.expect("five each");
        near(found.mean, 3.2);
        let (a, b) = (2.5_f64 / 5.0, 12.2_f64 / 5.0);
        let df = (a + b) * (a + b) / (a * a / 4.0 + b * b / 4.0);
        near(found.p, 2.0 * t_sf(3.2 / (a + b).sqrt(), df));
    }

    fn part(weight: f64, values: &[f64]) -> Stratum {
        Stratum { weight, values: values.to_vec() }
    }

    /// A mix of one is that one; of two that share no replication variances add up.
    #[test]
    fn mixes_are_sums_of_their_parts() {
        let one = [3.0, -1.0, 4.0, 1.5, 2.0];
        let alone = mix_paired(&[part(1.0, &one)], 0.95).expect("five");
        let wanted = paired(&one, 0.95).expect("five");
        near(alone.mean, wanted.mean);
        near(alone.p, wanted.p);
        near(alone.interval.lower, wanted.interval.lower);
        let nan = f64::NAN;
        let parts = [
            part(0.25, &[2.0, 4.0, 9.0, nan, nan, nan]),
            part(0.75, &[nan, nan, nan, 1.0, 2.0, 4.0]),
        ];
        let two = mix_paired(&parts, 0.95).expect("three each");
        near(two.mean, 0.25 * 5.0 + 0.75 * 7.0 / 3.0);
        let (a, b) = (0.0625 * 13.0 / 3.0, 0.5625 * (7.0 / 3.0) / 3.0);
        let reach = t_quantile(0.975, (a + b) * (a + b) / (a * a / 2.0 + b * b / 2.0));
        near(two.interval.upper, two.mean + reach * (a + b).sqrt());
        let [x, y] = [[1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 8.0, 11.0]];
        let apart = mix_apart(&[part(1.0, &x)], &[part(1.0, &y)], 0.95).expect("five each");
        near(apart.p, welch(&x, &y, 0.95).expect("five each").p);
        assert_eq!(mix_paired(&[part(1.0, &[1.0])], 0.95), None);
    }

    #[test]
    fn holm_stops_at_the_first_that_does_not_stand() {
        assert_eq!(holm(&[0.04, 0.01, 0.03], 0.05), [false, true, false]);
        assert_eq!(holm(&[0.01, 0.02, 0.04], 0.05), [true, true, true]);
        assert_eq!(holm(&[], 0.05), Vec::<bool>::new());
    }

    /// Of 2,000 sets of ten comparisons without a change, one in twenty at most has a false one:
    /// 100 expected, and 145 lies 4.6 standard deviations above.
    #[test]
    fn false_differences_are_as_rare_as_said() {
        let mut stream = Streams::new(7, 0).stream(Purpose::Swarm, 1);
        let mut draw = |n: usize| {
            let one = |_| Normals::default().draw(&mut stream);
            (0..n).map(one).collect::<Vec<f64>>()
        };
        let mut wrong = 0;
        for _ in 0..2_000 {
            let ps: Vec<f64> = (0..10)
                .map(|n| match n % 2 {
                    0 => paired(&draw(12), 0.95).expect("pairs").p,
                    _ => welch(&draw(9), &draw(14), 0.95).expect("flights").p,
                })
                .collect();
            wrong += usize::from(holm(&ps, 0.05).contains(&true));
        }
        assert!((40..145).contains(&wrong), "{wrong} of 2,000");
    }
}
