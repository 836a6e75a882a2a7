//! What the request loop reads at every request, side by side: settings of the service, and
//! whether anything out of the ordinary is switched on.
//!
//! It holds copies only; nothing here is decided here.

use super::DataPlane;
use super::attempt::NEVER_NS;
use windtunnel_base::distribution::Distribution;
use windtunnel_model::world::service::{Policy, Service};

/// Copies of what every request reads.
#[derive(Clone, Debug)]
pub(super) struct Hot {
    /// By route: what its service time is drawn from, and what its requests do.
    pub(super) routes: Vec<HotRoute>,
    /// The patience of a client, or of its proxy if that is less, in nanoseconds.
    pub(super) timeout: u64,
    /// Above this an answer is slow, in nanoseconds.
    pub(super) slow: u64,
    /// Does a mesh do more than choose a pod? Then [`super::mesh`] takes over.
    pub(super) mesh: bool,
    /// Tries that a proxy adds to each of a client's, on failures of pods that took the request.
    pub(super) tries: u8,
    /// A slot that is busy no longer than this gives an answer that is neither slow nor late.
    pub(super) in_time: u64,
    /// Is anything switched on that most flights never meet? Then its own test follows. Set
    /// whenever the loop is entered, so that ordinary requests pay for one test.
    pub(super) rare: bool,
    /// May requests take the fast path?
    pub(super) fast_path: bool,
    /// How a pod is picked.
    pub(super) policy: Policy,
    /// CPU time per busy time.
    pub(super) cpu_per_busy: f32,
}

/// Copies of a route's settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct HotRoute {
    pub(super) service_time: Distribution,
    pub(super) write: bool,
    /// Do its answers start a business step?
    pub(super) funnel: bool,
}

impl Hot {
    /// The copies of a service's settings.
    pub(super) fn new(service: &Service) -> Hot {
        let routes = service.routes.iter().map(|route| HotRoute {
            service_time: route.service_time,
            write: route.write,
            funnel: route.value.value() > 0.0,
        });
        let mesh = &service.balancer.mesh;
        let meshed = service.balancer.is_meshed();
        let more = mesh.retry_on.is_more() || meshed && mesh.retry_on.connect;
        let patience = match mesh.timeout {
            Some(route) => service.timeout.min(route),
            None => service.timeout,
        };
        Hot {
            routes: routes.collect(),
            timeout: patience.as_nanos(),
            rare: true,
            fast_path: false,
            mesh: meshed,
            tries: if more { service.balancer.retries } else { 0 },
            slow: service.slow.as_nanos(),
            in_time: service.slow.as_nanos().min(patience.as_nanos()).min(NEVER_NS / 2),
            policy: service.balancer.policy,
            cpu_per_busy: service.pod.cpu_per_busy as f32,
        }
    }
}

impl DataPlane {
    /// Is anything switched on that most flights never meet?
    pub(super) fn is_rare(&self) -> bool {
        let service = &self.service;
        let balancer = self.fleet.proxies.iter().any(|p| p.routing.mirror.share.value() > 0.0)
            || service.balancer.keep_alive.is_some()
            || self.hot.mesh;
        let server = service.dependency.is_some()
            || service.pod.warm_up.is_some()
            || service.mixing.session_breaks.value() > 0.0
            || self.tables.unreadable | self.tables.migrated > 0;
        let client = !self.tables.clients.is_empty() || self.clients.think.is_some();
        balancer || server || client || self.counts.experiment.is_some()
    }
}
