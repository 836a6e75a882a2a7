//! `cpu`: requests use more CPU, which shows in CPU metrics before it shows in latency.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `cpu` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part { name: "cpu", summary: "requests use more CPU", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let factor = r.number("factor", 2.0, 0.01..=1000.0, "factor on the CPU time");
    let effect = RequestEffect { cpu: factor, ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "cpu", FaultEffect::Request(effect, scope))
}
