//! A node is drained: cordoned, its pods evicted as the PodDisruptionBudget allows, and away.
//!
//! Follows kubectl `pkg/drain/drain.go`: every pod is evicted through the API, and a refused
//! eviction is tried again after five seconds. The budget is asked at each one, and a pod that is
//! going no longer counts as healthy. Deliberately unknown here: the arithmetic of budgets (see
//! [`windtunnel_model::strategy::disruption`]).

use super::{Cluster, Hands};
use crate::event::Event;
use windtunnel_base::time::SimDuration;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::disruption::{BudgetStatus, Disruptions, EvictionAnswer, Selected};
use windtunnel_model::world::replica_set::PodPhase;
use windtunnel_model::world::routing::Pool;

/// kubectl waits this long after a refused eviction.
const RETRY: SimDuration = SimDuration::from_secs(5);

/// kubectl looks this often whether an evicted pod is gone.
const POLL: SimDuration = SimDuration::from_secs(1);

impl Cluster {
    /// Cordons the nodes that any active fault drains and begins to evict; those that none drains
    /// any more take pods again.
    pub(crate) fn follow_drains(&mut self, by: &mut Hands<'_>) {
        let mut returned = false;
        let mut nodes: Vec<u32> = by.faults.drained_nodes().collect();
        nodes.extend(0..self.nodes.len() as u32);
        for node in nodes {
            let drained = by.faults.drains(node);
            let state = &mut self.nodes[node as usize];
            if state.lost || std::mem::replace(&mut state.drained, drained) == drained {
                continue;
            }
            if drained {
                self.say(by, "fault", || format!("node/node-{node} cordoned"));
                by.ctx.plan_in(SimDuration::ZERO, Event::Drain(node));
            } else {
                state.alive = true;
                returned = true;
                self.say(by, "fault", || format!("node/node-{node} uncordoned"));
            }
        }
        if returned {
            self.changed = true;
            self.place_waiting(by);
        }
    }

    /// One round: evicts what may go, and comes back while anything is left.
    pub(crate) fn drain(&mut self, node: u32, by: &mut Hands<'_>) {
        let state = &self.nodes[node as usize];
        if !state.alive || !state.drained {
            return;
        }
        let pods = self.on_node(node);
        if pods.is_empty() {
            self.nodes[node as usize].alive = false;
            self.changed = true;
            self.say(by, "fault", || format!("node/node-{node} drained"));
            return;
        }
        let mut answers = Vec::new();
        for pod in pods {
            if self.pods[pod as usize].deleting.is_some() {
                continue;
            }
            let answer = self.eviction(pod, &by.ctx.scenario);
            if answer == EvictionAnswer::Evicted {
                self.say(by, "fault", || format!("pod {pod} evicted from node {node}"));
                self.delete_pod(pod, by);
            } else if !answers.contains(&answer) {
                self.say(by, "fault", || said(pod, answer));
            }
            answers.push(answer);
        }
        if !answers.is_empty() && answers.iter().all(|answer| *answer == EvictionAnswer::Ambiguous)
        {
            // kubectl ends with an error; the node stays cordoned, its pods stay where they are.
            self.say(by, "fault", || format!("drain of node/node-{node} failed"));
            return;
        }
        let wait = if answers.contains(&EvictionAnswer::TooMany) { RETRY } else { POLL };
        by.ctx.plan_in(wait, Event::Drain(node));
    }

    /// What the API says to an eviction (k/k `pkg/registry/core/pod/storage/eviction.go`): no
    /// budget is asked about a pod whose containers have not started.
    fn eviction(&self, number: u32, scenario: &Scenario) -> EvictionAnswer {
        let pod = &self.pods[number as usize];
        let covers = |budget: &&Disruptions| budget.covers.is_none_or(|pool| pool == pod.pool);
        let mut budgets = scenario.disruptions.iter().filter(covers);
        let Some(budget) = budgets.next().filter(|_| pod.facts(0).phase != PodPhase::Pending)
        else {
            return EvictionAnswer::Evicted;
        };
        if budgets.next().is_some() {
            return EvictionAnswer::Ambiguous;
        }
        let allows = |status: BudgetStatus| status.allows(pod.ready, budget.evicts_unhealthy);
        let allowed = self.budget_status(budget).is_none_or(allows);
        if allowed { EvictionAnswer::Evicted } else { EvictionAnswer::TooMany }
    }

    fn budget_status(&self, budget: &Disruptions) -> Option<BudgetStatus> {
        let covers = |pool: Pool| budget.covers.is_none_or(|covered| covered == pool);
        let active = || self.pods.iter().filter(|p| p.is_active() && covers(p.pool));
        let owners = self.sets.iter().filter(|set| covers(set.pool));
        let selected = Selected {
            pods: active().count() as u32,
            healthy: active().filter(|p| p.ready && !p.lost).count() as u32,
            wanted: Some(owners.map(|set| set.size).sum()),
        };
        budget.budget.status(&selected).ok()
    }
}

/// What kubectl prints of a refusal.
fn said(pod: u32, answer: EvictionAnswer) -> String {
    match answer {
        EvictionAnswer::Ambiguous => format!(
            "error when evicting pod {pod}: This pod has more than one PodDisruptionBudget, which \
             the eviction subresource does not support."
        ),
        _ => format!(
            "error when evicting pod {pod} (will retry after 5s): Cannot evict pod as it would \
             violate the pod's disruption budget."
        ),
    }
}
