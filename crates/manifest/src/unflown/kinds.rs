//! Kinds that are not flown and of which it is known what they do to a release; all others are
//! judged by what they refer to.

use crate::kinds::KINDS;

/// Kinds without effect on a release, by the group of their API; `*` stands for all of a group.
/// They hold settings, names, rights, places to store, what a server reports, or what watches.
const WITHOUT_EFFECT: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "ConfigMap",
            "Secret",
            "ServiceAccount",
            "PersistentVolume",
            "Event",
            "Endpoints",
            "PodTemplate",
            "ComponentStatus",
        ],
    ),
    ("apps", &["ControllerRevision"]),
    ("rbac.authorization.k8s.io", &["*"]),
    ("storage.k8s.io", &["*"]),
    ("snapshot.storage.k8s.io", &["*"]),
    ("scheduling.k8s.io", &["*"]),
    ("apiextensions.k8s.io", &["*"]),
    ("apiregistration.k8s.io", &["*"]),
    ("admissionregistration.k8s.io", &["*"]),
    ("certificates.k8s.io", &["*"]),
    ("coordination.k8s.io", &["*"]),
    ("discovery.k8s.io", &["*"]),
    ("events.k8s.io", &["*"]),
    ("flowcontrol.apiserver.k8s.io", &["*"]),
    ("metrics.k8s.io", &["*"]),
    ("node.k8s.io", &["*"]),
    ("networking.k8s.io", &["NetworkPolicy", "IngressClass"]),
    ("extensions", &["NetworkPolicy", "PodSecurityPolicy"]),
    ("policy", &["PodSecurityPolicy"]),
    ("autoscaling.k8s.io", &["VerticalPodAutoscalerCheckpoint"]),
    ("gateway.networking.k8s.io", &["Gateway", "GatewayClass", "ReferenceGrant"]),
    ("networking.istio.io", &["Gateway", "Sidecar", "ServiceEntry"]),
    ("security.istio.io", &["*"]),
    ("telemetry.istio.io", &["*"]),
    ("policy.linkerd.io", &["Server", "ServerAuthorization", "AuthorizationPolicy"]),
    ("cilium.io", &["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"]),
    ("crd.projectcalico.org", &["NetworkPolicy", "GlobalNetworkPolicy"]),
    ("projectcalico.org", &["NetworkPolicy", "GlobalNetworkPolicy"]),
    ("monitoring.coreos.com", &["*"]),
    ("monitoring.googleapis.com", &["*"]),
    ("operator.victoriametrics.com", &["*"]),
    ("grafana.integreatly.org", &["*"]),
    ("cert-manager.io", &["*"]),
    ("acme.cert-manager.io", &["*"]),
    ("external-secrets.io", &["*"]),
    ("bitnami.com", &["SealedSecret"]),
    ("keda.sh", &["TriggerAuthentication", "ClusterTriggerAuthentication"]),
    ("argoproj.io", &["Application", "ApplicationSet", "AppProject"]),
    ("kustomize.toolkit.fluxcd.io", &["*"]),
    ("helm.toolkit.fluxcd.io", &["*"]),
    ("source.toolkit.fluxcd.io", &["*"]),
    ("image.toolkit.fluxcd.io", &["*"]),
    ("notification.toolkit.fluxcd.io", &["*"]),
    ("wgpolicyk8s.io", &["*"]),
    ("aquasecurity.github.io", &["*"]),
];

/// Kinds that hold for all pods of a namespace, and what they may change.
const NAMESPACE_WIDE: &[(&str, &str, &str)] = &[
    ("", "ResourceQuota", "a quota may refuse the pods that a rollout adds"),
    ("", "LimitRange", "containers without limits of their own get these"),
    ("networking.istio.io", "EnvoyFilter", "it changes the proxies of pods"),
    ("networking.istio.io", "ProxyConfig", "it changes the proxies of pods"),
    ("extensions.istio.io", "WasmPlugin", "it changes the proxies of pods"),
];

/// Kinds through which requests come, from outside or from other pods.
const ROUTERS: &[(&str, &str)] = &[
    ("route.openshift.io", "Route"),
    ("getambassador.io", "Mapping"),
    ("apisix.apache.org", "ApisixRoute"),
    ("gateway.solo.io", "VirtualService"),
    ("gateway.networking.k8s.io", "TCPRoute"),
    ("gateway.networking.k8s.io", "TLSRoute"),
    ("gateway.networking.k8s.io", "UDPRoute"),
];

/// Kinds whose pods no release replaces; a Service may pick them all the same.
const BATCH: &[(&str, &str)] =
    &[("batch", "Job"), ("batch", "CronJob"), ("", "Pod"), ("apps", "ReplicaSet")];

