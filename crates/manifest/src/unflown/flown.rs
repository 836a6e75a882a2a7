//! What is flown, by its names and its labels, so that a reference finds it.

use super::led::Led;
use super::refer::{By, Reference};
use crate::draft::Draft;
use crate::fields::Labels;
use crate::kinds::{Body, Object};
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel_base::node::Node;

/// Kinds that a field without a kind of its own may mean.
const WORKLOADS: [&str; 3] = ["Deployment", "Rollout", "Canary"];

/// Stems of fields that leave open which kind they mean: `targetRef`, `scaleTargetRef`.
const OPEN: [&str; 9] = [
    "",
    "target",
    "scaletarget",
    "object",
    "workload",
    "resource",
    "source",
    "controller",
    "owner",
];

/// Something that is flown, or belongs to what is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// `Deployment/web`.
    pub title: String,
    /// Kind of the object that is flown: `Deployment`.
    pub kind: String,
    /// Its namespace, if given.
    pub namespace: Option<String>,
    /// Which of the units it belongs to.
    pub unit: usize,
    /// Would requests that all go to it miss a part of the release?
    pub one_sided: bool,
}

impl Target {
    /// Runs it the pods that are released?
    pub fn is_workload(&self) -> bool {
        WORKLOADS.contains(&self.kind.as_str())
    }

