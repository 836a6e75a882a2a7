//! Documents that are not flown beside what is: which of them are errors, warnings, or nothing.
//!
//! Each stands beside the same Deployment and Service, as its project's own examples write it.

use super::input::input;
use windtunnel::base::problem::{Problem, Severity};
use windtunnel::manifest::{self, Import};

const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: store}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop:2, readinessProbe: {tcpSocket: {port: 80}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: store}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
";

fn read(text: &str, lenient: bool) -> Result<Import, Vec<Problem>> {
    let input = input(&format!("{SHOP}{text}"), "shop.yaml")?;
    manifest::read(&[input], manifest::ReadRequest { lenient, only: &[] })
}

/// A document of this version and kind, whose `spec` is given in one line.
fn document(version: &str, kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: other, namespace: store}}\n\
         spec: {{{spec}}}\n"
    )
}

/// What leaving a document out may change, by the reading that only warns.
fn effects(text: &str) -> Vec<&'static str> {
    let import = read(text, true).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    import.left_out.iter().map(|left| left.effect.word()).collect()
}

/// Real kinds whose documents govern the release, with the field that says so.
const GOVERNING: &[(&str, &str, &str, &str, &str)] = &[
    (
        "rollouts.kruise.io/v1beta1",
        "Rollout",
        "workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, strategy: {canary: \
         {steps: [{replicas: 1, traffic: 5%, pause: {}}], trafficRoutings: [{service: shop}]}}",
        "ownsRelease",
        "spec.workloadRef",
    ),
    (
        "rollouts.kruise.io/v1alpha1",
        "Rollout",
        "objectRef: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop}}, \
         strategy: {canary: {steps: [{weight: 5}]}}",
        "ownsRelease",
        "spec.objectRef.workloadRef",
    ),
    (
        "rollouts.kruise.io/v1alpha1",
        "BatchRelease",
        "targetReference: {workloadRef: {kind: Deployment, name: shop}}, releasePlan: {batches: \
         [{canaryReplicas: 1}]}",
        "ownsRelease",
        "spec.targetReference.workloadRef",
    ),
    (
        "http.keda.sh/v1alpha1",
        "HTTPScaledObject",
        "scaleTargetRef: {name: shop, kind: Deployment, service: shop, port: 80}, replicas: \
         {min: 0, max: 10}",
        "setsSize",
        "spec.scaleTargetRef",
    ),
    (
        "autoscaling.alibabacloud.com/v1beta1",
        "CronHorizontalPodAutoscaler",
        "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, jobs: \
         [{name: up, schedule: \"0 0 8 * * *\", targetSize: 9}]",
        "setsSize",
        "spec.scaleTargetRef",
    ),
    (
        "datadoghq.com/v1alpha2",
        "DatadogPodAutoscaler",
        "targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, constraints: \
         {minReplicas: 1, maxReplicas: 9}",
        "setsSize",
        "spec.targetRef",
    ),
    (
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        "targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}",
        "setsSize",
        "spec.targetRef",
    ),
    (
        "route.openshift.io/v1",
        "Route",
        "to: {kind: Service, name: shop, weight: 9}, alternateBackends: [{kind: Service, name: \
         shop-next, weight: 1}]",
        "dividesRequests",
        "spec.to",
    ),
    (
        "route.openshift.io/v1",
        "Route",
        "to: {kind: Service, name: shop, weight: 90}, alternateBackends: [{kind: Service, name: \
         shop-next, weight: 10}]",
        "dividesRequests",
        "spec.to",
    ),
    (
        "getambassador.io/v3alpha1",
        "Mapping",
        "hostname: \"*\", prefix: /, service: \"http://shop.store:80\", weight: 10",
        "dividesRequests",
        "spec.service",
    ),
    (
        "policy.linkerd.io/v1beta3",
        "HTTPRoute",
        "parentRefs: [{kind: Service, name: shop-apex}], rules: [{backendRefs: [{name: shop, \
         port: 80, weight: 9}, {name: next, port: 80, weight: 1}]}]",
        "dividesRequests",
        "spec.rules[0].backendRefs[0]",
    ),
    (
        "apisix.apache.org/v2",
        "ApisixRoute",
        "http: [{name: a, backends: [{serviceName: shop, servicePort: 80, weight: 9}, \
         {serviceName: next, servicePort: 80, weight: 1}]}]",
        "dividesRequests",
        "spec.http[0].backends[0].serviceName",
    ),
    (
        "gateway.networking.k8s.io/v1alpha2",
        "TCPRoute",
        "rules: [{backendRefs: [{name: shop, port: 80, weight: 1}, {name: b, weight: 1}]}]",
        "dividesRequests",
        "spec.rules[0].backendRefs[0]",
    ),
    (
        "example.com/v1",
        "Mirror",
        "requestMirror: {backendRef: {name: shop}}",
        "dividesRequests",
        "spec.requestMirror.backendRef",
    ),
    (
        "apps/v1",
        "StatefulSet",
        "selector: {matchLabels: {app: shop, role: old}}, template: {metadata: {labels: {app: \
         shop, role: old}}, spec: {containers: [{name: a, image: \"a:1\"}]}}",
        "dividesRequests",
        "spec.template.metadata.labels",
    ),
];

