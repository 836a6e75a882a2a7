//! Lines of `expect:` that are decided before anything is flown: limits outside of what a figure
//! can be, verdicts that a release or a strategy never has, measures without a value, and
//! statistics that the allowed replications cannot bound.
//!
//! Told only where it is certain: that a line would be hard to satisfy is for the flights to say.

use super::warn::Warnings;
use super::warn_checks::shown;
use windtunnel_model::outcome::measure::Reach;
use windtunnel_model::outcome::{Grade, MeasureId, Rating, Unit, Verdict};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::{Expectation, Expected, Operator, Scenario, Statistic};
use windtunnel_model::strategy::pilot::Pilot;
use windtunnel_model::traffic::Arrivals;

/// Fewest flights whose 5 % or 95 % quantile has an end on either side: 0.95^n ≤ 2.5 %.
const FLIGHTS_FOR_P95: u32 = 72;

/// The same of the median: 0.5^n ≤ 2.5 %.
const FLIGHTS_FOR_P50: u32 = 6;

/// What is wrong with a line, and a way out.
type Told = (String, String);

/// Adds the warnings about all lines.
pub(super) fn warnings(scenario: &Scenario, pilots: &[Pilot], found: &mut Warnings<'_>) {
    for (number, line) in scenario.expect.iter().enumerate() {
        let hidden = |plan: PlanId| pilots.get(plan.0).is_some_and(|pilot| pilot.facts.hidden);
        if let Some((message, help)) = told(scenario, line, &hidden) {
            found.say(&format!("spec.expect[{number}]"), message, &help);
        }
    }
}

fn told(scenario: &Scenario, line: &Expectation, hidden: &dyn Fn(PlanId) -> bool) -> Option<Told> {
    let name = scenario.plan_name(line.plan);
    match line.what {
        Expected::Rating { rating, grade } => {
            let is_open = matches!(rating, Rating::Rollback | Rating::Delivery);
            let vain = is_open && hidden(line.plan) && grade != Grade::NotApplicable;
            let message = format!(
                "no flight can satisfy this: {name} ships nothing and shows the new version to \
                 nobody, so that {} is {}",
                rating.word(),
                Grade::NotApplicable
            );
            vain.then(|| (message, "ask whether bad releases are rolled-back-bad".to_string()))
        }
        Expected::Verdict(verdict) => {
            let end = ended(scenario, line, verdict, hidden(line.plan));
            end.or_else(|| limited(line, (0.0, 1.0), "a share of verdicts")).or_else(|| sure(line))
        }
        Expected::StoppedBy => {
            limited(line, (0.0, 1.0), "a share of flights").or_else(|| sure(line))
        }
        Expected::Measure { measure, statistic } => {
            let valueless = valueless(line.plan, measure, name, hidden);
            let bounds = bounds(scenario, measure);
            let bounds = match statistic {
                Statistic::Spread => (0.0, bounds.1 - bounds.0),
                _ => bounds,
            };
            let flights = || unbounded(scenario, line, statistic);
            valueless.or_else(|| limited(line, bounds, measure.name())).or_else(flights)
        }
        Expected::Difference { measure, reference } => {
            let other = scenario.plan_name(reference);
            let (least, most) = bounds(scenario, measure);
            let what = format!("a difference of {}", measure.name());
            valueless(line.plan, measure, name, hidden)
                .or_else(|| valueless(reference, measure, other, hidden))
                .or_else(|| limited(line, (least - most, most - least), &what))
        }
    }
}

/// A verdict that the release never has, or not by this strategy.
fn ended(scenario: &Scenario, line: &Expectation, verdict: Verdict, hidden: bool) -> Option<Told> {
    use Verdict::{
        FalseRollback, MissedBad, PassedGood, PromotedGood, RolledBackBad, RolledBackLate,
    };
    let name = scenario.plan_name(line.plan);
    let bad = match line.release {
        ReleaseId::Variant(variant) => Some(scenario.release.variants.get(variant.0)?.bad),
        ReleaseId::Mix => None,
    };
    let (never, help) = match (verdict, bad) {
        (PromotedGood | PassedGood | FalseRollback, Some(true)) => (
            "a bad release is never that",
            "bad releases are rolled-back-bad, missed-bad, rolled-back-late or no-evidence",
        ),
        (RolledBackBad | MissedBad | RolledBackLate, Some(false)) => (
            "a good release is never that",
            "good releases are promoted-good, passed-good, false-rollback or no-evidence",
        ),
        (PassedGood, _) if !hidden => {
            ("it ships what it finds good", "good releases that stay are promoted-good")
        }
        (PromotedGood | RolledBackLate, _) if hidden => {
            ("it ships nothing", "good releases that it lets pass are passed-good")
        }
        _ => return None,
    };
    let what = match (line.operator, line.limit) {
        (Operator::Above, _) | (Operator::AtLeast, _) => "no flight can satisfy this",
        (Operator::Below | Operator::AtMost, _) => "no flight can fail this",
    };
    let message = format!("{what}: no flight of {name} ends as {}, {never}", verdict.word());
    Some((message, help.to_string()))
}

