//! Invariants of a flight, checked beside the engine after every control event (in tests and swarm
//! runs, and wherever asked for). Each says what broke, in words.

use super::routing::Belief;

/// What the checkers look at.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// Requests that arrived.
    pub arrived: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Requests in flight: booked on a pod and final, or waiting for a retry.
    pub in_flight: u64,
    /// Pods that exist.
    pub pods: u32,
    /// Ready pods that are not being deleted.
    pub available: u32,
    /// Most pods that are not being deleted, if the strategy promises one.
    pub active_max: Option<u32>,
    /// Pods that are not being deleted.
    pub active: u32,
    /// Requests booked on pods that do not exist any more.
    pub on_dead_pods: u64,
    /// Integral of existing pods over time, in pod-nanoseconds, added up by the watch.
    pub pod_nanos: u128,
    /// The same, added up pod by pod.
    pub pod_nanos_by_pod: u128,
    /// What the proxies believe.
    pub proxies: &'a [Belief],
}

/// Everything wrong with the snapshot.
pub fn violations(s: &Snapshot<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if s.arrived != s.ended + s.in_flight {
        found.push(format!("{} arrived, {} ended, {} in flight", s.arrived, s.ended, s.in_flight));
    }
    if s.on_dead_pods > 0 {
        found.push(format!("{} requests on pods that are gone", s.on_dead_pods));
    }
    if let Some(max) = s.active_max.filter(|max| s.active > *max) {
        found.push(format!("{} active pods, at most {max} allowed", s.active));
    }
    if s.available > s.active || s.active > s.pods {
        found.push(format!("{} available, {} active, {} pods", s.available, s.active, s.pods));
    }
    if s.pod_nanos != s.pod_nanos_by_pod {
        found.push(format!("cost {} is not the pods' time {}", s.pod_nanos, s.pod_nanos_by_pod));
    }
    for belief in s.proxies {
        let share = belief.routing.split.candidate_share();
        if !(0.0..=1.0).contains(&share) {
            found.push(format!("weights that do not add up: candidate {share}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Snapshot<'static> {
        Snapshot {
            arrived: 10,
            ended: 8,
            in_flight: 2,
            pods: 4,
            available: 3,
            active_max: Some(4),
            active: 4,
            on_dead_pods: 0,
            pod_nanos: 7,
            pod_nanos_by_pod: 7,
            proxies: &[],
        }
    }

    #[test]
    fn a_sound_flight_passes_and_every_planted_bug_is_named() {
        assert_eq!(violations(&sound()), Vec::<String>::new());
        let planted = [
            Snapshot { ended: 9, ..sound() },
            Snapshot { on_dead_pods: 1, ..sound() },
            Snapshot { active_max: Some(3), ..sound() },
            Snapshot { available: 5, ..sound() },
            Snapshot { pod_nanos: 8, ..sound() },
        ];
        for bug in planted {
            assert_eq!(violations(&bug).len(), 1, "{bug:?}");
        }
    }
}
