//! The sentences that draw a conclusion, each with what must be so before it is said.
//!
//! A sentence is printed only if the tables carry it. What ships nothing, does not qualify or was
//! flown alone is never crowned; a difference is told only where it is certain and matters; what
//! holds of some flights says of which. Deliberately absent: figures of its own.

pub mod blast_radius;
pub mod choice;
pub mod cost;
pub mod cost_harm;
pub mod downtime;
pub mod limits;
pub mod money;
pub mod overview;
pub mod rollback;
pub mod shipping;
pub mod standing;
pub mod steps;
pub mod stops;

use super::figure::{Quantity, significant};

/// Names as people list them: `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_string(),
        [one] => (*one).to_string(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How often, for people: `1 user in 480`. Nothing for 0, and for shares that are easier to read
/// as such.
pub fn one_in(share: f64) -> Option<String> {
    let rare = share > 0.0 && share <= 0.2;
    rare.then(|| {
        let one = 1.0 / share;
        // Two digits are what a frequency is known to at best.
        let size = std::iter::successors(Some(1.0), |size| Some(size * 10.0));
        let size = size.take_while(|size| *size <= one).last().unwrap_or(1.0) / 10.0;
        let size = f64::max(size, 1.0);
        format!("1 user in {}", significant((one / size).round() * size))
    })
}

/// A share, and beside a small one how often that is: `0.157 %, 1 user in 640`.
pub fn share_of_users(share: f64) -> String {
    let shown = Quantity::Share.show(share);
    match often(share) {
        Some(often) => format!("{shown}, {often}"),
        None => shown,
    }
}

/// How often a small share of users is; nothing for one that is easier to read as a share.
pub fn often(share: f64) -> Option<String> {
    one_in(share).filter(|_| share < SMALL)
}

/// Below this a share of users is told as a frequency too.
const SMALL: f64 = 0.01;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_have_two_digits() {
        let told = |share: f64| one_in(share).unwrap_or_default();
        assert_eq!(told(0.000_142_9), "1 user in 7000");
        assert_eq!(told(0.0021), "1 user in 480");
        assert_eq!(told(0.15), "1 user in 7");
        assert_eq!([0.0, 0.4].map(told), ["", ""]);
        let shown = [0.0, 0.000_142_9, 0.00157, 0.15].map(share_of_users);
        let wanted = ["0 %", "0.0143 %, 1 user in 7000", "0.157 %, 1 user in 640", "15 %"];
        assert_eq!(shown, wanted);
    }
}
