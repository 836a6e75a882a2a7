//! DestinationRule: pods that are ejected for their errors, and when they come back.

use super::{flown, within};

/// Two of twenty pods at most, for 30 s, back at the next look.
#[test]
fn a_tenth_of_the_pods_is_ejected_until_the_look_after_thirty_seconds() {
    let flown = flown("destination-rule.yaml");
    let start = -240.0;
    let told = flown.lines(&["routing"]);
    let ejected: Vec<(f64, &str)> = told
        .iter()
        .filter(|(_, text)| text.contains("ejects pod"))
        .map(|(at, text)| (at - start, text.as_str()))
        .collect();
    assert_eq!(ejected.len(), 2, "{ejected:?}");
    for (at, text) in ejected {
        within("ejected", at, 60.0, 70.0);
        let span: f64 = text
            .split(" for ")
            .nth(1)
            .and_then(|s| s.split(' ').next()?.parse().ok())
            .expect("a span");
        // Told at the next control instant, and rounded to whole seconds.
        within("back at", at + span, 98.0, 102.0);
    }
    // Everything from 60 s to 99 s fails: 3900 requests in the mean, five deviations of 62.
    let failed = flown.measures.requests_failed.expect("a figure");
    within("failed", failed, 3590.0, 4210.0);
}
