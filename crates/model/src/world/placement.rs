//! Which nodes may take a pod of the service: the scheduler's filters, as far as they decide
//! whether a further pod can exist.
//!
//! Follows k/k `pkg/scheduler/framework/plugins`: `interpodaffinity/filtering.go` (required
//! anti-affinity; a pod that is going counts until it is gone), `podtopologyspread/common.go` and
//! `filtering.go` (`DoNotSchedule`; a pod that is going counts no more), `nodeports/node_ports.go`,
//! `volumerestrictions/volume_restrictions.go` (ReadWriteOncePod). That a ReadWriteOnce volume
//! hangs at another node is none of the scheduler's affairs: such a pod gets its node and waits
//! there (see `engine::cluster`). Of the nodes that pass, the emptiest is taken, then the first.
//! Deliberately unknown here: what waits, and for how long.

use super::pod::Node;
use super::service::Version;
use windtunnel_base::distribution::Distribution;

/// What a rule counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Each node is one (`kubernetes.io/hostname`).
    Node,
    /// Each zone is one (`topology.kubernetes.io/zone`).
    Zone,
}

/// Whom a pod is kept apart from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like {
    /// All pods of the service.
    All,
    /// Those of its own version.
    SameVersion,
    /// Those of the other version.
    OtherVersion,
}

impl Like {
    fn is(self, one: Version, other: Version) -> bool {
        match self {
            Like::All => true,
            Like::SameVersion => one == other,
            Like::OtherVersion => one != other,
        }
    }
}

/// No two pods in one domain (required anti-affinity of pods to their like).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// What each pod has for itself.
    pub over: Domain,
    /// From whom.
    pub of: Like,
}

/// Domains hold about equally many pods (a constraint with `DoNotSchedule`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// What is held equal.
    pub over: Domain,
    /// By so many pods the fullest domain may exceed the emptiest.
    pub max_skew: u32,
    /// With fewer domains than this, the emptiest counts as empty; 0 where none are asked for.
    pub min_domains: u32,
    /// Are only pods of the version that is placed counted?
    pub per_version: bool,
}

/// A volume that all pods of the service claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// ReadWriteOncePod: one pod alone may use it. Else ReadWriteOnce: one node alone.
    pub one_pod: bool,
    /// From its release by one node until it is mounted at another.
    pub attach: Distribution,
}

/// The rules of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Pods that may not meet.
    pub apart: Option<Apart>,
    /// Does every pod take ports of its node?
    pub host_ports: bool,
    /// What is held equal.
    pub spread: Vec<Spread>,
    /// The volume that its pods share.
    pub claim: Option<Claim>,
}

/// A pod that has a node, as the scheduler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Number of the node that the pod is on, from 0.
    pub node: u32,
    /// Which version the pod runs.
    pub version: Version,
    /// Is it going?
    pub going: bool,
}

/// Why a node does not take a pod, in the scheduler's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Cordoned, or not there.
    Closed,
    /// No room.
    Full,
    /// Its ports are taken.
    Ports,
    /// Another pod uses the claim.
    Claimed,
    /// A pod of its like is there.
    Apart,
    /// Its domain has more than its share.
    Spread,
}

impl Refusal {
    /// What the scheduler says of it.
    pub fn words(self) -> &'static str {
        match self {
            Refusal::Closed => "node(s) were unschedulable",
            Refusal::Full => "Too many pods",
            Refusal::Ports => "node(s) didn't have free ports for the requested pod ports",
            Refusal::Claimed => {
                "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod \
                 access mode"
            }
            Refusal::Apart => "node(s) didn't match pod anti-affinity rules",
            Refusal::Spread => "node(s) didn't match pod topology spread constraints",
        }
    }
}

impl Placement {
    /// Does any filter but the room of nodes matter?
    pub fn is_plain(&self) -> bool {
        let alone = self.claim.is_some_and(|claim| claim.one_pod);
        self.apart.is_none() && !self.host_ports && self.spread.is_empty() && !alone
    }

