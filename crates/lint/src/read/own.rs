//! Our own: lists of checks, and what a Scenario says of scrapes.

use super::{Document, Found, number, text};
use crate::check::{Asks, Check, Controller, Judge, Sign, Timing};
use crate::fill::Filled;
use windtunnel_base::node::Node;
use windtunnel_base::units::parse_duration;

/// Seconds between two scrapes, if the document is a Scenario that says so.
pub fn scrape_s(document: &Document<'_>) -> Option<f64> {
    let scenario = document.kind() == "Scenario";
    let interval = document.node.at("spec.telemetry.interval").filter(|_| scenario)?;
    parse_duration(interval.text()?).map(|found| found.as_secs_f64())
}

/// The checks of a list: name, query and failsWhen.
pub fn checks(document: &Document<'_>, found: &mut Found) {
    for (number_of, check) in document.node.items_at("checks").iter().enumerate() {
        let Some(query) = text(check, "query") else { continue };
        let name = check.get("name").and_then(Node::text).unwrap_or_default();
        let judge = fails_when(check).unwrap_or(Judge::Unknown);
        found.checks.push(Check {
            asks: Asks::Query,
            file: document.file.clone(),
            place: check.place,
            object: format!("checks[{number_of}]"),
            name: name.to_string(),
            controller: Controller::Own,
            query_file: document.file.clone(),
            filled: Filled::new(&query.text, &|_| None),
            query,
            judge,
            timing: Timing { count: number(check, "count"), ..Timing::default() },
            scrape_s: super::SCRAPE_S,
            first_weight: None,
        });
    }
}

fn fails_when(check: &Node) -> Option<Judge> {
    let written = text(check, "failsWhen")?;
    let (sign, rest) = Sign::split(&written.text)?;
    Some(Judge::FailsWhen { sign, limit: rest.trim().parse().ok()?, place: written.place })
}
