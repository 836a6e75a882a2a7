//! Charts: well-formed, the same on repeat, with units, and drawn from odd data too.

use crate::fixture::{nothing_flown, results};
use std::sync::Arc;
use windtunnel::experiment::results::Results;
use windtunnel::outcome::Unit;
use windtunnel::report::charts::SVG;
use windtunnel::report::{Document, documents};
use windtunnel::scenario::ids::{PlanId, ReleaseId};
use windtunnel::scenario::model::Scenario;

fn charts(results: &Results) -> Vec<(String, String)> {
    let text = |d: Document| (d.path, String::from_utf8(d.bytes).expect("UTF-8"));
    SVG(results).expect("charts").into_iter().map(text).collect()
}

fn chart(results: &Results, path: &str) -> String {
    let found = charts(results).into_iter().find(|(p, _)| p == path);
    found.unwrap_or_else(|| panic!("{path} is missing")).1
}

/// A chart as a browser's parser has it.
fn tree<'a>(path: &str, svg: &'a str) -> roxmltree::Document<'a> {
    roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// All text that a reader sees, without tags.
fn words(svg: &str) -> String {
    let tree = tree("a chart", svg);
    let read = tree.descendants().filter(|n| n.has_tag_name("text") || n.has_tag_name("title"));
    let texts = read.map(|node| {
        let parts = node.descendants().filter(|n| n.is_text()).filter_map(|n| n.text());
        parts.map(str::trim).collect::<String>() + "\n"
    });
    texts.collect()
}

/// A parser of XML reads it as one picture of a size, and every number in it is one.
fn well_formed(path: &str, svg: &str) {
    let tree = tree(path, svg);
    let root = tree.root_element();
    assert_eq!(root.tag_name().name(), "svg", "{path}");
    assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"), "{path}");
    for node in tree.descendants().filter(|n| n.is_element()) {
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!value.contains("NaN"), "{path}: {name}={value}");
            let place = ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"];
            if place.contains(&name) {
                let number = value.parse::<f64>().ok().filter(|n| n.is_finite());
                assert!(number.is_some(), "{path}: {name}={value}");
            }
        }
    }
}

/// A change to every scenario of the results.
fn changed(mut results: Results, change: impl Fn(&mut Scenario)) -> Results {
    for results in &mut results.scenarios {
        change(Arc::make_mut(&mut results.scenario));
        let releases: Vec<ReleaseId> = results.scenario.releases().collect();
        let plans: Vec<PlanId> = results.scenario.plan_ids().collect();
        let both = |release: ReleaseId, plan| releases.contains(&release) && plans.contains(&plan);
        results.summary.retain(|row| both(row.release, row.plan));
        results.verdicts.retain(|row| both(row.release, row.plan));
        results.differences.retain(|row| both(row.release, row.plan));
        results.precision.retain(|row| both(row.variant.into(), row.plan));
        results.steps.retain(|row| both(row.variant.into(), row.plan));
        results.stops.retain(|row| both(row.variant.into(), row.plan));
        results.money.years.retain(|row| plans.contains(&row.plan));
        results.deliveries.retain(|row| plans.contains(&row.plan));
        results.choice.standings.retain(|row| plans.contains(&row.plan));
        results.choice.tied_by_users.retain(|row| plans.contains(&row.plan));
        results.choice.ruled_out.retain(|row| plans.contains(&row.0));
        results.idle.retain(|pair| releases.contains(&pair.0.into()));
        results.recordings.retain(|row| both(row.variant.into(), row.plan));
        results.ratings.retain(|row| plans.contains(&row.plan));
        results.qualification.retain(|row| plans.contains(&row.plan));
        // A scenario has a flight, and so a row, of every strategy with every variant.
        results.flights.truncate(results.scenario.release.variants.len());
        results.flights.iter_mut().for_each(|by_plan| by_plan.truncate(plans.len()));
    }
    results
}

#[test]
fn every_chart_is_there_once_and_well_formed() {
    let charts = charts(&results());
    let mut paths: Vec<&str> = charts.iter().map(|(path, _)| path.as_str()).collect();
    for name in ["blast-radius", "downtime", "rollback", "cost", "cost-harm", "timeline-blue-green"]
    {
        let path = format!("charts/strategy-comparison/{name}.svg");
        assert!(paths.contains(&path.as_str()), "{path}");
    }
    assert!(paths.contains(&"charts/overview.svg"));
    let count = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), count, "no path twice");
    for (path, svg) in &charts {
        well_formed(path, svg);
    }
}

#[test]
fn charts_that_are_in_the_repository_are_well_formed() {
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reports")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "svg") {
                let svg = std::fs::read_to_string(&path).expect("a chart");
                well_formed(&path.to_string_lossy(), &svg);
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "only {seen} charts");
}

#[test]
#[should_panic(expected = "x1=NaN")]
fn a_chart_with_a_number_that_is_none_is_noticed() {
    well_formed("a chart", "<svg xmlns='http://www.w3.org/2000/svg'><line x1='NaN'/></svg>");
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let first = documents(&results()).expect("documents");
    let second = documents(&results()).expect("documents");
    assert_eq!(first, second);
}

