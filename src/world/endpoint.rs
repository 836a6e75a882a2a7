//! Which pods a Service lists, as what, and which of them a node's proxy sends traffic to.
//!
//! Follows kubernetes/endpointslice `utils.go` and k/k `pkg/proxy/topology.go`. Deliberately
//! unknown here: weights, and when a change is learnt.

use super::replica_set::PodPhase;

/// Conditions of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Takes traffic.
    pub ready: bool,
    /// Would answer.
    pub serving: bool,
    /// Is going.
    pub terminating: bool,
}

impl Conditions {
    /// Is it going, and answers until then? Traffic goes to such pods while nobody is ready.
    pub fn serves_to_the_end(self) -> bool {
        self.serving && self.terminating
    }
}

/// The conditions of a pod's endpoint. With `publishNotReadyAddresses` every pod is ready.
pub fn conditions(ready: bool, deleting: bool, publish_not_ready: bool) -> Conditions {
    Conditions {
        ready: publish_not_ready || ready && !deleting,
        serving: ready,
        terminating: deleting,
    }
}

/// Is a pod listed at all? Finished pods are not, nor pods without an address; pods being deleted
/// only where the caller wants them.
pub fn is_listed(phase: PodPhase, has_ip: bool, deleting: bool, include_deleting: bool) -> bool {
    let finished = matches!(phase, PodPhase::Succeeded | PodPhase::Failed);
    !finished && has_ip && (include_deleting || !deleting)
}

/// An endpoint, as a node's proxy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its conditions.
    pub conditions: Conditions,
    /// On the same node.
    pub local: bool,
}

/// The endpoints (by position) that traffic goes to: the ready ones, or if there are none those
/// that are going but still serve. `local_only` is for the traffic policy Local.
pub fn routable(endpoints: &[Endpoint], local_only: bool) -> Vec<usize> {
    let of = |takes: fn(&Conditions) -> bool| {
        let reached = |e: &Endpoint| (!local_only || e.local) && takes(&e.conditions);
        let all = endpoints.iter().enumerate();
        all.filter(|(_, e)| reached(e)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let ready = of(|c| c.ready);
    if ready.is_empty() { of(|c| c.serves_to_the_end()) } else { ready }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_pods_serve_while_nobody_else_does() {
        let going = Endpoint { conditions: conditions(true, true, false), local: true };
        let ready = Endpoint { conditions: conditions(true, false, false), local: false };
        assert_eq!(routable(&[going, ready], false), [1]);
        assert_eq!(routable(&[going, going], false), [0, 1]);
        assert_eq!(routable(&[going, ready], true), [0]);
    }
}
