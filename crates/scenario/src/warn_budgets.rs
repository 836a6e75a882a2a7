//! PodDisruptionBudgets that never let a pod be evicted: the drain of a node waits for ever.
//!
//! All pods are taken to be healthy, as the controller counts them when it allows the most.
//! Deliberately unknown here: whether a node is drained at all.

use super::warn::Warnings;
use windtunnel_base::count::counted;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::deployment::bounds::IntOrPercent;
use windtunnel_model::strategy::disruption::{Budget, Disruptions, Selected};
use windtunnel_model::world::routing::Pool;

/// Adds the warnings about all budgets.
pub(super) fn warnings(scenario: &Scenario, found: &mut Warnings<'_>) {
    let replicas = scenario.service.replicas;
    let scaler = scenario.autoscaler.as_ref();
    let (least, most) = scaler.map_or((replicas, replicas), |scaler| (scaler.min, scaler.max));
    // At no pods there is nothing to evict.
    let least = least.max(1);
    if least > most {
        return;
    }
    let one = found.given("spec.service.disruptionBudget");
    let all = &scenario.disruptions;
    for (number, budget) in all.iter().enumerate() {
        let path = match (one, number) {
            (true, 0) => "spec.service.disruptionBudget".to_string(),
            _ => format!("spec.service.disruptionBudgets[{}]", number - usize::from(one)),
        };
        let twice = |other: &Disruptions| {
            other.covers.is_none() || budget.covers.is_none() || other.covers == budget.covers
        };
        if all[..number].iter().any(twice) {
            let message = "another budget covers the same pods: the API server evicts none of them";
            found.say(&path, message, "one budget for a pod");
        } else if let Some((message, help)) = never(budget, (least, most)) {
            found.say(&path, message, &help);
        }
    }
}

/// What a budget never allows at these sizes, and a way out.
fn never(budget: &Disruptions, (least, most): (u32, u32)) -> Option<(String, String)> {
    // A fleet that comes and goes with a release may be of any size up to the whole.
    let first = (least..=most).find(|pods| allowed(&budget.budget, *pods) > 0);
    let drained = "a drained node waits for ever";
    match first {
        None => {
            let (what, help) = match &budget.budget {
                Budget::MaxUnavailable(_) => {
                    ("none may be missing".to_string(), "maxUnavailable: 1")
                }
                Budget::MinAvailable(bound) => {
                    (format!("{} of {most} have to stay", shown(bound)), "maxUnavailable: 1")
                }
            };
            let pods = counted(u64::from(most), "pod");
            let message = format!("never allows an eviction of {pods}, {what}: {drained}");
            Some((message, help.to_string()))
        }
        Some(first) if first > least && budget.covers != Some(Pool::Candidate) => {
            let pods = counted(u64::from(least), "pod");
            let message = format!(
                "allows no eviction with {pods}, the autoscaler's fewest, but from {first} on: \
                 until then {drained}"
            );
            Some((message, format!("minReplicas: {first}, or maxUnavailable: 1")))
        }
        Some(_) => None,
    }
}

/// Evictions that a budget allows at once of so many healthy pods.
fn allowed(budget: &Budget, pods: u32) -> u32 {
    let selected = Selected { pods, healthy: pods, wanted: Some(pods) };
    budget.status(&selected).map_or(1, |status| status.allowed)
}

fn shown(bound: &IntOrPercent) -> String {
    match bound {
        IntOrPercent::Int(pods) => pods.to_string(),
        IntOrPercent::Text(share) => share.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::read::read;

    /// What is said of these fields of a service.
    fn said(fields: &str) -> Vec<String> {
        let head = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\nspec:\n";
        let text = format!("{head}  service: {{{fields}}}\n");
        let (_, warnings) = read(&text, "t").unwrap_or_else(|p| panic!("{fields}: {p:?}"));
        let own = warnings.iter().filter(|w| w.path.contains("disruptionBudget"));
        own.map(|w| format!("{}: {}", w.path, w.message)).collect()
    }

    fn check(fields: &str, expected: &[&str]) {
        let found = said(fields);
        assert_eq!(found.len(), expected.len(), "{fields}: {found:?}");
        for (found, part) in found.iter().zip(expected) {
            assert!(found.contains(part), "{fields}: {part:?} is not in {found:?}");
        }
    }

    #[test]
    fn budgets_that_never_allow_an_eviction_are_told() {
        for (budget, expected) in [
            ("minAvailable: 3", "never allows an eviction of 3 pods, 3 of 3 have to stay"),
            ("minAvailable: 5", "5 of 3 have to stay"),
            ("minAvailable: 100%", "100% of 3 have to stay"),
            ("minAvailable: 67%", "67% of 3 have to stay"),
            ("maxUnavailable: 0", "none may be missing"),
            ("maxUnavailable: 0%", "none may be missing"),
        ] {
            check(&format!("replicas: 3, disruptionBudget: {{{budget}}}"), &[expected]);
        }
        for budget in ["minAvailable: 2", "minAvailable: 66%", "maxUnavailable: 1%"] {
            check(&format!("replicas: 3, disruptionBudget: {{{budget}}}"), &[]);
        }
        check("replicas: 1, disruptionBudget: {minAvailable: 1}", &["of 1 pod, 1 of 1"]);
    }

    #[test]
    fn the_sizes_of_an_autoscaler_count() {
        let scaled = |budget: &str| {
            let scaler = "autoscaler: {minReplicas: 2, maxReplicas: 6}";
            format!("replicas: 4, {scaler}, disruptionBudget: {{{budget}}}")
        };
        let few = "allows no eviction with 2 pods, the autoscaler's fewest, but from 3 on";
        check(&scaled("minAvailable: 2"), &[few]);
        check(&scaled("minAvailable: 6"), &["never allows an eviction of 6 pods"]);
        check(&scaled("minAvailable: 1"), &[]);
        check(&scaled("maxUnavailable: 10%"), &[]);
    }

    #[test]
    fn two_budgets_for_a_pod_evict_none() {
        let two = "replicas: 4, disruptionBudgets: [{maxUnavailable: 1}, {minAvailable: 1}]";
        check(two, &["spec.service.disruptionBudgets[1]: another budget covers the same pods"]);
        let apart = "replicas: 4, disruptionBudgets: [{maxUnavailable: 1, covers: stable}, \
                     {maxUnavailable: 0, covers: candidate}]";
        check(apart, &["disruptionBudgets[1]: never allows an eviction"]);
    }
}
