//! A year in dollars: who costs least, and who less than today.
//!
//! A strategy is named only if it may lead; least is said only of the one that wins by dollars, and
//! cheaper or dearer than today only where the interval of the difference says so.

use super::listed;
use super::standing::may_lead;
use crate::figure::{Quantity, significant};
use windtunnel_experiment::money::YearRow;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_experiment::winner::{Criterion, Ending};
use windtunnel_model::scenario::ids::PlanId;

/// The sentence above the chart.
pub fn headline(results: &ScenarioResults) -> String {
    let (scenario, choice) = (&results.scenario, &results.choice);
    let times = significant(scenario.releases_per_year);
    let first = choice.standings.first().map(|first| first.plan);
    let wins = choice.criterion == Criterion::ReleaseUsd && choice.ending == Ending::Wins;
    let year = |plan: PlanId| results.money.years.get(plan.0);
    if let Some((plan, total)) = first.filter(|_| wins).and_then(|p| Some((p, year(p)?.total?))) {
        let cost = Quantity::Usd.show(total.value);
        let name = scenario.plan_name(plan);
        return format!("A year of {times} releases costs least by {name}: {cost}");
    }
    let Some(today) = scenario.baseline else {
        return format!("What a year of {times} releases costs, in dollars");
    };
    let named = |told: fn(&YearRow) -> bool| -> Vec<&str> {
        let found = results.money.years.iter().filter(|year| told(year));
        let found = found.filter(|year| may_lead(results, year.plan));
        found.map(|year| scenario.plan_name(year.plan)).collect()
    };
    let today = scenario.plan_name(today);
    match named(YearRow::saves).as_slice() {
        [] => format!("No strategy that may be chosen is certainly cheaper than {today}"),
        [one] => format!("{one} certainly costs less a year than {today}"),
        several => format!("{} certainly cost less a year than {today}", listed(several)),
    }
}
