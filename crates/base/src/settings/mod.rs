//! Settings from a tree of values: read, checked, defaulted and described by the same code.
//!
//! A part (a strategy, a fault, a traffic source) has one `read` function that asks a [`Reader`]
//! for its fields by name, each with default and help. Run against a tree, it yields the settings
//! and *all* problems; run against nothing in describing mode, it yields the list of fields, from
//! which `explain`, the JSON Schema, the generated reference and the swarm test are made. A field
//! can therefore not be read without being documented.
//!
//! It knows no file and no syntax: trees come from the scenario layer.

mod distributions;
mod fields;
mod nested;
mod scalars;
pub mod written;

use super::node::{Node, Value};
use super::problem::{Place, Problem, nearest};
use std::cell::RefCell;

/// What a field holds, for help texts and the schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
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
}

/// One documented field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// Path below the part, such as `lognormal.median` or `routes[].share`.
    pub path: String,
    /// What it holds.
    pub kind: Kind,
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

/// What reading yields beside the settings.
#[derive(Debug, Default)]
pub struct Sink {
    /// Everything wrong so far.
    pub problems: Vec<Problem>,
    fields: Vec<FieldSpec>,
}

/// Reads the fields of one mapping.
pub struct Reader<'a> {
    node: Option<&'a Node>,
    place: Place,
    path: String,
    spec_path: String,
    describing: bool,
    known: Vec<&'static str>,
    sink: &'a RefCell<Sink>,
}

