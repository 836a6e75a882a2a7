//! Whatever a text holds, it cannot leave the place that it was put in, and nothing plain changes.

use super::{csv, is_hidden, json, markdown, shell, short, terminal, xml};
use proptest::prelude::*;

/// Texts that mean something to one format or another, mixed with anything at all.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\u{1b}[31m",
        "\u{1b}]0;x\u{7}",
        "\u{9b}2J",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\r",
        "\n",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{e0041}",
        "|",
        "\\|",
        "\\",
        "`",
        "``",
        "```",
        "*",
        "_",
        "<script>",
        "</title>",
        "]]>",
        "&lt;",
        "\"",
        "'",
        "=cmd()",
        "+1",
        "-1",
        "@a",
        "[a](b)",
        "![a](b)",
        "# ",
        "$(id)",
        "$HOME",
        "~",
        "!",
        "ä",
        "日本",
        "😀",
        " ",
        "---",
        "www.a.b",
        "http://a.b",
        "{{",
        "%s",
        "\u{fffe}",
    ]);
    let piece =
        prop_oneof![3 => nasty.prop_map(str::to_string), 1 => ".{0,6}", 1 => "[a-z0-9]{1,5}"];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// What a browser would read out of the text of an element.
fn unescaped(xml: &str) -> String {
    let names = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    names.iter().fold(xml.to_string(), |text, (name, c)| text.replace(name, c))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn terminals_get_nothing_hidden(text in hostile()) {
        let line = terminal::line(&text);
        prop_assert!(!line.contains(is_hidden), "{line:?}");
        prop_assert_eq!(&terminal::line(&line), &line, "twice is once");
        let whole = terminal::text(&text);
        prop_assert!(!whole.contains(|c| is_hidden(c) && c != '\n' && c != '\t'), "{whole:?}");
        prop_assert_eq!(&terminal::text(&line), &line, "the wider one changes nothing more");
    }

    #[test]
    fn xml_holds_the_text_and_no_markup(text in hostile()) {
        let out = xml::text(&text);
        prop_assert!(!out.contains(['<', '>']) && !out.contains(is_hidden), "{out}");
        prop_assert!(!out.contains(['\u{fffe}', '\u{ffff}']), "{out:?}");
        prop_assert_eq!(unescaped(&out), xml::letters(&text).into_owned());
    }

    #[test]
    fn json_reads_back_and_shows_everything(text in hostile()) {
        let quoted = json::line(&text.as_str().into());
        prop_assert!(!quoted.trim_end().contains(is_hidden), "{quoted:?}");
        prop_assert_eq!(serde_json::from_str::<String>(&quoted).ok(), Some(text.clone()));
        let mut value = serde_json::json!({});
        value[&text] = text.as_str().into();
        for out in [json::line(&value), json::pretty(&value)] {
            prop_assert!(!out.contains(|c| is_hidden(c) && c != '\n'), "{out:?}");
            let read: Option<serde_json::Value> = serde_json::from_str(&out).ok();
            prop_assert_eq!(read, Some(value.clone()));
        }
    }

    #[test]
    fn cells_compute_nothing_and_read_back(text in hostile()) {
        let cell = csv::cell(&text);
        prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
        prop_assert!(*cell == text || cell.strip_prefix('\'') == Some(&text));
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["x", &*cell]).expect("written");
        let bytes = writer.into_inner().expect("whole");
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&*bytes);
        let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
        prop_assert_eq!(rows.len(), 1);
        prop_assert_eq!((&rows[0][0], &rows[0][1]), ("x", &*cell));
    }

    #[test]
    fn markdown_never_leaves_its_cell(text in hostile()) {
        let shown = markdown::text(&text);
        prop_assert!(!shown.contains(is_hidden), "{shown:?}");
        // Plain words have no sign that means anything; all else is one code span.
        if *shown != text {
            let fence = shown.len() - shown.trim_start_matches('`').len();
            prop_assert!(fence > 0 || text.is_empty(), "{shown}");
            if fence > 0 {
                let inner = &shown[fence..shown.len() - fence];
                prop_assert!(shown.ends_with(&"`".repeat(fence)));
                prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'), "{shown}");
                let longest = inner.split(|c| c != '`').map(str::len).max().unwrap_or(0);
                prop_assert!(longest < fence, "{shown}");
            }
        } else {
            let signs = ['|', '<', '>', '*', '`', '[', ']', '\\', '&', '#', '~'];
            prop_assert!(!text.contains(signs));
        }
        let row = markdown::row([&*shown, "x"]);
        prop_assert_eq!(cells(&row), 2, "{}", row);
        prop_assert!(!row.contains('\n'));
    }

    #[test]
    fn prose_has_no_html_and_no_links(text in hostile()) {
        let out = markdown::prose(&text);
        let outside = outside_of_code(&out);
        for (at, _) in outside.match_indices('<') {
            let next = outside[at + 1..].chars().next().unwrap_or(' ');
            prop_assert!(!next.is_ascii_alphabetic() && !"/!?".contains(next), "{out}");
        }
        prop_assert!(!out.contains(|c| is_hidden(c) && c != '\n' && c != '\t'));
    }

    #[test]
    fn messages_are_bounded(word in hostile(), times in 0..4000_usize) {
        let long = word.repeat(times);
        let shown = short::message(&long);
        prop_assert!(shown.chars().count() <= 4_000, "{}", shown.chars().count());
        prop_assert!(*shown == long || shown.contains("characters_left_out"));
    }
}

