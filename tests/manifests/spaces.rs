//! Rules that lie in another namespace than what they lead to, and scalers of another namespace.

use super::input;
use windtunnel::base::problem::Problem;
use windtunnel::manifest::{self, Import};

fn import(text: &str) -> Result<Import, Vec<Problem>> {
    input::import(text, "shop.yaml")
}

/// A Deployment with its Service.
fn app(name: &str, space: &str, replicas: u32, image: &str, labels: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {space}}}\n\
         spec: {{replicas: {replicas}, selector: {{matchLabels: {{{labels}}}}}, template: \
         {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a, image: \
         \"{image}\"}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, \
         namespace: {space}}}\nspec: {{selector: {{{labels}}}, ports: [{{port: 80}}]}}\n---\n"
    )
}

fn two() -> String {
    app("shop", "a", 9, "r/shop:1", "app: shop")
        + &app("shop-canary", "a", 1, "r/shop:2", "app: shop-canary")
}

#[test]
fn rules_of_a_gateways_namespace_divide_what_lies_in_another() {
    for rules in [
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop, namespace: \
         istio-system}\nspec: {hosts: [shop.example.com], gateways: [gw], http: [{route: \
         [{destination: {host: shop.a.svc.cluster.local}, weight: 80}, {destination: {host: \
         shop-canary.a.svc.cluster.local}, weight: 20}]}]}\n",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shop, \
         namespace: infra}\nspec: {rules: [{backendRefs: [{name: shop, namespace: a, port: 80, \
         weight: 80}, {name: shop-canary, namespace: a, port: 80, weight: 20}]}]}\n",
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: shop, namespace: \
         traefik}\nspec: {routes: [{match: Host(`x`), kind: Rule, services: [{name: shop, \
         namespace: a, port: 80, weight: 80}, {name: shop-canary, namespace: a, port: 80, weight: \
         20}]}]}\n",
    ] {
        // Alone, and beside a namespace in which everything has the same name.
        let other = app("shop", "b", 3, "r/shop:1", "app: shop");
        for (more, units) in [("", 1), (other.as_str(), 2)] {
            let import = import(&(two() + more + rules)).unwrap_or_else(|p| panic!("{p:#?}"));
            assert_eq!(import.flyables.len(), units, "{rules}");
            let kinds = import.flyables.iter().map(|f| {
                let scenario = f.scenario().expect("a scenario").0.remove(0);
                (scenario.plans[0].kind, scenario.service.replicas)
            });
            let mut kinds: Vec<(&str, u32)> = kinds.collect();
            kinds.sort_unstable();
            assert_eq!(kinds[0], ("canary", 9), "{rules}");
            assert!(units == 1 || kinds[1] == ("rollingUpdate", 3), "{kinds:?}");
        }
    }
}

#[test]
fn a_scaler_of_another_namespace_is_not_meant() {
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: shop, \
        namespace: b}\nspec: {scaleTargetRef: {kind: Deployment, name: shop, apiVersion: apps/v1}, \
        minReplicas: 7, maxReplicas: 9}\n";
    let import = import(&(app("shop", "a", 3, "r/shop:1", "app: shop") + scaler)).expect("a unit");
    let service = import.flyables[0].node.at("spec.service").expect("a service");
    assert!(service.get("autoscaler").is_none());
    assert_eq!(service.get("replicas").and_then(|n| n.integer()), Some(3));
}

#[test]
fn colours_in_names_of_images_are_colours() {
    let fleet = |colour: &str| {
        let image = format!("r/cart-{colour}:1.0.0");
        let text = app(&format!("cart-{colour}"), "a", 3, &image, "app: cart, color: COLOUR");
        text.split("---\n").next().unwrap_or_default().replace("COLOUR", colour) + "---\n"
    };
    let switch = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: a}\nspec: \
        {selector: {app: cart, color: blue}, ports: [{port: 80}]}\n";
    let import = import(&(fleet("blue") + &fleet("green") + switch)).expect("a unit");
    assert_eq!(import.flyables.len(), 1);
    let scenario = import.flyables[0].scenario().expect("a scenario").0.remove(0);
    assert_eq!(scenario.plans[0].kind, "blueGreen");
}

/// Annotations of controllers that are not flown, on an Ingress that is read.
#[test]
fn annotations_of_other_routers_are_not_dropped_in_silence() {
    for (key, value) in [
        ("haproxy-ingress.github.io/blue-green-deploy", "app=shop=90,app=shop-canary=10"),
        ("higress.io/destination", "90% shop.a.svc.cluster.local"),
        ("nginx.ingress.kubernetes.io/mirror-target", "http://shop-canary.a.svc/"),
    ] {
        let ingress = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: shop, namespace: a, \
             annotations: {{{key}: \"{value}\"}}}}\nspec: {{rules: [{{host: x, http: {{paths: \
             [{{path: /, pathType: Prefix, backend: {{service: {{name: shop, port: {{number: \
             80}}}}}}}}]}}}}]}}\n"
        );
        let text = app("shop", "a", 3, "r/shop:1", "app: shop") + &ingress;
        let problems = import(&text).expect_err(key);
        assert!(problems[0].path.ends_with(key), "{problems:#?}");
        assert!(problems[0].help.contains("--lenient"), "{problems:#?}");
        let input = input::input(&text, "shop.yaml").expect("YAML");
        assert!(
            manifest::read(&[input], manifest::ReadRequest { lenient: true, only: &[] }).is_ok()
        );
    }
}
