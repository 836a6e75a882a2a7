//! `argoCanary` and `argoBlueGreen`: a Rollout of Argo, written in a Scenario with the controller's
//! own words.
//!
//! `windtunnel import` writes them from a Rollout's manifest, with its AnalysisTemplates in place.
//! Fields and defaults are those of [`super::settings`]; what a manifest cannot say (who promotes a
//! pause without end, which users a match means) is a field here.

use super::drive::plan;
use super::field;
use super::kayenta;
use super::settings::{
    Analysis, ArgoSettings, Background, BlueGreen, Canary, CanaryScale, Experiment,
    ExperimentAnalysis, ExperimentTemplate, Plugin, Rules, Step, Strategy, Threshold, Traffic,
};
use crate::analysis::argo::metric::{ArgoMetric, Given, RangeQuery};
use crate::analysis::argo::valid;
use crate::analysis::expr::dates::epoch;
use crate::analysis::reply::{EXPECTED, Reply};
use crate::strategy::deployment::bounds::IntOrPercent;
use crate::strategy::{Plan, orders};
use std::ops::RangeInclusive;
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::parse_duration;

/// A canary.
pub const CANARY: Part<Plan> = Part {
    name: "argoCanary",
    summary: "a Rollout of Argo that walks through steps, as the controller reconciles it",
    read: read_canary,
};

/// A blue-green release.
pub const BLUE_GREEN: Part<Plan> = Part {
    name: "argoBlueGreen",
    summary: "a Rollout of Argo with a preview and a switch, as the controller reconciles it",
    read: read_blue_green,
};

fn read_canary(r: &mut Reader<'_>) -> Plan {
    let canary = canary(r);
    rollout(r, Strategy::Canary(canary))
}

fn read_blue_green(r: &mut Reader<'_>) -> Plan {
    let plan = blue_green(r);
    rollout(r, Strategy::BlueGreen(plan))
}

fn rollout(r: &mut Reader<'_>, strategy: Strategy) -> Plan {
    let kind = match &strategy {
        Strategy::Canary(_) => CANARY.name,
        Strategy::BlueGreen(_) => BLUE_GREEN.name,
    };
    let name = r.text(field::NAME, kind, "name in tables and charts");
    let own = "name of the Rollout, for events and its pods; left out: the service's";
    let own = r.opt_text(field::ROLLOUT, own).unwrap_or_default();
    let settings = ArgoSettings {
        progress_deadline: r.duration(
            field::PROGRESS_DEADLINE,
            "600s",
            "without progress: Degraded",
        ),
        progress_deadline_abort: r.flag(
            field::PROGRESS_DEADLINE_ABORT,
            false,
            "and then: rollback",
        ),
        promoted_after: r.opt_duration(
            field::PROMOTED_AFTER,
            "how long after a pause without end somebody promotes; left out: never",
        ),
        promoted_full_after: r.opt_duration(
            field::PROMOTED_FULL_AFTER,
            "how long after the release somebody runs `promote --full`; left out: never",
        ),
        resumed_after: r.opt_duration(
            field::RESUMED_AFTER,
            "the Rollout is paused: how long after the release somebody resumes it",
        ),
        rollback_window: r
            .opt_count(
                field::ROLLBACK_WINDOW,
                0..=1000,
                "an undo so many versions back skips all steps",
            )
            .map(|revisions| revisions as u32),
        rules: rules(r),
        orders: orders::of_rollout(r),
        ..ArgoSettings::new(&own, strategy)
    };
    plan(&name, settings)
}

fn rules(r: &mut Reader<'_>) -> Rules {
    let help = "whose rules hold: up to 1.10 an abort with dynamicStableScale and an \
        abortScaleDownDelay holds the weight until the canary's pods are gone";
    let words = Rules::WORDS.map(|(word, _)| word);
    Rules::WORDS[r.choice(field::RULES, &words, words[0], help)].1
}

