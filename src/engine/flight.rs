//! One replication: its state, and the loop that lets control plane and data plane take turns.
//!
//! All state is plain cloneable data. The loop asks the calendar for the next control instant,
//! advances the data plane to it, and lets one handler react. What each handler does lives in the
//! files beside this one; none of them does I/O, reads a clock or draws from a shared generator.

use super::autoscale::Autoscalers;
use super::calendar::Calendar;
use super::claims::Volume;
use super::faults::FaultState;
use super::human::Human;
use super::network::Change;
use super::plane::{Advanced, Plane};
use super::record::Recorder;
use super::scrape;
use super::sets::{SetStep, SetSync};
use super::steps::Steps;
use super::tables::Switches;
use super::watch::Watch;
use crate::analysis::promql::Query;
use crate::base::random::Streams;
use crate::base::time::{SimDuration, SimTime};
use crate::scenario::model::Scenario;
use crate::strategy::order::{Order, Ordered};
use crate::strategy::pilot::{Facts, Pilot};
use crate::strategy::{Cause, Machine, Scaling};
use crate::telemetry::facts::Bounds;
use crate::telemetry::scraper::Scraper;
use crate::world::action::Token;
use crate::world::client::Client;
use crate::world::names::{Names, PodNames};
use crate::world::pod::{Node, Pod, Set};
use crate::world::routing::{Pool, Routing};
use crate::world::service::Version;
use std::sync::Arc;

/// From a change until the controller of a replica set has seen it.
pub(super) const SEEN: SimDuration = SimDuration::from_millis(5);

/// One call to the API, there and back.
pub(super) const CALL: SimDuration = SimDuration::from_millis(10);

/// From the status of a set until whoever owns the set looks at it.
pub(super) const LOOK: SimDuration = SimDuration::from_millis(8);

/// What the control plane wakes up for.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The release begins.
    Release,
    /// Somebody gives an order.
    Ordered(Order),
    /// A wake-up that the strategy asked for.
    Timer(Token),
    /// Reported pod states have changed: the strategy looks.
    Look,
    /// A step of the controller of a replica set.
    Set {
        /// Which set.
        set: u32,
        /// Which step.
        step: SetStep,
    },
    /// A step in the life of a pod; void if the pod's life has moved on.
    Pod {
        /// Which pod.
        pod: u32,
        /// The pod's life when the step was planned.
        life: u32,
        /// Which step.
        step: PodStep,
    },
    /// A change reaches a proxy.
    Believe {
        /// Which proxy.
        proxy: u32,
        /// What it learns.
        change: Change,
    },
    /// A target is scraped.
    Scrape(u32),
    /// A target has been gone for long enough: its series end.
    TargetGone {
        /// Which target.
        target: u32,
        /// When its next scrape would have been.
        since: SimTime,
    },
    /// The alert is evaluated.
    Alert,
    /// The human has decided.
    HumanDecides,
    /// A fault begins or ends.
    Fault {
        /// Its number.
        index: usize,
        /// Does it begin?
        begins: bool,
    },
    /// A new node is ready.
    NodeReady,
    /// The cluster notices that a node is gone.
    NodeNoticed(u32),
    /// Pods of a lost node are given up.
    NodeEvicted(u32),
    /// A node that is being drained: the next eviction.
    Drain(u32),
    /// The metrics server reads all pods.
    MetricsServer,
    /// The autoscalers look at what it read.
    Autoscale,
    /// The smoke test has its result.
    SmokeDone {
        /// Requests sent.
        sent: u32,
        /// Requests not answered rightly.
        failed: u32,
    },
    /// A load test sends its next request.
    Synthetic {
        /// When it ends.
        until: SimTime,
        /// Between two requests.
        gap: SimDuration,
        /// Straight to the candidate, or through the split?
        straight: bool,
    },
    /// A recording takes a sample.
    Sample,
}

/// A step in the life of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodStep {
    /// Its container starts.
    ContainerStarts,
    /// Its process has booted.
    Booted,
    /// Its process exits.
    Crashes,
    /// Its process exits by a fault, if that has not ended meanwhile.
    ExitsBy {
        /// The fault's number.
        fault: u32,
        /// How often that had begun.
        strike: u32,
    },
    /// The kubelet notices that the container has ended.
    CrashNoticed,
    /// A probe (readiness, liveness, startup) flips.
    ProbeFlips(usize),
    /// It has been ready for long enough to be available.
    Available,
    /// The load balancer finds it healthy.
    Registered,
    /// SIGTERM, after preStop.
    Terminates,
    /// The process has ended, or is killed.
    Ends,
}

