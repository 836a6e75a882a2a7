//! Writes a whole report of the made-up results to a folder, for people to look at.

use crate::fixture::{nothing_flown, results};
use std::sync::Arc;
use windtunnel::experiment::results::Results;
use windtunnel::report::{documents, replay, table};
use windtunnel::scenario::ids::VariantId;
use windtunnel::scenario::model::Variant;

#[test]
#[ignore = "writes files; run it to look at charts: cargo test --test report gallery -- --ignored"]
fn gallery() {
    let root = std::env::temp_dir().join("wt-charts");
    let all = [("made-up", results()), ("nothing", nothing_flown()), ("crowded", crowded())];
    for (folder, results) in all {
        for document in documents(&results).expect("documents") {
            let path = root.join(folder).join(&document.path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, document.bytes).expect("a file");
        }
        for scenario in &results.scenarios {
            println!("{}", table::text(scenario, &[]));
            for record in scenario.recordings.iter().filter(|r| r.variant == VariantId(1)) {
                println!("{}", replay::text(&scenario.scenario, record));
            }
        }
    }
}

/// Many scenarios with long names, three variants of one kind, and strategies with long names.
fn crowded() -> Results {
    let mut crowded = results();
    let first = crowded.scenarios[0].clone();
    for number in 0..8 {
        let mut more = first.clone();
        Arc::make_mut(&mut more.scenario).name = format!("database-change-forbids-two-{number}");
        for row in &mut more.ratings {
            row.hurt_share /= f64::from(number) + 0.5;
        }
        crowded.scenarios.push(more);
    }
    let scenario = &mut crowded.scenarios[0];
    let longer = |name: &str| format!("{name}-with-preloaded-surge");
    let what = Arc::make_mut(&mut scenario.scenario);
    let third = Variant { name: "slow-leak".to_string(), ..what.release.variants[1].clone() };
    what.release.variants.push(third);
    what.plans[3].name = longer("canary");
    scenario.flights.push(scenario.flights[1].clone());
    let leak: Vec<_> =
        scenario.summary.iter().filter(|r| r.release == VariantId(1).into()).cloned().collect();
    scenario.summary.extend(leak.into_iter().map(|mut row| {
        row.release = VariantId(2).into();
        row
    }));
    let leak: Vec<_> =
        scenario.recordings.iter().filter(|r| r.variant == VariantId(1)).cloned().collect();
    scenario.recordings.extend(leak.into_iter().map(|mut record| {
        record.variant = VariantId(2);
        record
    }));
    crowded
}