fn canary(r: &mut Reader<'_>) -> Canary {
    let steps =
        r.opt_list(field::STEPS, "walked through in order; without any, a rolling update", step);
    let max_surge =
        IntOrPercent::read(r, field::MAX_SURGE, "pods above full size, without traffic routing");
    let max_unavailable = IntOrPercent::read(r, field::MAX_UNAVAILABLE, "pods that may be missing");
    let delay = "from the end to the end of old pods, with traffic routing; left out: 30s";
    let abort = "from an abort to the end of the canary's pods; 0 keeps them; left out: 30s";
    let steps: Vec<Option<Step>> = steps.unwrap_or_default();
    let traffic =
        r.opt_object(field::TRAFFIC_ROUTING, "left out: the weight is a ratio of pods", traffic);
    let only = "users come by the stable Service, whose selector the controller points at stable \
        pods: without trafficRouting the canary gets nothing until it is promoted";
    let only = r.flag(field::STABLE_SERVICE_ONLY, false, only);
    if only && traffic.is_some() {
        let help = "with trafficRouting the router sends users to both";
        let found = "given beside trafficRouting";
        r.problem(field::STABLE_SERVICE_ONLY, found, "one of the two", help);
    }
    let most = traffic.as_ref().map_or(100, |traffic| traffic.max_weight);
    for (index, step) in steps.iter().enumerate() {
        let Some(Step::SetWeight(weight)) = step else { continue };
        if *weight > most {
            let path = format!("{}[{index}].{}", field::STEPS, field::SET_WEIGHT);
            let (place, found) =
                (r.place_in(field::STEPS, index, field::SET_WEIGHT), weight.to_string());
            let expected = format!("a weight from 0 to {most}");
            let help = "trafficRouting.maxTrafficWeight is the weight of everything";
            r.problem_at(place, &path, format!("found {found}"), &expected, help);
        }
    }
    Canary {
        steps: steps.into_iter().flatten().collect(),
        max_surge,
        max_unavailable,
        traffic,
        stable_service_only: only,
        dynamic_stable_scale: r.flag(
            field::DYNAMIC_STABLE_SCALE,
            false,
            "the stable version shrinks as the canary grows",
        ),
        scale_down_delay: r.opt_duration(field::SCALE_DOWN_DELAY, delay),
        scale_down_revisions: r
            .opt_count(
                field::SCALE_DOWN_DELAY_REVISION_LIMIT,
                0..=1000,
                "old versions that stay up",
            )
            .map(|n| n as u32),
        abort_scale_down_delay: r.opt_duration(field::ABORT_SCALE_DOWN_DELAY, abort),
        min_pods: r
            .opt_count(
                field::MIN_PODS_PER_REPLICA_SET,
                1..=5000,
                "fewest pods of a version with traffic",
            )
            .map(|pods| pods as u32),
        progress_threshold: threshold(r),
        analysis: r.opt_object(field::ANALYSIS, "one run beside the steps", |r| Background {
            starting_step: r
                .opt_count(field::STARTING_STEP, 0..=1000, "the step at which it begins, from 0")
                .map(|step| step as usize),
            analysis: analysis(r),
        }),
    }
}

fn traffic(r: &mut Reader<'_>) -> Traffic {
    let routes =
        r.texts(field::MANAGED_ROUTES, "", "names of routes", |t| Some(t.to_string()), "text");
    let stable = "Service of the stable side, as the router's metrics call it";
    let stable = r.opt_text(field::STABLE_SERVICE, stable);
    let canary = r.opt_text(field::CANARY_SERVICE, "Service of the canary");
    Traffic {
        services: stable.zip(canary).map(|(stable, canary)| [stable, canary]),
        max_weight: r.count(
            field::MAX_TRAFFIC_WEIGHT,
            100,
            1..=WEIGHT_MAX,
            "the weight of everything",
        ) as u32,
        managed_routes: routes.into_iter().map(|(_, name)| name).collect(),
        sticky: r.opt_duration(field::STICKINESS, "users stay so long with the side they have met"),
        router: r.text(field::ROUTER, "istio", "who divides the traffic, for the event log"),
    }
}

fn threshold(r: &mut Reader<'_>) -> Option<Threshold> {
    let help = "how much of a step's pods is enough: a number, or a percentage such as 90%";
    let text = r.opt_text(field::REPLICA_PROGRESS_THRESHOLD, help)?;
    let found = match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(Threshold::Percent),
        None => text.parse().ok().map(Threshold::Pods),
    };
    if found.is_none() {
        let expected = "a number of pods or a percentage such as 90%";
        r.problem(field::REPLICA_PROGRESS_THRESHOLD, format!("found {text:?}"), expected, "");
    }
    found
}

