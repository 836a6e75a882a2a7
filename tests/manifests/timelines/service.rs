//! Service: the selector that is switched, and endpoints that terminate.

use super::{flown, flown_text, text};

/// Two Deployments and a selector: the switch, and when proxies act on it.
#[test]
fn a_selector_is_switched_once_all_pods_of_the_other_colour_are_ready() {
    let flown = flown("service-switch.yaml");
    let expected = [
        (0.0, "create 3 × new pods"),
        (5.038, "route 100 % to the new version"),
        (5.038, "switch: all traffic to green"),
        (5.038, "promoted"),
        (7.038, "proxy 0 acts on the new routing"),
    ];
    flown.tells(&["action", "decision", "routing"], &expected);
    assert_eq!(flown.weights(), [(0.0, 0.0), (7.038, 1.0)]);
    assert_eq!(flown.pods(60.0), (3, 3, 0));
    assert_eq!(flown.measures.requests_failed, Some(0.0));
}

/// The only pod is being deleted and still serves: kube-proxy goes on using it until 5.005 s,
/// when SIGTERM comes. The new pod is ready at 5.08 s and known at 7.08 s.
#[test]
fn a_terminating_endpoint_serves_while_there_is_no_other() {
    let flown = flown("service-terminating.yaml");
    let expected = [
        (0.0, "create a set of the new version, without pods"),
        (0.0, "scale old: 1 → 0 pods"),
        (0.075, "scale new: 0 → 1 pods"),
    ];
    let steps: Vec<(f64, &str)> = expected.to_vec();
    let told = flown.lines(&["action"]);
    let told: Vec<(f64, &str)> = told
        .iter()
        .map(|(at, text)| (*at, text.as_str()))
        .filter(|(_, text)| !text.contains("deployment"))
        .collect();
    assert_eq!(told, steps);
    let outage = flown.measures.outage_s.expect("an outage");
    assert!((outage - 2.075).abs() < 1e-6, "{outage}");
}

/// A new pod takes no user away from a pod that is there.
#[test]
fn users_with_affinity_stay_where_they_are_while_pods_join() {
    let file = "service-sticky.yaml";
    // Who had but one pod to go to holds it all the same.
    for pods in [4, 1] {
        let text = text(file).replace("replicas: 4", &format!("replicas: {pods}"));
        let flown = flown_text(&text, file);
        assert_eq!(flown.pods(300.0), (pods, 1, 0));
        assert_eq!(flown.measures.users_exposed, Some(0.0));
        assert_eq!(flown.measures.requests_failed, Some(0.0));
    }
}
