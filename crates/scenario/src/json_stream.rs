//! Several JSON objects one after another, as `jq` and `kubectl` write and read them: no list, and
//! no mark between them. YAML has no such stream, so it is divided first.
//!
//! It divides texts that are JSON beyond doubt, and knows nothing of what is in them.

use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::Place;

/// More objects are no stream that anybody has written.
const OBJECTS_MAX: usize = 20_000;

/// The objects of a stream, each with the number of lines before it; nothing if the text is one
/// object, or anything but JSON.
pub fn divided(text: &str) -> Option<Vec<(u32, &str)>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    let (mut lines, mut begin, mut parts) = (0, (0, 0), Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' if depth > 0 => in_text = !in_text,
            // A text over several lines is YAML's.
            b'\n' if in_text => return None,
            b'\n' => lines += 1,
            _ if in_text => {}
            b'{' | b'[' => {
                if depth == 0 {
                    begin = (at, lines);
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    parts.push((begin.1, &text[begin.0..=at]));
                    if parts.len() > OBJECTS_MAX {
                        return None;
                    }
                }
            }
            b' ' | b'\t' | b'\r' => {}
            // Anchors, aliases, tags, comments and other quotes are YAML's.
            b'&' | b'*' | b'!' | b'#' | b'\'' | b'|' | b'>' => return None,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    (depth == 0 && !in_text && parts.len() > 1).then_some(parts)
}

/// The tree of a text that begins so many lines further down.
pub fn lower(node: Node, lines: u32) -> Node {
    if lines == 0 {
        return node;
    }
    let place = |place: Place| Place { line: place.line + lines, ..place };
    let value = match node.value {
        Value::List(items) => Value::List(items.into_iter().map(|i| lower(i, lines)).collect()),
        Value::Map(entries) => {
            let entry = |(k, v): (Key, Node)| (Key { place: place(k.place), ..k }, lower(v, lines));
            Value::Map(entries.into_iter().map(entry).collect())
        }
        other => other,
    };
    Node { place: place(node.place), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_divided_where_one_ends() {
        let text = "{\"a\": \"}{\\\"\"}\n\n{\"b\": [{}]} {}";
        let parts = [(0, "{\"a\": \"}{\\\"\"}"), (2, "{\"b\": [{}]}"), (2, "{}")];
        assert_eq!(divided(text), Some(parts.to_vec()));
    }

    #[test]
    fn anything_else_is_left_to_yaml() {
        for text in [
            "{}",
            "{\"a\": 1}\n---\n{\"b\": 2}",
            "a: {}",
            "{a: &x 1} {b: *x}",
            "{} # a\n{}",
            "{\"a\": 1",
            "{}}",
            "[{}] [{}]",
            "",
        ] {
            assert_eq!(divided(text), None, "{text}");
        }
    }
}
