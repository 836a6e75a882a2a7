//! Closed formulas against the engine, and planted bugs that the proofs must find.
//!
//! A proof fails by chance with probability 0.0007, so the 26 proofs of two seeds fail together in
//! less than 2 % of all pairs of seeds; a planted bug shifts its figure by many half-widths.

use windtunnel::base::distribution::Distribution;
use windtunnel::experiment::selftest::draws::poisson;
use windtunnel::experiment::selftest::flown::{exposure, false_alarms};
use windtunnel::experiment::selftest::queueing::{
    MM1, MMC, Queue, lognormal_queue, mg1_wait, mm1_wait, mmc,
};
use windtunnel::experiment::selftest::{Effort, Proof, selftest};
use windtunnel::world::service::Policy;

const QUICK: Effort = Effort::Quick;

fn told(proofs: &[Proof]) -> String {
    let line = |p: &Proof| {
        let (name, theory) = (p.name, p.theory);
        format!("{name}: {theory} in {} to {}: {}\n", p.lower, p.upper, p.holds)
    };
    proofs.iter().map(line).collect()
}

#[test]
fn every_formula_holds_under_two_seeds() {
    for seed in [11, 12] {
        let proofs = selftest(seed, QUICK);
        assert!(proofs.len() >= 13);
        assert!(proofs.iter().all(|p| p.holds), "seed {seed}:\n{}", told(&proofs));
    }
}

#[test]
fn the_intervals_are_narrow_enough_to_mean_something() {
    // Little's law is a difference whose theory is 0; it is judged against L = 8.2 instead.
    for p in selftest(3, QUICK).iter().filter(|p| p.theory != 0.0) {
        let relative = (p.upper - p.lower) / 2.0 / p.theory;
        let allowed = if p.name.starts_with("md5") { 0.6 } else { 0.25 };
        assert!(relative < allowed, "{}: ± {:.0} %", p.name, relative * 100.0);
    }
}

#[test]
fn one_percent_errors_of_the_counts_are_found() {
    assert!(!poisson(20.3, 5, QUICK)[0].holds, "a wrong rate");
    assert!(!exposure(0.105, 5, QUICK).holds, "a wrong weight");
    assert!(!false_alarms(0.010, 5, QUICK).holds, "a wrong error rate");
}

#[test]
fn a_wrong_service_mean_is_found() {
    let slower = Queue { service: Distribution::Exponential { mean: 0.0105 }, ..MM1 };
    assert!(!mm1_wait(&slower, 5, QUICK).holds);
}

#[test]
fn a_wrong_service_distribution_is_found() {
    let regular = Queue { service: Distribution::Constant { secs: 0.01 }, ..MM1 };
    assert!(!mm1_wait(&regular, 5, QUICK).holds, "M/D/1 is not M/M/1");
    let memoryless = Queue { service: MM1.service, ..lognormal_queue() };
    assert!(!mg1_wait(&memoryless, 5, QUICK).holds, "the variance counts");
}

#[test]
fn a_wrong_balancer_is_found() {
    // Eight pods of one slot each are one queue only if the balancer sees all of them.
    let split = Queue { pods: 8, slots: 1, policy: Policy::RoundRobin, ..MMC };
    let proofs = mmc(&split, 5, QUICK);
    assert!(!proofs[0].holds && !proofs[1].holds, "{}", told(&proofs));
    assert!(proofs[2].holds, "Little's law needs no policy: {}", told(&proofs));
}
