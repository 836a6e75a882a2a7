//! Which ratios are told, which are left alone, and that what is told of them is so.

use crate::store::Store;
use crate::value::Value;
use crate::{Options, Query};

/// Series of two pods, with three codes each, that rise at rates of their own.
fn store() -> Store {
    let mut store = Store::default();
    let clock = store.add_clock();
    let mut series = Vec::new();
    for (pod, code) in [("a", "200"), ("a", "500"), ("b", "200"), ("b", "503"), ("b", "500")] {
        let labels = [("__name__", "x"), ("pod", pod), ("code", code), ("a", "b")];
        series.push(store.add_series(clock, &labels));
    }
    for at in 0..40 {
        store.tick(clock, at * 15_000);
        for (number, series) in series.iter().enumerate() {
            store.record(*series, (at * (number as i64 + 1) * 7) as f64);
        }
    }
    store
}

/// What a query comes to over these series.
fn answer(text: &str) -> Vec<f64> {
    let query = Query::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    match query.instant(&store(), 500_000, &Options::default()) {
        Ok(Value::Vector(elements)) => elements.iter().map(|e| e.value).collect(),
        other => panic!("{text}: {other:?}"),
    }
}

/// What is claimed without a look at series holds for these.
#[test]
fn what_is_claimed_is_what_is_answered() {
    let (bad, all) = ("rate(x{code=~\"5..\"}[1m])", "rate(x[1m])");
    for text in [
        format!("{bad} / {all}"),
        format!("100 * {bad} / {all}"),
        format!("1 - {bad} / {all}"),
        format!("({all} - {bad}) / {all}"),
        format!("sum by (pod, code) ({bad}) / sum by (code, pod) ({all})"),
        format!("sum by (code) ({bad}) / on (code) sum by (code) ({all})"),
        format!("sum without (pod) ({bad}) / sum without (pod) ({all})"),
        format!("{bad} / on (code, pod) {all}"),
        format!("max({bad} / {all})"),
        format!("sum({all}) / sum({all})"),
    ] {
        let ratio = Query::parse(&text).expect("a query").self_ratio().expect("a ratio");
        let whole = ratio.whole.expect("known values");
        let found = answer(&text);
        assert!(!found.is_empty(), "{text}");
        let near = |value: &f64| whole.iter().any(|known| (known - value).abs() < 1e-9);
        assert!(found.iter().all(near), "{text}: {found:?}, claimed {whole:?}");
    }
    for text in ["x{code=\"500\"} / x{code=\"200\"}", "x{code=~\"5..\"} / x{code!~\"5..\"}"] {
        assert!(answer(text).is_empty(), "{text}");
    }
    for text in [
        format!("sum({bad}) / sum({all})"),
        format!("sum by (pod) ({bad}) / sum by (pod) ({all})"),
        format!("{bad} / ignoring (code) group_left sum by (pod, a) ({all})"),
    ] {
        let share = answer(&text);
        assert!(share.iter().all(|v| *v > 0.0 && *v < 1.0), "{text}: {share:?}");
    }
}

/// The label that is filtered, the value of the ratio, and those of the whole query.
fn found(text: &str) -> Option<(String, Option<f64>, Option<Vec<f64>>)> {
    let query = Query::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    query.self_ratio().map(|r| (r.filtered.join(","), r.value, r.whole))
}

fn check(text: &str, filtered: &str, value: f64, whole: &[f64]) {
    let expected = Some((filtered.to_string(), Some(value), Some(whole.to_vec())));
    assert_eq!(found(text), expected, "{text}");
}

#[test]
fn a_series_that_meets_itself_is_found() {
    let (bad, all) = ("rate(x{code=~\"5..\"}[1m])", "rate(x[1m])");
    check(&format!("{bad} / {all}"), "code", 1.0, &[1.0]);
    check(&format!("(100 * {bad}) / ({all})"), "code", 100.0, &[100.0]);
    check(&format!("1 - {bad} / {all}"), "code", 1.0, &[0.0]);
    check(&format!("({all} - {bad}) / {all}"), "code", 0.0, &[0.0]);
    check(&format!("{bad} / {all} or vector(0)"), "code", 1.0, &[0.0, 1.0]);
    check(&format!("sum by (pod, code) ({bad}) / sum by (code, pod) ({all})"), "code", 1.0, &[1.0]);
    check(&format!("sum without (pod) ({bad}) / sum without (pod) ({all})"), "code", 1.0, &[1.0]);
    check(&format!("{bad} / on (code) {all}"), "code", 1.0, &[1.0]);
    check(&format!("{bad} / ignoring (pod) {all}"), "code", 1.0, &[1.0]);
    check("increase(x{a=\"b\", code=\"500\"}[5m]) / increase(x{a=\"b\"}[5m])", "code", 1.0, &[1.0]);
    check("x / x", "", 1.0, &[1.0]);
    check(&format!("sum({all}) / sum({all})"), "", 1.0, &[1.0]);
    check(&format!("max({bad} / {all})"), "code", 1.0, &[1.0]);
    // How many series there are decides what a sum of ones comes to.
    let sum = found(&format!("sum({bad} / {all})"));
    assert_eq!(sum, Some(("code".into(), Some(1.0), None)));
    // Nothing is on both sides.
    let apart = found("x{code=\"500\"} / x{code=\"200\"}");
    assert_eq!(apart, Some(("code".into(), None, None)));
    assert_eq!(found("x{code=\"500\"} / x{code=~\"2..\"}").map(|f| f.1), Some(None));
    assert_eq!(found("x{code=~\"5..\"} / x{code!~\"5..\"}").map(|f| f.1), Some(None));
}

#[test]
fn a_share_is_left_alone() {
    let (bad, all) = ("rate(x{code=~\"5..\"}[1m])", "rate(x[1m])");
    for text in [
        format!("sum({bad}) / sum({all})"),
        format!("sum by (pod) ({bad}) / sum by (pod) ({all})"),
        format!("sum without (code) ({bad}) / sum without (code) ({all})"),
        format!("{bad} / ignoring (code) group_left sum by (pod) ({all})"),
        format!("{bad} / ignoring (code) {all}"),
        format!("{bad} / on (pod) {all}"),
        format!("sum by (code) ({bad}) / on (pod) sum by (code) ({all})"),
        format!("sum by (code) ({bad}) / ignoring (code) group_left sum({all})"),
        "rate(x_sum[1m]) / rate(x_count[1m])".to_string(),
        format!("{all} / rate(x[5m])"),
        format!("{all} / rate(x[1m] offset 1h)"),
        format!("(sum({all}) - sum({bad})) / sum({all})"),
        format!("sum({bad}) / count({bad})"),
        format!("clamp_max({all}, 1) / clamp_max({all}, 2)"),
        format!("max(2 * {all}) / max({all})"),
        "{a=\"b\"} / {a=\"b\"}".to_string(),
        format!("{bad} * {all}"),
        "count(x == 1) / count(x)".to_string(),
        "0 / 0".to_string(),
        // Whether two patterns have anything in common is not known.
        "x{code=~\"5..\"} / x{code=~\"5.3\"}".to_string(),
        format!("{bad} / ({bad} + rate(x{{code!~\"5..\"}}[1m]))"),
    ] {
        assert_eq!(found(&text), None, "{text}");
    }
}
