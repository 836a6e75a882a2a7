//! md5 buckets of users, by which experiments and flags divide them.

use super::GoOn;
use std::sync::Arc;
use windtunnel_model::analysis::bucket::{experiment_key, md5_bucket};

/// The md5 bucket (0..100) of every user of an experiment.
pub fn user_buckets(users: u32, experiment: &str) -> Arc<[u8]> {
    user_buckets_while(users, experiment, &|| true).unwrap_or_default()
}

/// [`user_buckets`] for as long as `go_on` says so: millions of users take seconds.
pub fn user_buckets_while(users: u32, experiment: &str, go_on: GoOn<'_>) -> Option<Arc<[u8]>> {
    let bucket = |user: u32| {
        let key = experiment_key(&format!("user-{user}"), experiment);
        let goes_on = !user.is_multiple_of(1 << 16) || go_on();
        goes_on.then(|| md5_bucket(&key, 100).unwrap_or(0) as u8)
    };
    (0..users).map(bucket).collect()
}
