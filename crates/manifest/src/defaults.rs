//! Values that the API server writes into objects by itself: they stand in every
//! `kubectl get -o yaml`, and are nobody's wish.
//!
//! Only fields that change nothing in a flight are listed here; a default that shapes a rollout is
//! read where its field is.

use windtunnel_base::node::{Node, Value};

/// Fields and their defaults (k/k `pkg/apis/core/v1/defaults.go`, `pkg/apis/apps/v1/defaults.go`;
/// `group` of a route's backend: gateway-api `apis/v1/object_reference_types.go`). A pull policy
/// depends on the tag of its image: either of the two may be the server's.
const DEFAULTS: [(&str, &str); 20] = [
    ("imagePullPolicy", "IfNotPresent"),
    ("imagePullPolicy", "Always"),
    ("protocol", "TCP"),
    ("scheme", "HTTP"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("dnsPolicy", "ClusterFirst"),
    ("schedulerName", "default-scheduler"),
    ("type", "ClusterIP"),
    ("internalTrafficPolicy", "Cluster"),
    ("externalTrafficPolicy", "Cluster"),
    ("ipFamilyPolicy", "SingleStack"),
    ("allocateLoadBalancerNodePorts", "true"),
    ("publishNotReadyAddresses", "false"),
    ("paused", "false"),
    ("hostNetwork", "false"),
    ("hostPID", "false"),
    ("hostIPC", "false"),
    ("shareProcessNamespace", "false"),
    ("group", ""),
];

/// Fields that the server fills with something of its own choice.
const ALLOCATED: [&str; 5] =
    ["clusterIP", "clusterIPs", "ipFamilies", "nodePort", "healthCheckNodePort"];

/// Is this what the server writes where nobody has said anything? Nothing at all counts as well:
/// `null`, and a mapping or list without entries.
pub fn is_servers(field: &str, node: &Node) -> bool {
    let is = |wanted: &str| DEFAULTS.contains(&(field, wanted));
    match &node.value {
        Value::Null => true,
        Value::Map(entries) => entries.is_empty(),
        Value::List(items) => {
            let chosen = |item: &Node| item.text() != Some("None");
            items.is_empty() || ALLOCATED.contains(&field) && items.iter().all(chosen)
        }
        Value::Flag(flag) => is(if *flag { "true" } else { "false" }),
        Value::Integer(_) => ALLOCATED.contains(&field),
        Value::Number(_) => false,
        // `clusterIP: None` is a wish: a Service without an address.
        Value::Text(text) => is(text) || ALLOCATED.contains(&field) && text != "None",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::yaml;

    #[test]
    fn defaults_are_told_from_wishes() {
        let of = |field: &str, text: &str| is_servers(field, &yaml::value(text).expect(text));
        for (field, value) in [
            ("dnsPolicy", "ClusterFirst"),
            ("securityContext", "{}"),
            ("clusterIP", "10.96.1.1"),
            ("ipFamilies", "[IPv4]"),
            ("creationTimestamp", "null"),
            ("allocateLoadBalancerNodePorts", "true"),
            ("nodePort", "30080"),
        ] {
            assert!(of(field, value), "{field}: {value}");
        }
        for (field, value) in [
            ("dnsPolicy", "None"),
            ("securityContext", "{runAsUser: 1}"),
            ("clusterIP", "None"),
            ("clusterIPs", "[None]"),
            ("type", "LoadBalancer"),
            ("hostNetwork", "true"),
            ("env", "[{name: A, value: b}]"),
        ] {
            assert!(!of(field, value), "{field}: {value}");
        }
    }
}
