//! `choice.csv`: how the strategies stand by the rule that chooses, and who is ruled out.

use super::{CsvRow, Table};
use crate::headlines::choice::why;
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_experiment::winner::Standing;

/// `choice.csv`: its columns and rows.
pub const TABLE: Table = Table { path: "choice.csv", columns, rows };

fn columns() -> Vec<&'static str> {
    let first = ["scenario", "ending", "measure", "place", "strategy", "mean", "lower", "upper"];
    let behind = ["behind", "behind_lower", "behind_upper", "beaten", "more_good_flights"];
    first.into_iter().chain(behind).chain(["ruled_out"]).collect()
}

fn rows(results: &Results) -> Vec<CsvRow> {
    results.scenarios.iter().flat_map(of_scenario).collect()
}

/// Those that may be chosen, the first first, then those that are ruled out.
fn of_scenario(results: &ScenarioResults) -> Vec<CsvRow> {
    let (scenario, choice) = (&results.scenario, &results.choice);
    let start = || {
        let measure = choice.criterion.measure().name();
        CsvRow::of(&[&scenario.name, choice.ending.word(), measure])
    };
    let stands = |(at, standing): (usize, &Standing)| {
        let figure = &standing.figure;
        let behind = standing.behind.as_ref();
        let more = (at == 0).then_some(choice.more_flights as f64);
        start()
            .count(at as u64 + 1)
            .text(scenario.plan_name(standing.plan))
            .numbers([figure.mean, figure.lower, figure.upper].map(Some))
            .numbers([
                behind.map(|found| found.value),
                behind.map(|found| found.interval.lower),
                behind.map(|found| found.interval.upper),
            ])
            .text(if standing.beaten { "yes" } else { "no" })
            .number(more)
            .text("")
    };
    let standings = choice.standings.iter().enumerate().map(stands);
    let out = choice.ruled_out.iter().map(|(plan, reason)| {
        start()
            .text("")
            .text(scenario.plan_name(*plan))
            .numbers([None; 6])
            .text("")
            .number(None)
            .text(&why(reason))
    });
    standings.chain(out).collect()
}
