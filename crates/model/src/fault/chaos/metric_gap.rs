//! `metricGap`: scrapes fail while it lasts, so that checks read old or empty windows.

use crate::fault::common::fault;
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `metricGap` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part { name: "metricGap", summary: "scrapes fail", read };

fn read(r: &mut Reader<'_>) -> Fault {
    fault(r, "metricGap", FaultEffect::Infra(InfraEffect::MetricGap))
}
