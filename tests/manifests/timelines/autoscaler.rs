//! HorizontalPodAutoscaler: policies and stabilisation while the load rises and falls.

use super::{flown, within};

/// Sizes in the order in which they were written, with their instants.
fn sizes(lines: &[(f64, String)]) -> Vec<(f64, u32)> {
    let size = |(at, text): &(f64, String)| {
        let (_, rest) = text.split_once("New size: ")?;
        Some((*at, rest.split(';').next()?.parse().ok()?))
    };
    lines.iter().filter_map(size).collect()
}

/// Two pods a minute upwards, three a minute downwards after a window of a minute.
#[test]
fn policies_pace_the_way_up_and_the_window_holds_the_way_down() {
    let flown = flown("autoscaler.yaml");
    let start = -1800.0;
    let found = sizes(&flown.lines(&["autoscale"]));
    let order: Vec<u32> = found.iter().map(|(_, size)| *size).collect();
    assert_eq!(order, [4, 6, 8, 10, 7, 4, 2], "{found:?}");
    // A first sample needs two readings 15 s apart, the first within 15 s; a sync follows within
    // 15 s.
    within("first", found[0].0 - start, 15.0, 45.0);
    // A change is inside its period until exactly a minute has passed; syncs come every 15 s.
    for pair in found[..4].windows(2).chain(found[4..].windows(2)) {
        assert_eq!(pair[1].0 - pair[0].0, 60.0, "{found:?}");
    }
    // The load ends at 600 s. A sync up to 30 s later still sees some of it (a reading that began
    // before, kept until the next one); from that sync on a minute has to pass.
    within("down", found[4].0 - start, 660.0, 705.0);
}
