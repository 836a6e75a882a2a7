//! Rollouts that Argo's controller refuses (`InvalidSpec`): it rolls nothing out, so neither does a
//! flight. The rules and the words are those of argo-rollouts 1.10
//! `pkg/apis/rollouts/validation/validation.go`, function by function; what it says of objects that
//! a Rollout refers to is in `argo_refs`.
//!
//! It looks at the documents, not at what was made of them: a rule is about what was written.

use super::{UnitsFound, argo_refs};
use crate::kinds::Object;
use crate::store::Store;
use windtunnel_base::node::{Key, Node, Value};

pub(super) use crate::kinds::rollout::REFUSED as HELP;

/// What a step may set; the API server prunes everything else, and the controller's own check
/// passes over `replicaProgressThreshold`.
const STEPS: [&str; 8] = [
    "setWeight",
    "pause",
    "setCanaryScale",
    "experiment",
    "analysis",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
];

const INVALID_STEP: &str = "Step must have one of the following set: experiment, setWeight, \
                            setCanaryScale, plugin or pause";

/// Every such Rollout.
pub fn check(store: &Store, found: &mut UnitsFound) {
    for (object, _) in store.rollouts() {
        let mut check = RolloutCheck { object, found };
        check.spec();
        let strategy = |name: &str| {
            let node = object.node.at(&format!("spec.strategy.{name}"));
            node.filter(|n| n.value != Value::Null)
        };
        let (canary, switch) = (strategy("canary"), strategy("blueGreen"));
        canary.into_iter().for_each(|canary| check.canary(canary));
        switch.into_iter().for_each(|switch| check.blue_green(switch));
        argo_refs::check(store, object, check.found);
    }
}

struct RolloutCheck<'a> {
    object: &'a Object,
    found: &'a mut UnitsFound,
}

