//! The timeline of one strategy: traffic by version, pods by phase and the share of good answers,
//! one column a variant, with every turn of the flight numbered and told below.
//!
//! The new version has the strategy's colour, the old one is grey. All columns share their axes.

use super::axis::{self, Axis};
use super::canvas::{self, Align, Frame, Paint, Pen, Type, shortened};
use super::flight::{self, Column};
use super::measures::listed;
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette;
use crate::experiment::results::{FlightRecord, ScenarioResults};
use crate::outcome::{Event, Outcome, Verdict};
use crate::report::figure::{self, Quantity};
use crate::report::reading::HURT_SHARE;

const AXIS_WIDTH: f64 = 56.0;
const GAP: f64 = 30.0;
const PANELS: [(&str, f64); 3] = [
    ("Requests per second, by version", 110.0),
    ("Pods, by version and phase", 130.0),
    ("Good answers, % of requests", 100.0),
];
const PANEL_TITLE: f64 = 30.0;
const HEADS: f64 = 54.0;
const NUMBERS: f64 = 34.0;
const TOLD_LINE: f64 = 21.0;
/// Most lines in which one event is told.
const TOLD_MAX: usize = 3;
const NUMBER: Type = Type { size: 14.5, bold: true, paint: palette::PAPER };
const TOLD: Type = Type { size: 16.0, bold: false, paint: palette::INK };

/// What is drawn of one variant.
struct Lane<'a> {
    record: &'a FlightRecord,
    outcome: Option<&'a Outcome>,
    columns: Vec<Column>,
    turns: Vec<&'a Event>,
}

/// What all lanes share.
struct Shared {
    paint: Paint,
    release_s: f64,
    time: Axis,
    axes: [Axis; 3],
}

/// The chart of one strategy as SVG.
pub fn svg(results: &ScenarioResults, plan: usize) -> Result<String, String> {
    let scenario = &results.scenario;
    let Some(name) = scenario.plans.get(plan).map(|plan| plan.name.as_str()) else {
        return page::empty("No such strategy", &scenario.name);
    };
    let lanes = lanes(results, name);
    let subtitle = match lanes.first() {
        Some(lane) => format!(
            "{}: one typical flight of each release (replication {})",
            scenario.name, lane.record.replication
        ),
        None => scenario.name.clone(),
    };
    if lanes.iter().all(|lane| lane.columns.is_empty()) {
        return page::empty(&format!("{name}: no flight was recorded"), &subtitle);
    }
    let paints = palette::strategy_paints(scenario);
    let paint = paints.get(plan).copied().unwrap_or(palette::OLD);
    let shared = shared(&lanes, paint, scenario.release.at.as_secs_f64());
    let head = Head::new(WIDTH, &message(name, &lanes), &subtitle, &legend(&lanes, paint));
    let width = lane_width(lanes.len());
    let told: Vec<Vec<Vec<String>>> = lanes.iter().map(|lane| told(lane, &shared, width)).collect();
    let lines = told.iter().map(|told| told.iter().map(Vec::len).sum::<usize>()).max();
    let panels: f64 = PANELS.iter().map(|(_, height)| height + PANEL_TITLE).sum();
    let top = head.height() + 6.0;
    let bottom = top + HEADS + NUMBERS + panels;
    let height = bottom + 64.0 + lines.unwrap_or(0) as f64 * TOLD_LINE + MARGIN;
    canvas::svg((WIDTH, height), &head.caption(), |pen| {
        head.draw(pen);
        for (index, (lane, told)) in lanes.iter().zip(&told).enumerate() {
            let left = MARGIN + AXIS_WIDTH + index as f64 * (width + GAP);
            let frame = Frame { left, top, right: left + width, bottom };
            draw_lane(pen, lane, &shared, frame, index == 0);
            draw_told(pen, told, left, bottom + 64.0);
        }
    })
}

fn lane_width(lanes: usize) -> f64 {
    let count = lanes.max(1) as f64;
    (WIDTH - 2.0 * MARGIN - AXIS_WIDTH - GAP * (count - 1.0)) / count
}

