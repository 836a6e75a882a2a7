//! What a sweep came to: figures over the values of a setting, and where they turn.
//!
//! The points of a sweep are flown as scenarios of their own, from the same seed: replication n
//! draws from the same addresses at every value. So strategies are compared within a value, and
//! values within a strategy, replication by replication. A claim of a textbook that is swept and
//! the points of `--set` come to the same [`Curve`]s and the same [`Turn`]s. Deliberately absent:
//! words and pictures.

mod figure;
mod order;

pub use figure::{MAIN, Main, Of, What, change, figure};
pub use order::{SweepOrder, orders};

use super::results::{Judgement, ScenarioResults};
use super::winner::Ending;
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_scenario::sweep::{Changes, Setting};

/// A figure with the ends of its 95 % interval.
pub type Estimated = (f64, (f64, f64));

/// A figure over the values of a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name of the strategy.
    pub name: String,
    /// The strategies' kind, by which curves are coloured.
    pub kind: &'static str,
    /// Figure and interval at every value; nothing where no flight has one.
    pub points: Vec<Option<Estimated>>,
}

/// Between which values (by place) something turns: the last certain one before, the first after.
pub type Turn = (usize, usize);

/// The last value at which a line is certain, before the first at which it is certainly the other
/// way.
pub fn turn(judgements: impl IntoIterator<Item = Judgement>) -> Option<Turn> {
    let mut before: Option<(usize, Judgement)> = None;
    for (at, now) in judgements.into_iter().enumerate() {
        match (before, now) {
            (_, Judgement::Undecided) => {}
            (Some((last, was)), now) if was != now => return Some((last, at)),
            (_, now) => before = Some((at, now)),
        }
    }
    None
}

/// The points of one swept scenario, on one setting or two.
#[derive(Clone, Debug)]
pub struct Grid<'r> {
    /// Name of the scenario.
    pub scenario: &'r str,
    /// Settings beyond the second, each with its value here.
    pub fixed: Changes,
    /// The settings that are drawn: one, or two.
    pub settings: Vec<Setting>,
    /// What was flown, the second setting fastest; nothing where a run was interrupted before.
    points: Vec<Option<&'r ScenarioResults>>,
}

/// Settings that a grid shows; of more there is a grid for each combination of the others.
const SHOWN: usize = 2;

/// The grids of all scenarios that were swept, in the order of the input.
pub fn grids(results: &[ScenarioResults]) -> Vec<Grid<'_>> {
    let mut keys: Vec<(&str, &[(String, String)])> = Vec::new();
    for (scenario, values) in results.iter().filter_map(place) {
        let key = (scenario, &values[SHOWN.min(values.len())..]);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.into_iter().map(|(scenario, fixed)| grid(results, scenario, fixed)).collect()
}

fn place(results: &ScenarioResults) -> Option<(&str, &Changes)> {
    let point = results.scenario.point.as_ref()?;
    Some((&point.scenario, &point.values))
}

fn grid<'r>(
    results: &'r [ScenarioResults],
    scenario: &'r str,
    fixed: &[(String, String)],
) -> Grid<'r> {
    let mine = || {
        results.iter().filter_map(move |results| {
            let (name, values) = place(results)?;
            let (shown, others) = values.split_at(SHOWN.min(values.len()));
            (name == scenario && others == fixed).then_some((results, shown))
        })
    };
    let mut settings: Vec<Setting> = Vec::new();
    for (path, value) in mine().flat_map(|(_, shown)| shown) {
        let at = settings.iter().position(|setting| setting.path == *path);
        let at = at.unwrap_or(settings.len());
        if at == settings.len() {
            settings.push(Setting { path: path.clone(), values: Vec::new() });
        }
        if !settings[at].values.contains(value) {
            settings[at].values.push(value.clone());
        }
    }
    let count = settings.iter().map(|setting| setting.values.len()).product();
    let mut points = vec![None; count];
    for (results, shown) in mine() {
        let places = settings.iter().zip(shown).map(|(setting, (_, value))| {
            let at = setting.values.iter().position(|known| known == value);
            (at.unwrap_or(0), setting.values.len())
        });
        let at = places.fold(0, |sum, (at, count)| sum * count + at);
        points[at] = Some(results);
    }
    Grid { scenario, fixed: fixed.to_vec(), settings, points }
}

