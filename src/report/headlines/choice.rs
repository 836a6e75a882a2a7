//! Which strategy to choose, in words: the first line of the terminal and of `summary.md`.
//!
//! The rule is the experiment's ([`crate::experiment::winner`]); here it is told, with what it
//! costs, who is ruled out by which figure, and what is not known.

use super::limits;
use super::listed;
use super::one_in;
use crate::experiment::results::ScenarioResults;
use crate::experiment::winner::{Choice, Criterion, Ending, MONEY_FLOOR, RuledOut, Standing};
use crate::outcome::MeasureId;
use crate::report::figure::{Quantity, significant};
use crate::report::reading;
use crate::scenario::ids::{PlanId, ReleaseId};

/// The answer in one sentence, and what belongs to it: margin, cost, who is ruled out, caveats.
/// Names are written by `name`.
pub fn lines(results: &ScenarioResults, name: &dyn Fn(&str) -> String) -> Vec<String> {
    let told = Told { results, choice: &results.choice, write: name };
    let mut lines = vec![told.answer()];
    lines.extend(told.fewest_hurt());
    lines.extend(told.cost());
    lines.extend(told.ruled_out());
    lines.extend(told.caveats());
    lines.extend(limits::caveats(results, &results.choice.tied(), name));
    lines
}

/// The same in a few words, for a line a scenario; nothing where no choice was to be made.
pub fn short(results: &ScenarioResults) -> Option<String> {
    if results.scenario.plans.len() < 2 {
        return None;
    }
    let choice = &results.choice;
    let name = |plan: PlanId| results.scenario.plan_name(plan);
    let first = choice.standings.first().map(|first| name(first.plan));
    let tied = choice.tied();
    let tied: Vec<&str> = tied.iter().map(|plan| name(*plan)).collect();
    match (choice.ending, first) {
        (Ending::Alone, _) => None,
        (Ending::Nobody, _) | (_, None) => Some("no strategy can be chosen".to_string()),
        (Ending::Wins, Some(first)) => Some(format!("{first} wins")),
        (Ending::Leads, Some(first)) => Some(format!("{first} leads, not proved")),
        (Ending::Tie, Some(_)) => Some(format!("a tie: {}", listed(&tied))),
    }
}

struct Told<'a> {
    results: &'a ScenarioResults,
    choice: &'a Choice,
    write: &'a dyn Fn(&str) -> String,
}

