//! CSV tables: columns, order, and that they read back.

use crate::fixture::{FLIGHTS, nothing_flown, results};
use std::fs;
use std::path::Path;
use windtunnel::experiment::results::Results;
use windtunnel::outcome::measure;
use windtunnel::report::Document;

/// The columns of `runs.csv` that scripts rely on, in their order.
const RUNS: &str = "scenario, release, strategy, replication, seed, verdict, users_active, \
     users_exposed, exposed_before_verdict, users_hurt, users_hurt_by_release, users_spared, \
     requests, requests_failed, requests_wrong, requests_slow, p50_old_ms, p99_old_ms, \
     p50_new_ms, p99_new_ms, outage_s, downtime_s, downtime_by_release_s, user_minutes_down, \
     pods_available_min, requests_judged, weight_at_verdict, detected_after_s, rollback_s, \
     capacity_restored_s, harm_to_safe_s, rollout_s, mixed_version_s, pod_hours, \
     pod_hours_extra, fleet_minutes_extra, pods_peak, cost_usd, cost_extra_usd, harm_usd, \
     connections_broken, side_effects_duplicated";

/// First columns of the other tables.
const OTHERS: [(&str, &str); 8] = [
    ("summary.csv", "scenario, release, strategy, measure, n, mean, lower, upper, p05, p50, p95"),
    ("verdicts.csv", "scenario, release, strategy, verdict, n, share, lower, upper"),
    ("differences.csv", "scenario, release, strategy, reference, measure, n, mean, lower, upper"),
    (
        "ratings.csv",
        "scenario, strategy, downtime, rollback, risk, cost, outage_good_s, way_back_s, \
         start_to_ready_s, rollback_outage_s, hurt_share, fleet_minutes, exposed, delivery, \
         good_shipped, good_shipped_lower, good_shipped_upper, time_to_ship_p50_s, \
         time_to_ship_p95_s, false_alarms_per_year, good_unfinished, good_no_evidence",
    ),
    (
        "stops.csv",
        "scenario, strategy, release, bad, flights, stopped, stopped_lower, stopped_upper, late, \
         late_lower, late_upper, kept, kept_lower, kept_upper, open, open_lower, open_upper, \
         stopped_by, stopped_by_flights, stopped_after_p50_s, late_by, late_by_flights, \
         late_after_p50_s",
    ),
    (
        "timeline.csv",
        "scenario, release, strategy, replication, t_s, requests, failed, slow, p99_ms, \
         weight_new, pods_old_starting, pods_old_ready",
    ),
    (
        "discrepancies.csv",
        "scenario, release, strategy, replication, kind, compared, different, noise_compared, \
         noise_different",
    ),
    (
        "steps.csv",
        "scenario, release, strategy, step, asked, flights, lasted_s, requests_met, \
         requests_met_lower, requests_met_upper, users_met, users_met_lower, users_met_upper, \
         pods_new, pods",
    ),
];

fn tables(results: &Results) -> Vec<Document> {
    windtunnel::report::csv::FORMAT(results).expect("tables")
}

/// Header and rows of one table, read back by the CSV reader.
fn read(results: &Results, path: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let all = tables(results);
    let document = all.iter().find(|d| d.path == path).unwrap_or_else(|| panic!("{path}"));
    let mut reader = csv::Reader::from_reader(&document.bytes[..]);
    let header = reader.headers().expect("a header").iter().map(str::to_string).collect();
    let cells = |row: csv::StringRecord| row.iter().map(str::to_string).collect();
    let rows = reader.records().map(|row| cells(row.expect("as long as the header"))).collect();
    (header, rows)
}

fn begins_with(header: &[String], columns: &str) {
    let expected: Vec<&str> = columns.split(',').map(str::trim).collect();
    assert_eq!(&header[..expected.len()], &expected[..]);
}

#[test]
fn columns_keep_their_order() {
    let (header, rows) = read(&results(), "runs.csv");
    begins_with(&header, RUNS);
    assert_eq!(rows.len(), 2 * (6 + 5) * FLIGHTS as usize);
    for (path, columns) in OTHERS {
        let (header, rows) = read(&results(), path);
        begins_with(&header, columns);
        assert!(!rows.is_empty(), "{path}");
    }
}

#[test]
fn values_read_back_and_empty_ones_stay_empty() {
    let results = results();
    let (header, rows) = read(&results, "runs.csv");
    let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let first = &results.scenarios[0].flights[0][0][0];
    let share = at("users_hurt_by_release_share");
    assert_eq!(
        rows[0][share].parse().ok(),
        first.measures.users_hurt_by_release_share,
        "every digit"
    );
    assert_eq!(rows[0][at("rollback_s")], "", "a good release needs no rollback");
    assert_eq!(rows[0][at("seed")], "7");
    for (path, _) in OTHERS {
        let (_, rows) = read(&results, path);
        for cell in rows.iter().flatten() {
            assert!(!["NaN", "inf", "-inf", "-0"].contains(&cell.as_str()), "{path}: {cell}");
        }
    }
}

#[test]
fn tables_of_nothing_have_headers() {
    for document in tables(&nothing_flown()) {
        let text = String::from_utf8(document.bytes).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{}", document.path);
    }
}

/// Whoever finds a column in a table finds its meaning in `docs/methods.md`, which is made from the
/// same rows as the columns.
#[test]
fn the_methods_tell_every_measure_as_its_row_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/methods.md");
    let page = fs::read_to_string(&path).expect("a page");
    let page = page.replace("\r\n", "\n");
    let (head, rest) = page.split_once(BEGIN).expect("where the table begins");
    let (_, tail) = rest.split_once(END).expect("where the table ends");
    let wanted = format!("{head}{BEGIN}{}{END}{tail}", measure::page());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &wanted).expect("written");
        return;
    }
    assert!(page == wanted, "UPDATE_GOLDEN=1 cargo test --test report rewrites the table");
}

const BEGIN: &str = "<!-- measures: made from `crates/model/src/outcome/measures.rs` -->\n\n";
const END: &str = "\n<!-- end of measures -->\n";