    /// The node for a pod of `version` beside those that are placed; else why no node takes it.
    pub fn choose(
        &self,
        nodes: &[Node],
        capacity: u32,
        placed: &[Placed],
        version: Version,
    ) -> Result<u32, Vec<Refusal>> {
        let of_node = counts(placed.iter().map(|p| p.node), nodes.len());
        let apart = self.apart.map(|rule| {
            let like = placed.iter().filter(|p| rule.of.is(p.version, version));
            per_domain(rule.over, nodes, like.map(|p| p.node))
        });
        let spread: Vec<Vec<u32>> =
            self.spread.iter().map(|rule| rule.counted(nodes, placed, version)).collect();
        let refusal = |(i, node): (usize, &Node)| {
            if !node.is_open() {
                return Some(Refusal::Closed);
            }
            if node.used >= capacity {
                return Some(Refusal::Full);
            }
            if self.host_ports && of_node[i] > 0 {
                return Some(Refusal::Ports);
            }
            if self.claim.is_some_and(|claim| claim.one_pod) && !placed.is_empty() {
                return Some(Refusal::Claimed);
            }
            let meets = |rule: Apart, counts: &Vec<u32>| counts[domain(rule.over, i, node)] > 0;
            if self.apart.zip(apart.as_ref()).is_some_and(|(rule, counts)| meets(rule, counts)) {
                return Some(Refusal::Apart);
            }
            let rules = self.spread.iter().zip(&spread);
            let skewed = |(rule, counts): (&Spread, &Vec<u32>)| rule.exceeds(counts, i, node);
            rules.into_iter().any(skewed).then_some(Refusal::Spread)
        };
        let refusals: Vec<Option<Refusal>> = nodes.iter().enumerate().map(refusal).collect();
        let open = nodes.iter().enumerate().filter(|(i, _)| refusals[*i].is_none());
        match open.min_by_key(|(i, node)| (node.used, *i)) {
            Some((node, _)) => Ok(node as u32),
            None => Err(refusals.into_iter().flatten().collect()),
        }
    }

    /// How many pods of one version find a place on so many nodes in so many zones, up to `wanted`.
    pub fn holds(&self, wanted: u32, count: u32, capacity: u32, zones: u32) -> u32 {
        let mut nodes = Node::many(count, zones);
        let mut placed = Vec::new();
        for found in 0..wanted {
            // A claim of one node keeps the whole fleet there.
            let only = self.claim.is_some().then(|| placed.first().map(|p: &Placed| p.node));
            let node = match only.flatten() {
                Some(node) if nodes[node as usize].used < capacity && self.is_plain() => Ok(node),
                Some(_) => return found,
                None => self.choose(&nodes, capacity, &placed, Version::Old),
            };
            let Ok(node) = node else { return found };
            nodes[node as usize].used += 1;
            placed.push(Placed { node, version: Version::Old, going: false });
        }
        wanted
    }
}

impl Spread {
    fn counted(&self, nodes: &[Node], placed: &[Placed], version: Version) -> Vec<u32> {
        let like = placed.iter().filter(|p| !self.per_version || p.version == version);
        let like = like.filter(|p| !p.going && !nodes[p.node as usize].lost);
        let mut found = per_domain(self.over, nodes, like.map(|p| p.node));
        // What has no node left is no domain: it neither counts nor is it the emptiest.
        let mut there = vec![false; found.len()];
        for (i, node) in nodes.iter().enumerate() {
            there[domain(self.over, i, node)] |= !node.lost;
        }
        let gone = found.iter_mut().zip(there).filter(|(_, there)| !there);
        gone.for_each(|(count, _)| *count = NO_DOMAIN);
        found
    }

    /// Would a further pod on this node make its domain fuller than the rule allows?
    fn exceeds(&self, counts: &[u32], i: usize, node: &Node) -> bool {
        let domains = || counts.iter().copied().filter(|count| *count != NO_DOMAIN);
        let few = (domains().count() as u32) < self.min_domains;
        let least = if few { 0 } else { domains().min().unwrap_or(0) };
        counts[domain(self.over, i, node)] + 1 > least + self.max_skew
    }
}

/// Stands for the pods of a domain that is not there any more.
const NO_DOMAIN: u32 = u32::MAX;

/// The number of a node's domain.
fn domain(over: Domain, i: usize, node: &Node) -> usize {
    match over {
        Domain::Node => i,
        Domain::Zone => node.zone as usize,
    }
}

/// Pods in each domain; a cordoned node still is one (`nodeTaintsPolicy: Ignore`).
fn per_domain(over: Domain, nodes: &[Node], pods: impl Iterator<Item = u32>) -> Vec<u32> {
    let domains = match over {
        Domain::Node => nodes.len(),
        Domain::Zone => nodes.iter().map(|node| node.zone + 1).max().unwrap_or(0) as usize,
    };
    counts(pods.map(|node| domain(over, node as usize, &nodes[node as usize]) as u32), domains)
}

fn counts(numbers: impl Iterator<Item = u32>, size: usize) -> Vec<u32> {
    let mut counts = vec![0; size];
    for number in numbers {
        counts[number as usize] += 1;
    }
    counts
}

