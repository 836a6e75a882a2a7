//! A volume that hangs at one node: who may start, and who waits for it.
//!
//! A pod with a ReadWriteOnce claim gets its node from the scheduler all the same. There it is
//! ContainerCreating (`FailedAttachVolume`: Multi-Attach error) until no pod uses the volume at
//! another node any more; then it is detached there and attached here (k/k
//! `pkg/controller/volume/attachdetach/reconciler/reconciler.go`, `isMultiAttachForbidden`).
//! Deliberately unknown here: which node a pod gets.

use super::{Cluster, Hands};
use crate::address::PodDraw;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::world::pod::PodStage;

/// Where the volume of the service's claim is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// The node at which it is attached or being attached.
    at: Option<u32>,
    /// When it is mounted there.
    mounted: SimTime,
}

impl Cluster {
    /// When the volume lets the container of a pod with a node start: at once without a claim;
    /// nothing while another node has it.
    pub(super) fn mounted_for(&mut self, pod: u32, by: &mut Hands<'_>) -> Option<SimTime> {
        let now = by.ctx.now;
        let Some(claim) = by.ctx.scenario.service.placement.claim else { return Some(now) };
        let node = self.pods[pod as usize].node;
        if self.volume.at == node {
            return Some(self.volume.mounted.max(now));
        }
        if let Some(at) = self.volume.at.filter(|at| self.uses_volume(*at)) {
            self.say(by, "pod", || {
                format!(
                    "pod {pod}: FailedAttachVolume: Multi-Attach error: the volume is used by a \
                     pod on node {at}"
                )
            });
            return None;
        }
        let moves = self.volume.at.is_some();
        let draw = self.address(pod, PodDraw::Attach).uniform(&by.ctx.streams);
        let takes = if moves { claim.attach.quantile(draw) } else { SimDuration::ZERO };
        self.volume = Volume { at: node, mounted: now + takes };
        Some(self.volume.mounted)
    }

    /// Does any pod at the node have the volume?
    fn uses_volume(&self, node: u32) -> bool {
        self.pods.iter().any(|p| p.exists() && p.node == Some(node))
    }

    /// A pod of the node is gone: those that wait elsewhere for the volume try again.
    pub(super) fn volume_let_go(&mut self, node: Option<u32>, by: &mut Hands<'_>) {
        let has = self.volume.at.is_some() && self.volume.at == node;
        if !has || node.is_none_or(|node| self.uses_volume(node)) {
            return;
        }
        let waits = |pod: &u32| {
            let pod = &self.pods[*pod as usize];
            let waits = pod.stage == PodStage::Scheduled && pod.deleting.is_none() && !pod.lost;
            waits && pod.node != node
        };
        let waiting: Vec<u32> = (0..self.pods.len() as u32).filter(waits).collect();
        waiting.into_iter().for_each(|pod| self.start_container(pod, by));
    }
}
