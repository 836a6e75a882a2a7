//! `poisson`: independent arrivals at one rate, the model for many users who don't know each other.

use super::{Arrivals, Steps};
use windtunnel_base::settings::{Part, Reader};

/// `poisson` for the catalogue: name, summary and reader.
pub const PART: Part<Arrivals> =
    Part { name: "poisson", summary: "independent arrivals at a constant rate", read };

fn read(r: &mut Reader<'_>) -> Arrivals {
    let rate = r.rate("rate", "60/s", "mean arrivals; 10 million requests a day are 115/s");
    if rate.value() <= 0.0 {
        r.problem("rate", "no traffic", "a rate above 0", "");
    }
    Arrivals::Steps(Steps::constant(rate.value().max(1e-9)))
}
