//! `schemaChange`: the first new pod that serves migrates the shared data, and the old version
//! fails on them from then on, after a rollback too.

use crate::fault::common::fault;
use crate::fault::{DataEffect, Fault, FaultEffect};
use windtunnel_base::settings::{Part, Reader};

/// `schemaChange` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "schemaChange", summary: "the old version fails on the migrated data", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let share = r.share("share", "100%", "share of the old version's requests that fail then");
    fault(r, "schemaChange", FaultEffect::Data(DataEffect::Migrated(share)))
}
