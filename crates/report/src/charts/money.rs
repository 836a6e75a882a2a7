//! A year in dollars: a bar a strategy, of the parts one upon the other, with the interval of the
//! total.
//!
//! The axis is linear, for lengths are added. Parts below 0 (what a release spares) lie to the left
//! of zero; the mark stands at the total.

use super::axis::{self, Axis};
use super::canvas::{self, Align, Frame, Paint, Pen, measured, shortened};
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette::{self, Mark};
use crate::figure::{Quantity, significant};
use crate::{headlines, money};
use plotters::style::RGBColor;
use windtunnel_experiment::money::YearRow;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::BillPart;

const LINE: f64 = 46.0;
const BAR: f64 = 24.0;
const NAMES_MAX: f64 = 210.0;

/// What the totals leave out takes so much below the axis.
const FOOT: f64 = 24.0;

/// Colours of the parts: of Okabe and Ito, in the order of [`BillPart::ALL`].
fn paint(part: BillPart) -> Paint {
    match part {
        BillPart::Pods => RGBColor(86, 180, 233),
        BillPart::Platform => RGBColor(0, 114, 178),
        BillPart::People => RGBColor(230, 159, 0),
        BillPart::Harm => RGBColor(213, 94, 0),
        BillPart::Delay => RGBColor(204, 121, 167),
    }
}

/// The chart as SVG; nothing where nobody asked for dollars.
pub fn svg(results: &ScenarioResults) -> Result<Option<String>, String> {
    if !results.money.is_asked {
        return Ok(None);
    }
    let scenario = &results.scenario;
    let times = significant(scenario.releases_per_year);
    let subtitle = format!(
        "{}: {times} releases beyond a year without any; parts, and the total with its 95 % \
         interval",
        scenario.name
    );
    let years: Vec<&YearRow> =
        results.money.years.iter().filter(|year| year.total.is_some()).collect();
    if years.is_empty() {
        let title = "No flight to tell a year's dollars from";
        return page::empty(title, &scenario.name).map(Some);
    }
    let is_there = |part: &BillPart| years.iter().any(|year| year.part(*part) != 0.0);
    let parts: Vec<BillPart> = BillPart::ALL.into_iter().filter(is_there).collect();
    let area = |part: &BillPart| (Key::Area(paint(*part)), part.word().to_string());
    let mut legend: Vec<(Key, String)> = parts.iter().map(area).collect();
    legend.push((Key::Mark(Mark::Disc), "total".to_string()));
    let title = headlines::money::headline(results);
    let head = Head::new(WIDTH, &title, &subtitle, &legend);
    let foot: Vec<String> = money::not_counted(results)
        .map(|line| canvas::wrapped(&line, WIDTH - 2.0 * MARGIN, palette::NOTE))
        .unwrap_or_default();
    let top = head.height() + 16.0;
    let bottom = top + years.len() as f64 * LINE;
    let size = (WIDTH, bottom + 62.0 + foot.len() as f64 * FOOT);
    let drawn = canvas::svg(size, &head.caption(), |pen| {
        head.draw(pen);
        draw(pen, results, &years, (top, bottom));
        for (number, line) in foot.iter().enumerate() {
            let y = bottom + 58.0 + number as f64 * FOOT;
            pen.text(line, (MARGIN, y), Align::Left, palette::NOTE);
        }
    });
    drawn.map(Some)
}

/// Where the parts of a bar begin and end: those above 0 to the right of zero, the others to the
/// left.
fn pieces(year: &YearRow) -> Vec<(BillPart, f64, f64)> {
    let (mut left, mut right) = (0.0, 0.0);
    let mut found = Vec::new();
    for part in BillPart::ALL {
        let value = year.part(part);
        let edge = if value < 0.0 { &mut left } else { &mut right };
        found.push((part, *edge, *edge + value));
        *edge += value;
    }
    found.retain(|(_, from, until)| from != until);
    found
}

