//! `ratings.csv`: the textbook table, and the figures that decided each of its words.

use super::{Row, Table};
use crate::experiment::results::Results;
use crate::outcome::Rating;

/// The table.
pub const TABLE: Table = Table { path: "ratings.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let words = ["scenario", "strategy", "downtime", "rollback", "risk", "cost"];
    let figures = ["outage_good_s", "way_back_s", "start_to_ready_s", "rollback_outage_s"];
    let mix = ["hurt_share", "fleet_minutes", "exposed"];
    words.into_iter().chain(figures).chain(mix).collect()
}

fn rows(results: &Results) -> Vec<Row> {
    let mut rows = Vec::new();
    for scenario in &results.scenarios {
        for row in &scenario.ratings {
            let words = Rating::ALL.map(|rating| row.grade(rating).word());
            let times = [Some(row.outage_good_s), row.way_back_s, row.start_to_ready_s];
            let start = Row::of(&[&scenario.scenario.name, scenario.scenario.plan_name(row.plan)]);
            rows.push(
                words
                    .into_iter()
                    .fold(start, Row::text)
                    .numbers(times)
                    .numbers([row.rollback_outage_s, row.hurt_share, row.fleet_minutes].map(Some))
                    .text(if row.exposed { "yes" } else { "no" }),
            );
        }
    }
    rows
}
