//! Probability functions that every judge and every estimate needs: normal, Student t, beta,
//! binomial, chi square.
//!
//! They keep their relative precision in both tails and for millions of trials, where the usual
//! "one minus the other tail" does not; that is why the incomplete beta function is written here.
//! Deliberately absent: what the numbers mean. Arguments outside a function's domain give NaN.

use super::maths::{self, exp, ln, ln_gamma, normal};

/// P(Z > z) of a standard normal Z, precise in the far tail.
pub fn normal_sf(z: f64) -> f64 {
    maths::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// Φ⁻¹(p), NaN outside [0, 1].
pub fn normal_quantile(p: f64) -> f64 {
    normal::quantile(p)
}

/// The z of a two-sided interval: Φ⁻¹((1 + confidence) / 2).
pub fn two_sided_z(confidence: f64) -> f64 {
    -normal_quantile((1.0 - confidence) / 2.0)
}

/// P(X > x) of a chi-square X with `df` degrees of freedom.
pub fn chi_square_sf(x: f64, df: f64) -> f64 {
    gamma_tail(df / 2.0, x / 2.0)
}

/// The regularised upper incomplete gamma function Q(a, x): by its series below a + 1, by Lentz's
/// evaluation of its continued fraction above (Press et al., "Numerical Recipes", 6.2).
fn gamma_tail(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    if !(a > 0.0 && a.is_finite()) || x.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 || x.is_infinite() {
        return if x <= 0.0 { 1.0 } else { 0.0 };
    }
    let front = exp(a * ln(x) - x - ln_gamma(a));
    // Both take about √a rounds where x is near a; the limit is never met below 10⁸ degrees.
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 && n < a + 1e5 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - front * sum).max(0.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for round in 1..100_000 {
        let i = f64::from(round);
        let an = i * (a - i);
        b += 2.0;
        let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
        d = 1.0 / guard(an * d + b);
        c = guard(b + an / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * h
}

/// Both tails (I_x(a, b), 1 − I_x(a, b)) of the regularised incomplete beta function; `y` is
/// 1 − x, given by the caller who may know it more precisely.
///
/// Continued fraction of Press et al., "Numerical Recipes", 6.4, with the prefactor in Loader's
/// saddle-point form ("Fast and Accurate Computation of Binomial Probabilities", 2000).
pub fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let inside = a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite();
    if !(inside && (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y)) {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 || y == 0.0 {
        return if x == 0.0 { (0.0, 1.0) } else { (1.0, 0.0) };
    }
    let front = beta_front(a, b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = (front / a * beta_fraction(a, b, x)).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (front / b * beta_fraction(b, a, y)).min(1.0);
        (1.0 - upper, upper)
    }
}

/// x^a y^b / B(a, b): the beta density times x·y.
pub fn beta_front(a: f64, b: f64, x: f64, y: f64) -> f64 {
    saddle_point(a, b, x, y) * (a * b / (a + b))
}

/// Lentz's evaluation of the incomplete beta function's continued fraction.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    // Needs about √max(a, b) rounds; the limit is never met below 10⁹ trials.
    for round in 1..100_000 {
        let m = f64::from(round);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// Γ(a+b+1)/(Γ(a+1)Γ(b+1)) p^a q^b for real a, b > 0 without cancellation (Loader 2000).
fn saddle_point(a: f64, b: f64, p: f64, q: f64) -> f64 {
    let n = a + b;
    let correction = stirling_error(n) - stirling_error(a) - stirling_error(b);
    let deviance = deviance(a, n * p) + deviance(b, n * q);
    exp(correction - deviance) * (n / (std::f64::consts::TAU * a * b)).sqrt()
}

/// ln Γ(n+1) minus Stirling's approximation.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let stirling = (n + 0.5) * ln(n) - n + 0.5 * ln(std::f64::consts::TAU);
        return ln_gamma(n + 1.0) - stirling;
    }
    let s = 1.0 / (n * n);
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - s / 1188.0) * s) * s) * s) / n
}

