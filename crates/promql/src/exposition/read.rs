//! OpenMetrics and Prometheus text → series.
//!
//! A text that ends with `# EOF` is OpenMetrics, its timestamps are seconds; any other is
//! Prometheus' own, with milliseconds. One without that end that could only be OpenMetrics was cut
//! off (see `cut`) and is refused. Every sample needs a timestamp: a page as an application serves
//! it says what is, not when. Types, helps, units and exemplars are read over.

use super::{
    Collector, LATEST_MS, Labels, Point, Recorded, cut, is_label_name, is_metric_name, markers,
};
use std::collections::BTreeMap;
use windtunnel_base::problem::{Place, Problem};

/// The series of a text, and of the markers that were written beside it.
pub fn read(text: &str, markers: Option<&str>) -> Result<Recorded, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut collector = Collector::default();
    let lines = || text.lines().zip(1..).map(|(line, number)| (line.trim(), line, number));
    let eof = lines().find(|(line, ..)| *line == "# EOF").map(|(.., number)| number);
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (trimmed, line, number) in lines() {
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if eof.is_some_and(|eof| number > eof) {
            let place = Place { line: number, column: 1 };
            problems.push(Problem::error(place, "", "a sample behind the end (`# EOF`)"));
            break;
        }
        if let Some(full) = collector.full() {
            return Err(vec![Problem { place: Place { line: number, column: 1 }, ..full }]);
        }
        match sample(line, eof.is_some()) {
            Ok(sample) => {
                let row = match known.get(sample.series) {
                    Some(row) => Ok(*row),
                    None => labels(sample.series, line).map(|labels| collector.row(labels)),
                };
                match row {
                    Ok(row) => {
                        if known.insert(sample.series, row).is_none() {
                            collector.left = collector.left.saturating_sub(64);
                        }
                        let place = Place { line: number, column: 1 };
                        let (at_ms, value) = (sample.at_ms, sample.value);
                        collector.add(row, Point { at_ms, value, place });
                    }
                    Err(wrong) => problems.push(wrong.on(line, number)),
                }
            }
            Err(wrong) => problems.push(wrong.on(line, number)),
        }
    }
    let mut warnings = Vec::new();
    if eof.is_none() {
        let whole = cut::whole_lines(text);
        let reach = collector.reach_before(whole.saturating_add(1));
        if let Some(refused) = cut::refused(text, reach, &problems) {
            // Everything else was judged by the rules of another format.
            return Err(vec![refused]);
        }
        warnings.extend(cut::last_line(text));
    }
    let markers::Ends { ends, release_at_ms, cut } =
        markers.map_or(Ok(Default::default()), markers::read)?;
    warnings.extend(cut);
    for (labels, at_ms, line) in ends {
        let row = collector.row(labels);
        let place = Place { line, column: 1 };
        collector.add(row, Point { at_ms, value: crate::store::stale(), place });
    }
    let store = collector.store(&mut problems);
    if eof.is_none() {
        cut::explain(&mut problems, text);
    }
    if problems.is_empty() {
        Ok(Recorded { store, release_at_ms, warnings })
    } else {
        Err(super::told(problems))
    }
}

/// What is wrong with a line, and at which byte of it.
pub(super) struct Wrong {
    at: usize,
    message: String,
    help: &'static str,
}

impl Wrong {
    fn new(at: usize, message: impl Into<String>) -> Wrong {
        Wrong { at, message: message.into(), help: "" }
    }

    pub(super) fn on(self, line: &str, number: u32) -> Problem {
        let before = line.char_indices().take_while(|(i, _)| *i < self.at).count();
        let place = Place { line: number, column: before as u32 + 1 };
        Problem::error(place, "", self.message).help(self.help)
    }
}

struct Sample<'a> {
    /// Name and labels as written.
    series: &'a str,
    value: f64,
    at_ms: i64,
}

/// A part of `line`, as the byte at which it begins.
fn offset(line: &str, part: &str) -> usize {
    part.as_ptr() as usize - line.as_ptr() as usize
}

