//! The on-call human, the same for all strategies: paged by the alert or by a passed deadline,
//! acknowledges and decides after drawn delays, and rolls a recent release back by the strategy's
//! own way. A human can't tell chaos from a release.

use super::address::Address;
use super::context::Context;
use super::decisions::Decisions;
use super::event::Event;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::analysis::promql::value::Value;
use windtunnel_model::analysis::promql::{Options, Query};
use windtunnel_model::telemetry::store::Store;
use windtunnel_model::telemetry::unix_ms;

/// Numbers of the alert's windows.
const LONG: usize = 0;
const SHORT: usize = 1;

/// Where the human stands.
#[derive(Clone, Debug, Default)]
pub(super) struct OnCall {
    busy: bool,
    /// Was the page about a rollout that does not move on?
    stuck: bool,
    /// How often the human was paged.
    pages: u64,
    /// From acknowledging to deciding, over all pages.
    worked: SimDuration,
    first: Option<[f64; 2]>,
    /// The alert's queries: the share of failed requests over the long and the short window.
    alert: Vec<Query>,
}

/// What the human makes of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// The release is rolled back.
    RollsBack,
    /// The alert has resolved itself.
    Resolved,
}

impl OnCall {
    /// A human whose first two draws may come from a quasi-random block.
    pub(super) fn new(first: Option<[f64; 2]>, alert: Vec<Query>) -> OnCall {
        OnCall { first, alert, ..OnCall::default() }
    }

    /// How often the human was paged, and the hours from acknowledging to deciding.
    pub(super) fn pages(&self) -> (u64, f64) {
        (self.pages, self.worked.as_secs_f64() / 3600.0)
    }

    /// The queries of the alert, for the scraper.
    pub(super) fn queries(&self) -> impl Iterator<Item = Query> {
        self.alert.iter().cloned()
    }

    /// Plans the first look at the alert, if there is anybody.
    pub(super) fn prepare(&self, ctx: &mut Context) {
        if ctx.scenario.on_call.present && ctx.has_release {
            ctx.plan_in(ctx.scenario.on_call.every, Event::Alert);
        }
    }

    /// Does the alert fire, with bad requests above the objective in both windows?
    pub(super) fn is_alerted(&self, ctx: &mut Context, store: &Store) -> bool {
        ctx.plan_in(ctx.scenario.on_call.every, Event::Alert);
        // The short window first: it answers sooner, and mostly says no.
        self.burns(ctx, store, SHORT) && self.burns(ctx, store, LONG)
    }

    /// Is the share of failed requests at the ingress above what the objective allows?
    fn burns(&self, ctx: &Context, store: &Store, window: usize) -> bool {
        let limit = 1.0 - ctx.scenario.on_call.objective.value();
        let Some(query) = self.alert.get(window) else { return false };
        match query.instant(store, unix_ms(ctx.now), &Options::in_flight()) {
            Ok(Value::Vector(elements)) => elements.first().is_some_and(|e| e.value > limit),
            _ => false,
        }
    }

    /// Pages the human, unless one is already at work or nothing can be taken back; says what is
    /// to be told of it.
    pub(super) fn page(
        &mut self,
        ctx: &mut Context,
        decisions: &Decisions,
        why: &str,
        stuck: bool,
    ) -> Option<String> {
        self.stuck |= stuck;
        if self.busy || !decisions.may_be_taken_back() || !ctx.scenario.on_call.present {
            return None;
        }
        let page = self.pages;
        self.pages += 1;
        self.busy = true;
        let draws = match self.first.filter(|_| page == 0) {
            Some(draws) => draws,
            None => [0, 1].map(|i| Address::Human((page * 2 + i) as u32).uniform(&ctx.streams)),
        };
        let acknowledge = ctx.scenario.on_call.acknowledge.quantile(draws[0]);
        let decide = ctx.scenario.on_call.decide.quantile(draws[1]);
        self.worked += decide;
        ctx.plan_in(acknowledge + decide, Event::HumanDecides);
        Some(format!("page: {why}; acknowledged after {acknowledge}, decision after {decide} more"))
    }

    /// The human has looked; nothing comes back where there is nothing to decide.
    pub(super) fn decides(
        &mut self,
        ctx: &Context,
        decisions: &Decisions,
        rolled_out: bool,
        store: &Store,
    ) -> Option<Decided> {
        self.busy = false;
        let stuck = std::mem::take(&mut self.stuck) && !rolled_out;
        let recent = |at: SimTime| ctx.now.since(at) <= ctx.scenario.on_call.suspects;
        if !decisions.may_be_taken_back() || !decisions.release_at().is_some_and(recent) {
            return None;
        }
        // A page that has resolved itself by now (a short outage, a rollout that came to its end
        // late) is closed; a rollout that is still stuck or errors that go on are not.
        let goes_on = stuck || self.burns(ctx, store, SHORT);
        Some(if goes_on { Decided::RollsBack } else { Decided::Resolved })
    }
}
