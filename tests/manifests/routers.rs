//! Routers that people have: what each of them comes to, which version is taken for the older one,
//! and what is said of a route to nothing.

use super::flown::{flown, read};
use super::input::{import, strategies};
use windtunnel::base::problem::Severity;
use windtunnel::outcome::Outcome;
use windtunnel::outcome::measures::MeasureId;

/// A Deployment with a Service of its name.
fn fleet(name: &str, image: &str, replicas: u32) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  \
         replicas: {replicas}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: a, image: \
         \"{image}\"}}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
         spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n"
    )
}

fn two() -> String {
    fleet("cart", "cart:1", 4) + &fleet("cart-next", "cart:2", 2)
}

/// An Ingress to a Service, with annotations of ingress-nginx.
fn ingress(name: &str, service: &str, annotations: &[(&str, &str)]) -> String {
    let line = |(key, value): &(&str, &str)| {
        format!("    nginx.ingress.kubernetes.io/{key}: \"{value}\"\n")
    };
    let annotations: String = annotations.iter().map(line).collect();
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  \
         annotations:\n    a/b: \"c\"\n{annotations}spec:\n  ingressClassName: nginx\n  rules:\n    \
         - {{host: cart.example, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: \
         {{name: {service}, port: {{number: 80}}}}}}}}]}}}}\n"
    )
}

const ON: (&str, &str) = ("canary", "true");

/// The strategies, and the fields of what matters and is not flown.
fn flown_of(text: &str) -> (String, Vec<String>) {
    let (strategies, matters) = strategies(text, "m.yaml");
    (strategies.join(";"), matters)
}

fn check(text: &str, strategy: &str) {
    let (strategies, matters) = flown_of(text);
    assert!(strategies.contains(strategy) && !strategies.contains(';'), "{strategies}\n{text}");
    assert_eq!(matters, [""; 0], "{text}");
}

/// All errors and warnings, in words.
fn told(text: &str) -> Vec<String> {
    match import(text, "m.yaml") {
        Ok(import) => import.warnings.iter().map(|p| p.message.clone()).collect(),
        Err(problems) => {
            let errors = problems.iter().filter(|p| p.severity == Severity::Error);
            errors.map(|p| p.message.clone()).collect()
        }
    }
}

/// Annotations of a canary, and what is flown.
fn nginx(annotations: &[(&str, &str)], strategy: &str) {
    let canary: Vec<(&str, &str)> = [&[ON], annotations].concat();
    let rules = ingress("cart", "cart", &[]) + &ingress("canary", "cart-next", &canary);
    check(&(two() + &rules), strategy);
}

#[test]
fn canaries_of_nginx_are_asked_header_then_cookie_then_weight() {
    nginx(&[("canary-weight", "20")], "canary:{steps:[20%,25%,50%,100%],interval:5m,pods:2}");
    let total = [("canary-weight", "5"), ("canary-weight-total", "1000")];
    nginx(&total, "steps:[0.5%,5%,10%,25%,50%,100%]");
    // All of it: the end of a shift.
    nginx(&[("canary-weight", "100")], "steps:[5%,10%,25%,50%,100%]");
    // No weight, no header: nobody meets it yet.
    nginx(&[], "steps:[5%,10%,25%,50%,100%]");
    nginx(&[("canary-by-header", "X-Beta")], "abTest:{assignment:header,share:10%}");
    nginx(&[("canary-by-cookie", "beta")], "abTest:{assignment:header,share:10%}");
    nginx(&[("canary-by-header", "X-Beta"), ("canary-weight", "10")], "matched:10%");
}

#[test]
fn cookies_keep_users_at_their_side_unless_the_canary_says_otherwise() {
    let of = |canary: &[(&str, &str)], main: &[(&str, &str)]| {
        let main = [&[("affinity", "cookie"), ("affinity-mode", "persistent")], main].concat();
        let canary = [&[ON, ("canary-weight", "20")], canary].concat();
        two() + &ingress("cart", "cart", &main) + &ingress("canary", "cart-next", &canary)
    };
    check(&of(&[], &[("session-cookie-max-age", "600")]), "stickiness:600s");
    check(&of(&[("affinity-canary-behavior", "sticky")], &[]), "stickiness:720h");
    let (legacy, _) = flown_of(&of(&[("affinity-canary-behavior", "legacy")], &[]));
    assert!(!legacy.contains("stickiness"), "{legacy}");
    // Who is drawn anew meets both versions; a cookie spares them that.
    let flipped = |text: &str| -> f64 {
        let beside = "---\napiVersion: windtunnel/v1alpha1\nkind: Scenario\n\
             metadata: {name: cart}\nspec:\n  horizon: 20m\n  onCall: none\n  service: {name: cart, \
             startup: 2s}\n  traffic: {users: 50, arrivals: {poisson: {rate: 10/s}}}\n  \
             release: {at: 1m, variants: [{name: good}]}\n";
        let results = flown(&read(&format!("{text}{beside}"), "m.yaml")).remove(0);
        let share = |flight: &Outcome| flight.measures.get(MeasureId::UsersFlippedShare);
        results.flights[0][0].iter().filter_map(share).sum()
    };
    let anew = flipped(&of(&[("affinity-canary-behavior", "legacy")], &[]));
    let kept = flipped(&of(&[], &[]));
    assert!(anew > 4.0 * kept, "{anew} {kept}");
}

