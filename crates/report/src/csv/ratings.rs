//! `ratings.csv`: the textbook table, and the figures that decided each of its words.

use super::{CsvRow, Table};
use windtunnel_experiment::results::{RatingRow, Results, ScenarioResults};
use windtunnel_model::outcome::Rating;
use windtunnel_stats::mixture::ShareOf;

/// `ratings.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "ratings.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let words = ["scenario", "strategy", "downtime", "rollback", "risk", "cost"];
    let figures = ["outage_good_s", "way_back_s", "start_to_ready_s", "rollback_outage_s"];
    let mix = ["hurt_share", "fleet_minutes", "exposed"];
    let delivery = [
        "delivery",
        "good_shipped",
        "good_shipped_lower",
        "good_shipped_upper",
        "time_to_ship_p50_s",
        "time_to_ship_p95_s",
        "false_alarms_per_year",
        "good_unfinished",
        "good_no_evidence",
        "false_alarms_per_year_lower",
        "false_alarms_per_year_upper",
    ];
    words.into_iter().chain(figures).chain(mix).chain(delivery).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    results.scenarios.iter().flat_map(rows_of).collect()
}

/// The rows of one scenario, a strategy each.
pub fn rows_of(scenario: &ScenarioResults) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for row in &scenario.ratings {
        let words = Rating::TEXTBOOK.map(|rating| row.grade(rating).word());
        let times = [Some(row.outage_good_s), row.full_rollback_s, row.start_to_ready_s];
        let start = CsvRow::of(&[&scenario.scenario.name, scenario.scenario.plan_name(row.plan)]);
        rows.push(
            words
                .into_iter()
                .fold(start, CsvRow::text)
                .numbers(times)
                .numbers([row.rollback_outage_s, row.hurt_share, row.fleet_minutes].map(Some))
                .text(if row.exposed { "yes" } else { "no" })
                .text(row.delivery.word())
                .numbers(delivery(scenario, row)),
        );
    }
    rows
}

fn delivery(results: &ScenarioResults, row: &RatingRow) -> [Option<f64>; 10] {
    let Some(found) = results.deliveries.iter().find(|found| found.plan == row.plan) else {
        return [None; 10];
    };
    let share = |end: fn(&ShareOf) -> f64| found.shipped.as_ref().map(end);
    let flown = |share: f64| (found.flights > 0).then_some(share);
    [
        share(|s| s.share),
        share(|s| s.interval.lower),
        share(|s| s.interval.upper),
        found.time_to_ship_s.map(|[median, _]| median),
        found.time_to_ship_s.map(|[_, late]| late),
        found.false_alarms_per_year.map(|alarms| alarms.share),
        flown(found.unfinished),
        flown(found.no_evidence),
        found.false_alarms_per_year.map(|alarms| alarms.interval.lower),
        found.false_alarms_per_year.map(|alarms| alarms.interval.upper),
    ]
}
