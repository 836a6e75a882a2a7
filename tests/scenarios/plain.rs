//! A scenario is plain data: read twice it is the same, and no setting of it is lost on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel::base::node::{Node, Value};
use windtunnel::manifest::{self, Input};
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::{read, yaml};

/// All shipped files, those of folders too.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let (mut open, mut found) = (vec![root], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                None => open.push(path),
                Some(end) if end == "yaml" => found.push(path),
                Some(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// The documents of kind Scenario that a file holds or that its manifests come to.
fn documents(path: &Path) -> Vec<Node> {
    let text = std::fs::read_to_string(path).expect("text");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let documents = yaml::documents(&text, &name).unwrap_or_else(|p| panic!("{p}"));
    let input = Input { file: Arc::from(name.as_str()), text: Arc::from(text.as_str()), documents };
    let import = manifest::read(&[input], manifest::ReadRequest::default())
        .unwrap_or_else(|p| panic!("{p:?}"));
    import.flyables.into_iter().map(|flyable| flyable.node).collect()
}

fn scenario(document: &Node) -> Option<Scenario> {
    let read = read::read_documents(std::slice::from_ref(document), "", "a");
    read.ok().and_then(|(mut scenarios, _)| scenarios.pop())
}

/// The paths (steps down mappings and lists) of all leaves that begin with a digit.
fn leaves(node: &Node, path: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    let children: Vec<&Node> = match &node.value {
        Value::Map(entries) => entries.iter().map(|(_, child)| child).collect(),
        Value::List(items) => items.iter().collect(),
        _ => {
            if node.scalar_text().is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()))
            {
                found.push(path.clone());
            }
            return;
        }
    };
    for (number, child) in children.into_iter().enumerate() {
        path.push(number);
        leaves(child, path, found);
        path.pop();
    }
}

fn at<'n>(node: &'n mut Node, path: &[usize]) -> &'n mut Node {
    let Some((step, rest)) = path.split_first() else { return node };
    match &mut node.value {
        Value::Map(entries) => at(&mut entries[*step].1, rest),
        Value::List(items) => at(&mut items[*step], rest),
        _ => panic!("a leaf has nothing below it"),
    }
}

/// The document with the first whole number of a leaf raised by one: another duration, share,
/// count.
fn raised(document: &Node, path: &[usize]) -> (String, Option<Node>) {
    let mut document = document.clone();
    let leaf = at(&mut document, path);
    let text = leaf.scalar_text().unwrap_or_default();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let told = format!("{text:?} in line {}", leaf.place.line);
    let Ok(number) = text[..digits].parse::<u64>() else { return (told, None) };
    let Ok(value) = yaml::value(&format!("{}{}", number + 1, &text[digits..])) else {
        return (told, None);
    };
    leaf.value = value.value;
    (told, Some(document))
}

/// Every number that a shipped scenario sets: where another one is accepted, the scenario is
/// another one, and so is its print.
#[test]
fn no_setting_is_lost() {
    let (mut compared, mut lost) = (0, Vec::new());
    for path in files() {
        for document in documents(&path) {
            let first = scenario(&document).unwrap_or_else(|| panic!("{}", path.display()));
            let again = scenario(&document).expect("the same text");
            assert!(first == again, "{} read twice is not the same", path.display());
            let print = format!("{first:?}");
            assert_eq!(print, format!("{again:?}"), "{}", path.display());
            let mut found = Vec::new();
            leaves(&document, &mut Vec::new(), &mut found);
            for leaf in found {
                let (told, changed) = raised(&document, &leaf);
                let Some(other) = changed.as_ref().and_then(scenario) else { continue };
                compared += 1;
                if first == other || print == format!("{other:?}") {
                    lost.push(format!("{}: {told}", path.display()));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{} of {compared}:\n{}", lost.len(), lost.join("\n"));
    assert!(compared > 500, "only {compared} settings were changed");
}
