//! Small words: what is listed and explained, what a typo is told, and how wide texts are.

use super::desk::{Desk, SMALL};
use serde_json::Value;

/// Columns of a terminal that tells no width of its own.
const COLUMNS: usize = 80;

#[test]
fn measures_are_listed_as_json() {
    let text = Desk::new().fine(&["list", "measures", "--format", "json"]);
    let found: Value = serde_json::from_str(&text).expect("JSON");
    let names: Vec<&str> =
        found.as_array().expect("a list").iter().filter_map(|m| m["name"].as_str()).collect();
    assert!(names.len() > 40 && names.contains(&"rollback_s"), "{names:?}");
}

#[test]
fn faults_are_defects_and_chaos() {
    let desk = Desk::new();
    let faults = desk.fine(&["list", "faults"]);
    for name in ["crashOnStart", "podKill"] {
        assert!(faults.contains(name), "{name}\n{faults}");
    }
    assert!(!faults.contains("blueGreen"), "{faults}");
    assert_eq!(faults, desk.fine(&["list", "fault"]));
}

#[test]
fn ratings_and_dotted_paths_are_explained() {
    let desk = Desk::new();
    let cases = [
        ("risk", "hurt by the release"),
        ("rollback", "W > 30 T"),
        ("slow", "rollback itself"),
        ("instant", "0.5 T"),
        ("canary.checks.errorRate.max", "highest share that passes"),
        ("canary.checks.errorRate", "share of requests answered with 5xx"),
        ("spec.strategies[0].canary.checks[1].errorRate.max", "highest share that passes"),
        ("canary.steps", "weights of the canary"),
        ("spec.service.replicas", "pods at full size"),
        ("service.replicas", "pods at full size"),
        ("spec.chaos.podKill", "pod"),
        ("spec.release.variants[].faults.errors.rate", "rate"),
    ];
    for (name, part) in cases {
        let text = desk.fine(&["explain", name]);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part), "{name}: {text}");
        let json = desk.fine(&["explain", name, "--format", "json"]);
        assert!(serde_json::from_str::<Value>(&json).is_ok(), "{name}: {json}");
    }
    assert_eq!(desk.run(&["explain", "canary.checks.errorRat.max"]).code, Some(2));
}

#[test]
fn a_manifest_without_a_path_is_told_so() {
    let desk = Desk::new();
    for (written, told) in [
        ("{file: x.yaml}", "manifest: unknown key \"file\"; expected one of path, name"),
        ("{name: x}", "manifest: path is missing"),
        ("[x.yaml]", "expected the path of a file"),
    ] {
        let list = format!("spec.strategies=[{{manifest: {written}}}]");
        desk.write(
            "named.yaml",
            &SMALL.replace(
                "    - rollingUpdate\n",
                &format!("    - rollingUpdate\n    - manifest: {written}\n"),
            ),
        );
        let answer = desk.run(&["validate", "named.yaml"]);
        assert_eq!(answer.code, Some(2), "{list}");
        assert!(answer.err.contains(told), "{}", answer.err);
        assert!(!answer.err.contains("unknown name"), "{}", answer.err);
    }
}

#[test]
fn one_typo_is_told_once() {
    let desk = Desk::new();
    let cases = [
        ("service:", "servce:", "did you mean service?"),
        ("- canary:", "- canry:", "did you mean canary?"),
        ("{name: bad,", "{nam: bad,", "did you mean name?"),
    ];
    for (right, slip, help) in cases {
        desk.write("slip.yaml", &SMALL.replacen(right, slip, 1));
        let answer = desk.run(&["validate", "slip.yaml"]);
        let errors = answer.err.matches(": error: ").count();
        assert_eq!((answer.code, errors), (Some(2), 1), "{slip}: {}", answer.err);
        assert!(answer.err.contains(help), "{}", answer.err);
    }
    // Two slips are two errors.
    desk.write("slip.yaml", &SMALL.replace("service:", "servce:").replace("onCall:", "onCal:"));
    assert_eq!(desk.run(&["validate", "slip.yaml"]).err.matches(": error: ").count(), 2);
}

#[test]
fn a_name_given_twice_tells_where_it_was_given_first() {
    let desk = Desk::new();
    desk.write("twice.yaml", &format!("{SMALL}---\n{SMALL}"));
    let answer = desk.run(&["validate", "twice.yaml"]);
    assert!(answer.err.contains("is given twice, first in line 3"), "{}", answer.err);
}

#[test]
fn numbers_agree_with_their_nouns() {
    let desk = Desk::new();
    let often = ["validate", "small.yaml", "--set", "spec.telemetry.interval=5s"];
    assert!(desk.fine(&often).ends_with("valid, no warnings\n"));
    let odd = desk.run(&[&often[..], &["--set", "spec.service.preStop=0s"]].concat());
    assert!(odd.out.ends_with("valid, with 1 warning\n"), "{}{}", odd.out, odd.err);
    let run = desk.fine(&["run", "small.yaml", "--replications", "1", "--strategies", "canary"]);
    let flat = run.replace('\n', " ");
    assert!(flat.contains("1 strategy,") && flat.contains(" 1 flight each"), "{run}");
}

#[test]
fn texts_fit_a_terminal() {
    let desk = Desk::new();
    let run = ["run", "small.yaml", "--replications", "2"];
    let texts: [&[&str]; 8] = [
        &run,
        &["check", "small.yaml", "--replications", "2"],
        &["list"],
        &["list", "metrics"],
        &["list", "measures"],
        &["explain", "canary"],
        &["explain", "argoCanary"],
        &["replay", "small.yaml", "--strategies", "canary"],
    ];
    for args in texts {
        let answer = desk.run(args);
        let unbroken = |line: &&str| !line.trim().contains(' ');
        let wide: Vec<&str> = answer
            .out
            .lines()
            .filter(|line| line.chars().count() > COLUMNS && !unbroken(line))
            .collect();
        assert!(wide.is_empty(), "{args:?}: {wide:#?}");
    }
}

/// What is foretold stands where the check does, with a figure of its own, and is soon told.
#[test]
fn chance_is_foretold_in_no_time() {
    let desk = Desk::new();
    let slow = SMALL
        .replace("10/s", "2/s")
        .replace("horizon: 4m", "horizon: 10m")
        .replace("routes: [{name: home, ", "routes: [{name: home, errors: 2%, ");
    desk.write("thin.yaml", &slow.replace("{errorRate: {max: 10%}}", "{errorRate: {max: 1%}}"));
    let start = std::time::Instant::now();
    let answer = desk.run(&["validate", "thin.yaml"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let told = answer.err.lines().find(|line| line.contains("at its first look")).unwrap_or("");
    assert!(told.contains("spec.strategies[1].canary.checks[0]"), "{}", answer.err);
    assert!(told.contains("of the time") && told.contains('%'), "{told}");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(answer.err, desk.run(&["validate", "thin.yaml"]).err, "the same every time");
}
