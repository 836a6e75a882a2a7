//! Typed values as they are written in a Scenario: what the reader reads back as the same value.
//!
//! Deliberately absent: which field holds what.

use crate::node::{Key, Node, Value};
use crate::problem::Place;
use crate::time::SimDuration;
use crate::units::{Rate, Share, parse_share};

/// A mapping in the making: fields in the order in which they are given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping(Vec<(Key, Node)>);

impl Mapping {
    /// The mapping with one field more.
    pub fn with(mut self, name: &str, value: Value) -> Mapping {
        let key = Key { place: Place::default(), name: name.to_string() };
        self.0.push((key, Node::unplaced(value)));
        self
    }

    /// The same, if there is a value.
    pub fn maybe(self, name: &str, value: Option<Value>) -> Mapping {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// As a value.
    pub fn value(self) -> Value {
        Value::Map(self.0)
    }
}

/// A text.
pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A whole number.
pub fn count(number: impl Into<u64>) -> Value {
    Value::Integer(i64::try_from(number.into()).unwrap_or(i64::MAX))
}

/// A list.
pub fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::List(values.into_iter().map(Node::unplaced).collect())
}

/// A span of time: in whole seconds or milliseconds as people write them, else as the seconds that
/// read back as the same nanosecond.
pub fn duration(span: SimDuration) -> String {
    let nanos = span.as_nanos();
    match (nanos % 1_000_000_000, nanos % 1_000_000) {
        (0, _) => return format!("{}s", nanos / 1_000_000_000),
        (_, 0) if nanos < 1_000_000_000_000 => return format!("{}ms", nanos / 1_000_000),
        _ => {}
    }
    let secs = span.as_secs_f64();
    let near = [secs, secs.next_up(), secs.next_down()];
    let exact = near.into_iter().find(|secs| SimDuration::from_secs_f64(*secs) == span);
    format!("{}s", exact.unwrap_or(secs))
}

/// A share: in percent where that is exact.
pub fn share(share: Share) -> String {
    let percent = format!("{}%", (share.value() * 1e8).round() / 1e6);
    if parse_share(&percent) == Some(share) { percent } else { share.value().to_string() }
}

/// A rate per second.
pub fn rate(rate: Rate) -> String {
    format!("{}/s", rate.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{parse_duration, parse_rate};
    use proptest::prelude::*;

    proptest! {
        /// For every span that a reader can have read, up to its ten years.
        #[test]
        fn what_is_written_reads_back(
            secs in 0.0..3.2e8_f64,
            small in 0.0..100.0_f64,
            millis in 0..10_000_000_u64,
            part in 0.0..=1.0_f64,
            whole in 0..=10_000_u32,
            per_sec in 0.0..1e9_f64,
        ) {
            let spans = [secs, secs.round(), small, millis as f64 / 1e3];
            for span in spans.map(SimDuration::from_secs_f64) {
                prop_assert_eq!(parse_duration(&duration(span)), Some(span));
            }
            for value in [Share::clamped(part), Share::clamped(f64::from(whole) / 1e4)] {
                prop_assert_eq!(parse_share(&share(value)), Some(value));
            }
            let value = Rate::per_sec(per_sec);
            prop_assert_eq!(parse_rate(&rate(value)), Some(value));
        }
    }
}
