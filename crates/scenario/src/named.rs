//! Entries of lists by name, as people type paths: `spec.strategies.canary.interval`.
//!
//! An entry is called by its `name`, or else by its kind, the key that its settings stand under.
//! Deliberately unknown here: which lists there are, and which fields.

use super::tree::Step;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::nearest;

/// Names that are listed when none of them was meant.
const LISTED: usize = 20;

/// Why a name leads nowhere, and a way out.
#[derive(Debug)]
pub(super) struct Unknown {
    /// What was found.
    pub message: String,
    /// What to do; nothing where the path as a whole is no path.
    pub help: String,
}

/// The same steps with every name of an entry replaced by where it stands.
pub(super) fn counted(root: &Node, steps: Vec<Step>) -> Result<Vec<Step>, Unknown> {
    let mut found: Vec<Step> = Vec::new();
    let mut node = Some(root);
    let mut steps = steps.into_iter().peekable();
    while let Some(step) = steps.next() {
        let list = node.filter(|node| matches!(node.value, Value::List(_)));
        let taken = match (list, &step) {
            (Some(list), Step::Key(name)) => entry(list, name, &shown(&found), steps.peek())?,
            _ => vec![step],
        };
        for step in taken {
            node = node.and_then(|node| match &step {
                Step::Key(name) => node.get(name),
                Step::Index(index) => node.items().get(*index),
            });
            found.push(step);
        }
    }
    Ok(found)
}

/// Where an entry's settings stand: its place in the list, and the key that they stand under.
fn entry(list: &Node, name: &str, path: &str, next: Option<&Step>) -> Result<Vec<Step>, Unknown> {
    let known: Vec<Option<Called<'_>>> = list.items().iter().map(called).collect();
    let places: Vec<usize> = (0..known.len())
        .filter(|at| known[*at].as_ref().is_some_and(|called| called.name == name))
        .collect();
    let at = match places.as_slice() {
        [one] => *one,
        [] => return Err(nobody(name, path, &known)),
        several => {
            let all: Vec<String> = several.iter().map(|at| format!("{path}[{at}]")).collect();
            let message = format!("{} entries of {path} are called {name:?}", several.len());
            return Err(Unknown { message, help: format!("say which: {}", all.join(", ")) });
        }
    };
    let mut steps = vec![Step::Index(at)];
    let under = known[at].as_ref().and_then(|called| called.under);
    // Who names the entry may still name its kind.
    let again = |kind: &str| matches!(next, Some(Step::Key(next)) if next == kind);
    steps.extend(under.filter(|kind| !again(kind)).map(|kind| Step::Key(kind.to_string())));
    Ok(steps)
}

fn nobody(name: &str, path: &str, known: &[Option<Called<'_>>]) -> Unknown {
    let names: Vec<&str> = known.iter().flatten().map(|called| called.name).collect();
    let message = format!("{path} has no entry {name:?}");
    if names.is_empty() {
        let entries = known.len();
        let help = format!("its {entries} entries have no names: count them from {path}[0] on");
        return Unknown { message, help };
    }
    let near = nearest(name, names.iter().copied());
    let near = near.map_or(String::new(), |near| format!("did you mean {near}? "));
    let more = match names.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let listed: Vec<&str> = names.into_iter().take(LISTED).collect();
    Unknown { message, help: format!("{near}there is {}{more}", listed.join(", ")) }
}

/// How an entry is called.
struct Called<'n> {
    name: &'n str,
    /// The key that its settings stand under; nothing where they are the entry itself.
    under: Option<&'n str>,
}

/// The name of an entry, if it has one.
fn called(item: &Node) -> Option<Called<'_>> {
    let entries = match &item.value {
        // A part without settings, which get a place of their own under its name.
        Value::Text(name) => return Some(Called { name, under: Some(name) }),
        Value::Map(entries) => entries,
        _ => return None,
    };
    if let Some(name) = item.get("name").and_then(Node::text) {
        return Some(Called { name, under: None });
    }
    let (kind, settings) = entries.first()?;
    // Settings beside the key that names the kind: `{query: up, failsWhen: "== 0"}`.
    let inline = entries.len() > 1;
    let own = settings.get("name").and_then(Node::text).filter(|_| !inline);
    Some(Called { name: own.unwrap_or(&kind.name), under: (!inline).then_some(&kind.name) })
}

/// Steps as they are typed.
fn shown(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(name) if path.is_empty() => path += name,
            Step::Key(name) => path += &format!(".{name}"),
            Step::Index(index) => path += &format!("[{index}]"),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::{tree, yaml};
    use super::*;

    const TEXT: &str = "
strategies:
  - recreate
  - canary: {maxWeight: 50%, checks: [{errorRate: {max: 1%}},
      {query: up, name: err.rate, failsWhen: '> 1'}]}
  - canary: {name: slow, steps: [20%, 100%]}
  - argoCanary: {steps: [{setWeight: 20}, {pause: 1m}, {setWeight: 40}]}
  - {query: up, failsWhen: '> 1'}
variants: [{name: good}, {name: bad, faults: [{errors: {rate: 1%}}]}]
numbers: [[1], [2]]
";

    fn document() -> Node {
        yaml::documents(TEXT, "").expect("valid").remove(0)
    }

    #[test]
    fn entries_are_set_by_name_as_by_place() {
        for (named, counted) in [
            ("strategies.canary.maxWeight", "strategies[1].canary.maxWeight"),
            ("strategies.canary.canary.maxWeight", "strategies[1].canary.maxWeight"),
            ("strategies.slow.maxWeight", "strategies[2].canary.maxWeight"),
            ("strategies.slow", "strategies[2].canary"),
            ("strategies.recreate.name", "strategies[0].recreate.name"),
            (
                "strategies.canary.checks.errorRate.max",
                "strategies[1].canary.checks[0].errorRate.max",
            ),
            (
                "strategies.canary.checks.'err.rate'.failsWhen",
                "strategies[1].canary.checks[1].failsWhen",
            ),
            ("strategies.argoCanary.steps.pause", "strategies[3].argoCanary.steps[1].pause"),
            ("strategies.query.failsWhen", "strategies[4].failsWhen"),
            ("variants.bad.faults.errors.rate", "variants[1].faults[0].errors.rate"),
            ("variants.bad.share", "variants[1].share"),
        ] {
            let (mut one, mut other) = (document(), document());
            tree::set(&mut one, named, "7%").unwrap_or_else(|p| panic!("{named}: {p}"));
            tree::set(&mut other, counted, "7%").expect(counted);
            assert_eq!(one, other, "{named}");
        }
    }

    #[test]
    fn names_that_mean_nothing_or_several_are_told_with_those_that_exist() {
        for (path, message, help) in [
            (
                "strategies.canry.x",
                "has no entry \"canry\"",
                "did you mean canary? there is recreate, canary, slow",
            ),
            ("variants.bda.share", "variants has no entry", "there is good, bad"),
            (
                "strategies.argoCanary.steps.setWeight",
                "2 entries of strategies[3].argoCanary.steps are called \"setWeight\"",
                "say which: strategies[3].argoCanary.steps[0], strategies[3].argoCanary.steps[2]",
            ),
            ("numbers.one", "numbers has no entry", "count them from numbers[0] on"),
        ] {
            let problem = tree::set(&mut document(), path, "1").expect_err(path);
            assert!(problem.message.contains(message), "{}", problem.message);
            assert!(problem.help.contains(help), "{}", problem.help);
        }
    }
}
