//! Flagger's two Deployments in a cluster that changes by hand.

use super::*;
use crate::strategy::SetFacts;
use crate::telemetry::store::Store;
use crate::world::log::ShadowCounts;
use std::collections::BTreeSet;

fn at(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// Wakes it with four pods on either side, so many of them available.
fn wake(flagger: &mut Flagger, now: SimTime, cause: Cause, available: u32) -> Vec<Action> {
    let set = |id, version, pool| SetFacts {
        id,
        version,
        pool,
        size: 4,
        replicas: 4,
        ready: available,
        available,
        phases: Vec::new(),
    };
    let sets = [set(0, Version::Old, Pool::Stable), set(1, Version::New, Pool::Candidate)];
    let view = View {
        now,
        replicas: 4,
        sets: &sets,
        telemetry: &Store::default(),
        experiment: None,
        shadow: ShadowCounts::default(),
        chance: 0,
    };
    let mut out = Vec::new();
    flagger.wake(&view, cause, &mut out);
    out
}

/// A node takes a pod of either Deployment long after both were complete. What Flagger asks to be
/// woken for in an hour is its 60 ticks, and a few looks at deadlines.
#[test]
fn two_incomplete_deployments_do_not_wake_each_other() {
    let mut settings = FlaggerSettings::new(super::super::settings::Names::of("demo", "test"));
    settings.target.deadline = Some(SimDuration::from_secs(60));
    settings.target.replicas = Some(4);
    settings.first_tick = Some(SimDuration::ZERO);
    settings.analysis = Some(Analysis { step_weight: 5, ..Analysis::default() });
    let mut flagger = Flagger::new(settings, Asked::default());
    let mut due: BTreeSet<(SimTime, usize, Token)> = BTreeSet::new();
    let mut asked = 0;
    let mut take = |due: &mut BTreeSet<_>, now: SimTime, out: Vec<Action>| {
        for action in out {
            if let Action::Wake { after, token } = action {
                asked += 1;
                due.insert((now + after, asked, token));
            }
        }
        asked
    };
    let out = wake(&mut flagger, at(0), Cause::Release, 4);
    take(&mut due, at(0), out);
    let (mut lost, mut rung) = (false, 0);
    while let Some((now, _, token)) = due.pop_first().filter(|(now, ..)| *now < at(3600)) {
        if now >= at(240) && !lost {
            lost = true;
            let out = wake(&mut flagger, now, Cause::Pods, 3);
            take(&mut due, now, out);
        }
        let out = wake(&mut flagger, now, Cause::Timer(token), if lost { 3 } else { 4 });
        rung = take(&mut due, now, out);
        assert!(rung < 100, "{rung} wake-ups by {:.0} s", now.as_secs_f64());
    }
    assert!(rung >= 60, "{rung} wake-ups");
}
