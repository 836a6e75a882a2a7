//! Who stops what: a field per strategy and release, darker the more flights went back.
//!
//! Bad releases that went back were caught, good ones are false alarms: two colours, and what
//! became of the release in words, so that nothing is told by colour alone.

use super::canvas::{self, Align, Frame, Pen, Type, broken, measured, wrapped};
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette;
use crate::headlines::stops;
use crate::stops::{StopPart, parts};
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::Verdict;
use windtunnel_model::scenario::ids::{PlanId, VariantId};

/// Most releases side by side; more begin a further band below.
const ABREAST: usize = 6;
const HEADS: f64 = 70.0;
const BAND_GAP: f64 = 16.0;
const LINE: f64 = 19.0;
const NAMES_MAX: f64 = 190.0;
const INSIDE: f64 = 6.0;

/// What became of the flights.
const WHAT: Type = Type { size: 14.5, bold: true, paint: palette::INK };
/// How soon, and by whom.
const HOW: Type = Type { size: 14.5, bold: false, paint: palette::INK };

/// The chart of a report: bad releases that are taken back in time.
pub fn in_time(results: &ScenarioResults) -> Result<String, String> {
    svg(results, Verdict::RolledBackBad)
}

/// The chart as SVG; `caught` is the verdict of bad releases that counts.
pub fn svg(results: &ScenarioResults, caught: Verdict) -> Result<String, String> {
    let name = &results.scenario.name;
    let releases: Vec<VariantId> = results.scenario.variant_ids().collect();
    if results.stops.is_empty() || releases.is_empty() {
        return page::empty("No flight to tell who stops what", name);
    }
    let legend = [
        (Key::Area(palette::kind_paint("blueGreen")), format!("bad release: {}", caught.word())),
        (Key::Area(palette::kind_paint("recreate")), "good release: false alarm".to_string()),
    ];
    let subtitle =
        format!("{name}: shares of flights, by strategy and release; the darker, the more");
    let head = Head::new(WIDTH, &stops::headline(results, caught), &subtitle, &legend);
    let names = results.scenario.plans.iter().map(|plan| measured(&plan.name, palette::NAME));
    let left = MARGIN + names.fold(60.0, f64::max).min(NAMES_MAX) + 18.0;
    let count = releases.len().div_ceil(releases.len().div_ceil(ABREAST));
    let width = (WIDTH - MARGIN - left) / count as f64;
    let bands: Vec<Band<'_>> =
        releases.chunks(count).map(|own| Band::of(results, own, caught, width)).collect();
    let top = head.height() + 8.0;
    let heights = bands.iter().map(|band| band.height() + BAND_GAP);
    let bottom = top + heights.sum::<f64>();
    canvas::svg((WIDTH, bottom + MARGIN - BAND_GAP), &head.caption(), |pen| {
        head.draw(pen);
        let mut y = top;
        for band in &bands {
            band.draw(pen, (left, y));
            y += band.height() + BAND_GAP;
        }
    })
}

/// One field, laid out.
struct Field {
    lines: Vec<(String, Type)>,
    /// Share of the flights by which it is shaded.
    share: f64,
}

impl Field {
    fn of(
        results: &ScenarioResults,
        (plan, variant): (PlanId, VariantId),
        caught: Verdict,
        room: f64,
    ) -> Option<Field> {
        let share = stops::share(results, variant, plan, caught)?;
        let mut lines = Vec::new();
        for StopPart { what, how } in parts(results, (plan, variant), &|name| name.to_string())? {
            lines.extend(fitted(&what, room, WHAT).into_iter().map(|line| (line, WHAT)));
            lines.extend(fitted(&how, room, HOW).into_iter().map(|line| (line, HOW)));
        }
        Some(Field { lines, share })
    }
}

