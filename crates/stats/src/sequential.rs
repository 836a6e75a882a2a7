//! Tests that may be watched while a release runs: SPRT, mixture SPRT, CUSUM.
//!
//! Each keeps its error probability however often it is looked at (CUSUM: its mean time between
//! false alarms). Deliberately absent: where the counts come from.

use windtunnel_base::maths;

/// How Wald's test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SprtDecision {
    /// The bad share p1 is accepted: alarm.
    RejectH0,
    /// The good share p0 is accepted.
    AcceptH0,
    /// Not yet.
    Continue,
}

/// Wald's sequential probability ratio test of an error share p0 against p1 (Wald 1945).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sprt {
    /// Upper limit ln((1−β)/α).
    pub log_a: f64,
    /// Lower limit ln(β/(1−α)).
    pub log_b: f64,
    /// Added per error: ln(p1/p0).
    pub llr_error: f64,
    /// Added per success: ln((1−p1)/(1−p0)).
    pub llr_ok: f64,
}

impl Sprt {
    /// The test; nothing unless 0 < p0 < p1 < 1 and α, β are positive with α + β < 1.
    pub fn new(p0: f64, p1: f64, alpha: f64, beta: f64) -> Option<Sprt> {
        let errors = alpha > 0.0 && beta > 0.0 && alpha + beta < 1.0;
        let sound = errors && p0 > 0.0 && p0 < p1 && p1 < 1.0;
        sound.then(|| Sprt::of((p0, p1), (alpha, beta)))
    }

    /// 1 % against 5 %, with α = 5 % and β = 10 %: a decision after some 80 requests.
    pub fn usual() -> Sprt {
        Sprt::of((0.01, 0.05), (0.05, 0.1))
    }

    fn of((p0, p1): (f64, f64), (alpha, beta): (f64, f64)) -> Sprt {
        Sprt {
            log_a: maths::ln((1.0 - beta) / alpha),
            log_b: maths::ln(beta / (1.0 - alpha)),
            llr_error: maths::ln(p1 / p0),
            llr_ok: maths::ln((1.0 - p1) / (1.0 - p0)),
        }
    }

    /// What a batch of outcomes adds to the statistic.
    pub fn batch(&self, errors: u64, total: u64) -> f64 {
        errors as f64 * self.llr_error + (total - errors) as f64 * self.llr_ok
    }

    /// What a statistic says.
    pub fn decide(&self, llr: f64) -> SprtDecision {
        if llr >= self.log_a {
            SprtDecision::RejectH0
        } else if llr <= self.log_b {
            SprtDecision::AcceptH0
        } else {
            SprtDecision::Continue
        }
    }
}

/// The mixture SPRT's state after n pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Msprt {
    /// Λ_n; infinite when it exceeds what a number can hold.
    pub lambda: f64,
    /// min(1, 1/Λ_n); the always-valid p is the running minimum of these.
    pub p_now: f64,
    /// Half-width of the always-valid interval of the mean difference.
    pub half_width: f64,
}

/// Mixture SPRT of a mean difference d after `n` pairs whose differences have variance V, with a
/// N(0, τ²) mixture (Johari, Koomen, Pekelis, Walsh, "Always Valid Inference"):
/// Λ = √(V/(V+nτ²))·exp(n²τ²d²/(2V(V+nτ²))). Nothing for n = 0 or arguments out of range.
pub fn msprt_normal(d: f64, n: u64, variance: f64, tau2: f64, alpha: f64) -> Option<Msprt> {
    let sound = variance > 0.0 && tau2 > 0.0 && alpha > 0.0 && alpha < 1.0;
    if n == 0 || !sound || !d.is_finite() || !(variance + tau2).is_finite() {
        return None;
    }
    let size = n as f64;
    let spread = variance + size * tau2;
    let exponent = size * size * tau2 * d * d / (2.0 * variance * spread);
    let lambda = maths::exp(0.5 * maths::ln(variance / spread) + exponent);
    let reach = 2.0 * maths::ln(1.0 / alpha) + maths::ln(spread / variance);
    Some(Msprt {
        lambda,
        p_now: (1.0 / lambda).min(1.0),
        half_width: (variance * spread / (size * size * tau2) * reach).sqrt(),
    })
}

/// CUSUM of batches (errors, total) for a share that moves from p0 to p1: S = max(0, S + llr).
/// The mean time between false alarms is at least e^h (Lorden 1971). Returns the path; nothing
/// unless 0 < p0 < p1 < 1 and every batch has at most as many errors as requests.
pub fn cusum_bernoulli(p0: f64, p1: f64, batches: &[(u64, u64)]) -> Option<Vec<f64>> {
    let sprt = Sprt::new(p0, p1, 0.05, 0.05)?;
    if batches.iter().any(|(errors, total)| errors > total) {
        return None;
    }
    let mut s: f64 = 0.0;
    let step = |(errors, total): &(u64, u64)| {
        s = (s + sprt.batch(*errors, *total)).max(0.0);
        s
    };
    Some(batches.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::random::{Purpose, Streams};

    /// Wald's error bounds α/(1−β) hold: at 1 % true errors at most 5.6 % of 2000 runs reject, up
    /// to 4.3 standard deviations; at 5 % at most 10.6 % accept.
    #[test]
    fn the_sprt_keeps_its_errors() {
        let sprt = Sprt::new(0.01, 0.05, 0.05, 0.1).expect("shares");
        let mut stream = Streams::new(18, 0).stream(Purpose::Swarm, 5);
        let mut wrong = |p: f64, bad: SprtDecision| {
            let runs = (0..2000).filter(|_| {
                let mut llr = 0.0;
                let decisions = (0..100_000).map(|_| {
                    llr += sprt.batch(u64::from(stream.uniform() < p), 1);
                    sprt.decide(llr)
                });
                decisions.into_iter().find(|d| *d != SprtDecision::Continue) == Some(bad)
            });
            runs.count()
        };
        assert!(wrong(0.01, SprtDecision::RejectH0) < 155);
        assert!(wrong(0.05, SprtDecision::AcceptH0) < 270);
    }

    #[test]
    fn odd_arguments_are_refused() {
        assert_eq!(Sprt::new(0.05, 0.01, 0.05, 0.1), None);
        assert_eq!(msprt_normal(0.1, 0, 1.0, 1.0, 0.05), None);
        assert_eq!(msprt_normal(f64::NAN, 9, 1.0, 1.0, 0.05), None);
        assert_eq!(cusum_bernoulli(0.01, 0.02, &[(2, 1)]), None);
        let sprt = Sprt::new(0.01, 0.05, 0.05, 0.1).expect("shares");
        assert_eq!((sprt, sprt.decide(0.0)), (Sprt::usual(), SprtDecision::Continue));
        assert!(msprt_normal(9.0, 1_000_000, 1.0, 1.0, 0.05).is_some_and(|m| m.p_now == 0.0));
    }
}
