//! `query`: asks recorded series in PromQL, and answers as Prometheus answers.

use super::flags::{Format, Generation, Query as Flags};
use super::sources::Sources;
use super::{FINE, WRONG, files, output};
use std::sync::Arc;
use windtunnel_base::date;
use windtunnel_base::escape::{self, short};
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_base::source::Source;
use windtunnel_model::analysis::promql::value::Value;
use windtunnel_model::analysis::promql::{Options, Query, Rules, duration_ms};
use windtunnel_model::telemetry::exposition::{Recorded, json, markers, read, seconds};
use windtunnel_model::telemetry::store::Store;
use windtunnel_report::answer;
use windtunnel_report::telemetry::MARKERS;

/// Larger texts are refused before they are read.
const LARGEST_BYTES: u64 = 1 << 30;

/// The name of a query in problems, in the place of a file's.
const QUERY: &str = "query";

/// Why there is no answer.
enum Refusal {
    /// The question or what it is asked about is wrong.
    BadData(Vec<Problem>, Sources),
    /// The question cannot be answered.
    Execution(String),
}

/// When to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    At(i64),
    Range(i64, i64, i64),
}

/// Asks and prints.
pub fn run(flags: &Flags) -> u8 {
    let answered = recorded(&flags.series).and_then(|recorded| ask(flags, &recorded));
    match (answered, flags.format) {
        (Ok((value, at_ms)), Format::Json) => {
            output::print(&escape::json::line(&answer::json(&value, at_ms)));
            FINE
        }
        (Ok((value, _)), Format::Text) => {
            output::print(&answer::text(&value));
            FINE
        }
        (Err(refusal), format) => {
            refuse(refusal, format);
            WRONG
        }
    }
}

fn refuse(refusal: Refusal, format: Format) {
    match (refusal, format) {
        (Refusal::BadData(problems, sources), Format::Text) => {
            output::complain(&problems, &sources);
        }
        (Refusal::Execution(message), Format::Text) => output::fail_lines(&message),
        (Refusal::BadData(problems, sources), Format::Json) => {
            let message = problems.iter().map(on_one_line).collect::<Vec<_>>().join("\n");
            let mut refusal = answer::error_json("bad_data", &short::message(&message));
            refusal["problems"] =
                output::findings(false, &[], &problems, &sources)["problems"].take();
            output::print(&escape::json::line(&refusal));
        }
        (Refusal::Execution(message), Format::Json) => {
            let refusal = answer::error_json("execution", &short::message(&message));
            output::print(&escape::json::line(&refusal));
        }
    }
}

/// As the interface of Prometheus has it.
fn on_one_line(problem: &Problem) -> String {
    match &*problem.file {
        QUERY => {
            let Place { line, column } = problem.place;
            format!("{line}:{column}: parse error: {}", problem.message)
        }
        flag if flag.starts_with("--") => format!("{flag}: {}", problem.told()),
        _ => problem.to_string(),
    }
}

/// Something wrong with a flag.
fn bad(flag: &str, message: impl Into<String>) -> Refusal {
    Refusal::BadData(vec![files::wrong(flag, message.into(), "")], Sources::default())
}

