//! JSON: serde writes it, and what it leaves raw but a terminal would obey has a `\u` escape, so
//! that the same bytes go to a file and to a terminal.

use super::is_hidden;
use serde_json::Value;

/// A value over several lines, with a line feed at its end.
pub fn pretty(value: &Value) -> String {
    format!("{}\n", escaped(format!("{value:#}")))
}

/// A value on one line, with a line feed at its end.
pub fn line(value: &Value) -> String {
    format!("{}\n", escaped(value.to_string()))
}

/// Hidden characters occur within quotes only, line feeds between values only.
fn escaped(json: String) -> String {
    if !json.contains(|c| is_hidden(c) && c != '\n') {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}
