//! `nodeDrain`: nodes are emptied for maintenance, as `kubectl drain` does it: no new pods, and
//! the old ones are evicted as the PodDisruptionBudget allows. An empty node is away until the
//! fault ends.

use crate::fault::common::{fault, nodes};
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `nodeDrain` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "nodeDrain", summary: "a node is emptied pod by pod, then away", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let nodes = nodes(r, "nodes that are drained, side by side");
    fault(r, "nodeDrain", FaultEffect::Infra(InfraEffect::NodeDrain(nodes)))
}
