//! A canvas in points, drawn by plotters into SVG text.
//!
//! plotters works in whole pixels, at which curves wobble; here everything is drawn eight times
//! as large and shown at the size asked for. Text is measured with the embedded font, so layout
//! never depends on the fonts of a machine. Deliberately absent: axes, legends, data.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, IntoTextStyle, RGBColor, ShapeStyle, TextStyle};
use std::cell::RefCell;
use std::sync::Once;
use windtunnel_base::escape::xml;
use windtunnel_base::maths;

/// Drawn this many times as large as shown.
const FACTOR: f64 = 8.0;
/// plotters divides sizes by this when it writes them down.
const FONT_FACTOR: f64 = 1.24;
/// The name under which plotters knows the embedded font.
const FAMILY: &str = "sans-serif";
/// What viewers of the SVG look for, best first.
const FAMILIES: &str = "Inter, 'Helvetica Neue', Arial, sans-serif";

/// Inter Regular, cut to the signs that charts use.
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// Inter Bold, cut likewise.
pub(super) const BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.otf");

/// A colour without transparency, so that overlaps look alike everywhere.
pub type Paint = RGBColor;

/// A point on the canvas, in points from the upper left corner.
pub type Point = (f64, f64);

/// A rectangle on the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Frame {
    /// Distance between left and right edge.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Distance between upper and lower edge.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The area that the two share.
    pub fn shared(&self, other: &Frame) -> f64 {
        let wide = self.right.min(other.right) - self.left.max(other.left);
        let high = self.bottom.min(other.bottom) - self.top.max(other.top);
        wide.max(0.0) * high.max(0.0)
    }
}

/// Where the given point of a text lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At its left end.
    Left,
    /// In its middle.
    Middle,
    /// At its right end.
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Type {
    /// Size in points.
    pub size: f64,
    /// Bold instead of regular?
    pub bold: bool,
    /// Colour of the letters.
    pub paint: Paint,
}

/// Draws on one canvas. The first failure is kept and reported at the end.
pub struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    failure: RefCell<Option<String>>,
}

/// What a chart says without being seen: the SVG's title and description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// The message in one sentence.
    pub title: String,
    /// What is drawn.
    pub description: String,
}

/// Draws an SVG of the given width and height in points.
pub fn svg(
    (width, height): (f64, f64),
    caption: &Caption,
    draw: impl FnOnce(&Pen<'_>),
) -> Result<String, String> {
    register_fonts();
    let mut text = String::new();
    let size = (scaled(width) as u32, scaled(height) as u32);
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let pen = Pen { area, failure: RefCell::new(None) };
        pen.fill(
            Frame { left: 0.0, top: 0.0, right: width, bottom: height },
            super::palette::PAPER,
        );
        draw(&pen);
        pen.keep(pen.area.present());
        if let Some(failure) = pen.failure.into_inner() {
            return Err(failure);
        }
    }
    Ok(finished(&text, size, (width, height), caption))
}

/// Sets the size shown, the font families, title and description.
fn finished(text: &str, drawn: (u32, u32), shown: Point, caption: &Caption) -> String {
    let old = format!("width=\"{}\" height=\"{}\"", drawn.0, drawn.1);
    let new = format!("width=\"{}\" height=\"{}\" role=\"img\"", shown.0, shown.1);
    let text = text.replacen(&old, &new, 1);
    let text = text.replace("font-family=\"sans-serif\"", &format!("font-family=\"{FAMILIES}\""));
    let (title, description) = (xml::text(&caption.title), xml::text(&caption.description));
    let words = format!(">\n<title>{title}</title>\n<desc>{description}</desc>");
    text.replacen('>', &words, 1)
}

/// Makes the embedded font known to plotters, once.
fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            // A refusal shows as the first text's failure.
            let _ = plotters::style::register_font(FAMILY, style, bytes);
        }
    });
}

fn scaled(length: f64) -> i32 {
    (length * FACTOR).round() as i32
}

fn at((x, y): Point) -> (i32, i32) {
    (scaled(x), scaled(y))
}

