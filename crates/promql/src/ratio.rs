//! Ratios that divide every series by itself: always the same number or NaN, whatever happens.
//!
//! `rate(x{code=~"5.."}[5m]) / rate(x[5m])` looks like a share of errors. But elements of two
//! vectors find each other by all of their labels (`promql/engine.go`, `VectorBinop`), so every
//! series of errors meets itself, and the share is 1. The same holds for sums by the label that
//! only one side filters. A label that a sum drops, or that the matching leaves out, makes it a
//! share.
//! Deliberately unknown here: which series there are.

use super::ast::{
    Aggregate, Binary, Expr, Fold, Many, Matcher, Matching, Node, Op, Selector, Test,
};
use super::ast::{Type, When};
use super::function::Function;
use std::fmt::Write as _;

/// Most values that are told apart.
const VALUES_MAX: usize = 8;

/// A ratio that divides every series by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfRatio {
    /// Name of the metric that both sides ask.
    pub metric: String,
    /// Labels that one side asks for and the other does not; none if both sides ask for the same.
    pub filtered: Vec<String>,
    /// What the ratio comes to, besides NaN; nothing if no series is on both sides, so that it
    /// never has an element.
    pub value: Option<f64>,
    /// What the whole query can come to besides NaN, if that is known: nothing but these.
    pub whole: Option<Vec<f64>>,
}

/// The first such ratio of a query.
pub(super) fn self_ratio(expr: &Expr) -> Option<SelfRatio> {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        if let Node::Binary(b) = &next.node
            && let Some(quotient) = quotient(b)
        {
            let whole = quotient.value.and_then(|_| values(expr));
            return Some(SelfRatio {
                metric: quotient.metric,
                filtered: quotient.filtered,
                value: quotient.value,
                whole,
            });
        }
        // The leftmost comes first.
        open.extend(next.children().into_iter().rev());
    }
    None
}

/// One metric, seen through functions and sums, times a number.
struct Seen<'a> {
    factor: f64,
    metric: &'a str,
    /// Everything but conditions and factors, as a text.
    shape: String,
    conditions: Vec<&'a Matcher>,
    /// The sums around it: the labels of each, and whether these are dropped.
    sums: Vec<(&'a [String], bool)>,
}

/// What a division of a series by itself comes to.
struct Quotient {
    metric: String,
    filtered: Vec<String>,
    value: Option<f64>,
}

fn quotient(b: &Binary) -> Option<Quotient> {
    if b.op != Op::Div {
        return None;
    }
    let (left, right) = (seen(&b.left)?, seen(&b.right)?);
    let filtered = common(&left, &right, &b.matching)?;
    let value = left.factor / right.factor;
    let value = match together(&left, &right)? {
        true if value.is_nan() => return None,
        true => Some(value),
        false => None,
    };
    Some(Quotient { metric: left.metric.to_string(), filtered, value })
}

/// Do elements of both sides that find each other have the same series behind them? If so, the
/// labels that only one side asks for.
fn common(left: &Seen<'_>, right: &Seen<'_>, matching: &Matching) -> Option<Vec<String>> {
    if left.shape != right.shape {
        return None;
    }
    let mut filtered: Vec<String> = Vec::new();
    for (own, other) in [(left, right), (right, left)] {
        let alone = own.conditions.iter().filter(|c| !other.conditions.iter().any(|o| same(c, o)));
        filtered.extend(alone.map(|condition| condition.label.clone()));
    }
    filtered.sort();
    filtered.dedup();
    let kept = |label: &String| {
        left.sums.iter().all(|(labels, without)| labels.contains(label) != *without)
            && matching.labels.contains(label) == matching.on
    };
    filtered.iter().all(kept).then_some(filtered)
}

fn same(a: &Matcher, b: &Matcher) -> bool {
    a.label == b.label && test(&a.test) == test(&b.test)
}

fn test(test: &Test) -> (u8, &str) {
    match test {
        Test::Equal(value) => (0, value),
        Test::NotEqual(value) => (1, value),
        Test::Like(pattern) => (2, pattern.as_str()),
        Test::NotLike(pattern) => (3, pattern.as_str()),
    }
}

/// Can a series fulfil the conditions of both sides? Two patterns of one label do not tell.
fn together(left: &Seen<'_>, right: &Seen<'_>) -> Option<bool> {
    let mut known = true;
    for a in &left.conditions {
        let alone =
            |own: &Matcher, other: &Seen<'_>| !other.conditions.iter().any(|o| same(own, o));
        for b in right.conditions.iter().filter(|b| b.label == a.label) {
            let apart = match (&a.test, &b.test) {
                (Test::Equal(value), _) => !b.takes(value),
                (_, Test::Equal(value)) => !a.takes(value),
                (Test::Like(a), Test::NotLike(b)) | (Test::NotLike(a), Test::Like(b)) => {
                    a.as_str() == b.as_str()
                }
                _ => {
                    known &= !(alone(a, right) && alone(b, left));
                    false
                }
            };
            if apart {
                return Some(false);
            }
        }
    }
    known.then_some(true)
}

/// An expression as one metric; nothing if it is anything else.
fn seen(expr: &Expr) -> Option<Seen<'_>> {
    match &expr.node {
        Node::Paren(inner) => seen(inner),
        Node::Unary { minus, inner } => {
            let sign = if *minus { -1.0 } else { 1.0 };
            seen(inner).map(|s| Seen { factor: s.factor * sign, ..s })
        }
        Node::Selector(selector) => of_selector(selector, String::new()),
        Node::Range(selector, range) => of_selector(selector, format!("[{range:?}]")),
        Node::Call(function, args) => of_call(function, args),
        Node::Aggregate(aggregate) => of_aggregate(aggregate),
        Node::Binary(b) => of_binary(b),
        Node::Number(_) | Node::Text(_) | Node::Subquery(_) => None,
    }
}

