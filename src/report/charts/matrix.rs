//! Who takes what back: a field per strategy and release, darker the more flights went back.
//!
//! Bad releases that went back were caught, good ones are false alarms: two colours, and the share
//! in words, so that nothing is told by colour alone.

use super::canvas::{self, Align, Frame, Pen, broken, measured};
use super::page::{Head, Key, MARGIN, WIDTH};
use super::palette;
use crate::experiment::results::ScenarioResults;
use crate::outcome::Verdict;
use crate::report::headlines::stops;
use crate::scenario::ids::{PlanId, VariantId};

const ROW: f64 = 40.0;
const HEADS: f64 = 50.0;

/// The chart as SVG; `caught` is the verdict of bad releases that counts.
pub fn svg(results: &ScenarioResults, caught: Verdict) -> Result<String, String> {
    let blue = palette::kind_paint("blueGreen");
    let orange = palette::kind_paint("recreate");
    let legend = [
        (Key::Area(blue), format!("bad release: {}", caught.word())),
        (Key::Area(orange), "good release: false alarm".to_string()),
    ];
    let subtitle = format!("{}: share of flights, by strategy and release", results.scenario.name);
    let head = Head::new(WIDTH, &stops::headline(results, caught), &subtitle, &legend);
    let top = head.height() + HEADS + 14.0;
    let names = results.scenario.plans.iter().map(|plan| measured(&plan.name, palette::NAME));
    let left = MARGIN + names.fold(60.0, f64::max) + 18.0;
    let bottom = top + ROW * results.scenario.plans.len() as f64;
    let frame = Frame { left, top, right: WIDTH - MARGIN, bottom };
    canvas::svg((WIDTH, bottom + MARGIN), &head.caption(), |pen| {
        head.draw(pen);
        draw(pen, results, caught, frame);
    })
}

fn draw(pen: &Pen<'_>, results: &ScenarioResults, caught: Verdict, frame: Frame) {
    let variants = &results.scenario.release.variants;
    let width = frame.width() / variants.len().max(1) as f64;
    let column = |at: usize| frame.left + width * at as f64;
    for (at, variant) in variants.iter().enumerate() {
        let lines = broken(&variant.name, width - 8.0, 2, palette::NAME);
        for (n, line) in lines.iter().enumerate() {
            let up = (lines.len() - 1 - n) as f64 * 21.0;
            let place = (column(at) + width / 2.0, frame.top - 16.0 - up);
            pen.text(line, place, Align::Middle, palette::NAME);
        }
    }
    for (row, plan) in results.scenario.plans.iter().enumerate() {
        let top = frame.top + ROW * row as f64;
        let middle = top + ROW / 2.0;
        pen.text(&plan.name, (frame.left - 12.0, middle), Align::Right, palette::NAME);
        for (at, variant) in variants.iter().enumerate() {
            let field = stops::share(results, VariantId(at), PlanId(row), caught);
            let Some(share) = field else { continue };
            let full = palette::kind_paint(if variant.bad { "blueGreen" } else { "recreate" });
            let paint = palette::blend(palette::PAPER, full, 0.06 + 0.86 * share);
            let left = column(at) + 1.5;
            let field =
                Frame { left, top: top + 1.5, right: left + width - 3.0, bottom: top + ROW - 1.5 };
            pen.fill(field, paint);
            let ink = if share > 0.8 { palette::PAPER } else { palette::INK };
            let style = canvas::Type { paint: ink, ..palette::LABEL };
            let words = format!("{:.0} %", share * 100.0);
            pen.text(&words, (left + width / 2.0, middle), Align::Middle, style);
        }
    }
}
