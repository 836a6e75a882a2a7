//! Laws that hold whatever the series are.

use proptest::prelude::*;
use windtunnel::analysis::promql::value::{Element, LabelTexts, Value};
use windtunnel::analysis::promql::{Options, Query, Rules};
use windtunnel::telemetry::store::Store;

/// Counters of pods in zones: gaps between scrapes in seconds and what was counted in them.
#[derive(Clone, Debug)]
struct Fleet(Vec<(u8, Vec<(u16, u16)>)>);

fn fleet() -> impl Strategy<Value = Fleet> {
    let scrape = (1_u16..40, 0_u16..500);
    let pod = (0_u8..3, prop::collection::vec(scrape, 0..30));
    prop::collection::vec(pod, 1..6).prop_map(Fleet)
}

impl Fleet {
    /// Counters that start again at every seventh scrape.
    fn store(&self) -> Store {
        let mut store = Store::default();
        for (pod, (zone, scrapes)) in self.0.iter().enumerate() {
            let (pod, zone) = (format!("p{pod}"), format!("z{zone}"));
            let clock = store.add_clock();
            let labels = [("__name__", "hits"), ("pod", &*pod), ("zone", &*zone)];
            let series = store.add_series(clock, &labels);
            let (mut at, mut total) = (0, 0.0);
            for (i, (gap, counted)) in scrapes.iter().enumerate() {
                at += i64::from(*gap) * 1000 + 1;
                total = if i % 7 == 6 { 0.0 } else { total } + f64::from(*counted);
                store.tick(clock, at);
                store.record(series, total);
            }
        }
        store
    }
}

fn ask(store: &Store, text: &str, at_ms: i64, rules: Rules) -> Vec<Element> {
    let query = Query::parse_by(text, rules).unwrap_or_else(|e| panic!("{e}"));
    match query.instant(store, at_ms, &Options::default()) {
        Ok(Value::Vector(elements)) => elements,
        other => panic!("{text}: {other:?}"),
    }
}

/// Both questions have the same answer, to nine digits.
fn check_same(store: &Store, left: &str, right: &str, at_ms: i64) {
    for rules in [Rules::V2, Rules::V3] {
        let (a, b) = (ask(store, left, at_ms, rules), ask(store, right, at_ms, rules));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-9);
        let same = a.len() == b.len()
            && a.iter().zip(&b).all(|(a, b)| a.labels == b.labels && close(a.value, b.value));
        assert!(same, "{rules:?}: {left} gives {a:?}, {right} gives {b:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn increase_is_rate_times_range(fleet in fleet(), at in 0_i64..900, range in 1_u32..600) {
        let store = fleet.store();
        let increase = format!("increase(hits[{range}s])");
        check_same(&store, &increase, &format!("rate(hits[{range}s]) * {range}"), at * 1000);
    }

    #[test]
    fn parts_sum_up_to_the_whole(fleet in fleet(), at in 0_i64..900) {
        let store = fleet.store();
        check_same(&store, "sum(sum by (zone) (hits))", "sum(hits)", at * 1000);
        check_same(&store, "sum(count without (pod) (hits))", "count(hits)", at * 1000);
        check_same(&store, "max(max by (zone) (hits))", "max(hits)", at * 1000);
        let mean = "sum by (zone) (hits) / count by (zone) (hits)";
        check_same(&store, "avg by (zone) (hits)", mean, at * 1000);
        check_same(&store, "quantile(1, hits)", "max(hits)", at * 1000);
        check_same(&store, "quantile(0, hits)", "min(hits)", at * 1000);
    }

    #[test]
    fn sets_part_a_vector(fleet in fleet(), at in 0_i64..900, limit in 0_u32..3000) {
        let store = fleet.store();
        let (above, rest) = (format!("hits > {limit}"), format!("hits unless hits > {limit}"));
        let both = format!("({above}) or ({rest})");
        check_same(&store, &both, "hits", at * 1000);
        check_same(&store, &rest, &format!("hits <= {limit}"), at * 1000);
        check_same(&store, &format!("hits and ({above})"), &above, at * 1000);
    }

    #[test]
    fn a_range_query_is_its_instants(fleet in fleet(), step in 1_i64..120) {
        let store = fleet.store();
        let query = Query::parse("sum by (zone) (rate(hits[2m]))").expect("well formed");
        let range = (0, 900_000, step * 1000);
        let rows = match query.range(&store, range, &Options::default()) {
            Ok(Value::Matrix(rows)) => rows,
            other => panic!("{other:?}"),
        };
        let mut seen: Vec<(i64, LabelTexts, f64)> = Vec::new();
        for row in rows {
            seen.extend(row.samples.iter().map(|(at, value)| (*at, row.labels.clone(), *value)));
        }
        seen.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let mut wanted = Vec::new();
        for at in (0..=900_000).step_by(step as usize * 1000) {
            let elements = ask(&store, query.text(), at, Rules::V3);
            wanted.extend(elements.into_iter().map(|e| (at, e.labels, e.value)));
        }
        prop_assert_eq!(seen, wanted);
    }

    #[test]
    fn generations_differ_at_the_edge_alone(fleet in fleet(), at in 0_i64..900) {
        let store = fleet.store();
        // No sample lies on a whole second: each gap adds a millisecond.
        let count = |rules| ask(&store, "count_over_time(hits[1m])", at * 1000 + 500, rules);
        prop_assert_eq!(count(Rules::V2), count(Rules::V3));
    }

    #[test]
    fn quantiles_rise_with_phi(
        counts in prop::collection::vec(0_u32..1000, 1..12),
        bounds in prop::collection::btree_set(-50_i32..500, 1..12),
    ) {
        let mut store = Store::default();
        let clock = store.add_clock();
        let bounds = bounds.into_iter().map(|b| b.to_string()).chain(["+Inf".to_string()]);
        let (mut total, mut last) = (0.0, f64::NEG_INFINITY);
        for (i, le) in bounds.enumerate() {
            total += f64::from(counts[i % counts.len()]);
            let series = store.add_series(clock, &[("__name__", "b"), ("le", &le)]);
            if i == 0 {
                store.tick(clock, 0);
            }
            store.record(series, total);
        }
        for tenth in 0..=20 {
            let text = format!("histogram_quantile({}, b)", f64::from(tenth) / 20.0);
            let value = ask(&store, &text, 0, Rules::V3)[0].value;
            prop_assert!(value.is_nan() || value >= last, "{text}: {value} after {last}");
            last = if value.is_nan() { last } else { value };
        }
    }
}