impl<'r> Grid<'r> {
    /// What was flown at the n-th value of the first setting and the m-th of the second.
    pub fn at(&self, first: usize, second: usize) -> Option<&'r ScenarioResults> {
        let across = self.settings.get(1).map_or(1, |setting| setting.values.len());
        self.points.get(first * across + second).copied().flatten()
    }

    /// What was flown at each value of the first setting, at the m-th value of the second.
    pub fn line(&self, second: usize) -> Vec<Option<&'r ScenarioResults>> {
        (0..self.settings[0].values.len()).map(|first| self.at(first, second)).collect()
    }

    /// All that was flown.
    pub fn flown(&self) -> impl Iterator<Item = &'r ScenarioResults> {
        self.points.iter().copied().flatten()
    }

    /// Names and kinds of the strategies of all points, in the order in which they appear.
    pub fn strategies(&self) -> Vec<(&'r str, &'static str)> {
        let mut all: Vec<(&str, &'static str)> = Vec::new();
        for plan in self.flown().flat_map(|results| &results.scenario.plans) {
            if !all.iter().any(|(name, _)| *name == plan.name) {
                all.push((&plan.name, plan.kind));
            }
        }
        all
    }
}

/// The curves of a figure along a line of points, one a strategy.
pub fn curves(
    strategies: &[(&str, &'static str)],
    line: &[Option<&ScenarioResults>],
    what: What,
) -> Vec<Curve> {
    let at = |results: &Option<&ScenarioResults>, name: &str| {
        let found = figure((*results)?, plan((*results)?, name)?, what)?;
        Some((found.value, (found.interval.lower, found.interval.upper)))
    };
    let curve = |(name, kind): &(&str, &'static str)| Curve {
        name: (*name).to_string(),
        kind,
        points: line.iter().map(|results| at(results, name)).collect(),
    };
    strategies.iter().map(curve).collect()
}

/// The strategy of a name.
pub fn plan(results: &ScenarioResults, name: &str) -> Option<PlanId> {
    results.scenario.plans.iter().position(|plan| plan.name == name).map(PlanId)
}

/// The strategies that may be chosen at a point: the one that wins or leads, or all of a tie.
pub fn chosen(results: &ScenarioResults) -> Vec<&str> {
    let choice = &results.choice;
    let plans = match choice.ending {
        Ending::Tie => choice.tied(),
        _ => choice.standings.first().map(|first| first.plan).into_iter().collect(),
    };
    plans.into_iter().map(|plan| results.scenario.plan_name(plan)).collect()
}

/// Where the choice turns along a line: between two values that have none in common of those that
/// may be chosen, with none such pair between them.
pub fn choice_turns(line: &[Option<&ScenarioResults>]) -> Vec<Turn> {
    let sets: Vec<Vec<&str>> =
        line.iter().map(|results| results.map_or(Vec::new(), chosen)).collect();
    let apart = |from: usize, to: usize| {
        let known = !sets[from].is_empty() && !sets[to].is_empty();
        known && !sets[from].iter().any(|name| sets[to].contains(name))
    };
    let (mut turns, mut start) = (Vec::new(), 0);
    for to in 0..sets.len() {
        if let Some(from) = (start..to).rev().find(|from| apart(*from, to)) {
            turns.push((from, to));
            start = to;
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_turns_between_the_certain_values() {
        use Judgement::{Fails, Holds, Undecided};
        assert_eq!(turn([Holds, Undecided, Undecided, Fails, Fails]), Some((0, 3)));
        assert_eq!(turn([Undecided, Holds, Holds, Fails]), Some((2, 3)));
        assert_eq!(turn([Holds, Undecided, Holds]), None);
        assert_eq!(turn([]), None);
    }
}
