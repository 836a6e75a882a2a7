//! `dependencyErrors`: calls to the dependency fail for every version: an outage that a release did
//! not cause.

use crate::fault::common::fault;
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `dependencyErrors` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "dependencyErrors", summary: "calls to the dependency fail", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let rate = r.share("rate", "50%", "share of calls that fail");
    fault(r, "dependencyErrors", FaultEffect::Infra(InfraEffect::DependencyErrors(rate)))
}
