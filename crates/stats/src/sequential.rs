//! Tests that may be watched while a release runs: SPRT, mixture SPRT, the count e-process, CUSUM.
//!
//! Each keeps its error probability however often it is looked at (CUSUM: its mean time between
//! false alarms). Deliberately absent: where the counts come from.

use windtunnel_base::maths;
use windtunnel_base::special::ln_beta;

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
    p0: f64,
    p1: f64,
    alpha: f64,
    beta: f64,
}

/// A test run over outcomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SprtRun {
    /// The decision.
    pub decision: SprtDecision,
    /// How many outcomes it took; nothing while undecided.
    pub stopped_at: Option<usize>,
    /// The statistic at the stop, or after all outcomes.
    pub llr: f64,
}

impl Sprt {
    /// The test; nothing unless 0 < p0 < p1 < 1 and α, β are positive with α + β < 1.
    pub fn new(p0: f64, p1: f64, alpha: f64, beta: f64) -> Option<Sprt> {
        let errors = alpha > 0.0 && beta > 0.0 && alpha + beta < 1.0;
        (errors && p0 > 0.0 && p0 < p1 && p1 < 1.0).then(|| Sprt {
            log_a: maths::ln((1.0 - beta) / alpha),
            log_b: maths::ln(beta / (1.0 - alpha)),
            llr_error: maths::ln(p1 / p0),
            llr_ok: maths::ln((1.0 - p1) / (1.0 - p0)),
            p0,
            p1,
            alpha,
            beta,
        })
    }

    /// 1 % against 5 %, with α = 5 % and β = 10 %: a decision after some 80 requests.
    pub fn usual() -> Sprt {
        let (p0, p1, alpha, beta) = (0.01, 0.05, 0.05, 0.1);
        Sprt {
            log_a: maths::ln((1.0 - beta) / alpha),
            log_b: maths::ln(beta / (1.0 - alpha)),
            llr_error: maths::ln(p1 / p0),
            llr_ok: maths::ln((1.0 - p1) / (1.0 - p0)),
            p0,
            p1,
            alpha,
            beta,
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

    /// Runs over outcomes in order, `true` for an error, to the first decision.
    pub fn run(&self, outcomes: impl IntoIterator<Item = bool>) -> SprtRun {
        let mut llr = 0.0;
        for (index, error) in outcomes.into_iter().enumerate() {
            llr += if error { self.llr_error } else { self.llr_ok };
            let decision = self.decide(llr);
            if decision != SprtDecision::Continue {
                return SprtRun { decision, stopped_at: Some(index + 1), llr };
            }
        }
        SprtRun { decision: SprtDecision::Continue, stopped_at: None, llr }
    }

    /// Slope s of both lines in the plane (requests, errors): errors ≥ reject + s·n, ≤ accept +
    /// s·n.
    pub fn slope(&self) -> f64 {
        -self.llr_ok / (self.llr_error - self.llr_ok)
    }

    /// Intercept of the line above which the test rejects.
    pub fn reject_intercept(&self) -> f64 {
        self.log_a / (self.llr_error - self.llr_ok)
    }

    /// Intercept of the line below which the test accepts.
    pub fn accept_intercept(&self) -> f64 {
        self.log_b / (self.llr_error - self.llr_ok)
    }

    fn drift(&self, p: f64) -> f64 {
        p * self.llr_error + (1.0 - p) * self.llr_ok
    }

    /// Wald's approximate mean number of requests to a decision under p0.
    pub fn mean_requests_h0(&self) -> f64 {
        ((1.0 - self.alpha) * self.log_b + self.alpha * self.log_a) / self.drift(self.p0)
    }

    /// The same under p1.
    pub fn mean_requests_h1(&self) -> f64 {
        (self.beta * self.log_b + (1.0 - self.beta) * self.log_a) / self.drift(self.p1)
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

/// The count e-process's state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EValue {
    /// ln E. E-values of segments with different splits multiply: add these.
    pub log_e: f64,
    /// min(1, 1/E); the always-valid p is the running minimum of these.
    pub p_anytime: f64,
}

/// E-process of two event counts whose exposures have the canary's share θ0 (Lindon & Malek,
/// "Anytime-Valid Inference for Multinomial Count Data", 2022), with a Beta(cθ0, c(1−θ0)) mixture
/// of `concentration` c: E = B(α+a, β+b)/(B(α, β)·θ0^a·(1−θ0)^b); alarm when E ≥ 1/level. Nothing
/// unless 0 < θ0 < 1 and c > 0.
pub fn count_e_process(
    canary_events: u64,
    base_events: u64,
    theta0: f64,
    concentration: f64,
) -> Option<EValue> {
    if !(theta0 > 0.0 && theta0 < 1.0 && concentration > 0.0 && concentration.is_finite()) {
        return None;
    }
    let (a, b) = (canary_events as f64, base_events as f64);
    let (alpha, beta) = (concentration * theta0, concentration * (1.0 - theta0));
    let log_e = ln_beta(alpha + a, beta + b)
        - ln_beta(alpha, beta)
        - a * maths::ln(theta0)
        - b * maths::ln_1p(-theta0);
    Some(EValue { log_e, p_anytime: maths::exp(-log_e).min(1.0) })
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

/// Index of the first batch at which a CUSUM path reaches `h`; the path is not reset after it.
pub fn first_alarm(path: &[f64], h: f64) -> Option<usize> {
    path.iter().position(|s| *s >= h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::random::{Purpose, Streams};

    /// 2000 watched runs without a difference, looked at after every event: the e-process alarms in
    /// at most 5 % of them; 141 alarms (4.2 standard deviations more) has probability below 10⁻⁴.
    #[test]
    fn the_e_process_may_be_watched() {
        let mut stream = Streams::new(17, 0).stream(Purpose::Bootstrap, 4);
        let mut alarms = 0;
        for _ in 0..2000 {
            let mut counts = [0_u64; 2];
            let alarmed = (0..300).any(|_| {
                counts[usize::from(stream.uniform() >= 0.2)] += 1;
                count_e_process(counts[0], counts[1], 0.2, 2.0).is_some_and(|e| e.p_anytime <= 0.05)
            });
            alarms += u32::from(alarmed);
        }
        assert!(alarms < 141, "{alarms} of 2000");
    }

    /// Wald's error bounds α/(1−β) hold: at 1 % true errors at most 5.6 % of 2000 runs reject, up
    /// to 4.3 standard deviations; at 5 % at most 10.6 % accept.
    #[test]
    fn the_sprt_keeps_its_errors() {
        let sprt = Sprt::new(0.01, 0.05, 0.05, 0.1).expect("shares");
        let mut stream = Streams::new(18, 0).stream(Purpose::Bootstrap, 5);
        let mut wrong = |p: f64, bad: SprtDecision| {
            let runs = (0..2000).filter(|_| {
                let outcomes = (0..100_000).map(|_| stream.uniform() < p);
                sprt.run(outcomes).decision == bad
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
        assert_eq!(count_e_process(1, 1, 1.0, 2.0), None);
        assert_eq!(cusum_bernoulli(0.01, 0.02, &[(2, 1)]), None);
        let sprt = Sprt::new(0.01, 0.05, 0.05, 0.1).expect("shares");
        assert_eq!(sprt.run([]).stopped_at, None);
        assert!(msprt_normal(9.0, 1_000_000, 1.0, 1.0, 0.05).is_some_and(|m| m.p_now == 0.0));
    }
}
