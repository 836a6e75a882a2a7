//! PromQL over scraped series, answered as Prometheus answers.
//!
//! [`Query::parse`] reads a query once; [`Query::instant`] and [`Query::range`] answer it over a
//! [`Store`] as often as wanted. The rules are those of 3.x; three rules of 2.x (closed windows,
//! the older extrapolation, the dot of regular expressions) can be had by [`Rules::V2`]. Left out
//! knowingly: native histograms, and what a server takes only with a flag. Sources:
//! `prometheus/prometheus` at 2.42.0 and at 3.x (`promql/engine.go`, `functions.go`, `quantile.go`,
//! `parser/`). Deliberately absent: where series come from, and what an answer decides.

#![forbid(unsafe_code)]

pub mod ast;
mod check;
pub mod duration;
pub mod error;
pub mod eval;
pub mod exposition;
pub mod function;
mod lexer;
mod literal;
mod parser;
mod pattern;
mod ratio;
mod selector;
pub mod store;
pub mod symbol;
pub mod value;

use crate::store::Store;
use ast::{At, Expr, Node, Selector, Test, Type, When};
use duration::{DurationRange, Length};
use error::{EvalError, ParseError, fail};
use eval::{Evaluator, Moment};
use std::sync::Arc;
use value::{Element, MatrixRow, Value};

pub use literal::duration_ms;
pub use ratio::SelfRatio;

/// Whose rules hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// Prometheus 2.42.
    V2,
    /// Prometheus 3.
    #[default]
    V3,
}

impl Rules {
    /// The words of a setting, by which scenarios name them; the default comes first.
    pub const WORDS: [(&'static str, Rules); 2] = [("v3", Rules::V3), ("v2", Rules::V2)];
}

/// How a query is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose rules hold.
    pub rules: Rules,
    /// How far back an instant selector looks, in milliseconds.
    pub lookback_ms: i64,
    /// Step of subqueries that name none, in milliseconds.
    pub subquery_step_ms: i64,
    /// Most samples that one answer may load; Prometheus' default is 50 million. The steps of work
    /// that it may take are eight times as many.
    pub samples_max: u64,
}

impl Options {
    /// How the checks of a flight ask: they do so hundreds of times, over some thousand series of
    /// which only the last minutes are kept.
    pub fn in_flight() -> Options {
        Options { samples_max: 5_000_000, ..Options::default() }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rules: Rules::V3,
            lookback_ms: 300_000,
            subquery_step_ms: 60_000,
            samples_max: 50_000_000,
        }
    }
}

/// Most steps of a range query, as Prometheus' HTTP interface has it.
pub const STEPS_MAX: i64 = 11_000;

/// A query, ready to be asked.
#[derive(Clone, Debug)]
pub struct Query {
    text: Arc<str>,
    rules: Rules,
    expr: Arc<Expr>,
}

// Every text that this thread has read, for the tests that count.
#[cfg(feature = "reads")]
thread_local! {
    pub static READ: std::cell::RefCell<Vec<(String, Rules)>> =
        const { std::cell::RefCell::new(Vec::new()) };
}

impl PartialEq for Query {
    fn eq(&self, other: &Query) -> bool {
        self.text == other.text && self.rules == other.rules
    }
}

impl Query {
    /// Reads a query under the rules of 3.x.
    pub fn parse(text: &str) -> Result<Query, ParseError> {
        Query::parse_by(text, Rules::V3)
    }

    /// Reads a query under given rules.
    pub fn parse_by(text: &str, rules: Rules) -> Result<Query, ParseError> {
        #[cfg(feature = "reads")]
        READ.with_borrow_mut(|read| read.push((text.to_string(), rules)));
        let expr = Arc::new(parser::parse(text, rules)?);
        Ok(Query { text: Arc::from(text), rules, expr })
    }

    /// The query as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose rules it was read under, which are those that answer it.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// What it yields.
    pub fn yields(&self) -> Type {
        self.expr.yields()
    }

    /// Can any of its selectors take series of this metric?
    pub fn names(&self, metric: &str) -> bool {
        self.selectors().iter().any(|selector| {
            let on_name = |m: &&ast::Matcher| m.label == "__name__";
            selector.matchers.iter().filter(on_name).all(|m| m.takes(metric))
        })
    }

    /// How far back from the instant of the question it can look, in milliseconds; instants fixed
    /// by `@`, and lengths that wait for the question, look as far as there is.
    pub fn reach_ms(&self, options: &Options) -> Option<i64> {
        reach(&self.expr, options)
    }

    /// Can the durations in it be worked out for a question of this kind? Those that do not wait
    /// for it could be when they were read.
    fn check_lengths(&self, asked: DurationRange) -> Result<(), EvalError> {
        let mut open = vec![&*self.expr];
        while let Some(expr) = open.pop() {
            for length in expr.lengths() {
                length.ms(asked).map_err(EvalError)?;
            }
            open.extend(expr.children());
        }
        Ok(())
    }

    /// Is there nothing against asking it at an instant? `step()` is 0 there.
    pub fn check_instant(&self) -> Result<(), EvalError> {
        self.check_lengths(DurationRange::default())
    }

    /// All its selectors.
    pub fn selectors(&self) -> Vec<&Selector> {
        let (mut open, mut found) = (vec![&*self.expr], Vec::new());
        while let Some(expr) = open.pop() {
            if let Node::Selector(selector) | Node::Range(selector, _) = &expr.node {
                found.push(selector);
            }
            open.extend(expr.children());
        }
        found
    }

