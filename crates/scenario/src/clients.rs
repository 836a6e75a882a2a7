//! `spec.traffic`: who sends requests, when, and what they do when an answer stays out.

use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;
use windtunnel_model::traffic::{Activity, Arrivals, SOURCES, Steps, Traffic};
use windtunnel_model::world::service::Retries;

/// Most users: one bit map of them per measure must fit in memory.
const USERS_MAX: u64 = 50_000_000;

/// How activity may be spread over users, by its name in YAML.
pub const ACTIVITIES: &[Part<Activity>] = &[
    Part { name: "uniform", summary: "all users are alike", read: |_| Activity::Uniform },
    Part { name: "zipf", summary: "few users send most of the requests", read: zipf },
];

/// The traffic of a scenario, with what clients do.
pub struct Clients {
    /// Users and arrivals.
    pub traffic: Traffic,
    /// A request unanswered for this long has failed for its client.
    pub timeout: SimDuration,
    /// Further attempts.
    pub retries: Retries,
}

/// Reads `spec.traffic`.
pub fn read(r: &mut Reader<'_>) -> Clients {
    let users = r.count("users", 20_000, 1..=USERS_MAX, "users, active or not");
    let activity = r.part("activity", "how activity is spread over users", ACTIVITIES);
    r.default_is("activity", "uniform");
    let arrivals = r.part("arrivals", "when requests arrive", SOURCES);
    r.default_is("arrivals", "{poisson: {rate: 60/s}}");
    let arrivals = arrivals.unwrap_or_else(|| Arrivals::Steps(Steps::constant(60.0)));
    if let Arrivals::Closed { sessions, .. } = &arrivals
        && u64::from(*sessions) > users
    {
        let found = format!("{sessions} sessions of {users} users");
        let help = "every session is a user of its own: raise users or lower sessions";
        r.problem("arrivals", found, "at most as many sessions as users", help);
    }
    let header = "share of users that send the header by which an abTest may assign (assumption)";
    let header_share = r.share("headerShare", "10%", header);
    let timeout = r.duration("timeout", "10s", "an attempt unanswered for this has failed");
    if timeout == SimDuration::ZERO && !r.describing() {
        r.problem("timeout", "found 0", "a duration above 0", "");
    }
    let retries = r.object("retries", "what clients do after a failure", |r| Retries {
        attempts: r.count("attempts", 0, 0..=20, "further attempts; the AWS SDKs make 2") as u8,
        backoff: r.duration(
            "backoff",
            "1s",
            "mean wait before the next attempt, doubled each time",
        ),
    });
    let activity = activity.unwrap_or(Activity::Uniform);
    let traffic = Traffic { users: users as u32, activity, arrivals, header_share };
    Clients { traffic, timeout, retries }
}

fn zipf(r: &mut Reader<'_>) -> Activity {
    let help = "exponent of the power law; near 1 for many web populations (assumption)";
    Activity::Zipf { exponent: r.number("exponent", 1.0, 0.0..=5.0, help) }
}
