//! maxSurge and maxUnavailable: numbers or percents in, pods out.
//!
//! Follows apimachinery `pkg/util/intstr/intstr.go` and k/k
//! `pkg/controller/deployment/util/deployment_util.go`. Deliberately unknown here: replica sets.

use windtunnel_base::node::Value;
use windtunnel_base::settings::Reader;

/// A number, or a text that should be a percent: what the API allows for both settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// A number of pods.
    Int(i32),
    /// Any other text, checked when it is resolved.
    Text(String),
}

impl IntOrPercent {
    /// Reads a setting of 25 % by default, as Deployments and Rollouts have it.
    pub fn read(r: &mut Reader<'_>, name: &'static str, help: &'static str) -> Self {
        let text = r.text(name, "25%", help);
        let value = IntOrPercent::parse(&text);
        if value.resolve(100, true).is_ok_and(|pods| pods >= 0) {
            return value;
        }
        let expected = "a number of pods or a whole percentage such as 25%";
        r.problem(name, format!("found {text:?}"), expected, "");
        IntOrPercent::parse("25%")
    }

    /// As [`IntOrPercent::read`] reads it.
    pub fn written(&self) -> Value {
        match self {
            IntOrPercent::Int(pods) => Value::Integer(i64::from(*pods)),
            IntOrPercent::Text(percent) => Value::Text(percent.clone()),
        }
    }

    /// Reads text: what fits 32 bits becomes a number, anything else stays text.
    pub fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(number) => IntOrPercent::Int(number),
            Err(_) => IntOrPercent::Text(text.to_string()),
        }
    }

    /// The number of pods it means out of `total`. Only a percent depends on `total`; a part of a
    /// pod is rounded up or down. The error says what was expected.
    pub fn resolve(&self, total: u32, round_up: bool) -> Result<i64, String> {
        let text = match self {
            IntOrPercent::Int(number) => return Ok(i64::from(*number)),
            IntOrPercent::Text(text) => text,
        };
        let percent = text.strip_suffix('%').and_then(|digits| digits.parse::<i64>().ok());
        let Some(percent) = percent else {
            return Err(format!(
                "found {text:?}, expected a number or a whole percent like \"25%\""
            ));
        };
        let hundredths = i128::from(percent) * i128::from(total);
        let up = i128::from(round_up && hundredths.rem_euclid(100) != 0);
        i64::try_from(hundredths.div_euclid(100) + up)
            .map_err(|_| format!("{text:?} of {total} pods is not a number of pods"))
    }
}

/// How a Deployment replaces its pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replacement {
    /// Step by step within bounds.
    #[default]
    RollingUpdate,
    /// All old pods go before the first new one comes.
    Recreate,
}

/// The resolved bounds of a rollout, in pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Pods allowed above `spec.replicas`.
    pub surge: u32,
    /// Pods allowed to be unavailable, as resolved; may exceed `spec.replicas`.
    pub unavailable: u32,
}

impl Bounds {
    /// Resolves both settings against `replicas`; nothing means 0. A percent of surge rounds up,
    /// a percent of unavailable rounds down, and if both come out 0 one pod may be unavailable.
    pub fn resolve(
        max_surge: Option<&IntOrPercent>,
        max_unavailable: Option<&IntOrPercent>,
        replicas: u32,
    ) -> Result<Bounds, String> {
        let pods = |setting: Option<&IntOrPercent>, round_up| match setting {
            None => Ok(0),
            Some(setting) => {
                let pods = setting.resolve(replicas, round_up)?;
                u32::try_from(pods).map_err(|_| format!("{pods} is not a number of pods"))
            }
        };
        let (surge, unavailable) = (pods(max_surge, true)?, pods(max_unavailable, false)?);
        if surge == 0 && unavailable == 0 {
            return Ok(Bounds { surge, unavailable: 1 });
        }
        Ok(Bounds { surge, unavailable })
    }

    /// Pods that may be unavailable under this way of replacing: never more than `replicas`, and
    /// none under Recreate.
    pub fn max_unavailable(&self, replacement: Replacement, replicas: u32) -> u32 {
        match replacement {
            Replacement::RollingUpdate => self.unavailable.min(replicas),
            Replacement::Recreate => 0,
        }
    }

    /// Pods allowed above `spec.replicas` under this way of replacing: none under Recreate.
    pub fn max_surge(&self, replacement: Replacement) -> u32 {
        match replacement {
            Replacement::RollingUpdate => self.surge,
            Replacement::Recreate => 0,
        }
    }

    /// Pods that a rollout must keep available: none under Recreate.
    pub fn min_available(&self, replacement: Replacement, replicas: u32) -> u32 {
        match replacement {
            Replacement::RollingUpdate => replicas - self.max_unavailable(replacement, replicas),
            Replacement::Recreate => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The default 25 % / 25 %, as (surge, unavailable).
    #[test]
    fn a_quarter_of_small_deployments() {
        let quarter = IntOrPercent::parse("25%");
        let table =
            [(1, (1, 0)), (3, (1, 0)), (4, (1, 1)), (5, (2, 1)), (10, (3, 2)), (20, (5, 5))];
        for (replicas, (surge, unavailable)) in table {
            let bounds = Bounds::resolve(Some(&quarter), Some(&quarter), replicas);
            assert_eq!(bounds, Ok(Bounds { surge, unavailable }), "{replicas} replicas");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "%", "12.5%", "x%", "5 %", "10%%", "99999999999999999999%", "-1%"] {
            let setting = IntOrPercent::parse(text);
            assert!(Bounds::resolve(Some(&setting), None, 1000).is_err(), "{text:?}");
        }
        let most = IntOrPercent::Text(format!("{}%", i64::MAX));
        assert!(Bounds::resolve(None, Some(&most), u32::MAX).is_err());
    }
}
