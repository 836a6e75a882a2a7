//! Values of the expression language, and how two of them compare.
//!
//! Follows expr-lang `vm/runtime/runtime.go` and the generated `helpers`: numbers of different
//! kinds compare by value, NaN equals nothing. Deliberately unknown here: expressions.

use super::{dates, layout};
use jiff::Zoned;
use jiff::tz::TimeZone;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing at all.
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Named values, as a web metric's JSON has them.
    Map(BTreeMap<String, Value>),
    /// A date with its time zone.
    Time(Zoned),
    /// A duration, in nanoseconds.
    Span(i64),
    /// A time zone.
    Zone(TimeZone),
}

impl Value {
    /// The numbers of a vector of samples.
    pub fn floats(values: impl IntoIterator<Item = f64>) -> Value {
        Value::List(values.into_iter().map(Value::Float).collect())
    }

    /// Go's name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::List(_) => "[]interface {}",
            Value::Map(_) => "map[string]interface {}",
            Value::Time(_) => "time.Time",
            Value::Span(_) => "time.Duration",
            Value::Zone(_) => "*time.Location",
        }
    }

    /// How much there is of it, for the budget of an evaluation.
    pub fn weight(&self) -> usize {
        match self {
            Value::Text(text) => 1 + text.len() / 8,
            Value::List(list) => 1 + list.iter().map(Value::weight).sum::<usize>(),
            Value::Map(map) => 1 + map.values().map(|value| 1 + value.weight()).sum::<usize>(),
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 1,
            Value::Time(_) | Value::Span(_) | Value::Zone(_) => 1,
        }
    }

    /// As a number, if it is one.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Are two values equal? Values of kinds that don't mix never are.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            (Value::Map(a), Value::Map(b)) => {
                let same = |((k, a), (l, b)): ((_, &Value), (_, &Value))| k == l && a.equals(b);
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            (a, b) => match (a.as_float(), b.as_float()) {
                (Some(a), Some(b)) => a == b,
                _ => a == b,
            },
        }
    }

    /// The order of two numbers or texts; nothing for NaN. The error says that they have none.
    pub fn compare(&self, other: &Value, operator: &str) -> Result<Option<Ordering>, String> {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
            (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
            (Value::Time(a), Value::Time(b)) => Ok(Some(a.cmp(b))),
            (Value::Span(a), Value::Span(b)) => Ok(Some(a.cmp(b))),
            (a, b) => match (a.as_float(), b.as_float()) {
                (Some(a), Some(b)) => Ok(a.partial_cmp(&b)),
                _ => Err(mismatch(a, b, operator)),
            },
        }
    }
}

/// The message for an operator that two values don't have.
pub fn mismatch(left: &Value, right: &Value, operator: &str) -> String {
    format!("invalid operation: {} {operator} {}", left.type_name(), right.type_name())
}

/// A value as `string` prints it, and as maps are asked for it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(n) => spelled(*n),
        Value::Text(t) => t.clone(),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", text(v))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        Value::Time(at) => layout::format(at, layout::PRINTED),
        Value::Span(nanos) => dates::spoken(*nanos),
        Value::Zone(zone) => zone.iana_name().unwrap_or("UTC").into(),
    }
}

/// A number as Go prints it: six digits before the point at most, four zeros behind it.
fn spelled(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let short = format!("{number:e}");
    let Some((digits, power)) = short.split_once('e') else { return number.to_string() };
    match power.parse::<i32>() {
        Ok(power) if !(-4..6).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", power.abs())
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_values_are_those_of_go() {
        let map = [("b".to_string(), Value::Float(0.5)), ("a".into(), Value::floats([1.0, 2.5]))];
        assert_eq!(text(&Value::Map(map.into())), "map[a:[1 2.5] b:0.5]");
        let numbers = [0.0001, 0.00001, 123456.5, 1234567.5, 1e6, f64::INFINITY, -0.0, f64::NAN];
        let texts = numbers.map(|n| text(&Value::Float(n)));
        let wanted = ["0.0001", "1e-05", "123456.5", "1.2345675e+06", "1e+06", "+Inf", "-0", "NaN"];
        assert_eq!(texts, wanted.map(String::from));
    }

    #[test]
    fn numbers_compare_by_value_and_nan_with_nothing() {
        assert!(Value::Int(2).equals(&Value::Float(2.0)));
        assert!(!Value::Float(f64::NAN).equals(&Value::Float(f64::NAN)));
        assert_eq!(Value::Float(f64::NAN).compare(&Value::Int(1), "<"), Ok(None));
        assert!(Value::Bool(true).compare(&Value::Int(1), "<").is_err());
        assert!(!Value::Text("1".into()).equals(&Value::Int(1)));
    }
}
