//! Series and their samples: instant selectors, ranges, subqueries.

use super::points::{OwnPoints, Points};
use super::{Evaluator, Found, Labels, Moment, Sample, Window, fail, label};
use crate::Rules;
use crate::ast::{At, Expr, Matcher, Node, Selector, Subquery, Test, When};
use crate::error::EvalError;
use crate::store::{SeriesId, Span, Store, is_sample, is_stale};
use crate::symbol::{Symbol, Symbols};
use std::collections::BTreeMap;

/// Most steps of one subquery.
const SUBQUERY_STEPS_MAX: i64 = 1_000_000;

impl Evaluator<'_> {
    /// The instant a selector is asked at.
    fn instant_of(when: &When, moment: Moment) -> Result<i64, EvalError> {
        let fixed = match when.at {
            None => moment.at,
            Some(At::Instant(at)) => at,
            Some(At::Start) => moment.start,
            Some(At::End) => moment.end,
        };
        Ok(fixed.saturating_sub(moment.ms(&when.offset)?))
    }

    /// The earliest millisecond of a window that ends at `to`: the left edge is open in 3.x.
    fn left_edge(&self, to: i64, range_ms: i64) -> i64 {
        let open = i64::from(self.options.rules == Rules::V3);
        to.saturating_sub(range_ms).saturating_add(open)
    }

    /// Series that a selector takes. Of those with the right name, each condition looks at a value
    /// once, however many series carry it.
    fn series(&mut self, selector: &Selector) -> Result<Vec<SeriesId>, EvalError> {
        let symbols = self.store.symbols();
        // The store finds a name by itself; conditions on it are for the other ways to ask for one.
        let named = selector.name();
        let on_name = |m: &&Matcher| {
            m.label == "__name__" && matches!(&m.test, Test::Equal(n) if Some(n.as_str()) == named)
        };
        let rest = selector.matchers.iter().filter(|m| !on_name(m));
        let mut bounds: Vec<Bound<'_>> = rest.map(|m| Bound::new(m, symbols)).collect();
        let store = self.store;
        let takes = |id: &SeriesId| {
            let labels = store.labels(*id);
            bounds.iter_mut().all(|bound| bound.takes(labels, symbols))
        };
        let (looked_at, found): (_, Vec<SeriesId>) = match named.map(|name| symbols.find(name)) {
            Some(None) => (0, Vec::new()),
            Some(Some(name)) => {
                let all = store.named(name);
                (all.len(), all.iter().copied().filter(takes).collect())
            }
            None => (store.ids().len(), store.ids().filter(takes).collect()),
        };
        self.budget.work(looked_at.saturating_mul(1 + bounds.len()))?;
        Ok(found)
    }

    /// The newest sample of every series within the lookback, unless that is a staleness marker.
    pub(super) fn instant(
        &mut self,
        selector: &Selector,
        moment: Moment,
    ) -> Result<Vec<Sample>, EvalError> {
        let mut found = Vec::new();
        self.each_newest(selector, moment, |labels, _, value| {
            found.push(Sample { labels: labels.to_vec(), value });
        })?;
        Ok(found)
    }

    /// Runs `each` for the newest sample of every series, with its instant; labels are still
    /// borrowed.
    pub(super) fn each_newest(
        &mut self,
        selector: &Selector,
        moment: Moment,
        mut each: impl FnMut(&[(Symbol, Symbol)], i64, f64),
    ) -> Result<(), EvalError> {
        let to = Self::instant_of(&selector.when, moment)?;
        let mut cursor = Cursor::new(self.left_edge(to, self.options.lookback_ms), to);
        for id in self.series(selector)? {
            let (times, values) = cursor.slices(self.store, id);
            self.budget.work(1)?;
            let newest = times.iter().zip(values).rfind(|(_, v)| is_stale(**v) || is_sample(**v));
            if let Some((at, value)) = newest.filter(|(_, value)| !is_stale(**value)) {
                self.load(1)?;
                each(self.store.labels(id), *at, *value);
            }
        }
        Ok(())
    }

    /// The window that a range or subquery covers: its first (excluded) and last instant.
    pub(super) fn span(expr: &Expr, moment: Moment) -> Result<(i64, i64), EvalError> {
        let (when, range) = match &expr.bare().node {
            Node::Range(selector, range) => (&selector.when, range),
            Node::Subquery(sub) => (&sub.when, &sub.range),
            _ => return Ok((moment.at, moment.at)),
        };
        let to = Self::instant_of(when, moment)?;
        Ok((to.saturating_sub(moment.ms(range)?), to))
    }

    /// Runs `each` for every series of a range that has samples in it; labels and samples are still
    /// borrowed.
    pub(super) fn each_window(
        &mut self,
        expr: &Expr,
        moment: Moment,
        mut each: impl FnMut(&[(Symbol, Symbol)], Points<'_>),
    ) -> Result<(), EvalError> {
        match &expr.bare().node {
            Node::Range(selector, range) => {
                let to = Self::instant_of(&selector.when, moment)?;
                let mut cursor = Cursor::new(self.left_edge(to, moment.ms(range)?), to);
                let mut copies = OwnPoints::default();
                for id in self.series(selector)? {
                    self.budget.work(1)?;
                    let points = copies.samples_of(cursor.slices(self.store, id));
                    self.load(points.len())?;
                    if points.len() > 0 {
                        each(self.store.labels(id), points);
                    }
                }
                Ok(())
            }
            Node::Subquery(sub) => {
                for (labels, row) in self.subquery(sub, moment)? {
                    self.budget.work(1 + row.points().len())?;
                    each(&labels, row.points());
                }
                Ok(())
            }
            _ => fail("expected a range vector"),
        }
    }

    /// All windows of a range.
    pub(super) fn windows(
        &mut self,
        expr: &Expr,
        moment: Moment,
    ) -> Result<Vec<Window>, EvalError> {
        let mut windows = Vec::new();
        self.each_window(expr, moment, |labels, points| {
            windows.push(Window { labels: labels.to_vec(), points: points.pairs().collect() });
        })?;
        Ok(windows)
    }

    /// Asks the inner expression at every multiple of the step within the range.
    fn subquery(
        &mut self,
        sub: &Subquery,
        moment: Moment,
    ) -> Result<BTreeMap<Labels, OwnPoints>, EvalError> {
        let to = Self::instant_of(&sub.when, moment)?;
        let step = sub.step.as_ref().map(|step| moment.ms(step)).transpose()?;
        let step = step.unwrap_or(self.options.subquery_step_ms).max(1);
        let from = self.left_edge(to, moment.ms(&sub.range)?);
        // Multiples count from the epoch.
        let first = from.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
        if to.saturating_sub(first) / step > SUBQUERY_STEPS_MAX {
            return fail("query processing would load too many samples into memory");
        }
        let mut rows: BTreeMap<Labels, OwnPoints> = BTreeMap::new();
        let mut at = first;
        while at <= to {
            // `start()` and `end()` within a subquery are those of the whole query.
            let moment = Moment { at, ..moment };
            let samples = match self.eval(&sub.inner, moment)? {
                Found::Vector(samples) => samples,
                Found::Scalar(value) => vec![Sample { labels: Vec::new(), value }],
                Found::Text(_) => Vec::new(),
            };
            self.load(samples.len() + 1)?;
            for sample in samples {
                rows.entry(sample.labels).or_default().push(at, sample.value);
            }
            at = match at.checked_add(step) {
                Some(next) => next,
                None => break,
            };
        }
        Ok(rows)
    }
}

