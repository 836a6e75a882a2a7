//! The room of judges: samples in, an opinion out.
//!
//! A check is query × window × judge. A judge says what it wants to be given ([`Asks`]), gets the
//! looks that were taken so far ([`Look`]: values, counts or series of the new version, and of the
//! stable one beside it), and answers pass, fail, wait or unsure with what it tested. It is a pure
//! function of these looks: whoever asks keeps them ([`super::memory`]). One file a judge, one line
//! in [`JUDGES`]; its mathematics stand in [`windtunnel_stats`]. Deliberately absent: queries,
//! time, and what a strategy makes of an answer.

use super::{Bound, Verdict};
use crate::world::action::Tested;
use std::fmt::Debug;
use std::sync::Arc;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

pub mod beta_binomial;
pub mod burn_rate;
pub mod cusum;
pub mod k_of_n;
pub mod kayenta;
pub mod msprt;
pub mod relative;
pub mod sprt;
pub mod threshold;
pub mod two_proportions;

/// All judges, by their name in YAML.
pub const JUDGES: &[Part<Judging>] = &[
    threshold::PART,
    relative::PART,
    two_proportions::PART,
    kayenta::PART,
    sprt::PART,
    msprt::PART,
    beta_binomial::PART,
    cusum::PART,
    burn_rate::PART,
    k_of_n::PART,
];

/// What a judge wants to be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Asks {
    /// The kind of samples.
    pub samples: Samples,
    /// The stable version's beside them?
    pub stable: bool,
    /// The looks that it goes back to, the present one included; nothing means all.
    pub looks: Option<usize>,
}

/// Kinds of samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// The measured value over the check's window.
    Value,
    /// Requests, and bad ones among them.
    Counts(Over),
    /// Measured values one after another since the new version began to serve.
    Series {
        /// As far back as this.
        lifetime: SimDuration,
        /// From point to point; nothing means the check's window.
        step: Option<SimDuration>,
    },
}

/// What counts are taken over.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// The check's window.
    Window,
    /// From look to look, so that no request counts twice: the strategy's interval.
    Interval,
    /// Windows of the judge's own, in its order.
    Windows(Vec<SimDuration>),
}

/// Requests of one version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bad ones.
    pub bad: u64,
    /// All.
    pub total: u64,
}

impl Counts {
    /// The share of bad ones; nothing without any request.
    pub fn share(self) -> Option<f64> {
        (self.total > 0).then(|| self.bad as f64 / self.total as f64)
    }
}

impl std::ops::Add for Counts {
    type Output = Counts;

    fn add(self, more: Counts) -> Counts {
        Counts { bad: self.bad + more.bad, total: self.total + more.total }
    }
}

/// What was seen of one version at one look; only what the judge asked for is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The measured value.
    pub value: Option<f64>,
    /// Counts, by window; empty where the version has no series.
    pub counts: Vec<Counts>,
    /// Measured values in the order of time, with the instant in milliseconds.
    pub series: Vec<(i64, f64)>,
}

/// One look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The new version.
    pub new: Sample,
    /// The stable one, if it was asked for.
    pub stable: Sample,
}

impl Look {
    /// Counts of the new version over the window of this number, if there were requests.
    fn counted(&self, window: usize) -> Option<Counts> {
        self.new.counts.get(window).copied().filter(|counts| counts.total > 0)
    }

    /// The same of both versions.
    fn both(&self, window: usize) -> Option<(Counts, Counts)> {
        let stable = self.stable.counts.get(window).copied().filter(|counts| counts.total > 0);
        self.counted(window).zip(stable)
    }
}

/// What a judge answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opinion {
    /// Its verdict; nothing where there is no data, of which the check's `noData` decides.
    pub verdict: Option<Verdict>,
    /// The measured figure of the new version.
    pub value: Option<f64>,
    /// What it is held against.
    pub limit: Option<f64>,
    /// Requests that it rests on, where the judge counts them.
    pub requests: Option<f64>,
    /// What was compared with what, for the event log; nothing where no test was made.
    pub tested: Option<Tested>,
}

/// Whoever judges samples.
pub trait Judge: Debug + Send + Sync {
    /// Its name in YAML.
    fn name(&self) -> &'static str;

    /// What it wants to be given.
    fn asks(&self) -> Asks;

    /// Its answer at the last of these looks.
    fn judge(&self, looks: &[Look]) -> Opinion;

    /// The plain limit that it holds a value against, if that is all it does.
    fn bound(&self) -> Option<Bound> {
        None
    }

    /// The same judge over another one, the check's own limit, if it is one that needs another.
    fn over(&self, _limit: &Judging) -> Option<Judging> {
        None
    }
}

/// A judge with its settings: plain data, comparable by what it prints.
#[derive(Clone, Debug)]
pub struct Judging(Arc<dyn Judge>);

impl Judging {
    /// This judge.
    pub fn by(judge: impl Judge + 'static) -> Judging {
        Judging(Arc::new(judge))
    }

