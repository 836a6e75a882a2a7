//! Dollars: a release's by hand, a year's from a release's, and the same figures in every place.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::fly::FlySettings;
use windtunnel::experiment::money::YearRow;
use windtunnel::experiment::results::{Results, ScenarioResults};
use windtunnel::experiment::run;
use windtunnel::outcome::{BillPart, MeasureId, Outcome, Verdict};
use windtunnel::report::figure::Quantity;
use windtunnel::report::{Document, documents, headlines, reading, run_json, table};
use windtunnel::scenario::ids::ReleaseId;
use windtunnel::scenario::read::read;

/// Without a release nothing fails here, so what fails does so by the release; nobody is on call.
const SPEC: &str = "apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: dollars}
spec:
  horizon: 6m
  service:
    replicas: 3
    startup: 2s
    price: $0.60/h
    routes: [{name: buy, errors: 0%, serviceTime: 20ms}]
  traffic: {users: 300, arrivals: {poisson: {rate: 3/s}}, timeout: 5s}
  onCall: none
  releasesPerYear: 52
  release:
    at: 30s
    variants: [{name: good, share: 75%}, {name: bad, share: 25%, faults: [{errors: {rate: 30%}}]}]
  strategies:
    - rollingUpdate
    - canary: {steps: [20%, 50%, 100%], interval: 40s, checks: [{errorRate: {max: 5%}}]}
  constraints: {falseAlarmMax: 50%, timeToShipMax: 1h, routing: ingress}
";

const PRICES: &str = "  baseline: rollingUpdate
  prices:
    perMonth: {controller: $13, ingress: $6.50}
    engineer: $100/h
    falseAlarm: {work: 2h, again: 1h}
    delay: $36/h
    failedRequest: $0.10
    lostUser: {share: 10%, value: $30}
    adoption: {controller: {work: 3h, price: $40}}
";

fn flown(text: &str) -> Results {
    let (scenarios, _) = read(text, "dollars.yaml").unwrap_or_else(|p| panic!("{p:?}"));
    let scenarios: Vec<_> = scenarios.into_iter().map(Arc::new).collect();
    let settings = FlySettings {
        seed: 5,
        replications: Some(12),
        requests_max: None,
        decide: false,
        checked: true,
        record: true,
        export: false,
    };
    run(&scenarios, &settings, "a test", &AtomicBool::new(false), &|_, _, _| {})
        .expect("sound queries")
}

