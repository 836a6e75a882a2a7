//! `spec.service.placement` and `spec.service.nodes`: how many nodes there are, and which of them
//! may take a pod.
//!
//! The rules are those that decide whether a further pod can exist: required anti-affinity, ports
//! of the node, spreading with `DoNotSchedule`, a volume that one node or one pod can have.
//! Deliberately unknown here: rules that a scheduler may break.

use windtunnel_base::distribution::Distribution;
use windtunnel_base::settings::Reader;
use windtunnel_model::world::placement::{Apart, Claim, Domain, Like, Placement, Spread};
use windtunnel_model::world::service::NodeSettings;

/// Pods that the nodes hold when no number is given: three fleets, so that nothing waits for nodes
/// unless the scenario says so.
const ROOMY: u64 = 3;

/// Reads both.
pub fn read(r: &mut Reader<'_>, replicas: u32) -> (NodeSettings, Placement) {
    let rules = r.object("placement", "which nodes may take a pod", rules);
    let nodes = r.object("nodes", "nodes and zones", |r| nodes(r, replicas, &rules));
    (nodes, rules)
}

fn nodes(r: &mut Reader<'_>, replicas: u32, rules: &Placement) -> NodeSettings {
    let given = r.count(
        "count",
        0,
        0..=10_000,
        "nodes at the start; 0: one a zone and room for three fleets, so that no pod waits",
    );
    let capacity = r.count("capacity", 30, 1..=1000, "pods a node holds; Kubernetes allows 110");
    let zones = r.count("zones", 3, 1..=100, "zones the nodes are spread over");
    // A rule that gives each pod a node of its own leaves room for one on each.
    let alone = rules.host_ports || rules.apart.is_some_and(|a| a.of != Like::OtherVersion);
    let each = if alone { 1 } else { capacity };
    let (capacity, zones) = (capacity as u32, zones as u32);
    let spare = "nodes beyond count, or beyond as few as hold the fleet; left out: none beyond \
        count, room for three fleets without";
    let spare = r.opt_count("spare", 0..=10_000, spare).map(|nodes| nodes as u32);
    let roomy = (u64::from(replicas) * ROOMY).div_ceil(each).max(u64::from(zones)) as u32;
    let standing = |from| standing(rules, replicas, capacity, zones, from);
    let count = match (given as u32, spare) {
        (0, None) => standing(roomy),
        (0, Some(spare)) => standing(standing(u64::from(replicas).div_ceil(each) as u32) + spare),
        (count, spare) => count + spare.unwrap_or(0),
    };
    let held = rules.holds(replicas, count, capacity, zones);
    if held < replicas && !r.describing() {
        let found = if rules.is_plain() && rules.claim.is_none() {
            format!("{count} nodes hold {} pods", count * capacity)
        } else {
            format!("{count} nodes in {zones} zones hold {held} pods under spec.service.placement")
        };
        r.problem("count", found, &format!("room for {replicas} replicas"), helped(rules));
    }
    let provisioning = Distribution::lognormal_median_quantile(90.0, 0.99, 300.0);
    NodeSettings {
        count,
        capacity,
        zones,
        provisioning: r.distribution(
            "provisioning",
            ("{lognormal: {median: 90s, p99: 300s}}", provisioning),
            "from a pod without room to a ready new node (derived)",
        ),
        fixed: r.flag("fixed", false, "true: nobody adds nodes, and a pod without room waits"),
        lost_after: r.duration("lostAfter", "40s", "from a node's loss to NotReady (k8s: 40s)"),
        evict_after: r.duration("evictAfter", "300s", "from NotReady to new pods (k8s: 300s)"),
    }
}

/// So many nodes, or a few more where the rules of placement do not let the fleet stand on them.
fn standing(rules: &Placement, replicas: u32, capacity: u32, zones: u32, from: u32) -> u32 {
    let holds = |count: &u32| rules.holds(replicas, *count, capacity, zones) == replicas;
    (from..=from + zones).find(holds).unwrap_or(from)
}

/// A way out for a fleet that its own rules keep from existing.
fn helped(rules: &Placement) -> &'static str {
    match (rules.claim, rules.apart) {
        (Some(claim), _) if claim.one_pod => "one pod alone may have the volume: replicas: 1",
        (Some(_), _) => "the pods that share the volume of a node have to fit on that one node",
        (None, Some(Apart { over: Domain::Zone, .. })) => "more zones, or fewer replicas",
        _ => "",
    }
}

