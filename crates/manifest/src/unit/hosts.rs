//! Hosts that routing rules send requests to: are they the ones of these files?

use super::UnitsFound;
use super::routes::Plan;
use crate::draft::Draft;
use crate::kinds::Object;
use crate::rule::{Destination, namespace, short};
use crate::store::Store;

/// Hosts of destinations that are probably slips of names that are given.
pub fn check(store: &Store, object: &Object, plan: &Plan<'_>, found: &mut UnitsFound) {
    for rule in plan.rules() {
        let mirror =
            rule.mirror.iter().map(|(to, _)| (format!("{}.host", rule.mirror_field()), to));
        let routes = rule.destinations.iter().enumerate();
        let routes = routes.map(|(i, to)| (rule.field_of(i, "host"), to));
        for (field, to) in routes.chain(mirror) {
            let known = store.service_of(object, &to.host).is_some()
                || store.rule_of(object, &to.host).is_some()
                || !store.behind(object, &to.host).is_empty();
            elsewhere(store, object, &field, to, found);
            let near = if known { None } else { store.host_like(object, &to.host) };
            if let Some(near) = near {
                let message = format!("nothing here is called {:?}", to.host);
                let help = format!("did you mean {near}?");
                found.problem(object, &field, message, "a host of these files", &help);
            }
        }
    }
}

/// A host that names another namespace than that of the Service which is given.
fn elsewhere(
    store: &Store,
    object: &Object,
    field: &str,
    to: &Destination,
    found: &mut UnitsFound,
) {
    let Some(meant) = namespace(&to.host) else { return };
    let Some((service, _)) = store.service_of(object, &to.host) else { return };
    match service.metadata.namespace.as_deref() {
        Some(own) if own != meant => {
            let message = format!("{} lies in the namespace {own}, not {meant}", service.title());
            let help = format!("write {}.{own}.svc.cluster.local", short(&to.host));
            found.problem(object, field, message, "a host of these files", &help);
        }
        None => {
            let draft = Draft::new(short(&to.host), service);
            let source = format!("the host {} says so", to.host);
            draft.assume(&mut found.lists, "metadata.namespace", meant, &source, false);
        }
        Some(_) => {}
    }
}
