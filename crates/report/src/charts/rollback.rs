//! Rollback: how long a bad release is not seen, and how long the rollback takes.

use super::dots::{Cell, DotChart, Group};
use super::measures::{self, Releases};
use super::page;
use super::palette::Mark;
use crate::figure::Quantity;
use crate::headlines;
use crate::reading;
use windtunnel_experiment::rating::OUTAGE_S;
use windtunnel_experiment::results::ScenarioResults;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};

const DETECTED: MeasureId = MeasureId::DetectedAfterS;
const SAFE: MeasureId = MeasureId::RollbackS;
const RESTORED: MeasureId = MeasureId::CapacityRestoredS;

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!(
        "{name}: bad releases; means with 95 % intervals (the headline: medians). 18/20: out of \
         20 flights 18 have a value"
    );
    let releases = Releases::of(results, true, false);
    if releases.0.is_empty() {
        return page::empty("No release was bad: there was nothing to take back", name);
    }
    let groups = groups(results, &releases);
    if !measures::has_values(&groups) {
        return page::empty(&headlines::rollback::nothing_back(results), name);
    }
    let axis = measures::axis(Quantity::Seconds, &groups, &[0, 1]);
    let panels = vec![
        measures::panel("First harm → decision", axis.clone()),
        measures::panel("Decision → safe", axis),
    ];
    let one = releases.0.len() == 1;
    let mut legend = releases.legend();
    for (_, words) in &mut legend {
        let which = if one { String::new() } else { format!("{words}: ") };
        *words = format!("{which}no request reaches the new version any more");
    }
    legend.push((Mark::Disc, "old version at full size again".to_string()));
    DotChart { title: headlines::rollback::headline(results), subtitle, legend, panels, groups }
        .svg()
}

/// Per bad release one line until no request reaches it, and one until the old version is whole.
fn groups(results: &ScenarioResults, releases: &Releases) -> Vec<Group> {
    let mut safe = measures::groups(results, releases, &[DETECTED, SAFE], |release, plan| {
        why_missing(results, release, plan)
    });
    let whole = measures::groups(results, releases, &[RESTORED], |_, _| String::new());
    for (group, restored) in safe.iter_mut().zip(whole) {
        let pairs = group.lines.drain(..).zip(restored.lines);
        let both = pairs.flat_map(|(first, (_, mut cells))| {
            cells.insert(0, Cell::Words(String::new()));
            let known = cells.iter().any(|cell| matches!(cell, Cell::Value { .. }));
            std::iter::once(first).chain(known.then_some((Mark::Disc, cells)))
        });
        group.lines = both.collect();
    }
    safe
}

fn why_missing(results: &ScenarioResults, release: ReleaseId, plan: PlanId) -> String {
    if let ReleaseId::Variant(variant) = release
        && reading::flights(results, variant, plan) == 0
    {
        return "not flown".to_string();
    }
    match reading::estimate(results, release, plan, MeasureId::UsersExposed) {
        Some(exposed) if exposed.mean > 0.0 => "never went back".to_string(),
        // Whom it did not meet it may have kept out.
        _ => match reading::estimate(results, release, plan, MeasureId::OutageByReleaseS) {
            Some(outage) if outage.mean >= OUTAGE_S => {
                format!("no user exposed, {} of outage", Quantity::Seconds.show(outage.mean))
            }
            _ => "no user exposed".to_string(),
        },
    }
}
