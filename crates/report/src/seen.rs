//! What users met beside what was asked for: in a few lines for the terminal, as tables for
//! `summary.md`, as JSON.
//!
//! A step asks for a share of the requests; pods, routers and cookies make something of it, and
//! users meet what they meet. Deliberately absent: counting, which flights and the experiment do.

use super::figure::{Quantity, significant};
use super::reading;
use serde_json::{Value, json};
use windtunnel_base::escape::markdown;
use windtunnel_base::wrap;
use windtunnel_experiment::results::{ScenarioResults, StepRow};
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_stats::estimate::Estimate;

/// Shares that differ by less are alike.
const ALIKE: f64 = 0.02;

/// Users who met the old version again after the new one are told from this share on.
const FLIPPED: f64 = 0.01;

/// More users than this beyond what was asked are worth a word.
const MANY: f64 = 0.2;

/// Shorter steps say more of the way there than of the step.
const SHORTEST_S: f64 = 30.0;

/// So near the share of the pods a share of requests is theirs.
const NEAR: f64 = 0.06;

/// Lines of a terminal.
const LINES: usize = 12;

/// What is worth a word of one strategy with one release.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SeenGroup {
    /// The step that says most: asked, met by requests, met by users, pods.
    step: Option<(f64, f64, Option<f64>, [u32; 2])>,
    /// Users who met the old version again after the new one.
    flipped: f64,
}

impl SeenGroup {
    fn is_something(&self) -> bool {
        self.step.is_some() || self.flipped >= FLIPPED
    }

    fn is_like(&self, other: &SeenGroup) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= ALIKE;
        let users = |step: &(f64, f64, Option<f64>, [u32; 2])| step.2.unwrap_or(0.0);
        let steps = match (&self.step, &other.step) {
            (Some(a), Some(b)) => {
                a.0 == b.0 && near(a.1, b.1) && near(users(a), users(b)) && a.3 == b.3
            }
            (None, None) => true,
            _ => false,
        };
        steps && near(self.flipped, other.flipped)
    }
}

fn mean(estimate: &Option<Estimate>) -> Option<f64> {
    estimate.as_ref().map(|estimate| estimate.mean)
}

/// Does the step give requests another share than it asks for, more than a few pods' rounding?
fn differs(asked: f64, met: f64) -> bool {
    let by = (met - asked).abs();
    by > ALIKE && (by > 0.05 || by > asked / 2.0)
}

/// Is the step long enough to be told of, and does it give another share than it asks for?
pub fn is_off(row: &StepRow) -> bool {
    let met = mean(&row.requests);
    is_long(row) && met.is_some_and(|met| differs(row.asked, met))
}

/// Does the step last long enough to be told of, and not only of the way there?
pub fn is_long(row: &StepRow) -> bool {
    row.lasted_s >= SHORTEST_S
}

/// Strategies with a step that gives requests another share than it asks for, each with the
/// releases that fare alike with it.
pub fn differing(results: &ScenarioResults) -> Vec<(PlanId, Vec<VariantId>)> {
    let mut found = Vec::new();
    for plan in results.scenario.plan_ids() {
        let off = |variant: VariantId| steps(results, variant, plan).any(is_off);
        let groups = groups(results, plan).into_iter();
        let own = groups.filter(|(_, releases)| releases.first().is_some_and(|id| off(*id)));
        found.extend(own.map(|(_, releases)| (plan, releases)));
    }
    found
}

/// The releases of a strategy, those together that fare alike.
fn groups(results: &ScenarioResults, plan: PlanId) -> Vec<(SeenGroup, Vec<VariantId>)> {
    let mut groups: Vec<(SeenGroup, Vec<VariantId>)> = Vec::new();
    for variant in results.scenario.variant_ids() {
        let told = told(results, variant, plan);
        match groups.iter_mut().find(|(other, _)| other.is_like(&told)) {
            Some((_, variants)) => variants.push(variant),
            None => groups.push((told, vec![variant])),
        }
    }
    groups
}

/// Steps of a strategy with a release.
pub fn steps(
    results: &ScenarioResults,
    variant: VariantId,
    plan: PlanId,
) -> impl Iterator<Item = &StepRow> {
    results.steps.iter().filter(move |row| (row.variant, row.plan) == (variant, plan))
}

