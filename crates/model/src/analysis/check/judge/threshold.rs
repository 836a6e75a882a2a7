//! `threshold`: the measured value against a number, as Flagger and Argo Rollouts judge.
//!
//! Fails if value > max (or < min, or the condition of `failsWhen` holds); equality passes. A check
//! without a judge is judged so. What a fixed threshold does to a good release by chance:
//! [`windtunnel_stats::binomial`].

use super::super::query::condition;
use super::super::{Bound, Compare};
use super::{Asks, Judge, Judging, Look, Opinion, held, value};
use windtunnel_base::settings::{Part, Reader};

/// `threshold` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> =
    Part { name: "threshold", summary: "the measured value against a fixed limit", read };

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// The limit that the measured value must keep.
    pub bound: Bound,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let help = "when the release fails, such as \"> 1%\", \"> 500ms\" or \"< 0.9\"";
    let text = r.required_text("failsWhen", help);
    let bound = condition(&text).unwrap_or_else(|| {
        if !r.describing() && r.has("failsWhen") {
            let expected = "a comparison with a number: \"> 0.01\", \"<= 99%\", \"> 500ms\"";
            r.problem("failsWhen", format!("found {text:?}"), expected, "");
        }
        Bound::FailsWhen(Compare::Above, f64::INFINITY)
    });
    Judging::by(Threshold { bound })
}

impl Judge for Threshold {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        value(false)
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        match self.bound {
            Bound::AtMost(limit) => held(looks, Some(limit), |value, limit| value <= limit),
            Bound::AtLeast(limit) => held(looks, Some(limit), |value, limit| value >= limit),
            Bound::FailsWhen(compare, limit) => {
                held(looks, Some(limit), |value, limit| !compare.holds(value, limit))
            }
            Bound::AtMostStable { .. } | Bound::AtLeastStable { .. } => Opinion::default(),
        }
    }

    fn bound(&self) -> Option<Bound> {
        Some(self.bound)
    }
}
