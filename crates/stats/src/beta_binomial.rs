//! The Bayesian comparison of two error shares with independent Beta posteriors.
//!
//! Easy to read, but looking at it repeatedly is not error-controlled: treat it as peeking.
//! Deliberately absent: the choice of the prior and of the alarm level.

use windtunnel_base::maths;
use windtunnel_base::special::{beta_front, beta_tails};

/// A Beta distribution of an unknown share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    /// Prior α plus errors.
    pub alpha: f64,
    /// Prior β plus successes.
    pub beta: f64,
}

impl Posterior {
    /// The posterior after `errors` in `n` requests under a Beta(`prior_alpha`, `prior_beta`)
    /// prior. Nothing for more errors than requests or a prior that is not positive.
    pub fn new(errors: u64, n: u64, prior_alpha: f64, prior_beta: f64) -> Option<Posterior> {
        let sound = prior_alpha > 0.0 && prior_beta > 0.0 && (prior_alpha + prior_beta).is_finite();
        (sound && errors <= n).then(|| Posterior {
            alpha: prior_alpha + errors as f64,
            beta: prior_beta + (n - errors) as f64,
        })
    }

    /// Spread of ln(share/(1−share)), about.
    fn logit_spread(&self) -> f64 {
        (1.0 / self.alpha + 1.0 / self.beta).sqrt()
    }

    /// P(this share > the other's).
    pub fn p_greater(&self, other: &Posterior) -> f64 {
        // Integrate over the narrower density, so that few points do.
        if self.logit_spread() <= other.logit_spread() {
            integrate(self, |x, y| beta_tails(other.alpha, other.beta, x, y).0)
        } else {
            integrate(other, |x, y| beta_tails(self.alpha, self.beta, x, y).1)
        }
    }
}

/// ∫ density(x)·value(x, 1−x) dx by the trapezoid rule over the logit of x, where the integrand is
/// smooth, decays on both sides, and the rule therefore converges faster than any power.
fn integrate(density: &Posterior, value: impl Fn(f64, f64) -> f64) -> f64 {
    let centre = maths::ln(density.alpha / density.beta);
    let step = (density.logit_spread() / 5.0).min(0.25);
    // The density with respect to the logit is x^α(1−x)^β/B(α, β).
    let weight = |i: i32| {
        let u = centre + f64::from(i) * step;
        let (x, y) = (1.0 / (1.0 + maths::exp(-u)), 1.0 / (1.0 + maths::exp(u)));
        (beta_front(density.alpha, density.beta, x, y), x, y)
    };
    let peak = weight(0).0;
    let mut sum = 0.0;
    for direction in [1, -1] {
        for i in i32::from(direction < 0)..20_000 {
            let (w, x, y) = weight(direction * i);
            if w.is_nan() || w < peak * 1e-19 {
                break;
            }
            sum += w * value(x, y);
        }
    }
    sum * step
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(X1>X2) = Σ_{i<a1} B(a2+i, b1+b2)/[(b1+i)·B(1+i, b1)·B(a2, b2)] for integer a1.
    #[test]
    fn integral_matches_the_closed_form() {
        let ln_beta =
            |a: f64, b: f64| maths::ln_gamma(a) + maths::ln_gamma(b) - maths::ln_gamma(a + b);
        for (x1, n1, x2, n2) in [(5, 200, 4, 200), (0, 50, 3, 950), (3, 1000, 40, 90), (9, 9, 0, 3)]
        {
            let one = Posterior::new(x1, n1, 1.0, 1.0).expect("counts");
            let two = Posterior::new(x2, n2, 1.0, 1.0).expect("counts");
            let term = |i: u64| {
                let i = i as f64;
                let ln = ln_beta(two.alpha + i, one.beta + two.beta)
                    - ln_beta(1.0 + i, one.beta)
                    - ln_beta(two.alpha, two.beta);
                maths::exp(ln) / (one.beta + i)
            };
            let exact: f64 = (0..=x1).map(term).sum();
            let got = one.p_greater(&two);
            assert!((got - exact).abs() < 1e-10 * exact.max(1e-3), "{x1}/{n1}: {got} {exact}");
            assert!((got + two.p_greater(&one) - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn impossible_counts_are_refused() {
        assert_eq!(Posterior::new(3, 2, 1.0, 1.0), None);
        assert_eq!(Posterior::new(1, 2, 0.0, 1.0), None);
        assert_eq!(Posterior::new(1, 2, f64::NAN, 1.0), None);
    }
}