fn rules(r: &mut Reader<'_>) -> Placement {
    let apart = "no two pods in one (required anti-affinity to pods of its own)";
    let over_nodes = "nodes hold about equally many pods (a constraint with DoNotSchedule)";
    let over_zones = "zones hold about equally many pods (a constraint with DoNotSchedule)";
    let volume = "a volume that all pods claim; with ReadWriteMany leave it out";
    let apart = r.opt_object("onePer", apart, |r| {
        let over = r.choice("over", &["node", "zone"], "node", "what every pod has for itself");
        let over = if over == 0 { Domain::Node } else { Domain::Zone };
        let words = ["all", "sameVersion", "otherVersion"];
        let of = "from whom: with matchLabelKeys: [pod-template-hash] from its own version alone";
        let of = r.choice("of", &words, "all", of);
        Apart { over, of: [Like::All, Like::SameVersion, Like::OtherVersion][of] }
    });
    let host_ports = "pods take ports of their nodes (hostPort, hostNetwork): one pod a node";
    let host_ports = r.flag("hostPorts", false, host_ports);
    let nodes = r.opt_object("spreadOverNodes", over_nodes, |r| spread(r, Domain::Node));
    let zones = r.opt_object("spreadOverZones", over_zones, |r| spread(r, Domain::Zone));
    let claim = r.opt_object("volume", volume, claim);
    Placement { apart, host_ports, spread: nodes.into_iter().chain(zones).collect(), claim }
}

fn per_version(r: &mut Reader<'_>) -> bool {
    let help = "only pods of the same version count (matchLabelKeys: [pod-template-hash])";
    r.flag("perVersion", false, help)
}

fn spread(r: &mut Reader<'_>, over: Domain) -> Spread {
    let skew = "by so many pods the fullest may exceed the emptiest";
    let least = "with fewer of them the emptiest counts as empty; 0: none are asked for";
    Spread {
        over,
        max_skew: r.count("maxSkew", 1, 1..=5000, skew) as u32,
        min_domains: r.count("minDomains", 0, 0..=10_000, least) as u32,
        per_version: per_version(r),
    }
}

fn claim(r: &mut Reader<'_>) -> Claim {
    let words = ["ReadWriteOnce", "ReadWriteOncePod"];
    let access = "ReadWriteOnce: one node at a time; ReadWriteOncePod: one pod";
    let attach = "from its release by one node until it is mounted at another (assumption)";
    let usual = Distribution::lognormal_median_quantile(20.0, 0.99, 120.0);
    Claim {
        one_pod: r.choice("access", &words, "ReadWriteOnce", access) == 1,
        attach: r.distribution("attach", ("{lognormal: {median: 20s, p99: 120s}}", usual), attach),
    }
}

#[cfg(test)]
mod tests {
    use crate::read::read;

    fn problems(fields: &str) -> String {
        let head = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\nspec:\n";
        match read(&format!("{head}  service: {{{fields}}}\n"), "t") {
            Ok(_) => String::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_fleet_that_cannot_stand_is_refused() {
        let none = [
            "replicas: 4, placement: {onePer: {}}, nodes: {count: 4}",
            "replicas: 40, placement: {onePer: {}}",
            "replicas: 3, placement: {onePer: {over: zone}}",
            "replicas: 1, placement: {volume: {access: ReadWriteOncePod}}",
            "replicas: 30, placement: {volume: {}}",
            "replicas: 6, placement: {hostPorts: true, spreadOverZones: {}}, nodes: {count: 6}",
        ];
        let spare = "replicas: 4, placement: {hostPorts: true}, nodes: {count: 3, spare: 1}";
        assert_eq!(problems(spare), "");
        let uneven = "replicas: 10, placement: {spreadOverNodes: {}, spreadOverZones: {}}, nodes: \
                      {spare: 3}";
        assert_eq!(problems(uneven), "");
        none.iter().for_each(|fields| assert_eq!(problems(fields), "", "{fields}"));
        for (fields, told) in [
            ("replicas: 4, placement: {onePer: {}}, nodes: {count: 3}", "hold 3 pods"),
            ("replicas: 4, placement: {onePer: {over: zone}}", "more zones, or fewer replicas"),
            ("replicas: 2, placement: {volume: {access: ReadWriteOncePod}}", "replicas: 1"),
            ("replicas: 31, placement: {volume: {}}", "fit on that one node"),
            ("replicas: 61, nodes: {count: 2}", "2 nodes hold 60 pods"),
        ] {
            let found = problems(fields);
            assert!(found.contains(told), "{fields}: {found}");
        }
    }
}
