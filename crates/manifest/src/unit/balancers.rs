//! Who stands in front of the pods, where no manifest says how: a mesh or kube-proxy.

use super::UnitsFound;
use crate::draft::{Draft, integer, text};
use crate::kinds::Object;
use crate::note::Lists;
use crate::store::Store;
use std::collections::BTreeSet;

/// Who stands in front of the pods, where no manifest says how: a mesh or kube-proxy.
pub fn assume(store: &Store, found: &mut UnitsFound) {
    let UnitsFound { drafts, lists, .. } = found;
    let titles =
        |kinds: &[&str]| -> BTreeSet<String> { store.of_kinds(kinds).map(Object::title).collect() };
    let istio = titles(&["VirtualService", "DestinationRule"]);
    let mesh = &istio | &titles(&["HTTPRoute", "GRPCRoute"]);
    let services = titles(&["Service"]);
    for draft in drafts {
        let has = |titles: &BTreeSet<String>| draft.used.iter().any(|t| titles.contains(t));
        let by_istio = has(&istio);
        if has(&mesh) {
            if by_istio && draft.get("spec.service.balancer.retries").is_none() {
                draft.write("spec.service.balancer.retries", integer(2));
                let source = "Istio retries a refused connection twice, \
                    pilot/pkg/networking/core/route/retry/retry.go";
                draft.assume(lists, "spec.service.balancer.retries", "2", source, false);
            }
            if by_istio {
                hashed_split(draft, lists);
            }
        } else if has(&services) && draft.get("spec.service.balancer").is_none() {
            draft.write("spec.service.balancer.policy", text("random"));
            let source = "kube-proxy picks a random pod, k/k pkg/proxy/iptables/proxier.go";
            draft.assume(lists, "spec.service.balancer.policy", "random", source, false);
        }
    }
}

/// Where one route has several destinations, Istio does not see that they hash, so tries leave out
/// the pods that failed; a hash then takes the next ones (`applyHTTPRouteDestination`).
fn hashed_split(draft: &mut Draft, lists: &mut Lists) {
    let path = "spec.service.balancer";
    let at = |name: &str| draft.get(&format!("{path}.{name}"));
    let hashes = at("policy").and_then(|node| node.text()) == Some("ringHash");
    let splits = draft.roles.as_ref().is_some_and(|[old, new]| !old.is_same(new));
    if hashes && splits {
        let source = "a route with weights draws the subset first and hashes within it: istio \
            pilot/pkg/networking/core/route/route.go sets HashPolicy, and no use_hash_policy of \
            WeightedCluster";
        let value = "a user keeps one pod of each subset, and meets both versions";
        draft.assume(lists, &format!("{path}.policy"), value, source, false);
    }
    if hashes && splits && draft.get(&format!("{path}.retrySamePod")).is_none() {
        draft.write(&format!("{path}.retrySamePod"), text("never"));
        let source = "a route with several destinations leaves out pods that failed, hashed or \
            not, istio pilot/pkg/networking/core/route/route.go";
        draft.assume(lists, &format!("{path}.retrySamePod"), "never", source, false);
    }
}
