//! `none`: nothing is released. The twin against which every flight is measured.

use super::{Cause, Needs, Plan, Strategy, View, plan};
use crate::base::settings::{Part, Reader};
use crate::world::action::Action;

/// The part.
pub const PART: Part<Plan> = Part { name: "none", summary: "no release: the twin", read };

fn read(r: &mut Reader<'_>) -> Plan {
    plan(r, "none", Needs::default(), Box::new(NoRelease))
}

/// Does nothing, whatever happens.
#[derive(Clone, Debug)]
pub struct NoRelease;

impl Strategy for NoRelease {
    fn wake(&mut self, _: &View<'_>, _: Cause, _: &mut Vec<Action>) {}

    fn clone_box(&self) -> Box<dyn Strategy> {
        Box::new(self.clone())
    }
}
