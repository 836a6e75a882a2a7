//! `zoneLoss`: all nodes of one zone vanish at once.

use crate::base::settings::{Part, Reader};
use crate::fault::common::fault;
use crate::fault::{Fault, FaultEffect, InfraEffect};

/// The part.
pub const PART: Part<Fault> =
    Part { name: "zoneLoss", summary: "all nodes of one zone vanish", read };

fn read(r: &mut Reader<'_>) -> Fault {
    fault(r, "zoneLoss", FaultEffect::Infra(InfraEffect::ZoneLoss))
}
