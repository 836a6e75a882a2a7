//! "Choose by": six questions that an architect asks, answered by measured figures.
//!
//! Each answer orders the strategies by the figure that decides, and sets those apart that a
//! constraint of the scenario excludes. Whether a strategy qualifies under all constraints is
//! the experiment's judgement and only repeated here. Deliberately absent: formats.

use super::figure::Quantity;
use super::reading;
use windtunnel_experiment::results::{Limit, ScenarioResults};
use windtunnel_experiment::winner::RuledOut;
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::strategy::Ability;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceAnswer {
    /// What one chooses by.
    pub question: &'static str,
    /// The limit that the scenario sets; empty if none.
    pub limit: String,
    /// Strategies within the limit, best first, each with its figure.
    pub within: Vec<(String, String)>,
    /// Strategies beyond it, each with the figure that decides.
    pub beyond: Vec<(String, String)>,
}

/// What one question finds about one strategy.
struct Finding {
    /// Sort key: smaller is better.
    key: f64,
    /// The figure in words.
    figure: String,
    /// Is it within the limit?
    within: bool,
}

impl Finding {
    /// The same, held against a limit that chance decides: beyond it only if that is certain.
    fn judged(mut self, results: &ScenarioResults, plan: PlanId, limit: Limit) -> Finding {
        let row = results.qualification.iter().find(|row| row.plan == plan);
        self.within &= row.is_none_or(|row| !row.beyond.contains(&limit));
        if row.is_some_and(|row| row.unsure.contains(&limit)) {
            self.figure += ", not certain";
        }
        self
    }
}

/// The six questions, answered for one scenario.
pub fn answers(results: &ScenarioResults) -> Vec<ChoiceAnswer> {
    let limits = &results.scenario.constraints;
    let risk = limits
        .risk_max
        .map(|share| format!("at most {} of users hurt", Quantity::Share.show(share.value())));
    let rollback = limits.rollback_max.map(|span| format!("back within {span}"));
    let fleet = limits.no_second_fleet.then(|| "no second fleet".to_string());
    let cost = limits
        .fleet_minutes_max
        .map(|most| format!("at most {}", Quantity::FleetMinutes.show(most)));
    let resources: Vec<String> = fleet.into_iter().chain(cost).collect();
    let routing = limits.routing.filter(|there| *there < Ability::Mesh);
    let routing = routing.map(|there| match there {
        Ability::Service => "Services alone".to_string(),
        _ => "an ingress, no mesh".to_string(),
    });
    let scrape = format!("metrics every {}", results.scenario.telemetry.interval);
    vec![
        answer(results, "risk tolerance", risk.unwrap_or_default(), by_risk),
        answer(results, "resources", resources.join(", "), by_resources),
        answer(results, "rollback speed", rollback.unwrap_or_default(), by_rollback),
        answer(results, "observability", scrape, by_observability),
        answer(results, "traffic routing", routing.unwrap_or_default(), by_routing),
        answer(results, "delivery", delivery(results).join(", "), by_delivery),
    ]
}

fn answer(
    results: &ScenarioResults,
    question: &'static str,
    limit: String,
    find: fn(&ScenarioResults, PlanId) -> Finding,
) -> ChoiceAnswer {
    let scenario = &results.scenario;
    let mut found: Vec<(&str, Finding)> =
        scenario.plan_ids().map(|id| (scenario.plan_name(id), find(results, id))).collect();
    // Who cannot win is not the best by anything.
    for (name, finding) in &mut found {
        let out = |(plan, _): &(PlanId, RuledOut)| scenario.plan_name(*plan) == *name;
        if finding.within && results.choice.ruled_out.iter().any(out) {
            finding.within = false;
            finding.figure += ", ruled out";
        }
    }
    found.sort_by(|a, b| a.1.key.total_cmp(&b.1.key));
    let side = |within: bool| {
        let chosen = found.iter().filter(|(_, finding)| finding.within == within);
        chosen.map(|(name, finding)| (name.to_string(), finding.figure.clone())).collect()
    };
    ChoiceAnswer { question, limit, within: side(true), beyond: side(false) }
}

fn by_risk(results: &ScenarioResults, plan: PlanId) -> Finding {
    let Some(rating) = reading::rating(results, plan) else { return unknown() };
    let figure = Quantity::Share.show(rating.hurt_share);
    Finding { key: rating.hurt_share, figure, within: true }.judged(results, plan, Limit::Risk)
}

