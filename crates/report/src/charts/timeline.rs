//! The timeline of one strategy: traffic by version, pods by phase and the share of good answers,
//! one column a variant, three to a row, with every turn of the flight numbered and told below.
//!
//! The new version has the strategy's colour, the old one is grey. All columns share their axes.

use super::axis::{self, Axis};
use super::canvas::{self, Align, Frame, Paint, Pen, shortened};
use super::flight::{self, Column};
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette;
use super::pane::{Pane, draw_grid};
use super::turns::{self, Told};
use crate::figure::Quantity;
use crate::headlines::listed;
use crate::reading::HURT_SHARE;
use windtunnel_experiment::results::{FlightRecord, ScenarioResults};
use windtunnel_model::outcome::{Event, Outcome, Verdict};
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_model::scenario::model::Scenario;

const AXIS_WIDTH: f64 = 56.0;
const GAP: f64 = 30.0;
const PANELS: [(&str, f64); 3] = [
    ("Requests per second, by version", 110.0),
    ("Pods, by version and phase", 130.0),
    ("Good answers, % of requests (dashed: the objective of {objective})", 100.0),
];
const PANEL_TITLE: f64 = 30.0;
const HEADS: f64 = 54.0;
const NUMBERS: f64 = 34.0;
/// Most columns side by side: narrower ones have no room for their captions.
const LANES: usize = 3;
/// From the panels to the events: the axis of time and its words.
const BELOW: f64 = 64.0;
/// Between two rows of columns.
const ROW_GAP: f64 = 26.0;

/// What is drawn of one variant.
struct Lane<'a> {
    release: &'a str,
    record: &'a FlightRecord,
    outcome: Option<&'a Outcome>,
    columns: Vec<Column>,
    turns: Vec<&'a Event>,
    untold: usize,
}

/// What all lanes share.
struct Shared {
    paint: Paint,
    release_s: f64,
    time: Axis,
    axes: [Axis; 3],
    /// Share of requests that must succeed.
    objective: f64,
}

/// The chart of one strategy as SVG.
pub fn svg(results: &ScenarioResults, plan: PlanId) -> Result<String, String> {
    let scenario = &results.scenario;
    let Some(name) = scenario.plans.get(plan.0).map(|plan| plan.name.as_str()) else {
        return page::empty("No such strategy", &scenario.name);
    };
    let lanes = lanes(results, plan);
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
    let paint = paints.get(plan.0).copied().unwrap_or(palette::OLD);
    let shared = shared(&lanes, paint, scenario);
    let head = Head::new(WIDTH, &message(name, &lanes), &subtitle, &legend(&lanes, paint));
    let width = lane_width(lanes.len().min(LANES));
    let told: Vec<Told> = lanes
        .iter()
        .map(|lane| Told::new(&lane.turns, lane.untold, shared.release_s, width))
        .collect();
    let panels: f64 = PANELS.iter().map(|(_, height)| height + PANEL_TITLE).sum();
    let body = HEADS + NUMBERS + panels;
    // Each row is as high as the longest event log in it.
    let mut tops = vec![head.height() + 6.0];
    for row in told.chunks(LANES) {
        let events = row.iter().map(Told::height).fold(0.0, f64::max);
        let top = tops.last().copied().unwrap_or(0.0);
        tops.push(top + body + BELOW + events + ROW_GAP);
    }
    let height = tops.last().copied().unwrap_or(0.0) - ROW_GAP + MARGIN;
    canvas::svg((WIDTH, height), &head.caption(), |pen| {
        head.draw(pen);
        for (index, (lane, told)) in lanes.iter().zip(&told).enumerate() {
            let (row, column) = (index / LANES, index % LANES);
            let left = MARGIN + AXIS_WIDTH + column as f64 * (width + GAP);
            let bottom = tops[row] + body;
            let frame = Frame { left, top: tops[row], right: left + width, bottom };
            draw_lane(pen, lane, &shared, frame, column == 0);
            told.draw(pen, left, bottom + BELOW);
        }
    })
}

fn lane_width(lanes: usize) -> f64 {
    let count = lanes.max(1) as f64;
    (WIDTH - 2.0 * MARGIN - AXIS_WIDTH - GAP * (count - 1.0)) / count
}

fn lanes<'a>(results: &'a ScenarioResults, plan: PlanId) -> Vec<Lane<'a>> {
    let release_s = results.scenario.release.at.as_secs_f64();
    let records: Vec<&FlightRecord> =
        results.recordings.iter().filter(|record| record.plan == plan).collect();
    let ends = records.iter().map(|record| flight::last_turn_s(&record.recording, release_s));
    let (from, to) = (flight::first_s(release_s), ends.fold(0.0, f64::max));
    let lane = |record: &&'a FlightRecord| Lane {
        release: results.scenario.release_name(record.variant),
        record,
        outcome: outcome(results, record),
        columns: flight::columns(&record.recording, release_s, from, to),
        turns: flight::turns(&record.recording),
        untold: flight::untold(&record.recording),
    };
    records.iter().map(lane).collect()
}

