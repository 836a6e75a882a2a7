//! `podKill`: random serving pods die at once, as an out-of-memory kill or a tired kernel does.

use crate::fault::common::{pods, strike};
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `podKill` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part { name: "podKill", summary: "random pods die", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let count = r.count("count", 1, 1..=10_000, "pods that die") as u32;
    let scope = pods(r);
    strike(r, "podKill", FaultEffect::Infra(InfraEffect::PodKill(count, scope)))
}
