//! A dot chart: one line a strategy and variant, one panel a measure, each value with its
//! interval and its figure beside it.
//!
//! Dots instead of bars, because values of very different size need a logarithmic axis, on which
//! the length of a bar means nothing. Deliberately absent: which measures.

use super::axis::{self, Axis};
use super::canvas::{self, Align, Frame, Paint, Pen, Point, Type, broken, measured, shortened};
use super::page::{Head, Key, MARGIN, WIDTH};
use super::palette::{self, Mark};

const LINE: f64 = 27.0;
const NAME_LINE: f64 = 23.0;
const GROUP_GAP: f64 = 9.0;
const PANEL_GAP: f64 = 26.0;
const PANEL_TITLE: f64 = 28.0;
const ZONE_WORDS: f64 = 22.0;
const NAMES_MAX: f64 = 210.0;
/// From the whisker to the figure beside it.
const FIGURE_GAP: f64 = 12.0;

/// A dot chart.
pub struct DotChart {
    /// What the chart says, in one sentence above it.
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
    /// Axis of the values, with its unit.
    pub axis: Axis,
    /// Zones of the axis: where each ends, and its word.
    pub zones: Vec<(f64, &'static str)>,
    /// Width in comparison with the other panels.
    pub weight: f64,
}

/// The lines of one strategy.
pub struct Group {
    /// Name beside the dots: a strategy.
    pub name: String,
    /// Colour of the strategy, the same in every chart.
    pub paint: Paint,
    /// Its lines, each with one cell a panel.
    pub lines: Vec<(Mark, Vec<Cell>)>,
}

/// What one panel shows on one line.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A value with its interval (not finite if open) and its figure in words.
    Value {
        /// Where the dot is: the mean over flights.
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
        let top = head.height() + 10.0 + PANEL_TITLE + self.zone_height();
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
        let gaps = PANEL_GAP * (self.panels.len().max(1) - 1) as f64;
        let total: f64 = self.panels.iter().map(|panel| panel.weight).sum();
        let mut left = MARGIN + names;
        let room = WIDTH - MARGIN - left - gaps;
        for (index, panel) in self.panels.iter().enumerate() {
            let right = left + room * panel.weight / total;
            self.draw_panel(pen, panel, index, Frame { left, top, right, bottom });
            left = right + PANEL_GAP;
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
            let most = if group.lines.len() > 1 { 2 } else { 1 };
            let lines = broken(&group.name, room - 14.0, most, palette::NAME);
            let first = y + height / 2.0 - NAME_LINE * (lines.len() as f64 - 1.0) / 2.0;
            for (number, line) in lines.iter().enumerate() {
                let place = (MARGIN + 13.0, first + NAME_LINE * number as f64);
                pen.text(line, place, Align::Left, palette::NAME);
            }
            y += height;
        }
    }

    fn draw_panel(&self, pen: &Pen<'_>, panel: &Panel, index: usize, frame: Frame) {
        let inner = self.inner(panel, frame);
        draw_axis(pen, panel, inner, (frame, self.zone_height()));
        let x = |value: f64| inner.left + panel.axis.place(value) * inner.width();
        let mut y = frame.top;
        for (number, group) in self.groups.iter().enumerate() {
            let paper = if number % 2 == 0 { palette::BAND } else { palette::PAPER };
            y += GROUP_GAP / 2.0;
            for (mark, cells) in &group.lines {
                if let Some(cell) = cells.get(index) {
                    draw_cell(pen, cell, (*mark, group.paint, paper), &x, y + LINE / 2.0);
                }
                y += LINE;
            }
            y += GROUP_GAP / 2.0;
        }
    }

