//! Aggregations: elements in groups become one element each, or the best few of a group.

use super::quantile::{nan_first, quantile};
use super::sums::{Sum, mean, variance};
use super::{Evaluator, Labels, Moment, Sample, fail};
use crate::analysis::promql::Rules;
use crate::analysis::promql::ast::{Aggregate, Fold};
use crate::analysis::promql::error::EvalError;
use crate::analysis::promql::value::shown;
use crate::telemetry::symbol::Symbol;
use std::collections::BTreeMap;

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
        let samples = self.vector(&a.inner, at)?;
        let listed: Vec<Symbol> = a.labels.iter().filter_map(|l| self.symbols.find(l)).collect();
        let key = |labels: &Labels| -> Labels {
            let kept = labels.iter().filter(|(name, _)| match a.without {
                true => !listed.contains(name) && *name != Symbol::NAME,
                false => listed.contains(name),
            });
            kept.copied().collect()
        };
        if a.op == Fold::CountValues {
            return self.count_values(&text, &samples, key);
        }
        if let Fold::Topk | Fold::Bottomk = a.op {
            return self.best(a.op, number, samples, key);
        }
        let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
        for sample in &samples {
            groups.entry(key(&sample.labels)).or_default().push(sample.value);
        }
        let one = |(labels, values): (Labels, Vec<f64>)| Sample {
            labels,
            value: fold(a.op, number, values),
        };
        Ok(groups.into_iter().map(one).collect())
    }

    /// `topk` and `bottomk`: whole elements, the best first, NaN last.
    fn best(
        &self,
        op: Fold,
        number: f64,
        samples: Vec<Sample>,
        key: impl Fn(&Labels) -> Labels,
    ) -> Result<Vec<Sample>, EvalError> {
        if number.is_nan() {
            return match self.options.rules {
                Rules::V3 => fail("parameter value is NaN"),
                Rules::V2 => Ok(Vec::new()),
            };
        }
        if number > i64::MAX as f64 || number < i64::MIN as f64 {
            return fail(format!("scalar value {} overflows int64", shown(number)));
        }
        let count = number.max(0.0) as usize;
        let mut groups: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        for sample in samples {
            groups.entry(key(&sample.labels)).or_default().push(sample);
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

    /// `count_values`: how many elements have each value, as a label.
    fn count_values(
        &mut self,
        name: &str,
        samples: &[Sample],
        key: impl Fn(&Labels) -> Labels,
    ) -> Result<Vec<Sample>, EvalError> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let plain = !name.is_empty()
            && name.chars().all(word)
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !plain && (self.options.rules == Rules::V2 || name.is_empty()) {
            return fail(format!("invalid label name {name:?}"));
        }
        let name = self.symbols.intern(name);
        let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
        for sample in samples {
            let mut labels = key(&sample.labels);
            let value = self.symbols.intern(&shown(sample.value));
            self.set_label(&mut labels, name, value);
            *counts.entry(labels).or_default() += 1.0;
        }
        Ok(counts.into_iter().map(|(labels, value)| Sample { labels, value }).collect())
    }
}

fn fold(op: Fold, number: f64, values: Vec<f64>) -> f64 {
    let all = || values.iter().copied();
    // The least and the greatest ignore NaN, unless there is nothing else.
    let best = |better: fn(f64, f64) -> bool| {
        let pick = |a: f64, b: f64| if a.is_nan() || better(b, a) { b } else { a };
        all().reduce(pick).unwrap_or(f64::NAN)
    };
    match op {
        Fold::Sum => Sum::of(all()),
        Fold::Avg => mean(all()),
        Fold::Min => best(|b, a| b < a),
        Fold::Max => best(|b, a| b > a),
        Fold::Count => values.len() as f64,
        Fold::Group => 1.0,
        Fold::Stddev => variance(all()).sqrt(),
        Fold::Stdvar => variance(all()),
        Fold::Quantile => quantile(number, values),
        Fold::Topk | Fold::Bottomk | Fold::CountValues => f64::NAN,
    }
}
