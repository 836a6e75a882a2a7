//! What is told once, whole and as it was written: names, numbers, cuts and what is left out.

use super::desk::{Desk, SMALL};

#[test]
fn rows_of_a_trace_that_are_not_flown_are_named() {
    let desk = Desk::new();
    let trace = SMALL.replace("poisson: {rate: 10/s}", "trace: {file: rows.csv}");
    desk.write("trace.yaml", &trace);
    for (rows, told) in [
        ("5\n239\n240\n250\n", Some("2 of 4 recorded arrivals come after the horizon of 4m")),
        ("1\n2\n", Some("the recording ends at 2s, the flight at 4m")),
        ("5\n230\n", None),
    ] {
        desk.write("rows.csv", &format!("t_s\n{rows}"));
        let answer = desk.run(&["validate", "trace.yaml"]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        match told {
            Some(told) => assert!(answer.err.contains(told), "{}", answer.err),
            None => assert!(!answer.err.contains("record"), "{}", answer.err),
        }
    }
    let steps = "piecewise: {steps: [{at: 0s, rate: 10/s}, {at: 5m, rate: 90/s}]}";
    desk.write("steps.yaml", &SMALL.replace("poisson: {rate: 10/s}", steps));
    let answer = desk.run(&["validate", "steps.yaml"]);
    assert!(answer.err.contains("1 of 2 steps begin after the horizon"), "{}", answer.err);
}

#[test]
fn fields_ratings_and_verdicts_are_explained_and_nothing_is_not() {
    let desk = Desk::new();
    for (name, part) in [
        ("speed", "of trace (traffic):"),
        ("rating", "downtime is outage"),
        ("ratings", "cost by extra"),
        ("verdict", "promoted-good: a good release stays"),
        ("promoted-good", "a good release stays"),
    ] {
        let text = desk.fine(&["explain", name]);
        assert!(text.contains(part), "{name}: {text}");
    }
    for wrong in ["", "*", "nowhere"] {
        assert_eq!(desk.run(&["explain", wrong]).code, Some(2), "{wrong:?}");
    }
    let answer = desk.run(&["explain", "verdct"]);
    assert!(answer.err.contains("did you mean verdict?"), "{}", answer.err);
}

#[test]
fn names_stay_whole_in_lists_and_groups_are_the_same_everywhere() {
    let desk = Desk::new();
    let metrics = desk.fine(&["list", "metrics"]);
    for name in ["kube_pod_container_status_restarts_total", "container_memory_working_set_bytes"] {
        assert!(metrics.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name}");
    }
    let help = desk.fine(&["list", "--help"]);
    let refused = desk.run(&["list", "bogus"]).err;
    let (_, known) = refused.split_once("known are ").expect("the groups");
    for group in known.trim().split(", ") {
        assert!(help.contains(group), "{group}: {help}");
        assert!(!desk.fine(&["list", group]).is_empty());
    }
}

#[test]
fn answers_of_explain_and_help_fit_a_terminal() {
    let desk = Desk::new();
    let explained = ["flagger", "cpu", "latency", "errorRate", "spec", "expect"];
    let helps = [vec!["run", "--help"], vec!["query", "--help"], vec!["--help"]];
    for args in explained.iter().map(|name| vec!["explain", name]).chain(helps) {
        let text = desk.fine(&args);
        let long = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{args:?}");
    }
}

#[test]
fn a_file_that_is_given_twice_is_told_so() {
    let desk = Desk::new();
    let answer = desk.run(&["validate", "small.yaml", "./small.yaml"]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("./small.yaml: error: this file is given twice"), "{}", answer.err);
    let answer = desk.run_with(&["validate", "-", "-"], SMALL);
    assert!(answer.err.contains("standard input is given twice"), "{}", answer.err);
}

#[test]
fn names_are_shown_as_they_were_found() {
    let desk = Desk::new();
    let key = r#"  "a\e[31m\nb\"": 1"#;
    desk.write("dup.yaml", &format!("{SMALL}{key}\n{key}\n"));
    let answer = desk.run(&["validate", "dup.yaml"]);
    assert!(answer.err.contains(r#"the key "a\u{1b}[31m\nb\"" is given twice"#), "{}", answer.err);
    desk.write("route.yaml", &SMALL.replace("{name: home,", "{name: \"</script>\","));
    let answer = desk.run(&["validate", "route.yaml"]);
    assert!(answer.err.contains("found \"</script>\""), "{}", answer.err);
    desk.write("slip.yaml", &SMALL.replace("    - rollingUpdate\n", "    - sideways\n"));
    let answer = desk.run(&["validate", "slip.yaml"]);
    assert!(answer.err.contains("none, manifest"), "{}", answer.err);
    let answer = desk.run(&["new", "--out", "q/w\nx"]);
    assert_eq!((answer.code, answer.err.lines().count()), (Some(2), 1), "{}", answer.err);
}

#[test]
fn one_cause_is_told_once_and_in_short() {
    let desk = Desk::new();
    let rows: String = (0..60).map(|n| format!("a {n} {}.5\n", 1_767_225_600 + n)).collect();
    desk.write("cut.om", &format!("# TYPE a gauge\n{rows}"));
    let answer = desk.run(&["query", "cut.om", "a"]);
    assert_eq!((answer.code, answer.err.matches("error").count()), (Some(2), 1), "{}", answer.err);
    assert!(answer.err.contains("the text was cut off"), "{}", answer.err);
    desk.write("a.om", &format!("{rows}# EOF\n"));
    let long = format!("{} !", "x".repeat(100_000));
    let answer = desk.run(&["query", "a.om", &long]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.lines().all(|line| line.chars().count() < 160), "{}", answer.err);
    let (line, caret) = (answer.err.lines().nth(1), answer.err.lines().nth(2));
    let at = |text: Option<&str>, c| text.and_then(|text| text.chars().position(|x| x == c));
    assert_eq!(at(line, '!'), at(caret, '^'), "{}", answer.err);
    assert_eq!(desk.fine(&["query", "a.om", "5e-324"]), "5e-324\n");
    let endless = "x".repeat(900);
    desk.write("endless.yaml", &SMALL.replace("onCall", &endless));
    let answer = desk.run(&["validate", "endless.yaml"]);
    assert_eq!(answer.err.matches("characters_left_out").count(), 1, "{}", answer.err);
}

#[test]
fn refusals_say_what_was_expected() {
    let desk = Desk::new();
    for (args, told) in [
        (vec!["run", "--jobs", "abc"], "expected a whole number from 1 to 4096"),
        (vec!["run", "--seed", "abc"], "expected a whole number from 0 on"),
        (vec!["query", ".", "a"], "it is a folder, where a file is meant"),
        (vec!["validate", "small.yaml", "--checks", "nix"], "a file with a list of checks"),
    ] {
        let answer = desk.run(&args);
        assert_eq!(answer.code, Some(2), "{args:?}");
        assert!(answer.err.contains(told), "{args:?}: {}", answer.err);
    }
    desk.write("a.om", "a 1 1\n# EOF\n");
    let answer = desk.run(&["query", "a.om", "a +"]);
    assert!(answer.err.contains("the query ends too early"), "{}", answer.err);
}

/// Labels of versions may hold any text; what the short forms of checks ask is the same question.
#[test]
fn odd_names_of_versions_change_no_verdict() {
    let desk = Desk::new();
    let verdicts = |new: &str| {
        let service = format!("service:\n    versions: {{new: '{new}'}}");
        desk.write("named.yaml", &SMALL.replace("service:", &service));
        desk.fine(&["run", "named.yaml", "--replications", "4", "--out", "named"]);
        desk.read("named/verdicts.csv")
    };
    let plain = verdicts("v2");
    for odd in ["v\"2", "a\\b", "a\\z", "} or vector(1) #"] {
        assert_eq!(verdicts(odd), plain, "{odd}");
    }
}

#[test]
fn a_path_that_is_set_twice_is_refused() {
    let desk = Desk::new();
    let twice = ["--set", "spec.service.replicas=3", "--set", "spec.service.replicas=4"];
    let answer = desk.run(&[&["run", "small.yaml"], &twice[..]].concat());
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("spec.service.replicas is set twice"), "{}", answer.err);
}

/// Nobody goes back, so that there is nothing to measure, and more flights decide nothing.
#[test]
fn what_more_flights_do_not_decide_is_not_said_to_be_decided_by_them() {
    let desk = Desk::new();
    let line = "rollingUpdate · good · rollback_s < 10s";
    desk.write("none.yaml", &SMALL.replace("canary · bad · users_exposed > 0", line));
    let answer = desk.run(&["check", "none.yaml", "--replications", "2"]);
    assert!(answer.out.contains("no flight has this measure"), "{}", answer.out);
    assert!(!answer.out.contains("more --replications"), "{}", answer.out);
}
