//! Layer 7: the measures of one replication, as plain data (`docs/methods.md` defines each).
//!
//! No behaviour beyond names: what the columns are called, in which order, and which value is
//! empty because the horizon cut it.

use crate::base::time::SimTime;
use crate::telemetry::store::Store;

/// How a flight ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A good release stays.
    PromotedGood,
    /// A bad release was taken back before it was promoted.
    RolledBackBad,
    /// A bad release stays.
    MissedBad,
    /// A good release was taken back.
    FalseRollback,
    /// A bad release was promoted, then taken back by the human.
    RolledBackLate,
    /// The evidence sufficed neither way.
    NoEvidence,
    /// Nothing was to be shipped, and a good release was found good.
    PassedGood,
    /// The horizon came first, or nothing was released.
    Unfinished,
}

impl Verdict {
    /// All verdicts, in the order of tables.
    pub const ALL: [Verdict; 8] = [
        Verdict::PromotedGood,
        Verdict::RolledBackBad,
        Verdict::MissedBad,
        Verdict::FalseRollback,
        Verdict::RolledBackLate,
        Verdict::NoEvidence,
        Verdict::PassedGood,
        Verdict::Unfinished,
    ];

    /// The word in CSV, YAML and charts.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::PromotedGood => "promoted-good",
            Verdict::RolledBackBad => "rolled-back-bad",
            Verdict::MissedBad => "missed-bad",
            Verdict::FalseRollback => "false-rollback",
            Verdict::RolledBackLate => "rolled-back-late",
            Verdict::NoEvidence => "no-evidence",
            Verdict::PassedGood => "passed-good",
            Verdict::Unfinished => "unfinished",
        }
    }
}

macro_rules! measures {
    ($($field:ident: $doc:literal),* $(,)?) => {
        /// The measures of one replication. Empty values were cut by the horizon or do not apply.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Measures {
            $(#[doc = $doc] pub $field: Option<f64>,)*
        }

        impl Measures {
            /// Names and meanings, in the order of `runs.csv`.
            pub const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($field), $doc)),*];

            /// The values, in the order of [`Measures::COLUMNS`].
            pub fn values(&self) -> Vec<Option<f64>> {
                vec![$(self.$field),*]
            }

            /// The value of a column by its name.
            pub fn get(&self, name: &str) -> Option<f64> {
                match name {
                    $(stringify!($field) => self.$field,)*
                    _ => None,
                }
            }
        }
    };
}

