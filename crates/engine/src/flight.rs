//! One replication: the owners of its parts, and the loop that lets control plane and data plane
//! take turns.
//!
//! All state is plain cloneable data. The loop asks the calendar for the next control instant,
//! advances the data plane to it, and lets whoever owns what is due react. Every owner has a file
//! (or folder) of its own, whose methods say what else they read or write; what several of them
//! have to do with one event is done here and in `orders`, `strikes`. None of them does I/O, reads
//! a clock or draws from a shared generator.

use super::cluster::{Cluster, Hands, News};
use super::context::Context;
use super::data_plane::{Advanced, DataPlane, Observer};
use super::decisions::Decisions;
use super::driver::Driver;
use super::event::{Change, Event};
use super::event_log::EventLog;
use super::faults::{Faults, Strikes};
use super::meters::{self, Meters};
use super::on_call::{Decided, OnCall};
use super::propagation::Propagation;
use super::scalers::{self, Scalers};
use super::scraping::{Page, Scraping};
use super::smoke::{self, Tester};
use super::steps::Steps;
use std::sync::Arc;
use windtunnel_base::random::Streams;
use windtunnel_base::time::{SimDuration, SimTime};
use windtunnel_model::analysis::promql::Query;
use windtunnel_model::outcome::Sample;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::Cause;
use windtunnel_model::strategy::pilot::Pilot;
use windtunnel_model::world::pod::Set;
use windtunnel_model::world::routing::Pool;
use windtunnel_model::world::service::Version;

/// How a flight differs from a plain one.
#[derive(Clone, Debug, Default)]
pub(super) struct FlightOptions {
    /// Bad outcomes of the twin, to find the first harm by the release.
    pub(super) twin_bad: Option<Arc<[u64]>>,
    /// Keep bad outcomes: this flight is a twin.
    pub(super) is_twin: bool,
    /// Phase-bound chaos of the flight this one is the twin of.
    pub(super) chaos_at: Strikes,
    /// Take samples at this interval and keep an event log.
    pub(super) record: Option<SimDuration>,
    /// Check invariants after every event.
    pub(super) checked: bool,
    /// Let no request take the fast path, which comes to the same.
    pub(super) fast_path_off: bool,
    /// Fail all scrapes: nothing is ever measured.
    pub(super) blind: bool,
    /// Scrape everything that the world exports, and keep it.
    pub(super) export: bool,
    /// Draws of the human's first page (acknowledge, decide), from a quasi-random block.
    pub(super) human: Option<[f64; 2]>,
    /// The alert's queries, over its long and its short window.
    pub(super) alert: Vec<Query>,
}

/// The whole state of a replication.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) ctx: Context,
    pub(super) data_plane: DataPlane,
    pub(super) cluster: Cluster,
    pub(super) propagation: Propagation,
    pub(super) faults: Faults,
    pub(super) scraping: Scraping,
    pub(super) scalers: Scalers,
    pub(super) driver: Driver,
    pub(super) on_call: OnCall,
    pub(super) decisions: Decisions,
    pub(super) meters: Meters,
    pub(super) steps: Steps,
    pub(super) tester: Tester,
    pub(super) log: EventLog,
    /// Has anything changed that the meters look at?
    pub(super) stirred: bool,
    checked: bool,
}

impl Flight {
    /// The start of a flight of `pilot` with a variant of the release (none for a twin).
    pub(super) fn new(
        scenario: &Arc<Scenario>,
        variant: Option<usize>,
        pilot: &Pilot,
        streams: Streams,
        options: FlightOptions,
    ) -> Flight {
        let facts = &pilot.facts;
        let ctx = Context::new(scenario, streams, variant.is_some());
        let on_call = OnCall::new(options.human, options.alert);
        let scalers = Scalers::new(scenario, facts.scaling);
        let mut wanted: Vec<Query> =
            facts.queries.iter().cloned().chain(on_call.queries()).collect();
        // A twin decides nothing, and nobody but its autoscaler reads its metrics.
        wanted.retain(|_| ctx.has_release);
        wanted.extend(scalers.queries());
        let scraping = Scraping::new(scenario, &wanted, options.export).blinded(options.blind);
        let service = Arc::clone(&scenario.service);
        let bounds = &scraping.bounds().all;
        let mut data_plane = DataPlane::new(service, &scenario.traffic, streams, ctx.end, bounds);
        let observer = match options.is_twin {
            true => Observer::of_twin(),
            false => Observer::beside(options.twin_bad),
        };
        data_plane.observe(if options.record.is_some() {
            observer.with_latency()
        } else {
            observer
        });
        if options.fast_path_off {
            data_plane.close_fast_path();
        }
        let limits = facts.client.or(scenario.cluster.client_limits);
        let mut flight = Flight {
            propagation: Propagation::new(data_plane.proxies().len()),
            cluster: Cluster::new(scenario, &facts.names),
            faults: Faults::new(scenario, variant, options.chaos_at),
            driver: Driver::new(pilot.machine.clone(), facts.orders.clone(), limits),
            log: EventLog::new(options.record),
            ctx,
            data_plane,
            scraping,
            scalers,
            on_call,
            decisions: Decisions::default(),
            meters: Meters::default(),
            steps: Steps::default(),
            tester: Tester::default(),
            stirred: true,
            checked: options.checked,
        };
        flight.prepare();
        flight
    }

