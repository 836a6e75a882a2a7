//! How the flights ended.

use super::Section;
use super::markup::{named, table};
use crate::figure::Quantity;
use crate::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::Verdict;
use windtunnel_model::scenario::ids::{PlanId, VariantId};

/// Shares of verdicts, a row a strategy and release.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("How the flights ended", verdicts(results)))
}

fn verdicts(results: &ScenarioResults) -> String {
    let seen = |v: &Verdict| results.verdicts.iter().any(|row| row.verdict == *v && row.n > 0);
    let columns: Vec<Verdict> = Verdict::ALL.into_iter().filter(seen).collect();
    let mut head = vec!["strategy", "release"];
    head.extend(columns.iter().map(|v| v.word()));
    let mut rows = Vec::new();
    let scenario = &results.scenario;
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let names = [scenario.plan_name(plan), scenario.release_name(variant)];
            let mut row = names.map(named).to_vec();
            row.extend(columns.iter().map(|v| verdict_cell(results, variant, plan, *v)));
            rows.push(row);
        }
    }
    table(&head, rows)
}

fn verdict_cell(results: &ScenarioResults, of: VariantId, plan: PlanId, v: Verdict) -> String {
    match reading::verdict(results, of, plan, v) {
        Some(row) if row.n > 0 => Quantity::Share.show_interval(row.share, row.lower, row.upper),
        _ => "–".to_string(),
    }
}