/// Why releases of workloads of other kinds are not flown.
const WORKLOADS: &[(&str, &str, &str)] = &[
    ("apps", "StatefulSet", "its pods are replaced one by one, in order"),
    ("apps", "DaemonSet", "it runs a pod per node"),
    ("", "ReplicationController", "Deployments have superseded it"),
    ("serving.knative.dev", "Service", "Knative divides requests between revisions"),
];

/// What is known of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has no effect on a release.
    WithoutEffect,
    /// Nothing releases its pods.
    Batch,
    /// It holds for all pods of a namespace: what it may change.
    NamespaceWide(&'static str),
    /// Requests come through it.
    Router,
    /// It runs pods: why its own releases are not flown.
    Workload(&'static str),
    /// It changes the requests of pods by killing them (`VerticalPodAutoscaler`).
    Vertical,
    /// Nothing.
    Nothing,
}

/// What is known of a kind of a group. Without a version the name alone tells.
pub fn known(kind: &str, group: &str, versioned: bool) -> Known {
    let own = |of: &str| of == group || !versioned;
    let quiet = |(of, kinds): &(&str, &[&str])| {
        own(of) && (kinds.contains(&kind) || versioned && kinds.contains(&"*"))
    };
    let wide = NAMESPACE_WIDE.iter().find(|(of, name, _)| own(of) && *name == kind);
    let runs = WORKLOADS.iter().find(|(of, name, _)| own(of) && *name == kind);
    let listed = |list: &[(&str, &str)]| list.iter().any(|(of, name)| own(of) && *name == kind);
    match (wide, runs) {
        (Some((.., what)), _) => Known::NamespaceWide(what),
        (_, Some((.., why))) => Known::Workload(why),
        _ if kind == "VerticalPodAutoscaler" && own("autoscaling.k8s.io") => Known::Vertical,
        _ if listed(ROUTERS) => Known::Router,
        _ if listed(BATCH) => Known::Batch,
        _ if WITHOUT_EFFECT.iter().any(quiet) => Known::WithoutEffect,
        _ => Known::Nothing,
    }
}

/// What a document is called: a kind with the name of one that is read has its group behind it.
pub fn title(kind: &str, group: &str) -> String {
    let ours = KINDS.iter().any(|part| part.kind == kind);
    if ours { format!("{kind}.{group}") } else { kind.to_string() }
}

/// Is the kind one that is listed here, whatever its group?
pub fn is_listed(kind: &str) -> bool {
    known(kind, "", false) != Known::Nothing
}

/// What is known of kinds that are not flown, for the documentation.
pub fn page() -> String {
    let of = |kind: &str, group: &str| match group {
        "" => kind.to_string(),
        group => format!("{kind}.{group}"),
    };
    let row = |kinds: String, what: &str| format!("| {kinds} | {what} |\n");
    let mut rows = String::new();
    for (group, kind, why) in WORKLOADS {
        rows += &row(of(kind, group), &format!("a warning: its own releases are not flown: {why}"));
    }
    for (group, kind, what) in NAMESPACE_WIDE {
        rows += &row(of(kind, group), &format!("a warning: {what}"));
    }
    let routers: Vec<String> = ROUTERS.iter().map(|(group, kind)| of(kind, group)).collect();
    let what = "an error if it divides requests, else a warning: its own timeouts, retries and \
        limits are not flown";
    rows += &row(routers.join(", "), what);
    let what = "an error, since it replaces pods; with `updateMode: Initial` a warning, with \
        `Off` without effect";
    rows += &row(of("VerticalPodAutoscaler", "autoscaling.k8s.io"), what);
    let batch: Vec<String> = BATCH.iter().map(|(group, kind)| of(kind, group)).collect();
    rows += &row(batch.join(", "), "without effect, unless a Service that is flown picks its pods");
    let quiet = WITHOUT_EFFECT.iter().flat_map(|(group, kinds)| {
        kinds.iter().map(move |kind| match *kind {
            "*" => format!("all of {group}"),
            kind => of(kind, group),
        })
    });
    rows += &row(quiet.collect::<Vec<_>>().join(", "), "without effect on a release");
    format!("| kinds | what windtunnel does with them |\n|---|---|\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind that is read some day is struck off here: the page would tell what is not so.
    #[test]
    fn what_is_read_is_not_listed_as_left_out() {
        let quiet = WITHOUT_EFFECT
            .iter()
            .flat_map(|(group, kinds)| kinds.iter().map(move |kind| (*group, *kind)));
        let wide = NAMESPACE_WIDE.iter().map(|(group, kind, _)| (*group, *kind));
        let runs = WORKLOADS.iter().map(|(group, kind, _)| (*group, *kind));
        let listed = quiet.chain(wide).chain(runs).chain(ROUTERS.iter().chain(BATCH).copied());
        for (group, kind) in listed {
            let read = KINDS.iter().find(|p| p.group == group && [p.kind, "*"].contains(&kind));
            assert!(read.is_none(), "{kind} of {group} is read: {:?}", read.map(|p| p.kind));
        }
    }
}
