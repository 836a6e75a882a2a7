//! The settings that faults share: triggers, and scopes by what an effect can honour.
//!
//! A part reads the scope of its kind of effect and no other: what nothing would look at is an
//! unknown key.

use super::{ClientScope, Fault, FaultEffect, PodScope, RequestScope, SomeNodes, Trigger};
use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;

/// Reads the trigger and makes a fault that acts while it lasts.
pub fn fault(r: &mut Reader<'_>, name: &'static str, effect: FaultEffect) -> Fault {
    let until = r.opt_duration("until", "ends then, since the start of the flight");
    let help = "lasts this long after its trigger; default: to the end";
    let lasts = r.opt_duration("lasts", help);
    let trigger = trigger(r, until, lasts);
    Fault { name, effect, trigger }
}

/// Reads the trigger and makes a fault that strikes at an instant: it has no end to set.
pub fn strike(r: &mut Reader<'_>, name: &'static str, effect: FaultEffect) -> Fault {
    let trigger = trigger(r, None, None);
    Fault { name, effect, trigger }
}

/// Reads which requests a fault meets.
pub fn requests(r: &mut Reader<'_>) -> RequestScope {
    let route = r.opt_text("route", "only on this route");
    RequestScope { route, cohort: clients(r).cohort, pods: pods(r) }
}

/// Reads which pods a fault meets.
pub fn pods(r: &mut Reader<'_>) -> PodScope {
    let share = r.opt_share("pods", "only on this share of pods");
    PodScope { share, zone: zone(r, "only on pods of this zone, from 0") }
}

/// Reads which users a fault of clients meets.
pub fn clients(r: &mut Reader<'_>) -> ClientScope {
    let help = "only for this share of users, the same ones in every flight";
    ClientScope { cohort: r.opt_share("cohort", help) }
}

/// Reads how many nodes a fault meets, and of which zone.
pub fn nodes(r: &mut Reader<'_>, help: &'static str) -> SomeNodes {
    let count = r.count("count", 1, 1..=10_000, help) as u32;
    SomeNodes { count, zone: zone(r, "only nodes of this zone, from 0") }
}

fn zone(r: &mut Reader<'_>, help: &'static str) -> Option<u32> {
    r.opt_count("zone", 0..=99, help).map(|zone| zone as u32)
}

const TRIGGERS: [&str; 7] = [
    "from",
    "afterRelease",
    "atProgress",
    "aboveFleet",
    "onMixedVersions",
    "onRollback",
    "randomly",
];

fn trigger(r: &mut Reader<'_>, until: Option<SimDuration>, lasts: Option<SimDuration>) -> Trigger {
    let from = r.opt_duration("from", "starts then, since the start of the flight");
    let delay = r.opt_duration("afterRelease", "starts this long after the release begins");
    let progress = r.opt_share("atProgress", "starts when this share of replicas is new and ready");
    let fleet = r.opt_count("aboveFleet", 0..=100_000, "acts while more new pods than this serve");
    let mixed = r.flag("onMixedVersions", false, "acts while both versions serve");
    let rollback = r.flag("onRollback", false, "acts once the rollback was ordered");
    let random = r.has("randomly") || r.describing();
    let rate =
        random.then(|| r.rate("randomly", "2/h", "starts at random instants with this rate"));
    if rate.is_none() {
        r.opt_text("randomly", "");
    }
    if rate.is_some_and(|rate| rate.value() > 1.0) {
        r.problem("randomly", "more often than once a second", "at most 1/s", "");
    }
    let given: Vec<&str> = TRIGGERS.into_iter().filter(|name| r.has(name)).collect();
    if let [_, second, ..] = given[..] {
        let message = format!("{} triggers at once", given.len());
        r.problem(second, message, "one trigger", "write the fault twice, once per trigger");
    }
    counts_from_something(r);
    let lasts = lasts.unwrap_or(SimDuration::FOREVER);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        let found = format!("ends at {until}, before its start");
        r.problem("until", found, "until after from", "");
    }
    match (from.or(until), delay, progress, fleet, rate) {
        (Some(_), ..) => {
            let from = from.unwrap_or(SimDuration::ZERO);
            Trigger::Window { from, until: until.unwrap_or(from + lasts) }
        }
        (_, Some(delay), ..) => Trigger::AfterRelease { delay, lasts },
        (_, _, Some(share), ..) => Trigger::AtProgress { share, lasts },
        (_, _, _, Some(fleet), _) => Trigger::AboveFleet(fleet as u32),
        (_, _, _, _, Some(rate)) if !r.describing() => Trigger::Random { rate, lasts },
        _ if mixed => Trigger::MixedVersions,
        _ if rollback => Trigger::OnRollback,
        _ => Trigger::Always,
    }
}

/// `lasts` needs an instant to count from, and no other end.
fn counts_from_something(r: &mut Reader<'_>) {
    let begins = ["from", "afterRelease", "atProgress", "randomly"].into_iter().any(|t| r.has(t));
    if r.has("lasts") && r.has("until") {
        r.problem("lasts", "two ends, lasts and until", "one of them", "");
    } else if r.has("lasts") && !begins {
        let help = "from, afterRelease, atProgress or randomly say when it begins";
        r.problem("lasts", "nothing that it could count from", "a trigger at an instant", help);
    }
}
