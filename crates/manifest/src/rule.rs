//! A routing rule, as VirtualServices, HTTPRoutes, Ingresses, TrafficSplits, TraefikServices and
//! HTTPProxies all come to: who is meant, where requests go, what is copied.
//!
//! Plain data. What becomes of it is decided where release units are found.

use windtunnel_base::node::Value;

/// A setting of `spec.service.balancer` that a field asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The field, relative to its rule or, for one of `metadata`, to its object.
    pub field: &'static str,
    /// Path below `spec.service.balancer`.
    pub name: &'static str,
    /// Value that the scenario's field gets.
    pub value: Value,
}

/// Adds a setting, if there is one.
pub fn put(
    settings: &mut Vec<Setting>,
    field: &'static str,
    name: &'static str,
    value: Option<Value>,
) {
    settings.extend(value.map(|value| Setting { field, name, value }));
}

/// One rule: requests that it means, and where they go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Path of the rule in its object, such as `spec.http[0]`.
    pub path: String,
    /// Whom it means; empty: everyone.
    pub matches: Vec<Match>,
    /// Where requests go.
    pub destinations: Vec<Destination>,
    /// Where copies go, and how many percent of the requests are copied.
    pub mirror: Option<(Destination, f64)>,
    /// What it asks of the balancer: tries, time, faults.
    pub settings: Vec<Setting>,
    /// How its kind calls its fields.
    pub words: Words,
    /// Which destination is declared to be the one that is tried, if its kind has a word for it.
    pub tried: Option<usize>,
    /// Cookies keep users for so long at the destination that a weight has sent them to.
    pub sticky: Option<String>,
}

/// How a kind calls the fields of a rule: relative to the rule, or from `metadata` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The list of destinations; empty where a rule has one.
    pub list: &'static str,
    /// Name of the service, in a destination.
    pub host: &'static str,
    /// Subset of its pods, in a destination.
    pub subset: &'static str,
    /// Share of the requests, in a destination.
    pub weight: &'static str,
    /// Where copies are asked for.
    pub mirror: &'static str,
    /// Whom the rule means.
    pub matches: &'static str,
}

/// Istio's.
pub const ISTIO: Words = Words {
    list: "route",
    host: "destination.host",
    subset: "destination.subset",
    weight: "weight",
    mirror: "mirror",
    matches: "match",
};

/// The Gateway API's.
pub const GATEWAY: Words = Words {
    list: "backendRefs",
    host: "name",
    subset: "name",
    weight: "weight",
    mirror: "filters",
    matches: "matches",
};

impl Default for Words {
    fn default() -> Self {
        ISTIO
    }
}

/// One condition; all of its parts must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Names of headers that are asked for (`cookie` is one).
    pub headers: Vec<String>,
    /// Is anything else asked for: a path, a method, a source?
    pub other: bool,
}

/// Where requests go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// Name of the service.
    pub host: String,
    /// Subset of its pods.
    pub subset: Option<String>,
    /// Weight, if given.
    pub weight: Option<u64>,
    /// Is it another set of rules, and not a Service?
    pub router: bool,
}

impl Destination {
    /// The name by which its owner tells it from the others.
    pub fn name(&self) -> &str {
        self.subset.as_deref().unwrap_or(&self.host)
    }

    /// The same pods?
    pub fn is_same(&self, other: &Destination) -> bool {
        short(&self.host) == short(&other.host) && self.subset == other.subset
    }
}

