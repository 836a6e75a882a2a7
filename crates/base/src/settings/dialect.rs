//! What differs between files of different authors: how their values are spelled, what is kept of
//! a field that was read, and what becomes of one that nobody reads.

use super::{FieldSpec, Reader, scalars};
use crate::node::{Key, Node, Value};
use crate::problem::{Place, Problem, nearest};
use std::ops::RangeInclusive;

/// Longest name, in characters; tables, charts and stories repeat it.
const LONGEST_NAME: usize = 253;

/// The ways of one author of files; a value of it is what a reader has to know of the document.
pub trait Dialect: Clone {
    /// What describing yields of a field.
    type Doc;
    /// What reading keeps beside the settings and the problems.
    type Notes: Default;

    /// Do settings have defaults, so that a mapping that is missing or no mapping is read for them?
    /// Else `null` is the same as nothing at all, and what is no mapping is not read.
    const DEFAULTS: bool;

    /// A whole number within a range; the error says what was expected, here and below.
    fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String>;
    /// A number within a range.
    fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String>;
    /// Text.
    fn text(node: &Node) -> Result<String, String>;
    /// The text of a field `name`.
    fn name(node: &Node) -> Result<String, String> {
        Self::text(node)
    }
    /// `true` or `false`.
    fn flag(node: &Node) -> Result<bool, String>;

    /// What describing yields of a field; nothing if its own fields say it all.
    fn doc(spec: FieldSpec) -> Option<Self::Doc>;
    /// The problem, in the file where it stands if the dialect knows.
    fn place(&self, problem: Problem) -> Problem {
        problem
    }
    /// Keeps that field `name` was read, for which `help` was given.
    fn understood(_reader: &Reader<'_, Self>, _name: &str, _node: &Node, _help: &str) {}
    /// What becomes of a key that nobody asked for.
    fn unread(reader: &Reader<'_, Self>, key: &Key);
}

/// windtunnel's own files: values with their units, defaults for nearly everything, and no key that
/// nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own;

impl Dialect for Own {
    type Doc = FieldSpec;
    type Notes = ();

    const DEFAULTS: bool = true;

    fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
        match &node.value {
            // A default, or a value of the command line.
            Value::Text(text) if node.place == Place::default() => {
                scalars::within(text.parse().ok(), range)
            }
            _ => scalars::count(node, range),
        }
    }

    fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
        scalars::within_f64(node.scalar_text().and_then(|t| t.parse().ok()), range)
    }

    fn text(node: &Node) -> Result<String, String> {
        node.scalar_text().ok_or_else(|| "text".to_string())
    }

    fn name(node: &Node) -> Result<String, String> {
        let short = |name: &String| name.chars().count() <= LONGEST_NAME;
        let expected = || format!("a name of at most {LONGEST_NAME} characters");
        Some(Self::text(node)?).filter(short).ok_or_else(expected)
    }

