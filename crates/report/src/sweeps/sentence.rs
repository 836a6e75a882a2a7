//! The sentences of a sweep, each with what must be so before it is said.

use super::{Strip, flights};
use crate::charts::sweep::crossing;
use crate::figure::Quantity;
use crate::headlines::listed;
use crate::setting::{scale, short};
use windtunnel_base::count::counted;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_experiment::sweep::{Estimated, Grid, SweepOrder, change, choice_turns, chosen};
use windtunnel_experiment::winner::Ending;
use windtunnel_model::outcome::MeasureId;

/// Writes a name that a user chose.
pub type Write<'w> = &'w dyn Fn(&str) -> String;

/// What was swept, in what, and how often it was flown.
pub fn head(grid: &Grid<'_>, write: Write<'_>) -> String {
    let settings: Vec<String> = grid.settings.iter().map(|setting| write(&setting.path)).collect();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let points = grid.flown().count() as u64;
    let with = match super::further(&grid.fixed) {
        none if none.is_empty() => String::new(),
        fixed => format!(" with {}", write(&fixed)),
    };
    let (least, most) = flights(grid);
    let each = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let flights = if most == 1 { "flight" } else { "flights" };
    format!(
        "{} over {}{with}: {}, {each} {flights} of each strategy with each release",
        write(grid.scenario),
        listed(&settings),
        counted(points, if grid.settings.len() == 1 { "value" } else { "point" }),
    )
}

/// What may be chosen at a point, in few words; nothing where there was no choice.
pub fn choice(results: Option<&ScenarioResults>, write: Write<'_>) -> String {
    let Some(results) = results.filter(|results| results.scenario.plans.len() > 1) else {
        return "–".to_string();
    };
    let names: Vec<String> = chosen(results).into_iter().map(write).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match (results.choice.ending, names.first()) {
        (Ending::Nobody, _) | (_, None) => "none can be chosen".to_string(),
        (Ending::Wins, Some(first)) => format!("{first} wins"),
        (Ending::Leads, Some(first)) => format!("{first} leads, not proved"),
        (Ending::Alone, Some(first)) => format!("only {first}"),
        (Ending::Tie, Some(_)) => format!("a tie: {}", listed(&names)),
    }
}

/// The same in a field of a map; what only leads with a question mark ([`QUESTION`]).
pub fn short_choice(results: Option<&ScenarioResults>, write: Write<'_>) -> String {
    let Some(results) = results else { return "–".to_string() };
    let names: Vec<String> = chosen(results).into_iter().map(write).collect();
    match names.as_slice() {
        [] => "none".to_string(),
        [one] if results.choice.ending == Ending::Leads => format!("{one}?"),
        [one] => one.clone(),
        [one, other] => format!("{one} / {other}"),
        more => format!("tie of {}", more.len()),
    }
}

/// What the question mark behind a name means.
pub const QUESTION: &str = "A name with a question mark leads, and is not proved.";

/// Does a strategy only lead, at a point or more?
pub fn has_lead(grid: &Grid<'_>) -> bool {
    grid.flown().any(|results| results.choice.ending == Ending::Leads)
}

/// A figure in a table whose title names its unit where that is long.
pub fn cell(quantity: Quantity, (value, (lower, upper)): Estimated, whole: bool) -> String {
    let text = match whole {
        true => quantity.show_interval(value, lower, upper),
        false => quantity.show(value),
    };
    text.replace(" fleet-min", "")
}

/// Is there a choice at any point?
pub fn has_choice(grid: &Grid<'_>) -> bool {
    grid.flown().any(|results| results.scenario.plans.len() > 1)
}

