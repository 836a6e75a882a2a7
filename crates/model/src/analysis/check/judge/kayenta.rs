//! `kayenta`: Netflix' automated canary judge on one metric: series of both versions by ranks.
//!
//! The points since the new version began to serve, up to `lifetime` back; the stable version's of
//! the same time are the control. Cleaned, then labelled by Mann–Whitney's interval of the shift
//! ([`windtunnel_stats::kayenta`]: `NetflixACAJudge` of spinnaker/kayenta): High or Low fails, Pass
//! passes. The points should be independent: a `step` below the check's window makes neighbours
//! share requests, and the judge alarms far more often than its confidence says. Before `points`
//! points it waits. The score over groups of metrics flies with Argo's provider.

use super::{Asks, Judge, Judging, Look, Opinion, Samples};
use crate::world::action::{Tested, Verdict};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;
use windtunnel_stats::kayenta::{
    Direction, KayentaMetric, Label, Measure, MetricResult, Nan, Transform, judge_metric,
};

/// `kayenta` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> = Part {
    name: "kayenta",
    summary: "Netflix' judge: series of both versions, compared by ranks",
    read,
};

/// Most points of a version that are compared, the latest ones.
pub const POINTS_MAX: usize = 240;

/// The settings of the judge, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Kayenta {
    /// How a metric is judged.
    pub metric: KayentaMetric,
    /// What is done to points before.
    pub transform: Transform,
    /// Points of the new version before it judges.
    pub points: usize,
    /// As far back as this.
    pub lifetime: SimDuration,
    /// From point to point.
    pub step: Option<SimDuration>,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let (metric, transform) = classifier(r);
    let help = "how far back points are taken; of more than 240 the latest";
    let lifetime = r.duration("lifetime", "1h", help);
    let help = "from point to point; left out: the check's window, so that points share no request";
    let step = r.opt_duration("step", help);
    if let Some(step) = step.filter(|step| *step < SimDuration::from_secs(1)) {
        r.problem("step", format!("found {step}"), "at least 1s", "");
    }
    let help = "points of the new version before it judges; Spinnaker advises 50";
    let points = r.count("points", 50, 2..=POINTS_MAX as u64, help) as usize;
    Judging::by(Kayenta { metric, transform, points, lifetime, step })
}

/// How a metric is judged, in Kayenta's own words.
pub fn classifier(r: &mut Reader<'_>) -> (KayentaMetric, Transform) {
    let words = ["either", "increase", "decrease"];
    let direction = match r.choice("direction", &words, "either", "which movement is bad") {
        0 => Direction::Either,
        1 => Direction::Increase,
        _ => Direction::Decrease,
    };
    let help = "points without a number: left out, or taken as 0";
    let nan = match r.choice("nanStrategy", &["remove", "replace"], "remove", help) {
        0 => Nan::Remove,
        _ => Nan::Replace,
    };
    let help = "points far outside: kept, or left out";
    let removes = r.choice("outliers", &["keep", "remove"], "keep", help) == 1;
    let help = "interquartile ranges beyond which a point lies far outside; Kayenta's default";
    let factor = r.opt_number("outlierFactor", 0.0..=1e6, help);
    if factor.is_some() && !removes && !r.describing() {
        r.problem("outlierFactor", "given beside outliers: keep", "outliers: remove", "");
    }
    let help = "how the effect is measured: mean(new)/mean(stable), or P(new > stable)";
    let measure = match r.choice("measure", &["meanRatio", "cles"], "meanRatio", help) {
        0 => Measure::MeanRatio,
        _ => Measure::Cles,
    };
    let help = "High needs at least this effect; left out: 1 for meanRatio, 0.5 for cles";
    let allowed_increase = r.opt_number("allowedIncrease", 0.0..=1e9, help);
    let help = "Low needs at most this effect; left out: 1 for meanRatio, 0.5 for cles";
    let allowed_decrease = r.opt_number("allowedDecrease", 0.0..=1e9, help);
    let help = "share of the estimated shift that the interval must exceed; hard-coded in Kayenta";
    let tolerance = r.share("tolerance", "25%", help).value();
    let help = "confidence of the interval; hard-coded in Kayenta";
    let confidence = r.share("confidence", "98%", help).value();
    super::probability(r, "confidence", confidence);
    let metric = KayentaMetric {
        direction,
        measure,
        tolerance,
        confidence,
        allowed_increase,
        allowed_decrease,
        ..KayentaMetric::default()
    };
    (metric, Transform { nan, outliers: removes.then(|| factor.unwrap_or(3.0)) })
}