/// One step; nothing if it names none.
fn step(r: &mut Reader<'_>) -> Option<Step> {
    let weight =
        r.opt_count(field::SET_WEIGHT, 0..=WEIGHT_MAX, "share of the traffic, of the maximum");
    let pause =
        r.opt_object(field::PAUSE, "waits; without a duration until somebody promotes", |r| {
            r.opt_duration(field::DURATION, "how long")
        });
    let scale =
        r.opt_object(field::SET_CANARY_SCALE, "pods of the canary, with traffic routing", |r| {
            CanaryScale {
                replicas: r
                    .opt_count(field::REPLICAS, 0..=5000, "that many pods")
                    .map(|n| n as u32),
                weight: r
                    .opt_count(field::WEIGHT, 0..=10_000, "percent of the replicas")
                    .map(|n| n as u32),
                match_traffic_weight: r.flag(
                    field::MATCH_TRAFFIC_WEIGHT,
                    false,
                    "as the weight asks for",
                ),
            }
        });
    let analysis = r.opt_object(field::ANALYSIS, "waits for a run to end", analysis);
    let header = r.opt_object(field::SET_HEADER_ROUTE, "matching users go to the canary", |r| {
        let name = r.required_text(field::NAME, "name of the route");
        let help = "share of users whose requests match; left out: the route is taken away";
        Step::SetHeaderRoute { name, matching: r.opt_share(field::SHARE, help) }
    });
    let mirror = r.opt_object(field::SET_MIRROR_ROUTE, "matching requests are copied", |r| {
        let name = r.required_text(field::NAME, "name of the route");
        let help = "share of requests that match; left out: the route is taken away";
        let matching = r.opt_share(field::SHARE, help);
        let percentage = r.share(field::PERCENTAGE, "100%", "of those, the share that is copied");
        Step::SetMirrorRoute { name, matching, percentage }
    });
    let experiment = r.opt_object(field::EXPERIMENT, "pods beside the two versions", experiment);
    let plugin = r.opt_object(field::PLUGIN, "waits for a program of yours to end", |r| Plugin {
        name: r.required_text(field::NAME, "its name"),
        reply: reply(r, "when it is a success, else the update is aborted; left out: always"),
        takes: r.duration(field::TAKES, "0s", "how long it runs"),
    });
    if r.describing() {
        return None;
    }
    let found: Vec<Step> = [
        weight.map(|weight| Step::SetWeight(weight as u32)),
        pause.map(Step::Pause),
        scale.map(Step::SetCanaryScale),
        analysis.map(Step::Analysis),
        header,
        mirror,
        experiment.map(Step::Experiment),
        plugin.map(Step::Plugin),
    ]
    .into_iter()
    .flatten()
    .collect();
    if found.len() != 1 {
        let message = format!("{} steps in one entry", found.len());
        r.problem("", message, "one step", "setWeight, pause, setCanaryScale, analysis, …");
    }
    found.into_iter().next()
}

fn reply(r: &mut Reader<'_>, help: &'static str) -> Reply {
    let answers = r.opt_text(field::ANSWERS, help);
    let reply = answers.as_deref().map_or(Some(Reply::Always), Reply::parse);
    if reply.is_none() {
        r.problem(field::ANSWERS, format!("found {:?}", answers.unwrap_or_default()), EXPECTED, "");
    }
    reply.unwrap_or_default()
}

/// Whose pods an experiment starts.
pub(super) const SIDES: [&str; 2] = ["stable", "canary"];

