//! Binary operators: numbers with numbers, vectors with numbers, and vectors with vectors
//! (`promql/engine.go`, `VectorBinop`, `VectorscalarBinop`, `resultMetric`).

use super::{Evaluator, Found, Labels, Moment, Sample, distinct, drop_name, fail, label, renamed};
use crate::Rules;
use crate::ast::{Binary, Many, Matching, Op};
use crate::error::EvalError;
use crate::symbol::Symbol;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel_base::maths;

/// How labels of two sides are compared, with the labels looked up.
struct Signature {
    on: bool,
    labels: Vec<Symbol>,
}

impl Signature {
    fn of(&self, labels: &Labels) -> Labels {
        let listed = |name: &Symbol| self.labels.contains(name);
        let kept = labels.iter().filter(|(name, _)| match self.on {
            true => listed(name),
            false => !listed(name) && *name != Symbol::NAME,
        });
        kept.copied().collect()
    }
}

/// What an operator makes of two numbers.
fn arithmetic(op: Op, a: f64, b: f64) -> f64 {
    match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Div => a / b,
        Op::Mod => a % b,
        Op::Pow => maths::pow(a, b),
        Op::Atan2 => maths::atan2(a, b),
        _ => f64::NAN,
    }
}

fn compare(op: Op, a: f64, b: f64) -> bool {
    match op {
        Op::Equal => a == b,
        Op::NotEqual => a != b,
        Op::Above => a > b,
        Op::Below => a < b,
        Op::AtLeast => a >= b,
        Op::AtMost => a <= b,
        _ => false,
    }
}

/// The value of an element, or nothing if a comparison filters it out.
fn apply(op: Op, a: f64, b: f64, kept: f64, returns_bool: bool) -> Option<f64> {
    if !op.compares() {
        return Some(arithmetic(op, a, b));
    }
    let holds = compare(op, a, b);
    if returns_bool { Some(f64::from(u8::from(holds))) } else { holds.then_some(kept) }
}

