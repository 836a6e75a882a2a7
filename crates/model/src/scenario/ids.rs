//! What results are about, as places in a scenario's lists instead of names.
//!
//! An id is made by the scenario that it belongs to, and names are looked up where they are
//! printed. Whoever takes strategies out of a scenario does so by [`Scenario::only`], which keeps
//! ids true. Deliberately absent: figures.

use super::model::{Expectation, Expected, Scenario, Variant};
use crate::strategy::Plan;

/// The word for the mix of all variants, in every table, line and chart; no variant has it.
pub const MIX: &str = "all";

/// A variant, by its place in `release.variants`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariantId(pub usize);

/// A strategy, by its place in `plans`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub usize);

/// What is released: a variant, or the mix of all, weighted by their shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleaseId {
    /// One variant.
    Variant(VariantId),
    /// All releases, each by its share.
    Mix,
}

impl From<VariantId> for ReleaseId {
    fn from(variant: VariantId) -> ReleaseId {
        ReleaseId::Variant(variant)
    }
}

impl Scenario {
    /// All variants.
    pub fn variant_ids(&self) -> impl Iterator<Item = VariantId> + use<> {
        (0..self.release.variants.len()).map(VariantId)
    }

    /// All variants that should not have been shipped.
    pub fn bad_variants(&self) -> impl Iterator<Item = VariantId> + '_ {
        self.variant_ids().filter(|id| self.variant(*id).bad)
    }

    /// All variants, then the mix.
    pub fn releases(&self) -> impl Iterator<Item = ReleaseId> + use<> {
        self.variant_ids().map(ReleaseId::Variant).chain([ReleaseId::Mix])
    }

    /// All strategies.
    pub fn plan_ids(&self) -> impl Iterator<Item = PlanId> + use<> {
        (0..self.plans.len()).map(PlanId)
    }

    /// A variant.
    pub fn variant(&self, id: VariantId) -> &Variant {
        &self.release.variants[id.0]
    }

    /// A strategy.
    pub fn plan(&self, id: PlanId) -> &Plan {
        &self.plans[id.0]
    }

    /// The name of a strategy in tables and charts.
    pub fn plan_name(&self, id: PlanId) -> &str {
        &self.plan(id).name
    }

    /// The name of a release in tables and charts.
    pub fn release_name(&self, id: impl Into<ReleaseId>) -> &str {
        match id.into() {
            ReleaseId::Variant(variant) => &self.variant(variant).name,
            ReleaseId::Mix => MIX,
        }
    }

    /// The scenario with only the strategies that `wanted` holds for, and the lines of `expect:`
    /// that speak of no other.
    pub fn only(&self, wanted: impl Fn(&Plan) -> bool) -> Scenario {
        let mut next = 0..;
        let places: Vec<Option<PlanId>> = self
            .plans
            .iter()
            .map(|p| wanted(p).then(|| next.next().map(PlanId)).flatten())
            .collect();
        let moved = |line: &Expectation| {
            let what = match line.what {
                Expected::Difference { measure, reference } => {
                    Expected::Difference { measure, reference: places[reference.0]? }
                }
                other => other,
            };
            Some(Expectation { plan: places[line.plan.0]?, what, ..line.clone() })
        };
        Scenario {
            plans: self.plans.iter().filter(|plan| wanted(plan)).cloned().collect(),
            baseline: self.baseline.and_then(|today| places[today.0]),
            expect: self.expect.iter().filter_map(moved).collect(),
            ..self.clone()
        }
    }
}
