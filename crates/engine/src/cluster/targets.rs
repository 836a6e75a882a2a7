//! Pods as targets of a load balancer outside of the cluster: registered when their containers are
//! ready, sent to once it finds them healthy, taken out as soon as they go.
//!
//! Follows kubernetes-sigs/aws-load-balancer-controller
//! `pkg/targetgroupbinding/resource_manager.go` (targets are the ready endpoints, with a readiness
//! gate those whose containers are ready; a condition per target group is written once the target
//! is healthy) and its `docs/deploy/pod_readiness_gate.md`. Deliberately unknown here: how requests
//! are divided.

use super::{Cluster, Hands};
use crate::address::PodDraw;
use crate::event::PodStep;

impl Cluster {
    /// The containers of a pod are ready, or are not any more; behind a readiness gate the pod is
    /// ready only as a healthy target.
    pub(super) fn set_ready(&mut self, pod: u32, ready: bool, by: &mut Hands<'_>) {
        let registration = by.ctx.scenario.service.balancer.registration;
        let Some(registration) = registration else { return self.report_ready(pod, ready, by) };
        let entry = &mut self.pods[pod as usize];
        if !ready {
            (entry.registered, entry.registering) = (false, None);
            return self.report_ready(pod, false, by);
        }
        if !registration.gate {
            self.report_ready(pod, true, by);
        }
        let entry = &self.pods[pod as usize];
        if entry.registered || entry.registering.is_some() || entry.deleting.is_some() {
            return;
        }
        let draw = self.address(pod, PodDraw::Registration).uniform(&by.ctx.streams);
        let at = by.ctx.now + registration.after.quantile(draw);
        self.pods[pod as usize].registering = Some(at);
        self.plan(by, pod, at, PodStep::Registered);
    }

    /// A registration that was planned is complete, unless the pod's containers have failed since.
    pub(super) fn registered(&mut self, pod: u32, by: &mut Hands<'_>) {
        let entry = &mut self.pods[pod as usize];
        if entry.registering != Some(by.ctx.now) || entry.deleting.is_some() {
            return;
        }
        (entry.registered, entry.registering) = (true, None);
        self.say(by, "routing", || format!("pod {pod} is a healthy target of the load balancer"));
        self.announce(by, pod);
        let gate = by.ctx.scenario.service.balancer.registration.is_some_and(|r| r.gate);
        if gate {
            self.report_ready(pod, true, by);
        }
    }
}
