//! `nodeDrain`: nodes are emptied for maintenance, as `kubectl drain` does it: no new pods, and
//! the old ones are evicted as the PodDisruptionBudget allows. An empty node is away until the
//! fault ends.

use crate::base::settings::{Part, Reader};
use crate::fault::common::fault;
use crate::fault::{Fault, FaultEffect, InfraEffect};

/// The part.
pub const PART: Part<Fault> =
    Part { name: "nodeDrain", summary: "a node is emptied pod by pod, then away", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let count = r.count("count", 1, 1..=10_000, "nodes that are drained, side by side") as u32;
    fault(r, "nodeDrain", FaultEffect::Infra(InfraEffect::NodeDrain(count)))
}