fn share(results: &ScenarioResults, variant: VariantId, plan: PlanId, of: MeasureId) -> f64 {
    reading::estimate(results, variant, plan, of).map_or(0.0, |estimate| estimate.mean)
}

fn told(results: &ScenarioResults, variant: VariantId, plan: PlanId) -> SeenGroup {
    let lasting = steps(results, variant, plan).filter(|row| is_long(row));
    let step = |row: &StepRow| Some((row.asked, mean(&row.requests)?, mean(&row.users), row.pods));
    let steps: Vec<_> = lasting.filter_map(step).collect();
    let off = |step: &&(f64, f64, Option<f64>, [u32; 2])| differs(step.0, step.1);
    let by_users = |step: &&(f64, f64, Option<f64>, [u32; 2])| {
        step.0 < 1.0 && step.2.is_some_and(|users| users > step.0 + MANY)
    };
    let gap = |step: &&(f64, f64, Option<f64>, [u32; 2])| (step.1 - step.0).abs();
    let most = steps.iter().filter(off).max_by(|a, b| gap(a).total_cmp(&gap(b)));
    let step = most.or_else(|| steps.iter().find(by_users)).copied();
    SeenGroup { step, flipped: share(results, variant, plan, MeasureId::UsersFlippedShare) }
}

/// The lines of the terminal: a sentence a strategy and group of releases that fare alike; empty
/// where users met what was asked for.
pub fn text(results: &ScenarioResults) -> String {
    let mut lines = Vec::new();
    for plan in results.scenario.plan_ids() {
        let groups = groups(results, plan);
        let all = results.scenario.variant_ids().count();
        for (told, variants) in groups.iter().filter(|(told, _)| told.is_something()) {
            let names: Vec<&str> =
                variants.iter().map(|variant| results.scenario.release_name(*variant)).collect();
            let of = if names.len() == all { String::new() } else { names.join(", ") };
            lines.push(line(results.scenario.plan_name(plan), &of, told));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    lines.extend((more > 0).then(|| format!("… and {more} more: summary.md")));
    let under = |line: &String| wrap::wrapped(line, wrap::COLUMNS - 2, 4).join("\n  ");
    let lines: Vec<String> = lines.iter().map(under).collect();
    format!("What users met:\n  {}\n", lines.join("\n  "))
}

fn line(plan: &str, releases: &str, told: &SeenGroup) -> String {
    let of = if releases.is_empty() { String::new() } else { format!(" ({releases})") };
    let mut parts = Vec::new();
    if let Some((asked, met, users, pods)) = told.step {
        // Where requests go by pods, their number is the reason.
        let of_pods = f64::from(pods[0]) / f64::from(pods[1].max(1));
        let by_pods = match pods {
            [new, all] if differs(asked, met) && (of_pods - met).abs() <= NEAR => {
                format!(": {new} of {all} pods")
            }
            _ => String::new(),
        };
        let users = users.filter(|users| *users > met.max(asked) + ALIKE);
        let users = users.map_or(String::new(), |u| format!(", by {} of users", percent(u)));
        parts.push(format!("{} asked, {} met{by_pods}{users}", percent(asked), percent(met)));
    }
    if told.flipped >= FLIPPED {
        let users = percent(told.flipped);
        parts.push(format!("{users} of users met the old version again after the new one"));
    }
    format!("{plan}{of}: {}", parts.join("; "))
}

fn percent(share: f64) -> String {
    let digits = if share >= 0.1 { 100.0 } else { 1000.0 };
    Quantity::Share.show((share * digits).round() / digits)
}

/// The tables of `summary.md`.
pub fn markdown(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let shown = |of: VariantId, plan: PlanId, measure: MeasureId| {
        let estimate = reading::estimate(results, of, plan, measure);
        estimate.map_or("–".to_string(), |e| Quantity::Share.show_estimate(e))
    };
    let (mut users, mut by_step) = (Vec::new(), Vec::new());
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let names = [scenario.plan_name(plan), scenario.release_name(variant)];
            let names = names.map(|name| markdown::text(name).into_owned());
            let columns = [
                MeasureId::UsersExposedShare,
                MeasureId::ExposedBeforeVerdictShare,
                MeasureId::UsersFlippedShare,
            ];
            let cells = columns.map(|measure| shown(variant, plan, measure));
            users.push(names.iter().cloned().chain(cells).collect());
            let rows = steps(results, variant, plan).map(|row| step_cells(&names, row));
            by_step.extend(rows);
        }
    }
    let head = [
        "strategy",
        "release",
        "users who met the new version",
        "before the verdict",
        "users who met the old one again",
    ];
    let mut page = markdown::table(&head, users);
    if !by_step.is_empty() {
        let head = [
            "strategy",
            "release",
            "asked",
            "requests that met it",
            "users who met it by the end",
            "pods, new of all",
            "lasted",
            "flights",
        ];
        page += "\n\nStep by step, until the verdict:\n\n";
        page += &markdown::table(&head, by_step);
    }
    page
}

