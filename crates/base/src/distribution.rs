//! Distributions of durations: sampled by inversion, so that a draw is a monotone function of one
//! uniform number (which quasi-random numbers and common random numbers both need).

use super::maths::{self, normal, swift};
use super::time::SimDuration;

/// Longest duration a draw may have: ten years.
const LONGEST_SECS: f64 = 3.2e8;

/// A distribution over durations. Parameters are seconds unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant {
        /// The value in seconds.
        secs: f64,
    },
    /// Every value between two ends alike.
    Uniform {
        /// Smallest value in seconds.
        min: f64,
        /// Largest value in seconds.
        max: f64,
    },
    /// Memoryless, with a mean.
    Exponential {
        /// Mean in seconds.
        mean: f64,
    },
    /// The logarithm is normal with mean `mu` and standard deviation `sigma` (of ln seconds).
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Heavy tail: P(X > x) = (min/x)^alpha.
    Pareto {
        /// Smallest value in seconds.
        min: f64,
        /// Tail exponent, above 1 so that the mean exists.
        alpha: f64,
    },
}

impl Distribution {
    /// Always `span`.
    pub fn constant(span: SimDuration) -> Self {
        Distribution::Constant { secs: span.as_secs_f64() }
    }

    /// Lognormal from mean and coefficient of variation: sigma² = ln(1+cv²), mu = ln m − sigma²/2.
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Self {
        let variance = maths::ln(1.0 + cv * cv);
        Distribution::Lognormal { mu: maths::ln(mean) - variance / 2.0, sigma: variance.sqrt() }
    }

    /// Lognormal from its median and another quantile: sigma = ln(value/median) / Φ⁻¹(q).
    pub fn lognormal_median_quantile(median: f64, q: f64, value: f64) -> Self {
        Distribution::Lognormal {
            mu: maths::ln(median),
            sigma: maths::ln(value / median) / normal::quantile(q),
        }
    }

    /// The `u` quantile, `u` within (0, 1).
    pub fn quantile(&self, u: f64) -> SimDuration {
        let secs = match *self {
            Distribution::Constant { secs } => secs,
            Distribution::Uniform { min, max } => min + (max - min) * u,
            Distribution::Exponential { mean } => -mean * maths::ln(1.0 - u),
            Distribution::Lognormal { mu, sigma } => maths::exp(mu + sigma * normal::quantile(u)),
            Distribution::Pareto { min, alpha } => min * maths::pow(1.0 - u, -1.0 / alpha),
        };
        SimDuration::from_secs_f64(secs.min(LONGEST_SECS))
    }

    /// The mean in seconds.
    pub fn mean_secs(&self) -> f64 {
        match *self {
            Distribution::Constant { secs } => secs,
            Distribution::Uniform { min, max } => (min + max) / 2.0,
            Distribution::Exponential { mean } => mean,
            Distribution::Lognormal { mu, sigma } => maths::exp(mu + sigma * sigma / 2.0),
            Distribution::Pareto { min, alpha } => alpha * min / (alpha - 1.0),
        }
    }

    /// Does a draw start from a standard normal (else from a unit exponential)?
    pub fn is_normal_based(&self) -> bool {
        matches!(self, Distribution::Lognormal { .. })
    }

    /// Turns a standard normal `z` (lognormal) or a unit exponential `e` (all others) into a
    /// duration in nanoseconds. The request loop draws `z` and `e` from running streams.
    #[inline(always)]
    pub fn from_draw(&self, z: f64, e: f64) -> u64 {
        whole_ns(match *self {
            Distribution::Lognormal { mu, sigma } => lognormal_secs(mu, sigma, z),
            _ => self.secs_of_exponential(e),
        })
    }

    /// Seconds of a unit exponential, for the distributions that start from one.
    fn secs_of_exponential(&self, e: f64) -> f64 {
        match *self {
            Distribution::Lognormal { mu, .. } => swift::exp(mu),
            Distribution::Exponential { mean } => mean * e,
            Distribution::Constant { secs } => secs,
            Distribution::Uniform { min, max } => min + (max - min) * swift::exp(-e),
            Distribution::Pareto { min, alpha } => min * swift::exp(e / alpha),
        }
    }
}

/// Seconds of a lognormal duration whose logarithm is `z` standard deviations above its mean.
#[inline(always)]
pub fn lognormal_secs(mu: f64, sigma: f64, z: f64) -> f64 {
    swift::exp(mu + sigma * z)
}

/// Seconds as whole nanoseconds, ten years at most.
#[inline(always)]
pub fn whole_ns(secs: f64) -> u64 {
    // By way of i64, which is cheaper: no draw is negative or above ten years.
    (secs.min(LONGEST_SECS) * 1e9) as i64 as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Streams};
    use rand_distr::{Exp1, StandardNormal};

    fn all() -> Vec<Distribution> {
        vec![
            Distribution::Constant { secs: 0.3 },
            Distribution::Uniform { min: 1.0, max: 3.0 },
            Distribution::Exponential { mean: 0.5 },
            Distribution::lognormal_mean_cv(0.06, 1.0),
            Distribution::Pareto { min: 0.1, alpha: 3.0 },
        ]
    }

    #[test]
    fn parameters_mean_what_they_say() {
        let d = Distribution::lognormal_median_quantile(8.0, 0.99, 25.0);
        assert!((d.quantile(0.5).as_secs_f64() - 8.0).abs() < 1e-6);
        assert!((d.quantile(0.99).as_secs_f64() - 25.0).abs() < 1e-6);
        assert!((Distribution::lognormal_mean_cv(0.06, 1.0).mean_secs() - 0.06).abs() < 1e-12);
    }

    /// Both ways of sampling have the stated mean: within 4.5 standard errors, so a right
    /// implementation fails once in 10⁵ changes of the seed, per distribution.
    #[test]
    fn both_samplers_agree_with_the_mean() {
        let streams = Streams::new(3, 0);
        for distribution in all() {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            let mut stream = streams.stream(Purpose::Demand, 0);
            for _ in 0..40_000 {
                a.push(distribution.quantile(stream.uniform()).as_secs_f64());
                let (z, e) = (stream.sample(StandardNormal), stream.sample(Exp1));
                b.push(distribution.from_draw(z, e) as f64 / 1e9);
            }
            for sample in [a, b] {
                let n = sample.len() as f64;
                let mean = sample.iter().sum::<f64>() / n;
                let var = sample.iter().map(|x| maths::powi(x - mean, 2)).sum::<f64>() / n;
                let error = (mean - distribution.mean_secs()).abs();
                assert!(error <= 4.5 * (var / n).sqrt() + 1e-9, "{distribution:?}: {mean}");
            }
        }
    }
}
