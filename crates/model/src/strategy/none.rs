//! `none`: nothing is released. The twin against which every flight is measured.

use super::binding::Binding;
use super::pilot::{Facts, Pilot};
use super::{Cause, Machine, Needs, Plan, Spec, View, plan};
use crate::world::action::Action;
use crate::world::names::Names;
use windtunnel_base::settings::{Part, Reader};

/// `none` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> = Part { name: "none", summary: "no release: the twin", read };

fn read(r: &mut Reader<'_>) -> Plan {
    plan(r, "none", Needs::default(), NoRelease)
}

/// Does nothing, whatever happens; there is nothing to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRelease;

/// Who flies twins.
pub fn pilot(names: &Names) -> Pilot {
    Pilot { facts: Facts::of(names), machine: Box::new(NoRelease) }
}

impl Spec for NoRelease {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        Some(pilot(binding.about().names))
    }
}

impl Machine for NoRelease {
    fn wake(&mut self, _: &View<'_>, _: Cause, _: &mut Vec<Action>) {}

    fn clone_box(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}