impl Told<'_> {
    fn answer(&self) -> String {
        let first = self.choice.standings.first();
        match (self.choice.ending, first) {
            (Ending::Nobody, _) | (_, None) => "No strategy can be chosen.".to_string(),
            (Ending::Alone, Some(first)) => {
                format!("Only {} was flown: {}.", self.name(first.plan), self.does(first))
            }
            (Ending::Tie, Some(_)) => self.tie(),
            (Ending::Wins | Ending::Leads, Some(first)) => {
                let more = self.choice.more_flights;
                let verb = match self.choice.ending {
                    Ending::Wins => "wins".to_string(),
                    _ => {
                        let flights = if more == 1 { "flight" } else { "flights" };
                        format!(
                            "leads, not proved ({more} more good {flights}, all shipped, would \
                             prove it)"
                        )
                    }
                };
                format!("{} {verb}: {}{}.", self.name(first.plan), self.does(first), self.next())
            }
        }
    }

    /// What a strategy's release comes to by the figure that decides.
    fn does(&self, standing: &Standing) -> String {
        let figure = &standing.figure;
        match self.choice.criterion {
            Criterion::UsersHurt => {
                let share = Quantity::Share.show_estimate(figure);
                match one_in(figure.mean) {
                    Some(often) => format!("a release hurts {share} of the users, {often}"),
                    None => format!("a release hurts {share} of the users"),
                }
            }
            Criterion::ReleaseUsd => {
                let times = self.results.scenario.releases_per_year;
                let [mean, lower, upper] =
                    [figure.mean, figure.lower, figure.upper].map(|end| end * times);
                let year = Quantity::Usd.show_interval(mean, lower, upper);
                format!("a year of {} releases costs {year}", significant(times))
            }
        }
    }

    /// The runner-up, and by how much it is behind.
    fn next(&self) -> String {
        let Some(second) = self.choice.standings.get(1) else {
            return "; no other strategy may be chosen".to_string();
        };
        let behind = match &second.behind {
            Some(found) => self.shown(found.value, found.interval.lower, found.interval.upper),
            None => return String::new(),
        };
        format!("; next is {} with {behind} more", self.name(second.plan))
    }

    fn shown(&self, mean: f64, lower: f64, upper: f64) -> String {
        match self.choice.criterion {
            Criterion::UsersHurt => Quantity::Share.show_interval(mean, lower, upper),
            Criterion::ReleaseUsd => {
                let times = self.results.scenario.releases_per_year;
                let [mean, lower, upper] = [mean, lower, upper].map(|end| end * times);
                Quantity::Usd.show_interval(mean, lower, upper)
            }
        }
    }

    fn tie(&self) -> String {
        let tied = self.choice.tied();
        let of = |plan: &PlanId| {
            let standing = self.choice.standings.iter().find(|s| s.plan == *plan)?;
            let figure = self.mean(standing.figure.mean);
            Some(format!("{} {figure}", self.name(*plan)))
        };
        let each: Vec<String> = tied.iter().filter_map(of).collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        let (unit, floor) = match self.choice.criterion {
            Criterion::UsersHurt => ("of the users hurt by a release", "1 user in 1,000".into()),
            Criterion::ReleaseUsd => ("a year", format!("{} %", significant(MONEY_FLOOR * 100.0))),
        };
        format!(
            "A tie: {} {unit}; no difference between the first and these is both certain and above \
             {floor}.",
            listed(&each)
        )
    }

    /// The figure that decides, as a mean alone.
    fn mean(&self, mean: f64) -> String {
        match self.choice.criterion {
            Criterion::UsersHurt => Quantity::Share.show(mean),
            Criterion::ReleaseUsd => {
                Quantity::Usd.show(mean * self.results.scenario.releases_per_year)
            }
        }
    }

    /// Where dollars leave a tie: who hurts fewest users.
    fn fewest_hurt(&self) -> Option<String> {
        let fewest = self.choice.fewest_hurt();
        let first = self.choice.tied_by_users.first().filter(|_| !fewest.is_empty())?;
        let (all, one) = self.names(&fewest);
        let verb = if fewest.len() == 1 { "hurts" } else { "hurt" };
        let others = self.choice.tied_by_users.iter().filter(|standing| standing.beaten);
        let least = others.filter_map(|s| Some(s.behind?.value)).min_by(f64::total_cmp)?;
        Some(format!(
            "Of the tied {all} certainly {verb} fewest users: {one} {}, the others at least {} \
             more.",
            Quantity::Share.show_estimate(&first.figure),
            Quantity::Share.show(least)
        ))
    }

    /// What a release by the first takes in pods and time; in a tie, who takes least.
    fn cost(&self) -> Option<String> {
        let of = |plan: PlanId| {
            reading::estimate(self.results, ReleaseId::Mix, plan, MeasureId::FleetMinutesExtra)
        };
        let tied = self.choice.tied();
        let cheapest =
            tied.iter().filter_map(|plan| Some((*plan, of(*plan)?.mean))).min_by(|a, b| {
                // Of equals the earlier one.
                a.1.total_cmp(&b.1)
            })?;
        let cost = Quantity::FleetMinutes.show_estimate(of(cheapest.0)?);
        let delivery = self.results.deliveries.get(cheapest.0.0)?;
        let ships = match delivery.time_to_ship_s {
            Some([median, _]) => {
                format!(" and {} to ship a good one", Quantity::Seconds.show(median))
            }
            None => String::new(),
        };
        Some(match self.choice.ending {
            Ending::Tie => {
                let name = self.name(cheapest.0);
                format!("Of the tied {name} takes fewest pods: a release {cost}{ships}.")
            }
            _ => format!("A release takes {cost}{ships}."),
        })
    }

    fn ruled_out(&self) -> Option<String> {
        let each = self
            .choice
            .ruled_out
            .iter()
            .map(|(plan, reason)| format!("{} ({})", self.name(*plan), why(reason)));
        let each: Vec<String> = each.collect();
        (!each.is_empty()).then(|| format!("Ruled out: {}.", each.join(", ")))
    }

    fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        if !self.choice.good_flown {
            let told = "No good release was flown: whether a strategy ships what is good is not \
                        known.";
            caveats.push(told.to_string());
        }
        let open = |plan: &PlanId| {
            let found = self.results.deliveries.get(plan.0);
            found.is_some_and(|found| found.flights > 0 && !found.is_proved())
        };
        let tied = if self.choice.ending == Ending::Tie { self.choice.tied() } else { Vec::new() };
        let tied: Vec<PlanId> = tied.into_iter().filter(open).collect();
        if !tied.is_empty() {
            let (all, _) = self.names(&tied);
            caveats.push(format!("Not proved to ship 95 % of the good releases: {all}."));
        }
        caveats
    }

    fn name(&self, plan: PlanId) -> String {
        (self.write)(self.results.scenario.plan_name(plan))
    }

    /// Names in a list, and the first of them.
    fn names(&self, plans: &[PlanId]) -> (String, String) {
        let names: Vec<String> = plans.iter().map(|plan| self.name(*plan)).collect();
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        (listed(&words), names.first().cloned().unwrap_or_default())
    }
}

/// Why a strategy cannot win.
pub fn why(reason: &RuledOut) -> String {
    match reason {
        RuledOut::ByDesign => "ships nothing by design".to_string(),
        RuledOut::Delivery(share) => {
            format!("ships {} of the good releases", Quantity::Share.show(*share))
        }
        RuledOut::Constraints(reasons) => reasons.join("; "),
        RuledOut::NotMeasured => "no flight has the figure that decides".to_string(),
    }
}