/// x ln(x/m) + m − x, by its series where the terms would cancel.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * ln(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let (mut sum, mut term) = ((x - m) * v, 2.0 * x * v);
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// The x with I_x(a, b) = p: quantile of the beta distribution. Newton steps kept in a bracket.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && a > 0.0 && b > 0.0 && (a + b).is_finite()) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return p;
    }
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let mut x = a / (a + b);
    for _ in 0..400 {
        let (lower, upper) = beta_tails(a, b, x, 1.0 - x);
        let error = if p < 0.5 { lower - p } else { (1.0 - p) - upper };
        if error > 0.0 {
            high = x
        } else {
            low = x
        }
        let step = error * x * (1.0 - x) / beta_front(a, b, x, 1.0 - x);
        // Judged by the step, before the bracket may turn it into a leap.
        if step.abs() <= 1e-15 * x || high - low <= 1e-15 * high {
            return x;
        }
        let mut next = x - step;
        if !(next > low && next < high) {
            // Near zero the answer may be of any magnitude: go down by factors.
            next = if low == 0.0 { high / 16.0 } else { f64::midpoint(low, high) };
        }
        x = next;
    }
    x
}

/// P(T > t) of Student's t with `df` > 0 degrees of freedom (infinite df: normal).
pub fn t_sf(t: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return normal_sf(t);
    }
    let square = t * t;
    let (x, y) = (df / (df + square), square / (df + square));
    let tail = if square.is_infinite() { 0.0 } else { beta_tails(df / 2.0, 0.5, x, y).0 / 2.0 };
    if t > 0.0 { tail } else { 1.0 - tail }
}

/// The `p` quantile of Student's t; NaN outside 0 < p < 1 or df > 0.
///
/// The tail is convex beyond zero, so Newton's method from the normal quantile climbs to the root
/// without ever overshooting.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !(p > 0.0 && p < 1.0 && df > 0.0) {
        return f64::NAN;
    }
    if p < 0.5 {
        return -t_upper(p, df);
    }
    t_upper(1.0 - p, df)
}

fn t_upper(tail: f64, df: f64) -> f64 {
    if tail == 0.5 || df == f64::INFINITY {
        return -normal_quantile(tail);
    }
    let mut t = -normal_quantile(tail);
    for _ in 0..500 {
        let square = t * t;
        let (x, y) = (df / (df + square), square / (df + square));
        // The density: d/dt of half the incomplete beta function.
        let density = beta_front(df / 2.0, 0.5, x, y) / t;
        let step = (t_sf(t, df) - tail) / density;
        t += step;
        if step.abs() <= 1e-15 * t {
            break;
        }
    }
    t
}

/// (P(X < k), P(X ≥ k)) for X ~ Bin(n, p), both with full relative precision.
pub fn binomial_tails(k: u64, n: u64, p: f64) -> (f64, f64) {
    if !(0.0..=1.0).contains(&p) {
        return (f64::NAN, f64::NAN);
    }
    if k == 0 || k > n {
        return if k == 0 { (0.0, 1.0) } else { (1.0, 0.0) };
    }
    let (upper, lower) = beta_tails(k as f64, (n - k + 1) as f64, p, 1.0 - p);
    (lower, upper)
}

