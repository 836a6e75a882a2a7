//! Facts as short scripts, in the manner of Prometheus' own test files: series are loaded, queries
//! asked, answers stated beside them. The scripts stand in `tests/data/promql/`.
//!
//! ```text
//! load 30s                              series from 0 on, a sample every 30 s
//!   up{pod="a"} 1 0+1x3 _ stale 5x2     steps: 0 1 2 3; nothing; a marker; 5 three times
//! rules 2                               what follows holds under the rules of 2.x (or 3, both)
//! eval instant at 1m up{pod="a"}
//!   up{pod="a"} 1
//! eval range from 0 to 1m step 30s sum(up)
//!   {} 1 0 1
//! eval instant at 1m up[30s]            samples of a range: values only
//!   up{pod="a"} 1
//! eval instant at 1m rate(up)
//!   expect fail                         or `expect ordered`, `expect string "…"`
//! clear
//! ```

use std::collections::BTreeMap;
use windtunnel::analysis::promql::value::{Element, LabelTexts, MatrixRow, Value};
use windtunnel::analysis::promql::{Options, Query, Rules, duration_ms};
use windtunnel::telemetry::store::{Store, is_stale, stale};

/// Values agree to nine digits.
const RELATIVE: f64 = 1e-9;

/// Samples of a script: labels → instant → value.
pub type Series = BTreeMap<LabelTexts, BTreeMap<i64, f64>>;

/// A query and what it must answer.
#[derive(Debug, Default)]
pub struct Case {
    pub line: usize,
    pub query: String,
    pub at: (i64, i64, i64),
    pub fails: bool,
    pub ordered: bool,
    pub text: Option<String>,
    pub rows: Vec<(LabelTexts, Vec<Option<f64>>)>,
}

/// Runs a script; says where answers differ, and how many were asked for.
pub fn check(script: &str) -> (Vec<String>, usize) {
    let lines: Vec<&str> = script.lines().collect();
    let (mut series, mut rules) = (Series::new(), vec![Rules::V2, Rules::V3]);
    let (mut wrong, mut asked) = (Vec::new(), 0);
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim();
        let body = lines[at + 1..].iter().take_while(|l| l.starts_with([' ', '\t']));
        let body: Vec<&str> = body.map(|l| l.trim()).collect();
        let (first, number) = (at + 1, at + 1 + body.len());
        at = number;
        let body = body.into_iter().filter(|l| !l.is_empty() && !l.starts_with('#'));
        match line.split_whitespace().next() {
            None => {}
            Some(word) if word.starts_with('#') => {}
            Some("clear") => series.clear(),
            Some("rules") => {
                rules = match line {
                    "rules 2" => vec![Rules::V2],
                    "rules 3" => vec![Rules::V3],
                    "rules both" => vec![Rules::V2, Rules::V3],
                    _ => panic!("line {first}: {line}"),
                };
            }
            Some("load") => {
                let step = ms(line["load".len()..].trim());
                body.for_each(|line| load(&mut series, line, step));
            }
            Some("eval") => {
                let case = case(first, line, body);
                for rules in &rules {
                    asked += 1;
                    wrong.extend(judge(&case, &store(&series), *rules));
                }
            }
            Some(_) => panic!("line {first}: {line}"),
        }
    }
    (wrong, asked)
}

/// A duration, or plain seconds.
fn ms(text: &str) -> i64 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |t| (-1, t));
    let seconds = || text.parse::<f64>().map(|s| (s * 1000.0).round() as i64).ok();
    sign * duration_ms(text).or_else(seconds).unwrap_or_else(|| panic!("{text:?} is no time"))
}

fn load(series: &mut Series, line: &str, step: i64) {
    let (labels, points) = described(line);
    let row = series.entry(labels).or_default();
    for (i, value) in points.iter().enumerate() {
        if let Some(value) = value {
            row.insert(i as i64 * step, *value);
        }
    }
}

fn case<'a>(line: usize, head: &str, body: impl Iterator<Item = &'a str>) -> Case {
    let mut case = Case { line, ..Case::default() };
    let words: Vec<&str> = head.splitn(5, ' ').collect();
    match words[..] {
        ["eval", "instant", "at", at, query] => {
            case.at = (ms(at), ms(at), 0);
            case.query = query.to_string();
        }
        ["eval", "range", "from", from, rest] => {
            let rest: Vec<&str> = rest.splitn(5, ' ').collect();
            let ["to", to, "step", step, query] = rest[..] else { panic!("line {line}: {head}") };
            case.at = (ms(from), ms(to), ms(step));
            case.query = query.to_string();
        }
        _ => panic!("line {line}: {head}"),
    }
    for text in body {
        match text.strip_prefix("expect ") {
            Some("fail") => case.fails = true,
            Some("ordered") => case.ordered = true,
            Some(rest) => {
                let quoted = rest.strip_prefix("string ").unwrap_or_else(|| panic!("{text}"));
                case.text = Some(unquoted(quoted));
            }
            None => case.rows.push(described(text)),
        }
    }
    case
}

