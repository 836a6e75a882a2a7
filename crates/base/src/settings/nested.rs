//! The fields of one mapping that hold mappings of their own: objects, lists, parts by name.

use super::{Dialect, Part, Reader, SettingKind, WordOrPart, describe};
use crate::node::{Key, Node, Value};
use crate::problem::{Place, Problem, nearest};

/// Lists longer than this are refused: nothing sensible in a scenario is that long.
pub(super) const LONGEST_LIST: usize = 10_000;

/// Mappings in every dialect.
impl<'a, D: Dialect> Reader<'a, D> {
    /// A nested mapping that may be left out.
    pub fn opt_object<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        read: impl FnOnce(&mut Reader<'_, D>) -> T,
    ) -> Option<T> {
        self.note(name, SettingKind::OptObject, None, false, help);
        let (path, spec) = (self.child_path(name), self.child_spec(name));
        if self.describing {
            return Some(self.descend(None, path, spec, read));
        }
        match self.child(name)? {
            Node { value: Value::Null, .. } => Some(self.descend(None, path, spec, read)),
            node => self.mapping(node, path, spec, read),
        }
    }

    /// A list of mappings; nothing when it is not given.
    pub fn opt_list<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        mut read: impl FnMut(&mut Reader<'_, D>) -> T,
    ) -> Option<Vec<T>> {
        self.note(name, SettingKind::List, None, false, help);
        let spec = format!("{}[]", self.child_spec(name));
        if self.describing {
            self.descend(None, String::new(), spec, &mut read);
            return None;
        }
        let node = self.child(name)?;
        let items = self.items(name, node)?.iter().enumerate();
        let path = |i| format!("{}[{i}]", self.child_path(name));
        let read_item = |(i, item)| self.mapping(item, path(i), spec.clone(), &mut read);
        Some(items.filter_map(read_item).collect())
    }