impl Evaluator<'_> {
    pub(super) fn binary(&mut self, b: &Binary, at: Moment) -> Result<Found, EvalError> {
        let (left, right) = (self.eval(&b.left, at)?, self.eval(&b.right, at)?);
        Ok(match (left, right) {
            (Found::Scalar(x), Found::Scalar(y)) => {
                Found::Scalar(apply(b.op, x, y, x, b.returns_bool).unwrap_or(f64::NAN))
            }
            (Found::Vector(samples), Found::Scalar(y)) => {
                Found::Vector(with_number(b, self.options.rules, samples, |x| (x, y))?)
            }
            (Found::Scalar(x), Found::Vector(samples)) => {
                Found::Vector(with_number(b, self.options.rules, samples, |y| (x, y))?)
            }
            (Found::Vector(x), Found::Vector(y)) => Found::Vector(self.vectors(b, x, y)?),
            _ => return fail("a binary operation takes scalars and instant vectors"),
        })
    }

    fn signature(&mut self, matching: &Matching) -> Signature {
        let labels = matching.labels.iter().filter_map(|l| self.symbols.find(l)).collect();
        Signature { on: matching.on, labels }
    }

    fn vectors(
        &mut self,
        b: &Binary,
        left: Vec<Sample>,
        right: Vec<Sample>,
    ) -> Result<Vec<Sample>, EvalError> {
        let signature = self.signature(&b.matching);
        if b.op.on_sets() {
            return Ok(sets(b.op, &signature, left, right));
        }
        if left.is_empty() || right.is_empty() {
            return Ok(Vec::new());
        }
        let turned = b.matching.many == Many::Right;
        let (many, one) = if turned { (right, left) } else { (left, right) };
        let mut partners: BTreeMap<Labels, Sample> = BTreeMap::new();
        for sample in one {
            let key = signature.of(&sample.labels);
            if partners.insert(key.clone(), sample).is_some() {
                let side = if turned { "left" } else { "right" };
                return fail(format!(
                    "found duplicate series for the match group {} on the {side} hand-side of \
                     the operation; many-to-many matching not allowed: matching labels must be \
                     unique on one side",
                    self.shown(&key)
                ));
            }
        }
        let include: Vec<Symbol> =
            b.matching.include.iter().map(|l| self.symbols.intern(l)).collect();
        let mut taken: BTreeMap<Labels, BTreeSet<Labels>> = BTreeMap::new();
        let mut found = Vec::new();
        for sample in many {
            let key = signature.of(&sample.labels);
            let Some(partner) = partners.get(&key) else { continue };
            let (x, y) = match turned {
                true => (partner.value, sample.value),
                false => (sample.value, partner.value),
            };
            let value = apply(b.op, x, y, x, b.returns_bool);
            // Since 3.x a pair that a comparison filters out counts as a match, too.
            if value.is_none() && self.options.rules == Rules::V2 {
                continue;
            }
            let labels = self.result(b, &signature, &sample.labels, &partner.labels, &include);
            let first = !taken.contains_key(&key);
            let fresh = taken.entry(key).or_default().insert(labels.clone());
            if b.matching.many == Many::None && !first {
                return fail(
                    "multiple matches for labels: many-to-one matching must be explicit \
                     (group_left/group_right)",
                );
            }
            if !fresh {
                return fail(
                    "multiple matches for labels: grouping labels must ensure unique matches",
                );
            }
            found.extend(value.map(|value| Sample { labels, value }));
        }
        distinct(found)
    }

    /// Labels of a matched pair.
    fn result(
        &self,
        b: &Binary,
        signature: &Signature,
        many: &Labels,
        one: &Labels,
        include: &[Symbol],
    ) -> Labels {
        let mut labels = many.clone();
        if drops_name(b, self.options.rules) {
            drop_name(&mut labels, self.options.rules);
        }
        if b.matching.many == Many::None {
            labels.retain(|(name, _)| signature.labels.contains(name) == signature.on);
        }
        for name in include {
            self.set_label(&mut labels, *name, label(one, *name));
        }
        labels
    }

    /// Labels as messages show them.
    fn shown(&self, labels: &Labels) -> String {
        let part = |(name, value): &(Symbol, Symbol)| {
            format!("{}={:?}", self.symbols.text(*name), self.symbols.text(*value))
        };
        format!("{{{}}}", labels.iter().map(part).collect::<Vec<_>>().join(", "))
    }
}

/// Does the metric's name go? 2.42 forgot `atan2`.
fn drops_name(b: &Binary, rules: Rules) -> bool {
    let keeps = b.op.compares() || b.op == Op::Atan2 && rules == Rules::V2;
    !keeps || b.returns_bool
}

/// A vector with a number: comparisons keep the vector's values, on whichever side it stands.
fn with_number(
    b: &Binary,
    rules: Rules,
    samples: Vec<Sample>,
    sides: impl Fn(f64) -> (f64, f64),
) -> Result<Vec<Sample>, EvalError> {
    renamed(samples, drops_name(b, rules).then_some(rules), |value| {
        let (x, y) = sides(value);
        apply(b.op, x, y, value, b.returns_bool)
    })
}

/// `and`, `or`, `unless`: whole elements, by their signatures.
fn sets(op: Op, signature: &Signature, left: Vec<Sample>, right: Vec<Sample>) -> Vec<Sample> {
    let keys = |samples: &[Sample]| {
        samples.iter().map(|s| signature.of(&s.labels)).collect::<BTreeSet<_>>()
    };
    match op {
        Op::Or => {
            let known = keys(&left);
            let new = right.into_iter().filter(|s| !known.contains(&signature.of(&s.labels)));
            let mut all = left;
            all.extend(new);
            all
        }
        _ => {
            let known = keys(&right);
            let wanted = op == Op::And;
            let mut kept = left;
            kept.retain(|s| known.contains(&signature.of(&s.labels)) == wanted);
            kept
        }
    }
}
