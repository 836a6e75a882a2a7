//! Planned looks: constants that let a test be read K times at one error probability.
//!
//! Pocock's constant limit, O'Brien and Fleming's falling one, Lan and DeMets' spending functions;
//! and how wrong the fixed limit is when read K times. Looks are equally spaced and two-sided
//! (Jennison & Turnbull, "Group Sequential Methods", ch. 2 and 19). Deliberately absent: data.

use windtunnel_base::maths;
use windtunnel_base::special::{normal_sf, two_sided_z};

/// Most looks that are computed.
pub const MOST_LOOKS: usize = 100;

/// Limits on |z| for every look.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSequential {
    /// Pocock's constant: the same limit at every look.
    pub pocock: f64,
    /// O'Brien–Fleming's limits C√(K/k); the last is the constant C.
    pub obrien_fleming: Vec<f64>,
    /// Error probability when every look uses the fixed limit.
    pub naive_error: f64,
    /// Error spent up to each look by the O'Brien–Fleming type: 2(1 − Φ(z/√t)).
    pub spend_obrien_fleming: Vec<f64>,
    /// Error spent up to each look by the Pocock type: α·ln(1 + (e−1)t).
    pub spend_pocock: Vec<f64>,
}

/// Designs `looks` looks at `alpha`. Nothing for no look, more than 100, or alpha outside (0, 1).
pub fn group_sequential(looks: usize, alpha: f64) -> Option<GroupSequential> {
    if !((1..=MOST_LOOKS).contains(&looks) && alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let z = two_sided_z(1.0 - alpha);
    let constant = |limit: f64| vec![limit; looks];
    let falling = |limit: f64| -> Vec<f64> {
        (1..=looks).map(|k| limit * (looks as f64 / k as f64).sqrt()).collect()
    };
    let times = (1..=looks).map(|k| k as f64 / looks as f64);
    let last = solve(z, alpha, |limit| crossing_probability(&falling(limit)));
    Some(GroupSequential {
        pocock: solve(z, alpha, |limit| crossing_probability(&constant(limit))),
        obrien_fleming: falling(last),
        naive_error: crossing_probability(&constant(z)),
        spend_obrien_fleming: times.clone().map(|t| 2.0 * normal_sf(z / t.sqrt())).collect(),
        spend_pocock: times
            .map(|t| alpha * maths::ln_1p((std::f64::consts::E - 1.0) * t))
            .collect(),
    })
}

/// The limit at or above `low` at which a falling error probability equals `alpha`.
fn solve(low: f64, alpha: f64, error: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low - 0.01, low + 5.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if error(middle) > alpha { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// P(|Z_k| ≥ limit_k at some look) without any effect, by the recursion of Armitage, McPherson and
/// Rowe (1969): the density of the running sum of those still inside is carried from look to look
/// on Gauss–Legendre points.
pub fn crossing_probability(limits: &[f64]) -> f64 {
    let mut crossed = 0.0;
    // (place, weight·density) of the sum after the looks so far; a unit mass at 0 before the first.
    let mut inside = vec![(0.0, 1.0)];
    for (look, limit) in limits.iter().enumerate() {
        let edge = limit * ((look + 1) as f64).sqrt();
        let leaving =
            |(place, mass): &(f64, f64)| mass * (normal_sf(edge - place) + normal_sf(edge + place));
        crossed += inside.iter().map(leaving).sum::<f64>();
        let points = gauss_legendre(32 + (7.0 * edge) as usize);
        let density = |s: f64| {
            let from =
                |(place, mass): &(f64, f64)| mass * maths::exp(-0.5 * maths::powi(s - place, 2));
            inside.iter().map(from).sum::<f64>() / std::f64::consts::TAU.sqrt()
        };
        inside = points.iter().map(|(x, w)| (x * edge, w * edge * density(x * edge))).collect();
    }
    crossed
}

/// Points and weights on (−1, 1): roots of the Legendre polynomial by Newton's method.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let point = |i: usize| {
        let mut x = maths::cos(std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5));
        let mut slope = 1.0;
        for _ in 0..20 {
            let (mut p, mut before) = (1.0, 0.0);
            for k in 0..n {
                let k = k as f64;
                (p, before) = (((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0), p);
            }
            slope = n as f64 * (x * p - before) / (x * x - 1.0);
            let step = p / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_is_the_fixed_test() {
        let plan = group_sequential(1, 0.05).expect("one look");
        assert!((plan.pocock - two_sided_z(0.95)).abs() < 1e-10);
        assert!((plan.naive_error - 0.05).abs() < 1e-12);
    }

    #[test]
    fn odd_plans_are_refused() {
        assert_eq!(group_sequential(0, 0.05), None);
        assert_eq!(group_sequential(101, 0.05), None);
        assert_eq!(group_sequential(3, f64::NAN), None);
    }
}
