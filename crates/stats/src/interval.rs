//! Intervals of means from independent replications.
//!
//! One replication gives one number; requests within a replication are never treated as
//! independent. Deliberately absent: which interval fits which sample (see `estimate`).

use windtunnel_base::moments::Moments;
use windtunnel_base::special;

// The intervals of counted shares live in the lowest layer, which the judges of `analysis` may
// reach too; whoever looks for an interval finds all of them here.
pub use windtunnel_base::interval::{Interval, clopper_pearson, newcombe, wilson};
pub use windtunnel_base::special::t_quantile;

/// A mean with its Student t interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n − 1.
    pub sd: f64,
    /// The t quantile used, at (1 + confidence) / 2 with n − 1 degrees of freedom.
    pub t: f64,
    /// Half the width of the interval.
    pub half_width: f64,
    /// The interval of the mean at the asked confidence.
    pub interval: Interval,
}

/// Mean ± t·s/√n (Law & Kelton, "Simulation Modeling and Analysis", 4.5). Nothing below two
/// values, for values that are not finite, or for a confidence outside (0, 1).
pub fn t_ci(sample: &[f64], confidence: f64) -> Option<MeanInterval> {
    let moments = Moments::of(sample).filter(|m| m.n >= 2)?;
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let t = two_sided_t(confidence, moments.n as f64 - 1.0);
    let half_width = t * moments.standard_error();
    Some(MeanInterval {
        mean: moments.mean,
        sd: moments.sd(),
        t,
        half_width,
        interval: Interval::around(moments.mean, half_width),
    })
}

/// The t quantile of a two-sided interval with `df` degrees of freedom.
pub fn two_sided_t(confidence: f64, df: f64) -> f64 {
    -special::t_quantile((1.0 - confidence) / 2.0, df)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::random::{Purpose, Streams};
    use windtunnel_base::ziggurat::Normals;

    /// 4000 samples of 8 normal values: the count of intervals that hold the true mean is
    /// binomial(4000, 0.95) and stays within 4.5 standard deviations, so a right implementation
    /// fails once in 10⁵ changes of the seed.
    #[test]
    fn the_t_interval_covers_as_often_as_it_says() {
        let mut stream = Streams::new(11, 0).stream(Purpose::Swarm, 1);
        let rounds = 4000;
        let covered = (0..rounds)
            .filter(|_| {
                let mut draw = || 5.0 + 2.0 * Normals::default().draw(&mut stream);
                let sample: Vec<f64> = (0..8).map(|_| draw()).collect();
                t_ci(&sample, 0.95).is_some_and(|ci| ci.interval.contains(5.0))
            })
            .count() as f64;
        let expected = 0.95 * f64::from(rounds);
        let sd = (expected * 0.05).sqrt();
        assert!((covered - expected).abs() < 4.5 * sd, "{covered} of {rounds}");
    }

    #[test]
    fn degenerate_samples_are_answered() {
        assert_eq!(t_ci(&[], 0.95), None);
        assert_eq!(t_ci(&[1.0], 0.95), None);
        assert_eq!(t_ci(&[1.0, f64::NAN], 0.95), None);
        assert_eq!(t_ci(&[1.0, 2.0], 1.0), None);
        let constant = t_ci(&[0.1; 7], 0.95).expect("seven values");
        assert_eq!(constant.interval, Interval { lower: 0.1, upper: 0.1 });
    }
}
