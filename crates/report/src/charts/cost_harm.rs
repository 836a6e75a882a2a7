//! The map of cost against harm: a strategy is a point, and the lower left corner is where one
//! wants to be.
//!
//! Strategies that no other beats on both are drawn full. One that ships nothing takes no part in
//! that: stopping every release is easy.

use super::axis::{self, Axis};
use super::canvas::{self, Align, Frame, Paint, Pen, Point, measured};
use super::labels;
use super::page::{self, Head, Key, MARGIN, WIDTH};
use super::palette::{self, Mark};
use crate::figure::Quantity;
use crate::headlines::standing::{at_most, certainly_less, may_lead};
use crate::headlines::{self, shipping};
use crate::reading::{self, HURT_SHARE};
use windtunnel_experiment::delivery::DeliveryRow;
use windtunnel_experiment::rating::{COST_LIMITS, RISK_LIMITS};
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_experiment::winner::USERS_FLOOR;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::ReleaseId;
use windtunnel_stats::estimate::Estimate;

const HEIGHT: f64 = 500.0;
/// Costs that differ by less do not matter: a tenth of a minute of the whole fleet.
const COST_FLOOR: f64 = 0.1;

const WORDS: [&str; 3] = ["low", "medium", "high"];

/// One strategy on the map.
struct CostHarmPoint<'a> {
    name: &'a str,
    paint: Paint,
    cost: &'a Estimate,
    harm: &'a Estimate,
    delivery: Option<&'a DeliveryRow>,
    ships: bool,
    /// Is another no worse in both and in delivery, and certainly better in one?
    beaten: bool,
    /// Is any other certainly better in one, by what matters?
    undercut: bool,
}

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!(
        "{name}: a release of the mix of all variants, with 95 % intervals; the lower left is best"
    );
    let spots = spots(results);
    if spots.is_empty() {
        return page::empty("No flight to tell cost and harm from", name);
    }
    let mut legend = vec![
        (Key::Mark(Mark::Disc), "nothing is certainly better".to_string()),
        (
            Key::Mark(Mark::Ring),
            "something is better in one, no worse in the other, and ships as much as soon"
                .to_string(),
        ),
    ];
    if spots.iter().any(|spot| !spot.ships) {
        legend.push((
            Key::Mark(Mark::Box),
            "does not ship what is good, or does not qualify".to_string(),
        ));
    }
    let head =
        Head::new(WIDTH, &headlines::cost_harm::headline(&told(results)), &subtitle, &legend);
    let top = head.height() + 60.0;
    let frame = Frame { left: MARGIN + 62.0, top, right: WIDTH - 92.0, bottom: top + HEIGHT };
    let size = (WIDTH, frame.bottom + 62.0);
    canvas::svg(size, &head.caption(), |pen| {
        head.draw(pen);
        draw(pen, &spots, frame);
    })
}

fn spots(results: &ScenarioResults) -> Vec<CostHarmPoint<'_>> {
    let paints = palette::strategy_paints(&results.scenario);
    let mut spots = Vec::new();
    for (plan, paint) in results.scenario.plan_ids().zip(paints) {
        let of = |measure| reading::estimate(results, ReleaseId::Mix, plan, measure);
        let (Some(cost), Some(harm)) = (of(MeasureId::FleetMinutesExtra), of(HURT_SHARE)) else {
            continue;
        };
        if cost.mean.is_finite() && harm.mean.is_finite() {
            let ships = may_lead(results, plan);
            let name = results.scenario.plan_name(plan);
            let delivery = results.deliveries.get(plan.0);
            let (beaten, undercut) = (false, false);
            spots.push(CostHarmPoint {
                name,
                paint,
                cost,
                harm,
                delivery,
                ships,
                beaten,
                undercut,
            });
        }
    }
    type Rival<'a> = (&'a Estimate, &'a Estimate, Option<&'a DeliveryRow>, bool);
    let points: Vec<Rival<'_>> =
        spots.iter().map(|spot| (spot.cost, spot.harm, spot.delivery, spot.ships)).collect();
    for spot in &mut spots {
        let no_worse = |cost: &Estimate, harm: &Estimate| {
            at_most(cost, spot.cost, COST_FLOOR) && at_most(harm, spot.harm, USERS_FLOOR)
        };
        let better = |cost: &Estimate, harm: &Estimate| {
            certainly_less(cost, spot.cost) && spot.cost.mean - cost.mean > COST_FLOOR
                || certainly_less(harm, spot.harm) && spot.harm.mean - harm.mean > USERS_FLOOR
        };
        let beats = |(cost, harm, delivery, ships): &Rival<'_>| {
            let delivers = shipping::no_worse(*delivery, spot.delivery);
            *ships && delivers && no_worse(cost, harm) && better(cost, harm)
        };
        spot.beaten = points.iter().any(beats);
        spot.undercut = points.iter().any(|(cost, harm, ..)| better(cost, harm));
    }
    spots
}

