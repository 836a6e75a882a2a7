//! Reads recorded cases: `input` in, `expected` compared.

pub mod analysis;
pub mod judges;
pub mod stats;

use serde_json::{Map, Value, json};

/// A runner answers one case's input; nothing if it refuses it.
pub type Runner = fn(&Input) -> Option<Value>;

/// One family of cases.
pub struct Family {
    pub name: &'static str,
    /// Keys that are known less exactly than the ten digits of all others, and how exactly
    /// (absolute).
    pub loose: (&'static [&'static str], f64),
    pub run: Runner,
}

/// Recorded values have ten significant digits.
const RELATIVE: f64 = 1e-8;

impl Family {
    /// Ten digits everywhere.
    pub const fn exact(name: &'static str, run: Runner) -> Family {
        Family { name, loose: (&[], 0.0), run }
    }
}

/// The input of a case.
pub struct Input<'a>(pub &'a Map<String, Value>);

impl<'a> Input<'a> {
    pub fn value(&self, key: &str) -> &'a Value {
        self.0.get(key).unwrap_or_else(|| panic!("no input `{key}`"))
    }

    pub fn number(&self, key: &str) -> f64 {
        self.value(key).as_f64().unwrap_or_else(|| panic!("`{key}` is no number"))
    }

    pub fn maybe(&self, key: &str) -> Option<f64> {
        self.0.get(key).and_then(Value::as_f64)
    }

    pub fn count(&self, key: &str) -> u64 {
        let number = self.number(key);
        assert!(number >= 0.0 && number.fract() == 0.0, "`{key}` is no count");
        number as u64
    }

    pub fn flag(&self, key: &str) -> bool {
        self.value(key).as_bool().unwrap_or_else(|| panic!("`{key}` is no flag"))
    }

    pub fn text(&self, key: &str) -> &'a str {
        self.value(key).as_str().unwrap_or_else(|| panic!("`{key}` is no text"))
    }

    pub fn array(&self, key: &str) -> &'a [Value] {
        self.value(key).as_array().unwrap_or_else(|| panic!("`{key}` is no list"))
    }

    pub fn numbers(&self, key: &str) -> Vec<f64> {
        let number = |v: &Value| v.as_f64().unwrap_or_else(|| panic!("`{key}`: {v} is no number"));
        self.array(key).iter().map(number).collect()
    }

    pub fn texts(&self, key: &str) -> Vec<&'a str> {
        self.array(key).iter().map(|v| v.as_str().expect("a text")).collect()
    }
}

/// NaN and infinities as the oracle writes them.
pub fn number(value: f64) -> Value {
    if value.is_nan() { json!("NaN") } else { json!(value) }
}

/// Compares an answer with what was expected; says where they differ. A key the oracle leaves out
/// is the same as null.
pub fn compare(got: &Value, expected: &Value, family: &Family, place: &str) -> Vec<String> {
    let differs = || vec![format!("{place}: got {got}, expected {expected}")];
    match (got, expected) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let at = |m: &Map<String, Value>, k: &str| m.get(k).cloned().unwrap_or(Value::Null);
            let of = |k: &String| compare(&at(a, k), &at(b, k), family, &format!("{place}.{k}"));
            keys.into_iter().flat_map(of).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.flat_map(|(i, (a, b))| compare(a, b, family, &format!("{place}[{i}]"))).collect()
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            // Around zero (a difference that cancels) ten digits of what was subtracted remain.
            let loose = family.loose.0.iter().any(|key| place.ends_with(key));
            let floor = if loose { family.loose.1 } else { 1e-14 };
            let allowed = floor.max(RELATIVE * b.abs());
            if (a - b).abs() <= allowed { Vec::new() } else { differs() }
        }
        (Value::Null, Value::String(s)) | (Value::String(s), Value::Null) if s == "NaN" => {
            Vec::new()
        }
        _ if got == expected => Vec::new(),
        _ => differs(),
    }
}
