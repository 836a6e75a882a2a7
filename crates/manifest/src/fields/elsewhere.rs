//! Unknown fields whose name is known at another level of the kind: written one level too deep, or
//! too high.

use super::{Book, FieldDoc};
use crate::note::Note;
use std::collections::BTreeSet;
use windtunnel_base::problem::nearest;

/// What the note of an unknown field begins with.
pub(super) const UNKNOWN: &str = "unknown field";

/// A name this short is no slip of another one.
const SHORT: usize = 6;

/// Every path of a kind, of mappings too, without the marks of lists.
pub fn paths(docs: &[FieldDoc]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for doc in docs {
        let mut path = String::new();
        for part in doc.path.split('.') {
            path = if path.is_empty() { part.to_string() } else { format!("{path}.{part}") };
            known.insert(path.replace("[]", ""));
        }
    }
    known
}

/// Does a book tell of unknown fields?
pub fn has_unknown(book: &Book) -> bool {
    book.notes.ignored.iter().any(is_unknown)
}

fn is_unknown(note: &Note) -> bool {
    note.text.starts_with(UNKNOWN)
}

/// Adds to unknown fields of a book where their names are known.
pub fn point(book: &mut Book, known: &BTreeSet<String>) {
    for note in book.notes.ignored.iter_mut().filter(|note| is_unknown(note)) {
        let Some(path) = elsewhere(&note.field, note.text != plain(), known) else { continue };
        let help = format!("did you mean {path}?");
        note.text = format!("{UNKNOWN} here; {help}");
        let place = note.written_at.place;
        let own = book.problems.iter_mut().filter(|p| p.place == place);
        own.filter(|p| p.message.starts_with(UNKNOWN)).for_each(|p| p.help.clone_from(&help));
    }
}

/// The note of an unknown field that is near to nothing at its own level.
pub(super) fn plain() -> String {
    format!("{UNKNOWN}: what it would do is not flown")
}

/// The path at which a field is known that stands at another; `near` if a name beside it is near.
fn elsewhere<'k>(field: &str, near: bool, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let indexless = |path: &str| -> String {
        let parts = path.split('.').map(|part| part.split('[').next().unwrap_or(part));
        parts.collect::<Vec<_>>().join(".")
    };
    let field = indexless(field);
    let name = field.rsplit('.').next().unwrap_or_default();
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_string();
    // Written too deep: a level that it lies in. Else the longest way in common.
    let within = |path: &str| {
        let level = path.rsplit_once('.').map_or("", |(level, _)| level);
        field.strip_prefix(level).is_some_and(|rest| rest.starts_with('.'))
    };
    let common = |path: &str| {
        let pairs = path.split('.').zip(field.split('.'));
        pairs.take_while(|(a, b)| a == b).count()
    };
    let depth = |path: &str| path.matches('.').count();
    let of = |name: &str| {
        let same = known.iter().filter(|path| last(path) == name);
        let order = |path: &&String| (!within(path), usize::MAX - common(path), depth(path));
        same.min_by_key(order).map(String::as_str)
    };
    if let Some(path) = of(name) {
        return Some(path);
    }
    if near || name.len() < SHORT {
        return None;
    }
    let names: BTreeSet<String> = known.iter().map(|path| last(path)).collect();
    let slip = nearest(name, names.iter().map(String::as_str))?;
    (strsim::osa_distance(name, slip) <= 1).then(|| of(slip)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_at_the_nearest_level() {
        let known: BTreeSet<String> =
            ["spec.workloadRef.name", "spec.workloadRef", "spec.a.b.size", "spec.size", "x.size"]
                .map(str::to_string)
                .into();
        let at = |field: &str, near: bool| elsewhere(field, near, &known);
        assert_eq!(at("spec.strategy.canary.workloadRef", false), Some("spec.workloadRef"));
        assert_eq!(at("spec.a.steps[3].size", false), Some("spec.size"));
        assert_eq!(at("x.y.size", false), Some("x.size"));
        assert_eq!(at("spec.c.size", true), Some("spec.size"));
        assert_eq!(at("spec.strategy.workloadRefs", false), Some("spec.workloadRef"));
        assert_eq!(at("spec.strategy.workloadRefs", true), None);
        assert_eq!(at("spec.quantum", false), None);
    }
}