fn unquoted(text: &str) -> String {
    let query = Query::parse(text).unwrap_or_else(|e| panic!("{e}"));
    match query.instant(&Store::default(), 0, &Options::default()) {
        Ok(Value::Text(text)) => text,
        other => panic!("{text} is no string: {other:?}"),
    }
}

/// `name{label="value"} points`; points alone have no labels.
fn described(line: &str) -> (LabelTexts, Vec<Option<f64>>) {
    let (name, rest) = match line.find(['{', ' ', '\t']) {
        Some(end) => line.split_at(end),
        None => ("", line),
    };
    let number = name.parse::<f64>().is_ok();
    let (name, rest) = if number { ("", line) } else { (name, rest) };
    let mut labels = LabelTexts::new();
    if !name.is_empty() {
        labels.push(("__name__".into(), name.to_string()));
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('{') {
        Some(inner) => {
            let end = closing(inner);
            for part in parts(&inner[..end]) {
                let (label, value) = part.split_once('=').unwrap_or(("__name__", part));
                let label = label.trim();
                let label = if label.starts_with('"') { unquoted(label) } else { label.into() };
                labels.push((label, unquoted(value.trim())));
            }
            &inner[end + 1..]
        }
        None => rest,
    };
    labels.retain(|(_, value)| !value.is_empty());
    labels.sort();
    (labels, rest.split_whitespace().flat_map(points).collect())
}

/// Where the brace closes, outside quotes.
fn closing(text: &str) -> usize {
    let outside = outside_quotes(text);
    outside.into_iter().find(|i| text.as_bytes()[*i] == b'}').expect("a closing brace")
}

fn parts(text: &str) -> Vec<&str> {
    let commas = outside_quotes(text).into_iter().filter(|i| text.as_bytes()[*i] == b',');
    let mut parts = Vec::new();
    let mut start = 0;
    for comma in commas.chain([text.len()]) {
        parts.push(text[start..comma].trim());
        start = comma + 1;
    }
    parts.retain(|p| !p.is_empty());
    parts
}

/// Bytes that stand outside quotes.
fn outside_quotes(text: &str) -> Vec<usize> {
    let (mut quote, mut escaped, mut found) = (None, false, Vec::new());
    for (i, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(q) if c == '\\' && q != '`' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None => found.push(i),
        }
    }
    found
}

/// `1`, `0+2x3`, `5x2`, `_`, `_x3`, `stale`.
fn points(text: &str) -> Vec<Option<f64>> {
    let number = |t: &str| t.parse::<f64>().unwrap_or_else(|_| panic!("{text:?} is no point"));
    if text == "stale" {
        return vec![Some(stale())];
    }
    let repeated = text.rsplit_once('x').filter(|(_, n)| n.parse::<usize>().is_ok());
    let (value, times) = match repeated {
        Some((value, n)) => (value, n.parse::<usize>().expect("a count")),
        None => (text, 0),
    };
    if value == "_" {
        return vec![None; times.max(1)];
    }
    if repeated.is_none() {
        return vec![Some(number(text))];
    }
    if value == "stale" {
        return vec![Some(stale()); times + 1];
    }
    // The sign of the step is the last one that is neither first nor in an exponent.
    let mut signs = value.match_indices(['+', '-']).map(|(i, _)| i);
    let step_at = signs.rfind(|i| *i > 0 && !value[..*i].ends_with(['e', 'E']));
    let (start, step) = match step_at {
        Some(i) => (number(&value[..i]), number(&value[i..])),
        None => (number(value), 0.0),
    };
    let mut values = vec![Some(start)];
    for _ in 0..times {
        let next = values.last().copied().flatten().unwrap_or(0.0) + step;
        values.push(Some(next));
    }
    values
}

pub fn store(series: &Series) -> Store {
    let mut store = Store::default();
    for (labels, samples) in series {
        let texts: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (&**n, &**v)).collect();
        let clock = store.add_clock();
        let id = store.add_series(clock, &texts);
        for (at, value) in samples {
            store.tick(clock, *at);
            store.record(id, *value);
        }
    }
    store
}

