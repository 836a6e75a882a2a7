//! `slowStart`: start-up takes longer than the old version's: more to load, more to migrate.

use crate::fault::common::{fault, pods};
use crate::fault::{Fault, FaultEffect, PodEffect};
use windtunnel_base::settings::{Part, Reader};

/// `slowStart` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part { name: "slowStart", summary: "start-up takes longer", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let factor = r.number("factor", 5.0, 0.01..=1000.0, "factor on the start-up time");
    let scope = pods(r);
    fault(r, "slowStart", FaultEffect::Pod(PodEffect::SlowStart(factor), scope))
}
