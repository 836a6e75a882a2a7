//! Pod templates that the API server refuses (k/k `pkg/apis/core/validation/validation.go`):
//! nothing of them ever runs, so nothing is flown. Its own words are used.
//!
//! It looks at the documents, not at what was made of them. What a fragment may leave out is no
//! contradiction.

use super::UnitsFound;
use crate::kinds::Object;
use crate::scalars::bytes;
use crate::store::Store;
use std::collections::BTreeSet;
use windtunnel_base::node::{Node, Value};

const SPEC: &str = "spec.template.spec";
const HELP: &str = "the API server refuses such a pod template";

/// Every template of these files.
pub fn check(store: &Store, found: &mut UnitsFound) {
    for object in store.objects.iter().filter(|object| object.template().is_some()) {
        let Some(spec) = object.node.at(SPEC) else { continue };
        let mut check = TemplateCheck { object, spec, found };
        check.names("containers");
        check.names("volumes");
        for (i, container) in spec.items_at("containers").iter().enumerate() {
            let path = format!("{SPEC}.containers[{i}]");
            check.sleep(&path, container);
            check.memory(&path, container);
            check.ports(&path, container);
            check.mounts(&path, container);
            check.probe(&path, container.get("readinessProbe"));
        }
    }
}

struct TemplateCheck<'a> {
    object: &'a Object,
    spec: &'a Node,
    found: &'a mut UnitsFound,
}

impl TemplateCheck<'_> {
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

    /// `validateResourceRequirements`: more memory than its limit (of CPU, see `slips`).
    fn memory(&mut self, path: &str, container: &Node) {
        let of = |side: &str| container.get("resources")?.get(side)?.get("memory");
        let (Some(request), Some(limit)) = (of("requests"), of("limits")) else { return };
        let (Ok(asked), Ok(most)) = (bytes(request), bytes(limit)) else { return };
        if asked > most {
            let path = format!("{path}.resources.requests.memory");
            let expected = format!(
                "must be less than or equal to memory limit of {}",
                limit.scalar_text().unwrap_or_default()
            );
            let found = request.scalar_text().unwrap_or_default();
            self.refuse(&path, format!("Invalid value: {found:?}"), &expected);
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

    /// `validateReadinessProbe`; its handlers are looked at in `slips`.
    fn probe(&mut self, path: &str, probe: Option<&Node>) {
        let name = "terminationGracePeriodSeconds";
        let given = probe.and_then(|probe| probe.get(name)).filter(|n| n.value != Value::Null);
        if given.is_some() {
            let path = format!("{path}.readinessProbe.{name}");
            self.refuse(&path, "must not be set for readinessProbes".to_string(), "nothing");
        }
    }
}
