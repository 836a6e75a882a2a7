//! What a check makes of an answer, and which values pass it.

use super::check::{Check, Judge, Text};
use super::world::Answer;
use jiff::Zoned;
use windtunnel_controllers::analysis_run::outcome::{Phase, evaluate};
use windtunnel_expr::value::Value;

/// What a check makes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// Neither: a person is waited for.
    Doubt,
    /// The answer cannot be judged, and why.
    Error(String),
}

/// What a check makes of an answer; nothing if nobody says how it judges.
pub fn made(check: &Check, answer: Answer) -> Option<Made> {
    let value = answer.value();
    match &check.judge {
        Judge::Unknown => None,
        Judge::Conditions { success, failure } => {
            let result = match answer {
                Answer::Scalar(value) => Value::Float(value),
                Answer::Vector(value, many) => {
                    let count = if many { 2 } else { 1 };
                    Value::floats(
                        value.into_iter().cycle().take(count * usize::from(value.is_some())),
                    )
                }
            };
            Some(by_conditions(success.as_ref(), failure.as_ref(), &result))
        }
        // No value is an error there, and counts as a failed check.
        Judge::Bounds { min, max, .. } => Some(match value.filter(|value| !value.is_nan()) {
            None => Made::Error("no values found".to_string()),
            Some(v) if min.is_some_and(|min| v < min) || max.is_some_and(|max| v > max) => {
                Made::Fail
            }
            Some(_) => Made::Pass,
        }),
        Judge::FailsWhen { sign, limit, .. } => Some(match value {
            None => Made::Error("no answer".to_string()),
            Some(value) if value.is_nan() => Made::Error("no number".to_string()),
            Some(value) if sign.holds(value, *limit) => Made::Fail,
            Some(_) => Made::Pass,
        }),
    }
}

fn by_conditions(success: Option<&Text>, failure: Option<&Text>, result: &Value) -> Made {
    let text = |condition: Option<&Text>| {
        condition.map(|c| c.text.clone()).filter(|text| !text.trim().is_empty())
    };
    let (success, failure) = (text(success), text(failure));
    match evaluate(success.as_deref(), failure.as_deref(), result, &now()) {
        Ok(Phase::Successful) => Made::Pass,
        Ok(Phase::Inconclusive) => Made::Doubt,
        Ok(_) => Made::Fail,
        Err(why) => Made::Error(why),
    }
}

/// An instant: no condition that is looked at here hangs on it.
fn now() -> Zoned {
    windtunnel_expr::dates::epoch()
}

/// The sixteenth root of 10: sixteen values a decade.
const STEP: f64 = 1.154_781_984_689_458_2;

/// Values that a check is tried with: nothing, and from a ten-thousandth to a million.
pub fn grid() -> impl Iterator<Item = f64> {
    let rising = std::iter::successors(Some(1e-4), |value| Some(value * STEP));
    std::iter::once(0.0).chain(rising.take(161))
}

/// Which way a check passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Passing {
    /// Values up to a limit pass.
    Low(f64),
    /// Values from a limit on pass.
    High(f64),
    /// Every value passes.
    All,
    /// None does.
    Nothing,
    /// Something else.
    Odd,
}

/// Which values pass a check whose query yields a vector or a number.
pub fn passing(check: &Check, scalar: bool) -> Option<Passing> {
    let passes = |value: f64| {
        let answer =
            if scalar { Answer::Scalar(value) } else { Answer::Vector(Some(value), false) };
        made(check, answer).map(|made| made == Made::Pass)
    };
    let tried: Vec<(f64, bool)> =
        grid().map(|value| Some((value, passes(value)?))).collect::<Option<_>>()?;
    let turns: Vec<usize> = (1..tried.len()).filter(|i| tried[*i].1 != tried[i - 1].1).collect();
    Some(match turns[..] {
        [] if tried[0].1 => Passing::All,
        [] => Passing::Nothing,
        [turn] => {
            let limit = bisected(tried[turn - 1].0, tried[turn].0, |value| {
                passes(value) == Some(tried[turn].1)
            });
            if tried[0].1 { Passing::Low(limit) } else { Passing::High(limit) }
        }
        _ => Passing::Odd,
    })
}

/// Where a question turns from no to yes between two values, to six digits.
fn bisected(mut no: f64, mut yes: f64, is: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = (no + yes) / 2.0;
        if is(middle) { yes = middle } else { no = middle }
    }
    format!("{yes:.5e}").parse().unwrap_or(yes)
}

/// A share as people write it: `5 %`.
pub fn percent(share: f64) -> String {
    let rounded = (share * 1e6).round() / 1e4;
    format!("{rounded} %")
}
