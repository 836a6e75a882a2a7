//! Settings from a tree of values: read, checked, defaulted and described by the same code.
//!
//! A part (a strategy, a fault, a traffic source) has one `read` function that asks a [`Reader`]
//! for its fields by name, each with default and help. Run against a tree, it yields the settings
//! and *all* problems; run against nothing in describing mode, it yields the list of fields, from
//! which `explain`, the JSON Schema, the generated reference and the swarm test are made. A field
//! can therefore not be read without being documented.
//!
//! It knows no file and no syntax: trees come from the scenario layer.

use super::distribution::Distribution;
use super::node::{Key, Node, Value};
use super::problem::{Place, Problem, nearest};
use super::time::SimDuration;
use super::units::{self, Money, Rate, Share};
use std::cell::RefCell;
use std::ops::RangeInclusive;

/// Lists longer than this are refused: nothing sensible in a scenario is that long.
const LONGEST_LIST: usize = 10_000;

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

    /// Where the mapping stands.
    pub fn place(&self) -> Place {
        self.place
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

    /// A span of time.
    pub fn duration(
        &mut self,
        name: &'static str,
        default: &str,
        help: &'static str,
    ) -> SimDuration {
        self.with_default(name, Kind::Duration, default, help, duration).unwrap_or_default()
    }

    /// A span of time that may be left out.
    pub fn opt_duration(&mut self, name: &'static str, help: &'static str) -> Option<SimDuration> {
        self.optional(name, Kind::Duration, help, duration)
    }

    /// A share of a whole.
    pub fn share(&mut self, name: &'static str, default: &str, help: &'static str) -> Share {
        self.with_default(name, Kind::Share, default, help, share).unwrap_or_default()
    }

    /// A share that may be left out.
    pub fn opt_share(&mut self, name: &'static str, help: &'static str) -> Option<Share> {
        self.optional(name, Kind::Share, help, share)
    }

    /// A rate.
    pub fn rate(&mut self, name: &'static str, default: &str, help: &'static str) -> Rate {
        self.with_default(name, Kind::Rate, default, help, rate).unwrap_or_default()
    }

    /// An amount of money.
    pub fn money(&mut self, name: &'static str, default: &str, help: &'static str) -> Money {
        self.with_default(name, Kind::Money, default, help, money).unwrap_or_default()
    }

    /// A price per hour.
    pub fn price(&mut self, name: &'static str, default: &str, help: &'static str) -> Money {
        self.with_default(name, Kind::Price, default, help, price).unwrap_or_default()
    }

    /// A whole number within `range`.
    pub fn count(
        &mut self,
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> u64 {
        let kind = Kind::Count(*range.start(), *range.end());
        let parse = |node: &Node| count(node, &range);
        self.with_default(name, kind, &default.to_string(), help, parse).unwrap_or(default)
    }

    /// A whole number within `range` that may be left out.
    pub fn opt_count(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> Option<u64> {
        let kind = Kind::Count(*range.start(), *range.end());
        self.optional(name, kind, help, |node| count(node, &range))
    }

    /// A whole number within `range` that must be given.
    pub fn required_count(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> u64 {
        let kind = Kind::Count(*range.start(), *range.end());
        let value = self.field(name, kind, None, true, help, |node| count(node, &range));
        value.unwrap_or(*range.start())
    }

    /// A number within `range`.
    pub fn number(
        &mut self,
        name: &'static str,
        default: f64,
        range: RangeInclusive<f64>,
        help: &'static str,
    ) -> f64 {
        let kind = Kind::Number(*range.start(), *range.end());
        let parse = |node: &Node| number(node, &range);
        self.with_default(name, kind, &default.to_string(), help, parse).unwrap_or(default)
    }

    /// A number within `range` that may be left out.
    pub fn opt_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
        help: &'static str,
    ) -> Option<f64> {
        let kind = Kind::Number(*range.start(), *range.end());
        self.optional(name, kind, help, |node| number(node, &range))
    }

    /// Text.
    pub fn text(&mut self, name: &'static str, default: &str, help: &'static str) -> String {
        self.with_default(name, Kind::Text, default, help, text).unwrap_or_default()
    }

    /// Text that may be left out.
    pub fn opt_text(&mut self, name: &'static str, help: &'static str) -> Option<String> {
        self.optional(name, Kind::Text, help, text)
    }

    /// Text that must be given.
    pub fn required_text(&mut self, name: &'static str, help: &'static str) -> String {
        self.field(name, Kind::Text, None, true, help, text).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, default: bool, help: &'static str) -> bool {
        let found = self.with_default(name, Kind::Flag, &default.to_string(), help, flag);
        found.unwrap_or(default)
    }

    /// One of `words`; returns its index.
    pub fn choice(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        default: &str,
        help: &'static str,
    ) -> usize {
        let parse = |node: &Node| word(node, words);
        self.with_default(name, Kind::Choice(words.to_vec()), default, help, parse).unwrap_or(0)
    }

    /// A list of texts, each turned into a value by `parse`.
    pub fn texts<T>(
        &mut self,
        name: &'static str,
        default: &str,
        help: &'static str,
        parse: fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Vec<(Place, T)> {
        self.note(name, Kind::Texts, Some(format!("[{default}]")), false, help);
        let split = || default.split(',').map(str::trim).filter(|t| !t.is_empty());
        let fallback = || split().filter_map(parse).map(|v| (Place::default(), v)).collect();
        let Some(node) = self.child(name) else { return fallback() };
        let Value::List(items) = &node.value else {
            self.complain_at(name, node, "a list");
            return fallback();
        };
        let mut values = Vec::new();
        for item in items.iter().take(LONGEST_LIST) {
            match item.scalar_text().and_then(|t| parse(&t)) {
                Some(value) => values.push((item.place, value)),
                None => self.complain_at(name, item, expected),
            }
        }
        values
    }

    /// A distribution of durations; `default` is a duration or a YAML flow mapping.
    pub fn distribution(
        &mut self,
        name: &'static str,
        default: (&str, Distribution),
        help: &'static str,
    ) -> Distribution {
        self.note(name, Kind::Distribution, Some(default.0.to_string()), false, help);
        match self.child(name) {
            Some(node) => self.distribution_of(name, node).unwrap_or(default.1),
            None => default.1,
        }
    }

    /// A distribution of durations that may be left out.
    pub fn opt_distribution(
        &mut self,
        name: &'static str,
        help: &'static str,
    ) -> Option<Distribution> {
        self.note(name, Kind::Distribution, None, false, help);
        let node = self.child(name)?;
        self.distribution_of(name, node)
    }

    /// A nested mapping, read even when absent so that its defaults apply.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> T {
        self.note(name, Kind::Object, None, false, help);
        let node = self.child(name);
        let node = node.filter(|n| match n.value {
            Value::Map(_) => true,
            Value::Null => false,
            _ => {
                self.complain_at(name, n, "a mapping");
                false
            }
        });
        self.descend(node, self.child_path(name), self.child_spec(name), read)
    }

    /// A nested mapping that may be left out.
    pub fn opt_object<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<T> {
        let wanted = self.describing || self.has(name);
        if !wanted {
            self.known.push(name);
            return None;
        }
        Some(self.object(name, help, read))
    }

    /// A nested mapping, read even when absent, or `word` instead of it, which yields nothing.
    pub fn object_or<T>(
        &mut self,
        name: &'static str,
        word: &'static str,
        help: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<T> {
        if self.child(name).is_some_and(|n| n.text() == Some(word)) {
            self.known.push(name);
            return None;
        }
        let value = self.object(name, help, read);
        let spec = self.child_spec(name);
        for field in self.sink.borrow_mut().fields.iter_mut().filter(|f| f.path == spec) {
            field.kind = Kind::ObjectOr(word);
        }
        Some(value)
    }

    /// A list of mappings; nothing when it is not given.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        mut read: impl FnMut(&mut Reader<'_>) -> T,
    ) -> Option<Vec<T>> {
        self.note(name, Kind::List, None, false, help);
        let spec = format!("{}[]", self.child_spec(name));
        if self.describing {
            self.descend(None, String::new(), spec, &mut read);
            return None;
        }
        let node = self.child(name)?;
        let items = self.items(name, node)?;
        let read_item = |(i, item): (usize, &'a Node)| {
            let path = format!("{}[{i}]", self.child_path(name));
            if !matches!(item.value, Value::Map(_)) {
                let found = format!("found {}", item.shown());
                self.push(Problem::error(item.place, &path, found).expected("a mapping"));
            }
            self.descend(Some(item), path, spec.clone(), &mut read)
        };
        Some(items.iter().enumerate().map(read_item).collect())
    }

    /// One part of `parts`, written `name` or `name: {settings}`; nothing when it is not given.
    pub fn part<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        parts: &'static [Part<T>],
    ) -> Option<T> {
        self.note(name, Kind::Part(part_names(parts)), None, false, help);
        let node = self.child(name)?;
        self.part_of(node, self.child_path(name), parts).map(|(_, value)| value)
    }

    /// A list of parts; each comes with its place.
    pub fn parts<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        parts: &'static [Part<T>],
    ) -> Option<Vec<(Place, T)>> {
        self.note(name, Kind::Parts(part_names(parts)), None, false, help);
        let node = self.child(name)?;
        let items = self.items(name, node)?;
        let read = |(i, item): (usize, &'a Node)| {
            self.part_of(item, format!("{}[{i}]", self.child_path(name)), parts)
        };
        Some(items.iter().enumerate().filter_map(read).collect())
    }

    /// One of a few words (the first is the default), or one part of `parts`.
    pub fn word_or_part<T>(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        help: &'static str,
        parts: &'static [Part<T>],
    ) -> WordOrPart<T> {
        if let Some(word) = words.iter().position(|w| self.has(name) && self.text_is(name, w)) {
            return WordOrPart::Word(word);
        }
        let part = self.part(name, help, parts);
        if self.describing {
            let spec = self.child_spec(name);
            for field in self.sink.borrow_mut().fields.iter_mut().filter(|f| f.path == spec) {
                field.kind = Kind::Part([words, &part_names(parts)].concat());
                field.default = words.first().map(ToString::to_string);
            }
        }
        part.map_or(WordOrPart::Word(0), WordOrPart::Part)
    }

    /// Documents the default of a list or part that the caller fills in by itself.
    pub fn default_is(&mut self, name: &str, yaml: &str) {
        let spec = self.child_spec(name);
        for field in self.sink.borrow_mut().fields.iter_mut().filter(|f| f.path == spec) {
            field.default = Some(yaml.to_string());
        }
    }

    fn items(&mut self, name: &str, node: &'a Node) -> Option<&'a [Node]> {
        match &node.value {
            Value::List(items) if items.len() > LONGEST_LIST => {
                let found = format!("found a list of {}", items.len());
                self.push(
                    Problem::error(node.place, self.child_path(name), found)
                        .expected(format!("at most {LONGEST_LIST} entries")),
                );
                None
            }
            Value::List(items) => Some(items),
            _ => {
                self.complain_at(name, node, "a list");
                None
            }
        }
    }

    fn part_of<T>(
        &self,
        node: &'a Node,
        path: String,
        parts: &'static [Part<T>],
    ) -> Option<(Place, T)> {
        let names = || part_names(parts).join(", ");
        let (key_place, name, settings) = match &node.value {
            Value::Text(name) => (node.place, name.as_str(), None),
            Value::Map(entries) if entries.len() == 1 => {
                let (Key { place, name }, settings) = &entries[0];
                (*place, name.as_str(), Some(settings))
            }
            _ => {
                let found = format!("found {}", node.shown());
                let help = "write a name, or one name with its settings: `name: {…}`";
                let problem = Problem::error(node.place, path, found);
                self.push(problem.expected(format!("one of {}", names())).help(help));
                return None;
            }
        };
        let Some(part) = parts.iter().find(|p| p.name == name) else {
            let meant = nearest(name, parts.iter().map(|p| p.name));
            let problem = Problem::error(key_place, path, format!("unknown name {name:?}"));
            let problem = problem.expected(format!("one of {}", names()));
            self.push(match meant {
                Some(meant) => problem.help(format!("did you mean {meant}?")),
                None => problem,
            });
            return None;
        };
        let path = format!("{path}.{name}");
        let settings = settings.filter(|s| match s.value {
            Value::Map(_) => true,
            Value::Null => false,
            _ => {
                let found = format!("found {}", s.shown());
                self.push(Problem::error(s.place, &path, found).expected("a mapping of settings"));
                false
            }
        });
        let mut reader = self.below(settings, path, String::new());
        reader.place = key_place;
        let value = (part.read)(&mut reader);
        reader.finish();
        Some((key_place, value))
    }

    fn descend<T>(
        &self,
        node: Option<&'a Node>,
        path: String,
        spec_path: String,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> T {
        let mut reader = self.below(node, path, spec_path);
        let value = read(&mut reader);
        reader.finish();
        value
    }

    fn below(&self, node: Option<&'a Node>, path: String, spec_path: String) -> Reader<'a> {
        Reader {
            node,
            place: node.map_or(self.place, |n| n.place),
            path,
            spec_path,
            describing: self.describing,
            known: Vec::new(),
            sink: self.sink,
        }
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

    fn distribution_of(&self, name: &str, node: &Node) -> Option<Distribution> {
        match distribution(node) {
            Ok(found) => Some(found),
            Err((place, expected)) => {
                let found = format!("found {}", node.shown());
                self.push(Problem::error(place, self.child_path(name), found).expected(expected));
                None
            }
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

fn part_names<T>(parts: &'static [Part<T>]) -> Vec<&'static str> {
    parts.iter().map(|p| p.name).collect()
}

fn from_text<T>(
    node: &Node,
    parse: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<T, String> {
    node.scalar_text().and_then(|t| parse(&t)).ok_or_else(|| expected.to_string())
}

fn duration(node: &Node) -> Result<SimDuration, String> {
    from_text(node, units::parse_duration, "a duration such as 90s, 5m or 250ms")
}

fn share(node: &Node) -> Result<Share, String> {
    from_text(node, units::parse_share, "a share from 0% to 100%, such as 5%")
}

fn rate(node: &Node) -> Result<Rate, String> {
    from_text(node, units::parse_rate, "a rate such as 60/s or 200/m")
}

fn money(node: &Node) -> Result<Money, String> {
    from_text(node, units::parse_money, "an amount such as $2")
}

fn price(node: &Node) -> Result<Money, String> {
    from_text(node, units::parse_price, "a price such as $0.05/h")
}

fn text(node: &Node) -> Result<String, String> {
    node.scalar_text().ok_or_else(|| "text".to_string())
}

fn flag(node: &Node) -> Result<bool, String> {
    match &node.value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) => text.parse().map_err(|_| "true or false".to_string()),
        _ => Err("true or false".to_string()),
    }
}

fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let expected = || format!("a whole number from {} to {}", range.start(), range.end());
    let number: u64 = match &node.value {
        Value::Integer(number) => u64::try_from(*number).map_err(|_| expected())?,
        Value::Text(text) if node.place == Place::default() => {
            text.parse().map_err(|_| expected())?
        }
        _ => return Err(expected()),
    };
    range.contains(&number).then_some(number).ok_or_else(expected)
}

fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
    let expected = || format!("a number from {} to {}", range.start(), range.end());
    let number: f64 = node.scalar_text().and_then(|t| t.parse().ok()).ok_or_else(expected)?;
    range.contains(&number).then_some(number).ok_or_else(expected)
}

fn word(node: &Node, words: &[&'static str]) -> Result<usize, String> {
    let found = node.text().and_then(|text| words.iter().position(|w| *w == text));
    found.ok_or_else(|| format!("one of {}", words.join(", ")))
}

const DISTRIBUTION: &str = "a duration such as 8s, or one of {constant: 8s}, \
    {uniform: {min, max}}, {exponential: {mean}}, {lognormal: {mean, cv}}, \
    {lognormal: {median, p90|p95|p99}}, {pareto: {min, alpha}}";

/// Reads a distribution; the error is the place and what was expected there.
fn distribution(node: &Node) -> Result<Distribution, (Place, String)> {
    let wrong = |place: Place| (place, DISTRIBUTION.to_string());
    let Value::Map(entries) = &node.value else {
        let span = duration(node).map_err(|_| wrong(node.place))?;
        return Ok(Distribution::constant(span));
    };
    let [(kind, settings)] = entries.as_slice() else { return Err(wrong(node.place)) };
    let secs = |name: &str| -> Result<f64, (Place, String)> {
        let value = settings
            .get(name)
            .ok_or_else(|| (settings.place, format!("`{name}` in {}", kind.name)))?;
        let span = duration(value).map_err(|e| (value.place, e))?;
        match span.as_secs_f64() {
            secs if secs > 0.0 => Ok(secs),
            _ => Err((value.place, format!("`{name}` above 0"))),
        }
    };
    let plain = |name: &str, range: RangeInclusive<f64>| -> Result<f64, (Place, String)> {
        let value = settings
            .get(name)
            .ok_or_else(|| (settings.place, format!("`{name}` in {}", kind.name)))?;
        number(value, &range).map_err(|e| (value.place, e))
    };
    let known: &[&str] = match kind.name.as_str() {
        "uniform" => &["min", "max"],
        "exponential" => &["mean"],
        "lognormal" => &["mean", "cv", "median", "p90", "p95", "p99"],
        "pareto" => &["min", "alpha"],
        _ => &[],
    };
    if let Value::Map(given) = &settings.value
        && let Some((key, _)) = given.iter().find(|(k, _)| !known.contains(&k.name.as_str()))
    {
        return Err((key.place, format!("one of {} in {}", known.join(", "), kind.name)));
    }
    match kind.name.as_str() {
        "constant" => {
            duration(settings).map(Distribution::constant).map_err(|e| (settings.place, e))
        }
        "uniform" => {
            let (min, max) = (secs("min")?, secs("max")?);
            let ordered = min <= max;
            ordered
                .then_some(Distribution::Uniform { min, max })
                .ok_or((settings.place, "min not above max".to_string()))
        }
        "exponential" => Ok(Distribution::Exponential { mean: secs("mean")? }),
        "lognormal" if settings.get("mean").is_some() => {
            Ok(Distribution::lognormal_mean_cv(secs("mean")?, plain("cv", 0.0..=20.0)?))
        }
        "lognormal" => lognormal_by_quantile(settings, secs),
        "pareto" => {
            Ok(Distribution::Pareto { min: secs("min")?, alpha: plain("alpha", 1.01..=100.0)? })
        }
        _ => Err(wrong(kind.place)),
    }
}

fn lognormal_by_quantile(
    settings: &Node,
    secs: impl Fn(&str) -> Result<f64, (Place, String)>,
) -> Result<Distribution, (Place, String)> {
    let median = secs("median")?;
    for (name, q) in [("p90", 0.90), ("p95", 0.95), ("p99", 0.99)] {
        if let Some(node) = settings.get(name) {
            let value = secs(name)?;
            if value <= median {
                return Err((node.place, format!("{name} above the median")));
            }
            return Ok(Distribution::lognormal_median_quantile(median, q, value));
        }
    }
    Err((settings.place, "p90, p95 or p99 beside the median".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
