//! `propagationLag`: changes of endpoints and weights reach the balancers later than usual.

use crate::fault::common::fault;
use crate::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_base::settings::{Part, Reader};

/// `propagationLag` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "propagationLag", summary: "balancers learn of changes late", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let factor = r.number("factor", 10.0, 0.0..=10_000.0, "factor on the propagation delay");
    fault(r, "propagationLag", FaultEffect::Infra(InfraEffect::PropagationLag(factor)))
}
