//! The expressions of expr-lang's own tests, and what the library makes of each.
//!
//! `upstream.json` names source, version and licence. Its cases come from the tables of upstream's
//! tests, its examples and every twentieth line of its fuzz corpus; names of a test's environment
//! became members of `result` (`array` is written `result.array`), the one name that a condition
//! has. `gives` is the value (`{"float": …}`, `{"time": …}`, `{"span": ns}` and `{"map": …}` where
//! JSON has no such kind), `fails` the first line of the error. `left_out` counts what needs a Go
//! program. What is known to differ is listed in `upstream.differences`, with a reason.

use jiff::Zoned;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel_expr::value::Value;
use windtunnel_expr::{eval, parse, types};

/// A value of the facts.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(found) => Value::Bool(*found),
        Json::Number(number) => Value::Int(number.as_i64().expect("a whole number")),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(tagged) => {
            let (tag, inner) = tagged.iter().next().expect("a tag");
            let text = inner.as_str().unwrap_or_default();
            match tag.as_str() {
                "float" => Value::Float(text.trim_start_matches('+').parse().expect("a number")),
                "span" => Value::Span(inner.as_i64().expect("nanoseconds")),
                "time" => {
                    let at: jiff::Timestamp = text.parse().expect("an instant");
                    Value::Time(at.to_zoned(jiff::tz::TimeZone::UTC))
                }
                "map" => {
                    let pairs = inner.as_object().expect("names").iter();
                    Value::Map(pairs.map(|(name, v)| (name.clone(), value(v))).collect())
                }
                other => panic!("{other} is no kind of value"),
            }
        }
    }
}

/// The same kind, and the same to twelve digits; dates are the same instants.
fn same(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Float(a), Value::Float(b)) => {
            let near = || (a - b).abs() <= 1e-12 * a.abs().max(b.abs());
            a == b || (a.is_nan() && b.is_nan()) || (a.is_finite() && b.is_finite() && near())
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        (Value::Time(a), Value::Time(b)) => a.timestamp() == b.timestamp(),
        (a, b) => a == b,
    }
}

fn answer(expression: &str, result: &Value, now: &Zoned) -> Result<Value, String> {
    let tree = parse::parse(expression).map_err(|fault| fault.text)?;
    types::check(&tree, result).map_err(|fault| fault.text)?;
    eval::run(&tree, result, now)
}

/// What came instead of what a case states.
fn differs(case: &Json, now: &Zoned) -> Option<String> {
    let expression = case["expression"].as_str().expect("an expression");
    let got = answer(expression, &case.get("result").map_or(Value::Nil, value), now);
    match (got, case.get("fails"), case.get("gives")) {
        (Err(_), Some(_), None) => None,
        (Ok(got), None, Some(wanted)) if same(&got, &value(wanted)) => None,
        (Ok(got), _, wanted) => Some(format!("{got:?}, not {wanted:?}")),
        (Err(told), ..) => Some(format!("fails: {told}")),
    }
}

fn now() -> Zoned {
    "2026-01-01T00:00:00+00:00[UTC]".parse().expect("a date")
}

/// Expressions that are known to differ: `expression ⟶ reason` a line, a line break in it as `⏎`.
fn known() -> BTreeMap<String, &'static str> {
    let lines = include_str!("upstream.differences").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let pair = |line: &'static str| {
        let (expression, why) = line.rsplit_once(" ⟶ ").expect("a reason");
        (expression.replace('⏎', "\n"), why)
    };
    lines.map(pair).collect()
}

#[test]
fn upstream_own_expressions_come_to_the_same() {
    let facts: Json = serde_json::from_str(include_str!("upstream.json")).expect("facts");
    let cases = facts["cases"].as_array().expect("cases");
    let (known, now) = (known(), now());
    let (mut unlisted, mut met) = (Vec::new(), BTreeSet::new());
    for case in cases {
        let expression = case["expression"].as_str().expect("an expression");
        match differs(case, &now) {
            Some(_) if known.contains_key(expression) => {
                met.insert(expression);
            }
            Some(told) => unlisted.push(format!("{expression}\n    {told}")),
            None => {}
        }
    }
    assert!(unlisted.is_empty(), "{} differ:\n{}", unlisted.len(), unlisted.join("\n"));
    let healed: Vec<_> = known.keys().filter(|text| !met.contains(&***text)).collect();
    assert!(healed.is_empty(), "listed, but they agree or are not asked: {healed:?}");
    let left_out = facts["left_out"].as_object().expect("counts").values();
    let left_out: u64 = left_out.map(|count| count.as_u64().expect("a count")).sum();
    let said = format!("{} of {} expressions", cases.len() - met.len(), cases.len());
    println!("{said} come to the same; {left_out} were left out");
    let readme = include_str!("../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [said, format!("{left_out} others")] {
        assert!(readme.contains(&said), "{said}");
    }
}

#[test]
fn a_wrong_fact_is_noticed() {
    let differing = |text: &str| {
        let case = serde_json::from_str(text).expect("a case");
        differs(&case, &now()).is_some()
    };
    assert!(!differing(r#"{"expression": "1 / 2", "gives": {"float": "0.5"}}"#));
    assert!(differing(r#"{"expression": "1 / 2", "gives": {"float": "0.6"}}"#));
    assert!(differing(r#"{"expression": "4 / 2", "gives": 2}"#), "kinds count");
    assert!(differing(r#"{"expression": "1 / 0", "gives": {"float": "1"}}"#));
    assert!(differing(r#"{"expression": "1 +", "gives": 1}"#));
    assert!(differing(r#"{"expression": "1", "fails": "no"}"#));
}