fn experiment(r: &mut Reader<'_>) -> Experiment {
    let templates =
        r.opt_list(field::TEMPLATES, "sets of pods, each of one version", |r| ExperimentTemplate {
            name: r.required_text(field::NAME, "its name"),
            canary: r.choice(field::SPEC_REF, &SIDES, "canary", "whose pods they are") == 1,
            replicas: r.count(field::REPLICAS, 1, 0..=5000, "how many") as u32,
            weight: r
                .opt_count(
                    field::WEIGHT,
                    0..=WEIGHT_MAX,
                    "share of the traffic, with traffic routing",
                )
                .map(|weight| weight as u32),
            serves: r.flag(field::SERVES, true, "do users meet them, without traffic routing?"),
        });
    let analyses =
        r.opt_list(field::ANALYSES, "begun when all pods are available", |r| ExperimentAnalysis {
            name: r.required_text(field::NAME, "its name"),
            required: r.flag(field::REQUIRED_FOR_COMPLETION, false, "the experiment ends with it"),
            analysis: analysis(r),
        });
    let found = Experiment {
        templates: templates.unwrap_or_default(),
        analyses: analyses.unwrap_or_default(),
        duration: r.opt_duration(field::DURATION, "once all pods are available; left out: no end"),
        scale_down_delay: r
            .opt_duration(field::SCALE_DOWN_DELAY, "then its pods go; left out: 30s"),
    };
    if !r.describing() && found.duration.is_none() && !found.analyses.iter().any(|a| a.required) {
        let message =
            "without a duration or an analysis that is requiredForCompletion it never ends";
        r.warning(field::DURATION, message, "duration: 10m");
    }
    found
}

fn blue_green(r: &mut Reader<'_>) -> BlueGreen {
    let pods = "pods of the preview before the promotion; left out: all";
    let keep = "from the switch to the end of the old pods; left out: 30s";
    let abort = "from an abort to the end of the preview's pods; 0 keeps them; left out: 30s";
    BlueGreen {
        auto_promotion: r.flag(field::AUTO_PROMOTION_ENABLED, true, "switch without being asked"),
        auto_promotion_after: r.duration(
            field::AUTO_PROMOTION_AFTER,
            "0s",
            "pause before the switch, after the analysis",
        ),
        preview_replicas: r
            .opt_count(field::PREVIEW_REPLICA_COUNT, 0..=5000, pods)
            .map(|pods| pods as u32),
        active_service: r
            .opt_text(field::ACTIVE_SERVICE, "Service that users ask, as metrics call it"),
        preview_service: r.flag(
            field::PREVIEW_SERVICE,
            true,
            "is there a Service for the preview?",
        ),
        scale_down_delay: r.opt_duration(field::SCALE_DOWN_DELAY, keep),
        scale_down_revisions: r
            .opt_count(
                field::SCALE_DOWN_DELAY_REVISION_LIMIT,
                0..=1000,
                "old versions that stay up",
            )
            .map(|n| n as u32),
        abort_scale_down_delay: r.opt_duration(field::ABORT_SCALE_DOWN_DELAY, abort),
        pre_promotion: r.opt_object(field::PRE_PROMOTION_ANALYSIS, "before the switch", analysis),
        post_promotion: r.opt_object(field::POST_PROMOTION_ANALYSIS, "after the switch", analysis),
    }
}

fn analysis(r: &mut Reader<'_>) -> Analysis {
    let metrics = r.opt_list(field::METRICS, "measured side by side", metric).unwrap_or_default();
    if !r.describing() {
        let none = metrics.is_empty().then(|| "no metrics specified".to_string());
        for why in none.into_iter().chain(valid::problems(&metrics).map(|(_, why)| why)) {
            let message = format!("{REFUSED}: Analysis spec invalid: {why}");
            r.warning(field::METRICS, message, "");
        }
    }
    Analysis { metrics }
}

/// What comes of metrics that the controller's own validation refuses.
const REFUSED: &str = "the AnalysisRun ends in Error, and a release that waits for it is aborted";

/// Largest weight: the controller keeps them in 32 bits.
const WEIGHT_MAX: u64 = i32::MAX as u64;

/// Counts and limits that are told apart.
const LIMITS: RangeInclusive<f64> = -2.0..=1e9;

