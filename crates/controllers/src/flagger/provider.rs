//! Who divides the traffic and counts it: `spec.provider`.
//!
//! Read from fluxcd/flagger 1.44 `pkg/router/factory.go` and `pkg/metrics/observers/factory.go`.
//! Deliberately unknown here: what each can and cannot do (see [`super::router`]), and the queries
//! (see [`super::query`]).

/// A mesh, an ingress, or plain Kubernetes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// Istio, and any word the controller does not know.
    #[default]
    Istio,
    /// No router at all: live traffic never reaches the canary.
    Kubernetes,
    /// Gateway API.
    GatewayApi,
    /// ingress-nginx.
    Nginx,
    /// Skipper.
    Skipper,
    /// Linkerd (SMI).
    Linkerd,
    /// Another mesh behind SMI.
    Smi,
    /// Contour.
    Contour,
    /// Gloo.
    Gloo,
    /// Kuma.
    Kuma,
    /// AWS App Mesh.
    AppMesh,
    /// Knative Serving.
    Knative,
    /// Traefik.
    Traefik,
    /// Apache APISIX.
    Apisix,
    /// Open Service Mesh.
    Osm,
}

/// The words that name a provider, longest first where one begins another.
const WORDS: &[(&str, Provider)] = &[
    ("istio", Provider::Istio),
    ("kubernetes", Provider::Kubernetes),
    ("gatewayapi", Provider::GatewayApi),
    ("nginx", Provider::Nginx),
    ("skipper", Provider::Skipper),
    ("linkerd", Provider::Linkerd),
    ("smi", Provider::Smi),
    ("contour", Provider::Contour),
    ("gloo", Provider::Gloo),
    ("kuma", Provider::Kuma),
    ("appmesh", Provider::AppMesh),
    ("knative", Provider::Knative),
    ("traefik", Provider::Traefik),
    ("apisix", Provider::Apisix),
    ("osm", Provider::Osm),
];

impl Provider {
    /// The provider that `word` names, versions such as `gatewayapi:v1` included; nothing for a
    /// word that the controller answers with a warning and Istio.
    pub fn parse(word: &str) -> Option<Provider> {
        let versioned = [Provider::GatewayApi, Provider::Smi, Provider::AppMesh, Provider::Gloo];
        let named = |(known, provider): &&(&str, Provider)| {
            let rest = word.strip_prefix(*known);
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(':') && versioned.contains(provider)
            })
        };
        WORDS.iter().find(named).map(|(_, provider)| *provider)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(_, known)| *known == self).map_or("istio", |(word, _)| word)
    }

    /// Can live traffic be divided between primary and canary?
    pub fn routes(self) -> bool {
        self != Provider::Kubernetes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_versions() {
        let cases = [
            ("istio", Some(Provider::Istio)),
            ("gatewayapi:v1beta1", Some(Provider::GatewayApi)),
            ("gatewayapi:v1", Some(Provider::GatewayApi)),
            ("smi:v1alpha3:linkerd", Some(Provider::Smi)),
            ("kubernetes:service", None),
            ("nginxx", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(Provider::parse(word), expected, "{word:?}");
        }
        assert!(WORDS.iter().all(|(word, provider)| provider.word() == *word));
    }
}
