//! One scraped page: samples in a fixed order, each kept in its series.
//!
//! A family writes its cells in the same order at every scrape, so a cell finds its series by its
//! place, and labels are spelled out once in the life of a series. A cell that does not exist yet
//! (a label combination without events) leaves no sample; one that vanishes leaves a marker.

use super::facts::Shown;
use super::store::{ClockId, SeriesId, Store, stale};
use super::symbol::Symbol;
use std::borrow::Cow;

/// More buckets than the world ever counts in: an application's and a proxy's bounds, and +Inf.
pub const BUCKETS_MAX: usize = 96;

/// Labels with their values.
pub type Labels = Vec<(&'static str, String)>;

/// The series of one thing on a page, by the place of their cells.
#[derive(Clone, Debug, Default)]
pub struct Columns(Vec<Column>);

#[derive(Clone, Copy, Debug, Default)]
struct Column {
    series: Option<SeriesId>,
    /// Was its last sample a real one?
    live: bool,
}

impl Columns {
    /// Ends all series that are alive with staleness markers, at the latest instant of the target.
    pub fn end(&mut self, store: &mut Store) {
        for column in self.0.iter_mut().filter(|c| c.live) {
            column.live = false;
            if let Some(series) = column.series {
                store.record(series, stale());
            }
        }
    }
}

/// A page that is being read.
pub struct Page<'a> {
    store: &'a mut Store,
    clock: ClockId,
    columns: &'a mut Vec<Column>,
    next: usize,
    /// Labels that the scraper adds: job, instance, namespace, pod.
    target: &'a [(Cow<'static, str>, String)],
}

impl<'a> Page<'a> {
    /// The part of a target's page that is about one thing.
    pub fn new(
        store: &'a mut Store,
        clock: ClockId,
        columns: &'a mut Columns,
        target: &'a [(Cow<'static, str>, String)],
    ) -> Page<'a> {
        Page { store, clock, columns: &mut columns.0, next: 0, target }
    }

    /// A sample, if the thing exists; `labels` are the page's own, which win over the target's.
    pub fn cell(&mut self, name: &str, exists: bool, value: f64, labels: impl FnOnce() -> Labels) {
        self.put(Cell { name: [name, ""], le: None }, exists, value, &mut Spelled::new(labels));
    }

    /// The cells of a classic histogram, if it has any observation: cumulative buckets, sum, count.
    /// `add` adds the observations by bucket of the world, `shown` is what of it is exported.
    pub fn histogram(
        &mut self,
        name: &str,
        shown: &Shown,
        add: impl FnOnce(&mut [u64]),
        sum: f64,
        labels: impl Fn() -> Labels,
    ) {
        let counts = &mut [0; BUCKETS_MAX][..shown.buckets];
        add(counts);
        let total: u64 = counts.iter().sum();
        // All cells of a histogram come and go together: most that are empty were never there.
        let lives = self.columns.get(self.next).is_some_and(|column| column.live);
        if total == 0 && !lives {
            self.next += shown.bounds.len() + 3;
            return;
        }
        let mut spelled = Spelled::new(&labels);
        let (mut below, mut next) = (0, 0);
        for (bucket, bound) in &shown.bounds {
            below += counts[next..=*bucket].iter().sum::<u64>();
            next = bucket + 1;
            let cell = Cell { name: [name, "_bucket"], le: Some(*bound) };
            self.put(cell, total > 0, below as f64, &mut spelled);
        }
        let inf = Cell { name: [name, "_bucket"], le: Some(f64::INFINITY) };
        self.put(inf, total > 0, total as f64, &mut spelled);
        for (part, value) in [("_sum", sum), ("_count", total as f64)] {
            self.put(Cell { name: [name, part], le: None }, total > 0, value, &mut spelled);
        }
    }

    #[inline]
    fn put<L: FnOnce() -> Labels>(
        &mut self,
        cell: Cell<'_>,
        exists: bool,
        value: f64,
        labels: &mut Spelled<L>,
    ) {
        let at = self.next;
        self.next += 1;
        if self.columns.len() <= at {
            self.columns.resize(at + 1, Column::default());
        }
        let column = self.columns[at];
        match (exists, column.series) {
            (true, Some(series)) => self.store.record(series, value),
            (true, None) => {
                let series = self.add(cell, labels);
                self.store.record(series, value);
                self.columns[at].series = Some(series);
            }
            (false, Some(series)) if column.live => self.store.record(series, stale()),
            (false, _) => {}
        }
        self.columns[at].live = exists;
    }

    #[cold]
    fn add<L: FnOnce() -> Labels>(&mut self, cell: Cell<'_>, spelled: &mut Spelled<L>) -> SeriesId {
        if let Some(own) = spelled.own.take() {
            spelled.labels = self.spell(&own());
        }
        let mut labels = Vec::with_capacity(spelled.labels.len() + 2);
        labels.extend_from_slice(&spelled.labels);
        let name = self.store.intern(&cell.name.concat());
        self.insert(&mut labels, (Symbol::NAME, name));
        let le = match cell.le {
            Some(f64::INFINITY) => Some(self.store.intern("+Inf")),
            // As Go clients print it.
            Some(bound) => Some(self.store.intern(&format!("{bound}"))),
            None => None,
        };
        if let Some(le) = le {
            self.insert(&mut labels, (Symbol::LE, le));
        }
        self.store.add_sorted(self.clock, labels)
    }

    /// Puts a label where its name belongs among sorted ones.
    fn insert(&self, labels: &mut Vec<(Symbol, Symbol)>, label: (Symbol, Symbol)) {
        let text = |symbol| self.store.symbols().text(symbol);
        let at = labels.partition_point(|(name, _)| text(*name) < text(label.0));
        labels.insert(at, label);
    }

    /// Interns a thing's own labels, and those of the target that they do not replace; sorted by
    /// name.
    fn spell(&mut self, own: &Labels) -> Vec<(Symbol, Symbol)> {
        let replaced = |name: &str| own.iter().any(|(known, _)| *known == name);
        let target = self.target.iter().map(|(name, value)| (&**name, value));
        let target = target.filter(|(name, _)| !replaced(name));
        let own = own.iter().map(|(name, value)| (*name, value));
        let kept = own.chain(target).filter(|(_, value)| !value.is_empty());
        let mut kept: Vec<(&str, &String)> = kept.collect();
        kept.sort_unstable_by_key(|(name, _)| *name);
        let intern =
            |(name, value): (&str, &String)| (self.store.intern(name), self.store.intern(value));
        kept.into_iter().map(intern).collect()
    }
}

