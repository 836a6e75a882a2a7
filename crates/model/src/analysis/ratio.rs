//! What is told of a ratio that divides every series by itself, and what a check makes of it.
//!
//! Deliberately unknown here: whose check it is, and where it stands.

use super::promql::{Query, SelfRatio};

/// What a check makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// It is in doubt, or an error.
    Doubt,
    /// That is not known before a flight.
    Unknown,
}

/// A warning of the ratio: what it says, and a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatioFault {
    /// What always happens.
    pub message: String,
    /// A way out.
    pub help: String,
}

/// Tells of the first ratio in a query that divides every series by itself; `makes` judges an
/// answer of this one value, or an empty one, and `fails` says what a check that always fails does.
pub fn told(
    query: &Query,
    makes: impl Fn(Option<f64>) -> Makes,
    fails: &str,
) -> Option<RatioFault> {
    let ratio = query.self_ratio()?;
    let so = decided(&ratio, makes, fails).map_or(String::new(), |so| format!(": {so}"));
    Some(RatioFault { message: format!("{}{so}", what(&ratio)), help: help(&ratio) })
}

/// What the ratio comes to.
fn what(ratio: &SelfRatio) -> String {
    let (metric, labels) = (&ratio.metric, ratio.filtered.join(" and "));
    let Some(value) = ratio.value else {
        return format!(
            "no series of {metric} is on both sides of this ratio, which ask for different values \
             of {labels}: it is always empty"
        );
    };
    let sides = match labels.is_empty() {
        true => format!("both sides of this ratio are the same series of {metric}"),
        false => format!(
            "this ratio divides each series of {metric} by itself, for both sides keep {labels}"
        ),
    };
    let whole = ratio.whole.as_ref().filter(|whole| **whole != [value]);
    let whole = whole.map_or(String::new(), |whole| format!(", the query {}", listed(whole)));
    format!("{sides}, so it is always {value} or NaN{whole}")
}

fn listed(values: &[f64]) -> String {
    let texts: Vec<String> = values.iter().map(f64::to_string).collect();
    texts.join(" or ")
}

fn help(ratio: &SelfRatio) -> String {
    match (ratio.value, ratio.filtered.first()) {
        (_, None) => "ask for a part of them on one side, and sum both sides".to_string(),
        (Some(_), Some(label)) => {
            format!("sum both sides over {label}: sum(rate(…)) / sum(rate(…))")
        }
        (None, Some(label)) => format!("leave {label} out of the comparison: ignoring ({label})"),
    }
}

/// What a check makes of everything that the query can come to.
fn decided(ratio: &SelfRatio, makes: impl Fn(Option<f64>) -> Makes, fails: &str) -> Option<String> {
    let never = |all: &[Makes]| match all.iter().all(|made| *made == Makes::Fail) {
        true => format!("the check never passes, and {fails}"),
        false => "the check never passes".to_string(),
    };
    if ratio.value.is_none() {
        let made = makes(None);
        return matches!(made, Makes::Fail | Makes::Doubt).then(|| never(&[made]));
    }
    let whole = ratio.whole.as_ref().filter(|whole| !whole.is_empty())?;
    let known: Vec<Makes> = whole.iter().map(|value| makes(Some(*value))).collect();
    let (nan, empty) = (makes(Some(f64::NAN)), makes(None));
    let with_nan: Vec<Makes> = known.iter().copied().chain([nan]).collect();
    if with_nan.contains(&Makes::Unknown) {
        return None;
    }
    if with_nan.iter().chain([&empty]).all(|made| *made != Makes::Pass) {
        return Some(never(&with_nan));
    }
    if known.iter().any(|made| *made != Makes::Pass) {
        return None;
    }
    let but = [("NaN", nan), ("empty", empty)].into_iter().filter(|(_, made)| *made != Makes::Pass);
    let but: Vec<&str> = but.map(|(word, _)| word).collect();
    let but = match but.is_empty() {
        true => String::new(),
        false => format!(", unless it is {}", but.join(" or ")),
    };
    Some(format!("the check passes whatever the release does{but}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: &str = "rate(x{code=~\"5..\"}[1m]) / rate(x[1m])";

    fn check(text: &str, makes: impl Fn(Option<f64>) -> Makes, expected: &str) {
        let query = Query::parse(text).expect("a query");
        let told = told(&query, makes, "every release fails").expect("a ratio");
        assert!(told.message.ends_with(expected), "{told:?}");
        assert!(!told.help.is_empty());
    }

    fn below(limit: f64) -> impl Fn(Option<f64>) -> Makes {
        move |value| match value {
            Some(value) if value < limit => Makes::Pass,
            Some(_) => Makes::Fail,
            None => Makes::Doubt,
        }
    }

    #[test]
    fn what_a_check_makes_of_it_is_told() {
        let never = "always 1 or NaN: the check never passes, and every release fails";
        check(SAME, below(0.05), never);
        check(
            SAME,
            below(2.0),
            ": the check passes whatever the release does, unless it is NaN or empty",
        );
        check(SAME, |_| Makes::Pass, ": the check passes whatever the release does");
        check(SAME, |_| Makes::Doubt, ": the check never passes");
        check(SAME, |_| Makes::Unknown, "always 1 or NaN");
        let mixed = format!("{SAME} or vector(0)");
        check(&mixed, below(0.05), "always 1 or NaN, the query 0 or 1");
        let less = format!("1 - {SAME}");
        check(
            &less,
            below(0.05),
            "the query 0: the check passes whatever the release does, \
            unless it is NaN or empty",
        );
        check("x{a=\"b\"} / x{a=\"c\"}", below(0.05), "it is always empty: the check never passes");
    }
}