impl Pen<'_> {
    fn keep<E: std::fmt::Display>(&self, result: Result<(), E>) {
        if let Err(failure) = result {
            self.failure.borrow_mut().get_or_insert(failure.to_string());
        }
    }

    /// Fills a rectangle.
    pub fn fill(&self, frame: Frame, paint: Paint) {
        let corners = [at((frame.left, frame.top)), at((frame.right, frame.bottom))];
        self.keep(self.area.draw(&Rectangle::new(corners, paint.filled())));
    }

    /// Draws a line through points.
    pub fn path(&self, points: &[Point], paint: Paint, width: f64) {
        let points: Vec<_> = points.iter().map(|point| at(*point)).collect();
        self.keep(self.area.draw(&PathElement::new(points, stroke(paint, width))));
    }

    /// Draws a straight line.
    pub fn line(&self, from: Point, to: Point, paint: Paint, width: f64) {
        self.path(&[from, to], paint, width);
    }

    /// Draws a dashed straight line.
    pub fn dashed(&self, from: Point, to: Point, paint: Paint, width: f64) {
        const DASH: f64 = 5.0;
        let length = maths::hypot(to.0 - from.0, to.1 - from.1);
        let along = |s: f64| {
            let part = (s / length).min(1.0);
            (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
        };
        let dashes = (length / (2.0 * DASH)).ceil().clamp(0.0, 1000.0) as u32;
        for dash in 0..dashes {
            let start = f64::from(dash) * 2.0 * DASH;
            self.line(along(start), along(start + DASH), paint, width);
        }
    }

    /// Fills a shape.
    pub fn shape(&self, points: &[Point], paint: Paint) {
        let points: Vec<_> = points.iter().map(|point| at(*point)).collect();
        self.keep(self.area.draw(&Polygon::new(points, paint.filled())));
    }

    /// Fills a circle.
    pub fn disc(&self, centre: Point, radius: f64, paint: Paint) {
        self.keep(self.area.draw(&Circle::new(at(centre), scaled(radius), paint.filled())));
    }

    /// Writes a text with the middle of its letters at the height of `point`.
    pub fn text(&self, text: &str, (x, y): Point, align: Align, style: Type) {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        // Capitals reach higher than the middle that the backend knows.
        let place = at((x, y + 0.09 * style.size));
        let style = text_style(style).pos(Pos::new(horizontal, VPos::Center));
        // plotters names the five characters that XML names, and no others.
        self.keep(self.area.draw(&Text::new(xml::letters(text), place, style)));
    }
}

/// Width of a text in points, with a little slack for viewers that lack the font.
pub fn measured(text: &str, style: Type) -> f64 {
    register_fonts();
    let text = &*xml::letters(text);
    let font = (FAMILY, style.size * FACTOR * FONT_FACTOR, weight(style)).into_font();
    let estimate = text.chars().count() as f64 * style.size * 0.6;
    font.box_size(text).map_or(estimate, |(width, _)| f64::from(width) / FACTOR)
}

fn weight(style: Type) -> FontStyle {
    if style.bold { FontStyle::Bold } else { FontStyle::Normal }
}

fn text_style(style: Type) -> TextStyle<'static> {
    let font = (FAMILY, style.size * FACTOR * FONT_FACTOR, weight(style)).into_font();
    font.color(&style.paint).into_text_style(&(0, 0))
}

fn stroke(paint: Paint, width: f64) -> ShapeStyle {
    paint.stroke_width(scaled(width).max(1) as u32)
}

/// `text` in lines of at most `width` points, broken between words where that is possible.
pub fn wrapped(text: &str, width: f64, style: Type) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let longer = if lines[last].is_empty() {
            word.to_string()
        } else {
            format!("{} {word}", lines[last])
        };
        if lines[last].is_empty() || measured(&longer, style) <= width {
            lines[last] = longer;
        } else {
            lines.push(word.to_string());
        }
    }
    lines
}

