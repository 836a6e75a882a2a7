//! Things that look alike and are two: routers, pods and strangers of one name, canaries of two
//! namespaces or controllers, programs that share a label, names of one family.

use super::input::input;
use windtunnel::base::problem::{Problem, Severity};
use windtunnel::manifest::{self, Import};
use windtunnel::scenario::model::Scenario;

fn read(text: &str) -> Result<Import, Vec<Problem>> {
    manifest::read(&[input(text, "all.yaml")?], manifest::ReadRequest::default())
}

fn errors(text: &str) -> Vec<String> {
    let Err(problems) = read(text) else { return Vec::new() };
    let errors = problems.iter().filter(|p| p.severity == Severity::Error);
    errors.map(|p| format!("{}: {}", p.path, p.message)).collect()
}

fn scenarios(text: &str) -> Vec<Scenario> {
    let import = read(text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
    let scenario = |f: &manifest::Flyable| f.scenario().expect("a scenario").0.remove(0);
    import.flyables.iter().map(scenario).collect()
}

/// What is flown: names of services and kinds of strategies.
fn flown(text: &str) -> Vec<String> {
    let told = |s: &Scenario| format!("{} {}", s.name, s.plans[0].kind);
    scenarios(text).iter().map(told).collect()
}

fn deployment(name: &str, space: &str, image: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {space}}}\n\
         spec:\n  replicas: 3\n  selector: {{matchLabels: {{{labels}}}}}\n  template:\n    \
         metadata: {{labels: {{{labels}}}}}\n    spec: {{containers: [{{name: a, image: \
         \"{image}\"}}]}}\n"
    )
}

fn service(name: &str, space: &str, selector: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {space}}}\n\
         spec: {{selector: {{{selector}}}, ports: [{{port: 80}}]}}\n"
    )
}

fn shop() -> String {
    deployment("shop", "store", "shop:2", "app: shop") + &service("shop", "store", "app: shop")
}

/// A canary by Argo, whose router is Ambassador's Mapping `till-map`.
fn led_by_argo() -> String {
    let rollout = "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: till, \
        namespace: store}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: till}}\n  \
        template: {metadata: {labels: {app: till}}, spec: {containers: [{name: a, image: \
        \"a:1\"}]}}\n  strategy:\n    canary:\n      stableService: till\n      canaryService: \
        till-next\n      trafficRouting: {ambassador: {mappings: [till-map]}}\n      steps: \
        [{setWeight: 10}]\n";
    rollout.to_string()
        + &service("till", "store", "app: till")
        + &service("till-next", "store", "app: till")
}

#[test]
fn a_router_is_led_by_its_kind_and_namespace() {
    let router = |version: &str, kind: &str, name: &str, space: &str| {
        let host = if space == "store" { "till-next" } else { "till-next.store.svc" };
        led_by_argo()
            + &format!(
                "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: \
                 {space}}}\nspec: {{prefix: /, service: \"{host}\", weight: 10}}\n"
            )
    };
    let ambassador = "getambassador.io/v3alpha1";
    assert_eq!(errors(&router(ambassador, "Mapping", "till-map", "store")), [""; 0]);
    for (version, kind, name, space) in [
        (ambassador, "Mapping", "till-map", "elsewhere"),
        ("other.io/v1", "Splitter", "till-map", "store"),
        // A text of the settings, but no name of a router.
        (ambassador, "Mapping", "till-next", "store"),
    ] {
        let told = errors(&router(version, kind, name, space));
        assert!(told.iter().any(|t| t.contains("not flown")), "{kind} {name} {space}: {told:?}");
    }
}

