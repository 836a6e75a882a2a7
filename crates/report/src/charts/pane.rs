//! One panel of a timeline: steps over time on a grid.
//!
//! Deliberately absent: what is drawn in it.

use super::axis::Axis;
use super::canvas::{Align, Frame, Paint, Pen, Point};
use super::flight::Column;
use super::palette;

/// One panel with its axes.
pub struct Pane<'a> {
    /// Where it lies.
    pub frame: Frame,
    /// Its horizontal axis: seconds since the release.
    pub time: &'a Axis,
    /// Its vertical axis.
    pub axis: &'a Axis,
}

/// A figure of one column.
pub type Figure<'a> = &'a dyn Fn(&Column) -> f64;

impl Pane<'_> {
    fn x(&self, seconds: f64) -> f64 {
        self.frame.left + self.time.place(seconds) * self.frame.width()
    }

    fn y(&self, value: f64) -> f64 {
        self.frame.bottom - self.axis.place(value) * self.frame.height()
    }

    /// Fills what lies between two figures, in one shape per stretch of time in which there is
    /// anything between them: single bars would show seams.
    pub fn area(&self, pen: &Pen<'_>, columns: &[Column], low: Figure, high: Figure, paint: Paint) {
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for column in columns {
            let (bottom, top) = (self.y(low(column)), self.y(high(column)));
            if bottom - top < 0.05 {
                close(pen, &mut upper, &mut lower, paint);
                continue;
            }
            let (left, right) = (self.x(column.from_s), self.x(column.to_s));
            upper.extend([(left, top), (right, top)]);
            lower.extend([(left, bottom), (right, bottom)]);
        }
        close(pen, &mut upper, &mut lower, paint);
    }

    /// A level across the panel, if it lies within.
    pub fn level(&self, pen: &Pen<'_>, value: f64) {
        let y = self.y(value);
        if y < self.frame.bottom - 1.0 && y > self.frame.top + 1.0 {
            pen.dashed((self.frame.left, y), (self.frame.right, y), palette::INK, 1.0);
        }
    }
}

/// Fills the shape between two step lines and starts anew.
fn close(pen: &Pen<'_>, upper: &mut Vec<Point>, lower: &mut Vec<Point>, paint: Paint) {
    if !upper.is_empty() {
        upper.extend(lower.drain(..).rev());
        pen.shape(upper, paint);
    }
    upper.clear();
    lower.clear();
}

/// Grid lines, and for the leftmost panel the ticks.
pub fn draw_grid(pen: &Pen<'_>, axis: &Axis, panel: Frame, labelled: bool) {
    let mut free_above = f64::NEG_INFINITY;
    // From the top, so that 100 % keeps its label where not all have room.
    for tick in axis.ticks().iter().rev() {
        let y = panel.bottom - tick.place * panel.height();
        pen.line((panel.left, y), (panel.right, y), palette::GRID, 1.0);
        if labelled && y - 9.0 > free_above {
            pen.text(&tick.label, (panel.left - 7.0, y), Align::Right, palette::NOTE);
            free_above = y + 9.0;
        }
    }
}
