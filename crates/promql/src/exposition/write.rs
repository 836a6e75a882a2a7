//! Series → OpenMetrics text, as `promtool tsdb create-blocks-from openmetrics` takes it.
//!
//! Families stand together, each under its type; the samples of a series follow each other in time.
//! Staleness markers are left out: OpenMetrics has no way to write them.

use super::{is_label_name, is_metric_name, number, seconds};
use crate::store::{SeriesId, Store, is_stale};
use std::collections::BTreeMap;

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpositionKind {
    /// Rises, and starts again at 0.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, count and sum.
    Histogram,
    /// Not known.
    Unknown,
}

impl ExpositionKind {
    fn word(self) -> &'static str {
        match self {
            ExpositionKind::Counter => "counter",
            ExpositionKind::Gauge => "gauge",
            ExpositionKind::Histogram => "histogram",
            ExpositionKind::Unknown => "unknown",
        }
    }

    /// The family of a metric. OpenMetrics names a family without the endings of its samples; a
    /// counter without `_total` is none in its eyes.
    fn family(self, metric: &str) -> (String, ExpositionKind) {
        let endings: &[&str] = match self {
            ExpositionKind::Counter => &["_total"],
            ExpositionKind::Histogram => &["_bucket", "_count", "_sum"],
            ExpositionKind::Gauge => return (metric.to_string(), ExpositionKind::Gauge),
            ExpositionKind::Unknown => &[],
        };
        match endings.iter().find_map(|ending| metric.strip_suffix(ending)) {
            Some(family) => (family.to_string(), self),
            None => (metric.to_string(), ExpositionKind::Unknown),
        }
    }
}

