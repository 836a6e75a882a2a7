//! The four lists of an import: what was understood, what was assumed, what the real system
//! overrides, what was ignored.
//!
//! A note says where a field stands and what became of it, so that nothing of a manifest is dropped
//! in silence. It knows no kind and no rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windtunnel_base::problem::Place;
use windtunnel_base::several;

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The file, or `-` for standard input.
    pub file: Arc<str>,
    /// Where in it.
    pub place: Place,
}

/// How an ignored or overridden field counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Written by the server or by tools: nobody's wish, so it counts for nothing.
    Bookkeeping,
    /// A wish that changes nothing in a flight.
    NoEffect,
    /// A wish that would change figures, and is not flown.
    Matters,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where the field stands; for something that is missing, where the object begins.
    pub written_at: SourcePlace,
    /// Whose field it is: `Deployment/storefront`.
    pub object: String,
    /// Path of the field: `spec.replicas`.
    pub field: String,
    /// Understood: what it becomes. Assumed: the value. Overridden: by what, and what holds
    /// instead. Ignored: why it matters or not.
    pub text: String,
    /// Assumed: where the value is from. Empty elsewhere.
    pub source: String,
    /// Understood and assumed: always [`Weight::NoEffect`], but [`Weight::Matters`] for something
    /// that a complete manifest holds and this one lacks.
    pub weight: Weight,
}

/// Notes that say the same of several objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike<'n> {
    /// The first of them.
    pub first: &'n Note,
    /// What they are about: `Deployment/web`, or how many of a kind and some of their names.
    pub objects: String,
    /// How many they are.
    pub count: usize,
}

/// Notes as they are told: the same of many objects once, in the order of the first.
pub fn alike<'n>(notes: impl IntoIterator<Item = &'n Note>) -> Vec<Alike<'n>> {
    let mut groups: Vec<Vec<&Note>> = Vec::new();
    let mut known: BTreeMap<(&str, String, &str, &str, Weight), usize> = BTreeMap::new();
    for note in notes {
        let kind = note.object.split('/').next().unwrap_or_default();
        let field = several::shape(&note.field);
        let key = (kind, field, note.text.as_str(), note.source.as_str(), note.weight);
        let at = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(note),
            None => groups.push(vec![note]),
        }
    }
    let told = |group: Vec<&'n Note>| {
        let first = *group.first()?;
        let (kind, _) = first.object.split_once('/').unwrap_or((&first.object, ""));
        let name = |note: &&'n Note| note.object.split_once('/').map(|(_, name)| name);
        let mut names: Vec<&str> = group.iter().filter_map(name).collect();
        names.dedup();
        let objects = match names.len() {
            0 | 1 => first.object.clone(),
            many => format!("{many} × {kind} ({})", several::names(&names)),
        };
        Some(Alike { first, objects, count: group.len() })
    };
    groups.into_iter().filter_map(told).collect()
}

/// The four lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Fields and what they become.
    pub understood: Vec<Note>,
    /// Values that no manifest gave.
    pub assumed: Vec<Note>,
    /// Fields that the real system overrides, cuts or never reads, and so a flight does.
    pub overridden: Vec<Note>,
    /// Fields that change nothing here.
    pub ignored: Vec<Note>,
}

impl Lists {
    /// Appends the notes of another.
    pub fn extend(&mut self, other: Lists) {
        self.understood.extend(other.understood);
        self.assumed.extend(other.assumed);
        self.overridden.extend(other.overridden);
        self.ignored.extend(other.ignored);
    }

    /// Sorts every list by place and drops repetitions. What is overridden was understood, but does
    /// not become what its kind says of it.
    pub fn sort(&mut self) {
        let Lists { understood, assumed, overridden, ignored } = self;
        let gone: BTreeSet<(&SourcePlace, &str)> =
            overridden.iter().map(|note| (&note.written_at, note.field.as_str())).collect();
        understood.retain(|note| !gone.contains(&(&note.written_at, note.field.as_str())));
        for list in [understood, assumed, overridden, ignored] {
            list.sort_by(|a, b| (&a.written_at, &a.field).cmp(&(&b.written_at, &b.field)));
            list.dedup();
        }
    }

    /// What `--strict` refuses: every ignored wish, and everything assumed that a complete manifest
    /// would hold. What is overridden passes: it is flown as it would run.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, &Note)> {
        let ignored = self.ignored.iter().filter(|n| n.weight > Weight::Bookkeeping);
        let missing = self.assumed.iter().filter(|n| n.weight == Weight::Matters);
        ignored.map(|n| ("ignored", n)).chain(missing.map(|n| ("assumed", n)))
    }
}

impl std::fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if self.place.line > 0 {
            write!(f, ":{}:{}", self.place.line, self.place.column)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(field: &str, weight: Weight) -> Note {
        let text = String::from("text");
        let written_at = SourcePlace::default();
        let (object, source) = (String::new(), String::new());
        Note { written_at, object, field: field.into(), text, source, weight }
    }

    #[test]
    fn the_same_of_many_objects_is_told_once() {
        let of = |object: &str, field: &str| Note {
            object: object.to_string(),
            ..note(field, Weight::NoEffect)
        };
        let notes = [
            of("Deployment/a", "spec.grace"),
            of("Deployment/b", "spec.grace"),
            of("Deployment/b", "spec.replicas"),
            of("Service/b", "spec.grace"),
        ];
        let told = alike(&notes).into_iter().map(|a| (a.objects, a.count)).collect::<Vec<_>>();
        let one = |what: &str| (what.to_string(), 1);
        let two = ("2 × Deployment (a, b)".to_string(), 2);
        assert_eq!(told, [two, one("Deployment/b"), one("Service/b")]);
    }

    #[test]
    fn strictness_counts_wishes_and_necessities() {
        let lists = Lists {
            understood: vec![note("a", Weight::NoEffect)],
            assumed: vec![note("b", Weight::NoEffect), note("c", Weight::Matters)],
            overridden: vec![note("f", Weight::Matters)],
            ignored: vec![
                note("status", Weight::Bookkeeping),
                note("d", Weight::NoEffect),
                note("e", Weight::Matters),
            ],
        };
        let refused: Vec<&str> = lists.refused().map(|(_, n)| n.field.as_str()).collect();
        assert_eq!(refused, ["d", "e", "c"]);
    }
}