fn lanes<'a>(results: &'a ScenarioResults, strategy: &str) -> Vec<Lane<'a>> {
    let release_s = results.scenario.release.at.as_secs_f64();
    let records: Vec<&FlightRecord> =
        results.recordings.iter().filter(|record| record.strategy == strategy).collect();
    let ends = records.iter().map(|record| flight::last_turn_s(&record.recording, release_s));
    let (from, to) = (flight::first_s(release_s), ends.fold(0.0, f64::max));
    let lane = |record: &&'a FlightRecord| Lane {
        record,
        outcome: outcome(results, record),
        columns: flight::columns(&record.recording, release_s, from, to),
        turns: flight::turns(&record.recording),
    };
    records.iter().map(lane).collect()
}

/// The row of `runs.csv` that the recording belongs to.
fn outcome<'a>(results: &'a ScenarioResults, record: &FlightRecord) -> Option<&'a Outcome> {
    let scenario = &results.scenario;
    let variant = scenario.release.variants.iter().position(|v| v.name == record.release)?;
    let plan = scenario.plans.iter().position(|plan| plan.name == record.strategy)?;
    let flights = results.flights.get(variant)?.get(plan)?;
    flights.iter().find(|flight| flight.replication == record.replication)
}

fn shared(lanes: &[Lane<'_>], paint: Paint, release_s: f64) -> Shared {
    let all = || lanes.iter().flat_map(|lane| &lane.columns);
    let from = all().map(|column| column.from_s).fold(f64::INFINITY, f64::min);
    let to = all().map(|column| column.to_s).fold(f64::NEG_INFINITY, f64::max);
    let rate = all().map(|column| column.rate);
    let pods = all().map(|column| f64::from(column.pods.iter().flatten().sum::<u32>()));
    let worst = all().map(|column| 1.0 - column.failed - column.slow).fold(1.0, f64::min);
    let floors = [0.99, 0.98, 0.95, 0.9, 0.8, 0.5];
    let floor = floors.into_iter().find(|floor| *floor <= worst).unwrap_or(0.0);
    let rates = rate.fold(0.0, f64::max);
    Shared {
        paint,
        release_s,
        time: Axis::between(Quantity::Seconds, from, to),
        axes: [
            Axis::between(Quantity::Count, 0.0, rates * 1.1),
            Axis::between(Quantity::Count, 0.0, pods.fold(1.0, f64::max) * 1.05),
            Axis::between(Quantity::Share, floor, 1.0),
        ],
    }
}

/// How a flight ended, as a part of a sentence after "the … release".
fn ending(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PromotedGood => "stays",
        Verdict::RolledBackBad => "is taken back in time",
        Verdict::MissedBad => "stays unnoticed",
        Verdict::FalseRollback => "is taken back by mistake",
        Verdict::RolledBackLate => "is promoted, then taken back",
        Verdict::NoEvidence => "ends without evidence",
        Verdict::PassedGood => "passes",
        Verdict::Unfinished => "is unfinished at the horizon",
    }
}

