//! Slips between objects that the API server takes and nothing else would mention: ports by name or
//! number, hosts of rules, resources that contradict each other.
//!
//! It reads the documents as they are written, since what is asked here shapes no flight.
//! Deliberately unknown here: what is released.

use super::UnitsFound;
use crate::kinds::ingress::Path;
use crate::kinds::{Body, Object};
use crate::rule::short;
use crate::scalars::cores;
use crate::store::Store;
use std::collections::BTreeSet;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Problem, nearest};
use windtunnel_scenario::tree;

/// Finds all of them.
pub fn check(store: &Store, found: &mut UnitsFound) {
    for object in &store.objects {
        match &object.body {
            Body::Deployment(_) | Body::Rollout(_) => pods(object, found),
            Body::Service(_) => service(store, object, found),
            Body::VirtualService(_) => rules(store, object, found),
            Body::HttpRoute(_) => backends(store, object, found),
            Body::Ingress(_) => ingress(store, object, found),
            Body::DestinationRule(_) => {
                let host = object.node.at("spec.host").and_then(Node::text);
                host.into_iter().for_each(|host| slipped_host(store, object, "host", host, found));
            }
            _ => {}
        }
    }
}

const CONTAINERS: &str = "spec.template.spec.containers";

/// Names of the ports of a container, and their numbers.
fn ports(container: &Node) -> (Vec<&str>, Vec<i64>) {
    let listed = container.items_at("ports");
    let names = listed.iter().filter_map(|p| p.get("name")?.text()).collect();
    let number = |port: &Node| port.get("containerPort")?.integer();
    (names, listed.iter().filter_map(number).collect())
}

fn pods(object: &Object, found: &mut UnitsFound) {
    if let Some(node) = object.node.at(CONTAINERS)
        && matches!(&node.value, Value::List(list) if list.is_empty())
    {
        let help = "the API server refuses a pod without one";
        found.problem(object, CONTAINERS, "found no container".into(), "at least one", help);
    }
    for (i, container) in object.node.items_at(CONTAINERS).iter().enumerate() {
        let field = format!("{CONTAINERS}[{i}]");
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let Some(node) = container.get(probe) else { continue };
            let field = format!("{field}.{probe}");
            one_handler(object, node, &field, &["exec", "httpGet", "tcpSocket", "grpc"], found);
            for handler in ["httpGet", "tcpSocket"] {
                let port = node.get(handler).and_then(|h| h.get("port")?.text());
                if let Some(port) = port.filter(|port| port.parse::<u32>().is_err()) {
                    let (field, names) = (format!("{field}.{handler}.port"), ports(container).0);
                    let why = "the probe fails for ever";
                    unknown_port(object, &field, port, &names, why, found);
                }
            }
        }
        for hook in ["preStop", "postStart"] {
            if let Some(node) = container.get("lifecycle").and_then(|l| l.get(hook)) {
                let field = format!("{field}.lifecycle.{hook}");
                one_handler(
                    object,
                    node,
                    &field,
                    &["exec", "httpGet", "tcpSocket", "sleep"],
                    found,
                );
            }
        }
        resources(object, container, &field, found);
    }
}

fn one_handler(object: &Object, node: &Node, field: &str, kinds: &[&str], found: &mut UnitsFound) {
    let given: Vec<&str> = kinds.iter().copied().filter(|kind| node.get(kind).is_some()).collect();
    if given.len() > 1 {
        let message = format!("{} handlers: {}", given.len(), given.join(", "));
        found.problem(object, field, message, "one handler", "the API server refuses more");
    }
}

fn resources(object: &Object, container: &Node, field: &str, found: &mut UnitsFound) {
    let cores = |of: &str| cores(container.get("resources")?.get(of)?.get("cpu")?).ok();
    let (Some(request), Some(limit)) = (cores("requests"), cores("limits")) else { return };
    if request > limit {
        let field = format!("{field}.resources.requests.cpu");
        let message = format!("requests {request} cores and is limited to {limit}");
        let help = "the API server refuses such a pod";
        found.problem(object, &field, message, "no more than the limit", help);
    }
}

fn unknown_port(
    object: &Object,
    field: &str,
    port: &str,
    names: &[&str],
    why: &str,
    found: &mut UnitsFound,
) {
    if names.contains(&port) {
        return;
    }
    let message = format!("no port of the container is called {port:?}: {why}");
    let expected = match names {
        [] => "the number of a port, or a name given under ports".to_string(),
        names => format!("one of {}", names.join(", ")),
    };
    let help = nearest(port, names.iter().copied()).map(|near| format!("did you mean {near}?"));
    found.problem(object, field, message, &expected, &help.unwrap_or_default());
}

