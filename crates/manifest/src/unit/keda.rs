//! What KEDA adds to autoscalers: the autoscaler that it makes of a ScaledObject, queries with
//! Flagger's copy of them for the primary, annotations that pause it, and what its admission
//! webhook refuses.
//!
//! Read from kedacore/keda 2.18 `apis/keda/v1alpha1/scaledobject_webhook.go`,
//! `controllers/keda/hpa.go` and fluxcd/flagger 1.44 `pkg/canary/scaled_object_reconciler.go`.

use super::UnitsFound;
use crate::draft::{Draft, integer, text};
use crate::kinds::Object;
use crate::kinds::autoscaler::Autoscaler;
use crate::kinds::canary::Canary;
use crate::kinds::scaled_object::TRIGGER;
use crate::note::{Lists, Weight};
use crate::store::Store;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_model::analysis::promql::Query;
use windtunnel_model::telemetry::family::{self, Family};

/// Is it the autoscaler that KEDA makes of a ScaledObject, as a cluster shows both?
pub fn is_made(object: &Object) -> bool {
    let owners = object.node.items_at("metadata.ownerReferences");
    let keda = |owner: &Node| owner.get("kind").and_then(Node::text) == Some("ScaledObject");
    object.kind == "HorizontalPodAutoscaler" && owners.iter().any(keda)
}

/// Does the ScaledObject take over an autoscaler that is there already?
pub fn takes_over(object: &Object) -> bool {
    let annotations = object.node.at("metadata.annotations");
    let name = "scaledobject.keda.sh/transfer-hpa-ownership";
    annotations.and_then(|a| a.get(name)).and_then(Node::text) == Some("true")
}

/// A ScaledObject that is paused scales nothing; it may leave a size behind. Says whether it is.
pub fn paused(
    object: &Object,
    autoscaler: &Autoscaler,
    draft: &mut Draft,
    found: &mut Lists,
) -> bool {
    if !autoscaler.paused.whole {
        return false;
    }
    let field = "metadata.annotations";
    let size = autoscaler.paused.replicas.filter(|pods| *pods > 0);
    if let Some(pods) = size {
        draft.set("spec.service.replicas", integer(pods), object.written_at(field));
    }
    let kept = size.map_or("the size stays as it is".into(), |pods| format!("at {pods} pods"));
    found.ignored.push(draft.note(object, field, format!("paused: KEDA scales nothing, {kept}")));
    true
}

/// The Canary that refers to an autoscaler, and the name of its target.
pub fn canary_of<'s>(store: &'s Store, object: &Object) -> Option<(&'s Canary, &'s str)> {
    let mut canaries = store.canaries().filter(|(owner, _)| owner.is_near(object));
    canaries.find_map(|(owner, canary)| {
        let kind = owner.node.at("spec.autoscalerRef.kind").and_then(Node::text);
        let own = kind.is_none_or(|kind| kind == object.kind);
        let named = canary.autoscaler.as_deref() == Some(object.metadata.name.as_str());
        let target = match canary.target.as_str() {
            "" => owner.metadata.name.as_str(),
            name => name,
        };
        (own && named).then_some((canary, target))
    })
}

/// Entries of `spec.service.autoscaler.queries`; those that name nothing which a flight has come
/// second, as things that stand at their targets.
pub fn queries(
    store: &Store,
    object: &Object,
    value: &Value,
    draft: &Draft,
    lists: &mut Lists,
) -> (Vec<Value>, Vec<Value>) {
    let canary = canary_of(store, object);
    let (mut asked, mut outside) = (Vec::new(), Vec::new());
    let Value::List(entries) = value else { return (asked, outside) };
    for (i, entry) in entries.iter().enumerate() {
        let Value::Map(fields) = &entry.value else { continue };
        let query = entry.get("query").and_then(Node::text).unwrap_or_default();
        if let Some(name) = unknown(query) {
            let source = "nothing in a flight exports what its query names, so it asks for the \
                present size: the fleet grows by the other triggers, and never shrinks";
            let field = format!("{} spec.triggers[{i}]", object.title());
            draft.assume(lists, &field, &format!("{name} stands at its target"), source, true);
            outside.push(text(name));
            continue;
        }
        let trigger = entry.get(TRIGGER).and_then(Node::text);
        let mut fields = fields.clone();
        fields.retain(|(key, _)| key.name != TRIGGER);
        let own = canary.map(|(canary, target)| primary(canary, target, trigger, query));
        if let Some(own) = own.filter(|own| own != query) {
            let key = Key { place: entry.place, name: "primaryQuery".into() };
            fields.push((key, Node::unplaced(text(own))));
        }
        asked.push(Value::Map(fields));
    }
    (asked, outside)
}

/// What a query names, if all of it is something that nothing here exports.
fn unknown(query: &str) -> Option<String> {
    let names = Query::parse(query).ok()?.metrics();
    let exported: Vec<String> = family::all().flat_map(Family::samples).collect();
    let known = |name: &String| name == "up" || exported.contains(name);
    let none = !names.is_empty() && !names.iter().any(known);
    none.then(|| names.into_iter().collect::<Vec<_>>().join(", "))
}

