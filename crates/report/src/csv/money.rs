//! `money.csv`: a year of releases in dollars, by strategy and part.
//!
//! A row a figure: the parts, their total with its interval, what it is more than by the strategy
//! of today, what it takes to change, and after how many months that is paid back.

use super::{CsvRow, Table};
use windtunnel_experiment::money::YearRow;
use windtunnel_experiment::results::Results;
use windtunnel_model::outcome::BillPart;

/// `money.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "money.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    vec!["scenario", "strategy", "figure", "value", "lower", "upper"]
}

fn rows(results: &Results) -> Vec<CsvRow> {
    let mut rows = Vec::new();
    for results in &results.scenarios {
        let scenario = &results.scenario;
        for year in &results.money.years {
            let names = [scenario.name.as_str(), scenario.plan_name(year.plan)];
            for (figure, numbers) in figures(year) {
                rows.push(CsvRow::of(&names).text(figure).numbers(numbers));
            }
        }
    }
    rows
}

/// Every figure of a strategy by its name: mean and ends, months with the soonest and the latest.
fn figures(year: &YearRow) -> Vec<(&'static str, [Option<f64>; 3])> {
    let mut found: Vec<(&str, [Option<f64>; 3])> = BillPart::ALL
        .into_iter()
        .map(|part| (name(part), [year.total.map(|_| year.part(part)), None, None]))
        .collect();
    let total = year.total.map(|f| [f.value, f.interval.lower, f.interval.upper].map(Some));
    found.push(("total_usd", total.unwrap_or_default()));
    let Some(versus) = year.versus else { return found };
    let more = &versus.difference;
    let ends = [more.value, more.interval.lower, more.interval.upper].map(Some);
    found.push(("more_than_today_usd", ends));
    if let Some(payback) = versus.payback {
        found.push(("adoption_usd", [Some(payback.cost), None, None]));
        found.push(("payback_months", [payback.months, payback.soonest, payback.latest]));
    }
    found
}

fn name(part: BillPart) -> &'static str {
    match part {
        BillPart::Pods => "pods_usd",
        BillPart::Platform => "platform_usd",
        BillPart::People => "people_usd",
        BillPart::Harm => "harm_usd",
        BillPart::Delay => "delay_usd",
    }
}
