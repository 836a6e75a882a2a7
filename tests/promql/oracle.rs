//! Answers recorded from Prometheus 2.42, under the rules of 2.x as measured and under those of 3.x
//! where they are known to differ. Vectors are compared as sets of (labels → value).

use serde_json::Value as Json;
use windtunnel::analysis::promql::value::{LabelTexts, Value};
use windtunnel::analysis::promql::{Options, Query, Rules};
use windtunnel::telemetry::store::{Store, stale};

/// Values agree to nine digits.
const RELATIVE: f64 = 1e-9;

/// What the evaluator answers, in the terms of the file.
enum Answer {
    Value(Value),
    /// `bad_data` or `execution`.
    Error(&'static str, String),
}

#[test]
fn every_recorded_answer_is_given() {
    let text = include_str!("../data/oracles/prometheus-basic.json");
    let file: Json = serde_json::from_str(text).expect("the file is JSON");
    let store = store(&file["series"]);
    let cases = file["cases"].as_array().expect("a list of cases");
    assert!(cases.len() >= 65, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let rules = [(Rules::V2, "result"), (Rules::V3, "v3_result")];
        for (rules, key) in rules.into_iter().filter(|(_, key)| !case[*key].is_null()) {
            let answer = ask(&store, case, rules);
            if let Some(difference) = differs(&answer, &case[key]) {
                wrong.push(format!("{} {rules:?} {}: {difference}", case["id"], case["query"]));
            }
        }
        // Where no switch matters, the rules of 3.x give what was measured.
        if case["version_sensitive"].is_null()
            && let Some(difference) = differs(&ask(&store, case, Rules::V3), &case["result"])
        {
            wrong.push(format!("{} 3.x too {}: {difference}", case["id"], case["query"]));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Series as the file has them: instants of their own, in milliseconds; "stale" marks an end.
fn store(series: &Json) -> Store {
    let mut store = Store::default();
    for one in series.as_array().expect("a list of series") {
        let labels: Vec<(&str, &str)> = texts(&one["labels"]);
        let clock = store.add_clock();
        let id = store.add_series(clock, &labels);
        for sample in one["samples"].as_array().expect("a list of samples") {
            store.tick(clock, sample[0].as_i64().expect("milliseconds"));
            store.record(id, if sample[1] == "stale" { stale() } else { number(&sample[1]) });
        }
    }
    store
}

fn texts(object: &Json) -> Vec<(&str, &str)> {
    let object = object.as_object().expect("an object");
    object.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect()
}

fn number(value: &Json) -> f64 {
    match value.as_str() {
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{text} is no number")),
        None => value.as_f64().unwrap_or_else(|| panic!("{value} is no number")),
    }
}

fn ask(store: &Store, case: &Json, rules: Rules) -> Answer {
    let query = case["query"].as_str().expect("a query");
    let query = match Query::parse_by(query, rules) {
        Ok(query) => query,
        Err(error) => return Answer::Error("bad_data", error.to_string()),
    };
    let ms = |key: &str| (number(&case[key]) * 1000.0).round() as i64;
    let answer = match case["step"].is_null() {
        true => query.instant(store, ms("at"), &Options::default()),
        false => query.range(store, (ms("start"), ms("end"), ms("step")), &Options::default()),
    };
    answer.map_or_else(|error| Answer::Error("execution", error.to_string()), Answer::Value)
}

/// Where an answer differs from the recorded one.
fn differs(answer: &Answer, expected: &Json) -> Option<String> {
    let kind = expected["type"].as_str().expect("a type");
    let items = || expected["items"].as_array().expect("items");
    match (answer, kind) {
        (Answer::Error(class, _), "error") if expected["errorType"] == *class => None,
        (Answer::Value(Value::Scalar(x)), "scalar") => {
            (!same(*x, number(&expected["value"]))).then(|| format!("got {x}"))
        }
        (Answer::Value(Value::Text(text)), "string") => {
            (expected["value"] != text.as_str()).then(|| format!("got {text:?}"))
        }
        (Answer::Value(Value::Vector(elements)), "vector") => {
            let got: Vec<Row> =
                elements.iter().map(|e| (e.labels.clone(), vec![(0.0, e.value)])).collect();
            let wanted = items().iter().map(|i| row(i, vec![(0.0, number(&i["value"]))]));
            different_rows(got, wanted.collect(), expected["ordered"] == true)
        }
        (Answer::Value(Value::Matrix(rows)), "matrix") => {
            let samples = |s: &[(i64, f64)]| s.iter().map(|(t, v)| (*t as f64, *v)).collect();
            let got = rows.iter().map(|r| (r.labels.clone(), samples(&r.samples))).collect();
            let pair = |p: &Json| ((number(&p[0]) * 1000.0).round(), number(&p[1]));
            let pairs =
                |i: &Json| i["values"].as_array().expect("values").iter().map(pair).collect();
            different_rows(got, items().iter().map(|i| row(i, pairs(i))).collect(), false)
        }
        (Answer::Error(class, message), _) => Some(format!("{class} error: {message}")),
        (Answer::Value(value), _) => Some(format!("got {value:?}, expected {expected}")),
    }
}

type Row = (LabelTexts, Vec<(f64, f64)>);

fn row(item: &Json, samples: Vec<(f64, f64)>) -> Row {
    let labels = texts(&item["metric"]).into_iter();
    let mut labels: LabelTexts = labels.map(|(n, v)| (n.to_string(), v.to_string())).collect();
    labels.sort();
    (labels, samples)
}

fn different_rows(mut got: Vec<Row>, mut wanted: Vec<Row>, ordered: bool) -> Option<String> {
    if !ordered {
        got.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let same_row = |(g, w): (&Row, &Row)| {
        let pairs = g.1.iter().zip(&w.1);
        g.0 == w.0
            && g.1.len() == w.1.len()
            && pairs.clone().all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
    };
    let equal = got.len() == wanted.len() && got.iter().zip(&wanted).all(same_row);
    (!equal).then(|| format!("\n  got {got:?}\n  expected {wanted:?}"))
}

fn same(a: f64, b: f64) -> bool {
    // Infinity minus a number is no more than infinity times anything.
    let near = || (a - b).abs() <= RELATIVE * a.abs().max(b.abs());
    a == b || (a.is_nan() && b.is_nan()) || (a.is_finite() && b.is_finite() && near())
}
