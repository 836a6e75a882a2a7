//! The four ratings of the textbook's table, delivery beside them, and the words of each.
//!
//! Deliberately absent: the rules by which they follow from figures (`experiment/rating.rs`).

use std::fmt;

/// What a strategy is rated by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rating {
    /// Is the service down at a good release?
    Downtime,
    /// How fast is the rollback?
    Rollback,
    /// How many users does a release hurt?
    Risk,
    /// What does a release take in pods?
    Cost,
    /// Are good releases shipped?
    Delivery,
}

/// What a rating comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// There is no downtime; good releases are not shipped.
    No,
    /// There is downtime; good releases are shipped.
    Yes,
    /// Good releases are shipped but for a few.
    Mostly,
    /// There is nothing to go back from, or nothing to be shipped.
    NotApplicable,
    /// Back at once.
    Instant,
    /// Back fast.
    Fast,
    /// In the middle, of rollbacks, risks and costs.
    Medium,
    /// Back slowly.
    Slow,
    /// No risk.
    None,
    /// A low risk or cost.
    Low,
    /// A high risk or cost.
    High,
}

impl Rating {
    /// All ratings, in the order of the table.
    pub const ALL: [Rating; 5] =
        [Rating::Downtime, Rating::Rollback, Rating::Risk, Rating::Cost, Rating::Delivery];

    /// Those of the textbook's table, in its order.
    pub const TEXTBOOK: [Rating; 4] =
        [Rating::Downtime, Rating::Rollback, Rating::Risk, Rating::Cost];

    /// The word in CSV, YAML and charts.
    pub fn word(self) -> &'static str {
        match self {
            Rating::Downtime => "downtime",
            Rating::Rollback => "rollback",
            Rating::Risk => "risk",
            Rating::Cost => "cost",
            Rating::Delivery => "delivery",
        }
    }

    /// What it may come to, best first.
    pub fn grades(self) -> &'static [Grade] {
        match self {
            Rating::Downtime => &[Grade::No, Grade::Yes],
            Rating::Rollback => {
                &[Grade::NotApplicable, Grade::Instant, Grade::Fast, Grade::Medium, Grade::Slow]
            }
            Rating::Risk => &[Grade::None, Grade::Low, Grade::Medium, Grade::High],
            Rating::Cost => &[Grade::Low, Grade::Medium, Grade::High],
            Rating::Delivery => &[Grade::Yes, Grade::Mostly, Grade::No, Grade::NotApplicable],
        }
    }
}

impl Grade {
    /// The word in CSV, YAML and charts.
    pub fn word(self) -> &'static str {
        match self {
            Grade::No => "no",
            Grade::Yes => "yes",
            Grade::Mostly => "mostly",
            Grade::NotApplicable => "n.a.",
            Grade::Instant => "instant",
            Grade::Fast => "fast",
            Grade::Medium => "medium",
            Grade::Slow => "slow",
            Grade::None => "none",
            Grade::Low => "low",
            Grade::High => "high",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
