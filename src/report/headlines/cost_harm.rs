//! Which strategies nothing beats in cost, harm and delivery together.

use super::listed;
use crate::report::figure::Quantity;

/// What the sentence asks of a strategy.
pub struct Spot<'a> {
    /// Its name.
    pub name: &'a str,
    /// Mean extra fleet-minutes of a release, and mean share of users that it hurts.
    pub means: [f64; 2],
    /// Does it ship what is good, and qualify?
    pub may_lead: bool,
    /// Is another that does no worse on either, ships as much as soon, and is certainly better on
    /// one?
    pub beaten: bool,
}

/// The sentence.
pub fn headline(spots: &[Spot<'_>]) -> String {
    let chosen: Vec<&Spot<'_>> =
        spots.iter().filter(|spot| spot.may_lead && !spot.beaten).collect();
    let names: Vec<&str> = chosen.iter().map(|spot| spot.name).collect();
    match names.as_slice() {
        [] => "No strategy here ships good releases within the constraints".to_string(),
        [one] if spots.len() == 1 => {
            let [cost, harm] = chosen[0].means;
            let cost = Quantity::FleetMinutes.show(cost);
            format!("A release by {one} costs {cost} and hurts {}", Quantity::Share.show(harm))
        }
        [one] if spots.iter().all(|spot| spot.may_lead) => {
            format!("No other strategy costs or hurts less than {one} for certain")
        }
        [one] => format!("No other that may be chosen costs or hurts less than {one} for certain"),
        several if chosen.iter().all(|spot| spot.means == chosen[0].means) => {
            format!("{} cost and hurt the same, and nothing beats them", listed(several))
        }
        several if several.len() == spots.len() => {
            "No strategy beats another in cost, harm and delivery together".to_string()
        }
        several => {
            format!("Nothing beats {} in cost, harm and delivery together", listed(several))
        }
    }
}
