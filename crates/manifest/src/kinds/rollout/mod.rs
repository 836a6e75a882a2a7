//! `Rollout` (Argo): a workload that brings its own strategy: steps, or a preview and a switch.

use super::analysis_template::{argument, reference as template_name};
use super::placing;
use super::pod;
use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Labels, Manifest};
use crate::scalars;
use windtunnel_base::node::Node;

mod settings;

pub use settings::{
    Beside, BlueGreen, Canary, Enough, Experiment, Reference, Rollout, Route, Scale, Step,
    Strategy, Traffic, Wired,
};

/// `Rollout` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "Rollout",
    group: "argoproj.io",
    versions: &["v1alpha1"],
    summary: "pods that Argo releases by steps (argoCanary) or by a switch (argoBlueGreen)",
    since: "0.2.0",
    source: "argoproj/argo-rollouts 1.10 pkg/apis/rollouts/v1alpha1/types.go, utils/defaults",
    read,
};

const ANSWERS: &str = "what no field says: `windtunnel-promoted: 10m` (or never), after which a \
    pause without end is promoted; `windtunnel-resumed: 10m`, after which a paused Rollout is; \
    `windtunnel-orders: 60s abort, 2m retry` is what somebody orders (promote, promote full, \
    pause, resume, undo, scale N besides); `windtunnel-rules: v1.9` (v1.10, head) is the \
    controller's release; \
    `windtunnel-answers.step-2: always` (or never, `from 5m`, `until 5m`, 30%) and \
    `windtunnel-takes.step-2: 30s` of a plugin step, counted from 0";

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let (metadata, answers) = metadata::annotated(f, ANSWERS);
    let rollout = f.object("spec", spec);
    if rollout.is_none() {
        f.missing("spec", "a Rollout has a template and a strategy");
    }
    let rollout = Rollout { answers, ..rollout.unwrap_or_default() };
    (metadata, Body::Rollout(Box::new(rollout)))
}

fn secs(f: &mut Fields<'_>, name: &'static str, becomes: &'static str) -> Option<u64> {
    f.opt_count(name, 0..=100_000_000, becomes)
}

fn spec(f: &mut Fields<'_>) -> Rollout {
    let replicas = f.opt_count("replicas", 0..=5000, "pods at full size: spec.service.replicas");
    let selector = pod::selector(f, "selector");
    let template = pod::template(f);
    let workload = f.object("workloadRef", |f| {
        f.opt_text("apiVersion", "the version of the kind's API");
        let kinds = ["Deployment", "ReplicaSet", "PodTemplate", "StatefulSet"];
        f.opt_choice(
            "kind",
            &kinds,
            "a Deployment's template is taken; pods of others are unknown",
        );
        f.no_effect(&["scaleDown"], "the Deployment itself has no pods in a flight");
        f.opt_text("name", "the Deployment whose template is taken")
    });
    let ready = "ready this long counts as available: spec.service.minReady";
    let min_ready_secs = f.opt_count("minReadySeconds", 0..=1_000_000, ready);
    let late = "without progress for this long: Degraded";
    let deadline_secs = secs(f, "progressDeadlineSeconds", late);
    let deadline_abort = f.opt_flag("progressDeadlineAbort", "rollback when the deadline passes");
    let held = "nothing is released until somebody resumes it, as `windtunnel-resumed` says";
    let paused = f.opt_flag("paused", held).unwrap_or(false);
    let window = f.object("rollbackWindow", |f| {
        f.opt_count("revisions", 0..=1000, "an undo so many versions back skips all steps")
    });
    f.no_effect(&["revisionHistoryLimit", "restartAt", "analysis"], "no effect on a release");
    let mut wired = Wired::default();
    let strategy = f.object("strategy", |f| strategy(f, &mut wired)).flatten();
    f.missing("strategy", "canary or blueGreen");
    let workload = workload.flatten();
    let template = template.map(|mut template| {
        template.labels.append(&mut wired.labels);
        template
    });
    Rollout {
        replicas,
        selector,
        template,
        workload,
        min_ready_secs,
        paused,
        answers: Labels::new(),
        deadline_secs,
        deadline_abort,
        rollback_window: window.flatten(),
        wired,
        strategy,
    }
}

