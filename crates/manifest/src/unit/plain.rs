//! A Deployment on its own: a rolling update, or recreate.

use super::{UnitsFound, workload};
use crate::draft::Draft;
use crate::kinds::Object;
use crate::kinds::deployment::Deployment;
use crate::kinds::pod::contains;
use crate::store::Store;

/// Contradictions within Deployments.
pub fn check(store: &Store, found: &mut UnitsFound) {
    for (object, deployment) in store.deployments() {
        let labels = deployment.template.as_ref().map(|t| &t.labels);
        if let (Some(selector), Some(labels)) = (&deployment.selector, labels) {
            if labels.is_empty() && *selector != Default::default() {
                let field = "spec.template.metadata.labels";
                assume_missing(object, field, "those of the selector", found);
            } else if !selector.picks(labels) {
                let message = "the selector does not pick the Deployment's own pods".to_string();
                let expected = "labels of spec.template.metadata.labels";
                let help = "the API server refuses such a Deployment";
                found.problem(object, "spec.selector", message, expected, help);
            }
        }
        if deployment.selector.is_none() {
            assume_missing(object, "spec.selector", "the labels of the template", found);
        }
        if labels.is_none_or(|l| l.is_empty()) && deployment.selector.is_none() {
            let field = "spec.template.metadata.labels";
            assume_missing(object, field, "a label of its own", found);
        }
    }
}

fn assume_missing(object: &Object, field: &str, value: &str, found: &mut UnitsFound) {
    let draft = Draft::new(&object.metadata.name, object);
    let source = "a fragment: the API server would refuse it without";
    draft.assume(&mut found.lists, field, value, source, true);
}

/// A unit for every Deployment that no other unit uses.
pub fn find(store: &Store, found: &mut UnitsFound) {
    let left: Vec<(&Object, &Deployment)> =
        store.deployments().filter(|(object, _)| !found.uses(object)).collect();
    for (object, deployment) in left {
        if deployment.replicas == Some(0) {
            let why = "no pods: nothing of it is released";
            found.ignore(object, "spec.replicas", why, crate::note::Weight::Matters);
            continue;
        }
        if let Some(rules) = idle(store, object, deployment) {
            let why = format!("no rule of {rules} sends requests to it: nothing is released here");
            found.ignore(object, "", &why, crate::note::Weight::Matters);
            continue;
        }
        let mut draft = Draft::new(&object.metadata.name, object);
        let lists = &mut found.lists;
        workload::replicas(&mut draft, object, deployment.replicas, lists);
        let template = deployment.template.as_ref();
        workload::pods(&mut draft, object, template, deployment.min_ready_secs, lists);
        let labels = template.map(|template| template.labels.clone()).unwrap_or_default();
        let written_at = object.written_at("spec.template.metadata.labels");
        workload::labels(&mut draft, "all", &labels, &written_at);
        workload::strategy(&mut draft, object, deployment, lists);
        found.add(draft);
    }
}

/// The rules about a Deployment's host of which none sends requests to it, if there are such.
pub(super) fn idle(store: &Store, object: &Object, deployment: &Deployment) -> Option<String> {
    let labels = &deployment.template.as_ref()?.labels;
    let mut about = None;
    for (owner, to) in store.routed_to(object) {
        let rule = store.rule_of(owner, &to.host).map(|(_, rule)| rule);
        let named = |subset: &String| rule?.subsets.iter().find(|s| s.name == *subset);
        // A subset that is named nowhere may be this one.
        let subset = to.subset.as_ref().and_then(named);
        if subset.is_none_or(|subset| contains(labels, &subset.labels)) {
            return None;
        }
        about = Some(owner.title());
    }
    about
}
