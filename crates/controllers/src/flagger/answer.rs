//! What the answer to a query means to a check.
//!
//! Read from fluxcd/flagger 1.44 `pkg/metrics/providers/prometheus.go` (`RunQuery`) and
//! `pkg/metrics/observers/*.go`. Deliberately unknown here: how a query is computed.

use windtunnel_base::time::SimDuration;

/// A response of Prometheus to an instant query.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Values of the samples of a vector, in the order of the response.
    Vector(Vec<f64>),
    /// Values over time, this many series.
    Matrix(usize),
    /// One value without labels, or a text: the decoder knows neither.
    Single,
    /// The query failed.
    Failed(String),
}

/// What a check makes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum FlaggerAnswer {
    /// A value to be held against the bounds.
    Value(f64),
    /// No values found: an empty vector, or NaN.
    NoValues,
    /// An error, in the controller's words.
    Error(String),
    /// What a provider answers that no flight can ask: within the bounds, or not.
    Given(bool),
}

/// Reads a response as the controller does: the last sample wins, NaN is no value, infinity is.
pub fn read(response: &Response) -> FlaggerAnswer {
    match response {
        Response::Vector(values) => match values.last() {
            Some(value) if !value.is_nan() => FlaggerAnswer::Value(*value),
            _ => FlaggerAnswer::NoValues,
        },
        Response::Matrix(0) => FlaggerAnswer::NoValues,
        Response::Matrix(_) => FlaggerAnswer::Error("query returned multiple values".into()),
        Response::Single => {
            let text = "error unmarshaling result: json: cannot unmarshal number into Go struct \
                        field .data.result";
            FlaggerAnswer::Error(text.into())
        }
        Response::Failed(text) => FlaggerAnswer::Error(format!("error response: {text}")),
    }
}

/// Milliseconds as a span: cut to whole ones, as `time.Duration(int64(value)) * time.Millisecond`
/// does. What does not fit 64 bits becomes the least number (amd64), and the product wraps.
pub fn whole_millis(value: f64) -> SimDuration {
    let fits = value.abs() < 9_223_372_036_854_775_808.0;
    let cut = if fits { value as i64 } else { i64::MIN };
    let nanos = cut.wrapping_mul(1_000_000);
    SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sample_wins_and_nan_is_no_value() {
        let vector = |values: &[f64]| read(&Response::Vector(values.to_vec()));
        assert_eq!(vector(&[100.0]), FlaggerAnswer::Value(100.0));
        assert_eq!(vector(&[1.0, 2.0]), FlaggerAnswer::Value(2.0));
        assert_eq!(vector(&[1.0, f64::NAN]), FlaggerAnswer::NoValues);
        assert_eq!(vector(&[f64::INFINITY]), FlaggerAnswer::Value(f64::INFINITY));
        assert_eq!(vector(&[]), FlaggerAnswer::NoValues);
    }

    #[test]
    fn only_vectors_can_be_read() {
        let several = FlaggerAnswer::Error("query returned multiple values".into());
        assert_eq!(read(&Response::Matrix(1)), several);
        assert_eq!(read(&Response::Matrix(0)), FlaggerAnswer::NoValues);
        assert!(matches!(read(&Response::Single), FlaggerAnswer::Error(_)));
    }

    #[test]
    fn durations_are_cut_to_whole_milliseconds() {
        assert_eq!(whole_millis(499.999), SimDuration::from_millis(499));
        assert_eq!(whole_millis(0.9), SimDuration::ZERO);
        assert_eq!(whole_millis(f64::INFINITY), SimDuration::ZERO);
    }
}
