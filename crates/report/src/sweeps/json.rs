//! Sweeps for machines.

use super::{Strip, sentence, strips};
use serde_json::{Value, json};
use windtunnel_experiment::results::Results;
use windtunnel_experiment::sweep::{Grid, SweepOrder, choice_turns, chosen, grids};

/// All sweeps; empty without one.
pub fn json(results: &Results) -> Vec<Value> {
    grids(&results.scenarios).iter().map(of).collect()
}

fn of(grid: &Grid<'_>) -> Value {
    let across = grid.settings.get(1).map_or(1, |setting| setting.values.len());
    let settings = grid.settings.iter().map(|setting| {
        let values: Vec<&str> = setting.values.iter().map(|value| value.trim()).collect();
        json!({"path": setting.path, "values": values})
    });
    let points = grid.flown().map(|results| {
        let point = results.scenario.point.clone().unwrap_or_default();
        let values = point.values.iter().map(|(path, value)| (path.clone(), json!(value.trim())));
        json!({
            "scenario": results.scenario.name,
            "values": Value::Object(values.collect()),
            "ending": results.choice.ending.word(),
            "choice": chosen(results),
        })
    });
    json!({
        "scenario": grid.scenario,
        "settings": settings.collect::<Vec<_>>(),
        "further": grid.fixed.iter()
            .map(|(path, value)| json!({"path": path, "value": value.trim()}))
            .collect::<Vec<_>>(),
        "points": points.collect::<Vec<_>>(),
        "lines": (0..across).map(|second| line(grid, second)).collect::<Vec<_>>(),
    })
}

/// Where things turn along the first setting, at a value of the second.
fn line(grid: &Grid<'_>, second: usize) -> Value {
    let values = &grid.settings[0].values;
    let turns = choice_turns(&grid.line(second)).into_iter().map(
        |(before, after)| json!({"before": values[before].trim(), "after": values[after].trim()}),
    );
    let orders = strips(grid, second).into_iter().flat_map(|strip| orders(grid, &strip));
    json!({
        "at": grid.settings.get(1).map(|setting| setting.values[second].trim()),
        "choice_turns": turns.collect::<Vec<_>>(),
        "order_turns": orders.collect::<Vec<_>>(),
    })
}

fn orders(grid: &Grid<'_>, strip: &Strip) -> Vec<Value> {
    let values = &grid.settings[0].values;
    let order = |order: &SweepOrder| {
        let SweepOrder { first, then, turn } = order;
        json!({
            "measure": strip.main.what.measure().map(|measure| measure.name()),
            "figure": strip.main.title,
            "better_before": first,
            "better_after": then,
            "before": values[turn.0].trim(),
            "after": values[turn.1].trim(),
            "about": sentence::about(grid, strip, order),
        })
    };
    strip.orders.iter().map(order).collect()
}