/// What Argo does with a Rollout that its validation does not take.
pub const REFUSED: &str = "Argo refuses such a Rollout (InvalidSpec) and rolls nothing out";

fn strategy(f: &mut Fields<'_>, wired: &mut Wired) -> Option<Strategy> {
    if f.has("canary") && f.has("blueGreen") {
        let message = "Multiple Strategies can not be listed";
        f.problem("blueGreen", message, "one of canary and blueGreen", REFUSED);
    }
    if !f.has("canary") && !f.has("blueGreen") {
        let message =
            "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";
        f.problem("", message, "one of canary and blueGreen", REFUSED);
    }
    let canary = f.object("canary", |f| canary(f, wired));
    let switch = f.object("blueGreen", |f| blue_green(f, wired));
    canary.or(switch)
}

fn service(f: &mut Fields<'_>, name: &'static str, services: &mut Vec<String>) -> bool {
    let found = f.opt_text(name, "its Service, which the controller points at pods");
    let given = found.is_some();
    services.extend(found);
    given
}

fn canary(f: &mut Fields<'_>, wired: &mut Wired) -> Strategy {
    service(f, "stableService", &mut wired.services);
    service(f, "canaryService", &mut wired.services);
    let surge = "pods above full size, without traffic routing";
    let stable = "the stable version shrinks as the canary grows";
    let keep = "from the end to the end of old pods, with traffic routing";
    let abort = "from an abort to the end of the canary's pods; 0 keeps them";
    let few = "fewest pods of a version with traffic";
    let settings = Canary {
        max_surge: f.int_or_percent("maxSurge", surge),
        max_unavailable: f.int_or_percent("maxUnavailable", "pods that may be missing"),
        traffic: f.object("trafficRouting", |f| traffic(f, wired)),
        dynamic_stable_scale: f.opt_flag("dynamicStableScale", stable),
        scale_down_delay_secs: secs(f, "scaleDownDelaySeconds", keep),
        abort_delay_secs: secs(f, "abortScaleDownDelaySeconds", abort),
        min_pods: f.opt_count("minPodsPerReplicaSet", 1..=5000, few),
        progress_threshold: f.object("replicaProgressThreshold", enough),
        ..Canary::default()
    };
    never_read(f, settings.traffic.is_some());
    let mut index = 0;
    let steps = f.list("steps", |f| {
        let path = format!("spec.strategy.canary.steps[{index}]");
        index += 1;
        step(f, index - 1, &path)
    });
    let analysis = f.object("analysis", |f| {
        let first = f.opt_count("startingStep", 0..=1000, "the step at which it begins, from 0");
        (reference(f, "spec.strategy.canary.analysis"), first)
    });
    let limit = f.opt_count("scaleDownDelayRevisionLimit", 0..=1000, "old versions that stay up");
    f.object("pingPong", |f| {
        let roles = "they change roles at the end, so that no selector is switched: as it is flown";
        wired.services.extend(f.opt_text("pingService", roles));
        wired.services.extend(f.opt_text("pongService", roles));
    });
    wired.apart = placing::argo_apart(f);
    ephemeral(f, ["canaryMetadata", "stableMetadata"], wired);
    Strategy::Canary(Box::new(Canary {
        scale_down_revisions: limit,
        steps: steps.into_iter().flatten().collect(),
        analysis: analysis.filter(|_| !f.describing()),
        ..settings
    }))
}

fn enough(f: &mut Fields<'_>) -> Enough {
    let kind = f.opt_choice("type", &["Percentage", "Pod"], "how much of a step's pods is enough");
    let value = f.opt_count("value", 0..=5000, "that many, or that many percent").unwrap_or(100);
    if kind == Some(1) { Enough::Pods(value) } else { Enough::Percent(value) }
}

