//! What the routers of `trafficRouting` are, and what they can do beside weights.
//!
//! Read from argoproj/argo-rollouts `rollout/trafficrouting/*`: every router sets weights;
//! `SetHeaderRoute` does something in `istio`, `alb`, `apisix` and in some plugins,
//! `SetMirrorRoute` in `istio` alone; in all others they return nil. Deliberately unknown here: in
//! which order steps come.

use super::settings::{Canary, Step};
use crate::routing::Ability;

/// One router.
struct Row {
    name: &'static str,
    needs: Ability,
    matches: bool,
    mirrors: bool,
}

const fn row(name: &'static str, needs: Ability, matches: bool, mirrors: bool) -> Row {
    Row { name, needs, matches, mirrors }
}

const ROUTERS: [Row; 9] = [
    row("istio", Ability::Mesh, true, true),
    row("smi", Ability::Mesh, false, false),
    row("appMesh", Ability::Mesh, false, false),
    row("nginx", Ability::Ingress, false, false),
    row("alb", Ability::Ingress, true, false),
    row("ambassador", Ability::Ingress, false, false),
    row("traefik", Ability::Ingress, false, false),
    row("apisix", Ability::Ingress, true, false),
    row("plugins", Ability::Ingress, true, false),
];

/// What the cluster must have for a canary: nothing without `trafficRouting`, else its router. What
/// that one leaves undone takes a mesh. A router that is not known here is taken for an ingress.
pub fn needs(canary: &Canary) -> Ability {
    let Some(traffic) = &canary.traffic else { return Ability::Service };
    let router = ROUTERS.iter().find(|row| row.name.eq_ignore_ascii_case(&traffic.router));
    let (matches, mirrors) = router.map_or((false, false), |row| (row.matches, row.mirrors));
    let beyond = |step: &Step| match step {
        Step::SetHeaderRoute { matching: Some(_), .. } => !matches,
        Step::SetMirrorRoute { matching: Some(_), .. } => !mirrors,
        _ => false,
    };
    match canary.steps.iter().any(beyond) {
        true => Ability::Mesh,
        false => router.map_or(Ability::Ingress, |row| row.needs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argo::settings::Traffic;
    use windtunnel_base::units::Share;

    fn canary(router: &str, steps: Vec<Step>) -> Canary {
        let traffic = Traffic { router: router.to_string(), ..Traffic::default() };
        Canary { traffic: Some(traffic), steps, ..Canary::default() }
    }

    #[test]
    fn a_router_that_lacks_what_a_step_asks_for_is_not_enough() {
        let (name, matching) = ("r".to_string(), Some(Share::clamped(0.1)));
        let header = || Step::SetHeaderRoute { name: name.clone(), matching };
        let percentage = Share::clamped(0.5);
        let mirror = || Step::SetMirrorRoute { name: name.clone(), matching, percentage };
        let of = |router: &str, steps: Vec<Step>| needs(&canary(router, steps));
        let weights = || vec![Step::SetWeight(10)];
        assert_eq!(
            needs(&Canary { traffic: None, ..canary("nginx", weights()) }),
            Ability::Service
        );
        assert_eq!(of("nginx", weights()), Ability::Ingress);
        assert_eq!(of("alb", vec![header()]), Ability::Ingress);
        assert_eq!(of("nginx", vec![header()]), Ability::Mesh);
        assert_eq!(of("alb", vec![mirror()]), Ability::Mesh);
        assert_eq!(of("istio", weights()), Ability::Mesh);
        assert_eq!(of("appmesh", weights()), Ability::Mesh);
        assert_eq!(of("a router of their own", weights()), Ability::Ingress);
        let gone = Step::SetMirrorRoute { name: name.clone(), matching: None, percentage };
        assert_eq!(of("nginx", vec![gone]), Ability::Ingress);
    }
}
