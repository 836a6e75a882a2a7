//! Pod templates that the API server refuses (k/k `pkg/apis/core/validation/validation.go`): nothing of
//! them ever runs, so nothing is flown. Its own words are used.
//!
//! It looks at the documents, not at what was made of them. What a fragment may leave out is no
//! contradiction.

use super::Found;
use crate::base::node::{Node, Value};
use crate::manifest::kinds::Object;
use crate::manifest::scalars::{bytes, cores};
use crate::manifest::store::Store;
use std::collections::BTreeSet;

const SPEC: &str = "spec.template.spec";
const HELP: &str = "the API server refuses such a pod template";
const PROBES: [&str; 3] = ["readinessProbe", "livenessProbe", "startupProbe"];

/// Every template of these files.
pub fn check(store: &Store, found: &mut Found) {
    for object in store.objects.iter().filter(|object| object.template().is_some()) {
        let Some(spec) = object.node.at(SPEC) else { continue };
        let mut check = Check { object, spec, found };
        check.names("containers");
        check.names("volumes");
        for (i, container) in spec.items_at("containers").iter().enumerate() {
            let path = format!("{SPEC}.containers[{i}]");
            check.sleep(&path, container);
            check.resources(&path, container);
            check.ports(&path, container);
            check.mounts(&path, container);
            for probe in PROBES {
                check.probe(&format!("{path}.{probe}"), probe, container.get(probe));
            }
        }
    }
}

struct Check<'a> {
    object: &'a Object,
    spec: &'a Node,
    found: &'a mut Found,
}

impl Check<'_> {
    fn refuse(&mut self, path: &str, message: String, expected: &str) {
        self.found.problem(self.object, path, message, expected, HELP);
    }

    /// `Duplicate value`.
    fn names(&mut self, list: &str) {
        let mut seen = BTreeSet::new();
        for (i, item) in self.spec.items_at(list).iter().enumerate() {
            let Some(name) = item.get("name").and_then(Node::text) else { continue };
            if !seen.insert(name.to_string()) {
                let path = format!("{SPEC}.{list}[{i}].name");
                self.refuse(&path, format!("Duplicate value: {name:?}"), "a name of its own");
            }
        }
    }

    /// `validateSleepAction`; a command that sleeps as long is cut by the kubelet instead.
    fn sleep(&mut self, path: &str, container: &Node) {
        let slept = container.at("lifecycle.preStop.sleep.seconds").and_then(Node::integer);
        let grace = self.spec.get("terminationGracePeriodSeconds").and_then(Node::integer);
        let grace = grace.unwrap_or(30);
        if let Some(secs) = slept.filter(|secs| *secs < 0 || *secs > grace) {
            let path = format!("{path}.lifecycle.preStop.sleep.seconds");
            let expected = format!(
                "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            );
            self.refuse(&path, format!("Invalid value: {secs}"), &expected);
        }
    }

    /// `validateResourceRequirements`: a request above its limit.
    fn resources(&mut self, path: &str, container: &Node) {
        type Read = fn(&Node) -> Result<f64, String>;
        let kinds: [(&str, Read); 2] = [("cpu", cores), ("memory", bytes)];
        for (name, read) in kinds {
            let of = |side: &str| container.get("resources")?.get(side)?.get(name);
            let (Some(request), Some(limit)) = (of("requests"), of("limits")) else { continue };
            let (Ok(asked), Ok(most)) = (read(request), read(limit)) else { continue };
            if asked > most {
                let path = format!("{path}.resources.requests.{name}");
                let expected = format!(
                    "must be less than or equal to {name} limit of {}",
                    limit.scalar_text().unwrap_or_default()
                );
                let found = request.scalar_text().unwrap_or_default();
                self.refuse(&path, format!("Invalid value: {found:?}"), &expected);
            }
        }
    }

    /// `checkHostPortConflicts` and `validateHostNetwork`.
    fn ports(&mut self, path: &str, container: &Node) {
        let on_host = self.spec.get("hostNetwork").map(|n| &n.value) == Some(&Value::Flag(true));
        for (i, port) in container.items_at("ports").iter().enumerate() {
            let of = |name: &str| port.get(name).and_then(Node::integer);
            let (Some(own), Some(host)) = (of("containerPort"), of("hostPort")) else { continue };
            if on_host && own != host {
                let path = format!("{path}.ports[{i}].hostPort");
                let expected = "must match `containerPort` when `hostNetwork` is true";
                self.refuse(&path, format!("Invalid value: {host}"), expected);
            }
        }
    }

    /// `ValidateVolumeMounts`.
    fn mounts(&mut self, path: &str, container: &Node) {
        let volumes = self.spec.items_at("volumes");
        let known = |name: &str| {
            volumes.iter().any(|volume| volume.get("name").and_then(Node::text) == Some(name))
        };
        for (i, mount) in container.items_at("volumeMounts").iter().enumerate() {
            if let Some(name) = mount.get("name").and_then(Node::text).filter(|name| !known(name)) {
                let path = format!("{path}.volumeMounts[{i}].name");
                self.refuse(&path, format!("Not found: {name:?}"), "the name of a volume");
            }
        }
    }

    /// `validateHandler` and `validateReadinessProbe`.
    fn probe(&mut self, path: &str, name: &str, probe: Option<&Node>) {
        let Some(probe) = probe else { return };
        let given = |name: &&&str| probe.get(name).is_some_and(|n| n.value != Value::Null);
        let handlers = ["httpGet", "tcpSocket", "grpc", "exec"];
        let handlers: Vec<&str> = handlers.iter().filter(given).copied().collect();
        if let [_, second, ..] = handlers[..] {
            let message = "may not specify more than 1 handler type".to_string();
            self.refuse(
                &format!("{path}.{second}"),
                message,
                "one of httpGet, tcpSocket, grpc, exec",
            );
        }
        if name == "readinessProbe" && given(&&"terminationGracePeriodSeconds") {
            let path = format!("{path}.terminationGracePeriodSeconds");
            self.refuse(&path, "must not be set for readinessProbes".to_string(), "nothing");
        }
    }
}
