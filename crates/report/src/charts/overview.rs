//! The overview: who hurts how many users, a row a scenario, a tile a strategy.
//!
//! Tiles carry the strategy's name, so that a row needs no room for strategies of other scenarios
//! and the chart is as wide as all others. Shades are the ratings of risk, figures the shares
//! behind them; a frame marks the strategy that the rule chooses, where it chooses one.

use super::canvas::{self, Align, Frame, Paint, Pen, Type, broken};
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette;
use crate::figure::Quantity;
use crate::headlines::overview;
use plotters::style::RGBColor;
use windtunnel_experiment::results::{RatingRow, Results, ScenarioResults};
use windtunnel_model::outcome::Grade;

/// Tiles in a line; a scenario with more strategies takes several lines.
const ABREAST: usize = 6;
const TILE: f64 = 68.0;
const ROW_GAP: f64 = 8.0;
const NAMES: f64 = 172.0;
const STRIPE: f64 = 5.0;

/// A shade a rating of risk: light to dark, so that order is seen without colour.
const SHADES: [(Grade, Paint); 4] = [
    (Grade::None, RGBColor(240, 240, 240)),
    (Grade::Low, RGBColor(214, 231, 242)),
    (Grade::Medium, RGBColor(124, 172, 208)),
    (Grade::High, RGBColor(24, 82, 130)),
];

/// The name of a strategy.
const NAME: Type = Type { size: 15.5, bold: false, paint: palette::INK };
/// How a share of users is written in its field.
const FIGURE: Type = Type { size: 18.0, bold: true, paint: palette::INK };

/// The chart as SVG.
pub fn svg(results: &Results) -> Result<String, String> {
    let subtitle = "Users hurt by the release, % of those active, over the mix of good and bad \
                    releases; a frame marks the strategy to choose, where one is certainly better";
    let rows: Vec<&ScenarioResults> =
        results.scenarios.iter().filter(|s| !s.ratings.is_empty()).collect();
    if rows.is_empty() {
        return page::empty("No flight to compare strategies by", subtitle);
    }
    let legend: Vec<(Key, String)> = SHADES
        .iter()
        .map(|(word, paint)| (Key::Area(*paint), format!("{word}{}", limit_of(*word))))
        .collect();
    let head = Head::new(WIDTH, &overview::headline(&rows), subtitle, &legend);
    let top = head.height() + 12.0;
    let heights = rows.iter().map(|row| height(row));
    let bottom = top + heights.sum::<f64>();
    canvas::svg((WIDTH, bottom + MARGIN - ROW_GAP), &head.caption(), |pen| {
        head.draw(pen);
        let mut y = top;
        for row in &rows {
            draw_row(pen, row, y);
            y += height(row);
        }
    })
}

fn limit_of(word: Grade) -> String {
    let [low, medium] =
        windtunnel_experiment::rating::RISK_LIMITS.map(|limit| Quantity::Share.show(limit));
    match word {
        Grade::None => " (no bad release met a user, nobody hurt)".to_string(),
        Grade::Low => format!(" (up to {low})"),
        Grade::Medium => format!(" (up to {medium})"),
        _ => " (above)".to_string(),
    }
}

fn height(row: &ScenarioResults) -> f64 {
    row.ratings.len().div_ceil(ABREAST) as f64 * TILE + ROW_GAP
}

fn draw_row(pen: &Pen<'_>, results: &ScenarioResults, top: f64) {
    let width = (WIDTH - 2.0 * MARGIN - NAMES) / ABREAST as f64;
    pen.line((MARGIN, top - 4.5), (WIDTH - MARGIN, top - 4.5), palette::GRID, 1.0);
    let style = Type { size: 18.0, ..palette::NAME };
    let lines = broken(&results.scenario.name, NAMES - 12.0, 3, style);
    for (number, line) in lines.iter().enumerate() {
        let y = top + TILE / 2.0 + 21.0 * (number as f64 - (lines.len() as f64 - 1.0) / 2.0);
        pen.text(line, (MARGIN, y), Align::Left, style);
    }
    let paints = palette::strategy_paints(&results.scenario);
    let best = overview::chosen(results);
    for (at, row) in results.ratings.iter().enumerate() {
        let left = MARGIN + NAMES + (at % ABREAST) as f64 * width;
        let top = top + (at / ABREAST) as f64 * TILE;
        let frame = Frame {
            left: left + 3.0,
            right: left + width - 3.0,
            top: top + 3.0,
            bottom: top + TILE - 3.0,
        };
        let paint = paints.get(row.plan.0).copied().unwrap_or(palette::OLD);
        draw_tile(pen, (results.scenario.plan_name(row.plan), row), paint, frame, {
            best == Some(row.plan)
        });
    }
}

fn draw_tile(
    pen: &Pen<'_>,
    (name, row): (&str, &RatingRow),
    paint: Paint,
    frame: Frame,
    chosen: bool,
) {
    let grown = |by: f64| Frame {
        left: frame.left - by,
        right: frame.right + by,
        top: frame.top - by,
        bottom: frame.bottom + by,
    };
    if chosen {
        pen.fill(grown(2.5), palette::INK);
        pen.fill(grown(-0.5), palette::PAPER);
    }
    let inner = if chosen { grown(-2.0) } else { frame };
    let shade = SHADES.iter().find(|(word, _)| *word == row.risk).map_or(palette::PAPER, |s| s.1);
    pen.fill(inner, shade);
    pen.fill(Frame { right: inner.left + STRIPE, ..inner }, paint);
    let ink = if row.risk == Grade::High { palette::PAPER } else { palette::INK };
    let (name_style, figure) = (Type { paint: ink, ..NAME }, Type { paint: ink, ..FIGURE });
    let left = inner.left + STRIPE + 7.0;
    let lines = broken(name, inner.right - left - 3.0, 2, name_style);
    let first = frame.top + if lines.len() > 1 { 13.0 } else { 20.0 };
    for (number, line) in lines.iter().enumerate() {
        pen.text(line, (left, first + 17.0 * number as f64), Align::Left, name_style);
    }
    let share = Quantity::Share.show(row.hurt_share);
    pen.text(&share, (left, frame.bottom - 14.0), Align::Left, figure);
}