/// What the sentence above the map asks of each strategy.
pub fn told(results: &ScenarioResults) -> Vec<headlines::cost_harm::CostHarmPoint<'_>> {
    spots(results)
        .iter()
        .map(|spot| headlines::cost_harm::CostHarmPoint {
            name: spot.name,
            means: [spot.cost.mean, spot.harm.mean],
            may_lead: spot.ships,
            beaten: spot.beaten,
            undercut: spot.undercut,
        })
        .collect()
}

fn draw(pen: &Pen<'_>, spots: &[CostHarmPoint<'_>], frame: Frame) {
    // The first limit of each rating belongs to the picture even when all lie beyond it.
    let costs = spots.iter().flat_map(|spot| ends(spot.cost)).chain([COST_LIMITS[0]]);
    let cost = Axis::over(Quantity::FleetMinutes, costs).stretched(0.05);
    let shares = spots.iter().flat_map(|spot| ends(spot.harm)).chain([RISK_LIMITS[0]]);
    let harm = Axis::over(Quantity::Share, shares).stretched(0.06);
    let to = |x: f64, y: f64| {
        let right = frame.left + 14.0 + cost.place(x) * (frame.width() - 14.0);
        let up = frame.bottom - 14.0 - harm.place(y) * (frame.height() - 14.0);
        (right, up)
    };
    draw_zones(pen, frame, &to);
    draw_ticks(pen, (&cost, &harm), frame, &to);
    for spot in spots {
        for (from, until) in whiskers(spot, &to) {
            pen.line(from, until, spot.paint, 2.0);
        }
    }
    let marks: Vec<(Point, f64)> = spots
        .iter()
        .map(|spot| {
            let width = measured(spot.name, palette::NAME) + 4.0;
            (to(spot.cost.mean, spot.harm.mean), width)
        })
        .collect();
    let within = Frame { left: frame.left + 4.0, right: frame.right - 2.0, ..frame };
    let (x, y) = to(0.0, 0.0);
    let mut lines = vec![
        Frame { top: y - 1.0, bottom: y + 1.0, ..frame },
        Frame { left: x - 1.0, right: x + 1.0, ..frame },
    ];
    lines.extend(spots.iter().flat_map(|spot| whiskers(spot, &to)).map(|(from, until)| Frame {
        left: from.0 - 1.0,
        right: until.0 + 1.0,
        top: until.1 - 1.0,
        bottom: from.1 + 1.0,
    }));
    let places = labels::place(&marks, &lines, within);
    for ((spot, (mark, _)), place) in spots.iter().zip(&marks).zip(&places) {
        draw_spot(pen, spot, *mark, place);
    }
}

fn ends(estimate: &Estimate) -> [f64; 3] {
    [estimate.mean, estimate.lower, estimate.upper]
}

fn draw_spot(pen: &Pen<'_>, spot: &CostHarmPoint<'_>, mark: Point, place: &labels::Place) {
    let middle = (place.frame.top + place.frame.bottom) / 2.0;
    if place.led {
        let near = mark.0.clamp(place.frame.left, place.frame.right);
        let edge = if middle < mark.1 { place.frame.bottom - 3.0 } else { place.frame.top + 3.0 };
        pen.line(mark, (near, edge), palette::SOFT, 1.0);
    }
    let shape = match (spot.ships, spot.beaten) {
        (false, _) => Mark::Box,
        (true, false) => Mark::Disc,
        (true, true) => Mark::Ring,
    };
    palette::draw_mark(pen, shape, mark, spot.paint);
    pen.text(spot.name, (place.frame.left + 2.0, middle), Align::Left, palette::NAME);
}