/// A text without its code spans; a point stands for what a backslash escapes.
fn outside_of_code(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['`', '\\']) {
        out.push_str(&rest[..at]);
        if rest[at..].starts_with('\\') {
            let after = rest[at + 1..].chars().next().map_or(0, char::len_utf8);
            out.push('.');
            rest = &rest[at + 1 + after..];
            continue;
        }
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let end = markdown::closing(&rest[at + run..], run).map_or(at + run, |end| at + run + end);
        rest = &rest[end..];
    }
    out + rest
}

/// Cells that a renderer of GitHub's tables would see in a row: bars that no backslash escapes
/// divide them.
fn cells(row: &str) -> usize {
    let (mut bars, mut escaped) = (0, false);
    for c in row.chars() {
        if c == '|' && !escaped {
            bars += 1;
        }
        escaped = c == '\\' && !escaped;
    }
    bars - 1
}

proptest! {
    // Each case starts a shell.
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn shells_read_words_back(words in prop::collection::vec(hostile(), 1..4)) {
        // No argument of a process can hold this character.
        let words: Vec<String> = words.iter().map(|word| word.replace('\0', "")).collect();
        let command = shell::command(&words);
        prop_assert!(!command.contains(|c| is_hidden(c) && c != '\n'), "{command:?}");
        let script = format!("for w in {command}; do printf '%s\\001' \"$w\"; done");
        let output = std::process::Command::new("sh").arg("-c").arg(&script).output();
        let output = output.expect("a shell");
        let read = String::from_utf8_lossy(&output.stdout).into_owned();
        let expected: String = words.iter().map(|word| format!("{word}\u{1}")).collect();
        prop_assert_eq!(read, expected, "{}", script);
    }
}

#[test]
fn plain_texts_stay_as_they_are() {
    for plain in ["canary", "error-rate 5%", "a_b", "checkout replicas=5", "v1.2", "Ä (b)", "1.5 s"]
    {
        assert_eq!(terminal::line(plain), plain);
        assert_eq!(markdown::text(plain), plain);
        assert_eq!(csv::cell(plain), plain);
        assert_eq!(xml::text(plain), plain);
    }
    assert_eq!(shell::command(["run", "a/b.yaml", "--set", "x=5,20"]), "run a/b.yaml --set x=5,20");
    assert_eq!(shell::word("it's"), "'it'\\''s'");
    assert_eq!(shell::word("a\u{1b}"), "'a'\"$(printf '\\033')\"");
}

#[test]
fn odd_texts_are_shown_in_code() {
    assert_eq!(markdown::text("a|b"), "`a|b`");
    assert_eq!(markdown::text("`"), "`` ` ``");
    assert_eq!(markdown::text("_a_"), "`_a_`");
    assert_eq!((&*markdown::text("$0.02"), &*markdown::text("$a$")), ("$0.02", "`$a$`"));
    assert_eq!(markdown::text("see http://x.y"), "`see http://x.y`");
    assert_eq!(markdown::text("a\u{1b}\nb"), "`a\\u{1b}\\nb`");
    assert_eq!(markdown::prose("p < 5 <b> [x](y) `a<b>`"), "p < 5 &lt;b> \\[x\\](y) `a<b>`");
    let lines = "x\n## h\n=cmd()\n  > q\n| a |\n---\n- item\n`a`# b\n***\n";
    let shown = "x\n\\## h\n\\=cmd()\n  \\> q\n\\| a |\n\\---\n- item\n`a`# b\n\\***\n";
    assert_eq!(markdown::prose(lines), shown);
    assert_eq!(markdown::prose("a ` b\n \nc ` d <e>"), "a \\` b\n \nc \\` d &lt;e>");
    assert_eq!(markdown::command("a 'b\nc'"), "\n\n```sh\na 'b\nc'\n```\n\n");
}

#[test]
fn long_texts_lose_their_middle() {
    let name = "x".repeat(15_000_000);
    let shown = short::message(&name);
    assert!(shown.len() < 250 && shown.starts_with("xxx") && shown.ends_with("xxx"), "{shown}");
    assert!(short::message(&format!("unknown key {name:?}")).contains("characters_left_out"));
    let words = "word ".repeat(10_000);
    assert!(short::message(&words).chars().count() <= 4_000);
    assert_eq!((short::thousands(99_980), short::thousands(20)), ("99,980".into(), "20".into()));
}