    /// The metrics that its selectors name outright.
    pub fn metrics(&self) -> Vec<String> {
        self.selectors().iter().filter_map(|s| s.name()).map(str::to_string).collect()
    }

    /// The shortest range of its range selectors, in milliseconds.
    pub fn shortest_range_ms(&self) -> Option<i64> {
        let (mut open, mut shortest) = (vec![&*self.expr], None::<i64>);
        while let Some(expr) = open.pop() {
            if let Node::Range(_, Length::Ms(range)) = &expr.node {
                shortest = Some(shortest.map_or(*range, |s| s.min(*range)));
            }
            open.extend(expr.children());
        }
        shortest
    }

    /// Does it hold a selector without a matcher on the metric's name?
    pub fn has_nameless_selector(&self) -> bool {
        let named = |s: &&Selector| s.matchers.iter().any(|m| m.label == "__name__");
        self.selectors().iter().any(|s| !named(s))
    }

    /// Does a condition on `label` in it hold equal to one of these values only?
    pub fn asks_for(&self, label: &str, value: &str) -> bool {
        self.selectors().iter().any(|s| {
            s.matchers.iter().any(|m| {
                m.label == label
                    && matches!(m.test, Test::Equal(_) | Test::Like(_))
                    && m.takes(value)
            })
        })
    }

    /// The first ratio in it that divides every series by itself: always the same number or NaN.
    pub fn self_ratio(&self) -> Option<SelfRatio> {
        ratio::self_ratio(&self.expr)
    }

    /// What its conditions ask of `label` that none of `values` fulfils, as it is written.
    pub fn asks_in_vain(&self, label: &str, values: &[String]) -> Option<String> {
        let conditions = self.selectors().into_iter().flat_map(|s| &s.matchers);
        let mut vain = conditions
            .filter(|m| m.label == label && !values.iter().any(|value| m.takes(value)))
            .filter_map(|m| match &m.test {
                Test::Equal(value) if !value.is_empty() => Some(value.clone()),
                Test::Like(pattern) if !m.takes("") => Some(pattern.as_str().to_string()),
                _ => None,
            });
        vain.next()
    }

    /// Answers at an instant, in milliseconds of Unix time.
    pub fn instant(
        &self,
        store: &Store,
        at_ms: i64,
        options: &Options,
    ) -> Result<Value, EvalError> {
        let options = Options { rules: self.rules, ..*options };
        self.check_instant()?;
        let moment = Moment { at: at_ms, start: at_ms, end: at_ms, step: 0 };
        Evaluator::new(store, options).value(&self.expr, moment)
    }

    /// Can it be asked over this range? What speaks against it is the asker's mistake, not the
    /// evaluation's.
    pub fn check_range(
        &self,
        (start_ms, end_ms, step_ms): (i64, i64, i64),
    ) -> Result<(), EvalError> {
        if !matches!(self.yields(), Type::Scalar | Type::Vector) {
            return fail(format!(
                "invalid expression type {:?} for range query, must be Scalar or instant Vector",
                self.yields().word()
            ));
        }
        if step_ms <= 0 || end_ms < start_ms {
            return fail("a range needs a step above zero and an end after its start");
        }
        if end_ms.saturating_sub(start_ms) / step_ms >= STEPS_MAX {
            return fail(format!("exceeded maximum resolution of {STEPS_MAX} points per series"));
        }
        self.check_lengths(DurationRange { step_ms, range_ms: end_ms - start_ms })
    }

    /// Answers at `start_ms`, then every `step_ms`, up to `end_ms`: a matrix.
    pub fn range(
        &self,
        store: &Store,
        (start_ms, end_ms, step_ms): (i64, i64, i64),
        options: &Options,
    ) -> Result<Value, EvalError> {
        self.check_range((start_ms, end_ms, step_ms))?;
        let mut evaluator = Evaluator::new(store, Options { rules: self.rules, ..*options });
        let mut rows: Vec<MatrixRow> = Vec::new();
        for at in (start_ms..=end_ms).step_by(step_ms as usize) {
            let moment = Moment { at, start: start_ms, end: end_ms, step: step_ms };
            let elements = match evaluator.value(&self.expr, moment)? {
                Value::Scalar(value) => vec![Element { labels: Vec::new(), value }],
                Value::Vector(elements) => elements,
                Value::Matrix(_) | Value::Text(_) => Vec::new(),
            };
            value::append(&mut rows, at, elements);
        }
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(Value::Matrix(rows))
    }
}

fn reach(expr: &Expr, options: &Options) -> Option<i64> {
    let ms = |length: &Length| match length {
        Length::Ms(ms) => Some(*ms),
        Length::Worked { .. } => None,
    };
    let back = |when: &When| match when.at {
        None | Some(At::Start | At::End) => ms(&when.offset),
        Some(At::Instant(_)) => None,
    };
    let own = match &expr.node {
        Node::Selector(s) => back(&s.when)?.saturating_add(options.lookback_ms),
        Node::Range(s, range) => back(&s.when)?.saturating_add(ms(range)?),
        Node::Subquery(sub) => back(&sub.when)?.saturating_add(ms(&sub.range)?),
        _ => 0,
    };
    let mut deepest = 0;
    for child in expr.children() {
        deepest = deepest.max(reach(child, options)?);
    }
    Some(own.saturating_add(deepest).max(0))
}

/// The README's example, tried as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
