//! What the router of each provider makes of `match`, `mirror` and `sessionAffinity`: the same
//! analysis reaches other users behind another router. And what each router is: part of a mesh, or
//! an ingress.
//!
//! Read from fluxcd/flagger 1.44 `pkg/router`, file by file (named in its row). Deliberately
//! unknown here: ticks, and queries (see [`super::query`]).

use super::provider::Provider;
use super::settings::{Analysis, Matching};
use super::weights::Routes;
use crate::routing::Ability;
use windtunnel_base::units::Share;

/// What a router does with `match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// A rule of its own: weights divide the requests that match, all others stay.
    Weighs,
    /// As [`Match::Weighs`], but with a rule for all others only where somebody else wrote it.
    WeighsAlone,
    /// Annotations name the header or the cookie in place of a weight.
    Annotates,
    /// It never looks at it.
    Unread,
}

/// When a router installs a mirror, and says so afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mirrors {
    /// In canary and blue-green mode.
    Always,
    /// In blue-green mode alone.
    WithIterations,
    Never,
}

/// One router.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Its file below `pkg/router`.
    source: &'static str,
    /// What the cluster must have for it. The meshes, the ingresses and the gateways are those of
    /// fluxcd/flagger `README.md`, "Features".
    needs: Ability,
    matching: Match,
    mirrors: Mirrors,
    /// Does it keep users with a cookie?
    affinity: bool,
}

const fn row(
    source: &'static str,
    needs: Ability,
    matching: Match,
    mirrors: Mirrors,
    affinity: bool,
) -> Row {
    Row { source, needs, matching, mirrors, affinity }
}

const fn of(provider: Provider) -> Row {
    use Ability::{Ingress, Mesh, Service};
    match provider {
        Provider::Istio => row("istio.go", Mesh, Match::Weighs, Mirrors::Always, true),
        Provider::GatewayApi => {
            row("gateway_api.go", Ingress, Match::Weighs, Mirrors::WithIterations, true)
        }
        Provider::Contour => row("contour.go", Ingress, Match::Weighs, Mirrors::Never, false),
        Provider::AppMesh => row("appmesh_v1beta2.go", Mesh, Match::Weighs, Mirrors::Never, false),
        Provider::Gloo => row("gloo.go", Ingress, Match::WeighsAlone, Mirrors::Never, false),
        Provider::Nginx => row("ingress.go", Ingress, Match::Annotates, Mirrors::Never, false),
        Provider::Skipper => row("skipper.go", Ingress, Match::Unread, Mirrors::Never, false),
        Provider::Traefik => row("traefik.go", Ingress, Match::Unread, Mirrors::Never, false),
        Provider::Apisix => row("apisix.go", Ingress, Match::Unread, Mirrors::Never, false),
        Provider::Knative => row("knative.go", Ingress, Match::Unread, Mirrors::Never, false),
        Provider::Kuma => row("kuma.go", Mesh, Match::Unread, Mirrors::Never, false),
        Provider::Linkerd => row("smi.go", Mesh, Match::Unread, Mirrors::Never, false),
        Provider::Smi => row("smi_v1alpha3.go", Mesh, Match::Unread, Mirrors::Never, false),
        Provider::Osm => row("smi_v1alpha2.go", Mesh, Match::Unread, Mirrors::Never, false),
        Provider::Kubernetes => row("nop.go", Service, Match::Unread, Mirrors::Never, false),
    }
}

/// Whose requests the weights of an analysis divide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// Everybody's.
    Everyone,
    /// Those of this share of users; all others stay with the primary.
    Matching(Share),
    /// All requests of this share of users from the first weight on, and nobody else's.
    Whole(Share),
    /// Nobody's: no weight is ever written.
    Nobody,
    /// All requests of this share of users, while the weight divides those of all others.
    Beside(Share),
}

/// How a header or a cookie of `match` is compared: the condition as [`Matching`] keeps it,
/// `x-user exact insider`.
fn header(condition: &str) -> Option<(&str, &str)> {
    let mut words = condition.split_whitespace();
    let (name, word) = (words.next()?, words.next()?);
    ["exact", "prefix", "suffix", "regex"].contains(&word).then_some((name, word))
}

/// Conditions on something else than headers, as [`Matching`] keeps them.
const OTHERS: [&str; 6] = ["uri", "method", "sourceLabels", "authority", "scheme", "port"];

/// Names of conditions that are compared in one of these ways.
fn compared<'m>(matching: &'m Matching, words: &'static [&str]) -> Vec<&'m str> {
    let found = matching.conditions.iter().filter_map(|condition| header(condition));
    found.filter(|(_, word)| words.contains(word)).map(|(name, _)| name).collect()
}

