//! Figures in the heads of the shipped scenarios are those that fly.
//!
//! A line `# Measured: FIGURE is STRATEGY · RELEASE · WHAT` binds a figure of the head to what
//! `expect:` would call it. The flights of the scenario's own budget must show it: rounded as it
//! is written, it lies in the 95 % interval of what is measured, or is that mean rounded. To write
//! all bound figures anew (a change of physics, say):
//!
//! ```sh
//! UPDATE_FIGURES=1 cargo test --release --test scenarios figures
//! ```

use super::{files, flown_by_budget, scenarios};
use std::path::Path;
use std::sync::Arc;
use windtunnel::base::maths;
use windtunnel::base::problem::Place;
use windtunnel::experiment::results::ExpectationResult;
use windtunnel::scenario::expect::parse;
use windtunnel::scenario::model::Scenario;

/// A bound figure.
struct Bound {
    /// As written: `5 %`, `46 s`.
    text: String,
    /// What it is, as `expect:` names it.
    what: String,
}

fn bound(head: &str) -> Vec<Bound> {
    let lines = head.lines().filter_map(|line| line.strip_prefix("Measured: "));
    let split = |line: &str| {
        let (text, what) = line.split_once(" is ").unwrap_or_else(|| panic!("no ` is `: {line}"));
        Bound { text: text.to_string(), what: what.to_string() }
    };
    lines.map(split).collect()
}

/// The number of a figure and its unit in those of `expect:` (fractions and seconds).
fn number(text: &str) -> (f64, f64) {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let factor = match unit {
        "%" => 0.01,
        "s" | "" => 1.0,
        "min" => 60.0,
        other => panic!("unknown unit {other:?} in {text:?}"),
    };
    (number.parse().unwrap_or_else(|e| panic!("{text:?}: {e}")), factor)
}

/// Digits behind the point.
fn digits(text: &str) -> usize {
    let number = text.split(' ').next().unwrap_or(text);
    number.split_once('.').map_or(0, |(_, rest)| rest.len())
}

fn rounded(value: f64, like: &str) -> String {
    let (_, factor) = number(like);
    let unit = like.split_once(' ').map_or(String::new(), |(_, unit)| format!(" {unit}"));
    format!("{:.*}{unit}", digits(like), value / factor)
}

/// The scenario with a line of `expect:` for each figure and no others.
fn asking(scenario: &Scenario, bound: &[Bound]) -> Arc<Scenario> {
    let mut scenario = scenario.clone();
    scenario.expect = bound
        .iter()
        .map(|bound| {
            let line =
                format!("{} ≥ 0{}", bound.what, if bound.text.ends_with('%') { "%" } else { "" });
            let line = if bound.text.ends_with('s') || bound.text.ends_with("min") {
                format!("{line}s")
            } else {
                line
            };
            parse(&line, Place::default(), 0, &scenario).unwrap_or_else(|p| panic!("{line}: {p}"))
        })
        .collect();
    Arc::new(scenario)
}

fn agrees(text: &str, found: &ExpectationResult) -> bool {
    let (written, factor) = number(text);
    let half = 0.5 * maths::powi(10_f64, -(digits(text) as i32));
    let value = found.value.unwrap_or(f64::NAN) / factor;
    let within = found.interval.is_some_and(|(lower, upper)| {
        written >= lower / factor - half && written <= upper / factor + half
    });
    (value - written).abs() <= half * (1.0 + 1e-9) || within
}

fn rewrite(path: &Path, figures: &[(Bound, ExpectationResult)]) {
    let mut text = std::fs::read_to_string(path).expect("text");
    for (bound, found) in figures {
        let new = rounded(found.value.expect("a value"), &bound.text);
        text = text.replace(
            &format!("# Measured: {} is {}\n", bound.text, bound.what),
            &format!("# Measured: {new} is {}\n", bound.what),
        );
        let (head, rest) = text.split_at(text.find("apiVersion:").expect("a document"));
        let answer: Vec<String> = head
            .lines()
            .map(|line| match line.starts_with("# Measured: ") {
                true => line.to_string(),
                false => line.replace(&bound.text, &new),
            })
            .collect();
        text = format!("{}\n{rest}", answer.join("\n"));
    }
    std::fs::write(path, text).expect("written");
}

#[test]
fn figures_in_heads_are_flown() {
    let update = std::env::var_os("UPDATE_FIGURES").is_some();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for path in files() {
        let scenario = scenarios(&path).0.pop().expect("a scenario");
        let figures = bound(&scenario.head);
        if figures.is_empty() {
            continue;
        }
        let told: Vec<&str> =
            scenario.head.lines().filter(|line| !line.starts_with("Measured: ")).collect();
        let told = told.join(" ");
        let results = flown_by_budget(&[asking(&scenario, &figures)], 1).pop().expect("flown");
        let pairs: Vec<(Bound, ExpectationResult)> =
            figures.into_iter().zip(results.expectations.iter().cloned()).collect();
        if update {
            rewrite(&path, &pairs);
            continue;
        }
        for (bound, found) in &pairs {
            compared += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !told.contains(&bound.text) {
                wrong.push(format!("{name}: {:?} is not in the head", bound.text));
            }
            if !agrees(&bound.text, found) {
                wrong.push(format!("{name}: {} is {}: {}", bound.text, bound.what, found.detail));
            }
        }
    }
    assert!(update || compared > 0, "no head binds a figure");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_figure_is_found() {
    let found = ExpectationResult {
        text: String::new(),
        judgement: windtunnel::experiment::results::Judgement::Holds,
        value: Some(0.05),
        interval: Some((0.03, 0.08)),
        detail: String::new(),
    };
    assert!(agrees("5 %", &found) && agrees("7.9 %", &found));
    assert!(!agrees("21 %", &found) && !agrees("12 %", &found) && !agrees("1 %", &found));
    assert_eq!(rounded(0.0512, "21 %"), "5 %");
    assert_eq!(rounded(47.26, "46.0 s"), "47.3 s");
}