/// The latest points of a series.
pub fn latest(series: &[(i64, f64)]) -> Vec<f64> {
    series.iter().skip(series.len().saturating_sub(POINTS_MAX)).map(|(_, value)| *value).collect()
}

impl Kayenta {
    /// The end of the interval that decides, and what it must exceed.
    fn tested(&self, found: &MetricResult) -> Option<Tested> {
        let (interval, shift) = found.interval.zip(found.shift)?;
        let bound = self.metric.tolerance * shift.abs();
        let low = found.label == Label::Low
            || found.label == Label::Pass && self.metric.direction == Direction::Decrease;
        let (statistic, value, limit) = match low {
            true => ("upper end of the shift", interval.upper, -bound),
            false => ("lower end of the shift", interval.lower, bound),
        };
        Some(Tested { judge: PART.name, statistic, value, limit })
    }
}

impl Judge for Kayenta {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        let samples = Samples::Series { lifetime: self.lifetime, step: self.step };
        Asks { samples, stable: true, looks: Some(1) }
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        let Some(look) = looks.last() else { return Opinion::default() };
        let clean = |series: &[(i64, f64)]| self.transform.apply(&latest(series));
        let (new, control) = (clean(&look.new.series), clean(&look.stable.series));
        let mean = |values: &[f64]| {
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let seen = Opinion { value: mean(&new), limit: mean(&control), ..Opinion::default() };
        if !new.is_empty() && new.len() < self.points {
            return Opinion { verdict: Some(Verdict::Wait), ..seen };
        }
        let found = judge_metric(&self.metric, &control, &new);
        let verdict = match found.label {
            Label::Pass => Some(Verdict::Pass),
            Label::High | Label::Low => Some(Verdict::Fail),
            Label::Nodata | Label::NodataFailMetric => None,
        };
        Opinion { verdict, tested: self.tested(&found), ..seen }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Look, Sample};
    use super::*;

    #[test]
    fn it_waits_for_points_and_labels_them() {
        let judge = |direction| Kayenta {
            metric: KayentaMetric { direction, ..KayentaMetric::default() },
            transform: Transform { nan: Nan::Remove, outliers: None },
            points: 10,
            lifetime: SimDuration::from_secs(3600),
            step: None,
        };
        let series = |n: usize, shift: f64| -> Vec<(i64, f64)> {
            (0..n).map(|i| (i as i64, shift + (i * 7 % 5) as f64)).collect()
        };
        let of = |direction, new: Vec<(i64, f64)>| {
            let sight = |series| Sample { series, ..Sample::default() };
            let look = Look { new: sight(new), stable: sight(series(20, 0.0)) };
            judge(direction).judge(&[look]).verdict
        };
        assert_eq!(of(Direction::Either, series(9, 9.0)), Some(Verdict::Wait));
        assert_eq!(of(Direction::Either, series(20, 9.0)), Some(Verdict::Fail));
        assert_eq!(of(Direction::Decrease, series(20, 9.0)), Some(Verdict::Pass));
        assert_eq!(of(Direction::Either, Vec::new()), None);
        let gaps: Vec<(i64, f64)> = (0..30).map(|i| (i, f64::NAN)).collect();
        assert_eq!(of(Direction::Either, gaps), None, "nothing but gaps");
    }
}