fn priced() -> Results {
    flown(&format!("{SPEC}{PRICES}"))
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

/// The dollars of one flight, from its other measures and the prices above. The canary's platform:
/// ($13 + $6.50) a month, 12 months, 52 releases.
fn by_hand(flight: &Outcome, bad: bool, canary: bool) -> f64 {
    let of = |measure: MeasureId| flight.measures.get(measure).unwrap_or(0.0);
    let failed = of(MeasureId::RequestsFailed) + of(MeasureId::RequestsWrong);
    let harm = failed * 0.10 + of(MeasureId::UsersHurtByRelease) * 3.0;
    let platform = if canary { 4.5 } else { 0.0 };
    let late = match (bad, flight.verdict) {
        (true, _) => 0.0,
        (false, Verdict::PromotedGood) => of(MeasureId::RolloutS) / 3600.0 * 36.0,
        (false, other) => panic!("a good release that stays was {}", other.word()),
    };
    of(MeasureId::PodHoursExtra) * 0.60 + platform + harm + late
}

#[test]
fn a_release_costs_what_its_measures_come_to() {
    let results = priced();
    let results = &results.scenarios[0];
    let mut harmed = 0;
    for (variant, by_plan) in results.flights.iter().enumerate() {
        for (plan, flights) in by_plan.iter().enumerate() {
            for flight in flights {
                let wanted = by_hand(flight, variant == 1, plan == 1);
                let found = flight.measures.release_usd.expect("dollars");
                assert!(close(found, wanted), "{variant} {plan}: {found}, by hand {wanted}");
                assert!(close(found, flight.bill.total()));
                harmed += u32::from(flight.bill.get(BillPart::Harm) > 0.0);
            }
        }
    }
    assert!(harmed >= 12, "bad releases hurt");
}

/// A year is its releases times the mix; the parts are the total; nobody differs from itself.
#[test]
fn a_year_is_its_releases_times_the_mix() {
    let results = priced();
    let results = &results.scenarios[0];
    for year in &results.money.years {
        let total = year.total.expect("a total");
        let mix = reading::estimate(results, ReleaseId::Mix, year.plan, MeasureId::ReleaseUsd);
        let mix = mix.expect("an estimate");
        let ends = [mix.mean, mix.lower, mix.upper].map(|end| end * 52.0);
        let found = [total.value, total.interval.lower, total.interval.upper];
        assert!(ends.iter().zip(found).all(|(a, b)| close(*a, b)), "{ends:?} {found:?}");
        assert!(close(year.parts.iter().sum(), total.value), "{year:?}");
    }
    let [today, canary] = [0, 1].map(|plan| &results.money.years[plan]);
    let own = today.versus.expect("today beside itself").difference;
    assert_eq!([own.value, own.interval.lower, own.interval.upper], [0.0; 3]);
    assert_eq!(today.versus.and_then(|versus| versus.payback), None, "nothing to take up");
    let versus = canary.versus.expect("a difference");
    let means = canary.total.expect("a total").value - today.total.expect("a total").value;
    assert!(close(versus.difference.value, means), "every flight has its pair");
    assert!(close(versus.payback.expect("a price").cost, 340.0), "3 h at $100, and $40");
    assert!(close(canary.part(BillPart::Platform), 19.5 * 12.0));
}

/// A price of 0 counts and changes nothing; a price that is left out is told.
#[test]
fn nothing_and_no_price_cost_the_same_and_only_one_is_counted() {
    let free = PRICES.replace("$13", "$0").replace("$6.50", "$0");
    let without = PRICES.replace("    perMonth: {controller: $13, ingress: $6.50}\n", "");
    let [free, without] = [free, without].map(|prices| flown(&format!("{SPEC}{prices}")));
    let years = |results: &Results| results.scenarios[0].money.years.clone();
    assert_eq!(years(&free), years(&without));
    let told = |results: &Results| results.scenarios[0].money.not_counted.clone();
    assert!(!told(&free).contains(&"a controller"), "{:?}", told(&free));
    for what in ["a controller", "an ingress", "slow requests", "taking up an ingress"] {
        assert!(told(&without).contains(&what), "{what}: {:?}", told(&without));
        let table = table::text(&without.scenarios[0], &[]).replace("\n  ", " ");
        assert!(table.contains(what), "{what} is not told:\n{table}");
    }
    assert!(!told(&without).contains(&"pages"), "nobody is on call");
}

/// Without prices nothing changes but for a table of its own.
#[test]
fn without_prices_a_release_costs_pods_and_value() {
    let results = flown(SPEC);
    let scenario = &results.scenarios[0];
    assert!(!scenario.money.is_asked && !table::text(scenario, &[]).contains("in dollars"));
    for flight in scenario.flights.iter().flatten().flatten() {
        let [all, pods, value] =
            [MeasureId::ReleaseUsd, MeasureId::CostExtraUsd, MeasureId::ValueLostByReleaseUsd]
                .map(|measure| flight.measures.get(measure).expect("dollars"));
        assert_eq!(all, pods + value);
    }
    let files = documents(&results).expect("files");
    assert!(files.iter().all(|file| !file.path.ends_with("money.svg")));
}

fn rows(files: &[Document]) -> Vec<Vec<String>> {
    let file = files.iter().find(|file| file.path == "money.csv").expect("a table");
    let mut reader = csv::Reader::from_reader(&file.bytes[..]);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_string).collect()).collect()
}