/// P(X = k) for X ~ Bin(n, p).
#[cfg(test)]
pub(crate) fn binomial_pmf(k: u64, n: u64, p: f64) -> f64 {
    let q = 1.0 - p;
    match k {
        0 => exp(n as f64 * maths::ln_1p(-p)),
        _ if k == n => maths::pow(p, n as f64),
        _ => saddle_point(k as f64, (n - k) as f64, p, q),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} against {b}");
    }

    #[test]
    fn tails_sum_the_mass_function() {
        for (n, p) in [(10, 0.1), (600, 0.005), (50, 0.9), (3000, 0.4)] {
            let mut below = 0.0;
            for k in 0..=n {
                let (lower, upper) = binomial_tails(k, n, p);
                assert!((lower - below).abs() < 1e-12, "{n} {p} {k}: {lower} {below}");
                assert!((lower + upper - 1.0).abs() < 1e-12);
                below += binomial_pmf(k, n, p);
            }
            close(below, 1.0, 1e-12);
        }
    }

    #[test]
    fn far_tails_and_large_counts_keep_their_digits() {
        // One success at least in n trials: 1 − (1−p)ⁿ.
        close(binomial_tails(1, 1000, 1e-12).1, 1e-9, 1e-8);
        close(binomial_tails(100, 100, 0.001).1, 1e-300, 1e-10);
        // Around the mean of 10⁸ trials the tail is a half, up to the lattice.
        let (lower, upper) = binomial_tails(50_000_000, 100_000_000, 0.5);
        close(upper - lower, binomial_pmf(50_000_000, 100_000_000, 0.5), 1e-6);
    }

    #[test]
    fn quantiles_invert_tails() {
        for df in [0.7, 1.0, 2.5, 9.0, 99.0, 1e6] {
            for p in [1e-6, 0.025, 0.3, 0.5, 0.9, 0.999] {
                close(1.0 - t_sf(t_quantile(p, df), df), p, 1e-9);
            }
        }
        for (a, b) in [(0.5, 0.5), (1.0, 6.0), (7.0, 234.0), (3e5, 7e5), (2.0, 0.3), (60.0, 0.5)] {
            for step in 1..200 {
                // Every size of tail, and neighbours that rounding makes.
                let p = f64::from(step) / 200.0 - f64::from(step % 3) * 1.4e-17;
                let x = beta_quantile(p, a, b);
                let (lower, upper) = beta_tails(a, b, x, 1.0 - x);
                close(lower, p, 1e-9);
                assert!((upper - (1.0 - p)).abs() < 1e-9, "{a} {b} {p}: {x}");
            }
        }
        for k in 1..12 {
            let p = maths::powi(10.0, -k) * 1.3;
            close(beta_quantile(p, 1.0, 6.0), -maths::exp_m1(maths::ln_1p(-p) / 6.0), 1e-11);
        }
        close(t_quantile(0.975, 1.0), maths::tan(0.475 * std::f64::consts::PI), 1e-12);
    }

    /// Reference values from a computation with thirty digits.
    #[test]
    fn normal_tails_have_all_their_digits() {
        for (z, tail) in [
            (0.1, 0.460_172_162_722_971),
            (0.5, 0.308_537_538_725_986_9),
            (1.0, 0.158_655_253_931_457_05),
            (3.0, 0.001_349_898_031_630_094_5),
            (6.0, 9.865_876_450_376_98e-10),
            (8.0, 6.220_960_574_271_784e-16),
        ] {
            close(normal_sf(z), tail, 1e-13);
            close(normal_sf(-z), 1.0 - tail, 1e-13);
        }
        assert_eq!((normal_sf(0.0), normal_sf(f64::INFINITY), normal_sf(-1e9)), (0.5, 0.0, 1.0));
        for p in [1e-12, 0.01, 0.4, 0.9] {
            close(normal_sf(-normal_quantile(p)), p, 1e-12);
        }
    }

    #[test]
    fn nothing_panics_outside_the_domain() {
        assert!(beta_tails(-1.0, 2.0, 0.5, 0.5).0.is_nan());
        assert!(t_quantile(1.5, 3.0).is_nan() && t_quantile(0.5, f64::NAN).is_nan());
        assert!(normal_quantile(f64::NAN).is_nan() && beta_quantile(0.5, 0.0, 1.0).is_nan());
        assert!(chi_square_sf(1.0, -1.0).is_nan());
        assert_eq!(binomial_tails(5, 3, 0.5), (1.0, 0.0));
    }
}