impl RolloutCheck<'_> {
    fn refuse(&mut self, path: &str, message: &str, expected: &str) {
        refuse(self.object, self.found, path, message, expected, HELP);
    }

    fn whole(&self, path: &str) -> Option<i64> {
        self.object.node.at(&format!("spec.{path}")).and_then(Node::integer)
    }

    /// `ValidateRolloutSpec`
    fn spec(&mut self) {
        let at = |name: &str| self.object.node.at("spec").and_then(|spec| spec.get(name));
        let given = |name: &str| at(name).is_some_and(|n| n.value != Value::Null);
        let selects = |name: &str| {
            let part = at("selector").and_then(|selector| selector.get(name));
            part.is_some_and(|part| match &part.value {
                Value::Map(entries) => !entries.is_empty(),
                Value::List(items) => !items.is_empty(),
                _ => false,
            })
        };
        let empty = given("selector") && !selects("matchLabels") && !selects("matchExpressions");
        if !given("workloadRef") && !given("selector") {
            let message = "Rollout has missing field '.spec.selector'";
            let spec = self.object.node.at("spec");
            let lost = spec.and_then(|spec| misplaced(spec, "workloadRef", "spec"));
            let help = match lost {
                Some(place) => format!("{HELP}: workloadRef stands in {place}, and means spec"),
                None => HELP.to_string(),
            };
            let expected = "a selector and a template, or a workloadRef";
            refuse(self.object, self.found, "selector", message, expected, &help);
        } else if !given("workloadRef") && empty {
            let message = "empty selector is invalid for deployment";
            self.refuse("selector", message, "labels of its pods");
        }
        let ready = self.whole("minReadySeconds").unwrap_or(0);
        if self.whole("progressDeadlineSeconds").unwrap_or(600) <= ready {
            let message = "must be greater than minReadySeconds";
            self.refuse("progressDeadlineSeconds", message, &format!("more than {ready}"));
        }
    }

    /// `ValidateRolloutStrategyBlueGreen`
    fn blue_green(&mut self, switch: &Node) {
        let [active, preview] = ["activeService", "previewService"].map(|n| text(switch, n));
        if active.is_some() && active == preview {
            let message = "This rollout uses the same service for the active and preview services, \
                but two different services are required.";
            self.refuse("strategy.blueGreen.activeService", message, "a Service of its own");
        }
        let kept = self.whole("revisionHistoryLimit").unwrap_or(10);
        let limit = switch.get("scaleDownDelayRevisionLimit").and_then(Node::integer);
        if limit.is_some_and(|limit| kept < limit) {
            let message = "This rollout's revision history limit can not be smaller than the \
                rollout's scale down limit";
            let field = "strategy.blueGreen.scaleDownDelayRevisionLimit";
            self.refuse(field, message, &format!("at most revisionHistoryLimit, {kept}"));
        }
        self.anti_affinity("strategy.blueGreen", switch);
    }

    /// `ValidateRolloutStrategyAntiAffinity`
    fn anti_affinity(&mut self, path: &str, strategy: &Node) {
        let Some(anti) = strategy.get("antiAffinity").filter(|n| n.value != Value::Null) else {
            return;
        };
        let field = format!("{path}.antiAffinity");
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        if given(anti, preferred) == given(anti, required) {
            let message = "AntiAffinity must have exactly one strategy listed";
            self.refuse(&field, message, "preferred or required");
        }
        let weight = anti.get(preferred).and_then(|n| n.get("weight")).and_then(Node::integer);
        let weight = given(anti, preferred).then(|| weight.unwrap_or(0));
        if weight.is_some_and(|weight| !(1..=100).contains(&weight)) {
            let message = "AntiAffinity weight must be between 1-100";
            self.refuse(&format!("{field}.{preferred}.weight"), message, "1 to 100");
        }
    }

    /// `ValidateRolloutStrategyCanary`
    fn canary(&mut self, canary: &Node) {
        let routing = canary.get("trafficRouting").filter(|n| n.value != Value::Null);
        if is_none(canary, "maxSurge") && is_none(canary, "maxUnavailable") {
            let message = "MaxSurge and MaxUnavailable both can not be zero";
            self.refuse("strategy.canary.maxSurge", message, "one of them above 0");
        }
        self.services(canary, routing);
        self.scaling(canary, routing);
        for (index, step) in canary.items_at("steps").iter().enumerate() {
            self.step(&format!("strategy.canary.steps[{index}]"), step, routing);
        }
        self.anti_affinity("strategy.canary", canary);
    }

    fn services(&mut self, canary: &Node, routing: Option<&Node>) {
        let [stable, tried] = ["stableService", "canaryService"].map(|n| text(canary, n));
        if stable.is_some() && stable == tried {
            let message = "This rollout uses the same service for the stable and canary services, \
                but two different services are required.";
            self.refuse("strategy.canary.stableService", message, "a Service of its own");
        }
        if let Some(pair) = canary.get("pingPong").filter(|n| n.value != Value::Null) {
            self.ping_pong(pair, routing);
        }
        for (name, given) in [("stableService", stable), ("canaryService", tried)] {
            if given.is_none() && routing.is_some_and(|r| needs_services(r, canary)) {
                let message = "Canary service and Stable service must to be set to use Traffic \
                    Routing";
                self.refuse(&format!("strategy.canary.{name}"), message, "both Services");
            }
        }
    }

    fn ping_pong(&mut self, pair: &Node, routing: Option<&Node>) {
        let path = "strategy.canary";
        let takes = |r: &Node| ["alb", "istio", "plugins"].iter().any(|name| given(r, name));
        if routing.is_some_and(|r| !takes(r)) {
            let message = "Ping-pong feature works with the ALB, Istio, and plugin-based traffic \
                routers only";
            self.refuse(&format!("{path}.trafficRouting.alb"), message, "one of these routers");
        }
        let [ping, pong] = ["pingService", "pongService"].map(|n| text(pair, n));
        for (name, given) in [("pingService", ping), ("pongService", pong)] {
            if given.is_none() {
                let message =
                    "Ping service and Pong service must to be set to use Ping-Pong feature";
                self.refuse(&format!("{path}.pingPong.{name}"), message, "both Services");
            }
        }
        if ping.is_some() && ping == pong {
            let message = "This rollout uses the same service for the ping and pong services, but \
                two different services are required.";
            self.refuse(&format!("{path}.pingPong.pingService"), message, "a Service of its own");
        }
        let alb = routing.and_then(|r| r.get("alb")).filter(|n| n.value != Value::Null);
        if alb.is_some_and(|alb| text(alb, "rootService").is_none()) {
            let message = "Root service field is required for the configuration with ALB and \
                ping-pong feature enabled";
            let field = format!("{path}.trafficRouting.alb.rootService");
            self.refuse(&field, message, "the Service of the Ingress");
        }
    }

    fn scaling(&mut self, canary: &Node, routing: Option<&Node>) {
        let delayed = given(canary, "scaleDownDelaySeconds");
        let dynamic =
            canary.get("dynamicStableScale").map(|n| &n.value) == Some(&Value::Flag(true));
        let path = "strategy.canary";
        if delayed && routing.is_none() {
            let message = "Canary scaleDownDelaySeconds can only be used with traffic routing";
            self.refuse(&format!("{path}.scaleDownDelaySeconds"), message, "trafficRouting");
        }
        let message = match (dynamic, routing) {
            (true, None) => "Canary dynamicStableScale can only be used with traffic routing",
            (true, Some(_)) if delayed => {
                "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
            }
            _ => "",
        };
        if !message.is_empty() {
            let expected = "trafficRouting, and no scaleDownDelaySeconds";
            self.refuse(&format!("{path}.dynamicStableScale"), message, expected);
        }
        let weighs = |r: &&Node| ["nginx", "plugins"].iter().any(|name| given(r, name));
        if routing.is_some_and(|r| given(r, "maxTrafficWeight")) && routing.filter(weighs).is_none()
        {
            let message = "Canary maxTrafficWeight in traffic routing only supported in Nginx and \
                Plugins";
            let field = format!("{path}.trafficRouting.maxTrafficWeight");
            self.refuse(&field, message, "nginx or plugins beside it");
        }
    }

    fn step(&mut self, path: &str, step: &Node, routing: Option<&Node>) {
        let kinds = ["setWeight", "pause", "experiment", "analysis"];
        if kinds.into_iter().filter(|k| given(step, k)).count() > 1 {
            self.refuse(path, INVALID_STEP, "one of setWeight, pause, experiment and analysis");
        }
        // The API server drops fields that it does not know, and what is left sets nothing.
        let nothing = |entries: &[(Key, Node)]| {
            entries.iter().all(|(k, n)| n.value == Value::Null || !STEPS.contains(&&*k.name))
        };
        if matches!(&step.value, Value::Map(entries) if nothing(entries)) {
            let expected = "setWeight, pause, setCanaryScale, analysis, experiment or a route";
            self.refuse(path, INVALID_STEP, expected);
        }
        let most = routing.and_then(|r| r.get("maxTrafficWeight")).and_then(Node::integer);
        let most = most.unwrap_or(100);
        if step.get("setWeight").and_then(Node::integer).is_some_and(|weight| weight > most) {
            let message = format!("SetWeight needs to be between 0 and {most}");
            self.refuse(&format!("{path}.setWeight"), &message, &format!("0 to {most}"));
        }
        if given(step, "setCanaryScale") && routing.is_none() {
            let message = "SetCanaryScale requires TrafficRouting to be set";
            self.refuse(&format!("{path}.setCanaryScale"), message, "trafficRouting");
        }
        self.routes(path, step, routing);
        self.weights(path, step, routing);
    }

    /// Routes that a step sets: whose router can, which are managed, what they match.
    fn routes(&mut self, path: &str, step: &Node, routing: Option<&Node>) {
        let header = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix";
        let mirror = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins";
        let headers: &[&str] = &["istio", "alb", "apisix", "plugins"];
        for (kind, message, routers) in [
            ("setHeaderRoute", header, headers),
            ("setMirrorRoute", mirror, &["istio", "plugins"][..]),
        ] {
            let Some(route) = step.get(kind).filter(|n| n.value != Value::Null) else { continue };
            let field = format!("{path}.{kind}");
            let routing = routing.filter(|r| routers.iter().any(|name| given(r, name)));
            let Some(routing) = routing else {
                self.refuse(&field, message, &format!("one of {}", routers.join(", ")));
                continue;
            };
            self.managed(&field, route, routing);
            let alb = given(routing, "alb");
            for (i, found) in route.items_at("match").iter().enumerate() {
                let field = format!("{field}.match[{i}]");
                match kind {
                    "setHeaderRoute" => self.matched(&field, found.get("headerValue"), alb),
                    _ => {
                        for part in ["method", "path"] {
                            let part = found.get(part).filter(|n| n.value != Value::Null);
                            part.into_iter().for_each(|p| self.matched(&field, Some(p), false));
                        }
                    }
                }
            }
        }
    }

    fn managed(&mut self, field: &str, route: &Node, routing: &Node) {
        let name = text(route, "name").unwrap_or_default();
        let known = |r: &Node| text(r, "name").unwrap_or_default() == name;
        if !given(routing, "managedRoutes") {
            let message = "Rollout has missing field \
                'spec.strategy.canary.trafficRouting.managedRoutes'";
            self.refuse(field, message, "managedRoutes with this name");
        } else if !routing.items_at("managedRoutes").iter().any(known) {
            let message = "Steps define a route that does not exist in \
                spec.strategy.canary.trafficRouting.managedRoutes";
            self.refuse(field, message, "the name of a managed route");
        }
    }

    /// `hasMultipleMatchValues`, `hasALBInvalidValues`
    fn matched(&mut self, field: &str, value: Option<&Node>, alb: bool) {
        let words = ["exact", "regex", "prefix"];
        let found: Vec<&str> =
            words.into_iter().filter(|w| value.is_some_and(|v| text(v, w).is_some())).collect();
        let message = match (value, alb, &found[..]) {
            (Some(_), true, ["exact"]) | (Some(_), false, [_]) => return,
            (Some(_), true, _) => {
                "SetHeaderRoute match value invalid. ALB supports 'exact' value only"
            }
            (Some(_), false, [_, _, ..]) => {
                "StringMatch match value must have exactly one of the following: exact, regex, \
                 prefix"
            }
            _ => {
                "StringMatch value missed, match value must have one of the following: exact, \
                 regex, prefix"
            }
        };
        self.refuse(field, message, "one of exact, regex and prefix");
    }

    /// Weights of an experiment's templates.
    fn weights(&mut self, path: &str, step: &Node, routing: Option<&Node>) {
        let templates = step.get("experiment").map_or(&[][..], |e| e.items_at("templates"));
        let routers = ["alb", "smi", "istio", "plugins"];
        let message = match routing {
            None => "Experiment template weight cannot be set unless TrafficRouting is enabled",
            Some(r) if routers.iter().any(|name| given(r, name)) => return,
            Some(_) => {
                "Experiment template weight is only available for TrafficRouting with SMI, ALB, \
                 Istio and Plugins at this time"
            }
        };
        for (i, _) in templates.iter().enumerate().filter(|(_, t)| given(t, "weight")) {
            let field = format!("{path}.experiment.templates[{i}].weight");
            self.refuse(&field, message, "a router that weighs experiments");
        }
    }
}