/// Do the conditions speak of nothing but paths, methods and the like?
fn without_headers(matching: &Matching) -> bool {
    let other = |condition: &String| OTHERS.contains(&condition.as_str());
    !matching.conditions.is_empty() && matching.conditions.iter().all(other)
}

impl Provider {
    /// What the cluster must have for it. What a router cannot do, such as a mirror at an ingress,
    /// it leaves undone ([`surprises`]), and needs nothing more for it.
    pub fn needs(self) -> Ability {
        of(self).needs
    }

    /// Does the router install the mirror of `analysis`, and report it back? Istio's writes the
    /// rules of a match over the one with the mirror.
    pub fn mirrors(self, analysis: &Analysis) -> bool {
        let matched = analysis.matching.is_some();
        match of(self).mirrors {
            Mirrors::Always => !matched,
            Mirrors::WithIterations => analysis.iterations > 0 && !matched,
            Mirrors::Never => false,
        }
    }

    /// Does the router keep users with a cookie at the canary? A match takes the place of the rule
    /// for the cookie.
    pub fn keeps_sessions(self, analysis: &Analysis) -> bool {
        of(self).affinity && analysis.matching.is_none()
    }

    /// Whose requests the weights of `analysis` divide.
    pub fn reach(self, analysis: &Analysis) -> Reach {
        let Some(matching) = &analysis.matching else { return Reach::Everyone };
        match of(self).matching {
            Match::Unread => Reach::Everyone,
            Match::Annotates => annotated(matching),
            Match::Weighs if self == Provider::GatewayApi => gateway(matching, analysis),
            Match::Weighs | Match::WeighsAlone => Reach::Matching(matching.share),
        }
    }

    /// What the router reports after `written` was written to it.
    pub fn reports(self, analysis: &Analysis, written: Routes) -> Routes {
        let mirrored = written.mirrored && self.mirrors(analysis);
        match self.reach(analysis) {
            Reach::Whole(_) if written.canary > 0 => Routes::CANARY,
            Reach::Whole(_) | Reach::Nobody => Routes::PRIMARY,
            _ => Routes { mirrored, ..written },
        }
    }
}

/// `canary-by-header` and `canary-by-cookie` of an Ingress. A cookie is read from `exact` alone; a
/// header without `exact` and `regex` lets in those who send `always`, and no user does.
fn annotated(matching: &Matching) -> Reach {
    let headers = |words| compared(matching, words).into_iter().filter(|name| *name != "cookie");
    let cookie = compared(matching, &["exact"]).contains(&"cookie");
    let free = |condition: &String| {
        let other = OTHERS.contains(&condition.as_str()) || condition == "queryParams";
        header(condition).is_none() && !other
    };
    // Words of a Scenario's own are taken to be readable.
    let own = matching.conditions.is_empty() || matching.conditions.iter().any(free);
    if own || cookie || headers(&["exact", "regex"]).next().is_some() {
        return Reach::Whole(matching.share);
    }
    let any = headers(&["prefix", "suffix"]).next().is_some();
    if any { Reach::Whole(Share::ZERO) } else { Reach::Nobody }
}

/// The Gateway API's router gives up a match of which it cannot map one part, without a word, and
/// puts the match into the first rule: with session affinity that is the one of the cookie.
fn gateway(matching: &Matching, analysis: &Analysis) -> Reach {
    let lost = !compared(matching, &["prefix", "suffix"]).is_empty() || without_headers(matching);
    match (lost, analysis.affinity.is_some()) {
        (true, false) => Reach::Everyone,
        (true, true) => Reach::Beside(Share::ONE),
        (false, true) => Reach::Beside(matching.share),
        (false, false) => Reach::Matching(matching.share),
    }
}

/// What an analysis does behind its provider's router that its own words do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surprise {
    /// The field of the analysis, as Scenarios and manifests alike call it.
    pub field: &'static str,
    /// What really happens.
    pub message: String,
    /// A way out.
    pub help: String,
}

