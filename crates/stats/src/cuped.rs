//! CUPED: takes out of a user's measure what the user's past already explained.
//!
//! Deng, Xu, Kohavi, Walker, "Improving the Sensitivity of Online Controlled Experiments by
//! Utilizing Pre-Experiment Data", 2013. The covariate must be measured before exposure; this file
//! can't check that. Deliberately absent: arms.

use windtunnel_base::moments::{Moments, correlation, covariance};

/// The adjusted measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Cuped {
    /// cov(pre, post)/var(pre).
    pub theta: f64,
    /// Correlation of pre and post; 0 if post is constant.
    pub rho: f64,
    /// Variance of post.
    pub variance: f64,
    /// Variance after the adjustment: var·(1 − ρ²).
    pub variance_adjusted: f64,
    /// post − θ(pre − mean(pre)), per user, in the order given.
    pub adjusted: Vec<f64>,
}

/// Adjusts `post` by `pre`. Nothing below two users, for different lengths, a constant covariate or
/// values that are not finite.
pub fn cuped(pre: &[f64], post: &[f64]) -> Option<Cuped> {
    let before = Moments::of(pre).filter(|m| m.variance > 0.0)?;
    let theta = covariance(pre, post)? / before.variance;
    let adjust = |(x, y): (&f64, &f64)| y - theta * (x - before.mean);
    let adjusted: Vec<f64> = pre.iter().zip(post).map(adjust).collect();
    Some(Cuped {
        theta,
        rho: correlation(pre, post).unwrap_or(0.0),
        variance: Moments::of(post)?.variance,
        variance_adjusted: Moments::of(&adjusted)?.variance,
        adjusted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_past_explains_is_gone_and_the_mean_stays() {
        let pre = [1.0, 2.0, 3.0, 4.0];
        let post = [12.0, 14.0, 16.0, 18.0];
        let result = cuped(&pre, &post).expect("users");
        assert!(result.variance_adjusted < 1e-20 && (result.theta - 2.0).abs() < 1e-12);
        assert_eq!(Moments::of(&result.adjusted).map(|m| m.mean), Some(15.0));
        assert_eq!(cuped(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(cuped(&[1.0, 2.0, 3.0], &[1.0, 2.0]), None);
        assert_eq!(cuped(&[1.0, f64::NAN], &[1.0, 2.0]), None);
    }
}
