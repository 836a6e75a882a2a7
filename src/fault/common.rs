//! The settings that all faults share: scope and trigger.

use super::{Fault, FaultEffect, Scope, Trigger};
use crate::base::settings::Reader;
use crate::base::time::SimDuration;

/// Reads scope and trigger and makes the fault.
pub fn fault(r: &mut Reader<'_>, name: &'static str, effect: FaultEffect) -> Fault {
    let scope = Scope {
        route: r.opt_text("route", "only on this route"),
        cohort: r
            .opt_share("cohort", "only for this share of users, the same ones in every flight"),
        pods: r.opt_share("pods", "only on this share of pods"),
        zone: r.opt_count("zone", 0..=99, "only on pods of this zone, from 0").map(|z| z as u32),
    };
    let trigger = trigger(r);
    Fault { name, effect, scope, trigger }
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

fn trigger(r: &mut Reader<'_>) -> Trigger {
    let from = r.opt_duration("from", "starts then, since the start of the flight");
    let until = r.opt_duration("until", "ends then, since the start of the flight");
    let lasts = r.opt_duration("lasts", "lasts this long after its trigger; default: to the end");
    let delay = r.opt_duration("afterRelease", "starts this long after the release begins");
    let progress = r.opt_share("atProgress", "starts when this share of replicas is new and ready");
    let fleet = r.opt_count("aboveFleet", 0..=100_000, "acts while more new pods than this serve");
    let mixed = r.flag("onMixedVersions", false, "acts while both versions serve");
    let rollback = r.flag("onRollback", false, "acts once the way back was ordered");
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
