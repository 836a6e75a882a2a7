//! The textbook's words, measured, with the figures that decided.

use super::Section;
use super::markup::{named, table};
use crate::figure::Quantity;
use crate::{full_rollback, headlines, reading};
use windtunnel_experiment::results::ScenarioResults;

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
        let share = Quantity::Share.show(r.hurt_share);
        let often = headlines::often(r.hurt_share).map(|often| format!(", {often}"));
        vec![
            named(results.scenario.plan_name(r.plan)),
            format!("**{}** ({} of outage)", r.downtime, Quantity::Seconds.show(r.outage_good_s)),
            format!("**{}** ({})", r.rollback, full_rollback::figures(results, r, &named)),
            format!("**{}** ({share} hurt{})", r.risk, often.unwrap_or_default()),
            format!("**{}** ({})", r.cost, Quantity::FleetMinutes.show(r.fleet_minutes)),
        ]
    });
    table(&["strategy", "downtime: outage", "rollback: W", "risk: users hurt", "cost"], rows)
}
