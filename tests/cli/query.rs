//! `query`: series in three formats, instants in three ways, answers and refusals in two.

use super::desk::Desk;
use serde_json::{Value, json};

/// Two pods, one of which ends after a minute; the release begins at 1000 s.
const FLIGHT: &str = "\
# TYPE http_requests counter
http_requests_total{pod=\"a\",status=\"200\"} 100 1000
http_requests_total{pod=\"a\",status=\"200\"} 160 1060.5
http_requests_total{pod=\"b\",status=\"500\"} 3 1000
http_requests_total{pod=\"b\",status=\"500\"} 9 1030
# EOF
";
const ENDS: &str = "\
# windtunnel release_at_ms=1000000
http_requests_total{pod=\"b\",status=\"500\"} 1060
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("flight.om", FLIGHT);
    desk.write("flight.om.stale", ENDS);
    desk
}

fn answer(desk: &Desk, args: &[&str]) -> Value {
    let all = [&["query"][..], args, &["--format", "json"]].concat();
    serde_json::from_str(&desk.run(&all).out).expect("JSON")
}

#[test]
fn the_same_instant_said_in_three_ways() {
    let desk = desk();
    for at in ["1059.5", "+59s500ms", "+59.5", "1970-01-01T00:17:39.5Z"] {
        let found = answer(&desk, &["flight.om", "sum(http_requests_total)", "--at", at]);
        assert_eq!(found["data"]["result"][0]["value"], json!([1059.5, "109"]), "{at}");
    }
    // The marker of pod b counts, and without --at the last sample's instant is meant.
    let found = answer(&desk, &["flight.om", "sum(http_requests_total)"]);
    assert_eq!(found["data"]["result"][0]["value"], json!([1060.5, "160"]));
}

#[test]
fn json_is_that_of_the_http_interface() {
    let desk = desk();
    let query = "http_requests_total{pod=\"a\"}";
    let metric = json!({"__name__": "http_requests_total", "pod": "a", "status": "200"});
    let found = answer(&desk, &["flight.om", query, "--at", "1000"]);
    let result = json!([{"metric": metric, "value": [1000, "100"]}]);
    let data = json!({"resultType": "vector", "result": result});
    assert_eq!(found, json!({"status": "success", "data": data}));
    let found = answer(&desk, &["flight.om", query, "--range", "+0s:+1m:30s"]);
    let values = json!([[1000, "100"], [1030, "100"], [1060, "100"]]);
    let data = json!({"resultType": "matrix", "result": [{"metric": metric, "values": values}]});
    assert_eq!(found["data"], data);
    let found = answer(&desk, &["flight.om", "1 + 1", "--at", "7"]);
    assert_eq!(found["data"], json!({"resultType": "scalar", "result": [7, "2"]}));
    let found = answer(&desk, &["flight.om", "gone", "--at", "7"]);
    assert_eq!(found["data"], json!({"resultType": "vector", "result": []}));
}

#[test]
fn refusals_name_their_class_and_leave_with_2() {
    let desk = desk();
    for (args, class, message) in [
        (
            &["flight.om", "rate(up)"][..],
            "bad_data",
            "1:6: parse error: expected type range vector",
        ),
        (&["flight.om", "up", "--at", "soon"], "bad_data", "--at: found \"soon\""),
        (&["flight.om", "up[5m]", "--range", "0:60:30"], "bad_data", "invalid expression type"),
        (&["flight.om", "up", "--range", "0:60"], "bad_data", "START:END:STEP"),
        (&["flight.om", "up", "--lookback", "0s"], "bad_data", "--lookback"),
        (&["nowhere.om", "up"], "bad_data", "no such file"),
        (&["flight.om", "topk(1e300, vector(1))"], "execution", "overflows int64"),
    ] {
        let all = [&["query"][..], args, &["--format", "json"]].concat();
        let told = desk.run(&all);
        let found: Value = serde_json::from_str(&told.out).expect("JSON");
        assert_eq!((told.code, told.err.as_str()), (Some(2), ""), "{args:?}");
        assert_eq!((&found["status"], &found["errorType"]), (&json!("error"), &json!(class)));
        let error = found["error"].as_str().expect("a text");
        assert!(error.contains(message), "{args:?}: {error}");
        let told = desk.run(&[&["query"][..], args].concat());
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(!told.err.is_empty());
    }
}

#[test]
fn an_error_points_at_the_character() {
    let desk = desk();
    let told = desk.run(&["query", "flight.om", "sum by (pod) (\n\trate(up[5 m]))"]);
    let wanted = concat!(
        "query:2:12: error: unexpected \"m\", expected \"]\" or \":\"\n",
        "  |\n",
        "2 |     rate(up[5 m]))\n",
        "  |               ^\n"
    );
    assert_eq!((told.code, told.err.as_str()), (Some(2), wanted));
    desk.write("wrong.om", "up 1 1000\nup{pod=\"a\" 1 1000\n# EOF\n");
    let told = desk.run(&["query", "wrong.om", "up"]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.starts_with("wrong.om:2:3: error: this brace"), "{}", told.err);
}

#[test]
fn a_table_for_people_and_a_hint_when_it_is_empty() {
    let desk = desk();
    let out =
        desk.fine(&["query", "flight.om", "sum by (pod) (http_requests_total)", "--at", "+30s"]);
    assert_eq!(out, "series     value\n{pod=\"a\"}    100\n{pod=\"b\"}      9\n");
    let told = desk.run(&["query", "flight.om", "http_request_total", "--at", "+30s"]);
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""));
    assert!(told.err.contains("did you mean http_requests_total?"), "{}", told.err);
    let told = desk.run(&["query", "flight.om", "http_requests_total", "--at", "5"]);
    assert!(told.err.contains("samples reach from 1000 to 1060.5"), "{}", told.err);
}

#[test]
fn rules_and_lookback_are_chosen() {
    let desk = desk();
    desk.write("beat.prom", "up 1 0\nup 1 15000\nup 1 30000\n");
    let count = |rules: &[&str]| {
        let args = [&["beat.prom", "count_over_time(up[30s])", "--at", "30"][..], rules].concat();
        answer(&desk, &args)["data"]["result"][0]["value"][1].clone()
    };
    assert_eq!((count(&["--rules", "2"]), count(&["--rules", "3"])), (json!("3"), json!("2")));
    assert_eq!(count(&[]), json!("2"));
    let found = answer(&desk, &["beat.prom", "up", "--at", "60", "--lookback", "20s"]);
    assert_eq!(found["data"]["result"], json!([]));
    assert_eq!(desk.run(&["query", "beat.prom", "up", "--rules", "4"]).code, Some(2));
}

#[test]
fn recorded_cases_and_standard_input_are_series_too() {
    let desk = desk();
    let series =
        r#"{"series": [{"labels": {"__name__": "up"}, "samples": [[1000, 1], [2000, "stale"]]}]}"#;
    desk.write("cases.json", series);
    let found = answer(&desk, &["cases.json", "up", "--at", "1.5"]);
    assert_eq!(found["data"]["result"][0]["value"][1], json!("1"));
    assert_eq!(answer(&desk, &["cases.json", "up", "--at", "2"])["data"]["result"], json!([]));
    let told =
        desk.run_with(&["query", "-", "up", "--at", "1", "--format", "table"], "up 7 1000\n");
    assert_eq!(told.out, "series  value\nup          7\n", "{}", told.err);
}

/// A query may begin with a minus, before and behind flags; flags still work on both sides.
#[test]
fn a_minus_begins_a_query_and_no_flag() {
    let desk = desk();
    for args in [
        &["flight.om", "-2 ^ 2", "--at", "7"][..],
        &["--at", "7", "flight.om", "-2 ^ 2"],
        &["flight.om", "--at", "7", "-2 ^ 2"],
    ] {
        let found = answer(&desk, args);
        assert_eq!(found["data"]["result"], json!([7, "-4"]), "{args:?}");
    }
    let query = "-http_requests_total{pod=\"a\"}";
    let found = answer(&desk, &["flight.om", query, "--at", "+0s", "--rules", "2"]);
    assert_eq!(found["data"]["result"][0]["value"], json!([1000, "-100"]));
    // A slip in a flag is one still.
    let told = desk.run(&["query", "flight.om", "1", "--att", "7"]);
    assert_eq!((told.code, told.err.contains("--att")), (Some(2), true), "{}", told.err);
}

/// Samples of JSON are read to the last digit: without care for it one in fifty is off by one.
#[test]
fn numbers_come_back_as_they_were_written() {
    let desk = desk();
    let mut wanted: Vec<String> = Vec::new();
    let mut bits = 0x3ff0_1234_5678_9abc_u64;
    for _ in 0..2_000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = f64::from_bits(bits & 0x3fff_ffff_ffff_ffff | 0x3000_0000_0000_0000);
        wanted.push(format!("{value}"));
    }
    let samples: Vec<String> =
        wanted.iter().enumerate().map(|(i, v)| format!("[{}, {v}]", (i + 1) * 1000)).collect();
    let series = format!(
        "{{\"series\": [{{\"labels\": {{\"__name__\": \"a\"}}, \"samples\": [{}]}}]}}",
        samples.join(", ")
    );
    desk.write("numbers.json", &series);
    let found = answer(&desk, &["numbers.json", "a[1h]", "--at", "2000"]);
    let values = found["data"]["result"][0]["values"].as_array().expect("values").clone();
    let got: Vec<f64> =
        values.iter().map(|v| v[1].as_str().expect("a text").parse().expect("a number")).collect();
    let sent: Vec<f64> = wanted.iter().map(|v| v.parse().expect("a number")).collect();
    assert_eq!(got, sent);
}

#[test]
fn a_table_over_a_range_has_straight_columns() {
    let desk = desk();
    let out = desk.fine(&["query", "flight.om", "http_requests_total", "--range", "+0s:+1m:30s"]);
    let lines: Vec<&str> = out.lines().collect();
    let ends: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
    assert_eq!(ends.iter().min(), ends.iter().max(), "{out}");
    let at = lines[0].find("time").expect("a column") + "time".len();
    assert!(lines[1..].iter().all(|line| line[..at].ends_with(char::is_numeric)), "{out}");
}