/// All series of a store; `kind` says what a metric is, by its name as queries use it.
pub fn write(store: &Store, kind: &dyn Fn(&str) -> ExpositionKind) -> String {
    let mut families: BTreeMap<(String, ExpositionKind), Vec<SeriesId>> = BTreeMap::new();
    for id in sorted(store) {
        let name = store.label_texts(id).find(|(name, _)| *name == "__name__");
        let name = name.map_or("", |(_, value)| value);
        families.entry(kind(name).family(name)).or_default().push(id);
    }
    let mut text = String::new();
    for ((family, kind), ids) in families {
        if is_metric_name(&family) {
            text.push_str(&format!("# TYPE {family} {}\n", kind.word()));
        }
        for id in ids {
            let name = series(store, id);
            for (at, value) in store.samples(id).filter(|(_, value)| !is_stale(*value)) {
                text.push_str(&format!("{name} {} {}\n", number(value), seconds(at)));
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

/// All series in the order of their labels; buckets in the order of their bounds.
pub(super) fn sorted(store: &Store) -> Vec<SeriesId> {
    let key = |id: &SeriesId| {
        let labels = || store.label_texts(*id).filter(|(name, _)| *name != "le");
        let rest: Vec<(String, String)> =
            labels().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let bound = store.label_texts(*id).find(|(name, _)| *name == "le");
        let bound: f64 = bound.and_then(|(_, le)| le.parse().ok()).unwrap_or(f64::NAN);
        (rest, bound)
    };
    let mut ids: Vec<_> = store.ids().map(|id| (key(&id), id)).collect();
    ids.sort_by(|((a, x), i), ((b, y), j)| a.cmp(b).then(x.total_cmp(y)).then(i.cmp(j)));
    ids.into_iter().map(|(_, id)| id).collect()
}

/// `name{label="value"}`; names that need quotes stand in the braces.
pub(super) fn series(store: &Store, id: SeriesId) -> String {
    let (mut name, mut inner) = (String::new(), Vec::new());
    for (label, value) in store.label_texts(id) {
        match label {
            "__name__" if is_metric_name(value) => name = value.to_string(),
            "__name__" => inner.insert(0, quoted(value)),
            _ if is_label_name(label) => inner.push(format!("{label}={}", quoted(value))),
            _ => inner.push(format!("{}={}", quoted(label), quoted(value))),
        }
    }
    if inner.is_empty() { name } else { format!("{name}{{{}}}", inner.join(",")) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::super::{markers, read};
    use super::*;
    use crate::store::stale;

    fn kind(name: &str) -> ExpositionKind {
        match name {
            "up" => ExpositionKind::Gauge,
            _ if name.starts_with("latency") => ExpositionKind::Histogram,
            _ if name.contains("hits") => ExpositionKind::Counter,
            _ => ExpositionKind::Unknown,
        }
    }

    fn sample_store() -> Store {
        let mut store = Store::default();
        let clock = store.add_clock();
        let mut add = |labels: &[(&str, &str)]| store.add_series(clock, labels);
        let ids = [
            add(&[("__name__", "up"), ("pod", "a")]),
            add(&[("__name__", "latency_bucket"), ("le", "+Inf")]),
            add(&[("__name__", "latency_bucket"), ("le", "10")]),
            add(&[("__name__", "latency_bucket"), ("le", "2.5")]),
            add(&[("__name__", "latency_sum")]),
            add(&[("__name__", "hits_total"), ("path", "/\"\\\n")]),
            add(&[("__name__", "hits")]),
            add(&[("__name__", "odd.name"), ("l m", "é")]),
        ];
        store.tick(clock, 1000);
        ids.iter().for_each(|id| store.record(*id, 0.5));
        store.tick(clock, 2250);
        store.record(ids[0], stale());
        store.record(ids[4], f64::NAN);
        store
    }

    #[test]
    fn families_stand_under_their_types() {
        let text = write(&sample_store(), &kind);
        let heads: Vec<&str> = text.lines().filter(|l| l.starts_with('#')).collect();
        let wanted = [
            "# TYPE hits counter",
            "# TYPE hits unknown",
            "# TYPE latency histogram",
            "# TYPE up gauge",
            "# EOF",
        ];
        assert_eq!(heads, wanted);
        let buckets = text.lines().filter(|l| l.starts_with("latency_bucket"));
        let buckets: Vec<&str> = buckets.collect();
        let wanted = [
            "latency_bucket{le=\"2.5\"} 0.5 1",
            "latency_bucket{le=\"10\"} 0.5 1",
            "latency_bucket{le=\"+Inf\"} 0.5 1",
        ];
        assert_eq!(buckets, wanted);
        assert!(text.contains("latency_sum NaN 2.25\n") && !text.contains("up{pod=\"a\"} NaN"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_labels_hold_reads_back(
            name in "[a-z]{1,3}|.{1,4}|[\u{0}-\u{ff}\u{2028}\u{202e}]{1,4}",
            labels in proptest::collection::btree_map(
                "[a-z]{1,3}|[\u{0}-\u{7f}\u{85}\u{2028}é]{1,4}",
                "[ -~]{1,6}|[\u{0}-\u{ff}\u{2028}\u{202e}\"\\\\\n\r]{1,6}",
                0..4,
            ),
        ) {
            let mut store = Store::default();
            let clock = store.add_clock();
            let mut all: Vec<(&str, &str)> = vec![("__name__", &name)];
            all.extend(labels.iter().map(|(name, value)| (&**name, &**value)));
            let id = store.add_series(clock, &all);
            store.tick(clock, 1000);
            store.record(id, 1.0);
            store.tick(clock, 2000);
            store.record(id, stale());
            let text = write(&store, &kind);
            let ends = markers::write(&store, None, &text);
            let again = read::read(&text, Some(&ends));
            let again = again.unwrap_or_else(|p| panic!("{p:?}\n{text:?}")).store;
            let texts = |store: &Store| -> Vec<(String, String)> {
                let of = |id| store.label_texts(id).map(|(n, v)| (n.to_string(), v.to_string()));
                store.ids().flat_map(of).collect::<Vec<_>>()
            };
            proptest::prop_assert_eq!(texts(&again), texts(&store), "{:?}", text);
            proptest::prop_assert_eq!(again.ids().flat_map(|id| again.samples(id)).count(), 2);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let store = sample_store();
        let text = write(&store, &kind);
        let ends = markers::write(&store, Some(1500), &text);
        let again = read::read(&text, Some(&ends)).unwrap_or_else(|p| panic!("{p:?}\n{text}"));
        assert_eq!(again.release_at_ms, Some(1500));
        assert_eq!(write(&again.store, &kind), text);
        assert_eq!(markers::write(&again.store, Some(1500), &text), ends);
        assert_eq!(ends.lines().nth(3), Some("up{pod=\"a\"} 2.25"));
        assert!(again.warnings.is_empty() && ends.ends_with("\n# EOF\n"));
        let cut = read::read(&text, Some(ends.trim_end_matches("# EOF\n")));
        assert_eq!(cut.map(|r| r.warnings.len()).ok(), Some(1));
    }
}