/// What the primary's copy asks (`setPrimaryScaledObjectQueries`): its own query by the trigger's
/// name, or the same with the primary's name in place of the target's.
fn primary(canary: &Canary, target: &str, trigger: Option<&str>, query: &str) -> String {
    if let Some(own) = &canary.autoscaler_queries {
        let found = own.iter().find(|(name, _)| Some(name.as_str()) == trigger);
        return found.map_or(query, |(_, query)| query).to_string();
    }
    let other = format!("{target}-primary");
    let canary = format!("{target}-canary");
    let parts = query.split(&canary).map(|part| part.replace(target, &other));
    parts.collect::<Vec<_>>().join(&other)
}

/// The size that an autoscaler never leaves below: a workload without `spec.replicas`, or with
/// fewer, stands there when a release begins.
pub fn least(
    store: &Store,
    object: &Object,
    autoscaler: &Autoscaler,
    draft: &mut Draft,
    lists: &mut Lists,
) {
    let limits = canary_of(store, object).map(|(canary, _)| &canary.autoscaler_limits);
    let own = limits.into_iter().flatten().find_map(|(name, value)| match value {
        Value::Integer(pods)
            if *name == windtunnel_model::strategy::flagger::field::PRIMARY_MIN_REPLICAS =>
        {
            u64::try_from(*pods).ok()
        }
        _ => None,
    });
    let Some(min) = own.or(autoscaler.min) else { return };
    let path = "spec.service.replicas";
    let now = draft.get(path).and_then(Node::integer).unwrap_or(1);
    if i64::try_from(min).is_ok_and(|min| min <= now) {
        return;
    }
    draft.set(path, integer(min), object.written_at("spec"));
    lists.assumed.retain(|note| note.object != draft.object || note.field != path);
    let source = "its autoscaler keeps at least so many pods, whatever the workload says";
    draft.assume(lists, path, &min.to_string(), source, false);
}

/// A resource trigger without a request of that resource is refused (`verifyCPUMemoryScalers`).
pub fn requests(store: &Store, object: &Object, autoscaler: &Autoscaler, found: &mut UnitsFound) {
    if object.kind != "ScaledObject" {
        return;
    }
    let mut named = store.named(&autoscaler.target).filter(|owner| owner.is_near(object));
    let Some(template) = named.find_map(Object::template) else { return };
    let triggers = object.node.items_at("spec.triggers");
    for (i, trigger) in triggers.iter().enumerate() {
        let kind = trigger.get("type").and_then(Node::text).unwrap_or_default();
        let bare = template.containers.iter().find(|c| match kind {
            "cpu" => c.cpu.is_none() && c.cpu_request.is_none(),
            "memory" => c.memory == [None; 2],
            _ => false,
        });
        if let Some(container) = bare {
            let message = format!(
                "the scaledobject has a {kind} trigger but the container {} doesn't have the \
                 {kind} request defined",
                container.name
            );
            let expected = format!("resources.requests.{kind} of the container");
            let help = "KEDA's admission webhook refuses it";
            found.problem(object, &format!("spec.triggers[{i}].type"), message, &expected, help);
        }
    }
}

/// Queries for the primary by names that no trigger bears.
pub fn unnamed(store: &Store, object: &Object, canary: &Canary, found: &mut UnitsFound) {
    let Some(queries) = &canary.autoscaler_queries else { return };
    let own = |o: &&Object| Some(&o.metadata.name) == canary.autoscaler.as_ref();
    let mut scaled = store.autoscalers().map(|(o, _)| o).filter(|o| o.kind == "ScaledObject");
    let Some(scaled) = scaled.find(own) else { return };
    let triggers = scaled.node.items_at("spec.triggers");
    for (name, _) in queries {
        let named = |t: &Node| t.get("name").and_then(Node::text) == Some(name.as_str());
        if !triggers.iter().any(named) {
            let field = format!("spec.autoscalerRef.primaryScalerQueries.{name}");
            let why =
                format!("no trigger of {} is called {name:?}: it is not asked", scaled.title());
            found.ignore(object, &field, &why, Weight::Matters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_is_asked_for_by_its_own_name() {
        let canary = Canary::default();
        let asked = |query: &str| primary(&canary, "web", None, query);
        assert_eq!(asked("sum(a{app=\"web\"})"), "sum(a{app=\"web-primary\"})");
        assert_eq!(asked("web-canary"), "web-primary");
        assert_eq!(
            asked("a{s=\"web-canary\"} + b{s=\"web\"}"),
            "a{s=\"web-primary\"} + b{s=\"web-primary\"}"
        );
        let named = vec![("load".to_string(), "vector(1)".to_string())];
        let own = Canary { autoscaler_queries: Some(named), ..Canary::default() };
        assert_eq!(primary(&own, "web", Some("load"), "a"), "vector(1)");
        assert_eq!(primary(&own, "web", None, "a{app=\"web\"}"), "a{app=\"web\"}");
    }

    #[test]
    fn only_what_names_nothing_that_is_exported_stands_at_its_target() {
        assert_eq!(unknown("sum(rate(http_requests_total[1m]))"), None);
        assert_eq!(unknown("max(queue_depth)").as_deref(), Some("queue_depth"));
        assert_eq!(unknown("vector(3)"), None);
    }
}
