//! The fields of one mapping that may be left out and hold a single value or a plain list, in every
//! dialect.
//!
//! Each notes the field for descriptions, and reads it if it is given.

use super::scalars::word;
use super::{Dialect, Reader, SettingKind};
use crate::node::{Node, Value};
use std::ops::RangeInclusive;

/// How the text of a field is read.
pub(super) fn text_of<D: Dialect>(field: &'static str) -> fn(&Node) -> Result<String, String> {
    if field == "name" { D::name } else { D::text }
}

impl<'a, D: Dialect> Reader<'a, D> {
    /// A whole number within `range` that may be left out.
    pub fn opt_count(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> Option<u64> {
        let kind = SettingKind::Count(*range.start(), *range.end());
        self.optional(name, kind, help, |node| D::count(node, &range))
    }

    /// A number within `range` that may be left out.
    pub fn opt_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
        help: &'static str,
    ) -> Option<f64> {
        let kind = SettingKind::Number(*range.start(), *range.end());
        self.optional(name, kind, help, |node| D::number(node, &range))
    }

    /// Text that may be left out.
    pub fn opt_text(&mut self, name: &'static str, help: &'static str) -> Option<String> {
        self.optional(name, SettingKind::Text, help, text_of::<D>(name))
    }

    /// `true` or `false`, or left out.
    pub fn opt_flag(&mut self, name: &'static str, help: &'static str) -> Option<bool> {
        self.optional(name, SettingKind::Flag, help, D::flag)
    }

    /// One of `words`, as its index, or left out.
    pub fn opt_choice(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        help: &'static str,
    ) -> Option<usize> {
        self.optional(name, SettingKind::Choice(words.to_vec()), help, |node| word(node, words))
    }

    /// A value with a syntax of its own, which `holds` names, or left out.
    pub fn opt_scalar<T>(
        &mut self,
        name: &'static str,
        holds: &'static str,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.optional(name, SettingKind::Other(holds), help, parse)
    }

    /// A list of such values, or left out.
    pub fn opt_scalars<T>(
        &mut self,
        name: &'static str,
        holds: &'static str,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        self.note(name, SettingKind::Other(holds), None, false, help);
        let node = self.child(name)?;
        let items = self.items(name, node)?;
        D::understood(self, name, node, help);
        let mut values = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match parse(item) {
                Ok(value) => values.push(value),
                Err(expected) => {
                    self.complain(item, format!("{}[{i}]", self.child_path(name)), &expected);
                }
            }
        }
        Some(values)
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        kind: SettingKind,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.field(name, kind, None, false, help, parse)
    }

    pub(super) fn field<T>(
        &mut self,
        name: &'static str,
        kind: SettingKind,
        default: Option<&str>,
        required: bool,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.note(name, kind, default.map(str::to_string), required, help);
        match self.child(name).map(|node| (node, parse(node))) {
            Some((node, Ok(value))) => {
                D::understood(self, name, node, help);
                return Some(value);
            }
            Some((node, Err(expected))) => self.complain_at(name, node, &expected),
            None if required => self.missing(name, help),
            None => {}
        }
        default.and_then(|text| parse(&Node::unplaced(Value::Text(text.to_string()))).ok())
    }
}
