//! "Choose by": which strategies qualify under the scenario's constraints, and what decides.

use super::delivered::{self, Kept};
use super::results::{Limit, QualificationRow, RatingRow};
use windtunnel_model::outcome::{Grade, Outcome};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::Ability;

/// One row a strategy.
pub fn qualify(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    ratings: &[RatingRow],
) -> Vec<QualificationRow> {
    let of = |rating: &RatingRow| {
        let limits = delivered::kept(scenario, flights, rating.plan);
        row(scenario, rating, limits)
    };
    ratings.iter().map(of).collect()
}

fn row(scenario: &Scenario, rating: &RatingRow, kept: Kept) -> QualificationRow {
    let (wishes, plan) = (&scenario.constraints, scenario.plan(rating.plan));
    let mut against = Vec::new();
    let mut refuse = |violated: bool, reason: String| {
        if violated {
            against.push(reason);
        }
    };
    refuse(wishes.no_second_fleet && plan.needs.second_fleet, "needs a second fleet".into());
    let there = wishes.routing.unwrap_or(Ability::Mesh);
    refuse(plan.needs.routing > there, routing(plan.needs.routing, there));
    refuse(
        wishes.no_mixing && plan.needs.mixing,
        "lets two versions serve at the same time".into(),
    );
    let outage = rating.outage_good_s;
    refuse(
        rating.downtime == Grade::Yes && !wishes.maintenance_window,
        format!("{outage:.1} s of outage at every release, and no maintenance window"),
    );
    let (beyond, told): (Vec<Limit>, Vec<String>) = kept.against.into_iter().unzip();
    let (unsure, open) = kept.open.into_iter().unzip();
    against.extend(told);
    let qualifies = against.is_empty();
    let reasons = if qualifies { vec![strengths(rating)] } else { against };
    QualificationRow { plan: rating.plan, qualifies, reasons, open, beyond, unsure }
}

/// What is needed to divide requests, and what there is.
fn routing(needed: Ability, there: Ability) -> String {
    let needed = match needed {
        Ability::Mesh => "a mesh",
        Ability::Ingress => "an ingress that divides requests",
        Ability::Service => "a Service",
    };
    format!("needs {needed} (routing: {})", there.word())
}

fn strengths(rating: &RatingRow) -> String {
    let back = match rating.full_rollback_s {
        Some(secs) => format!("{secs:.0} s back"),
        None if rating.exposed => rating.no_rollback().to_string(),
        None => "no bad release met a user".to_string(),
    };
    format!(
        "hurts {:.2} % of the users, {back}, {:.1} fleet-minutes a release",
        rating.hurt_share * 100.0,
        rating.fleet_minutes
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_model::scenario::ids::PlanId;
    use windtunnel_scenario::read::read;

    const STRATEGIES: &str = "
    - rollingUpdate
    - canary: {steps: [10%, 100%]}
    - canary: {name: byPods, steps: [10%, 100%], routing: podRatio}
    - canary: {name: matched, steps: [10%, 100%], matched: 10%}
    - abTest: {duration: 5m}
    - abTest: {name: flags, duration: 5m, assignment: flag}
    - shadow: {for: 5m, then: none}
    - flagger: {name: nginx, provider: nginx, analysis: {interval: 1m, stepWeight: 20}}
    - flagger: {name: istio, provider: istio, analysis: {interval: 1m, stepWeight: 20}}
    - flagger: {name: plain, provider: kubernetes, analysis: {interval: 1m, iterations: 3}}
    - argoCanary: {name: argo, steps: [{setWeight: 20}]}
    - argoCanary: {name: alb, trafficRouting: {router: alb}, steps: [{setWeight: 20}]}
    - argoCanary: {name: smi, trafficRouting: {router: smi}, steps: [{setWeight: 20}]}
    - argoBlueGreen: {}
";

    fn rating(plan: PlanId) -> RatingRow {
        RatingRow {
            plan,
            downtime: Grade::No,
            rollback: Grade::Fast,
            risk: Grade::Low,
            cost: Grade::Low,
            delivery: Grade::Yes,
            outage_good_s: 0.0,
            full_rollback_s: Some(1.0),
            start_to_ready_s: Some(5.0),
            rollback_outage_s: 0.0,
            hurt_share: 0.0,
            fleet_minutes: 0.0,
            exposed: true,
            went_back: true,
        }
    }

    /// Who does not qualify under a line of `constraints:`, and what is said of the line itself.
    fn refused(constraints: &str) -> (Vec<String>, Vec<String>) {
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             service: {{replicas: 10}}\n  constraints: {{{constraints}}}\n  strategies:{STRATEGIES}"
        );
        let (scenarios, warnings) = read(&text, "a.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        let scenario = &scenarios[0];
        let ratings: Vec<RatingRow> = scenario.plan_ids().map(rating).collect();
        let none: Vec<Vec<Vec<Outcome>>> = vec![vec![Vec::new(); ratings.len()]; 2];
        let rows = qualify(scenario, &none, &ratings);
        let names = rows.iter().filter(|row| !row.qualifies);
        let names = names.map(|row| scenario.plan_name(row.plan).to_string()).collect();
        let about = warnings.iter().filter(|w| w.path.starts_with("spec.constraints"));
        (names, about.map(|warning| warning.path.clone()).collect())
    }

    #[test]
    fn what_divides_requests_follows_from_provider_and_router() {
        let mesh = ["matched", "abTest", "shadow", "istio", "smi"];
        let ingress = ["canary", "matched", "abTest", "shadow", "nginx", "istio", "alb", "smi"];
        assert_eq!(refused("routing: mesh").0, [""; 0]);
        assert_eq!(refused("routing: ingress").0, mesh);
        assert_eq!(refused("routing: service").0, ingress);
    }

    #[test]
    fn the_older_word_is_an_ingress_and_told_so() {
        let (names, warnings) = refused("noMesh: true");
        assert_eq!(names, refused("routing: ingress").0);
        assert!(!names.contains(&"nginx".to_string()), "an ingress is no mesh");
        assert_eq!(warnings, ["spec.constraints.noMesh"]);
        assert_eq!(refused("noMesh: false").0, [""; 0]);
    }
}
