//! A year in dollars, in tables for the terminal and `summary.md`, and as JSON.
//!
//! What has no price is named wherever dollars stand. Deliberately absent: arithmetic, which the
//! experiment has done.

use super::figure::{Quantity, significant};
use super::table::{STYLE, WIDTH, close};
use comfy_table::{ContentArrangement, LineStyle, Table};
use serde_json::{Value, json};
use windtunnel_base::wrap;
use windtunnel_experiment::figures::Figure;
use windtunnel_experiment::money::payback::YEARS_MAX;
use windtunnel_experiment::money::{Payback, YearRow};
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::BillPart;

/// A dollar figure with its interval.
fn shown(figure: &Figure) -> String {
    Quantity::Usd.show_interval(figure.value, figure.interval.lower, figure.interval.upper)
}

/// Nothing has no place in a list, and a dash in a table.
fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_string())
}

fn total(year: &YearRow) -> String {
    or_dash(year.total.as_ref().map(shown))
}

/// What a strategy costs beyond that of today; today's own place is empty.
fn more(results: &ScenarioResults, year: &YearRow) -> String {
    if results.scenario.baseline == Some(year.plan) {
        return "today".to_string();
    }
    or_dash(year.versus.map(|versus| shown(&versus.difference)))
}

/// When a change is paid back, in words.
pub fn payback(found: &Payback) -> String {
    let never = format!("not within {YEARS_MAX:.0} years");
    if found.cost <= 0.0 {
        return "nothing to pay back".to_string();
    }
    let months = |months: f64| significant(months);
    match (found.months, found.soonest, found.latest) {
        (Some(mean), Some(soonest), Some(latest)) => {
            format!("{} months [{}, {}]", months(mean), months(soonest), months(latest))
        }
        (Some(mean), _, None) => format!("{} months, but perhaps {never}", months(mean)),
        (None, Some(soonest), _) => format!("{never}, at best {} months", months(soonest)),
        _ => never,
    }
}

/// What it takes to change to a strategy, and when that is paid back.
fn paid(year: &YearRow) -> Option<String> {
    let found = year.versus?.payback?;
    let cost = Quantity::Usd.show(found.cost);
    Some(format!("{cost}: {}", payback(&found)))
}

/// What the totals do not count; nothing if all has a price.
pub fn not_counted(results: &ScenarioResults) -> Option<String> {
    let what = &results.money.not_counted;
    (!what.is_empty()).then(|| format!("Not counted, for want of a price: {}.", what.join(", ")))
}

/// What the table is of.
fn title(results: &ScenarioResults) -> String {
    let times = significant(results.scenario.releases_per_year);
    format!("A year of {times} releases in dollars, beyond a year without any")
}

/// The table of the terminal; nothing where nobody asked for dollars.
pub fn text(results: &ScenarioResults) -> String {
    let money = &results.money;
    if !money.is_asked {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(STYLE.top_border(LineStyle::none()));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    let scenario = &results.scenario;
    let today = scenario.baseline.map(|today| format!("than {}", scenario.plan_name(today)));
    let pays = money.years.iter().any(|year| paid(year).is_some());
    let mut head = vec!["strategy".to_string(), "a year".to_string()];
    head.extend(today);
    head.extend(pays.then(|| "to change: paid back".to_string()));
    table.set_header(head);
    for year in &money.years {
        let mut cells = vec![scenario.plan_name(year.plan).to_string(), total(year)];
        if scenario.baseline.is_some() {
            cells.push(more(results, year));
        }
        if pays {
            cells.push(paid(year).unwrap_or_default());
        }
        table.add_row(cells);
    }
    close(&mut table);
    let mut out = wrap::filled(&format!("{}:", title(results)));
    out += &format!("{}\n", table.trim_fmt());
    out.extend(not_counted(results).map(|line| wrap::filled(&line)));
    out
}

/// Head and rows of the table of `summary.md`, whose names `named` writes; nothing where nobody
/// asked for dollars.
pub fn rows(
    results: &ScenarioResults,
    named: &dyn Fn(&str) -> String,
) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let (money, scenario) = (&results.money, &results.scenario);
    if !money.is_asked {
        return None;
    }
    let mut head = vec!["strategy".to_string()];
    head.extend(BillPart::ALL.map(|part| part.word().to_string()));
    head.push("total".to_string());
    let today = scenario.baseline.map(|today| named(scenario.plan_name(today)));
    head.extend(today.map(|name| format!("more than by {name}")));
    let pays = money.years.iter().any(|year| paid(year).is_some());
    head.extend(pays.then(|| "to change, and paid back after".to_string()));
    let row = |year: &YearRow| {
        let mut cells = vec![named(scenario.plan_name(year.plan))];
        let known = year.total.is_some();
        let part = |part| or_dash(known.then(|| Quantity::Usd.show(year.part(part))));
        cells.extend(BillPart::ALL.map(part));
        cells.push(format!("**{}**", total(year)));
        if scenario.baseline.is_some() {
            cells.push(more(results, year));
        }
        if pays {
            cells.push(or_dash(paid(year)));
        }
        cells
    };
    Some((head, money.years.iter().map(row).collect()))
}

/// All of it as data.
pub fn json(results: &ScenarioResults) -> Value {
    let (money, scenario) = (&results.money, &results.scenario);
    let figure = |found: &Figure| {
        let interval = &found.interval;
        json!({"mean": found.value, "lower": interval.lower, "upper": interval.upper})
    };
    let year = |year: &YearRow| {
        let part = |part: BillPart| (part.word().to_string(), json!(year.part(part)));
        let parts: serde_json::Map<String, Value> = BillPart::ALL.into_iter().map(part).collect();
        let payback = year.versus.and_then(|versus| versus.payback);
        json!({
            "strategy": scenario.plan_name(year.plan),
            "usd_per_year": year.total.as_ref().map(figure),
            "parts_usd": year.total.map(|_| parts),
            "more_than_today_usd": year.versus.map(|versus| figure(&versus.difference)),
            "payback": payback.map(|found| json!({
                "cost_usd": found.cost,
                "months": found.months,
                "soonest": found.soonest,
                "latest": found.latest,
            })),
        })
    };
    json!({
        "today": scenario.baseline.map(|today| scenario.plan_name(today)),
        "years": money.years.iter().map(year).collect::<Vec<_>>(),
        "not_counted": money.not_counted,
    })
}
