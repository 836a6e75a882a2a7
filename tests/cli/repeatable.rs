//! The same seed gives the same bytes: whatever the number of threads, whoever else flies.

use super::desk::Desk;

fn fly(desk: &Desk, more: &[&str]) {
    desk.fine(&[&["run", "small.yaml", "--replications", "6"][..], more].concat());
}

fn rows(desk: &Desk, strategy: &str) -> Vec<String> {
    let runs = desk.read("reports/latest/runs.csv");
    let mine = |line: &&str| line.split(',').nth(2) == Some(strategy);
    runs.lines().filter(mine).map(str::to_string).collect()
}

#[test]
fn threads_change_no_byte() {
    let (one, two) = (Desk::new(), Desk::new());
    fly(&one, &["--jobs", "1"]);
    fly(&two, &["--jobs=2"]);
    let (first, second) = (one.files("reports/latest"), two.files("reports/latest"));
    assert!(first.keys().eq(second.keys()));
    for (name, bytes) in &first {
        assert!(bytes == &second[name], "{} differs", name.display());
    }
}

#[test]
fn a_seed_changes_every_flight() {
    let (one, two) = (Desk::new(), Desk::new());
    fly(&one, &[]);
    fly(&two, &["--seed", "2"]);
    let (first, second) = (rows(&one, "canary"), rows(&two, "canary"));
    assert!(first.iter().all(|row| !second.contains(row)));
}

#[test]
fn a_strategy_flies_alone_as_it_does_among_others() {
    let (all, alone) = (Desk::new(), Desk::new());
    fly(&all, &[]);
    for strategy in ["rollingUpdate", "canary", "abTest"] {
        fly(&alone, &["--strategies", strategy]);
        assert_eq!(rows(&all, strategy), rows(&alone, strategy));
        assert_eq!(rows(&alone, strategy).len(), 12);
    }
}

#[test]
fn a_flight_does_not_depend_on_how_many_follow() {
    let (few, many) = (Desk::new(), Desk::new());
    fly(&few, &[]);
    many.fine(&["run", "small.yaml", "--replications", "9"]);
    let many = rows(&many, "rollingUpdate");
    assert!(rows(&few, "rollingUpdate").iter().all(|row| many.contains(row)));
}
