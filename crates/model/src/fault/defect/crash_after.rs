//! `crashAfter`: the process exits some time after it began to serve, again and again.

use crate::fault::common::{fault, pods};
use crate::fault::{Fault, FaultEffect, PodEffect};
use windtunnel_base::settings::{Part, Reader};

/// `crashAfter` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "crashAfter", summary: "the process exits after a time", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let mean = windtunnel_base::distribution::Distribution::Exponential { mean: 300.0 };
    let help = "time from serving to the exit";
    let time = r.distribution("time", ("{exponential: {mean: 5m}}", mean), help);
    let scope = pods(r);
    fault(r, "crashAfter", FaultEffect::Pod(PodEffect::CrashAfter(time), scope))
}