#[test]
fn weights_behind_app_mesh_are_the_rollouts() {
    let mesh = led_by_argo().replace(
        "{ambassador: {mappings: [till-map]}}",
        "{appMesh: {virtualService: {name: till-vs}, virtualNodeGroup: {canaryVirtualNodeRef: \
         {name: till-canary}, stableVirtualNodeRef: {name: till-stable}}}}",
    );
    let object = |kind: &str, name: &str, spec: &str| {
        format!(
            "---\napiVersion: appmesh.k8s.aws/v1beta2\nkind: {kind}\nmetadata: {{name: {name}, \
             namespace: store}}\nspec: {{{spec}}}\n"
        )
    };
    let node = |name: &str| object("VirtualNode", name, "podSelector: {matchLabels: {app: till}}");
    let router = "routes: [{name: a, httpRoute: {action: {weightedTargets: [{virtualNodeRef: \
        {name: till-stable}, weight: 100}, {virtualNodeRef: {name: till-canary}, weight: 0}]}}}]";
    let through = "provider: {virtualRouter: {virtualRouterRef: {name: ROUTER}}}";
    let all = |named: &str| {
        mesh.clone()
            + &node("till-stable")
            + &node("till-canary")
            + &object("VirtualRouter", "till-router", router)
            + &object("VirtualService", "till-vs", &through.replace("ROUTER", named))
    };
    assert_eq!(errors(&all("till-router")), [""; 0]);
    assert!(!errors(&all("another")).is_empty(), "nobody leads this VirtualRouter");
}

/// A Pod of one's own that a flown Service picks gets a share of its requests, whatever its name.
#[test]
fn a_pod_called_like_a_deployment_is_not_made_by_it() {
    let pod = |name: &str, labels: &str| {
        shop()
            + &format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: store, \
                 labels: {{app: shop{labels}}}}}\nspec: {{containers: [{{name: a, image: a}}]}}\n"
            )
    };
    let hash = ", pod-template-hash: 5d9c7b";
    assert_eq!(errors(&pod("shop-5d9c7b-x2k4q", hash)), [""; 0]);
    for (name, labels) in
        [("shop-debug", ""), ("shop-5d9c7b-x2k4q", ""), ("shop-old-5d9c7b-x2k4q", hash)]
    {
        let told = errors(&pod(name, labels));
        assert!(told.iter().any(|t| t.contains("picked by Service/shop")), "{name}: {told:?}");
    }
}

#[test]
fn strangers_of_one_name_in_two_namespaces_are_two() {
    let object = |kind: &str, name: &str, space: &str, spec: &str| {
        format!(
            "---\napiVersion: appmesh.k8s.aws/v1beta2\nkind: {kind}\nmetadata: {{name: {name}, \
             namespace: {space}}}\nspec: {{{spec}}}\n"
        )
    };
    let pods = "podSelector: {matchLabels: {app: shop}}";
    let none = "podSelector: {matchLabels: {app: nothing}}";
    let routes = "routes: [{httpRoute: {action: {weightedTargets: [{virtualNodeRef: {name: n}, \
        weight: 9}, {virtualNodeRef: {name: m}, weight: 1}]}}}]";
    for (own, other) in [("aaa", "store"), ("store", "zzz"), ("store", "aaa")] {
        // The router of `store` divides requests of the shop; whichever stands last.
        let text = shop()
            + &object("VirtualNode", "n", own, if own == "store" { pods } else { none })
            + &object("VirtualNode", "n", other, if other == "store" { pods } else { none })
            + &object("VirtualRouter", "r", "store", routes);
        let told = errors(&text);
        assert!(told.iter().any(|t| t.starts_with("VirtualRouter/r")), "{own} {other}: {told:?}");
    }
}

#[test]
fn an_experiment_of_iter8_owns_what_it_tries() {
    let experiment = |target: &str| {
        shop()
            + &format!(
                "---\napiVersion: iter8.tools/v2alpha2\nkind: Experiment\nmetadata: {{name: e, \
                 namespace: tests}}\nspec: {{target: {target}, strategy: {{testingPattern: Canary, \
                 deploymentPattern: Progressive}}, duration: {{intervalSeconds: 10}}}}\n"
            )
    };
    let told = errors(&experiment("store/shop"));
    assert!(told.iter().any(|t| t.contains("owns the release of Deployment/shop")), "{told:?}");
    assert_eq!(errors(&experiment("other/shop")), [""; 0]);
}