fn sample(line: &str, seconds: bool) -> Result<Sample<'_>, Wrong> {
    let (series, rest) = split(line)?;
    let mut words = rest.split_whitespace().take_while(|word| !word.starts_with('#'));
    let Some(word) = words.next() else {
        return Err(Wrong::new(line.len(), "no value behind the series"));
    };
    let value = float(word)
        .ok_or_else(|| Wrong::new(offset(line, word), format!("{word:?} is no value")))?;
    let Some(word) = words.next() else {
        let help = "a page as scraped has no timestamps; export series with them";
        return Err(Wrong { help, ..Wrong::new(line.len(), "no timestamp behind the value") });
    };
    let at_ms =
        instant(word, seconds).map_err(|wrong| Wrong { at: offset(line, word), ..wrong })?;
    match words.next() {
        Some(more) => Err(Wrong::new(offset(line, more), format!("unexpected {more:?}"))),
        None => Ok(Sample { series, value, at_ms }),
    }
}

/// The series at the head of a line, and what follows it.
pub(super) fn split(line: &str) -> Result<(&str, &str), Wrong> {
    let start = line.len() - line.trim_start().len();
    let head = &line[start..];
    let name = head.find(['{', ' ', '\t']).unwrap_or(head.len());
    let after = head[name..].trim_start();
    if !after.starts_with('{') {
        return Ok((&head[..name], &head[name..]));
    }
    let open = offset(line, after);
    match closing(after) {
        Some(close) => Ok((&line[start..=open + close], &after[close + 1..])),
        None => Err(Wrong::new(open, "this brace is never closed")),
    }
}

/// Where the brace that a text begins with is closed, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|b| {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return true,
            _ => {}
        }
        false
    })
}

/// Name and labels of a series that stands at the head of `line`.
pub(super) fn labels(series: &str, line: &str) -> Result<Labels, Wrong> {
    let base = offset(line, series);
    let name = &series[..series.find('{').unwrap_or(series.len())];
    let mut labels = Labels::new();
    if !name.is_empty() {
        let name = name.trim_end();
        if !is_metric_name(name) {
            return Err(Wrong::new(base, format!("{name:?} is no name of a metric")));
        }
        labels.push(("__name__".into(), name.to_string()));
    }
    let inner = series.get(name.len() + 1..series.len() - 1).unwrap_or_default();
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let at = base + offset(series, rest);
        let (label, behind) = label_name(rest, at)?;
        let (label, value, behind) = match (behind.strip_prefix('='), rest.starts_with('"')) {
            (Some(value), _) => {
                let value = value.trim_start();
                let (text, length) = quoted(value, base + offset(series, value))?;
                (label, text, &value[length..])
            }
            // A name in quotes that stands alone is the metric's.
            (None, true) => ("__name__".into(), label, behind),
            (None, false) => {
                return Err(Wrong::new(at, format!("expected {label}=\"value\"")));
            }
        };
        if labels.iter().any(|(known, _)| *known == label) {
            return Err(Wrong::new(at, format!("the label {label} stands twice")));
        }
        labels.push((label, value));
        let behind = behind.trim_start();
        rest = match (behind.strip_prefix(','), behind.is_empty()) {
            (Some(next), _) => next.trim_start(),
            (None, true) => behind,
            (None, false) => {
                let at = base + offset(series, behind);
                return Err(Wrong::new(at, "expected \",\" or \"}\""));
            }
        };
    }
    match labels.iter().any(|(label, _)| label == "__name__") {
        true => Ok(labels),
        false => Err(Wrong::new(base, "a series without a metric's name")),
    }
}

/// The name of a label, quoted or not, and what follows it.
fn label_name(text: &str, at: usize) -> Result<(String, &str), Wrong> {
    if text.starts_with('"') {
        let (name, length) = quoted(text, at)?;
        return Ok((name, text[length..].trim_start()));
    }
    let end = text.find(['=', ',', ' ', '\t', '"']).unwrap_or(text.len());
    let name = &text[..end];
    if !is_label_name(name) {
        return Err(Wrong::new(at, format!("{name:?} is no name of a label")));
    }
    Ok((name.to_string(), text[end..].trim_start()))
}

/// A text in quotes, its escapes (`\\`, `\"`, `\n`) resolved, and its length with the quotes.
fn quoted(text: &str, at: usize) -> Result<(String, usize), Wrong> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    if chars.next().map(|(_, c)| c) != Some('"') {
        return Err(Wrong::new(at, "expected a value in double quotes"));
    }
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Ok((value, i + 1)),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('\\' | '"'))) => value.push(c),
                // Prometheus keeps the backslash of what is no escape.
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            _ => value.push(c),
        }
    }
    Err(Wrong::new(at, "these quotes are never closed"))
}