/// What ingress-nginx drops with a line in its log is refused in its words.
#[test]
fn a_canary_of_nginx_needs_a_main_ingress_of_the_same_path() {
    let canary = ingress("canary", "cart-next", &[ON, ("canary-weight", "20")]);
    let main = |service: &str| ingress("cart", service, &[]);
    let alone = told(&(two() + &canary));
    let hostname = "cannot merge alternative backend cart-next into hostname cart.example";
    assert!(alone[0].contains(hostname), "{alone:?}");
    let elsewhere = told(&(two() + &main("cart").replace("path: /,", "path: /x,") + &canary));
    let backend = "unable to find real backend for alternative backend cart-next";
    assert!(elsewhere[0].contains(backend), "{elsewhere:?}");
    let same = told(&(two() + &main("cart-next") + &canary));
    assert!(same[0].contains("is primary upstream in Other Ingress"), "{same:?}");
    // Of two canaries the first by name is asked.
    let second = ingress("zz", "cart-next", &[ON, ("canary-weight", "70")]);
    let (strategies, matters) = flown_of(&(two() + &main("cart") + &second + &canary));
    assert!(strategies.contains("steps:[20%"), "{strategies}");
    assert_eq!(matters, ["Ingress/zz spec.rules[0].http.paths[0]"]);
    let off = ingress("canary", "cart-next", &[("canary-weight", "20")]);
    let warned = told(&(two() + &main("cart") + &off));
    assert!(warned.iter().any(|w| w.contains("configured but not enabled")), "{warned:?}");
}

/// Another controller reads none of nginx's annotations: both Services are released alone.
#[test]
fn annotations_of_nginx_mean_nothing_to_another_controller() {
    let rules = ingress("cart", "cart", &[])
        + &ingress("canary", "cart-next", &[ON, ("canary-weight", "20")]);
    let (strategies, _) = flown_of(&(two() + &rules.replace("Name: nginx", "Name: traefik")));
    assert_eq!(strategies.matches("rollingUpdate").count(), 2, "{strategies}");
}

#[test]
fn the_names_of_an_ingress_in_older_versions_are_its_own() {
    let old = |version: &str| {
        format!(
            "---\napiVersion: {version}\nkind: Ingress\nmetadata: {{name: cart}}\nspec:\n  rules:\n    \
             - http: {{paths: [{{path: /, backend: {{serviceName: cart, servicePort: 80}}}}]}}\n"
        )
    };
    for version in ["extensions/v1beta1", "networking.k8s.io/v1beta1"] {
        check(&(fleet("cart", "cart:1", 4) + &old(version)), "rollingUpdate");
    }
    let wrong = told(&(fleet("cart", "cart:1", 4) + &old("networking.k8s.io/v1")));
    assert_eq!(wrong, ["a field of v1beta1"]);
    let slip = old("extensions/v1beta1").replace("serviceName: cart", "serviceName: crat");
    let wrong = told(&(fleet("cart", "cart:1", 4) + &slip));
    assert!(wrong[0].contains("nothing here is called \"crat\""), "{wrong:?}");
}

fn split(backends: &str) -> String {
    format!(
        "---\napiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\nmetadata: {{name: cart}}\n\
         spec: {{service: root, backends: [{backends}]}}\n"
    )
}

