//! One estimator for the mix: every place that tells what a release of the mix does tells the same.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::fly::FlySettings;
use windtunnel::experiment::results::{Results, ScenarioResults};
use windtunnel::experiment::run;
use windtunnel::outcome::MeasureId;
use windtunnel::outcome::figure::told_with_limit;
use windtunnel::report::figure::Quantity;
use windtunnel::report::{documents, reading, run_json, table};
use windtunnel::scenario::ids::ReleaseId;
use windtunnel::scenario::read::read;

const SPEC: &str = "apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: mix}
spec:
  horizon: 6m
  service: {replicas: 3, startup: 2s, routes: [{name: buy, value: $2, errors: 1%}]}
  traffic: {users: 300, arrivals: {poisson: {rate: 3/s}}}
  release:
    at: 30s
    variants: [{name: good, share: 85%}, {name: bad, share: 15%, faults: [{errors: {rate: 30%}}]}]
  strategies:
    - recreate
    - canary: {steps: [20%, 50%, 100%], interval: 40s, checks: [{errorRate: {max: 5%}}]}
  constraints: {riskMax: 0.01%}
  expect:
    - recreate · all · users_hurt_by_release_share > 99%
    - canary · all · users_hurt_by_release_share > 99%
    - recreate - canary · all · fleet_minutes_extra > 1000
  replications: {min: 16, max: 80}
";

fn flown() -> Results {
    let (scenarios, _) = read(SPEC, "mix.yaml").unwrap_or_else(|problems| panic!("{problems:?}"));
    let scenarios: Vec<_> = scenarios.into_iter().map(Arc::new).collect();
    let (replications, requests_max) = (None, None);
    let settings = FlySettings {
        seed: 2,
        replications,
        requests_max,
        decide: false,
        checked: false,
        record: true,
        export: false,
    };
    run(&scenarios, &settings, "a test", &AtomicBool::new(false), &|_, _, _| {})
        .expect("sound queries")
}

/// The table of a CSV file, as (header, rows).
fn read_csv(files: &[windtunnel::report::Document], path: &str) -> Vec<Vec<String>> {
    let file = files.iter().find(|file| file.path == path).expect("a table");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&file.bytes[..]);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_string).collect()).collect()
}

/// Each variant's own mean over all of its flights, weighted: worked out from the flights.
fn by_hand(results: &ScenarioResults, plan: usize) -> f64 {
    let variants = results.scenario.release.variants.iter().zip(&results.flights);
    let means = variants.map(|(variant, flights)| {
        let shares = flights[plan].iter().filter_map(|f| f.measures.users_hurt_by_release_share);
        variant.share.value() * shares.sum::<f64>() / flights[plan].len() as f64
    });
    means.sum()
}

#[test]
fn all_places_tell_the_same_of_the_mix() {
    let results = flown();
    let scenario = &results.scenarios[0];
    let counts: Vec<usize> = scenario.flights.iter().map(|plans| plans[0].len()).collect();
    assert_ne!(counts[0], counts[1], "variants with different numbers of flights");
    let files = documents(&results).expect("files");
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path}"));
        String::from_utf8(file.bytes.clone()).expect("UTF-8")
    };
    let (summary, ratings) = (read_csv(&files, "summary.csv"), read_csv(&files, "ratings.csv"));
    let at = |name: &str| ratings[0].iter().position(|column| column == name).expect("a column");
    let json = run_json::value(&results);
    for (plan, name) in ["recreate", "canary"].into_iter().enumerate() {
        let hurt = reading::HURT_SHARE.name();
        let row = summary.iter().find(|row| row[1..4] == ["all", name, hurt]).expect("a row");
        let mean: f64 = row[5].parse().expect("a number");
        assert!((mean - by_hand(scenario, plan)).abs() < 1e-12, "{name}");
        let rating = ratings.iter().find(|row| row[1] == name).expect("a row");
        assert_eq!(rating[at("hurt_share")], row[5], "ratings.csv");
        assert_eq!(scenario.expectations[plan].value, Some(mean), "a line of expect");
        let (lower, upper) = scenario.expectations[plan].interval.expect("an interval");
        assert_eq!([lower, upper].map(|end| end.to_string()), [row[6].clone(), row[7].clone()]);
        assert_eq!(json["scenarios"][0]["strategies"][plan]["hurt_share"], mean, "the terminal");
        let shown = Quantity::Share.show(mean);
        for path in ["charts/mix/blast-radius.svg", "summary.md"] {
            assert!(text(path).contains(&shown), "{path}: {name}: {shown}");
        }
        // A narrow column of the terminal puts the unit on the next line.
        let number = shown.trim_end_matches(" %");
        assert!(table::text(scenario, &[]).contains(number), "the table on the terminal");
        let told = told_with_limit(Quantity::Share, mean, (lower, upper), 1e-4).0;
        let reason = format!("hurts {told} of the users");
        let qualified = &scenario.qualification[plan];
        assert!(qualified.reasons.iter().any(|r| r.contains(&reason)), "{qualified:?}");
        let fleet = summary.iter().find(|r| r[1..4] == ["all", name, "fleet_minutes_extra"]);
        assert_eq!(rating[at("fleet_minutes")], fleet.expect("a row")[5]);
    }
    let paired = scenario.expectations[2].value.expect("a difference");
    let row = scenario
        .differences
        .iter()
        .find(|row| (row.release, row.measure) == (ReleaseId::Mix, MeasureId::FleetMinutesExtra));
    assert!((row.expect("a row").mean + paired).abs() < 1e-12, "canary against recreate");
}
