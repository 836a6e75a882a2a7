//! Colours and marks: one colour a kind of strategy, everywhere; one mark a variant.
//!
//! Colours are those of Okabe and Ito (2008), which people with colour vision deficiency tell
//! apart; nothing is told by colour alone. Deliberately absent: where things are drawn.

use super::canvas::{Paint, Pen, Point, Type};
use plotters::style::RGBColor;
use windtunnel_model::scenario::model::{Scenario, Variant};

/// White, behind everything.
pub const PAPER: Paint = RGBColor(255, 255, 255);
/// Text.
pub const INK: Paint = RGBColor(34, 34, 34);
/// Text that may be overlooked.
pub const SOFT: Paint = RGBColor(96, 96, 96);
/// Lines that help the eye.
pub const GRID: Paint = RGBColor(222, 222, 222);
/// Bands behind the data.
pub const BAND: Paint = RGBColor(245, 245, 245);
/// The old version, and pods that serve it.
pub const OLD: Paint = RGBColor(176, 176, 176);
/// Requests that failed.
pub const FAILED: Paint = RGBColor(140, 20, 40);
/// Requests answered too late.
pub const SLOW: Paint = RGBColor(232, 164, 160);

/// The colour of each kind of strategy, by its name in YAML.
const KINDS: [(&str, Paint); 10] = [
    ("recreate", RGBColor(213, 94, 0)),
    ("rollingUpdate", RGBColor(230, 159, 0)),
    ("blueGreen", RGBColor(0, 114, 178)),
    ("canary", RGBColor(0, 158, 115)),
    ("abTest", RGBColor(204, 121, 167)),
    ("shadow", RGBColor(86, 180, 233)),
    // Beyond those eight: of Tol's muted set, and a violet, as far from the others as they go.
    ("flagger", RGBColor(51, 34, 136)),
    ("argoCanary", RGBColor(148, 103, 189)),
    ("argoBlueGreen", RGBColor(153, 153, 51)),
    ("none", RGBColor(120, 120, 120)),
];
/// Kinds that the table above does not know yet.
const OTHERS: Paint = RGBColor(122, 98, 58);

/// Headlines.
pub const TITLE: Type = Type { size: 26.0, bold: true, paint: INK };
/// What is drawn, below the headline.
pub const SUBTITLE: Type = Type { size: 18.0, bold: false, paint: SOFT };
/// Names of strategies and panels.
pub const NAME: Type = Type { size: 19.0, bold: true, paint: INK };
/// Titles of panels and axes.
pub const PANEL: Type = Type { size: 18.0, bold: true, paint: INK };
/// Figures beside marks.
pub const LABEL_NOTE: Type = Type { size: 16.5, bold: false, paint: INK };
/// Ticks, legends, notes.
pub const NOTE: Type = Type { size: 16.5, bold: false, paint: SOFT };

/// The colours of a scenario's strategies, in its order: the kind's colour, in shades if a kind is
/// listed several times.
pub fn strategy_paints(scenario: &Scenario) -> Vec<Paint> {
    let kinds: Vec<&str> = scenario.plans.iter().map(|plan| plan.kind).collect();
    let shade = |index: usize| {
        let before = kinds[..index].iter().filter(|kind| **kind == kinds[index]).count();
        shaded(kind_paint(kinds[index]), before)
    };
    (0..kinds.len()).map(shade).collect()
}

/// The colour of a kind of strategy.
pub fn kind_paint(kind: &str) -> Paint {
    KINDS.iter().find(|(name, _)| *name == kind).map_or(OTHERS, |(_, paint)| *paint)
}

/// The n-th shade of a colour: itself, darker, lighter, and so on, never near paper or ink.
pub fn shaded(paint: Paint, n: usize) -> Paint {
    match n % 4 {
        0 => paint,
        1 => blend(paint, INK, 0.45),
        2 => blend(paint, PAPER, 0.4),
        _ => blend(paint, INK, 0.7),
    }
}

/// `part` of `other` mixed into `paint`.
pub fn blend(paint: Paint, other: Paint, part: f64) -> Paint {
    let mix = |a: u8, b: u8| (f64::from(a) * (1.0 - part) + f64::from(b) * part).round() as u8;
    RGBColor(mix(paint.0, other.0), mix(paint.1, other.1), mix(paint.2, other.2))
}

/// A mark at a value. Hollow ones stand for good releases, filled ones for bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// ○
    Ring,
    /// □
    Box,
    /// ◆
    Diamond,
    /// ▲
    Triangle,
    /// ■
    Square,
    /// ▽, hollow
    Funnel,
    /// ▼
    Arrow,
    /// ✚
    Cross,
    /// ✖
    Saltire,
    /// ◇, hollow
    Gem,
    /// △, hollow
    Tent,
    /// ●
    Disc,
    /// A short upright bar: the weighted mix.
    Bar,
}