/// How a flight differs from a plain one.
#[derive(Clone, Debug, Default)]
pub struct FlightOptions {
    /// Bad outcomes of the twin, to find the first harm by the release.
    pub twin_bad: Option<Arc<[u64]>>,
    /// Keep bad outcomes: this flight is a twin.
    pub is_twin: bool,
    /// Instants at which phase-bound chaos began (or ended) in the flight this one is the twin of.
    pub chaos_at: Vec<(usize, bool, SimTime)>,
    /// Take samples at this interval and keep the story.
    pub record: Option<SimDuration>,
    /// Check invariants after every event.
    pub checked: bool,
    /// Let no request take the quick way, which comes to the same.
    pub careful: bool,
    /// Fail all scrapes: nothing is ever measured.
    pub blind: bool,
    /// Scrape everything that the world exports, and keep it.
    pub export: bool,
    /// Draws of the human's first page (acknowledge, decide), from a quasi-random block.
    pub human: Option<[f64; 2]>,
    /// The alert's queries, over its long and its short window.
    pub alert: Vec<Query>,
}

/// The whole state of a replication.
#[derive(Clone, Debug)]
pub struct Flight {
    pub(super) scenario: Arc<Scenario>,
    pub(super) streams: Streams,
    pub(super) now: SimTime,
    pub(super) end: SimTime,
    pub(super) plane: Plane,
    pub(super) calendar: Calendar<Event>,
    pub(super) pods: Vec<Pod>,
    pub(super) sets: Vec<Set>,
    pub(super) nodes: Vec<Node>,
    pub(super) volume: Volume,
    pub(super) ordinals: [u32; 2],
    pub(super) desired: Routing,
    /// When the last change reaches each proxy: changes arrive in order.
    pub(super) reached: Vec<SimTime>,
    pub(super) scraper: Scraper,
    pub(super) names: Arc<Names>,
    pub(super) pod_names: Vec<PodNames>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) switches: Switches,
    pub(super) blind: bool,
    pub(super) machine: Box<dyn Machine>,
    /// Whose size an autoscaler writes once the release has begun.
    pub(super) scaling: Scaling,
    /// What people order during the release.
    pub(super) orders: Vec<Ordered>,
    pub(super) has_release: bool,
    /// When the strategy looks next, if it has been told of anything.
    pub(super) look_at: Option<SimTime>,
    /// Until when its controller is at work on the last sync.
    pub(super) busy_until: SimTime,
    /// Where the sync of each set stands.
    pub(super) syncs: Vec<SetSync>,
    /// The client of the sets' controller.
    pub(super) sets_client: Client,
    /// The client of the strategy's controller.
    pub(super) owners_client: Client,
    pub(super) faults: Vec<FaultState>,
    /// Pods at full size, as an autoscaler last wrote it.
    pub(super) size: u32,
    pub(super) autoscalers: Autoscalers,
    pub(super) human: Human,
    pub(super) watch: Watch,
    pub(super) steps: Steps,
    pub(super) recorder: Option<Recorder>,
    pub(super) checked: bool,
    pub(super) chaos_at: Vec<(usize, bool, SimTime)>,
}

impl Flight {
    /// The start of a flight of `pilot` with a variant of the release (none for a twin).
    pub fn new(
        scenario: &Arc<Scenario>,
        variant: Option<usize>,
        pilot: &Pilot,
        streams: Streams,
        options: FlightOptions,
    ) -> Flight {
        let end = SimTime::ZERO + scenario.horizon;
        let service = Arc::clone(&scenario.service);
        let Facts { queries, names, scaling, client, orders, .. } = &pilot.facts;
        let human = Human::new(options.human, options.alert);
        let mut wanted = queries.clone();
        wanted.extend(human.queries());
        // A twin decides nothing, and nobody but its autoscaler reads its metrics.
        wanted.retain(|_| variant.is_some());
        let autoscalers = Autoscalers::of(scenario);
        wanted.extend(autoscalers.queries());
        let scraper = scrape::scraper(&wanted, options.export);
        let proxies_count = scraper.wants_proxy_bounds();
        let bounds = Arc::new(Bounds::new(&scenario.telemetry.buckets, proxies_count));
        let mut plane =
            Plane::new(Arc::clone(&service), &scenario.traffic, streams, end, &bounds.all);
        plane.log_bad = options.is_twin;
        plane.twin_bad = options.twin_bad;
        plane.careful = options.careful;
        let proxies = plane.proxies.len();
        let mut flight = Flight {
            faults: FaultState::all(scenario, variant),
            human,
            scraper,
            names: Arc::clone(names),
            pod_names: Vec::new(),
            bounds,
            watch: Watch::new(scenario.horizon),
            steps: Steps::default(),
            recorder: options.record.map(Recorder::new),
            scenario: Arc::clone(scenario),
            streams,
            now: SimTime::ZERO,
            end,
            plane,
            calendar: Calendar::default(),
            pods: Vec::new(),
            sets: Vec::new(),
            nodes: Vec::new(),
            volume: Volume::default(),
            ordinals: [0; 2],
            desired: Routing::default(),
            reached: vec![SimTime::ZERO; proxies],
            switches: Switches::default(),
            blind: options.blind,
            machine: pilot.machine.clone(),
            scaling: *scaling,
            orders: orders.clone(),
            has_release: variant.is_some(),
            look_at: None,
            busy_until: SimTime::ZERO,
            syncs: Vec::new(),
            sets_client: Client::new(scenario.cluster.client_limits),
            owners_client: Client::new(client.or(scenario.cluster.client_limits)),
            size: scenario.service.replicas,
            autoscalers,
            checked: options.checked,
            chaos_at: options.chaos_at,
        };
        flight.prepare();
        flight
    }

