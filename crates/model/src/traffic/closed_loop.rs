//! `closedLoop`: a fixed number of users, each of whom waits for the answer before thinking of the
//! next request. Slow answers therefore slow the load: use it for internal users and batch clients.

use super::Arrivals;
use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::{Part, Reader};

/// `closedLoop` for the catalogue: name, summary and reader.
pub const PART: Part<Arrivals> = Part {
    name: "closedLoop",
    summary: "a fixed number of users who think between requests",
    read,
};

fn read(r: &mut Reader<'_>) -> Arrivals {
    let sessions = r.count("sessions", 600, 1..=1_000_000, "users at work at the same time");
    let think = Distribution::Exponential { mean: 10.0 };
    let think = r.distribution(
        "think",
        ("{exponential: {mean: 10s}}", think),
        "wait between an answer and the user's next request",
    );
    if think.mean_secs() < 0.001 {
        r.problem("think", "users who never think", "a mean of 1ms or more", "");
    }
    Arrivals::Closed { sessions: sessions as u32, think }
}