/// All of them.
pub fn surprises(provider: Provider, analysis: &Analysis) -> Vec<Surprise> {
    let Row { source, .. } = of(provider);
    let mut found = Vec::new();
    let mut say = |field, message: &str, help: &str| {
        let message = format!("{}: {message} (pkg/router/{source})", provider.word());
        found.push(Surprise { field, message, help: help.to_string() });
    };
    if let Some(matching) = &analysis.matching {
        if provider == Provider::Kubernetes {
            let message = "A/B testing is not supported when using the kubernetes provider: no \
                request of a user reaches the canary before it is promoted";
            say("match", message, "a provider that routes");
        } else if let Some(message) = of_match(provider, analysis, matching) {
            say(
                "match",
                &message,
                "istio, gatewayapi:v1 and contour weigh the requests that match",
            );
        }
    }
    if analysis.mirror && !provider.mirrors(analysis) && provider.routes() {
        say(
            "mirror",
            of_mirror(analysis),
            "leave mirror out; istio copies requests, without match",
        );
    }
    if analysis.affinity.is_some() && !provider.keeps_sessions(analysis) {
        let message = match analysis.matching.is_some() && of(provider).affinity {
            true => "match takes the place of the rule for the cookie: no user is kept",
            false => "its router sets no cookie: each request is drawn anew, and users flip",
        };
        say("sessionAffinity", message, "istio and gatewayapi:v1 keep users, without match");
    }
    found
}

fn of_mirror(analysis: &Analysis) -> &'static str {
    if analysis.iterations > 0 {
        return "no request is copied: the canary gets no request of a user until all traffic \
            moves, and checks of it find no values without a load test";
    }
    "no request is copied, and every tick repeats the step of the mirror: no weight ever moves, \
     and nothing is promoted"
}

fn of_match(provider: Provider, analysis: &Analysis, matching: &Matching) -> Option<String> {
    let tested = analysis.iterations > 0;
    let said = match provider.reach(analysis) {
        Reach::Everyone if tested => "match is not read: the A/B test sends 100 % of the requests \
            of all users to the canary from its first iteration on"
            .into(),
        Reach::Everyone => "match is not read: the weights divide the requests of all users".into(),
        Reach::Nobody => {
            "match comes to no annotation, and the weight stays 0: no user ever meets \
            the canary"
                .into()
        }
        Reach::Whole(share) if share.value() == 0.0 => "it reads exact and regex of headers, and \
            exact of a cookie: only who sends `always` in the header meets the canary, taken to be \
            nobody"
            .into(),
        Reach::Whole(_) if tested => return several(matching),
        Reach::Whole(_) => "match replaces the weight by annotations: all requests of the users \
            that match from the first step on, nobody else's, and the second check that passes \
            promotes, whatever stepWeight says"
            .into(),
        Reach::Beside(_) => {
            "beside sessionAffinity, users that match go to the canary as a whole, \
            and the weight divides the requests of all others"
                .into()
        }
        Reach::Matching(_) => return alone(provider, matching),
    };
    Some(said)
}

/// An Ingress has one annotation for a header and one for a cookie.
fn several(matching: &Matching) -> Option<String> {
    let mut names = compared(matching, &["exact", "prefix", "suffix", "regex"]);
    names.retain(|name| *name != "cookie");
    (names.len() > 1).then(|| {
        format!("one annotation holds one header: of {} the last one read counts", names.join(", "))
    })
}