    /// The fleet as it stands before anything happens: nodes, ready old pods, first wake-ups.
    fn prepare(&mut self) {
        self.prepare_nodes();
        self.prepare_scrapes();
        self.prepare_cohorts();
        let replicas = self.scenario.service.replicas;
        self.add_set(Set { version: Version::Old, pool: Pool::Stable, size: replicas });
        for _ in 0..replicas {
            self.create_running_pod(0);
        }
        self.settle_set(0);
        self.plane.open_connections(&self.scenario.traffic, self.end);
        self.prepare_autoscaler();
        self.prepare_faults();
        self.prepare_buckets();
        let release_at = SimTime::ZERO + self.scenario.release.at;
        if self.has_release {
            self.calendar.plan(release_at, Event::Release);
        }
        let every = self.scenario.on_call.every;
        if self.scenario.on_call.present && self.has_release {
            self.calendar.plan(SimTime::ZERO + every, Event::Alert);
        }
        if let Some(recorder) = &self.recorder {
            self.calendar.plan(SimTime::ZERO + recorder.interval(), Event::Sample);
            self.plane.interval = Some(Box::default());
        }
        self.watch_fleet();
    }

    /// Flies until the horizon, then drains what is in flight with the control plane frozen. Asks
    /// at every control event, and within long spells of requests, whether to go on; nothing comes
    /// back if not, and the flight is worth nothing.
    pub fn run(&mut self, go_on: &dyn Fn() -> bool) -> Option<()> {
        while go_on() {
            let next = self.calendar.next_at().unwrap_or(self.end).min(self.end);
            match self.plane.advance_while(next, go_on)? {
                Advanced::Tripped { pod, at } => {
                    self.tick(at);
                    self.crash(pod);
                    self.after_event();
                    continue;
                }
                Advanced::Reached => self.tick(next),
            }
            self.tell_ejections();
            let event = if self.now >= self.end { None } else { self.calendar.take() };
            let Some((_, event)) = event else {
                self.plane.drain();
                return Some(());
            };
            self.handle(event);
            self.after_event();
        }
        None
    }

    /// Moves the control plane's clock, adding up what lasted until now.
    fn tick(&mut self, at: SimTime) {
        assert!(at >= self.now, "the control plane went back in time");
        let span = at.since(self.now);
        self.watch.lapse(span, self.plane.tally.arrived);
        self.steps.lapse(span, self.watch.serving);
        self.now = at;
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Release => {
                self.watch.release_at = Some(self.now);
                self.watch.rollout = Some(Default::default());
                self.story("release", || "the release begins".into());
                self.fault_release();
                self.apply_size();
                self.plan_orders();
                self.wake(Cause::Release);
            }
            Event::Ordered(order) => self.ordered(order),
            Event::Timer(token) => self.wake(Cause::Timer(token)),
            Event::Look => self.look(),
            Event::Set { set, step } => self.set_step(set, step),
            Event::Pod { pod, life, step } => self.pod_step(pod, life, step),
            Event::Believe { proxy, change } => self.believe(proxy, change),
            Event::Scrape(target) => self.scrape(target),
            Event::TargetGone { target, since } => self.target_gone(target, since),
            Event::Alert => self.alert(),
            Event::HumanDecides => self.human_decides(),
            Event::Fault { index, begins } => self.fault(index, begins),
            Event::NodeReady => self.node_ready(),
            Event::NodeNoticed(node) => self.node_noticed(node),
            Event::NodeEvicted(node) => self.node_evicted(node),
            Event::Drain(node) => self.drain(node),
            Event::MetricsServer => self.read_metrics(),
            Event::Autoscale => self.autoscale(),
            Event::SmokeDone { sent, failed } => self.wake(Cause::Smoke { sent, failed }),
            Event::Synthetic { until, gap, straight } => self.synthetic(until, gap, straight),
            Event::Sample => self.sample(),
        }
    }

    /// Pods that proxies have ejected since the last instant.
    fn tell_ejections(&mut self) {
        for ejection in std::mem::take(&mut self.plane.mesh.ejections) {
            let span = SimDuration::from_nanos(ejection.until - ejection.at).as_secs_f64();
            let (proxy, pod) = (ejection.proxy, ejection.pod);
            self.story("routing", || format!("proxy {proxy} ejects pod {pod} for {span:.0} s"));
        }
    }

    fn after_event(&mut self) {
        if self.watch.dirty {
            self.watch_fleet();
            self.faults_follow_fleet();
        }
        if self.checked {
            self.check_invariants();
        }
    }

    /// Adds a line to the story, if one is kept.
    pub(super) fn story(&mut self, kind: &'static str, text: impl FnOnce() -> String) {
        if self.recorder.is_some() {
            let (strip, weight) = (self.strip(), self.believed_weight());
            let (now, text) = (self.now, text());
            if let Some(recorder) = &mut self.recorder {
                recorder.event(now, kind, text, strip, weight);
            }
        }
    }
}