fn by_resources(results: &ScenarioResults, plan: PlanId) -> Finding {
    let Some(rating) = reading::rating(results, plan) else { return unknown() };
    let limits = &results.scenario.constraints;
    let refused = limits.no_second_fleet && results.scenario.plan(plan).needs.second_fleet;
    let mut figure = Quantity::FleetMinutes.show(rating.fleet_minutes);
    if let Some(peak) = reading::estimate(results, ReleaseId::Mix, plan, MeasureId::PodsPeak) {
        figure += &format!(", peak {} pods", Quantity::Count.show(peak.mean));
    }
    if refused {
        figure += ", needs a second fleet";
    }
    Finding { key: rating.fleet_minutes, figure, within: !refused }.judged(
        results,
        plan,
        Limit::FleetMinutes,
    )
}

fn by_rollback(results: &ScenarioResults, plan: PlanId) -> Finding {
    let Some(rating) = reading::rating(results, plan) else { return unknown() };
    let (key, figure) = match rating.full_rollback_s {
        _ if !rating.exposed => (-1.0, "no bad release exposed a user".to_string()),
        Some(seconds) => (seconds, Quantity::Seconds.show(seconds)),
        None => (f64::INFINITY, rating.no_rollback().to_string()),
    };
    Finding { key, figure, within: true }.judged(results, plan, Limit::Rollback)
}

/// Who needs metrics, and how late a bad release is found.
fn by_observability(results: &ScenarioResults, plan: PlanId) -> Finding {
    let needs = results.scenario.plan(plan).needs;
    let by = if needs.metrics { "needs metrics" } else { "needs no metrics" };
    let worst = results
        .scenario
        .bad_variants()
        .filter_map(|v| Some((v, reading::estimate(results, v, plan, MeasureId::DetectedAfterS)?)))
        .map(|(v, found)| (found.mean, found.n, reading::flights(results, v, plan)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let exposed = reading::rating(results, plan).is_none_or(|rating| rating.exposed);
    let figure = match worst {
        Some((seconds, found, all)) => {
            let of =
                if found < all { format!(" in {found} of {all} flights") } else { String::new() };
            format!("{by}, found after {}{of}", Quantity::Seconds.show(seconds))
        }
        None if exposed => format!("{by}, no bad release taken back"),
        None => format!("{by}, no user met a bad release"),
    };
    let blind = !needs.metrics && !results.scenario.on_call.present;
    let key = worst.map_or(if exposed { 1e12 } else { 0.0 }, |(seconds, ..)| seconds);
    Finding { key, figure, within: !blind }
}

fn by_routing(results: &ScenarioResults, plan: PlanId) -> Finding {
    let needs = results.scenario.plan(plan).needs.routing;
    let figure = match needs {
        Ability::Service => "plain service",
        Ability::Ingress => "weights at an ingress",
        Ability::Mesh => "a mesh",
    };
    let within = results.scenario.constraints.routing.is_none_or(|there| needs <= there);
    Finding { key: f64::from(needs as u8), figure: figure.to_string(), within }
}

/// The limits of what good releases may meet.
fn delivery(results: &ScenarioResults) -> Vec<String> {
    let limits = &results.scenario.constraints;
    let alarms = limits.false_alarm_max;
    let alarms = alarms.map(|most| {
        format!("at most {} of good releases back", Quantity::Share.show(most.value()))
    });
    let time = limits.time_to_ship_max.map(|most| format!("95 % shipped within {most}"));
    alarms.into_iter().chain(time).collect()
}

/// Who ships most of what is good, and of equals who does it soonest.
fn by_delivery(results: &ScenarioResults, plan: PlanId) -> Finding {
    let Some(found) = results.deliveries.get(plan.0) else { return unknown() };
    let Some(shipped) = found.shipped.filter(|_| !found.by_design) else {
        let figure = if found.by_design { "ships nothing by design" } else { "no good release" };
        return Finding { key: f64::MAX, figure: figure.to_string(), within: !found.by_design };
    };
    let share = format!("ships {}", Quantity::Share.show(shipped.share));
    let times = found.time_to_ship_s.map(|times| times.map(|s| Quantity::Seconds.show(s)));
    let times = times.map(|[half, most]| format!("half in {half}, 95 % in {most}"));
    let alarms = found.false_alarms_per_year.filter(|alarms| alarms.share > 0.0);
    let alarms = alarms.map(|a| format!("{} false alarms a year", Quantity::Count.show(a.share)));
    let figure: Vec<String> = [Some(share), times, alarms].into_iter().flatten().collect();
    let soon = found.time_to_ship_s.map_or(1.0, |[half, _]| half / (half + 1e6));
    Finding {
        key: (1.0 - shipped.share) + soon * 1e-6,
        figure: figure.join(", "),
        // Who certainly exceeds a limit of delivery is ruled out by the rule of choosing.
        within: true,
    }
}

fn unknown() -> Finding {
    Finding { key: f64::INFINITY, figure: "not measured".to_string(), within: true }
}
