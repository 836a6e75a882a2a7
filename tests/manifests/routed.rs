//! Rules that go beyond one split: which of them is flown, and that the rest is told.

use super::input::{self, import};
use windtunnel::manifest::print;

/// A Service, its subsets, and a Deployment for each of these versions.
fn fleets(versions: &[&str]) -> String {
    let fleet = |v: &&str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{v}}}\nspec:\n  \
             replicas: 4\n  selector: {{matchLabels: {{app: web, version: {v}}}}}\n  template:\n    \
             metadata: {{labels: {{app: web, version: {v}}}}}\n    \
             spec: {{containers: [{{name: web, image: \"web:{v}\"}}]}}\n"
        )
    };
    let subset = |v: &&str| format!("{{name: {v}, labels: {{version: {v}}}}}");
    let subsets: Vec<String> = versions.iter().map(subset).collect();
    let fleets: String = versions.iter().map(fleet).collect();
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}}}\n\
         ---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: web}}\n\
         spec: {{host: web, subsets: [{}]}}\n{fleets}",
        subsets.join(", ")
    )
}

/// Rules in Istio's words, with `v1` for that subset.
fn rules(http: &str) -> String {
    let http = ["v1", "v2", "v3"].iter().fold(http.to_string(), |text, v| {
        text.replace(&format!("<{v}>"), &format!("{{host: web, subset: {v}}}"))
    });
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: web}}\n\
         spec: {{hosts: [web], http: [{http}]}}\n"
    )
}

fn check(text: &str, strategy: &str, ignored: &[&str]) {
    let (strategies, matters) = input::strategies(text, "web.yaml");
    assert!(strategies.len() == 1 && strategies[0].contains(strategy), "{strategies:?}\n{text}");
    assert_eq!(matters, ignored, "{text}");
}

#[test]
fn all_weight_on_one_beside_copies_is_a_shadow() {
    let two = fleets(&["v1", "v2"]);
    let split = |a: u8, b: u8| {
        format!("route: [{{destination: <v1>, weight: {a}}}, {{destination: <v2>, weight: {b}}}]")
    };
    let copies = "mirror: <v2>, mirrorPercentage: {value: 10}";
    let rule = format!("{{{}, {copies}}}", split(100, 0));
    check(&(two.clone() + &rules(&rule)), "shadow:{mirror:10%", &[]);
    let rule = format!("{{{}, {copies}}}", split(99, 1));
    let mirror = "VirtualService/web spec.http[0].mirror";
    check(&(two.clone() + &rules(&rule)), "canary:", &[mirror]);
    let rule = format!(
        "{{match: [{{headers: {{x: {{exact: y}}}}}}], route: [{{destination: <v2>}}]}}, \
         {{route: [{{destination: <v1>}}], {copies}}}"
    );
    let mirror = "VirtualService/web spec.http[1].mirror";
    check(&(two.clone() + &rules(&rule)), "abTest:", &[mirror]);
    // Copies to the pods that answer try nothing; the other fleet is switched to.
    let rule = "{route: [{destination: <v1>}], mirror: <v1>}";
    check(&(two + &rules(rule)), "blueGreen:", &["VirtualService/web spec.http[0].mirror"]);
}

#[test]
fn copies_to_nothing_that_is_given_are_an_assumption_that_strictness_refuses() {
    let rule = "{route: [{destination: <v1>}], mirror: {host: elsewhere.svc}}";
    let text = fleets(&["v1"]) + &rules(rule);
    check(&text, "shadow:", &[]);
    let lists = import(&text, "web.yaml").expect("an import").lists;
    let refused: Vec<&str> = lists.refused().map(|(_, note)| note.field.as_str()).collect();
    assert_eq!(refused, ["pods of elsewhere"]);
}

#[test]
fn the_first_rule_that_means_everyone_is_istios_last() {
    let two = fleets(&["v1", "v2"]);
    let all = "{route: [{destination: <v1>}]}";
    let few = "{match: [{headers: {x: {exact: y}}}], route: [{destination: <v2>}]}";
    let unreached = "VirtualService/web spec.http[1]";
    let every_path = "{match: [{uri: {prefix: /}}], route: [{destination: <v1>}]}";
    check(&(two.clone() + &rules(&format!("{every_path}, {few}"))), "blueGreen:", &[unreached]);
    check(&(two.clone() + &rules(&format!("{all}, {few}"))), "blueGreen:", &[unreached]);
    check(&(two + &rules(&format!("{few}, {all}"))), "abTest:", &[]);
    // The Gateway API asks the rule with most conditions first.
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
                   metadata: {name: web}\nspec:\n  rules:\n    - backendRefs: [{name: old, port: 80}]\n    - \
                   matches: [{headers: [{name: x, value: y}]}]\n      \
                   backendRefs: [{name: new, port: 80}]\n";
    let (strategies, _) = input::strategies(gateway, "web.yaml");
    assert!(strategies.iter().any(|s| s.contains("abTest:")), "{strategies:?}");
}

