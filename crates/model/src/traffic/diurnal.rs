//! `diurnal`: the daily curve of human traffic, as a sine between trough and peak.
//!
//! Peak ÷ mean of 1.6–1.7 and peak ÷ trough of 3–4 are usual for worldwide users (Robust
//! Perception, "Do you know your peak-to-mean ratio").

use super::{Arrivals, Steps};
use std::f64::consts::TAU;
use windtunnel_base::maths;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `diurnal` for the catalogue: name, summary and reader.
pub const PART: Part<Arrivals> =
    Part { name: "diurnal", summary: "a daily curve between a trough and a peak", read };

/// Steps per period: fine enough that a step changes the rate by less than 5 %.
const STEPS: u64 = 96;

fn read(r: &mut Reader<'_>) -> Arrivals {
    let mean = r.rate("mean", "60/s", "mean arrivals over the period").value();
    let ratio = r.number("peakToMean", 1.65, 1.0..=2.0, "peak ÷ mean; 1.6–1.7 is usual");
    let period =
        r.duration("period", "24h", "length of the curve; compress a day to fly it faster");
    let start = r.share("start", "0%", "where in the curve the flight begins; 0% is the trough");
    if mean <= 0.0 || period < SimDuration::from_secs(1) {
        r.problem("mean", "no traffic", "a mean above 0 and a period of 1s or more", "");
        return Arrivals::Steps(Steps::constant(60.0));
    }
    let rate = |i: u64| {
        let phase = (i as f64 + 0.5) / STEPS as f64 + start.value();
        mean * (1.0 - (ratio - 1.0) * maths::cos(TAU * phase))
    };
    let span = SimDuration::from_nanos(period.as_nanos() / STEPS);
    let steps = (0..STEPS).map(|i| (span * i, rate(i))).collect();
    Arrivals::Steps(Steps { steps, period: Some(period) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::settings::describe;

    #[test]
    fn the_curve_keeps_its_mean_and_its_peak() {
        assert_eq!(describe(read).len(), 4);
        let sink = std::cell::RefCell::default();
        let node = windtunnel_base::node::Node::unplaced(windtunnel_base::node::Value::Null);
        let Arrivals::Steps(steps) = windtunnel_base::settings::read_tree(&node, "", &sink, read)
        else {
            panic!("a curve is made of steps");
        };
        let day = SimDuration::from_secs(86_400);
        assert!((steps.expected(day) / 86_400.0 - 60.0).abs() < 1e-6);
        let peak = steps.steps.iter().map(|s| s.1).fold(0.0, f64::max);
        assert!((peak / 99.0 - 1.0).abs() < 0.01, "{peak}");
    }
}
