//! What a measure is: a row of the table in `measures`.
//!
//! Everything that tells a measure takes it from its row: columns of CSV, `list`, `explain`,
//! `docs/methods.md`, charts, the units of limits in `expect:`, and how bad a flight not seen is
//! taken to be. Deliberately absent: which measures there are.

use super::measures::MeasureId;
use super::measures::{Facts, MEASURES};
use std::cmp::Ordering;

/// A measure of one flight: a column of `runs.csv`.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Which it is.
    pub id: MeasureId,
    /// Its name in CSV, YAML and charts.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Which way a release wants it.
    pub better: Better,
    /// What it can be in one flight, and how far unseen flights may lie from those seen.
    pub reach: Reach,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// What the sentence leaves open: how it is counted, and when it is empty. Markdown.
    pub more: &'static str,
    /// Its value in a flight; nothing if the horizon cut it, or if it does not apply.
    pub value: fn(&Facts) -> Option<f64>,
}

/// What a measure counts, and so in which unit people write and read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A part of a whole, 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Minutes of single users.
    UserMinutes,
    /// The whole service, for a minute.
    FleetMinutes,
    /// Hours of single pods.
    PodHours,
    /// US dollars.
    Usd,
    /// Users.
    Users,
    /// Requests, writes among them.
    Requests,
    /// Connections.
    Connections,
    /// Pods.
    Pods,
}

impl Unit {
    /// The unit in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Share => "share",
            Unit::Seconds => "s",
            Unit::Millis => "ms",
            Unit::UserMinutes => "user-minutes",
            Unit::FleetMinutes => "fleet-minutes",
            Unit::PodHours => "pod-hours",
            Unit::Usd => "US $",
            Unit::Users => "users",
            Unit::Requests => "requests",
            Unit::Connections => "connections",
            Unit::Pods => "pods",
        }
    }

    /// How the name of a measure of this unit ends, where it says the unit.
    pub fn ending(self) -> &'static str {
        match self {
            Unit::Share => "_share",
            Unit::Usd => "_usd",
            Unit::Millis => "_ms",
            Unit::Seconds => "_s",
            _ => "",
        }
    }
}

/// Which way a release wants a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Less,
    /// More is better.
    More,
    /// It says how much there was, not how well it went.
    Neither,
}

impl Better {
    /// The way in a word.
    pub fn word(self) -> &'static str {
        match self {
            Better::Less => "less",
            Better::More => "more",
            Better::Neither => "neither",
        }
    }

    /// Best first; what is neither goes from the least to the greatest.
    pub fn order(self, a: f64, b: f64) -> Ordering {
        match self {
            Better::More => b.total_cmp(&a),
            Better::Less | Better::Neither => a.total_cmp(&b),
        }
    }
}

/// What a measure can be in one flight of a scenario: each with the greatest possible value and
/// with the size of a surprise, which `experiment/limits.rs` tells by the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All users; a course.
    Users,
    /// Users who met the new version: downwards all, for who is taken back early meets nobody.
    UsersExposed,
    /// The same as a share of users.
    UsersExposedShare,
    /// Users who were harmed.
    UsersHurt,
    /// A share of anything that is harm.
    HarmShare,
    /// A difference of two shares.
    ShareDifference,
    /// Minutes of users.
    UserMinutes,
    /// All requests; a course.
    Requests,
    /// Requests, writes or connections that were harmed.
    RequestsHurt,
    /// A latency.
    Latency,
    /// Seconds of harm.
    HarmSeconds,
    /// The same minus the twin's, which a release seldom spares.
    HarmSecondsAdded,
    /// The same minus the twin's, of which a release may well spare some.
    HarmSecondsDifference,
    /// Seconds of a release's course.
    CourseSeconds,
    /// Money that requests are worth.
    Value,
    /// The same minus the twin's.
    ValueDifference,
    /// What a release costs in pods and in value.
    ReleaseCost,
    /// Pods.
    Pods,
    /// Hours of pods.
    PodHours,
    /// The same minus the twin's.
    PodHoursDifference,
    /// Minutes of the fleet, minus the twin's.
    FleetMinutesDifference,
    /// What pods cost.
    PodCost,
    /// The same minus the twin's.
    PodCostDifference,
}

impl MeasureId {
    /// Name, unit and meaning of the measure.
    pub fn measure(self) -> &'static Measure {
        &MEASURES[self as usize]
    }

    /// Its name in CSV, YAML and charts.
    pub fn name(self) -> &'static str {
        self.measure().name
    }

    /// All measures, in the order of the columns.
    pub fn all() -> impl Iterator<Item = MeasureId> + Clone {
        MEASURES.iter().map(|measure| measure.id)
    }
}

/// The table of `docs/methods.md`, one row a measure.
pub fn page() -> String {
    let mut table = "| measure | unit | better | what it is |\n|---|---|---|---|\n".to_string();
    for m in &MEASURES {
        let (unit, better) = (m.unit.word(), m.better.word());
        let told = format!("{} {}", m.doc, m.more);
        table += &format!("| `{}` | {unit} | {better} | {} |\n", m.name, told.trim_end());
    }
    table
}
