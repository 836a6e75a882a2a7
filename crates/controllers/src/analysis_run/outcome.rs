//! What one measurement comes to.
//!
//! Follows `utils/evaluate/evaluate.go` (`EvaluateResult`) and
//! `metricproviders/prometheus/prometheus.go` (`processResponse`). Deliberately unknown here:
//! other measurements.

use super::metric::ArgoMetric;
use jiff::Zoned;
use windtunnel_expr::Condition;
use windtunnel_expr::value::Value;

/// Where a measurement, a metric or a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// As wanted.
    Successful,
    /// Under way.
    Running,
    /// Not begun.
    Pending,
    /// Neither good nor bad.
    Inconclusive,
    /// Could not be told.
    Error,
    /// Bad.
    Failed,
}

impl Phase {
    /// All, from best to worst, as the controller orders them.
    pub const ALL: [Phase; 6] = [
        Phase::Successful,
        Phase::Running,
        Phase::Pending,
        Phase::Inconclusive,
        Phase::Error,
        Phase::Failed,
    ];

    /// The controller's word.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Successful => "Successful",
            Phase::Running => "Running",
            Phase::Pending => "Pending",
            Phase::Inconclusive => "Inconclusive",
            Phase::Error => "Error",
            Phase::Failed => "Failed",
        }
    }

    /// Is it over?
    pub fn is_completed(self) -> bool {
        !matches!(self, Phase::Running | Phase::Pending)
    }
}

/// What a provider answered.
#[derive(Clone, Debug, PartialEq)]
pub enum MeasurementAnswer {
    /// One number.
    Scalar(f64),
    /// The samples of a vector or a matrix, one after the other.
    Samples(Vec<f64>),
    /// Another provider than Prometheus: what the measurement comes to is a setting.
    Given(Phase),
    /// Kayenta's score, and what the thresholds make of it.
    Scored(u64, Phase),
    /// The query failed, or its answer is a text.
    Failed(String),
}

/// A judged measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What it comes to.
    pub phase: Phase,
    /// What was measured, as the controller prints it.
    pub value: String,
    /// Why it is an error; empty otherwise.
    pub message: String,
}

/// Judges an answer by the conditions of a metric, at this instant.
pub fn judge(metric: &ArgoMetric, answer: &MeasurementAnswer, now: &Zoned) -> Judged {
    let (value, result) = match answer {
        MeasurementAnswer::Scalar(number) => (printed(*number), Value::Float(*number)),
        MeasurementAnswer::Samples(samples) => {
            let texts: Vec<String> = samples.iter().copied().map(printed).collect();
            (format!("[{}]", texts.join(",")), Value::floats(samples.iter().copied()))
        }
        MeasurementAnswer::Given(phase) => {
            let (value, message) = (String::new(), String::new());
            return Judged { phase: *phase, value, message };
        }
        MeasurementAnswer::Scored(score, phase) => {
            let (value, message) = (score.to_string(), String::new());
            return Judged { phase: *phase, value, message };
        }
        MeasurementAnswer::Failed(message) => {
            let (phase, message) = (Phase::Error, message.clone());
            return Judged { phase, value: String::new(), message };
        }
    };
    match evaluate(metric.success.as_deref(), metric.failure.as_deref(), &result, now) {
        Ok(phase) => Judged { phase, value, message: String::new() },
        // An error leaves no value behind.
        Err(message) => Judged { phase: Phase::Error, value: String::new(), message },
    }
}

/// The phase of one result under a success and a failure condition; empty ones are not set. The
/// error says which condition could not be evaluated, and why.
pub fn evaluate(
    success: Option<&str>,
    failure: Option<&str>,
    result: &Value,
    now: &Zoned,
) -> Result<Phase, String> {
    let holds = |which: &str, condition: Option<&str>| {
        let Some(text) = condition.filter(|text| !text.is_empty()) else { return Ok(None) };
        let found = Condition::parse(text).map_err(|f| f.text).and_then(|c| c.holds(result, now));
        let empty = match result {
            Value::Nil => true,
            Value::List(list) => list.is_empty(),
            _ => false,
        };
        found.map(Some).map_err(|why| {
            let nothing =
                "metric result is nil or empty: no data returned from the metric provider";
            let why = if empty { nothing } else { &why };
            format!("could not evaluate {which} \"{text}\": {why}")
        })
    };
    let success = holds("successCondition", success)?;
    let failure = holds("failureCondition", failure)?;
    Ok(match (success, failure) {
        (None, None) => Phase::Successful,
        (Some(true), None) | (None, Some(false)) | (Some(true), Some(false)) => Phase::Successful,
        (Some(false), Some(false)) => Phase::Inconclusive,
        (Some(false), None) | (_, Some(true)) => Phase::Failed,
    })
}

/// A number as Prometheus prints it.
fn printed(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_string();
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_expr::dates::epoch;

    fn phase(success: &str, failure: &str, samples: &[f64]) -> Phase {
        let condition = |text: &str| (!text.is_empty()).then(|| text.to_string());
        let (success, failure) = (condition(success), condition(failure));
        let metric = ArgoMetric { success, failure, ..ArgoMetric::default() };
        judge(&metric, &MeasurementAnswer::Samples(samples.to_vec()), &epoch()).phase
    }

    /// NaN compares false, so it fails a success condition, passes a failure condition, and is
    /// inconclusive between the two.
    #[test]
    fn nan_depends_on_what_is_written() {
        let nan = [f64::NAN];
        assert_eq!(phase("result[0] > 0.9", "", &nan), Phase::Failed);
        assert_eq!(phase("", "result[0] < 0.9", &nan), Phase::Successful);
        assert_eq!(phase("result[0] > 0.9", "result[0] < 0.9", &nan), Phase::Inconclusive);
    }

    #[test]
    fn an_empty_vector_is_an_error() {
        let metric =
            ArgoMetric { success: Some("result[0] > 0.9".into()), ..ArgoMetric::default() };
        let judged = judge(&metric, &MeasurementAnswer::Samples(vec![]), &epoch());
        assert_eq!(judged.phase, Phase::Error);
        assert_eq!(
            judged.message,
            "could not evaluate successCondition \"result[0] > 0.9\": metric result is nil or \
             empty: no data returned from the metric provider"
        );
        assert_eq!(phase("", "", &[]), Phase::Successful);
    }

    #[test]
    fn a_failure_condition_wins() {
        assert_eq!(phase("result[0] > 0", "result[0] > 1", &[2.0]), Phase::Failed);
        assert_eq!(phase("result[0] > 0", "result[0] > 1", &[1.0]), Phase::Successful);
    }
}
