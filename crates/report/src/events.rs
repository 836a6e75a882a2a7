//! `events.jsonl`: the event log of the recorded flights, one JSON object a line.
//!
//! Together with `timeline.csv` it is all that a replay needs. Deliberately absent: anything that
//! was not recorded.

use super::{Document, Format};
use serde_json::{Value, json};
use windtunnel_base::escape::json;
use windtunnel_experiment::results::{FlightRecord, Results, ScenarioResults};
use windtunnel_model::outcome::Event;

/// What makes these files of the results.
pub const FORMAT: Format = make;

fn make(results: &Results) -> Result<Vec<Document>, String> {
    let mut bytes = Vec::new();
    for scenario in &results.scenarios {
        for record in &scenario.recordings {
            for event in &record.recording.events {
                let line = json::line(&object(scenario, record, event));
                bytes.extend_from_slice(line.as_bytes());
            }
        }
    }
    Ok(vec![Document { path: "events.jsonl".to_string(), bytes }])
}

/// One event with the flight it belongs to.
fn object(scenario: &ScenarioResults, record: &FlightRecord, event: &Event) -> Value {
    let release_s = scenario.scenario.release.at.as_secs_f64();
    let mut line = json!({
        "scenario": scenario.scenario.name,
        "release": scenario.scenario.release_name(record.variant),
        "strategy": scenario.scenario.plan_name(record.plan),
        "replication": record.replication,
    });
    if let (Value::Object(line), Value::Object(rest)) = (&mut line, described(event, release_s)) {
        line.extend(rest);
    }
    line
}

/// What an event says, with its time since the start and since the release.
pub(super) fn described(event: &Event, release_s: f64) -> Value {
    let t_s = event.at.as_secs_f64();
    json!({
        "t_s": t_s,
        "since_release_s": t_s - release_s,
        "kind": event.kind,
        "text": event.text,
        "strip": event.strip,
        "weight_new": event.weight_new,
    })
}
