//! What Argo's controller refuses of a Rollout for the objects that it refers to, in its words
//! (argo-rollouts 1.10 `pkg/apis/rollouts/validation/validation_references.go`,
//! `rollout/trafficrouting/istio/istio.go`). Objects that are not among the files are not looked
//! at.

use super::UnitsFound;
use super::argo_valid::{HELP, given, refuse, text};
use crate::kinds::Object;
use crate::rule::short;
use crate::store::Store;
use windtunnel_base::node::{Node, Value};

/// Checks one Rollout.
pub(super) fn check(store: &Store, object: &Object, found: &mut UnitsFound) {
    let mut check = ReferenceCheck { store, object, found };
    let strategy = object.node.at("spec.strategy");
    let of = |name: &str| strategy.and_then(|s| s.get(name)).filter(|n| n.value != Value::Null);
    if let Some(canary) = of("canary") {
        for name in ["stableService", "canaryService"] {
            check.service(&format!("strategy.canary.{name}"), text(canary, name));
        }
        let pair = canary.get("pingPong");
        for name in ["pingService", "pongService"] {
            let service = pair.and_then(|pair| text(pair, name));
            check.service(&format!("strategy.canary.pingPong.{name}"), service);
        }
        if let Some(routing) = canary.get("trafficRouting") {
            check.routers(canary, routing);
        }
        for (index, step) in canary.items_at("steps").iter().enumerate() {
            let path = format!("strategy.canary.steps[{index}].analysis");
            check.analysis(&path, step.get("analysis"));
        }
    }
    if let Some(switch) = of("blueGreen") {
        for name in ["activeService", "previewService"] {
            check.service(&format!("strategy.blueGreen.{name}"), text(switch, name));
        }
        for name in ["prePromotionAnalysis", "postPromotionAnalysis"] {
            check.analysis(&format!("strategy.blueGreen.{name}"), switch.get(name));
        }
    }
}

struct ReferenceCheck<'a> {
    store: &'a Store,
    object: &'a Object,
    found: &'a mut UnitsFound,
}

impl ReferenceCheck<'_> {
    fn refuse(&mut self, path: &str, message: &str, expected: &str) {
        refuse(self.object, self.found, path, message, expected, HELP);
    }

    /// `ValidateService`: labels that the controller adds to one side do not count.
    fn service(&mut self, path: &str, name: Option<&str>) {
        let Some(name) = name else { return };
        let Some((service, settings)) = self.store.service_of(self.object, name) else { return };
        let named = self.object.node.at("spec.workloadRef.name").and_then(Node::text);
        let owner = match named {
            Some(named) => {
                let near = |o: &&Object| o.metadata.name == named && o.is_near(self.object);
                self.store.deployments().map(|(o, _)| o).find(near)
            }
            None => Some(self.object),
        };
        let template = owner.and_then(|owner| owner.node.at("spec.template.metadata.labels"));
        let Some(template) = template else { return };
        let unmatched = |(name, value): &&(String, String)| {
            let own = template.get(name).and_then(Node::text);
            name != "rollouts-pod-template-hash" && own != Some(value)
        };
        let labels = settings.selector.iter().flatten().filter(unmatched);
        let labels: Vec<String> = labels.map(|(name, _)| name.clone()).collect();
        let service = &service.metadata.name;
        for label in labels {
            let message = format!("Service {service:?} has unmatch label {label:?} in rollout");
            self.refuse(path, &message, "a Service whose selector picks the Rollout's pods");
        }
    }

    fn routers(&mut self, canary: &Node, routing: &Node) {
        let path = "strategy.canary.trafficRouting";
        for (router, one, many, says) in [
            ("nginx", "stableIngress", "stableIngresses", "StableIngress or StableIngresses"),
            ("alb", "ingress", "ingresses", "Ingress or Ingresses"),
        ] {
            let Some(node) = routing.get(router).filter(|n| n.value != Value::Null) else {
                continue;
            };
            let end = match (text(node, one).is_some(), !node.items_at(many).is_empty()) {
                (true, true) => "Both are configured.",
                (false, false) => "Neither are configured.",
                _ => continue,
            };
            let message = format!("Either {says} must be configured. {end}");
            self.refuse(&format!("{path}.{router}"), &message, "one of them");
        }
        let Some(istio) = routing.get("istio").filter(|n| n.value != Value::Null) else { return };
        let many = istio.items_at("virtualServices");
        if given(istio, "virtualService") != many.is_empty() {
            let message = "either VirtualService or VirtualServices must be configured";
            self.refuse(&format!("{path}.istio"), message, "one of them");
            return;
        }
        let one = istio.get("virtualService").filter(|n| n.value != Value::Null);
        for rules in one.into_iter().chain(many) {
            self.virtual_service(canary, routing, istio, rules);
        }
    }

    /// `ValidateHTTPRoutes`
    fn virtual_service(&mut self, canary: &Node, routing: &Node, istio: &Node, rules: &Node) {
        let name = text(rules, "name").unwrap_or_default();
        let (name, space) = match name.split_once('.') {
            Some((name, space)) => (name, Some(space)),
            None => (name, self.object.metadata.namespace.as_deref()),
        };
        let named = |o: &&Object| {
            let own = o.metadata.namespace.as_deref();
            let near = own.is_none() || space.is_none() || own == space;
            o.kind == "VirtualService" && o.metadata.name == name && near
        };
        let Some(owner) = self.store.objects.iter().find(named) else { return };
        let all = owner.node.items_at("spec.http");
        if all.is_empty() {
            return;
        }
        let names: Vec<&str> = rules.items_at("routes").iter().filter_map(Node::text).collect();
        if let Err(message) = routes(canary, routing, istio, all, &names) {
            let several = !given(istio, "virtualService");
            let field = if several { "virtualServices" } else { "virtualService" };
            let path = format!("strategy.canary.trafficRouting.istio.{field}");
            let message = format!("Istio VirtualService has invalid HTTP routes. Error: {message}");
            self.refuse(&path, &message, "routes that the Rollout can divide");
        }
    }

    /// An analysis that a release waits for has to end; one that runs beside it need not.
    fn analysis(&mut self, path: &str, analysis: Option<&Node>) {
        let wanted = analysis.map_or(&[][..], |a| a.items_at("templates"));
        for (index, wanted) in wanted.iter().enumerate() {
            let field = format!("{path}.templates[{index}].templateName");
            let wanted = text(wanted, "templateName");
            let mut all = self.store.analysis_templates().map(|(o, _)| o);
            let template =
                all.find(|o| wanted == Some(o.metadata.name.as_str()) && o.is_near(self.object));
            let Some(template) = template else { continue };
            for metric in template.node.items_at("spec.metrics") {
                let name = text(metric, "name").unwrap_or_default();
                let count = metric.get("count").filter(|n| n.integer() != Some(0));
                if given(metric, "interval") && count.is_none() {
                    let message = format!(
                        "AnalysisTemplate {} has metric {name} which runs indefinitely. Invalid \
                         value for count: <nil>",
                        template.metadata.name
                    );
                    self.refuse(&field, &message, "a count beside its interval");
                }
            }
        }
    }
}

