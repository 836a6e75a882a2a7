//! Nodes: room for pods, provisioning when there is none, and what follows when one vanishes.

use super::{Cluster, Hands, News};
use crate::address::Address;
use crate::event::Event;
use windtunnel_base::time::SimDuration;
use windtunnel_model::fault::SomeNodes;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::telemetry::scraper::Place;
use windtunnel_model::world::placement::{Placed, Refusal, summed};
use windtunnel_model::world::pod::{Node, Pod, PodStage};

/// The cluster autoscaler looks for pods without a node every ten seconds.
const AUTOSCALER_SCAN: SimDuration = SimDuration::from_secs(10);

impl Cluster {
    /// Gives a pod a node, where its container starts; without one it waits, for a new node if that
    /// would take it. Says whether it has one.
    pub(super) fn assign_node(&mut self, pod: u32, by: &mut Hands<'_>) -> bool {
        match self.node_among(&self.nodes, pod, &by.ctx.scenario) {
            Ok(node) => {
                self.put_on(pod, node, by);
                self.admit(pod, by);
                true
            }
            Err(refusals) => {
                let entry = &self.pods[pod as usize];
                let plain = by.ctx.scenario.service.placement.is_plain();
                if entry.created == by.ctx.now && !plain {
                    let why = || format!("pod {pod}: FailedScheduling: {}", summed(&refusals));
                    self.say(by, "pod", why);
                }
                self.ask_for_node(pod, by);
                false
            }
        }
    }

    /// The emptiest of some nodes that takes a pod; else why none does.
    fn node_among(
        &self,
        nodes: &[Node],
        pod: u32,
        scenario: &Scenario,
    ) -> Result<u32, Vec<Refusal>> {
        let service = &scenario.service;
        let placed: Vec<Placed> = match service.placement.is_plain() {
            true => Vec::new(),
            false => self.pods.iter().filter_map(placed).collect(),
        };
        let version = self.pods[pod as usize].version;
        service.placement.choose(nodes, service.nodes.capacity, &placed, version)
    }

    /// Gives a pod that runs as the flight begins its node: all of them one, where they share the
    /// volume of a node.
    pub(super) fn place_running(&mut self, pod: u32, by: &mut Hands<'_>) {
        let shares = by.ctx.scenario.service.placement.claim.is_some() && pod > 0;
        let found =
            if shares { Ok(0) } else { self.node_among(&self.nodes, pod, &by.ctx.scenario) };
        assert!(found.is_ok(), "the fleet fits its nodes");
        self.put_on(pod, found.unwrap_or(0), by);
        self.mounted_for(pod, by);
    }

    fn put_on(&mut self, pod: u32, node: u32, by: &mut Hands<'_>) {
        let state = &mut self.nodes[node as usize];
        state.used += 1;
        let zone = state.zone;
        let entry = &mut self.pods[pod as usize];
        entry.node = Some(node);
        entry.zone = zone;
        self.refit(pod, by);
    }

    /// Would a new node take the pod? Whoever adds nodes asks this first (cluster-autoscaler
    /// `simulator`).
    fn helped_by_a_node(&self, pod: u32, scenario: &Scenario) -> bool {
        let service = &scenario.service;
        if service.nodes.fixed {
            return false;
        }
        if service.placement.is_plain() {
            return true;
        }
        let mut nodes = self.nodes.clone();
        nodes.push(self.next_node(scenario));
        self.node_among(&nodes, pod, scenario).is_ok()
    }

    /// The next node that will be added, in the zone whose turn it is.
    fn next_node(&self, scenario: &Scenario) -> Node {
        Node::in_zone(self.nodes.len() as u32 % scenario.service.nodes.zones.max(1))
    }

    /// As many nodes are asked for as the waiting pods need.
    fn ask_for_node(&mut self, pod: u32, by: &mut Hands<'_>) {
        if !self.helped_by_a_node(pod, &by.ctx.scenario) {
            return;
        }
        let service = &by.ctx.scenario.service;
        let capacity = match service.placement.is_plain() {
            true => service.nodes.capacity.max(1),
            // One a pod: what others would find on it is not known before they are there.
            false => 1,
        };
        let waiting =
            self.pods.iter().filter(|p| p.exists() && p.stage == PodStage::Pending).count();
        let wanted = (waiting as u32).div_ceil(capacity);
        while self.on_order < wanted {
            self.on_order += 1;
            self.ordered += 1;
            let draw = Address::Node(self.ordered).uniform(&by.ctx.streams);
            let delay = by.ctx.scenario.service.nodes.provisioning.quantile(draw);
            by.ctx.plan_in(AUTOSCALER_SCAN + delay, Event::NodeReady);
            self.say(by, "pod", || "no node has room: a new one is ordered".into());
        }
    }

