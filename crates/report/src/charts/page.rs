//! The head of a chart: its message, what is drawn, and the legend.
//!
//! A reader who sees nothing else takes the message home. Deliberately absent: the data.

use super::canvas::{Align, Caption, Paint, Pen, balanced, measured, wrapped};
use super::palette::{self, Mark};

/// Width of all charts, in points.
pub const WIDTH: f64 = 960.0;
/// Space around everything.
pub const MARGIN: f64 = 22.0;

const TITLE_LINE: f64 = 33.0;
const SUBTITLE_LINE: f64 = 24.0;
const LEGEND_LINE: f64 = 27.0;

/// What stands for something in the legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    /// A mark.
    Mark(Mark),
    /// An area of a colour.
    Area(Paint),
}

/// Message, explanation and legend, laid out.
#[derive(Clone, Debug)]
pub struct Head {
    title: Vec<String>,
    subtitle: Vec<String>,
    legend: Vec<Vec<(Key, String, f64)>>,
}

impl Head {
    /// Lays out the head of a chart that is `width` points wide.
    pub fn new(width: f64, title: &str, subtitle: &str, legend: &[(Key, String)]) -> Head {
        let room = width - 2.0 * MARGIN;
        Head {
            title: balanced(title, room, palette::TITLE),
            subtitle: wrapped(subtitle, room, palette::SUBTITLE),
            legend: legend_lines(legend, room),
        }
    }

    /// Message and explanation, for those who do not see the picture.
    pub fn caption(&self) -> Caption {
        Caption { title: self.title.join(" "), description: self.subtitle.join(" ") }
    }

    /// Height that the head takes, the margin above it included.
    pub fn height(&self) -> f64 {
        let lines = |count: usize, height: f64| count as f64 * height;
        let legend = lines(self.legend.len(), LEGEND_LINE);
        MARGIN
            + lines(self.title.len(), TITLE_LINE)
            + lines(self.subtitle.len(), SUBTITLE_LINE)
            + if legend > 0.0 { legend + 6.0 } else { 0.0 }
    }

    /// Draws it at the top of the canvas.
    pub fn draw(&self, pen: &Pen<'_>) {
        let mut y = MARGIN - 4.0;
        for line in &self.title {
            pen.text(line, (MARGIN, y + TITLE_LINE / 2.0), Align::Left, palette::TITLE);
            y += TITLE_LINE;
        }
        for line in &self.subtitle {
            pen.text(line, (MARGIN, y + SUBTITLE_LINE / 2.0), Align::Left, palette::SUBTITLE);
            y += SUBTITLE_LINE;
        }
        y += 8.0;
        for line in &self.legend {
            for (key, words, x) in line {
                let middle = y + LEGEND_LINE / 2.0;
                draw_key(pen, *key, (MARGIN + x, middle));
                let place = (MARGIN + x + KEY_WIDTH, middle);
                pen.text(words, place, Align::Left, palette::NOTE);
            }
            y += LEGEND_LINE;
        }
    }
}

const KEY_WIDTH: f64 = 28.0;

/// Fills lines with entries, each with its distance from the left.
fn legend_lines(legend: &[(Key, String)], room: f64) -> Vec<Vec<(Key, String, f64)>> {
    let mut lines: Vec<Vec<(Key, String, f64)>> = Vec::new();
    let mut x = f64::INFINITY;
    for (key, words) in legend {
        let width = KEY_WIDTH + measured(words, palette::NOTE);
        if x + width > room {
            lines.push(Vec::new());
            x = 0.0;
        }
        if let Some(line) = lines.last_mut() {
            line.push((*key, words.clone(), x));
        }
        x += width + 26.0;
    }
    lines
}

fn draw_key(pen: &Pen<'_>, key: Key, (x, y): (f64, f64)) {
    let frame = super::canvas::Frame { left: x, top: y - 7.0, right: x + 20.0, bottom: y + 7.0 };
    match key {
        Key::Mark(mark) => palette::draw_mark(pen, mark, (x + 10.0, y), palette::SOFT),
        Key::Area(paint) => pen.fill(frame, paint),
    }
}

/// A chart without data: its message says why, and nothing else is drawn.
pub fn empty(title: &str, subtitle: &str) -> Result<String, String> {
    let head = Head::new(WIDTH, title, subtitle, &[]);
    super::canvas::svg((WIDTH, head.height() + MARGIN), &head.caption(), |pen| head.draw(pen))
}
