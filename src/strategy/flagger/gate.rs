//! What the service behind a webhook answers: a person at a gate, a test suite, a load tester.
//!
//! A flight cannot call a service, so the answer is a setting. Deliberately unknown here: what
//! the answer is asked for.

use crate::base::random::mix64;
use crate::base::time::SimDuration;
use crate::base::units::Share;

/// When a webhook answers with success (a status up to 202).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Reply {
    /// Every time.
    #[default]
    Always,
    /// Never.
    Never,
    /// From this long after the release began: a gate that somebody opens.
    From(SimDuration),
    /// Until this long after the release began: a gate that somebody closes.
    Until(SimDuration),
    /// In this share of calls, each drawn anew.
    Share(Share),
}

impl Reply {
    /// Is the call made `age` after the release began answered with success? `key` tells calls
    /// apart: the same key gives the same answer.
    pub fn passes(self, age: SimDuration, key: u64) -> bool {
        match self {
            Reply::Always => true,
            Reply::Never => false,
            Reply::From(open) => age >= open,
            Reply::Until(close) => age < close,
            Reply::Share(share) => mix64(key) >> 32 < share.threshold(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_open_and_close_by_the_clock() {
        let secs = SimDuration::from_secs;
        let at = |reply: Reply, age| reply.passes(secs(age), 0);
        assert!(!at(Reply::From(secs(60)), 59) && at(Reply::From(secs(60)), 60));
        assert!(at(Reply::Until(secs(60)), 59) && !at(Reply::Until(secs(60)), 60));
        assert!(at(Reply::Always, 0) && !at(Reply::Never, 1_000_000));
    }

    /// 10,000 calls at 30 %: the count is binomial with deviation 46, so 5 of them leave a false
    /// alarm below one in a million.
    #[test]
    fn a_share_of_calls_passes() {
        let reply = Reply::Share(Share::clamped(0.3));
        let passed = (0..10_000).filter(|key| reply.passes(SimDuration::ZERO, *key)).count();
        assert!((2_770..=3_230).contains(&passed), "{passed} of 10000");
        assert_eq!(reply.passes(SimDuration::ZERO, 7), reply.passes(SimDuration::ZERO, 7));
    }
}
