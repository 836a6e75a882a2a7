//! The evaluator: an expression at an instant becomes numbers and elements.
//!
//! Labels stay symbols until the answer leaves. Every function of the language lives in a file of
//! its kind; this one walks the tree, selects series and bounds the work.

mod aggregate;
mod binary;
mod budget;
mod calls;
mod dates;
mod fold;
mod histogram;
mod labels;
mod over_time;
mod points;
mod quantile;
mod rate;
mod regression;
mod select;
mod sums;

use super::ast::{Expr, Node};
use super::duration::{DurationRange, Length};
use super::error::{EvalError, fail};
use super::value::{Element, LabelTexts, MatrixRow, Value};
use super::{Options, Rules};
use crate::store::Store;
use crate::symbol::{Overlay, Symbol};

use budget::Budget;
pub use histogram::{Bucket, bucket_quantile};

/// Labels as symbols, sorted by the text of their names.
pub type Labels = Vec<(Symbol, Symbol)>;

/// An element on its way.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Labels of the element, the metric's name among them.
    pub labels: Labels,
    /// Value of the element at the instant that is asked for.
    pub value: f64,
}

/// Samples of one series over a range.
#[derive(Clone, Debug)]
pub struct Window {
    /// Labels of the series.
    pub labels: Labels,
    /// Its samples, oldest first, without staleness markers.
    pub points: Vec<(i64, f64)>,
}

/// The instant of a question, within the range of its query.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The instant that is asked for, in milliseconds of Unix time.
    pub at: i64,
    /// Start of the query's range.
    pub start: i64,
    /// End of the question's range, in milliseconds of Unix time.
    pub end: i64,
    /// Its step; 0 for a question at one instant.
    pub step: i64,
}

impl Moment {
    /// What durations may be worked out of.
    fn asked(&self) -> DurationRange {
        DurationRange { step_ms: self.step, range_ms: self.end.saturating_sub(self.start) }
    }

    /// A length of time in milliseconds.
    fn ms(&self, length: &Length) -> Result<i64, EvalError> {
        length.ms(self.asked()).map_err(EvalError)
    }
}

/// What an expression came to.
enum Found {
    Scalar(f64),
    Vector(Vec<Sample>),
    Text(String),
}

/// One evaluation over a store.
pub struct Evaluator<'a> {
    store: &'a Store,
    options: Options,
    symbols: Overlay<'a>,
    loaded: u64,
    budget: Budget,
}

impl<'a> Evaluator<'a> {
    /// Nothing evaluated yet.
    pub fn new(store: &'a Store, options: Options) -> Evaluator<'a> {
        Evaluator {
            store,
            options,
            symbols: Overlay::new(store.symbols()),
            loaded: 0,
            budget: Budget::of(options.samples_max),
        }
    }

    /// The answer to an expression at an instant, its labels as texts.
    pub fn value(&mut self, expr: &Expr, moment: Moment) -> Result<Value, EvalError> {
        if let Node::Range(..) | Node::Subquery(_) = &expr.bare().node {
            let windows = self.windows(expr, moment)?;
            self.bounded(windows.iter().map(|w| &w.labels))?;
            let row = |w: Window| MatrixRow { labels: self.texts(&w.labels), samples: w.points };
            let mut rows: Vec<MatrixRow> = windows.into_iter().map(row).collect();
            rows.sort_by(|a, b| a.labels.cmp(&b.labels));
            return Ok(Value::Matrix(rows));
        }
        Ok(match self.eval(expr, moment)? {
            Found::Scalar(value) => Value::Scalar(value),
            Found::Text(text) => Value::Text(text),
            Found::Vector(samples) => {
                self.bounded(samples.iter().map(|s| &s.labels))?;
                let element =
                    |s: &Sample| Element { labels: self.texts(&s.labels), value: s.value };
                let mut elements: Vec<Element> = samples.iter().map(element).collect();
                if !calls::keeps_order(expr) {
                    elements.sort_by(|a, b| a.labels.cmp(&b.labels));
                }
                Value::Vector(elements)
            }
        })
    }

    /// Are the labels of an answer few and short enough to be written out?
    fn bounded<'l>(&self, all: impl Iterator<Item = &'l Labels>) -> Result<(), EvalError> {
        let length = |s: Symbol| self.symbols.text(s).len();
        budget::answer(all.flatten().map(|(name, value)| length(*name) + length(*value)))
    }

    fn texts(&self, labels: &Labels) -> LabelTexts {
        let text = |s: Symbol| self.symbols.text(s).to_string();
        labels.iter().map(|(name, value)| (text(*name), text(*value))).collect()
    }

    fn eval(&mut self, expr: &Expr, moment: Moment) -> Result<Found, EvalError> {
        let found = self.found(expr, moment)?;
        self.budget.work(match &found {
            Found::Vector(samples) => 1 + samples.len(),
            Found::Scalar(_) | Found::Text(_) => 1,
        })?;
        Ok(found)
    }

