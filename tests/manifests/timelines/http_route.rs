//! HTTPRoute: weights between two Services.

use super::flown;

/// 9 : 1 is a canary at 10 %; its owner walks on.
#[test]
fn weights_between_services_are_walked_up() {
    let flown = flown("http-route.yaml");
    let expected = [
        (0.0, "create 1 × new pods"),
        (5.028, "route 10 % to the new version"),
        (5.028, "step 1: weight 10 %"),
        (305.028, "scale new: 1 → 3 pods"),
        (310.066, "route 25 % to the new version"),
        (310.066, "step 2: weight 25 %"),
        (610.066, "scale new: 3 → 5 pods"),
        (615.104, "route 50 % to the new version"),
        (615.104, "step 3: weight 50 %"),
        (915.104, "scale new: 5 → 10 pods"),
        (920.152, "route 100 % to the new version"),
        (920.152, "step 4: weight 100 %"),
        (1220.152, "promoted"),
        (1220.152, "scale old: 10 → 0 pods"),
    ];
    flown.tells(&["action", "decision"], &expected);
    let weights = [(0.0, 0.0), (7.028, 0.1), (312.066, 0.25), (617.104, 0.5), (922.152, 1.0)];
    assert_eq!(flown.weights(), weights);
}