    /// A mapping whose keys are free and whose values are mappings; empty when it is not given.
    pub fn map<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&str, &mut Reader<'_, D>) -> T,
    ) -> Vec<T> {
        self.known.push(name);
        let spec = format!("{}.*", self.child_spec(name));
        if self.describing {
            self.descend(None, String::new(), spec, |r| read("*", r));
            return Vec::new();
        }
        let Some(entries) = self.entries(name, "a mapping") else { return Vec::new() };
        let read_entry = |(key, value): &'a (Key, Node)| {
            let path = format!("{}.{}", self.child_path(name), key.name);
            self.mapping(value, path, spec.clone(), |r| read(&key.name, r))
        };
        entries.iter().filter_map(read_entry).collect()
    }

    /// The entries of the mapping `name`, if it is one and not too long; none where there is none.
    pub fn entries(&self, name: &str, expected: &str) -> Option<&'a [(Key, Node)]> {
        let node = self.child(name)?;
        match &node.value {
            Value::Map(entries) if entries.len() <= LONGEST_LIST => return Some(entries),
            Value::Map(_) => self.too_long(name, node),
            _ => self.complain_at(name, node, expected),
        }
        None
    }

    /// The entries of a list, if it is one and not too long.
    pub(super) fn items(&self, name: &str, node: &'a Node) -> Option<&'a [Node]> {
        match &node.value {
            Value::List(items) if items.len() <= LONGEST_LIST => return Some(items),
            Value::List(_) => self.too_long(name, node),
            _ => self.complain_at(name, node, "a list"),
        }
        None
    }

    fn too_long(&self, name: &str, node: &Node) {
        self.complain_at(name, node, &format!("at most {LONGEST_LIST} entries"));
    }

    /// What stands there, read as a mapping.
    fn mapping<T>(
        &self,
        node: &'a Node,
        path: String,
        spec_path: String,
        read: impl FnOnce(&mut Reader<'_, D>) -> T,
    ) -> Option<T> {
        let is_one = matches!(node.value, Value::Map(_));
        if !is_one {
            self.complain(node, path.clone(), "a mapping");
        }
        (is_one || D::DEFAULTS).then(|| self.descend(Some(node), path, spec_path, read))
    }

    fn descend<T>(
        &self,
        node: Option<&'a Node>,
        path: String,
        spec_path: String,
        read: impl FnOnce(&mut Reader<'_, D>) -> T,
    ) -> T {
        let mut reader = self.below(node, path, spec_path);
        let value = read(&mut reader);
        reader.finish();
        value
    }
}

/// Mappings with defaults, and parts.
impl<'a> Reader<'a> {
    /// A nested mapping, read even when absent so that its defaults apply.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> T {
        self.note(name, SettingKind::Object, None, false, help);
        self.object_noted(name, read)
    }

    /// A nested mapping, read even when absent, or `word` instead of it, which yields nothing.
    pub fn object_or<T>(
        &mut self,
        name: &'static str,
        word: &'static str,
        help: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<T> {
        self.note(name, SettingKind::ObjectOr(word), None, false, help);
        let is_word = self.child(name).is_some_and(|n| n.text() == Some(word));
        (!is_word).then(|| self.object_noted(name, read))
    }

    fn object_noted<T>(&self, name: &str, read: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        let node = self.child(name).filter(|n| n.value != Value::Null);
        if let Some(node) = node.filter(|n| !matches!(n.value, Value::Map(_))) {
            self.complain_at(name, node, "a mapping");
        }
        self.descend(node, self.child_path(name), self.child_spec(name), read)
    }

    /// One part of `parts`, written `name` or `name: {settings}`; nothing when it is not given.
    pub fn part<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        parts: &'static [Part<T>],
    ) -> Option<T> {
        self.note(name, SettingKind::Part(part_names(parts)), None, false, help);
        let node = self.child(name)?;
        self.part_of(node, self.child_path(name), parts, &[]).map(|(_, value)| value)
    }

    /// A list of parts; each comes with its place.
    pub fn parts<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        parts: &'static [Part<T>],
    ) -> Option<Vec<(Place, T)>> {
        self.parts_beside(name, help, parts, &[])
    }

    /// The same for a list whose entries may have `others` as names, too, which somebody else has
    /// read and taken out before.
    pub fn parts_beside<T>(
        &mut self,
        name: &'static str,
        help: &'static str,
        parts: &'static [Part<T>],
        others: &[&'static str],
    ) -> Option<Vec<(Place, T)>> {
        self.note(name, SettingKind::Parts(part_names(parts)), None, false, help);
        let node = self.child(name)?;
        let items = self.items(name, node)?;
        let read = |(i, item): (usize, &'a Node)| {
            self.part_of(item, format!("{}[{i}]", self.child_path(name)), parts, others)
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
            for field in self.sink.borrow_mut().docs.iter_mut().filter(|f| f.path == spec) {
                field.kind = SettingKind::Part([words, &part_names(parts)].concat());
                field.default = words.first().map(ToString::to_string);
            }
        }
        part.map_or(WordOrPart::Word(0), WordOrPart::Part)
    }

    /// Documents the default of a list or part that the caller fills in by itself.
    pub fn default_is(&mut self, name: &str, yaml: &str) {
        let spec = self.child_spec(name);
        for field in self.sink.borrow_mut().docs.iter_mut().filter(|f| f.path == spec) {
            field.default = Some(yaml.to_string());
        }
    }

    fn part_of<T>(
        &self,
        node: &'a Node,
        path: String,
        parts: &'static [Part<T>],
        others: &[&'static str],
    ) -> Option<(Place, T)> {
        let names = || [&part_names(parts)[..], others].concat();
        let (key_place, name, settings) = match &node.value {
            Value::Text(name) => (node.place, name.as_str(), None),
            Value::Map(entries) => match (inline(entries, parts), entries.as_slice()) {
                (Some((place, name)), _) => (place, name, Some(node)),
                (None, [(Key { place, name }, settings)]) => {
                    (*place, name.as_str(), Some(settings))
                }
                _ => return self.not_a_part(node, path, &names()),
            },
            _ => return self.not_a_part(node, path, &names()),
        };
        let Some(part) = parts.iter().find(|p| p.name == name) else {
            let meant = nearest(name, names());
            let problem = Problem::error(key_place, path, format!("unknown name {name:?}"));
            let problem = problem.expected(format!("one of {}", names().join(", ")));
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

    fn not_a_part<U>(&self, node: &Node, path: String, names: &[&str]) -> Option<U> {
        let help = "write a name, or one name with its settings: `name: {…}`";
        let problem = Problem::error(node.place, path, format!("found {}", node.shown()));
        self.push(problem.expected(format!("one of {}", names.join(", "))).help(help));
        None
    }
}

/// A part that is written as its own settings, `query: …` beside others, because one of its fields
/// has its name: the place of that key, and the name.
fn inline<'a, T>(entries: &'a [(Key, Node)], parts: &[Part<T>]) -> Option<(Place, &'a str)> {
    let is_plain = |node: &Node| matches!(node.value, Value::Text(_));
    let named = entries.iter().filter(|(_, value)| is_plain(value)).find(|(key, _)| {
        parts.iter().any(|p| p.name == key.name && super::is_inline(p.name, &describe(p.read)))
    });
    named.map(|(key, _)| (key.place, key.name.as_str()))
}

fn part_names<T>(parts: &'static [Part<T>]) -> Vec<&'static str> {
    parts.iter().map(|p| p.name).collect()
}
