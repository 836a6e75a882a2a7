//! The turns of a flight on its timeline: numbered lines through the panels, and below them the
//! numbers told in words. Numbers instead of labels, because texts as long as these would overlap.
//!
//! Deliberately absent: which events are turns.

use super::canvas::{self, Align, Frame, Pen, Type, shortened};
use super::palette;
use crate::figure;
use windtunnel_model::outcome::Event;

const NUMBER: Type = Type { size: 14.5, bold: true, paint: palette::PAPER };
const SMALL_NUMBER: Type = Type { size: 13.0, ..NUMBER };
const TOLD: Type = Type { size: 16.0, bold: false, paint: palette::INK };
const LINE: f64 = 21.0;
const INDENT: f64 = 28.0;
/// Most lines in which one turn is told.
const LINES_MAX: usize = 3;
/// Least distance between two numbers.
const APART: f64 = 26.0;

/// A line through all panels at each place, with its number at `height`; numbers are moved apart
/// where they crowd.
pub fn draw(pen: &Pen<'_>, lines: &[f64], height: f64, panels: &[Frame]) {
    let Some(first) = panels.first() else { return };
    let places = spread(lines, APART, first.left + 11.0, first.right - 11.0);
    for (number, (line, place)) in lines.iter().zip(&places).enumerate() {
        pen.line((*place, height + 8.0), (*line, first.top), palette::INK, 1.2);
        for panel in panels {
            pen.dashed((*line, panel.top), (*line, panel.bottom), palette::INK, 1.2);
        }
        pen.disc((*place, height), 11.0, palette::INK);
        let label = (number + 1).to_string();
        pen.text(&label, (*place, height - 1.0), Align::Middle, NUMBER);
    }
}

/// Places in the order given, at least `apart` from each other, within bounds where possible.
fn spread(wanted: &[f64], apart: f64, least: f64, most: f64) -> Vec<f64> {
    let mut places: Vec<f64> = wanted.iter().map(|x| x.min(most).max(least)).collect();
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + apart);
    }
    let mut limit = most;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - apart;
    }
    places
}

/// The turns in words, each in the lines that it takes.
pub struct Told(Vec<Vec<String>>);

impl Told {
    /// Lays the turns out in lines of `width` points: time since the release, and the text. Before
    /// the last one stands how many are `untold`.
    pub fn new(turns: &[&Event], untold: usize, release_s: f64, width: f64) -> Told {
        let room = width - INDENT;
        let tell = |event: &&Event| {
            let since = figure::clock(event.at.as_secs_f64() - release_s);
            let mut lines = canvas::wrapped(&format!("{since} {}", event.text), room, TOLD);
            if lines.len() > LINES_MAX {
                let rest = lines.split_off(LINES_MAX - 1).join(" ");
                lines.push(format!("{rest} "));
            }
            // A word without spaces may be wider than the column.
            lines.iter().map(|line| shortened(line, room, TOLD)).collect()
        };
        let mut told: Vec<Vec<String>> = turns.iter().map(tell).collect();
        let before_last = told.len().checked_sub(2).and_then(|at| told.get_mut(at));
        if let Some(lines) = before_last.filter(|_| untold > 0) {
            let words = if untold == 1 { "turn more is" } else { "turns more are" };
            let text = format!("… {untold} {words} told in events.jsonl");
            lines.push(shortened(&text, room, TOLD));
        }
        Told(told)
    }

    /// Height that they take.
    pub fn height(&self) -> f64 {
        self.0.iter().map(Vec::len).sum::<usize>() as f64 * LINE
    }

    /// Draws them, numbered, below each other.
    pub fn draw(&self, pen: &Pen<'_>, left: f64, top: f64) {
        let mut y = top + LINE / 2.0;
        for (number, lines) in self.0.iter().enumerate() {
            pen.disc((left + 10.0, y), 9.5, palette::INK);
            let label = (number + 1).to_string();
            pen.text(&label, (left + 10.0, y - 1.0), Align::Middle, SMALL_NUMBER);
            for line in lines {
                pen.text(line, (left + INDENT, y), Align::Left, TOLD);
                y += LINE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::time::SimTime;

    #[test]
    fn crowded_numbers_move_apart() {
        let places = spread(&[10.0, 11.0, 12.0, 300.0], 20.0, 0.0, 100.0);
        assert_eq!(places, [10.0, 30.0, 50.0, 100.0]);
        let places = spread(&[99.0, 100.0], 20.0, 0.0, 100.0);
        assert_eq!(places, [80.0, 100.0]);
        assert!(spread(&[], 20.0, 0.0, 100.0).is_empty());
    }

    #[test]
    fn long_stories_are_cut() {
        let event = Event {
            at: SimTime::from_secs_f64(400.0),
            kind: "decision",
            text: "word ".repeat(200),
            strip: String::new(),
            weight_new: 0.0,
        };
        let Told(lines) = Told::new(&[&event], 0, 300.0, 300.0);
        assert_eq!(lines[0].len(), LINES_MAX);
        assert!(lines[0][0].starts_with("+1:40 word") && lines[0][2].ends_with('…'));
        let Told(lines) = Told::new(&[&event, &event], 5, 300.0, 500.0);
        assert_eq!(
            lines[0].last().map(String::as_str),
            Some("… 5 turns more are told in events.jsonl")
        );
        assert_eq!(lines[1].len(), LINES_MAX);
    }
}
