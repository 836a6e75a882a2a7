//! Telemetry of a recorded flight as text: OpenMetrics, and the markers that it cannot carry.
//!
//! Types are those of the exporters. Deliberately absent: which flight, and where the text goes.

use super::Document;
use super::names::slugs;
use std::collections::BTreeMap;
use windtunnel_base::time::SimTime;
use windtunnel_experiment::results::{FlightRecord, Results};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::telemetry::exposition::{markers, write};
use windtunnel_model::telemetry::family::{self, SeriesKind};
use windtunnel_model::telemetry::unix_ms;

/// The ending of the markers' file beside an export.
pub const MARKERS: &str = ".stale";

/// Is it a text of markers that windtunnel wrote, to its end?
pub fn is_markers(text: &str) -> bool {
    text.starts_with(markers::HEAD) && text.lines().next_back() == Some(markers::EOF)
}

/// The exports of all flights that kept their telemetry, made one at a time: they are large.
pub fn documents(results: &Results) -> impl Iterator<Item = Document> + '_ {
    let folders = slugs(results.scenarios.iter().map(|s| s.scenario.name.as_str()));
    let flights = results.scenarios.iter().zip(folders).flat_map(|(scenario, folder)| {
        let named = move |record| (scenario, format!("telemetry/{folder}"), record);
        scenario.recordings.iter().map(named)
    });
    flights.flat_map(|(scenario, folder, record)| {
        let of = &scenario.scenario;
        let names = [of.plan_name(record.plan), of.release_name(record.variant)];
        let name = slugs([&*names.join(" ")]);
        let path = format!("{folder}/{}.om", name.concat());
        let texts = texts(&scenario.scenario, record);
        texts.into_iter().flat_map(move |(series, markers)| {
            let markers = Document { path: format!("{path}{MARKERS}"), bytes: markers.into() };
            [Document { path: path.clone(), bytes: series.into() }, markers]
        })
    })
}

/// The text of an export, and that of its markers; nothing when the flight kept no telemetry.
pub fn texts(scenario: &Scenario, record: &FlightRecord) -> Option<(String, String)> {
    let store = record.recording.telemetry.as_ref()?;
    let kinds: BTreeMap<String, SeriesKind> =
        family::all().flat_map(|f| f.samples().into_iter().map(|s| (s, f.kind))).collect();
    let kind = |name: &str| match kinds.get(name) {
        Some(SeriesKind::Counter) => write::ExpositionKind::Counter,
        Some(SeriesKind::Gauge) => write::ExpositionKind::Gauge,
        Some(SeriesKind::Histogram) => write::ExpositionKind::Histogram,
        None if name == "up" => write::ExpositionKind::Gauge,
        None => write::ExpositionKind::Unknown,
    };
    let release_at = unix_ms(SimTime::ZERO + scenario.release.at);
    let series = markers::said(write::write(store, &kind));
    let markers = markers::write(store, Some(release_at), &series);
    Some((series, markers))
}
