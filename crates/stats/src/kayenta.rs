//! Netflix' automated canary judge, as Kayenta ships it: per metric by ranks, then a score.
//!
//! Behaviour read from spinnaker/kayenta (`NetflixACAJudge`, `MannWhitney`, `WeightedSumScorer`).
//! Two departures, both towards determinism: the interval's ends are the exact crossing points the
//! solver only approaches, and two constant series are compared without added noise. Three steps:
//! [`Transform`] cleans a series, [`judge_metric`] labels it, [`score`] weighs the labels.
//! Deliberately absent: where series come from.

use super::mann_whitney::{differences, mann_whitney, median_of_sorted, shifted_z};
use windtunnel_base::interval::Interval;
use windtunnel_base::special::two_sided_z;

/// Which movement is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More is bad.
    Increase,
    /// Less is bad.
    Decrease,
    /// Both are.
    Either,
}

/// What becomes of points that are no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nan {
    /// They are left out.
    Remove,
    /// They are 0.
    Replace,
}

/// What is done to a series before it is judged (`Transforms`, `IQRDetector` of kayenta-judge).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Points that are no number.
    pub nan: Nan,
    /// Outliers are removed, by this factor on the interquartile range.
    pub outliers: Option<f64>,
}

impl Transform {
    /// The points that are judged. An outlier lies below min(P1, Q1 − f·IQR) or above
    /// max(P99, Q3 + f·IQR), with percentiles of type 7.
    pub fn apply(&self, values: &[f64]) -> Vec<f64> {
        let clean = values.iter().filter_map(|value| match self.nan {
            _ if !value.is_nan() => Some(*value),
            Nan::Remove => None,
            Nan::Replace => Some(0.0),
        });
        let clean: Vec<f64> = clean.collect();
        let Some(factor) = self.outliers.filter(|_| !clean.is_empty()) else { return clean };
        let mut sorted = clean.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |p: f64| percentile(&sorted, p);
        let (low, high) = (at(0.25), at(0.75));
        let reach = factor * (high - low);
        let (least, most) = (at(0.01).min(low - reach), at(0.99).max(high + reach));
        clean.into_iter().filter(|value| *value >= least && *value <= most).collect()
    }
}

/// A percentile of type 7 (Hyndman and Fan 1996) of a row that is not empty.
fn percentile(ascending: &[f64], p: f64) -> f64 {
    let place = p * (ascending.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let next = ascending[(below + 1).min(ascending.len() - 1)];
    ascending[below] + part * (next - ascending[below])
}

/// How the size of an effect is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// mean(experiment)/mean(control); NaN if either is 0.
    MeanRatio,
    /// P(experiment > control) + ½P(equal).
    Cles,
}

/// The label of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Nothing to object to.
    Pass,
    /// The experiment is too high.
    High,
    /// The experiment is too low.
    Low,
    /// One side has no values.
    Nodata,
    /// One side has no values, and the metric had to have some.
    NodataFailMetric,
}

/// How a metric is judged. Limits left out take the measure's neutral value: 1 for the ratio, ½
/// for `Cles`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KayentaMetric {
    /// Which movement is bad.
    pub direction: Direction,
    /// Effect measure.
    pub measure: Measure,
    /// The shift must exceed this share of its own estimate (Kayenta: 0.25).
    pub tolerance: f64,
    /// Confidence of the interval (Kayenta: 0.98).
    pub confidence: f64,
    /// High needs at least this effect.
    pub allowed_increase: Option<f64>,
    /// Low needs at most this effect.
    pub allowed_decrease: Option<f64>,
    /// A critical metric that is High with at least this effect fails the whole analysis.
    pub critical_increase: Option<f64>,
    /// The same for Low with at most this effect.
    pub critical_decrease: Option<f64>,
    /// Is the metric critical?
    pub critical: bool,
}

impl Default for KayentaMetric {
    fn default() -> Self {
        KayentaMetric {
            direction: Direction::Either,
            measure: Measure::MeanRatio,
            tolerance: 0.25,
            confidence: 0.98,
            allowed_increase: None,
            allowed_decrease: None,
            critical_increase: None,
            critical_decrease: None,
            critical: false,
        }
    }
}

/// The judgement of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricResult {
    /// Pass, high, low or nodata, as Kayenta classifies it.
    pub label: Label,
    /// Does it fail the whole analysis by itself?
    pub critical_failure: bool,
    /// Interval of the shift; nothing where no test was made.
    pub interval: Option<Interval>,
    /// Estimated shift.
    pub shift: Option<f64>,
    /// mean(experiment)/mean(control), NaN if either is 0.
    pub mean_ratio: f64,
    /// The effect by the chosen measure; NaN where undefined.
    pub effect: f64,
}

