//! Canaries that are refused: by the API server (enums and alternatives of Flagger's CRD), or by
//! the controller when it reads them. No flight of them would be one that somebody has. One that
//! lacks the reference that its router asks for at every tick never begins; that may be a part of a
//! file, so it is flown as if the reference were there, and told.
//!
//! Read from fluxcd/flagger 1.44 `artifacts/flagger/crd.yaml`, `pkg/controller/controller.go`
//! (`verifyCanary`) and `pkg/router/{ingress,skipper,apisix,gateway_api}.go` (`Reconcile`). It
//! looks at the documents, not at what was made of them: a rule is about what was written.

use super::UnitsFound;
use crate::kinds::Object;
use crate::note::{Note, Weight};
use crate::store::Store;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Problem, nearest};

/// The words of the CRD for `spec.provider`.
const PROVIDERS: [&str; 19] = [
    "apisix",
    "appmesh",
    "appmesh:v1beta2",
    "contour",
    "gatewayapi:v1",
    "gatewayapi:v1beta1",
    "gloo",
    "istio",
    "knative",
    "kubernetes",
    "kuma",
    "linkerd",
    "nginx",
    "osm",
    "skipper",
    "smi:v1alpha1",
    "smi:v1alpha2",
    "smi:v1alpha3",
    "traefik",
];

/// Kinds that the CRD lets references name.
const KINDS: [(&str, &[&str]); 4] = [
    ("autoscalerRef", &["HorizontalPodAutoscaler", "ScaledObject"]),
    ("ingressRef", &["Ingress"]),
    ("routeRef", &["ApisixRoute"]),
    ("upstreamRef", &["Upstream"]),
];

const API_SERVER: &str = "the API server refuses such a Canary (Flagger's CRD)";

const CONTROLLER: &str = "Flagger refuses such a Canary, and nothing of it is released";

const ROUTER: &str = "Flagger says so at every tick, and the Canary never begins: flown as if it \
                      were given";

/// Every such Canary.
pub fn check(store: &Store, found: &mut UnitsFound) {
    for (object, canary) in store.canaries() {
        let mut check = FlaggerCheck { object, found };
        check.enums();
        for field in ["analysis", "canaryAnalysis"] {
            check.analysis(field);
        }
        check.router(canary.provider.as_deref().unwrap_or("istio"));
    }
}

struct FlaggerCheck<'a> {
    object: &'a Object,
    found: &'a mut UnitsFound,
}