/// The fields that `read` asks for.
pub fn describe<T>(read: fn(&mut Reader<'_>) -> T) -> Vec<FieldSpec> {
    let sink = RefCell::new(Sink::default());
    let mut reader = Reader {
        node: None,
        place: Place::default(),
        path: String::new(),
        spec_path: String::new(),
        describing: true,
        known: Vec::new(),
        sink: &sink,
    };
    read(&mut reader);
    sink.into_inner().fields
}

/// Is a part of this name written as its own settings, because one of its fields has its name?
/// `{query: up, failsWhen: "== 0"}` rather than `{query: {…}}`.
pub fn is_inline(name: &str, fields: &[FieldSpec]) -> bool {
    fields.iter().any(|field| field.path == name)
}

/// Reads a whole tree with `read`, complaining about keys that nobody asked for.
pub fn read_tree<T>(
    node: &Node,
    path: &str,
    sink: &RefCell<Sink>,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    let mut reader = Reader {
        node: None,
        place: node.place,
        path: path.to_string(),
        spec_path: String::new(),
        describing: false,
        known: Vec::new(),
        sink,
    };
    match &node.value {
        Value::Map(_) => reader.node = Some(node),
        Value::Null => {}
        _ => reader.complain(node.place, format!("found {}", node.shown()), "a mapping"),
    }
    let value = read(&mut reader);
    reader.finish();
    value
}

impl<'a> Reader<'a> {
    /// Is this a description run (no values, every branch wanted)?
    pub fn describing(&self) -> bool {
        self.describing
    }

    /// Is `name` given?
    pub fn has(&self, name: &str) -> bool {
        self.node.is_some_and(|n| n.get(name).is_some())
    }

    /// Where the value of `name` stands, or the mapping if it is not given.
    pub fn place_of(&self, name: &str) -> Place {
        self.node.and_then(|n| n.get(name)).map_or(self.place, |n| n.place)
    }

    /// Where field `field` of entry `index` of the list `name` stands, or as much of that as
    /// exists.
    pub fn place_in(&self, name: &str, index: usize, field: &str) -> Place {
        let list = self.child(name).map(|n| &n.value);
        let Some(Value::List(items)) = list else { return self.place_of(name) };
        let item = items.get(index);
        item.and_then(|i| i.get(field)).or(item).map_or(self.place_of(name), |n| n.place)
    }

    /// Problems and warnings so far: a reader skips conclusions from settings that were wrong.
    pub fn complaints(&self) -> usize {
        self.sink.borrow().problems.len()
    }

    /// Is `name` the text `word` (or left out)? The field counts as known either way.
    pub fn text_is(&mut self, name: &'static str, word: &str) -> bool {
        self.known.push(name);
        self.child(name).is_none_or(|n| n.text() == Some(word))
    }

    /// Records a problem with the value of `name`.
    pub fn problem(&mut self, name: &str, message: impl Into<String>, expected: &str, help: &str) {
        let place = self.place_of(name);
        let problem = Problem::error(place, self.child_path(name), message);
        self.push(problem.expected(expected).help(help));
    }

    /// Records a problem of an entry, under a path below this one, at a place of its own.
    pub fn problem_at(
        &mut self,
        place: Place,
        path: &str,
        message: impl Into<String>,
        expected: &str,
        help: &str,
    ) {
        let problem = Problem::error(place, self.child_path(path), message);
        self.push(problem.expected(expected).help(help));
    }

    /// Records a warning about the value of `name`.
    pub fn warning(&mut self, name: &str, message: impl Into<String>, help: &str) {
        let place = self.place_of(name);
        self.push(Problem::warning(place, self.child_path(name), message).help(help));
    }

    /// Complains about keys that nobody asked for.
    fn finish(self) {
        let Some(Node { value: Value::Map(entries), .. }) = self.node else { return };
        for (key, _) in entries.iter().filter(|(k, _)| !self.known.contains(&k.name.as_str())) {
            let problem =
                Problem::error(key.place, &self.path, format!("unknown key {:?}", key.name));
            let problem = problem.expected(match self.known.is_empty() {
                true => "no settings here".to_string(),
                false => format!("one of {}", self.known.join(", ")),
            });
            self.push(match nearest(&key.name, self.known.iter().copied()) {
                Some(meant) => problem.help(format!("did you mean {meant}?")),
                None => problem,
            });
        }
    }

    fn with_default<T>(
        &mut self,
        name: &'static str,
        kind: Kind,
        default: &str,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.field(name, kind, Some(default), false, help, parse)
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        kind: Kind,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.field(name, kind, None, false, help, parse)
    }

    fn field<T>(
        &mut self,
        name: &'static str,
        kind: Kind,
        default: Option<&str>,
        required: bool,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.note(name, kind, default.map(str::to_string), required, help);
        let given = self.child(name);
        if let Some(node) = given {
            match parse(node) {
                Ok(value) => return Some(value),
                Err(expected) => self.complain_at(name, node, &expected),
            }
        } else if required && !self.describing {
            let missing = format!("{name} is missing");
            self.push(Problem::error(self.place, &self.path, missing).help(help));
        }
        default.and_then(|text| parse(&Node::unplaced(Value::Text(text.to_string()))).ok())
    }

    fn note(
        &mut self,
        name: &'static str,
        kind: Kind,
        default: Option<String>,
        required: bool,
        help: &'static str,
    ) {
        self.known.push(name);
        if self.describing {
            let spec = FieldSpec { path: self.child_spec(name), kind, default, required, help };
            self.sink.borrow_mut().fields.push(spec);
        }
    }

    fn child(&self, name: &str) -> Option<&'a Node> {
        self.node.and_then(|n| n.get(name))
    }

    fn child_path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) }
    }

    fn child_spec(&self, name: &str) -> String {
        if self.spec_path.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.spec_path)
        }
    }

    fn complain(&self, place: Place, message: String, expected: &str) {
        self.push(Problem::error(place, &self.path, message).expected(expected));
    }

    fn complain_at(&self, name: &str, node: &Node, expected: &str) {
        let found = format!("found {}", node.shown());
        self.push(Problem::error(node.place, self.child_path(name), found).expected(expected));
    }

    fn push(&self, problem: Problem) {
        self.sink.borrow_mut().problems.push(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Key;
    use crate::time::SimDuration;
    use crate::units::Share;
    use distributions::distribution;

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
