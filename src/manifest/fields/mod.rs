//! Reads the fields of one mapping of a manifest, and books what becomes of each.
//!
//! A kind has one `read` function. Run against a manifest it yields the settings, all problems, and
//! a note per field; run against nothing it yields the documentation of the kind, so that a field
//! can't be read without being documented. Types are Kubernetes' own: a number in quotes is text, a
//! percentage has its sign. Deliberately unknown here: which kinds there are.

mod booking;

use super::note::{Lists, Weight};
use super::scalars;
use crate::base::node::{Node, Value};
use crate::base::problem::{Place, Problem, Severity};
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Longest list or mapping that is read.
const LONGEST: usize = 10_000;

/// What windtunnel does with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It shapes the flight.
    Used,
    /// It changes nothing in a flight.
    NoEffect,
    /// It would change figures, and is not flown.
    NotFlown,
    /// The server or a tool wrote it.
    Bookkeeping,
}

/// One documented field of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDoc {
    /// Path, with `[]` for lists.
    pub path: String,
    /// What it holds.
    pub holds: String,
    /// What windtunnel does with it.
    pub treatment: Treatment,
    /// In words.
    pub becomes: &'static str,
}

/// What reading yields beside the settings.
#[derive(Debug, Default)]
pub struct Book {
    /// Everything wrong so far.
    pub problems: Vec<Problem>,
    /// Understood, assumed, ignored.
    pub lists: Lists,
    /// The fields, when describing.
    pub docs: Vec<FieldDoc>,
}

/// Labels or a selector: names and values, in the order of the text.
pub type Labels = Vec<(String, String)>;

/// Reads the fields of one mapping.
pub struct Fields<'a> {
    node: Option<&'a Node>,
    place: Place,
    path: String,
    doc_path: String,
    object: &'a str,
    file: &'a Arc<str>,
    describing: bool,
    known: Vec<&'static str>,
    /// Are all names allowed?
    free: bool,
    book: &'a RefCell<Book>,
}

