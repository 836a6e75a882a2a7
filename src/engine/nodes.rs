//! Nodes: room for pods, provisioning when there is none, and what follows when one vanishes.

use super::address::Address;
use super::flight::{Event, Flight};
use crate::base::time::SimDuration;
use crate::telemetry::scraper::Place;
use crate::world::placement::{Placed, Refusal, summed};
use crate::world::pod::{Node, Pod, Stage};

/// The cluster autoscaler looks for pods without a node every ten seconds.
const AUTOSCALER_SCAN: SimDuration = SimDuration::from_secs(10);

impl Flight {
    pub(super) fn prepare_nodes(&mut self) {
        let settings = &self.scenario.service.nodes;
        self.nodes = Node::many(settings.count, settings.zones);
    }

    /// Gives a pod a node, where its container starts; without one it waits, for a new node if that
    /// would take it.
    pub(super) fn assign_node(&mut self, pod: u32) {
        match self.node_for(pod) {
            Ok(node) => {
                self.put_on(pod, node);
                self.admit(pod);
            }
            Err(refusals) => {
                let entry = &self.pods[pod as usize];
                if entry.created == self.now && !self.scenario.service.placement.is_plain() {
                    let why = || format!("pod {pod}: FailedScheduling: {}", summed(&refusals));
                    self.story("pod", why);
                }
                self.ask_for_node(pod);
            }
        }
    }

    /// The emptiest node that takes a pod; else why none does.
    fn node_for(&self, pod: u32) -> Result<u32, Vec<Refusal>> {
        self.node_among(&self.nodes, pod)
    }

    fn node_among(&self, nodes: &[Node], pod: u32) -> Result<u32, Vec<Refusal>> {
        let service = &self.scenario.service;
        let placed: Vec<Placed> = match service.placement.is_plain() {
            true => Vec::new(),
            false => self.pods.iter().filter_map(placed).collect(),
        };
        let version = self.pods[pod as usize].version;
        service.placement.choose(nodes, service.nodes.capacity, &placed, version)
    }

    /// Gives a pod that runs as the flight begins its node: all of them one, where they share the
    /// volume of a node.
    pub(super) fn place_running(&mut self, pod: u32) {
        let shares = self.scenario.service.placement.claim.is_some() && pod > 0;
        let found = if shares { Ok(0) } else { self.node_for(pod) };
        assert!(found.is_ok(), "the fleet fits its nodes");
        self.put_on(pod, found.unwrap_or(0));
        self.mounted_for(pod);
    }

    fn put_on(&mut self, pod: u32, node: u32) {
        let state = &mut self.nodes[node as usize];
        state.used += 1;
        let zone = state.zone;
        let entry = &mut self.pods[pod as usize];
        entry.node = Some(node);
        entry.zone = zone;
        self.retable_pod(pod);
    }

    /// Would a new node take the pod? Whoever adds nodes asks this first (cluster-autoscaler
    /// `simulator`).
    fn helped_by_a_node(&self, pod: u32) -> bool {
        let service = &self.scenario.service;
        if service.nodes.fixed {
            return false;
        }
        if service.placement.is_plain() {
            return true;
        }
        let mut nodes = self.nodes.clone();
        nodes.push(Node::in_zone(self.zone_of_next()));
        self.node_among(&nodes, pod).is_ok()
    }

    fn zone_of_next(&self) -> u32 {
        self.nodes.len() as u32 % self.scenario.service.nodes.zones.max(1)
    }

    /// As many nodes are asked for as the waiting pods need.
    fn ask_for_node(&mut self, pod: u32) {
        if !self.helped_by_a_node(pod) {
            return;
        }
        let capacity = match self.scenario.service.placement.is_plain() {
            true => self.scenario.service.nodes.capacity.max(1),
            // One a pod: what others would find on it is not known before they are there.
            false => 1,
        };
        let waiting = self.pods.iter().filter(|p| p.exists() && p.stage == Stage::Pending).count();
        let wanted = (waiting as u32).div_ceil(capacity);
        while self.watch.nodes_on_order < wanted {
            self.watch.nodes_on_order += 1;
            self.watch.nodes_ordered += 1;
            let draw = Address::Node(self.watch.nodes_ordered).uniform(&self.streams);
            let delay = self.scenario.service.nodes.provisioning.quantile(draw);
            let ready = self.now + AUTOSCALER_SCAN + delay;
            self.calendar.plan(ready, Event::NodeReady);
            self.story("pod", || "no node has room: a new one is ordered".into());
        }
    }

    pub(super) fn node_ready(&mut self) {
        self.watch.nodes_on_order = self.watch.nodes_on_order.saturating_sub(1);
        self.nodes.push(Node::in_zone(self.zone_of_next()));
        self.plan_scrapes(Place::Kubelet(self.nodes.len() as u32 - 1));
        self.place_waiting();
        self.watch.dirty = true;
    }

    /// Pods without a node look for one again, the longest waiting first.
    pub(super) fn place_waiting(&mut self) {
        let waiting: Vec<u32> = (0..self.pods.len() as u32)
            .filter(|p| {
                let pod = &self.pods[*p as usize];
                pod.stage == Stage::Pending && pod.deleting.is_none()
            })
            .collect();
        waiting.into_iter().for_each(|pod| self.assign_node(pod));
    }

    pub(super) fn free_node(&mut self, node: Option<u32>) {
        if let Some(node) = node {
            let used = &mut self.nodes[node as usize].used;
            *used = used.saturating_sub(1);
        }
        self.volume_let_go(node);
    }

    /// Nodes vanish: their pods serve nothing from now on; the cluster notices later.
    pub(super) fn lose_nodes(&mut self, lost: &[u32]) {
        for node in lost {
            if !std::mem::replace(&mut self.nodes[*node as usize].alive, false) {
                continue;
            }
            self.nodes[*node as usize].lost = true;
            self.story("fault", || format!("node {node} vanishes"));
            for pod in 0..self.pods.len() as u32 {
                let entry = &mut self.pods[pod as usize];
                if entry.node == Some(*node) && entry.exists() {
                    entry.lost = true;
                    entry.life += 1;
                    self.plane.kill_pod(pod);
                    self.plane.pods[pod as usize].dark = true;
                }
            }
            let settings = &self.scenario.service.nodes;
            let (noticed, evicted) =
                (settings.lost_after, settings.lost_after + settings.evict_after);
            self.calendar.plan(self.now + noticed, Event::NodeNoticed(*node));
            self.calendar.plan(self.now + evicted, Event::NodeEvicted(*node));
        }
        self.watch.dirty = true;
    }

    pub(super) fn on_node(&self, node: u32) -> Vec<u32> {
        let pods = self.pods.iter().enumerate();
        pods.filter(|(_, p)| p.node == Some(node) && p.exists()).map(|(i, _)| i as u32).collect()
    }

    pub(super) fn node_noticed(&mut self, node: u32) {
        for pod in self.on_node(node) {
            self.set_ready(pod, false);
            if self.pods[pod as usize].deleting.is_some() {
                self.ends(pod);
            }
        }
    }

    pub(super) fn node_evicted(&mut self, node: u32) {
        for pod in self.on_node(node) {
            self.delete_pod(pod);
        }
    }
}

/// A pod as the scheduler sees it, once it has a node.
fn placed(pod: &Pod) -> Option<Placed> {
    let node = pod.node.filter(|_| pod.exists())?;
    Some(Placed { node, version: pod.version, going: pod.deleting.is_some() })
}