    fn found(&mut self, expr: &Expr, moment: Moment) -> Result<Found, EvalError> {
        Ok(match &expr.node {
            Node::Number(value) => Found::Scalar(*value),
            Node::Text(text) => Found::Text(text.clone()),
            Node::Paren(inner) => self.eval(inner, moment)?,
            Node::Selector(selector) => Found::Vector(self.instant(selector, moment)?),
            Node::Unary { minus, inner } => self.unary(*minus, inner, moment)?,
            Node::Binary(binary) => self.binary(binary, moment)?,
            Node::Aggregate(aggregate) => Found::Vector(self.aggregate(aggregate, moment)?),
            Node::Call(function, args) => self.call(function.name, args, moment)?,
            Node::Range(..) | Node::Subquery(_) => {
                return fail("a range vector can only be an argument of a function");
            }
        })
    }

    fn unary(&mut self, minus: bool, inner: &Expr, at: Moment) -> Result<Found, EvalError> {
        Ok(match self.eval(inner, at)? {
            Found::Scalar(value) => Found::Scalar(if minus { -value } else { value }),
            Found::Vector(samples) if minus => {
                Found::Vector(renamed(samples, Some(self.options.rules), |value| Some(-value))?)
            }
            other => other,
        })
    }

    fn vector(&mut self, expr: &Expr, moment: Moment) -> Result<Vec<Sample>, EvalError> {
        match self.eval(expr, moment)? {
            Found::Vector(samples) => Ok(samples),
            Found::Scalar(_) | Found::Text(_) => fail("expected an instant vector"),
        }
    }

    fn scalar(&mut self, expr: &Expr, moment: Moment) -> Result<f64, EvalError> {
        match self.eval(expr, moment)? {
            Found::Scalar(value) => Ok(value),
            Found::Vector(_) | Found::Text(_) => fail("expected a scalar"),
        }
    }

    fn text(&mut self, expr: &Expr, moment: Moment) -> Result<String, EvalError> {
        match self.eval(expr, moment)? {
            Found::Text(text) => Ok(text),
            Found::Vector(_) | Found::Scalar(_) => fail("expected a string"),
        }
    }

    /// Counts samples against the bound.
    fn load(&mut self, samples: usize) -> Result<(), EvalError> {
        self.loaded += samples as u64;
        if self.loaded > self.options.samples_max {
            return fail("query processing would load too many samples into memory");
        }
        self.budget.work(samples)
    }

    /// The symbol of a text that the query has made: such texts are bounded, each and all.
    fn made(&mut self, text: &str) -> Result<Symbol, EvalError> {
        if let Some(known) = self.symbols.find(text) {
            return Ok(known);
        }
        self.budget.label(text.len())?;
        Ok(self.symbols.intern(text))
    }

    /// Puts a label in its place among sorted ones; an empty value removes it.
    fn set_label(&self, labels: &mut Labels, name: Symbol, value: Symbol) {
        labels.retain(|(known, _)| *known != name);
        if value != Symbol::EMPTY {
            let text = self.symbols.text(name);
            let place = labels.partition_point(|(known, _)| self.symbols.text(*known) < text);
            labels.insert(place, (name, value));
        }
    }
}

/// The value of a label, empty if it is missing.
fn label(labels: &[(Symbol, Symbol)], name: Symbol) -> Symbol {
    labels.iter().find(|(known, _)| *known == name).map_or(Symbol::EMPTY, |(_, value)| *value)
}

/// Does a label go with the metric's name? Its type and its unit do, if it has them, since 3.x
/// knows such labels (`schema/labels.go`, `IsMetadataLabel`).
fn goes_with_name(name: Symbol, rules: Rules) -> bool {
    let known = name == Symbol::TYPE || name == Symbol::UNIT;
    name == Symbol::NAME || known && rules == Rules::V3
}

fn drop_name(labels: &mut Labels, rules: Rules) {
    labels.retain(|(name, _)| !goes_with_name(*name, rules));
}

/// Which names, types and units the series had that lost theirs: without them, series of one metric
/// stay apart, and only those of several can fall together.
#[derive(Default)]
struct Names {
    first: Option<[Symbol; 3]>,
    several: bool,
}

impl Names {
    fn see(&mut self, labels: &[(Symbol, Symbol)]) {
        let name = [Symbol::NAME, Symbol::TYPE, Symbol::UNIT].map(|name| label(labels, name));
        self.several |= *self.first.get_or_insert(name) != name;
    }

    /// The samples, unless two of them have the same labels now.
    fn distinct(&self, samples: Vec<Sample>) -> Result<Vec<Sample>, EvalError> {
        if self.several { distinct(samples) } else { Ok(samples) }
    }
}

/// The samples without their names, with new values; an element may go. Without rules by which
/// names are dropped they stay.
fn renamed(
    samples: Vec<Sample>,
    drops_name: Option<Rules>,
    mut value: impl FnMut(f64) -> Option<f64>,
) -> Result<Vec<Sample>, EvalError> {
    let (mut found, mut names) = (samples, Names::default());
    found.retain_mut(|sample| {
        let Some(value) = value(sample.value) else { return false };
        sample.value = value;
        if let Some(rules) = drops_name {
            names.see(&sample.labels);
            drop_name(&mut sample.labels, rules);
        }
        true
    });
    names.distinct(found)
}

/// The samples, unless two of them have the same labels.
fn distinct(samples: Vec<Sample>) -> Result<Vec<Sample>, EvalError> {
    let mut order: Vec<&Labels> = samples.iter().map(|s| &s.labels).collect();
    order.sort_unstable();
    if order.windows(2).any(|pair| pair[0] == pair[1]) {
        return fail("vector cannot contain metrics with the same labelset");
    }
    Ok(samples)
}
