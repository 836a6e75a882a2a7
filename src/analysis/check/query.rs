//! `query`: any PromQL query of the user's own, held against a condition that fails the release.
//!
//! It is judged as release scripts judge: the first element of the answer is compared, and NaN
//! compares false, so it never fails a release. An answer without any element has nothing to
//! compare: `noData` decides.

use super::{Bound, Check, Compare, Metric, common};
use crate::base::settings::{Part, Reader};

/// The part.
pub const PART: Part<Check> = Part {
    name: "query",
    summary: "a PromQL query of your own, with the condition that fails the release",
    read,
};

fn read(r: &mut Reader<'_>) -> Check {
    let text = r.required_text("query", "in PromQL; the series are those of docs/telemetry.md");
    let name = r.text("name", "query", "name in stories and tables");
    let fails = r.required_text("failsWhen", "when the release fails, such as \"> 0.01\"");
    let (window, no_data) = common(r);
    let bound = condition(&fails).unwrap_or_else(|| {
        if !r.describing() && r.has("failsWhen") {
            let found = format!("found {fails:?}");
            let expected = "a comparison with a number: \"> 0.01\", \"<= 0.99\", \"== 0\"";
            r.problem("failsWhen", found, expected, "");
        }
        Bound::FailsWhen(Compare::Above, f64::INFINITY)
    });
    Check::new(&name, Metric::Query { text }, bound, window, no_data)
}

/// Reads `> 0.01`.
pub fn condition(text: &str) -> Option<Bound> {
    let text = text.trim();
    let (sign, compare) = Compare::ALL.into_iter().find(|(sign, _)| text.starts_with(sign))?;
    let limit = text[sign.len()..].trim();
    let limit = match limit.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => limit.parse().ok()?,
    };
    (!limit.is_nan()).then_some(Bound::FailsWhen(compare, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_and_nan_never_fails() {
        let holds = |text: &str, value: f64| match condition(text) {
            Some(Bound::FailsWhen(compare, limit)) => compare.holds(value, limit),
            other => panic!("{text}: {other:?}"),
        };
        assert!(holds("> 0.01", 0.02) && !holds("> 0.01", 0.01) && holds(">=1%", 0.01));
        assert!(holds("< 99%", 0.98) && holds("<= 1", 1.0) && holds("!= 0", 1.0));
        assert!(holds("== 0", 0.0));
        for text in ["> 0", "< 0", ">= 0", "<= 0", "== 0"] {
            assert!(!holds(text, f64::NAN), "{text}");
        }
        for text in ["", "0.5", "> x", ">", "> NaN"] {
            assert_eq!(condition(text), None, "{text}");
        }
    }
}