fn message(name: &str, lanes: &[Lane<'_>]) -> String {
    let parts: Vec<String> = lanes
        .iter()
        .filter_map(|lane| {
            let verdict = lane.outcome?.verdict;
            Some(format!("the {} release {}", lane.record.release, ending(verdict)))
        })
        .collect();
    if parts.is_empty() {
        return format!("{name}: how a release goes");
    }
    format!("{name}: {}", listed(&parts.iter().map(String::as_str).collect::<Vec<_>>()))
}

const PHASES: [&str; 4] = ["starting", "ready", "unready", "terminating"];
/// Order in which phases are piled up.
const PILE: [usize; 4] = [1, 2, 3, 0];

fn phase_paint(shared: Paint, version: usize, phase: usize) -> Paint {
    let base = if version == 0 { palette::OLD } else { shared };
    match phase {
        0 => palette::blend(base, palette::PAPER, 0.62),
        1 => base,
        2 => palette::blend(base, palette::FAILED, 0.6),
        _ => palette::blend(base, palette::INK, 0.55),
    }
}

/// Versions, the phases that occur, and what dents the good answers.
fn legend(lanes: &[Lane<'_>], paint: Paint) -> Vec<(Key, String)> {
    let all = || lanes.iter().flat_map(|lane| &lane.columns);
    let mut legend = Vec::new();
    for (version, word) in ["old", "new"].into_iter().enumerate() {
        for phase in PILE {
            let seen = all().any(|column| column.pods[version][phase] > 0);
            if seen || phase == 1 {
                let words = format!("{word} {}", PHASES[phase]);
                legend.push((Key::Area(phase_paint(paint, version, phase)), words));
            }
        }
    }
    if all().any(|column| column.failed > 0.0) {
        legend.push((Key::Area(palette::FAILED), "failed or wrong".to_string()));
    }
    if all().any(|column| column.slow > 0.0) {
        legend.push((Key::Area(palette::SLOW), "slow".to_string()));
    }
    legend
}

fn draw_lane(pen: &Pen<'_>, lane: &Lane<'_>, shared: &Shared, frame: Frame, first: bool) {
    draw_lane_head(pen, lane, frame);
    let x = |seconds: f64| frame.left + shared.time.place(seconds) * frame.width();
    let mut top = frame.top + HEADS + NUMBERS;
    let mut panels = Vec::new();
    for ((title, height), axis) in PANELS.iter().zip(&shared.axes) {
        top += PANEL_TITLE;
        let panel = Frame { top, bottom: top + height, ..frame };
        pen.fill(panel, palette::BAND);
        draw_panel_axis(pen, axis, panel, first.then_some(*title));
        panels.push(panel);
        top += height;
    }
    let step = |panel: &Frame, axis: &Axis, column: &Column, low: f64, high: f64, paint: Paint| {
        let y = |value: f64| panel.bottom - axis.place(value) * panel.height();
        let (left, right) = (x(column.from_s), x(column.to_s));
        if y(low) - y(high) > 0.05 {
            pen.fill(Frame { left, right, top: y(high), bottom: y(low) }, paint);
        }
    };
    for column in &lane.columns {
        let old = column.rate * (1.0 - column.weight_new);
        step(&panels[0], &shared.axes[0], column, 0.0, old, palette::OLD);
        step(&panels[0], &shared.axes[0], column, old, column.rate, shared.paint);
        let mut piled = 0.0;
        for (version, pods) in column.pods.iter().enumerate() {
            for phase in PILE {
                let next = piled + f64::from(pods[phase]);
                let paint = phase_paint(shared.paint, version, phase);
                step(&panels[1], &shared.axes[1], column, piled, next, paint);
                piled = next;
            }
        }
        let answered = 1.0 - column.failed;
        step(&panels[2], &shared.axes[2], column, answered, 1.0, palette::FAILED);
        step(&panels[2], &shared.axes[2], column, answered - column.slow, answered, palette::SLOW);
    }
    draw_time(pen, shared, frame, panels[2].bottom);
    draw_turns(pen, lane, shared, frame, &panels);
}

/// Name of the variant, how the flight ended, and whom it hurt.
fn draw_lane_head(pen: &Pen<'_>, lane: &Lane<'_>, frame: Frame) {
    let title = match lane.outcome {
        Some(outcome) => format!("{}: {}", lane.record.release, outcome.verdict.word()),
        None => lane.record.release.clone(),
    };
    let title = shortened(&title, frame.width(), palette::NAME);
    pen.text(&title, (frame.left, frame.top + 18.0), Align::Left, palette::NAME);
    let hurt = lane.outcome.and_then(|outcome| outcome.measures.get(HURT_SHARE));
    if let Some(share) = hurt {
        let words = format!("{} of the users hurt by it", Quantity::Share.show(share));
        pen.text(&words, (frame.left, frame.top + 42.0), Align::Left, palette::NOTE);
    }
}

/// Grid, title, and for the first column the ticks.
fn draw_panel_axis(pen: &Pen<'_>, axis: &Axis, panel: Frame, title: Option<&str>) {
    if let Some(title) = title {
        let place = (panel.left, panel.top - PANEL_TITLE / 2.0 + 2.0);
        pen.text(title, place, Align::Left, palette::PANEL);
    }
    for tick in axis.ticks() {
        let y = panel.bottom - tick.place * panel.height();
        pen.line((panel.left, y), (panel.right, y), palette::GRID, 1.0);
        if title.is_some() {
            pen.text(&tick.label, (panel.left - 7.0, y), Align::Right, palette::NOTE);
        }
    }
}

fn draw_time(pen: &Pen<'_>, shared: &Shared, frame: Frame, bottom: f64) {
    let ticks = shared.time.ticks();
    for (x, label) in axis::labels(&ticks, frame.left, frame.width(), palette::NOTE) {
        pen.line((x, bottom), (x, bottom + 5.0), palette::SOFT, 1.0);
        pen.text(&label, (x, bottom + 16.0), Align::Middle, palette::NOTE);
    }
    let words = format!("{} since the release began", unit_word(shared.time.unit()));
    let middle = (frame.left + frame.right) / 2.0;
    pen.text(&words, (middle, bottom + 38.0), Align::Middle, palette::NOTE);
}

fn unit_word(unit: &str) -> &str {
    match unit {
        "s" => "seconds",
        "min" => "minutes",
        "h" => "hours",
        other => other,
    }
}

/// A numbered line through all panels for every turn; numbers are moved apart where they crowd.
fn draw_turns(pen: &Pen<'_>, lane: &Lane<'_>, shared: &Shared, frame: Frame, panels: &[Frame]) {
    const APART: f64 = 26.0;
    let at = |event: &Event| {
        let since = event.at.as_secs_f64() - shared.release_s;
        frame.left + shared.time.place(since) * frame.width()
    };
    let lines: Vec<f64> = lane.turns.iter().map(|event| at(event)).collect();
    let places = spread(&lines, APART, frame.left + 11.0, frame.right - 11.0);
    let middle = frame.top + HEADS + NUMBERS / 2.0;
    for (number, (line, place)) in lines.iter().zip(&places).enumerate() {
        let start = panels.first().map_or(frame.top, |panel| panel.top);
        pen.line((*place, middle + 10.0), (*line, middle + 26.0), palette::INK, 1.2);
        pen.line((*line, middle + 26.0), (*line, start), palette::INK, 1.2);
        for panel in panels {
            pen.dashed((*line, panel.top), (*line, panel.bottom), palette::INK, 1.2);
        }
        pen.disc((*place, middle), 11.0, palette::INK);
        let label = (number + 1).to_string();
        pen.text(&label, (*place, middle - 1.0), Align::Middle, NUMBER);
    }
}

/// Places in the order given, at least `apart` from each other, within bounds where possible.
fn spread(wanted: &[f64], apart: f64, least: f64, most: f64) -> Vec<f64> {
    let mut places: Vec<f64> = wanted.iter().map(|x| x.clamp(least, most)).collect();
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + apart);
    }
    let mut limit = most;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - apart;
    }
    places
}

