//! A curve per strategy over the values of one setting: where a claim, or an order, turns.
//!
//! The band marks the values between which it turns, the dashed upright the crossing. Textbooks and
//! runs draw the same picture.

use super::axis::Axis;
use super::canvas::{self, Align, Frame, Paint, Pen, measured};
use super::page::{Head, MARGIN, WIDTH};
use super::palette::{self, Mark};
use super::pane::draw_grid;
use crate::figure::Quantity;
use windtunnel_experiment::sweep::{Curve, Estimated, Turn};
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::model::{Expectation, Expected, Scenario, Statistic};

const HEIGHT: f64 = 340.0;
/// Figures below this share of the largest are drawn as next to nothing.
const SEEN: f64 = 1e-3;

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What the picture says, in one sentence above it.
    pub title: String,
    /// Where it turns.
    pub message: String,
    /// Path of the setting.
    pub setting: String,
    /// What is measured, in words.
    pub measure: String,
    /// In what.
    pub quantity: Quantity,
    /// Values of the setting, as written.
    pub values: Vec<String>,
    /// Where they lie, 0 to 1.
    pub places: Vec<f64>,
    /// What a single curve, or the difference of two, is compared with, if with anything.
    pub limit: Option<f64>,
    /// Are shares, small and large, read against the whole on one straight axis? Else decades are
    /// drawn where figures span some.
    pub straight: bool,
    /// The two curves that change places, by place in the list.
    pub pair: (usize, usize),
    /// The values around the turn, by place in the list.
    pub turn: Option<Turn>,
    /// Curves, one a strategy.
    pub curves: Vec<Curve>,
}

/// What a line measures, in words.
pub fn measure_words(scenario: &Scenario, line: &Expectation) -> String {
    let release = scenario.release_name(line.release);
    match line.what {
        Expected::Measure { measure, statistic } => {
            let statistic = match statistic {
                Statistic::Mean => "mean",
                Statistic::P05 => "5 % quantile",
                Statistic::P50 => "median",
                Statistic::P95 => "95 % quantile",
                Statistic::Spread => "middle half",
            };
            format!("{}, {statistic}, of {release} releases", plain(measure))
        }
        Expected::Difference { measure, .. } => {
            format!("{}, mean, of {release} releases", plain(measure))
        }
        Expected::Verdict(verdict) => {
            format!("share of {release} releases {}", verdict.word())
        }
        Expected::StoppedBy => format!("share of {release} releases stopped by {}", line.by),
        Expected::Rating { rating, .. } => rating.word().to_string(),
    }
}

/// A column of `runs.csv` in words: its unit stands at the axis.
fn plain(measure: MeasureId) -> String {
    if measure == MeasureId::ReleaseUsd {
        return "cost and harm".into();
    }
    let name = measure.name();
    name.strip_suffix(measure.measure().unit.ending()).unwrap_or(name).replace('_', " ")
}

impl Picture {
    fn axis(&self) -> Axis {
        let points = self.curves.iter().flat_map(|curve| curve.points.iter().flatten());
        let ends = points.flat_map(|(value, (lower, upper))| [*value, *lower, *upper]);
        let ends: Vec<f64> = ends.chain(self.level()).filter(|end| end.is_finite()).collect();
        if !self.straight {
            // What is next to nothing beside the largest takes no decades of its own.
            let largest = ends.iter().copied().map(f64::abs).fold(0.0, f64::max);
            let seen = ends.iter().copied().filter(|end| end.abs() >= largest * SEEN);
            return Axis::over(self.quantity, seen).stretched(0.04);
        }
        if self.quantity != Quantity::Share {
            return Axis::over(self.quantity, ends).stretched(0.04);
        }
        let most = ends.iter().copied().fold(0.0, f64::max);
        let least = ends.iter().copied().fold(0.0, f64::min);
        Axis::over(self.quantity, [least, most]).stretched(0.04)
    }

    /// The limit of a single curve.
    fn level(&self) -> Option<f64> {
        self.limit.filter(|_| self.curves.len() == 1)
    }
}

