//! What people tell a controller to do while a release is under way, and when.
//!
//! Written as people say it: `15s pause`, `60s resume`, `2m scale 20`. Times count from the
//! release. Deliberately unknown here: which controller takes which order, and what it makes of it.

use std::fmt;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::parse_duration;

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
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
    pub order: Order,
}

impl Order {
    fn parse(text: &str) -> Option<Order> {
        Some(match text {
            "undo" => Order::Undo,
            "pause" => Order::Pause,
            "resume" => Order::Resume,
            "abort" => Order::Abort,
            "retry" => Order::Retry,
            "promote" => Order::Promote,
            "promote full" => Order::PromoteFull,
            scale => {
                let pods = scale.strip_prefix("scale ")?.trim().parse().ok()?;
                Order::Scale(Some(pods).filter(|pods| (1..=PODS_MAX).contains(pods))?)
            }
        })
    }

    /// Does it take the release back?
    pub fn takes_back(self) -> bool {
        matches!(self, Order::Undo | Order::Abort)
    }
}

impl Ordered {
    /// Reads a line such as `15s pause`.
    pub fn parse(text: &str) -> Option<Ordered> {
        let (at, order) = text.trim().split_once(' ')?;
        Some(Ordered { at: parse_duration(at)?, order: Order::parse(order.trim())? })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Undo => f.write_str("undo"),
            Order::Pause => f.write_str("pause"),
            Order::Resume => f.write_str("resume"),
            Order::Scale(pods) => write!(f, "scale {pods}"),
            Order::Abort => f.write_str("abort"),
            Order::Retry => f.write_str("retry"),
            Order::Promote => f.write_str("promote"),
            Order::PromoteFull => f.write_str("promote full"),
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
