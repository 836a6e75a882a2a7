//! What the world's things are called in metrics: namespaces, workloads, pods, versions, routes.
//!
//! Pods are named as Kubernetes names them, `<deployment>-<template hash>-<five characters>`, so
//! that the patterns of published queries find them.

use windtunnel_base::random::mix64;

/// Names of a service, the same for a whole flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    /// Namespace of the service, as series and names bear it.
    pub namespace: String,
    /// Its name: the Service, the job, the label `app`.
    pub service: String,
    /// Values of the label `version`: old, new.
    pub versions: [String; 2],
    /// Names of the workloads by pool: stable, candidate, baseline.
    pub workloads: [String; 3],
    /// Are they Deployments? A controller that owns its replica sets has none.
    pub deployments: bool,
    /// Values of the label `app` of the pods, by pool.
    pub apps: [String; 3],
    /// Services by which a mesh knows where a pool's requests were sent.
    pub hosts: [String; 3],
    /// Services by which other proxies know the pools.
    pub backends: [String; 3],
    /// Names of the routes.
    pub routes: Vec<String>,
    /// Further labels of pods, which the scraper keeps.
    pub labels: PodLabels,
    /// Does the scraper also call a pod `kubernetes_pod_name` and its namespace
    /// `kubernetes_namespace`, as the one that comes with Flagger does?
    pub long_labels: bool,
    /// Labels by which the proxy in front calls the pools, where somebody has named them; empty:
    /// each exporter's usual ones.
    pub upstreams: [Vec<(&'static str, String)>; 3],
}

/// Labels of pods: names as Kubernetes has them, and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodLabels {
    /// Of all pods.
    pub all: Vec<(String, String)>,
    /// Of the old version's and of the new one's, as a controller writes them; no others bear them.
    pub versions: [Vec<(String, String)>; 2],
}

impl PodLabels {
    /// Is there a label of this name, as series spell it?
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|(own, _)| label_name(own) == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.all.iter().chain(self.versions.iter().flatten())
    }
}

/// Labels that discovery always gives; pods' own of these names are not kept beside them.
const DISCOVERED: [&str; 11] = [
    "job",
    "instance",
    "namespace",
    "pod",
    "app",
    "service",
    "version",
    "rollouts_pod_template_hash",
    "pod_template_hash",
    "kubernetes_namespace",
    "kubernetes_pod_name",
];

/// Is it a label that discovery always gives?
pub fn is_discovered(name: &str) -> bool {
    DISCOVERED.contains(&label_name(name).as_str())
}

/// A label of Kubernetes as Prometheus spells it (`strutil.SanitizeLabelName`).
pub fn label_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Names of one pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodNames {
    /// Its pool: 0 stable, 1 candidate, 2 baseline.
    pub pool: usize,
    /// Its own name.
    pub pod: String,
    /// Its Deployment.
    pub workload: String,
    /// Label `version`.
    pub version: String,
    /// Hash of its template.
    pub hash: String,
    /// Its address, without a port.
    pub address: String,
}

/// The letters that Kubernetes makes names of (`apimachinery/pkg/util/rand`).
const SAFE: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

fn letters(mut seed: u64, count: usize) -> String {
    let letter = |_| {
        seed = mix64(seed);
        char::from(SAFE[(seed % SAFE.len() as u64) as usize])
    };
    (0..count).map(letter).collect()
}

impl Names {
    /// Names that follow from the service's own: candidate and baseline with a suffix.
    pub fn of_service(service: &str) -> Names {
        let apart =
            [service.to_string(), format!("{service}-canary"), format!("{service}-baseline")];
        let alike = [(); 3].map(|()| service.to_string());
        Names {
            namespace: "default".into(),
            service: service.into(),
            versions: ["old".into(), "new".into()],
            workloads: apart.clone(),
            deployments: true,
            apps: alike.clone(),
            hosts: alike,
            backends: apart,
            routes: Vec::new(),
            labels: PodLabels::default(),
            long_labels: false,
            upstreams: Default::default(),
        }
    }

    /// Names of the `number`-th pod of the flight, of a version (0 old, 1 new) in a pool.
    pub fn pod(&self, pool: usize, version: usize, number: u32) -> PodNames {
        let workload = &self.workloads[pool];
        let hash = self.template_hash(version);
        let suffix = letters(mix64(0x9e37_79b9 + u64::from(number)), 5);
        let [_, _, high, low] = number.to_be_bytes();
        PodNames {
            pool,
            pod: format!("{workload}-{hash}-{suffix}"),
            workload: workload.clone(),
            version: self.versions[version].clone(),
            hash,
            address: format!("10.1.{high}.{low}"),
        }
    }

    /// Hash of the pod template of a version.
    pub fn template_hash(&self, version: usize) -> String {
        let bytes = self.service.bytes().chain(self.versions[version].bytes());
        let seed = bytes.fold(version as u64 + 1, |seed, byte| mix64(seed ^ u64::from(byte)));
        letters(seed, 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn pods_are_named_as_kubernetes_names_them() {
        let names = Names::of_service("checkout");
        let pod = names.pod(1, 1, 258);
        let parts: Vec<&str> = pod.pod.split('-').collect();
        assert_eq!((parts[0], parts[1]), ("checkout", "canary"));
        assert_eq!((parts[2].len(), parts[3].len()), (10, 5));
        assert_eq!((pod.address.as_str(), pod.version.as_str()), ("10.1.1.2", "new"));
        assert_ne!(names.template_hash(0), names.template_hash(1));
        let all: BTreeSet<String> = (0..3000).map(|n| names.pod(0, 0, n).pod).collect();
        assert_eq!(all.len(), 3000, "names of pods differ");
    }
}
