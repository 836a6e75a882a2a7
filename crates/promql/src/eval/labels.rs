//! Functions that make labels: `label_replace`, `label_join`, and the labels of `absent`.

use super::budget::fits;
use super::{Evaluator, Labels, Moment, Sample, distinct, fail, label};
use crate::Rules;
use crate::ast::{Expr, Node, Selector, Test};
use crate::error::EvalError;
use crate::pattern::anchored;

/// May a label have this name? Under the rules of 3.x any text will do.
pub fn is_label_name(name: &str, rules: Rules) -> bool {
    if rules == Rules::V3 {
        return !name.is_empty() && !name.contains('\u{fffd}');
    }
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Evaluator<'_> {
    /// `label_replace(v, dst, replacement, src, regex)`
    pub(super) fn label_replace(
        &mut self,
        args: &[Expr],
        at: Moment,
    ) -> Result<Vec<Sample>, EvalError> {
        let mut texts = Vec::new();
        for arg in &args[1..5] {
            texts.push(self.text(arg, at)?);
        }
        let [target, replacement, source, pattern] = &texts[..] else {
            return fail("label_replace takes four strings");
        };
        let regex = match anchored(pattern, self.options.rules) {
            Ok(regex) => regex,
            Err(_) => {
                return fail(format!("invalid regular expression in label_replace(): {pattern}"));
            }
        };
        if !is_label_name(target, self.options.rules) {
            return fail(format!("invalid destination label name in label_replace(): {target}"));
        }
        let mut samples = self.vector(&args[0], at)?;
        let target = self.made(target)?;
        let source = self.symbols.find(source);
        for sample in &mut samples {
            let value = source.map(|s| label(&sample.labels, s));
            let value = value.map_or(String::new(), |v| self.symbols.text(v).to_string());
            self.budget.work(1 + value.len() / 16)?;
            if let Some(captures) = regex.captures(&value) {
                // No group is longer than what was matched.
                let groups = replacement.matches('$').count();
                fits(groups.saturating_mul(value.len()).saturating_add(replacement.len()))?;
                let mut expanded = String::new();
                captures.expand(replacement, &mut expanded);
                let value = self.made(&expanded)?;
                self.set_label(&mut sample.labels, target, value);
            }
        }
        distinct(samples)
    }

    /// `label_join(v, dst, separator, src…)`
    pub(super) fn label_join(
        &mut self,
        args: &[Expr],
        at: Moment,
    ) -> Result<Vec<Sample>, EvalError> {
        let (target, separator) = (self.text(&args[1], at)?, self.text(&args[2], at)?);
        if !is_label_name(&target, self.options.rules) {
            return fail(format!("invalid destination label name in label_join(): {target}"));
        }
        let mut sources = Vec::new();
        for arg in &args[3..] {
            let source = self.text(arg, at)?;
            if !is_label_name(&source, self.options.rules) {
                return fail(format!("invalid source label name in label_join(): {source}"));
            }
            sources.push(self.symbols.find(&source));
        }
        let mut samples = self.vector(&args[0], at)?;
        let target = self.made(&target)?;
        for sample in &mut samples {
            let text = |s: &Option<_>| match s {
                Some(name) => self.symbols.text(label(&sample.labels, *name)),
                None => "",
            };
            let length = |s| text(s).len().saturating_add(separator.len());
            fits(sources.iter().map(length).fold(0, usize::saturating_add))?;
            let joined = sources.iter().map(text).collect::<Vec<_>>().join(&separator);
            let value = self.made(&joined)?;
            self.set_label(&mut sample.labels, target, value);
        }
        distinct(samples)
    }

    /// The labels that `absent` gives its one element: those that the selector asks to be equal.
    pub(super) fn absent_labels(&mut self, expr: &Expr) -> Labels {
        let selector: &Selector = match &expr.bare().node {
            Node::Selector(selector) | Node::Range(selector, _) => selector,
            _ => return Labels::new(),
        };
        let mut labels = Labels::new();
        let mut seen: Vec<&str> = Vec::new();
        for matcher in selector.matchers.iter().filter(|m| m.label != "__name__") {
            let name = self.symbols.intern(&matcher.label);
            let first = !seen.contains(&matcher.label.as_str());
            let value = match &matcher.test {
                Test::Equal(value) if first => {
                    seen.push(&matcher.label);
                    self.symbols.intern(value)
                }
                _ => crate::symbol::Symbol::EMPTY,
            };
            self.set_label(&mut labels, name, value);
        }
        labels
    }
}
