//! What people tell a controller to do while a release is under way, and when.
//!
//! Written as people say it: `15s pause`, `60s resume`, `2m scale 20`. Times count from the
//! release. Deliberately unknown here: which controller takes which order, and what it makes of it.

use std::fmt;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::parse_duration;

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HumanOrder {
    /// The old template is applied again (`kubectl rollout undo`, or a revert in Git).
    Undo,
    /// `spec.paused: true` (`kubectl rollout pause`).
    Pause,
    /// `spec.paused: false` (`kubectl rollout resume`).
    Resume,
    /// `spec.replicas` (`kubectl scale`).
    Scale(u32),
    /// `kubectl argo rollouts abort`.
    Abort,
    /// `kubectl argo rollouts retry rollout`.
    Retry,
    /// `kubectl argo rollouts promote`.
    Promote,
    /// `kubectl argo rollouts promote --full`.
    PromoteFull,
}

/// Most pods that somebody may scale to.
const PODS_MAX: u32 = 5000;

/// An order and its instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Since the release began.
    pub at: SimDuration,
    /// What is ordered.
    pub order: HumanOrder,
}

impl HumanOrder {
    fn parse(text: &str) -> Option<HumanOrder> {
        Some(match text {
            "undo" => HumanOrder::Undo,
            "pause" => HumanOrder::Pause,
            "resume" => HumanOrder::Resume,
            "abort" => HumanOrder::Abort,
            "retry" => HumanOrder::Retry,
            "promote" => HumanOrder::Promote,
            "promote full" => HumanOrder::PromoteFull,
            scale => {
                let pods = scale.strip_prefix("scale ")?.trim().parse().ok()?;
                HumanOrder::Scale(Some(pods).filter(|pods| (1..=PODS_MAX).contains(pods))?)
            }
        })
    }

    /// Does it take the release back?
    pub fn takes_back(self) -> bool {
        matches!(self, HumanOrder::Undo | HumanOrder::Abort)
    }
}

impl Ordered {
    /// Reads a line such as `15s pause`.
    pub fn parse(text: &str) -> Option<Ordered> {
        let (at, order) = text.trim().split_once(' ')?;
        Some(Ordered { at: parse_duration(at)?, order: HumanOrder::parse(order.trim())? })
    }
}

impl fmt::Display for HumanOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HumanOrder::Undo => f.write_str("undo"),
            HumanOrder::Pause => f.write_str("pause"),
            HumanOrder::Resume => f.write_str("resume"),
            HumanOrder::Scale(pods) => write!(f, "scale {pods}"),
            HumanOrder::Abort => f.write_str("abort"),
            HumanOrder::Retry => f.write_str("retry"),
            HumanOrder::Promote => f.write_str("promote"),
            HumanOrder::PromoteFull => f.write_str("promote full"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_back_as_they_are_written() {
        let lines = ["undo", "pause", "resume", "scale 20", "abort", "retry", "promote"];
        for line in lines.into_iter().chain(["promote full"]) {
            let found = Ordered::parse(&format!("90s {line}")).expect("an order");
            assert_eq!(
                (found.at, found.order.to_string()),
                (SimDuration::from_secs(90), line.into())
            );
        }
        for wrong in ["", "undo", "90s", "90s stop", "soon undo", "1s scale", "1s scale 0"] {
            assert_eq!(Ordered::parse(wrong), None, "{wrong:?}");
        }
    }
}