fn traffic(f: &mut Fields<'_>, wired: &mut Wired) -> Traffic {
    let others = ["smi", "ambassador", "traefik", "apisix", "appMesh", "plugins"];
    let routers = || ["nginx", "alb"].into_iter().chain(others);
    let router = routers().find(|name| f.has(name)).unwrap_or("istio");
    f.object("istio", |f| istio(f, wired));
    let told = "the router's name is told; weights are exact, requests drawn by them";
    f.no_effect(&others, told);
    f.object("nginx", |f| {
        f.no_effect(&["annotationPrefix", "stableIngress", "stableIngresses"], told);
        let few = "users whom a header or a cookie would send to the canary are not told apart";
        f.not_flown(&["additionalIngressAnnotations", "canaryIngressAnnotations"], few);
    });
    let sticky = f.object("alb", |f| {
        let names = ["ingress", "ingresses", "servicePort", "rootService", "annotationPrefix"];
        f.no_effect(&names, told);
        let kept = f.object("stickinessConfig", |f| {
            let kept = "users stay with the side they have met";
            let on = f.opt_flag("enabled", kept).unwrap_or(false);
            secs(f, "durationSeconds", "for how long").filter(|_| on)
        });
        kept.flatten()
    });
    let routes = f.list("managedRoutes", |f| f.opt_text("name", "a route that steps may set"));
    let most = f.opt_count("maxTrafficWeight", 1..=WEIGHT_MAX, "the weight of everything");
    let managed_routes = routes.into_iter().flatten().collect();
    Traffic { router, max_weight: most, sticky_secs: sticky.flatten(), managed_routes }
}

/// Largest weight: the controller keeps them in 32 bits.
const WEIGHT_MAX: u64 = i32::MAX as u64;

/// The rules whose weights the controller sets: they belong to the Rollout.
fn istio(f: &mut Fields<'_>, wired: &mut Wired) {
    let becomes = "its weights are the Rollout's to set";
    let one = f.object("virtualService", |f| rules(f, becomes, &mut wired.routes));
    let more = f.list("virtualServices", |f| rules(f, becomes, &mut wired.routes));
    wired.virtual_services.extend(one.into_iter().chain(more).flatten());
    let rule = f.object("destinationRule", |f| {
        let names = "the subset that the controller points at pods";
        f.opt_text("canarySubsetName", names);
        f.opt_text("stableSubsetName", names);
        f.no_effect(&["additionalSubsetNames"], "requests are divided by versions");
        f.opt_text("name", "its subsets are the Rollout's to set")
    });
    wired.destination_rules.extend(rule.flatten());
}

fn rules(f: &mut Fields<'_>, becomes: &'static str, routes: &mut Vec<String>) -> Option<String> {
    let divided = "the routes whose requests are divided: all are, alike";
    routes.extend(f.texts("routes", divided).into_iter().flatten());
    f.no_effect(&["tlsRoutes", "tcpRoutes"], "all requests are divided alike");
    f.opt_text("name", becomes)
}

/// The steps of one entry: several in one act together, and are written one after another.
fn step(f: &mut Fields<'_>, index: usize, path: &str) -> Vec<Step> {
    let weight = f.opt_count("setWeight", 0..=WEIGHT_MAX, "share of the traffic, of the maximum");
    let pause = f.object("pause", |f| {
        let becomes = "how long; left out: until somebody promotes";
        f.opt_scalar("duration", "seconds or duration", becomes, pause)
    });
    let scale = f.object("setCanaryScale", |f| Scale {
        replicas: f.opt_count("replicas", 0..=5000, "pods"),
        weight: f.opt_count("weight", 0..=10_000, "percent of the replicas"),
        match_traffic_weight: f.opt_flag("matchTrafficWeight", "as the weight asks for"),
    });
    let analysis = f.object("analysis", |f| reference(f, &format!("{path}.analysis")));
    let header = f.object("setHeaderRoute", |f| {
        let name = route_name(f);
        Route { name, matching: matching(f) }
    });
    let mirror = f.object("setMirrorRoute", |f| {
        let name = route_name(f);
        let becomes = "share of the matching requests that is copied";
        let copied = f.opt_count("percentage", 0..=100, becomes);
        (Route { name, matching: matching(f) }, copied)
    });
    let experiment = f.object("experiment", |f| experiment(f, &format!("{path}.experiment")));
    let plugin = f.object("plugin", |f| {
        f.no_effect(&["config"], "no plugin is run");
        let becomes = "not run: an annotation `windtunnel-answers` of the Rollout says how it \
            ends; left out: well";
        Step::Plugin(index, f.opt_text("name", becomes).unwrap_or_default())
    });
    if f.describing() {
        return Vec::new();
    }
    // What waits comes last.
    let found = [
        weight.map(Step::SetWeight),
        scale.map(Step::SetCanaryScale),
        header.map(Step::SetHeaderRoute),
        mirror.map(|(route, copied)| Step::SetMirrorRoute(route, copied)),
        analysis.map(Step::Analysis),
        experiment.map(Step::Experiment),
        plugin,
        pause.map(Step::Pause),
    ];
    found.into_iter().flatten().collect()
}