#[test]
fn what_governs_a_release_is_an_error_and_a_warning_to_the_lenient() {
    for (version, kind, spec, effect, field) in GOVERNING {
        let text = document(version, kind, spec);
        let problems = match read(&text, false) {
            Ok(import) => panic!("{kind} passes: {:?}", import.left_out),
            Err(problems) => problems,
        };
        let [problem] = &problems[..] else { panic!("{kind}: {problems:#?}") };
        assert!(problem.path.contains(kind) && problem.path.ends_with(field), "{problem:?}");
        assert!(problem.place.line > 15 && problem.help.contains("--lenient"), "{problem:?}");
        assert!(problem.message.contains("/shop"), "{problem:?}");
        let import = read(&text, true).expect("only a warning");
        assert_eq!(import.flyables.len(), 1);
        let effects: Vec<&str> = import.left_out.iter().map(|l| l.effect.word()).collect();
        assert_eq!(effects, [*effect], "{kind}");
        let same = |w: &&Problem| (&w.path, &w.message) == (&problem.path, &problem.message);
        let warning = import.warnings.iter().find(same).expect("told all the same");
        assert_eq!(warning.severity, Severity::Warning);
        assert!(warning.help.contains("--lenient"));
    }
}

/// Real kinds that refer to what is released and may change the result.
const MAY_CHANGE: &[(&str, &str, &str)] = &[
    ("route.openshift.io/v1", "Route", "to: {kind: Service, name: shop, weight: 100}"),
    (
        "chaos-mesh.org/v1alpha1",
        "NetworkChaos",
        "action: delay, mode: all, selector: {namespaces: [store], labelSelectors: {app: shop}}",
    ),
    ("litmuschaos.io/v1alpha1", "ChaosEngine", "appinfo: {appns: store, applabel: app=shop}"),
    (
        "apps.kruise.io/v1alpha1",
        "SidecarSet",
        "selector: {matchLabels: {app: shop}}, updateStrategy: {type: RollingUpdate}, \
         containers: []",
    ),
    (
        "apps.kruise.io/v1alpha1",
        "WorkloadSpread",
        "targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, subsets: [{name: a, \
         maxReplicas: 3}]",
    ),
    (
        "gateway.envoyproxy.io/v1alpha1",
        "BackendTrafficPolicy",
        "targetRefs: [{group: \"\", kind: Service, name: shop}], retry: {numRetries: 5}",
    ),
    ("networking.istio.io/v1alpha3", "EnvoyFilter", "configPatches: []"),
    ("v1", "LimitRange", "limits: [{type: Container, default: {cpu: 100m}}]"),
    ("v1", "ResourceQuota", "hard: {pods: 3}"),
    (
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        "targetRef: {kind: Deployment, name: shop}, updatePolicy: {updateMode: Initial}",
    ),
];

#[test]
fn what_may_change_the_result_is_one_warning_a_kind() {
    for (version, kind, spec) in MAY_CHANGE {
        let one = document(version, kind, spec);
        let import = read(&one, false).unwrap_or_else(|p| panic!("{kind}: {p:#?}"));
        assert_eq!(effects(&one), ["mayChange"], "{kind}");
        let told = |import: &Import| {
            let of = |w: &&Problem| w.path.contains(kind);
            import.warnings.iter().filter(of).cloned().collect::<Vec<_>>()
        };
        assert_eq!(told(&import).len(), 1, "{:#?}", import.warnings);
        let many: Vec<String> =
            (0..5).map(|n| one.replace("name: other", &format!("name: other-{n}"))).collect();
        let import = read(&many.join("---\n"), false).expect("warnings only");
        let told = told(&import);
        assert_eq!(told.len(), 1, "{told:#?}");
        let wanted = format!("5 × {kind} (other-0, other-1, other-2 and 2 more)");
        assert_eq!(told[0].path, wanted);
    }
}

