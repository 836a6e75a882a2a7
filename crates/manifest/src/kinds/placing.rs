//! Where a template's pods may go: affinity, spreading, ports of the node, volumes, and who else
//! says when they are ready.

use super::pod::{self, Expression, Selector};
use crate::fields::{Fields, Labels, Manifest};

/// Rules of a pod template that decide whether a further pod can exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placing {
    /// Required anti-affinity.
    pub apart: Vec<Term>,
    /// Spreading with `DoNotSchedule`.
    pub spread: Vec<Constraint>,
    /// Do its ports lie on its node?
    pub host_network: bool,
    /// Labels that its nodes must have.
    pub node_labels: Labels,
    /// One of these has to fit its node: all expressions of it.
    pub node_terms: Vec<Vec<Expression>>,
    /// Taints that it bears.
    pub tolerations: Vec<Toleration>,
    /// Volumes that one node, or one pod, can have.
    pub volumes: Vec<Volume>,
    /// Conditions beside its probes.
    pub gates: Vec<Gate>,
}

/// A term of anti-affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// Path of the term in its object.
    pub path: String,
    /// The label of nodes by whose values it counts.
    pub key: String,
    /// Pods that it keeps away; nothing picks nobody.
    pub selector: Option<Selector>,
    /// Are only pods of the same version meant (`matchLabelKeys`)?
    pub same_version: bool,
    /// Are only pods of other versions meant (`mismatchLabelKeys`)?
    pub other_versions: bool,
}

/// A constraint of spreading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraint {
    /// Whom it counts, and by what.
    pub term: Term,
    /// Greatest difference.
    pub max_skew: u64,
    /// Fewest domains, if it says so.
    pub min_domains: Option<u64>,
}

/// What a pod bears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toleration {
    /// Of a taint with this key; without one of every taint.
    pub key: Option<String>,
    /// With this value; nothing for any.
    pub value: Option<String>,
    /// With this effect; without one of every effect.
    pub effect: Option<String>,
}

/// A volume that can't be everywhere at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Path of the volume in its object.
    pub path: String,
    /// Name of its claim; nothing for a disk that the template names itself.
    pub claim: Option<String>,
}

/// A readiness gate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Path of the gate in its object.
    pub path: String,
    /// The condition that somebody has to set.
    pub condition: String,
}

/// The label that a controller gives the pods of each template.
pub const HASHES: [&str; 2] = ["pod-template-hash", "rollouts-pod-template-hash"];

const WISH: &str = "a wish that the scheduler breaks if it must: no pod waits for it. It decides \
    which pods a lost node or zone takes, and that is not flown";

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Reads what a pod's spec says of its place.
pub fn read(f: &mut Fields<'_>) -> Placing {
    let affinity = f.object("affinity", affinity).unwrap_or_default();
    let labels = "only nodes with these labels count, where a list of Nodes is given";
    let placing = Placing {
        spread: f.list("topologySpreadConstraints", constraint).into_iter().flatten().collect(),
        node_labels: f.labels("nodeSelector", labels).unwrap_or_default(),
        tolerations: f.list("tolerations", toleration),
        host_network: f.opt_flag("hostNetwork", "its ports are those of its node: one pod a node")
            == Some(true),
        volumes: volumes(f),
        gates: gates(f),
        ..affinity
    };
    f.not_flown(
        &["nodeName"],
        "its pods go to this one node past the scheduler: where it is full they fail (OutOfcpu), \
         and the rollout makes more of them",
    );
    f.not_flown(
        &["priorityClassName", "priority", "preemptionPolicy"],
        "on a full cluster a surge pod takes the place of pods of lower priority, or its own is \
         taken",
    );
    f.not_flown(
        &["schedulingGates"],
        "a pod with a gate stays Pending until somebody removes it: a rollout would wait for that",
    );
    f.not_flown(
        &["resourceClaims"],
        "a surge pod needs devices of its own: where none is free it stays Pending",
    );
    f.not_flown(
        &["runtimeClassName"],
        "its RuntimeClass may name the nodes that it runs on: with none free a surge pod stays \
         Pending",
    );
    f.not_flown(&["schedulerName"], "another scheduler decides: its rules are not known here");
    placing
}

fn affinity(f: &mut Fields<'_>) -> Placing {
    let node_terms = f.object("nodeAffinity", |f| {
        f.not_flown(&[PREFERRED], WISH);
        f.object(REQUIRED, |f| f.list("nodeSelectorTerms", node_term)).unwrap_or_default()
    });
    f.object("podAffinity", |f| {
        f.not_flown(&[PREFERRED], WISH);
        let why = "its pods go only where others are: with no room left there a surge pod stays \
            Pending";
        f.not_flown(&[REQUIRED], why);
    });
    let apart = f.object("podAntiAffinity", |f| {
        f.not_flown(&[PREFERRED], WISH);
        let mut index = 0;
        f.list(REQUIRED, |f| {
            index += 1;
            affinity_term(f)
        })
    });
    let (apart, node_terms) = (apart.unwrap_or_default(), node_terms.unwrap_or_default());
    Placing { apart, node_terms, ..Placing::default() }
}

fn node_term(f: &mut Fields<'_>) -> Vec<Expression> {
    f.not_flown(
        &["matchFields"],
        "its pods go to this one node: where it is full they stay Pending",
    );
    pod::expressions(f, &pod::NODE_OPERATORS)
}

