//! Several clusters in one run: what cannot stand in one cluster is taken apart by file and folder.
//!
//! All files of a run are one cluster, until two of them contradict each other: the same object
//! twice, or one service released in two ways. Then whoever brings manifests and a Scenario in one
//! file is a cluster of its own (`scenarios/controllers`), and so is each of the folders that the
//! contradiction lies in (`staging` and `prod`). A folder in which nothing is released belongs to
//! all. What still contradicts itself afterwards (two files of one folder, two documents of one
//! file) is an error, as ever. Deliberately unknown here: how units are found.

use super::objects::{self, Objects};
use super::unit::{self, UnitsFound};
use super::{Input, is_manifest};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Two files that contradict each other.
pub type Clash = [Arc<str>; 2];

/// What stands in one cluster, read.
pub struct World<'i> {
    /// Documents that can stand in one cluster.
    pub inputs: Cow<'i, [Input]>,
    /// The objects in them.
    pub read: Objects,
    /// The units among these.
    pub found: UnitsFound,
}

impl<'i> World<'i> {
    fn of(inputs: Cow<'i, [Input]>) -> World<'i> {
        let read = objects::read(&inputs);
        let found = unit::find(&read.store);
        World { inputs, read, found }
    }
}

/// The clusters of a run; and the files that several of them share.
pub fn of(inputs: &[Input]) -> (Vec<World<'_>>, BTreeSet<Arc<str>>) {
    let whole = World::of(Cow::Borrowed(inputs));
    let clashes: Vec<&Clash> = whole.read.clashes.iter().chain(&whole.found.clashes).collect();
    let clashes: Vec<_> = clashes.into_iter().filter(|[one, other]| one != other).collect();
    let splits: BTreeSet<PathBuf> = clashes.iter().filter_map(|clash| split(clash)).collect();
    let own = |file: &Arc<str>| inputs.iter().any(|i| i.file == *file && is_whole(i));
    if splits.is_empty() && !clashes.iter().flat_map(|clash| clash.iter()).any(own) {
        return (vec![whole], BTreeSet::new());
    }
    let mut groups: BTreeMap<Group, Vec<Input>> = BTreeMap::new();
    for input in inputs {
        groups.entry(group(input, &splits)).or_default().push(input.clone());
    }
    let worlds = groups.into_values().map(|inputs| World::of(Cow::Owned(inputs)));
    let (mut worlds, loose): (Vec<_>, Vec<_>) = worlds.partition(|world| !is_loose(world));
    let loose: Vec<Input> = loose.into_iter().flat_map(|world| world.inputs.into_owned()).collect();
    if loose.is_empty() || worlds.is_empty() {
        let all = if worlds.is_empty() { vec![whole] } else { worlds };
        return (all, BTreeSet::new());
    }
    for world in worlds.iter_mut().filter(|world| !world.found.drafts.is_empty()) {
        let inputs = world.inputs.iter().chain(&loose).cloned().collect();
        *world = World::of(Cow::Owned(inputs));
    }
    (worlds, loose.into_iter().map(|input| input.file).collect())
}

/// What keeps a file apart, in the order in which the clusters are flown.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Scenarios that need no manifest.
    Scenarios,
    /// A folder, or what lies in none of those that contradict each other.
    Folder(PathBuf),
    /// A file.
    File(Arc<str>),
}

fn group(input: &Input, splits: &BTreeSet<PathBuf>) -> Group {
    if is_whole(input) {
        return Group::File(Arc::clone(&input.file));
    }
    let needs_none = |document: &super::Node| {
        !is_manifest(document)
            && document.at("spec.service.replicas").is_some()
            && document.at("spec.service.name").is_none()
    };
    if input.documents.iter().all(needs_none) {
        return Group::Scenarios;
    }
    let folder = folder(&input.file);
    // The deepest is the last that it lies in: paths are sorted, the outer before the inner.
    let Some(at) = splits.iter().rev().find(|at| folder.starts_with(at)) else {
        return Group::Folder(PathBuf::new());
    };
    Group::Folder(folder.components().take(at.components().count() + 1).collect())
}

/// Has the file manifests, and a Scenario for them?
fn is_whole(input: &Input) -> bool {
    let manifests = input.documents.iter().filter(|document| is_manifest(document)).count();
    (1..input.documents.len()).contains(&manifests)
}

/// Manifests and Scenarios for manifests, in which nothing is released.
fn is_loose(world: &World<'_>) -> bool {
    let whole = |input: &Input| group(input, &BTreeSet::new()) == Group::Scenarios;
    world.found.drafts.is_empty() && !world.inputs.iter().any(whole)
}

fn folder(file: &str) -> &Path {
    Path::new(file).parent().unwrap_or(Path::new(""))
}

/// The folder below which two files lie in different ones.
fn split([one, other]: &Clash) -> Option<PathBuf> {
    let (one, other) = (folder(one), folder(other));
    let both = one.components().zip(other.components());
    (one != other).then(|| both.take_while(|(a, b)| a == b).map(|(a, _)| a).collect())
}
