//! Series as Prometheus holds them: labels, and samples at instants in whole milliseconds.
//!
//! All series of one scraped target share its instants (a `Clock`), so a sample costs eight bytes
//! and a window is found by two binary searches per series. Deliberately absent: what a sample
//! means, what a query does with it, files.

use super::symbol::{Symbol, Symbols};
use std::collections::BTreeMap;

/// The bits of a staleness marker (`model/value/value.go`): the series ended at this scrape.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;
/// The bits of "no sample at this instant": another series of the target has one. Never exported.
const ABSENT: u64 = 0x7ff0_0000_0000_0a5e;

/// A staleness marker.
pub const fn stale() -> f64 {
    f64::from_bits(STALE)
}

/// Is this sample a staleness marker (and not just any NaN)?
#[inline]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE
}

/// Is this a sample, and neither a staleness marker nor a gap of [`Store::slices`]?
#[inline]
pub fn is_sample(value: f64) -> bool {
    !is_stale(value) && !is_absent(value)
}

#[inline]
fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT
}

/// The number of a target's instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockId(u32);

/// The number of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesId(u32);

#[derive(Clone, Debug, Default, PartialEq)]
struct Clock {
    /// Rising, in milliseconds of Unix time.
    times: Vec<i64>,
    /// Instants that were forgotten.
    forgotten: usize,
    series: Vec<SeriesId>,
}

#[derive(Clone, Debug, PartialEq)]
struct Series {
    /// Sorted by the text of the names; the metric's name is among them.
    labels: Box<[(Symbol, Symbol)]>,
    clock: ClockId,
    /// Instant (counted from the first ever) of the first value.
    first: usize,
    values: Vec<f64>,
}

/// Instants of a target, from one to another: found once, good for all of its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    clock: ClockId,
    /// Counted from the first instant ever.
    from: usize,
    to: usize,
}

impl Span {
    /// Whose instants they are.
    pub fn clock(self) -> ClockId {
        self.clock
    }
}

/// A set of series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    symbols: Symbols,
    clocks: Vec<Clock>,
    series: Vec<Series>,
    by_name: BTreeMap<Symbol, Vec<SeriesId>>,
}

