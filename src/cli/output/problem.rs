//! Problems as people see them: a line that editors and CI read, below it the line of the file with
//! a caret, and the way out; and the same for machines, in JSON.
//!
//! Drawn with colours, which the stream takes out where they are not wanted. What stands in a file
//! comes through `base::excerpt` only: bounded, and with nothing in it that a terminal would obey.

use super::super::sources::Sources;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use windtunnel_base::excerpt::{excerpt, word};
use windtunnel_base::problem::{Problem, Severity, limited};
use windtunnel_base::several::OF_A_KIND;
use windtunnel_base::source::Source;

/// What the text is called within which a problem is, if it is written otherwise in the file.
const AS_READ: &str = "as it is read";

/// A problem as it is drawn, in colours, with a line feed at its end.
pub fn drawn(problem: &Problem, sources: &Sources) -> String {
    let (level, colour) = match problem.severity {
        Severity::Error => (Level::ERROR, AnsiColor::BrightRed),
        Severity::Warning => (Level::WARNING, AnsiColor::BrightYellow),
    };
    let (bold, kind) = (Style::new().bold(), colour.on_default().bold());
    let (written_at, word, told) = (problem.written_at(), problem.severity.word(), problem.told());
    let head = format!("{bold}{written_at}:{bold:#} {kind}{word}:{kind:#} {told}\n");
    let found = sources.get(&problem.file).and_then(|source| meant(source, problem));
    let shown = found.map(|(text, start, end)| (text, start, end, problem.place.line));
    let within = problem.inner();
    let within = within.map(|w| (&*w.text, w.byte, w.end(), w.place().line));
    let help = problem.way_out();
    let parts: Vec<_> = shown.into_iter().chain(within).collect();
    if parts.is_empty() {
        let help = if help.is_empty() { help } else { format!("    help: {help}\n") };
        return head + &help;
    }
    let mut group = Group::with_level(level);
    for (number, (text, start, end, line)) in parts.into_iter().enumerate() {
        let shown = excerpt(text, start, end);
        let mark = AnnotationKind::Primary.span(shown.start..shown.end);
        let name = (number > 0).then_some(AS_READ);
        let snippet = Snippet::source(shown.text).line_start(line as usize).path(name);
        group = group.element(snippet.annotation(mark));
    }
    if !help.is_empty() {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    format!("{head}{}\n", renderer.render(&[group]))
}

/// What a problem is about: the text of its file, and the bytes of that to put a caret under.
fn meant<'s>(source: &'s Source<'_>, problem: &Problem) -> Option<(&'s str, usize, usize)> {
    let (text, start) = (source.text(), source.byte_at(problem.place)?);
    let end = problem.end().and_then(|end| source.byte_at(end));
    Some((text, start, end.unwrap_or_else(|| start + word(&text[start..]))))
}

/// Problems for machines: those that would be shown, how many there are in all, and how many of
/// these are not shown.
fn as_json(problems: &[Problem], sources: &Sources) -> Value {
    let of = |severity| problems.iter().filter(|p| p.severity == severity).count();
    let shown: Vec<Value> = (limited(problems, OF_A_KIND).iter().filter(|p| problems.contains(p)))
        .map(|problem| one_as_json(problem, sources))
        .collect();
    json!({
        "errors": of(Severity::Error), "warnings": of(Severity::Warning),
        "leftOut": problems.len() - shown.len(), "problems": shown,
    })
}

/// What `validate` answers in JSON, and what every other verb does that has to refuse.
pub fn findings(
    valid: bool,
    scenarios: &[String],
    problems: &[Problem],
    sources: &Sources,
) -> Value {
    let mut answer = json!({ "valid": valid, "scenarios": scenarios });
    if let (Value::Object(answer), Value::Object(found)) = (&mut answer, as_json(problems, sources))
    {
        answer.extend(found);
    }
    answer
}

fn one_as_json(problem: &Problem, sources: &Sources) -> Value {
    let mut value = json!({
        "severity": problem.severity.word(),
        "file": &*problem.file, "line": problem.place.line, "column": problem.place.column,
        "path": problem.path, "message": problem.message,
        "expected": problem.expected, "help": problem.help,
    });
    if let Some(source) = sources.get(&problem.file)
        && let Some((text, start, end)) = meant(source, problem)
    {
        let after = source.place_at(end);
        value["found"] = text[start..end].into();
        value["endLine"] = after.line.into();
        value["endColumn"] = after.column.into();
    }
    if let Some(within) = problem.inner() {
        let place = within.place();
        let shown = excerpt(&within.text, within.byte, within.byte).text;
        value["within"] = json!({ "line": place.line, "column": place.column, "shown": shown });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;
    use unicode_width::UnicodeWidthStr;
    use windtunnel_base::escape::is_hidden;

    fn text_of(drawn: &str) -> String {
        anstream::adapter::strip_str(drawn).to_string()
    }

    /// Pieces that a terminal would obey, that take two columns or none, or a lot of them.
    fn piece() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            "\u{1b}[31m",
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
            "日本",
            "😀",
            "e\u{301}",
            " ",
        ]);
        prop_oneof![3 => odd.prop_map(str::to_string), 2 => "[a-z]{1,50}", 1 => ".{0,4}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_caret_stands_below_the_place_and_nothing_hidden_is_shown(
            pieces in prop::collection::vec(piece(), 1..40), at in 0..200_usize,
        ) {
            let text = pieces.concat();
            let byte = text.char_indices().map(|(byte, _)| byte).nth(at).unwrap_or(text.len());
            let source = Source::plain(text.clone());
            let place = source.place_at(byte);
            let problem = Problem::error(place, text.as_str(), text.as_str())
                .expected(text.as_str()).help(text.as_str()).in_file(&Arc::from("a\u{1b}.yaml"));
            let sources = Sources::of("a\u{1b}.yaml", source);
            let drawn = text_of(&drawn(&problem, &sources));
            prop_assert!(!drawn.contains(|c| is_hidden(c) && c != '\n'), "{drawn:?}");
            let lines: Vec<&str> = drawn.lines().collect();
            prop_assert_eq!(lines[0], problem.head());
            let (line, caret) = (lines[2], lines[3]);
            let shown = excerpt(&text, byte, byte);
            let gutter = format!("{} | ", place.line);
            let row = format!("{gutter}{}", shown.text);
            prop_assert_eq!(line.trim_end(), row.trim_end());
            let columns = caret.find('^').map(|at| caret[..at].width());
            prop_assert_eq!(columns, Some(gutter.len() + shown.indent()), "{}", drawn);
            prop_assert!(line.width() <= gutter.len() + windtunnel_base::excerpt::WIDTH + 2);
        }
    }

    #[test]
    fn what_stands_in_no_text_is_told_in_lines() {
        let problem = Problem::warning(Default::default(), "a", "b").help("c");
        let drawn = text_of(&drawn(&problem.in_file(&Arc::from("--set")), &Sources::default()));
        assert_eq!(drawn, "--set: warning: a: b\n    help: c\n");
    }
}
