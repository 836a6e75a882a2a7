//! As what a Service lists a pod.
//!
//! Follows kubernetes/endpointslice `utils.go`. Deliberately unknown here: which of its endpoints a
//! proxy uses (see [`super::routing`]), and when a change is learnt.

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