/// `getHttpRouteIndexesToPatch`, and what is wrong with what it finds.
fn routes(
    canary: &Node,
    routing: &Node,
    istio: &Node,
    all: &[Node],
    names: &[&str],
) -> Result<(), String> {
    let named = |name: &str| all.iter().find(|route| text(route, "name") == Some(name));
    let mut patched = Vec::new();
    match names {
        [] if all.len() == 1 => patched.push(&all[0]),
        [] => patched.extend(all.iter().find(|route| text(route, "name").is_none())),
        names => {
            for name in names {
                let missing =
                    || format!("HTTP Route '{name}' is not found in the defined Virtual Service.");
                patched.push(named(name).ok_or_else(missing)?);
            }
        }
    }
    patched.into_iter().try_for_each(|route| destinations(canary, istio, route))?;
    let managed = |route: &&Node| {
        let own = |m: &Node| text(m, "name") == text(route, "name");
        routing.items_at("managedRoutes").iter().any(own)
    };
    let free = all.iter().filter(|route| !managed(route)).count();
    if names.is_empty() && free > 1 {
        return Err(
            "spec.http[] should be set in VirtualService and it must have exactly one route \
             when omitting spec.strategy.canary.trafficRouting.istio.virtualService.routes"
                .into(),
        );
    }
    Ok(())
}

/// `validateVirtualServiceRouteDestinations`
fn destinations(canary: &Node, istio: &Node, route: &Node) -> Result<(), String> {
    let to = route.items_at("route").iter().filter_map(|entry| entry.get("destination"));
    let to: Vec<&Node> = to.collect();
    if let Some(rule) = istio.get("destinationRule").filter(|n| n.value != Value::Null) {
        for (side, field) in [("Canary", "canarySubsetName"), ("Stable", "stableSubsetName")] {
            let subset = text(rule, field);
            let has = |node: &&Node| subset.is_some() && text(node, "subset") == subset;
            if !to.iter().any(has) {
                let subset = subset.unwrap_or_default();
                return Err(format!("{side} DestinationRule subset '{subset}' not found in route"));
            }
        }
        return Ok(());
    }
    let pair = canary.get("pingPong").filter(|n| n.value != Value::Null);
    let services = match pair {
        Some(pair) => [text(pair, "pongService"), text(pair, "pingService")],
        None => [text(canary, "canaryService"), text(canary, "stableService")],
    };
    for (side, service) in ["Canary", "Stable"].into_iter().zip(services) {
        let has = |node: &&Node| service.is_some() && text(node, "host").map(short) == service;
        if !to.iter().any(has) {
            let service = service.unwrap_or_default();
            return Err(format!("{side} Service '{service}' not found in route"));
        }
    }
    Ok(())
}