/// `3 node(s) didn't match pod anti-affinity rules, 1 Too many pods`, as the scheduler sums up.
pub fn summed(refusals: &[Refusal]) -> String {
    let mut sorted = refusals.to_vec();
    sorted.sort_unstable();
    let groups = sorted.chunk_by(|a, b| a == b);
    let told: Vec<String> =
        groups.map(|group| format!("{} {}", group.len(), group[0].words())).collect();
    format!("0/{} nodes are available: {}", refusals.len(), told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Version = Version::Old;

    fn on(nodes: &[u32]) -> Vec<Placed> {
        nodes.iter().map(|node| Placed { node: *node, version: OLD, going: false }).collect()
    }

    fn nodes(count: u32, zones: u32, placed: &[Placed]) -> Vec<Node> {
        let mut nodes = Node::many(count, zones);
        placed.iter().for_each(|p| nodes[p.node as usize].used += 1);
        nodes
    }

    fn chosen(rules: &Placement, count: u32, placed: &[Placed]) -> Result<u32, Vec<Refusal>> {
        rules.choose(&nodes(count, 3, placed), 10, placed, Version::New)
    }

    fn apart(over: Domain, of: Like) -> Placement {
        Placement { apart: Some(Apart { over, of }), ..Placement::default() }
    }

    #[test]
    fn anti_affinity_leaves_no_node_for_a_further_pod() {
        let rules = apart(Domain::Node, Like::All);
        assert_eq!(chosen(&rules, 3, &on(&[0, 1, 2])), Err(vec![Refusal::Apart; 3]));
        assert_eq!(chosen(&rules, 4, &on(&[0, 1, 2])), Ok(3));
        // A pod that is going counts until it is gone.
        let mut going = on(&[0, 1, 2]);
        going[1].going = true;
        assert!(chosen(&rules, 3, &going).is_err());
        let same = apart(Domain::Node, Like::SameVersion);
        assert_eq!(chosen(&same, 3, &on(&[0, 1, 2])), Ok(0));
        let other = apart(Domain::Node, Like::OtherVersion);
        assert!(chosen(&other, 3, &on(&[0, 1, 2])).is_err());
        assert_eq!(chosen(&other, 3, &on(&[0, 0, 2])), Ok(1));
        // Nodes 0 and 3 are of one zone.
        assert_eq!(chosen(&apart(Domain::Zone, Like::All), 6, &on(&[0, 1])), Ok(2));
        assert!(chosen(&apart(Domain::Zone, Like::All), 6, &on(&[0, 1, 2])).is_err());
    }

    #[test]
    fn spreading_counts_domains_and_forgets_pods_that_go() {
        let spread = |max_skew, min_domains| Placement {
            spread: vec![Spread { over: Domain::Zone, max_skew, min_domains, per_version: false }],
            ..Placement::default()
        };
        // Zone 0 has two pods, zone 1 one, zone 2 none: only zone 2 is open.
        assert_eq!(chosen(&spread(1, 0), 6, &on(&[0, 3, 1])), Ok(2));
        let mut pods = on(&[0, 1, 2, 2]);
        assert_eq!(chosen(&spread(1, 0), 3, &pods), Ok(0));
        pods[0].going = true;
        assert_eq!(chosen(&spread(1, 0), 3, &pods), Ok(0));
        // Four zones are asked for and three are there: none may hold a second pod.
        assert_eq!(chosen(&spread(1, 4), 3, &on(&[0, 1, 2])), Err(vec![Refusal::Spread; 3]));
    }

    /// One of three nodes is lost: the two that are left hold a pod each and may get another.
    #[test]
    fn a_lost_node_is_no_domain() {
        for (over, min_domains) in [(Domain::Node, 0), (Domain::Zone, 0), (Domain::Node, 2)] {
            let rule = Spread { over, max_skew: 1, min_domains, per_version: false };
            let rules = Placement { spread: vec![rule], ..Placement::default() };
            let pods = on(&[0, 1, 2]);
            let mut nodes = nodes(3, 3, &pods);
            (nodes[2].alive, nodes[2].lost) = (false, true);
            assert_eq!(rules.choose(&nodes, 10, &pods, Version::New), Ok(0), "{over:?}");
        }
    }

    #[test]
    fn ports_and_claims_refuse_and_the_sum_is_told() {
        let ports = Placement { host_ports: true, ..Placement::default() };
        let refused = chosen(&ports, 2, &on(&[0, 1])).expect_err("taken");
        let told = "0/2 nodes are available: 2 node(s) didn't have free ports for the requested \
                    pod ports";
        assert_eq!(summed(&refused), told);
        let attach = Distribution::Constant { secs: 1.0 };
        let claim =
            |one_pod| Placement { claim: Some(Claim { one_pod, attach }), ..Placement::default() };
        assert_eq!(chosen(&claim(true), 2, &on(&[0])), Err(vec![Refusal::Claimed; 2]));
        assert_eq!(chosen(&claim(false), 2, &on(&[0])), Ok(1));
        assert_eq!([claim(true).holds(3, 3, 10, 3), claim(false).holds(12, 3, 10, 3)], [1, 10]);
        assert_eq!(apart(Domain::Node, Like::All).holds(5, 4, 10, 3), 4);
    }
}