#[test]
fn who_is_older_is_told_by_hints_and_never_by_the_weight() {
    let weights = |a: u32, b: u32| {
        split(&format!("{{service: east, weight: {a}}}, {{service: west, weight: {b}}}"))
    };
    let fleets = |a: &str, b: &str| fleet("east", a, 4) + &fleet("west", b, 4);
    let same = fleets("cart:x", "cart:y");
    let error = told(&(same.clone() + &weights(90, 10)));
    assert_eq!(error, ["nothing says which of east and west is the older version"]);
    // Images, labels, a Scenario beside.
    check(&(fleets("cart:1", "cart:2") + &weights(20, 80)), "steps:[5%,10%,25%,50%,80%,100%]");
    check(&(fleets("cart:2", "cart:1") + &weights(20, 80)), "steps:[20%,25%,50%,100%]");
    let labelled = same
        .replacen("labels: {app: east}", "labels: {app: east, version: v2}", 1)
        .replacen("labels: {app: west}", "labels: {app: west, version: v1}", 1);
    check(&(labelled + &weights(20, 80)), "steps:[20%,25%,50%,100%]");
    let beside = "---\napiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: s}\nspec: \
        {service: {workloads: {old: west, new: east}}, traffic: {arrivals: {poisson: {rate: 1/s}}}, \
        release: {variants: [{name: good}]}}\n";
    check(&(same.clone() + &weights(20, 80) + beside), "steps:[20%,25%,50%,100%]");
    // One of them has everything: a list names the old one first.
    check(&(same.clone() + &weights(0, 90)), "steps:[5%,10%,25%,50%,100%]");
    let import = import(&(same + &weights(90, 0)), "m.yaml").expect("an import");
    let said = |text: &str| import.lists.assumed.iter().any(|note| note.text.contains(text));
    assert!(said("west is the new version: the beginning of a shift"));
}

#[test]
fn a_route_to_nothing_is_told_with_its_share_of_the_requests() {
    let weights = split("{service: cart, weight: 80}, {service: cart-next, weight: 20}");
    let none = fleet("cart", "cart:1", 4) + &fleet("cart-next", "cart:2", 0) + &weights;
    let text = "20 % of requests would get 503: Deployment/cart-next has 0 replicas";
    assert!(told(&none).iter().any(|w| w.starts_with(text)), "{:?}", told(&none));
    let unpicked = two().replace("selector: {app: cart-next}", "selector: {app: other, tier: x}");
    let text = "20 % of requests would get 503: Service/cart-next picks no pods of these files";
    let found = told(&(unpicked.clone() + &weights));
    assert!(found.iter().any(|w| w.starts_with(text)), "{found:?}");
    // A set of another kind may run them.
    let set = "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: other}\nspec: {template: \
        {metadata: {labels: {app: other, tier: x}}}}\n";
    let found = told(&(unpicked + &weights + set));
    assert!(!found.iter().any(|w| w.contains("503")), "{found:?}");
    // A canary of nginx without endpoints is not asked.
    let canary = ingress("cart", "cart", &[])
        + &ingress("canary", "cart-next", &[ON, ("canary-weight", "20")]);
    let found = told(&(fleet("cart", "cart:1", 4) + &fleet("cart-next", "cart:2", 0) + &canary));
    assert!(found.iter().any(|w| w.contains("leaves its 20 % of requests")), "{found:?}");
    assert!(!told(&(two() + &canary)).iter().any(|w| w.contains("503")));
}

/// Rules for several services release each of them.
#[test]
fn rules_for_two_services_are_two_releases() {
    let more = fleet("shop", "shop:1", 4) + &fleet("shop-next", "shop:2", 1);
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: edge}\n\
        spec:\n  rules:\n    - matches: [{path: {value: /cart}}]\n      backendRefs: [{name: cart, port: \
        80, weight: 9}, {name: cart-next, port: 80, weight: 1}]\n    - backendRefs: [{name: shop, \
        port: 80, weight: 3}, {name: shop-next, port: 80, weight: 1}]\n";
    let (strategies, matters) = flown_of(&(two() + &more + route));
    let parts: Vec<&str> = strategies.split(';').collect();
    assert_eq!(parts.len(), 2, "{strategies}");
    assert!(parts[0].contains("steps:[10%") && parts[1].contains("steps:[25%"), "{strategies}");
    assert_eq!(matters, [""; 0]);
}

/// The weights of rules that a controller owns are not a canary by hand.
#[test]
fn weights_that_a_controller_sets_are_its_own() {
    let canary = "---\napiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: cart}\nspec:\n  \
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}\n  service: {port: 80}\n  \
        analysis: {interval: 1m, threshold: 5, maxWeight: 50, stepWeight: 10}\n";
    let made = split("{service: cart-primary, weight: 90}, {service: cart-canary, weight: 10}");
    let (strategies, _) = flown_of(&(fleet("cart", "cart:1", 4) + canary + &made));
    assert!(strategies.contains("flagger:") && !strategies.contains(';'), "{strategies}");
}

