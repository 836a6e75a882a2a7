//! The first page: who to choose in each scenario, the worst, and what is not known.

use super::markup::{named, table};
use crate::{headlines, worst};
use windtunnel_base::count::counted;
use windtunnel_experiment::results::{Judgement, Results, ScenarioResults};
use windtunnel_experiment::winner::Ending;
use windtunnel_model::scenario::ids::PlanId;

/// A screen has so many lines for scenarios, and for names in a line.
const SCENARIOS_MAX: usize = 25;
const NAMES_MAX: usize = 5;

/// What stands before everything else.
pub fn text(results: &Results) -> String {
    let mut parts = vec![choices(results)];
    parts.extend(worst::line(results, &named));
    let unknown = unknown(results);
    parts.push(match unknown.is_empty() {
        true => "**Not known:** nothing that was asked; every figure is as precise as it was \
                 to be."
            .to_string(),
        false => format!("**Not known:**\n\n{}", unknown.join("\n")),
    });
    parts.join("\n\n")
}

/// A row a scenario: the choice, who comes next, by how much.
fn choices(results: &Results) -> String {
    let row = |one: &ScenarioResults| {
        let plan = |plan: PlanId| named(one.scenario.plan_name(plan));
        let choice = headlines::choice::short(one).map(|text| named(&text));
        let alone = one.choice.standings.first().map(|first| format!("only {}", plan(first.plan)));
        let next = headlines::choice::runner_up(one);
        let (name, behind) = match next {
            Some((second, behind)) => (plan(second), behind),
            None => ("–".to_string(), None),
        };
        let choice = choice.or(alone).unwrap_or_else(|| "no strategy can be chosen".to_string());
        let behind = behind.unwrap_or_else(|| "–".to_string());
        vec![named(&one.scenario.name), format!("**{choice}**"), name, behind]
    };
    let shown = results.scenarios.iter().take(SCENARIOS_MAX);
    let head = ["scenario", "choice", "runner-up", "which has more by"];
    let mut text = table(&head, shown.map(row));
    let more = results.scenarios.len().saturating_sub(SCENARIOS_MAX);
    if more > 0 {
        text += &format!("\n\n… and {} more below.", counted(more as u64, "scenario"));
    }
    text
}

/// What these flights leave open, a line each.
fn unknown(results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    let all = || results.scenarios.iter();
    let mut of = |what: &str, is: &dyn Fn(&ScenarioResults) -> bool| {
        let names: Vec<String> = all().filter(|s| is(s)).map(|s| named(&s.scenario.name)).collect();
        if names.is_empty() {
            return;
        }
        let more = names.len().saturating_sub(NAMES_MAX);
        let mut told = names.into_iter().take(NAMES_MAX).collect::<Vec<_>>().join(", ");
        if more > 0 {
            told += &format!(" and {more} more");
        }
        lines.push(format!("- {what}: {told}."));
    };
    of("Whether the one that leads ships what is good is not proved", &|s| {
        s.choice.ending == Ending::Leads
    });
    of("No strategy is certainly better than those it is tied with", &|s| {
        s.choice.ending == Ending::Tie
    });
    of("No good release was flown, so whether a strategy ships is not known", &|s| {
        !s.choice.good_flown
    });
    of("A bad release never acts: it differs in no flight from a good one", &|s| {
        !s.idle.is_empty()
    });
    let undecided = |s: &ScenarioResults| {
        s.expectations.iter().any(|line| line.judgement == Judgement::Undecided)
    };
    of("A line of `expect:` is undecided", &undecided);
    let (pairs, open) = all().fold((0, 0), |(pairs, open), s| {
        let not = s.precision.iter().filter(|row| !row.reached).count();
        (pairs + s.precision.len(), open + not)
    });
    if open > 0 {
        lines.push(format!(
            "- {open} of {pairs} combinations of strategy and release are known less precisely \
             than asked: see \"How precise this is\" of each scenario."
        ));
    }
    if !results.left_out.is_empty() {
        let parts = counted(results.left_out.len() as u64, "part");
        lines.push(format!("- What would change with {parts} of the input that was left out."));
    }
    lines
}
