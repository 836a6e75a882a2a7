//! Nothing that can be written makes the parser or the evaluator fail.
//!
//! [`fuzz_parse`] and [`fuzz_eval`] take whatever comes and panic if a promise breaks, so that a
//! coverage-guided fuzzer can call them; here proptest does, with a fixed number of cases.

use proptest::prelude::*;
use std::collections::BTreeSet;
use windtunnel::analysis::promql::error::ParseError;
use windtunnel::analysis::promql::value::Value;
use windtunnel::analysis::promql::{Options, Query, Rules};
use windtunnel::telemetry::store::{Store, stale};

/// Few samples, so that no case takes long.
const OPTIONS: Options = Options {
    rules: Rules::V3,
    lookback_ms: 300_000,
    subquery_step_ms: 60_000,
    samples_max: 20_000,
};

/// Any text: it is a query or it is not, and what is wrong has a place in it.
pub fn fuzz_parse(text: &str) {
    for rules in [Rules::V2, Rules::V3] {
        match Query::parse_by(text, rules) {
            Ok(query) => ask(&query, &store(&mut Dice::new(text.as_bytes()))),
            Err(error) => check_place(text, &error),
        }
    }
}

/// Any bytes: they choose a query and series, and the query is asked.
pub fn fuzz_eval(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let text = vector(&mut dice, 4);
    let store = store(&mut dice);
    for rules in [Rules::V2, Rules::V3] {
        match Query::parse_by(&text, rules) {
            Ok(query) => ask(&query, &store),
            // Functions of the other generation are all that may be wrong.
            Err(error) => {
                check_place(&text, &error);
                assert!(rules == Rules::V2, "{text}\n{error}");
            }
        }
    }
}

fn check_place(text: &str, error: &ParseError) {
    assert!(text.is_char_boundary(error.byte), "{error:?}");
    let line = text.split('\n').nth(error.line - 1).expect("the line exists");
    assert!(error.column <= line.chars().count() + 1, "{error:?}");
    assert!(error.to_string().ends_with('^'), "{error}");
}

/// Asks now and then, and looks whether the answers can be answers.
fn ask(query: &Query, store: &Store) {
    for at in [0, 600_000, i64::MAX, i64::MIN] {
        let Ok(value) = query.instant(store, at, &OPTIONS) else { continue };
        let labels: Vec<_> = match value {
            Value::Vector(elements) => elements.into_iter().map(|e| e.labels).collect(),
            Value::Matrix(rows) => rows.into_iter().map(|r| r.labels).collect(),
            Value::Scalar(_) | Value::Text(_) => Vec::new(),
        };
        let distinct: BTreeSet<_> = labels.iter().collect();
        assert_eq!(distinct.len(), labels.len(), "{} gives labels twice", query.text());
        assert!(labels.iter().all(|l| l.windows(2).all(|pair| pair[0].0 < pair[1].0)));
        assert!(labels.iter().flatten().all(|(_, value)| !value.is_empty()));
    }
    let _ = query.range(store, (0, 900_000, 60_000), &OPTIONS);
    let _ = (query.reach_ms(&OPTIONS), query.metrics(), query.names("a"));
}

/// Bytes as choices; when they run out every choice is the first.
struct Dice<'a> {
    bytes: &'a [u8],
}

impl Dice<'_> {
    fn new(bytes: &[u8]) -> Dice<'_> {
        Dice { bytes }
    }

    fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
        self.bytes = rest;
        *first
    }

    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[usize::from(self.byte()) % choices.len()]
    }
}

const LABELS: [&str; 5] = ["x", "y", "le", "__name__", "none"];
const VALUES: [&str; 6] = ["1", "2", "+Inf", "", "é", "0.5"];

fn store(dice: &mut Dice<'_>) -> Store {
    let mut store = Store::default();
    let mut known = BTreeSet::new();
    for name in ["a", "b", "c_bucket", "a", "c_bucket", "b", "c_bucket"] {
        let labels = [("x", dice.pick(&VALUES)), ("le", dice.pick(&VALUES)), ("__name__", name)];
        if !known.insert(labels) {
            continue;
        }
        let clock = store.add_clock();
        let series = store.add_series(clock, &labels);
        let mut at = 0;
        for _ in 0..dice.byte() % 12 {
            at += 1 + 977 * i64::from(dice.byte());
            store.tick(clock, at);
            let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0, stale(), 1e300, -1e-300];
            let byte = dice.byte();
            store.record(series, odd.get(usize::from(byte)).copied().unwrap_or(f64::from(byte)));
        }
    }
    store
}