/// Whom a term means, and by which label of nodes.
fn term(f: &mut Fields<'_>) -> Term {
    let path = f.path().to_string();
    let selector = pod::selector(f, "labelSelector");
    let key = "kubernetes.io/hostname: nodes; topology.kubernetes.io/zone: zones";
    let key = f.opt_text("topologyKey", key).unwrap_or_default();
    f.missing("topologyKey", "the API server refuses a term without");
    let by_hash = |keys: Option<Vec<String>>| {
        keys.is_some_and(|keys| keys.iter().any(|key| HASHES.contains(&key.as_str())))
    };
    let same = "pod-template-hash: only pods of the same version count";
    let same_version = by_hash(f.texts("matchLabelKeys", same));
    Term { path, key, selector, same_version, other_versions: false }
}

/// A term of affinity, which may mean other versions and other namespaces, too.
fn affinity_term(f: &mut Fields<'_>) -> Term {
    let own = term(f);
    let other = "pod-template-hash: only pods of other versions count";
    let keys = f.texts("mismatchLabelKeys", other).unwrap_or_default();
    f.no_effect(&["namespaces", "namespaceSelector"], "its own pods lie in its own namespace");
    Term { other_versions: keys.iter().any(|key| HASHES.contains(&key.as_str())), ..own }
}

fn constraint(f: &mut Fields<'_>) -> Option<Constraint> {
    let skew = "by so many pods the fullest domain may exceed the emptiest";
    let max_skew = f.opt_count("maxSkew", 1..=i32::MAX as u64, skew);
    let words = ["DoNotSchedule", "ScheduleAnyway"];
    let acts = "DoNotSchedule: spec.service.placement; ScheduleAnyway is a wish that keeps no pod \
        waiting";
    let acts = f.opt_choice("whenUnsatisfiable", &words, acts);
    ["maxSkew", "whenUnsatisfiable"]
        .iter()
        .for_each(|name| f.missing(name, "the API server refuses a constraint without"));
    let least = "with fewer domains than this the emptiest counts as empty";
    let min_domains = f.opt_count("minDomains", 1..=i32::MAX as u64, least);
    if min_domains.is_some() && acts == Some(1) {
        let help = "the API server takes it with DoNotSchedule only";
        f.problem("minDomains", "given beside ScheduleAnyway", "nothing", help);
    }
    f.not_flown(
        &["nodeAffinityPolicy", "nodeTaintsPolicy"],
        "which nodes count as domains: all that may take the pod are counted",
    );
    let term = term(f);
    let found = Constraint { term, max_skew: max_skew.unwrap_or(1), min_domains };
    (acts != Some(1)).then_some(found)
}

fn toleration(f: &mut Fields<'_>) -> Toleration {
    let bears = "taints that its pods bear, where a list of Nodes is given";
    let operator = f.opt_choice("operator", &["Equal", "Exists"], bears);
    let value = f.opt_text("value", bears);
    f.no_effect(
        &["tolerationSeconds"],
        "pods of a lost node go after spec.service.nodes.evictAfter",
    );
    Toleration {
        key: f.opt_text("key", bears).filter(|key| !key.is_empty()),
        value: (operator != Some(1)).then(|| value.unwrap_or_default()),
        effect: f.opt_text("effect", bears).filter(|effect| !effect.is_empty()),
    }
}

fn volumes(f: &mut Fields<'_>) -> Vec<Volume> {
    let found = f.list("volumes", |f| {
        let path = f.path().to_string();
        f.opt_text("name", "a name that containers use");
        let own = "each pod has its own, or all may read it: no pod waits for another";
        f.no_effect(
            &["emptyDir", "configMap", "secret", "projected", "downwardAPI", "ephemeral", "csi"],
            own,
        );
        f.no_effect(&["nfs", "cephfs", "azureFile", "glusterfs", "image", "gitRepo"], own);
        f.no_effect(&["hostPath"], "it is there on every node: no pod waits for another");
        let claim = f.object("persistentVolumeClaim", |f| {
            f.no_effect(&["readOnly"], "a volume hangs at its node, whether it is written or not");
            let claim = "what one node or one pod alone can have: spec.service.placement.volume";
            f.opt_text("claimName", claim)
        });
        let disks = ["awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "cinder", "iscsi"]
            .into_iter()
            .chain(["rbd", "fc", "vsphereVolume", "portworxVolume", "scaleIO", "storageos"])
            .chain(["photonPersistentDisk", "quobyte", "flocker", "flexVolume"]);
        let mut disk = false;
        for name in disks {
            let why = "a disk that one node can have: spec.service.placement.volume";
            disk |= f.object(name, |f| f.free(why)).is_some() && !f.describing();
        }
        match claim.flatten() {
            Some(claim) => Some(Volume { path, claim: Some(claim) }),
            None => disk.then_some(Volume { path, claim: None }),
        }
    });
    found.into_iter().flatten().collect()
}

fn gates(f: &mut Fields<'_>) -> Vec<Gate> {
    let found = f.list("readinessGates", |f| {
        let condition =
            "who sets it: a load balancer's controller waits for its target to be healthy";
        let path = f.path().to_string();
        f.opt_text("conditionType", condition).map(|condition| Gate { path, condition })
    });
    found.into_iter().flatten().collect()
}

impl Toleration {
    /// Does a pod with it bear this taint?
    pub fn bears(&self, key: &str, value: &str, effect: &str) -> bool {
        self.key.as_deref().is_none_or(|own| own == key)
            && self.value.as_deref().is_none_or(|own| own == value)
            && self.effect.as_deref().is_none_or(|own| own == effect)
    }
}

/// Argo's `antiAffinity` of a strategy: are pods of the new version kept from nodes with old ones
/// (argo-rollouts `utils/replicaset/replicaset.go`, `GenerateReplicaSetAffinity`)?
pub fn argo_apart(f: &mut Fields<'_>) -> bool {
    let found = f.object("antiAffinity", |f| {
        f.not_flown(&[PREFERRED], WISH);
        f.object(REQUIRED, |f| f.free("nothing stands in it")).is_some()
    });
    found == Some(true)
}