/// The lines of a strategy's intervals, from the lower end to the upper.
fn whiskers(spot: &CostHarmPoint<'_>, to: &dyn Fn(f64, f64) -> Point) -> Vec<(Point, Point)> {
    let (cost, harm) = (spot.cost, spot.harm);
    let mut lines = Vec::new();
    if cost.lower.is_finite() && cost.upper.is_finite() {
        lines.push((to(cost.lower, harm.mean), to(cost.upper, harm.mean)));
    }
    if harm.lower.is_finite() && harm.upper.is_finite() {
        lines.push((to(cost.mean, harm.lower), to(cost.mean, harm.upper)));
    }
    lines
}

/// Bands of the ratings: a darker one wherever both are worse.
fn draw_zones(pen: &Pen<'_>, frame: Frame, to: &dyn Fn(f64, f64) -> Point) {
    let clamp_x = |x: f64| x.clamp(frame.left, frame.right);
    let clamp_y = |y: f64| y.clamp(frame.top, frame.bottom);
    let columns = [
        frame.left,
        clamp_x(to(COST_LIMITS[0], 0.0).0),
        clamp_x(to(COST_LIMITS[1], 0.0).0),
        frame.right,
    ];
    let rows = [
        frame.bottom,
        clamp_y(to(0.0, RISK_LIMITS[0]).1),
        clamp_y(to(0.0, RISK_LIMITS[1]).1),
        frame.top,
    ];
    for (column, edges) in columns.windows(2).enumerate() {
        for (row, sides) in rows.windows(2).enumerate() {
            let shade = 0.03 * (column + row) as f64;
            let area = Frame { left: edges[0], right: edges[1], top: sides[1], bottom: sides[0] };
            pen.fill(area, palette::blend(palette::PAPER, palette::INK, 0.015 + shade));
        }
    }
    for (edges, word) in columns.windows(2).zip(WORDS) {
        let words = if word == "low" { "low cost" } else { word };
        if edges[1] - edges[0] > measured(words, palette::NOTE) + 6.0 {
            let place = ((edges[0] + edges[1]) / 2.0, frame.top - 13.0);
            pen.text(words, place, Align::Middle, palette::NOTE);
        }
    }
    for (sides, word) in rows.windows(2).zip(WORDS) {
        let words = if word == "low" { "low risk" } else { word };
        if sides[0] - sides[1] > 20.0 {
            let place = (frame.right + 10.0, (sides[0] + sides[1]) / 2.0);
            pen.text(words, place, Align::Left, palette::NOTE);
        }
    }
}

fn draw_ticks(
    pen: &Pen<'_>,
    (cost, harm): (&Axis, &Axis),
    frame: Frame,
    to: &dyn Fn(f64, f64) -> Point,
) {
    let lines = palette::blend(palette::PAPER, palette::INK, 0.2);
    let ticks = cost.ticks();
    for tick in &ticks {
        let x = to(tick.value, 0.0).0;
        let (paint, width) = if tick.value == 0.0 { (palette::SOFT, 1.5) } else { (lines, 1.0) };
        pen.line((x, frame.top), (x, frame.bottom), paint, width);
    }
    let start = frame.left + 14.0;
    for (x, label) in axis::labels(&ticks, start, frame.right - start, palette::NOTE) {
        pen.text(&label, (x, frame.bottom + 16.0), Align::Middle, palette::NOTE);
    }
    let mut free_below = f64::INFINITY;
    for tick in harm.ticks() {
        let y = to(0.0, tick.value).1;
        let (paint, width) = if tick.value == 0.0 { (palette::SOFT, 1.5) } else { (lines, 1.0) };
        pen.line((frame.left, y), (frame.right, y), paint, width);
        if y + 10.0 < free_below {
            let label = format!("{} %", tick.label);
            pen.text(&label, (frame.left - 8.0, y), Align::Right, palette::NOTE);
            free_below = y - 10.0;
        }
    }
    let words = "Extra cost of a release, fleet-minutes →";
    pen.text(words, (frame.right, frame.bottom + 42.0), Align::Right, palette::PANEL);
    let words = "↑ Users hurt, % of those active";
    pen.text(words, (MARGIN, frame.top - 38.0), Align::Left, palette::PANEL);
}