/// Where the choice turns along the first setting.
pub fn choice_turning(grid: &Grid<'_>, second: usize, write: Write<'_>) -> String {
    let (line, setting) = (grid.line(second), &grid.settings[0]);
    let value = |at: usize| write(setting.values[at].trim());
    let of = |at: usize| {
        let names = line[at].map_or(Vec::new(), chosen);
        let names: Vec<String> = names.into_iter().map(write).collect();
        let leads = line[at].is_some_and(|results| results.choice.ending == Ending::Leads);
        match names.as_slice() {
            [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
            [one] if leads => format!("{one} leads, not proved"),
            _ => names.concat(),
        }
    };
    let name = write(short(&setting.path));
    let turns = choice_turns(&line);
    if turns.is_empty() {
        let sorted = |at: usize| {
            let mut names = line[at].map_or(Vec::new(), chosen);
            names.sort_unstable();
            names
        };
        let first = sorted(0);
        let same = !first.is_empty() && (1..line.len()).all(|at| sorted(at) == first);
        let known = line.iter().flatten();
        let leads = known.filter(|results| results.choice.ending == Ending::Leads).count();
        return match (same, first.len()) {
            (true, 1) if leads > 0 => format!(
                "The same leads at every value of {name}: {}; it is not proved at {leads} of {}.",
                write(first[0]),
                line.len()
            ),
            (true, 1) => format!("The choice is the same at every value of {name}: {}.", of(0)),
            (true, _) => format!("The same may be chosen at every value of {name}: {}.", of(0)),
            _ => format!(
                "The choice does not turn for certain over {name}: no two values rule out each \
                 other's."
            ),
        };
    }
    let turn = |(before, after): (usize, usize)| {
        format!("between {} ({}) and {} ({})", value(before), of(before), value(after), of(after))
    };
    let turns: Vec<String> = turns.into_iter().map(turn).collect();
    let turns: Vec<&str> = turns.iter().map(String::as_str).collect();
    format!("The choice turns with {name} {}.", listed(&turns))
}

/// Where the order of two strategies turns by a figure.
pub fn order(grid: &Grid<'_>, strip: &Strip, order: &SweepOrder, write: Write<'_>) -> String {
    let value = |at: usize| write(grid.settings[0].values[at].trim());
    let (before, after) = (value(order.turn.0), value(order.turn.1));
    let about = match about(grid, strip, order) {
        Some(place) => format!(", at about {}", write(&place)),
        None => String::new(),
    };
    format!(
        "{} is better at {before}, {} at {after}: they change places in between{about}.",
        write(&order.first),
        write(&order.then)
    )
}

/// Where the drawn curves of the two cross.
pub fn about(grid: &Grid<'_>, strip: &Strip, order: &SweepOrder) -> Option<String> {
    let values: Vec<&str> = grid.settings[0].values.iter().map(|value| value.trim()).collect();
    let place = crossing(&super::pictures::picture(grid, strip, Some(order)))?;
    Some(scale(&values)?.shown(place))
}

/// What a figure of each strategy has at the last value more than at the first, flight by flight.
pub fn changes(grid: &Grid<'_>, measure: MeasureId, write: Write<'_>) -> Option<String> {
    let line = grid.line(0);
    let (first, last) = (line.first().copied().flatten()?, line.last().copied().flatten()?);
    let quantity = Quantity::of(measure);
    let one = |(name, _): &(&str, &'static str)| {
        let found = change((first, last), (first.scenario.release_name(MIX), name), measure)?;
        let shown = quantity.show_interval(found.value, found.interval.lower, found.interval.upper);
        let zero =
            !shown.split(' ').next().unwrap_or_default().contains(|c| ('1'..='9').contains(&c));
        let sign = if found.value > 0.0 && !zero { "+" } else { "" };
        Some(format!("{} {sign}{shown}", write(name)))
    };
    let each: Vec<String> = grid.strategies().iter().filter_map(one).collect();
    let values = &grid.settings[0].values;
    let value = |value: Option<&String>| write(value.map_or("", |value| value.trim()));
    let (from, to) = (value(values.first()), value(values.last()));
    (!each.is_empty())
        .then(|| format!("From {from} to {to}, flight by flight: {}.", each.join("; ")))
}

const MIX: windtunnel_model::scenario::ids::ReleaseId =
    windtunnel_model::scenario::ids::ReleaseId::Mix;

/// The figures that are the same everywhere, in a line.
pub fn flat(strips: &[Strip]) -> Option<String> {
    let one = |strip: &Strip| {
        let value = strip.flat()?;
        Some(format!("{} {}", strip.main.title, strip.quantity.show(value)))
    };
    let each: Vec<String> = strips.iter().filter_map(one).collect();
    (!each.is_empty())
        .then(|| format!("The same for all strategies at every value: {}.", each.join(", ")))
}
