//! Aggregations: elements in groups become one element each, or the best few of a group.

use super::fold::fold;
use super::labels::is_label_name;
use super::over_time::one_metric;
use super::quantile::nan_first;
use super::{Evaluator, Labels, Moment, Sample, fail};
use crate::Rules;
use crate::ast::{Aggregate, Expr, Fold, Node};
use crate::error::EvalError;
use crate::symbol::Symbol;
use crate::value::shown;
use std::collections::BTreeMap;

/// Which labels make a group.
struct Grouping {
    without: bool,
    labels: Vec<Symbol>,
}

impl Grouping {
    fn of(&self, labels: &[(Symbol, Symbol)]) -> Labels {
        self.kept(labels).collect()
    }

    fn kept(&self, labels: &[(Symbol, Symbol)]) -> impl Iterator<Item = (Symbol, Symbol)> {
        let kept = labels.iter().filter(|(name, _)| match self.without {
            true => !self.labels.contains(name) && *name != Symbol::NAME,
            false => self.labels.contains(name),
        });
        kept.copied()
    }
}

/// Values by groups.
struct Groups<'a> {
    grouping: &'a Grouping,
    values: BTreeMap<Labels, Vec<f64>>,
    key: Labels,
}

impl Groups<'_> {
    /// Adds a value. The key is spelled out in place; only the first of a group keeps a copy.
    fn add(&mut self, labels: &[(Symbol, Symbol)], value: f64) {
        self.key.clear();
        self.key.extend(self.grouping.kept(labels));
        match self.values.get_mut(&self.key) {
            Some(values) => values.push(value),
            None => drop(self.values.insert(self.key.clone(), vec![value])),
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn aggregate(
        &mut self,
        a: &Aggregate,
        at: Moment,
    ) -> Result<Vec<Sample>, EvalError> {
        let (mut number, mut text) = (f64::NAN, String::new());
        match (&a.param, a.op) {
            (Some(param), Fold::CountValues) => text = self.text(param, at)?,
            (Some(param), _) => number = self.scalar(param, at)?,
            (None, _) => {}
        }
        let labels = a.labels.iter().map(|label| self.symbols.intern(label)).collect();
        let grouping = Grouping { without: a.without, labels };
        match a.op {
            Fold::CountValues => {
                let samples = self.vector(&a.inner, at)?;
                return self.count_values(&text, samples, grouping);
            }
            Fold::Topk | Fold::Bottomk => {
                let samples = self.vector(&a.inner, at)?;
                return self.best(a.op, number, samples, &grouping);
            }
            _ => {}
        }
        let values = BTreeMap::new();
        let mut groups = Groups { grouping: &grouping, values, key: Labels::new() };
        self.each_element(&a.inner, at, |labels, value| groups.add(labels, value))?;
        let rules = self.options.rules;
        let one = |(labels, mut values): (Labels, Vec<f64>)| Sample {
            labels,
            value: fold(a.op, number, &mut values, rules),
        };
        Ok(groups.values.into_iter().map(one).collect())
    }

    /// Runs `each` for the elements of a vector. Those that come straight from the store are never
    /// spelled out: most aggregations are of a metric, or of the rates of one.
    fn each_element(
        &mut self,
        expr: &Expr,
        at: Moment,
        mut each: impl FnMut(&[(Symbol, Symbol)], f64),
    ) -> Result<(), EvalError> {
        let expr = expr.bare();
        if let Node::Selector(selector) = &expr.node {
            return self.each_newest(selector, at, |labels, _, value| each(labels, value));
        }
        if let Node::Call(function, args) = &expr.node
            && one_metric(args)
            && let Some(names) = self.over_each(function.name, args, at, &mut each)?
        {
            // Series of one metric that differ in its type or unit alone fall together.
            if names.several {
                self.vector(expr, at)?;
            }
            return Ok(());
        }
        self.vector(expr, at)?.iter().for_each(|sample| each(&sample.labels, sample.value));
        Ok(())
    }

    /// `topk` and `bottomk`: whole elements, the best first, NaN last.
    fn best(
        &self,
        op: Fold,
        number: f64,
        samples: Vec<Sample>,
        grouping: &Grouping,
    ) -> Result<Vec<Sample>, EvalError> {
        if number.is_nan() && self.options.rules == Rules::V3 {
            return fail("parameter value is NaN");
        }
        if !(i64::MIN as f64..=i64::MAX as f64).contains(&number) {
            return fail(format!("scalar value {} overflows int64", shown(number)));
        }
        let count = number.max(0.0) as usize;
        let mut groups: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        for sample in samples {
            groups.entry(grouping.of(&sample.labels)).or_default().push(sample);
        }
        let mut found = Vec::new();
        for mut group in groups.into_values() {
            group.sort_by(|x, y| match (op, x.value.is_nan() || y.value.is_nan()) {
                (Fold::Bottomk, false) => nan_first(x.value, y.value),
                (_, _) => nan_first(y.value, x.value),
            });
            found.extend(group.into_iter().take(count));
        }
        Ok(found)
    }

    /// `count_values`: how many elements have each value, as a label. The label takes the place of
    /// one with its name before groups are made.
    fn count_values(
        &mut self,
        name: &str,
        samples: Vec<Sample>,
        mut grouping: Grouping,
    ) -> Result<Vec<Sample>, EvalError> {
        if !is_label_name(name, self.options.rules) {
            return fail(format!("invalid label name {name:?}"));
        }
        let name = self.symbols.intern(name);
        if !grouping.without {
            grouping.labels.push(name);
        }
        let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
        for mut sample in samples {
            let value = self.symbols.intern(&shown(sample.value));
            self.set_label(&mut sample.labels, name, value);
            *counts.entry(grouping.of(&sample.labels)).or_default() += 1.0;
        }
        Ok(counts.into_iter().map(|(labels, value)| Sample { labels, value }).collect())
    }
}
