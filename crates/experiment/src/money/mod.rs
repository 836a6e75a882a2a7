//! Dollars: what a year of releases costs by each strategy, and what it would be to change.
//!
//! A flight's bill is made when it ends ([`windtunnel_model::outcome::bill`]); here bills become a
//! year. Deliberately absent: words and pictures.

pub mod payback;
pub mod reach;
pub mod year;

pub use payback::Payback;
use windtunnel_model::outcome::Outcome;
use windtunnel_model::scenario::model::Scenario;
pub use year::{Versus, YearRow};

/// What a year of releases costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Money {
    /// Is there a price beside a pod's and those of routes, or a strategy of today to compare with?
    pub is_asked: bool,
    /// One row a strategy, in the scenario's order.
    pub years: Vec<YearRow>,
    /// What has no price, though a strategy takes it.
    pub not_counted: Vec<&'static str>,
}

/// A year by each strategy of a scenario.
pub fn money(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Money {
    Money {
        is_asked: scenario.prices.any() || scenario.baseline.is_some(),
        years: year::years(scenario, flights),
        not_counted: scenario.not_counted(),
    }
}