/// The series of a file: OpenMetrics with the markers beside it, Prometheus text, or JSON.
fn recorded(path: &str) -> Result<Recorded, Refusal> {
    let one = |problem: Problem| Refusal::BadData(vec![problem], Sources::default());
    let text = files::text(path, LARGEST_BYTES).map_err(one)?;
    let beside = format!("{path}{MARKERS}");
    let markers = match path != "-" && std::path::Path::new(&beside).is_file() {
        true => Some(files::text(&beside, LARGEST_BYTES).map_err(one)?),
        false => None,
    };
    if markers.as_deref().is_some_and(|markers| !markers::belong(markers, &text)) {
        return Err(one(strange(path, &beside, text.trim_end().ends_with("# EOF"))));
    }
    let found = match text.trim_start().starts_with('{') && !looks_like_a_sample(&text) {
        true => json::read(&text),
        false => read::read(&text, markers.as_deref()),
    };
    let file: Arc<str> = Arc::from(path);
    let placed = |problems: Vec<Problem>| -> Vec<Problem> {
        problems.into_iter().map(|problem| problem.in_file(&file)).collect()
    };
    let missing = markers::missing(&text, markers.as_deref()).filter(|_| path != "-");
    let sources = Sources::of(path, Source::plain(text));
    match found {
        Ok(recorded) => {
            let warnings = recorded.warnings.iter().cloned().chain(missing);
            output::complain(&placed(warnings.collect()), &sources);
            Ok(recorded)
        }
        Err(problems) => Err(Refusal::BadData(placed(problems), sources)),
    }
}

/// Markers that are not those of the text beside them, which is whole or not.
fn strange(path: &str, beside: &str, whole: bool) -> Problem {
    if whole {
        let message = format!("these markers are of another export than {path}");
        return files::wrong(beside, message, "export it again, or remove them");
    }
    let message = "this is not all that the markers beside it are of, and there is no `# EOF` on \
                   the last line";
    files::wrong(path, message.to_string(), "the text was cut off: get the rest")
}

/// A series may begin with a brace, too; JSON has no value behind the closing one on a line.
fn looks_like_a_sample(text: &str) -> bool {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.rsplit_once('}').is_some_and(|(_, rest)| rest.split_whitespace().count() >= 2)
}

fn ask(flags: &Flags, recorded: &Recorded) -> Result<(Value, i64), Refusal> {
    let rules = match flags.rules {
        Generation::Two => Rules::V2,
        Generation::Three => Rules::V3,
    };
    let query = Query::parse_by(&flags.query, rules).map_err(|error| {
        let sources = Sources::of(QUERY, Source::plain(flags.query.clone()));
        let place = sources.get(QUERY).map(|text| text.place_at(error.byte)).unwrap_or_default();
        let problem = Problem::error(place, "", error.message).in_file(&Arc::from(QUERY));
        Refusal::BadData(vec![problem], sources)
    })?;
    let mut options = Options { rules, ..Options::default() };
    if let Some(lookback) = &flags.lookback {
        options.lookback_ms = span(lookback).filter(|ms| *ms > 0).ok_or_else(|| {
            bad("--lookback", format!("found {lookback:?}, expected a duration such as 5m"))
        })?;
    }
    let when = when(flags, recorded)?;
    let (answer, at_ms) = match when {
        When::At(at) => (query.instant(&recorded.store, at, &options), at),
        When::Range(start, end, step) => {
            let range = (start, end, step);
            query.check_range(range).map_err(|e| bad("--range", e.to_string()))?;
            (query.range(&recorded.store, range, &options), end)
        }
    };
    let value = answer.map_err(|e| Refusal::Execution(e.to_string()))?;
    let empty = match &value {
        Value::Vector(elements) => elements.is_empty(),
        Value::Matrix(rows) => rows.is_empty(),
        Value::Scalar(_) | Value::Text(_) => false,
    };
    if empty && flags.format == Format::Text {
        output::say(&nothing(&query, &recorded.store));
    }
    Ok((value, at_ms))
}

fn when(flags: &Flags, recorded: &Recorded) -> Result<When, Refusal> {
    let instant = |text: &str, flag: &str| {
        instant(text, recorded.release_at_ms).map_err(|why| bad(flag, why))
    };
    if let Some(range) = &flags.range {
        let parts: Vec<&str> = range.split(':').collect();
        let [start, end, step] = parts[..] else {
            let expected = "expected START:END:STEP, such as +0s:+10m:30s";
            return Err(bad("--range", format!("found {range:?}, {expected}")));
        };
        let step = span(step).ok_or_else(|| {
            bad("--range", format!("found the step {step:?}, expected a duration such as 30s"))
        })?;
        return Ok(When::Range(instant(start, "--range")?, instant(end, "--range")?, step));
    }
    match &flags.at {
        Some(at) => Ok(When::At(instant(at, "--at")?)),
        None => {
            let (_, last) =
                reach(&recorded.store).ok_or_else(|| bad(&flags.series, "no samples at all"))?;
            Ok(When::At(last))
        }
    }
}