fn ingress(name: &str, space: &str, class: &str, service: &str, canary: bool) -> String {
    let on = "nginx.ingress.kubernetes.io/canary: \"true\", \
        nginx.ingress.kubernetes.io/canary-weight: \"20\"";
    let on = if canary { on } else { "nginx.ingress.kubernetes.io/ssl-redirect: \"true\"" };
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: \
         {space}, annotations: {{{on}}}}}\nspec:\n  ingressClassName: {class}\n  rules:\n    - \
         {{host: x.example, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: \
         {{name: {service}, port: {{number: 80}}}}}}}}]}}}}\n"
    )
}

fn pair(space: &str, class: &str) -> String {
    ["cart", "cart-next"]
        .iter()
        .zip(["cart:1", "cart:2"])
        .map(|(name, image)| {
            let labels = format!("app: {name}");
            deployment(name, space, image, &labels)
                + &service(name, space, &labels)
                + &ingress(name, space, class, name, *name == "cart-next")
        })
        .collect()
}

/// Two teams with the same host, or two controllers: each canary has its own main Ingress.
#[test]
fn canaries_of_two_namespaces_or_controllers_are_two() {
    let text = pair("a", "nginx-in") + &pair("b", "nginx-out");
    let import = read(&text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let told: Vec<&String> = import.warnings.iter().map(|p| &p.message).collect();
    assert!(!told.iter().any(|t| t.contains("a second canary")), "{told:?}");
    let kinds = flown(&text);
    assert_eq!(kinds.iter().filter(|k| k.ends_with("canary")).count(), 2, "{kinds:?}");
    // Of another controller the main Ingress is none of the canary's.
    let other = pair("a", "nginx-in").replacen(
        "ingressClassName: nginx-in",
        "ingressClassName: \
        nginx-out",
        1,
    );
    let told = errors(&other);
    assert!(told.iter().any(|t| t.contains("does not exist")), "{told:?}");
}

/// A canary that joins nothing takes the place of none that does.
#[test]
fn a_canary_without_a_main_ingress_does_not_hold_up_another() {
    let stray = ingress("a-stray", "a", "nginx-out", "cart-next", true);
    let told = errors(&(pair("a", "nginx-in") + &stray));
    assert!(told.iter().all(|t| t.starts_with("Ingress/a-stray")), "{told:?}");
    let import = manifest::read(
        &[input(&pair("a", "nginx-in"), "m").expect("YAML")],
        manifest::ReadRequest { lenient: true, only: &[] },
    );
    assert!(import.expect("a canary").warnings.iter().all(|p| !p.message.contains("second")));
}

#[test]
fn a_set_of_rules_that_is_not_given_is_told() {
    let route = |kind: &str, name: &str| {
        shop()
            + &format!(
                "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, \
                 namespace: store}}\nspec: {{routes: [{{match: \"Host(`x`)\", kind: Rule, services: \
                 [{{name: {name}, kind: {kind}, port: 80}}]}}]}}\n"
            )
    };
    let warned = |text: &str| -> Vec<String> {
        let import = read(text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        import.warnings.iter().map(|p| p.message.clone()).collect()
    };
    let told = warned(&route("TraefikService", "shop"));
    assert!(told.iter().any(|t| t.contains("not among these files")), "{told:?}");
    assert!(!warned(&route("Service", "shop")).iter().any(|t| t.contains("a set of rules")));
}

/// Two Deployments that a label tells apart, behind a Service for one of them.
fn two(label: &str, [a, b]: [&str; 2], [image_a, image_b]: [&str; 2]) -> Vec<String> {
    let labels = |value: &str| format!("part-of: shop, {label}: {value}");
    flown(
        &(deployment("one", "store", image_a, &labels(a))
            + &deployment("two", "store", image_b, &labels(b))
            + &service("shop", "store", &labels(a))),
    )
}

#[test]
fn programs_that_a_label_tells_apart_are_no_colours() {
    for (label, values, images) in [
        ("tier", ["api", "web"], ["acme-api:1", "acme-web:1"]),
        ("app.kubernetes.io/component", ["web", "worker"], ["acme/shop:1", "acme/shop:1"]),
        ("role", ["web", "sidekiq"], ["acme/shop:7", "acme/shop:7"]),
        ("app", ["svc-1", "svc-2"], ["acme/svc-1:7", "acme/svc-2:7"]),
        ("x", ["api", "web"], ["acme-api:1", "acme-web:1"]),
    ] {
        let found = two(label, values, images);
        assert_eq!(found.len(), 2, "{label} {values:?}: {found:?}");
        assert!(
            found.iter().all(|f| f.ends_with("rollingUpdate")),
            "{label} {values:?}: {found:?}"
        );
    }
    for (label, values, images) in [
        ("color", ["blue", "green"], ["r/cart-blue:1", "r/cart-green:1"]),
        ("slot", ["a", "b"], ["r/cart-a:1", "r/cart-b:1"]),
        ("version", ["v1", "v2"], ["r/cart:1", "r/cart:2"]),
        ("tier", ["blue", "green"], ["r/cart:1", "r/cart:2"]),
        ("app", ["cart-blue", "cart-green"], ["r/cart:1", "r/cart:2"]),
        ("app", ["cart", "cart-next"], ["r/cart:1", "r/cart:2"]),
        ("x", ["one", "two"], ["r/cart:1", "r/cart:2"]),
    ] {
        let found = two(label, values, images);
        assert_eq!(found, ["shop blueGreen"], "{label} {values:?}");
    }
}

/// Names of a family are no slips of each other, and a slip is still one.
#[test]
fn numbered_names_are_names_of_their_own() {
    let scaler = |target: &str| {
        deployment("web-1", "store", "web:1", "app: web-1")
            + &deployment("storefront", "store", "shop:1", "app: storefront")
            + &format!(
                "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h, \
                 namespace: store}}\nspec: {{maxReplicas: 9, scaleTargetRef: {{apiVersion: apps/v1, \
                 kind: Deployment, name: {target}}}}}\n"
            )
    };
    assert_eq!(errors(&scaler("web-7")), [""; 0]);
    assert!(errors(&scaler("storefrnt"))[0].contains("nothing here is called \"storefrnt\""));
    let picks = |selector: &str| errors(&(scaler("web-1") + &service("api", "store", selector)));
    assert_eq!(picks("app: web-7"), [""; 0]);
    assert!(picks("app: storefrnt")[0].contains("picks no pods"));
}

/// A backend that is an action of the AWS controller, without the annotation that describes it.
#[test]
fn an_action_that_is_not_described_is_refused_in_its_words() {
    let text = |action: &str| {
        let json = "'{\"type\":\"forward\",\"forwardConfig\":{\"targetGroups\":[{\"serviceName\":\
            \"shop\",\"servicePort\":80}]}}'";
        shop()
            + &format!(
                "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, \
                 namespace: store, annotations: {{alb.ingress.kubernetes.io/actions.{action}: \
                 {json}}}}}\nspec:\n  ingressClassName: alb\n  rules:\n    - http: {{paths: [{{path: \
                 /, pathType: Prefix, backend: {{service: {{name: split, port: {{name: \
                 use-annotation}}}}}}}}]}}\n"
            )
    };
    assert_eq!(errors(&text("split")), [""; 0]);
    let told = errors(&text("other"));
    assert!(told.iter().any(|t| t.contains("missing actions.split configuration")), "{told:?}");
}

/// An autoscaler of a Deployment scales that one, and not another that a Service of the same name
/// leads to, in whatever order they stand.
#[test]
fn an_autoscaler_scales_the_workload_that_it_names() {
    let front = deployment("front", "store", "front:2", "app: front");
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: \
        scaler, namespace: store}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, \
        name: web}\n  minReplicas: 2\n  maxReplicas: 9\n  metrics: [{type: Resource, resource: \
        {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]\n";
    let web = deployment("web", "store", "web:2", "app: web")
        .replace("image: \"web:2\"", "image: \"web:2\", resources: {requests: {cpu: 1}}");
    let service = service("web", "store", "app: front");
    for text in [
        [service.as_str(), &front, &web, scaler].concat(),
        [web.as_str(), scaler, &front, &service].concat(),
        [scaler, service.as_str(), &web, &front].concat(),
    ] {
        let mut scaled: Vec<_> =
            scenarios(&text).into_iter().map(|s| (s.name, s.autoscaler.is_some())).collect();
        scaled.sort();
        let expected = [("front".to_string(), false), ("web".to_string(), true)];
        assert_eq!(scaled, expected, "{text}");
    }
}
