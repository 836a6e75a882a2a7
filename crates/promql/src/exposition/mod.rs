//! Series as text: what monitoring systems hand out, and what a flight's telemetry is exported as.
//!
//! [`read`] takes OpenMetrics and Prometheus' own text, [`json`] the series of recorded cases,
//! [`mod@write`] gives OpenMetrics. Staleness markers, which those texts cannot carry, and the
//! instant of the release go to a second text ([`markers`]). Deliberately absent: files, and what
//! a series means.

mod cut;
pub mod json;
pub mod markers;
pub mod read;
pub mod write;

use super::store::Store;
use std::collections::BTreeMap;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::problem::{Place, Problem};

/// Series as they were recorded.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Series that were read, ready to be asked.
    pub store: Store,
    /// When the release began, in milliseconds of Unix time, if that is known.
    pub release_at_ms: Option<i64>,
    /// What looks as if a part of the text was missing.
    pub warnings: Vec<Problem>,
}

/// Labels as texts, the metric's name among them.
type Labels = Vec<(String, String)>;

/// Problems that are told before the rest is only counted.
const TOLD: usize = 20;

/// Latest instant that is taken: the year 9999, in milliseconds.
const LATEST_MS: f64 = 253_402_300_800_000.0;

/// Memory that the series of a text may take, in bytes: some million series, or thirty million
/// samples of a few.
const MEMORY: usize = 1_200_000_000;

/// Memory of a series beside its labels: tables, rows, instants and values, on the way and in the
/// store, as measured.
const OF_SERIES: usize = 800;

/// Memory of a sample, on the way and in the store.
const OF_SAMPLE: usize = 36;

/// Series on their way into a store, in any order.
struct Collector {
    places: BTreeMap<Labels, usize>,
    rows: Vec<Vec<Point>>,
    samples: usize,
    /// Memory that is left.
    left: usize,
}

impl Default for Collector {
    fn default() -> Collector {
        Collector { places: BTreeMap::new(), rows: Vec::new(), samples: 0, left: MEMORY }
    }
}

struct Point {
    at_ms: i64,
    value: f64,
    place: Place,
}

impl Collector {
    /// The row of a series, made if there is none yet.
    fn row(&mut self, mut labels: Labels) -> usize {
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort();
        // A label is held twice: as it is read, and interned.
        let written = labels.iter().map(|(n, v)| 80 + 2 * (n.len() + v.len())).sum::<usize>();
        let next = self.rows.len();
        let row = *self.places.entry(labels).or_insert(next);
        if row == next {
            self.rows.push(Vec::new());
            self.left = self.left.saturating_sub(OF_SERIES + written);
        }
        row
    }

    fn add(&mut self, row: usize, point: Point) {
        self.rows[row].push(point);
        self.samples += 1;
        self.left = self.left.saturating_sub(OF_SAMPLE);
    }

    /// The first and the last instant of what stands before a line.
    fn reach_before(&self, line: u32) -> Option<(i64, i64)> {
        let before = |point: &&Point| point.place.line < line;
        let instants = || self.rows.iter().flatten().filter(before).map(|point| point.at_ms);
        Some((instants().min()?, instants().max()?))
    }

    /// Is there no room for more? Then the text is refused as a whole, not cut.
    fn full(&self) -> Option<Problem> {
        (self.left == 0).then(|| {
            let (series, samples) = (thousands(self.rows.len()), thousands(self.samples));
            let message = format!("too much to hold: {series} series and {samples} samples so far");
            let expected = format!("what fits into {:.1} GB of memory", MEMORY as f64 / 1e9);
            let help = "export fewer series, or a shorter time";
            Problem::error(Place::default(), "", message).expected(expected).help(help)
        })
    }

    /// All series in the order of their labels, each with instants of its own. Two values at one
    /// instant are a problem; the same value twice is none.
    fn store(mut self, problems: &mut Vec<Problem>) -> Store {
        let mut store = Store::default();
        for (labels, row) in &self.places {
            let points = &mut self.rows[*row];
            points.sort_by_key(|p| p.at_ms);
            let texts: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (&**n, &**v)).collect();
            let clock = store.add_clock();
            let series = store.add_series(clock, &texts);
            let mut last: Option<(i64, u64)> = None;
            for point in points {
                let now = (point.at_ms, point.value.to_bits());
                match last {
                    Some(last) if last == now => continue,
                    Some((at, _)) if at == point.at_ms => {
                        let message = "another value at the same instant of this series";
                        problems.push(Problem::error(point.place, "", message));
                        continue;
                    }
                    _ => {}
                }
                store.tick(clock, point.at_ms);
                store.record(series, point.value);
                last = Some(now);
            }
        }
        store
    }
}

/// The first problems in the order of the text, and how many more there are.
fn told(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|p| p.place);
    let more = problems.len().saturating_sub(TOLD);
    problems.truncate(TOLD);
    if more > 0 {
        let place = Place::default();
        problems.push(Problem::error(place, "", format!("{more} more problems like these")));
    }
    problems
}

/// A float as Go writes it: the shortest decimal without an exponent that reads back the same.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        format!("{value}")
    }
}

/// Milliseconds as seconds with as many digits as needed: `1767225600`, `1767225600.25`.
pub fn seconds(ms: i64) -> String {
    let (sign, size) = (if ms < 0 { "-" } else { "" }, ms.unsigned_abs());
    let text = format!("{sign}{}.{:03}", size / 1000, size % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// May a metric have this name outside quotes?
pub fn is_metric_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    name.chars().all(inner) && name.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

/// May a label have this name outside quotes?
pub fn is_label_name(name: &str) -> bool {
    is_metric_name(name) && !name.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_whole() {
        assert_eq!((number(1.0), number(f64::NEG_INFINITY)), ("1".into(), "-Inf".into()));
        assert_eq!((number(1e-7), number(0.1)), ("0.0000001".into(), "0.1".into()));
        let texts: Vec<String> = [0, 1500, -250, 1_767_225_600_000].map(seconds).into();
        assert_eq!(texts, ["0", "1.5", "-0.25", "1767225600"]);
    }

    #[test]
    fn long_lists_of_problems_are_cut() {
        let one = |line| Problem::error(Place { line, column: 1 }, "", "wrong");
        let cut = told((1..=50).rev().map(one).collect());
        assert_eq!((cut.len(), cut[0].place.line), (TOLD + 1, 1));
        assert!(cut[TOLD].message.starts_with("30 more"));
    }
}