/// Where the curves meet (or the one its limit), 0 to 1, as they are drawn: on straight lines
/// between the values around the turn.
pub fn crossing(picture: &Picture) -> Option<f64> {
    let (before, after) = picture.turn?;
    let axis = picture.axis();
    let height = |curve: &Curve, at: usize| Some(axis.place(curve.points[at]?.0));
    let gap = |at: usize| match picture.curves.as_slice() {
        [one] => Some(height(one, at)? - axis.place(picture.limit?)),
        curves if picture.limit.is_none_or(|limit| limit == 0.0) => {
            let (one, other) = (curves.get(picture.pair.0)?, curves.get(picture.pair.1)?);
            Some(height(one, at)? - height(other, at)?)
        }
        _ => None,
    };
    (before..after).find_map(|at| {
        let (a, b) = (gap(at)?, gap(at + 1)?);
        let part = a / (a - b);
        let (from, to) = (picture.places[at], picture.places[at + 1]);
        ((a <= 0.0) != (b <= 0.0)).then_some(from + part * (to - from))
    })
}

/// The chart as SVG.
pub fn svg(picture: &Picture) -> Result<String, String> {
    let subtitle = format!("{}; with 95 % intervals", picture.message);
    let head = Head::new(WIDTH, &picture.title, &subtitle, &[]);
    let names = picture.curves.iter().map(|curve| measured(&curve.name, palette::NAME));
    let room = names.fold(60.0, f64::max) + 26.0;
    let top = head.height() + 52.0;
    let frame =
        Frame { left: MARGIN + 70.0, top, right: WIDTH - MARGIN - room, bottom: top + HEIGHT };
    canvas::svg((WIDTH, frame.bottom + 70.0), &head.caption(), |pen| {
        head.draw(pen);
        draw(pen, picture, frame);
    })
}

fn draw(pen: &Pen<'_>, picture: &Picture, frame: Frame) {
    let axis = picture.axis();
    let x = |place: f64| frame.left + 16.0 + place * (frame.width() - 32.0);
    let y = |value: f64| frame.bottom - axis.place(value) * frame.height();
    if let Some((before, after)) = picture.turn {
        let (left, right) = (x(picture.places[before]), x(picture.places[after]));
        pen.fill(Frame { left, right, ..frame }, palette::BAND);
    }
    draw_grid(pen, &axis, frame, true);
    pen.line((frame.left, frame.bottom), (frame.right, frame.bottom), palette::SOFT, 1.5);
    if let Some(limit) = picture.level() {
        pen.dashed((frame.left, y(limit)), (frame.right, y(limit)), palette::INK, 1.5);
        let words = format!("limit {}", picture.quantity.show(limit));
        pen.text(&words, (frame.right + 8.0, y(limit)), Align::Left, palette::NOTE);
    }
    if let Some(place) = crossing(picture) {
        pen.dashed((x(place), frame.top), (x(place), frame.bottom), palette::SOFT, 1.5);
        pen.text("turns", (x(place), frame.top - 11.0), Align::Middle, palette::NOTE);
    }
    draw_values(pen, picture, frame, &x);
    let paints = paints(&picture.curves);
    for (n, (curve, paint)) in picture.curves.iter().zip(&paints).enumerate() {
        let aside = aside(n, picture);
        draw_curve(pen, curve, (*paint, mark(n, picture)), &|at| x(picture.places[at]) + aside, &y);
    }
    draw_names(pen, picture, &paints, frame, &y);
    let unit = axis.unit();
    let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
    let words = format!("↑ {}{unit}", picture.measure);
    pen.text(&words, (MARGIN, frame.top - 34.0), Align::Left, palette::PANEL);
}

/// The colours of the kinds; the second curve of a kind is darker, further ones are shades.
fn paints(curves: &[Curve]) -> Vec<Paint> {
    let paint = |index: usize| {
        let own = palette::kind_paint(curves[index].kind);
        let before = curves[..index].iter().filter(|c| c.kind == curves[index].kind).count();
        match before {
            0 => own,
            1 => palette::blend(own, palette::INK, 0.5),
            more => palette::shaded(own, more),
        }
    };
    (0..curves.len()).map(paint).collect()
}

/// Curves beyond two differ by their marks as well.
fn mark(number: usize, picture: &Picture) -> Mark {
    const MARKS: [Mark; 8] = [
        Mark::Disc,
        Mark::Square,
        Mark::Diamond,
        Mark::Triangle,
        Mark::Arrow,
        Mark::Ring,
        Mark::Box,
        Mark::Gem,
    ];
    if picture.curves.len() > 2 { MARKS[number % MARKS.len()] } else { Mark::Disc }
}

