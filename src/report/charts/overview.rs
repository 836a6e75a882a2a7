//! The overview: who hurts how many users, strategies across, scenarios down.
//!
//! Shades are the ratings of risk, figures the shares behind them; a frame marks the strategy
//! that the rule chooses, where it chooses one.

use super::canvas::{self, Align, Frame, Paint, Pen, Type, broken};
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette;
use crate::experiment::results::{Results, ScenarioResults};
use crate::outcome::Grade;
use crate::report::figure::Quantity;
use crate::report::headlines::overview;
use crate::report::reading;
use crate::scenario::ids::PlanId;
use plotters::style::RGBColor;

const ROW: f64 = 62.0;
const HEAD_ROW: f64 = 74.0;
const HEAD_LINES: usize = 3;
const NAMES: f64 = 218.0;
const COLUMN_MIN: f64 = 100.0;

/// A shade a rating of risk: light to dark, so that order is seen without colour.
const SHADES: [(Grade, Paint); 4] = [
    (Grade::None, RGBColor(240, 240, 240)),
    (Grade::Low, RGBColor(214, 231, 242)),
    (Grade::Medium, RGBColor(124, 172, 208)),
    (Grade::High, RGBColor(24, 82, 130)),
];

/// The chart as SVG.
pub fn svg(results: &Results) -> Result<String, String> {
    let subtitle = "Users hurt by the release, % of those active, over the mix of good and bad \
                    releases; a frame marks the strategy to choose, where one is certainly better";
    let columns = columns(results);
    let rows: Vec<&ScenarioResults> =
        results.scenarios.iter().filter(|s| !s.ratings.is_empty()).collect();
    if rows.is_empty() || columns.is_empty() {
        return page::empty("No flight to compare strategies by", subtitle);
    }
    let width = WIDTH.max(2.0 * MARGIN + NAMES + COLUMN_MIN * columns.len() as f64);
    let legend: Vec<(Key, String)> = SHADES
        .iter()
        .map(|(word, paint)| (Key::Area(*paint), format!("{word}{}", limit_of(*word))))
        .collect();
    let head = Head::new(width, &overview::headline(&rows), subtitle, &legend);
    let top = head.height() + 10.0;
    let height = top + HEAD_ROW + rows.len() as f64 * ROW + MARGIN;
    canvas::svg((width, height), &head.caption(), |pen| {
        head.draw(pen);
        let column = (width - 2.0 * MARGIN - NAMES) / columns.len() as f64;
        draw_heads(pen, &columns, top, column);
        for (index, row) in rows.iter().enumerate() {
            draw_row(pen, row, &columns, top + HEAD_ROW + index as f64 * ROW, column);
        }
    })
}

fn limit_of(word: Grade) -> String {
    let [low, medium] =
        crate::experiment::rating::RISK_LIMITS.map(|limit| Quantity::Share.show(limit));
    match word {
        Grade::None => " (no bad release met a user)".to_string(),
        Grade::Low => format!(" (up to {low})"),
        Grade::Medium => format!(" (up to {medium})"),
        _ => " (above)".to_string(),
    }
}

/// Names of the strategies with their colours, in the order in which they are first met.
fn columns(results: &Results) -> Vec<(String, Paint)> {
    let mut columns: Vec<(String, Paint)> = Vec::new();
    for scenario in &results.scenarios {
        let paints = palette::strategy_paints(&scenario.scenario);
        for (plan, paint) in scenario.scenario.plans.iter().zip(paints) {
            if columns.iter().all(|(name, _)| *name != plan.name) {
                columns.push((plan.name.clone(), paint));
            }
        }
    }
    columns
}

fn draw_heads(pen: &Pen<'_>, columns: &[(String, Paint)], top: f64, width: f64) {
    let style = Type { size: 17.0, ..palette::NAME };
    for (index, (name, paint)) in columns.iter().enumerate() {
        let left = MARGIN + NAMES + index as f64 * width;
        let lines = broken(name, width - 6.0, HEAD_LINES, style);
        let start = top + HEAD_ROW - 20.0 - 20.0 * (lines.len() as f64 - 1.0);
        for (number, line) in lines.iter().enumerate() {
            let place = (left + width / 2.0, start + 20.0 * number as f64);
            pen.text(line, place, Align::Middle, style);
        }
        let bottom = top + HEAD_ROW - 3.0;
        let bar = Frame { left: left + 3.0, right: left + width - 3.0, top: bottom - 5.0, bottom };
        pen.fill(bar, *paint);
    }
}

fn draw_row(
    pen: &Pen<'_>,
    results: &ScenarioResults,
    columns: &[(String, Paint)],
    top: f64,
    width: f64,
) {
    let middle = top + ROW / 2.0;
    let style = Type { size: 18.0, ..palette::NAME };
    let lines = broken(&results.scenario.name, NAMES - 12.0, 2, style);
    for (number, line) in lines.iter().enumerate() {
        let y = middle + 22.0 * (number as f64 - (lines.len() as f64 - 1.0) / 2.0);
        pen.text(line, (MARGIN, y), Align::Left, style);
    }
    let best = overview::chosen(results);
    for (index, (name, _)) in columns.iter().enumerate() {
        let left = MARGIN + NAMES + index as f64 * width;
        let cell = Frame { left: left + 2.0, right: left + width - 2.0, top, bottom: top + ROW };
        let cell = Frame { top: cell.top + 2.0, bottom: cell.bottom - 2.0, ..cell };
        // Columns are names, for scenarios side by side.
        let plan = results.scenario.plan_id(name);
        draw_cell(pen, results, plan, cell, plan.is_some() && plan == best);
    }
}

fn draw_cell(
    pen: &Pen<'_>,
    results: &ScenarioResults,
    plan: Option<PlanId>,
    cell: Frame,
    best: bool,
) {
    let centre = ((cell.left + cell.right) / 2.0, (cell.top + cell.bottom) / 2.0);
    let Some(row) = plan.and_then(|plan| reading::rating(results, plan)) else {
        pen.text("–", centre, Align::Middle, palette::NOTE);
        return;
    };
    let shade = SHADES.iter().find(|(word, _)| *word == row.risk).map_or(palette::PAPER, |s| s.1);
    let dark = row.risk == Grade::High;
    let (figure, word) = if dark {
        (Type { paint: palette::PAPER, ..palette::NAME }, Type { paint: palette::PAPER, ..NOTE })
    } else {
        (palette::NAME, NOTE)
    };
    if best {
        let frame = Frame {
            left: cell.left - 1.0,
            right: cell.right + 1.0,
            top: cell.top - 1.0,
            bottom: cell.bottom + 1.0,
        };
        pen.fill(frame, palette::INK);
        let paper = Frame {
            left: cell.left + 2.0,
            right: cell.right - 2.0,
            top: cell.top + 2.0,
            bottom: cell.bottom - 2.0,
        };
        pen.fill(paper, shade);
    } else {
        pen.fill(cell, shade);
    }
    let share = Quantity::Share.show(row.hurt_share);
    pen.text(&share, (centre.0, centre.1 - 10.0), Align::Middle, figure);
    pen.text(row.risk.word(), (centre.0, centre.1 + 13.0), Align::Middle, word);
}

const NOTE: Type = Type { size: 16.0, bold: false, paint: palette::INK };
