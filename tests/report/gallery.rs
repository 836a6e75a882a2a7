//! Writes a whole report of the made-up results to a folder, for people to look at.

use crate::fixture::{nothing_flown, results};
use windtunnel::report::{Formats, documents, replay, table};

#[test]
#[ignore = "writes files; run it to look at charts: cargo test --test report gallery -- --ignored"]
fn gallery() {
    let root = std::env::temp_dir().join("wt-charts");
    for (folder, results) in [("made-up", results()), ("nothing", nothing_flown())] {
        for document in documents(&results, Formats::ALL).expect("documents") {
            let path = root.join(folder).join(&document.path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, document.bytes).expect("a file");
        }
        for scenario in &results.scenarios {
            println!("{}", table::text(scenario));
            for record in scenario.recordings.iter().filter(|r| r.release == "bad") {
                println!("{}", replay::text(&scenario.scenario, record));
            }
        }
    }
}
