//! What a service answers that a flight cannot call: a person at a gate, a test suite, a load
//! tester, another provider of metrics.
//!
//! The answer is a setting instead. Deliberately unknown here: what it is asked for.

use windtunnel_base::random::mix64;
use windtunnel_base::settings::written::{duration, share};
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Share, parse_duration, parse_share};

/// When a service answers with success.
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

/// What may be written.
pub const EXPECTED: &str = "always, never, `from 5m`, `until 5m`, or a share such as 30%";

impl Reply {
    /// Reads what a service answers.
    pub fn parse(text: &str) -> Option<Reply> {
        let text = text.trim();
        match text.split_once(' ') {
            None if text == "always" => Some(Reply::Always),
            None if text == "never" => Some(Reply::Never),
            None => parse_share(text).map(Reply::Share),
            Some(("from", after)) => parse_duration(after).map(Reply::From),
            Some(("until", after)) => parse_duration(after).map(Reply::Until),
            Some(_) => None,
        }
    }

    /// As it is written: [`Reply::parse`] reads it back.
    pub fn written(self) -> String {
        match self {
            Reply::Always => "always".to_string(),
            Reply::Never => "never".to_string(),
            Reply::From(after) => format!("from {}", duration(after)),
            Reply::Until(after) => format!("until {}", duration(after)),
            Reply::Share(part) => share(part),
        }
    }

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

    #[test]
    fn answers_are_read() {
        let minutes = |m: u64| SimDuration::from_secs(60 * m);
        assert_eq!(Reply::parse("always"), Some(Reply::Always));
        assert_eq!(Reply::parse("from 5m"), Some(Reply::From(minutes(5))));
        assert_eq!(Reply::parse("until 2m"), Some(Reply::Until(minutes(2))));
        assert!(matches!(Reply::parse("30%"), Some(Reply::Share(share)) if share.value() == 0.3));
        for wrong in ["", "sometimes", "from", "from then", "130%"] {
            assert_eq!(Reply::parse(wrong), None, "{wrong}");
        }
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
