//! Nodes: room for pods, provisioning when there is none, and what follows when one vanishes.

use super::address::Address;
use super::flight::{Event, Flight};
use crate::base::time::SimDuration;
use crate::telemetry::scraper::Place;
use crate::world::pod::{Node, Stage};

/// The cluster autoscaler looks for pods without a node every ten seconds.
const AUTOSCALER_SCAN: SimDuration = SimDuration::from_secs(10);

impl Flight {
    pub(super) fn prepare_nodes(&mut self) {
        let settings = &self.scenario.service.nodes;
        let zones = settings.zones.max(1);
        let node =
            |i: u32| Node { zone: i % zones, used: 0, alive: true, lost: false, drained: false };
        self.nodes = (0..settings.count.max(1)).map(node).collect();
    }

    /// Gives a pod a node, where its container starts; without room it waits for a new node.
    pub(super) fn assign_node(&mut self, pod: u32) {
        if self.find_node(pod) {
            self.admit(pod);
        } else {
            self.ask_for_node();
        }
    }

    /// Gives a pod the emptiest node with room, if there is any.
    pub(super) fn find_node(&mut self, pod: u32) -> bool {
        let capacity = self.scenario.service.nodes.capacity;
        let open = self.nodes.iter().enumerate().filter(|(_, n)| n.is_open() && n.used < capacity);
        let Some((node, _)) = open.min_by_key(|(i, n)| (n.used, *i)) else { return false };
        self.nodes[node].used += 1;
        let zone = self.nodes[node].zone;
        let entry = &mut self.pods[pod as usize];
        entry.node = Some(node as u32);
        entry.zone = zone;
        self.retable_pod(pod);
        true
    }

    /// As many nodes are asked for as the waiting pods need.
    fn ask_for_node(&mut self) {
        let capacity = self.scenario.service.nodes.capacity.max(1);
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
        let zones = self.scenario.service.nodes.zones.max(1);
        self.watch.nodes_on_order = self.watch.nodes_on_order.saturating_sub(1);
        let zone = self.nodes.len() as u32 % zones;
        self.nodes.push(Node { zone, used: 0, alive: true, lost: false, drained: false });
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
