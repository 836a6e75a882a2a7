//! Which strategy is chosen how often, over all scenarios.

use super::listed;
use crate::experiment::results::ScenarioResults;
use crate::experiment::winner::Ending;
use crate::report::reading;
use crate::scenario::ids::PlanId;

/// The strategy that wins or leads in a scenario.
pub fn chosen(results: &ScenarioResults) -> Option<PlanId> {
    let decided = matches!(results.choice.ending, Ending::Wins | Ending::Leads);
    results.choice.standings.first().filter(|_| decided).map(|standing| standing.plan)
}

/// The sentence.
pub fn headline(rows: &[&ScenarioResults]) -> String {
    let alone = rows.iter().all(|row| row.scenario.plans.len() < 2);
    let winners = rows.iter().filter_map(|row| Some(row.scenario.plan_name(chosen(row)?)));
    let winners: Vec<&str> = winners.collect();
    let ties = rows.iter().filter(|row| row.choice.ending == Ending::Tie).count();
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
        [] if ties == all && all == 1 => format!("No strategy is better for certain{tail}"),
        [] => format!("In {ties} of {all} scenarios no strategy is better for certain{tail}"),
        [one] if all == 1 => format!("{one} is the one to choose{tail}"),
        [one] => format!("{one} is the one to choose in {most} of {all} scenarios{tail}"),
        [_, _] => {
            let both = listed(&leaders);
            format!("{both} are the ones to choose in {most} of {all} scenarios each{tail}")
        }
        _ => format!("Which strategy to choose depends on the scenario{tail}"),
    }
}
