//! Who sends what, when. One file per source of traffic.
//!
//! A source turns its settings into an [`Arrivals`] plan; the engine draws the tape from the plan.
//! Nothing here knows pods, strategies or the clock. Adding a source: one file, one line in
//! [`SOURCES`].

use std::sync::Arc;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::Part;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;

pub mod bursts;
pub mod closed_loop;
pub mod diurnal;
pub mod piecewise;
pub mod poisson;
pub mod trace;

/// All sources of traffic, by their name in YAML.
pub const SOURCES: &[Part<Arrivals>] =
    &[poisson::PART, piecewise::PART, diurnal::PART, bursts::PART, trace::PART, closed_loop::PART];

/// A plan of arrivals.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Poisson arrivals whose rate is constant between the instants of a list.
    Steps(Steps),
    /// Arrivals as recorded.
    Trace(Arc<[Recorded]>),
    /// A fixed number of users, each waiting for its answer and then thinking.
    Closed {
        /// Users at work at the same time.
        sessions: u32,
        /// Wait between an answer and the next request.
        think: Distribution,
    },
    /// A recorded trace in a file that has not been read yet.
    TraceFile {
        /// Path as written, relative to the scenario's file.
        path: String,
        /// Speed-up of the recording.
        speed: f64,
    },
}

/// A piecewise constant rate, repeated after its period if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// (start of the step, requests per second), rising from 0.
    pub steps: Vec<(SimDuration, f64)>,
    /// Length after which the steps start again.
    pub period: Option<SimDuration>,
}

/// One recorded arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded {
    /// Time since the start of the recording.
    pub at: SimDuration,
    /// Who sent it, if recorded.
    pub user: Option<u32>,
    /// Index of the route, if recorded.
    pub route: Option<u8>,
}

/// How activity is spread over users.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activity {
    /// All alike.
    Uniform,
    /// The k-th user is active in proportion to k^−exponent.
    Zipf {
        /// Exponent of the power law.
        exponent: f64,
    },
}

/// The traffic of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Number of users.
    pub users: u32,
    /// How their activity is spread.
    pub activity: Activity,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Share of users that send the header by which cohorts are routed.
    pub header_share: Share,
}

impl Steps {
    /// One constant rate.
    pub fn constant(per_sec: f64) -> Steps {
        Steps { steps: vec![(SimDuration::ZERO, per_sec)], period: None }
    }

    /// The rate `at` after the start, in requests per second.
    pub fn rate_at(&self, at: SimDuration) -> f64 {
        let at = match self.period {
            Some(period) => SimDuration::from_nanos(at.as_nanos() % period.as_nanos().max(1)),
            None => at,
        };
        let index = self.steps.partition_point(|(start, _)| *start <= at);
        self.steps[index.saturating_sub(1)].1
    }

    /// Expected number of arrivals within `horizon`.
    pub fn expected(&self, horizon: SimDuration) -> f64 {
        let whole = self.period.unwrap_or(horizon).min(horizon);
        let one = |until: SimDuration| -> f64 {
            let ends = self.steps.iter().skip(1).map(|(start, _)| *start).chain([until]);
            let spans = self.steps.iter().zip(ends);
            spans
                .map(|((start, rate), end)| {
                    end.min(until).saturating_sub(*start).as_secs_f64() * rate
                })
                .sum()
        };
        let times = horizon.as_nanos() / whole.as_nanos().max(1);
        let rest = SimDuration::from_nanos(horizon.as_nanos() % whole.as_nanos().max(1));
        one(whole) * times as f64 + one(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_arrivals_integrate_the_steps() {
        let steps = Steps {
            steps: vec![(SimDuration::ZERO, 10.0), (SimDuration::from_secs(60), 20.0)],
            period: Some(SimDuration::from_secs(120)),
        };
        assert_eq!(steps.expected(SimDuration::from_secs(120)), 1800.0);
        assert_eq!(steps.expected(SimDuration::from_secs(300)), 3600.0 + 600.0);
        assert_eq!(steps.rate_at(SimDuration::from_secs(200)), 20.0);
        assert_eq!(Steps::constant(5.0).expected(SimDuration::from_secs(10)), 50.0);
    }
}