fn labels(dice: &mut Dice<'_>) -> String {
    let count = usize::from(dice.byte() % 3);
    let names: Vec<&str> = (0..count).map(|_| dice.pick(&LABELS)).collect();
    names.join(", ")
}

fn selector(dice: &mut Dice<'_>) -> String {
    let name = dice.pick(&["a", "b", "c_bucket", "sum", "missing"]);
    let test = match dice.byte() % 4 {
        0 => {
            let (op, value) =
                (dice.pick(&["=", "!=", "=~", "!~"]), dice.pick(&["1", "", ".+", "1|2"]));
            format!("{{{}{op}\"{value}\"}}", dice.pick(&["x", "le", "none"]))
        }
        _ => String::new(),
    };
    format!("{name}{test}")
}

fn when(dice: &mut Dice<'_>) -> &'static str {
    dice.pick(&[
        "",
        "",
        "",
        " offset 1m",
        " offset -90s",
        " @ 300",
        " @ end()",
        " @ start() offset 5m",
    ])
}

fn range(dice: &mut Dice<'_>, depth: u32) -> String {
    let length = dice.pick(&["5m", "1m", "1s", "1h", "90s"]);
    let text = match dice.byte() % 3 {
        0 if depth > 0 => {
            let step = dice.pick(&["", "30s", "7s"]);
            format!("({})[{length}:{step}]", vector(dice, depth - 1))
        }
        _ => format!("{}[{length}]", selector(dice)),
    };
    text + when(dice)
}

fn scalar(dice: &mut Dice<'_>, depth: u32) -> String {
    match dice.byte() % 6 {
        0 if depth > 0 => format!("scalar({})", vector(dice, depth - 1)),
        1 => "time()".into(),
        2 if depth > 0 => {
            let (left, right) = (scalar(dice, depth - 1), scalar(dice, depth - 1));
            format!("({left} {} {right})", dice.pick(&["+", "/", "%", "^", "< bool", "atan2"]))
        }
        _ => dice.pick(&["1", "0", "-0.5", "NaN", "Inf", "-Inf", "0.9", "1e300", "2"]).into(),
    }
}

fn vector(dice: &mut Dice<'_>, depth: u32) -> String {
    if depth == 0 {
        return selector(dice) + when(dice);
    }
    let deeper = depth - 1;
    match dice.byte() % 10 {
        0 => selector(dice) + when(dice),
        1 | 2 => format!("{}({})", dice.pick(OF_RANGES), range(dice, deeper)),
        3 => format!("{}({})", dice.pick(OF_VECTORS), vector(dice, deeper)),
        4 => {
            let fold =
                dice.pick(&["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]);
            let clause = dice.pick(&["by", "without"]);
            format!("{fold} {clause} ({}) ({})", labels(dice), vector(dice, deeper))
        }
        5 => {
            let fold = dice.pick(&["quantile", "topk", "bottomk"]);
            format!(
                "{fold} by ({}) ({}, {})",
                labels(dice),
                scalar(dice, deeper),
                vector(dice, deeper)
            )
        }
        6 => binary(dice, deeper),
        7 => with_numbers(dice, deeper),
        8 => {
            let (target, source) = (dice.pick(&LABELS[..3]), dice.pick(&LABELS));
            let replacement = dice.pick(&["$1", "", "x$0y", "${a}", "$"]);
            let regex = dice.pick(&["(.*)", "(?P<a>.).*", "", "[0-9]+"]);
            let inner = vector(dice, deeper);
            format!(
                "label_replace({inner}, \"{target}\", \"{replacement}\", \"{source}\", \"{regex}\")"
            )
        }
        _ => format!("{}({})", dice.pick(&["-", "+", ""]), vector(dice, deeper)),
    }
}

const OF_RANGES: &[&str] = &[
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "resets",
    "changes",
    "deriv",
    "avg_over_time",
    "sum_over_time",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "last_over_time",
    "present_over_time",
    "absent_over_time",
];

const OF_VECTORS: &[&str] = &[
    "abs",
    "ceil",
    "floor",
    "exp",
    "ln",
    "log2",
    "log10",
    "sqrt",
    "sgn",
    "sin",
    "acosh",
    "tanh",
    "deg",
    "timestamp",
    "hour",
    "year",
    "days_in_month",
    "day_of_year",
    "absent",
    "sort",
    "sort_desc",
    "round",
    "histogram_count",
    "histogram_sum",
];

fn with_numbers(dice: &mut Dice<'_>, depth: u32) -> String {
    let (number, other) = (scalar(dice, depth), scalar(dice, depth));
    match dice.byte() % 8 {
        0 => format!("histogram_quantile({number}, {})", vector(dice, depth)),
        1 => format!("histogram_fraction({number}, {other}, {})", vector(dice, depth)),
        2 => format!("clamp({}, {number}, {other})", vector(dice, depth)),
        3 => format!("round({}, {number})", vector(dice, depth)),
        4 => format!("quantile_over_time({number}, {})", range(dice, depth)),
        5 => format!("predict_linear({}, {number})", range(dice, depth)),
        6 => format!("count_values(\"{}\", {})", dice.pick(&["x", "v"]), vector(dice, depth)),
        _ => format!("vector({number})"),
    }
}

fn binary(dice: &mut Dice<'_>, depth: u32) -> String {
    let left = vector(dice, depth);
    let op =
        dice.pick(&["+", "-", "/", "%", "^", "==", "!=", ">", "<= bool", "and", "or", "unless"]);
    let sets = matches!(op, "and" | "or" | "unless");
    let matching = match dice.byte() % 5 {
        0 => format!("on ({})", labels(dice)),
        1 => format!("ignoring ({})", labels(dice)),
        2 if !sets => "on (x) group_left (le)".into(),
        3 if !sets => "ignoring (x, le) group_right ()".into(),
        _ => String::new(),
    };
    match dice.byte() % 4 {
        0 if !sets => format!("({left} {op} {})", scalar(dice, depth)),
        _ => format!("({left} {op} {matching} {})", vector(dice, depth)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_text_is_taken_or_refused(text in "\\PC{0,60}") {
        fuzz_parse(&text);
    }

    #[test]
    fn words_of_the_language_in_any_order(words in prop::collection::vec(0..WORDS.len(), 0..30)) {
        let words: Vec<&str> = words.into_iter().map(|i| WORDS[i]).collect();
        fuzz_parse(&words.join(" "));
        fuzz_parse(&words.concat());
    }

    #[test]
    fn every_query_over_every_series(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz_eval(&bytes);
    }
}

const WORDS: [&str; 44] = [
    "a",
    "sum",
    "rate",
    "by",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "[5m]",
    "[5m:1m]",
    "{",
    "}",
    "{x=\"1\"}",
    ",",
    "+",
    "-",
    "*",
    "^",
    "==",
    "bool",
    "and",
    "or",
    "on",
    "ignoring",
    "group_left",
    "offset",
    "@",
    "5m",
    "1",
    "0x1",
    "1e",
    "\"t\"",
    "'",
    "`",
    "inf",
    "start",
    "topk",
    ":",
    "=~",
    "\\",
    "#\n",
    "é",
];

#[test]
fn deep_and_long_queries_end() {
    for unit in ["(", "-", "a+", "{", "[", "sum(", "a[1s:1s]", "!", "\"", "a offset 1s "] {
        fuzz_parse(&unit.repeat(20_000));
    }
    let deep = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert!(Query::parse(&deep(150)).is_ok());
    assert!(Query::parse(&deep(100_000)).is_err());
    let long = |n: usize| vec!["a"; n].join(" + ");
    assert!(Query::parse(&long(200)).is_ok() && Query::parse(&long(5_000)).is_err());
    // The largest that are taken are answered, too, on the stack of any thread.
    fuzz_parse(&long(250));
    fuzz_parse(&format!("{}{}{}", "(".repeat(180), long(60), ")".repeat(180)));
}

#[test]
fn answers_that_would_not_end_are_refused() {
    let store = store(&mut Dice::new(&[1; 200]));
    let huge = "sum_over_time(vector(1)[1y:1ms])";
    let query = Query::parse(huge).expect("well formed");
    let told = query.instant(&store, 0, &Options::default()).expect_err("too many steps");
    assert!(told.to_string().contains("too many samples"), "{told}");
    let query = Query::parse("a").expect("well formed");
    assert!(query.range(&store, (0, i64::MAX, 1), &OPTIONS).is_err());
}
