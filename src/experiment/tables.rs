//! Outcomes → the tables of summaries, verdicts and paired differences.

use super::figures::Figures;
use super::results::{DifferenceRow, SummaryRow, VerdictRow};
use crate::outcome::{MeasureId, Outcome, Verdict};
use crate::scenario::model::Scenario;

/// The name of the weighted mix of variants.
pub const ALL: &str = "all";

/// All releases of a scenario: its variants, then the mix.
fn releases(scenario: &Scenario) -> Vec<&str> {
    let variants = scenario.release.variants.iter().map(|variant| variant.name.as_str());
    variants.chain([ALL]).collect()
}

/// `summary.csv`.
pub fn summary(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<SummaryRow> {
    let figures = Figures { scenario, flights };
    let mut table = Vec::new();
    for release in releases(scenario) {
        for (plan, strategy) in scenario.plans.iter().enumerate() {
            for measure in MeasureId::all() {
                let strata = figures.strata(release, plan, measure);
                let values = strata.iter().flat_map(|stratum| &stratum.values);
                table.push(SummaryRow {
                    release: release.to_string(),
                    strategy: strategy.name.clone(),
                    measure,
                    estimate: figures.estimate(release, plan, measure),
                    empty: values.filter(|value| value.is_nan()).count() as u32,
                });
            }
        }
    }
    table
}

/// `verdicts.csv`: shares with exact intervals; the mix weighs shares and ends alike.
pub fn verdicts(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<VerdictRow> {
    let figures = Figures { scenario, flights };
    let mut table = Vec::new();
    for (plan, strategy) in scenario.plans.iter().enumerate() {
        for verdict in Verdict::ALL {
            let row = |release: &str| {
                let (n, found) = figures.verdict(release, plan, verdict)?;
                Some(VerdictRow {
                    release: release.to_string(),
                    strategy: strategy.name.clone(),
                    verdict,
                    n: n as u32,
                    share: found.value,
                    lower: found.interval.lower,
                    upper: found.interval.upper,
                })
            };
            let rows: Vec<VerdictRow> = releases(scenario).into_iter().filter_map(row).collect();
            if rows.iter().any(|row| row.n > 0) {
                table.extend(rows);
            }
        }
    }
    table
}

/// The strategy that the others are compared with: Kubernetes' default, or the first.
pub fn reference(scenario: &Scenario) -> usize {
    scenario.plans.iter().position(|p| p.kind == "rollingUpdate").unwrap_or(0)
}

/// `differences.csv`: every strategy against the reference, over common replications.
pub fn differences(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<DifferenceRow> {
    let figures = Figures { scenario, flights };
    let against = reference(scenario);
    let mut table = Vec::new();
    for release in releases(scenario) {
        for (plan, strategy) in scenario.plans.iter().enumerate().filter(|(p, _)| *p != against) {
            for measure in MeasureId::all() {
                let found = figures.difference(release, (plan, against), measure);
                let Some(found) = found else { continue };
                table.push(DifferenceRow {
                    release: release.to_string(),
                    strategy: strategy.name.clone(),
                    reference: scenario.plans[against].name.clone(),
                    measure,
                    n: found.n as u32,
                    mean: found.value,
                    lower: found.interval.lower,
                    upper: found.interval.upper,
                });
            }
        }
    }
    table
}
