//! Figures in the heads of the shipped scenarios are those that fly.
//!
//! A line `# Measured: FIGURE is STRATEGY · RELEASE · WHAT` at the end of a file binds a figure of
//! its head to what `expect:` would call it. The flights of the scenario's own budget must show it:
//! what is measured, rounded as the figure is written, is the figure. Flights are the same bytes
//! everywhere, so there is no reason to allow for more. To write all bound figures anew (a change
//! of physics, say):
//!
//! ```sh
//! UPDATE_FIGURES=1 cargo test --release --test scenarios figures -- --include-ignored
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

fn bound(text: &str) -> Vec<Bound> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# Measured: "));
    let split = |line: &str| {
        let (text, what) = line.split_once(" is ").unwrap_or_else(|| panic!("no ` is `: {line}"));
        Bound { text: text.to_string(), what: what.to_string() }
    };
    lines.map(split).collect()
}

/// The number of a figure and its unit in those of `expect:` (fractions and seconds).
fn number(text: &str) -> (f64, f64) {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number = number.trim_start_matches('$');
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
    let dollars = if like.starts_with('$') { "$" } else { "" };
    format!("{dollars}{:.*}{unit}", digits(like), value / factor)
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
            parse(&line, Place::default(), &scenario).unwrap_or_else(|p| panic!("{line}: {p}"))
        })
        .collect();
    Arc::new(scenario)
}

/// What is measured is the figure, rounded as it is written.
fn agrees(text: &str, found: &ExpectationResult) -> bool {
    let (written, factor) = number(text);
    let half = 0.5 * maths::powi(10_f64, -(digits(text) as i32));
    let value = found.value.unwrap_or(f64::NAN) / factor;
    (value - written).abs() <= half * (1.0 + 1e-9)
}

/// Where a figure stands in a text, as itself and not as the end of a longer one (`4 %` in `14 %`).
fn places(told: &str, figure: &str) -> Vec<usize> {
    let longer = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let alone = |at: usize| {
        let after = told[at + figure.len()..].chars().next();
        let unit = after.is_some_and(|c| c.is_alphanumeric());
        !told[..at].ends_with(longer) && !unit
    };
    told.match_indices(figure).map(|(at, _)| at).filter(|at| alone(*at)).collect()
}

fn replaced(told: &str, old: &str, new: &str) -> String {
    let mut told = told.to_string();
    for at in places(&told, old).into_iter().rev() {
        told.replace_range(at..at + old.len(), new);
    }
    told
}

fn rewrite(path: &Path, figures: &[(Bound, ExpectationResult)]) {
    let text = std::fs::read_to_string(path).expect("text");
    let (head, rest) = text.split_at(text.find("apiVersion:").expect("a document"));
    let (mut head, mut rest) = (head.to_string(), rest.to_string());
    for (bound, found) in figures {
        let new = rounded(found.value.expect("a value"), &bound.text);
        head = replaced(&head, &bound.text, &new);
        let line = |figure: &str| format!("# Measured: {figure} is {}\n", bound.what);
        rest = rest.replace(&line(&bound.text), &line(&new));
    }
    std::fs::write(path, head + &rest).expect("written");
}

/// Requests that the scenario's budget may cost.
fn cost(scenario: &Scenario) -> f64 {
    let combinations = scenario.plans.len() * scenario.release.variants.len();
    let flights = combinations as f64 * f64::from(scenario.budget.replications_max);
    flights * scenario.expected_requests()
}

/// What is wrong with the figures of all scenarios whose flights cost at most so many requests.
fn wrong_figures(most: f64) -> Vec<String> {
    let update = std::env::var_os("UPDATE_FIGURES").is_some();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for path in files() {
        let scenario = scenarios(&path).0.pop().expect("a scenario");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let figures = bound(&std::fs::read_to_string(&path).expect("text"));
        if figures.is_empty() {
            wrong.push(format!("{name}: no figure of the head is bound"));
        }
        if figures.is_empty() || cost(&scenario) > most {
            continue;
        }
        let results = flown_by_budget(&[asking(&scenario, &figures)], 1).pop().expect("flown");
        let pairs: Vec<(Bound, ExpectationResult)> =
            figures.into_iter().zip(results.expectations.iter().cloned()).collect();
        if update {
            rewrite(&path, &pairs);
        }
        for (bound, found) in pairs.iter().filter(|_| !update) {
            compared += 1;
            if places(&scenario.head, &bound.text).is_empty() {
                wrong.push(format!("{name}: {:?} is not in the head", bound.text));
            }
            if !agrees(&bound.text, found) {
                wrong.push(format!("{name}: {} is {}: {}", bound.text, bound.what, found.detail));
            }
        }
    }
    assert!(update || compared > 0, "nothing was compared");
    wrong
}

/// Those of scenarios that are flown in seconds; the next test is for all.
#[test]
fn figures_in_heads_of_small_scenarios_are_flown() {
    let wrong = wrong_figures(2e7);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "minutes of flights: cargo test --test scenarios -- --ignored"]
fn figures_in_all_heads_are_flown() {
    let wrong = wrong_figures(f64::INFINITY);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_figure_is_found() {
    let found = ExpectationResult {
        judgement: windtunnel::experiment::results::Judgement::Holds,
        value: Some(0.05),
        interval: Some((0.03, 0.08)),
        ..ExpectationResult::default()
    };
    assert!(agrees("5 %", &found) && agrees("5.0 %", &found));
    assert!(!agrees("7.9 %", &found) && !agrees("4 %", &found) && !agrees("5.1 %", &found));
    assert_eq!(rounded(0.0512, "21 %"), "5 %");
    assert_eq!(rounded(47.26, "46.0 s"), "47.3 s");
}

#[test]
fn a_figure_is_no_part_of_a_longer_one() {
    let told = "4 % of 14 %, not 0.4 % or 4 %s; 21 min and 21.";
    assert_eq!(places(told, "4 %"), [0]);
    assert_eq!(places(told, "21"), [told.find("21 min").expect("a place"), told.len() - 3]);
    assert_eq!(replaced(told, "4 %", "5 %"), "5 % of 14 %, not 0.4 % or 4 %s; 21 min and 21.");
}