/// The row of `runs.csv` that the recording belongs to.
fn outcome<'a>(results: &'a ScenarioResults, record: &FlightRecord) -> Option<&'a Outcome> {
    let flights = results.flights.get(record.variant.0)?.get(record.plan.0)?;
    flights.iter().find(|flight| flight.replication == record.replication)
}

fn shared(lanes: &[Lane<'_>], paint: Paint, scenario: &Scenario) -> Shared {
    let all = || lanes.iter().flat_map(|lane| &lane.columns);
    let from = all().map(|column| column.from_s).fold(f64::INFINITY, f64::min);
    let to = all().map(|column| column.to_s).fold(f64::NEG_INFINITY, f64::max);
    let rate = all().map(|column| column.rate);
    let pods = all().map(|column| f64::from(column.pods.iter().flatten().sum::<u32>()));
    let worst = all().map(|column| 1.0 - column.failed - column.slow).fold(1.0, f64::min);
    let floors = [0.98, 0.95, 0.9, 0.8, 0.5];
    let floor = floors.into_iter().find(|floor| *floor <= worst).unwrap_or(0.0);
    let rates = rate.fold(0.0, f64::max);
    Shared {
        paint,
        release_s: scenario.release.at.as_secs_f64(),
        objective: scenario.service.objective.value(),
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
            Some(format!("the {} release {}", lane.release, ending(verdict)))
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
    // The numbers of the turns stand between the first panel and its title.
    let mut top = frame.top + HEADS;
    let mut panels = Vec::new();
    for (index, ((title, height), axis)) in PANELS.iter().zip(&shared.axes).enumerate() {
        let gap = PANEL_TITLE + if index == 0 { NUMBERS } else { 0.0 };
        let panel = Frame { top: top + gap, bottom: top + gap + height, ..frame };
        pen.fill(panel, palette::BAND);
        if first {
            let place = (panel.left, top + PANEL_TITLE / 2.0 + 2.0);
            let objective = Quantity::Share.show(shared.objective);
            let title = title.replace("{objective}", &objective);
            pen.text(&title, place, Align::Left, palette::PANEL);
        }
        draw_grid(pen, axis, panel, first);
        top = panel.bottom;
        panels.push(Pane { frame: panel, time: &shared.time, axis });
    }
    let columns = &lane.columns;
    let old = |c: &Column| c.rate * (1.0 - c.weight_new);
    panels[0].area(pen, columns, &|_| 0.0, &old, palette::OLD);
    panels[0].area(pen, columns, &old, &|c| c.rate, shared.paint);
    let mut piled: Vec<(usize, usize)> = Vec::new();
    for layer in [0, 1].into_iter().flat_map(|v| PILE.map(|phase| (v, phase))) {
        let below = |c: &Column| piled.iter().map(|(v, p)| f64::from(c.pods[*v][*p])).sum();
        let above = |c: &Column| below(c) + f64::from(c.pods[layer.0][layer.1]);
        let paint = phase_paint(shared.paint, layer.0, layer.1);
        panels[1].area(pen, columns, &below, &above, paint);
        piled.push(layer);
    }
    let answered = |c: &Column| 1.0 - c.failed;
    panels[2].area(pen, columns, &answered, &|_| 1.0, palette::FAILED);
    panels[2].area(pen, columns, &|c| answered(c) - c.slow, &answered, palette::SLOW);
    panels[2].level(pen, shared.objective);
    let panels: Vec<Frame> = panels.iter().map(|panel| panel.frame).collect();
    draw_time(pen, shared, frame, frame.bottom);
    let at = |event: &&Event| {
        let since = event.at.as_secs_f64() - shared.release_s;
        frame.left + shared.time.place(since) * frame.width()
    };
    let lines: Vec<f64> = lane.turns.iter().map(at).collect();
    let numbers = frame.top + HEADS + PANEL_TITLE + NUMBERS / 2.0 - 6.0;
    turns::draw(pen, &lines, numbers, &panels);
}

/// Name of the variant, how the flight ended, and whom it hurt.
fn draw_lane_head(pen: &Pen<'_>, lane: &Lane<'_>, frame: Frame) {
    let title = match lane.outcome {
        Some(outcome) => format!("{}: {}", lane.release, outcome.verdict.word()),
        None => lane.release.to_string(),
    };
    let title = shortened(&title, frame.width(), palette::NAME);
    pen.text(&title, (frame.left, frame.top + 18.0), Align::Left, palette::NAME);
    let hurt = lane.outcome.and_then(|outcome| outcome.measures.get(HURT_SHARE));
    if let Some(share) = hurt {
        let words = format!("{} of the users hurt by it", Quantity::Share.show(share));
        pen.text(&words, (frame.left, frame.top + 42.0), Align::Left, palette::NOTE);
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
