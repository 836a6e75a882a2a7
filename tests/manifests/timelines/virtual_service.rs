//! VirtualService: a static split that is walked up, a header match, a mirror.

use super::flown;
use windtunnel::outcome::Verdict;

const STEPS: [&str; 2] = ["action", "decision"];

/// 95/5, then 10, 25, 50 and 100 %, five minutes each; pods follow the weight (rounded up).
#[test]
fn a_static_split_is_walked_up() {
    let flown = flown("virtual-service-split.yaml");
    let expected = [
        (0.0, "create 1 × new pods"),
        (5.1, "route 5 % to the new version"),
        (5.1, "step 1: weight 5 %"),
        (305.1, "route 10 % to the new version"),
        (305.1, "step 2: weight 10 %"),
        (605.1, "scale new: 1 → 3 pods"),
        (610.2, "route 25 % to the new version"),
        (610.2, "step 3: weight 25 %"),
        (910.2, "scale new: 3 → 5 pods"),
        (915.3, "route 50 % to the new version"),
        (915.3, "step 4: weight 50 %"),
        (1215.3, "scale new: 5 → 10 pods"),
        (1220.4, "route 100 % to the new version"),
        (1220.4, "step 5: weight 100 %"),
        (1520.4, "promoted"),
        (1520.4, "scale old: 10 → 0 pods"),
    ];
    flown.tells(&STEPS, &expected);
    let weights =
        [(0.0, 0.0), (7.1, 0.05), (307.1, 0.1), (612.2, 0.25), (917.3, 0.5), (1222.4, 1.0)];
    assert_eq!(flown.weights(), weights);
    assert_eq!(flown.pods(620.0), (10, 3, 0));
}

/// Users with the header, a tenth, meet the variant for twenty minutes, on a tenth of the pods.
#[test]
fn a_header_match_is_a_test_of_twenty_minutes() {
    let flown = flown("virtual-service-match.yaml");
    let told = flown.lines(&STEPS);
    let told: Vec<(f64, &str)> = told.iter().map(|(at, text)| (*at, text.as_str())).collect();
    let begins = [(0.0, "create 1 × new pods"), (5.1, "route 10 % to the new version")];
    assert_eq!(told[..2], begins);
    // The end: 20 min after the routing; whatever the verdict, it falls then.
    assert_eq!(told[2].0, 1205.1, "{told:?}");
    assert_eq!(flown.weights()[..2], [(0.0, 0.0), (7.1, 0.1)]);
    // Guardrails are looked at once a minute between.
    let looks: Vec<f64> = flown.lines(&["check"]).iter().map(|(at, _)| *at).collect();
    assert_eq!(looks[..19], std::array::from_fn::<f64, 19, _>(|i| 65.1 + 60.0 * i as f64));
}

/// Copies for fifteen minutes to a full second fleet; nobody is answered by it, nobody compares its
/// answers, and it goes 30 s after.
#[test]
fn a_mirror_is_a_shadow_of_fifteen_minutes() {
    let flown = flown("virtual-service-mirror.yaml");
    let expected = [
        (0.0, "create 4 × new pods"),
        (5.1, "route 0 % to the new version"),
        (905.1, "the copies end: nobody has compared their answers"),
        (905.1, "no evidence either way: back to the old version"),
        (905.1, "route 0 % to the new version"),
        (935.1, "scale new: 4 → 0 pods"),
    ];
    flown.tells(&STEPS, &expected);
    assert_eq!(flown.verdict, Verdict::NoEvidence);
    assert_eq!((flown.measures.users_exposed, flown.weights()), (Some(0.0), vec![(0.0, 0.0)]));
    assert_eq!(flown.pods(60.0), (4, 4, 0));
}

/// A canary with a Deployment of its own keeps its size, whatever the weight.
#[test]
fn a_canary_of_a_fixed_size_keeps_it_until_the_last_step() {
    let flown = flown("virtual-service-fixed.yaml");
    let expected = [
        (0.0, "create 2 × new pods"),
        (5.1, "route 20 % to the new version"),
        (5.1, "step 1: weight 20 %"),
        (305.1, "route 25 % to the new version"),
        (305.1, "step 2: weight 25 %"),
        (605.1, "route 50 % to the new version"),
        (605.1, "step 3: weight 50 %"),
        (905.1, "scale new: 2 → 8 pods"),
        (910.2, "route 100 % to the new version"),
        (910.2, "step 4: weight 100 %"),
        (1210.2, "promoted"),
        (1210.2, "scale old: 8 → 0 pods"),
    ];
    flown.tells(&STEPS, &expected);
    assert_eq!(flown.pods(700.0), (8, 2, 0));
}