fn step_cells(names: &[String; 2], row: &StepRow) -> Vec<String> {
    let shown = |estimate: &Option<Estimate>| {
        estimate.as_ref().map_or("–".to_string(), |e| Quantity::Share.show_estimate(e))
    };
    let requests = match mean(&row.requests) {
        Some(met) if is_long(row) && differs(row.asked, met) => {
            format!("**{}**", shown(&row.requests))
        }
        _ => shown(&row.requests),
    };
    let cells = [
        Quantity::Share.show(row.asked),
        requests,
        shown(&row.users),
        format!("{} of {}", row.pods[0], row.pods[1]),
        Quantity::Seconds.show(row.lasted_s),
        significant(f64::from(row.flights)),
    ];
    names.iter().cloned().chain(cells).collect()
}

/// The same for machines: an entry a strategy and release.
pub fn json(results: &ScenarioResults) -> Vec<Value> {
    let scenario = &results.scenario;
    let figure = |estimate: Option<&Estimate>| {
        estimate.map(|e| json!({"mean": e.mean, "lower": e.lower, "upper": e.upper}))
    };
    let of_step = |row: &StepRow| {
        json!({
            "step": row.number,
            "asked": row.asked,
            "requests_met": figure(row.requests.as_ref()),
            "users_met": figure(row.users.as_ref()),
            "pods_new": row.pods[0],
            "pods": row.pods[1],
            "lasted_s": row.lasted_s,
            "flights": row.flights,
        })
    };
    let mut found = Vec::new();
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let of = |measure| figure(reading::estimate(results, variant, plan, measure));
            found.push(json!({
                "strategy": scenario.plan_name(plan),
                "release": scenario.release_name(variant),
                "users_met": of(MeasureId::UsersExposedShare),
                "users_met_before_verdict": of(MeasureId::ExposedBeforeVerdictShare),
                "users_flipped": of(MeasureId::UsersFlippedShare),
                "steps": steps(results, variant, plan).map(of_step).collect::<Vec<_>>(),
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_differs_by_more_than_rounding() {
        for (asked, met) in [(0.1, 0.5), (0.05, 0.0), (0.02, 0.05), (0.5, 0.42), (0.2, 0.02)] {
            assert!(differs(asked, met), "{asked} {met}");
        }
        for (asked, met) in [(0.1, 0.1), (0.5, 0.47), (0.01, 0.02), (1.0, 0.96)] {
            assert!(!differs(asked, met), "{asked} {met}");
        }
    }

    #[test]
    fn the_line_says_what_was_asked_and_what_was_met() {
        let step = Some((0.1, 0.5, Some(0.97), [1, 2]));
        let told = SeenGroup { step, flipped: 0.9512 };
        assert_eq!(
            line("argoCanary", "", &told),
            "argoCanary: 10 % asked, 50 % met: 1 of 2 pods, by 97 % of users; 95 % of users met \
             the old version again after the new one"
        );
        let weighted = SeenGroup { step: Some((0.2, 0.2, Some(0.99), [2, 10])), flipped: 0.0 };
        assert_eq!(
            line("canary", "good", &weighted),
            "canary (good): 20 % asked, 20 % met, by 99 % of users"
        );
        assert!(!SeenGroup { step: None, flipped: 0.004 }.is_something());
        assert!(told.is_like(&SeenGroup { flipped: 0.94, ..told }));
        assert!(!told.is_like(&SeenGroup { flipped: 0.9, ..told }));
    }
}
