//! `dependencyCalls`: requests call the dependency more often (an N+1 query), until it saturates
//! for all versions.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `dependencyCalls` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "dependencyCalls", summary: "requests call the dependency more often", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let factor = r.number("factor", 3.0, 0.0..=1000.0, "factor on the calls to the dependency");
    let effect = RequestEffect { calls: factor, ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "dependencyCalls", FaultEffect::Request(effect, scope))
}
