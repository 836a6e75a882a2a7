//! What targets are called: `job`, `instance`, and what discovery tells of a pod.

use super::scraper::Place;
use crate::world::names::{Names, PodNames, label_name};
use crate::world::routing::Pool;
use std::borrow::Cow;

/// Labels of a target.
pub type Labels = Vec<(Cow<'static, str>, String)>;

/// The labels of a target; `pod` is the one that an application or a sidecar belongs to.
pub fn labels(place: Place, names: &Names, pod: Option<&PodNames>) -> Labels {
    let known = known(place, names, pod);
    let mut labels: Labels = known.into_iter().map(|(n, v)| (Cow::Borrowed(n), v)).collect();
    let Some(pod) = pod.filter(|_| matches!(place, Place::App(_) | Place::Sidecar(_))) else {
        return labels;
    };
    // Pods of an experiment bear none that a controller writes on a version's.
    let version = usize::from(pod.version == names.versions[1]);
    let controllers =
        (pod.pool != Pool::Baseline as usize).then(|| &names.labels.versions[version]);
    for (name, value) in controllers.into_iter().flatten().chain(&names.labels.all) {
        let name = label_name(name);
        if !labels.iter().any(|(known, _)| *known == name) {
            labels.push((Cow::Owned(name), value.clone()));
        }
    }
    labels
}

/// What discovery always tells.
fn known(place: Place, names: &Names, pod: Option<&PodNames>) -> Vec<(&'static str, String)> {
    let address = pod.map_or("", |pod| &pod.address);
    let (job, instance) = match place {
        Place::App(_) => (names.service.clone(), format!("{address}:8080")),
        Place::Sidecar(_) => ("kubernetes-pods".to_string(), format!("{address}:15020")),
        Place::Kubelet(node) => ("kubelet".to_string(), format!("node-{node}:10250")),
        Place::Cluster => ("kube-state-metrics".to_string(), "kube-state-metrics:8080".to_string()),
        Place::Edge => ("ingress".to_string(), "ingress:10254".to_string()),
    };
    let mut labels = vec![("job", job), ("instance", instance)];
    let Some(pod) = pod.filter(|_| matches!(place, Place::App(_) | Place::Sidecar(_))) else {
        return labels;
    };
    labels.extend([
        ("namespace", names.namespace.clone()),
        ("pod", pod.pod.clone()),
        ("app", names.apps[pod.pool].clone()),
        ("service", names.service.clone()),
        ("version", pod.version.clone()),
        ("rollouts_pod_template_hash", pod.hash.clone()),
    ]);
    if names.deployments {
        labels.push(("pod_template_hash", pod.hash.clone()));
    }
    if names.long_labels {
        labels.extend([
            ("kubernetes_namespace", names.namespace.clone()),
            ("kubernetes_pod_name", pod.pod.clone()),
        ]);
    }
    labels
}
