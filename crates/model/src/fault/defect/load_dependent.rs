//! `loadDependent`: fails and slows down only when a pod is busy: a lock, a pool or a cache that
//! small traffic never fills.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `loadDependent` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "loadDependent", summary: "fails and slows down only under load", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let above = r.share("aboveLoad", "75%", "acts while this share of a pod's slots is busy");
    let errors = r.share("errors", "20%", "share of requests that fail then");
    let factor = r.number("factor", 1.0, 0.01..=1000.0, "factor on the service time then");
    let above_load = Some(above);
    let effect =
        RequestEffect { errors: errors.value(), factor, above_load, ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "loadDependent", FaultEffect::Request(effect, scope))
}
