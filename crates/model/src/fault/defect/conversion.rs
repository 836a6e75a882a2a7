//! `conversionDrop`: technically fine, but fewer users complete the business step.

use crate::fault::common::{fault, requests};
use crate::fault::{Fault, FaultEffect, RequestEffect};
use windtunnel_base::settings::{Part, Reader};

/// `conversionDrop` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "conversionDrop", summary: "fewer users complete the business step", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let by = r.share("by", "20%", "relative drop of the conversion");
    let effect = RequestEffect { conversion: 1.0 - by.value(), ..RequestEffect::default() };
    let scope = requests(r);
    fault(r, "conversionDrop", FaultEffect::Request(effect, scope))
}
