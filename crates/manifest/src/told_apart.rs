//! Scenarios of one name in several files: each gets the words of its path before its name that
//! tell it from the others (`controllers/no-prestop`, `textbook/no-prestop`).
//!
//! Within one file a name given twice stays, and is an error for whoever reads it.

use super::draft::text;
use super::join::child;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use windtunnel_base::node::Node;
use windtunnel_scenario::read;

/// Longest name of a Scenario.
const NAME_MAX: usize = 63;

/// New names, by the old name and the file.
pub type Names = BTreeMap<(String, Arc<str>), String>;

/// Writes names into documents that tell them apart, of what names of Scenarios are made of: so
/// that they can stand in one file.
pub fn write<'n>(documents: impl Iterator<Item = (&'n mut Node, &'n Arc<str>)>) {
    let mut all: Vec<(&mut Node, &Arc<str>)> = documents.collect();
    let names = apart(all.iter().map(|(node, file)| (&**node, *file)));
    for (node, file) in &mut all {
        let own = read::named(node).map(|name| (name.to_string(), Arc::clone(file)));
        let new = own.and_then(|own| names.get(&own));
        let place = child(node, "metadata").and_then(|metadata| child(metadata, "name"));
        if let (Some(new), Some(place)) = (new, place) {
            let fits =
                |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '.' };
            let new: String = new.chars().map(fits).collect();
            let more = new.len().saturating_sub(NAME_MAX);
            place.value = text(new[more..].trim_start_matches(['-', '_', '.']));
        }
    }
}

/// New names for documents of one name in several files.
pub fn apart<'n>(documents: impl Iterator<Item = (&'n Node, &'n Arc<str>)>) -> Names {
    let named =
        |(node, file): (&Node, &Arc<str>)| Some((read::named(node)?.to_string(), Arc::clone(file)));
    of_names(documents.filter_map(named))
}

/// New names for those that several files have, by the old name and the file.
pub fn of_names(named: impl Iterator<Item = (String, Arc<str>)>) -> Names {
    let mut files: BTreeMap<String, BTreeSet<Arc<str>>> = BTreeMap::new();
    for (name, file) in named {
        files.entry(name).or_default().insert(file);
    }
    let mut names = BTreeMap::new();
    for (name, files) in files.into_iter().filter(|(_, files)| files.len() > 1) {
        let files: Vec<Arc<str>> = files.into_iter().collect();
        for (file, before) in files.iter().zip(prefixes(&files)) {
            let slash = if before.is_empty() { "" } else { "/" };
            names.insert((name.clone(), Arc::clone(file)), format!("{before}{slash}{name}"));
        }
    }
    names
}

/// The fewest last words of each path that tell all of them apart: of folders if that will do, else
/// of files without their endings, else with them.
fn prefixes(files: &[Arc<str>]) -> Vec<String> {
    let words = |path: &Path| -> Vec<String> {
        let words = path.components().map(|word| word.as_os_str().to_string_lossy().into_owned());
        words.filter(|word| word != "/" && word != ".").collect()
    };
    let folders = |file: &Arc<str>| words(Path::new(&**file).parent().unwrap_or(Path::new("")));
    let bare = |file: &Arc<str>| words(&Path::new(&**file).with_extension(""));
    let whole = |file: &Arc<str>| words(Path::new(&**file));
    let paths: [Vec<Vec<String>>; 3] = [
        files.iter().map(folders).collect(),
        files.iter().map(bare).collect(),
        files.iter().map(whole).collect(),
    ];
    for paths in paths {
        let longest = paths.iter().map(Vec::len).max().unwrap_or(0);
        for count in 1..=longest {
            let last = |path: &Vec<String>| path[path.len().saturating_sub(count)..].join("/");
            let found: Vec<String> = paths.iter().map(last).collect();
            if found.iter().collect::<BTreeSet<_>>().len() == found.len() {
                return found;
            }
        }
    }
    files.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(files: &[&str]) -> Vec<String> {
        let named = files.iter().map(|file| ("shop".to_string(), Arc::from(*file)));
        let names = of_names(named.clone());
        let own = named.map(|own| names.get(&own).cloned().unwrap_or(own.0));
        own.collect()
    }

    #[test]
    fn folders_tell_apart_then_files_then_whole_paths() {
        for (files, names) in [
            (&["a/x.yaml"][..], &["shop"][..]),
            (&["x/a/1.yaml", "x/b/1.yaml"], &["a/shop", "b/shop"]),
            (&["a/k8s/1.yaml", "b/k8s/1.yaml"], &["a/k8s/shop", "b/k8s/shop"]),
            (&["shop.yaml", "old/shop.yaml"], &["shop", "old/shop"]),
            (&["./shop.yaml", "old/shop.yaml"], &["shop", "old/shop"]),
            (&["a/1.yaml", "a/2.yaml"], &["1/shop", "2/shop"]),
            (&["a/1.yaml", "a/1.yml"], &["1.yaml/shop", "1.yml/shop"]),
            (&["a/1.yaml", "b/1.yaml", "b/2.yaml"], &["a/1/shop", "b/1/shop", "b/2/shop"]),
            (&["a.yaml", "-"], &["a/shop", "-/shop"]),
        ] {
            assert_eq!(named(files), names, "{files:?}");
        }
    }

    #[test]
    fn one_file_tells_nothing_apart() {
        assert_eq!(named(&["a/x.yaml", "a/x.yaml"]), ["shop", "shop"]);
    }
}