    /// May something of this namespace mean it?
    pub fn is_near(&self, namespace: Option<&str>) -> bool {
        match (&self.namespace, namespace) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub struct Flown {
    targets: Vec<Target>,
    names: BTreeMap<String, Vec<usize>>,
    /// Pods, by each of their labels, with all of them.
    pods: BTreeMap<(String, String), Vec<(Labels, usize)>>,
    /// Selectors of Services, by their first label.
    selectors: BTreeMap<(String, String), Vec<(Labels, usize)>>,
    /// Routers whose weights a flown controller writes.
    pub led: Led,
}

impl Flown {
    /// Of these units, and the objects they were found among.
    pub fn of(drafts: &[Draft], store: &Store) -> Flown {
        let mut flown = Flown::default();
        let mut units: BTreeMap<&str, Vec<(usize, &Draft)>> = BTreeMap::new();
        for (unit, draft) in drafts.iter().enumerate() {
            let titles: BTreeSet<&str> = draft.used.iter().map(String::as_str).collect();
            titles.into_iter().for_each(|t| units.entry(t).or_default().push((unit, draft)));
        }
        for object in &store.objects {
            let title = object.title();
            let own = units.get(title.as_str()).into_iter().flatten();
            let space = object.metadata.namespace.as_deref();
            let near = |draft: &Draft| match (draft.namespace.as_deref(), space) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            };
            for (unit, _) in own.filter(|(_, draft)| near(draft)) {
                flown.object(object, *unit);
            }
        }
        for (unit, draft) in drafts.iter().enumerate() {
            let names: BTreeSet<&String> = draft.aliases.iter().chain([&draft.name]).collect();
            for name in names {
                flown.host(name, &draft.object, draft.namespace.clone(), unit);
            }
        }
        flown.one_sided(store);
        flown
    }

    fn object(&mut self, object: &Object, unit: usize) {
        let at = self.add(&object.metadata.name, object.kind, object, unit);
        self.led.add(object);
        let pods = object.template();
        for pair in pods.iter().flat_map(|template| &template.labels) {
            let labels = pods.map(|template| template.labels.clone()).unwrap_or_default();
            self.pods.entry(pair.clone()).or_default().push((labels, at));
        }
        match &object.body {
            Body::Service(service) => {
                let labels = service.selector.clone().unwrap_or_default();
                if let Some(first) = labels.first().cloned() {
                    self.selectors.entry(first).or_default().push((labels, at));
                }
            }
            Body::Canary(canary) => {
                // Flagger makes two more of each (pkg/router/kubernetes_default.go,
                // pkg/canary/deployment_controller.go).
                let served = object.node.at("spec.service.name").and_then(Node::text);
                for (kind, name) in [
                    ("Deployment", canary.target.as_str()),
                    ("Service", served.unwrap_or(&canary.target)),
                ] {
                    for end in ["-primary", "-canary"] {
                        self.add(&format!("{name}{end}"), kind, object, unit);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &str, kind: &str, object: &Object, unit: usize) -> usize {
        let (title, namespace) = (object.title(), object.metadata.namespace.clone());
        self.put(name, Target { title, kind: kind.into(), namespace, unit, one_sided: false })
    }

    fn put(&mut self, name: &str, target: Target) -> usize {
        self.names.entry(name.to_string()).or_default().push(self.targets.len());
        self.targets.push(target);
        self.targets.len() - 1
    }

    /// A name under which users reach a unit whose Service is not given.
    fn host(&mut self, name: &str, title: &str, namespace: Option<String>, unit: usize) {
        let known = self.names.get(name).into_iter().flatten();
        let served = |at: &usize| self.targets[*at].kind == "Service";
        if !known.into_iter().any(served) {
            let (title, kind) = (title.to_string(), "Service".to_string());
            self.put(name, Target { title, kind, namespace, unit, one_sided: false });
        }
    }

    /// Without traffic routing, Argo adds a pod hash to the selectors of the two Services of a
    /// canary: who comes through one of them meets one side only (rollout/service.go,
    /// `reconcileStableAndCanaryService`).
    fn one_sided(&mut self, store: &Store) {
        for (object, _) in store.rollouts() {
            let canary = object.node.at("spec.strategy.canary");
            let Some(canary) = canary.filter(|c| c.get("trafficRouting").is_none()) else {
                continue;
            };
            for name in ["stableService", "canaryService"] {
                let name = canary.get(name).and_then(Node::text).unwrap_or_default();
                for at in self.names.get(name).into_iter().flatten() {
                    let target = &mut self.targets[*at];
                    let near = target.is_near(object.metadata.namespace.as_deref());
                    target.one_sided |= near && target.kind == "Service";
                }
            }
        }
    }

    /// What a reference means of it.
    pub fn meant(&self, reference: &Reference) -> Vec<&Target> {
        let space = reference.namespace.as_deref();
        let at = |list: &[(Labels, usize)], fits: &dyn Fn(&Labels) -> bool| -> Vec<usize> {
            list.iter().filter(|(labels, _)| fits(labels)).map(|(_, at)| *at).collect()
        };
        let found: Vec<usize> = match &reference.by {
            By::Selector(wanted) => {
                let list = wanted.first().and_then(|first| self.pods.get(first));
                let has = |labels: &Labels| wanted.iter().all(|pair| labels.contains(pair));
                at(list.map_or(&[], Vec::as_slice), &has)
            }
            By::Pods(labels) => {
                let lists = labels.iter().filter_map(|pair| self.selectors.get(pair));
                let has = |wanted: &Labels| wanted.iter().all(|pair| labels.contains(pair));
                lists.flat_map(|list| at(list, &has)).collect()
            }
            by => {
                let named = self.names.get(&reference.name).into_iter().flatten().copied();
                named.filter(|at| fits(by, &self.targets[*at].kind)).collect()
            }
        };
        let found: BTreeSet<usize> = found.into_iter().collect();
        let known = |t: &&Target| !reference.doubtful || t.namespace.as_deref() == space;
        let found = found.into_iter().map(|at| &self.targets[at]);
        found.filter(|t| t.is_near(space)).filter(known).collect()
    }

    /// Is nothing flown?
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Is the object of this kind and name flown, in a namespace that this one may mean?
    pub fn has(&self, kind: &str, name: &str, space: Option<&str>) -> bool {
        let title = format!("{kind}/{name}");
        let named = self.names.get(name).into_iter().flatten().map(|at| &self.targets[*at]);
        let mut own = named.filter(|t| t.kind == kind && t.title == title);
        own.any(|t| t.is_near(space))
    }

    /// Is anything flown that an object of this namespace may reach?
    pub fn reaches(&self, namespace: Option<&str>) -> bool {
        self.targets.iter().any(|target| target.is_near(namespace))
    }
}

/// May a reference of this manner mean an object of this kind?
fn fits(by: &By, kind: &str) -> bool {
    let workload = WORKLOADS.contains(&kind);
    match by {
        By::Kind(wanted) => wanted == kind,
        By::Service => kind == "Service",
        By::Workload => workload,
        By::Field(stem) => {
            let own = kind.to_ascii_lowercase();
            let open = OPEN.contains(&stem.as_str()) && (workload || kind == "Service");
            open || stem.ends_with(&own)
        }
        By::Selector(_) | By::Pods(_) => false,
    }
}