fn metric(r: &mut Reader<'_>) -> ArgoMetric {
    // Some below zero, for the controller has words for them.
    let count = |r: &mut Reader<'_>, name, help| {
        let found = r.opt_number(name, LIMITS, help)?;
        if found.fract() != 0.0 {
            r.problem(name, format!("found {found}"), "a whole number", "");
        }
        Some(found as i64)
    };
    let limit = "failed measurements that are forgiven; -1 forgives all";
    let limit = count(r, field::FAILURE_LIMIT, limit);
    let metric = ArgoMetric {
        name: r.required_text(field::NAME, "its name"),
        query: r.opt_text(field::QUERY, "in PromQL").unwrap_or_default(),
        given: given(r),
        range: r.opt_object(
            field::RANGE_QUERY,
            "a query over time; all its samples are judged",
            |r| {
                let help = "an instant in Argo's language, or how long before the measurement";
                RangeQuery {
                    start: ago(&r.text(field::START, "now() - duration(\"5m\")", help)),
                    end: ago(&r.text(field::END, "now()", help)),
                    step: r.duration(field::STEP, "1m", "between its points"),
                }
            },
        ),
        interval: r.opt_duration(field::INTERVAL, "from the end of a measurement to the next"),
        initial_delay: r.opt_duration(field::INITIAL_DELAY, "before the first measurement"),
        count: count(r, field::COUNT, "measurements; left out: one, or with an interval no end"),
        success: r.opt_text(field::SUCCESS_CONDITION, "when a measurement is a success"),
        failure: r.opt_text(field::FAILURE_CONDITION, "when it is a failure"),
        failure_limit: limit,
        inconclusive_limit: count(r, field::INCONCLUSIVE_LIMIT, "neither, and forgiven; default 0"),
        consecutive_error_limit: count(
            r,
            field::CONSECUTIVE_ERROR_LIMIT,
            "errors in a row; default 4",
        ),
        consecutive_success_limit: count(
            r,
            field::CONSECUTIVE_SUCCESS_LIMIT,
            "successes in a row that are enough; 0 is off",
        ),
        dry_run: r.flag(field::DRY_RUN, false, "measured, but without a say"),
    };
    check(r, &metric);
    metric
}

/// What a provider answers that no flight can ask.
fn given(r: &mut Reader<'_>) -> Option<Given> {
    let help = "when a measurement of another provider than Prometheus is a success, in place of a \
        query: always or never, `from 5m` or `until 5m` after the release began, or a share of \
        measurements such as 30%";
    let answers = r.opt_text(field::ANSWERS, help);
    let provider =
        r.text(field::PROVIDER, "web", "who is asked, with `answers`: job, web, datadog, …");
    let help = "how long a measurement takes, with `answers`; a job's end is seen a little later";
    let takes = r.duration(field::TAKES, "0s", help);
    let canary =
        r.opt_object(kayenta::NAME, "what Kayenta judges, for its provider", kayenta::read);
    if canary.is_some() && !r.describing() {
        for name in [
            field::ANSWERS,
            field::PROVIDER,
            field::QUERY,
            field::RANGE_QUERY,
            field::SUCCESS_CONDITION,
            field::FAILURE_CONDITION,
        ] {
            if r.has(name) {
                r.problem(name, "given beside kayenta", "one of the two", "");
            }
        }
        // The controller asks for the score 15 s after it has begun (`resumeDelay`).
        let takes = if r.has("takes") { takes } else { SimDuration::from_secs(15) };
        let provider = kayenta::NAME.to_string();
        return Some(Given { provider, takes, canary, ..Given::default() });
    }
    let answers = answers?;
    let reply = Reply::parse(&answers);
    if reply.is_none() {
        r.problem(field::ANSWERS, format!("found {answers:?}"), EXPECTED, "");
    }
    Some(Given { provider, reply: reply.unwrap_or_default(), takes, canary: None })
}

/// An end of a range; a bare duration counts back from the measurement.
fn ago(text: &str) -> String {
    match parse_duration(text) {
        Some(_) => format!("now() - duration(\"{text}\")"),
        None => text.to_string(),
    }
}

/// What the controller would say at every measurement.
fn check(r: &mut Reader<'_>, metric: &ArgoMetric) {
    if r.describing() {
        return;
    }
    if let Some(range) = &metric.range
        && let Err(why) = range.ends_ms(&epoch())
    {
        let message = format!("{why}: every measurement will be an error");
        r.warning(field::RANGE_QUERY, message, "an instant such as now() - duration(\"5m\")");
    }
    let fields = [field::SUCCESS_CONDITION, field::FAILURE_CONDITION];
    for (name, fault) in fields.into_iter().zip(metric.faults()) {
        let Some((text, fault)) = fault else { continue };
        let message = format!("{}: every measurement will be an error", fault.text);
        let at = fault.byte(text).map(|byte| (text, byte));
        r.warning_within(name, at, message, "a condition such as result[0] >= 0.95");
    }
}
