//! Poisson counts: the same on every processor and with every C library.
//!
//! Small means by inversion: the uniform draw is walked through the probabilities of 0, 1, 2, ….
//! Others by transformed rejection with squeeze, PTRS (Hörmann 1993, "The transformed rejection
//! method for generating Poisson random variables", Insurance: Mathematics and Economics 12): two
//! uniform draws for about nine counts in ten, whatever the mean. Deliberately absent: arrivals in
//! time, which have a tape of their own.

use super::maths::{exp, ln, ln_gamma};
use super::random::Stream;

/// From this mean on, rejection is quicker than inversion; PTRS holds from 10 on.
const REJECTS_FROM: f64 = 10.0;

/// Largest mean that is drawn: counts are whole numbers of 32 bits.
const MEAN_MAX: f64 = 4e9;

/// A count of mean `mean`; 0 for a mean that is none, the largest count for one beyond 4·10⁹.
pub fn poisson(stream: &mut Stream, mean: f64) -> u32 {
    match mean {
        mean if mean.is_nan() || mean <= 0.0 => 0,
        mean if mean < REJECTS_FROM => inverted(stream, mean),
        mean if mean <= MEAN_MAX => rejected(stream, mean),
        _ => u32::MAX,
    }
}

fn inverted(stream: &mut Stream, mean: f64) -> u32 {
    let (mut left, mut part, mut count) = (stream.uniform(), exp(-mean), 0_u32);
    // Parts too small to change the sum end the walk where rounding would not.
    while left > part && part > f64::MIN_POSITIVE {
        left -= part;
        count += 1;
        part *= mean / f64::from(count);
    }
    count
}

fn rejected(stream: &mut Stream, mean: f64) -> u32 {
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.02483 * b;
    let squeeze = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let (u, v) = (stream.uniform() - 0.5, stream.uniform());
        let margin = 0.5 - u.abs();
        let count = ((2.0 * a / margin + b) * u + mean + 0.43).floor();
        if margin >= 0.07 && v <= squeeze {
            return count as u32;
        }
        if count < 0.0 || (margin < 0.013 && v > margin) {
            continue;
        }
        let scale = 1.1239 + 1.1328 / (b - 3.4);
        let height = ln(v) + ln(scale) - ln(a / (margin * margin) + b);
        if height <= count * ln(mean) - mean - ln_gamma(count + 1.0) {
            return count as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Streams};
    use crate::special::{chi_square_sf, normal_quantile};

    const DRAWS: u32 = 100_000;

    /// On both sides of the change of method, and far up.
    const MEANS: [f64; 9] = [0.003, 0.4, 2.5, 9.99, 10.0, 14.0, 60.0, 1_234.5, 3e6];

    /// Error probability of all tests of a kind together.
    const ALPHA: f64 = 1e-5;

    fn drawn(mean: f64, entity: u64) -> Vec<u32> {
        let mut stream = Streams::new(5, 0).stream(Purpose::Rehearsal, entity);
        (0..DRAWS).map(|_| poisson(&mut stream, mean)).collect()
    }

    /// Mean and variance are both the mean; the variance of a sample's variance is that of its
    /// fourth moment: (µ + 3µ² − µ²) ÷ n.
    #[test]
    fn mean_and_variance_are_the_mean() {
        let z = -normal_quantile(ALPHA / (4.0 * MEANS.len() as f64));
        let n = f64::from(DRAWS);
        for (entity, mean) in MEANS.into_iter().enumerate() {
            let counts = drawn(mean, entity as u64);
            let average = counts.iter().map(|c| f64::from(*c)).sum::<f64>() / n;
            let squares = counts.iter().map(|c| (f64::from(*c) - mean) * (f64::from(*c) - mean));
            let variance = squares.sum::<f64>() / n;
            let error = z * (mean / n).sqrt();
            assert!((average - mean).abs() <= error, "mean {mean}: {average} ± {error}");
            let error = z * ((mean + 2.0 * mean * mean) / n).sqrt();
            assert!((variance - mean).abs() <= error, "variance of {mean}: {variance} ± {error}");
        }
    }

    /// Every count comes as often as its probability says: chi-square over the counts that are
    /// expected ten times or more, the rest taken together at both ends.
    #[test]
    fn counts_come_as_often_as_they_should() {
        for (entity, mean) in MEANS.into_iter().filter(|mean| *mean < 2_000.0).enumerate() {
            let counts = drawn(mean, 100 + entity as u64);
            let chance =
                |k: u32| exp(f64::from(k) * ln(mean) - mean - ln_gamma(f64::from(k) + 1.0));
            let often = |k: &u32| chance(*k) * f64::from(DRAWS) >= 10.0;
            let middle: Vec<u32> = (0..4_000).filter(often).collect();
            let (first, last) = (middle[0], middle[middle.len() - 1]);
            let mut seen = vec![0.0; middle.len() + 1];
            for count in counts {
                let inside = (first..=last).contains(&count);
                seen[if inside { (count - first) as usize } else { middle.len() }] += 1.0;
            }
            let mut expected: Vec<f64> =
                middle.iter().map(|k| chance(*k) * f64::from(DRAWS)).collect();
            expected.push(f64::from(DRAWS) - expected.iter().sum::<f64>());
            if expected[middle.len()] < 10.0 {
                // Too few for a cell of their own.
                let (rest, outside) = (expected.pop(), seen.pop());
                let last = expected.len() - 1;
                expected[last] += rest.unwrap_or(0.0);
                seen[last] += outside.unwrap_or(0.0);
            }
            let terms = seen.iter().zip(&expected).map(|(s, e)| (s - e) * (s - e) / e);
            let statistic: f64 = terms.sum();
            let df = (expected.len() - 1) as f64;
            let p = chi_square_sf(statistic, df);
            assert!(p > ALPHA / MEANS.len() as f64, "{mean}: {statistic} of {df}, p {p}");
        }
    }

    #[test]
    fn means_that_are_none_and_means_beyond_all_counts() {
        let mut stream = Streams::new(5, 0).stream(Purpose::Rehearsal, 0);
        let mut draw = |mean| poisson(&mut stream, mean);
        assert_eq!([f64::NAN, 0.0, -1.0, 1e-300].map(&mut draw), [0; 4]);
        assert_eq!([f64::INFINITY, 1e12].map(&mut draw), [u32::MAX; 2]);
        assert!(draw(4e9) > 3_990_000_000);
    }
}
