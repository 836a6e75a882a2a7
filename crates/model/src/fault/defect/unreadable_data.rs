//! `unreadableData`: after the rollback the old version fails for users who wrote with the new one.

use crate::fault::common::fault;
use crate::fault::{DataEffect, Fault, FaultEffect};
use windtunnel_base::settings::{Part, Reader};

/// `unreadableData` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> = Part {
    name: "unreadableData",
    summary: "the old version cannot read what the new one wrote",
    read,
};

fn read(r: &mut Reader<'_>) -> Fault {
    let share =
        r.share("share", "100%", "share of those users' requests that fail on the old version");
    fault(r, "unreadableData", FaultEffect::Data(DataEffect::UnreadableForOld(share)))
}