fn of_selector(selector: &Selector, range: String) -> Option<Seen<'_>> {
    let metric = selector.name()?;
    let When { offset, at } = &selector.when;
    let shape = format!("{metric}{range} offset {offset:?} @ {at:?}");
    let conditions = selector.matchers.iter().filter(|m| m.label != "__name__").collect();
    Some(Seen { factor: 1.0, metric, shape, conditions, sums: Vec::new() })
}

/// Functions of each series by itself, which leave its labels alone.
fn of_call<'a>(function: &Function, args: &'a [Expr]) -> Option<Seen<'a>> {
    let other = ["absent", "absent_over_time", "label_join", "label_replace", "scalar"];
    if other.contains(&function.name) || function.name.starts_with("histogram_") {
        return None;
    }
    let (mut inner, mut shape) = (None, function.name.to_string());
    for arg in args {
        match arg.yields() {
            Type::Vector | Type::Matrix if inner.is_none() => inner = Some(seen(arg)?),
            Type::Scalar => {
                let _ = write!(shape, " {}", number(arg)?);
            }
            _ => return None,
        }
    }
    let inner = inner?;
    // What a function makes of a multiple is its own affair.
    let _ = write!(shape, " of {} {}", inner.factor, inner.shape);
    Some(Seen { factor: 1.0, shape, ..inner })
}

fn of_aggregate(aggregate: &Aggregate) -> Option<Seen<'_>> {
    if matches!(aggregate.op, Fold::Topk | Fold::Bottomk | Fold::CountValues) {
        return None;
    }
    let param = aggregate.param.as_ref().map(number);
    if matches!(param, Some(None)) {
        return None;
    }
    let mut inner = seen(&aggregate.inner)?;
    let mut labels: Vec<&String> = aggregate.labels.iter().collect();
    labels.sort();
    let grouping = format!("{:?} {:?} {} {labels:?}", aggregate.op, param, aggregate.without);
    inner.sums.push((&aggregate.labels, aggregate.without));
    if matches!(aggregate.op, Fold::Sum | Fold::Avg) {
        inner.shape = format!("{grouping} {}", inner.shape);
        return Some(inner);
    }
    let shape = format!("{grouping} of {} {}", inner.factor, inner.shape);
    Some(Seen { factor: 1.0, shape, ..inner })
}

/// A multiple of one metric, or a sum of multiples of the same series.
fn of_binary(b: &Binary) -> Option<Seen<'_>> {
    match b.op {
        Op::Mul => match (number(&b.left), number(&b.right)) {
            (Some(by), None) => times(&b.right, by),
            (None, Some(by)) => times(&b.left, by),
            _ => None,
        },
        Op::Div => number(&b.right).and_then(|by| times(&b.left, 1.0 / by)),
        Op::Add | Op::Sub if b.matching.many == Many::None => {
            let (left, right) = (seen(&b.left)?, seen(&b.right)?);
            common(&left, &right, &b.matching)?;
            together(&left, &right).filter(|can| *can)?;
            let factor = match b.op {
                Op::Add => left.factor + right.factor,
                _ => left.factor - right.factor,
            };
            let mut conditions = left.conditions;
            conditions.extend(right.conditions);
            Some(Seen { factor, conditions, ..left })
        }
        _ => None,
    }
}

fn times(of: &Expr, by: f64) -> Option<Seen<'_>> {
    seen(of).map(|s| Seen { factor: s.factor * by, ..s })
}

/// The number that an expression is, if it is written out.
fn number(expr: &Expr) -> Option<f64> {
    match &expr.node {
        Node::Number(number) => Some(*number),
        Node::Paren(inner) => number(inner),
        Node::Unary { minus, inner } => number(inner).map(|n| if *minus { -n } else { n }),
        Node::Binary(b) => arithmetic(b.op, number(&b.left)?, number(&b.right)?),
        _ => None,
    }
}

fn arithmetic(op: Op, left: f64, right: f64) -> Option<f64> {
    Some(match op {
        Op::Add => left + right,
        Op::Sub => left - right,
        Op::Mul => left * right,
        Op::Div => left / right,
        _ => return None,
    })
}

/// Everything that an expression with such a ratio in it can come to, besides NaN.
fn values(expr: &Expr) -> Option<Vec<f64>> {
    if let Some(number) = number(expr) {
        return Some(vec![number]);
    }
    let mut found = match &expr.node {
        Node::Paren(inner) | Node::Unary { minus: false, inner } => values(inner)?,
        Node::Unary { minus: true, inner } => values(inner)?.into_iter().map(|v| -v).collect(),
        Node::Call(function, args) if function.name == "vector" => values(args.first()?)?,
        Node::Aggregate(a) if matches!(a.op, Fold::Min | Fold::Max) => values(&a.inner)?,
        Node::Aggregate(a) if a.op == Fold::Avg => values(&a.inner).filter(|v| v.len() == 1)?,
        Node::Binary(b) => match quotient(b) {
            Some(quotient) => vec![quotient.value?],
            None => of_both(b)?,
        },
        _ => return None,
    };
    found.retain(|value| !value.is_nan());
    found.sort_by(f64::total_cmp);
    found.dedup();
    (found.len() <= VALUES_MAX).then_some(found)
}

fn of_both(b: &Binary) -> Option<Vec<f64>> {
    let (left, right) = (values(&b.left)?, values(&b.right)?);
    if b.op == Op::Or {
        return Some(left.into_iter().chain(right).collect());
    }
    let pairs = left.iter().flat_map(|l| right.iter().map(|r| arithmetic(b.op, *l, *r)));
    pairs.collect()
}

#[cfg(test)]
#[path = "ratio_tests.rs"]
mod tests;