impl<'a> FlaggerCheck<'a> {
    fn at(&self, path: &str) -> Option<&'a Node> {
        let node = self.object.node.at(&format!("spec.{path}"));
        node.filter(|node| node.value != Value::Null)
    }

    fn text(&self, path: &str) -> Option<&'a str> {
        self.at(path).and_then(Node::text).filter(|text| !text.is_empty())
    }

    fn refuse(&mut self, path: &str, message: String, expected: &str, help: &str) {
        self.found.problem(self.object, &format!("spec.{path}"), message, expected, help);
    }

    fn unsupported(&mut self, path: &str, words: &[&str]) {
        let Some(word) = self.text(path).filter(|word| !words.contains(word)) else { return };
        let message = format!("Unsupported value: {word:?}");
        let versions = || words.iter().find(|known| known.starts_with(&format!("{word}:")));
        let near = nearest(word, words.iter().copied()).or_else(|| versions().copied());
        let help = match near {
            Some(near) => format!("did you mean {near}? {API_SERVER}"),
            None => API_SERVER.to_string(),
        };
        self.refuse(path, message, &format!("one of {}", words.join(", ")), &help);
    }

    fn enums(&mut self) {
        self.unsupported("provider", &PROVIDERS);
        for (field, kinds) in KINDS {
            self.unsupported(&format!("{field}.kind"), kinds);
        }
    }

    /// The CRD wants one of three ways to advance; a Canary whose cookies bear one name would keep
    /// each user on both sides.
    fn analysis(&mut self, field: &str) {
        let ways = ["iterations", "stepWeight", "stepWeights"];
        let given: Vec<&str> =
            ways.into_iter().filter(|way| self.at(&format!("{field}.{way}")).is_some()).collect();
        let needed = ["interval", "threshold"];
        let whole = needed.iter().all(|name| self.at(&format!("{field}.{name}")).is_some());
        if let ([first, second, ..], true) = (&given[..], whole && field == "analysis") {
            let message = format!(
                "must validate one and only one schema (oneOf): {first} and {second} are both given"
            );
            self.refuse(&format!("{field}.{second}"), message, "one of them", API_SERVER);
        }
        let cookies = format!("{field}.sessionAffinity");
        if self.at(&cookies).is_some() {
            let [own, primary] =
                ["cookieName", "primaryCookieName"].map(|n| self.text(&format!("{cookies}.{n}")));
            if own == primary {
                let message = "invalid canary spec: can't use the same cookie name for both \
                    primary and cookie name; please update them to be different";
                let path = format!("{cookies}.primaryCookieName");
                self.refuse(&path, message.into(), "a name of its own", CONTROLLER);
            }
        }
    }

    fn router(&mut self, provider: &str) {
        if provider == "knative" {
            let version = self.text("targetRef.apiVersion").unwrap_or_default();
            let kind = self.text("targetRef.kind").unwrap_or("Deployment");
            if !(kind == "Service" && version.starts_with("serving.knative.dev/")) {
                let message = format!(
                    "invalid canary spec: can't use {version}/{kind} as target if provider is set \
                     to knative"
                );
                let expected = "another provider for a Deployment";
                self.refuse("provider", message, expected, CONTROLLER);
            }
        }
        let lacks = match provider {
            "nginx" | "skipper" => ("ingressRef", "ingress selector is empty"),
            "apisix" => ("routeRef", "apisix route selector is empty"),
            _ if provider.starts_with("gatewayapi:") => (
                "service.gatewayRefs",
                "GatewayRefs must be specified when using Gateway API as a provider",
            ),
            _ => return,
        };
        let (field, message) = lacks;
        let given = match self.at(field).map(|node| &node.value) {
            Some(Value::List(items)) => !items.is_empty(),
            _ => self.text(&format!("{field}.name")).is_some(),
        };
        if !given {
            let (object, field) = (self.object, format!("spec.{field}"));
            let written_at = object.written_at(&field);
            let path = format!("{} {field}", object.title());
            let warning = Problem::warning(written_at.place, &path, message.to_string());
            self.found.problems.push(warning.help(ROUTER).in_file(&written_at.file));
            self.found.lists.assumed.push(Note {
                written_at,
                object: object.title(),
                field,
                text: "given".to_string(),
                source: format!("{message}: {ROUTER}"),
                weight: Weight::Matters,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Input, read};
    use std::sync::Arc;
    use windtunnel_base::problem::Severity;
    use windtunnel_scenario::yaml;

    /// What is wrong with a Canary with these fields, errors or all: paths and messages.
    fn told(fields: &str, analysis: &str) -> [Vec<String>; 2] {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  replicas: 2\n  \
             selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: \
             {{app: a}}}}\n    spec: {{containers: [{{name: a, image: \"a:2\"}}]}}\n---\n\
             apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: a}}\nspec:\n  \
             targetRef: {{apiVersion: apps/v1, kind: Deployment, name: a}}\n  {fields}\n  \
             analysis: {{interval: 30s, threshold: 5, {analysis}}}\n"
        );
        let documents = yaml::documents(&text, "a.yaml").expect("YAML");
        let input = Input { file: Arc::from("a.yaml"), text: Arc::from(text.as_str()), documents };
        let problems = match read(&[input], crate::ReadRequest::default()) {
            Ok(import) => import.warnings,
            Err(problems) => problems,
        };
        let of = |severity| {
            let of = problems.iter().filter(|p| p.severity == severity);
            of.map(|p| format!("{}: {} {}", p.path, p.message, p.help)).collect()
        };
        [of(Severity::Error), of(Severity::Warning)]
    }

    fn refused(fields: &str, analysis: &str) -> Vec<String> {
        let [errors, _] = told(fields, analysis);
        errors
    }

    const PORT: &str = "service: {port: 80}";

    fn one(fields: &str, analysis: &str, expected: &str) {
        let found = refused(fields, analysis);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:#?}");
    }

    #[test]
    fn what_flagger_takes_is_taken() {
        let ingress = "ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: a}";
        let gateway = "service: {port: 80, gatewayRefs: [{name: g}]}";
        for fields in [
            PORT.to_string(),
            format!("{PORT}\n  provider: nginx\n  {ingress}"),
            format!("{gateway}\n  provider: gatewayapi:v1"),
            format!("{PORT}\n  provider: smi:v1alpha3"),
        ] {
            assert_eq!(refused(&fields, "stepWeight: 10"), Vec::<String>::new(), "{fields}");
        }
    }

    #[test]
    fn what_is_refused_somewhere_is_told_in_the_words_of_whoever_refuses() {
        let provider = |word: &str| format!("{PORT}\n  provider: {word}");
        one(
            &provider("ngnix"),
            "stepWeight: 10",
            "Unsupported value: \"ngnix\" did you mean nginx",
        );
        one(&provider("gatewayapi"), "stepWeight: 10", "did you mean gatewayapi:v1");
        one(&provider("knative"), "stepWeight: 10", "can't use apps/v1/Deployment as target");
        one(PORT, "stepWeight: 10, iterations: 5", "must validate one and only one schema");
        let cookies = "stepWeight: 10, sessionAffinity: {cookieName: c, primaryCookieName: c}";
        one(PORT, cookies, "can't use the same cookie name");
        for (word, expected) in [
            ("nginx", "spec.ingressRef: ingress selector is empty"),
            ("apisix", "apisix route selector is empty"),
            ("gatewayapi:v1", "GatewayRefs must be specified"),
        ] {
            let [errors, warnings] = told(&provider(word), "stepWeight: 10");
            assert!(errors.is_empty(), "{errors:?}");
            assert!(warnings.iter().any(|w| w.contains(expected)), "{warnings:?}");
        }
        let scaler = format!("{PORT}\n  autoscalerRef: {{kind: Scaler, name: a}}");
        one(&scaler, "stepWeight: 10", "spec.autoscalerRef.kind: Unsupported value: \"Scaler\"");
    }
}