/// What tells a cell from the others of its thing.
#[derive(Clone, Copy)]
struct Cell<'a> {
    /// The metric's name, in two parts.
    name: [&'a str; 2],
    /// Upper bound of a bucket.
    le: Option<f64>,
}

/// Labels that several cells share, spelled out with the first series that needs them.
struct Spelled<L> {
    own: Option<L>,
    labels: Vec<(Symbol, Symbol)>,
}

impl<L: FnOnce() -> Labels> Spelled<L> {
    fn new(own: L) -> Spelled<L> {
        Spelled { own: Some(own), labels: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::store::is_stale;

    #[test]
    fn cells_appear_with_their_first_event_and_leave_markers() {
        let mut store = Store::default();
        let clock = store.add_clock();
        let mut columns = Columns::default();
        let target = [("job", "shop"), ("pod", "a")];
        let target = target.map(|(name, value)| (Cow::Borrowed(name), value.to_string()));
        for (at, errors) in [(1000, None), (2000, Some(1.0)), (3000, Some(4.0)), (4000, None)] {
            store.tick(clock, at);
            let mut page = Page::new(&mut store, clock, &mut columns, &target);
            page.cell("up", true, 1.0, Vec::new);
            page.cell("errors", errors.is_some(), errors.unwrap_or(0.0), || {
                vec![("pod", "own".to_string())]
            });
        }
        let errors = store.ids().nth(1).expect("a second series");
        let texts: Vec<_> = store.label_texts(errors).collect();
        assert_eq!(texts, [("__name__", "errors"), ("job", "shop"), ("pod", "own")]);
        let samples: Vec<_> = store.samples(errors).collect();
        assert_eq!(&samples[..2], &[(2000, 1.0), (3000, 4.0)]);
        assert!(samples.len() == 3 && is_stale(samples[2].1), "{samples:?}");
        store.tick(clock, 5000);
        columns.end(&mut store);
        let up = store.ids().next().expect("a first series");
        assert!(store.last(up).is_some_and(is_stale));
        assert_eq!(store.samples(errors).count(), 3, "one marker is enough");
    }
}