/// The marks of the variants, in their order: six of each kind differ by form alone.
pub fn variant_marks(variants: &[Variant]) -> Vec<Mark> {
    const GOOD: [Mark; 5] = [Mark::Ring, Mark::Box, Mark::Gem, Mark::Tent, Mark::Funnel];
    const BAD: [Mark; 6] =
        [Mark::Diamond, Mark::Triangle, Mark::Square, Mark::Arrow, Mark::Cross, Mark::Saltire];
    let mark = |index: usize| {
        let bad = variants[index].bad;
        let before = variants[..index].iter().filter(|v| v.bad == bad).count();
        if bad { BAD[before % BAD.len()] } else { GOOD[before % GOOD.len()] }
    };
    (0..variants.len()).map(mark).collect()
}

/// Draws a mark of about the height of small letters.
pub fn draw_mark(pen: &Pen<'_>, mark: Mark, centre: Point, paint: Paint) {
    let (x, y) = centre;
    let square = |r: f64| [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)];
    match mark {
        Mark::Ring => {
            pen.disc(centre, 6.5, paint);
            pen.disc(centre, 3.9, PAPER);
        }
        Mark::Disc => pen.disc(centre, 6.5, paint),
        Mark::Box => {
            pen.shape(&square(6.0), paint);
            pen.shape(&square(3.4), PAPER);
        }
        Mark::Square => pen.shape(&square(6.0), paint),
        Mark::Diamond => {
            pen.shape(&[(x, y - 8.0), (x + 8.0, y), (x, y + 8.0), (x - 8.0, y)], paint);
        }
        Mark::Triangle => {
            pen.shape(&[(x, y - 7.5), (x + 8.0, y + 6.0), (x - 8.0, y + 6.0)], paint);
        }
        Mark::Arrow => {
            pen.shape(&[(x, y + 7.5), (x + 8.0, y - 6.0), (x - 8.0, y - 6.0)], paint);
        }
        Mark::Cross => {
            pen.line((x, y - 7.5), (x, y + 7.5), paint, 4.5);
            pen.line((x - 7.5, y), (x + 7.5, y), paint, 4.5);
        }
        Mark::Saltire => {
            pen.line((x - 6.0, y - 6.0), (x + 6.0, y + 6.0), paint, 3.6);
            pen.line((x - 6.0, y + 6.0), (x + 6.0, y - 6.0), paint, 3.6);
        }
        Mark::Gem => {
            let gem = |r: f64| [(x, y - r), (x + r, y), (x, y + r), (x - r, y)];
            pen.shape(&gem(8.0), paint);
            pen.shape(&gem(4.4), PAPER);
        }
        Mark::Tent | Mark::Funnel => {
            let up = if mark == Mark::Tent { 1.0 } else { -1.0 };
            let tent = |top: f64, foot: f64, half: f64| {
                [(x, y - up * top), (x + half, y + up * foot), (x - half, y + up * foot)]
            };
            pen.shape(&tent(7.5, 6.0, 8.0), paint);
            pen.shape(&tent(2.6, 3.3, 3.6), PAPER);
        }
        Mark::Bar => pen.line((x, y - 9.0), (x, y + 9.0), paint, 4.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_model::strategy::STRATEGIES;

    #[test]
    fn every_strategy_has_a_colour_of_its_own() {
        let paints: Vec<Paint> = STRATEGIES.iter().map(|part| kind_paint(part.name)).collect();
        for (index, paint) in paints.iter().enumerate() {
            assert_ne!(*paint, OTHERS, "{}", STRATEGIES[index].name);
            assert!(!paints[..index].contains(paint), "{}", STRATEGIES[index].name);
        }
    }

    #[test]
    fn six_releases_have_six_marks() {
        let variant = |bad: bool| Variant {
            name: String::new(),
            share: windtunnel_base::units::Share::ONE,
            bad,
            faults: Vec::new(),
            chaos: Vec::new(),
        };
        for good in 0..=5 {
            let variants: Vec<Variant> = (0..6).map(|n| variant(n >= good)).collect();
            let marks = variant_marks(&variants);
            for (index, mark) in marks.iter().enumerate() {
                assert!(!marks[..index].contains(mark), "{good} good: {marks:?}");
            }
        }
    }

    #[test]
    fn shades_of_a_colour_differ() {
        let green = kind_paint("canary");
        let shades: Vec<Paint> = (0..4).map(|n| shaded(green, n)).collect();
        for (index, shade) in shades.iter().enumerate() {
            assert!(!shades[..index].contains(shade));
        }
    }
}
