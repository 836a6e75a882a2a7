//! The on-call human, the same for all strategies: paged by the alert or by a passed deadline,
//! acknowledges and decides after drawn delays, and rolls a recent release back by the strategy's
//! own way. A human can't tell chaos from a release.

use super::address::Address;
use super::flight::{Event, Flight};
use crate::analysis::promql::value::Value;
use crate::analysis::promql::{Options, Query};
use crate::base::time::{SimDuration, SimTime};
use crate::strategy::Cause;
use crate::telemetry::unix_ms;

/// Numbers of the alert's windows.
const LONG: usize = 0;
const SHORT: usize = 1;

/// Where the human stands.
#[derive(Clone, Debug, Default)]
pub struct Human {
    busy: bool,
    /// Was the page about a rollout that does not move on?
    stuck: bool,
    /// How often the human was paged.
    pub(super) pages: u64,
    /// From acknowledging to deciding, over all pages.
    pub(super) worked: SimDuration,
    first: Option<[f64; 2]>,
    /// The alert's queries: the share of failed requests over the long and the short window.
    alert: Vec<Query>,
}

impl Human {
    /// A human whose first two draws may come from a quasi-random block.
    pub fn new(first: Option<[f64; 2]>, alert: Vec<Query>) -> Human {
        Human { first, alert, ..Human::default() }
    }

    /// The queries of the alert, for the scraper.
    pub fn queries(&self) -> Vec<Query> {
        self.alert.clone()
    }
}

impl Flight {
    /// The alert: bad requests above the objective in the long and in the short window.
    pub(super) fn alert(&mut self) {
        self.calendar.plan(self.now + self.scenario.on_call.every, Event::Alert);
        // The short window first: it answers sooner, and mostly says no.
        if self.burns(SHORT) && self.burns(LONG) {
            self.page("the success rate is below the objective", false);
        }
    }

    /// Is the share of failed requests at the ingress above what the objective allows?
    fn burns(&self, window: usize) -> bool {
        let limit = 1.0 - self.scenario.on_call.objective.value();
        let Some(query) = self.human.alert.get(window) else { return false };
        let answer = query.instant(&self.scraper.store, unix_ms(self.now), &Options::in_flight());
        match answer {
            Ok(Value::Vector(elements)) => elements.first().is_some_and(|e| e.value > limit),
            _ => false,
        }
    }

    /// Pages the human, unless one is already at work or nothing can be taken back.
    pub(super) fn page(&mut self, why: &str, stuck: bool) {
        self.human.stuck |= stuck;
        let nothing_left = self.watch.way_back_at.is_some() || self.watch.release_at.is_none();
        if self.human.busy || nothing_left || !self.scenario.on_call.present {
            return;
        }
        let page = self.human.pages;
        self.human.pages += 1;
        self.human.busy = true;
        let draws = match self.human.first.filter(|_| page == 0) {
            Some(draws) => draws,
            None => [0, 1].map(|i| Address::Human((page * 2 + i) as u32).uniform(&self.streams)),
        };
        let acknowledge = self.scenario.on_call.acknowledge.quantile(draws[0]);
        let decide = self.scenario.on_call.decide.quantile(draws[1]);
        self.human.worked += decide;
        self.watch.paged_at.get_or_insert(self.now);
        self.story("human", || {
            format!("page: {why}; acknowledged after {acknowledge}, decision after {decide} more")
        });
        self.calendar.plan(self.now + acknowledge + decide, Event::HumanDecides);
    }

    /// The human has looked and decides.
    pub(super) fn human_decides(&mut self) {
        self.human.busy = false;
        let recent = |at: SimTime| self.now.since(at) <= self.scenario.on_call.suspects;
        if self.watch.way_back_at.is_some() || !self.watch.release_at.is_some_and(recent) {
            return;
        }
        // A page that has resolved itself by now (a short outage) is closed; a stuck rollout or
        // errors that go on are not.
        if !self.human.stuck && !self.burns(SHORT) {
            self.story("human", || "the alert has resolved: nothing is taken back".into());
            return;
        }
        self.story("decision", || "the human orders the way back".into());
        self.order_way_back(true);
        self.wake(Cause::WayBack);
    }
}
