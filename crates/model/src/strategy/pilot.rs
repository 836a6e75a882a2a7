//! What comes of settings that are bound to a scenario: what can be told before anything flies, and
//! the machine that will.

use super::order::Ordered;
use super::{Machine, Scaling};
use crate::analysis::check::Check;
use crate::analysis::promql::Query;
use crate::world::action::{Gate, Verdict};
use crate::world::client::ClientLimits;
use crate::world::names::Names;
use std::collections::BTreeSet;
use std::sync::Arc;
use windtunnel_base::time::SimDuration;

/// A strategy that is ready to fly.
#[derive(Clone, Debug)]
pub struct Pilot {
    /// What can be told of it.
    pub facts: Facts,
    /// Its state at the start.
    pub machine: Box<dyn Machine>,
}

/// What can be told of a strategy before it flies.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The queries that it asks: only series that one of them names are scraped.
    pub queries: Vec<Query>,
    /// Checks it decides by, for warnings and explanations.
    pub checks: Vec<Checked>,
    /// What it judges by queries, check by check, under the names that its evidence bears.
    pub judged: Vec<Judged>,
    /// Further names by which it may stop a release: what decides and is no query.
    pub gates: Vec<String>,
    /// What things are called in its flights: a controller renames workloads.
    pub names: Arc<Names>,
    /// Whose size an autoscaler writes.
    pub scaling: Scaling,
    /// What people order during the release.
    pub orders: Vec<Ordered>,
    /// Limits of the client of its controller, where that is not one of Kubernetes' own.
    pub client: Option<ClientLimits>,
    /// Shortest time from the start of the release to its verdict, as far as settings tell: pods
    /// that have to start come on top.
    pub takes: SimDuration,
    /// What its event log tells of its measurements.
    pub said: Said,
    /// What is allowed and does something else than its words say.
    pub surprises: Vec<Surprise>,
    /// Does it ship nothing, and show the new version to no user?
    pub hidden: bool,
}

/// A setting that does something else than its words say, for warnings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surprise {
    /// Where it stands within the strategy's settings.
    pub path: String,
    /// What really happens.
    pub message: String,
    /// A way out.
    pub help: String,
}

/// A check with the strategy's interval, its window if it has none of its own, and the share of
/// the traffic that is on the new version when it is asked first.
pub type Checked = (Check, SimDuration, f64);

/// What a line of an event log says of a check: its name, what it came to, and whether there was no
/// answer. For controllers that tell their measurements instead of giving evidence.
pub type Said = fn(&str) -> Option<(String, Verdict, bool)>;

/// A check that a strategy decides by.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its name in evidence.
    pub name: String,
    /// Where it stands within the strategy's settings; empty if it stands elsewhere.
    pub path: String,
    /// What it asks.
    pub queries: Vec<Query>,
}

impl Facts {
    /// Of a strategy that asks nothing, under names that are the service's own.
    pub fn of(names: &Names) -> Facts {
        Facts {
            queries: Vec::new(),
            checks: Vec::new(),
            judged: Vec::new(),
            gates: Vec::new(),
            names: Arc::new(names.clone()),
            scaling: Scaling::Fleet,
            orders: Vec::new(),
            client: None,
            takes: SimDuration::ZERO,
            said: |_| None,
            surprises: Vec::new(),
            hidden: false,
        }
    }

    /// The same with further surprises.
    pub fn with_surprises(mut self, more: Vec<Surprise>) -> Facts {
        self.surprises.extend(more);
        self
    }

    /// The same of a strategy that may stop a release by these gates, too.
    pub fn stopping_by(mut self, gates: impl IntoIterator<Item = Gate>) -> Facts {
        self.gates.extend(gates.into_iter().map(|gate| gate.word()));
        self
    }

    /// All names by which it may stop a release, each once.
    pub fn stoppers(&self) -> Vec<&str> {
        let judged = self.judged.iter().map(|judged| judged.name.as_str());
        let mut names: Vec<&str> = judged.chain(self.gates.iter().map(String::as_str)).collect();
        let mut known = BTreeSet::new();
        names.retain(|name| known.insert(*name));
        names
    }

    /// The same of a strategy that decides by these checks, which stand in its list `list`.
    pub fn deciding_by(self, checks: Vec<Checked>, list: &str) -> Facts {
        let judged = |(number, (check, ..)): (usize, &Checked)| Judged {
            name: check.name.to_string(),
            path: format!("{list}[{number}]"),
            queries: check.queries(),
        };
        Facts {
            queries: checks.iter().flat_map(|(check, ..)| check.queries()).collect(),
            judged: checks.iter().enumerate().map(judged).collect(),
            checks,
            ..self
        }
    }
}
