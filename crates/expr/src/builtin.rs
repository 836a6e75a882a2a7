//! The functions of an expression: what they take, and what the plain ones do.
//!
//! `asInt`, `asFloat`, `isNaN`, `isInf`, `isNil` and `default` are Argo's
//! (`utils/evaluate/evaluate.go`), the others expr's (`builtin/builtin.go`). Those that take a
//! closure are run by [`super::eval`]. Deliberately unknown here: trees.

use super::value::{Value, text};
use super::{dates, lists, texts};
use jiff::Zoned;

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// With at least and at most so many arguments; one of them may be a closure.
    Function {
        /// Fewest arguments.
        least: usize,
        /// Most arguments.
        most: usize,
        /// Which one is a closure.
        closure: Option<usize>,
    },
    /// No such function.
    Unknown,
}

/// The shape of a function.
pub fn shape(name: &str) -> Shape {
    let takes = |least, most, closure| Shape::Function { least, most, closure };
    match name {
        "all" | "none" | "any" | "one" | "filter" | "map" | "find" | "findIndex" | "findLast"
        | "findLastIndex" | "groupBy" => takes(2, 2, Some(1)),
        "reduce" | "sortBy" => takes(2, 3, Some(1)),
        "count" | "sum" => takes(1, 2, Some(1)),
        "len" | "abs" | "ceil" | "floor" | "round" | "int" | "float" | "string" | "first"
        | "last" | "reverse" | "asInt" | "asFloat" | "isNaN" | "isInf" | "isNil" => {
            takes(1, 1, None)
        }
        "upper" | "lower" | "toJSON" | "fromJSON" | "toPairs" | "fromPairs" | "keys" | "values"
        | "type" | "flatten" | "uniq" | "bitnot" => takes(1, 1, None),
        "sort" | "trim" | "trimPrefix" | "trimSuffix" | "join" => takes(1, 2, None),
        "take" | "default" | "get" | "repeat" | "indexOf" | "lastIndexOf" | "hasPrefix"
        | "hasSuffix" => takes(2, 2, None),
        "bitand" | "bitor" | "bitxor" | "bitnand" | "bitshl" | "bitshr" | "bitushr" => {
            takes(2, 2, None)
        }
        "split" | "splitAfter" => takes(2, 3, None),
        "replace" => takes(3, 4, None),
        "max" | "min" | "mean" | "median" | "concat" => takes(1, 100, None),
        "now" => takes(0, 1, None),
        "duration" | "timezone" | "toBase64" | "fromBase64" => takes(1, 1, None),
        "date" => takes(1, 4, None),
        _ => Shape::Unknown,
    }
}

/// What a function may make of its arguments, or do with them, for the budget: asked before it is
/// run.
pub fn cost(name: &str, arguments: &[Value]) -> usize {
    let length = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => text.len() + 1,
        _ => 1,
    };
    match (name, arguments) {
        ("repeat", [first, Value::Int(times)]) => {
            length(Some(first)).saturating_mul(usize::try_from(*times).unwrap_or(0)) / 8
        }
        // A text may stand between any two letters.
        ("replace", [first, _, new, ..]) => {
            length(Some(first)).saturating_mul(length(Some(new))) / 8
        }
        // Every element may be compared with every other, to its last letter.
        ("uniq", [Value::List(list)]) => list.len().saturating_mul(arguments[0].weight()) / 8,
        // The separator stands between any two elements.
        ("join", [Value::List(list), glue]) => list.len().saturating_mul(length(Some(glue))) / 8,
        ("trim", [first, cut]) => length(Some(first)) / 8 + length(Some(cut)) / 8,
        // One letter may be an element.
        ("split" | "splitAfter", [first, by, ..]) => {
            let pieces = length(Some(first)) / (length(Some(by)) - 1).max(1);
            let copies = if name == "split" { 0 } else { length(Some(by)) / 8 };
            pieces.saturating_mul(1 + copies)
        }
        // A value of JSON has two characters, with its comma.
        ("fromJSON", [first]) => length(Some(first)) / 2,
        ("sort", [Value::List(list), ..]) => list.len().saturating_mul(SORTING),
        _ => 0,
    }
}

/// Comparisons of an element in a sorted list, at most.
const SORTING: usize = 20;

