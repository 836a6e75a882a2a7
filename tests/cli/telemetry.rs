//! Exports: what `replay` and `run` write is what `query` reads.

use super::desk::Desk;
use serde_json::Value;

fn value(desk: &Desk, file: &str, query: &str, at: &str) -> Option<f64> {
    let args = ["query", file, query, "--at", at, "--format", "json"];
    let found: Value = serde_json::from_str(&desk.fine(&args)).expect("JSON");
    assert_eq!(found["status"], "success", "{found}");
    let value = found["data"]["result"].get(0)?["value"][1].as_str()?;
    value.parse().ok()
}

#[test]
fn a_replayed_flight_is_asked_since_its_release() {
    let desk = Desk::new();
    let replay = ["replay", "small.yaml", "--strategy", "rollingUpdate"];
    let alone = ["--set", "spec.onCall=none", "--telemetry", "flight.om"];
    let told = desk.run(&[&replay[..], &alone].concat());
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.err.contains("flight.om"), "{}", told.err);
    assert_eq!(desk.names(), ["flight.om", "flight.om.stale", "small.yaml"]);
    // Ten requests a second, of which the release makes 30 % fail.
    let rate = |at| value(&desk, "flight.om", "sum(rate(http_requests_total[1m]))", at);
    assert!(rate("+0s").is_some_and(|r| r > 5.0 && r < 15.0), "{:?}", rate("+0s"));
    let errors = "sum(rate(http_requests_total{status=\"500\"}[1m])) or vector(0)";
    assert_eq!(value(&desk, "flight.om", errors, "+0s"), Some(0.0));
    assert!(value(&desk, "flight.om", errors, "+3m").is_some_and(|r| r > 1.0));
    // The old pods have ended: their markers hide them long before the lookback would.
    let old = "count(http_requests_total{version=\"old\"})";
    assert!(value(&desk, "flight.om", old, "+0s").is_some());
    assert_eq!(value(&desk, "flight.om", old, "+3m"), None);
    // Without the markers' file, as a Prometheus that only has the text, they are still found.
    std::fs::remove_file(desk.path("flight.om.stale")).expect("a file");
    let unix = (1_767_225_600 + 30 + 180).to_string();
    assert!(value(&desk, "flight.om", old, &unix).is_some());
    let missing = desk.run(&["query", "flight.om", "sum(up)"]);
    assert_eq!(missing.code, Some(0));
    assert!(missing.err.contains("the ending .stale, is missing"), "{}", missing.err);
    desk.write("flight.om.stale", "");
    let empty = desk.run(&["query", "flight.om", "sum(up)"]);
    assert!(empty.err.contains("markers beside it is empty"), "{}", empty.err);
}

/// Exports a flight of this seed.
fn export(desk: &Desk, seed: &str, file: &str) -> Option<i32> {
    desk.run(&["replay", "small.yaml", "--seed", seed, "--telemetry", file]).code
}

#[test]
fn what_stands_where_an_export_stood_is_not_replaced() {
    let desk = Desk::new();
    assert_eq!((export(&desk, "1", "a.om"), export(&desk, "2", "a.om")), (Some(0), Some(0)));
    assert_eq!(export(&desk, "2", "b.om"), Some(0));
    let files = |name: &str| [desk.read(name), desk.read(&format!("{name}.stale"))];
    assert_eq!(files("a.om"), files("b.om"), "an export does not tell what it replaced");
    for (file, text) in
        [("a.om", "mine\n".to_string()), ("b.om.stale", files("b.om")[1].clone() + "mine\n")]
    {
        desk.write(file, &text);
        let told = desk.run(&["replay", "small.yaml", "--telemetry", &file[..4]]);
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{}", told.err);
        assert!(told.err.contains("or was changed since"), "{}", told.err);
        assert_eq!(desk.read(file), text);
    }
    assert_eq!(desk.names(), ["a.om", "a.om.stale", "b.om", "b.om.stale", "small.yaml"]);
}

/// A process that is killed between two steps leaves series with markers that name both.
#[test]
fn a_half_replaced_export_is_told_and_replaced() {
    use windtunnel::telemetry::exposition::markers::while_replaced;
    let desk = Desk::new();
    for (seed, file) in [("1", "old.om"), ("2", "new.om")] {
        assert_eq!(export(&desk, seed, file), Some(0));
    }
    let markers = while_replaced(&desk.read("new.om.stale"), &desk.read("old.om"));
    for (series, code) in [("old.om", 2), ("new.om", 0)] {
        std::fs::copy(desk.path(series), desk.path("half.om")).expect("a copy");
        desk.write("half.om.stale", &markers);
        assert_eq!(desk.run(&["query", "half.om", "sum(up)"]).code, Some(code), "{series}");
        assert_eq!(export(&desk, "2", "half.om"), Some(0), "{series}");
        assert_eq!(desk.read("half.om.stale"), desk.read("new.om.stale"));
    }
}

/// A process that is killed between the two files leaves those of two exports.
#[test]
fn markers_of_another_export_are_told() {
    let desk = Desk::new();
    for (seed, file) in [("1", "one.om"), ("2", "two.om")] {
        let replay = ["replay", "small.yaml", "--strategy", "canary", "--seed", seed];
        desk.fine(&[&replay[..], &["--telemetry", file]].concat());
    }
    assert!(value(&desk, "one.om", "sum(up)", "+0s").is_some());
    std::fs::copy(desk.path("two.om"), desk.path("one.om")).expect("a copy");
    let told = desk.run(&["query", "one.om", "sum(up)"]);
    assert_eq!(told.code, Some(2), "{}", told.out);
    assert!(told.err.contains("one.om.stale: error: these markers are of another"), "{}", told.err);
}

#[test]
fn a_run_exports_one_flight_of_each_scenario() {
    let desk = Desk::new();
    let run =
        ["run", "small.yaml", "--replications", "2", "--telemetry", "--out", "out", "--seed", "4"];
    desk.fine(&run);
    let files = desk.files("out/telemetry");
    let names: Vec<String> = files.keys().map(|path| path.display().to_string()).collect();
    assert_eq!(names, ["small/canary-bad.om", "small/canary-bad.om.stale"]);
    let up = value(&desk, "out/telemetry/small/canary-bad.om", "sum(up{job=\"service\"})", "+0s");
    assert_eq!(up, Some(3.0));
    // The rest of the report does not change by it.
    desk.fine(&["run", "small.yaml", "--replications", "2", "--out", "plain", "--seed", "4"]);
    assert_eq!(desk.read("out/runs.csv"), desk.read("plain/runs.csv"));
    assert_eq!(desk.read("out/events.jsonl"), desk.read("plain/events.jsonl"));
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let desk = Desk::new();
    let told = desk.run(&["replay", "small.yaml", "--telemetry", "no/such/folder.om"]);
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{}", told.err);
    assert!(told.err.contains("no/such/folder.om"), "{}", told.err);
}
