//! A tree of values as YAML text, in block style, that reads back as the same tree.

use windtunnel_base::escape::is_hidden;
use windtunnel_base::escape::quoted::text as quoted;
use windtunnel_base::node::{Node, Value};

/// Longest line for a mapping or list that is written in one.
const FLOW: usize = 88;

/// The text of a document.
pub fn yaml(node: &Node) -> String {
    let mut text = String::new();
    block(node, 0, &mut text);
    text
}

/// The same as JSON.
pub fn json(node: &Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        Value::Null => Json::Null,
        Value::Flag(flag) => Json::Bool(*flag),
        Value::Integer(number) => Json::from(*number),
        Value::Number(number) => Json::from(*number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(k, v)| (k.name.clone(), json(v))).collect())
        }
    }
}

fn block(node: &Node, indent: usize, out: &mut String) {
    let space = "  ".repeat(indent);
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                out.push_str(&format!("{space}{}:", scalar(&key.name)));
                below(value, indent, out);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                let mut inner = String::new();
                match flow(item).filter(|line| line.chars().count() + 2 * indent <= FLOW) {
                    Some(line) => inner.push_str(&format!("{space}- {line}\n")),
                    None => {
                        block(item, indent + 1, &mut inner);
                        // The first line of the entry stands behind its dash.
                        let at = space.len();
                        inner.replace_range(at..at + 2, "- ");
                    }
                }
                out.push_str(&inner);
            }
        }
        Value::Text(text) if text.contains('\n') => {
            out.push_str(&format!("{space}{}\n", quoted(text)));
        }
        _ => out.push_str(&format!("{space}{}\n", flow(node).unwrap_or_default())),
    }
}

fn below(value: &Node, indent: usize, out: &mut String) {
    let long = matches!(&value.value, Value::Text(text) if text.contains('\n'));
    if let (true, Value::Text(text)) = (long, &value.value) {
        literal(text, indent, out);
        return;
    }
    // The outer levels of a document are easier to read as blocks.
    let nested = matches!(&value.value, Value::List(i) if !i.is_empty())
        || matches!(&value.value, Value::Map(e) if !e.is_empty());
    let fits = |line: &String| line.chars().count() + 2 * indent <= FLOW && indent > 0;
    match flow(value).filter(|line| !nested || fits(line)) {
        Some(line) => out.push_str(&format!(" {line}\n")),
        None => {
            out.push('\n');
            block(value, indent + 1, out);
        }
    }
}

/// A text of several lines as a literal block, or in quotes where a block could not carry it.
fn literal(text: &str, indent: usize, out: &mut String) {
    let sound = |c: char| c == '\n' || !is_hidden(c);
    let first = text.chars().next();
    if !text.chars().all(sound) || first.is_none_or(|c| c.is_whitespace()) {
        out.push_str(&format!(" {}\n", quoted(text)));
        return;
    }
    let kept = if text.ends_with('\n') { "|+" } else { "|-" };
    out.push_str(&format!(" {kept}\n"));
    let space = "  ".repeat(indent + 1);
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        match line.is_empty() {
            true => out.push('\n'),
            false => out.push_str(&format!("{space}{line}\n")),
        }
    }
}

/// A value on one line; nothing for texts of several lines.
fn flow(node: &Node) -> Option<String> {
    Some(match &node.value {
        Value::Null => "null".into(),
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) if number.is_nan() => ".nan".into(),
        Value::Number(number) if number.is_infinite() && *number > 0.0 => ".inf".into(),
        Value::Number(number) if number.is_infinite() => "-.inf".into(),
        Value::Number(number) => format!("{number:?}"),
        Value::Text(text) if text.contains('\n') => return None,
        Value::Text(text) => scalar(text),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(flow).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Map(entries) => {
            let entry = |(key, value): &(windtunnel_base::node::Key, Node)| {
                Some(format!("{}: {}", scalar(&key.name), flow(value)?))
            };
            let entries: Option<Vec<String>> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries?.join(", "))
        }
    })
}

/// A text, in quotes unless it can be nothing else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./%$".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$');
    // `5%`, `90s` and `250ms` are no numbers, although they begin like one.
    let measure = text.ends_with(|c: char| c == '%' || c.is_ascii_alphabetic())
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.trim_end_matches(|c: char| c == '%' || c.is_ascii_alphabetic()).len() + 3
            > text.len()
        && !text.contains(['e', 'E', 'x', 'o', '_', 'b']);
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let word = words.contains(&text.to_lowercase().as_str());
    let url = text.contains('/') && text.ends_with('/');
    if (begins || measure) && text.chars().all(plain) && !word && !url {
        text.to_string()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use windtunnel_scenario::yaml as reader;

    fn bare(node: &Node) -> serde_json::Value {
        json(node)
    }

    fn names() -> impl Strategy<Value = String> {
        prop_oneof![3 => "[ -~]{0,8}", 1 => "[a\u{1b}\u{7f}\u{85}\u{202e}\n\t: #]{0,5}"]
    }

    fn values() -> impl Strategy<Value = Node> {
        let texts = prop_oneof![
            "[ -~]{0,12}",
            "[a-z]{1,6}\n[ a-z]{0,6}\n?",
            Just("yes".to_string()),
            Just("5%".to_string()),
            Just("1e3".to_string()),
            Just("~".to_string()),
            Just("0x10".to_string()),
            Just("1_000".to_string()),
            Just("12:30".to_string()),
            "[\u{0}-\u{ff}\u{200b}-\u{202f}\u{2066}\u{feff}\u{fffe}\u{e0041}😀]{0,6}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Flag),
            any::<i32>().prop_map(|n| Value::Integer(i64::from(n))),
            (-1e6..1e6_f64).prop_map(Value::Number),
            texts.prop_map(Value::Text),
        ]
        .prop_map(Node::unplaced);
        leaf.prop_recursive(4, 40, 5, |inner| {
            let list = proptest::collection::vec(inner.clone(), 0..5);
            let map = proptest::collection::btree_map(names(), inner, 0..5);
            let map = map.prop_map(|entries| {
                let place = windtunnel_base::problem::Place::default();
                let key = |name| windtunnel_base::node::Key { place, name };
                Value::Map(entries.into_iter().map(|(k, v)| (key(k), v)).collect())
            });
            prop_oneof![list.prop_map(Value::List), map].prop_map(Node::unplaced)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn what_is_printed_reads_back(value in values()) {
            let key = windtunnel_base::node::Key { place: Default::default(), name: "root".into() };
            let document = Node::unplaced(Value::Map(vec![(key, value)]));
            let text = yaml(&document);
            prop_assert!(!text.contains(|c| is_hidden(c) && c != '\n'), "{text:?}");
            let read = reader::documents(&text, "").map_err(|p| TestCaseError::fail(
                format!("{p}\n{text}")))?;
            prop_assert_eq!(read.len(), 1, "{}", &text);
            prop_assert_eq!(bare(&read[0]), bare(&document), "{}", &text);
        }
    }
}
