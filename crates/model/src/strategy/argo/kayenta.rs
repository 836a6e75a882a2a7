//! `kayenta` of a metric: Kayenta's canary config with the thresholds of Argo's provider.
//!
//! It is read and written here, and its series are asked as the subqueries that [`over`] makes.
//! Deliberately unknown here: how they are judged.

use crate::analysis::argo::canary_config::{CanaryConfig, Watched};
use crate::analysis::check::about::range;
use crate::analysis::check::judge::kayenta::{POINTS_MAX, classifier};
use windtunnel_base::node::Value;
use windtunnel_base::settings::Reader;
use windtunnel_base::settings::written::{Mapping, count, duration, list, share, text};
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;
use windtunnel_stats::kayenta::{self as judge, Direction, Measure, Nan};

/// The setting's name.
pub const NAME: &str = "kayenta";

/// The query of a side over the time that is judged.
pub fn over(canary: &CanaryConfig, query: &str) -> String {
    format!("(\n{query}\n)[{}:{}]", range(canary.lifetime), range(canary.step))
}

/// Kayenta's canary config with the thresholds of Argo's provider.
pub fn read(r: &mut Reader<'_>) -> CanaryConfig {
    let pass = r.count("pass", 95, 0..=100, "lowest score of a success");
    let marginal = r.count("marginal", 75, 0..=100, "lowest score that is inconclusive: a pause");
    if marginal > pass && !r.describing() {
        r.problem("marginal", format!("found {marginal}"), "at most `pass`", "");
    }
    let lifetime = r.duration("lifetime", "10m", "how far back points are taken");
    let step = r.duration("step", "60s", "from point to point; Spinnaker's default is 60s");
    if (step < SimDuration::from_secs(1) || lifetime > step * POINTS_MAX as u64) && !r.describing()
    {
        let expected = "at least 1s, and at most 240 points a lifetime";
        r.problem("step", format!("found {step}"), expected, "");
    }
    let groups = r.opt_list("groups", "weights of groups; others share what is left of 100", |r| {
        let name = r.required_text("name", "its name");
        (name, r.number("weight", 100.0, 0.0..=100.0, "in percent"))
    });
    let metrics = r.opt_list("metrics", "series of both versions, in Kayenta's own words", |r| {
        let group = r.text("group", "metrics", "its group");
        let experiment = r.required_text("experiment", "PromQL of the new version");
        let control = r.required_text("control", "PromQL of the stable version");
        let (metric, transform) = classifier(r);
        let critical = r.flag("critical", false, "its failure makes the whole score 0");
        let help = "High of a critical metric needs this effect to fail all; as allowedIncrease";
        let critical_increase = r.opt_number("criticalIncrease", 0.0..=1e9, help);
        let help = "Low of a critical metric needs at most this effect to fail all";
        let critical_decrease = r.opt_number("criticalDecrease", 0.0..=1e9, help);
        let help = "without data it counts as failed, unless it is critical";
        let must_have_data = r.flag("mustHaveData", false, help);
        let metric =
            judge::KayentaMetric { critical, critical_increase, critical_decrease, ..metric };
        Watched { group, experiment, control, metric, transform, must_have_data }
    });
    let metrics = metrics.unwrap_or_default();
    if metrics.is_empty() && !r.describing() {
        r.problem("metrics", "no metric", "one or more", "");
    }
    let weights = groups.unwrap_or_default();
    CanaryConfig { metrics, weights, pass, marginal, lifetime, step }
}

/// A canary config that reads back as the same.
pub fn write(canary: &CanaryConfig) -> Value {
    let group = |(name, weight): &(String, f64)| {
        let weight = Value::Number(*weight);
        Mapping::default().with("name", text(name)).with("weight", weight).value()
    };
    Mapping::default()
        .with("pass", count(canary.pass))
        .with("marginal", count(canary.marginal))
        .with("lifetime", text(duration(canary.lifetime)))
        .with("step", text(duration(canary.step)))
        .with("groups", list(canary.weights.iter().map(group)))
        .with("metrics", list(canary.metrics.iter().map(watched)))
        .value()
}

fn watched(watched: &Watched) -> Value {
    let metric = &watched.metric;
    let direction = match metric.direction {
        Direction::Either => "either",
        Direction::Increase => "increase",
        Direction::Decrease => "decrease",
    };
    let nan = if watched.transform.nan == Nan::Remove { "remove" } else { "replace" };
    let outliers = watched.transform.outliers;
    let measure = if metric.measure == Measure::Cles { "cles" } else { "meanRatio" };
    Mapping::default()
        .with("group", text(&watched.group))
        .with("experiment", text(&watched.experiment))
        .with("control", text(&watched.control))
        .with("direction", text(direction))
        .with("nanStrategy", text(nan))
        .with("outliers", text(if outliers.is_some() { "remove" } else { "keep" }))
        .maybe("outlierFactor", outliers.map(Value::Number))
        .with("measure", text(measure))
        .maybe("allowedIncrease", metric.allowed_increase.map(Value::Number))
        .maybe("allowedDecrease", metric.allowed_decrease.map(Value::Number))
        .with("tolerance", text(share(Share::clamped(metric.tolerance))))
        .with("confidence", text(share(Share::clamped(metric.confidence))))
        .with("critical", Value::Flag(metric.critical))
        .maybe("criticalIncrease", metric.critical_increase.map(Value::Number))
        .maybe("criticalDecrease", metric.critical_decrease.map(Value::Number))
        .with("mustHaveData", Value::Flag(watched.must_have_data))
        .value()
}
