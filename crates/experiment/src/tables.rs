//! Outcomes → the tables of summaries, verdicts and paired differences.

use super::figures::Figures;
use super::results::{DifferenceRow, SummaryRow, VerdictRow};
use windtunnel_model::outcome::{MeasureId, Outcome, Verdict};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::DEFAULT;

/// `summary.csv`.
pub fn summary(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<SummaryRow> {
    let figures = Figures::of(scenario, flights);
    let mut table = Vec::new();
    for release in scenario.releases() {
        for plan in scenario.plan_ids() {
            for measure in MeasureId::all() {
                let strata = figures.strata(release, plan, measure);
                let values = strata.iter().flat_map(|stratum| &stratum.values);
                table.push(SummaryRow {
                    release,
                    plan,
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
    let figures = Figures::of(scenario, flights);
    let mut table = Vec::new();
    for plan in scenario.plan_ids() {
        for verdict in Verdict::ALL {
            let row = |release: ReleaseId| {
                let is_it = |own: Verdict| own == verdict;
                let found = figures.ended(release, plan, is_it)?;
                let n =
                    figures.counts(release, plan, is_it).iter().map(|part| part.hits).sum::<u64>();
                Some(VerdictRow {
                    release,
                    plan,
                    verdict,
                    n: n as u32,
                    share: found.value,
                    lower: found.interval.lower,
                    upper: found.interval.upper,
                })
            };
            let rows: Vec<VerdictRow> = scenario.releases().filter_map(row).collect();
            if rows.iter().any(|row| row.n > 0) {
                table.extend(rows);
            }
        }
    }
    table
}

/// The strategy that the others are compared with: Kubernetes' default, or the first.
pub fn reference(scenario: &Scenario) -> PlanId {
    scenario.plan_ids().find(|id| scenario.plan(*id).kind == DEFAULT).unwrap_or(PlanId(0))
}

/// `differences.csv`: every strategy against the reference, over common replications.
pub fn differences(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<DifferenceRow> {
    let figures = Figures::of(scenario, flights);
    let against = reference(scenario);
    let mut table = Vec::new();
    for release in scenario.releases() {
        for plan in scenario.plan_ids().filter(|plan| *plan != against) {
            for measure in MeasureId::all() {
                let found = figures.difference(release, (plan, against), measure);
                let Some(found) = found else { continue };
                table.push(DifferenceRow {
                    release,
                    plan,
                    reference: against,
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
