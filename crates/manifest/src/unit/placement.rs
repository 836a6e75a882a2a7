//! Whether a surge pod can exist: what templates, claims and nodes say of it, as
//! `spec.service.placement` and `spec.service.nodes`.
//!
//! What the scheduler may break is listed where it is read. What it must keep and no flight knows
//! is told as a warning with its likely effect. How many nodes there are is in no workload: a list
//! of Nodes says it, else it is assumed, and that is said. Sources: `world::placement`,
//! `engine::cluster`.

use super::UnitsFound;
use crate::draft::{Draft, integer, text};
use crate::kinds::node::{Node, ZONES};
use crate::kinds::placing::{Placing, Term};
use crate::kinds::pod::PodTemplate;
use crate::kinds::volume_claim::Access;
use crate::kinds::{Body, Object};
use crate::note::{Lists, Note, Weight};
use crate::store::Store;
use windtunnel_base::node::Value;
use windtunnel_base::problem::Problem;

const PLACEMENT: &str = "spec.service.placement";
const NODES: &str = "spec.service.nodes";

/// Labels of nodes that are theirs alone.
const HOST: &str = "kubernetes.io/hostname";

/// Writes the rules of every unit.
pub fn settle(store: &Store, found: &mut UnitsFound) {
    let UnitsFound { drafts, lists, problems, .. } = found;
    for draft in drafts {
        let owners = store.titled(&draft.used).into_iter();
        let owners: Vec<(&Object, &PodTemplate)> =
            owners.filter_map(|object| Some((object, object.template()?))).collect();
        if !owners.is_empty() {
            Unit { store, owners, draft, lists, problems }.settle();
        }
    }
    // Claims were taken by units that were counted before.
    found.recount();
    let unused = store.of_kinds(&["PersistentVolumeClaim"]);
    let unused: Vec<&Object> = unused.filter(|object| !found.uses(object)).collect();
    for object in unused {
        found.ignore(object, "", "no pod of these files claims it", Weight::NoEffect);
    }
}