    /// The judge of a plain limit.
    pub fn of_bound(bound: Bound) -> Judging {
        match bound {
            Bound::AtMostStable { .. } | Bound::AtLeastStable { .. } => {
                Judging::by(relative::Relative { bound })
            }
            _ => Judging::by(threshold::Threshold { bound }),
        }
    }
}

impl std::ops::Deref for Judging {
    type Target = dyn Judge;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl PartialEq for Judging {
    fn eq(&self, other: &Judging) -> bool {
        self.name() == other.name() && format!("{:?}", self.0) == format!("{:?}", other.0)
    }
}

/// Asks for the value alone.
fn value(stable: bool) -> Asks {
    Asks { samples: Samples::Value, stable, looks: Some(1) }
}

/// Holds the value of the last look against a limit.
fn held(looks: &[Look], limit: Option<f64>, passes: impl Fn(f64, f64) -> bool) -> Opinion {
    let value = looks.last().and_then(|look| look.new.value);
    let verdict = value.zip(limit).map(|(value, limit)| Verdict::of(passes(value, limit)));
    Opinion { verdict, value, limit, ..Opinion::default() }
}

/// What was counted, for the event log: the new version's share of bad requests.
fn alone(new: Counts) -> Opinion {
    Opinion { value: new.share(), requests: Some(new.total as f64), ..Opinion::default() }
}

/// The same, against the stable version's.
fn against(new: Counts, stable: Counts) -> Opinion {
    Opinion { limit: stable.share(), ..alone(new) }
}

/// Reads the two shares that a test of the new version alone tells apart.
fn shares(r: &mut Reader<'_>) -> (f64, f64) {
    let good = r.share("good", "1%", "share of bad requests of a good release").value();
    let bad = r.share("bad", "5%", "share of bad requests of one that has to fail").value();
    let apart = 0.0 < good && good < bad && bad < 1.0;
    if !apart && !r.describing() {
        let percent = |share: f64| (share * 1e6).round() / 1e4;
        let found = format!("found {}% beside {}%", percent(good), percent(bad));
        r.problem("good", found, "above 0%, below `bad`, which is below 100%", "");
        return (0.01, 0.05);
    }
    (good, bad)
}

/// Says so if a probability leaves nothing to chance.
fn probability(r: &mut Reader<'_>, name: &str, value: f64) {
    let (most, expected) = match name {
        "confidence" => (1.0, "above 0%, below 100%"),
        _ => (0.5, "above 0%, below 50%"),
    };
    let usable = 0.0 < value && value < most;
    if !usable && !r.describing() {
        r.problem(name, format!("found {:.4}%", value * 100.0), expected, "");
    }
}

/// Reads who judges a check. `own` are the settings of its plain limit: they mean nothing beside a
/// judge that has limits of its own.
pub(super) fn read(
    r: &mut Reader<'_>,
    limit: Bound,
    own: &[&'static str],
    counted: Counted,
) -> Judging {
    let limit = Judging::of_bound(limit);
    let help = "who judges, with settings of its own; left out: the limit given here";
    let Some(judge) = r.part("judge", help, JUDGES) else { return limit };
    if let Some(over) = judge.over(&limit) {
        return over;
    }
    let counts = matches!(judge.asks().samples, Samples::Counts(_));
    for name in own {
        let means_bad = counted == Counted::AboveMax && *name == "max" && counts;
        if r.has(name) && !means_bad {
            let found = format!("given beside judge {}", judge.name());
            let help = format!("{} is told its limits among its own settings", judge.name());
            r.problem(name, found, "one of the two", &help);
        }
    }
    if counts && counted == Counted::No && !r.describing() {
        let found = format!("{} counts bad requests, and this check has none", judge.name());
        let help = "errorRate, latency and conversion count requests";
        r.problem("judge", found, "threshold, relative or kayenta", help);
    }
    let windows = match judge.asks().samples {
        Samples::Counts(Over::Interval) => Some("counts from look to look"),
        Samples::Counts(Over::Windows(_)) => Some("has windows of its own"),
        _ => None,
    };
    if let Some(why) = windows.filter(|_| r.has("window")) {
        r.problem("window", format!("{} {why}", judge.name()), "no window", "");
    }
    judge
}

/// What of a metric can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Bad requests, by themselves.
    Yes,
    /// Requests that took longer than the check's `max`.
    AboveMax,
    /// Nothing.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks from (bad, total) of the new version and of the stable one.
    pub fn looks(counts: &[[(u64, u64); 2]]) -> Vec<Look> {
        let sight = |(bad, total): (u64, u64)| Sample {
            counts: vec![Counts { bad, total }],
            ..Sample::default()
        };
        counts.iter().map(|[a, b]| Look { new: sight(*a), stable: sight(*b) }).collect()
    }

    /// A judge is compared by its settings.
    #[test]
    fn judges_are_equal_by_their_settings() {
        let of = |limit| Judging::of_bound(Bound::AtMost(limit));
        assert_eq!(of(0.01), of(0.01));
        assert_ne!(of(0.01), of(0.02));
        assert_ne!(of(0.01), Judging::of_bound(Bound::AtMostStable { factor: 0.01, margin: 0.0 }));
    }
}