    /// The part of a panel in which the axis lies: as wide as it can be while every figure still
    /// fits to the right of its whisker, and the same for panels that share an axis.
    fn inner(&self, panel: &Panel, frame: Frame) -> Frame {
        let left = frame.left + 8.0;
        let room = frame.right - left - 8.0;
        let mut width = room;
        for (_, cells) in self.groups.iter().flat_map(|group| &group.lines) {
            for (cell, _) in cells.iter().zip(&self.panels).filter(|(_, p)| p.axis == panel.axis) {
                let Cell::Value { figure, .. } = cell else { continue };
                let ends = cell.ends().into_iter();
                let far = ends.map(|end| panel.axis.place(end)).fold(0.0, f64::max);
                let figure = measured(figure, palette::LABEL_NOTE) + FIGURE_GAP + 9.0;
                if far > 0.0 {
                    width = width.min((room - figure) / far);
                }
            }
        }
        Frame { left, right: left + width.max(60.0), ..frame }
    }

    /// Height of the words above the zones, if any panel has zones.
    fn zone_height(&self) -> f64 {
        let zones = self.panels.iter().any(|panel| !panel.zones.is_empty());
        if zones { ZONE_WORDS } else { 0.0 }
    }
}

fn draw_cell(
    pen: &Pen<'_>,
    cell: &Cell,
    (mark, paint, paper): (Mark, Paint, Paint),
    x: &dyn Fn(f64) -> f64,
    y: f64,
) {
    let Cell::Value { mean, lower, upper, figure } = cell else {
        on_paper(pen, cell.words(), (x(0.0) + 8.0, y), palette::NOTE, paper);
        return;
    };
    let centre = x(*mean);
    let mut right = centre + 9.0;
    let (from, to) = (x(*lower), x(*upper));
    let hidden = if mark == Mark::Bar { 4.0 } else { 8.0 };
    // An interval that its mark hides would only make the mark ragged.
    if lower.is_finite() && upper.is_finite() && (centre - from).max(to - centre) > hidden {
        pen.line((from, y), (to, y), paint, 2.5);
        for end in [from, to] {
            pen.line((end, y - 5.0), (end, y + 5.0), paint, 2.0);
        }
        right = right.max(to);
    }
    palette::draw_mark(pen, mark, (centre, y), paint);
    // The figure of a negative value stands before the line of zero, or if it must beyond it.
    let end = right + FIGURE_GAP + measured(figure, palette::LABEL_NOTE);
    if centre < x(0.0) && end > x(0.0) {
        right = right.max(x(0.0));
    }
    on_paper(pen, figure, (right + FIGURE_GAP - 4.0, y), palette::LABEL_NOTE, paper);
}

/// Writes a text on a patch of paper, so that no line crosses it.
fn on_paper(pen: &Pen<'_>, text: &str, (x, y): Point, style: Type, paper: Paint) {
    if text.is_empty() {
        return;
    }
    let right = x + measured(text, style) + 1.0;
    pen.fill(Frame { left: x - 2.0, top: y - 10.0, right, bottom: y + 11.0 }, paper);
    pen.text(text, (x, y), Align::Left, style);
}

/// Title, zones, grid and ticks of one panel.
fn draw_axis(pen: &Pen<'_>, panel: &Panel, inner: Frame, (frame, zones): (Frame, f64)) {
    let title = match panel.axis.unit() {
        "" => panel.title.clone(),
        unit => format!("{}, {unit}", panel.title),
    };
    let place = (frame.left, frame.top - zones - PANEL_TITLE / 2.0 - 2.0);
    let title = shortened(&title, frame.width(), palette::PANEL);
    pen.text(&title, place, Align::Left, palette::PANEL);
    let x = |value: f64| inner.left + panel.axis.place(value) * inner.width();
    let ticks = panel.axis.ticks();
    for tick in &ticks {
        let (paint, width) =
            if tick.value == 0.0 { (palette::SOFT, 1.5) } else { (palette::GRID, 1.0) };
        let at = x(tick.value);
        pen.line((at, frame.top), (at, frame.bottom), paint, width);
    }
    for (at, label) in axis::labels(&ticks, inner.left, inner.width(), palette::NOTE) {
        pen.text(&label, (at, frame.bottom + 16.0), Align::Middle, palette::NOTE);
    }
    let mut from = inner.left - 8.0;
    for (end, word) in &panel.zones {
        let to = if panel.axis.place(*end) < 1.0 { x(*end) } else { frame.right };
        if to - from > measured(word, palette::NOTE) + 6.0 {
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
