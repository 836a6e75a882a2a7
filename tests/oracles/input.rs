//! The input of a case: values by key, where null and absent mean the same.

use serde_json::Value;
use windtunnel::base::time::{SimDuration, SimTime};
use windtunnel::strategy::deployment::bounds::{Bounds, IntOrPercent, Replacement};
use windtunnel::world::replica_set::PodPhase;

/// The values of one case, or of one object within it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(&'a Value);

impl<'a> Input<'a> {
    /// Reads from `value`.
    pub fn of(value: &'a Value) -> Self {
        Input(value)
    }

    /// The value at `key`, unless absent or null.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The object at `key`, unless absent or null.
    pub fn part(&self, key: &str) -> Option<Input<'a>> {
        self.get(key).map(Input)
    }

    /// The objects of the list at `key`; none if absent.
    pub fn parts(&self, key: &str) -> Vec<Input<'a>> {
        let list = self.get(key).and_then(Value::as_array);
        list.into_iter().flatten().map(Input).collect()
    }

    /// The words of the list at `key`; none if absent.
    pub fn words(&self, key: &str) -> Vec<&'a str> {
        let list = self.get(key).and_then(Value::as_array);
        list.into_iter().flatten().map(|word| word.as_str().expect("a word")).collect()
    }

    /// The number at `key`, unless absent or null.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key).map(|value| value.as_i64().unwrap_or_else(|| panic!("{key} is {value}")))
    }

    /// The count at `key`, unless absent or null.
    pub fn count_at(&self, key: &str) -> Option<u32> {
        self.number(key).map(|number| u32::try_from(number).expect("a count"))
    }

    /// The count at `key`, 0 if absent or null.
    pub fn count(&self, key: &str) -> u32 {
        self.count_at(key).unwrap_or(0)
    }

    /// The counts at `key`, one or a list of them; none if absent.
    pub fn counts(&self, key: &str) -> Vec<u32> {
        match self.get(key) {
            Some(Value::Array(list)) => {
                let count = |value: &Value| value.as_u64().and_then(|count| count.try_into().ok());
                list.iter().map(|value| count(value).expect("a count")).collect()
            }
            _ => self.count_at(key).into_iter().collect(),
        }
    }

    /// The switch at `key`, `usual` if absent or null.
    pub fn flag(&self, key: &str, usual: bool) -> bool {
        self.get(key).map_or(usual, |value| value.as_bool().expect("a switch"))
    }

    /// The text at `key`, empty if absent or null.
    pub fn text(&self, key: &str) -> &'a str {
        self.get(key).map_or("", |value| value.as_str().expect("a text"))
    }

    /// The span of seconds at `key`, unless absent or null.
    pub fn secs(&self, key: &str) -> Option<SimDuration> {
        self.get(key).map(|value| SimDuration::from_secs_f64(value.as_f64().expect("seconds")))
    }

    /// The instant as many seconds before [`now`] as `key` says, unless absent or null.
    pub fn ago(&self, key: &str) -> Option<SimTime> {
        self.secs(key).map(|age| now().saturating_sub(age))
    }

    /// The number or percent at `key`, unless absent or null.
    pub fn int_or_percent(&self, key: &str) -> Option<IntOrPercent> {
        self.get(key).map(|value| match value {
            Value::String(text) => IntOrPercent::Text(text.clone()),
            number => {
                let number = number.as_i64().and_then(|number| number.try_into().ok());
                IntOrPercent::Int(number.expect("a 32-bit number"))
            }
        })
    }

    /// The bounds that `max_surge` and `max_unavailable` come to for `replicas`.
    pub fn bounds(&self) -> Result<Bounds, String> {
        let (surge, unavailable) =
            (self.int_or_percent("max_surge"), self.int_or_percent("max_unavailable"));
        Bounds::resolve(surge.as_ref(), unavailable.as_ref(), self.count("replicas"))
    }

    /// The way of replacing at `strategy`, RollingUpdate if absent.
    pub fn replacement(&self) -> Replacement {
        match self.text("strategy") {
            "" | "RollingUpdate" => Replacement::RollingUpdate,
            "Recreate" => Replacement::Recreate,
            other => panic!("strategy {other}"),
        }
    }
}

/// The present of every case: late enough for any age.
pub fn now() -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(10_000_000_000)
}

/// The phase written as `text`; a pod without one has just been created.
pub fn phase(text: &str) -> PodPhase {
    match text {
        "" | "Pending" => PodPhase::Pending,
        "Running" => PodPhase::Running,
        "Succeeded" => PodPhase::Succeeded,
        "Failed" => PodPhase::Failed,
        "Unknown" => PodPhase::Unknown,
        other => panic!("phase {other}"),
    }
}
