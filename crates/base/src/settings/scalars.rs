//! One value of a tree to one typed value; the error says what was expected.

use crate::node::{Node, Value};
use crate::problem::Place;
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

pub(super) fn text(node: &Node) -> Result<String, String> {
    node.scalar_text().ok_or_else(|| "text".to_string())
}

pub(super) fn flag(node: &Node) -> Result<bool, String> {
    match &node.value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) => text.parse().map_err(|_| "true or false".to_string()),
        _ => Err("true or false".to_string()),
    }
}

pub(super) fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let expected = || format!("a whole number from {} to {}", range.start(), range.end());
    let number: u64 = match &node.value {
        Value::Integer(number) => u64::try_from(*number).map_err(|_| expected())?,
        // `1e3` and `1000.0` are whole numbers, too, in YAML, JSON and the schema of scenarios.
        Value::Number(number) if number.fract() == 0.0 && (0.0..9e15).contains(number) => {
            *number as u64
        }
        Value::Text(text) if node.place == Place::default() => {
            text.parse().map_err(|_| expected())?
        }
        _ => return Err(expected()),
    };
    range.contains(&number).then_some(number).ok_or_else(expected)
}

pub(super) fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
    let expected = || format!("a number from {} to {}", range.start(), range.end());
    let number: f64 = node.scalar_text().and_then(|t| t.parse().ok()).ok_or_else(expected)?;
    range.contains(&number).then_some(number).ok_or_else(expected)
}

pub(super) fn word(node: &Node, words: &[&'static str]) -> Result<usize, String> {
    let found = node.text().and_then(|text| words.iter().position(|w| *w == text));
    found.ok_or_else(|| format!("one of {}", words.join(", ")))
}
