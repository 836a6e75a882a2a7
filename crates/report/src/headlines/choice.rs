//! Which strategy to choose, in words: the first line of the terminal and of `summary.md`.
//!
//! The rule is the experiment's ([`windtunnel_experiment::winner`]); here it is told, with what it
//! costs, who is ruled out by which figure, and what is not known.

use super::limits;
use super::listed;
use super::one_in;
use super::standing::certainly_less;
use crate::figure::{Quantity, significant};
use crate::reading;
use windtunnel_base::escape::short::thousands;
use windtunnel_experiment::figures::Figure;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_experiment::winner::{Choice, Criterion, Ending, MONEY_FLOOR, RuledOut, Standing};
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};

/// The answer in one sentence, and what belongs to it: margin, cost, who is ruled out, caveats.
/// Names are written by `name`.
pub fn lines(results: &ScenarioResults, name: &dyn Fn(&str) -> String) -> Vec<String> {
    let told = ChoiceSentence { results, choice: &results.choice, write: name };
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

/// The runner-up, and by how much its figure is greater than that of the first.
pub fn runner_up(results: &ScenarioResults) -> Option<(PlanId, Option<String>)> {
    let told = ChoiceSentence { results, choice: &results.choice, write: &|name| name.to_string() };
    let second = results.choice.standings.get(1)?;
    let unit = match results.choice.criterion {
        Criterion::UsersHurt => "of the users hurt",
        Criterion::ReleaseUsd => "a year",
    };
    let shown = |found: Figure| told.shown(found.value, found.interval.lower, found.interval.upper);
    Some((second.plan, second.behind.map(|found| format!("{} {unit}", shown(found)))))
}

struct ChoiceSentence<'a> {
    results: &'a ScenarioResults,
    choice: &'a Choice,
    write: &'a dyn Fn(&str) -> String,
}

impl ChoiceSentence<'_> {
    fn answer(&self) -> String {
        let first = self.choice.standings.first();
        match (self.choice.ending, first) {
            (Ending::Nobody, _) | (_, None) => "No strategy can be chosen.".to_string(),
            (Ending::Alone, Some(first)) => {
                format!("Only {} was flown: {}.", self.name(first.plan), self.does(first))
            }
            (Ending::Tie, Some(_)) => self.tie(),
            (Ending::Wins | Ending::Leads, Some(first)) => {
                let verb = match self.choice.ending {
                    Ending::Wins => "wins".to_string(),
                    _ => format!("leads, not proved ({})", self.lacking(first.plan)),
                };
                format!("{} {verb}: {}{}.", self.name(first.plan), self.does(first), self.next())
            }
        }
    }

    /// What it takes to prove that the first ships what is good.
    fn lacking(&self, first: PlanId) -> String {
        let flown = self.results.deliveries.get(first.0).map_or(0, |found| found.flights);
        let more = self.choice.more_flights;
        if flown == 0 {
            return "no good release was flown".to_string();
        }
        let flights = if more == 1 { "flight" } else { "flights" };
        format!("{} more good {flights}, all shipped, would prove it", thousands(more as usize))
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
                let year = self.shown(figure.mean, figure.lower, figure.upper);
                let times = significant(self.results.scenario.releases_per_year);
                format!("a year of {times} releases costs {year}")
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

    /// Where dollars leave a tie: who certainly hurts fewer users than which others.
    fn fewest_hurt(&self) -> Option<String> {
        let (first, more) = self.choice.fewest_hurt()?;
        let behind = |standing: &&&Standing| standing.behind.map_or(f64::INFINITY, |b| b.value);
        let nearest = more.iter().min_by(|a, b| behind(a).total_cmp(&behind(b)))?;
        let found = nearest.behind?;
        let plans: Vec<PlanId> = more.iter().map(|standing| standing.plan).collect();
        let than = if more.len() == 1 { String::new() } else { self.name(nearest.plan) };
        let than = if than.is_empty() { than } else { format!(" than {than}") };
        let (value, ends) = (found.value, found.interval);
        Some(format!(
            "Of the tied {} certainly hurts fewer users than {}: {}, which is {} less{than}.",
            self.name(first.plan),
            self.names(&plans),
            Quantity::Share.show_estimate(&first.figure),
            Quantity::Share.show_interval(value, ends.lower, ends.upper),
        ))
    }

    /// What a release by the first takes in pods and time; in a tie, who takes least.
    fn cost(&self) -> Option<String> {
        let of = |plan: PlanId| {
            reading::estimate(self.results, ReleaseId::Mix, plan, MeasureId::FleetMinutesExtra)
        };
        let tied = self.choice.tied();
        let known = || tied.iter().filter_map(|plan| Some((*plan, of(*plan)?)));
        // Of equals the earlier one.
        let (cheapest, least) = known().min_by(|a, b| a.1.mean.total_cmp(&b.1.mean))?;
        let cost = Quantity::FleetMinutes.show_estimate(least);
        let delivery = self.results.deliveries.get(cheapest.0)?;
        let ships = match delivery.time_to_ship_s {
            Some([median, _]) => {
                let all = delivery.shipped.is_some_and(|shipped| shipped.share == 1.0);
                let of = if all { "" } else { " that stays" };
                let time = Quantity::Seconds.show(median);
                format!(" and a median of {time} to ship a good one{of}")
            }
            None => String::new(),
        };
        let name = self.name(cheapest);
        let fewest = known().all(|(plan, one)| plan == cheapest || certainly_less(least, one));
        Some(match self.choice.ending {
            Ending::Tie if fewest => {
                format!("Of the tied {name} takes fewest pods: a release {cost}{ships}.")
            }
            Ending::Tie => format!(
                "None of the tied certainly takes fewer pods than {name}: a release {cost}{ships}."
            ),
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
            let all = self.names(&tied);
            caveats.push(format!("Not proved to ship 95 % of the good releases: {all}."));
        }
        caveats
    }

    fn name(&self, plan: PlanId) -> String {
        (self.write)(self.results.scenario.plan_name(plan))
    }

    /// Names in a list.
    fn names(&self, plans: &[PlanId]) -> String {
        let names: Vec<String> = plans.iter().map(|plan| self.name(*plan)).collect();
        listed(&names.iter().map(String::as_str).collect::<Vec<_>>())
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
