//! Manifests that nobody wrote: arbitrary trees under the names of known kinds and fields. Reading
//! ends with an import or with problems, never with a panic.

use super::input::{files, import, scenarios};
use proptest::prelude::*;
use windtunnel::base::node::{Key, Node, Value};
use windtunnel::base::problem::Place;
use windtunnel::manifest::fields::describe;
use windtunnel::manifest::kinds::KINDS;
use windtunnel::manifest::print::yaml;

/// Names of fields of all kinds, so that arbitrary trees reach far into the readers.
fn words() -> Vec<String> {
    let paths = KINDS.iter().flat_map(|part| describe(part.read)).map(|field| field.path);
    let mut words: Vec<String> = paths
        .flat_map(|path| {
            path.split('.').map(|w| w.trim_end_matches("[]").to_string()).collect::<Vec<_>>()
        })
        .collect();
    words.extend(["apiVersion", "kind", "metadata", "items"].map(String::from));
    words.sort();
    words.dedup();
    words
}

fn leaf() -> impl Strategy<Value = Node> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Flag),
        prop_oneof![-2..3_i64, any::<i64>()].prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Number),
        prop_oneof![
            "[ -~]{0,8}".prop_map(String::from),
            Just("50%".to_string()),
            Just("storefront".to_string()),
            Just("1m".to_string()),
            Just("RollingUpdate".to_string()),
        ]
        .prop_map(Value::Text),
    ]
    .prop_map(Node::unplaced)
}

fn tree() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(6, 60, 6, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List);
        let key = prop_oneof![8 => proptest::sample::select(words()), 1 => "[ -~]{0,6}"];
        let map = proptest::collection::btree_map(key, inner, 0..6);
        let map = map.prop_map(|entries| {
            let key = |name| Key { place: Place::default(), name };
            Value::Map(entries.into_iter().map(|(k, v)| (key(k), v)).collect())
        });
        prop_oneof![1 => list, 3 => map].prop_map(Node::unplaced)
    })
}

/// A document of a known kind with an arbitrary tree for its spec.
fn document() -> impl Strategy<Value = Node> {
    (0..KINDS.len(), tree(), proptest::option::of(tree())).prop_map(|(kind, spec, metadata)| {
        let part = &KINDS[kind];
        let text = |t: String| Node::unplaced(Value::Text(t));
        let version = match part.group {
            "" => part.versions[0].to_string(),
            group => format!("{group}/{}", part.versions[0]),
        };
        let key = |name: &str| Key { place: Place::default(), name: name.to_string() };
        let mut entries = vec![
            (key("apiVersion"), text(version)),
            (key("kind"), text(part.kind.to_string())),
            (key("spec"), spec),
        ];
        entries.extend(metadata.map(|m| (key("metadata"), m)));
        Node::unplaced(Value::Map(entries))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn arbitrary_trees_of_known_kinds_end_in_an_import_or_in_problems(
        documents in proptest::collection::vec(document(), 1..4)
    ) {
        let text = documents.iter().map(yaml).collect::<Vec<_>>().join("---\n");
        if let Err(problems) = scenarios(&text, "fuzz.yaml") {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn damaged_manifests_end_in_an_import_or_in_problems(
        file in 0..8_usize, from in 0..2000_usize, length in 0..40_usize, put in "[ -~\n]{0,6}"
    ) {
        let files = files("scenarios/manifests");
        let text = std::fs::read_to_string(&files[file % files.len()]).expect("text");
        let characters: Vec<char> = text.chars().collect();
        let from = from.min(characters.len());
        let until = (from + length).min(characters.len());
        let damaged: String = characters[..from].iter().copied()
            .chain(put.chars())
            .chain(characters[until..].iter().copied())
            .collect();
        if let Err(problems) = import(&damaged, "damaged.yaml") {
            prop_assert!(!problems.is_empty());
        }
    }
}
