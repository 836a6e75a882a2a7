//! Which strategy is chosen how often, over all scenarios.

use super::listed;
use crate::reading;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_experiment::winner::{Criterion, Ending};
use windtunnel_model::scenario::ids::PlanId;

/// The strategy that wins in a scenario; one that only leads is not the one to choose yet.
pub fn chosen(results: &ScenarioResults) -> Option<PlanId> {
    let decided = results.choice.ending == Ending::Wins;
    results.choice.standings.first().filter(|_| decided).map(|standing| standing.plan)
}

/// Why no strategy is the one to choose in any of the scenarios.
fn open(rows: &[&ScenarioResults]) -> String {
    let ended = |ending: Ending| rows.iter().filter(|row| row.choice.ending == ending).count();
    let first = |row: &ScenarioResults| {
        let first = row.choice.standings.first();
        first.map_or(String::new(), |first| row.scenario.plan_name(first.plan).to_string())
    };
    let all = rows.len();
    let (ties, leads) = (ended(Ending::Tie), ended(Ending::Leads));
    match rows {
        [row] if ties == 1 => tie(row),
        [row] if leads == 1 => format!("{} leads, not proved", first(row)),
        [_] => "No strategy can be chosen".to_string(),
        _ if ties == all => format!("In none of {all} scenarios a strategy is better for certain"),
        _ => {
            let rest = all - ties - leads;
            let parts =
                [(ties, "a tie"), (leads, "a lead, not proved"), (rest, "nothing to choose")];
            let told = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}"));
            let told: Vec<String> = told.collect();
            format!("No winner in {all} scenarios: {}", told.join(", "))
        }
    }
}

/// Who is not told apart, and by what.
fn tie(row: &ScenarioResults) -> String {
    let tied = row.choice.tied();
    let names: Vec<&str> = tied.iter().map(|plan| row.scenario.plan_name(*plan)).collect();
    let by = match row.choice.criterion {
        Criterion::UsersHurt => "users hurt",
        Criterion::ReleaseUsd => "dollars",
    };
    format!("A tie in {by}: {}", listed(&names))
}

/// The sentence above the chart.
pub fn headline(rows: &[&ScenarioResults]) -> String {
    let alone = rows.iter().all(|row| row.scenario.plans.len() < 2);
    let winners = rows.iter().filter_map(|row| Some(row.scenario.plan_name(chosen(row)?)));
    let winners: Vec<&str> = winners.collect();
    let helpless = rows.iter().filter(|row| !reading::no_strategy_helps(row).is_empty()).count();
    let all = rows.len();
    let tail = match helpless {
        0 => String::new(),
        1 if all == 1 => "; against a bad release no strategy helps".to_string(),
        1 => "; in one, no strategy helps".to_string(),
        several => format!("; in {several}, no strategy helps"),
    };
    let mut names = winners.clone();
    names.sort_unstable();
    names.dedup();
    let count = |name: &str| winners.iter().filter(|winner| **winner == name).count();
    let most = names.iter().map(|name| count(name)).max().unwrap_or(0);
    let leaders: Vec<&str> = names.into_iter().filter(|name| count(name) == most).collect();
    match leaders.as_slice() {
        [] if alone => format!("What a release hurts, with one strategy{tail}"),
        [] => format!("{}{tail}", open(rows)),
        [one] if all == 1 => format!("{one} is the one to choose{tail}"),
        [one] => format!("{one} is the one to choose in {most} of {all} scenarios{tail}"),
        [_, _] => {
            let both = listed(&leaders);
            format!("{both} are the ones to choose in {most} of {all} scenarios each{tail}")
        }
        _ => format!("Which strategy to choose depends on the scenario{tail}"),
    }
}
