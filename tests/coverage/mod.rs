//! Does a 95 % interval hold the truth in 95 % of cases? Made-up flights whose truth is known, and
//! real ones whose truth is the pool of thousands; every figure that is rated, judged or shown.

mod families;
mod flown;
mod synthetic;

use std::sync::Arc;
use windtunnel::base::special::binomial_tails;
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::read::read;

/// What every figure must cover.
pub const WANTED: f64 = 0.92;

/// The fewest of `rounds` that a figure covers, if it covers `WANTED` of them, but for a
/// probability of `error`.
pub fn fewest(rounds: u64, error: f64) -> u64 {
    (0..rounds).find(|hits| binomial_tails(hits + 1, rounds, WANTED).0 > error).unwrap_or(rounds)
}

pub fn scenario(spec: &str) -> Arc<Scenario> {
    let head = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: coverage}\nspec:";
    let (mut found, _) = read(&format!("{head}{spec}"), "coverage.yaml")
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    Arc::new(found.remove(0))
}

/// How often figures covered, by their names.
#[derive(Default)]
pub struct Count(std::collections::BTreeMap<String, (u64, u64)>);

impl Count {
    pub fn add(&mut self, figure: String, covers: bool) {
        let entry = self.0.entry(figure).or_default();
        *entry = (entry.0 + u64::from(covers), entry.1 + 1);
    }

    /// Figures that cover too seldom, but for a probability of `error` each.
    pub fn failures(&self, error: f64) -> Vec<String> {
        let low = self.0.iter().filter(|(_, (hits, n))| *hits < fewest(*n, error));
        low.map(|(figure, (hits, n))| format!("{figure}: {hits} of {n}")).collect()
    }

    /// Kinds of figures (`bad mean`, `all difference`; the kind is the first word and the last)
    /// that cover less than `WANTED` in the mean over their figures. The mean of a kind varies less
    /// than a single figure does, so this has the power that single figures lack.
    pub fn weak_kinds(&self) -> Vec<String> {
        let mut kinds = std::collections::BTreeMap::<String, (u64, u64)>::new();
        for (figure, (hits, n)) in &self.0 {
            let words: Vec<&str> = figure.split(' ').collect();
            let kind = format!("{} {}", words[0], words[words.len() - 1]);
            let sum = kinds.entry(kind).or_default();
            *sum = (sum.0 + hits, sum.1 + n);
        }
        let low = kinds.iter().filter(|(_, (hits, n))| (*hits as f64) < WANTED * *n as f64);
        low.map(|(kind, (hits, n))| format!("{kind}: {hits} of {n}")).collect()
    }

    /// Mean coverage over all figures.
    pub fn average(&self) -> f64 {
        let shares = self.0.values().map(|(hits, n)| *hits as f64 / *n as f64);
        shares.sum::<f64>() / self.0.len() as f64
    }

    pub fn of(&self, figure: &str) -> f64 {
        let (hits, n) = self.0[figure];
        hits as f64 / n as f64
    }

    pub fn figures(&self) -> usize {
        self.0.len()
    }
}

#[test]
fn the_fewest_is_a_quantile_of_the_binomial() {
    let fewest = fewest(400, 1e-4);
    assert!((345..=350).contains(&fewest), "{fewest}");
}
