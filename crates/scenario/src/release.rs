//! `spec.release`, `spec.chaos` and `spec.strategies`: what is shipped, what breaks, who ships.

use super::describe::MANIFEST;
use super::words;
use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;
use windtunnel_model::fault::{CHAOS, DEFECTS, Fault};
use windtunnel_model::scenario::ids::MIX;
use windtunnel_model::scenario::model::{Release, Variant};
use windtunnel_model::strategy::{Plan, STRATEGIES};

/// The variants of a release that names none.
pub const VARIANTS: &str = "[{name: good, share: 85%}, \
    {name: bad, share: 15%, faults: [{errors: {rate: 10%}}]}]";

/// The strategies of a scenario that names none: all kinds, with what their users usually set.
pub const PLANS: &str = "[recreate, rollingUpdate, blueGreen, \
    {canary: {checks: [errorRate, {latency: {max: 1s}}]}}, abTest, shadow]";

/// Most variants of a release, and most strategies of a scenario.
const ENTRIES_MAX: usize = 50;

/// Reads `spec.release`.
pub fn release(r: &mut Reader<'_>) -> Release {
    let at = r.duration("at", "5m", "start of the release, since the start of the flight");
    let before = r.complaints();
    let variants = r.opt_list("variants", "what may be shipped, and how often", variant);
    let variants = shared(variants.unwrap_or_default());
    r.default_is("variants", VARIANTS);
    if !r.describing() && r.complaints() == before {
        if variants.is_empty() || variants.len() > ENTRIES_MAX {
            let found = format!("{} variants", variants.len());
            r.problem("variants", found, &format!("1 to {ENTRIES_MAX} variants"), "");
        } else {
            let entries = variants.iter().map(|v| (v.name.as_str(), v.share.value()));
            words::listed(r, "variants", entries);
        }
    }
    Release { at, variants }
}

/// Gives the variants without a share equal parts of what the others leave.
fn shared(variants: Vec<(Variant, Option<Share>)>) -> Vec<Variant> {
    let given: f64 = variants.iter().filter_map(|(_, share)| *share).map(Share::value).sum();
    let without = variants.iter().filter(|(_, share)| share.is_none()).count();
    let part = Share::clamped((1.0 - given).max(0.0) / without.max(1) as f64);
    let filled = |(variant, share): (Variant, Option<Share>)| Variant {
        share: share.unwrap_or(part),
        ..variant
    };
    variants.into_iter().map(filled).collect()
}

fn variant(r: &mut Reader<'_>) -> (Variant, Option<Share>) {
    let name = r.required_text("name", "name in tables and charts");
    words::check(r, "name", &name);
    if name == MIX {
        r.problem("name", "found \"all\"", "another name", "`all` is the row of the whole mix");
    }
    let help =
        "how often it is what is shipped, all together 100%; left out: what the others leave";
    let share = r.opt_share("share", help);
    let faults = r.parts("faults", "its defects; without any it is a good release", DEFECTS);
    let faults: Vec<Fault> = faults.unwrap_or_default().into_iter().map(|(_, f)| f).collect();
    let help = "faults of the environment that strike this variant's flights only, and the twins \
        they are held against";
    let chaos = r.parts("chaos", help, CHAOS).unwrap_or_default();
    let chaos = chaos.into_iter().map(|(_, fault)| fault).collect();
    let help = "should it not have been shipped? Left out: bad if it has faults";
    let bad = r.flag("bad", false, help);
    let bad = if r.has("bad") { bad } else { !faults.is_empty() };
    (Variant { name, share: Share::ZERO, bad, faults, chaos }, share)
}

/// Reads `spec.chaos`.
pub fn chaos(r: &mut Reader<'_>) -> Vec<Fault> {
    let found = r.parts("chaos", "faults of the environment, which hit every version", CHAOS);
    found.unwrap_or_default().into_iter().map(|(_, fault)| fault).collect()
}

/// Reads `spec.strategies`.
pub fn plans(r: &mut Reader<'_>) -> Vec<Plan> {
    let before = r.complaints();
    let found = r.parts_beside("strategies", "the strategies to compare", STRATEGIES, &[MANIFEST]);
    let found = found.unwrap_or_default();
    r.default_is("strategies", PLANS);
    if r.describing() {
        return Vec::new();
    }
    let wrong = r.complaints() > before;
    if !wrong && (found.is_empty() || found.len() > ENTRIES_MAX) {
        let message = format!("{} strategies", found.len());
        r.problem("strategies", message, &format!("1 to {ENTRIES_MAX} strategies"), "");
    }
    let mut plans: Vec<Plan> = Vec::new();
    for (place, plan) in found {
        let path = format!("strategies[{}]", plans.len());
        if !words::is_name(&plan.name) {
            let message = format!("found the name {:?}", plan.name);
            r.problem_at(place, &path, message, "letters, digits, '-', '_' and '.'", "");
        } else if plans.iter().any(|p| p.name == plan.name) {
            let message = format!("the name {:?} is given twice", plan.name);
            let help = format!("give one of them a name: {}: {{name: …}}", plan.kind);
            r.problem_at(place, &path, message, "names that differ", &help);
        }
        plans.push(plan);
    }
    plans
}

/// The last instant at which a release can begin and still be watched.
pub fn latest(horizon: SimDuration) -> SimDuration {
    horizon.saturating_sub(SimDuration::from_secs(1))
}
