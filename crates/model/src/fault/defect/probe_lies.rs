//! `probeLies`: readiness passes as soon as the container runs, although the process refuses
//! requests until it has booted.

use crate::fault::common::{fault, pods};
use crate::fault::{Fault, FaultEffect, PodEffect};
use windtunnel_base::settings::{Part, Reader};

/// `probeLies` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "probeLies", summary: "readiness passes before the process serves", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let scope = pods(r);
    fault(r, "probeLies", FaultEffect::Pod(PodEffect::ProbeLies, scope))
}
