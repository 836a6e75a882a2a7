//! What becomes of fields: booked as understood, assumed, ignored or unknown, each with its place.
//!
//! How values are read, and which fields there are, is not known here.

use super::{FieldDoc, Fields, Treatment};
use crate::base::node::{Node, Value};
use crate::base::problem::{Place, Problem, nearest};
use crate::manifest::defaults;
use crate::manifest::note::{Note, Spot, Weight};
use std::sync::Arc;

impl Fields<'_> {
    /// Fields that change nothing in a flight.
    pub fn no_effect(&mut self, names: &[&'static str], why: &'static str) {
        self.ignore(names, Treatment::NoEffect, why);
    }

    /// Fields that would change figures, and are not flown.
    pub fn not_flown(&mut self, names: &[&'static str], why: &'static str) {
        self.ignore(names, Treatment::NotFlown, why);
    }

    /// Fields that the server or a tool wrote.
    pub fn bookkeeping(&mut self, names: &[&'static str], why: &'static str) {
        self.ignore(names, Treatment::Bookkeeping, why);
    }

    /// All other fields: their names are free, and they change nothing.
    pub fn free(&mut self, why: &'static str) {
        if self.describing {
            self.note("*", "anything", Treatment::NoEffect, why);
        }
        let Some(Node { value: Value::Map(entries), .. }) = self.node else { return };
        for (key, _) in entries {
            if !self.known.contains(&key.name.as_str()) {
                let path = self.child_path(&key.name);
                let (weight, why) = self.weigh(&key.name, Weight::NoEffect, why);
                let note = self.note_of(key.place, path, why.to_string(), weight);
                self.book.borrow_mut().lists.ignored.push(note);
            }
        }
        self.free = true;
    }

    /// Fields that are read elsewhere, or say what the document is.
    pub fn known(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    fn ignore(&mut self, names: &[&'static str], treatment: Treatment, why: &'static str) {
        for name in names {
            self.note(name, "anything", treatment, why);
            let weight = match treatment {
                Treatment::Bookkeeping => Weight::Bookkeeping,
                Treatment::NotFlown => Weight::Matters,
                Treatment::NoEffect | Treatment::Used => Weight::NoEffect,
            };
            self.ignore_one(name, weight, why);
        }
    }

    pub(super) fn ignore_one(&self, name: &str, weight: Weight, why: &'static str) {
        if let Some(place) = self.key_place(name) {
            let (weight, why) = self.weigh(name, weight, why);
            let note = self.note_of(place, self.child_path(name), why.to_string(), weight);
            self.book.borrow_mut().lists.ignored.push(note);
        }
    }

    /// What the server has written by itself counts for nothing.
    fn weigh(&self, name: &str, weight: Weight, why: &'static str) -> (Weight, &'static str) {
        let node = self.node.and_then(|node| node.get(name));
        match node.is_some_and(|node| defaults::is_servers(name, node)) {
            true if weight > Weight::Bookkeeping => {
                (Weight::Bookkeeping, "what the server writes by default: no effect")
            }
            _ => (weight, why),
        }
    }

    /// Books a value that the manifest does not give; `matters` when a complete one would.
    pub fn assume(&mut self, name: &str, value: &str, source: &str, matters: bool) {
        if self.describing {
            return;
        }
        let weight = if matters { Weight::Matters } else { Weight::NoEffect };
        let note = self.note_of(self.place, self.child_path(name), value.to_string(), weight);
        let note = Note { source: source.to_string(), ..note };
        self.book.borrow_mut().lists.assumed.push(note);
    }

    /// Records a problem with the value of `name`, or with the mapping if it is not given.
    pub fn problem(&mut self, name: &str, message: impl Into<String>, expected: &str, help: &str) {
        if self.describing {
            return;
        }
        let place = self.child(name).map_or(self.place, |n| n.place);
        let path = if self.has(name) { self.child_path(name) } else { self.path.clone() };
        self.push(Problem::error(place, path, message).expected(expected).help(help));
    }

    /// Warns of the value of `name`, which is flown as something else, and books it.
    pub fn warning(&mut self, name: &str, why: String, help: &str) {
        let Some(node) = self.child(name) else { return };
        let path = self.child_path(name);
        let warning = Problem::warning(node.place, &path, why.clone()).help(help);
        let note = self.note_of(node.place, path, why, Weight::Matters);
        self.push(warning);
        self.book.borrow_mut().lists.ignored.push(note);
    }

    /// Records that `name` must be given.
    pub fn missing(&mut self, name: &str, help: &str) {
        if !self.describing && !self.has(name) {
            let message = format!("{name} is missing");
            self.push(Problem::error(self.place, self.path.clone(), message).help(help));
        }
    }

    /// Names the fields that nobody asked for.
    pub(super) fn finish(self) {
        let Some(Node { value: Value::Map(entries), .. }) = self.node else { return };
        if self.free {
            return;
        }
        for (key, _) in entries.iter().filter(|(k, _)| !self.known.contains(&k.name.as_str())) {
            let near = nearest(&key.name, self.known.iter().copied());
            let help = near.map(|near| format!("did you mean {near}?")).unwrap_or_default();
            let why = match near {
                Some(near) => format!("unknown field; did you mean {near}?"),
                None => "unknown field: what it would do is not flown".to_string(),
            };
            let path = self.child_path(&key.name);
            let message = format!("unknown field {:?} is ignored", key.name);
            let warning = Problem::warning(key.place, self.path.clone(), message).help(help);
            let note = self.note_of(key.place, path, why, Weight::Matters);
            let mut book = self.book.borrow_mut();
            book.problems.push(warning.in_file(self.file));
            book.lists.ignored.push(note);
        }
    }

    pub(super) fn note(
        &mut self,
        name: &'static str,
        holds: &str,
        treatment: Treatment,
        becomes: &'static str,
    ) {
        self.known.push(name);
        if self.describing {
            let doc =
                FieldDoc { path: self.child_doc(name), holds: holds.into(), treatment, becomes };
            self.book.borrow_mut().docs.push(doc);
        }
    }

    pub(super) fn understood(&self, name: &str, node: &Node, becomes: &str) {
        let text = match &node.value {
            Value::Map(_) | Value::List(_) => becomes.to_string(),
            _ => format!("{}: {becomes}", node.shown()),
        };
        let place = self.key_place(name).unwrap_or(node.place);
        let note = self.note_of(place, self.child_path(name), text, Weight::NoEffect);
        self.book.borrow_mut().lists.understood.push(note);
    }

    pub(super) fn note_of(
        &self,
        place: Place,
        field: String,
        text: String,
        weight: Weight,
    ) -> Note {
        let spot = Spot { file: Arc::clone(self.file), place };
        Note { spot, object: self.object.to_string(), field, text, source: String::new(), weight }
    }
}
