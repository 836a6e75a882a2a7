//! The cluster: pods, replica sets, nodes and a volume, and those who work on them: kubelets, the
//! scheduler, the controller of replica sets, who drains nodes, and a load balancer's registrar.
//!
//! What they do to requests and tables they do at once, by [`Hands`]; what others only hear of (an
//! endpoint to announce, a new target to scrape, something for the strategy to look at) is left as
//! [`News`], which the flight spreads.

mod claims;
mod drain;
mod kubelet;
mod nodes;
mod probes;
mod sets;
mod targets;

use super::address::{Address, PodAddress, PodDraw};
use super::context::Context;
use super::data_plane::DataPlane;
use super::event::{Event, PodStep};
use super::event_log::{EventLog, Scene};
use super::faults::Faults;
use super::propagation::endpoint;
use claims::Volume;
use sets::SetSync;
use std::sync::Arc;
use windtunnel_base::time::SimTime;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::telemetry::scraper::Place;
use windtunnel_model::world::client::Client;
use windtunnel_model::world::endpoint::Conditions;
use windtunnel_model::world::names::{Names, PodNames};
use windtunnel_model::world::pod::{Node, Pod, PodStage, Set};
use windtunnel_model::world::service::Version;

/// What the cluster works with beside itself.
pub(super) struct Hands<'a> {
    /// Clock, draws and calendar.
    pub(super) ctx: &'a mut Context,
    /// Where processes serve requests.
    pub(super) data_plane: &'a mut DataPlane,
    /// What active faults make of pods.
    pub(super) faults: &'a mut Faults,
    /// Where it is told.
    pub(super) log: &'a mut EventLog,
}

/// What others hear of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// A pod is listed otherwise.
    Endpoint(u32, Option<Conditions>),
    /// There is another target to scrape.
    Target(Place),
    /// The status of a set was written, or a pod has ended: who owns it will look.
    Look,
}

/// The state of the cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pods: Vec<Pod>,
    pod_names: Vec<PodNames>,
    names: Arc<Names>,
    sets: Vec<Set>,
    /// The sizes that their owner has written, and the full size then, while a scaler changes them.
    written: Option<(Vec<u32>, u32)>,
    /// Where the sync of each set stands.
    syncs: Vec<SetSync>,
    /// The client of the sets' controller.
    client: Client,
    nodes: Vec<Node>,
    /// Nodes that were ordered and are not there yet, and all that were ever ordered.
    on_order: u32,
    ordered: u32,
    volume: Volume,
    /// Pods created so far, by version.
    ordinals: [u32; 2],
    /// Life of pods that have ended, in nanoseconds.
    ended_nanos: u128,
    /// Has anything changed that is watched from outside?
    changed: bool,
    news: Vec<News>,
}

impl Cluster {
    /// A cluster without pods.
    pub(super) fn new(scenario: &Scenario, names: &Arc<Names>) -> Cluster {
        let nodes = &scenario.service.nodes;
        Cluster {
            pods: Vec::new(),
            pod_names: Vec::new(),
            names: Arc::clone(names),
            sets: Vec::new(),
            written: None,
            syncs: Vec::new(),
            client: Client::new(scenario.cluster.client_limits),
            nodes: Node::many(nodes.count, nodes.zones),
            on_order: 0,
            ordered: 0,
            volume: Volume::default(),
            ordinals: [0; 2],
            ended_nanos: 0,
            changed: false,
            news: Vec::new(),
        }
    }

    /// All pods that ever were, by number.
    pub(super) fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// What a pod is called.
    pub(super) fn pod_names(&self, pod: u32) -> &PodNames {
        &self.pod_names[pod as usize]
    }

