//! `Node` (v1), as a cluster's dump holds them: how many there are, where, and what fits.

use super::placing::Placing;
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Labels, Manifest};
use crate::scalars;

/// `Node` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Node",
    group: "",
    versions: &["v1"],
    summary: "how many nodes there are, in which zones, and what fits: spec.service.nodes",
    since: "0.5.0",
    source: "kubernetes/api core/v1/types.go",
    read,
};

/// A node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// `metadata.labels`, by which pods choose nodes.
    pub labels: Labels,
    /// Is it cordoned?
    pub closed: bool,
    /// Key, value and effect of its taints.
    pub taints: Vec<[String; 3]>,
    /// Cores that pods may have.
    pub cores: Option<f64>,
    /// Bytes of memory that pods may have.
    pub memory: Option<f64>,
    /// Pods that it may have.
    pub pods: Option<u64>,
}

/// Labels of nodes that name their zone.
pub const ZONES: [&str; 2] =
    ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let status = f.object("status", |f| {
        let found = f.object("allocatable", |f| {
            let holds = "what its pods may have, against what each requests: how many it holds";
            let found = (
                f.opt_scalar("cpu", "quantity", holds, scalars::cores),
                f.opt_scalar("memory", "quantity", holds, scalars::bytes),
                f.opt_scalar("pods", "quantity", holds, scalars::cores),
            );
            f.open();
            found
        });
        f.open();
        found.unwrap_or_default()
    });
    let (cores, memory, pods) = status.unwrap_or_default();
    let (metadata, labels) = metadata::with(f, |f| {
        f.bookkeeping(&["annotations"], metadata::TOOLS);
        f.labels("labels", "its zone, and what selectors of nodes ask for")
    });
    let node = f.object("spec", |f| {
        let closed = f.opt_flag("unschedulable", "true: it takes no pods") == Some(true);
        let taints = f.list("taints", |f| {
            let kept = "keeps away pods that do not bear it";
            let [key, value, effect] =
                ["key", "value", "effect"].map(|name| f.opt_text(name, kept).unwrap_or_default());
            f.bookkeeping(&["timeAdded"], "written by the server: no effect");
            [key, value, effect]
        });
        f.bookkeeping(
            &["podCIDR", "podCIDRs", "providerID", "externalID", "configSource"],
            "of the node itself: no effect",
        );
        Node { closed, taints, ..Node::default() }
    });
    let labels = labels.flatten().unwrap_or_default();
    let pods = pods.map(|pods| pods as u64);
    let node = Node { labels, cores, memory, pods, ..node.unwrap_or_default() };
    (metadata, Body::Node(Box::new(node)))
}

impl Node {
    /// May it take pods of these rules (k/k `pkg/scheduler/framework/plugins`: `nodeunschedulable`,
    /// `tainttoleration`, `nodeaffinity`)?
    pub fn takes(&self, rules: &Placing) -> bool {
        let borne = |[key, value, effect]: &[String; 3]| {
            effect == "PreferNoSchedule"
                || rules.tolerations.iter().any(|t| t.bears(key, value, effect))
        };
        let fits = |term: &Vec<super::pod::Expression>| {
            !term.is_empty() && term.iter().all(|expression| expression.fits(&self.labels))
        };
        let terms = &rules.node_terms;
        !self.closed
            && self.taints.iter().all(borne)
            && super::pod::contains(&self.labels, &rules.node_labels)
            && (terms.is_empty() || terms.iter().any(fits))
    }

    /// Its zone, if it names one.
    pub fn zone(&self) -> Option<&str> {
        let zone = self.labels.iter().find(|(key, _)| ZONES.contains(&key.as_str()));
        zone.map(|(_, zone)| zone.as_str())
    }

    /// How many pods fit that request so many cores and bytes, if it says what it has.
    pub fn holds(&self, cores: f64, memory: f64) -> Option<u64> {
        let fits = |has: Option<f64>, each: f64| {
            has.filter(|_| each > 0.0).map(|has| (has / each + 1e-9).floor() as u64)
        };
        [fits(self.cores, cores), fits(self.memory, memory), self.pods].into_iter().flatten().min()
    }
}
