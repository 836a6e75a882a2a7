//! By what one knows that two runs flew through the same storm.
//!
//! The tape of a replication follows from the seed, the replication and what is digested here; what
//! a release, a strategy or the cluster does leaves no trace in it.

use md5::{Digest, Md5};
use std::fmt::{Result, Write};
use windtunnel_model::scenario::model::Scenario;

/// Feeds a text to a digest piece by piece: a recorded tape is long.
struct Fed(Md5);

impl Write for Fed {
    fn write_str(&mut self, text: &str) -> Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// The digest of everything that feeds the tape: seed, traffic, routes, horizon, release time and
/// the environment's own faults. 32 hexadecimal digits.
pub fn digest(scenario: &Scenario, seed: u64) -> String {
    let mut fed = Fed(Md5::new());
    let (traffic, routes) = (&scenario.traffic, &scenario.service.routes);
    let (horizon, at, chaos) = (scenario.horizon, scenario.release.at, &scenario.chaos);
    let written = write!(fed, "{seed}\n{traffic:?}\n{routes:?}\n{horizon:?}\n{at:?}\n{chaos:?}");
    debug_assert!(written.is_ok(), "a digest takes everything");
    fed.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