/// Runs a function without a closure. `result` is what the condition is about, `now` the instant.
pub fn call(name: &str, arguments: &[Value], result: &Value, now: &Zoned) -> Result<Value, String> {
    let first = arguments.first().unwrap_or(&Value::Nil);
    match name {
        "asInt" => as_int(first),
        "asFloat" => as_float(first),
        "isNaN" => number(first, name).map(|n| Value::Bool(n.is_nan())),
        "isInf" => number(first, name).map(|n| Value::Bool(n.is_infinite())),
        // Both look at the result, not at what they are given, as upstream does.
        "isNil" => Ok(Value::Bool(*result == Value::Nil)),
        "default" if *result == Value::Nil => Ok(arguments.get(1).cloned().unwrap_or(Value::Nil)),
        "default" => Ok(result.clone()),
        "len" => match first {
            Value::List(list) => Ok(Value::Int(list.len() as i64)),
            Value::Text(text) => Ok(Value::Int(text.chars().count() as i64)),
            Value::Map(map) => Ok(Value::Int(map.len() as i64)),
            other => Err(format!("invalid argument for len (type {})", other.type_name())),
        },
        "int" => match first {
            Value::Text(_) => as_int(first),
            other => number(other, name).map(|n| Value::Int(n as i64)),
        },
        "float" => match first {
            Value::Text(_) => as_float(first),
            other => number(other, name).map(Value::Float),
        },
        "string" => Ok(Value::Text(text(first))),
        "abs" => match first {
            Value::Int(n) => Ok(Value::Int(n.wrapping_abs())),
            other => number(other, name).map(|n| Value::Float(n.abs())),
        },
        "ceil" => number(first, name).map(|n| Value::Float(n.ceil())),
        "floor" => number(first, name).map(|n| Value::Float(n.floor())),
        "round" => number(first, name).map(|n| Value::Float(n.round())),
        "max" | "min" | "mean" | "median" => statistic(name, arguments),
        "type" => Ok(Value::Text(kind(first).into())),
        "bitnot" | "bitand" | "bitor" | "bitxor" | "bitnand" | "bitshl" | "bitshr" | "bitushr" => {
            bits(name, arguments)
        }
        "upper" | "lower" | "trim" | "trimPrefix" | "trimSuffix" | "replace" | "repeat"
        | "indexOf" | "lastIndexOf" | "hasPrefix" | "hasSuffix" | "split" | "splitAfter"
        | "toJSON" | "fromJSON" | "toBase64" | "fromBase64" => texts::call(name, arguments),
        "now" | "date" | "duration" | "timezone" => dates::call(name, arguments, now),
        "join" | "keys" | "values" | "toPairs" | "fromPairs" | "flatten" | "uniq" | "concat"
        | "get" => lists::call(name, arguments),
        _ => listed(name, first, arguments.get(1)),
    }
}

/// The language's own word for a kind of value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "map",
        Value::Time(_) => "time.Time",
        Value::Span(_) => "time.Duration",
        Value::Zone(_) => "*time.Location",
    }
}

fn bits(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let whole = |value: Option<&Value>| match value {
        Some(Value::Int(number)) => Ok(*number),
        Some(other) => Err(format!("invalid argument for {name} (type {})", other.type_name())),
        None => Ok(0),
    };
    let (a, b) = (whole(arguments.first())?, whole(arguments.get(1))?);
    let shift = || u32::try_from(b).map_err(|_| "invalid operation: negative shift count");
    let shifted = |by: u32, value: Option<i64>| if by < 64 { value } else { None };
    Ok(Value::Int(match name {
        "bitnot" => !a,
        "bitand" => a & b,
        "bitor" => a | b,
        "bitxor" => a ^ b,
        "bitnand" => a & !b,
        "bitshl" => shifted(shift()?, a.checked_shl(shift()?)).unwrap_or(0),
        "bitshr" => a.checked_shr(shift()?).unwrap_or(if a < 0 { -1 } else { 0 }),
        _ => (a as u64).checked_shr(shift()?).unwrap_or(0) as i64,
    }))
}

/// Functions of lists.
fn listed(name: &str, first: &Value, more: Option<&Value>) -> Result<Value, String> {
    let Value::List(list) = first else {
        let kind = first.type_name();
        return Err(format!("cannot {name} {kind}"));
    };
    Ok(match name {
        "first" => list.first().cloned().unwrap_or(Value::Nil),
        "last" => list.last().cloned().unwrap_or(Value::Nil),
        "reverse" => Value::List(list.iter().rev().cloned().collect()),
        "take" => {
            let count = match more {
                Some(Value::Int(count)) if *count >= 0 => *count as usize,
                _ => return Err("cannot take this many elements".into()),
            };
            Value::List(list.iter().take(count).cloned().collect())
        }
        "sort" => {
            let down = matches!(more, Some(Value::Text(order)) if order == "desc");
            let mut sorted = list.clone();
            for pair in list.windows(2) {
                pair[0].compare(&pair[1], "<")?;
            }
            // Values that have no order, NaN among them, stay where they are.
            sorted.sort_by(|a, b| {
                let order = a.compare(b, "<").ok().flatten().unwrap_or(std::cmp::Ordering::Equal);
                if down { order.reverse() } else { order }
            });
            Value::List(sorted)
        }
        _ => return Err(format!("unknown name {name}")),
    })
}

