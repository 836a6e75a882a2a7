//! The reader itself: what is given, where it stands, who asked for it, and what is wrong.

use super::{Dialect, FieldSpec, Own, SettingKind};
use crate::node::{Key, Node, Value};
use crate::problem::{Place, Problem};
use std::cell::RefCell;

/// What reading yields beside the settings.
#[derive(Debug)]
pub struct Sink<D: Dialect = Own> {
    /// Everything wrong so far.
    pub problems: Vec<Problem>,
    /// What else the dialect keeps.
    pub notes: D::Notes,
    /// The fields, when describing.
    pub docs: Vec<D::Doc>,
}

impl<D: Dialect> Default for Sink<D> {
    fn default() -> Self {
        Sink { problems: Vec::new(), notes: D::Notes::default(), docs: Vec::new() }
    }
}

/// Reads the fields of one mapping, in a dialect.
pub struct Reader<'a, D: Dialect = Own> {
    pub(super) node: Option<&'a Node>,
    pub(super) place: Place,
    path: String,
    spec_path: String,
    pub(super) describing: bool,
    pub(super) known: Vec<&'static str>,
    /// Are all names allowed?
    open: bool,
    dialect: D,
    pub(super) sink: &'a RefCell<Sink<D>>,
}

/// The fields that `read` asks for.
pub fn describe<D: Dialect + Default, T>(read: fn(&mut Reader<'_, D>) -> T) -> Vec<D::Doc> {
    let sink = RefCell::new(Sink::default());
    let mut reader = Reader::over(None, Place::default(), "", D::default(), &sink);
    reader.describing = true;
    read(&mut reader);
    sink.into_inner().docs
}

/// Reads a whole tree with `read`, complaining about keys that nobody asked for.
pub fn read_tree<T>(
    node: &Node,
    path: &str,
    sink: &RefCell<Sink>,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> T {
    read_document(node, path, Own, sink, read)
}

/// The same in any dialect.
pub fn read_document<D: Dialect, T>(
    node: &Node,
    path: &str,
    dialect: D,
    sink: &RefCell<Sink<D>>,
    read: impl FnOnce(&mut Reader<'_, D>) -> T,
) -> T {
    let mut reader = Reader::over(None, node.place, path, dialect, sink);
    match &node.value {
        Value::Map(_) => reader.node = Some(node),
        Value::Null => {}
        _ => reader.complain(node, path.to_string(), "a mapping"),
    }
    let value = read(&mut reader);
    reader.finish();
    value
}

impl<'a, D: Dialect> Reader<'a, D> {
    fn over(
        node: Option<&'a Node>,
        place: Place,
        path: &str,
        dialect: D,
        sink: &'a RefCell<Sink<D>>,
    ) -> Reader<'a, D> {
        Reader {
            node,
            place,
            path: path.to_string(),
            spec_path: String::new(),
            describing: false,
            known: Vec::new(),
            open: false,
            dialect,
            sink,
        }
    }

    /// A reader of the same document, for the fields of `node`.
    pub(super) fn below(&self, node: Option<&'a Node>, path: String, spec_path: String) -> Self {
        Reader {
            node,
            place: node.map_or(self.place, |n| n.place),
            path,
            spec_path,
            describing: self.describing,
            known: Vec::new(),
            open: false,
            dialect: self.dialect.clone(),
            sink: self.sink,
        }
    }

    /// Is this a description run (no values, every branch wanted)?
    pub fn describing(&self) -> bool {
        self.describing
    }

    /// What the dialect knows of the document.
    pub fn dialect(&self) -> &D {
        &self.dialect
    }

    /// Where problems, notes and documentation go.
    pub fn sink(&self) -> &'a RefCell<Sink<D>> {
        self.sink
    }

    /// Where the mapping stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Path of the mapping, such as `spec.service`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The names that were asked for so far.
    pub fn names(&self) -> &[&'static str] {
        &self.known
    }

    /// Is `name` given?
    pub fn has(&self, name: &str) -> bool {
        self.child(name).is_some()
    }

    /// The value of `name`, unread.
    pub fn child(&self, name: &str) -> Option<&'a Node> {
        let child = self.node.and_then(|n| n.get(name));
        child.filter(|n| D::DEFAULTS || n.value != Value::Null)
    }

    /// Where the value of `name` stands, or the mapping if it is not given.
    pub fn place_of(&self, name: &str) -> Place {
        self.child(name).map_or(self.place, |n| n.place)
    }

    /// Where the key `name` stands, if it is given.
    pub fn key_place(&self, name: &str) -> Option<Place> {
        let Some(Node { value: Value::Map(entries), .. }) = self.node else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.place)
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

    /// Fields that are read elsewhere, or say what the document is.
    pub fn known(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// Allows all other names from here on.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// The keys that nobody has asked for so far.
    pub fn unread(&self) -> impl Iterator<Item = &'a Key> {
        let entries = match self.node {
            Some(Node { value: Value::Map(entries), .. }) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, _)| key).filter(|key| !self.known.contains(&key.name.as_str()))
    }

    /// Is `name` the text `word` (or left out)? The field counts as known either way.
    pub fn text_is(&mut self, name: &'static str, word: &str) -> bool {
        self.known.push(name);
        self.child(name).is_none_or(|n| n.text() == Some(word))
    }

    /// Records a problem with the value of `name`; in files without defaults with the mapping if it
    /// is not given.
    pub fn problem(&mut self, name: &str, message: impl Into<String>, expected: &str, help: &str) {
        let named = D::DEFAULTS || self.has(name);
        let path = if named { self.child_path(name) } else { self.path.clone() };
        let problem = Problem::error(self.place_of(name), path, message);
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

    /// Records a warning about the value of `name`, at a byte of its text where one is known.
    pub fn warning_within(
        &mut self,
        name: &str,
        at: Option<(&str, usize)>,
        message: impl Into<String>,
        help: &str,
    ) {
        let place = self.place_of(name);
        let problem = Problem::warning(place, self.child_path(name), message).help(help);
        self.push(match at {
            Some((text, byte)) => problem.within(text, byte),
            None => problem,
        });
    }

    /// Records that `name` must be given, if it is not.
    pub fn missing(&mut self, name: &str, help: &str) {
        if !self.has(name) {
            let message = format!("{name} is missing");
            self.push(Problem::error(self.place, &self.path, message).help(help));
        }
    }

    /// Records a problem as it is; a run for the documentation has none.
    pub fn push(&self, problem: Problem) {
        if !self.describing {
            self.sink.borrow_mut().problems.push(self.dialect.place(problem));
        }
    }

    /// Asks for a field: notes its name, and its documentation when describing.
    pub fn note(
        &mut self,
        name: &'static str,
        kind: SettingKind,
        default: Option<String>,
        required: bool,
        help: &'static str,
    ) {
        self.known.push(name);
        if self.describing {
            let spec = FieldSpec { path: self.child_spec(name), kind, default, required, help };
            self.sink.borrow_mut().docs.extend(D::doc(spec));
        }
    }

    /// Path of the field `name`, such as `spec.service.replicas`.
    pub fn child_path(&self, name: &str) -> String {
        joined(&self.path, name)
    }

    /// Path of the field `name` in the documentation, where `[]` stands for an entry of a list.
    pub fn child_spec(&self, name: &str) -> String {
        joined(&self.spec_path, name)
    }

    /// Records that something else stands under `path` than what was `expected`.
    pub fn complain(&self, node: &Node, path: String, expected: &str) {
        let found = format!("found {}", node.shown());
        self.push(Problem::error(node.place, path, found).expected(expected));
    }

    /// The same for the field `name`.
    pub(super) fn complain_at(&self, name: &str, node: &Node, expected: &str) {
        self.complain(node, self.child_path(name), expected);
    }

    /// What becomes of the keys that nobody asked for.
    pub(super) fn finish(self) {
        if !self.open {
            self.unread().for_each(|key| D::unread(&self, key));
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}