    fn flag(node: &Node) -> Result<bool, String> {
        let flag = match &node.value {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        flag.ok_or_else(|| "true or false".to_string())
    }

    fn doc(spec: FieldSpec) -> Option<FieldSpec> {
        Some(spec)
    }

    fn unread(reader: &Reader<'_, Own>, key: &Key) {
        let names = reader.names();
        let problem =
            Problem::error(key.place, reader.path(), format!("unknown key {:?}", key.name));
        let problem = problem.expected(match names.is_empty() {
            true => "no settings here".to_string(),
            false => format!("one of {}", names.join(", ")),
        });
        reader.push(match nearest(&key.name, names.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean {meant}?")),
            None => problem,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{SettingKind, Sink, describe, read_document, read_tree};
    use std::cell::RefCell;

    /// Somebody else's files: numbers are numbers, and what is unknown is noted.
    #[derive(Clone, Default)]
    struct Foreign;

    impl Dialect for Foreign {
        type Doc = (String, SettingKind);
        type Notes = Vec<String>;

        const DEFAULTS: bool = false;

        fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
            scalars::count(node, range)
        }
        fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
            scalars::number(node, range)
        }
        fn text(node: &Node) -> Result<String, String> {
            node.text().map(String::from).ok_or_else(|| "text".to_string())
        }
        fn flag(node: &Node) -> Result<bool, String> {
            Own::flag(node)
        }
        fn doc(spec: FieldSpec) -> Option<(String, SettingKind)> {
            Some((spec.path, spec.kind)).filter(|(_, kind)| *kind != SettingKind::OptObject)
        }
        fn understood(reader: &Reader<'_, Self>, name: &str, _: &Node, help: &str) {
            let note = format!("{}: {help}", reader.child_path(name));
            reader.sink().borrow_mut().notes.push(note);
        }
        fn unread(reader: &Reader<'_, Self>, key: &Key) {
            let note = format!("{} ignored", reader.child_path(&key.name));
            reader.sink().borrow_mut().notes.push(note);
        }
    }

    fn node(value: Value) -> Node {
        Node { place: Place { line: 1, column: 1 }, value }
    }

    fn map(entries: Vec<(&str, Value)>) -> Value {
        let key = |name: &str| Key { place: Place { line: 1, column: 1 }, name: name.to_string() };
        Value::Map(entries.into_iter().map(|(name, value)| (key(name), node(value))).collect())
    }

    type Found = (Option<f64>, Option<String>, Option<Vec<Option<u64>>>);

    fn read<D: Dialect>(r: &mut Reader<'_, D>) -> Found {
        r.opt_object("spec", "", |r| {
            let share = r.opt_number("share", 0.0..=1.0, "how much");
            let name = r.opt_text("name", "who");
            let list = r.opt_list("list", "", |r| r.opt_count("of", 1..=3, "how many"));
            (share, name, list)
        })
        .unwrap_or_default()
    }

    fn tree() -> Node {
        let text = |t: &str| Value::Text(t.to_string());
        let list = vec![node(map(vec![("of", Value::Integer(2))])), node(text("two"))];
        let spec = vec![
            ("share", text("0.5")),
            ("name", Value::Null),
            ("list", Value::List(list)),
            ("nmae", text("x")),
        ];
        node(map(vec![("spec", map(spec))]))
    }

    #[test]
    fn own_files_take_numbers_in_quotes_and_no_key_that_nobody_knows() {
        let sink = RefCell::new(Sink::default());
        let found = read_tree(&tree(), "", &sink, read);
        assert_eq!(found, (Some(0.5), None, Some(vec![Some(2), None])));
        let problems = sink.into_inner().problems;
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].contains("spec.name: found nothing; expected text"), "{told:#?}");
        assert!(told[1].contains("spec.list[1]: found \"two\"; expected a mapping"), "{told:#?}");
        assert!(told[2].contains("unknown key \"nmae\""), "{told:#?}");
    }

    #[test]
    fn the_same_reading_in_another_dialect_follows_its_ways() {
        let sink = RefCell::new(Sink::<Foreign>::default());
        let found = read_document(&tree(), "", Foreign, &sink, read);
        assert_eq!(found, (None, None, Some(vec![Some(2)])));
        let Sink { problems, notes, docs } = sink.into_inner();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(told[0].contains("spec.share: found \"0.5\"; expected a number from 0 to 1"));
        assert!(told[1].contains("spec.list[1]: found \"two\"; expected a mapping"));
        assert_eq!(notes, ["spec.list[0].of: how many", "spec.nmae ignored"]);
        assert!(docs.is_empty());
    }

    #[test]
    fn each_dialect_documents_what_it_reads() {
        let own: Vec<String> = describe(read::<Own>).into_iter().map(|f| f.path).collect();
        assert_eq!(own, ["spec", "spec.share", "spec.name", "spec.list", "spec.list[].of"]);
        let foreign = describe(read::<Foreign>);
        let paths: Vec<&str> = foreign.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["spec.share", "spec.name", "spec.list", "spec.list[].of"]);
    }
}
