//! The draws under everything: Poisson arrivals, and users' md5 buckets.

use super::{ERROR, Effort, Proof, shared};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use windtunnel_base::interval::Interval;
use windtunnel_base::maths;
use windtunnel_base::moments::Moments;
use windtunnel_base::random::Streams;
use windtunnel_base::special::two_sided_z;
use windtunnel_base::time::SimTime;
use windtunnel_engine::buckets::user_buckets;
use windtunnel_engine::data_plane::tape::Tape;

/// The proofs about draws.
pub fn proofs(seed: u64, effort: Effort) -> Vec<Proof> {
    let mut proofs = poisson(20.0, seed, effort);
    proofs.push(buckets(seed, effort));
    proofs
}

/// Arrivals at `rate` per second, believed to be 20.
pub fn poisson(rate: f64, seed: u64, effort: Effort) -> Vec<Proof> {
    let secs = if effort == Effort::Quick { 20_000 } else { 200_000 };
    let counts = per_second(rate, seed, secs);
    let moments = Moments::of(&counts);
    let dispersion = moments.map_or(f64::NAN, |m| m.variance / m.mean);
    // (n−1)·D is chi-square with n−1 degrees of freedom: for so many, normal with variance 2(n−1).
    let reach = two_sided_z(1.0 - ERROR) * (2.0 / (secs as f64 - 1.0)).sqrt();
    let interval = Interval::around(dispersion, reach);
    vec![
        Proof::of_mean(
            "Poisson arrivals: mean",
            20.0,
            &counts,
            "arrivals per second; λ = 20/s, disjoint seconds are independent",
        ),
        Proof::new(
            "Poisson arrivals: variance ÷ mean",
            1.0,
            dispersion,
            interval,
            "index of dispersion of the counts per second; 1 for a Poisson process (Fisher 1950)",
        ),
    ]
}

fn per_second(rate: f64, seed: u64, secs: usize) -> Vec<f64> {
    let spec = format!(
        "  service: {{replicas: 1}}\n  traffic: {{arrivals: {{poisson: {{rate: {rate}/s}}}}}}\n"
    );
    let scenario = shared("arrivals", &spec);
    let (routes, streams) = (&scenario.service.routes, Streams::new(seed, 0));
    let end = SimTime::from_secs_f64(secs as f64);
    let mut tape = Tape::new(&scenario.traffic, routes, streams, end);
    let mut counts = vec![0.0; secs];
    while tape.next_at() < u64::MAX {
        counts[(tape.take().arrival.at / 1_000_000_000) as usize] += 1.0;
    }
    counts
}

/// Are the hundred buckets of users even?
fn buckets(seed: u64, effort: Effort) -> Proof {
    let users: u32 = if effort == Effort::Quick { 100_000 } else { 500_000 };
    let mut counts = [0.0_f64; 100];
    let buckets = user_buckets(users, &format!("selftest-{seed}"));
    buckets.iter().for_each(|bucket| counts[usize::from(*bucket)] += 1.0);
    let expected = f64::from(users) / 100.0;
    let statistic: f64 = counts.iter().map(|c| maths::powi(c - expected, 2) / expected).sum();
    let interval = match ChiSquared::new(99.0) {
        Ok(chi) => Interval {
            lower: statistic / chi.inverse_cdf(1.0 - ERROR / 2.0),
            upper: statistic / chi.inverse_cdf(ERROR / 2.0),
        },
        Err(_) => Interval { lower: f64::NAN, upper: f64::NAN },
    };
    Proof::new(
        "md5 buckets: spread",
        1.0,
        statistic / 99.0,
        interval,
        "chi-square of 100 buckets ÷ 99, which is 1 on average; md5(user:experiment) mod 100",
    )
}