pub fn judge(case: &Case, store: &Store, rules: Rules) -> Option<String> {
    let options = Options::default();
    let answer = Query::parse_by(&case.query, rules).map_err(|e| e.to_string()).and_then(|query| {
        let answer = match case.at {
            (at, _, 0) => query.instant(store, at, &options),
            range => query.range(store, range, &options),
        };
        answer.map_err(|e| e.to_string())
    });
    let told = match (&answer, case.fails) {
        (Err(_), true) => None,
        (Err(message), false) => Some(message.clone()),
        (Ok(value), true) => Some(format!("answers {value:?}")),
        (Ok(value), false) => differs(value, case),
    };
    told.map(|told| format!("line {} {rules:?}: {}: {told}", case.line, case.query))
}

fn differs(value: &Value, case: &Case) -> Option<String> {
    let mut rows: Vec<(LabelTexts, Vec<Option<f64>>)> = match value {
        Value::Text(text) => return (case.text.as_ref() != Some(text)).then(|| text.clone()),
        Value::Scalar(value) => vec![(Vec::new(), vec![Some(*value)])],
        Value::Vector(elements) => elements.iter().map(element).collect(),
        Value::Matrix(rows) => rows.iter().map(|row| matrix_row(row, case.at)).collect(),
    };
    let mut wanted: Vec<_> = case.rows.iter().filter(|r| r.1.iter().any(Option::is_some)).collect();
    if !case.ordered {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let equal = rows.len() == wanted.len() && rows.iter().zip(&wanted).all(|(a, b)| same_row(a, b));
    (!equal).then(|| format!("\n  got    {rows:?}\n  wanted {wanted:?}"))
}

fn element(element: &Element) -> (LabelTexts, Vec<Option<f64>>) {
    (element.labels.clone(), vec![Some(element.value)])
}

/// Samples of a range query stand in their places; those of a range selector follow each other.
fn matrix_row(
    row: &MatrixRow,
    (start, end, step): (i64, i64, i64),
) -> (LabelTexts, Vec<Option<f64>>) {
    if step == 0 {
        return (row.labels.clone(), row.samples.iter().map(|s| Some(s.1)).collect());
    }
    let mut values = vec![None; ((end - start) / step) as usize + 1];
    for (at, value) in &row.samples {
        values[((at - start) / step) as usize] = Some(*value);
    }
    (row.labels.clone(), values)
}

fn same_row(got: &(LabelTexts, Vec<Option<f64>>), wanted: &(LabelTexts, Vec<Option<f64>>)) -> bool {
    let length = got.1.len().max(wanted.1.len());
    let at = |values: &[Option<f64>], i: usize| values.get(i).copied().flatten();
    let pairs = (0..length).map(|i| (at(&got.1, i), at(&wanted.1, i)));
    got.0 == wanted.0 && pairs.into_iter().all(same)
}

fn same(pair: (Option<f64>, Option<f64>)) -> bool {
    match pair {
        (Some(a), Some(b)) if is_stale(b) => is_stale(a),
        (Some(a), Some(b)) => {
            // Infinity minus a number is no more than infinity times anything.
            let near = || (a - b).abs() <= RELATIVE * a.abs().max(b.abs());
            a == b || (a.is_nan() && b.is_nan()) || (a.is_finite() && b.is_finite() && near())
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}

#[test]
fn every_script_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/promql");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of scripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "test"))
        .collect();
    paths.sort();
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for path in paths {
        let script = std::fs::read_to_string(&path).expect("a script");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (differences, count) = check(&script);
        wrong.extend(differences.into_iter().map(|d| format!("{name}: {d}")));
        asked += count;
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 500, "only {asked} questions were asked");
}

#[test]
fn a_wrong_answer_is_noticed() {
    let (wrong, _) = check("eval instant at 0 1 / 0\n  3\neval instant at 0 -1 / 0\n  +Inf\n");
    assert_eq!(wrong.len(), 4, "infinity is near nothing: {wrong:?}");
    let script = "load 1m\n  up 1\neval instant at 0 up\n  up 2\neval instant at 0 up\n";
    let (wrong, asked) = check(script);
    assert_eq!((wrong.len(), asked), (4, 4), "{wrong:?}");
    let (wrong, _) =
        check("eval instant at 0 1 +\n  expect fail\neval instant at 0 1\n  expect fail\n");
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}