fn draw(pen: &Pen<'_>, results: &ScenarioResults, years: &[&YearRow], (top, bottom): (f64, f64)) {
    let scenario = &results.scenario;
    let names = years.iter().map(|y| measured(scenario.plan_name(y.plan), palette::NAME));
    let names = names.fold(60.0, f64::max).min(NAMES_MAX) + 22.0;
    let figures: Vec<String> =
        years.iter().filter_map(|y| y.total).map(|t| Quantity::Usd.show(t.value)).collect();
    let room = figures.iter().map(|f| measured(f, palette::LABEL_NOTE)).fold(0.0, f64::max) + 20.0;
    let frame = Frame { left: MARGIN + names, top, right: WIDTH - MARGIN - room, bottom };
    let ends = years.iter().flat_map(|year| {
        let bars = pieces(year).into_iter().map(|(_, _, until)| until);
        let total = year.total.map(|t| [t.value, t.interval.lower, t.interval.upper]);
        bars.chain(total.into_iter().flatten()).filter(|end| end.is_finite())
    });
    let (least, most) = ends.fold((0.0, 0.0), |(a, b), end| (f64::min(a, end), f64::max(b, end)));
    let axis = Axis::linear_over(Quantity::Usd, least, most);
    let x = |value: f64| frame.left + axis.place(value) * frame.width();
    let paints = palette::strategy_paints(scenario);
    for (number, (year, figure)) in years.iter().zip(&figures).enumerate() {
        let middle = top + (number as f64 + 0.5) * LINE;
        let band = Frame {
            left: MARGIN,
            top: middle - LINE / 2.0,
            right: WIDTH - MARGIN,
            bottom: middle + LINE / 2.0,
        };
        if number % 2 == 0 {
            pen.fill(band, palette::BAND);
        }
        pen.fill(Frame { right: MARGIN + 5.0, ..band }, paints[year.plan.0]);
        let name = shortened(scenario.plan_name(year.plan), names - 16.0, palette::NAME);
        pen.text(&name, (MARGIN + 13.0, middle), Align::Left, palette::NAME);
        let place = (WIDTH - MARGIN - 8.0, middle);
        pen.text(figure, place, Align::Right, palette::LABEL_NOTE);
    }
    grid(pen, &axis, frame);
    for (number, year) in years.iter().enumerate() {
        bar(pen, year, &x, top + (number as f64 + 0.5) * LINE);
    }
    let words = "US dollars a year →";
    pen.text(words, (frame.right, bottom + 38.0), Align::Right, palette::PANEL);
}

fn grid(pen: &Pen<'_>, axis: &Axis, frame: Frame) {
    let ticks = axis.ticks();
    for tick in &ticks {
        let (paint, width) =
            if tick.value == 0.0 { (palette::SOFT, 1.5) } else { (palette::GRID, 1.0) };
        let at = frame.left + tick.place * frame.width();
        pen.line((at, frame.top), (at, frame.bottom), paint, width);
    }
    for (at, label) in axis::labels(&ticks, frame.left, frame.width(), palette::NOTE) {
        pen.text(&label, (at, frame.bottom + 16.0), Align::Middle, palette::NOTE);
    }
}

fn bar(pen: &Pen<'_>, year: &YearRow, x: &dyn Fn(f64) -> f64, y: f64) {
    for (part, from, until) in pieces(year) {
        let (left, right) = (x(from.min(until)), x(from.max(until)));
        let piece = Frame { left, top: y - BAR / 2.0, right, bottom: y + BAR / 2.0 };
        pen.fill(piece, paint(part));
    }
    let Some(total) = year.total else { return };
    let (lower, upper) = (total.interval.lower, total.interval.upper);
    if lower.is_finite() && upper.is_finite() {
        pen.line((x(lower), y), (x(upper), y), palette::INK, 2.0);
        for end in [x(lower), x(upper)] {
            pen.line((end, y - 6.0), (end, y + 6.0), palette::INK, 2.0);
        }
    }
    palette::draw_mark(pen, Mark::Disc, (x(total.value), y), palette::INK);
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_model::scenario::ids::PlanId;

    /// Pieces on either side end where their sums do, and both ends together are the total.
    #[test]
    fn pieces_add_up_on_either_side_of_zero() {
        let year = YearRow {
            plan: PlanId(0),
            total: None,
            parts: [-5.0, 100.0, 0.0, -20.0, 40.0],
            versus: None,
        };
        let found = pieces(&year);
        let ends: Vec<(f64, f64)> = found.iter().map(|(_, from, until)| (*from, *until)).collect();
        assert_eq!(ends, [(0.0, -5.0), (0.0, 100.0), (-5.0, -25.0), (100.0, 140.0)]);
    }
}
