//! Kayenta's canary config, as Argo's provider `kayenta` has it judged: series of both versions,
//! labels by metric, a score over groups, and the phase of the measurement.
//!
//! Read from argo-rollouts `metricproviders/kayenta/kayenta.go`: score ≥ pass is Successful,
//! ≥ marginal Inconclusive, else Failed; the score is cut to a whole number. The judge is
//! [`windtunnel_stats::kayenta`]. Deliberately absent: how series are asked for.

use super::outcome::Phase;
use windtunnel_base::time::SimDuration;
use windtunnel_stats::kayenta::{KayentaMetric, Label, Transform, judge_metric, score};

/// A canary config with its thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct CanaryConfig {
    /// Metrics that the config judges, in its order.
    pub metrics: Vec<Watched>,
    /// Groups with a weight in percent; others share what is left of 100.
    pub weights: Vec<(String, f64)>,
    /// `threshold.pass`.
    pub pass: u64,
    /// `threshold.marginal`.
    pub marginal: u64,
    /// How far back from a measurement points are taken.
    pub lifetime: SimDuration,
    /// From point to point.
    pub step: SimDuration,
}

/// One of its metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Group whose weight counts in the score: the first of `metrics[].groups`.
    pub group: String,
    /// Series of the new version, in PromQL.
    pub experiment: String,
    /// Series of the stable one.
    pub control: String,
    /// How it is judged.
    pub metric: KayentaMetric,
    /// What is done to the series before.
    pub transform: Transform,
    /// Does it count as failed without data?
    pub must_have_data: bool,
}

impl CanaryConfig {
    /// The score as Argo reads it, and the phase; `series` answers a query.
    pub fn judge(&self, series: &dyn Fn(&str) -> Vec<f64>) -> (u64, Phase) {
        let mut critical = false;
        let mut groups: Vec<(&str, Vec<Label>)> = Vec::new();
        for watched in &self.metrics {
            let of = |query: &str| watched.transform.apply(&series(query));
            let found =
                judge_metric(&watched.metric, &of(&watched.control), &of(&watched.experiment));
            critical |= found.critical_failure;
            let label = match found.label {
                Label::Nodata if watched.must_have_data && !watched.metric.critical => {
                    Label::NodataFailMetric
                }
                label => label,
            };
            match groups.iter_mut().find(|(name, _)| *name == watched.group) {
                Some((_, labels)) => labels.push(label),
                None => groups.push((&watched.group, vec![label])),
            }
        }
        let weight = |name: &str| self.weights.iter().find(|(n, _)| n == name).map(|(_, w)| *w);
        let weighed: Vec<(&[Label], Option<f64>)> =
            groups.iter().map(|(name, labels)| (labels.as_slice(), weight(name))).collect();
        let found = score(&weighed, critical, self.pass as f64, self.marginal as f64);
        let whole = found.score.max(0.0) as u64;
        let phase = match whole {
            whole if whole >= self.pass => Phase::Successful,
            whole if whole >= self.marginal => Phase::Inconclusive,
            _ => Phase::Failed,
        };
        (whole, phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_stats::kayenta::Nan;

    /// One of two groups of equal weight is High: 50, which is marginal, and pauses the rollout.
    #[test]
    fn a_marginal_score_is_inconclusive() {
        let watched = |group: &str, experiment: &str| Watched {
            group: group.into(),
            experiment: experiment.into(),
            control: "low".into(),
            metric: KayentaMetric::default(),
            transform: Transform { nan: Nan::Remove, outliers: None },
            must_have_data: false,
        };
        let of = |second: &str, pass| {
            let metrics = vec![watched("errors", "low"), watched("latency", second)];
            let [lifetime, step] = [600, 60].map(SimDuration::from_secs);
            let weights = Vec::new();
            let canary = CanaryConfig { metrics, weights, pass, marginal: 50, lifetime, step };
            canary.judge(&|query| {
                let shift = if query == "high" { 10.0 } else { 0.0 };
                (0..30).map(|i| shift + f64::from(i * 7 % 5)).collect()
            })
        };
        assert_eq!(of("high", 95), (50, Phase::Inconclusive));
        assert_eq!(of("low", 95), (100, Phase::Successful));
        assert_eq!(of("high", 40), (50, Phase::Successful));
    }
}
