//! Deployment: both strategies, bounds, minReadySeconds, the progress deadline.

use super::{flown, flown_text, text};
use windtunnel::outcome::Verdict;

const STEPS: [&str; 2] = ["action", "decision"];

/// 25 % and 25 % of four pods: one above, one missing.
#[test]
fn a_rolling_update_by_quarters() {
    let flown = flown("deployment-rolling.yaml");
    let expected = [
        (0.0, "create 1 × new pods"),
        (0.0, "scale old: 4 → 3 pods"),
        (0.0, waiting(0, 4)),
        (0.075, "scale new: 1 → 2 pods"),
        (0.075, waiting(1, 4)),
        (0.105, waiting(2, 4)),
        (5.028, "scale old: 3 → 2 pods"),
        (5.058, "scale new: 2 → 3 pods"),
        (5.088, waiting(3, 4)),
        (5.101, "scale old: 2 → 1 pods"),
        (5.131, "scale new: 3 → 4 pods"),
        (5.161, PENDING),
        (10.086, "scale old: 1 → 0 pods"),
        (10.116, available(3, 4)),
        (10.159, "deployment \"storefront\" successfully rolled out"),
        (10.159, "promoted"),
    ];
    flown.tells(&STEPS, &expected);
    // Old pods ready, new pods ready, pods that sleep in preStop (3 s).
    assert_eq!(flown.pods(1.0), (3, 0, 1));
    assert_eq!(flown.pods(4.0), (3, 0, 0));
    assert_eq!(flown.pods(6.0), (1, 2, 2));
    assert_eq!(flown.pods(11.0), (0, 4, 1));
    assert_eq!(flown.pods(14.0), (0, 4, 0));
    // The last old pod is deleted at 10.091 s and ends 3 s later; no proxy has sent it
    // anything since 12.1 s.
    assert_eq!(flown.measures.rollout_s, Some(13.091));
    assert_eq!((flown.measures.requests_failed, flown.measures.outage_s), (Some(0.0), Some(0.0)));
    assert_eq!(flown.measures.pods_available_min, Some(3.0));
}

/// One pod above and none missing, each held for minReadySeconds before it counts.
#[test]
fn a_rolling_update_one_by_one_with_min_ready_seconds() {
    let flown = flown("deployment-min-ready.yaml");
    let expected = [
        (0.0, "create 1 × new pods"),
        (0.0, waiting(0, 3)),
        (0.045, waiting(1, 3)),
        (8.028, "scale old: 3 → 2 pods"),
        (8.058, "scale new: 1 → 2 pods"),
        (8.088, waiting(2, 3)),
        (16.086, "scale old: 2 → 1 pods"),
        (16.116, "scale new: 2 → 3 pods"),
        (16.146, PENDING),
        (24.144, "scale old: 1 → 0 pods"),
        (24.174, "deployment \"storefront\" successfully rolled out"),
        (24.174, "promoted"),
    ];
    flown.tells(&STEPS, &expected);
    assert_eq!(flown.measures.pods_available_min, Some(3.0));
    // A ready pod gets requests at once, whatever minReadySeconds says: four endpoints at 7 s.
    assert_eq!(flown.pods(6.0), (3, 1, 0));
}

/// All old pods go first, and have to be gone before the new set exists.
#[test]
fn recreate_waits_for_the_end_of_the_old_pods() {
    let flown = flown("deployment-recreate.yaml");
    let expected = [
        (0.0, "scale old: 3 → 0 pods"),
        (0.0, waiting(0, 3)),
        (3.013, "create 3 × new pods"),
        (3.058, available(0, 3)),
        (8.041, available(1, 3)),
        (8.051, "deployment \"storefront\" successfully rolled out"),
        (8.051, "promoted"),
    ];
    flown.tells(&STEPS, &expected);
    // Pods that sleep in preStop answer until 3.005 s; the first new one is ready at 8.018 s and
    // known 2 s later.
    let outage = flown.measures.outage_s.expect("an outage");
    assert!((outage - 7.013).abs() < 1e-6, "{outage}");
}

