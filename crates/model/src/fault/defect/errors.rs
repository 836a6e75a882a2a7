//! `errors`: a share of requests is answered with 500, the plainest bug there is.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `errors` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "errors", summary: "a share of requests is answered with 500", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let rate = r.share("rate", "5%", "share of requests that fail");
    let above_load = r.opt_share("aboveLoad", "only while this share of a pod's slots is busy");
    let effect = RequestEffect { errors: rate.value(), above_load, ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "errors", FaultEffect::Request(effect, scope))
}
