//! Functions of texts.
//!
//! Follows expr-lang `builtin/builtin.go` and Go's `strings`: positions and lengths of `indexOf`
//! count bytes. Deliberately unknown here: trees.

use super::layout;
use super::value::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::{Regex, RegexBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// Largest compiled pattern, in bytes.
const PATTERN_MAX: usize = 1 << 20;

/// Patterns that are kept compiled: a condition asks the same ones for every element of a list.
const KEPT: usize = 16;

/// Work of a compiled pattern at its largest: some fifty of them are an evaluation.
const COMPILING: usize = 20_000;

/// The patterns of an evaluation.
#[derive(Default)]
pub struct Patterns {
    kept: Vec<(String, Option<Regex>)>,
}

impl Patterns {
    /// The work of asking: nothing but the text for a pattern that is compiled already, and never
    /// more than a look at every letter in every state.
    pub fn cost(&self, text: &str, pattern: &str) -> usize {
        let states = states(pattern);
        let looks = text.len().saturating_mul(1 + states / 64) / 8;
        let known = self.kept.iter().any(|(known, _)| known == pattern);
        looks.saturating_add(pattern.len() / 8).saturating_add(if known { 0 } else { states })
    }

    /// Does a part of the text match the pattern?
    pub fn matches(&mut self, text: &str, pattern: &str) -> Result<bool, String> {
        let known = self.kept.iter().position(|(known, _)| known == pattern);
        let at = known.unwrap_or_else(|| {
            if self.kept.len() == KEPT {
                self.kept.remove(0);
            }
            let compiled = RegexBuilder::new(pattern).size_limit(PATTERN_MAX).build().ok();
            self.kept.push((pattern.to_string(), compiled));
            self.kept.len() - 1
        });
        let compiled = self.kept[at].1.as_ref();
        let compiled = compiled.ok_or_else(|| format!("error parsing regexp: {pattern:?}"))?;
        Ok(compiled.is_match(text))
    }
}

/// About how many states a pattern compiles to, estimated from above: its letters, classes as
/// dozens of them, times all of its repetitions.
fn states(pattern: &str) -> usize {
    let classes = pattern.matches(['\\', '.', '[']).count() + 20 * pattern.matches("(?").count();
    let mut states = 50 + pattern.len() + 30 * classes;
    let mut rest = pattern;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        let end = rest.find('}').unwrap_or(rest.len());
        let counts = rest[..end].split(',').filter_map(|count| count.trim().parse::<usize>().ok());
        states = states.saturating_mul(counts.max().unwrap_or(1).max(1));
    }
    states.min(COMPILING)
}

/// Runs a function.
pub fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    if name == "toJSON" {
        let json = json(arguments.first().unwrap_or(&Value::Nil))?;
        let text = serde_json::to_string_pretty(&json).map_err(|error| error.to_string())?;
        return Ok(Value::Text(text));
    }
    let Some(Value::Text(text)) = arguments.first() else {
        let kind = arguments.first().map_or("<nil>", Value::type_name);
        return Err(format!("invalid argument for {name} (type {kind})"));
    };
    let given = |at: usize| match arguments.get(at) {
        Some(Value::Text(more)) => Ok(Some(more.as_str())),
        None => Ok(None),
        Some(other) => Err(format!("invalid argument for {name} (type {})", other.type_name())),
    };
    let position = |found: Option<usize>| Value::Int(found.map_or(-1, |at| at as i64));
    let whole = |text: &str| Value::Text(text.to_string());
    Ok(match name {
        "upper" => Value::Text(text.to_uppercase()),
        "lower" => Value::Text(text.to_lowercase()),
        "trim" => match given(1)? {
            None => whole(text.trim()),
            Some(cut) => {
                let cut: BTreeSet<char> = cut.chars().collect();
                whole(text.trim_matches(|c| cut.contains(&c)))
            }
        },
        "trimPrefix" => whole(text.strip_prefix(given(1)?.unwrap_or(" ")).unwrap_or(text)),
        "trimSuffix" => whole(text.strip_suffix(given(1)?.unwrap_or(" ")).unwrap_or(text)),
        "hasPrefix" => Value::Bool(text.starts_with(given(1)?.unwrap_or_default())),
        "hasSuffix" => Value::Bool(text.ends_with(given(1)?.unwrap_or_default())),
        "indexOf" => position(text.find(given(1)?.unwrap_or_default())),
        "lastIndexOf" => position(text.rfind(given(1)?.unwrap_or_default())),
        "repeat" => Value::Text(text.repeat(times(arguments.get(1))?)),
        "replace" => {
            let (old, new) = (given(1)?.unwrap_or_default(), given(2)?.unwrap_or_default());
            match limit(arguments.get(3))? {
                None => Value::Text(text.replace(old, new)),
                Some(most) => Value::Text(text.replacen(old, new, most)),
            }
        }
        "split" | "splitAfter" => {
            let parts = split(text, given(1)?.unwrap_or_default(), limit(arguments.get(2))?, name);
            Value::List(parts.into_iter().map(Value::Text).collect())
        }
        "toBase64" => Value::Text(STANDARD.encode(text)),
        "fromBase64" => {
            let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
            Value::Text(String::from_utf8_lossy(&bytes).into_owned())
        }
        "fromJSON" => {
            let json = serde_json::from_str(text).map_err(|error| error.to_string())?;
            value(json)
        }
        _ => return Err(format!("unknown name {name}")),
    })
}

