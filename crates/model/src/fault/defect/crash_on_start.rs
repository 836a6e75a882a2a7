//! `crashOnStart`: the process exits while starting (missing setting, bad migration): pods end in
//! CrashLoopBackOff.

use crate::fault::common::{fault, pods};
use crate::fault::{Fault, FaultEffect, PodEffect};
use windtunnel_base::settings::{Part, Reader};

/// `crashOnStart` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "crashOnStart", summary: "the process exits while starting", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let share = r.share("share", "100%", "probability that a start fails");
    let scope = pods(r);
    fault(r, "crashOnStart", FaultEffect::Pod(PodEffect::CrashOnStart(share), scope))
}
