//! PodDisruptionBudget: a drain that is held back.

use super::flown;

/// 75 % of four pods are three: one eviction at a time.
#[test]
fn a_budget_holds_the_drain_back_until_the_replacement_is_ready() {
    let flown = flown("disruption-budget.yaml");
    let told = flown.lines(&["fault"]);
    let start = -480.0;
    let since: Vec<(f64, &str)> = told
        .iter()
        .map(|(at, text)| (((at - start) * 1000.0).round() / 1000.0, text.as_str()))
        .collect();
    let shapes: Vec<(f64, &str)> = since
        .iter()
        .map(|(at, text)| {
            let kinds =
                ["nodeDrain begins", "cordoned", "will retry after 5s", "evicted", "drained"];
            let ends = ["uncordoned", "nodeDrain ends"];
            let kind = ends.iter().chain(&kinds).find(|kind| text.contains(**kind));
            (*at, *kind.unwrap_or(text))
        })
        .collect();
    let expected = [
        (120.0, "nodeDrain begins"),
        (120.0, "cordoned"),
        (120.0, "evicted"),
        (120.0, "will retry after 5s"),
        (125.0, "evicted"),
        (128.0, "drained"),
        (300.0, "nodeDrain ends"),
        (300.0, "uncordoned"),
    ];
    assert_eq!(shapes, expected);
    assert_eq!(flown.twin.requests_failed, Some(0.0));
    let before = flown.recording.samples.iter().filter(|s| s.t_s < 480.0);
    let fewest = before.map(|s| s.pods[0][1]).min();
    assert_eq!(fewest, Some(3));
}
