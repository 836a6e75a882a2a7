//! Every notation of a text leads back to the byte that was written.

use super::*;
use crate::yaml;
use proptest::prelude::*;

/// Where the mark of a value is found, and where it stands in the file.
fn both(file: &str) -> Option<(Option<usize>, Option<usize>)> {
    let documents = yaml::documents(file, "").ok()?;
    let node = documents.first()?.get("k")?.get("q")?;
    let value = node.text()?.to_string();
    let at = Source::yaml(file).byte_at(node.place)?;
    let byte = value.find('§')?;
    Some((byte_of(file, at, &value, byte), file.find('§')))
}

#[test]
fn every_notation_leads_back_to_the_file() {
    for scalar in [
        "a § b",
        "a\n    b\n\n    c § d\n",
        "'it''s\n    folded\n\n    § b'",
        "\"\\\"a\\u0041\\x41\\t\\\n    b\\ud83d\\ude00\n    c § d\"",
        "|\n   a\n     b §\n",
        "|-\n\n   a\n\n   b § c\n\n",
        "|2+ # why\n     a\n    § b\n\n",
        "| \n\n   § \n",
        ">\n   a\n   b\n\n   c\n     d\n     e\n   f § g\n",
        ">-\n\n   a\n\n\n   §\n",
        "&name !!str \"a §\"",
    ] {
        for file in [format!("k:\n  q: {scalar}"), format!("k:\r\n  q: {}", crlf(scalar))] {
            let (found, expected) = both(&file).unwrap_or_else(|| panic!("{file:?}"));
            assert_eq!(found, expected, "{file:?}");
        }
    }
    let flow = "k: {a: 1, q: a\n   b § c, r: 2}\n";
    let (found, expected) = both(flow).expect("a flow");
    assert_eq!(found, expected);
}

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

#[test]
fn a_byte_behind_the_last_is_where_the_text_ends() {
    for (file, end) in [("q: \"up +\"", 8), ("q: 'up +' # x", 8), ("q: up +", 7)] {
        assert_eq!(byte_of(file, 3, "up +", 4), Some(end), "{file}");
    }
    assert_eq!(byte_of("q: |\n  up +\n", 7, "up +\n", 4), Some(11));
    assert_eq!(byte_of("q: |-\n  up +", 8, "up +", 4), Some(12));
}

#[test]
fn another_text_has_no_place() {
    for file in ["q: \"rate(x[{{ i }}])\"", "q: 5", "q: [a]", "q: |\n", "q: \"", "q: "] {
        assert_eq!(byte_of(file, 3, "rate(x[5m])", 8), None, "{file}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Whatever is written, the mark is found where it stands, or nowhere.
    #[test]
    fn marks_are_found_where_they_stand(
        head in prop::sample::select(vec!["", "\"", "'", "|", "|-", "|+", "|2", ">", ">-", ">3"]),
        before in prop::collection::vec(piece(), 0..9),
        after in prop::collection::vec(piece(), 0..5),
    ) {
        let block = head.starts_with(['|', '>']);
        let (start, end) = if block { ("\n   ", "\n") } else { ("", head) };
        let file =
            format!("k:\n  q: {head}{start}{}§{}{end}\n", before.concat(), after.concat());
        // What is written in single quotes or plain may be no scalar at all.
        if let Some((found, expected)) = both(&file) {
            prop_assert_eq!(found, expected, "{}", file);
        }
    }

    #[test]
    fn no_text_is_too_much(file in ".{0,60}", at in 0..60_usize, value in ".{0,20}") {
        let at = file.char_indices().map(|(byte, _)| byte).nth(at).unwrap_or(file.len());
        byte_of(&file, at, &value, value.len() / 2);
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        " ",
        "  ",
        "up",
        "\n   ",
        "\n     ",
        "\n\n   ",
        "\n \n   ",
        "\r\n   ",
        "\t",
        "ä",
        "日",
        "\\\"",
        "\\n",
        "\\u00e4",
        "\\x41",
        "''",
        "\\\n   ",
        "\\t",
        "(",
        "{",
        "}",
        "]",
        ",",
        "\"",
        "#",
        " #",
        ":",
        "|",
        "\\ud83d\\ude00",
        "\n   \t",
        "\\\\",
        "\\/",
    ])
}