/// The first word of a host: the name of a service in its own namespace.
pub fn short(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

/// The host of a Service in a namespace that is named apart from it.
pub fn within(name: String, space: Option<String>) -> String {
    match space {
        Some(space) if !name.is_empty() => format!("{name}.{space}"),
        _ => name,
    }
}

/// The namespace that a host names: `shop.prod`, `shop.prod.svc.cluster.local`.
pub fn namespace(host: &str) -> Option<&str> {
    match host.split('.').collect::<Vec<_>>()[..] {
        [_, namespace] | [_, namespace, "svc", ..] => Some(namespace),
        _ => None,
    }
}

impl Rule {
    /// Does it mean only those who send a header?
    pub fn by_header(&self) -> bool {
        !self.matches.is_empty() && self.matches.iter().all(|m| !m.headers.is_empty() && !m.other)
    }

    /// Does it mean everyone, so that no rule behind it is ever asked?
    pub fn by_everyone(&self) -> bool {
        let empty = |m: &Match| m.headers.is_empty() && !m.other;
        self.matches.is_empty() || self.matches.iter().any(empty)
    }

    /// Does it name two or more destinations?
    pub fn splits(&self) -> bool {
        self.destinations.len() > 1
    }

    /// The destinations that get requests: Istio leaves out those without weight among several, and
    /// gives everything to a single one whatever its weight.
    pub fn live(&self) -> Vec<usize> {
        let all = 0..self.destinations.len();
        if all.len() == 1 {
            return vec![0];
        }
        all.filter(|i| self.destinations[*i].weight.unwrap_or(0) > 0).collect()
    }

    /// Percent of the requests that go to a destination.
    pub fn percent(&self, index: usize) -> f64 {
        if self.destinations.len() == 1 {
            return 100.0;
        }
        let weight = |d: &Destination| d.weight.unwrap_or(0) as f64;
        let sum: f64 = self.destinations.iter().map(weight).sum();
        self.destinations.get(index).map_or(0.0, |d| 100.0 * weight(d) / sum.max(1e-9))
    }

    /// Where a field of one of its destinations stands: `weight`, `host`, `subset`.
    pub fn field_of(&self, index: usize, field: &str) -> String {
        let word = match field {
            "host" => self.words.host,
            "subset" => self.words.subset,
            _ => self.words.weight,
        };
        match self.words.list {
            list if list.is_empty() || is_of_object(word) => self.at(word),
            list => self.at(&format!("{list}[{index}].{word}")),
        }
    }

    /// Where its copies are asked for.
    pub fn mirror_field(&self) -> String {
        self.at(self.words.mirror)
    }

    /// Where it says whom it means.
    pub fn match_field(&self) -> String {
        self.at(self.words.matches)
    }

    /// Where one of its fields stands in its object.
    pub fn at(&self, field: &str) -> String {
        if is_of_object(field) { field.to_string() } else { format!("{}.{field}", self.path) }
    }
}

/// Does the field stand at the head of the object, and not in the rule?
fn is_of_object(field: &str) -> bool {
    field.starts_with("metadata.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(weights: &[u64]) -> Rule {
        let to = |(i, w): (usize, &u64)| Destination {
            host: "shop.default.svc".into(),
            subset: Some(format!("v{i}")),
            weight: Some(*w),
            router: false,
        };
        Rule { destinations: weights.iter().enumerate().map(to).collect(), ..Rule::default() }
    }

    #[test]
    fn destinations_without_weight_get_nothing_among_several() {
        assert_eq!(rule(&[95, 5]).live(), [0, 1]);
        assert_eq!(rule(&[100, 0]).live(), [0]);
        assert_eq!(rule(&[0]).live(), [0]);
        assert_eq!((rule(&[19, 1]).percent(1), rule(&[7]).percent(0)), (5.0, 100.0));
    }

    #[test]
    fn hosts_may_name_their_namespace() {
        assert_eq!(namespace("shop"), None);
        assert_eq!(namespace("shop.prod"), Some("prod"));
        assert_eq!(namespace("shop.prod.svc.cluster.local"), Some("prod"));
        assert_eq!(namespace("shop.example.com"), None);
    }

    #[test]
    fn fields_are_called_as_their_kind_calls_them() {
        let of = |path: &str, words| Rule { path: path.into(), words, ..rule(&[1, 1]) };
        let (istio, gateway) = (of("spec.http[0]", ISTIO), of("spec.rules[0]", GATEWAY));
        assert_eq!(istio.field_of(1, "host"), "spec.http[0].route[1].destination.host");
        assert_eq!(gateway.field_of(1, "host"), "spec.rules[0].backendRefs[1].name");
        assert_eq!(gateway.field_of(1, "weight"), "spec.rules[0].backendRefs[1].weight");
        assert_eq!(istio.mirror_field(), "spec.http[0].mirror");
        assert_eq!(istio.at("metadata.annotations.a/b"), "metadata.annotations.a/b");
    }

    #[test]
    fn hosts_are_the_same_with_and_without_their_domain() {
        let (host, subset) = ("shop".into(), Some("v0".into()));
        let plain = Destination { host, subset, ..Destination::default() };
        assert!(rule(&[1, 1]).destinations[0].is_same(&plain));
        assert!(!rule(&[1, 1]).destinations[1].is_same(&plain));
    }
}
