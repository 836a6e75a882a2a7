//! What a provider's proxy calls the primary and the canary in its metrics.
//!
//! Flagger names backends by target, Service, Ingress or route, each router in its own way
//! (fluxcd/flagger 1.44 `pkg/router/*.go`), and the built-in queries ask by these names (see
//! [`super::query`]). Deliberately unknown here: what is counted.

use super::provider::Provider;
use super::settings::Names;

/// Port of the Services, which some names end with.
const PORT: u32 = 80;

/// Labels of the primary's, the canary's and no baseline's series; empty where the exporter's usual
/// ones are right.
pub fn upstreams(provider: Provider, names: &Names) -> [Vec<(&'static str, String)>; 3] {
    let Names { namespace, target, service, ingress, route, .. } = names;
    let of = |side: &str| -> Vec<(&'static str, String)> {
        let canary = side == "canary";
        let end = if canary { "" } else { "-primary" };
        match provider {
            Provider::Contour => {
                vec![("envoy_cluster_name", format!("{namespace}_{service}-{side}_{PORT}"))]
            }
            Provider::Gloo => {
                let name = format!("{namespace}-{target}-{side}upstream-{PORT}_{namespace}");
                vec![("envoy_cluster_name", name)]
            }
            Provider::Kuma => {
                vec![("service", format!("{target}-{side}_{namespace}_svc_{PORT}"))]
            }
            // The route stands for its newest revision, the primary's has a name of its own.
            Provider::Knative => {
                vec![("envoy_cluster_name", format!("{namespace}/{route}{end}"))]
            }
            Provider::Nginx => {
                let backend = format!("{service}-{side}");
                let named = format!("{namespace}-{backend}-{PORT}");
                vec![
                    ("namespace", namespace.clone()),
                    ("ingress", ingress.clone()),
                    ("canary", if canary { named } else { String::new() }),
                    ("service", backend),
                ]
            }
            Provider::Skipper => {
                // Every character that is not of a word becomes an underscore.
                let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
                let id = |name: &str| name.chars().map(word).collect::<String>();
                let rule = if canary { "_canary" } else { "" };
                let name = format!(
                    "kube_{}__{}{rule}__{}____{}_{side}",
                    id(namespace),
                    id(ingress),
                    id(service),
                    id(service)
                );
                vec![("route", name)]
            }
            Provider::Traefik => {
                vec![("service", format!("{namespace}-{target}-{side}-{PORT}@kubernetescrd"))]
            }
            Provider::Apisix => {
                vec![("route", format!("{namespace}_{route}-{target}-{side}_rule"))]
            }
            Provider::Osm => {
                vec![
                    ("destination_namespace", namespace.clone()),
                    ("destination_kind", "Deployment".to_string()),
                    ("destination_name", format!("{target}{end}")),
                ]
            }
            // Every pod's own Envoy counts; here one series stands for all pods of a side.
            Provider::AppMesh => {
                vec![
                    ("kubernetes_namespace", namespace.clone()),
                    ("kubernetes_pod_name", format!("{target}{end}-all-pods")),
                ]
            }
            _ => Vec::new(),
        }
    };
    [of("primary"), of("canary"), Vec::new()]
}

#[cfg(test)]
mod tests {
    use super::super::query::{Builtin, Model, builtin};
    use super::*;
    use windtunnel_promql::Query;

    /// The built-in query of every provider picks the canary's labels and not the primary's.
    #[test]
    fn built_in_queries_find_the_canary_alone() {
        let mut names = Names::of("shop", "test");
        (names.ingress, names.route) = ("shop-ingress".into(), "shop-route".into());
        for provider in [
            Provider::Contour,
            Provider::Gloo,
            Provider::Kuma,
            Provider::Knative,
            Provider::Nginx,
            Provider::Skipper,
            Provider::Traefik,
            Provider::Apisix,
            Provider::Osm,
            Provider::AppMesh,
        ] {
            let model = Model { names: &names, interval: "1m", variables: &Default::default() };
            let text = builtin(provider, Builtin::SuccessRate, &model).expect("a query");
            Query::parse(&text).unwrap_or_else(|error| panic!("{provider:?}: {error}"));
            let sides = upstreams(provider, &names).map(|labels| picks(&text, &labels));
            assert_eq!(sides, [false, true, false], "{provider:?}: {text}");
        }
    }

    /// Do the labels fulfil the first selector's matchers, as far as they are of those names?
    fn picks(query: &str, labels: &[(&'static str, String)]) -> bool {
        let from = query.find('{').expect("a selector") + 1;
        let until = from + query[from..].find('}').expect("an end");
        let inside = &query[from..until];
        let matchers = inside.strip_suffix('"').unwrap_or(inside).split("\",");
        !labels.is_empty()
            && matchers.into_iter().all(|matcher| {
                let at = matcher.find(['=', '!']).expect("a matcher");
                let (name, rest) = matcher.split_at(at);
                let Some((_, value)) = labels.iter().find(|(n, _)| *n == name) else { return true };
                let (operator, pattern) = rest.split_once('"').expect("a pattern");
                let whole = regex::Regex::new(&format!("^(?:{pattern})$")).expect("a regex");
                match operator {
                    "=" => value == pattern,
                    "!=" => value != pattern,
                    "=~" => whole.is_match(value),
                    _ => !whole.is_match(value),
                }
            })
    }
}
