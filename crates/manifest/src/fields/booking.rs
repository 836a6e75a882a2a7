//! What only manifests hold, and what becomes of fields that are not read: no effect, not flown,
//! overridden, written by tools, assumed.

use super::{FieldDoc, Fields, Labels, Treatment};
use crate::note::{Note, Weight};
use crate::{defaults, scalars};
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::Problem;

/// The fields of manifests, beside those of every dialect.
pub trait Manifest {
    /// A number of pods or a percentage, as it is written.
    fn int_or_percent(&mut self, name: &'static str, becomes: &'static str) -> Option<String>;
    /// A Go duration such as `1m30s`, as it is written.
    fn duration(&mut self, name: &'static str, becomes: &'static str) -> Option<String>;
    /// A list of texts.
    fn texts(&mut self, name: &'static str, becomes: &'static str) -> Option<Vec<String>>;
    /// A mapping of names to texts.
    fn labels(&mut self, name: &'static str, becomes: &'static str) -> Option<Labels>;
    /// The entries of a mapping of texts whose names begin with `prefix`; the others are of tools.
    fn prefixed(
        &mut self,
        name: &'static str,
        prefix: &'static str,
        becomes: &'static str,
        others: &'static str,
    ) -> Labels;
    /// A nested mapping; nothing when it is not given.
    fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T>;
    /// A list of mappings; empty when it is not given.
    fn list<T>(&mut self, name: &'static str, read: impl FnMut(&mut Fields<'_>) -> T) -> Vec<T>;
    /// Fields that change nothing in a flight.
    fn no_effect(&mut self, names: &[&'static str], why: &'static str);
    /// Fields that would change figures, and are not flown.
    fn not_flown(&mut self, names: &[&'static str], why: &'static str);
    /// Fields that the real system never reads, whatever else is written.
    fn overridden(&mut self, names: &[&'static str], why: &'static str);
    /// Fields that the kind does not have though a similar one does, which the API server drops:
    /// whoever gives one is warned.
    fn dropped(&mut self, names: &[&'static str], why: &'static str);
    /// Books the value of `name` as overridden or cut by the real system: by what, and what holds
    /// instead.
    fn overrides(&mut self, name: &str, why: String);
    /// Fields that the server or a tool wrote.
    fn bookkeeping(&mut self, names: &[&'static str], why: &'static str);
    /// All other fields: their names are free, and they change nothing.
    fn free(&mut self, why: &'static str);
    /// All other fields: their names are free, and they change nothing, but for those in whose
    /// names one of `words` stands, which would change figures.
    fn free_unless(&mut self, words: &[&str], told: &'static str, why: &'static str);
    /// Texts of the fields whose names begin with `prefix`, with the rest of each name.
    fn beginning(&mut self, prefix: &'static str, becomes: &'static str) -> Vec<(String, String)>;
    /// Books a value that the manifest does not give; `matters` when a complete one would.
    fn assume(&mut self, name: &str, value: &str, source: &str, matters: bool);
    /// Warns of the value of `name`, which is flown as something else, and books it.
    fn flown_otherwise(&mut self, name: &str, why: String, help: &str);
}

impl Manifest for Fields<'_> {
    fn int_or_percent(&mut self, name: &'static str, becomes: &'static str) -> Option<String> {
        self.opt_scalar(name, "number or percentage", becomes, scalars::int_or_percent)
    }

    fn duration(&mut self, name: &'static str, becomes: &'static str) -> Option<String> {
        self.opt_scalar(name, "duration", becomes, scalars::duration)
    }

    fn texts(&mut self, name: &'static str, becomes: &'static str) -> Option<Vec<String>> {
        let text = |node: &Node| node.text().map(String::from).ok_or_else(|| "text".to_string());
        self.opt_scalars(name, "list of texts", becomes, text)
    }

    fn labels(&mut self, name: &'static str, becomes: &'static str) -> Option<Labels> {
        self.known(&[name]);
        document(self, self.child_spec(name), "labels", Treatment::Used, becomes);
        let entries = self.entries(name, "a mapping of names to texts")?;
        let read = |(key, value): &(Key, Node)| {
            let help = format!("write quotes: \"{}\"", value.shown());
            label(self, name, key, value, becomes, &help)
        };
        Some(entries.iter().filter_map(read).collect())
    }

    fn prefixed(
        &mut self,
        name: &'static str,
        prefix: &'static str,
        becomes: &'static str,
        others: &'static str,
    ) -> Labels {
        self.known(&[name]);
        let path = self.child_spec(name);
        document(self, format!("{path}.{prefix}*"), "text", Treatment::Used, becomes);
        document(self, path, "anything", Treatment::Bookkeeping, others);
        let Some(Node { value: Value::Map(entries), .. }) = self.child(name) else {
            ignore(self, name, Weight::Bookkeeping, others);
            return Labels::new();
        };
        let is_own = |(key, _): &&(Key, Node)| key.name.starts_with(prefix);
        if !entries.iter().all(|entry| is_own(&entry)) {
            ignore(self, name, Weight::Bookkeeping, others);
        }
        let short = becomes.split(':').next().unwrap_or(becomes);
        let own = entries.iter().filter(is_own);
        own.filter_map(|(key, value)| label(self, name, key, value, short, "")).collect()
    }

    fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        self.opt_object(name, "", read)
    }

    fn list<T>(&mut self, name: &'static str, read: impl FnMut(&mut Fields<'_>) -> T) -> Vec<T> {
        self.opt_list(name, "", read).unwrap_or_default()
    }

    fn no_effect(&mut self, names: &[&'static str], why: &'static str) {
        ignore_all(self, names, Treatment::NoEffect, Weight::NoEffect, why);
    }

    fn not_flown(&mut self, names: &[&'static str], why: &'static str) {
        ignore_all(self, names, Treatment::NotFlown, Weight::Matters, why);
    }

    fn overridden(&mut self, names: &[&'static str], why: &'static str) {
        self.known(names);
        for name in names {
            document(self, self.child_spec(name), "anything", Treatment::Overridden, why);
            if self.child(name).is_some_and(|node| !defaults::is_servers(name, node)) {
                book_overridden(self, name, why.to_string(), Weight::NoEffect);
            }
        }
    }

    fn dropped(&mut self, names: &[&'static str], why: &'static str) {
        self.known(names);
        for name in names {
            document(self, self.child_spec(name), "anything", Treatment::Overridden, why);
            if self.child(name).is_some_and(|node| !defaults::is_servers(name, node)) {
                book_overridden(self, name, why.to_string(), Weight::Matters);
                self.warning(name, why.to_string(), "");
            }
        }
    }

    fn overrides(&mut self, name: &str, why: String) {
        book_overridden(self, name, why, Weight::Matters);
    }

    fn bookkeeping(&mut self, names: &[&'static str], why: &'static str) {
        ignore_all(self, names, Treatment::Bookkeeping, Weight::Bookkeeping, why);
    }

    fn free(&mut self, why: &'static str) {
        document(self, self.child_spec("*"), "anything", Treatment::NoEffect, why);
        self.unread().for_each(|key| ignore(self, &key.name, Weight::NoEffect, why));
        self.open();
    }

    fn free_unless(&mut self, words: &[&str], told: &'static str, why: &'static str) {
        document(self, self.child_spec("*"), "anything", Treatment::Bookkeeping, why);
        let path = |name: &str| self.child_path(name);
        for key in self.unread().filter(|key| !is_understood(self, &path(&key.name), key)) {
            match words.iter().any(|word| key.name.contains(word)) {
                true => ignore(self, &key.name, Weight::Matters, told),
                false => ignore(self, &key.name, Weight::Bookkeeping, why),
            }
        }
        self.open();
    }

    fn beginning(&mut self, prefix: &'static str, becomes: &'static str) -> Vec<(String, String)> {
        let path = self.child_spec(&format!("{prefix}*"));
        document(self, path, "text", Treatment::Used, becomes);
        let own = self.unread().filter(|key| key.name.starts_with(prefix));
        let read = |key: &Key| {
            let text = self.child(&key.name)?.text()?.to_string();
            let told = becomes.to_string();
            let note =
                self.dialect().note(key.place, self.child_path(&key.name), told, Weight::NoEffect);
            self.sink().borrow_mut().notes.understood.push(note);
            Some((key.name[prefix.len()..].to_string(), text))
        };
        own.filter_map(read).collect()
    }

    fn flown_otherwise(&mut self, name: &str, why: String, help: &str) {
        let Some(place) = self.child(name).map(|node| node.place) else { return };
        self.warning(name, why.clone(), help);
        let note = self.dialect().note(place, self.child_path(name), why, Weight::Matters);
        self.sink().borrow_mut().notes.ignored.push(note);
    }

    fn assume(&mut self, name: &str, value: &str, source: &str, matters: bool) {
        if self.describing() {
            return;
        }
        let weight = if matters { Weight::Matters } else { Weight::NoEffect };
        let path = self.child_path(name);
        let note = self.dialect().note(self.place(), path, value.to_string(), weight);
        let note = Note { source: source.to_string(), ..note };
        self.sink().borrow_mut().notes.assumed.push(note);
    }
}

/// Has a field been booked as understood, though not by its name?
fn is_understood(f: &Fields<'_>, path: &str, key: &Key) -> bool {
    let book = f.sink().borrow();
    book.notes.understood.iter().rev().any(|n| n.written_at.place == key.place && n.field == path)
}

/// Documents a field, when describing.
fn document(
    f: &Fields<'_>,
    path: String,
    holds: &str,
    treatment: Treatment,
    becomes: &'static str,
) {
    if f.describing() {
        let doc = FieldDoc { path, holds: holds.into(), treatment, becomes };
        f.sink().borrow_mut().docs.push(doc);
    }
}

fn ignore_all(
    f: &mut Fields<'_>,
    names: &[&'static str],
    treatment: Treatment,
    weight: Weight,
    why: &'static str,
) {
    f.known(names);
    for name in names {
        document(f, f.child_spec(name), "anything", treatment, why);
        ignore(f, name, weight, why);
    }
}

/// Books a field as overridden, if it is given.
fn book_overridden(f: &Fields<'_>, name: &str, why: String, weight: Weight) {
    let Some(place) = f.key_place(name) else { return };
    let note = f.dialect().note(place, f.child_path(name), why, weight);
    f.sink().borrow_mut().notes.overridden.push(note);
}

/// Books a field as ignored, if it is given; what the server has written by itself counts for
/// nothing.
fn ignore(f: &Fields<'_>, name: &str, weight: Weight, why: &str) {
    let Some(place) = f.key_place(name) else { return };
    let is_servers = f.child(name).is_none_or(|node| defaults::is_servers(name, node));
    let (weight, why) = match is_servers && weight > Weight::Bookkeeping {
        true => (Weight::Bookkeeping, "what the server writes by default: no effect"),
        false => (weight, why),
    };
    let note = f.dialect().note(place, f.child_path(name), why.to_string(), weight);
    f.sink().borrow_mut().notes.ignored.push(note);
}

/// An entry of a mapping of texts.
fn label(
    f: &Fields<'_>,
    name: &str,
    key: &Key,
    value: &Node,
    becomes: &str,
    help: &str,
) -> Option<(String, String)> {
    let path = format!("{}.{}", f.child_path(name), key.name);
    let Some(text) = value.text() else {
        let found = format!("found {}", value.shown());
        f.push(Problem::error(value.place, path, found).expected("text").help(help));
        return None;
    };
    let told = format!("{}: {becomes}", value.shown());
    let note = f.dialect().note(key.place, path, told, Weight::NoEffect);
    f.sink().borrow_mut().notes.understood.push(note);
    Some((key.name.clone(), text.to_string()))
}