measures! {
    users_active: "Users with at least one request in the horizon.",
    users_exposed: "Users with at least one attempt accepted by a new-version process.",
    exposed_before_verdict: "Of these, users exposed before the verdict.",
    users_hurt: "Users with at least one failed, wrong or slow request.",
    users_hurt_by_release: "Of these, users not hurt in the twin without a release.",
    users_spared: "Users hurt only in the twin.",
    requests: "Requests of users, after their last retry.",
    requests_failed: "Requests refused, answered 5xx, timed out, dropped or broken.",
    requests_wrong: "Requests answered wrongly.",
    requests_slow: "Requests answered too late, counted from the first attempt.",
    p50_old_ms: "Median latency of the old version's answers, in milliseconds.",
    p99_old_ms: "99th percentile of the old version's latency, in milliseconds.",
    p50_new_ms: "Median latency of the new version's answers, in milliseconds.",
    p99_new_ms: "99th percentile of the new version's latency, in milliseconds.",
    outage_s: "Seconds in which no pod that the balancers know of accepts requests.",
    downtime_s: "Seconds in which failed and wrong requests exceed what the objective explains.",
    downtime_by_release_s: "Downtime minus the twin's.",
    user_minutes_down: "Minutes from users' failures to their next successes; between two requests \
        of a user 5 minutes count at most.",
    pods_available_min: "Fewest ready pods from the start of the release on.",
    requests_judged: "Requests the new version had served (or copies compared) at the verdict.",
    weight_at_verdict: "Share of traffic routed to the new version when the verdict fell.",
    detected_after_s: "Seconds from the first harm to the decision.",
    rollback_s: "Seconds from the decision to the last request assigned to the new version.",
    capacity_restored_s: "Seconds from the decision until the old version is at full size.",
    harm_to_safe_s: "Seconds from the first harm to the last request assigned to the new version.",
    rollout_s: "Seconds from the release until only the new version serves, at full size.",
    mixed_version_s: "Seconds in which a user's requests can reach either version.",
    pod_hours: "Hours of all pods.",
    pod_hours_extra: "Pod-hours minus the twin's.",
    fleet_minutes_extra: "Extra pod-minutes divided by the full size of the service.",
    pods_peak: "Most pods at the same time.",
    cost_usd: "Pod-hours times price, in US dollars.",
    cost_extra_usd: "Cost minus the twin's, in US dollars.",
    harm_usd: "Failed and wrong business requests times value times the share that stays away.",
    connections_broken: "Long-lived connections that ended because their pod did.",
    side_effects_duplicated: "Writes repeated by mirrored copies or retries.",
    users_crossed: "Users of an experiment that met both arms.",
    value_lost_by_release_usd: "harm_usd minus the twin's, in US dollars.",
    users_hurt_by_release_share: "users_hurt_by_release as a share of users_active.",
    start_to_ready_s: "Median seconds from the creation of a pod to its first readiness.",
    rollback_outage_s: "Seconds of outage by the release after the decision to go back.",
    outage_by_release_s: "Outage minus the twin's, in seconds.",
    users_exposed_share: "users_exposed as a share of users_active.",
    exposed_before_verdict_share: "exposed_before_verdict as a share of users_active.",
    users_flipped: "Users that met the old version again after the new one.",
    users_flipped_share: "users_flipped as a share of users_active.",
    release_usd: "What a release costs: cost_extra_usd plus value_lost_by_release_usd.",
    new_traffic_minus_pods: "New version's share of requests minus its share of ready pods.",
}

/// One row of `runs.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Number of the replication, from 0.
    pub replication: u32,
    /// How it ended.
    pub verdict: Verdict,
    /// Its measures.
    pub measures: Measures,
    /// The check that read last as failed before the way back, if no human ordered it.
    pub stopped_by: Option<String>,
    /// Shadow comparisons by kind, if any were made.
    pub differences: Option<crate::world::log::ShadowCounts>,
    /// Requests that the data plane moved, for the budget.
    pub work: u64,
}

/// The recording of one flight, for `timeline.csv`, `events.jsonl` and pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// One sample per interval.
    pub samples: Vec<Sample>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Length of an interval in seconds.
    pub interval_s: f64,
    /// Everything that was scraped, if the flight was told to keep it.
    pub telemetry: Option<Store>,
}

/// The state of a flight over one interval of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// End of the interval, in seconds since the start.
    pub t_s: f64,
    /// Requests that ended in it.
    pub requests: u64,
    /// Of these, failed and wrong ones.
    pub failed: u64,
    /// Of these, slow ones.
    pub slow: u64,
    /// 99th percentile of the latency, in milliseconds.
    pub p99_ms: Option<f64>,
    /// Share of traffic that the balancers send to the new version.
    pub weight_new: f64,
    /// Pods by version (old, new) and phase (starting, ready, unready, terminating).
    pub pods: [[u32; 4]; 2],
}

/// One line of a flight's story.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: SimTime,
    /// What kind: `release`, `action`, `check`, `decision`, `pod`, `human`, `fault`, `routing`,
    /// `autoscale`, and `cut` where a story is longer than is told.
    pub kind: &'static str,
    /// In words.
    pub text: String,
    /// The fleet at that instant, one letter a pod.
    pub strip: String,
    /// Share of requests to the new version as the balancers believe.
    pub weight_new: f64,
}
