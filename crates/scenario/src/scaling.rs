//! `spec.service.autoscaler` and `spec.service.disruptionBudget`: what changes the number of pods
//! beside a release, and what holds evictions back.
//!
//! Fields and defaults are those of HorizontalPodAutoscaler (autoscaling/v2) and
//! PodDisruptionBudget (policy/v1). Deliberately unknown here: when they act.

use windtunnel_base::settings::Reader;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::Share;
use windtunnel_model::strategy::autoscaler::hpa::{Behavior, HpaSettings, KedaQuery, Metric};
use windtunnel_model::strategy::autoscaler::limits::{Amount, Policy, Rules, Select};
use windtunnel_model::strategy::autoscaler::replicas::Tolerance;
use windtunnel_model::strategy::autoscaler::sample::WarmUp;
use windtunnel_model::strategy::deployment::bounds::IntOrPercent;
use windtunnel_model::strategy::disruption::{Budget, Disruptions};
use windtunnel_model::world::routing::Pool;

/// Most pods, as for `replicas`.
const REPLICAS_MAX: u64 = 5000;

/// Longest window that the API takes.
const WINDOW_MAX: SimDuration = SimDuration::from_secs(3600);

/// Longest period of a policy that the API takes.
const PERIOD_MAX: SimDuration = SimDuration::from_secs(1800);

/// What changes the number of pods, and what holds evictions back.
#[derive(Debug, Default, PartialEq)]
pub struct Scaling {
    /// Settings of the HorizontalPodAutoscaler; nothing: the size stays.
    pub autoscaler: Option<HpaSettings>,
    /// `spec.replicas` that the release writes beside it, if it writes any.
    pub applied: Option<u32>,
    /// PodDisruptionBudgets; empty: nothing holds evictions up.
    pub disruptions: Vec<Disruptions>,
}

/// Reads all; each may be left out.
pub fn read(r: &mut Reader<'_>) -> Scaling {
    let help = "a HorizontalPodAutoscaler; left out: the number of pods is the release's affair";
    let scaler = r.opt_object("autoscaler", help, |r| (autoscaler(r), applied(r)));
    let (autoscaler, applied) = scaler.unzip();
    let help = "a PodDisruptionBudget: how many pods a node's drain may evict; left out: any";
    let one = r.opt_object("disruptionBudget", help, budget);
    let help = "several of them; a pod that two of them cover can't be evicted at all";
    let several = r.opt_list("disruptionBudgets", help, budget).unwrap_or_default();
    let disruptions = one.into_iter().chain(several).collect();
    Scaling { autoscaler, applied: applied.flatten(), disruptions }
}

fn applied(r: &mut Reader<'_>) -> Option<u32> {
    let help = "pods that the release's manifest asks for beside it (spec.replicas): they are so \
        many at once, until the next sync (not Flagger's primary); left out: it says nothing";
    r.opt_count("applied", 1..=REPLICAS_MAX, help).map(|pods| pods as u32)
}

fn autoscaler(r: &mut Reader<'_>) -> HpaSettings {
    let min = r.count("minReplicas", 1, 1..=REPLICAS_MAX, "fewest pods (k8s: 1)") as u32;
    let max = r.opt_count("maxReplicas", 1..=REPLICAS_MAX, "most pods; has to be given");
    if max.is_none() && !r.has("maxReplicas") && !r.describing() {
        r.problem("", "maxReplicas is missing", "the most pods that it may ask for", "");
    }
    let max = max.map_or(min, |max| max as u32);
    if min > max && !r.describing() {
        let found = format!("{min} is above maxReplicas, {max}");
        r.problem("minReplicas", found, "at most maxReplicas", "");
    }
    let tolerance = r.share("tolerance", "10%", "ratios this near to 1 change nothing (k8s: 10%)");
    let initialization = "CPU of a pod younger than this counts once it is ready (k8s: 300s)";
    let delay = "a pod that was never ready within this does not count (k8s: 30s)";
    HpaSettings {
        min,
        metrics: metrics(r),
        behavior: r.opt_object("behavior", "how fast it may change", behavior),
        tolerance: each_way(r, tolerance.value()),
        warm_up: WarmUp {
            cpu_initialization: r.duration("cpuInitialization", "300s", initialization),
            readiness_delay: r.duration("initialReadinessDelay", "30s", delay),
        },
        ..HpaSettings::new(max)
    }
}

/// One tolerance both ways, or one for each (`behavior.*.tolerance`, since Kubernetes 1.33).
fn each_way(r: &mut Reader<'_>, both: f64) -> Tolerance {
    let up = r.opt_share("toleranceUp", "the same for growing alone");
    let down = r.opt_share("toleranceDown", "the same for shrinking alone");
    if up.is_none() && down.is_none() {
        return Tolerance::Either(both);
    }
    let of = |given: Option<Share>| given.map_or(both, Share::value);
    Tolerance::Each { down: of(down), up: of(up) }
}

