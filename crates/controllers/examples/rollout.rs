//! Every write of a rolling update whose pods are ready at once:
//! `rollout REPLICAS SURGE UNAVAILABLE`.

use std::process::ExitCode;
use windtunnel_controllers::deployment::bounds::{Bounds, IntOrPercent};
use windtunnel_controllers::deployment::rolling::{Aim, reconcile};
use windtunnel_controllers::deployment::set::{SetState, Target};

/// The new set's name among the two.
const NEW: u32 = 1;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [replicas, surge, unavailable] = given.as_slice() else {
        eprintln!("usage: rollout REPLICAS SURGE UNAVAILABLE");
        return ExitCode::from(2);
    };
    let Ok(replicas) = replicas.parse::<u16>().map(u32::from) else {
        eprintln!("{replicas}: not a number of pods");
        return ExitCode::from(2);
    };
    let (surge, unavailable) = (IntOrPercent::parse(surge), IntOrPercent::parse(unavailable));
    let bounds = match Bounds::resolve(Some(&surge), Some(&unavailable), replicas) {
        Ok(bounds) => bounds,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
    };
    let mut sets = vec![state(0, replicas)];
    loop {
        let changes = reconcile(&Aim { replicas, bounds }, &sets);
        if changes.is_empty() {
            return ExitCode::SUCCESS;
        }
        for change in changes {
            let id = match change.target {
                Target::Create => NEW,
                Target::Set(id) => id,
            };
            let name = if id == NEW { "new" } else { "old" };
            println!("{name}: {} to {}", change.from, change.to);
            sets.retain(|set| set.id != id);
            sets.push(state(id, change.to));
        }
    }
}

/// A set whose pods are all ready.
fn state(id: u32, size: u32) -> SetState {
    let is_new = id == NEW;
    let created = u64::from(id);
    SetState {
        id,
        size,
        replicas: size,
        ready: size,
        available: size,
        created,
        is_new,
        noted: None,
    }
}
