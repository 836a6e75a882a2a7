//! Outcomes → the tables of summaries, verdicts and paired differences.

use super::results::{DifferenceRow, SummaryRow, VerdictRow};
use crate::base::random::Streams;
use crate::outcome::{Measures, Outcome, Verdict};
use crate::scenario::model::Scenario;
use crate::stats::estimate::{estimate, mix};
use crate::stats::interval::wilson;
use crate::stats::paired::paired_difference;

/// The name of the weighted mix of variants.
pub const ALL: &str = "all";

/// All measures of a strategy: one vector of values by replication, NaN where there is none.
fn columns(rows: &[Outcome]) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::with_capacity(rows.len()); Measures::COLUMNS.len()];
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row.measures.values()) {
            column.push(value.unwrap_or(f64::NAN));
        }
    }
    columns
}

/// The weighted mix of a strategy's variants, measure by measure, over common replications.
fn mixed(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>], plan: usize) -> Vec<Vec<f64>> {
    let common = flights.iter().map(|f| f[plan].len()).min().unwrap_or(0);
    let by_variant: Vec<Vec<Vec<f64>>> =
        flights.iter().map(|f| columns(&f[plan][..common])).collect();
    let shares: Vec<f64> = scenario.release.variants.iter().map(|v| v.share.value()).collect();
    let measure = |m: usize| {
        let parts: Vec<(&[f64], f64)> =
            by_variant.iter().zip(&shares).map(|(c, s)| (c[m].as_slice(), *s)).collect();
        mix(&parts).unwrap_or_default()
    };
    (0..Measures::COLUMNS.len()).map(measure).collect()
}

/// For every release (variants, then the mix) and strategy: the columns of its measures.
fn all_columns(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
) -> Vec<(String, usize, Vec<Vec<f64>>)> {
    let plans = 0..scenario.plans.len();
    let mut all = Vec::new();
    for (variant, by_plan) in scenario.release.variants.iter().zip(flights) {
        all.extend(plans.clone().map(|p| (variant.name.clone(), p, columns(&by_plan[p]))));
    }
    all.extend(plans.map(|p| (ALL.to_string(), p, mixed(scenario, flights, p))));
    all
}

/// `summary.csv`.
pub fn summary(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>], seed: u64) -> Vec<SummaryRow> {
    let streams = Streams::new(seed, 0);
    let mut table = Vec::new();
    for (release, plan, columns) in all_columns(scenario, flights) {
        for (index, (values, (measure, _))) in columns.iter().zip(Measures::COLUMNS).enumerate() {
            let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            // The resampling stream depends on the measure alone, not on what else was flown.
            let estimate = estimate(&known, &streams, index as u64);
            table.push(SummaryRow {
                release: release.clone(),
                strategy: scenario.plans[plan].name.clone(),
                measure,
                estimate,
                empty: (values.len() - known.len()) as u32,
            });
        }
    }
    table
}

/// `verdicts.csv`: shares with Wilson intervals; the mix weighs shares and ends alike.
pub fn verdicts(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>]) -> Vec<VerdictRow> {
    let mut table = Vec::new();
    for (index, plan) in scenario.plans.iter().enumerate() {
        for verdict in Verdict::ALL {
            let mut sum = (0_u32, 0.0, 0.0, 0.0);
            let mut rows = Vec::new();
            for (variant, by_plan) in scenario.release.variants.iter().zip(flights) {
                let flown = &by_plan[index];
                let n = flown.iter().filter(|o| o.verdict == verdict).count() as u32;
                let Some(interval) = wilson(u64::from(n), flown.len() as u64, 0.95) else {
                    continue;
                };
                let (share, weight) = (f64::from(n) / flown.len() as f64, variant.share.value());
                rows.push(VerdictRow {
                    release: variant.name.clone(),
                    strategy: plan.name.clone(),
                    verdict,
                    n,
                    share,
                    lower: interval.lower,
                    upper: interval.upper,
                });
                sum.0 += n;
                sum.1 += weight * share;
                sum.2 += weight * interval.lower;
                sum.3 += weight * interval.upper;
            }
            rows.push(VerdictRow {
                release: ALL.to_string(),
                strategy: plan.name.clone(),
                verdict,
                n: sum.0,
                share: sum.1,
                lower: sum.2,
                upper: sum.3,
            });
            if sum.0 > 0 {
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
    let all = all_columns(scenario, flights);
    let against = reference(scenario);
    let mut table = Vec::new();
    for (release, plan, columns) in &all {
        let base = all.iter().find(|(r, p, _)| r == release && *p == against);
        let Some((_, _, base)) = base.filter(|_| *plan != against) else { continue };
        for ((values, others), (measure, _)) in columns.iter().zip(base).zip(Measures::COLUMNS) {
            let pairs = values.iter().zip(others).filter(|(a, b)| !a.is_nan() && !b.is_nan());
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.map(|(a, b)| (*a, *b)).unzip();
            let Some(found) = paired_difference(&a, &b, 0.95) else { continue };
            table.push(DifferenceRow {
                release: release.clone(),
                strategy: scenario.plans[*plan].name.clone(),
                reference: scenario.plans[against].name.clone(),
                measure,
                n: a.len() as u32,
                mean: found.mean,
                lower: found.interval.lower,
                upper: found.interval.upper,
            });
        }
    }
    table
}