    /// The fleet as it stands before anything happens: nodes, ready old pods, first wake-ups.
    fn prepare(&mut self) {
        self.scraping.prepare(&mut self.ctx, &self.cluster);
        self.data_plane.divide_users(self.faults.cohorts());
        let replicas = self.ctx.scenario.service.replicas;
        self.cluster(|cluster, by| {
            let set = Set { version: Version::Old, pool: Pool::Stable, size: replicas };
            let set = cluster.add_set(set);
            (0..replicas).for_each(|_| cluster.create_running_pod(set, by));
            cluster.settle_set(set, by.ctx);
        });
        let scenario = Arc::clone(&self.ctx.scenario);
        self.data_plane.open_connections(&scenario.traffic, self.ctx.end);
        self.scalers.prepare(&mut self.ctx);
        self.prepare_faults();
        if self.ctx.has_release {
            self.ctx.plan(SimTime::ZERO + scenario.release.at, Event::Release);
        }
        self.on_call.prepare(&mut self.ctx);
        if let Some(interval) = self.log.interval() {
            self.ctx.plan_in(interval, Event::Sample);
        }
        self.look_at_meters();
    }

    /// Flies until the horizon, then drains what is in flight with the control plane frozen. Asks
    /// at every control event, and within long spells of requests, whether to go on; nothing comes
    /// back if not, and the flight is worth nothing.
    pub(super) fn run(&mut self, go_on: &dyn Fn() -> bool) -> Option<()> {
        while go_on() {
            let next = self.ctx.next_at();
            match self.data_plane.advance_while(next, go_on)? {
                Advanced::Tripped { pod, at } => {
                    self.tick(at);
                    self.cluster(|cluster, by| cluster.crash(pod, by));
                    self.after_event();
                    continue;
                }
                Advanced::Reached => self.tick(next),
            }
            self.tell_ejections();
            let event = if self.ctx.now >= self.ctx.end { None } else { self.ctx.take() };
            let Some((_, event)) = event else {
                self.data_plane.drain();
                return Some(());
            };
            self.handle(event);
            self.after_event();
        }
        None
    }