/// A text in lines that fit; long words are broken where their parts meet, and a figure stays with
/// its unit.
fn fitted(text: &str, room: f64, style: Type) -> Vec<String> {
    let line = |line: String| match measured(&line, style) <= room {
        true => vec![line],
        false => broken(&line, room, 2, style),
    };
    let glued = text.replace(" %", "~%");
    let lines = wrapped(&glued, room, style).into_iter().map(|line| line.replace("~%", " %"));
    lines.filter(|line| !line.is_empty()).flat_map(line).collect()
}

/// Releases side by side, strategies down.
struct Band<'a> {
    results: &'a ScenarioResults,
    releases: &'a [VariantId],
    width: f64,
    /// By strategy, then by release.
    rows: Vec<Vec<Option<Field>>>,
}

impl<'a> Band<'a> {
    fn of(
        results: &'a ScenarioResults,
        releases: &'a [VariantId],
        caught: Verdict,
        width: f64,
    ) -> Band<'a> {
        let room = width - 3.0 - 2.0 * INSIDE;
        let field = |plan: PlanId, id: &VariantId| Field::of(results, (plan, *id), caught, room);
        let row = |plan: PlanId| releases.iter().map(|id| field(plan, id)).collect();
        Band { results, releases, width, rows: results.scenario.plan_ids().map(row).collect() }
    }

    fn height(&self) -> f64 {
        HEADS + self.rows.iter().map(|row| row_height(row)).sum::<f64>()
    }

    fn draw(&self, pen: &Pen<'_>, (left, top): (f64, f64)) {
        let scenario = &self.results.scenario;
        for (at, id) in self.releases.iter().enumerate() {
            let middle = left + self.width * (at as f64 + 0.5);
            let kind = if scenario.variant(*id).bad { "bad release" } else { "good release" };
            let lines = broken(scenario.release_name(*id), self.width - 8.0, 2, palette::PANEL);
            for (n, line) in lines.iter().enumerate() {
                let up = (lines.len() - n) as f64 * 20.0;
                let place = (middle, top + HEADS - 12.0 - up);
                pen.text(line, place, Align::Middle, palette::PANEL);
            }
            pen.text(kind, (middle, top + HEADS - 12.0), Align::Middle, palette::NOTE);
        }
        let mut y = top + HEADS;
        for (row, plan) in self.rows.iter().zip(&scenario.plans) {
            let height = row_height(row);
            let lines = broken(&plan.name, left - MARGIN - 14.0, 2, palette::NAME);
            for (n, line) in lines.iter().enumerate() {
                let down = 22.0 * (n as f64 - (lines.len() as f64 - 1.0) / 2.0);
                pen.text(line, (MARGIN, y + height / 2.0 + down), Align::Left, palette::NAME);
            }
            for ((at, field), id) in row.iter().enumerate().zip(self.releases) {
                let left = left + self.width * at as f64;
                let right = left + self.width - 1.5;
                let frame =
                    Frame { left: left + 1.5, top: y + 1.5, right, bottom: y + height - 1.5 };
                let bad = scenario.variant(*id).bad;
                field.iter().for_each(|field| draw_field(pen, field, frame, bad));
            }
            y += height;
        }
    }
}

fn row_height(row: &[Option<Field>]) -> f64 {
    let lines = row.iter().flatten().map(|field| field.lines.len()).max().unwrap_or(1);
    lines.max(2) as f64 * LINE + 14.0
}

fn draw_field(pen: &Pen<'_>, field: &Field, frame: Frame, bad: bool) {
    let full = palette::kind_paint(if bad { "blueGreen" } else { "recreate" });
    // Dark fields would drown the words; two thirds are dark enough to be told from none.
    pen.fill(frame, palette::blend(palette::PAPER, full, 0.06 + 0.6 * field.share));
    let middle = (frame.top + frame.bottom) / 2.0;
    for (n, (line, style)) in field.lines.iter().enumerate() {
        let down = LINE * (n as f64 - (field.lines.len() as f64 - 1.0) / 2.0);
        pen.text(line, (frame.left + INSIDE, middle + down), Align::Left, *style);
    }
}
