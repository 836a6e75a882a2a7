//! `clientRetries`: the new client retries more, which multiplies load exactly when answers fail.

use crate::fault::common::{clients, fault};
use crate::fault::{ClientEffect, Fault, FaultEffect};
use windtunnel_base::settings::{Part, Reader};

/// `clientRetries` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "clientRetries", summary: "users of the new version retry more", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let extra = r.count("extra", 3, 1..=100, "further attempts after a failure") as u8;
    let scope = clients(r);
    fault(r, "clientRetries", FaultEffect::Client(ClientEffect::Retries(extra), scope))
}
