//! `relative`: the measured value against the stable version's, measured at the same instant.
//!
//! Fails if value > stable · percent/100 + plus (or, with `atLeast`, value < stable · percent/100):
//! the two are as noisy as their windows are thin, and no test tells chance from harm here.

use super::super::Bound;
use super::{Asks, Judge, Judging, Look, Opinion, held, value};
use windtunnel_base::settings::{Part, Reader};

/// `relative` for the catalogue: name, summary and reader.
pub const PART: Part<Judging> =
    Part { name: "relative", summary: "the measured value against the stable version's", read };

/// The settings of the judge, read and checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relative {
    /// The limit, taken from the stable version.
    pub bound: Bound,
}

fn read(r: &mut Reader<'_>) -> Judging {
    let help = "highest percentage of the stable version's value that passes";
    let most = r.opt_count("atMost", 1..=100_000, help);
    let help = "instead: lowest percentage of the stable version's value that passes";
    let least = r.opt_count("atLeast", 1..=100_000, help);
    let margin = r.opt_number("plus", 0.0..=1e9, "added to that, in the unit of what is measured");
    if !r.describing() {
        if r.has("atMost") == r.has("atLeast") {
            r.problem("atMost", "needs one of atMost and atLeast", "one of the two", "atMost: 110");
        }
        if margin.is_some() && least.is_some() {
            r.problem("plus", "given beside atLeast", "atMost with plus, or atLeast", "");
        }
    }
    let factor = |percent: u64| percent as f64 / 100.0;
    Judging::by(Relative {
        bound: match least {
            Some(percent) => Bound::AtLeastStable { factor: factor(percent) },
            None => Bound::AtMostStable {
                factor: factor(most.unwrap_or(100)),
                margin: margin.unwrap_or(0.0),
            },
        },
    })
}

impl Judge for Relative {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn asks(&self) -> Asks {
        value(true)
    }

    fn judge(&self, looks: &[Look]) -> Opinion {
        let stable = looks.last().and_then(|look| look.stable.value);
        match self.bound {
            Bound::AtMostStable { factor, margin } => {
                let limit = stable.map(|v| v * factor + margin);
                held(looks, limit, |value, limit| value <= limit)
            }
            Bound::AtLeastStable { factor } => {
                held(looks, stable.map(|v| v * factor), |value, limit| value >= limit)
            }
            _ => Opinion::default(),
        }
    }

    fn bound(&self) -> Option<Bound> {
        Some(self.bound)
    }
}
