//! Events in Flagger's own words, and the way Go prints what stands in them.

use windtunnel_base::time::SimDuration;

/// One line of `kubectl describe canary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Of type Warning, not Normal.
    pub warning: bool,
    /// What it says.
    pub text: String,
}

impl Event {
    /// An event of type Normal.
    pub fn info(text: impl Into<String>) -> Event {
        Event { warning: false, text: text.into() }
    }

    /// An event of type Warning.
    pub fn warning(text: impl Into<String>) -> Event {
        Event { warning: true, text: text.into() }
    }
}

/// A span as Go prints a `time.Duration`: `350ms`, `1.5s`, `1m0s`.
pub fn go_duration(span: SimDuration) -> String {
    let nanos = span.as_nanos();
    if nanos == 0 {
        return "0s".into();
    }
    if nanos < 1_000_000_000 {
        let (unit, size) = match nanos {
            n if n < 1_000 => ("ns", 1.0),
            n if n < 1_000_000 => ("µs", 1e3),
            _ => ("ms", 1e6),
        };
        return format!("{}{unit}", nanos as f64 / size);
    }
    let (hours, minutes) = (nanos / 3_600_000_000_000, nanos / 60_000_000_000 % 60);
    let secs = (nanos % 60_000_000_000) as f64 / 1e9;
    match (hours, minutes) {
        (0, 0) => format!("{secs}s"),
        (0, _) => format!("{minutes}m{secs}s"),
        _ => format!("{hours}h{minutes}m{secs}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_as_go_prints_them() {
        let cases = [(0, "0s"), (500, "500ms"), (1_500, "1.5s"), (60_000, "1m0s")];
        for (millis, text) in cases {
            assert_eq!(go_duration(SimDuration::from_millis(millis)), text);
        }
        assert_eq!(go_duration(SimDuration::from_secs(3_723)), "1h2m3s");
        assert_eq!(go_duration(SimDuration::from_nanos(1_500)), "1.5µs");
    }
}