/// The deadline reports; nothing is rolled back, and the new pod goes on crashing.
#[test]
fn a_missed_progress_deadline_only_reports() {
    let flown = flown("deployment-deadline.yaml");
    let expected = [
        (0.0, "create 1 × new pods"),
        (0.0, waiting(0, 2)),
        (0.045, waiting(1, 2)),
        (31.0, "the progress deadline has passed"),
        (31.0, "error: deployment \"storefront\" exceeded its progress deadline"),
    ];
    flown.tells(&STEPS, &expected);
    // Restarted at once (noticed after 1 s), then 10 s, 20 s, 40 s, 80 s after each exit.
    let pod = [4.505, 10.005, 24.505, 49.005, 93.505, 178.005]
        .map(|at| (at, "pod 2: the container exits"));
    flown.tells(&["pod"], &pod);
    assert_eq!(flown.pods(200.0), (2, 0, 0));
    // Neither promoted nor taken back.
    assert_eq!(flown.verdict, Verdict::Unfinished);
    assert_eq!(flown.measures.requests_failed, Some(0.0));
}

const PENDING: &str = "Waiting for deployment \"storefront\" rollout to finish: 1 old replicas are pending \
     termination...";

/// What kubectl prints while new pods are missing.
fn waiting(updated: u32, of: u32) -> &'static str {
    let text = format!(
        "Waiting for deployment \"storefront\" rollout to finish: {updated} out of {of} new \
         replicas have been updated..."
    );
    Box::leak(text.into_boxed_str())
}

/// What kubectl prints while new pods are not available.
fn available(some: u32, of: u32) -> &'static str {
    let text = format!(
        "Waiting for deployment \"storefront\" rollout to finish: {some} of {of} updated replicas \
         are available..."
    );
    Box::leak(text.into_boxed_str())
}

/// Paused: a line of the story, and nothing else.
#[test]
fn a_paused_deployment_rolls_nothing_out() {
    let flown = flown("deployment-paused.yaml");
    let told = flown.lines(&["action", "decision", "human"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0 == 0.0 && told[0].1.contains("0 out of 4 new replicas have been updated"));
    assert_eq!(flown.pods(1700.0), (4, 0, 0));
    assert_eq!(flown.measures.users_exposed, Some(0.0));
    assert_eq!(flown.measures.requests_failed, Some(0.0));
    assert_eq!(flown.verdict, Verdict::Unfinished);
}

/// An order resumes what is paused from the start, and another pauses it again.
#[test]
fn a_paused_deployment_goes_on_when_somebody_resumes_it() {
    let file = "deployment-paused.yaml";
    let orders = "{name: storefront, annotations: {windtunnel-orders: \"60s resume, 62s pause\"}}";
    let text = text(file).replace("{name: storefront}", orders);
    let text = text.replace("  horizon: 30m\n", "  horizon: 30m\n  onCall: none\n");
    let flown = flown_text(&text, file);
    let told = flown.lines(&["order", "action"]);
    let told: Vec<(f64, &str)> = told
        .iter()
        .map(|(at, text)| (*at, text.as_str()))
        .filter(|(_, text)| !text.contains("deployment"))
        .collect();
    let expected = [
        (60.0, "somebody orders: resume"),
        (60.0, "create 1 × new pods"),
        (60.0, "scale old: 4 → 3 pods"),
        (60.075, "scale new: 1 → 2 pods"),
        (62.0, "somebody orders: pause"),
    ];
    assert_eq!(told, expected);
    // Two new pods and three old ones: there is no more to it until somebody resumes it again.
    assert_eq!(flown.pods(1700.0), (3, 2, 0));
    assert_eq!(flown.verdict, Verdict::Unfinished);
}
