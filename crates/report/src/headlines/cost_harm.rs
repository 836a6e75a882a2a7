//! Which strategies nothing beats in cost, harm and delivery together.

use super::listed;
use super::standing::NOBODY;
use crate::figure::Quantity;

/// What the sentence asks of a strategy.
pub struct CostHarmPoint<'a> {
    /// Name of the strategy.
    pub name: &'a str,
    /// Mean extra fleet-minutes of a release, and mean share of users that it hurts.
    pub means: [f64; 2],
    /// Does it ship what is good, and qualify?
    pub may_lead: bool,
    /// Is another that does no worse on either, ships as much as soon, and is certainly better on
    /// one?
    pub beaten: bool,
    /// Is any other certainly better on one, by what matters?
    pub undercut: bool,
}

/// The sentence above the chart.
pub fn headline(spots: &[CostHarmPoint<'_>]) -> String {
    let chosen: Vec<&CostHarmPoint<'_>> =
        spots.iter().filter(|spot| spot.may_lead && !spot.beaten).collect();
    let names: Vec<&str> = chosen.iter().map(|spot| spot.name).collect();
    match names.as_slice() {
        [] if spots.iter().any(|spot| spot.may_lead) => {
            "No strategy beats all others in both cost and harm".to_string()
        }
        [] => NOBODY.to_string(),
        [one] if spots.len() == 1 => {
            let [cost, harm] = chosen[0].means;
            let cost = Quantity::FleetMinutes.show(cost);
            format!("A release by {one} costs {cost} and hurts {}", Quantity::Share.show(harm))
        }
        [one] if !chosen[0].undercut => {
            format!("No other strategy costs or hurts less than {one} for certain")
        }
        several if several.len() == spots.len() => {
            "No strategy beats another in cost, harm and delivery together".to_string()
        }
        several if spots.iter().all(|spot| spot.may_lead) => {
            format!("Nothing beats {} in cost, harm and delivery together", listed(several))
        }
        several => format!(
            "Nothing that may be chosen beats {} in cost, harm and delivery together",
            listed(several)
        ),
    }
}