fn experiment(f: &mut Fields<'_>, path: &str) -> Experiment {
    let lasts = "from the time at which all of its pods are available; left out: no end";
    let duration = f.duration("duration", lasts);
    let keep = "from its end to the end of its pods; left out: 30";
    let scale_down_delay_secs = secs(f, "scaleDownDelaySeconds", keep);
    let templates = f.list("templates", beside);
    let mut index = 0;
    let mut analyses = f.list("analyses", |f| {
        let path = format!("{path}.analyses[{index}]");
        index += 1;
        let name = f.opt_text("name", "its name").unwrap_or_default();
        let wanted = "the experiment ends with it, and not before";
        let wanted = f.opt_flag("requiredForCompletion", wanted).unwrap_or(false);
        let template = template_name(f);
        let arguments = f.list("args", argument);
        let reference = Reference {
            path,
            one: true,
            templates: vec![template],
            arguments,
            dry_run: Vec::new(),
        };
        (name, wanted, reference)
    });
    let dry_run = f.list("dryRun", |f| f.opt_text("metricName", "measured, but without a say"));
    let dry_run: Vec<String> = dry_run.into_iter().flatten().collect();
    analyses.iter_mut().for_each(|(.., reference)| reference.dry_run = dry_run.clone());
    f.no_effect(&["analysisRunMetadata"], "no effect on a release");
    Experiment { duration, scale_down_delay_secs, templates, analyses }
}

/// A template of an experiment.
fn beside(f: &mut Fields<'_>) -> Beside {
    let name = f.opt_text("name", "its name").unwrap_or_default();
    let versions = ["canary", "stable"];
    let canary = f.opt_choice("specRef", &versions, "whose pods they are") != Some(1);
    let replicas = f.opt_count("replicas", 0..=5000, "pods; left out: 1");
    let share = "share of the traffic, with traffic routing; pods of the stable version serve \
        beside the stable ones";
    let weight = f.opt_count("weight", 0..=WEIGHT_MAX, share);
    f.no_effect(&["service"], "a Service of their own, which no user asks");
    let labels = f.object("metadata", |f| {
        f.no_effect(&["annotations"], "no effect on a release");
        f.labels("labels", "in place of the Rollout's: Services that select those miss its pods")
    });
    f.object("selector", |f| {
        f.labels("matchLabels", "its own pods: which Services select them is said by their labels");
        f.no_effect(&["matchExpressions"], "its own pods");
    });
    Beside { name, canary, replicas, weight, labels: labels.flatten().unwrap_or_default() }
}

/// Seconds as a number or bare digits, or a Go duration.
fn pause(node: &Node) -> Result<String, String> {
    let digits = node.scalar_text().filter(|t| !t.is_empty());
    match digits.filter(|t| t.chars().all(|c| c.is_ascii_digit()) && t.len() <= 8) {
        Some(secs) => Ok(format!("{secs}s")),
        None => scalars::duration(node).map_err(|_| "seconds, or a duration such as 5m".into()),
    }
}

fn route_name(f: &mut Fields<'_>) -> Option<String> {
    f.opt_text("name", "the managed route that is set")
}

/// Does a route name some of the requests?
fn matching(f: &mut Fields<'_>) -> bool {
    f.no_effect(
        &["match"],
        "users who match are spec.traffic.headerShare; all requests are copied",
    );
    f.has("match")
}

