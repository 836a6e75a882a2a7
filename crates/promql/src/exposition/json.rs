//! Series of recorded cases: `{"series": [{"labels": {…}, "samples": [[ms, value], …]}]}`.
//!
//! Values are numbers, or the texts `NaN`, `+Inf`, `-Inf` and `stale`, a staleness marker. What
//! else the object holds is read over.

use super::{Collector, Labels, Point, Recorded};
use crate::store::stale;
use serde_json::Value;
use windtunnel_base::problem::{Place, Problem};

/// Longest text, in bytes: its tree takes up to fifty times as much.
const LONGEST: usize = 32 << 20;

/// Reads the text.
pub fn read(text: &str) -> Result<Recorded, Vec<Problem>> {
    if text.len() > LONGEST {
        let found = format!("{} MB of JSON", text.len() >> 20);
        let problem = Problem::error(Place::default(), "", found);
        let help = "write long recordings as OpenMetrics text";
        return Err(vec![problem.expected(format!("at most {} MB", LONGEST >> 20)).help(help)]);
    }
    let file: Value = serde_json::from_str(text).map_err(|error| {
        let place = Place { line: error.line() as u32, column: error.column() as u32 };
        vec![Problem::error(place, "", format!("no JSON: {error}"))]
    })?;
    let Some(series) = file["series"].as_array() else {
        let problem = Problem::error(Place::default(), "series", "no list of series");
        return Err(vec![problem]);
    };
    let (mut collector, mut problems) = (Collector::default(), Vec::new());
    for (i, one) in series.iter().enumerate() {
        let mut wrong = |path: &str, expected: &str| {
            let path = format!("series[{i}]{path}");
            let problem = Problem::error(Place::default(), path, "is not what was expected");
            problems.push(problem.expected(expected));
        };
        let Some(labels) = labels(&one["labels"]) else {
            wrong(".labels", "an object of texts, `__name__` among them");
            continue;
        };
        let row = collector.row(labels);
        let samples = one["samples"].as_array().map_or(&[][..], Vec::as_slice);
        for (j, sample) in samples.iter().enumerate() {
            match (sample[0].as_i64(), number(&sample[1])) {
                (Some(at_ms), Some(value)) => {
                    collector.add(row, Point { at_ms, value, place: Place::default() });
                }
                _ => wrong(&format!(".samples[{j}]"), "[milliseconds, value]"),
            }
        }
    }
    let store = collector.store(&mut problems);
    let release_at_ms = file["release_at_ms"].as_i64();
    let recorded = Recorded { store, release_at_ms, warnings: Vec::new() };
    if problems.is_empty() { Ok(recorded) } else { Err(super::told(problems)) }
}

fn labels(value: &Value) -> Option<Labels> {
    let object = value.as_object().filter(|o| o.contains_key("__name__"))?;
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_string()));
    object.iter().map(text).collect()
}

fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("stale") => Some(stale()),
        Some("NaN") => Some(f64::NAN),
        Some("+Inf" | "Inf") => Some(f64::INFINITY),
        Some("-Inf") => Some(f64::NEG_INFINITY),
        Some(text) => text.parse().ok(),
        None => value.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::is_stale;

    #[test]
    fn values_and_problems() {
        let text = r#"{"version": "x", "series": [
            {"labels": {"__name__": "a"}, "samples": [[1, 2.5], [2, "stale"], [3, "+Inf"]]}]}"#;
        let store = read(text).expect("read").store;
        let samples: Vec<_> = store.ids().flat_map(|id| store.samples(id)).collect();
        assert_eq!((samples[0], samples[2]), ((1, 2.5), (3, f64::INFINITY)));
        assert!(is_stale(samples[1].1));
        let wrong = read(
            r#"{"series": [{"labels": {"a": 1}}, {"labels": {"__name__": "b"},
            "samples": [[1, "one"]]}]}"#,
        );
        let problems = wrong.expect_err("two problems");
        let paths: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(paths, ["series[0].labels", "series[1].samples[0]"]);
        assert_eq!(read("{").expect_err("cut").len(), 1);
        assert!(read("{}").is_err());
    }
}
