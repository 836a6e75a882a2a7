//! Paths into a tree of values: looking one up, and setting one from the command line.
//!
//! A path is written `spec.strategies[3].canary.interval`; who types one may name an entry of a
//! list instead of counting it (`named`). Deliberately unknown here: which fields exist; the
//! readers complain about a value that nobody asks for.

use super::{named, yaml};
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::{Place, Problem};

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A key of a mapping, or the name of an entry of a list.
    Key(String),
    /// The place of an entry of a list.
    Index(usize),
}

/// The node under `path`, or the deepest one on the way that exists.
pub fn deepest<'a>(root: &'a Node, path: &str) -> &'a Node {
    let mut node = root;
    for step in steps(path).unwrap_or_default() {
        match next(node, &step) {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

/// The place of what stands under `path`, or of the deepest node on the way that a text holds.
pub fn place(root: &Node, path: &str) -> Place {
    let mut place = root.place;
    let mut node = root;
    for step in steps(path).unwrap_or_default() {
        match next(node, &step) {
            Some(next) => node = next,
            None => break,
        }
        if node.place.line > 0 {
            place = node.place;
        }
    }
    place
}

fn next<'a>(node: &'a Node, step: &Step) -> Option<&'a Node> {
    match (step, &node.value) {
        (Step::Key(name), _) => node.get(name),
        (Step::Index(index), Value::List(items)) => items.get(*index),
        _ => None,
    }
}

/// Sets what stands under `path` to a value written in YAML; missing mappings are made.
pub fn set(node: &mut Node, path: &str, value: &str) -> Result<(), Problem> {
    let expected = "a path such as spec.service.replicas, spec.strategies[3].canary.interval or \
                    spec.strategies.canary.interval; a name with dots is quoted";
    let wrong = |found: String| Problem::error(Place::default(), path, found).expected(expected);
    let steps = steps(path).ok_or_else(|| wrong("found no path".into()))?;
    let value = yaml::value(value).map_err(|p| Problem { path: path.to_string(), ..p })?;
    let steps = named::counted(node, steps).map_err(|unknown| match unknown.help.is_empty() {
        true => wrong(unknown.message),
        false => Problem::error(Place::default(), path, unknown.message).help(unknown.help),
    })?;
    let mut node = node;
    for step in steps {
        node = match step {
            Step::Key(name) => child(node, name).map_err(wrong)?,
            Step::Index(index) => item(node, index).map_err(wrong)?,
        };
    }
    *node = value;
    Ok(())
}

/// Which entry of a list has its share under `path`, if one does.
pub fn entry_of(node: &Node, path: &str, list: &str) -> Option<usize> {
    let found = named::counted(node, steps(path)?).ok()?;
    let mut list = steps(list)?;
    let [start @ .., Step::Index(entry), Step::Key(last)] = found.as_slice() else { return None };
    list.truncate(start.len() + 1);
    (last == "share" && start == list).then_some(*entry)
}

/// Sets what stands under `path`, unless something stands there.
pub fn fill(node: &mut Node, path: &str, value: &str) {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = if parent.is_empty() { Some(&*node) } else { exact(node, parent) };
    let open = match parent.map(|p| &p.value) {
        Some(Value::Map(_)) => parent.is_some_and(|p| p.get(name).is_none()),
        Some(Value::Null) | None => true,
        Some(_) => false,
    };
    if open {
        // A parent that is no mapping is the readers' to complain about.
        let _ = set(node, path, value);
    }
}

fn exact<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(root, |node, name| node.get(name))
}

fn child(node: &mut Node, name: String) -> Result<&mut Node, String> {
    let place = node.place;
    if node.value == Value::Null {
        node.value = Value::Map(Vec::new());
    }
    // The text names a part (`- canary`): settings turn it into a mapping.
    if node.text() == Some(name.as_str()) {
        let key = Key { place, name: name.clone() };
        node.value = Value::Map(vec![(key, Node { place, value: Value::Null })]);
    }
    let shown = node.shown();
    let Value::Map(entries) = &mut node.value else {
        return Err(format!("{shown} has no {name}"));
    };
    let at = entries.iter().position(|(key, _)| key.name == name).unwrap_or(entries.len());
    if at == entries.len() {
        entries.push((Key { place, name }, Node { place, value: Value::Null }));
    }
    Ok(&mut entries[at].1)
}

fn item(node: &mut Node, index: usize) -> Result<&mut Node, String> {
    let shown = node.shown();
    match &mut node.value {
        Value::List(items) if index < items.len() => Ok(&mut items[index]),
        _ => Err(format!("{shown} has no entry {index}")),
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in parts(path)? {
        if part.starts_with(['\'', '"']) {
            steps.push(Step::Key(quoted(part)?.to_string()));
            continue;
        }
        let (name, indexes) = part.split_once('[').map_or((part, None), |(n, i)| (n, Some(i)));
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Key(name.to_string()));
        for index in indexes.into_iter().flat_map(|i| i.split('[')) {
            steps.push(Step::Index(index.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

/// What stands between the dots of a path; those within quotes end nothing.
fn parts(path: &str) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut quote) = (Vec::new(), 0, None);
    for (at, c) in path.char_indices() {
        match (c, quote) {
            ('\'' | '"', None) if at == from => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('.', None) => {
                parts.push(&path[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[from..]);
    quote.is_none().then_some(parts)
}

/// What stands in the quotes of a part.
fn quoted(part: &str) -> Option<&str> {
    let of = |quote: char| part.strip_prefix(quote)?.strip_suffix(quote);
    of('"').or_else(|| of('\'')).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Node {
        yaml::documents("a: {b: 1}\nl:\n  - canary\n  - x: {y: 2}\nn:\n", "")
            .expect("valid")
            .remove(0)
    }

    #[test]
    fn values_are_set_where_the_path_points() {
        for (path, value) in [
            ("a.b", "5"),
            ("a.new.deep", "2m"),
            ("l[0].canary.interval", "2m"),
            ("l[1].x.y", "3"),
            ("n.k", "[1, 2]"),
            ("a.'new.dotted'", "1"),
        ] {
            let mut node = tree();
            set(&mut node, path, value).expect(path);
            let set = deepest(&node, path);
            assert_eq!(set.value, yaml::value(value).expect("valid").value, "{path}");
        }
    }

    #[test]
    fn wrong_paths_and_values_are_problems() {
        for (path, value) in [
            ("", "1"),
            ("a..b", "1"),
            ("l[9]", "1"),
            ("l[x]", "1"),
            ("a.b.c", "1"),
            ("a.b", "["),
            ("a.'b", "1"),
            ("a.''", "1"),
        ] {
            let found = set(&mut tree(), path, value).expect_err(path);
            assert_eq!(found.path, path);
        }
    }

    #[test]
    fn only_gaps_are_filled() {
        let mut node = tree();
        fill(&mut node, "a.b", "7");
        fill(&mut node, "q.r", "8");
        assert_eq!(deepest(&node, "a.b").value, Value::Integer(1));
        assert_eq!(deepest(&node, "q.r").value, Value::Integer(8));
        assert_eq!(place(&node, "a.zz.b"), node.get("a").expect("a").place);
    }
}
