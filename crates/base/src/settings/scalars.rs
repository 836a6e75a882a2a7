//! One value of a tree to one typed value; the error says what was expected.

use crate::node::{Node, Value};
use crate::time::SimDuration;
use crate::units::{self, Money, Rate, Share};
use std::ops::RangeInclusive;

fn from_text<T>(
    node: &Node,
    parse: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<T, String> {
    node.scalar_text().and_then(|t| parse(&t)).ok_or_else(|| expected.to_string())
}

pub(super) fn duration(node: &Node) -> Result<SimDuration, String> {
    from_text(node, units::parse_duration, "a duration such as 90s, 5m or 250ms")
}

pub(super) fn share(node: &Node) -> Result<Share, String> {
    from_text(node, units::parse_share, "a share from 0% to 100%, such as 5%")
}

pub(super) fn rate(node: &Node) -> Result<Rate, String> {
    from_text(node, units::parse_rate, "a rate such as 60/s or 200/m")
}

pub(super) fn money(node: &Node) -> Result<Money, String> {
    from_text(node, units::parse_money, "an amount such as $2")
}

pub(super) fn price(node: &Node) -> Result<Money, String> {
    from_text(node, units::parse_price, "a price such as $0.05/h")
}

/// A whole number as YAML and JSON write it: `3`, and `3.0` or `3e0`, which is the same number to
/// them.
pub fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let number = match &node.value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        Value::Number(number) if number.fract() == 0.0 && (0.0..9e15).contains(number) => {
            Some(*number as u64)
        }
        _ => None,
    };
    within(number, range)
}

/// A number as YAML and JSON write it.
pub fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
    let number = match &node.value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    };
    within_f64(number, range)
}

/// One of a few words, as its index.
pub fn word(node: &Node, words: &[&'static str]) -> Result<usize, String> {
    let found = node.text().and_then(|text| words.iter().position(|w| *w == text));
    found.ok_or_else(|| format!("one of {}", words.join(", ")))
}

pub(super) fn within(number: Option<u64>, range: &RangeInclusive<u64>) -> Result<u64, String> {
    number.filter(|n| range.contains(n)).ok_or_else(|| match *range.end() {
        u64::MAX => format!("a whole number from {}", range.start()),
        end => format!("a whole number from {} to {end}", range.start()),
    })
}

pub(super) fn within_f64(number: Option<f64>, range: &RangeInclusive<f64>) -> Result<f64, String> {
    let expected = || format!("a number from {} to {}", range.start(), range.end());
    number.filter(|n| range.contains(n)).ok_or_else(expected)
}
