//! What people order during a release, from the annotation of the workload that they order about.
//!
//! `windtunnel-orders: 15s pause, 60s resume`, as the strategy of a Scenario lists them; whether an
//! order is one that the strategy takes is for the strategy's reader to say.

use super::UnitsFound;
use crate::draft::{Draft, list, text};
use crate::fields::Labels;
use crate::kinds::Object;
use crate::kinds::metadata::ORDERS;
use crate::note::Weight;
use crate::store::Store;
use windtunnel_model::strategy::orders::FIELD;

/// Writes the orders into a strategy, if there are any.
pub fn write(draft: &mut Draft, path: &str, object: &Object, own: &Labels) {
    let Some((_, given)) = own.iter().find(|(name, _)| *name == ORDERS) else { return };
    let lines = given.split(',').map(|line| text(line.trim()));
    let written_at = object.written_at(&format!("metadata.annotations.{ORDERS}"));
    draft.set(&format!("{path}.{FIELD}"), list(lines.collect()), written_at);
}

/// When an order resumes what is paused from the start, as it is written.
pub fn resumed(own: &Labels) -> Option<&str> {
    let (_, given) = own.iter().find(|(name, _)| *name == ORDERS)?;
    let mut lines = given.split(',').filter_map(|line| line.trim().split_once(' '));
    lines.find(|(_, order)| order.trim() == "resume").map(|(at, _)| at)
}

/// Annotations of Deployments that are slips, and orders that no unit has taken.
pub fn check(store: &Store, found: &mut UnitsFound) {
    for (object, deployment) in store.deployments() {
        for (name, _) in &deployment.own {
            let field = format!("metadata.annotations.{name}");
            if name != ORDERS {
                let message = format!("unknown annotation {name:?}");
                found.problem(object, &field, message, ORDERS, "");
            } else if !taken(object, found) {
                let why = "nobody orders anything of this Deployment: its release is another's";
                found.ignore(object, &field, why, Weight::Matters);
            }
        }
    }
}

fn taken(object: &Object, found: &UnitsFound) -> bool {
    let mine = found.drafts.iter().filter(|draft| draft.used.contains(&object.title()));
    mine.filter_map(|draft| draft.get("spec")).any(|spec| {
        spec.items_at("strategies").iter().any(|strategy| {
            ["rollingUpdate", "recreate", "flagger"]
                .iter()
                .filter_map(|kind| strategy.get(kind))
                .any(|settings| settings.get(FIELD).is_some())
        })
    })
}