impl Store {
    /// The texts of all labels.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The symbol of a text, made if there is none yet.
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.symbols.intern(text)
    }

    /// A new target without instants.
    pub fn add_clock(&mut self) -> ClockId {
        self.clocks.push(Clock::default());
        ClockId(self.clocks.len() as u32 - 1)
    }

    /// A new series of a target, without samples. Labels with empty values are dropped, as
    /// Prometheus drops them. The caller sees to it that no other series has the same labels.
    pub fn add_series(&mut self, clock: ClockId, labels: &[(&str, &str)]) -> SeriesId {
        let kept = labels.iter().filter(|(_, value)| !value.is_empty());
        let mut sorted: Vec<&(&str, &str)> = kept.collect();
        sorted.sort_unstable_by_key(|(name, _)| *name);
        let intern = |(n, v): &(&str, &str)| (self.symbols.intern(n), self.symbols.intern(v));
        let labels = sorted.into_iter().map(intern).collect();
        self.add_sorted(clock, labels)
    }

    /// [`Store::add_series`] for labels that are interned and sorted by the text of their names
    /// already, none of them empty.
    pub fn add_sorted(&mut self, clock: ClockId, labels: Vec<(Symbol, Symbol)>) -> SeriesId {
        debug_assert!(labels.is_sorted_by_key(|(name, _)| self.symbols.text(*name)));
        let id = SeriesId(self.series.len() as u32);
        let name = labels.iter().find(|(n, _)| *n == Symbol::NAME).map_or(Symbol::EMPTY, |l| l.1);
        self.by_name.entry(name).or_default().push(id);
        self.clocks[clock.0 as usize].series.push(id);
        let labels = labels.into_boxed_slice();
        self.series.push(Series { labels, clock, first: 0, values: Vec::new() });
        id
    }

    /// The next instant of a target, in milliseconds of Unix time.
    ///
    /// # Panics
    /// When time does not advance: a target is scraped once at an instant.
    pub fn tick(&mut self, clock: ClockId, at_ms: i64) {
        let times = &mut self.clocks[clock.0 as usize].times;
        assert!(times.last().is_none_or(|last| *last < at_ms), "scrapes of a target go forward");
        times.push(at_ms);
    }

    /// A sample of a series at the latest instant of its target; the last one given counts.
    ///
    /// # Panics
    /// When the target has had no instant yet.
    #[inline]
    pub fn record(&mut self, series: SeriesId, value: f64) {
        let series = &mut self.series[series.0 as usize];
        let clock = &self.clocks[series.clock.0 as usize];
        let at = (clock.forgotten + clock.times.len()).checked_sub(1).expect("a tick comes first");
        if series.values.is_empty() {
            series.first = at;
        }
        let place = at - series.first;
        if place < series.values.len() {
            series.values[place] = value;
            return;
        }
        series.values.resize(place, f64::from_bits(ABSENT));
        series.values.push(value);
    }

    /// The last sample of a series, if it has any.
    pub fn last(&self, series: SeriesId) -> Option<f64> {
        self.series[series.0 as usize].values.last().copied()
    }

    /// The series with this metric name, in order of creation.
    pub fn named(&self, name: Symbol) -> &[SeriesId] {
        self.by_name.get(&name).map_or(&[], Vec::as_slice)
    }

    /// All series, in order of creation.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = SeriesId> + use<> {
        (0..self.series.len() as u32).map(SeriesId)
    }

    /// The labels of a series, sorted by the text of the names, the metric's name among them.
    pub fn labels(&self, series: SeriesId) -> &[(Symbol, Symbol)] {
        &self.series[series.0 as usize].labels
    }

    /// The samples of a series from `from_ms` to `to_ms`, both included, oldest first; staleness
    /// markers among them.
    #[inline]
    pub fn window(
        &self,
        series: SeriesId,
        from_ms: i64,
        to_ms: i64,
    ) -> impl DoubleEndedIterator<Item = (i64, f64)> + Clone + '_ {
        let (times, values) = self.slices(series, self.span(self.clock(series), from_ms, to_ms));
        let samples = times.iter().zip(values);
        samples.filter(|(_, v)| !is_absent(**v)).map(|(t, v)| (*t, *v))
    }

    /// The target of a series.
    #[inline]
    pub fn clock(&self, series: SeriesId) -> ClockId {
        self.series[series.0 as usize].clock
    }

    /// The instants of a target from `from_ms` to `to_ms`, both included.
    pub fn span(&self, clock: ClockId, from_ms: i64, to_ms: i64) -> Span {
        let Clock { times, forgotten, .. } = &self.clocks[clock.0 as usize];
        let to = times.partition_point(|t| *t <= to_ms);
        let from = times[..to].partition_point(|t| *t < from_ms);
        Span { clock, from: forgotten + from, to: forgotten + to }
    }

    /// The instants of a span at which a series has values, and the values: gaps and markers are
    /// among them, and are NaN ([`is_sample`]). `span` is one of the series' own target.
    #[inline]
    pub fn slices(&self, series: SeriesId, span: Span) -> (&[i64], &[f64]) {
        let Series { clock, first, values, .. } = &self.series[series.0 as usize];
        assert!(*clock == span.clock, "a span belongs to its target");
        let Clock { times, forgotten, .. } = &self.clocks[clock.0 as usize];
        let (from, to) = (span.from.max(*first), span.to.min(first + values.len()));
        if from >= to {
            return (&[], &[]);
        }
        (&times[from - forgotten..to - forgotten], &values[from - first..to - first])
    }

    /// All samples of a series, oldest first.
    pub fn samples(&self, series: SeriesId) -> impl DoubleEndedIterator<Item = (i64, f64)> + '_ {
        self.window(series, i64::MIN, i64::MAX)
    }

    /// The labels of a series as texts, sorted by name.
    pub fn label_texts(&self, series: SeriesId) -> impl Iterator<Item = (&str, &str)> + '_ {
        let text = |s: Symbol| self.symbols.text(s);
        self.labels(series).iter().map(move |(name, value)| (text(*name), text(*value)))
    }

    /// Forgets a target's samples before an instant, once half of what it holds is older: memory
    /// stays within twice what is kept.
    pub fn forget_before(&mut self, clock: ClockId, at_ms: i64) {
        let clock = &mut self.clocks[clock.0 as usize];
        let old = clock.times.partition_point(|t| *t < at_ms);
        if old == 0 || old * 2 < clock.times.len() {
            return;
        }
        clock.times.drain(..old);
        clock.forgotten += old;
        for id in &clock.series {
            let series = &mut self.series[id.0 as usize];
            let gone = clock.forgotten.saturating_sub(series.first).min(series.values.len());
            series.values.drain(..gone);
            series.first += gone;
        }
    }

    /// Bytes that samples take: eight per sample, and eight per instant of a target.
    pub fn sample_bytes(&self) -> usize {
        let values: usize = self.series.iter().map(|s| s.values.len()).sum();
        let times: usize = self.clocks.iter().map(|c| c.times.len()).sum();
        8 * (values + times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(store: &Store, id: SeriesId) -> Vec<(i64, f64)> {
        store.samples(id).collect()
    }

    #[test]
    fn series_of_a_target_share_instants_and_may_start_late_and_pause() {
        let mut store = Store::default();
        let clock = store.add_clock();
        let up = store.add_series(clock, &[("__name__", "up"), ("pod", "a"), ("zone", "")]);
        store.tick(clock, 1000);
        store.record(up, 1.0);
        let errors = store.add_series(clock, &[("status", "500"), ("__name__", "errors")]);
        store.tick(clock, 2000);
        store.record(up, 1.0);
        store.record(errors, 1.0);
        store.tick(clock, 3000);
        store.record(up, 0.0);
        store.tick(clock, 4000);
        store.record(errors, 5.0);
        assert_eq!(all(&store, up), [(1000, 1.0), (2000, 1.0), (3000, 0.0)]);
        assert_eq!(all(&store, errors), [(2000, 1.0), (4000, 5.0)]);
        assert_eq!(store.window(errors, 2001, 4000).collect::<Vec<_>>(), [(4000, 5.0)]);
        assert_eq!(store.window(up, 1000, 1999).count(), 1);
        let texts: Vec<_> = store.label_texts(errors).collect();
        assert_eq!(texts, [("__name__", "errors"), ("status", "500")]);
        assert_eq!(store.labels(up).len(), 2, "empty labels do not exist");
        let name = store.symbols().find("errors").expect("interned");
        assert_eq!(store.named(name), [errors]);
    }

    #[test]
    fn forgetting_keeps_what_is_asked_for() {
        let mut store = Store::default();
        let clock = store.add_clock();
        let early = store.add_series(clock, &[("__name__", "early")]);
        let mut late = None;
        for i in 0..100 {
            store.tick(clock, i * 1000);
            if i < 30 {
                store.record(early, i as f64);
            }
            if i == 60 {
                late = Some(store.add_series(clock, &[("__name__", "late")]));
            }
            if let Some(late) = late {
                store.record(late, i as f64);
            }
            store.forget_before(clock, (i - 10) * 1000);
            assert!(store.sample_bytes() <= 3 * 8 * 22, "{}", store.sample_bytes());
        }
        let late = late.expect("created");
        let kept: Vec<_> = store.window(late, 90_000, 99_000).collect();
        assert_eq!(kept, (90..100).map(|i| (i * 1000, i as f64)).collect::<Vec<_>>());
        assert_eq!(all(&store, early), []);
        store.record(early, 7.0);
        assert_eq!(all(&store, early), [(99_000, 7.0)]);
    }

    #[test]
    fn a_marker_is_not_any_nan() {
        assert!(is_stale(stale()) && !is_stale(f64::NAN) && stale().is_nan());
    }
}
