//! Limits of evictions, which belong to the pods that they pick.

use super::UnitsFound;
use crate::draft::{mapping, text};
use crate::fields::Labels;
use crate::kinds::disruption_budget::DisruptionBudget;
use crate::note::Weight;
use crate::store::Store;
use windtunnel_base::node::Value;

/// Budgets belong to the pods that they pick: all of a unit's, or those of one of its fleets.
pub fn attach(store: &Store, found: &mut UnitsFound) {
    let who = found.who();
    let two_fleets: Vec<usize> =
        (0..found.drafts.len()).filter(|number| found.drafts[*number].fleets.is_some()).collect();
    for (object, budget) in store.disruption_budgets() {
        let picks = |labels: &Labels| budget.selector.as_ref().is_some_and(|s| s.picks(labels));
        let labelled = budget.selector.as_ref().map(|s| store.pods_with(&s.labels));
        let picked: Vec<String> = labelled
            .into_iter()
            .flatten()
            .filter(|(owner, labels)| picks(labels) && owner.is_near(object))
            .map(|(owner, _)| owner.title())
            .collect();
        let mut attached = false;
        let mut numbers = who.use_any(&picked);
        numbers.extend(&two_fleets);
        for number in numbers {
            let draft = &mut found.drafts[number];
            let covers = match &draft.fleets {
                Some(fleets) => match [picks(&fleets[0]), picks(&fleets[1])] {
                    [true, true] => "all",
                    [true, false] => "stable",
                    [false, true] => "candidate",
                    [false, false] => continue,
                },
                None => "all",
            };
            attached = true;
            draft.takes(object);
            draft.budgets.push((object.written_at("spec"), fields_of(budget, covers)));
            if covers != "all" {
                let what = format!("it covers the pods of the {covers} fleet alone");
                draft.understand(&mut found.lists, object, "spec.selector", what);
            }
        }
        if !attached {
            let why = "its pods are not among those that are flown";
            found.ignore(object, "spec.selector", why, Weight::NoEffect);
        }
    }
    for draft in &mut found.drafts {
        for (written_at, fields) in std::mem::take(&mut draft.budgets) {
            let path = "spec.service.disruptionBudgets";
            draft.push(path, mapping(fields), written_at.clone());
            let number = draft.get(path).map_or(0, |list| list.items().len());
            draft.origins.push((format!("{path}[{}]", number.saturating_sub(1)), written_at));
        }
    }
}

/// A budget as `spec.service.disruptionBudgets` has it.
fn fields_of(budget: &DisruptionBudget, covers: &str) -> Vec<(&'static str, Value)> {
    let bounds =
        [("minAvailable", &budget.min_available), ("maxUnavailable", &budget.max_unavailable)];
    let given = |(name, bound): (&'static str, &Option<String>)| {
        bound.as_ref().map(|bound| (name, text(bound.clone())))
    };
    let mut fields: Vec<(&str, Value)> = bounds.into_iter().filter_map(given).collect();
    if fields.is_empty() {
        // The API server takes a budget without bounds, which forbids every eviction.
        fields.push(("minAvailable", text("100%")));
    }
    if covers != "all" {
        fields.push(("covers", text(covers)));
    }
    if budget.always_unhealthy {
        fields.push(("evictUnhealthy", Value::Flag(true)));
    }
    fields
}
