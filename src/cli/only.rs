//! `--only` where no manifest is named: of all Scenarios those that are meant.

use windtunnel_base::node::Node;
use windtunnel_base::problem::Problem;
use windtunnel_manifest::only::of_names;
use windtunnel_manifest::{Input, is_manifest};
use windtunnel_scenario::read;

pub use windtunnel_manifest::only::listed;

/// Keeps the Scenarios that one of the patterns means.
pub fn of_scenarios(inputs: &mut Vec<Input>, patterns: &[String]) -> Result<(), Vec<Problem>> {
    if patterns.is_empty() {
        return Ok(());
    }
    let names = |document: &Node| read::named(document).map(str::to_string).into_iter().collect();
    let documents = || inputs.iter().flat_map(|input| &input.documents);
    let all: Vec<Vec<String>> = documents().filter(|d| !is_manifest(d)).map(names).collect();
    let mut meant = of_names(&all, patterns)?.into_iter();
    // A file of which nothing is meant says nothing; one without documents is told of as ever.
    inputs.retain_mut(|input| {
        let empty = input.documents.is_empty();
        input.documents.retain(|document| is_manifest(document) || meant.next() == Some(true));
        empty || !input.documents.is_empty()
    });
    Ok(())
}

/// How to choose, where more were named than can be taken.
pub fn how(names: &[&str]) -> String {
    format!("choose with --only NAME (* stands for any letters), of {}", listed(names))
}
