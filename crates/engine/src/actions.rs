//! What a strategy orders, carried out; and what people order beside it.

use super::address::Address;
use super::buckets::user_buckets;
use super::event::Event;
use super::flight::Flight;
use super::scalers::workload;
use std::sync::Arc;
use windtunnel_base::time::SimDuration;
use windtunnel_model::outcome::measures::AtVerdict;
use windtunnel_model::strategy::order::HumanOrder;
use windtunnel_model::strategy::{Cause, Scaling, View};
use windtunnel_model::world::action::{Action, Decision, Evidence};
use windtunnel_model::world::pod::Set;
use windtunnel_model::world::routing::{Pool, Routing, Split};

impl Flight {
    /// The release begins.
    pub(super) fn release(&mut self) {
        self.decisions.release(self.ctx.now);
        self.meters.release();
        self.scalers.release();
        self.say("release", || "the release begins".into());
        self.release_faults();
        self.apply_size();
        self.driver.plan_orders(&mut self.ctx);
        self.wake(Cause::Release);
    }

    /// Lets the strategy react to a cause, and carries out its orders.
    pub(super) fn wake(&mut self, cause: Cause) {
        if !self.ctx.has_release || self.decisions.release_at().is_none() {
            return;
        }
        let view = View {
            now: self.ctx.now,
            replicas: self.scalers.size(),
            sets: &self.cluster.set_facts(),
            telemetry: self.scraping.store(),
            experiment: self.data_plane.experiment(),
            shadow: self.data_plane.shadow(),
            chance: Address::Controller(0).key(&self.ctx.streams),
        };
        let (orders, busy) = self.driver.wake(&view, cause);
        // What a look found stays until the next look: a controller may act on it a tick later.
        if orders.iter().any(|order| matches!(order, Action::Evidence(_))) {
            self.decisions.look_again();
        }
        orders.into_iter().for_each(|order| self.carry_out(order));
        self.driver.works(busy, &mut self.ctx);
    }

    fn carry_out(&mut self, order: Action) {
        debug_assert!(self.ctx.now <= self.ctx.end, "{order:?} after the end");
        match order {
            Action::Create { version, pool, size } => {
                self.say("action", || match size {
                    0 => format!("create a set of the {} version, without pods", version.word()),
                    _ => format!("create {} × {} pods", size, version.word()),
                });
                self.cluster(|cluster, by| {
                    let set = cluster.add_set(Set { version, pool, size });
                    cluster.set_changed(set, by);
                });
            }
            Action::Scale { set, size } => {
                let before = self.cluster(|cluster, by| cluster.resize(set, size, by));
                let version = self.cluster.sets()[set as usize].version;
                let text = || format!("scale {}: {before} → {size} pods", version.word());
                self.say("action", text);
            }
            Action::Replicas { pool, replicas } => self.scalers.note(pool, replicas),
            Action::Route(routing) => self.route(routing),
            Action::Ask(share) => self.steps.ask(share.value(), self.ctx.now, &self.data_plane),
            Action::Experiment(open) => self.data_plane.set_experiment(open),
            Action::Wake { after, token } => self.ctx.plan_in(after, Event::Timer(token)),
            Action::Smoke { requests } => {
                self.tester.smoke(&mut self.ctx, &self.cluster, &self.data_plane, requests);
            }
            Action::Load { straight, rate, lasts } if rate.value() > 0.0 => {
                self.say("action", || format!("load test: {} requests/s", rate.value()));
                let gap = SimDuration::from_secs_f64(1.0 / rate.value());
                let until = self.ctx.now + lasts;
                let event = Event::Synthetic { until, gap, straight };
                self.ctx.plan_in(SimDuration::ZERO, event);
            }
            Action::Load { .. } => {}
            Action::Decide(decision) => self.decide(decision),
            Action::Evidence(evidence) => {
                self.decisions.note(&evidence);
                self.say("check", || shown(&evidence));
            }
            Action::Because(gate) => self.decisions.blame(gate.word()),
            Action::DeadlinePassed => {
                self.say("action", || "the progress deadline has passed".into());
                self.page("the rollout exceeded its progress deadline", true);
            }
            Action::Say(text) => self.say("action", || text),
        }
    }

