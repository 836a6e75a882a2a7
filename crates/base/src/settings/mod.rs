//! Settings from a tree of values: read, checked, defaulted and described by the same code.
//!
//! A part (a strategy, a fault, a traffic source) has one `read` function that asks a [`Reader`]
//! for its fields by name, each with default and help. Run against a tree, it yields the settings
//! and *all* problems; run against nothing in describing mode, it yields the list of fields, from
//! which `explain`, the JSON Schema, the generated reference and the swarm test are made. A field
//! can therefore not be read without being documented.
//!
//! One reader serves files of several authors: a [`Dialect`] says how they spell their values and
//! what becomes of a field that nobody reads.
//!
//! It knows no file and no syntax: trees come from the scenario layer.

mod dialect;
mod distributions;
mod fields;
mod nested;
mod optional;
mod reader;
pub mod scalars;
pub mod written;

pub use dialect::{Dialect, Own};
pub use reader::{Reader, Sink, describe, read_document, read_tree};

/// What a field holds, for help texts and the schema.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingKind {
    /// `90s`, `5m`, `250ms`.
    Duration,
    /// `5%`.
    Share,
    /// `60/s`.
    Rate,
    /// `$2`.
    Money,
    /// `$0.05/h`.
    Price,
    /// A whole number within bounds.
    Count(u64, u64),
    /// A number within bounds.
    Number(f64, f64),
    /// Free text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A duration or a distribution of durations.
    Distribution,
    /// One of a few words.
    Choice(Vec<&'static str>),
    /// One of a list of parts, each with settings of its own.
    Part(Vec<&'static str>),
    /// A list of parts.
    Parts(Vec<&'static str>),
    /// A mapping whose fields follow under this path.
    Object,
    /// A mapping whose fields follow under this path, and which may be left out as a whole.
    OptObject,
    /// A mapping whose fields follow under this path, or one word instead.
    ObjectOr(&'static str),
    /// A list of mappings whose fields follow under this path with `[]`.
    List,
    /// A list of plain texts, each of a unit that the help names.
    Texts,
    /// A value with a syntax of its own, in words.
    Other(&'static str),
}

/// One documented field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// Path below the part, such as `lognormal.median` or `routes[].share`.
    pub path: String,
    /// What it holds.
    pub kind: SettingKind,
    /// Its default as written in YAML; nothing when the field is optional without one.
    pub default: Option<String>,
    /// Must it be given?
    pub required: bool,
    /// One sentence of help, with unit and source where there is one.
    pub help: &'static str,
}

/// A named part with settings: a strategy, a fault, a traffic source.
pub struct Part<T: 'static> {
    /// Name in YAML.
    pub name: &'static str,
    /// One sentence for `list`.
    pub summary: &'static str,
    /// Reads its settings.
    pub read: fn(&mut Reader<'_>) -> T,
}

/// What a field holds that takes words beside parts.
pub enum WordOrPart<T> {
    /// The word of this index.
    Word(usize),
    /// A part with its settings.
    Part(T),
}

/// Is a part of this name written as its own settings, because one of its fields has its name?
/// `{query: up, failsWhen: "== 0"}` rather than `{query: {…}}`.
pub fn is_inline(name: &str, fields: &[FieldSpec]) -> bool {
    fields.iter().any(|field| field.path == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Key, Node, Value};
    use crate::problem::Place;
    use crate::time::SimDuration;
    use crate::units::Share;
    use distributions::distribution;
    use std::cell::RefCell;

    fn map(entries: Vec<(&str, Value)>) -> Node {
        let place = |i: usize| Place { line: i as u32 + 2, column: 3 };
        let entry = |(i, (name, value)): (usize, (&str, Value))| {
            let key = Key { place: place(i), name: name.to_string() };
            (key, Node { place: place(i), value })
        };
        let entries = entries.into_iter().enumerate().map(entry).collect();
        Node { place: Place { line: 1, column: 1 }, value: Value::Map(entries) }
    }

    fn text(t: &str) -> Value {
        Value::Text(t.to_string())
    }

    fn settings(r: &mut Reader<'_>) -> (SimDuration, Share, u64) {
        (
            r.duration("interval", "60s", "time between checks"),
            r.share("weight", "5%", "first step"),
            r.required_count("replicas", 1..=100, "pods"),
        )
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let sink = RefCell::new(Sink::default());
        let node = map(vec![("intervall", text("5m")), ("weight", text("105%"))]);
        let (interval, weight, replicas) = read_tree(&node, "spec", &sink, settings);
        assert_eq!((interval, weight.value(), replicas), (SimDuration::from_secs(60), 0.05, 1));
        let problems: Vec<String> =
            sink.borrow().problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 3, "{problems:#?}");
        assert!(problems[0].contains("3:3") && problems[0].contains("spec.weight"));
        assert!(problems[1].contains("replicas is missing"));
        assert!(problems[2].contains("did you mean interval?"));
    }

    #[test]
    fn the_same_code_describes_itself() {
        let fields = describe(settings);
        let names: Vec<&str> = fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(names, ["interval", "weight", "replicas"]);
        assert_eq!(fields[0].default.as_deref(), Some("60s"));
        assert!(fields[2].required);
    }

    #[test]
    fn distributions_in_all_their_forms() {
        let lognormal =
            map(vec![("lognormal", map(vec![("median", text("8s")), ("p99", text("25s"))]).value)]);
        let found = distribution(&lognormal).expect("valid");
        assert!((found.quantile(0.99).as_secs_f64() - 25.0).abs() < 1e-6);
        for bad in [
            map(vec![("lognormal", map(vec![("median", text("8s")), ("p99", text("5s"))]).value)]),
            map(vec![("uniform", map(vec![("min", text("8s")), ("max", text("5s"))]).value)]),
            map(vec![("gamma", map(vec![]).value)]),
            map(vec![("exponential", map(vec![("mean", text("0s"))]).value)]),
        ] {
            assert!(distribution(&bad).is_err(), "{bad:?}");
        }
    }
}
