//! The self-test: closed formulas beside what the engine gives, for whoever asks why to trust it.
//!
//! Every proof flies a system whose answer is known on paper, and holds when the known answer lies
//! within the interval of the estimate. Each interval misses the truth with probability
//! [`ERROR`], so that all of them together mislead less than once in a hundred seeds. Read next:
//! `queueing` (queues in the data plane), `flown` (whole flights), `draws` (arrivals and buckets).
//! Deliberately absent: printing, and any figure that a seed happened to give.

pub mod draws;
pub mod flown;
pub mod queueing;

use std::sync::Arc;
use windtunnel_base::interval::{Interval, wilson};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::interval::t_ci;

/// Probability with which one proof fails although the engine is right: 14 proofs then fail
/// together in less than 1 % of all seeds.
pub const ERROR: f64 = 0.0007;

/// How much is flown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Seconds: enough for a test.
    Quick,
    /// Some ten times as much: narrower intervals.
    Full,
}

/// One formula beside its estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// What is compared.
    pub name: &'static str,
    /// What the formula says.
    pub theory: f64,
    /// What the engine gave.
    pub estimate: f64,
    /// Lower end of the estimate's interval.
    pub lower: f64,
    /// Upper end of the estimate's interval.
    pub upper: f64,
    /// Does the interval hold the theory?
    pub holds: bool,
    /// The formula and its source.
    pub note: &'static str,
}

/// All proofs of one seed.
pub fn selftest(seed: u64, effort: Effort) -> Vec<Proof> {
    let mut proofs = queueing::proofs(seed, effort);
    proofs.extend(flown::proofs(seed, effort));
    proofs.extend(draws::proofs(seed, effort));
    proofs
}

impl Proof {
    /// A proof from an estimate and its interval.
    pub fn new(
        name: &'static str,
        theory: f64,
        estimate: f64,
        interval: Interval,
        note: &'static str,
    ) -> Proof {
        let Interval { lower, upper } = interval;
        let holds = interval.contains(theory);
        Proof { name, theory, estimate, lower, upper, holds, note }
    }

    /// A mean over independent replications, with Student's interval.
    pub fn of_mean(name: &'static str, theory: f64, sample: &[f64], note: &'static str) -> Proof {
        match t_ci(sample, 1.0 - ERROR) {
            Some(ci) => Proof::new(name, theory, ci.mean, ci.interval, note),
            None => Proof::unknown(name, theory, note),
        }
    }

    /// A share of independent trials, with Wilson's interval.
    pub fn of_share(
        name: &'static str,
        theory: f64,
        successes: u64,
        trials: u64,
        note: &'static str,
    ) -> Proof {
        match wilson(successes, trials, 1.0 - ERROR) {
            Some(interval) => {
                let estimate = successes as f64 / trials as f64;
                Proof::new(name, theory, estimate, interval, note)
            }
            None => Proof::unknown(name, theory, note),
        }
    }

    /// Nothing was measured: that proves nothing.
    fn unknown(name: &'static str, theory: f64, note: &'static str) -> Proof {
        let nan = f64::NAN;
        Proof { name, theory, estimate: nan, lower: nan, upper: nan, holds: false, note }
    }
}

/// A scenario of the self-test, from its `spec`.
fn scenario(name: &str, spec: &str) -> Scenario {
    let head = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\n";
    let text = format!("{head}metadata: {{name: {name}}}\nspec:\n{spec}");
    let found = match windtunnel_scenario::read::read(&text, "selftest") {
        Ok((mut scenarios, _)) => scenarios.pop(),
        Err(problems) => {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("the self-test's own scenario is wrong:\n{}\n{text}", told.join("\n"));
        }
    };
    found.unwrap_or_else(|| panic!("the self-test's own text holds no scenario:\n{text}"))
}

/// The same, ready to fly.
fn shared(name: &str, spec: &str) -> Arc<Scenario> {
    Arc::new(scenario(name, spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_without_data_does_not_hold() {
        assert!(!Proof::of_mean("x", 1.0, &[], "").holds);
        assert!(!Proof::of_share("x", 1.0, 0, 0, "").holds);
        assert!(Proof::of_mean("x", 1.0, &[0.9, 1.1], "").holds);
        assert!(!Proof::of_share("x", 0.5, 900, 1000, "").holds);
    }
}