/// What the routers that weigh cannot compare, and Gloo's missing rule for all others.
fn alone(provider: Provider, matching: &Matching) -> Option<String> {
    match provider {
        Provider::Gloo => Some(
            "its RouteTable holds the route for requests that match alone: all others need a route \
             of their own, or get 404; flown as if they had one to the primary"
                .into(),
        ),
        Provider::Contour if !compared(matching, &["regex"]).is_empty() => Some(
            "it copies exact, prefix and suffix (as `contains`): a regex leaves a condition \
             without a value; flown as if it were read"
                .into(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: f64 = 0.1;

    fn matched(conditions: &[&str]) -> Analysis {
        let conditions = conditions.iter().map(ToString::to_string).collect();
        let matching = Some(Matching { conditions, share: Share::clamped(TENTH) });
        Analysis { matching, step_weight: 10, ..Analysis::default() }
    }

    fn messages(provider: Provider, analysis: &Analysis) -> Vec<String> {
        surprises(provider, analysis).into_iter().map(|s| s.message).collect()
    }

    #[test]
    fn routers_read_match_each_in_its_own_way() {
        let (tenth, header) = (Share::clamped(TENTH), matched(&["x-insider exact yes"]));
        for (provider, expected) in [
            (Provider::Istio, Reach::Matching(tenth)),
            (Provider::GatewayApi, Reach::Matching(tenth)),
            (Provider::Contour, Reach::Matching(tenth)),
            (Provider::Gloo, Reach::Matching(tenth)),
            (Provider::AppMesh, Reach::Matching(tenth)),
            (Provider::Nginx, Reach::Whole(tenth)),
            (Provider::Traefik, Reach::Everyone),
            (Provider::Skipper, Reach::Everyone),
            (Provider::Smi, Reach::Everyone),
            (Provider::Linkerd, Reach::Everyone),
            (Provider::Apisix, Reach::Everyone),
            (Provider::Knative, Reach::Everyone),
            (Provider::Kuma, Reach::Everyone),
            (Provider::Osm, Reach::Everyone),
        ] {
            assert_eq!(provider.reach(&header), expected, "{provider:?}");
            let told = !matches!(expected, Reach::Matching(_)) || provider == Provider::Gloo;
            assert_eq!(!messages(provider, &header).is_empty(), told, "{provider:?}");
        }
    }

    #[test]
    fn an_ingress_has_annotations_for_some_conditions_only() {
        let reach = |conditions: &[&str]| Provider::Nginx.reach(&matched(conditions));
        let tenth = Share::clamped(TENTH);
        assert_eq!(reach(&["cookie exact canary"]), Reach::Whole(tenth));
        assert_eq!(reach(&["x-user regex a.*"]), Reach::Whole(tenth));
        assert_eq!(reach(&["x-user prefix a"]), Reach::Whole(Share::ZERO));
        assert_eq!(reach(&["cookie regex ^(.*?;)?(canary=always)(;.*)?$"]), Reach::Nobody);
        assert_eq!(reach(&["uri"]), Reach::Nobody);
        assert_eq!(reach(&[]), Reach::Whole(tenth));
    }

    #[test]
    fn an_ingress_with_match_reports_all_or_nothing() {
        let header = matched(&["x-insider exact yes"]);
        let written = Routes { primary: 90, canary: 10, mirrored: false };
        assert_eq!(Provider::Nginx.reports(&header, written), Routes::CANARY);
        assert_eq!(Provider::Nginx.reports(&header, Routes::PRIMARY), Routes::PRIMARY);
        assert_eq!(Provider::Istio.reports(&header, written), written);
        let lost = matched(&["uri"]);
        assert_eq!(Provider::Nginx.reports(&lost, written), Routes::PRIMARY);
    }

    #[test]
    fn the_gateway_router_gives_up_what_it_cannot_map() {
        let mut analysis = matched(&["x-user prefix a"]);
        assert_eq!(Provider::GatewayApi.reach(&analysis), Reach::Everyone);
        assert_eq!(messages(Provider::GatewayApi, &analysis).len(), 1);
        analysis = matched(&["x-user exact a"]);
        analysis.affinity = Some(Default::default());
        assert_eq!(Provider::GatewayApi.reach(&analysis), Reach::Beside(Share::clamped(TENTH)));
        assert!(!Provider::GatewayApi.keeps_sessions(&analysis));
        analysis.matching = None;
        assert!(Provider::GatewayApi.keeps_sessions(&analysis));
    }

    #[test]
    fn a_mesh_is_needed_by_the_providers_of_one_alone() {
        let all = |needs: Ability| -> Vec<&str> {
            let words = ["istio", "kubernetes", "gatewayapi", "nginx", "skipper", "linkerd", "smi"]
                .into_iter()
                .chain(["contour", "gloo", "kuma", "appmesh", "knative", "traefik", "apisix"])
                .chain(["osm"]);
            let needing =
                |word: &&str| Provider::parse(word).is_some_and(|found| found.needs() == needs);
            words.filter(needing).collect()
        };
        assert_eq!(all(Ability::Service), ["kubernetes"]);
        assert_eq!(all(Ability::Mesh), ["istio", "linkerd", "smi", "kuma", "appmesh", "osm"]);
        assert_eq!(all(Ability::Ingress).len(), 8);
        assert!(Ability::Service < Ability::Ingress && Ability::Ingress < Ability::Mesh);
    }

    #[test]
    fn only_some_mirror() {
        let mirror = |iterations| Analysis { mirror: true, iterations, ..Analysis::default() };
        assert!(Provider::Istio.mirrors(&mirror(0)) && Provider::Istio.mirrors(&mirror(5)));
        assert!(!Provider::GatewayApi.mirrors(&mirror(0)));
        assert!(Provider::GatewayApi.mirrors(&mirror(1)));
        assert!(!Provider::Nginx.mirrors(&mirror(5)));
        let both = Analysis { mirror: true, ..matched(&["x-insider exact yes"]) };
        assert!(!Provider::Istio.mirrors(&both));
        assert!(messages(Provider::Nginx, &mirror(0))[0].contains("nothing is promoted"));
        assert!(messages(Provider::Nginx, &mirror(5))[0].contains("no request is copied"));
        assert!(messages(Provider::Istio, &mirror(0)).is_empty());
    }
}