/// What it looks at: the largest of their proposals counts.
fn metrics(r: &mut Reader<'_>) -> Vec<Metric> {
    let percent = 1..=100_000;
    let cpu = "mean CPU in percent of the request; 80 if no metric is named (k8s: 80)";
    let cpu = r.opt_count("cpuUtilization", percent.clone(), cpu);
    let cores = r.opt_number("cpuAverage", 0.001..=1000.0, "mean CPU of each pod, in cores");
    let memory = "mean memory in percent of the limit; a process that does not leak uses 25 %";
    let memory = r.opt_count("memoryUtilization", percent, memory);
    let requests = "mean requests a second of each pod, as a custom metric";
    let requests = r.opt_number("requestsPerPod", 0.001..=1e6, requests);
    let total = "requests a second of the whole service (an Object or External metric with value)";
    let total = r.opt_number("requestsTotal", 0.001..=1e9, total);
    let shared = "requests a second of the whole service for each pod (with averageValue)";
    let shared = r.opt_number("requestsTotalPerPod", 0.001..=1e9, shared);
    let outside = "metrics of things that a flight does not have: they stand at their targets, so \
        the size never falls";
    let outside =
        r.texts("atTarget", "", outside, |name| Some(name.to_string()), "the name of a metric");
    let queries = "PromQL whose answers it looks at, as KEDA's trigger prometheus does";
    let queries = r.opt_list("queries", queries, asked).unwrap_or_default();
    let thousandths = |rate: f64| ((rate * 1000.0) as i64).max(1);
    let name = || "http_requests_per_second".to_string();
    let named = [
        cpu.map(|percent| Metric::CpuUtilisation(percent as i64)),
        cores.map(|cores| Metric::CpuMean(((cores * 1000.0) as i64).max(1))),
        memory.map(|percent| Metric::MemoryUtilisation(percent as i64)),
        requests.map(|rate| Metric::Pods { name: name(), target: thousandths(rate) }),
        total.map(|rate| Metric::Value { name: name(), target: thousandths(rate) }),
        shared.map(|rate| Metric::AverageValue { name: name(), target: thousandths(rate) }),
    ];
    let outside = outside.into_iter().map(|(_, name)| Metric::AtTarget { name });
    let queries = queries.into_iter().map(Metric::Query);
    let mut metrics: Vec<Metric> =
        named.into_iter().flatten().chain(queries).chain(outside).collect();
    if metrics.is_empty() {
        metrics.push(Metric::CpuUtilisation(80));
    }
    metrics
}

/// A query, and the answer at which the size is right.
fn asked(r: &mut Reader<'_>) -> KedaQuery {
    let query = r.required_text("query", "PromQL that comes to one value");
    let threshold =
        r.opt_number("threshold", 0.001..=1e12, "the value for each pod; has to be given");
    if threshold.is_none() && !r.has("threshold") && !r.describing() {
        r.problem("", "threshold is missing", "the value for each pod", "");
    }
    let words = ["AverageValue", "Value"];
    let help = "is `threshold` the part of each pod, or the answer as it is (KEDA: AverageValue)";
    let whole = r.choice("metricType", &words, "AverageValue", help) == 1;
    let help = "is no answer a 0, or an error that lets nothing shrink (KEDA: true)";
    let empty_is_zero = r.flag("ignoreNullValues", true, help);
    let help = "what the copy for Flagger's primary asks; left out: the same";
    let primary = r.opt_text("primaryQuery", help);
    let target = (threshold.unwrap_or(1.0) * 1000.0) as i64;
    KedaQuery { query, primary, target: target.max(1), whole, empty_is_zero }
}

fn behavior(r: &mut Reader<'_>) -> Behavior {
    Behavior {
        up: r.object("scaleUp", "growing", |r| rules(r, "0s", Rules::up())),
        down: r.object("scaleDown", "shrinking", |r| rules(r, "300s", Rules::down())),
    }
}

fn rules(r: &mut Reader<'_>, window: &str, usual: Rules) -> Rules {
    let help = "the mildest recommendation of this long counts (k8s: 0s to grow, 300s to shrink)";
    let window = r.duration("stabilizationWindow", window, help);
    if window > WINDOW_MAX {
        r.problem("stabilizationWindow", format!("found {window}"), "at most 1h", "");
    }
    let words = ["Max", "Min", "Disabled"];
    let select = match r.choice("selectPolicy", &words, "Max", "which policy counts (k8s: Max)") {
        0 => Select::Max,
        1 => Select::Min,
        _ => Select::Disabled,
    };
    let help = "what may change at once; left out: 4 pods or 100 % in 15s to grow, 100 % to shrink";
    let policies = r.opt_list("policies", help, policy).unwrap_or_default();
    let policies = if policies.is_empty() { usual.policies } else { policies };
    Rules { window, select, policies }
}