/// The figure of a strategy in `money.csv`, as people read it.
fn shown(rows: &[Vec<String>], strategy: &str, figure: &str) -> String {
    let row = rows.iter().find(|row| row[1] == strategy && row[2] == figure);
    let row = row.unwrap_or_else(|| panic!("{strategy} {figure}"));
    let numbers: Vec<f64> = row[3..].iter().filter_map(|cell| cell.parse().ok()).collect();
    match numbers.as_slice() {
        [mean, lower, upper] => Quantity::Usd.show_interval(*mean, *lower, *upper),
        [mean] => Quantity::Usd.show(*mean),
        other => panic!("{strategy} {figure}: {other:?}"),
    }
}

#[test]
fn every_place_tells_the_same_dollars() {
    let results = priced();
    let scenario: &ScenarioResults = &results.scenarios[0];
    let files = documents(&results).expect("files");
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path}"));
        String::from_utf8(file.bytes.clone()).expect("UTF-8")
    };
    let (rows, summary, svg) = (rows(&files), text("summary.md"), text("charts/dollars/money.svg"));
    let run: serde_json::Value = serde_json::from_str(&text("run.json")).expect("JSON");
    let terminal = run_json::value(&results);
    for strategy in ["rollingUpdate", "canary"] {
        let total = shown(&rows, strategy, "total_usd");
        assert!(summary.contains(&format!("**{total}**")), "{strategy}: {total}");
        let mean = total.split(' ').next().unwrap_or_default();
        assert!(svg.contains(mean), "the chart: {strategy}: {mean}");
        // A narrow column puts the interval on the next line.
        assert!(table::text(scenario, &[]).contains(mean), "the terminal: {strategy}: {mean}");
        for part in BillPart::ALL {
            let figure = shown(&rows, strategy, &format!("{}_usd", part.word()));
            assert!(summary.contains(&format!("| {figure} |")), "{strategy}: {figure}");
        }
    }
    assert!(summary.contains(&shown(&rows, "canary", "more_than_today_usd")));
    for json in [&run, &terminal] {
        let money = &json["scenarios"][0]["money"];
        assert_eq!(money["today"], "rollingUpdate");
        let year: &YearRow = &scenario.money.years[1];
        let total = year.total.expect("a total").value;
        assert_eq!(money["years"][1]["usd_per_year"]["mean"], total);
        assert_eq!(money["years"][1]["parts_usd"]["platform"], year.part(BillPart::Platform));
        assert_eq!(money["not_counted"][0], "value of requests");
    }
}

/// What the scenario wants of delivery and of routing is asked: see `constraints` above.
#[test]
fn constraints_of_delivery_are_judged_by_their_intervals() {
    let rows = |text: &str| flown(text).scenarios[0].qualification.clone();
    let wide = rows(SPEC);
    let told = |row: usize, of: &[windtunnel::experiment::results::QualificationRow]| {
        (of[row].qualifies, [&of[row].reasons[..], &of[row].open].concat().join("; "))
    };
    // 0 of 12 is up to 26 %: within 50 %, and neither within nor beyond 1 %.
    assert!(told(1, &wide).0 && !told(1, &wide).1.contains("good releases back"), "{wide:?}");
    let open = rows(&SPEC.replace("falseAlarmMax: 50%", "falseAlarmMax: 1%"));
    assert!(told(1, &open).0 && told(1, &open).1.contains("takes 0.0 % [0.0 %, 2"), "{open:?}");
    let results = flown(&SPEC.replace("falseAlarmMax: 50%", "falseAlarmMax: 1%"));
    let told_first = headlines::choice::lines(&results.scenarios[0], &|name| name.to_string());
    assert!(
        told_first.iter().any(|line| line.contains("not proved: takes 0.0 %")),
        "{told_first:?}"
    );
    // The canary's steps take 80 s at least, and every one of 12 flights says so.
    let late = rows(&SPEC.replace("timeToShipMax: 1h", "timeToShipMax: 45s"));
    assert!(told(0, &late).0, "{late:?}");
    let (qualifies, why) = told(1, &late);
    assert!(
        !qualifies && why.contains("of those shipped take up to") && why.contains("45s allowed"),
        "{why}"
    );
    let plain = rows(&SPEC.replace("routing: ingress", "routing: service"));
    assert!(told(0, &plain).0 && told(1, &plain).1.contains("needs an ingress"), "{plain:?}");
}
