//! `nodeLoss`: nodes vanish with their pods; the cluster notices after 40 s and replaces the pods
//! after 300 s more.

use crate::fault::common::{nodes, strike};
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `nodeLoss` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "nodeLoss", summary: "a node vanishes with its pods", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let nodes = nodes(r, "nodes that vanish");
    strike(r, "nodeLoss", FaultEffect::Infra(InfraEffect::NodeLoss(nodes)))
}