    /// A node that was ordered is there.
    pub(crate) fn node_ready(&mut self, by: &mut Hands<'_>) {
        self.on_order = self.on_order.saturating_sub(1);
        self.nodes.push(self.next_node(&by.ctx.scenario));
        self.news.push(News::Target(Place::Kubelet(self.nodes.len() as u32 - 1)));
        self.place_waiting(by);
        self.changed = true;
    }

    /// Pods without a node look for one again, the longest waiting first.
    pub(super) fn place_waiting(&mut self, by: &mut Hands<'_>) {
        let waiting: Vec<u32> = (0..self.pods.len() as u32)
            .filter(|p| {
                let pod = &self.pods[*p as usize];
                pod.stage == PodStage::Pending && pod.deleting.is_none()
            })
            .collect();
        // Where only room counts, all pods are alike: what refuses one refuses those after it.
        let alike = by.ctx.scenario.service.placement.is_plain();
        for pod in waiting {
            if !self.assign_node(pod, by) && alike {
                break;
            }
        }
    }

    pub(super) fn free_node(&mut self, node: Option<u32>, by: &mut Hands<'_>) {
        if let Some(node) = node {
            let used = &mut self.nodes[node as usize].used;
            *used = used.saturating_sub(1);
        }
        self.volume_let_go(node, by);
    }

    /// A fault draws nodes that have pods.
    pub(crate) fn choose_nodes(
        &self,
        index: usize,
        wanted: &SomeNodes,
        by: &Hands<'_>,
    ) -> Vec<u32> {
        let fits = |node: &Node| {
            node.alive && node.used > 0 && wanted.zone.is_none_or(|zone| zone == node.zone)
        };
        let busy = (0..self.nodes.len() as u32)
            .filter(|n| fits(&self.nodes[*n as usize]))
            .map(|n| (u64::from(n), n))
            .collect();
        by.faults.draw_some(by.ctx, index, busy, wanted.count)
    }

    /// The living nodes of a zone.
    pub(crate) fn nodes_in(&self, zone: u32) -> Vec<u32> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(|(_, n)| n.zone == zone && n.alive).map(|(i, _)| i as u32).collect()
    }

    /// Nodes vanish: their pods serve nothing from now on; the cluster notices later.
    pub(crate) fn lose_nodes(&mut self, lost: &[u32], by: &mut Hands<'_>) {
        for node in lost {
            if !std::mem::replace(&mut self.nodes[*node as usize].alive, false) {
                continue;
            }
            self.nodes[*node as usize].lost = true;
            self.say(by, "fault", || format!("node {node} vanishes"));
            for pod in self.on_node(*node) {
                let entry = &mut self.pods[pod as usize];
                entry.lost = true;
                entry.life += 1;
                by.data_plane.darken_pod(pod);
            }
            let settings = &by.ctx.scenario.service.nodes;
            let noticed = settings.lost_after;
            let evicted = noticed + settings.evict_after;
            by.ctx.plan_in(noticed, Event::NodeNoticed(*node));
            by.ctx.plan_in(evicted, Event::NodeEvicted(*node));
        }
        self.changed = true;
    }

    /// The cluster notices that a node is gone.
    pub(crate) fn node_noticed(&mut self, node: u32, by: &mut Hands<'_>) {
        for pod in self.on_node(node) {
            self.set_ready(pod, false, by);
            if self.pods[pod as usize].deleting.is_some() {
                self.ends(pod, by);
            }
        }
    }

    /// The pods of a lost node are given up.
    pub(crate) fn node_evicted(&mut self, node: u32, by: &mut Hands<'_>) {
        self.on_node(node).into_iter().for_each(|pod| self.delete_pod(pod, by));
    }
}

/// A pod as the scheduler sees it, once it has a node.
fn placed(pod: &Pod) -> Option<Placed> {
    let node = pod.node.filter(|_| pod.exists())?;
    Some(Placed { node, version: pod.version, going: pod.deleting.is_some() })
}
