//! The chapter of a scenario: its answer, its question, what was flown, and its sections.

use super::markup::named;
use super::{OF_SCENARIO, Section};
use crate::charts::steps;
use crate::figure::{Quantity, significant};
use crate::headlines;
use windtunnel_base::count::{counted, plural};
use windtunnel_base::escape::markdown;
use windtunnel_experiment::results::ScenarioResults;

/// Said in the place of a chart of steps that would be empty.
const ALL_MET: &str = "At every step of half a minute or more requests met about the share that \
                       was asked for, so there is no chart of steps.";

/// What stands before the sections.
pub fn head(results: &ScenarioResults, folder: &str) -> String {
    let scenario = &results.scenario;
    let mut parts = Vec::new();
    let choice = headlines::choice::lines(results, &named);
    if let Some((first, rest)) = choice.split_first() {
        parts.push(format!("**{first}** {}", rest.join(" ")).trim().to_string());
    }
    let head = markdown::prose(&scenario.head);
    let head: Vec<String> = head.lines().map(|l| format!("> {l}").trim().into()).collect();
    parts.extend((!head.is_empty()).then(|| head.join("\n")));
    parts.push(flown(results));
    parts.push(format!(
        "![Users hurt](charts/{folder}/blast-radius.svg)\n![Cost against \
         harm](charts/{folder}/cost-harm.svg)\n![Who stops what](charts/{folder}/stops.svg)"
    ));
    if steps::is_drawn(results) {
        parts.push(format!("![Asked and met, step by step](charts/{folder}/steps.svg)"));
    } else if !results.steps.is_empty() {
        parts.push(ALL_MET.to_string());
    }
    if results.money.is_asked {
        parts.push(format!("![A year in dollars](charts/{folder}/money.svg)"));
    }
    parts.join("\n\n")
}

/// Its sections that have something to say.
pub fn sections(results: &ScenarioResults) -> Vec<Section> {
    OF_SCENARIO.iter().filter_map(|section| section(results)).collect()
}

fn flown(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let shares = scenario.release.variants.iter().map(|v| {
        let kind = if v.bad { "bad" } else { "good" };
        let name = markdown::text(&v.name);
        format!("*{name}* ({kind}, {} of releases)", Quantity::Share.show(v.share.value()))
    });
    let flights: usize = results.flights.iter().flatten().map(Vec::len).sum();
    format!(
        "{} {} of {} each, {}; shipped is {}. The release begins {} after the start.",
        significant(flights as f64),
        if flights == 1 { "flight".to_string() } else { plural("flight") },
        scenario.horizon,
        counted(scenario.plans.len() as u64, "strategy"),
        shares.collect::<Vec<_>>().join(", "),
        scenario.release.at,
    )
}