    /// The strategy writes another routing.
    fn route(&mut self, routing: Routing) {
        let by_bucket = matches!(routing.split, Split::Buckets(_) | Split::Flag(_));
        if by_bucket && !self.data_plane.has_buckets() {
            let users = self.data_plane.users().count() as u32;
            self.data_plane.set_buckets(user_buckets(users, self.ctx.scenario.experiment()));
        }
        let share = routing.split.candidate_share();
        debug_assert!((0.0..=1.0).contains(&share), "{routing:?} is no share");
        self.steps.ask_by_route(share, self.ctx.now, &self.data_plane);
        let share = share * 100.0;
        self.say("action", || format!("route {share:.0} % to the new version"));
        let lag = self.faults.switches().lag;
        self.propagation.route(&mut self.ctx, &mut self.data_plane, lag, routing);
    }

    /// The strategy has decided on its own.
    fn decide(&mut self, decision: Decision) {
        let text = match decision {
            Decision::Promote => "promoted",
            Decision::Rollback => "the strategy orders the rollback",
            Decision::NoEvidence => "no evidence either way: back to the old version",
            Decision::Pass => "nothing wrong found; nothing was to be shipped",
        };
        self.say("decision", || text.into());
        self.see_verdict();
        match decision {
            Decision::Promote => self.decisions.promote(self.ctx.now),
            Decision::Rollback => self.roll_back(false),
            Decision::NoEvidence => {
                self.decisions.lack_evidence();
                self.roll_back(false);
            }
            Decision::Pass => self.decisions.pass(),
        }
    }

    /// A rollback is ordered.
    pub(super) fn roll_back(&mut self, by_human: bool) {
        self.see_verdict();
        self.stirred |= self.decisions.roll_back(self.ctx.now, by_human);
    }

    /// A verdict has fallen: what had been exposed and judged by the first one counts.
    fn see_verdict(&mut self) {
        if !self.decisions.is_judged() {
            self.steps.end(self.ctx.now, &self.data_plane);
        }
        let data_plane = &self.data_plane;
        self.decisions.see(|| AtVerdict {
            exposed: data_plane.users().counts().exposed,
            judged: data_plane.tally().served_new + data_plane.shadow().candidate.compared,
            weight: data_plane.believed_weight(),
        });
    }

    /// Somebody gives an order.
    pub(super) fn ordered(&mut self, order: HumanOrder) {
        self.say("order", || format!("somebody orders: {order}"));
        match order {
            HumanOrder::Scale(pods) => return self.resize(pods),
            _ if order.takes_back() => self.roll_back(true),
            HumanOrder::Retry => {
                self.decisions.retry();
                self.meters.retry();
            }
            _ => {}
        }
        self.wake(Cause::Ordered(order));
    }

    /// The size of the whole service is written, by somebody or by its autoscaler.
    pub(super) fn resize(&mut self, size: u32) {
        let before = self.scalers.write(size);
        self.stirred = true;
        if self.scalers.scaled_by() == Scaling::Whole {
            self.wake(Cause::Scaled { pool: Pool::Stable, replicas: size });
        } else {
            self.cluster(|cluster, by| cluster.keep_proportions(before, size, by));
        }
        self.driver.plan_look(&mut self.ctx);
    }

    /// The release writes a size of its own.
    fn apply_size(&mut self) {
        let Some(applied) = self.scalers.applied(&self.ctx.scenario) else { return };
        let before = self.scalers.write(applied);
        let names = Arc::clone(self.cluster.names());
        self.say("autoscale", || {
            let name = workload(&names, None);
            format!("{name}: applied with {applied} pods instead of {before}")
        });
        self.cluster(|cluster, by| cluster.keep_proportions(before, applied, by));
    }
}

fn shown(e: &Evidence) -> String {
    let value = e.value.map_or("no data".to_string(), |v| format!("{v:.5}"));
    let limit = e.limit.map_or(String::new(), |l| format!(" against {l:.5}"));
    let word = e.verdict.word();
    let requests = e.requests.map_or(String::new(), |n| format!(", {n:.0} requests"));
    let tested = e.tested.map_or(String::new(), |t| {
        let (value, limit) = (figure(t.value), figure(t.limit));
        format!(" ({}: {} {value} against {limit})", t.judge, t.statistic)
    });
    format!("check {}: {value}{limit}{requests}: {word}{tested}", e.check)
}

/// A statistic as people read it: p-values may be tiny, and scores are not.
fn figure(value: f64) -> String {
    match value.abs() {
        small if small > 0.0 && small < 0.001 => format!("{value:.1e}"),
        small if small < 10.0 => format!("{value:.4}"),
        _ => format!("{value:.1}"),
    }
}
