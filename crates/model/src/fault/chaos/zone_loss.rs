//! `zoneLoss`: all nodes of one zone vanish at once.

use crate::fault::common::strike;
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `zoneLoss` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "zoneLoss", summary: "all nodes of one zone vanish", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let zone = r.count("zone", 0, 0..=99, "the zone that vanishes, from 0") as u32;
    strike(r, "zoneLoss", FaultEffect::Infra(InfraEffect::ZoneLoss(zone)))
}
