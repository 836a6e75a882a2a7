//! `replay`: one release, told event by event.

use super::flags::{Format, Replay};
use super::{FINE, WRONG, input, output};
use crate::base::escape;
use crate::base::problem::nearest;
use crate::engine::{Order, fly, fly_twin};
use crate::experiment::fly::{recording_interval, single_order};
use crate::experiment::results::FlightRecord;
use crate::report;
use crate::report::telemetry::MARKERS;
use crate::scenario::model::Scenario;

/// Reflies the asked flight with recording on, and tells it.
pub fn run(flags: &Replay) -> u8 {
    let loaded = match input::load_or_say(&flags.source) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    input::tell(&loaded.import.lists);
    let [scenario] = loaded.scenarios.as_slice() else {
        output::say(&format!(
            "windtunnel: replay tells one scenario, {} were named",
            loaded.scenarios.len()
        ));
        return WRONG;
    };
    let (plan, variant) = match (plan_of(scenario, flags), variant_of(scenario, flags)) {
        (Some(plan), Some(variant)) => (plan, variant),
        _ => return WRONG,
    };
    let plain = single_order(scenario, flags.seed, flags.replication);
    let twin = fly_twin(scenario, &plain);
    let record = Some(recording_interval(scenario.horizon));
    let order = Order { record, export: flags.telemetry.is_some(), ..plain };
    let (outcome, recording) = fly(scenario, variant, &scenario.plans[plan], &order, &twin);
    let record = FlightRecord {
        release: scenario.release.variants[variant].name.clone(),
        strategy: scenario.plans[plan].name.clone(),
        replication: flags.replication,
        recording: recording.unwrap_or_default(),
    };
    if let Some(path) = &flags.telemetry
        && let Some((series, markers)) = report::telemetry::texts(scenario, &record)
    {
        let written = output::replace_file(path, &series)
            .and_then(|()| output::replace_file(&format!("{path}{MARKERS}"), &markers));
        if let Err(error) = written {
            output::say(&format!("windtunnel: {error}"));
            return WRONG;
        }
        let quoted = escape::shell::word(path);
        output::say(&format!("Telemetry: {path}; ask it with `windtunnel query {quoted} QUERY`."));
    }
    match flags.format {
        Format::Json => {
            let mut told = report::replay::json(scenario, &record);
            told["verdict"] = outcome.verdict.word().into();
            output::print(&escape::json::pretty(&told));
        }
        Format::Text => {
            let story = report::replay::text(scenario, &record);
            output::print(&format!("{story}\nVerdict: {}\n", outcome.verdict.word()));
        }
    }
    FINE
}

/// Finds a name in a list, or says what is known.
fn find<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Option<usize> {
    let known: Vec<&str> = known.collect();
    let found = known.iter().position(|k| *k == name);
    if found.is_none() {
        let near = nearest(name, known.iter().copied());
        let help = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
        output::say(&format!(
            "windtunnel: no {what} {name:?}; known are {}{help}",
            known.join(", ")
        ));
    }
    found
}

fn plan_of(scenario: &Scenario, flags: &Replay) -> Option<usize> {
    match &flags.strategy {
        Some(name) => find("strategy", name, scenario.plans.iter().map(|p| p.name.as_str())),
        None => Some(0),
    }
}

fn variant_of(scenario: &Scenario, flags: &Replay) -> Option<usize> {
    let variants = &scenario.release.variants;
    match &flags.release {
        Some(name) => find("release", name, variants.iter().map(|v| v.name.as_str())),
        None => Some(variants.iter().position(|v| v.bad).unwrap_or(0)),
    }
}