/// Records that Argo refuses a Rollout.
pub(super) fn refuse(
    object: &Object,
    found: &mut UnitsFound,
    path: &str,
    message: &str,
    expected: &str,
    help: &str,
) {
    found.problem(object, &format!("spec.{path}"), message.to_string(), expected, help);
}

/// Where below a node a key stands that means another place.
fn misplaced(node: &Node, name: &str, path: &str) -> Option<String> {
    let Value::Map(entries) = &node.value else { return None };
    if path != "spec" && entries.iter().any(|(key, _)| key.name == name) {
        return Some(path.to_string());
    }
    entries.iter().find_map(|(key, inner)| misplaced(inner, name, &format!("{path}.{}", key.name)))
}

/// `requireCanaryStableServices`: do these routers need a Service of each version?
fn needs_services(routing: &Node, canary: &Node) -> bool {
    let alone = !given(canary, "pingPong");
    let istio = routing.get("istio").filter(|n| n.value != Value::Null);
    let istio = istio.is_some_and(|istio| !given(istio, "destinationRule"));
    let others = ["smi", "apisix", "ambassador", "nginx", "appMesh", "traefik"];
    alone && (istio || given(routing, "alb")) || others.iter().any(|name| given(routing, name))
}

pub(super) fn given(node: &Node, name: &str) -> bool {
    node.get(name).is_some_and(|n| n.value != Value::Null)
}

pub(super) fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Node::text).filter(|text| !text.is_empty())
}

/// Is a number of pods, or a percentage of them, given as nothing?
fn is_none(node: &Node, name: &str) -> bool {
    match node.get(name).map(|n| &n.value) {
        Some(Value::Integer(pods)) => *pods == 0,
        Some(Value::Text(share)) => share == "0%" || share == "0",
        _ => false,
    }
}

#[cfg(test)]
#[path = "argo_valid_tests.rs"]
mod tests;
