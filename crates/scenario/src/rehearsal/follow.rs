//! Whom a rehearsal scrapes: a pod none of whose series any query can select is not looked at.
//!
//! A canary's check asks two pods of a fleet of hundreds; what the others count changes no answer.
//! A pod's page is read once, with every series born, and its labels are held against the
//! selectors.

use super::cast::Cast;
use super::counts::Actor;
use super::stage::RehearsalStage;
use windtunnel_model::analysis::promql::ast::{Matcher, Selector, Test};
use windtunnel_model::telemetry::scraper::{Place, Scraper};
use windtunnel_model::telemetry::target;
use windtunnel_model::world::names::PodNames;

/// Which of a pod's targets are scraped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Followed {
    pub app: bool,
    pub sidecar: bool,
}

impl Followed {
    pub fn any(self) -> bool {
        self.app || self.sidecar
    }
}

impl RehearsalStage<'_, '_> {
    /// Which targets of a pod any query can select, by the first pod of its kind.
    pub(super) fn followed(&self, actor: &Actor, number: usize) -> Followed {
        let kind = (actor.pool as usize, actor.version.index());
        if let Some(known) = self.cast.followed.borrow().get(&kind) {
            return *known;
        }
        let pod = number as u32;
        let found = Followed {
            app: self.is_selected(actor, Place::App(pod)),
            sidecar: self.is_selected(actor, Place::Sidecar(pod)),
        };
        self.cast.followed.borrow_mut().insert(kind, found);
        found
    }

    fn is_selected(&self, actor: &Actor, place: Place) -> bool {
        let mut scraper = self.cast.scraper();
        if !scraper.wants(place) {
            return false;
        }
        let (Place::App(pod) | Place::Sidecar(pod)) = place else { return true };
        let labels = target::labels(place, self.cast.names, Some(&actor.names));
        let target = scraper.add(place, labels);
        scraper.visit(target, 0).pod(pod, &self.pod_facts(actor));
        selects(self.cast, &scraper, &actor.names)
    }
}

fn selects(cast: &Cast<'_>, scraper: &Scraper, names: &PodNames) -> bool {
    let selectors = || cast.queries.iter().flat_map(|query| query.selectors());
    let store = &scraper.store;
    store.ids().any(|series| {
        let labels: Vec<(&str, &str)> = store.label_texts(series).collect();
        selectors().any(|selector| takes(selector, &labels, names))
    })
}

/// Can a selector take series with these labels, of this pod or another one of its kind?
fn takes(selector: &Selector, labels: &[(&str, &str)], names: &PodNames) -> bool {
    let passes = |matcher: &Matcher| {
        let value = labels.iter().find(|(name, _)| *name == matcher.label);
        let value = value.map_or("", |(_, value)| value);
        let is_own = value.contains(&names.pod) || value.contains(&names.address);
        // One pod by its name may be the next of the kind.
        is_own && matches!(matcher.test, Test::Equal(_)) || matcher.takes(value)
    };
    selector.matchers.iter().all(passes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::tests::{pilot, scenario};
    use windtunnel_model::analysis::promql::Query;
    use windtunnel_model::world::service::Version;

    /// (old pods, new pods) that are followed for a query.
    fn followed(query: &str) -> [Followed; 2] {
        let strategy = "canary: {steps: [20%, 60%], checks: [{errorRate: {max: 1%}}]}";
        let scenario = scenario(3, strategy);
        let pilot = pilot(&scenario);
        let mut cast = Cast::new(&scenario, &pilot, None).expect("a check that counts");
        // A check of its own would count the new version's requests as well.
        cast.queries = vec![Query::parse(query).expect("a query")];
        let stage = RehearsalStage::new(&cast, 0);
        [stage.actors[0].followed, stage.cast_kind(Version::New)]
    }

    #[test]
    fn pods_are_followed_whose_series_a_query_can_select() {
        let (none, app) = (Followed::default(), Followed { app: true, sidecar: false });
        let of = |labels: &str| followed(&format!("sum(rate(http_requests_total{labels}[1m]))"));
        assert_eq!(of("{version=\"new\"}"), [none, app]);
        assert_eq!(of("{version!=\"new\",status=\"500\"}"), [app, none]);
        assert_eq!(of(""), [app, app]);
        assert_eq!(of("{version=\"neither\"}"), [none, none]);
        // Whose name is asked for is seen as flights go.
        assert_eq!(of("{pod=\"a\"}"), [app, app]);
        assert_eq!(of("{pod=~\"a\"}"), [none, none]);
        let sidecars = followed("sum(rate(istio_requests_total{response_code=\"500\"}[1m]))");
        assert!(sidecars.iter().all(|f| f.sidecar && !f.app), "{sidecars:?}");
    }
}
