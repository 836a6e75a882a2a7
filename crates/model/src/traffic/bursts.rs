//! `bursts`: a base rate with regular peaks, such as the minute-aligned jobs and pushes that make
//! load higher for seconds than its mean says.

use super::{Arrivals, Steps};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `bursts` for the catalogue: name, summary and reader.
pub const PART: Part<Arrivals> =
    Part { name: "bursts", summary: "a base rate with regular short peaks", read };

fn read(r: &mut Reader<'_>) -> Arrivals {
    let base = r.rate("base", "60/s", "mean arrivals between bursts").value();
    let factor = r.number("factor", 3.0, 1.0..=1000.0, "rate within a burst ÷ base rate");
    let every = r.duration("every", "5m", "from the start of one burst to the next");
    let length = r.duration("length", "20s", "length of a burst");
    let first = r.duration("first", "1m", "start of the first burst");
    let short = length == SimDuration::ZERO || every < SimDuration::from_secs(1);
    if base <= 0.0 || short || first + length > every {
        let expected = "a base above 0, every of 1s or more, and first + length within it";
        r.problem("length", "bursts do not fit", expected, "");
        return Arrivals::Steps(Steps::constant(60.0));
    }
    let steps = vec![(SimDuration::ZERO, base), (first, base * factor), (first + length, base)];
    Arrivals::Steps(Steps { steps, period: Some(every) })
}
