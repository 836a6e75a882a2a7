//! Series and their samples: instant selectors, ranges, subqueries.

use super::{Evaluator, Found, Labels, Moment, Sample, Window, fail};
use crate::analysis::promql::Rules;
use crate::analysis::promql::ast::{At, Expr, Matcher, Node, Selector, Subquery, Test, When};
use crate::analysis::promql::error::EvalError;
use crate::telemetry::store::{SeriesId, is_stale};
use crate::telemetry::symbol::Symbol;
use std::collections::BTreeMap;

/// Most steps of one subquery.
const SUBQUERY_STEPS_MAX: i64 = 1_000_000;

/// A matcher with its texts looked up, and what was found out about values so far.
struct Bound<'q> {
    matcher: &'q Matcher,
    label: Option<Symbol>,
    known: Vec<(Symbol, bool)>,
}

impl Evaluator<'_> {
    /// The instant a selector is asked at.
    fn instant_of(when: &When, moment: Moment) -> i64 {
        let fixed = match when.at {
            None => moment.at,
            Some(At::Instant(at)) => at,
            Some(At::Start) => moment.start,
            Some(At::End) => moment.end,
        };
        fixed.saturating_sub(when.offset_ms)
    }

    /// The earliest millisecond of a window that ends at `to`: the left edge is open in 3.x.
    fn left_edge(&self, to: i64, range_ms: i64) -> i64 {
        let open = i64::from(self.options.rules == Rules::V3);
        to.saturating_sub(range_ms).saturating_add(open)
    }

    /// Series that a selector takes.
    fn series(&self, selector: &Selector) -> Vec<SeriesId> {
        let symbols = self.store.symbols();
        let named = selector.name.as_ref().map(|name| symbols.find(name));
        let candidates: Vec<SeriesId> = match named {
            Some(None) => return Vec::new(),
            Some(Some(name)) => self.store.named(name).to_vec(),
            None => self.store.ids().collect(),
        };
        let exact_name = |m: &Matcher| m.label == "__name__" && matches!(m.test, Test::Equal(_));
        let rest = selector.matchers.iter().filter(|m| !exact_name(m));
        let bind = |matcher| Bound { matcher, label: symbols.find(&matcher.label), known: vec![] };
        let mut bounds: Vec<Bound<'_>> = rest.map(bind).collect();
        let takes = |id: &SeriesId| {
            let labels = self.store.labels(*id);
            bounds.iter_mut().all(|bound| {
                let of = |name| labels.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
                let value = bound.label.and_then(of).unwrap_or(Symbol::EMPTY);
                bound.takes(value, symbols.text(value))
            })
        };
        candidates.into_iter().filter(takes).collect()
    }

    /// The newest sample of every series within the lookback, unless that is a staleness marker.
    pub(super) fn instant(
        &mut self,
        selector: &Selector,
        moment: Moment,
    ) -> Result<Vec<Sample>, EvalError> {
        let found = self.instant_times(selector, moment)?;
        Ok(found.into_iter().map(|(_, sample)| sample).collect())
    }

    /// The same with the times of the samples.
    pub(super) fn instant_times(
        &mut self,
        selector: &Selector,
        moment: Moment,
    ) -> Result<Vec<(i64, Sample)>, EvalError> {
        let to = Self::instant_of(&selector.when, moment);
        let from = self.left_edge(to, self.options.lookback_ms);
        let mut found = Vec::new();
        for id in self.series(selector) {
            let newest = self.store.window(id, from, to).next_back();
            if let Some((at, value)) = newest.filter(|(_, v)| !is_stale(*v)) {
                found.push((at, Sample { labels: self.store.labels(id).to_vec(), value }));
            }
        }
        self.load(found.len())?;
        Ok(found)
    }

    /// The window that a range or subquery covers: its first (excluded) and last instant.
    pub(super) fn span(expr: &Expr, moment: Moment) -> (i64, i64) {
        let (when, range) = match &expr.bare().node {
            Node::Range(selector, range) => (&selector.when, *range),
            Node::Subquery(sub) => (&sub.when, sub.range_ms),
            _ => return (moment.at, moment.at),
        };
        let to = Self::instant_of(when, moment);
        (to.saturating_sub(range), to)
    }

    /// Runs `each` for every series of a range that has samples in it; labels are still borrowed.
    pub(super) fn each_window(
        &mut self,
        expr: &Expr,
        moment: Moment,
        mut each: impl FnMut(&[(Symbol, Symbol)], &[(i64, f64)]),
    ) -> Result<(), EvalError> {
        match &expr.bare().node {
            Node::Range(selector, range) => {
                let to = Self::instant_of(&selector.when, moment);
                let from = self.left_edge(to, *range);
                let mut points = Vec::new();
                for id in self.series(selector) {
                    points.clear();
                    let samples = self.store.window(id, from, to);
                    points.extend(samples.filter(|(_, value)| !is_stale(*value)));
                    self.load(points.len())?;
                    if !points.is_empty() {
                        each(self.store.labels(id), &points);
                    }
                }
                Ok(())
            }
            Node::Subquery(sub) => {
                for (labels, points) in self.subquery(sub, moment)? {
                    each(&labels, &points);
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
            windows.push(Window { labels: labels.to_vec(), points: points.to_vec() });
        })?;
        Ok(windows)
    }

    /// Asks the inner expression at every multiple of the step within the range.
    fn subquery(
        &mut self,
        sub: &Subquery,
        moment: Moment,
    ) -> Result<BTreeMap<Labels, Vec<(i64, f64)>>, EvalError> {
        let to = Self::instant_of(&sub.when, moment);
        let step = sub.step_ms.unwrap_or(self.options.subquery_step_ms).max(1);
        let from = self.left_edge(to, sub.range_ms);
        // Multiples count from the epoch.
        let first = from.div_euclid(step) * step;
        let first = if first < from { first + step } else { first };
        if (to - first) / step > SUBQUERY_STEPS_MAX {
            return fail("query processing would load too many samples into memory");
        }
        let mut rows: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
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
                rows.entry(sample.labels).or_default().push((at, sample.value));
            }
            at += step;
        }
        Ok(rows)
    }
}

impl Bound<'_> {
    /// Does a value pass? Each value is looked at once.
    fn takes(&mut self, value: Symbol, text: &str) -> bool {
        if let Some((_, known)) = self.known.iter().find(|(symbol, _)| *symbol == value) {
            return *known;
        }
        let takes = self.matcher.takes(text);
        self.known.push((value, takes));
        takes
    }
}
