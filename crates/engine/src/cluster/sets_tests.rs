use super::*;
use crate::flight::{Flight, FlightOptions};
use std::sync::Arc;
use windtunnel_base::random::Streams;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::scenario::crew::Crew;
use windtunnel_model::world::pod::Set;
use windtunnel_model::world::routing::Pool;
use windtunnel_model::world::service::Version;

/// A flight with a candidate's set of so many pods to be made, and nothing else planned.
fn flight(limits: &str, size: u32) -> Flight {
    let text = format!(
        "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\n\
         spec: {{service: {{replicas: 2}}, cluster: {{clientLimits: {limits}}}, \
         release: {{variants: [{{name: good}}]}}, strategies: [blueGreen]}}\n"
    );
    let (scenarios, _) = windtunnel_scenario::read::read(&text, "a").expect("a scenario");
    let scenario = Arc::new(scenarios[0].clone());
    let crew = Crew::bind(&scenario).expect("sound");
    let options = FlightOptions::default();
    let mut flight = Flight::new(&scenario, Some(0), &crew.pilots[0], Streams::new(1, 0), options);
    flight.ctx.clear();
    flight.cluster(|cluster, by| {
        let set = cluster.add_set(Set { version: Version::New, pool: Pool::Candidate, size });
        cluster.set_changed(set, by);
    });
    flight
}

/// Lets the set's controller work, and nobody else, for so long.
fn work(flight: &mut Flight, millis: u64) {
    let end = flight.ctx.now + SimDuration::from_millis(millis);
    let mut others = Vec::new();
    while flight.ctx.first_at().is_some_and(|at| at <= end) {
        match flight.ctx.take().expect("an event") {
            (at, Event::Set { set, step }) => {
                flight.ctx.now = at;
                flight.cluster(|cluster, by| cluster.set_step(set, step, by));
            }
            other => others.push(other),
        }
    }
    flight.ctx.now = end;
}

fn born_ms(flight: &Flight) -> Vec<u64> {
    let born = |pod: &Pod| pod.created.since(SimTime::ZERO).as_nanos() / 1_000_000;
    flight.cluster.pods().iter().filter(|pod| pod.set == 1).map(born).collect()
}

/// Batches of 1, 2, 4 … go out 10 ms apart, 500 pods a sync at most; then the sync's status is
/// written, and the next sync makes the rest. They are taken down in as many syncs.
#[test]
fn a_sync_creates_and_deletes_500_at_most() {
    let mut flight = flight("none", 700);
    work(&mut flight, 1_000);
    let born = born_ms(&flight);
    let upto = |ms: u64| born.iter().filter(|b| **b <= ms).count();
    assert_eq!([upto(5), upto(15), upto(25), upto(75)], [1, 3, 7, 255]);
    // Nothing had been there to be counted as the first sync began: its status is no news.
    assert_eq!([upto(85), upto(94), upto(95), upto(1_000)], [500, 500, 501, 700]);
    assert_eq!(flight.cluster.set_facts()[1].replicas, 700);
    flight.cluster(|cluster, by| cluster.resize(1, 0, by));
    work(&mut flight, 10);
    assert_eq!(flight.cluster.active_pods(1).len(), 200);
    work(&mut flight, 100);
    assert_eq!(
        (flight.cluster.active_pods(1).len(), flight.cluster.set_facts()[1].replicas),
        (0, 0)
    );
}

/// With the limits of kube-controller-manager 30 calls go at once, then one every 50 ms.
#[test]
fn a_client_with_limits_takes_its_time() {
    let mut flight = flight("{}", 100);
    work(&mut flight, 10_000);
    let born = born_ms(&flight);
    let upto = |ms: u64| born.iter().filter(|b| **b <= ms).count();
    assert_eq!((upto(100), born.len()), (31, 100));
    // The first 30 calls, and what comes back by the rate until the last of 100.
    assert!((3_400..=3_600).contains(&born[99]), "{}", born[99]);
}

/// Of pods that get ready in the same instant the first is seen first, the others a moment later.
#[test]
fn pods_ready_at_once_are_seen_one_after_another() {
    let mut flight = flight("none", 4);
    work(&mut flight, 200);
    let pods = flight.cluster.active_pods(1);
    flight.cluster(|cluster, by| cluster.set_ready(pods[0], true, by));
    work(&mut flight, 6);
    flight.cluster(|cluster, by| {
        pods[1..].iter().for_each(|pod| cluster.set_ready(*pod, true, by));
    });
    let ready = |flight: &Flight| flight.cluster.set_facts()[1].ready;
    assert_eq!(ready(&flight), 0);
    work(&mut flight, 9);
    assert_eq!(ready(&flight), 1);
    work(&mut flight, 10);
    assert_eq!(ready(&flight), 4);
}

/// However often a scaler writes, the sizes are those of the shares that their owner gave, and what
/// makes up the whole goes on to do so.
#[test]
fn resizes_do_not_add_up() {
    let mut flight = flight("none", 1);
    let sizes =
        |flight: &Flight| flight.cluster.sets().iter().map(|set| set.size).collect::<Vec<_>>();
    flight.cluster(|cluster, by| {
        cluster.resize(0, 9, by);
        let set = Set { version: Version::New, pool: Pool::Stable, size: 1 };
        cluster.add_set(set);
    });
    let mut before = 10;
    for size in [11, 10, 13, 7, 11, 10] {
        flight.cluster(|cluster, by| cluster.keep_proportions(before, size, by));
        before = size;
        let found = sizes(&flight);
        assert_eq!(found[0] + found[2], size, "the pool's sets make up the whole");
    }
    assert_eq!(sizes(&flight), [9, 1, 1]);
    // A set beside a whole fleet is rounded up.
    flight.cluster(|cluster, by| cluster.keep_proportions(10, 11, by));
    assert_eq!(sizes(&flight), [10, 2, 1]);
}