/// Where a Service sends requests to, in the pods that it picks.
fn service(store: &Store, object: &Object, found: &mut UnitsFound) {
    let Body::Service(service) = &object.body else { return };
    let Some(selector) = &service.selector else { return };
    let picked = store.pods_with(selector).into_iter().map(|(owner, _)| owner);
    let picked: Vec<&Object> = picked.filter(|owner| owner.is_near(object)).collect();
    let containers = || picked.iter().flat_map(|owner| owner.node.items_at(CONTAINERS));
    let names: BTreeSet<&str> = containers().flat_map(|c| ports(c).0).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let numbers: BTreeSet<i64> = containers().flat_map(|c| ports(c).1).collect();
    for (i, port) in object.node.items_at("spec.ports").iter().enumerate() {
        let field = format!("spec.ports[{i}].targetPort");
        match port.get("targetPort").map(|node| &node.value) {
            Some(Value::Text(name)) if !picked.is_empty() && name.parse::<u32>().is_err() => {
                let why = "the Service has no endpoints";
                unknown_port(object, &field, name, &names, why, found);
            }
            Some(Value::Integer(number)) if !numbers.is_empty() && !numbers.contains(number) => {
                let written_at = object.written_at(&field);
                let listed: Vec<String> = numbers.iter().map(i64::to_string).collect();
                let message = format!("no container lists the port {number}");
                let path = format!("{} {field}", object.title());
                let problem = Problem::warning(written_at.place, &path, message);
                let help = format!("the pods list {}", listed.join(", "));
                found.problems.push(problem.help(help).in_file(&written_at.file));
            }
            _ => {}
        }
    }
}

/// Hosts and ports of a VirtualService.
fn rules(store: &Store, object: &Object, found: &mut UnitsFound) {
    for (i, host) in object.node.items_at("spec.hosts").iter().enumerate() {
        let field = format!("hosts[{i}]");
        host.text().into_iter().for_each(|h| slipped_host(store, object, &field, h, found));
    }
    for (i, rule) in object.node.items_at("spec.http").iter().enumerate() {
        for (j, route) in rule.items_at("route").iter().enumerate() {
            let field = format!("spec.http[{i}].route[{j}].destination");
            let Some(host) = route.at("destination.host").and_then(Node::text) else { continue };
            let port = route.at("destination.port.number");
            served(store, object, &format!("{field}.port.number"), host, port, found);
        }
    }
}

/// Ports of an HTTPRoute.
fn backends(store: &Store, object: &Object, found: &mut UnitsFound) {
    for (i, rule) in object.node.items_at("spec.rules").iter().enumerate() {
        for (j, to) in rule.items_at("backendRefs").iter().enumerate() {
            let field = format!("spec.rules[{i}].backendRefs[{j}].port");
            let kind = to.get("kind").and_then(Node::text).unwrap_or("Service");
            let host = to.get("name").and_then(Node::text).filter(|_| kind == "Service");
            let Some(host) = host else { continue };
            served(store, object, &field, host, to.get("port"), found);
        }
    }
}

/// Services and ports of an Ingress.
fn ingress(store: &Store, object: &Object, found: &mut UnitsFound) {
    let Body::Ingress(ingress) = &object.body else { return };
    let named = |path: &&Path| !path.service.is_empty();
    // An action of a load balancer stands in an annotation.
    let acts = |path: &&Path| ingress.alb.has_action(&path.service);
    for path in ingress.paths.iter().filter(named).filter(|path| !acts(path)) {
        let default = path.at == "spec";
        let backend = if default { "spec.defaultBackend" } else { path.at.as_str() };
        let backend = if default { backend.to_string() } else { format!("{backend}.backend") };
        let field = format!("{backend}.service.name");
        let named = field.strip_prefix("spec.").unwrap_or(&field);
        if path.action && ingress.is_alb() {
            // `pkg/ingress/enhanced_backend_builder.go`, `buildActionViaAnnotation`.
            let message = format!(
                "aws-load-balancer-controller: missing actions.{} configuration",
                path.service
            );
            let expected = format!("alb.ingress.kubernetes.io/actions.{}", path.service);
            let help = "it reconciles nothing of the Ingress as long as one action is missing";
            found.problem(object, &field, message, &expected, help);
            continue;
        }
        slipped_host(store, object, named, &path.service, found);
        let port = tree::deepest(&object.node, &format!("{backend}.service.port"));
        let field = format!("{backend}.service.port.number");
        served(store, object, &field, &path.service, port.get("number"), found);
    }
}

/// A port that requests are sent to must be one of the Service's.
fn served(
    store: &Store,
    object: &Object,
    field: &str,
    host: &str,
    port: Option<&Node>,
    found: &mut UnitsFound,
) {
    let Some((owner, _)) = store.service_of(object, host) else { return };
    let Some(port) = port.and_then(Node::integer) else { return };
    let ports = owner.node.items_at("spec.ports");
    let known: Vec<i64> = ports.iter().filter_map(|p| p.get("port")?.integer()).collect();
    if !known.is_empty() && !known.contains(&port) {
        let message =
            format!("{} has no port {port}: such requests are answered 503", owner.title());
        let known: Vec<String> = known.iter().map(i64::to_string).collect();
        found.problem(object, field, message, &known.join(" or "), "");
    }
}

/// A host inside the cluster that nothing bears, but that is a slip of something given.
fn slipped_host(store: &Store, object: &Object, field: &str, host: &str, found: &mut UnitsFound) {
    let inside = !host.contains('.') || host.ends_with(".svc.cluster.local");
    let name = short(host);
    if !inside || name.contains('*') || name.len() < 3 {
        return;
    }
    let bears = |owner: &Object| ["Service", "Deployment", "Rollout"].contains(&owner.kind);
    if store.named(name).any(|owner| bears(owner) && owner.is_near(object)) {
        return;
    }
    if let Some(near) = store.service_like(object, name) {
        let message =
            format!("nothing here is called {name:?}: what is said here holds for nobody");
        let help = format!("did you mean {near}?");
        found.problem(object, &format!("spec.{field}"), message, "a Service of these files", &help);
    }
}
