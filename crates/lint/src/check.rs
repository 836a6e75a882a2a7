//! A metric check as it was written: whose it is, what it asks, how it judges, and how often.

use super::fill::Filled;
use std::sync::Arc;
use windtunnel_base::problem::Place;

/// Whose rules judge a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// A metric of an AnalysisTemplate.
    Argo,
    /// A metric of a Canary with its MetricTemplate.
    Flagger,
    /// A check of a list of checks or of a Scenario.
    Own,
}

/// How one answer is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Judge {
    /// Argo's conditions, as they were written; `None` is not set.
    Conditions {
        /// `successCondition`.
        success: Option<Text>,
        /// `failureCondition`.
        failure: Option<Text>,
    },
    /// Flagger's `thresholdRange` or `threshold`: inclusive bounds; `None` is open.
    Bounds {
        /// Least value that passes.
        min: Option<f64>,
        /// Greatest value that passes.
        max: Option<f64>,
        /// Where the bounds stand.
        place: Place,
    },
    /// Nobody in these files says how it is judged.
    Unknown,
    /// A sign and a limit that fail a check (`> 0.01`).
    FailsWhen {
        /// The sign: `>`, `>=`, `<` or `<=`.
        sign: Sign,
        /// The limit.
        limit: f64,
        /// Where it stands.
        place: Place,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Sign {
    /// The sign at the head of a text, and what follows it.
    pub fn split(text: &str) -> Option<(Sign, &str)> {
        let text = text.trim_start();
        [(">=", Sign::AtLeast), ("<=", Sign::AtMost), (">", Sign::Above), ("<", Sign::Below)]
            .into_iter()
            .find_map(|(word, sign)| text.strip_prefix(word).map(|rest| (sign, rest)))
    }

    /// Does it hold between a value and a limit?
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Sign::Above => value > limit,
            Sign::AtLeast => value >= limit,
            Sign::Below => value < limit,
            Sign::AtMost => value <= limit,
        }
    }
}

/// A text of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Where its value begins.
    pub place: Place,
    /// The text.
    pub text: String,
}

/// How often a check looks, and what it forgives; seconds, and `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    /// Seconds between two looks.
    pub interval_s: Option<f64>,
    /// Looks in all.
    pub count: Option<f64>,
    /// Failed looks that are forgiven.
    pub failure_limit: Option<f64>,
    /// Where that stands.
    pub failure_limit_at: Place,
    /// Is the check one of a Rollout's background analysis, which ends with the rollout?
    pub background: bool,
}

/// What a check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A query of its own.
    Query,
    /// A query that the controller brings along: only its window and its looks are the user's.
    BuiltIn,
    /// Nothing at all: it names no template, no query, and no query that is built in.
    Nothing,
}

/// A metric check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What it asks.
    pub asks: Asks,
    /// The file.
    pub file: Arc<str>,
    /// Where the metric begins.
    pub place: Place,
    /// The object that holds it: `AnalysisTemplate/success-rate`.
    pub object: String,
    /// Its name.
    pub name: String,
    /// Whose rules judge it.
    pub controller: Controller,
    /// The query as it was written.
    pub query: Text,
    /// The file of the query, which may be another.
    pub query_file: Arc<str>,
    /// The query with its placeholders filled.
    pub filled: Filled,
    /// How an answer is judged.
    pub judge: Judge,
    /// How often it looks.
    pub timing: Timing,
    /// Seconds between two scrapes.
    pub scrape_s: f64,
    /// Share of the traffic on the new version when it looks first; `None` if no file says it.
    pub first_weight: Option<f64>,
}