/// `text` in as few lines as fit into `width`, all of about the same length.
pub fn balanced(text: &str, width: f64, style: Type) -> Vec<String> {
    let lines = wrapped(text, width, style);
    let (mut narrow, mut wide) = (width / 3.0, width);
    for _ in 0..8 {
        let middle = (narrow + wide) / 2.0;
        let fits = wrapped(text, middle, style).len() == lines.len();
        if fits { wide = middle } else { narrow = middle }
    }
    wrapped(text, wide, style)
}

/// A name in at most `lines` lines of `width` points, broken where its words meet: at hyphens,
/// spaces and capital letters. What is still too long is cut.
pub fn broken(name: &str, width: f64, lines: usize, style: Type) -> Vec<String> {
    let mut done = vec![String::new()];
    for piece in pieces(name) {
        let last = done.len() - 1;
        let longer = format!("{}{piece}", done[last]);
        let fits = measured(&longer, style) <= width;
        if fits || done[last].is_empty() || done.len() == lines {
            done[last] = longer;
        } else {
            done.push(piece.to_string());
        }
    }
    done.iter().map(|line| shortened(line.trim(), width, style)).collect()
}

/// The words of a name, hyphens and spaces kept at their ends.
fn pieces(name: &str) -> Vec<&str> {
    let mut starts = vec![0];
    for (at, letter) in name.char_indices().skip(1) {
        match letter {
            '-' | '_' | ' ' | '/' => starts.push(at + 1),
            _ if letter.is_uppercase() => starts.push(at),
            _ => {}
        }
    }
    starts.push(name.len());
    starts.dedup();
    starts.windows(2).map(|pair| &name[pair[0]..pair[1]]).collect()
}

/// Most letters of a text on one line.
const LETTERS_MAX: usize = 400;

/// `text` cut to `width` points, ending in `…` if it was longer.
pub fn shortened(text: &str, width: f64, style: Type) -> String {
    if measured(text, style) <= width {
        return text.to_string();
    }
    // No width here has room for more; measuring longer texts letter by letter would take ages.
    let mut kept: Vec<char> = text.chars().take(LETTERS_MAX).collect();
    while kept.pop().is_some() {
        let cut: String = kept.iter().collect::<String>().trim_end().to_string() + "…";
        if measured(&cut, style) <= width {
            return cut;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::palette::NAME;

    #[test]
    fn names_break_where_words_meet() {
        assert_eq!(pieces("rollingUpdate"), ["rolling", "Update"]);
        assert_eq!(pieces("canary-slow"), ["canary-", "slow"]);
        assert_eq!(pieces("ABtest-"), ["A", "Btest-"]);
        assert!(pieces("").is_empty());
        assert_eq!(broken("rollingUpdate", 100.0, 2, NAME), ["rolling", "Update"]);
        assert_eq!(broken("recreate", 300.0, 2, NAME), ["recreate"]);
        let long = broken("canary-with-a-name-that-never-ends", 90.0, 2, NAME);
        assert!(long.len() == 2 && long[1].ends_with('…'), "{long:?}");
    }

    #[test]
    fn texts_fit_their_width() {
        let text = "A bad release hurts 28.8 % of the users under recreate, nobody under shadow";
        for line in balanced(text, 400.0, NAME) {
            assert!(measured(&line, NAME) <= 400.0);
        }
        assert!(measured(&shortened(text, 200.0, NAME), NAME) <= 200.0);
        assert_eq!(shortened(text, 1.0, NAME), "");
        assert!(measured("MMM", NAME) > measured("iii", NAME), "the font is really asked");
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let caption = Caption { title: "a < b & c".to_string(), description: "d > e".to_string() };
        let svg = svg((100.0, 50.0), &caption, |pen| {
            pen.text("<script>&", (5.0, 5.0), Align::Left, NAME);
        });
        let svg = svg.expect("drawn");
        assert!(svg.contains("<title>a &lt; b &amp; c</title>") && !svg.contains("<script>"));
        assert!(svg.contains("width=\"100\" height=\"50\"") && svg.contains("0 0 800 400"));
    }
}
