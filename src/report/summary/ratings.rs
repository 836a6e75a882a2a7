//! The textbook's words, measured, with the figures that decided.

use super::Section;
use super::markup::{named, table};
use crate::experiment::results::{RatingRow, ScenarioResults};
use crate::report::figure::{Quantity, significant};
use crate::report::reading;

/// The table, its rules, and releases against which no strategy helps.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    let scenario = &results.scenario;
    let mut parts =
        vec![ratings(results), reading::RULES.map(|rule| format!("- {rule}")).join("\n")];
    for found in reading::no_strategy_helps(results) {
        let share = |s: f64| Quantity::Share.show(s);
        parts.push(format!(
            "**No strategy helps** against *{}*: even {} hurts {} of the users, {} hurts {}.",
            named(scenario.release_name(found.variant)),
            named(scenario.plan_name(found.best.0)),
            share(found.best.1),
            named(scenario.plan_name(found.worst.0)),
            share(found.worst.1)
        ));
    }
    Some(Section::new("The textbook table, measured", parts.join("\n\n")))
}

fn ratings(results: &ScenarioResults) -> String {
    let rows = results.ratings.iter().map(|r| {
        vec![
            named(results.scenario.plan_name(r.plan)),
            format!("**{}** ({} of outage)", r.downtime, Quantity::Seconds.show(r.outage_good_s)),
            format!("**{}** ({})", r.rollback, rollback_figures(r)),
            format!("**{}** ({} hurt)", r.risk, Quantity::Share.show(r.hurt_share)),
            format!("**{}** ({})", r.cost, Quantity::FleetMinutes.show(r.fleet_minutes)),
        ]
    });
    table(&["strategy", "downtime", "rollback", "risk", "cost"], rows)
}

/// The figures behind the rollback's word: W, and W as a multiple of T.
fn rollback_figures(row: &RatingRow) -> String {
    if !row.exposed {
        return "no bad release exposed a user".to_string();
    }
    let Some(way_back_s) = row.way_back_s else {
        return row.no_way_back().to_string();
    };
    let mut text = format!("W {}", Quantity::Seconds.show(way_back_s));
    if let Some(start_s) = row.start_to_ready_s.filter(|s| *s > 0.0) {
        text += &format!(", {} T", significant(way_back_s / start_s));
    }
    if row.rollback_outage_s >= 1.0 {
        let outage = Quantity::Seconds.show(row.rollback_outage_s);
        text += &format!(", {outage} of outage on the way");
    }
    text
}
