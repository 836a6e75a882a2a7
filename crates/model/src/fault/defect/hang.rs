//! `hang`: a share of requests is never answered and keeps its slot, as a deadlock or a lost reply
//! does.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `hang` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "hang", summary: "a share of requests is never answered", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let rate = r.share("rate", "1%", "share of requests never answered");
    let effect = RequestEffect { hang: rate.value(), ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "hang", FaultEffect::Request(effect, scope))
}