    /// Moves the control plane's clock, adding up what lasted until now.
    fn tick(&mut self, at: SimTime) {
        assert!(at >= self.ctx.now, "the control plane went back in time");
        let span = at.since(self.ctx.now);
        let rolls_back = self.decisions.rollback_at().is_some();
        self.meters.lapse(span, self.data_plane.tally().arrived, rolls_back);
        self.steps.lapse(span, self.meters.serving());
        self.ctx.now = at;
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Release => self.release(),
            Event::Ordered(order) => self.ordered(order),
            Event::Timer(token) => self.wake(Cause::Timer(token)),
            Event::Look => {
                if self.driver.looks(&mut self.ctx) {
                    self.wake(Cause::Pods);
                }
            }
            Event::Set { set, step } => {
                self.cluster(|cluster, by| cluster.set_step(set, step, by));
            }
            Event::Pod { pod, life, step } => {
                self.cluster(|cluster, by| cluster.pod_step((pod, life), step, by));
            }
            Event::Believe { proxy, change } => self.believe(proxy, change),
            Event::Scrape(target) => {
                let away = self.faults.switches().scrapes_fail;
                let page = Page { cluster: &self.cluster, data_plane: &self.data_plane };
                self.scraping.scrape(&mut self.ctx, target, &page, away);
            }
            Event::TargetGone { target, since } => {
                self.scraping.target_gone(target, since, self.faults.switches().scrapes_fail);
            }
            Event::Alert => {
                if self.on_call.is_alerted(&mut self.ctx, self.scraping.store()) {
                    self.page("the success rate is below the objective", false);
                }
            }
            Event::HumanDecides => self.human_decides(),
            Event::Fault { index, begins } => self.fault(index, begins),
            Event::NodeReady => self.cluster(|cluster, by| cluster.node_ready(by)),
            Event::NodeNoticed(node) => {
                self.cluster(|cluster, by| cluster.node_noticed(node, by));
            }
            Event::NodeEvicted(node) => {
                self.cluster(|cluster, by| cluster.node_evicted(node, by));
            }
            Event::Drain(node) => self.cluster(|cluster, by| cluster.drain(node, by)),
            Event::MetricsServer => {
                self.scalers.read(&mut self.ctx, &self.cluster, &self.data_plane);
            }
            Event::Autoscale => self.autoscale(),
            Event::SmokeDone { sent, failed } => self.wake(Cause::Smoke { sent, failed }),
            Event::Synthetic { until, gap, straight } => {
                smoke::load(&mut self.ctx, &mut self.data_plane, until, gap, straight);
            }
            Event::Sample => self.sample(),
        }
    }

    /// Lets the cluster work, and spreads what others hear of it.
    pub(super) fn cluster<R>(&mut self, work: impl FnOnce(&mut Cluster, &mut Hands<'_>) -> R) -> R {
        let Flight { ctx, data_plane, faults, log, cluster, .. } = self;
        let done = work(cluster, &mut Hands { ctx, data_plane, faults, log });
        self.stirred |= self.cluster.take_changed();
        let lag = self.faults.switches().lag;
        for news in self.cluster.take_news() {
            match news {
                News::Endpoint(pod, found) => {
                    self.propagation.announce(&mut self.ctx, lag, (pod, found));
                }
                News::Target(place) => self.scraping.add(&mut self.ctx, &self.cluster, place),
                News::Look => self.driver.plan_look(&mut self.ctx),
            }
        }
        done
    }

    /// A change reaches a proxy.
    fn believe(&mut self, proxy: u32, change: Change) {
        self.stirred = true;
        match change {
            Change::Endpoint(pod, conditions) => {
                let pool = self.cluster.pods()[pod as usize].pool;
                self.data_plane.learn(proxy, (pool, pod), conditions);
            }
            Change::Routing(routing) => {
                self.data_plane.learn_routing(proxy, routing);
                self.say("routing", || format!("proxy {proxy} acts on the new routing"));
            }
        }
    }

    /// Pages the human, who may have nothing to do.
    pub(super) fn page(&mut self, why: &str, stuck: bool) {
        let told = self.on_call.page(&mut self.ctx, &self.decisions, why, stuck);
        if let Some(told) = told {
            self.say("human", || told);
        }
    }

    fn human_decides(&mut self) {
        let rolled_out = self.meters.rolled_out_at().is_some();
        let store = self.scraping.store();
        match self.on_call.decides(&self.ctx, &self.decisions, rolled_out, store) {
            None => {}
            Some(Decided::Resolved) => {
                self.say("human", || "the alert has resolved: nothing is taken back".into());
            }
            Some(Decided::RollsBack) => {
                self.say("decision", || "the human orders the rollback".into());
                self.roll_back(true);
                self.wake(Cause::Rollback);
            }
        }
    }

    /// A sync of every autoscaler.
    fn autoscale(&mut self) {
        self.ctx.plan_in(windtunnel_model::strategy::autoscaler::hpa::SYNC, Event::Autoscale);
        if !self.scalers.by_deployment() {
            let target = self.scalers.whole(self.propagation.desired().split);
            if let Some(size) = self.sync(&target) {
                self.resize(size);
            }
            return;
        }
        for pool in [Pool::Stable, Pool::Candidate] {
            let target = self.scalers.deployment(pool);
            if let Some(replicas) = target.and_then(|target| self.sync(&target)) {
                self.wake(Cause::Scaled { pool, replicas });
                self.driver.plan_look(&mut self.ctx);
            }
        }
    }

    fn sync(&mut self, target: &scalers::Target) -> Option<u32> {
        let (ctx, cluster, store) = (&self.ctx, &self.cluster, self.scraping.store());
        let rescale = self.scalers.sync(&scalers::ScalerInput { ctx, cluster, store }, target)?;
        self.say("autoscale", || rescale.told);
        Some(rescale.size)
    }

    /// Takes a sample.
    fn sample(&mut self) {
        let p99_ms = self.data_plane.take_latency().and_then(|latency| latency.quantile_ms(0.99));
        let sample = Sample {
            t_s: self.ctx.now.as_secs_f64(),
            requests: 0,
            failed: 0,
            slow: 0,
            p99_ms,
            weight_new: self.data_plane.believed_weight(),
            pods: self.cluster.phases(),
        };
        self.log.sample(self.data_plane.tally().outcomes, sample);
        if let Some(interval) = self.log.interval() {
            self.ctx.plan_in(interval, Event::Sample);
        }
    }

    /// Pods that proxies have ejected since the last instant.
    fn tell_ejections(&mut self) {
        for ejection in self.data_plane.take_ejections() {
            let span = SimDuration::from_nanos(ejection.until - ejection.at).as_secs_f64();
            let (proxy, pod) = (ejection.proxy, ejection.pod);
            self.say("routing", || format!("proxy {proxy} ejects pod {pod} for {span:.0} s"));
        }
    }

    fn after_event(&mut self) {
        if std::mem::take(&mut self.stirred) {
            self.look_at_meters();
            self.faults_follow_phase();
        }
        if self.checked {
            self.check_invariants();
        }
    }

    fn look_at_meters(&mut self) {
        self.stirred = false;
        let sight = meters::MeterInput {
            ctx: &self.ctx,
            cluster: &self.cluster,
            data_plane: &self.data_plane,
            decisions: &self.decisions,
            split: self.propagation.desired().split,
            full_size: self.scalers.full_size(),
        };
        for reached in self.meters.look(&sight) {
            self.say("release", || reached.into());
        }
    }

    /// Logs an event, if a log is kept.
    pub(super) fn say(&mut self, kind: &'static str, text: impl FnOnce() -> String) {
        let Flight { log, ctx, cluster, data_plane, .. } = self;
        log.say(ctx.now, kind, text, || cluster.scene(data_plane));
    }
}
