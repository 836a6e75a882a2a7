//! What must hold after every control event, whatever was flown.

use super::flight::Flight;
use windtunnel_model::world::check::{Snapshot, violations};

impl Flight {
    /// Panics with every violated invariant.
    pub(super) fn check_invariants(&self) {
        let pods = self.cluster.pods();
        let count = |of: fn(&windtunnel_model::world::pod::Pod) -> bool| {
            pods.iter().filter(|pod| of(pod)).count() as u32
        };
        let accepts = |pod: u32| pods[pod as usize].lost && self.data_plane.pod(pod).accepting;
        let risen = (0..pods.len() as u32).find(|pod| accepts(*pod));
        assert!(risen.is_none(), "at {}: pod {risen:?} serves on a lost node", self.ctx.now);
        let (in_flight, on_dead) = self.data_plane.in_flight(|pod| !pods[pod].exists());
        let snapshot = Snapshot {
            arrived: self.data_plane.tally().arrived,
            ended: self.data_plane.tally().ended(),
            in_flight,
            pods: count(|p| p.exists()),
            available: count(|p| p.is_active() && p.ready),
            active_max: None,
            active: count(|p| p.is_active()),
            on_dead_pods: on_dead,
            pod_nanos: self.meters.pod_nanos(),
            pod_nanos_by_pod: self.cluster.lived_nanos(self.ctx.now),
            proxies: self.data_plane.proxies(),
        };
        let found = violations(&snapshot);
        assert!(found.is_empty(), "at {}: {}", self.ctx.now, found.join("; "));
        self.faults.check_tables(&self.ctx, &self.data_plane, pods);
    }
}