#[test]
fn rules_beyond_two_versions_are_told() {
    let three = fleets(&["v1", "v2", "v3"]);
    let rule = "{match: [{headers: {x: {exact: y}}}], route: [{destination: <v2>, weight: 50}, \
                {destination: <v1>, weight: 50}]}, {route: [{destination: <v1>, weight: 90}, \
                {destination: <v2>, weight: 10}]}";
    let text = fleets(&["v1", "v2"]) + &rules(rule);
    check(&text, "steps:[10%,25%,50%,100%]", &["VirtualService/web spec.http[0]"]);
    let rule = "{route: [{destination: <v1>, weight: 50}, {destination: <v2>, weight: 30}, \
                {destination: <v3>, weight: 20}]}";
    let second = "VirtualService/web spec.http[0].route[1].weight";
    let (strategies, matters) = input::strategies(&(three + &rules(rule)), "web.yaml");
    assert!(strategies[0].contains("steps:[20%,25%,50%,100%]"), "{strategies:?}");
    assert!(matters.iter().any(|m| m == second), "{matters:?}");
}

#[test]
fn the_end_of_a_walk_is_not_its_beginning() {
    let rule = "{route: [{destination: <v1>, weight: 10}, {destination: <v2>, weight: 90}]}";
    let text = fleets(&["v1", "v2"]) + &rules(rule);
    check(&text, "steps:[5%,10%,25%,50%,90%,100%]", &[]);
    let import = import(&text, "web.yaml").expect("an import");
    let versions =
        import.flyables[0].node.get("spec").and_then(|s| s.get("service")?.get("versions"));
    assert_eq!(versions.map(print::json), Some(serde_json::json!({"old": "v1", "new": "v2"})));
}

#[test]
fn an_idle_fleet_behind_rules_is_switched_to() {
    let all = rules("{route: [{destination: <v1>}]}");
    check(&(fleets(&["v1", "v2"]) + &all), "blueGreen:", &[]);
    let third = ["Deployment/web-v3"];
    check(&(fleets(&["v1", "v2", "v3"]) + &all), "blueGreen:", &third);
    check(&(fleets(&["v1"]) + &all), "rollingUpdate", &[]);
}

/// Nine pods and one behind a common label: a tenth of the requests.
#[test]
fn fleets_behind_one_selector_are_divided_by_their_pods() {
    let two = fleets(&["v1", "v2"]);
    let unruled =
        two.replacen("replicas: 4", "replicas: 9", 1).replacen("replicas: 4", "replicas: 1", 1);
    let ratio = "canary:{routing:podRatio,steps:[10%,25%,50%,100%],interval:5m}";
    check(&unruled, ratio, &[]);
    let node = &import(&unruled, "web.yaml").expect("an import").flyables[0].node;
    let pods = node.get("spec").and_then(|s| s.get("service")?.get("replicas")).map(print::json);
    assert_eq!(pods, Some(serde_json::json!(10)));
    // A version may be part of the name of the image.
    let alike = two.replace("web:v1", "web-v1:1").replace("web:v2", "web-v2:1");
    let (strategies, _) = input::strategies(&alike, "web.yaml");
    assert_eq!(strategies.len(), 1, "{strategies:?}");
    // Another program behind the same label is no canary of it.
    let (strategies, matters) = input::strategies(&two.replace("web:v2", "worker:v2"), "web.yaml");
    assert_eq!((strategies.len(), matters), (2, vec!["Service/web spec.selector".to_string()]));
}

#[test]
fn a_host_in_another_namespace_is_another_host() {
    let split = rules(
        "{route: [{destination: {host: web.prod.svc.cluster.local, subset: v1}, weight: 90}, \
         {destination: <v2>, weight: 10}]}",
    );
    let text = fleets(&["v1", "v2"]) + &split;
    let assumed = import(&text, "web.yaml").expect("an import").lists.assumed;
    assert!(
        assumed
            .iter()
            .any(|n| (n.field.as_str(), n.text.as_str()) == ("metadata.namespace", "prod"))
    );
    let other = text.replacen("metadata: {name: web}", "metadata: {name: web, namespace: test}", 1);
    let problems = import(&other, "web.yaml").expect_err("a contradiction");
    assert!(problems[0].message.contains("lies in the namespace test, not prod"), "{problems:?}");
}

/// Published queries ask for `pod=~"web-v2-.*"`: pods have the names of their own Deployments.
#[test]
fn metrics_call_pods_by_the_deployments_that_are_given() {
    let split = rules("{route: [{destination: <v1>, weight: 95}, {destination: <v2>, weight: 5}]}");
    let switch = rules("{route: [{destination: <v1>}]}");
    for http in [split, switch] {
        let text = fleets(&["v1", "v2"]) + &http;
        let import = import(&text, "web.yaml").expect("an import");
        let (scenarios, _) = import.flyables[0].scenario().expect("a scenario");
        let names = &scenarios[0].service.names;
        for (version, name) in [(0, "web-v1-"), (1, "web-v2-")] {
            let pod = names.pod(version, version, 7);
            assert!(pod.pod.starts_with(name), "{pod:?}");
        }
    }
}
