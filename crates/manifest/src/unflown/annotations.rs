//! Annotations by which routers that are not flown divide or copy requests: of an Ingress that is
//! read, they would be dropped in silence.

use super::effect::Effect;
use super::{LeftOut, SourcePlace};
use crate::draft::Draft;
use crate::store::Store;
use windtunnel_base::node::Node;

/// Keys, and what they do to requests.
const KEYS: [(&str, &str); 9] = [
    ("haproxy-ingress.github.io/blue-green-deploy", DIVIDES),
    ("haproxy-ingress.github.io/blue-green-balance", DIVIDES),
    ("ingress.kubernetes.io/blue-green-deploy", DIVIDES),
    ("higress.io/destination", DIVIDES),
    ("nginx.ingress.kubernetes.io/service-weight", DIVIDES),
    ("nginx.ingress.kubernetes.io/service-match", DIVIDES),
    ("traefik.ingress.kubernetes.io/service-weights", DIVIDES),
    ("alb.ingress.kubernetes.io/canary-weight", DIVIDES),
    ("nginx.ingress.kubernetes.io/mirror-target", "it sends copies of requests of "),
];

const DIVIDES: &str = "it divides the requests of ";

/// What of the objects that are flown is left out.
pub fn left_out(store: &Store, drafts: &[Draft]) -> Vec<LeftOut> {
    let mut all = Vec::new();
    for object in store.of_kinds(&["Ingress", "Service"]) {
        let annotations = object.node.at("metadata.annotations");
        let given = |key: &str| annotations.and_then(|all| all.get(key)).and_then(Node::text);
        let keys: Vec<_> = KEYS.iter().filter(|(key, _)| given(key).is_some()).collect();
        if keys.is_empty() {
            continue;
        }
        let title = object.title();
        let users = drafts.iter().filter(|draft| draft.is_near(object));
        let users = users.filter(|draft| draft.used.contains(&title));
        let about: Vec<String> = users.map(|draft| draft.object.clone()).collect();
        let keys = keys.into_iter().filter(|_| !about.is_empty());
        all.extend(keys.map(|(key, before)| {
            let field = format!("metadata.annotations.{key}");
            let place = annotations.and_then(|all| all.get(key)).map(|node| node.place);
            let written_at = object.written_at("metadata.annotations");
            LeftOut {
                written_at: SourcePlace { place: place.unwrap_or(written_at.place), ..written_at },
                object: object.title(),
                field,
                effect: Effect::Divides,
                about: about.clone(),
                kind: object.kind.to_string(),
                before: (*before).to_string(),
                after: ": what it says is not flown".to_string(),
            }
        }));
    }
    all
}