#[test]
fn what_is_known_to_be_without_effect_is_not_told_as_a_warning() {
    for (version, kind, spec) in [
        ("networking.k8s.io/v1", "NetworkPolicy", "podSelector: {matchLabels: {app: shop}}"),
        ("monitoring.coreos.com/v1", "ServiceMonitor", "selector: {matchLabels: {app: shop}}"),
        ("v1", "ConfigMap", ""),
        ("security.istio.io/v1", "AuthorizationPolicy", "selector: {matchLabels: {app: shop}}"),
        (
            "autoscaling.k8s.io/v1",
            "VerticalPodAutoscaler",
            "targetRef: {kind: Deployment, name: shop}, updatePolicy: {updateMode: \"Off\"}",
        ),
        ("batch/v1", "CronJob", "schedule: a"),
        ("apps/v1", "ReplicaSet", "replicas: 0"),
        ("cert-manager.io/v1", "Certificate", "secretName: shop"),
        // The same names elsewhere: another namespace, another kind, a host outside.
        (
            "http.keda.sh/v1alpha1",
            "HTTPScaledObject",
            "scaleTargetRef: {name: shop, kind: StatefulSet}",
        ),
        (
            "traefik.containo.us/v1alpha1",
            "IngressRoute",
            "routes: [{services: [{name: shop, namespace: other, weight: 1}, {name: b, \
             namespace: other, weight: 2}]}]",
        ),
        ("example.com/v1", "Probe", "host: shop.example"),
    ] {
        let text = document(version, kind, spec);
        let import = read(&text, false).unwrap_or_else(|p| panic!("{kind}: {p:#?}"));
        assert!(import.warnings.is_empty(), "{kind}: {:#?}", import.warnings);
        assert!(import.left_out.is_empty(), "{kind}: {:#?}", import.left_out);
        let noted = import.lists.ignored.iter().any(|n| n.object.contains("/other"));
        assert!(noted, "{kind} is dropped in silence");
    }
}