fn reference(f: &mut Fields<'_>, path: &str) -> Reference {
    let mut templates = f.list("templates", template_name);
    let one = templates.is_empty() && f.has("templateName");
    let old = "as one of `templates`: the controller knew the field until 1.0";
    if let Some(name) = f.opt_text("templateName", old) {
        templates.push((name, f.opt_flag("clusterScope", old).unwrap_or(false)));
    } else {
        f.opt_flag("clusterScope", old);
    }
    let arguments = f.list("args", argument);
    let dry_run = f.list("dryRun", |f| f.opt_text("metricName", "measured, but without a say"));
    f.no_effect(&["measurementRetention", "analysisRunMetadata"], "no effect on a release");
    let dry_run = dry_run.into_iter().flatten().collect();
    Reference { path: path.to_string(), one, templates, arguments, dry_run }
}

/// Metadata that the pods of one side carry while they are on it.
fn ephemeral(f: &mut Fields<'_>, sides: [&'static str; 2], wired: &mut Wired) {
    for side in sides {
        let labels = f.object(side, |f| {
            f.no_effect(&["annotations"], "no effect on a release");
            f.labels(
                "labels",
                "labels of that side's pods, by which Services and queries find them",
            )
        });
        let labels = labels.flatten().unwrap_or_default();
        wired.sides[usize::from(["canaryMetadata", "previewMetadata"].contains(&side))]
            .extend(labels.iter().cloned());
        wired.labels.extend(labels);
    }
}

/// Fields of a canary that the controller reads only with, or only without, a router (argo-rollouts
/// `utils/replicaset/canary.go`, `utils/defaults/defaults.go`).
fn never_read(f: &mut Fields<'_>, routed: bool) {
    if routed {
        let why = "never read with trafficRouting: the canary has the pods of its weight beside \
            all stable ones";
        f.overrides("maxSurge", why.to_string());
        return;
    }
    let why = "never read without trafficRouting: an aborted canary is scaled down at once";
    f.overrides("abortScaleDownDelaySeconds", why.to_string());
    let why = "never read without trafficRouting: pods are as many as the weight asks for";
    f.overrides("minPodsPerReplicaSet", why.to_string());
}

fn blue_green(f: &mut Fields<'_>, wired: &mut Wired) -> Strategy {
    service(f, "activeService", &mut wired.services);
    f.missing("activeService", "the name of the Service that is switched");
    let path = "spec.strategy.blueGreen";
    let analysis =
        |f: &mut Fields<'_>, name| f.object(name, |f| reference(f, &format!("{path}.{name}")));
    let pause = "pause before the switch, after the analysis";
    let pods = "pods of the preview before the switch";
    let keep = "from the switch to the end of the old pods";
    let abort = "from an abort to the end of the preview's pods; 0 keeps them";
    let settings = BlueGreen {
        preview_service: service(f, "previewService", &mut wired.services),
        auto_promotion: f.opt_flag("autoPromotionEnabled", "switch without being asked"),
        auto_promotion_secs: secs(f, "autoPromotionSeconds", pause),
        preview_replicas: f.opt_count("previewReplicaCount", 0..=5000, pods),
        scale_down_delay_secs: secs(f, "scaleDownDelaySeconds", keep),
        scale_down_revisions: f.opt_count(
            "scaleDownDelayRevisionLimit",
            0..=1000,
            "old versions that stay up",
        ),
        abort_delay_secs: secs(f, "abortScaleDownDelaySeconds", abort),
        before: analysis(f, "prePromotionAnalysis"),
        after: analysis(f, "postPromotionAnalysis"),
    };
    f.no_effect(&["maxUnavailable"], "restarts of pods mind it, a release does not");
    if settings.auto_promotion == Some(false) && settings.auto_promotion_secs.is_some() {
        let why = "never read with autoPromotionEnabled: false: it waits until somebody promotes \
            (argo-rollouts rollout/bluegreen.go)";
        f.overrides("autoPromotionSeconds", why.to_string());
    }
    wired.apart = placing::argo_apart(f);
    ephemeral(f, ["activeMetadata", "previewMetadata"], wired);
    Strategy::BlueGreen(Box::new(settings))
}