/// A value as both texts write it.
fn float(word: &str) -> Option<f64> {
    let bare = word.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let word_of_its_own = matches!(bare.as_str(), "nan" | "inf" | "infinity");
    let digits = bare.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-'));
    (word_of_its_own || digits).then(|| word.parse().ok()).flatten()
}

/// A timestamp in milliseconds.
pub(super) fn instant(word: &str, seconds: bool) -> Result<i64, Wrong> {
    let wrong = || Wrong::new(0, format!("{word:?} is no timestamp"));
    let number = float(word).ok_or_else(wrong)?;
    if !seconds && number.fract() != 0.0 {
        return Err(Wrong { help: cut::FRACTION, ..wrong() });
    }
    let ms = if seconds { (number * 1000.0).round() } else { number };
    if ms.is_nan() || ms.abs() > LATEST_MS {
        let help = "with `# EOF` at its end a text has seconds, without it milliseconds";
        return Err(Wrong { help, ..wrong() });
    }
    Ok(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rows = Vec<(String, Vec<(i64, f64)>)>;

    fn rows(text: &str) -> Rows {
        let store = read(text, None).unwrap_or_else(|p| panic!("{text}: {p:?}")).store;
        let shown = |id| {
            let labels: Vec<String> =
                store.label_texts(id).map(|(n, v)| format!("{n}={v}")).collect();
            (labels.join(" "), store.samples(id).collect())
        };
        store.ids().map(shown).collect()
    }

    fn problem(text: &str) -> (u32, u32, String) {
        let problems = read(text, None).expect_err(text);
        (problems[0].place.line, problems[0].place.column, problems[0].message.clone())
    }

    #[test]
    fn seconds_with_an_end_and_milliseconds_without() {
        let open =
            "# TYPE a counter\na_total{x=\"1\"} 2 10.5 # {trace=\"t\"} 1 9\na_total 3 11\n# EOF\n";
        let wanted = [
            ("__name__=a_total".to_string(), vec![(11_000, 3.0)]),
            ("__name__=a_total x=1".to_string(), vec![(10_500, 2.0)]),
        ];
        assert_eq!(rows(open), wanted);
        assert_eq!(
            rows("a_total 3 11000\n\n a_total 2\t10500 ")[0].1,
            [(10_500, 2.0), (11_000, 3.0)]
        );
    }

    #[test]
    fn escapes_odd_names_and_odd_values() {
        let text = "a{x=\"q\\\"\\\\\\n}\", y = \"é\" , } +Inf 1\n{\"b.c\",\"l m\"=\"1\"} -1e-3 1\n";
        let found = rows(text);
        assert_eq!(found[0], ("__name__=a x=q\"\\\n} y=é".into(), vec![(1, f64::INFINITY)]));
        assert_eq!(found[1], ("__name__=b.c l m=1".into(), vec![(1, -1e-3)]));
        assert!(rows("a NaN 1")[0].1[0].1.is_nan());
    }

    #[test]
    fn problems_name_line_and_column() {
        for (text, line, column, message) in [
            ("a 1 1\n  a{x=\"1\" 2 2", 2, 4, "never closed"),
            ("a{x=1} 2 2", 1, 5, "double quotes"),
            ("a{é=\"1\"} 2 2", 1, 3, "no name of a label"),
            ("a{x=\"1\",x=\"2\"} 2 2", 1, 9, "twice"),
            ("a{x=\"1\" y=\"2\"} 2 2", 1, 9, "expected \",\""),
            ("0a 1 1", 1, 1, "no name of a metric"),
            ("{x=\"1\"} 2 2", 1, 1, "without a metric's name"),
            ("a one 1", 1, 3, "no value"),
            ("a 1", 1, 4, "no timestamp"),
            ("a 1 1.5", 1, 1, "with fractions are seconds"),
            ("a 1 1767225600000\n# EOF", 1, 5, "no timestamp"),
            ("a 1 1 1", 1, 7, "unexpected"),
            ("# EOF\na 1 1", 2, 1, "behind the end"),
            ("a 1 1\na 2 1", 2, 1, "another value"),
        ] {
            let found = problem(text);
            assert_eq!((found.0, found.1), (line, column), "{text}: {}", found.2);
            assert!(found.2.contains(message), "{text}: {}", found.2);
        }
        assert_eq!(rows("a 1 1\na 1 1").len(), 1, "the same sample twice is no contradiction");
    }
}