fn policy(r: &mut Reader<'_>) -> Policy {
    let words = ["Pods", "Percent"];
    let is_percent = r.choice("type", &words, "Pods", "what `value` counts") == 1;
    let value = r.required_count("value", 1..=1_000_000, "how many, in a period") as u32;
    let period = r.duration("period", "15s", "the period (k8s: at most 30 minutes)");
    if period < SimDuration::from_secs(1) || period > PERIOD_MAX {
        r.problem("period", format!("found {period}"), "1s to 30m", "");
    }
    Policy { amount: if is_percent { Amount::Percent(value) } else { Amount::Pods(value) }, period }
}

fn budget(r: &mut Reader<'_>) -> Disruptions {
    let help = "may pods that are not ready always be evicted (k8s: only while others suffice)";
    let evicts_unhealthy = r.flag("evictUnhealthy", false, help);
    let help = "whose pods its selector picks; two fleets may differ in their labels";
    let covers = match r.choice("covers", &["all", "stable", "candidate"], "all", help) {
        0 => None,
        1 => Some(Pool::Stable),
        _ => Some(Pool::Candidate),
    };
    Disruptions { budget: bounds(r), evicts_unhealthy, covers }
}

fn bounds(r: &mut Reader<'_>) -> Budget {
    let least = bound(r, "minAvailable", "pods that must stay, a number or a percentage");
    let most = bound(r, "maxUnavailable", "pods that may be missing, a number or a percentage");
    if least.is_some() == most.is_some() && !r.describing() {
        let found = if least.is_some() { "both bounds at once" } else { "neither bound" };
        r.problem("minAvailable", found, "minAvailable or maxUnavailable", "");
    }
    match (least, most) {
        (Some(least), _) => Budget::MinAvailable(least),
        (None, most) => Budget::MaxUnavailable(most.unwrap_or(IntOrPercent::Int(1))),
    }
}

fn bound(r: &mut Reader<'_>, name: &'static str, help: &'static str) -> Option<IntOrPercent> {
    let text = r.opt_text(name, help)?;
    let value = IntOrPercent::parse(&text);
    if value.resolve(100, true).is_ok_and(|pods| pods >= 0) {
        return Some(value);
    }
    let expected = "a number of pods or a whole percentage such as 25%";
    r.problem(name, format!("found {text:?}"), expected, "");
    Some(IntOrPercent::Int(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    fn service(fields: &str) -> Result<(Option<HpaSettings>, Vec<Disruptions>), String> {
        let head = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: t}\nspec:\n";
        match read(&format!("{head}  service: {{replicas: 4, {fields}}}\n"), "t") {
            Ok((mut found, _)) => {
                let scenario = found.remove(0);
                Ok((scenario.autoscaler, scenario.disruptions))
            }
            Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn an_autoscaler_has_the_controllers_defaults() {
        assert_eq!(service(""), Ok((None, Vec::new())));
        let (found, _) = service("autoscaler: {maxReplicas: 9}").expect("valid");
        assert_eq!(found, Some(HpaSettings::new(9)));
        let behavior =
            "behavior: {scaleDown: {policies: [{type: Percent, value: 10, period: 1m}]}}";
        let fields = format!("autoscaler: {{maxReplicas: 9, requestsPerPod: 2.5, {behavior}}}");
        let found = service(&fields).expect("valid").0.expect("an autoscaler");
        let name = "http_requests_per_second".to_string();
        assert_eq!(found.metrics, [Metric::Pods { name, target: 2_500 }]);
        let behavior = found.behavior.expect("a behaviour");
        assert_eq!(behavior.up, Rules::up());
        let period = SimDuration::from_secs(60);
        assert_eq!(behavior.down.policies, [Policy { amount: Amount::Percent(10), period }]);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let wrong = |fields: &str| service(fields).expect_err("a problem");
        assert!(
            wrong("autoscaler: {minReplicas: 3, maxReplicas: 2}").contains("above maxReplicas")
        );
        assert!(wrong("autoscaler: {}").contains("maxReplicas"));
        assert!(wrong("disruptionBudget: {}").contains("neither bound"));
        let both = "disruptionBudget: {minAvailable: 1, maxUnavailable: 1}";
        assert!(wrong(both).contains("both bounds"));
        assert!(wrong("disruptionBudget: {minAvailable: few}").contains("found \"few\""));
        let (_, budget) = service("disruptionBudget: {maxUnavailable: 30%}").expect("valid");
        let most = Budget::MaxUnavailable(IntOrPercent::Text("30%".into()));
        let only = Disruptions { budget: most, evicts_unhealthy: false, covers: None };
        assert_eq!(budget, [only]);
    }
}
