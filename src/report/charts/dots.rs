//! A dot chart: one line a strategy and variant, one panel a measure, each value with its
//! interval and its figure beside it.
//!
//! Dots instead of bars, because values of very different size need a logarithmic axis, on which
//! the length of a bar means nothing. Deliberately absent: which measures.

use super::axis::Axis;
use super::canvas::{self, Align, Frame, Paint, Pen, measured, shortened};
use super::page::{Head, Key, MARGIN, WIDTH};
use super::palette::{self, Mark};

const LINE: f64 = 27.0;
const GROUP_GAP: f64 = 9.0;
const PANEL_GAP: f64 = 26.0;
const PANEL_TITLE: f64 = 28.0;
const ZONE_WORDS: f64 = 22.0;
const NAMES_MAX: f64 = 210.0;
/// From the whisker to the figure beside it.
const FIGURE_GAP: f64 = 12.0;

/// A dot chart.
pub struct DotChart {
    /// The message.
    pub title: String,
    /// What is drawn.
    pub subtitle: String,
    /// What the marks mean.
    pub legend: Vec<(Mark, String)>,
    /// The measures, from left to right.
    pub panels: Vec<Panel>,
    /// The strategies, from top to bottom.
    pub groups: Vec<Group>,
}

/// One measure.
pub struct Panel {
    /// Name of the measure; the axis adds its unit.
    pub title: String,
    /// Its axis.
    pub axis: Axis,
    /// Zones of the axis: where each ends, and its word.
    pub zones: Vec<(f64, &'static str)>,
}

/// The lines of one strategy.
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub paint: Paint,
    /// Its lines, each with one cell a panel.
    pub lines: Vec<(Mark, Vec<Cell>)>,
}

/// What one panel shows on one line.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A value with its interval (not finite if open) and its figure in words.
    Value {
        /// The mean.
        mean: f64,
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
        /// The figure beside it.
        figure: String,
    },
    /// Words instead of a value; they may be empty.
    Words(String),
}

impl Cell {
    /// All ends that are finite, to make an axis from.
    pub fn ends(&self) -> Vec<f64> {
        match self {
            Cell::Value { mean, lower, upper, .. } => {
                [*mean, *lower, *upper].into_iter().filter(|end| end.is_finite()).collect()
            }
            Cell::Words(_) => Vec::new(),
        }
    }

    fn words(&self) -> &str {
        match self {
            Cell::Value { figure, .. } => figure,
            Cell::Words(words) => words,
        }
    }
}

impl DotChart {
    /// The chart as SVG.
    pub fn svg(&self) -> Result<String, String> {
        let legend: Vec<(Key, String)> =
            self.legend.iter().map(|(mark, words)| (Key::Mark(*mark), words.clone())).collect();
        let head = Head::new(WIDTH, &self.title, &self.subtitle, &legend);
        let zones = self.panels.iter().any(|panel| !panel.zones.is_empty());
        let top = head.height() + 10.0 + PANEL_TITLE + if zones { ZONE_WORDS } else { 0.0 };
        let lines: usize = self.groups.iter().map(|group| group.lines.len()).sum();
        let rows = lines as f64 * LINE + self.groups.len() as f64 * GROUP_GAP;
        let size = (WIDTH, top + rows + 36.0 + MARGIN);
        canvas::svg(size, &head.caption(), |pen| {
            head.draw(pen);
            self.draw(pen, top, top + rows);
        })
    }

    fn draw(&self, pen: &Pen<'_>, top: f64, bottom: f64) {
        let names = self.groups.iter().map(|group| measured(&group.name, palette::NAME));
        let names = names.fold(60.0, f64::max).min(NAMES_MAX) + 18.0;
        self.draw_names(pen, top, names);
        let count = self.panels.len().max(1) as f64;
        let room = WIDTH - 2.0 * MARGIN - names;
        let width = (room - PANEL_GAP * (count - 1.0)) / count;
        for (index, panel) in self.panels.iter().enumerate() {
            let left = MARGIN + names + index as f64 * (width + PANEL_GAP);
            let frame = Frame { left, top, right: left + width, bottom };
            self.draw_panel(pen, panel, index, frame);
        }
    }

