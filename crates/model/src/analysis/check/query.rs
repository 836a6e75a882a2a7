//! `query`: any PromQL query of the user's own, held against a condition that fails the release.
//!
//! It is judged as release scripts judge: the first element of the answer is compared, and NaN
//! compares false, so it never fails a release. An answer without any element has nothing to
//! compare: `noData` decides.

use super::judge::{self, Counted, Judging, Samples};
use super::{Bound, Check, Compare, Metric, common};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::units::parse_duration;

/// `query` for the catalogue: name, summary and reader.
pub const PART: Part<Check> = Part {
    name: "query",
    summary: "a PromQL query of your own, with the condition that fails the release",
    read,
};

fn read(r: &mut Reader<'_>) -> Check {
    let text = r.required_text("query", "in PromQL; the series are those of docs/telemetry.md");
    let help = "the same of the stable version, for judges that compare the two";
    let stable = r.opt_text("stableQuery", help);
    let name = r.text("name", "query", "name in stories and tables");
    let help = "when the release fails, such as \"> 0.01\"; needed unless a judge is named";
    let fails = r.opt_text("failsWhen", help);
    let (window, no_data) = common(r);
    let bound = fails.as_deref().and_then(condition).unwrap_or_else(|| {
        if !r.describing() && r.has("failsWhen") {
            let found = format!("found {:?}", fails.as_deref().unwrap_or_default());
            let expected = "a comparison with a number: \"> 0.01\", \"<= 0.99\", \"== 0\"";
            r.problem("failsWhen", found, expected, "");
        }
        Bound::FailsWhen(Compare::Above, f64::INFINITY)
    });
    let judge = judge::read(r, bound, &["failsWhen"], Counted::No);
    if !r.describing() {
        sides(r, &judge);
    }
    Check::new(&name, Metric::Query { text, stable }, judge, window, no_data)
}

/// Does it say when it fails, and ask of the stable version if, and only if, its judge does?
fn sides(r: &mut Reader<'_>, judge: &Judging) {
    if !r.has("failsWhen") && !r.has("judge") {
        let help = "failsWhen: \"> 0.01\"";
        r.problem("failsWhen", "is missing", "a comparison, or a judge", help);
    }
    let (given, wanted) = (r.has("stableQuery"), judge.asks().stable);
    // Nothing is counted here: a judge that counts is told so, with or without that query.
    let counts = matches!(judge.asks().samples, Samples::Counts(_));
    if wanted && !given && !counts {
        let found = format!("{} compares with the stable version", judge.name());
        r.problem("stableQuery", found, "the query of the stable version", "");
    }
    if given && !wanted {
        let found = format!("{} does not ask the stable version", judge.name());
        r.problem("stableQuery", found, "a judge that does: relative or kayenta", "");
    }
}

/// Reads `> 0.01`, `> 1%` or `> 500ms` (in seconds).
pub fn condition(text: &str) -> Option<Bound> {
    let text = text.trim();
    let (sign, compare) = Compare::ALL.into_iter().find(|(sign, _)| text.starts_with(sign))?;
    let limit = text[sign.len()..].trim();
    let limit = match limit.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => match limit.parse() {
            Ok(number) => number,
            Err(_) => parse_duration(limit)?.as_secs_f64(),
        },
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
