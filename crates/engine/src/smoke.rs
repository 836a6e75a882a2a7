//! Synthetic requests on a strategy's order: smoke tests of the candidate, and load.

use super::address::Address;
use super::cluster::Cluster;
use super::context::Context;
use super::data_plane::DataPlane;
use super::event::Event;
use windtunnel_base::random::mix64;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::world::pod::{Pod, PodStage};
use windtunnel_model::world::routing::Pool;

/// How long a smoke test takes.
const SMOKE_TIME: SimDuration = SimDuration::from_secs(5);

/// Who sends synthetic requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Tester {
    /// Smoke tests sent so far.
    tests: u16,
}

impl Tester {
    /// Sends requests to ready candidate pods; only the status is looked at.
    pub(super) fn smoke(
        &mut self,
        ctx: &mut Context,
        cluster: &Cluster,
        data_plane: &DataPlane,
        requests: u32,
    ) {
        let ready = |(_, p): &(usize, &Pod)| {
            p.pool == Pool::Candidate && p.ready && p.stage == PodStage::Serving
        };
        let pods = cluster.pods().iter().enumerate().filter(ready);
        let pods: Vec<(u32, &Pod)> = pods.map(|(number, pod)| (number as u32, pod)).collect();
        let routes = ctx.scenario.service.routes.len() as u32;
        let test = self.tests;
        self.tests = test.saturating_add(1);
        // A synthetic user belongs to no cohort.
        let outside = data_plane.classes() - 1;
        let mut failed = 0;
        for i in 0..requests {
            let Some((number, pod)) = pods.get((i / routes) as usize % pods.len().max(1)) else {
                failed += 1;
                continue;
            };
            let row = data_plane.row(*number, pod.version as u8, outside, (i % routes) as u8);
            let row = data_plane.tables().rows[row].effect;
            let draw = mix64(Address::Smoke { test, request: i }.key(&ctx.streams)) as u32;
            failed += u32::from(draw < row.defect || (draw >= row.wrong && draw < row.hang));
        }
        ctx.plan_in(SMOKE_TIME, Event::SmokeDone { sent: requests, failed });
    }
}

/// A load test sends its next request.
pub(super) fn load(
    ctx: &mut Context,
    data_plane: &mut DataPlane,
    until: SimTime,
    gap: SimDuration,
    straight: bool,
) {
    data_plane.synthetic(straight);
    let next = ctx.now + gap.max(SimDuration::from_nanos(1));
    if next < until {
        ctx.plan(next, Event::Synthetic { until, gap, straight });
    }
}