/// A duration, or plain seconds.
fn span(text: &str) -> Option<i64> {
    duration_ms(text).or_else(|| seconds_ms(text).filter(|ms| *ms >= 0))
}

fn seconds_ms(text: &str) -> Option<i64> {
    let ms = (text.parse::<f64>().ok()? * 1000.0).round();
    (ms.is_finite() && ms.abs() < 1e15).then_some(ms as i64)
}

/// Unix seconds, time since the release, or a date.
fn instant(text: &str, release_at_ms: Option<i64>) -> Result<i64, String> {
    let expected = "expected Unix seconds, +7m30s since the release, or 2026-01-01T00:10:00Z";
    if let Some(since) = text.strip_prefix('+') {
        let span = span(since).ok_or_else(|| format!("found {text:?}, {expected}"))?;
        let release = release_at_ms.ok_or_else(|| {
            format!(
                "found {text:?}, but these series do not say when the release began; \
                 the export of a flight does, in the file that ends with {MARKERS}"
            )
        })?;
        return Ok(release + span);
    }
    seconds_ms(text)
        .or_else(|| date::parse_ms(text))
        .ok_or_else(|| format!("found {text:?}, {expected}"))
}

/// The first and the last instant of a store.
fn reach(store: &Store) -> Option<(i64, i64)> {
    let first = store.ids().filter_map(|id| store.samples(id).next()).map(|(at, _)| at).min()?;
    let last =
        store.ids().filter_map(|id| store.samples(id).next_back()).map(|(at, _)| at).max()?;
    Some((first, last))
}

/// Why there may be no element.
fn nothing(query: &Query, store: &Store) -> String {
    let names: Vec<&str> = store
        .ids()
        .filter_map(|id| store.label_texts(id).find(|(name, _)| *name == "__name__"))
        .map(|(_, name)| name)
        .collect();
    let missing = query.metrics().into_iter().find(|name| !names.contains(&name.as_str()));
    let why = match (missing, reach(store)) {
        (Some(name), _) => {
            let near = nearest(&name, names.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            format!(": no series is called {name}{near}")
        }
        (None, Some((first, last))) => {
            format!("; samples reach from {} to {}", seconds(first), seconds(last))
        }
        (None, None) => ": there are no samples".to_string(),
    };
    format!("windtunnel: no element{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_seconds_spans_or_dates() {
        let at = |text: &str| instant(text, Some(1_000_000)).ok();
        assert_eq!(at("1700000000.25"), Some(1_700_000_000_250));
        assert_eq!(
            (at("+7m30s"), at("+90"), at("-5")),
            (Some(1_450_000), Some(1_090_000), Some(-5000))
        );
        assert_eq!(at("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
        assert_eq!(at("2023-11-14T23:13:20.5+01:00"), Some(1_700_000_000_500));
        assert_eq!(at("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(at("1969-12-31T23:59:59Z"), Some(-1000));
        for wrong in ["", "+", "soon", "2023-02-29T00:00:00Z", "2023-11-14", "+1x", "1e300", "NaN"]
        {
            assert_eq!(at(wrong), None, "{wrong}");
        }
        assert!(instant("+1m", None).is_err_and(|why| why.contains(".stale")));
    }

    #[test]
    fn series_that_begin_with_a_brace_are_told_from_json() {
        assert!(looks_like_a_sample("\n{\"a.b\"} 1 2\n"));
        assert!(!looks_like_a_sample("{\"series\": []}") && !looks_like_a_sample("{\n}\n"));
    }
}
