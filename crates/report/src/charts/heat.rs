//! Two settings at once: a field for every combination of their values, darker the greater the
//! figure, a panel a strategy; and what may be chosen at each.
//!
//! One hue, so that dark is much for every eye, and the figure in every field.

use super::axis::Axis;
use super::canvas::{self, Align, Frame, Paint, Pen, Type, broken, measured};
use super::page::{Head, MARGIN, WIDTH};
use super::palette;
use crate::figure::{Quantity, significant};

/// Height of a row.
const ROW: f64 = 34.0;
/// Height of a row of the map of choices: two lines.
const TALL: f64 = 46.0;
/// The rows of a panel take no more than this: many rows are low, and without figures.
const TALLEST: f64 = 1000.0;
/// Least height of a row in which a text has room.
const READABLE: f64 = 17.0;
const GAP: f64 = 26.0;
/// Above a panel: its name, and the values across.
const ABOVE: f64 = 58.0;
/// Below the last panel: the name of the setting across.
const BELOW: f64 = 34.0;

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Heat {
    /// What the map says, in one sentence above it.
    pub title: String,
    /// What was flown.
    pub subtitle: String,
    /// Path and values of the setting from top to bottom.
    pub down: (String, Vec<String>),
    /// The same from left to right.
    pub across: (String, Vec<String>),
    /// In what the figures are.
    pub quantity: Quantity,
    /// One a strategy.
    pub panels: Vec<Panel>,
}

/// The figures of one strategy.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Name above the panel: a strategy.
    pub name: String,
    /// Figures by row; nothing where none was measured.
    pub rows: Vec<Vec<Option<f64>>>,
}

impl Heat {
    /// The largest figure of all panels.
    fn largest(&self) -> f64 {
        self.panels.iter().flat_map(Panel::values).map(f64::abs).fold(0.0, f64::max)
    }

    /// A figure as it stands in a field: in the unit of the largest, with at most two decimals
    /// where that is more than 1.
    pub fn field(&self, value: f64) -> String {
        let (largest, scale) = (self.largest(), self.quantity.scale(self.largest()));
        let shown = value * scale.factor;
        match largest * scale.factor >= 1.0 {
            true => significant((shown * 100.0).round() / 100.0),
            false => significant(shown),
        }
    }

    /// The unit of all fields, in words: `, in %`.
    pub fn unit(&self) -> String {
        match self.quantity.scale(self.largest()).unit {
            "" => String::new(),
            unit => format!(", in {unit}"),
        }
    }
}

impl Panel {
    /// All figures.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.rows.iter().flatten().copied().flatten()
    }
}

/// What may be chosen at a point; nothing where nothing was flown.
pub type Choice = Option<Chosen>;

/// What may be chosen.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Names.
    pub names: Vec<String>,
    /// Their kinds.
    pub kinds: Vec<&'static str>,
    /// Does it only lead, not proved?
    pub leads: bool,
}

/// The map of what may be chosen.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Title and axes.
    pub map: Heat,
    /// What may be chosen, by row.
    pub cells: Vec<Vec<Choice>>,
}

/// Where panels and their fields lie.
struct Layout {
    columns: usize,
    left: f64,
    cell: f64,
    row: f64,
    panel_width: f64,
    panel_height: f64,
    top: f64,
}

impl Layout {
    fn of(map: &Heat, panels: usize, row: f64, widest: f64, top: f64) -> Layout {
        let names = map.down.1.iter().map(|value| measured(value, palette::NOTE));
        let left = names.fold(20.0, f64::max) + 10.0;
        let across = map.across.1.len().max(1) as f64;
        let heads = map.across.1.iter().map(|value| measured(value, palette::NOTE) + 6.0);
        let needed = heads.fold(widest, f64::max);
        let room = WIDTH - 2.0 * MARGIN;
        let width = |columns: f64| (room - (columns - 1.0) * GAP) / columns;
        let fits = |columns: usize| (width(columns as f64) - left) / across >= needed;
        let columns = (1..=panels.clamp(1, 3)).rev().find(|n| fits(*n)).unwrap_or(1);
        let panel_width = width(columns as f64);
        let cell = ((panel_width - left) / across).min(130.0);
        let row = row.min(TALLEST / map.down.1.len().max(1) as f64);
        let panel_height = ABOVE + row * map.down.1.len() as f64;
        Layout { columns, left, cell, row, panel_width, panel_height, top }
    }

    /// The upper left corner of a panel's fields.
    fn corner(&self, panel: usize) -> (f64, f64) {
        let (column, line) = (panel % self.columns, panel / self.columns);
        let x = MARGIN + column as f64 * (self.panel_width + GAP) + self.left;
        (x, self.top + line as f64 * (self.panel_height + GAP) + ABOVE)
    }

    fn field(&self, panel: usize, row: usize, column: usize) -> Frame {
        let (x, y) = self.corner(panel);
        let (left, top) = (x + column as f64 * self.cell, y + row as f64 * self.row);
        Frame {
            left: left + 1.0,
            top: top + 1.0,
            right: left + self.cell - 1.0,
            bottom: top + self.row - 1.0,
        }
    }

    /// Has a text room in a field?
    fn has_room(&self, text: &str) -> bool {
        self.row >= READABLE && measured(text, FIELD) <= self.cell
    }

    fn bottom(&self, panels: usize) -> f64 {
        let lines = panels.max(1).div_ceil(self.columns) as f64;
        self.top + lines * self.panel_height + (lines - 1.0) * GAP
    }
}

fn middle(frame: Frame) -> (f64, f64) {
    ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0)
}

