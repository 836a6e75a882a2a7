//! Metrics of a Canary that divide every series by itself, so that they decide nothing.

use super::bind::Asked;
use super::check::{Source, passes};
use super::settings::FlaggerSettings;
use crate::analysis::ratio::{self, Makes};
use crate::strategy::pilot::Surprise;

/// What is told of them.
pub(super) fn surprises(settings: &FlaggerSettings, asked: &Asked) -> Vec<Surprise> {
    let analysis = settings.analysis.iter().filter(|_| !settings.skips_analysis());
    let metrics: Vec<_> = analysis.flat_map(|analysis| &analysis.metrics).collect();
    let of = |((number, source), query): (&(usize, Source), _)| {
        let metric = metrics.get(*number)?;
        let field = match source {
            // The controller's own queries are shares.
            Source::Builtin => return None,
            Source::Inline => "query",
            Source::Template => "template.query",
        };
        // NaN and an empty answer are no values, which halts (prometheus.go, ErrNoValuesFound).
        let makes = |value: Option<f64>| match value.filter(|value| !value.is_nan()) {
            Some(value) if passes(metric, value) => Makes::Pass,
            _ => Makes::Fail,
        };
        let told = ratio::told(query, makes, "every release goes back")?;
        let path = format!("analysis.metrics[{number}].{field}");
        Some(Surprise { path, message: told.message, help: told.help })
    };
    asked.queries.iter().filter_map(of).collect()
}
