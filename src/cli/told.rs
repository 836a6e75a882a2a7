//! What manifests were taken for, in few lines: how much was understood and assumed, what is
//! overridden or ignored and would change figures, and what is not flown.

use super::output;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use windtunnel_base::count::counted;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::escape::terminal;
use windtunnel_base::problem::alike as of_a_kind;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_base::several::{self, Line};
use windtunnel_experiment::results::{LeftOut, Warned};
use windtunnel_manifest::Import;
use windtunnel_manifest::note::{Alike, Lists, Note, Weight, alike};
use windtunnel_manifest::unflown;

/// Says on standard error what manifests were taken for, where they left something open. What a
/// warning tells is left to it.
pub fn tell(import: &Import, warnings: &[Problem]) {
    let lists = &import.lists;
    let mut warned = documents(import);
    warned.extend(warnings.iter().map(|p| (&*p.file, p.place)));
    let own = |note: &&Note| {
        let place = (&*note.written_at.file, note.written_at.place);
        note.weight == Weight::Matters && !warned.contains(&place)
    };
    for (word, notes) in [("overridden", &lists.overridden), ("ignored", &lists.ignored)] {
        tell_all(&alike(notes.iter().filter(own)), word);
    }
    if !lists.understood.is_empty() {
        output::say(&counts(lists));
    }
}

/// Where the documents stand that are left out.
fn documents(import: &Import) -> BTreeSet<(&str, Place)> {
    import.left_out.iter().map(|left| (&*left.written_at.file, left.written_at.place)).collect()
}

/// Says the first notes of every kind, each on a line, and how many more there are.
fn tell_all(notes: &[Alike<'_>], word: &str) {
    let kind = |alike: &Alike<'_>| several::shape(&alike.first.field);
    for line in several::limited(notes, kind) {
        let more = |count| format!("{word}: … and {} more like this", thousands(count));
        let text = match line {
            Line::One(Alike { first, objects, .. }) => {
                let (written_at, field, text) = (&first.written_at, &first.field, &first.text);
                format!("{written_at}: {word}: {}: {text}", format!("{objects} {field}").trim_end())
            }
            Line::Alike(alike, count) => {
                format!("{}: {}", alike.first.written_at.file, more(count))
            }
            Line::Others(count) => more(count),
        };
        output::say(&terminal::line(&text));
    }
}

/// How many fields were understood, assumed, overridden and ignored.
fn counts(lists: &Lists) -> String {
    let missing = lists.assumed.iter().filter(|n| n.weight == Weight::Matters).count();
    let missing = match missing {
        0 => String::new(),
        count => format!(" ({} of what a whole manifest would say)", thousands(count)),
    };
    let rest = lists.ignored.iter().filter(|n| n.weight != Weight::Matters).count();
    let rest = match (rest, lists.ignored.len()) {
        (0, _) => String::new(),
        (rest, all) if rest == all => " (without effect)".to_string(),
        (rest, _) => format!(" ({} of them without effect)", thousands(rest)),
    };
    let overridden = match lists.overridden.len() {
        0 => String::new(),
        count => format!("{} overridden, ", thousands(count)),
    };
    format!(
        "{}{missing}: `windtunnel import` lists them, with {} understood, {overridden}{} \
         ignored{rest}",
        counted(lists.assumed.len() as u64, "assumption"),
        counted(lists.understood.len() as u64, "field"),
        thousands(lists.ignored.len())
    )
}

/// What is not flown of a run's input: documents, worst first, and fields that would change
/// figures.
pub fn left_out(import: &Import) -> Vec<LeftOut> {
    let groups = unflown::groups(&import.left_out).into_iter();
    let groups = groups.map(|group| LeftOut { what: group.what, text: group.text, document: true });
    let told = documents(import);
    let field = |note: &&Note| {
        let place = (&*note.written_at.file, note.written_at.place);
        note.weight == Weight::Matters && !told.contains(&place)
    };
    let fields = alike(import.lists.ignored.iter().filter(field)).into_iter().map(|alike| {
        let what = format!("{} {}", alike.objects, alike.first.field);
        let (what, text) = (what.trim_end().to_string(), alike.first.text.clone());
        LeftOut { what, text, document: false }
    });
    groups.chain(fields).collect()
}

/// What was warned of, once of a kind.
pub fn warned(warnings: &[Problem]) -> Vec<Warned> {
    let one = |(problem, count): (&Problem, usize)| Warned {
        place: problem.written_at(),
        what: problem.path.clone(),
        text: problem.message.clone(),
        help: problem.way_out().trim_end_matches('.').to_string(),
        more: count - 1,
    };
    of_a_kind(warnings).into_iter().map(one).collect()
}

/// The documents among them as people read them, before everything else; nothing if there is none.
pub fn block(left_out: &[LeftOut]) -> String {
    let line = |left: &LeftOut| format!("  {}: {}\n", left.what, left.text);
    let lines: String = left_out.iter().filter(|left| left.document).map(line).collect();
    if lines.is_empty() {
        return lines;
    }
    format!("Left out, and what it may change:\n{lines}\n")
}

/// The same for machines, one document at a time.
pub fn as_json(import: &Import) -> Value {
    let one = |left: &unflown::LeftOut| {
        json!({
            "file": &*left.written_at.file,
            "line": left.written_at.place.line,
            "column": left.written_at.place.column,
            "object": left.object,
            "field": left.field,
            "effect": left.effect.word(),
            "about": left.about,
            "text": left.text(),
        })
    };
    import.left_out.iter().map(one).collect()
}