/// A limit that every value lies on one side of.
fn limited(line: &Expectation, (least, most): (f64, f64), what: &str) -> Option<Told> {
    let limit = line.limit;
    let (satisfied, failed) = match line.operator {
        Operator::Below => (least < limit, most >= limit),
        Operator::AtMost => (least <= limit, most > limit),
        Operator::Above => (most > limit, least <= limit),
        Operator::AtLeast => (most >= limit, least < limit),
    };
    let can = match (satisfied, failed) {
        (true, true) => return None,
        (false, _) => "satisfy",
        (true, false) => "fail",
    };
    let share = match line.what {
        Expected::Verdict(_) | Expected::StoppedBy => true,
        Expected::Measure { measure, .. } | Expected::Difference { measure, .. } => {
            measure.measure().unit == Unit::Share
        }
        Expected::Rating { .. } => false,
    };
    let told = |value: f64| if share { shown(value) } else { value.to_string() };
    let span = match (least.is_finite(), most.is_finite()) {
        (true, true) => format!("from {} to {}", told(least), told(most)),
        (true, false) => format!("{} or more", told(least)),
        _ => format!("{} or less", told(most)),
    };
    let message = format!("no flight can {can} this: {what} is {span}");
    Some((message, "a limit within that, or without this line".to_string()))
}

/// A share that no number of flights proves: its interval ends before 100 %, and above 0 %.
fn sure(line: &Expectation) -> Option<Told> {
    let (end, help) = match (line.operator, line.limit) {
        (Operator::AtLeast, limit) if limit >= 1.0 => ("always", "≥ 95%, or ≥ 99%"),
        (Operator::AtMost, limit) if limit <= 0.0 => ("never", "≤ 5%, or ≤ 1%"),
        _ => return None,
    };
    let message = format!("no number of flights proves {end}: this line never holds");
    Some((message, help.to_string()))
}

/// A measure that flights of a strategy never have.
fn valueless(
    plan: PlanId,
    measure: MeasureId,
    name: &str,
    hidden: &dyn Fn(PlanId) -> bool,
) -> Option<Told> {
    let of_new = [
        MeasureId::P50NewMs,
        MeasureId::P99NewMs,
        MeasureId::RollbackS,
        MeasureId::HarmToSafeS,
        MeasureId::RolloutS,
    ];
    if !hidden(plan) || !of_new.contains(&measure) {
        return None;
    }
    let message = format!(
        "no flight can satisfy this: {name} shows the new version to no user, so that {} has no \
         value",
        measure.name()
    );
    Some((message, "ask for the share of verdicts".to_string()))
}

/// A quantile of which the most replications show no end where the line needs one.
fn unbounded(scenario: &Scenario, line: &Expectation, statistic: Statistic) -> Option<Told> {
    let most = scenario.budget.replications_max;
    let needed = match statistic {
        Statistic::P05 | Statistic::P95 => FLIGHTS_FOR_P95,
        Statistic::P50 => FLIGHTS_FOR_P50,
        Statistic::Mean | Statistic::Spread => return None,
    };
    if most >= needed || line.release == ReleaseId::Mix {
        return None;
    }
    let upwards = matches!(line.operator, Operator::Below | Operator::AtMost);
    let can = match (statistic, upwards) {
        (Statistic::P95, true) | (Statistic::P05, false) => "this line cannot hold",
        (Statistic::P95, false) | (Statistic::P05, true) => "this line cannot fail",
        _ => "this line stays undecided",
    };
    let word = match statistic {
        Statistic::P05 => "p05",
        Statistic::P50 => "p50",
        _ => "p95",
    };
    let message = format!("{word} has no end on one side with {most} flights at most: {can}");
    Some((message, format!("spec.replications.max: {needed}, or more")))
}

/// The least and the greatest value of a measure in a flight, as far as they are certain.
fn bounds(scenario: &Scenario, measure: MeasureId) -> (f64, f64) {
    let open = f64::INFINITY;
    let users = f64::from(scenario.traffic.users.min(match scenario.traffic.arrivals {
        Arrivals::Closed { sessions, .. } => sessions,
        _ => u32::MAX,
    }));
    let recorded =
        matches!(scenario.traffic.arrivals, Arrivals::Trace(_) | Arrivals::TraceFile { .. });
    let users = if recorded { open } else { users };
    let horizon = scenario.horizon.as_secs_f64();
    match measure.measure().reach {
        Reach::Users | Reach::UsersExposed | Reach::UsersHurt => (0.0, users),
        Reach::UsersExposedShare | Reach::HarmShare => (0.0, 1.0),
        Reach::ShareDifference => (-1.0, 1.0),
        Reach::HarmSeconds | Reach::CourseSeconds => (0.0, horizon),
        Reach::HarmSecondsAdded | Reach::HarmSecondsDifference => (-horizon, horizon),
        Reach::UserMinutes
        | Reach::Requests
        | Reach::RequestsHurt
        | Reach::Latency
        | Reach::Value
        | Reach::Pods
        | Reach::PodHours
        | Reach::PodCost => (0.0, open),
        Reach::ValueDifference
        | Reach::ReleaseCost
        | Reach::PodHoursDifference
        | Reach::FleetMinutesDifference
        | Reach::PodCostDifference => (-open, open),
    }
}