/// Judges one metric. Empty series are `Nodata` (a critical one fails the analysis); equal series
/// and a single distinct value pass.
pub fn judge_metric(metric: &KayentaMetric, control: &[f64], experiment: &[f64]) -> MetricResult {
    let ratio = mean_ratio(control, experiment);
    let effect = match metric.measure {
        Measure::MeanRatio => ratio,
        Measure::Cles => mann_whitney(experiment, control, true).map_or(f64::NAN, |t| t.cles()),
    };
    let plain = |label, critical_failure| MetricResult {
        label,
        critical_failure,
        interval: None,
        shift: None,
        mean_ratio: ratio,
        effect,
    };
    if control.is_empty() || experiment.is_empty() {
        return plain(Label::Nodata, metric.critical);
    }
    if same_values(control, experiment) {
        return plain(Label::Pass, false);
    }
    let Some((interval, shift)) = shift_interval(experiment, control, metric.confidence) else {
        return plain(Label::Nodata, metric.critical);
    };
    let label = label(metric, interval, shift, effect);
    let neutral = neutral(metric.measure);
    let grave = match label {
        Label::High => effect >= metric.critical_increase.unwrap_or(neutral),
        Label::Low => effect <= metric.critical_decrease.unwrap_or(neutral),
        _ => false,
    };
    MetricResult {
        label,
        critical_failure: metric.critical && grave,
        interval: Some(interval),
        shift: Some(shift),
        mean_ratio: ratio,
        effect,
    }
}

fn neutral(measure: Measure) -> f64 {
    if measure == Measure::Cles { 0.5 } else { 1.0 }
}

/// High above b = tolerance·|shift|, Low below −b, if the direction and the effect allow it; an
/// effect that is NaN does.
fn label(metric: &KayentaMetric, interval: Interval, shift: f64, effect: f64) -> Label {
    let bound = metric.tolerance * shift.abs();
    let neutral = neutral(metric.measure);
    let (up, down) = (metric.allowed_increase, metric.allowed_decrease);
    let rises = effect.is_nan() || effect >= up.unwrap_or(neutral);
    let falls = effect.is_nan() || effect <= down.unwrap_or(neutral);
    if interval.lower > bound && metric.direction != Direction::Decrease && rises {
        Label::High
    } else if interval.upper < -bound && metric.direction != Direction::Increase && falls {
        Label::Low
    } else {
        Label::Pass
    }
}

fn mean_ratio(control: &[f64], experiment: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (below, above) = (mean(control), mean(experiment));
    if below == 0.0 || above == 0.0 { f64::NAN } else { above / below }
}

fn same_values(a: &[f64], b: &[f64]) -> bool {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    sorted(a) == sorted(b)
}

/// The shifts at which the standardised statistic crosses +z and −z, and the median difference.
/// The statistic is a falling step function whose steps lie at the differences x − y, so the
/// crossing is found among those; where it never reaches z, the range's end stands (as in R).
fn shift_interval(x: &[f64], y: &[f64], confidence: f64) -> Option<(Interval, f64)> {
    let mut steps = differences(x, y)?;
    let shift = median_of_sorted(&steps);
    steps.dedup();
    let z = two_sided_z(confidence);
    let last = steps.len() - 1;
    let crossing = |z: f64| -> Option<f64> {
        if shifted_z(x, y, steps[0])? <= z {
            return Some(steps[0]);
        }
        if shifted_z(x, y, steps[last])? >= z {
            return Some(steps[last]);
        }
        // Between steps i and i + 1 the statistic is constant.
        let (mut above, mut below) = (0, last);
        while below - above > 1 {
            let middle = usize::midpoint(above, below);
            let after = f64::midpoint(steps[middle], steps[middle + 1]);
            if shifted_z(x, y, after)? > z { above = middle } else { below = middle }
        }
        // Above z right after `above`, not so after `below`: it falls at one of their steps.
        let first = f64::midpoint(steps[0], steps[1]);
        let at_start = above == 0 && shifted_z(x, y, first)? <= z;
        Some(if at_start { steps[0] } else { steps[below] })
    };
    Some((Interval { lower: crossing(z)?, upper: crossing(-z)? }, shift))
}

/// The outcome of an analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Score at least the pass threshold.
    Pass,
    /// Score at least the marginal threshold.
    Marginal,
    /// Below both.
    Fail,
}