/// Users by the stable Service meet stable pods alone; by a Service that picks all pods, both.
#[test]
fn a_stable_service_without_a_router_keeps_users_from_the_canary() {
    let name = "tests/data/manifests/argo-stable-service.yaml";
    let text = std::fs::read_to_string(super::input::root(name)).expect("text");
    let (strategies, _) = flown_of(&text);
    assert!(strategies.contains("stableServiceOnly:true"), "{strategies}");
    assert!(told(&text)[0].contains("the canary gets no requests"));
    let third = "---\napiVersion: v1\nkind: Service\nmetadata: {name: catalog}\n\
        spec: {selector: {app: catalog}, ports: [{port: 80}]}\n";
    let by_third = text.replace("{name: catalog-stable, port", "{name: catalog, port") + third;
    let (strategies, _) = flown_of(&by_third);
    assert!(!strategies.contains("stableServiceOnly"), "{strategies}");
    // Without any route the Service that picks all pods is the one that users have.
    let unruled = text.split("---\napiVersion: networking").next().unwrap_or_default();
    assert!(flown_of(unruled).0.contains("stableServiceOnly:true"));
    assert!(!flown_of(&format!("{unruled}{third}")).0.contains("stableServiceOnly"));
    // The new version meets users only once it is promoted.
    let beside = "---\napiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: s}\nspec:\n  \
        horizon: 20m\n  onCall: none\n  service: {name: catalog, startup: 5s}\n  traffic: {users: \
        500, arrivals: {poisson: {rate: 20/s}}}\n  release: {at: 1m, variants: [{name: bad, faults: \
        [{errors: {rate: 30%}}]}]}\n";
    let exposed = |text: &str| -> f64 {
        let results = flown(&read(&format!("{text}{beside}"), "m.yaml")).remove(0);
        let time = |flight: &Outcome| flight.measures.get(MeasureId::RequestsFailed);
        results.flights[0][0].iter().filter_map(time).sum()
    };
    let (stable, all) = (exposed(&text), exposed(&by_third));
    assert!(stable < 0.8 * all, "{stable} {all}");
}

/// Weights that nobody moves send users to the canary's Service whatever the steps say.
#[test]
fn a_route_to_the_canary_service_is_told() {
    let name = "tests/data/manifests/argo-stable-service.yaml";
    let text = std::fs::read_to_string(super::input::root(name)).expect("text");
    let head = text.split("---\napiVersion: networking").next().unwrap_or_default();
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: c}\n\
        spec: {rules: [{backendRefs: [{name: catalog-stable, port: 80, weight: 9}, {name: \
        catalog-next, port: 80, weight: 1}]}]}\n";
    let (strategies, matters) = flown_of(&format!("{head}{route}"));
    assert!(!strategies.contains("stableServiceOnly"), "{strategies}");
    assert_eq!(matters, ["HTTPRoute/c spec.rules[0].backendRefs[1].name"]);
}

/// Who sends the header meets the canary at every weight.
#[test]
fn who_matches_meets_the_canary_whatever_the_weight() {
    let exposed = |matched: &str| -> f64 {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\nspec:\n  \
             horizon: 15m\n  onCall: none\n  service: {{replicas: 4, startup: 2s}}\n  traffic: \
             {{users: 400, headerShare: 30%, arrivals: {{poisson: {{rate: 20/s}}}}}}\n  release: {{at: \
             1m, variants: [{{name: good}}]}}\n  strategies: [{{canary: {{steps: [0.1%, 100%], \
             interval: 20m{matched}}}}}]\n"
        );
        let results = flown(&read(&text, "s.yaml")).remove(0);
        let share = |flight: &Outcome| flight.measures.get(MeasureId::UsersExposedShare);
        results.flights[0][0].iter().filter_map(share).sum::<f64>() / 2.0
    };
    let (without, with) = (exposed(""), exposed(", matched: 30%"));
    assert!(without < 0.1 && (0.2..0.45).contains(&with), "{without} {with}");
}

/// A mirror from a manifest copies requests: it starts no second old fleet and compares nothing.
#[test]
fn a_mirror_copies_and_no_more() {
    for (file, share) in
        [("mirror-unweighted", "50%"), ("mirror-percent", "50%"), ("traefik-mirror", "30%")]
    {
        let path = super::input::root(&format!("tests/data/manifests/{file}.yaml"));
        let text = std::fs::read_to_string(path).expect("text");
        let (strategies, matters) = flown_of(&text);
        let pods = if share == "30%" { 2 } else { 3 };
        let expected = format!("shadow:{{mirror:{share},compare:false,pods:{pods},then:none}}");
        assert!(strategies.contains(&expected), "{strategies}");
        assert_eq!(matters, [""; 0]);
        let results = flown(&read(&text, "m.yaml")).remove(0);
        let flights = results.flights.iter().flatten().flatten();
        for flight in flights {
            assert_eq!(flight.differences, None, "{file}");
            // Nothing is judged; copies that never come up pass their deadline.
            let by = flight.stopped_by.as_deref();
            assert!(by.is_none_or(|by| by == "progress deadline"), "{file}: {by:?}");
        }
    }
}
