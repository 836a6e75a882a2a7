//! Texts of which the end is missing.
//!
//! OpenMetrics ends with `# EOF` so that a reader can tell. Without it the same text would be read
//! as Prometheus' own, its seconds as milliseconds; so what only OpenMetrics has, and instants that
//! would lie in the first days of 1970, are refused.

use super::read::split;
use windtunnel_base::problem::{Place, Problem};

/// Instants that are seconds of our time (from 1973 on) and would be milliseconds of 1970 to 1973.
const SECONDS: std::ops::Range<i64> = 100_000_000..100_000_000_000;

/// What helps if a timestamp has a fraction and the text no end.
pub(super) const FRACTION: &str =
    "without `# EOF` at its end a text has milliseconds, with it seconds";

/// The problem of a text without `# EOF` that has to be OpenMetrics; `reach` is its first and last
/// instant, as far as `problems` let them be read.
pub(super) fn refused(
    text: &str,
    reach: Option<(i64, i64)>,
    problems: &[Problem],
) -> Option<Problem> {
    let fractions = problems.iter().any(|problem| problem.help == FRACTION);
    let mark = text.lines().zip(1..).find(|(line, _)| only_open_metrics(line));
    let message = match (mark, reach) {
        (Some((line, number)), _) => {
            let place = Place { line: number, column: 1 };
            let words: Vec<&str> = line.split_whitespace().take(4).collect();
            let found = format!("{:?} stands in OpenMetrics only", words.join(" "));
            Problem::error(place, "", found)
        }
        (None, None) if fractions => {
            let found = "timestamps with fractions are seconds, as OpenMetrics has them";
            Problem::error(last_place(text), "", found)
        }
        (None, Some((first, last))) if SECONDS.contains(&first) && SECONDS.contains(&last) => {
            let found = "all timestamps are seconds, as OpenMetrics has them";
            Problem::error(last_place(text), "", found)
        }
        _ => return None,
    };
    let help = "the text was cut off: get the rest; or, if it is whole, write `# EOF` at its end";
    Some(message.expected("`# EOF` on the last line").help(help))
}

/// What Prometheus' own text does not have: units, types of its own, exemplars.
fn only_open_metrics(line: &str) -> bool {
    let mut words = line.split_whitespace();
    if words.next() != Some("#") {
        let exemplar = |line: &str| split(line).is_ok_and(|(_, rest)| rest.contains(" # {"));
        return line.contains(" # {") && exemplar(line);
    }
    match words.next() {
        Some("UNIT") => true,
        Some("TYPE") => {
            let kind = words.nth(1);
            matches!(kind, Some("unknown" | "info" | "stateset" | "gaugehistogram"))
        }
        _ => false,
    }
}

/// How many lines of the text end with a line feed; the timestamp of the one that does not may be a
/// part of one.
pub(super) fn whole_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|b| *b == b'\n').count()).unwrap_or(u32::MAX)
}

/// A last line without a line feed may be the beginning of a longer one.
pub(super) fn last_line(text: &str) -> Option<Problem> {
    let last = text.lines().next_back().map(str::trim).unwrap_or_default();
    if text.ends_with('\n') || last.is_empty() || last.starts_with('#') {
        return None;
    }
    let message =
        "the last line has no line feed: if the text was cut off, its sample may be wrong";
    Some(Problem::warning(last_place(text), "", message))
}

/// Problems with a last line that has no line feed: most likely the text breaks off there.
pub(super) fn explain(problems: &mut [Problem], text: &str) {
    let last = last_place(text).line;
    if text.ends_with('\n') {
        return;
    }
    for problem in problems.iter_mut().filter(|p| p.place.line == last && p.help.is_empty()) {
        problem.help = "the text was cut off within this line: get the rest".to_string();
    }
}

fn last_place(text: &str) -> Place {
    Place { line: u32::try_from(text.lines().count()).unwrap_or(u32::MAX), column: 1 }
}

#[cfg(test)]
mod tests {
    use super::super::read::read;

    fn refused(text: &str) -> bool {
        match read(text, None) {
            Ok(_) => false,
            Err(problems) => {
                assert!(problems.iter().any(|p| p.help.contains("cut off")), "{problems:?}");
                true
            }
        }
    }

    #[test]
    fn open_metrics_without_its_end_is_refused() {
        let whole = "# TYPE a gauge\na{i=\"1\"} 5 1700000000\na{i=\"1\"} 6 1700000015\n# EOF\n";
        assert!(!refused(whole));
        // Wherever it is cut, it is not read as something else.
        for end in (0..whole.len() - "# EOF\n".len()).filter(|end| whole.is_char_boundary(*end)) {
            let cut = &whole[..end];
            if let Ok(found) = read(cut, None) {
                let samples = found.store.ids().flat_map(|id| found.store.samples(id)).count();
                assert!(samples == 0 || !found.warnings.is_empty(), "{cut:?}");
            }
        }
        // One cause, one problem; a fraction in a text of milliseconds is its own.
        let problems = |text: &str| read(text, None).map(drop).expect_err("seconds");
        assert_eq!(problems(&"a 1 1700000000.5\n".repeat(50)).len(), 1);
        assert_eq!(problems("a 1 1700000000000\na 1 1.5\na 1 2.5\n").len(), 2);
        for mark in ["# UNIT a seconds\n", "# TYPE a unknown\n", "# TYPE a info\n"] {
            assert!(refused(&format!("{mark}a 1 1000\n")), "{mark}");
        }
        assert!(refused("a_total 1 1000 # {trace=\"x\"} 1 1\n"));
        assert!(refused("a 1 1700000000\n") && refused("a 1 1700000000\na 2 170"));
    }

    #[test]
    fn prometheus_text_needs_no_end() {
        for text in [
            "# TYPE a gauge\na 1 1700000000000\n",
            "a 1 0\na 2 2592000000\n",
            "a{x=\" # {\"} 1 1000\n",
        ] {
            assert!(!refused(text), "{text}");
        }
        let warnings = |text: &str| read(text, None).map(|r| r.warnings.len()).ok();
        assert_eq!((warnings("a 1 1000"), warnings("a 1 1000\n")), (Some(1), Some(0)));
    }
}