#[test]
fn charts_state_message_units_and_names() {
    let results = results();
    let cases = [
        ("blast-radius", vec!["28.8 % of the users", "Users hurt, of those active, %", "canary"]),
        (
            "downtime",
            vec![
                "38 s of outage even when",
                "Outage, which is rated: no pod answers",
                "Objective missed: too many fail",
                "5 min",
            ],
        ),
        ("rollback", vec!["1.4 s", "First harm → decision", "no user exposed", "18/20"]),
        ("cost", vec!["fleet-minutes", "Extra cost, fleet-min", "Most pods at a time"]),
        ("cost-harm", vec!["fleet-minutes →", "% of those active", "does not ship what is good"]),
        (
            "timeline-canary",
            vec!["taken back in time", "Requests per second", "minutes since", "+2:28"],
        ),
    ];
    for (name, parts) in cases {
        let svg = chart(&results, &format!("charts/strategy-comparison/{name}.svg"));
        let words = words(&svg).replace('\n', " ");
        for part in parts {
            assert!(words.contains(part), "{name}: {part} is missing in\n{words}");
        }
    }
    let words = words(&chart(&results, "charts/overview.svg"));
    assert!(words.contains("slow-jvm") && words.contains("0.095 %"), "{words}");
}

/// A chart of steps that differ nowhere would be a blank page: it is left away, and that is said.
#[test]
fn steps_that_differ_nowhere_have_no_chart() {
    let drawn = |results: &windtunnel::experiment::results::Results| {
        let all = windtunnel::report::charts::SVG(results).expect("charts");
        all.iter().any(|document| document.path.ends_with("strategy-comparison/steps.svg"))
    };
    let mut results = results();
    assert!(!results.scenarios[0].steps.is_empty());
    assert!(drawn(&results), "steps of the fixture differ");
    let told = "so there is no chart of steps";
    let page = |results: &_| windtunnel::report::summary::text(results).replace('\n', " ");
    let of_first = |page: &str| page.split("## slow-jvm").next().unwrap_or_default().to_string();
    assert!(!of_first(&page(&results)).contains(told));
    for step in &mut results.scenarios[0].steps {
        step.asked = step.requests.as_ref().map_or(step.asked, |met| met.mean);
    }
    assert!(!drawn(&results));
    let page = of_first(&page(&results));
    assert!(page.contains(told) && !page.contains("strategy-comparison/steps.svg"), "{page}");
    results.scenarios[0].steps.clear();
    assert!(!drawn(&results), "nothing is said of what has no steps");
}

#[test]
fn charts_without_data_say_so() {
    let results = nothing_flown();
    for (path, svg) in charts(&results) {
        well_formed(&path, &svg);
        assert!(!words(&svg).trim().is_empty(), "{path}");
    }
    let mut unharmed = crate::fixture::results();
    for row in unharmed.scenarios.iter_mut().flat_map(|s| &mut s.summary) {
        row.estimate = row.estimate.filter(|_| row.measure.measure().unit != Unit::Seconds);
    }
    for row in unharmed.scenarios.iter_mut().flat_map(|s| &mut s.ratings) {
        row.exposed = false;
    }
    let words = words(&chart(&unharmed, "charts/slow-jvm/rollback.svg"));
    assert!(words.contains("No bad flight exposed a user"), "{words}");
}

#[test]
fn odd_figures_and_names_are_drawn() {
    let mut odd = changed(results(), |scenario| {
        scenario.name = "a <b> & \"c\" with a name that is much longer than any column".to_string();
        for (index, plan) in scenario.plans.iter_mut().enumerate() {
            plan.name = format!("{}-with-a-very-long-name-<{index}>", plan.name);
        }
    });
    for scenario in &mut odd.scenarios {
        for row in &mut scenario.summary {
            if let Some(estimate) = &mut row.estimate {
                let odd = [f64::NAN, f64::INFINITY, -1e300, 1e-300, 1e300];
                estimate.mean = odd[row.measure.name().len() % odd.len()];
                estimate.lower = f64::NEG_INFINITY;
                estimate.upper = f64::NAN;
            }
        }
        for row in &mut scenario.ratings {
            row.hurt_share = f64::NAN;
            row.fleet_minutes = f64::INFINITY;
            row.full_rollback_s = Some(f64::NAN);
        }
        for record in &mut scenario.recordings {
            record.recording.interval_s = 0.0;
            for sample in &mut record.recording.samples {
                sample.weight_new = f64::NAN;
                sample.failed = sample.requests * 2;
            }
        }
    }
    for (path, svg) in charts(&odd) {
        well_formed(&path, &svg);
    }
    assert!(documents(&odd).is_ok());
}

#[test]
fn many_strategies_and_a_single_variant_fit() {
    let many = changed(results(), |scenario| {
        let plans = scenario.plans.clone();
        scenario.plans = (0..30)
            .map(|number| {
                let mut plan = plans[number % plans.len()].clone();
                plan.name = format!("{}-{number}", plan.name);
                plan
            })
            .collect();
        scenario.release.variants.truncate(1);
    });
    let none = changed(results(), |scenario| {
        scenario.plans.clear();
        scenario.release.variants.clear();
    });
    let empty = Results { scenarios: Vec::new(), ..results() };
    for results in [many, none, empty] {
        for document in documents(&results).expect("documents") {
            if document.path.ends_with(".svg") {
                let svg = String::from_utf8(document.bytes).expect("UTF-8");
                well_formed(&document.path, &svg);
            }
        }
    }
}

#[cfg(feature = "png")]
#[test]
fn pictures_have_the_size_of_the_charts() {
    let pictures = windtunnel::report::charts::PNG(&results()).expect("pictures");
    assert_eq!(pictures.len(), charts(&results()).len());
    for picture in pictures {
        assert_eq!(&picture.bytes[1..4], b"PNG", "{}", picture.path);
        let width = u32::from_be_bytes(picture.bytes[16..20].try_into().expect("four bytes"));
        assert!(width >= 1440, "{}: {width}", picture.path);
    }
}