fn times(count: Option<&Value>) -> Result<usize, String> {
    match count {
        Some(Value::Int(count)) if (0..=1_000_000).contains(count) => Ok(*count as usize),
        Some(Value::Int(count)) if *count < 0 => Err("strings: negative Repeat count".into()),
        _ => Err("memory budget exceeded".into()),
    }
}

/// How often at most; negative is without end.
fn limit(count: Option<&Value>) -> Result<Option<usize>, String> {
    match count {
        None => Ok(None),
        Some(Value::Int(count)) => Ok(usize::try_from(*count).ok()),
        Some(other) => Err(format!("cannot use {} as a count", other.type_name())),
    }
}

fn split(text: &str, by: &str, most: Option<usize>, name: &str) -> Vec<String> {
    let owned = |parts: Vec<&str>| parts.into_iter().map(str::to_string).collect::<Vec<_>>();
    if most == Some(0) {
        return Vec::new();
    }
    if by.is_empty() {
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let most = most.unwrap_or(letters.len()).min(letters.len());
        let mut parts = letters[..most.saturating_sub(1)].to_vec();
        if most > 0 {
            parts.push(letters[most - 1..].concat());
        }
        return parts;
    }
    let mut parts = match most {
        None => owned(text.split(by).collect()),
        Some(most) => owned(text.splitn(most, by).collect()),
    };
    if name == "splitAfter" {
        let last = parts.len().saturating_sub(1);
        parts[..last].iter_mut().for_each(|part| part.push_str(by));
    }
    parts
}

/// Whole numbers below it are written without a point.
const WHOLE_MAX: f64 = 1e15;

fn json(value: &Value) -> Result<serde_json::Value, String> {
    use serde_json::Value as Json;
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Bool(found) => Json::Bool(*found),
        Value::Int(number) => Json::from(*number),
        // Go writes no point that tells nothing.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < WHOLE_MAX => {
            Json::from(*number as i64)
        }
        Value::Float(number) => match serde_json::Number::from_f64(*number) {
            Some(number) => Json::Number(number),
            None => return Err("json: unsupported value".into()),
        },
        Value::Text(text) => Json::String(text.clone()),
        Value::List(list) => Json::Array(list.iter().map(json).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let pair = |(key, value): (&String, &Value)| Ok((key.clone(), json(value)?));
            Json::Object(map.iter().map(pair).collect::<Result<_, String>>()?)
        }
        Value::Time(at) => Json::String(layout::format(at, layout::RFC3339_NANO)),
        Value::Span(nanos) => Json::from(*nanos),
        Value::Zone(_) => Json::Object(Default::default()),
    })
}

/// What JSON says; all its numbers have a point.
fn value(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Nil,
        Json::Bool(found) => Value::Bool(found),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::Text(text),
        Json::Array(list) => Value::List(list.into_iter().map(value).collect()),
        Json::Object(map) => {
            let map = map.into_iter().map(|(key, json)| (key, value(json)));
            Value::Map(map.collect::<BTreeMap<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, arguments: &[&str]) -> Value {
        let arguments: Vec<Value> = arguments.iter().map(|t| Value::Text((*t).into())).collect();
        call(name, &arguments).expect("a value")
    }

    #[test]
    fn texts_are_cut_and_put_together() {
        let text = |t: &str| Value::Text(t.into());
        assert_eq!(said("trim", &["__a_", "_"]), text("a"));
        assert_eq!(said("trimPrefix", &["v1.2", "v"]), text("1.2"));
        assert_eq!(said("replace", &["a-b-c", "-", "+"]), text("a+b+c"));
        assert_eq!(said("split", &["a,b", ","]), Value::List(vec![text("a"), text("b")]));
        assert_eq!(said("splitAfter", &["a,b", ","]), Value::List(vec![text("a,"), text("b")]));
        assert_eq!(said("split", &["ab", ""]), Value::List(vec![text("a"), text("b")]));
        assert_eq!(said("indexOf", &["abc", "z"]), Value::Int(-1));
        assert!(call("upper", &[Value::Int(1)]).is_err());
        assert!(call("repeat", &[text("a"), Value::Int(-1)]).is_err());
    }

    #[test]
    fn json_there_and_back() {
        let list = Value::List(vec![Value::Float(1.5), Value::Nil]);
        let Ok(Value::Text(text)) = call("toJSON", std::slice::from_ref(&list)) else {
            panic!("no text")
        };
        assert_eq!(call("fromJSON", &[Value::Text(text)]), Ok(list));
        assert!(call("toJSON", &[Value::Float(f64::NAN)]).is_err());
        let mut patterns = Patterns::default();
        assert_eq!(patterns.matches("v1.2.3", "^v1\\."), Ok(true));
        assert!(patterns.matches("a", "(").is_err());
        for n in 0..100 {
            assert_eq!(patterns.matches("x7", &format!("x{n}$")), Ok(n == 7));
        }
        assert!(patterns.kept.len() <= KEPT);
    }
}
