//! `latency`: requests take longer, by a factor, an addition, or both.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `latency` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part { name: "latency", summary: "requests take longer", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let factor = r.number("factor", 1.0, 0.01..=1000.0, "factor on the service time");
    let add = r.duration("add", "0s", "added to the service time");
    let above_load = r.opt_share("aboveLoad", "only while this share of a pod's slots is busy");
    if factor == 1.0 && add == windtunnel_base::time::SimDuration::ZERO && !r.describing() {
        r.problem("factor", "no change of latency", "a factor or an addition", "add: 500ms");
    }
    let effect = RequestEffect { factor, add, above_load, ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "latency", FaultEffect::Request(effect, scope))
}
