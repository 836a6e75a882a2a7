//! The twin: what a release did is what did not happen without it.

use crate::tunnel::{Flown, tunnel};
use windtunnel::outcome::Verdict;

fn hurt_and_spared(flown: &Flown) -> (Option<f64>, Option<f64>) {
    (flown.m().users_hurt_by_release, flown.m().users_spared)
}

const STORM: &str = "
    horizon: 10m
    objective: {slow: 200ms}
    service: {replicas: 6, routes: [{name: all, errors: 1%}]}
    traffic: {users: 5000, arrivals: {bursts: {base: 60/s}}}
    release: {at: 1m, variants: [{name: good}]}
    onCall: none
    chaos: [{errors: {rate: 20%, from: 3m, until: 4m}}, {latency: {add: 1s, randomly: 6/h, lasts: 20s}}]";

/// Nothing is drawn, decided or delayed by a release that no user can meet, so both are 0 to the
/// user, although the storm hurts many.
#[test]
fn a_release_that_no_user_meets_hurts_and_spares_nobody() {
    for plan in ["none", "shadow: {for: 5m, isolated: true}", "shadow: {for: 2m, noiseCopy: false}"]
    {
        let flown = tunnel(&format!("{STORM}\nstrategies: [{{{plan}}}]").replace("{none}", "none"));
        for replication in 0..3 {
            let flown = flown.clone().replication(replication).fly();
            assert_eq!(hurt_and_spared(&flown), (Some(0.0), Some(0.0)), "{plan}");
            assert!(flown.m().users_hurt > Some(500.0), "the storm is felt");
            assert_eq!(flown.m().users_exposed, Some(0.0));
        }
    }
}

/// Copies that share the dependency of the users do hurt: the 0 above is not a habit.
#[test]
fn copies_that_share_a_dependency_hurt_users() {
    // 60 requests/s make 60 calls/s of 100; two copies each make it 180.
    let spec = "
        horizon: 10m
        service: {replicas: 6, dependency: {capacity: 100/s}}
        traffic: {arrivals: {poisson: {rate: 60/s}}}
        release: {at: 1m, variants: [{name: good}]}
        strategies: [{shadow: {for: 5m, isolated: false}}]";
    let flown = tunnel(spec).fly();
    assert!(flown.m().users_hurt_by_release > Some(1000.0), "{:?}", flown.m());
}

/// A good release by an instant switch between equal fleets fails nobody either.
#[test]
fn a_good_blue_green_release_hurts_nobody() {
    // No answer is so late that the other fleet's queues could count.
    let calm = STORM.replace("slow: 200ms", "slow: 5s");
    let flown = tunnel(&format!("{calm}\nstrategies: [{{blueGreen: {{keepOld: 5m}}}}]")).fly();
    assert_eq!(flown.outcome.verdict, Verdict::PromotedGood, "{}", flown.event_log());
    assert_eq!(hurt_and_spared(&flown), (Some(0.0), Some(0.0)));
    assert!(flown.m().users_exposed > Some(4000.0));
}

/// Checks read scraped series and nothing else: without scrapes their verdicts change, for a good
/// release ("no values found" fails a check) and, where empty answers pass, for a bad one.
#[test]
fn without_scrapes_verdicts_change() {
    let spec = |no_data: &str| {
        format!(
            "horizon: 15m
            service: {{replicas: 5}}
            release: {{at: 1m, variants: [{{name: good, share: 50%}}, \
            {{name: bad, share: 50%, faults: [{{errors: {{rate: 20%}}}}]}}]}}
            onCall: none
            strategies: [{{canary: {{checks: [{{errorRate: {{noData: {no_data}}}}}]}}}}]"
        )
    };
    let verdict = |no_data: &str, variant: usize, blind: bool| {
        let mut tunnel = tunnel(&spec(no_data));
        tunnel.order.blind = blind;
        tunnel.fly_pair(variant, 0).outcome.verdict
    };
    assert_eq!(verdict("fail", 0, false), Verdict::PromotedGood);
    assert_eq!(verdict("fail", 0, true), Verdict::FalseRollback);
    assert_eq!(verdict("pass", 1, false), Verdict::RolledBackBad);
    assert_eq!(verdict("pass", 1, true), Verdict::MissedBad);
    assert_eq!(verdict("wait", 1, true), Verdict::Unfinished);
}
