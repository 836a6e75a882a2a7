//! A node is drained: cordoned, its pods evicted as the PodDisruptionBudget allows, and away.
//!
//! Follows kubectl `pkg/drain/drain.go`: every pod is evicted through the API, and a refused
//! eviction is tried again after five seconds. The budget is asked at each one, and a pod that is
//! going no longer counts as healthy. Deliberately unknown here: the arithmetic of budgets (see
//! [`crate::strategy::disruption`]).

use super::flight::{Event, Flight};
use crate::base::time::SimDuration;
use crate::strategy::disruption::{Selected, Status};

/// kubectl waits this long after a refused eviction.
const RETRY: SimDuration = SimDuration::from_secs(5);

/// kubectl looks this often whether an evicted pod is gone.
const POLL: SimDuration = SimDuration::from_secs(1);

impl Flight {
    /// Cordons nodes for a fault and begins to evict.
    pub(super) fn drain_nodes(&mut self, fault: usize, nodes: &[u32]) {
        for node in nodes {
            self.nodes[*node as usize].drained_by = Some(fault);
            self.story("fault", || format!("node/node-{node} cordoned"));
            self.calendar.plan(self.now, Event::Drain(*node));
        }
    }

    /// One round: evicts what may go, and comes back while anything is left.
    pub(super) fn drain(&mut self, node: u32) {
        let state = &self.nodes[node as usize];
        if !state.alive || state.drained_by.is_none() {
            return;
        }
        let pods = self.on_node(node);
        if pods.is_empty() {
            self.nodes[node as usize].alive = false;
            self.watch.dirty = true;
            self.story("fault", || format!("node/node-{node} drained"));
            return;
        }
        let mut refused = false;
        let mut evicted = false;
        for pod in pods {
            if self.pods[pod as usize].deleting.is_some() {
                continue;
            }
            if self.may_evict(pod) {
                self.story("fault", || format!("pod {pod} evicted from node {node}"));
                self.delete_pod(pod);
                evicted = true;
            } else if !std::mem::replace(&mut refused, true) {
                self.story("fault", || {
                    format!(
                        "error when evicting pod {pod} (will retry after 5s): Cannot evict pod as \
                         it would violate the pod's disruption budget."
                    )
                });
            }
        }
        if evicted {
            self.reconcile_sets();
            self.plan_look();
        }
        let wait = if refused { RETRY } else { POLL };
        self.calendar.plan(self.now + wait, Event::Drain(node));
    }

    /// Asks the budget, if there is one.
    fn may_evict(&self, pod: u32) -> bool {
        let Some(status) = self.budget_status() else { return true };
        let always = self.scenario.disruption.as_ref().is_some_and(|d| d.evicts_unhealthy);
        status.allows(self.pods[pod as usize].ready, always)
    }

    fn budget_status(&self) -> Option<Status> {
        let budget = &self.scenario.disruption.as_ref()?.budget;
        let active = || self.pods.iter().filter(|p| p.is_active());
        let selected = Selected {
            pods: active().count() as u32,
            healthy: active().filter(|p| p.ready && !p.lost).count() as u32,
            wanted: Some(self.sets.iter().map(|set| set.size).sum()),
        };
        budget.status(&selected).ok()
    }

    /// The fault is over: its nodes take pods again.
    pub(super) fn return_nodes(&mut self, fault: usize) {
        for node in 0..self.nodes.len() {
            if self.nodes[node].drained_by != Some(fault) {
                continue;
            }
            self.nodes[node].drained_by = None;
            self.nodes[node].alive = true;
            self.story("fault", || format!("node/node-{node} uncordoned"));
        }
        self.watch.dirty = true;
        self.place_waiting();
    }
}
