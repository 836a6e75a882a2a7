//! Text → trees of values, with line and column of every key and value.
//!
//! YAML 1.2 (of which JSON is a part), several documents in a stream, anchors and merge keys.
//! Sizes, depths and the expansion of aliases are bounded, so that no text can exhaust memory or
//! time. Deliberately unknown here: what a scenario is.

use super::json_stream;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Options, Spanned};
use std::fmt;
use std::sync::Arc;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::{Place, Problem};

/// Longest text that is read. A scenario has a few kilobytes, all objects of a cluster some tens of
/// megabytes; recordings are CSV files.
pub const LONGEST_TEXT: usize = 64_000_000;

/// Deepest nesting of lists and mappings.
const DEEPEST: usize = 64;

/// Values that aliases may stand for, over the whole text.
const ALIASED: usize = 100_000;

/// Values of a text, those behind aliases included.
const VALUES: usize = 3_000_000;

/// Documents of a text.
const DOCUMENTS: usize = 25_000;

/// The text of a file, or what is wrong with its bytes.
pub fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, Problem> {
    let file: Arc<str> = Arc::from(file);
    if bytes.len() > LONGEST_TEXT {
        return Err(too_long(bytes.len()).in_file(&file));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let sound = &bytes[..error.valid_up_to()];
        let line_start = sound.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&sound[line_start..]).chars().count() as u32 + 1;
        let line = sound.iter().filter(|b| **b == b'\n').count() as u32 + 1;
        let found = format!("found the byte 0x{:02x}", bytes[error.valid_up_to()]);
        Problem::error(Place { line, column }, "", found).expected("text in UTF-8").in_file(&file)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The documents of a text; empty ones are left out.
pub fn documents(text: &str, file: &str) -> Result<Vec<Node>, Problem> {
    let file: Arc<str> = Arc::from(file);
    if text.len() > LONGEST_TEXT {
        return Err(too_long(text.len()).in_file(&file));
    }
    let mut found = Vec::new();
    for (lines, part) in json_stream::divided(text).unwrap_or_else(|| vec![(0, text)]) {
        match serde_saphyr::from_multiple_with_options::<Placed>(part, options()) {
            Ok(documents) => {
                found.extend(documents.into_iter().map(|d| json_stream::lower(d.0, lines)))
            }
            Err(error) => {
                let mut problem = problem(&error);
                problem.place.line += lines;
                return Err(problem.in_file(&file));
            }
        }
    }
    Ok(found)
}

/// One value as it would be written in a document, without a place: for `--set` and for defaults.
pub fn value(text: &str) -> Result<Node, Problem> {
    let mut documents = documents(text, "")?;
    match documents.len() {
        0 => Ok(Node::unplaced(Value::Null)),
        1 => Ok(unplaced(documents.remove(0))),
        n => Err(Problem::error(Place::default(), "", format!("found {n} documents"))
            .expected("one value")),
    }
}

fn unplaced(node: Node) -> Node {
    Node::unplaced(match node.value {
        Value::List(items) => Value::List(items.into_iter().map(unplaced).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(k, v)| (Key { place: Place::default(), name: k.name }, unplaced(v)))
                .collect(),
        ),
        other => other,
    })
}

fn too_long(bytes: usize) -> Problem {
    let found = format!("{:.0} MB are too much", bytes as f64 / 1e6);
    Problem::error(Place::default(), "", found)
        .expected(format!("at most {} MB", LONGEST_TEXT / 1_000_000))
        .help("a recording of traffic belongs into a CSV file: arrivals: {trace: {file: …}}")
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_recorded_anchor_events: ALIASED,
            max_nodes: VALUES,
            // A mapping or list begins and ends.
            max_events: 2 * VALUES,
            max_documents: DOCUMENTS,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Merge,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// What the parser complains about, with its place moved from the message to where it belongs.
fn problem(error: &serde_saphyr::Error) -> Problem {
    let error = error.without_snippet();
    let place = error.location().map(place).unwrap_or_default();
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    let ends = [" at line ", " (line ", ", line ", ", set DuplicateKeyPolicy"];
    let end = ends.iter().filter_map(|end| first.find(end)).min().unwrap_or(first.len());
    let message = first[..end].trim_end_matches([':', ' ']);
    let say = |found: &str| Problem::error(place, "", found);
    if message.contains("recursive reference") {
        return say("an anchor that contains itself").help("write the part out once more");
    }
    if let Some(key) = message.strip_prefix("duplicate mapping key: ") {
        // The parser has shown control characters already; only quotes are left as they were.
        let key = key.replace('"', "\\\"");
        return say(&format!("the key \"{key}\" is given twice")).help("remove one of the two");
    }
    if message.contains("budget breached") || message.contains("replay") {
        let expected = format!(
            "at most {ALIASED} values behind aliases, {VALUES} in all, {DOCUMENTS} documents"
        );
        return say("too many values, those behind aliases included").expected(expected);
    }
    if message.contains("recursion limit") {
        return say("nested too deeply").expected(format!("at most {DEEPEST} levels"));
    }
    if message.contains("tabs disallowed") {
        return say("a tab").expected("spaces: YAML forbids tabs in indentation");
    }
    say(&format!("not readable as YAML: {message}"))
}

fn place(location: Location) -> Place {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: narrow(location.line()), column: narrow(location.column()) }
}