#[cfg(test)]
mod tests {
    use crate::read::read;

    fn warned(line: &str, more: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             service: {{replicas: 10}}\n  expect:\n    - {line}\n{more}"
        );
        let (_, warnings) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{line}: {p:?}"));
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_decided_before_is_told() {
        for (line, part) in [
            ("canary · bad · users_hurt_by_release_share < 0", "satisfy this: users_hurt_by"),
            ("canary · bad · users_hurt_by_release_share ≥ 0", "fail this: users_hurt_by"),
            ("canary · bad · users_exposed_share ≤ 100%", "is from 0% to 100%"),
            ("canary · bad · requests_failed · p95 ≥ 0", "fail this: requests_failed is 0 or more"),
            ("canary · bad · users_hurt < 1000000", "fail this: users_hurt is from 0 to"),
            ("canary · bad · rollback_s < 3h", "fail this: rollback_s is from 0 to"),
            ("canary · bad · users_hurt · spread ≥ 0", "no flight can fail this"),
            ("canary - shadow · bad · users_exposed_share < 100%", ""),
            ("canary - shadow · bad · users_exposed_share ≤ 100%", "fail this: a difference of"),
            ("canary · good · verdict missed-bad ≥ 1%", "a good release is never that"),
            ("canary · good · verdict rolled-back-bad < 5%", "no flight can fail this"),
            ("canary · bad · verdict promoted-good < 5%", "a bad release is never that"),
            ("canary · good · verdict passed-good ≥ 5%", "it ships what it finds good"),
            ("shadow · good · verdict promoted-good ≥ 5%", "it ships nothing"),
            ("shadow · good · verdict passed-good ≥ 5%", ""),
            ("canary · all · verdict missed-bad ≥ 0%", "a share of verdicts is from 0% to 100%"),
            ("canary · good · verdict promoted-good ≥ 100%", "no number of flights proves always"),
            ("canary · bad · verdict missed-bad ≤ 0%", "no number of flights proves never"),
            ("canary · bad · verdict missed-bad < 5%", ""),
            ("shadow · bad · rollback_s < 10s", "rollback_s has no value"),
            ("canary - shadow · good · rollout_s < 10s", "rollout_s has no value"),
            ("shadow · rating rollback = instant", "rollback is n.a."),
            ("shadow · rating rollback = n.a.", ""),
            ("canary · bad · outage_by_release_s > -5s", ""),
            ("canary · bad · new_traffic_minus_pods ≥ -100%", "is from -100% to 100%"),
        ] {
            let found = warned(line, "");
            assert_eq!(found.len(), usize::from(!part.is_empty()), "{line}: {found:?}");
            assert!(found.iter().all(|warning| warning.contains(part)), "{line}: {found:?}");
        }
    }

    #[test]
    fn a_shadow_that_is_followed_ships() {
        let then = "  strategies: [{shadow: {then: canary}}]\n";
        assert_eq!(warned("shadow · good · verdict promoted-good ≥ 5%", then).len(), 0);
        assert_eq!(warned("shadow · bad · rollback_s < 10s", then).len(), 0);
        assert_eq!(warned("shadow · good · verdict passed-good ≥ 5%", then).len(), 1);
    }

    #[test]
    fn a_quantile_takes_flights() {
        let of = |line: &str, max: u32| {
            warned(line, &format!("  replications: {{min: 2, max: {max}}}\n")).join("")
        };
        for (line, part) in [
            ("canary · bad · users_hurt · p95 < 9", "at most: this line cannot hold"),
            ("canary · bad · users_hurt · p95 > 9", "at most: this line cannot fail"),
            ("canary · bad · users_hurt · p05 > 9", "at most: this line cannot hold"),
            ("canary · bad · users_hurt · p05 < 9", "at most: this line cannot fail"),
        ] {
            assert!(of(line, 71).contains(part), "{line}: {}", of(line, 71));
            assert_eq!(of(line, 72), "", "{line}");
        }
        assert!(of("canary · bad · users_hurt · p50 < 9", 5).contains("stays undecided"));
        assert_eq!(of("canary · bad · users_hurt · p50 < 9", 6), "");
        assert_eq!(of("canary · bad · users_hurt < 9", 5), "");
    }
}
