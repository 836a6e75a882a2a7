//! What a strategy may do to the world. The engine carries actions out; strategies only name them.

use super::log::Exposure;
use super::routing::{Pool, Routing};
use super::service::Version;
use std::sync::Arc;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Rate, Share};

/// A verdict that a strategy reaches on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The release stays.
    Promote,
    /// The release goes back.
    Rollback,
    /// The evidence does not suffice either way; the release goes back.
    NoEvidence,
    /// The evaluation found nothing wrong, and nothing was to be shipped.
    Pass,
}

/// What sends a release back besides a check that a strategy reads itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A metric of an analysis that a controller holds.
    Metric(String),
    /// A webhook of this name.
    Webhook(String),
    /// A plugin step of this name.
    Plugin(String),
    /// Pods that did not become ready in time.
    ProgressDeadline,
    /// Requests sent to the new pods before any user's.
    SmokeTest,
    /// Pods of an experiment, or what it could not find out.
    Experiment,
    /// An analysis that ended without a metric of its own to blame.
    Analysis,
}

impl Gate {
    /// The name in tables: a metric's own; of everything else what it is as well.
    pub fn word(&self) -> String {
        match self {
            Gate::Metric(name) => name.clone(),
            Gate::Webhook(name) => format!("webhook {name}"),
            Gate::Plugin(name) => format!("step plugin {name}"),
            Gate::ProgressDeadline => "progress deadline".to_string(),
            Gate::SmokeTest => "smoke test".to_string(),
            Gate::Experiment => "experiment".to_string(),
            Gate::Analysis => "analysis".to_string(),
        }
    }
}

/// What a check answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Good enough.
    Pass,
    /// Not good enough.
    Fail,
    /// No answer yet: ask again.
    Wait,
    /// Tested, and the evidence suffices neither way; what follows is the strategy's to say.
    Unsure,
}

impl Verdict {
    /// The word in stories.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Wait => "wait",
            Verdict::Unsure => "unsure",
        }
    }

    /// The verdict of whoever knows no third way.
    pub fn of(passes: bool) -> Verdict {
        if passes { Verdict::Pass } else { Verdict::Fail }
    }
}

/// What a judge tested: the statistic that it watches, and the value of it that fails a release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    /// Name of the judge, as in YAML.
    pub judge: &'static str,
    /// What the statistic is.
    pub statistic: &'static str,
    /// The statistic's value, in the test's own scale.
    pub value: f64,
    /// The value at which the release fails.
    pub limit: f64,
}

/// One check's evidence, for the event log.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Name of the check.
    pub check: Arc<str>,
    /// What was measured; nothing when the query was empty.
    pub value: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// Requests it rests on, where they are counted.
    pub requests: Option<f64>,
    /// What the check makes of it.
    pub verdict: Verdict,
    /// The test behind that, where there is more to it than value against limit.
    pub tested: Option<Tested>,
}

/// One order to the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Create a replica set; its number is the next one.
    Create {
        /// Version of its pods.
        version: Version,
        /// Pool its pods serve in.
        pool: Pool,
        /// Desired pods.
        size: u32,
    },
    /// A Deployment with an autoscaler of its own has been given this `spec.replicas`: what the
    /// autoscaler reads.
    Replicas {
        /// The fleet whose pods are written.
        pool: Pool,
        /// `spec.replicas`.
        replicas: u32,
    },
    /// Set the desired size of a replica set.
    Scale {
        /// Number of the set.
        set: u32,
        /// Desired pods.
        size: u32,
    },
    /// Write the desired routing.
    Route(Routing),
    /// From now on the settings ask for this share of the requests on the new version: what a step
    /// is called by, whatever pods and routers make of it. Without it, what is routed is asked for.
    Ask(Share),
    /// Open the experiment's log anew, or close it.
    Experiment(Option<Exposure>),
    /// Wake the strategy again.
    Wake {
        /// After this long.
        after: SimDuration,
        /// To be handed back.
        token: Token,
    },
    /// Send synthetic requests to the candidate; the result comes back as a cause.
    Smoke {
        /// How many.
        requests: u32,
    },
    /// Send synthetic load; it counts in metrics and as no user's.
    Load {
        /// Straight to the candidate, or through the split as users' requests go?
        straight: bool,
        /// Requests a second.
        rate: Rate,
        /// For how long.
        lasts: SimDuration,
    },
    /// The strategy has decided.
    Decide(Decision),
    /// A check was read.
    Evidence(Evidence),
    /// What orders the rollback that follows, where no check that was read says it.
    Because(Gate),
    /// The progress deadline has passed: a page for the human.
    DeadlinePassed,
    /// A line for the event log.
    Say(String),
}

/// Whose wake-up it is, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    /// Who asked: 0 the strategy itself, 1 the one that follows it, and so on. What one of them
    /// asked for never wakes another.
    pub owner: u32,
    /// What for.
    pub alarm: Alarm,
    /// In which of the owner's steps it was asked for, where it counts them.
    pub step: u32,
}

/// What a strategy asks to be woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// A controller's next pass.
    Pass,
    /// A controller's tick.
    Tick,
    /// What the tick called has answered.
    Answered,
    /// A look at the deadline of pods that have to come.
    Deadline,
    /// A look at the deadline of the primary's Deployment.
    PrimaryDeadline,
    /// A look at the deadline of the canary's Deployment.
    CanaryDeadline,
    /// The pause before traffic moves is over.
    Wait,
    /// Checks are due.
    Check,
    /// What was watched has been watched for long enough.
    End,
    /// What was kept for the rollback may go.
    Retire,
    /// What a rollback has left may go.
    CleanUp,
}

impl Token {
    /// What the strategy itself asks for.
    pub const fn of(alarm: Alarm) -> Token {
        Token { owner: 0, alarm, step: 0 }
    }

    /// The same, asked for in a step: it is of no interest in another.
    pub const fn in_step(alarm: Alarm, step: u32) -> Token {
        Token { owner: 0, alarm, step }
    }
}