/// The turns in words: number, time since the release, text; each in lines that fit.
fn told(lane: &Lane<'_>, shared: &Shared, width: f64) -> Vec<Vec<String>> {
    let tell = |(number, event): (usize, &&Event)| {
        let since = figure::clock(event.at.as_secs_f64() - shared.release_s);
        let mut lines = canvas::wrapped(&format!("{since} {}", event.text), width - 30.0, TOLD);
        if lines.len() > TOLD_MAX {
            let rest = lines.split_off(TOLD_MAX - 1).join(" ");
            lines.push(shortened(&rest, width - 30.0, TOLD));
        }
        lines.insert(0, (number + 1).to_string());
        lines
    };
    let mut all: Vec<Vec<String>> = lane.turns.iter().enumerate().map(tell).collect();
    // The number stands beside the first line, not on one of its own.
    for lines in &mut all {
        if lines.len() > 1 {
            let number = lines.remove(0);
            lines[0] = format!("{number}\t{}", lines[0]);
        }
    }
    all
}

fn draw_told(pen: &Pen<'_>, told: &[Vec<String>], left: f64, top: f64) {
    let mut y = top + TOLD_LINE / 2.0;
    for line in told.iter().flatten() {
        let words = match line.split_once('\t') {
            Some((number, words)) => {
                pen.disc((left + 10.0, y), 9.5, palette::INK);
                let small = Type { size: 13.0, ..NUMBER };
                pen.text(number, (left + 10.0, y - 1.0), Align::Middle, small);
                words
            }
            None => line,
        };
        pen.text(words, (left + 28.0, y), Align::Left, TOLD);
        y += TOLD_LINE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowded_numbers_move_apart() {
        let places = spread(&[10.0, 11.0, 12.0, 300.0], 20.0, 0.0, 100.0);
        assert_eq!(places, [10.0, 30.0, 50.0, 100.0]);
        let places = spread(&[99.0, 100.0], 20.0, 0.0, 100.0);
        assert_eq!(places, [80.0, 100.0]);
        assert!(spread(&[], 20.0, 0.0, 100.0).is_empty());
    }
}