/// A known name in another group is another kind; Ingress is the same in both of its groups.
#[test]
fn names_of_other_groups_are_not_taken_for_ours() {
    let knative = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: api, \
        namespace: store}\nspec: {template: {spec: {containers: [{image: \"a:1\"}]}}}\n";
    let import = read(knative, false).expect("a warning");
    assert_eq!(import.flyables.len(), 1, "it is no Service of the core");
    assert_eq!(effects(knative), ["ownRelease"]);
    assert!(import.warnings[0].path.starts_with("Service.serving.knative.dev/api"));
    let ingress = |version: &str| {
        let backend = match version {
            "extensions/v1beta1" => "{serviceName: shop, servicePort: 80}",
            _ => "{service: {name: shop, port: {number: 80}}}",
        };
        let path = format!("rules: [{{http: {{paths: [{{path: /, backend: {backend}}}]}}}}]");
        read(&document(version, "Ingress", &path), false).map(|import| import.flyables.len())
    };
    assert_eq!(ingress("extensions/v1beta1"), Ok(1));
    assert_eq!(ingress("networking.k8s.io/v1"), Ok(1));
}

/// A dump whose owners were taken out still holds the sets and pods of what is flown.
#[test]
fn sets_and_pods_of_what_is_flown_are_no_rivals() {
    let of = |name: &str| {
        let text = document(
            "apps/v1",
            "ReplicaSet",
            "template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: a}]}}",
        );
        let head = format!("name: {name}, labels: {{pod-template-hash: 5d9c}}");
        read(&text.replace("name: other", &head), false)
    };
    assert!(of("shop-5d9c").expect("the Deployment's").left_out.is_empty());
    assert!(of("rival").is_err(), "its pods get a share of the requests");
}

/// What refers to a document that refers to what is flown, refers to that.
#[test]
fn references_lead_through_other_documents() {
    let node = document(
        "appmesh.k8s.aws/v1beta2",
        "VirtualNode",
        "podSelector: {matchLabels: {app: shop}}",
    );
    let router = "apiVersion: appmesh.k8s.aws/v1beta2\nkind: VirtualRouter\nmetadata: {name: r, \
        namespace: store}\nspec: {routes: [{name: a, httpRoute: {action: {weightedTargets: \
        [{virtualNodeRef: {name: other}, weight: 9}, {virtualNodeRef: {name: b}, weight: 1}]}}}]}\n";
    let text = format!("{node}---\n{router}");
    let problems = read(&text, false).expect_err("it divides");
    let error = problems.iter().find(|p| p.severity == Severity::Error).expect("an error");
    assert!(error.path.starts_with("VirtualRouter/r"), "{problems:#?}");
}

/// A document in an annotation of a Service counts as well, told where the annotation stands.
#[test]
fn documents_in_annotations_are_read() {
    let mapping = |weight: &str| {
        let config = format!(
            "metadata:\n  namespace: store\n  name: shop\n  annotations:\n    \
             getambassador.io/config: |\n      apiVersion: getambassador.io/v1\n      kind: \
             Mapping\n      name: half\n      prefix: /\n      service: shop\n      {weight}\n"
        );
        let plain = "kind: Service\nmetadata: {name: shop, namespace: store}\n";
        let text = SHOP.replace(plain, &format!("kind: Service\n{config}"));
        let input = input(&text, "shop.yaml").expect("YAML");
        manifest::read(&[input], manifest::ReadRequest::default())
    };
    let problems = mapping("weight: 50").expect_err("half of the requests");
    assert!(problems[0].path.starts_with("Mapping/half"), "{problems:#?}");
    assert_eq!(problems[0].place.line, 17);
    let import = mapping("timeout_ms: 4000").expect("a warning");
    assert!(import.left_out[0].text().contains("undivided"));
}

/// The controller of what is flown made it, or writes what stands in it.
#[test]
fn what_flown_controllers_make_or_lead_is_theirs() {
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: till, \
        namespace: store}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: till}}\n  \
        template: {metadata: {labels: {app: till}}, spec: {containers: [{name: a, image: \
        \"a:1\"}]}}\n  strategy:\n    canary:\n      stableService: till\n      canaryService: \
        till-next\n      trafficRouting: {ambassador: {mappings: [till-map]}}\n      steps: \
        [{setWeight: 10}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: till, namespace: \
        store}\nspec: {selector: {app: till}}\n---\napiVersion: v1\nkind: Service\nmetadata: \
        {name: till-next, namespace: store}\nspec: {selector: {app: till}}\n---\n";
    let map = |name: &str, owner: &str| {
        format!(
            "{rollout}apiVersion: getambassador.io/v3alpha1\nkind: Mapping\nmetadata: {{name: \
             {name}, namespace: store{owner}}}\nspec: {{prefix: /, service: \"till-next:80\", \
             weight: 10}}\n"
        )
    };
    let led = read(&map("till-map", ""), false).expect("its weights are the Rollout's");
    assert!(led.left_out.is_empty(), "{:#?}", led.left_out);
    let owner = ", ownerReferences: [{kind: Rollout, name: till}]";
    assert!(read(&map("till-map-canary", owner), false).is_ok());
    assert!(read(&map("another", ""), false).is_err());
}

/// Without traffic routing a Rollout's two Services pick the pods of one version each.
#[test]
fn a_router_to_one_side_of_a_rollout_is_told() {
    let text = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: till, \
        namespace: store}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: till}}\n  \
        template: {metadata: {labels: {app: till}}, spec: {containers: [{name: a, image: \
        \"a:1\"}]}}\n  strategy: {canary: {stableService: till, canaryService: till-next, \
        steps: [{setWeight: 10}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: till, \
        namespace: store}\nspec: {selector: {app: till}}\n---\n";
    let route = document("route.openshift.io/v1", "Route", "to: {kind: Service, name: till}");
    let problems = read(&format!("{text}{route}"), false).expect_err("one side");
    let told = problems.iter().find(|p| p.severity == Severity::Error).expect("an error");
    assert!(told.message.contains("the pods of one version only"), "{problems:#?}");
}
