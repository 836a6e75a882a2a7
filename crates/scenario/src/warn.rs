//! What is allowed but will probably surprise: warnings that `validate` and `run` print.
//!
//! Rough figures on purpose (means, medians, no queueing): they point at settings to look at, the
//! flights say what really happens. Checks that behave like coin flips are in `warn_checks`.

use super::{priced, tree, warn_budgets, warn_checks, warn_expect, weak};
use windtunnel_base::escape::short::thousands;
use windtunnel_base::node::Node;
use windtunnel_base::problem::Problem;
use windtunnel_base::time::SimDuration;
use windtunnel_model::fault::{Fault, FaultEffect, InfraEffect};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::strategy::pilot::Pilot;
use windtunnel_model::traffic::Arrivals;

/// Share of slots above which a queue builds up.
const BUSY: f64 = 0.9;

/// Share of a flight that a recording covers without a word about the rest.
const LEAST_RECORDED: f64 = 0.9;

/// Warnings about a scenario without problems, with its strategies bound to it.
pub fn warnings(document: &Node, scenario: &Scenario, pilots: &[Pilot]) -> Vec<Problem> {
    let mut found = Warnings::new(document);
    load(scenario, &mut found);
    probes(scenario, &mut found);
    shutdown(scenario, &mut found);
    ejection(scenario, &mut found);
    time(scenario, pilots, &mut found);
    faults(scenario, &mut found);
    late_steps(scenario, &mut found);
    for (i, (plan, pilot)) in scenario.plans.iter().zip(pilots).enumerate() {
        for surprise in &pilot.facts.surprises {
            let path = format!("spec.strategies[{i}].{}.{}", plan.kind, surprise.path);
            found.say(&path, surprise.message.as_str(), &surprise.help);
        }
    }
    warn_budgets::warnings(scenario, &mut found);
    warn_checks::warnings(scenario, pilots, &mut found);
    warn_expect::warnings(scenario, pilots, &mut found);
    found.problems.extend(priced::warnings(document, scenario));
    found.problems
}

/// Warnings about the rows of a recording, of which a flight takes those before its horizon: rows
/// behind it, and a long silence before it.
pub fn of_trace(document: &Node, scenario: &Scenario) -> Vec<Problem> {
    let mut found = Warnings::new(document);
    let Arrivals::Trace(rows) = &scenario.traffic.arrivals else { return Vec::new() };
    let horizon = scenario.horizon;
    let Some(last) = rows.iter().map(|row| row.at).max() else { return Vec::new() };
    let path = "spec.traffic.arrivals";
    let behind = rows.iter().filter(|row| row.at >= horizon).count();
    if behind > 0 {
        let message = format!(
            "{} of {} recorded arrivals come after the horizon of {horizon} (the last at {last}): \
             they are not flown",
            thousands(behind),
            thousands(rows.len()),
        );
        found.say(path, message, "lengthen spec.horizon, or raise the speed of the trace");
    } else if last.as_secs_f64() < LEAST_RECORDED * horizon.as_secs_f64() {
        let message = format!(
            "the recording ends at {last}, the flight at {horizon}: nobody comes in between"
        );
        found.say(path, message, "shorten spec.horizon, or lower the speed of the trace");
    }
    found.problems
}

/// Warnings on their way, with the document that they point into.
pub(super) struct Warnings<'a> {
    document: &'a Node,
    problems: Vec<Problem>,
}