/// A node on its way out of the parser.
struct Placed(Node);

impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Bare>::deserialize(deserializer)?;
        Ok(Placed(Node { place: place(spanned.defined), value: spanned.value.0 }))
    }
}

/// A value whose place is not known yet.
struct Bare(Value);

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Bare)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Number(number as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_string()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Placed(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let key = Key { place: place(key.defined), name: key.value };
            let Placed(value) = map.next_value()?;
            entries.push((key, value));
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        documents(text, "a.yaml").expect("valid").remove(0)
    }

    fn wrong(text: &str) -> Problem {
        documents(text, "a.yaml").expect_err("invalid")
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let node = one("# head\na: 1\nb:\n  - {c: 5%, d: ä}\n  - true\n");
        let Value::Map(entries) = &node.value else { panic!("a mapping") };
        assert_eq!(entries[1].0.place, Place { line: 3, column: 1 });
        let Value::List(items) = &entries[1].1.value else { panic!("a list") };
        let d = items[0].get("d").expect("d");
        assert_eq!((d.place, d.text()), (Place { line: 4, column: 16 }, Some("ä")));
        assert_eq!(items[1].value, Value::Flag(true));
    }

    #[test]
    fn json_objects_may_follow_each_other() {
        let found = documents("{\"a\": 1}\n{\n  \"b\": 2}\n", "a.json").expect("a stream");
        assert_eq!(found.len(), 2);
        let place = found[1].get("b").map(|n| n.place);
        assert_eq!(place, Some(Place { line: 3, column: 8 }));
        let problem = documents("{\"a\": 1}\n{\"b\" 2}", "a.json").expect_err("no colon");
        assert_eq!(problem.place.line, 2, "{problem}");
    }

    #[test]
    fn json_and_several_documents_are_yaml() {
        assert_eq!(
            one("{\"a\": [1, 2.5, null]}").get("a").map(Node::shown).as_deref(),
            Some("a list of 3")
        );
        assert_eq!(documents("a: 1\n---\n---\nb: 2\n", "").map(|d| d.len()), Ok(2));
    }

    #[test]
    fn merge_keys_and_aliases_expand() {
        let node = one("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n");
        let y = node.get("y").expect("y");
        assert_eq!(y.get("a").map(|n| &n.value), Some(&Value::Integer(1)));
        assert_eq!(y.get("b").map(|n| &n.value), Some(&Value::Integer(3)));
    }

    #[test]
    fn odd_scalars_keep_their_nature() {
        let node = one("a: .nan\nb: yes\nc: 010\nd: 1_000\ne: 18446744073709551615\nf: 1e999\n");
        let shown = |k: &str| node.get(k).map(Node::shown).unwrap_or_default();
        assert_eq!(
            [shown("a"), shown("b"), shown("c"), shown("d")],
            ["NaN", "\"yes\"", "\"010\"", "\"1_000\""].map(String::from)
        );
        assert!(matches!(node.get("e").map(|n| &n.value), Some(Value::Number(_))));
        assert!(matches!(node.get("f").map(|n| &n.value), Some(Value::Number(_) | Value::Text(_))));
    }

    #[test]
    fn hostile_texts_end_in_a_problem() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..10 {
            let alias = format!("*a{}, ", i - 1).repeat(9);
            bomb += &format!("a{i}: &a{i} [{alias} x]\n");
        }
        let deep = "[".repeat(5000);
        let flow = "a:\n".to_string()
            + &(0..500).map(|i| " ".repeat(i + 1) + "- b:\n").collect::<String>();
        for text in ["a: &a [*a]\n", "a: 1\na: 2\n", "a: *b\n", "a:\n\t- 1\n", &bomb, &deep, &flow]
        {
            let found = wrong(text);
            assert!(found.place.line > 0, "{found}");
        }
        let long = "a".repeat(LONGEST_TEXT + 1);
        assert!(wrong(&long).message.contains("64 MB are too much"));
        assert_eq!(
            text(b"a: 1\nb: \xff", "f").expect_err("bytes").place,
            Place { line: 2, column: 4 }
        );
    }
}