/// Many curves stand a little beside each other, so that no interval hides another: this many
/// points to the right.
fn aside(number: usize, picture: &Picture) -> f64 {
    let count = picture.curves.len();
    if count < 3 {
        return 0.0;
    }
    // Never so far that a mark stands nearer to the next value.
    let gaps = picture.places.windows(2).map(|pair| pair[1] - pair[0]);
    let room = gaps.fold(1.0, f64::min) * 640.0 * 0.5;
    let step = (room / count as f64).min(6.0);
    (number as f64 - (count as f64 - 1.0) / 2.0) * step
}

fn draw_values(pen: &Pen<'_>, picture: &Picture, frame: Frame, x: &dyn Fn(f64) -> f64) {
    let mut free_from = f64::NEG_INFINITY;
    for (value, place) in picture.values.iter().zip(&picture.places) {
        let (middle, half) = (x(*place), measured(value, palette::NOTE) / 2.0 + 3.0);
        pen.line((middle, frame.bottom), (middle, frame.bottom + 5.0), palette::SOFT, 1.5);
        if middle - half > free_from {
            pen.text(value, (middle, frame.bottom + 17.0), Align::Middle, palette::NOTE);
            free_from = middle + half;
        }
    }
    let words = format!("{} →", picture.setting);
    pen.text(&words, (frame.right, frame.bottom + 46.0), Align::Right, palette::PANEL);
}

fn draw_curve(
    pen: &Pen<'_>,
    curve: &Curve,
    (paint, mark): (Paint, Mark),
    x: &dyn Fn(usize) -> f64,
    y: &dyn Fn(f64) -> f64,
) {
    let known =
        |(at, point): (usize, &Option<Estimated>)| point.map(|(value, _)| (x(at), y(value)));
    let line: Vec<canvas::Point> = curve.points.iter().enumerate().filter_map(known).collect();
    if line.len() > 1 {
        pen.path(&line, paint, 3.0);
    }
    for (at, point) in curve.points.iter().enumerate() {
        let Some((value, (lower, upper))) = point else { continue };
        if lower.is_finite() && upper.is_finite() {
            pen.line((x(at), y(*lower)), (x(at), y(*upper)), paint, 2.0);
        }
        palette::draw_mark(pen, mark, (x(at), y(*value)), paint);
    }
}

/// Names at the right ends of the curves, moved apart where they would touch.
fn draw_names(
    pen: &Pen<'_>,
    picture: &Picture,
    paints: &[Paint],
    frame: Frame,
    y: &dyn Fn(f64) -> f64,
) {
    let last = |curve: &Curve| curve.points.iter().flatten().last().map(|(value, _)| y(*value));
    let mut ends: Vec<(usize, f64)> =
        picture.curves.iter().enumerate().filter_map(|(n, c)| Some((n, last(c)?))).collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free_from = frame.top - 10.0;
    let limit = picture.level().map(y);
    if ends.len() > 2 {
        spread(&mut ends, (frame.top, frame.bottom));
    }
    for (curve, end) in ends {
        let mut middle = end.max(free_from + 11.0);
        if let Some(limit) = limit.filter(|limit| (middle - limit).abs() < 20.0) {
            middle = if end <= limit { limit - 20.0 } else { limit + 20.0 };
        }
        let name = &picture.curves[curve].name;
        let style = canvas::Type { paint: paints[curve], ..palette::NAME };
        pen.text(name, (frame.right + 8.0, middle), Align::Left, style);
        free_from = middle + 11.0;
    }
}

/// Moves names apart that would touch, as little as possible, within the frame.
fn spread(ends: &mut [(usize, f64)], (top, bottom): (f64, f64)) {
    const APART: f64 = 22.0;
    let count = ends.len();
    for at in 1..count {
        ends[at].1 = ends[at].1.max(ends[at - 1].1 + APART);
    }
    if let Some(last) = ends.last_mut() {
        last.1 = last.1.min(bottom);
    }
    for at in (1..count).rev() {
        ends[at - 1].1 = ends[at - 1].1.min(ends[at].1 - APART);
    }
    let above = ends.first().map_or(0.0, |first| (top - first.1).max(0.0));
    ends.iter_mut().for_each(|end| end.1 += above);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart_and_within() {
        for places in [[10.0, 12.0, 14.0, 15.0], [330.0, 335.0, 338.0, 340.0], [0.0, 0.0, 0.0, 0.0]]
        {
            let mut ends: Vec<(usize, f64)> = places.into_iter().enumerate().collect();
            spread(&mut ends, (0.0, 340.0));
            assert!(ends.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 21.9), "{ends:?}");
            assert!(ends.iter().all(|(_, y)| (0.0..=340.0).contains(y)), "{ends:?}");
        }
    }
}
