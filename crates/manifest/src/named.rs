//! `- manifest: path` in a Scenario's `strategies`: which manifests it names, and their strategies
//! in their place.

use super::join::{child, named_apart};
use super::note::{Lists, SourcePlace};
use super::unflown::{self, LeftOut};
use super::{Flyable, Input, objects, unit};
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Place, Problem};
use windtunnel_scenario::tree;

/// A manifest that a Scenario names among its strategies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its place in the list.
    pub index: usize,
    /// The path as written, relative to the Scenario's file.
    pub path: String,
    /// Where it is written.
    pub place: Place,
}

/// The manifests that a document names.
pub fn named(document: &Node) -> Vec<Named> {
    let strategies = document.get("spec").and_then(|s| s.get("strategies"));
    let Some(Node { value: Value::List(items), .. }) = strategies else { return Vec::new() };
    let named = |(index, item): (usize, &Node)| {
        let node = item.get("manifest")?;
        let path = node.text().or_else(|| node.get("path").and_then(Node::text))?;
        Some(Named { index, path: path.to_string(), place: node.place })
    };
    items.iter().enumerate().filter_map(named).collect()
}

/// Keys of `manifest` that say something.
const KEYS: [&str; 2] = ["path", "name"];

/// What is wrong with the manifests that the documents of an input mean to name.
pub fn slips(input: &Input) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in &input.documents {
        let strategies = document.get("spec").and_then(|s| s.get("strategies"));
        let Some(Node { value: Value::List(items), .. }) = strategies else { continue };
        for (index, item) in items.iter().enumerate() {
            let Some(node) = item.get("manifest") else { continue };
            let path = format!("spec.strategies[{index}].manifest");
            problems.extend(slip(node, &path).into_iter().map(|p| p.in_file(&input.file)));
        }
    }
    problems
}

fn slip(node: &Node, path: &str) -> Vec<Problem> {
    let help = "`manifest: rollout.yaml`, or `manifest: {path: rollout.yaml, name: mine}`";
    let Value::Map(entries) = &node.value else {
        let found = format!("found {}", node.shown());
        let problem = Problem::error(node.place, path, found).expected("the path of a file");
        return if node.text().is_some() { Vec::new() } else { vec![problem.help(help)] };
    };
    let unknown = entries.iter().filter(|(key, _)| !KEYS.contains(&key.name.as_str()));
    let mut problems: Vec<Problem> = unknown
        .map(|(key, _)| {
            let found = format!("unknown key {:?}", key.name);
            Problem::error(key.place, path, found).expected("one of path, name").help(help)
        })
        .collect();
    let given = node.get("path");
    if given.is_none_or(|path| path.text().is_none()) && problems.is_empty() {
        let place = given.map_or(node.place, |path| path.place);
        problems.push(Problem::error(place, path, "path is missing").help(help));
    }
    problems
}

/// Puts the strategy of each named manifest in its place, and lets its pods fill what the Scenario
/// leaves out. Comes back with warnings, and with the documents that are not flown.
pub fn expand(
    flyable: &mut Flyable,
    texts: &[(Named, Input)],
    lenient: bool,
    lists: &mut Lists,
) -> Result<(Vec<Problem>, Vec<LeftOut>), Vec<Problem>> {
    let (mut warnings, mut wrong, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for (named, input) in texts {
        let mut read = objects::read(std::slice::from_ref(input));
        read.store.told.extend(objects::told(&flyable.node));
        let found = unit::find(&read.store);
        let unflown = unflown::judge(&read.strangers, &read.store, &found.drafts, lenient);
        let problems = read.problems.into_iter().chain(found.problems).chain(unflown.problems);
        let problems: Vec<Problem> = problems.collect();
        if super::fields::has_errors(&problems) {
            wrong.extend(problems);
            continue;
        }
        warnings.extend(problems);
        lists.extend(read.lists);
        lists.extend(found.lists);
        lists.ignored.extend(unflown.notes);
        left_out.extend(unflown.left_out);
        let wanted = flyable.node.get("spec").and_then(|s| s.get("service"));
        let wanted = wanted.and_then(|s| s.get("name")).and_then(Node::text).map(str::to_string);
        let fits = |d: &&super::draft::Draft| {
            wanted.as_ref().is_none_or(|w| d.name == *w || d.aliases.contains(w))
        };
        let draft = found.drafts.iter().find(fits).or(match found.drafts.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let Some(draft) = draft else {
            let units: Vec<&str> = found.drafts.iter().map(|d| d.name.as_str()).collect();
            let path = format!("spec.strategies[{}].manifest", named.index);
            let (message, help) = match units.len() {
                0 => (
                    format!("{} releases nothing", named.path),
                    "name a file with a Deployment, a Canary, a Rollout or rules in it".into(),
                ),
                many => (
                    format!("{} releases {many} things", named.path),
                    format!("spec.service.name: one of {}", units.join(", ")),
                ),
            };
            let problem = Problem::error(named.place, path, message).expected("one thing");
            wrong.push(problem.help(help).in_file(&flyable.file));
            continue;
        };
        place(flyable, named, draft, lists);
    }
    // Their names and marks are known only now.
    super::standard_releases::settle(&mut flyable.node);
    if wrong.is_empty() { Ok((warnings, left_out)) } else { Err(wrong) }
}

fn place(flyable: &mut Flyable, named: &Named, draft: &super::draft::Draft, lists: &mut Lists) {
    let strategy = draft.get("spec.strategies").map(|n| n.value.clone());
    let Some(Value::List(mut own)) = strategy else { return };
    if own.is_empty() {
        return;
    }
    let strategy = own.remove(0);
    let mut service = draft.clone();
    if let Some(spec) = child(&mut service.node, "spec")
        && let Value::Map(entries) = &mut spec.value
    {
        entries.retain(|(key, _)| key.name != "strategies");
    }
    let (node, origins) = super::join::join(&flyable.node, &flyable.file, &service, lists);
    flyable.node = node;
    flyable.origins.extend(origins.into_iter().filter(|(p, _)| !p.starts_with("spec.strategies")));
    let moved = |(path, written_at): &(String, SourcePlace)| {
        let rest = path.strip_prefix("spec.strategies[0]")?;
        Some((format!("spec.strategies[{}]{rest}", named.index), written_at.clone()))
    };
    flyable.origins.extend(draft.origins.iter().filter_map(moved));
    let given = tree::deepest(&flyable.node, &format!("spec.strategies[{}].manifest", named.index));
    let name = given.get("name").cloned();
    let Some(list) = child(&mut flyable.node, "spec").and_then(|s| child(s, "strategies")) else {
        return;
    };
    let Value::List(items) = &mut list.value else { return };
    let others: Vec<Node> = (0..items.len())
        .filter(|i| *i != named.index)
        .filter_map(|i| items.get(i).cloned())
        .collect();
    let strategy = match name.as_ref().and_then(Node::text) {
        Some(name) => with_name(strategy, name),
        None => named_apart(strategy, &others, &draft.name),
    };
    if let Some(slot) = items.get_mut(named.index) {
        *slot = strategy;
    }
}

fn with_name(mut strategy: Node, name: &str) -> Node {
    let Some(kind) = super::join::kind_of(&strategy).map(str::to_string) else { return strategy };
    // A problem would mean that the strategy is no mapping, which ours always are.
    let _ = tree::set(&mut strategy, &format!("{kind}.name"), &format!("{name:?}"));
    strategy
}
