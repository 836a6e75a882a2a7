//! Deployment: both strategies, bounds, minReadySeconds, the progress deadline.

use super::flown;
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
        (0.1, "scale new: 1 → 2 pods"),
        (0.1, waiting(1, 4)),
        (0.2, waiting(2, 4)),
        (5.1, "scale old: 3 → 1 pods"),
        (5.2, "scale new: 2 → 4 pods"),
        (5.3, PENDING),
        (10.3, "scale old: 1 → 0 pods"),
        (10.4, "deployment \"storefront\" successfully rolled out"),
        (10.4, "promoted"),
    ];
    flown.tells(&STEPS, &expected);
    // Old pods ready, new pods ready, pods that sleep in preStop (3 s).
    assert_eq!(flown.pods(1.0), (3, 0, 1));
    assert_eq!(flown.pods(4.0), (3, 0, 0));
    assert_eq!(flown.pods(6.0), (1, 2, 2));
    assert_eq!(flown.pods(11.0), (0, 4, 1));
    assert_eq!(flown.pods(14.0), (0, 4, 0));
    // The last old pod ends 3 s after 10.3 s; no proxy has sent it anything since 12.3 s.
    assert_eq!(flown.measures.rollout_s, Some(13.3));
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
        (0.1, waiting(1, 3)),
        (8.1, "scale old: 3 → 2 pods"),
        (8.2, "scale new: 1 → 2 pods"),
        (8.3, waiting(2, 3)),
        (16.3, "scale old: 2 → 1 pods"),
        (16.4, "scale new: 2 → 3 pods"),
        (16.5, PENDING),
        (24.5, "scale old: 1 → 0 pods"),
        (24.6, "deployment \"storefront\" successfully rolled out"),
        (24.6, "promoted"),
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
        (3.1, "create 3 × new pods"),
        (
            3.2,
            "Waiting for deployment \"storefront\" rollout to finish: 0 of 3 updated replicas \
            are available...",
        ),
        (8.2, "deployment \"storefront\" successfully rolled out"),
        (8.2, "promoted"),
    ];
    flown.tells(&STEPS, &expected);
    // Pods that sleep in preStop answer until 3.0 s; new ones are ready at 8.1 s and known 2 s
    // later.
    let outage = flown.measures.outage_s.expect("an outage");
    assert!((outage - 7.1).abs() < 1e-6, "{outage}");
}

/// The deadline reports; nothing is rolled back, and the new pod goes on crashing.
#[test]
fn a_missed_progress_deadline_only_reports() {
    let flown = flown("deployment-deadline.yaml");
    let expected = [
        (0.0, "create 1 × new pods"),
        (0.0, waiting(0, 2)),
        (0.1, waiting(1, 2)),
        (31.0, "the progress deadline has passed"),
        (31.0, "error: deployment \"storefront\" exceeded its progress deadline"),
    ];
    flown.tells(&STEPS, &expected);
    // Restarted at once (noticed after 1 s), then 10 s, 20 s, 40 s, 80 s after each exit.
    let pod = [4.5, 10.0, 24.5, 49.0, 93.5, 178.0].map(|at| (at, "pod 2: the container exits"));
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