/// A window that moves from series to series: its instants are looked up once for a target.
struct Cursor {
    from: i64,
    to: i64,
    last: Option<Span>,
}

impl Cursor {
    fn new(from: i64, to: i64) -> Cursor {
        Cursor { from, to, last: None }
    }

    fn slices<'s>(&mut self, store: &'s Store, id: SeriesId) -> (&'s [i64], &'s [f64]) {
        let clock = store.clock(id);
        let span = match self.last.filter(|span| span.clock() == clock) {
            Some(span) => span,
            None => store.span(clock, self.from, self.to),
        };
        self.last = Some(span);
        store.slices(id, span)
    }
}

/// Values of which a condition remembers what it said.
const KNOWN_MAX: usize = 32;

/// A matcher with its label looked up, and what it said about values so far.
struct Bound<'q> {
    matcher: &'q Matcher,
    label: Option<Symbol>,
    known: Vec<(Symbol, bool)>,
}

impl<'q> Bound<'q> {
    fn new(matcher: &'q Matcher, symbols: &Symbols) -> Bound<'q> {
        Bound { matcher, label: symbols.find(&matcher.label), known: Vec::new() }
    }

    /// Does the value that the labels have pass? A label that is missing has the empty one.
    fn takes(&mut self, labels: &[(Symbol, Symbol)], symbols: &Symbols) -> bool {
        let value = self.label.map_or(Symbol::EMPTY, |name| label(labels, name));
        if let Some((_, known)) = self.known.iter().find(|(symbol, _)| *symbol == value) {
            return *known;
        }
        let takes = self.matcher.takes(symbols.text(value));
        // Looking through more would take longer than asking again.
        if self.known.len() < KNOWN_MAX {
            self.known.push((value, takes));
        }
        takes
    }
}