/// The fields that `read` asks for, for the documentation.
pub fn describe<T>(read: fn(&mut Fields<'_>) -> T) -> Vec<FieldDoc> {
    let book = RefCell::new(Book::default());
    let file: Arc<str> = Arc::from("");
    let mut fields = Fields {
        node: None,
        place: Place::default(),
        path: String::new(),
        doc_path: String::new(),
        object: "",
        file: &file,
        describing: true,
        known: Vec::new(),
        free: false,
        book: &book,
    };
    read(&mut fields);
    book.into_inner().docs
}

/// Reads a whole document with `read`.
pub fn read_document<T>(
    node: &Node,
    object: &str,
    file: &Arc<str>,
    book: &RefCell<Book>,
    read: impl FnOnce(&mut Fields<'_>) -> T,
) -> T {
    let mut fields = Fields {
        node: Some(node),
        place: node.place,
        path: String::new(),
        doc_path: String::new(),
        object,
        file,
        describing: false,
        known: Vec::new(),
        free: false,
        book,
    };
    let value = read(&mut fields);
    fields.finish();
    value
}

impl<'a> Fields<'a> {
    /// Is `name` given, and not `null`?
    pub fn has(&self, name: &str) -> bool {
        self.child(name).is_some()
    }

    /// Is this a run for the documentation?
    pub fn describing(&self) -> bool {
        self.describing
    }

    /// The value of `name`, unread.
    pub fn child(&self, name: &str) -> Option<&'a Node> {
        self.node.and_then(|n| n.get(name)).filter(|n| n.value != Value::Null)
    }

    /// Whole number within a range.
    pub fn count(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        becomes: &'static str,
    ) -> Option<u64> {
        let holds = "whole number";
        self.scalar(name, holds, becomes, |node| scalars::count(node, &range))
    }

    /// Number with a fraction, within a range.
    pub fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
        becomes: &'static str,
    ) -> Option<f64> {
        self.scalar(name, "number", becomes, |node| scalars::number(node, &range))
    }

    /// Text.
    pub fn text(&mut self, name: &'static str, becomes: &'static str) -> Option<String> {
        self.scalar(name, "text", becomes, scalars::text)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, becomes: &'static str) -> Option<bool> {
        self.scalar(name, "true or false", becomes, scalars::flag)
    }

    /// One of a few words; returns its index.
    pub fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        becomes: &'static str,
    ) -> Option<usize> {
        self.scalar(name, &words.join(", "), becomes, |node| scalars::word(node, words))
    }

    /// A number of pods or a percentage, as it is written.
    pub fn int_or_percent(&mut self, name: &'static str, becomes: &'static str) -> Option<String> {
        self.scalar(name, "number or percentage", becomes, scalars::int_or_percent)
    }

    /// A Go duration such as `1m30s`.
    pub fn duration(&mut self, name: &'static str, becomes: &'static str) -> Option<String> {
        self.scalar(name, "duration", becomes, scalars::duration)
    }

    /// Any other single value, by a parser of its own.
    pub fn scalar<T>(
        &mut self,
        name: &'static str,
        holds: &str,
        becomes: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.note(name, holds, Treatment::Used, becomes);
        let node = self.child(name)?;
        match parse(node) {
            Ok(value) => {
                self.understood(name, node, becomes);
                Some(value)
            }
            Err(expected) => {
                self.complain(name, node, &expected);
                None
            }
        }
    }

    /// A mapping of names to texts.
    pub fn labels(&mut self, name: &'static str, becomes: &'static str) -> Option<Labels> {
        self.note(name, "labels", Treatment::Used, becomes);
        let node = self.child(name)?;
        let Value::Map(entries) = &node.value else {
            self.complain(name, node, "a mapping of names to texts");
            return None;
        };
        if entries.len() > LONGEST {
            self.complain(name, node, &format!("at most {LONGEST} entries"));
            return None;
        }
        let mut labels = Labels::new();
        for (key, value) in entries {
            let path = format!("{}.{}", self.child_path(name), key.name);
            match value.text() {
                Some(text) => {
                    labels.push((key.name.clone(), text.to_string()));
                    let told = format!("{}: {becomes}", value.shown());
                    let note = self.note_of(key.place, path, told, Weight::NoEffect);
                    self.book.borrow_mut().lists.understood.push(note);
                }
                None => {
                    let found = format!("found {}", value.shown());
                    let problem = Problem::error(value.place, path, found).expected("text");
                    let help = format!("write quotes: \"{}\"", value.shown());
                    self.push(problem.help(help));
                }
            }
        }
        Some(labels)
    }

    /// The entries of a mapping of texts whose names begin with `prefix`; the others are of tools.
    pub fn prefixed(
        &mut self,
        name: &'static str,
        prefix: &'static str,
        becomes: &'static str,
        others: &'static str,
    ) -> Labels {
        self.known.push(name);
        if self.describing {
            let path = self.child_doc(name);
            let own = FieldDoc {
                path: format!("{path}.{prefix}*"),
                holds: "text".into(),
                treatment: Treatment::Used,
                becomes,
            };
            let treatment = Treatment::Bookkeeping;
            let rest = FieldDoc { path, holds: "anything".into(), treatment, becomes: others };
            self.book.borrow_mut().docs.extend([own, rest]);
        }
        let Some(Node { value: Value::Map(entries), .. }) = self.child(name) else {
            self.ignore_one(name, Weight::Bookkeeping, others);
            return Labels::new();
        };
        let (own, rest): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(key, _)| key.name.starts_with(prefix));
        if !rest.is_empty() {
            self.ignore_one(name, Weight::Bookkeeping, others);
        }
        let mut labels = Labels::new();
        for (key, value) in own {
            let path = format!("{}.{}", self.child_path(name), key.name);
            match value.text() {
                Some(text) => {
                    labels.push((key.name.clone(), text.to_string()));
                    let short = becomes.split(':').next().unwrap_or(becomes);
                    let told = format!("{}: {short}", value.shown());
                    let note = self.note_of(key.place, path, told, Weight::NoEffect);
                    self.book.borrow_mut().lists.understood.push(note);
                }
                None => {
                    let found = format!("found {}", value.shown());
                    self.push(Problem::error(value.place, path, found).expected("text"));
                }
            }
        }
        labels
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &'static str, becomes: &'static str) -> Option<Vec<String>> {
        self.note(name, "list of texts", Treatment::Used, becomes);
        let node = self.child(name)?;
        let items = self.items(name, node)?;
        self.understood(name, node, becomes);
        let mut texts = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match item.text() {
                Some(text) => texts.push(text.to_string()),
                None => {
                    let path = format!("{}[{i}]", self.child_path(name));
                    let found = format!("found {}", item.shown());
                    self.push(Problem::error(item.place, path, found).expected("text"));
                }
            }
        }
        Some(texts)
    }

    /// A list of values, each read by a parser of its own.
    pub fn scalars<T>(
        &mut self,
        name: &'static str,
        holds: &str,
        becomes: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        self.note(name, holds, Treatment::Used, becomes);
        let node = self.child(name)?;
        let items = self.items(name, node)?;
        self.understood(name, node, becomes);
        let mut values = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match parse(item) {
                Ok(value) => values.push(value),
                Err(expected) => {
                    let path = format!("{}[{i}]", self.child_path(name));
                    let found = format!("found {}", item.shown());
                    self.push(Problem::error(item.place, path, found).expected(expected));
                }
            }
        }
        Some(values)
    }

    /// A nested mapping; nothing when it is not given.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        self.known.push(name);
        if self.describing {
            let doc_path = self.child_doc(name);
            return Some(self.descend(None, String::new(), doc_path, read));
        }
        let node = self.child(name)?;
        if !matches!(node.value, Value::Map(_)) {
            self.complain(name, node, "a mapping");
            return None;
        }
        Some(self.descend(Some(node), self.child_path(name), String::new(), read))
    }

    /// A mapping whose keys are free and whose values are mappings; empty when it is not given.
    pub fn map<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&str, &mut Fields<'_>) -> T,
    ) -> Vec<T> {
        self.known.push(name);
        if self.describing {
            let doc_path = format!("{}.*", self.child_doc(name));
            self.descend(None, String::new(), doc_path, |f| read("*", f));
            return Vec::new();
        }
        let Some(node) = self.child(name) else { return Vec::new() };
        let Value::Map(entries) = &node.value else {
            self.complain(name, node, "a mapping");
            return Vec::new();
        };
        if entries.len() > LONGEST {
            self.complain(name, node, &format!("at most {LONGEST} entries"));
            return Vec::new();
        }
        let mut values = Vec::new();
        for (key, value) in entries {
            let path = format!("{}.{}", self.child_path(name), key.name);
            if !matches!(value.value, Value::Map(_)) {
                let found = format!("found {}", value.shown());
                self.push(Problem::error(value.place, path, found).expected("a mapping"));
                continue;
            }
            values.push(self.descend(Some(value), path, String::new(), |f| read(&key.name, f)));
        }
        values
    }

    /// A list of mappings; empty when it is not given.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        self.known.push(name);
        if self.describing {
            let doc_path = format!("{}[]", self.child_doc(name));
            self.descend(None, String::new(), doc_path, read);
            return Vec::new();
        }
        let Some(node) = self.child(name) else { return Vec::new() };
        let Some(items) = self.items(name, node) else { return Vec::new() };
        let mut values = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let path = format!("{}[{i}]", self.child_path(name));
            if !matches!(item.value, Value::Map(_)) {
                let found = format!("found {}", item.shown());
                self.push(Problem::error(item.place, path, found).expected("a mapping"));
                continue;
            }
            values.push(self.descend(Some(item), path, String::new(), &mut read));
        }
        values
    }

    fn items(&self, name: &str, node: &'a Node) -> Option<&'a [Node]> {
        match &node.value {
            Value::List(items) if items.len() <= LONGEST => Some(items),
            Value::List(_) => {
                self.complain(name, node, &format!("at most {LONGEST} entries"));
                None
            }
            _ => {
                self.complain(name, node, "a list");
                None
            }
        }
    }

    fn descend<T>(
        &self,
        node: Option<&'a Node>,
        path: String,
        doc_path: String,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> T {
        let mut fields = Fields {
            node,
            place: node.map_or(self.place, |n| n.place),
            path,
            doc_path,
            object: self.object,
            file: self.file,
            describing: self.describing,
            known: Vec::new(),
            free: false,
            book: self.book,
        };
        let value = read(&mut fields);
        fields.finish();
        value
    }

    fn key_place(&self, name: &str) -> Option<Place> {
        let Some(Node { value: Value::Map(entries), .. }) = self.node else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.place)
    }

    fn child_path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) }
    }

    fn child_doc(&self, name: &str) -> String {
        match self.doc_path.is_empty() {
            true => name.to_string(),
            false => format!("{}.{name}", self.doc_path),
        }
    }

    fn complain(&self, name: &str, node: &Node, expected: &str) {
        let found = format!("found {}", node.shown());
        self.push(Problem::error(node.place, self.child_path(name), found).expected(expected));
    }

    fn push(&self, problem: Problem) {
        self.book.borrow_mut().problems.push(problem.in_file(self.file));
    }
}

/// Is anything in the list an error?
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.severity == Severity::Error)
}