/// The map of a figure as SVG.
pub fn svg(map: &Heat) -> Result<String, String> {
    let values = || map.panels.iter().flat_map(Panel::values);
    let axis = Axis::over(map.quantity, values());
    let subtitle = format!("{}; means{}; dark is much", map.subtitle, map.unit());
    let head = Head::new(WIDTH, &map.title, &subtitle, &[]);
    let words = |value: f64| map.field(value);
    let widest = values().map(|value| measured(&words(value), FIELD) + 8.0).fold(0.0, f64::max);
    let layout = Layout::of(map, map.panels.len(), ROW, widest, head.height() + 8.0);
    let bottom = layout.bottom(map.panels.len());
    let full = palette::kind_paint("blueGreen");
    canvas::svg((WIDTH, bottom + BELOW + MARGIN), &head.caption(), |pen| {
        head.draw(pen);
        for (at, panel) in map.panels.iter().enumerate() {
            draw_axes(pen, map, &layout, at, &panel.name);
            for (row, values) in panel.rows.iter().enumerate() {
                for (column, value) in values.iter().enumerate() {
                    let field = layout.field(at, row, column);
                    let Some(value) = value else {
                        if layout.has_room("–") {
                            pen.text("–", middle(field), Align::Middle, FIELD);
                        }
                        continue;
                    };
                    let part = axis.place(*value);
                    pen.fill(field, palette::blend(palette::PAPER, full, 0.06 + 0.94 * part));
                    let ink = if part > 0.8 { palette::PAPER } else { palette::INK };
                    let style = Type { paint: ink, ..FIELD };
                    if layout.has_room(&words(*value)) {
                        pen.text(&words(*value), middle(field), Align::Middle, style);
                    }
                }
            }
        }
        draw_names(pen, map, bottom);
    })
}

/// The map of what may be chosen as SVG.
pub fn choices(choices: &Choices) -> Result<String, String> {
    let map = &choices.map;
    let subtitle = format!(
        "{}; the name is what to choose; a pale one leads and is not proved; grey is a tie",
        map.subtitle
    );
    let head = Head::new(WIDTH, &map.title, &subtitle, &[]);
    let layout = Layout::of(map, 1, TALL, 60.0, head.height() + 8.0);
    let bottom = layout.bottom(1);
    canvas::svg((WIDTH, bottom + BELOW + MARGIN), &head.caption(), |pen| {
        head.draw(pen);
        draw_axes(pen, map, &layout, 0, "");
        for (row, cells) in choices.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                draw_choice(pen, &layout, layout.field(0, row, column), cell.as_ref());
            }
        }
        draw_names(pen, map, bottom);
    })
}

/// Figures in fields.
const FIELD: Type = Type { size: 15.0, bold: false, paint: palette::INK };

fn draw_choice(pen: &Pen<'_>, layout: &Layout, field: Frame, cell: Option<&Chosen>) {
    let none = Chosen::default();
    let Chosen { names, kinds, leads } = cell.unwrap_or(&none);
    let (paint, words): (Paint, String) = match (names.as_slice(), kinds.first()) {
        ([one], Some(kind)) => {
            let (strength, words) = match leads {
                true => (0.15, format!("{one}, not proved")),
                false => (0.4, one.clone()),
            };
            (palette::blend(palette::PAPER, palette::kind_paint(kind), strength), words)
        }
        ([], _) => (palette::BAND, if cell.is_some() { "none" } else { "–" }.to_string()),
        ([one, other], _) => (palette::GRID, format!("{one} / {other}")),
        (more, _) => (palette::GRID, format!("tie of {}", more.len())),
    };
    pen.fill(field, paint);
    if layout.row < 2.0 * READABLE || layout.cell < 40.0 {
        return;
    }
    let lines = broken(&words, field.width() - 6.0, 2, FIELD);
    let (x, y) = middle(field);
    for (n, line) in lines.iter().enumerate() {
        let down = (n as f64 - (lines.len() as f64 - 1.0) / 2.0) * 18.0;
        pen.text(line.trim(), (x, y + down), Align::Middle, FIELD);
    }
}

/// The name of a panel, and the values of both settings.
fn draw_axes(pen: &Pen<'_>, map: &Heat, layout: &Layout, panel: usize, name: &str) {
    let (x, y) = layout.corner(panel);
    pen.text(name, (x, y - 44.0), Align::Left, palette::NAME);
    let mut free_from = f64::NEG_INFINITY;
    for (at, value) in map.across.1.iter().enumerate() {
        let middle = x + (at as f64 + 0.5) * layout.cell;
        let half = measured(value, palette::NOTE) / 2.0 + 2.0;
        if middle - half >= free_from {
            pen.text(value, (middle, y - 14.0), Align::Middle, palette::NOTE);
            free_from = middle + half;
        }
    }
    let mut free_from = f64::NEG_INFINITY;
    for (at, value) in map.down.1.iter().enumerate() {
        let middle = y + (at as f64 + 0.5) * layout.row;
        if middle - READABLE / 2.0 >= free_from {
            pen.text(value, (x - 8.0, middle), Align::Right, palette::NOTE);
            free_from = middle + READABLE / 2.0;
        }
    }
}

/// Which setting is which.
fn draw_names(pen: &Pen<'_>, map: &Heat, bottom: f64) {
    let down = format!("↓ {}", map.down.0);
    let across = format!("→ {}", map.across.0);
    pen.text(&down, (MARGIN, bottom + 26.0), Align::Left, palette::PANEL);
    pen.text(&across, (WIDTH - MARGIN, bottom + 26.0), Align::Right, palette::PANEL);
}
