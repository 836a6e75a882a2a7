//! `routeMix`: users of the new version take another route more often than before: behaviour that
//! no test foresaw.

use crate::fault::common::{clients, fault};
use crate::fault::{ClientEffect, Fault, FaultEffect};
use windtunnel_base::settings::{Part, Reader};

/// `routeMix` for the catalogue: name, summary and reader.
pub const PART: Part<Fault> =
    Part { name: "routeMix", summary: "users of the new version take another route", read };

fn read(r: &mut Reader<'_>) -> Fault {
    let share = r.share("share", "30%", "share of their requests that goes to `route` instead");
    let route = r.required_text("route", "the name of the route that they take instead");
    let scope = clients(r);
    fault(r, "routeMix", FaultEffect::Client(ClientEffect::RouteMix(share, route), scope))
}
