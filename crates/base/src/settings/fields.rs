//! The fields of windtunnel's own files that hold a single value or a plain list: a method a kind.
//!
//! Each notes the field for descriptions, reads it if it is given, and falls back to its default.

use super::distributions::distribution;
use super::nested::LONGEST_LIST;
use super::optional::text_of;
use super::scalars::{duration, money, price, rate, share, word};
use super::{Dialect, Own, Reader, SettingKind};
use crate::distribution::Distribution;
use crate::node::{Node, Value};
use crate::problem::{Place, Problem};
use crate::time::SimDuration;
use crate::units::{Money, Rate, Share};
use std::ops::RangeInclusive;

impl<'a> Reader<'a> {
    /// A span of time.
    pub fn duration(
        &mut self,
        name: &'static str,
        default: &str,
        help: &'static str,
    ) -> SimDuration {
        self.with_default(name, SettingKind::Duration, default, help, duration).unwrap_or_default()
    }

    /// A span of time that may be left out.
    pub fn opt_duration(&mut self, name: &'static str, help: &'static str) -> Option<SimDuration> {
        self.optional(name, SettingKind::Duration, help, duration)
    }

    /// A share of a whole.
    pub fn share(&mut self, name: &'static str, default: &str, help: &'static str) -> Share {
        self.with_default(name, SettingKind::Share, default, help, share).unwrap_or_default()
    }

    /// A share that may be left out.
    pub fn opt_share(&mut self, name: &'static str, help: &'static str) -> Option<Share> {
        self.optional(name, SettingKind::Share, help, share)
    }

    /// A rate.
    pub fn rate(&mut self, name: &'static str, default: &str, help: &'static str) -> Rate {
        self.with_default(name, SettingKind::Rate, default, help, rate).unwrap_or_default()
    }

    /// An amount of money.
    pub fn money(&mut self, name: &'static str, default: &str, help: &'static str) -> Money {
        self.with_default(name, SettingKind::Money, default, help, money).unwrap_or_default()
    }

    /// A price per hour.
    pub fn price(&mut self, name: &'static str, default: &str, help: &'static str) -> Money {
        self.with_default(name, SettingKind::Price, default, help, price).unwrap_or_default()
    }

    /// An amount of money that may be left out.
    pub fn opt_money(&mut self, name: &'static str, help: &'static str) -> Option<Money> {
        self.optional(name, SettingKind::Money, help, money)
    }

    /// A price per hour that may be left out.
    pub fn opt_price(&mut self, name: &'static str, help: &'static str) -> Option<Money> {
        self.optional(name, SettingKind::Price, help, price)
    }

    /// A whole number within `range`.
    pub fn count(
        &mut self,
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> u64 {
        let kind = SettingKind::Count(*range.start(), *range.end());
        let parse = |node: &Node| Own::count(node, &range);
        self.with_default(name, kind, &default.to_string(), help, parse).unwrap_or(default)
    }

    /// A whole number within `range` that must be given.
    pub fn required_count(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        help: &'static str,
    ) -> u64 {
        let kind = SettingKind::Count(*range.start(), *range.end());
        let value = self.field(name, kind, None, true, help, |node| Own::count(node, &range));
        value.unwrap_or(*range.start())
    }

    /// A number within `range`.
    pub fn number(
        &mut self,
        name: &'static str,
        default: f64,
        range: RangeInclusive<f64>,
        help: &'static str,
    ) -> f64 {
        let kind = SettingKind::Number(*range.start(), *range.end());
        let parse = |node: &Node| Own::number(node, &range);
        self.with_default(name, kind, &default.to_string(), help, parse).unwrap_or(default)
    }

    /// Text.
    pub fn text(&mut self, name: &'static str, default: &str, help: &'static str) -> String {
        self.with_default(name, SettingKind::Text, default, help, text_of::<Own>(name))
            .unwrap_or_default()
    }

    /// Text that must be given.
    pub fn required_text(&mut self, name: &'static str, help: &'static str) -> String {
        self.field(name, SettingKind::Text, None, true, help, text_of::<Own>(name))
            .unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str, default: bool, help: &'static str) -> bool {
        let found =
            self.with_default(name, SettingKind::Flag, &default.to_string(), help, Own::flag);
        found.unwrap_or(default)
    }

    /// One of `words`; returns its index.
    pub fn choice(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        default: &str,
        help: &'static str,
    ) -> usize {
        let parse = |node: &Node| word(node, words);
        self.with_default(name, SettingKind::Choice(words.to_vec()), default, help, parse)
            .unwrap_or(0)
    }

    /// A list of texts, each turned into a value by `parse`.
    pub fn texts<T>(
        &mut self,
        name: &'static str,
        default: &str,
        help: &'static str,
        parse: fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Vec<(Place, T)> {
        self.note(name, SettingKind::Texts, Some(format!("[{default}]")), false, help);
        let split = || default.split(',').map(str::trim).filter(|t| !t.is_empty());
        let fallback = || split().filter_map(parse).map(|v| (Place::default(), v)).collect();
        let Some(node) = self.child(name) else { return fallback() };
        let Value::List(items) = &node.value else {
            self.complain_at(name, node, "a list");
            return fallback();
        };
        if items.len() > LONGEST_LIST {
            self.complain_at(name, node, &format!("at most {LONGEST_LIST} entries"));
            return fallback();
        }
        let mut values = Vec::new();
        for item in items {
            match item.scalar_text().and_then(|t| parse(&t)) {
                Some(value) => values.push((item.place, value)),
                None => self.complain_at(name, item, expected),
            }
        }
        values
    }

    /// A distribution of durations; `default` is a duration or a YAML flow mapping.
    pub fn distribution(
        &mut self,
        name: &'static str,
        default: (&str, Distribution),
        help: &'static str,
    ) -> Distribution {
        self.note(name, SettingKind::Distribution, Some(default.0.to_string()), false, help);
        match self.child(name) {
            Some(node) => self.distribution_of(name, node).unwrap_or(default.1),
            None => default.1,
        }
    }

    fn with_default<T>(
        &mut self,
        name: &'static str,
        kind: SettingKind,
        default: &str,
        help: &'static str,
        parse: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<T> {
        self.field(name, kind, Some(default), false, help, parse)
    }

    fn distribution_of(&self, name: &str, node: &Node) -> Option<Distribution> {
        match distribution(node) {
            Ok(found) => Some(found),
            Err((place, expected)) => {
                let shown = node.shown_at(place).unwrap_or_else(|| node.shown());
                let found = format!("found {shown}");
                self.push(Problem::error(place, self.child_path(name), found).expected(expected));
                None
            }
        }
    }
}