    fn draw_names(&self, pen: &Pen<'_>, top: f64, room: f64) {
        let mut y = top;
        for (index, group) in self.groups.iter().enumerate() {
            let height = group.lines.len() as f64 * LINE + GROUP_GAP;
            if index % 2 == 0 {
                let band =
                    Frame { left: MARGIN, top: y, right: WIDTH - MARGIN, bottom: y + height };
                pen.fill(band, palette::BAND);
            }
            let stripe = Frame { left: MARGIN, top: y, right: MARGIN + 5.0, bottom: y + height };
            pen.fill(stripe, group.paint);
            let name = shortened(&group.name, room - 14.0, palette::NAME);
            let place = (MARGIN + 13.0, y + height / 2.0);
            pen.text(&name, place, Align::Left, palette::NAME);
            y += height;
        }
    }

    fn draw_panel(&self, pen: &Pen<'_>, panel: &Panel, index: usize, frame: Frame) {
        let words = self.groups.iter().flat_map(|group| &group.lines);
        let figures = words.filter_map(|(_, cells)| match cells.get(index) {
            Some(cell @ Cell::Value { .. }) => Some(measured(cell.words(), palette::NOTE)),
            _ => None,
        });
        let reserve = figures.fold(0.0, f64::max) + FIGURE_GAP + 6.0;
        let inner = Frame {
            left: frame.left + 8.0,
            right: (frame.right - reserve).max(frame.left + 40.0),
            ..frame
        };
        draw_axis(pen, panel, inner, frame);
        let x = |value: f64| inner.left + panel.axis.place(value) * inner.width();
        let mut y = frame.top;
        for group in &self.groups {
            y += GROUP_GAP / 2.0;
            for (mark, cells) in &group.lines {
                if let Some(cell) = cells.get(index) {
                    draw_cell(pen, cell, (*mark, group.paint), &x, y + LINE / 2.0);
                }
                y += LINE;
            }
            y += GROUP_GAP / 2.0;
        }
    }
}

fn draw_cell(
    pen: &Pen<'_>,
    cell: &Cell,
    (mark, paint): (Mark, Paint),
    x: &dyn Fn(f64) -> f64,
    y: f64,
) {
    let Cell::Value { mean, lower, upper, figure } = cell else {
        pen.text(cell.words(), (x(0.0) + 6.0, y), Align::Left, palette::NOTE);
        return;
    };
    let centre = x(*mean);
    let mut right = centre + 9.0;
    if lower.is_finite() && upper.is_finite() {
        let (from, to) = (x(*lower), x(*upper));
        pen.line((from, y), (to, y), paint, 2.5);
        for end in [from, to] {
            pen.line((end, y - 5.0), (end, y + 5.0), paint, 2.0);
        }
        right = right.max(to);
    }
    palette::draw_mark(pen, mark, (centre, y), paint);
    pen.text(figure, (right + FIGURE_GAP - 4.0, y), Align::Left, palette::LABEL_NOTE);
}

/// Title, zones, grid and ticks of one panel.
fn draw_axis(pen: &Pen<'_>, panel: &Panel, inner: Frame, frame: Frame) {
    let zones = if panel.zones.is_empty() { 0.0 } else { ZONE_WORDS };
    let unit = panel.axis.unit();
    let title = match unit {
        "" => panel.title.clone(),
        unit => format!("{}, {unit}", panel.title),
    };
    let place = (frame.left, frame.top - zones - PANEL_TITLE / 2.0 - 2.0);
    let title = shortened(&title, frame.width(), palette::PANEL);
    pen.text(&title, place, Align::Left, palette::PANEL);
    let x = |value: f64| inner.left + panel.axis.place(value) * inner.width();
    let mut free_from = f64::NEG_INFINITY;
    for tick in panel.axis.ticks() {
        let at = x(tick.value);
        let (paint, width) =
            if tick.value == 0.0 { (palette::SOFT, 1.5) } else { (palette::GRID, 1.0) };
        pen.line((at, frame.top), (at, frame.bottom), paint, width);
        let half = measured(&tick.label, palette::NOTE) / 2.0;
        if at - half > free_from {
            pen.text(&tick.label, (at, frame.bottom + 16.0), Align::Middle, palette::NOTE);
            free_from = at + half + 6.0;
        }
    }
    let mut from = inner.left - 8.0;
    for (end, word) in &panel.zones {
        let to = if panel.axis.place(*end) < 1.0 { x(*end) } else { frame.right };
        if to - from > measured(word, palette::NOTE) + 8.0 {
            let middle = ((from + to) / 2.0, frame.top - ZONE_WORDS / 2.0);
            pen.text(word, middle, Align::Middle, palette::NOTE);
        }
        if to < frame.right {
            let start = (to, frame.top - ZONE_WORDS + 3.0);
            pen.dashed(start, (to, frame.bottom), palette::SOFT, 1.2);
        }
        from = to;
    }
}