/// The score of an analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// 100·Pass/(Pass+High+Low+NodataFailMetric) per group, in the order given; nothing for a group
    /// without data, which counts as 100.
    pub groups: Vec<Option<f64>>,
    /// Weighted score, rounded to two decimals.
    pub score: f64,
    /// At least half of all metrics are `Nodata`: the score is 0.
    pub too_many_nodata: bool,
    /// What the score comes to by its thresholds.
    pub outcome: Outcome,
}

/// Scores groups of labels with their weights in percent; groups without one share what is left of
/// 100. A critical failure, or half of the metrics without data, makes the score 0.
pub fn score(
    groups: &[(&[Label], Option<f64>)],
    critical_failure: bool,
    pass_threshold: f64,
    marginal_threshold: f64,
) -> Score {
    let given: f64 = groups.iter().filter_map(|(_, weight)| *weight).sum();
    let open = groups.iter().filter(|(_, weight)| weight.is_none()).count();
    let rest = (100.0 - given) / open.max(1) as f64;
    let scores: Vec<Option<f64>> = groups.iter().map(|(labels, _)| group_score(labels)).collect();
    let all = groups.iter().flat_map(|(labels, _)| labels.iter());
    let (count, empty) = all.fold((0_usize, 0_usize), |(count, empty), label| {
        (count + 1, empty + usize::from(*label == Label::Nodata))
    });
    let too_many_nodata = 2 * empty >= count;
    let weighted = |(score, (_, weight)): (&Option<f64>, &(&[Label], Option<f64>))| {
        score.unwrap_or(100.0) * weight.unwrap_or(rest) / 100.0
    };
    let sum: f64 = scores.iter().zip(groups).map(weighted).sum();
    let zero = critical_failure || too_many_nodata;
    let score = if zero { 0.0 } else { (sum * 100.0).round() / 100.0 };
    let outcome = match score {
        s if s >= pass_threshold => Outcome::Pass,
        s if s >= marginal_threshold => Outcome::Marginal,
        _ => Outcome::Fail,
    };
    Score { groups: scores, score, too_many_nodata, outcome }
}

fn group_score(labels: &[Label]) -> Option<f64> {
    let judged = labels.iter().filter(|l| **l != Label::Nodata).count();
    let passed = labels.iter().filter(|l| **l == Label::Pass).count();
    (judged > 0).then(|| 100.0 * passed as f64 / judged as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_cases_come_first() {
        let metric = KayentaMetric::default();
        let label = |c: &[f64], e: &[f64]| judge_metric(&metric, c, e).label;
        assert_eq!(label(&[], &[1.0]), Label::Nodata);
        assert_eq!(label(&[1.0, 2.0], &[2.0, 1.0]), Label::Pass);
        assert_eq!(label(&[3.0; 5], &[3.0; 9]), Label::Pass);
        assert_eq!(label(&[3.0; 9], &[4.0; 9]), Label::High);
        assert_eq!(label(&[4.0; 9], &[3.0; 9]), Label::Low);
        assert_eq!(label(&[f64::NAN], &[3.0; 9]), Label::Nodata);
        let critical = KayentaMetric { critical: true, ..metric };
        assert!(judge_metric(&critical, &[], &[1.0]).critical_failure);
    }

    /// Of 0, 1, …, 99 and 1000: Q1 = 25, Q3 = 75, so 75 + 3 · 50 = 225 bounds what is kept, and
    /// P99 = 99 lies below that.
    #[test]
    fn series_are_cleaned() {
        let mut values: Vec<f64> = (0..100).map(f64::from).collect();
        values.extend([1000.0, f64::NAN]);
        let of = |nan, outliers| Transform { nan, outliers }.apply(&values);
        assert_eq!(of(Nan::Remove, None).len(), 101);
        assert_eq!(of(Nan::Replace, None).len(), 102);
        assert_eq!(of(Nan::Remove, Some(3.0)).len(), 100);
        assert_eq!(of(Nan::Remove, Some(30.0)).len(), 101);
        assert!(Transform { nan: Nan::Remove, outliers: Some(3.0) }.apply(&[]).is_empty());
    }

    /// A critical failure zeroes the score; an analysis without metrics has too little data.
    #[test]
    fn zero_scores() {
        let labels = [Label::Pass, Label::Pass];
        let groups: [(&[Label], Option<f64>); 1] = [(&labels, None)];
        assert_eq!(score(&groups, false, 90.0, 50.0).score, 100.0);
        assert_eq!(score(&groups, true, 90.0, 50.0).outcome, Outcome::Fail);
        assert!(score(&[], false, 90.0, 50.0).too_many_nodata);
    }
}
