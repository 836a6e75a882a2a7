//! What steps asked for and what was met: a line a step, where the two differ.
//!
//! A ring stands at the share of requests that the step asks for, a disc at the share that met the
//! new version; the line between them is what the strategy gives too little or too much.
//! Deliberately absent: strategies that give what they are asked for, and steps so short that they
//! say more of the way there.

use super::axis::{self, Axis};
use super::canvas::{self, Align, Frame, Paint, Pen, broken, measured, shortened};
use super::page::{Head, Key, MARGIN, WIDTH};
use super::palette::{self, Mark};
use crate::figure::Quantity;
use crate::headlines;
use crate::seen;
use windtunnel_experiment::results::{ScenarioResults, StepRow};
use windtunnel_model::scenario::ids::{PlanId, VariantId};

const LINE: f64 = 27.0;
const NAME_LINE: f64 = 22.0;
const GROUP_GAP: f64 = 12.0;
const AXIS: f64 = 34.0;
const NAMES: f64 = 214.0;
/// Steps of one strategy and release; of more the first ones are drawn.
const STEPS_MAX: usize = 12;

/// Steps of a strategy, and the releases that they are alike of.
struct Group<'a> {
    plan: PlanId,
    releases: Vec<VariantId>,
    paint: Paint,
    steps: Vec<&'a StepRow>,
}

impl Group<'_> {
    fn height(&self) -> f64 {
        f64::max(self.steps.len() as f64 * LINE, 2.0 * NAME_LINE) + GROUP_GAP
    }
}

/// Is there a step to draw: one that gives requests another share than it asks for?
pub fn is_drawn(results: &ScenarioResults) -> bool {
    !groups(results).is_empty() && headlines::steps::headline(results).is_some()
}

/// The chart as SVG; nothing where no step gives requests another share than it asks for.
pub fn svg(results: &ScenarioResults) -> Option<Result<String, String>> {
    let groups = groups(results);
    let title = headlines::steps::headline(results).filter(|_| !groups.is_empty())?;
    let subtitle = format!(
        "{}: requests that met the new version, step by step until the verdict; means over \
         flights, of the releases in brackets",
        results.scenario.name
    );
    let legend = [
        (Key::Mark(Mark::Ring), "share of requests asked for".to_string()),
        (Key::Mark(Mark::Disc), "share that met the new version".to_string()),
    ];
    let head = Head::new(WIDTH, &title, &subtitle, &legend);
    let top = head.height() + 12.0;
    let bottom = top + groups.iter().map(Group::height).sum::<f64>();
    let figures = groups.iter().flat_map(|group| &group.steps).map(|step| words(step));
    let room = figures.map(|words| measured(&words, palette::LABEL_NOTE)).fold(0.0, f64::max);
    let right = WIDTH - MARGIN - room - 16.0;
    let frame = Frame { left: MARGIN + NAMES, top, right, bottom };
    Some(canvas::svg((WIDTH, bottom + AXIS + MARGIN), &head.caption(), |pen| {
        head.draw(pen);
        draw(pen, results, &groups, frame);
    }))
}

fn groups(results: &ScenarioResults) -> Vec<Group<'_>> {
    let paints = palette::strategy_paints(&results.scenario);
    let found = seen::differing(results).into_iter().map(|(plan, releases)| {
        let steps = releases.first().map(|variant| seen::steps(results, *variant, plan));
        let known = |step: &StepRow| step.requests.is_some_and(|met| met.mean.is_finite());
        let drawn = |step: &&StepRow| seen::is_long(step) && known(step);
        let steps = steps.into_iter().flatten().filter(drawn).take(STEPS_MAX).collect();
        let paint = paints.get(plan.0).copied().unwrap_or(palette::OLD);
        Group { plan, releases, paint, steps }
    });
    found.filter(|group| !group.steps.is_empty()).collect()
}

/// The figures beside a step.
fn words(step: &StepRow) -> String {
    let met = step.requests.map_or(0.0, |met| met.mean);
    let share = |value: f64| Quantity::Share.show(value);
    let [new, all] = step.pods;
    format!("{} asked, {} met · {new} of {all} pods", share(step.asked), share(met))
}

fn draw(pen: &Pen<'_>, results: &ScenarioResults, groups: &[Group<'_>], frame: Frame) {
    let axis = Axis::between(Quantity::Share, 0.0, 1.0);
    let mut top = frame.top;
    for (number, group) in groups.iter().enumerate() {
        if number % 2 == 0 {
            let bottom = top + group.height();
            pen.fill(Frame { left: MARGIN, top, right: WIDTH - MARGIN, bottom }, palette::BAND);
        }
        top += group.height();
    }
    let ticks = axis.ticks();
    for tick in &ticks {
        let x = frame.left + tick.place * frame.width();
        pen.line((x, frame.top), (x, frame.bottom), palette::GRID, 1.0);
    }
    for (x, label) in axis::labels(&ticks, frame.left, frame.width(), palette::NOTE) {
        pen.text(&label, (x, frame.bottom + 14.0), Align::Middle, palette::NOTE);
    }
    let unit = (WIDTH - MARGIN, frame.bottom + 14.0);
    pen.text("% of requests", unit, Align::Right, palette::NOTE);
    let mut top = frame.top;
    for group in groups {
        draw_group(pen, results, group, Frame { top, bottom: top + group.height(), ..frame });
        top += group.height();
    }
}

fn draw_group(pen: &Pen<'_>, results: &ScenarioResults, group: &Group<'_>, frame: Frame) {
    let scenario = &results.scenario;
    pen.fill(Frame { left: MARGIN, right: MARGIN + 5.0, ..frame }, group.paint);
    let names: Vec<&str> = group.releases.iter().map(|id| scenario.release_name(*id)).collect();
    let room = NAMES - 26.0;
    let name = broken(scenario.plan_name(group.plan), room, 1, palette::NAME);
    let middle = (frame.top + frame.bottom) / 2.0;
    let left = MARGIN + 13.0;
    for line in &name {
        pen.text(line, (left, middle - NAME_LINE / 2.0), Align::Left, palette::NAME);
    }
    let releases = shortened(&format!("({})", names.join(", ")), room, palette::NOTE);
    pen.text(&releases, (left, middle + NAME_LINE / 2.0), Align::Left, palette::NOTE);
    let lines = group.steps.len() as f64 * LINE;
    for (at, step) in group.steps.iter().enumerate() {
        let y = middle - lines / 2.0 + LINE * (at as f64 + 0.5);
        let x = |share: f64| frame.left + share.clamp(0.0, 1.0) * frame.width();
        let met = step.requests.map_or(0.0, |met| met.mean);
        pen.line((x(step.asked), y), (x(met), y), group.paint, 3.0);
        palette::draw_mark(pen, Mark::Ring, (x(step.asked), y), palette::SOFT);
        palette::draw_mark(pen, Mark::Disc, (x(met), y), group.paint);
        pen.text(&words(step), (frame.right + 14.0, y), Align::Left, palette::LABEL_NOTE);
    }
}
