//! Placement: whether a surge pod can exist, and what a release comes to if it can't.

use crate::tunnel::{Flown, READY, tunnel, within};
use windtunnel::outcome::Verdict;

fn flown(service: &str, strategy: &str) -> Flown {
    tunnel(&format!(
        "horizon: 15m
        objective: {{slow: 60s}}
        service: {{scheduling: 2s, startup: 4s, preStop: 5s, balancer: {{propagation: 1s}}, \
        routes: [{{name: all, errors: 0%, serviceTime: 10ms}}], {service}}}
        traffic: {{users: 1000, arrivals: {{poisson: {{rate: 10/s}}}}}}
        onCall: none
        release: {{at: 60s, variants: [{{name: good}}]}}
        strategies: [{strategy}]"
    ))
    .fly()
}

const NO_HOLE: &str = "rollingUpdate: {maxSurge: 1, maxUnavailable: 0, progressDeadline: 5m}";
const ONE_MISSING: &str = "rollingUpdate: {maxSurge: 0, maxUnavailable: 1}";

/// Every node has a pod that allows no other: the surge pod stays Pending until the deadline, 5 min
/// and the controller's second later. Users lose nothing.
#[test]
fn a_surge_pod_that_no_node_takes_stays_pending() {
    for (rule, words) in [
        ("onePer: {over: node}", "3 node(s) didn't match pod anti-affinity rules"),
        ("onePer: {over: zone}", "3 node(s) didn't match pod anti-affinity rules"),
        ("hostPorts: true", "3 node(s) didn't have free ports for the requested pod ports"),
        (
            "spreadOverZones: {minDomains: 4}",
            "3 node(s) didn't match pod topology spread constraints",
        ),
    ] {
        let service = format!(
            "replicas: 3, placement: {{{rule}}}, nodes: {{count: 3, zones: 3, fixed: true}}"
        );
        let hung = flown(&service, NO_HOLE);
        let told = hung.first(&format!("FailedScheduling: 0/3 nodes are available: {words}"));
        within("told at", Some(told), 60.0, 60.2);
        assert_eq!(hung.outcome.verdict, Verdict::Unfinished, "{}", hung.event_log());
        assert_eq!(hung.when(60.0, |s| s.pods[1][READY] > 0), None);
        let deadline = hung.first("the progress deadline has passed");
        within("deadline at", Some(deadline), 360.0, 362.0);
        assert_eq!(hung.m().requests_failed, Some(0.0));
        // Where a pod may be missing, its place is free once it is gone.
        let rolled = flown(&service, ONE_MISSING);
        assert_eq!(rolled.outcome.verdict, Verdict::PromotedGood, "{rule}\n{}", rolled.event_log());
    }
}

/// A fourth node, or rules that count each version by itself, leave room for the surge pod; and
/// where somebody adds nodes, one is ordered.
#[test]
fn a_surge_pod_goes_where_the_rules_let_it() {
    for (rule, nodes) in [
        ("onePer: {over: node}", "count: 4, fixed: true"),
        ("onePer: {over: node, of: sameVersion}", "count: 3, fixed: true"),
        ("onePer: {over: node}", "count: 3, provisioning: 60s"),
        ("spreadOverNodes: {}", "count: 3, fixed: true"),
    ] {
        let service = format!("replicas: 3, placement: {{{rule}}}, nodes: {{zones: 3, {nodes}}}");
        let rolled = flown(&service, NO_HOLE);
        assert_eq!(rolled.outcome.verdict, Verdict::PromotedGood, "{}", rolled.event_log());
        let ordered = rolled.told("a new one is ordered");
        assert_eq!(!ordered.is_empty(), nodes.contains("provisioning"), "{}", rolled.event_log());
    }
}

/// One ReadWriteOnce volume: the new pod gets another node, and waits there for the volume, which
/// the old one never gives up before the new one is ready. Recreate rolls, with downtime: from the
/// old pod's end (5 s of preStop, then nobody serves) to the new one's first ready probe, 2 s + 4 s
/// and up to 5 s later.
#[test]
fn one_volume_for_two_nodes_hangs_a_rolling_update() {
    let service = "replicas: 1, placement: {volume: {}}";
    let hung = flown(service, NO_HOLE);
    assert_eq!(hung.outcome.verdict, Verdict::Unfinished, "{}", hung.event_log());
    assert_eq!(hung.told("FailedAttachVolume: Multi-Attach error").len(), 1);
    assert_eq!(hung.when(60.0, |s| s.pods[1][READY] > 0), None);
    assert_eq!(hung.m().requests_failed, Some(0.0));
    let recreated = flown(service, "recreate");
    assert_eq!(recreated.outcome.verdict, Verdict::PromotedGood, "{}", recreated.event_log());
    within("failed", recreated.m().requests_failed, 10.0 * 4.0, 10.0 * 15.0);
}

/// Where the old pod may go first, the volume is detached and attached again: 30 s more than the
/// start on the same node would take.
#[test]
fn a_volume_takes_its_time_from_node_to_node() {
    let at_once = "rollingUpdate: {maxSurge: 2, maxUnavailable: 2}";
    let service = |pods| format!("replicas: {pods}, placement: {{volume: {{attach: 30s}}}}");
    let rolled = flown(&service(1), at_once);
    assert_eq!(rolled.outcome.verdict, Verdict::PromotedGood, "{}", rolled.event_log());
    // The old pod is gone 5 s after 60 s; 30 s later the volume is mounted, and the new pod is ready
    // 4 s and a probe of 5 s later.
    let first = rolled.when(60.0, |s| s.pods[1][READY] > 0);
    within("first new pod at", first, 99.0, 106.0);
    // Two new pods get two nodes: one has the volume, and the other waits for it for ever.
    let split = flown(&service(2), at_once);
    assert_eq!(split.outcome.verdict, Verdict::Unfinished, "{}", split.event_log());
    assert!(split.recording.samples.iter().all(|s| s.pods[1][READY] < 2));
}

/// A ReadWriteOncePod claim keeps the second pod from any node.
#[test]
fn a_claim_of_one_pod_keeps_the_next_pending() {
    let hung = flown("replicas: 1, placement: {volume: {access: ReadWriteOncePod}}", NO_HOLE);
    hung.first("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod");
    assert_eq!(hung.outcome.verdict, Verdict::Unfinished);
    let rolled = flown("replicas: 1, placement: {volume: {access: ReadWriteOncePod}}", "recreate");
    assert_eq!(rolled.outcome.verdict, Verdict::PromotedGood, "{}", rolled.event_log());
}
