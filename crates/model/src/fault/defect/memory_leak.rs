//! `memoryLeak`: every request leaks memory until the container passes its limit and is killed
//! (OOM).

use crate::fault::common::{fault, pods};
use crate::fault::{Fault, FaultEffect, PodEffect};
use windtunnel_base::settings::{Part, Reader};

/// `memoryLeak` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part {
    name: "memoryLeak",
    summary: "every request leaks memory until the pod is killed",
    read,
};

fn read(r: &mut Reader<'_>) -> Fault {
    let per_request =
        r.number("kibPerRequest", 100.0, 0.001..=1e9, "memory lost per request, in KiB");
    let limit =
        r.number("limitMib", 256.0, 0.001..=1e9, "free memory below the limit at start, in MiB");
    let requests = (limit * 1024.0 / per_request).ceil().max(1.0) as u64;
    let scope = pods(r);
    fault(r, "memoryLeak", FaultEffect::Pod(PodEffect::CrashAfterRequests(requests), scope))
}
