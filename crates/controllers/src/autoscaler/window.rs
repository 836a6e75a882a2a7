//! Recommendations of the last minutes, so that a size does not flap.
//!
//! Follows k/k `pkg/controller/podautoscaler/horizontal.go` (`stabilizeRecommendation`,
//! `stabilizeRecommendationWithBehaviors`). Deliberately unknown here: limits.

use windtunnel_base::time::{SimDuration, SimTime};

/// What one sync would have liked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// When.
    pub at: SimTime,
    /// Pods.
    pub replicas: u32,
}

/// Without a `behavior` block: the highest of the window, the present one included.
pub fn highest(known: &[Recommendation], desired: u32, window: SimDuration, now: SimTime) -> u32 {
    let within = known.iter().filter(|r| r.at + window >= now);
    within.map(|r| r.replicas).fold(desired, u32::max)
}

/// With a `behavior` block: the size is pulled up to the lowest recommendation of the up-window
/// and down to the highest of the down-window.
pub fn pulled(
    known: &[Recommendation],
    current: u32,
    desired: u32,
    (up, down): (SimDuration, SimDuration),
    now: SimTime,
) -> u32 {
    let within =
        |window: SimDuration| known.iter().filter(move |r| r.at + window > now).map(|r| r.replicas);
    let lowest = within(up).fold(desired, u32::min);
    let highest = within(down).fold(desired, u32::max);
    current.max(lowest).min(highest)
}
