//! What divides requests between two versions of a service, from the least able to the most.
//!
//! Deliberately unknown here: who needs what (see `flagger::router` and `argo::router`).

/// What there is to divide requests with, or what somebody needs for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Services alone: a version gets requests as it has pods, or all when a selector switches.
    #[default]
    Service,
    /// An ingress or a gateway in front, whose routes have weights: nginx, ALB, Contour, Traefik.
    Ingress,
    /// A mesh: proxies beside the pods weigh, match and mirror what services send each other.
    Mesh,
}

impl Ability {
    /// All, the least able first.
    pub const ALL: [Ability; 3] = [Ability::Service, Ability::Ingress, Ability::Mesh];

    /// Their words in YAML, in the same order.
    pub const WORDS: [&'static str; 3] = ["service", "ingress", "mesh"];

    /// How scenarios write it in `constraints.routing`.
    pub fn word(self) -> &'static str {
        Ability::WORDS[self as usize]
    }
}