    /// What things are called.
    pub(super) fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// All nodes that ever were, by number.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Numbers of the pods that exist.
    pub(super) fn existing(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.pods.len() as u32).filter(|p| self.pods[*p as usize].exists())
    }

    /// Numbers of the pods that exist on a node.
    pub(super) fn on_node(&self, node: u32) -> Vec<u32> {
        self.existing().filter(|p| self.pods[*p as usize].node == Some(node)).collect()
    }

    /// Ready pods of a version that are not being deleted.
    pub(super) fn ready(&self, version: Version) -> u32 {
        let ready = self.pods.iter().filter(|p| p.version == version && p.is_active() && p.ready);
        ready.count() as u32
    }

    /// From creation to first readiness, of every pod that got there, in seconds.
    pub(super) fn start_to_ready_s(&self) -> Vec<f64> {
        let waited = |pod: &Pod| Some(pod.first_ready?.since(pod.created).as_secs_f64());
        self.pods.iter().filter_map(waited).collect()
    }

    /// Life of all pods until now, in nanoseconds: those that have ended, and those that live.
    pub(super) fn lived_nanos(&self, now: SimTime) -> u128 {
        let living = self.pods.iter().filter(|p| p.exists());
        let so_far: u128 = living.map(|p| u128::from(now.since(p.created).as_nanos())).sum();
        so_far + self.ended_nanos
    }

    /// Pods by version (old, new) and phase (starting, ready, unready, terminating).
    pub(super) fn phases(&self) -> [[u32; 4]; 2] {
        let mut pods = [[0; 4]; 2];
        for pod in self.pods.iter().filter(|p| p.exists()) {
            let phase = match pod.stage {
                _ if pod.deleting.is_some() => 3,
                _ if pod.ready => 1,
                PodStage::Pending | PodStage::Scheduled | PodStage::Booting => 0,
                _ => 2,
            };
            pods[pod.version.index()][phase] += 1;
        }
        pods
    }

    /// The fleet, one letter a pod: upper case serves, lower case does not; O/N ready, o/n not
    /// ready, t terminating, x in back-off.
    pub(super) fn strip(&self) -> String {
        let letter = |p: &Pod| match (p.version, p.stage) {
            _ if p.lost => '✗',
            _ if p.deleting.is_some() => 't',
            (_, PodStage::BackOff) => 'x',
            (_, PodStage::Pending) => '·',
            (Version::Old, _) if p.ready => 'O',
            (Version::New, _) if p.ready => 'N',
            (Version::Old, _) => 'o',
            (Version::New, _) => 'n',
        };
        self.pods.iter().filter(|p| p.exists()).map(letter).collect()
    }

    /// How things stand, for the event log.
    pub(super) fn scene(&self, data_plane: &DataPlane) -> Scene {
        Scene { strip: self.strip(), weight_new: data_plane.believed_weight() }
    }

    /// What has become known since this was last asked.
    pub(super) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Has anything changed that is watched from outside, since this was last asked?
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn say(&self, by: &mut Hands<'_>, kind: &'static str, text: impl FnOnce() -> String) {
        let data_plane = &*by.data_plane;
        by.log.say(by.ctx.now, kind, text, || self.scene(data_plane));
    }

    fn announce(&mut self, by: &Hands<'_>, pod: u32) {
        let found = endpoint(by.ctx, &self.pods[pod as usize]);
        self.news.push(News::Endpoint(pod, found));
    }

    fn plan(&self, by: &mut Hands<'_>, pod: u32, at: SimTime, step: PodStep) {
        let life = self.pods[pod as usize].life;
        by.ctx.plan(at, Event::Pod { pod, life, step });
    }

    /// Where a pod's draws are found: the same for the n-th pod of a version in every flight.
    fn pod_address(&self, pod: u32) -> PodAddress {
        let Pod { version, restarts, ordinal, .. } = self.pods[pod as usize];
        let restarts = restarts.min(u32::from(u16::MAX)) as u16;
        PodAddress { version, restarts, ordinal }
    }

    /// The address of a draw of a pod.
    pub(super) fn address(&self, pod: u32, draw: PodDraw) -> Address {
        Address::Pod(draw, self.pod_address(pod))
    }
}