impl<'a> Warnings<'a> {
    /// No warnings yet.
    pub(super) fn new(document: &'a Node) -> Warnings<'a> {
        Warnings { document, problems: Vec::new() }
    }

    /// Does the document say anything under `path`?
    pub(super) fn given(&self, path: &str) -> bool {
        self.document.at(path).is_some()
    }

    /// What was found.
    pub(super) fn problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Adds a warning about what stands under `path`.
    pub(super) fn say(&mut self, path: &str, message: impl Into<String>, help: &str) {
        let place = tree::place(self.document, path);
        self.problems.push(Problem::warning(place, path, message).help(help));
    }
}

/// Highest mean arrivals per second within the flight.
fn peak_rate(scenario: &Scenario) -> Option<f64> {
    match &scenario.traffic.arrivals {
        Arrivals::Steps(steps) => {
            let within = steps.steps.iter().filter(|(start, _)| *start <= scenario.horizon);
            within.map(|(_, rate)| *rate).reduce(f64::max)
        }
        _ => None,
    }
}

/// Steps of the load that begin when the flight is over.
fn late_steps(scenario: &Scenario, found: &mut Warnings<'_>) {
    let Arrivals::Steps(steps) = &scenario.traffic.arrivals else { return };
    let late = steps.steps.iter().filter(|(start, _)| *start >= scenario.horizon).count();
    if late > 0 && steps.period.is_none() {
        let message = format!(
            "{late} of {} steps begin after the horizon of {}: they are not flown",
            steps.steps.len(),
            scenario.horizon
        );
        found.say("spec.traffic.arrivals", message, "lengthen spec.horizon");
    }
}

/// Slots that the load keeps busy, against slots that there are.
fn load(scenario: &Scenario, found: &mut Warnings<'_>) {
    let Some(rate) = peak_rate(scenario) else { return };
    let service = &scenario.service;
    let busy = rate * scenario.mean_service_secs();
    let use_with = |pods: u32| busy / (f64::from(pods) * f64::from(service.pod.concurrency));
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let missing = (service.replicas / 4).max(1);
    let fewer = service.replicas.saturating_sub(missing);
    let help = "more replicas, more concurrency, less traffic, or mean to show an overload";
    let path = "spec.service.replicas";
    if use_with(service.replicas) > BUSY {
        let message = format!(
            "the offered load keeps {} of all slots busy",
            percent(use_with(service.replicas))
        );
        found.say(path, message, help);
    } else if fewer > 0 && use_with(fewer) > BUSY {
        let message = format!(
            "with {missing} of {} pods missing, as during a rolling update, the offered load keeps \
             {} of all slots busy",
            service.replicas,
            percent(use_with(fewer))
        );
        found.say(path, message, help);
    }
}

/// Ejection that never ejects anybody.
fn ejection(scenario: &Scenario, found: &mut Warnings<'_>) {
    let (balancer, replicas) = (&scenario.service.balancer, scenario.service.replicas);
    let own = balancer.candidate.and_then(|(_, rules)| rules.outliers);
    let all = [("", balancer.mesh.rules.outliers), ("candidate.", own)];
    for (at, rules) in all.into_iter().filter_map(|(at, rules)| Some((at, rules?))) {
        if rules.allows(0, replicas as usize) {
            continue;
        }
        let message = format!(
            "{:.0}% of {replicas} pods is less than one: none is ever ejected (Envoy since 1.28)",
            rules.most.value() * 100.0
        );
        let least = (100.0 / f64::from(replicas.max(1))).ceil();
        let help = format!("maxEjection: {least}%, or more");
        found.say(&format!("spec.service.balancer.{at}outlierDetection"), message, &help);
    }
}

fn probes(scenario: &Scenario, found: &mut Warnings<'_>) {
    let pod = &scenario.service.pod;
    if pod.readiness.is_none() {
        let message = "without a readiness probe pods get requests before they serve";
        found.say("spec.service.readinessProbe", message, "readinessProbe: {period: 5s}");
    }
    if let Some((patience, slow)) = weak::impatient(pod) {
        let message = format!(
            "kills a container after {patience}, but 1 start in 100 takes more than {slow}"
        );
        found.say("spec.service.livenessProbe", message, "add a startupProbe");
    }
    if let Some((patience, slow)) = weak::gives_up(pod) {
        let message = format!(
            "gives up after {patience}, but 1 start in 100 takes more than {slow}: a crash loop"
        );
        found.say("spec.service.startupProbe", message, "raise failureThreshold");
    }
}

fn shutdown(scenario: &Scenario, found: &mut Warnings<'_>) {
    let service = &scenario.service;
    if let Some(learned) = weak::leaves_early(scenario) {
        let message = format!(
            "{} is over before the balancers have learned of the end ({learned} at p99): requests \
             go to pods that are gone",
            service.pod.pre_stop
        );
        found.say("spec.service.preStop", message, &format!("preStop: {}s", whole_secs(learned)));
    }
}

fn whole_secs(span: SimDuration) -> u64 {
    span.as_secs_f64().ceil() as u64
}

/// Strategies and humans that the horizon cuts off.
fn time(scenario: &Scenario, pilots: &[Pilot], found: &mut Warnings<'_>) {
    let left = scenario.horizon.saturating_sub(scenario.release.at);
    for (i, (plan, pilot)) in scenario.plans.iter().zip(pilots).enumerate() {
        let takes = pilot.facts.takes;
        if takes > left {
            let message = format!(
                "{} takes at least {takes}, but {left} are left after the release begins: every \
                 flight stays unfinished",
                plan.name
            );
            let help = "lengthen spec.horizon or shorten the strategy";
            found.say(&format!("spec.strategies[{i}].{}", plan.kind), message, help);
        }
    }
    let human = &scenario.on_call;
    let usual = human.acknowledge.quantile(0.5) + human.decide.quantile(0.5);
    if human.present && usual > left {
        let message = format!(
            "the human needs {usual} in the median, but {left} are left after the release begins"
        );
        found.say("spec.onCall", message, "lengthen spec.horizon, or onCall: none");
    }
}

/// Faults that nothing in the scenario can feel.
fn faults(scenario: &Scenario, found: &mut Warnings<'_>) {
    let chaos = scenario.chaos.iter().enumerate();
    let chaos = chaos.map(|(i, f)| (format!("spec.chaos[{i}].{}", f.name), f));
    let variants = scenario.release.variants.iter().enumerate();
    let of_variants = variants.flat_map(|(v, variant)| {
        let lists = [("faults", &variant.faults), ("chaos", &variant.chaos)];
        lists.into_iter().flat_map(move |(list, faults)| {
            let path =
                move |i, f: &Fault| format!("spec.release.variants[{v}].{list}[{i}].{}", f.name);
            faults.iter().enumerate().map(move |(i, f)| (path(i, f), f))
        })
    });
    for (path, fault) in chaos.chain(of_variants) {
        if needs_dependency(fault) && scenario.service.dependency.is_none() {
            let message = "the service has no dependency: nothing happens";
            found.say(&path, message, "add spec.service.dependency");
        }
        if let Some(zone) = fault.zone().filter(|z| *z >= scenario.service.nodes.zones) {
            let message = format!("there is no zone {zone}: nothing happens");
            let zones = scenario.service.nodes.zones;
            found.say(&path, message, &format!("zones are 0 to {}", zones.saturating_sub(1)));
        }
    }
}

fn needs_dependency(fault: &Fault) -> bool {
    match &fault.effect {
        FaultEffect::Infra(InfraEffect::DependencyErrors(_)) => true,
        FaultEffect::Request(effect, _) => effect.calls != 1.0,
        _ => false,
    }
}
