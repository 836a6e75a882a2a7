//! `--only` where no manifest is named: of all Scenarios those that are meant.

use std::sync::Arc;
use windtunnel_base::node::Node;
use windtunnel_base::problem::Problem;
use windtunnel_manifest::only::{of_names, with_paths};
use windtunnel_manifest::{Input, is_manifest};
use windtunnel_scenario::read;

pub use windtunnel_manifest::only::listed;

/// Keeps the Scenarios that one of the patterns means.
pub fn of_scenarios(inputs: &mut Vec<Input>, patterns: &[String]) -> Result<(), Vec<Problem>> {
    if patterns.is_empty() {
        return Ok(());
    }
    let names = |document: &Node| read::named(document).map(str::to_string).into_iter().collect();
    let of_input = |input: &Input| -> Vec<(Vec<String>, Arc<str>)> {
        let own = input.documents.iter().filter(|document| !is_manifest(document));
        own.map(|document| (names(document), Arc::clone(&input.file))).collect()
    };
    let (all, files): (Vec<_>, Vec<_>) = inputs.iter().flat_map(of_input).unzip();
    let mut meant = of_names(&with_paths(all, &files), patterns)?.into_iter();
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