struct Unit<'a> {
    store: &'a Store,
    owners: Vec<(&'a Object, &'a PodTemplate)>,
    draft: &'a mut Draft,
    lists: &'a mut Lists,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Unit<'a> {
    fn settle(&mut self) {
        for (owner, template) in self.owners.clone() {
            self.apart(owner, &template.placing);
            self.spread(owner, &template.placing);
            self.host_ports(owner, template);
            self.claims(owner, &template.placing);
        }
        let (owner, template) = self.owners[self.owners.len() - 1];
        if self.store.nodes().next().is_some() {
            self.nodes(owner, template);
        } else {
            self.unknown_nodes(owner, &template.placing);
        }
    }

    /// Warns of what is flown and may hold a release up.
    fn caution(&mut self, object: &Object, path: &str, message: &str, help: &str) {
        let (written_at, path) = (object.written_at(path), format!("{} {path}", object.title()));
        let warning = Problem::warning(written_at.place, &path, message).help(help);
        self.problems.push(warning.in_file(&written_at.file));
    }

    /// Books what may change the result and is not flown, and warns of its likely effect.
    fn warn(&mut self, object: &Object, path: &str, message: &str, help: &str) {
        self.lists.ignored.push(Note {
            written_at: object.written_at(path),
            object: object.title(),
            field: path.to_string(),
            text: message.to_string(),
            source: String::new(),
            weight: Weight::Matters,
        });
        self.caution(object, path, message, help);
    }

    fn flag(&mut self, object: &Object, path: &str, name: &str, value: Value) {
        self.draft.set(&format!("{PLACEMENT}.{name}"), value, object.written_at(path));
    }

    fn placed(&self, name: &str) -> bool {
        self.draft.get(&format!("{PLACEMENT}.{name}")).is_some()
    }

    /// Does a term mean the unit's own pods: all, or those of the owner's version alone?
    fn means(&self, owner: &Object, term: &Term) -> Option<&'static str> {
        let selector = term.selector.as_ref()?;
        let picks = |(_, template): &&(&Object, &PodTemplate)| selector.picks(&template.labels);
        let own = self.owners.iter().find(|(object, _)| object.title() == owner.title());
        own.filter(|own| picks(own))?;
        let all = self.owners.iter().filter(picks).count() == self.owners.len();
        Some(match (term.same_version || !all, term.other_versions) {
            (_, true) => "otherVersion",
            (true, _) => "sameVersion",
            _ => "all",
        })
    }

    fn apart(&mut self, owner: &Object, placing: &Placing) {
        for term in &placing.apart {
            let Some(of) = self.means(owner, term) else {
                let message = "keeps its pods from nodes with pods of others: where few nodes are \
                    left, a surge pod stays Pending; not flown";
                let help = "give the nodes that are left: spec.service.nodes.count";
                self.warn(owner, &term.path, message, help);
                continue;
            };
            let over = match term.key.as_str() {
                HOST => "node",
                key if ZONES.contains(&key) => "zone",
                key => {
                    let message = format!(
                        "one pod for each value of the nodes' label {key:?}, of which no flight \
                         knows: with a pod in each, a surge pod stays Pending; not flown"
                    );
                    let help = "spec.service.placement.onePer in a Scenario comes near to it";
                    self.warn(owner, &term.path, &message, help);
                    continue;
                }
            };
            self.one_per(owner, &term.path, over, of);
        }
        let argo = match &owner.body {
            Body::Rollout(rollout) => rollout.wired.apart,
            _ => false,
        };
        if argo {
            self.one_per(owner, "spec.strategy", "node", "otherVersion");
        }
    }

    /// Of several rules all hold: a zone of its own is a node of its own too, and apart from pods
    /// of both versions is apart from all.
    fn one_per(&mut self, owner: &Object, path: &str, over: &str, of: &str) {
        let said = |name: &str| {
            let node = self.draft.get(&format!("{PLACEMENT}.onePer.{name}"));
            node.and_then(|node| node.text()).map(String::from)
        };
        let mut of = of;
        if let Some((other, whom)) = said("over").zip(said("of")) {
            let (first, second) = ((other.as_str(), whom.as_str()), (over, of));
            if implies(first, second) {
                return;
            }
            match () {
                () if implies(second, first) => {}
                () if other == over => of = "all",
                () => {
                    let message = format!(
                        "one pod a {over} ({of}) beside one a {other} ({whom}): neither rule says \
                         the other, and the first is flown alone; a surge pod may stay Pending \
                         where it is not flown so"
                    );
                    let help = "spec.service.placement.onePer in a Scenario says which counts";
                    self.warn(owner, path, &message, help);
                    return;
                }
            }
        }
        self.flag(owner, path, "onePer.over", text(over));
        self.flag(owner, path, "onePer.of", text(of));
    }

    fn spread(&mut self, owner: &Object, placing: &Placing) {
        for rule in &placing.spread {
            let path = &rule.term.path;
            let Some(of) = self.means(owner, &rule.term) else {
                let message = "its selector picks none of its own pods: it counts others', and may \
                    keep a surge pod Pending; not flown";
                self.warn(owner, path, message, "labelSelector: the labels of the template");
                continue;
            };
            let name = match rule.term.key.as_str() {
                HOST => "spreadOverNodes",
                key if ZONES.contains(&key) => "spreadOverZones",
                key => {
                    let message = format!(
                        "spreads over the values of the nodes' label {key:?}, of which no flight \
                         knows: where one is full, a surge pod stays Pending; not flown"
                    );
                    let help = "spec.service.placement.spreadOverZones comes near to it";
                    self.warn(owner, path, &message, help);
                    continue;
                }
            };
            self.flag(owner, path, &format!("{name}.maxSkew"), integer(rule.max_skew.min(5000)));
            if let Some(least) = rule.min_domains {
                self.flag(owner, path, &format!("{name}.minDomains"), integer(least.min(10_000)));
            }
            if of == "sameVersion" {
                self.flag(owner, path, &format!("{name}.perVersion"), Value::Flag(true));
            }
        }
    }

    /// `hostPort`; with `hostNetwork` every port is one (k/k `pkg/apis/core/v1/defaults.go`).
    fn host_ports(&mut self, owner: &Object, template: &PodTemplate) {
        let on_host = template.placing.host_network;
        let takes = |c: &crate::kinds::pod::Container| c.host_ports > 0 || on_host && c.ports > 0;
        let first = template.containers.iter().position(takes);
        match first {
            Some(i) => {
                let path = format!("spec.template.spec.containers[{i}].ports");
                self.flag(owner, &path, "hostPorts", Value::Flag(true));
            }
            None if on_host => {
                let message = "its processes listen on their node, and no port is named: two pods \
                    of a node want the same one, and the scheduler knows of none; not flown";
                let help = "name them: containers[].ports";
                self.warn(owner, "spec.template.spec.hostNetwork", message, help);
            }
            None => {}
        }
    }

    fn claims(&mut self, owner: &Object, placing: &Placing) {
        for volume in &placing.volumes {
            let path = format!("{}.persistentVolumeClaim.claimName", volume.path);
            let Some(name) = &volume.claim else {
                self.claimed(owner, &volume.path, Access::OneNode);
                continue;
            };
            match self.store.volume_claim(owner, name) {
                Some((object, access)) => {
                    self.draft.takes(object);
                    self.claimed(owner, &path, access);
                }
                None => {
                    let alone = self.replicas() == 1;
                    let (access, word) = match alone {
                        true => (Access::OneNode, "ReadWriteOnce"),
                        false => (Access::Many, "ReadWriteMany"),
                    };
                    let source = format!(
                        "the claim {name:?} is not among these files, and {}; name its file",
                        if alone { "most have this" } else { "several pods have it" }
                    );
                    self.draft.assume(self.lists, &path, word, &source, true);
                    self.claimed(owner, &path, access);
                }
            }
        }
    }

    fn claimed(&mut self, owner: &Object, path: &str, access: Access) {
        let word = match access {
            Access::Many => return,
            Access::OnePod => "ReadWriteOncePod",
            // What one pod alone may have stays so.
            Access::OneNode if self.placed("volume") => return,
            Access::OneNode => "ReadWriteOnce",
        };
        self.flag(owner, path, "volume.access", text(word));
        let help = match self.strategy() {
            Some("recreate") => return,
            Some("rollingUpdate") => "strategy: {type: Recreate} stops the old pod first",
            _ => "a claim that all nodes may have (ReadWriteMany)",
        };
        let message = match access {
            Access::OneNode => {
                "one node at a time has this volume: on another node, as it is flown, a new pod \
                 waits until the old one is gone (Multi-Attach error); on the same node two \
                 processes would work on one store"
            }
            _ => {
                "one pod at a time has this volume: a new one stays Pending until the old one is \
                 gone"
            }
        };
        self.caution(owner, path, message, help);
    }

    fn strategy(&self) -> Option<&str> {
        match &self.draft.get("spec.strategies")?.value {
            Value::List(items) => items.first().and_then(crate::join::kind_of),
            _ => None,
        }
    }

    fn replicas(&self) -> u64 {
        match self.draft.get("spec.service.replicas").map(|node| &node.value) {
            Some(Value::Integer(pods)) => u64::try_from(*pods).unwrap_or(1),
            _ => 1,
        }
    }

    /// The nodes of a list that may take its pods, and how many of them each holds.
    fn nodes(&mut self, owner: &'a Object, template: &PodTemplate) {
        let store = self.store;
        let all: Vec<(&Object, &Node)> = store.nodes().collect();
        let open = all.iter().filter(|(_, node)| node.takes(&template.placing));
        let open: Vec<&(&Object, &Node)> = open.collect();
        let sum = |of: fn(&crate::kinds::pod::Container) -> Option<f64>| {
            template.containers.iter().filter_map(of).sum::<f64>()
        };
        let cores = sum(|c| c.cpu_request.or(c.cpu));
        let memory = sum(|c| c.memory[1].or(c.memory[0]));
        let holds: Vec<Option<u64>> =
            open.iter().map(|(_, node)| node.holds(cores, memory)).collect();
        let fits = open.iter().zip(&holds).filter(|(_, holds)| **holds != Some(0)).count();
        let Some((first, _)) = open.first().filter(|_| fits > 0) else {
            let message = format!("none of the {} nodes of these files takes its pods", all.len());
            let written_at = owner.written_at("spec.template.spec");
            let path = format!("{} spec.template.spec", owner.title());
            let help = "see its nodeSelector, affinity, tolerations and requests";
            let problem = Problem::error(written_at.place, &path, message).help(help);
            self.problems.push(problem.in_file(&written_at.file));
            return;
        };
        let written_at = first.written_at("metadata.name");
        self.full(owner, fits as u64);
        self.draft.set(
            &format!("{NODES}.count"),
            integer(fits.min(10_000) as u64),
            written_at.clone(),
        );
        let known: Vec<u64> = holds.iter().filter_map(|holds| holds.filter(|n| *n > 0)).collect();
        if !known.is_empty() {
            let mean = known.iter().sum::<u64>() / known.len() as u64;
            let path = format!("{NODES}.capacity");
            self.draft.set(&path, integer(mean.clamp(1, 1000)), written_at.clone());
            let source = "what each node has, by what a pod requests; pods of others take none of \
                it (assumption)";
            self.draft.assume(self.lists, &path, &mean.to_string(), source, false);
        }
        let mut zones: Vec<&str> = open.iter().filter_map(|(_, node)| node.zone()).collect();
        zones.sort_unstable();
        zones.dedup();
        let zones = (zones.len() as u64).clamp(1, 100);
        self.draft.set(&format!("{NODES}.zones"), integer(zones), written_at.clone());
        self.draft.set(&format!("{NODES}.fixed"), Value::Flag(true), written_at);
        let source = "nobody adds nodes to those of these files (assumption): \
            spec.service.nodes.fixed in a Scenario says it";
        self.draft.assume(self.lists, &format!("{NODES}.fixed"), "true", source, false);
    }

    /// As many nodes as pods, and one pod each: warns of the surge pod that stays Pending.
    fn full(&mut self, owner: &Object, fits: u64) {
        let of = self.draft.get(&format!("{PLACEMENT}.onePer.of")).and_then(|n| n.text());
        let over = self.draft.get(&format!("{PLACEMENT}.onePer.over")).and_then(|n| n.text());
        let alone = over == Some("node") && of == Some("all") || self.placed("hostPorts");
        let pods = self.replicas();
        if !alone || fits > pods || self.strategy() == Some("recreate") {
            return;
        }
        let message = format!(
            "{fits} nodes take its pods, each takes one, and there are {pods} of them: a new pod \
             stays Pending until an old one is gone, and where none may go first \
             (maxUnavailable: 0) nothing is ever released"
        );
        let help = "maxUnavailable: 1 with maxSurge: 0 makes room first; or add a node";
        self.caution(owner, "spec.template.spec", &message, help);
    }

    /// No Nodes are given: where pods need nodes of their own, how many there are decides.
    fn unknown_nodes(&mut self, owner: &'a Object, placing: &Placing) {
        for (given, field) in [
            (!placing.node_labels.is_empty(), "nodeSelector"),
            (!placing.node_terms.is_empty(), "affinity.nodeAffinity"),
        ] {
            if given {
                let message = "only some nodes take its pods, and these files do not say how many: \
                    where they are full, a surge pod stays Pending; not flown";
                let path = format!("spec.template.spec.{field}");
                let help = "add the cluster's Nodes (kubectl get nodes -o yaml), or say \
                    spec.service.nodes.count";
                self.warn(owner, &path, message, help);
            }
        }
        let of = self.draft.get(&format!("{PLACEMENT}.onePer.of")).and_then(|n| n.text());
        let what = match (of, self.placed("hostPorts")) {
            (_, true) => "ports of a node are free once",
            (Some("otherVersion"), _) => {
                let message = "new pods go only to nodes without old ones: where none is free, one \
                    has to be added first (90s in the median, assumption)";
                let help = "say spec.service.nodes in a Scenario: {count: …}, {fixed: true}";
                self.caution(owner, "spec.strategy", message, help);
                return;
            }
            (Some(_), _) => "no two pods share a node, or a zone",
            _ => return,
        };
        let spare = format!("{NODES}.spare");
        self.draft.write(&spare, integer(0));
        self.draft.write(&format!("{NODES}.fixed"), Value::Flag(true));
        let zones = self.draft.get(&format!("{PLACEMENT}.onePer.over")).and_then(|n| n.text());
        if zones == Some("zone") && self.replicas() > 3 {
            let zones = self.replicas().min(100);
            self.draft.write(&format!("{NODES}.zones"), integer(zones));
        }
        let message = format!(
            "{what}: how many nodes there are decides whether a surge pod finds one. Flown with as \
             few as hold the fleet, and nobody adds any (assumption)"
        );
        let help = "add the cluster's Nodes (kubectl get nodes -o yaml), or say \
            spec.service.nodes: {spare: 1}, {count: …} or {fixed: false} in a Scenario";
        let source = "no Nodes are among these files: as few as hold the fleet";
        self.draft.assume(self.lists, &spare, "0", source, true);
        self.caution(owner, "spec.template.spec", &message, help);
    }
}

/// Does a rule that keeps pods apart, over nodes or zones and of some versions, say another too?
fn implies((over, of): (&str, &str), (other, whom): (&str, &str)) -> bool {
    (over == "zone" || other == "node") && (of == "all" || of == whom)
}