/// `max`, `min`, `mean` and `median` of numbers and of lists of numbers, however deep.
fn statistic(name: &str, arguments: &[Value]) -> Result<Value, String> {
    // Upstream hands back what is alone and has no order.
    if let ("max" | "min", [only]) = (name, arguments)
        && only.as_float().is_none()
        && !matches!(only, Value::List(_))
    {
        return Ok(only.clone());
    }
    let mut values = Vec::new();
    lists::flatten(arguments, &mut values);
    let numbers: Vec<f64> = values.iter().map(|v| number(v, name)).collect::<Result<_, _>>()?;
    match name {
        "max" | "min" => {
            let better = |a: f64, b: f64| if name == "max" { a > b } else { a < b };
            let mut best: Option<usize> = None;
            for at in 0..numbers.len() {
                if best.is_none_or(|b| better(numbers[at], numbers[b])) {
                    best = Some(at);
                }
            }
            Ok(best.map_or(Value::Nil, |at| values[at].clone()))
        }
        _ if numbers.is_empty() => Ok(Value::Float(0.0)),
        "mean" => Ok(Value::Float(numbers.iter().sum::<f64>() / numbers.len() as f64)),
        _ => {
            let mut sorted = numbers;
            sorted.sort_by(f64::total_cmp);
            let middle = sorted.len() / 2;
            let median = match sorted.len() % 2 {
                1 => sorted[middle],
                _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
            };
            Ok(Value::Float(median))
        }
    }
}

fn number(value: &Value, name: &str) -> Result<f64, String> {
    let found = value.as_float();
    found.ok_or_else(|| format!("invalid argument for {name} (type {})", value.type_name()))
}

fn as_int(value: &Value) -> Result<Value, String> {
    match value {
        Value::Int(_) => Ok(value.clone()),
        // Go keeps the low bits of what does not fit; on amd64 that is the least number.
        Value::Float(n) if n.abs() < 9_223_372_036_854_775_808.0 => Ok(Value::Int(*n as i64)),
        Value::Float(_) => Ok(Value::Int(i64::MIN)),
        Value::Text(text) => text
            .parse()
            .map(Value::Int)
            .map_err(|_| format!("strconv.ParseInt: parsing {text:?}: invalid syntax")),
        other => Err(format!("asInt() not supported on {}", other.type_name())),
    }
}

fn as_float(value: &Value) -> Result<Value, String> {
    match value {
        Value::Float(_) => Ok(value.clone()),
        Value::Int(n) => Ok(Value::Float(*n as f64)),
        Value::Text(text) => text
            .parse()
            .map(Value::Float)
            .map_err(|_| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax")),
        other => Err(format!("asFloat() not supported on {}", other.type_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_take_numbers_and_lists() {
        let list = Value::floats([3.0, 1.0, 2.0, 10.0]);
        let now = dates::epoch();
        let call = |name| call(name, std::slice::from_ref(&list), &Value::Nil, &now);
        assert_eq!(call("max"), Ok(Value::Float(10.0)));
        assert_eq!(call("min"), Ok(Value::Float(1.0)));
        assert_eq!(call("mean"), Ok(Value::Float(4.0)));
        assert_eq!(call("median"), Ok(Value::Float(2.5)));
        assert_eq!(statistic("mean", &[Value::List(vec![])]), Ok(Value::Float(0.0)));
        assert_eq!(statistic("max", &[Value::List(vec![])]), Ok(Value::Nil));
        let nested = Value::List(vec![Value::Int(1), Value::List(vec![list.clone()])]);
        assert_eq!(statistic("max", &[nested]), Ok(Value::Float(10.0)));
    }

    #[test]
    fn sorting_knows_both_ways() {
        let list = Value::floats([2.0, 3.0, 1.0]);
        let down = Value::Text("desc".into());
        assert_eq!(listed("sort", &list, None), Ok(Value::floats([1.0, 2.0, 3.0])));
        assert_eq!(listed("sort", &list, Some(&down)), Ok(Value::floats([3.0, 2.0, 1.0])));
    }
}
