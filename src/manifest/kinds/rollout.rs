//! `Rollout` (Argo): a workload that brings its own strategy: steps, or a preview and a switch.

use super::analysis_template::{Argument, argument, reference as template_name};
use super::pod::{self, PodTemplate, Selector};
use super::{Body, KindPart, metadata};
use crate::base::node::{Node, Value};
use crate::manifest::draft::{integer, list, mapping, percent, text};
use crate::manifest::fields::{Fields, Labels, Manifest};
use crate::manifest::scalars;
use crate::manifest::storm::SENDERS;
use crate::strategy::argo::field;

/// The kind.
pub const KIND: KindPart = KindPart {
    kind: "Rollout",
    group: "argoproj.io",
    versions: &["v1alpha1"],
    summary: "pods that Argo releases by steps (argoCanary) or by a switch (argoBlueGreen)",
    since: "0.2.0",
    source: "argoproj/argo-rollouts 1.10 pkg/apis/rollouts/v1alpha1/types.go, utils/defaults",
    read,
};

/// Named values of a mapping.
pub type Named = Vec<(&'static str, Value)>;

/// A Rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    /// Desired pods.
    pub replicas: Option<u64>,
    /// Which pods are its own.
    pub selector: Option<Selector>,
    /// Its pods.
    pub template: Option<PodTemplate>,
    /// The Deployment whose template it takes.
    pub workload: Option<String>,
    /// Seconds that a pod must be ready.
    pub min_ready_secs: Option<u64>,
    /// `spec.paused`.
    pub paused: bool,
    /// Annotations that say what the other fields can't.
    pub answers: Labels,
    /// Fields of the strategy that both kinds have.
    pub fields: Named,
    /// Names of the objects that its strategy is wired to.
    pub wired: Wired,
    /// `canary` or `blueGreen`.
    pub strategy: Option<Strategy>,
}

impl Rollout {
    /// Labels of the pods of its experiments.
    pub fn experiments(&self) -> Vec<Labels> {
        let Some(Strategy::Canary(_, steps, _)) = &self.strategy else { return Vec::new() };
        let own = self.template.as_ref().map(|t| t.labels.clone()).unwrap_or_default();
        let of = |template: &Beside| {
            let kept =
                own.iter().filter(|(name, _)| template.labels.iter().all(|(n, _)| n != name));
            kept.chain(&template.labels).cloned().collect()
        };
        let templates = steps.iter().flat_map(|step| match step {
            Step::Experiment(experiment) => experiment.templates.as_slice(),
            _ => &[],
        });
        templates.map(of).collect()
    }
}

/// Objects that the controller writes to while it releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wired {
    /// Names of its Services.
    pub services: Vec<String>,
    /// Names of the VirtualServices whose weights it sets.
    pub virtual_services: Vec<String>,
    /// Names of the routes of these whose requests are divided; none means all.
    pub routes: Vec<String>,
    /// Names of the DestinationRules whose subsets it points at pods.
    pub destination_rules: Vec<String>,
    /// Labels that it puts on the pods of one side, which Services may select by.
    pub labels: Labels,
}

/// How it is released.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    /// By steps: fields, steps, and the analysis beside them with its first step.
    Canary(Named, Vec<Step>, Option<(Reference, Named)>),
    /// By a switch: fields, and the analyses before and after it.
    BlueGreen(Named, Option<Reference>, Option<Reference>),
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One that is written as it is.
    Plain(Value),
    /// An analysis.
    Analysis(Reference),
    /// An experiment.
    Experiment(Experiment),
    /// A plugin: position of its step, and its name.
    Plugin(usize, String),
}

/// `experiment`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experiment {
    /// Its duration and the delay before its pods go.
    pub fields: Named,
    /// Its templates.
    pub templates: Vec<Beside>,
    /// Its analyses: name, whether the experiment waits for it, and its templates.
    pub analyses: Vec<(String, bool, Reference)>,
}

/// A template of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Are its pods the canary's, or else the stable version's?
    pub canary: bool,
    /// Its replicas and weight.
    pub fields: Named,
    /// Labels that its pods have in place of the Rollout's.
    pub labels: Labels,
}

/// Templates that make an analysis, with their arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Where it stands.
    pub path: String,
    /// Does it name one template, in a field of its own?
    pub one: bool,
    /// Names of templates, and whether they belong to the whole cluster.
    pub templates: Vec<(String, bool)>,
    /// Arguments.
    pub arguments: Vec<Argument>,
    /// Metrics without a say.
    pub dry_run: Vec<String>,
}

const ANSWERS: &str = "what no field says: `windtunnel-promoted: 10m` (or never), after which a \
    pause without end is promoted; `windtunnel-resumed: 10m`, after which a paused Rollout is; \
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

fn put(fields: &mut Named, name: &'static str, value: Option<Value>) {
    fields.extend(value.map(|value| (name, value)));
}

fn span(f: &mut Fields<'_>, name: &'static str, becomes: &'static str) -> Option<Value> {
    f.opt_count(name, 0..=100_000_000, becomes).map(|secs| text(format!("{secs}s")))
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
    let mut fields = Named::new();
    let late = "without progress for this long: Degraded";
    put(&mut fields, field::PROGRESS_DEADLINE, span(f, "progressDeadlineSeconds", late));
    let abort = f.opt_flag("progressDeadlineAbort", "way back when the deadline passes");
    put(&mut fields, field::PROGRESS_DEADLINE_ABORT, abort.map(Value::Flag));
    let held = "nothing is released until somebody resumes it, as `windtunnel-resumed` says";
    let paused = f.opt_flag("paused", held).unwrap_or(false);
    let window = f.object("rollbackWindow", |f| {
        f.opt_count("revisions", 0..=1000, "an undo so many versions back skips all steps")
    });
    put(&mut fields, field::ROLLBACK_WINDOW, window.flatten().map(integer));
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
        fields,
        wired,
        strategy,
    }
}

fn strategy(f: &mut Fields<'_>, wired: &mut Wired) -> Option<Strategy> {
    if f.has("canary") && f.has("blueGreen") {
        f.problem("blueGreen", "given beside canary", "one of canary and blueGreen", "");
    }
    if !f.has("canary") && !f.has("blueGreen") {
        f.problem("", "names neither canary nor blueGreen", "one of canary and blueGreen", "");
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
    let mut fields = Named::new();
    service(f, "stableService", &mut wired.services);
    service(f, "canaryService", &mut wired.services);
    let surge = f.int_or_percent("maxSurge", "pods above full size, without traffic routing");
    put(&mut fields, field::MAX_SURGE, surge.map(text));
    let missing = f.int_or_percent("maxUnavailable", "pods that may be missing");
    put(&mut fields, field::MAX_UNAVAILABLE, missing.map(text));
    put(&mut fields, field::TRAFFIC_ROUTING, f.object("trafficRouting", |f| traffic(f, wired)));
    let stable = "the stable version shrinks as the canary grows";
    let stable = f.opt_flag("dynamicStableScale", stable).map(Value::Flag);
    put(&mut fields, field::DYNAMIC_STABLE_SCALE, stable);
    let keep = "from the end to the end of old pods, with traffic routing";
    put(&mut fields, field::SCALE_DOWN_DELAY, span(f, "scaleDownDelaySeconds", keep));
    let abort = "from an abort to the end of the canary's pods; 0 keeps them";
    put(&mut fields, field::ABORT_SCALE_DOWN_DELAY, span(f, "abortScaleDownDelaySeconds", abort));
    let few =
        f.opt_count("minPodsPerReplicaSet", 1..=5000, "fewest pods of a version with traffic");
    put(&mut fields, field::MIN_PODS_PER_REPLICA_SET, few.map(integer));
    let enough = f.object("replicaProgressThreshold", |f| {
        let words = ["Percentage", "Pod"];
        let kind = f.opt_choice("type", &words, "how much of a step's pods is enough").unwrap_or(0);
        let value =
            f.opt_count("value", 0..=5000, "that many, or that many percent").unwrap_or(100);
        text(if kind == 0 { format!("{value}%") } else { value.to_string() })
    });
    put(&mut fields, field::REPLICA_PROGRESS_THRESHOLD, enough);
    let mut index = 0;
    let steps = f.list("steps", |f| {
        let path = format!("spec.strategy.canary.steps[{index}]");
        index += 1;
        step(f, index - 1, &path)
    });
    let analysis = f.object("analysis", |f| {
        let mut fields = Named::new();
        let first = f.opt_count("startingStep", 0..=1000, "the step at which it begins, from 0");
        put(&mut fields, field::STARTING_STEP, first.map(integer));
        (reference(f, "spec.strategy.canary.analysis"), fields)
    });
    let limit = f.opt_count("scaleDownDelayRevisionLimit", 0..=1000, "old versions that stay up");
    put(&mut fields, field::SCALE_DOWN_DELAY_REVISION_LIMIT, limit.map(integer));
    f.object("pingPong", |f| {
        let roles = "they change roles at the end, so that no selector is switched: as it is flown";
        wired.services.extend(f.opt_text("pingService", roles));
        wired.services.extend(f.opt_text("pongService", roles));
    });
    f.not_flown(&["antiAffinity"], "pods go to nodes by free room alone");
    ephemeral(f, ["canaryMetadata", "stableMetadata"], wired);
    let steps = steps.into_iter().flatten().collect();
    Strategy::Canary(fields, steps, analysis.filter(|_| !f.describing()))
}

fn traffic(f: &mut Fields<'_>, wired: &mut Wired) -> Value {
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
            span(f, "durationSeconds", "for how long").filter(|_| on)
        });
        kept.flatten()
    });
    let routes = f.list("managedRoutes", |f| f.opt_text("name", "a route that steps may set"));
    let most = f.opt_count("maxTrafficWeight", 1..=WEIGHT_MAX, "the weight of everything");
    let mut fields = vec![(field::ROUTER, text(router))];
    fields.extend(most.map(|most| (field::MAX_TRAFFIC_WEIGHT, integer(most))));
    fields.extend(sticky.flatten().map(|span| (field::STICKINESS, span)));
    let routes: Vec<Value> = routes.into_iter().flatten().map(text).collect();
    if !routes.is_empty() {
        fields.push((field::MANAGED_ROUTES, list(routes)));
    }
    mapping(fields)
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
        let duration = f.opt_scalar("duration", "seconds or duration", becomes, pause);
        mapping(duration.into_iter().map(|d| (field::DURATION, text(d))).collect())
    });
    let scale = f.object("setCanaryScale", |f| {
        let mut fields = Named::new();
        put(&mut fields, field::REPLICAS, f.opt_count("replicas", 0..=5000, "pods").map(integer));
        let weight = f.opt_count("weight", 0..=10_000, "percent of the replicas");
        put(&mut fields, field::WEIGHT, weight.map(integer));
        let back = f.opt_flag("matchTrafficWeight", "as the weight asks for").map(Value::Flag);
        put(&mut fields, field::MATCH_TRAFFIC_WEIGHT, back);
        mapping(fields)
    });
    let analysis = f.object("analysis", |f| reference(f, &format!("{path}.analysis")));
    let header = f.object("setHeaderRoute", |f| matched(f, false));
    let mirror = f.object("setMirrorRoute", |f| matched(f, true));
    let experiment = f.object("experiment", |f| experiment(f, &format!("{path}.experiment")));
    let plugin = f.object("plugin", |f| {
        f.no_effect(&["config"], "no plugin is run");
        let becomes = "not run: an annotation `windtunnel-answers` of the Rollout says how it \
            ends; left out: well";
        Step::Plugin(index, f.opt_text("name", becomes).unwrap_or_default())
    });
    let plain = |name: &'static str, value: Option<Value>| {
        value.map(|value| Step::Plain(mapping(vec![(name, value)])))
    };
    if f.describing() {
        return Vec::new();
    }
    // What waits comes last.
    let found = [
        plain(field::SET_WEIGHT, weight.map(integer)),
        plain(field::SET_CANARY_SCALE, scale),
        plain(field::SET_HEADER_ROUTE, header),
        plain(field::SET_MIRROR_ROUTE, mirror),
        analysis.map(Step::Analysis),
        experiment.map(Step::Experiment),
        plugin,
        plain(field::PAUSE, pause),
    ];
    found.into_iter().flatten().collect()
}

fn experiment(f: &mut Fields<'_>, path: &str) -> Experiment {
    let mut fields = Named::new();
    let lasts = "from the time at which all of its pods are available; left out: no end";
    put(&mut fields, field::DURATION, f.duration("duration", lasts).map(text));
    let keep = "from its end to the end of its pods; left out: 30";
    put(&mut fields, field::SCALE_DOWN_DELAY, span(f, "scaleDownDelaySeconds", keep));
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
    Experiment { fields, templates, analyses }
}

/// A template of an experiment.
fn beside(f: &mut Fields<'_>) -> Beside {
    let name = f.opt_text("name", "its name").unwrap_or_default();
    let versions = ["canary", "stable"];
    let canary = f.opt_choice("specRef", &versions, "whose pods they are") != Some(1);
    let mut fields = Named::new();
    put(
        &mut fields,
        field::REPLICAS,
        f.opt_count("replicas", 0..=5000, "pods; left out: 1").map(integer),
    );
    let share = "share of the traffic, with traffic routing; pods of the stable version serve \
        beside the stable ones";
    put(&mut fields, field::WEIGHT, f.opt_count("weight", 0..=WEIGHT_MAX, share).map(integer));
    f.no_effect(&["service"], "a Service of their own, which no user asks");
    let labels = f.object("metadata", |f| {
        f.no_effect(&["annotations"], "no effect on a release");
        f.labels("labels", "in place of the Rollout's: Services that select those miss its pods")
    });
    f.object("selector", |f| {
        f.labels("matchLabels", "its own pods: which Services select them is said by their labels");
        f.no_effect(&["matchExpressions"], "its own pods");
    });
    Beside { name, canary, fields, labels: labels.flatten().unwrap_or_default() }
}

/// Seconds as a number or bare digits, or a Go duration.
fn pause(node: &Node) -> Result<String, String> {
    let digits = node.scalar_text().filter(|t| !t.is_empty());
    match digits.filter(|t| t.chars().all(|c| c.is_ascii_digit()) && t.len() <= 8) {
        Some(secs) => Ok(format!("{secs}s")),
        None => scalars::duration(node).map_err(|_| "seconds, or a duration such as 5m".into()),
    }
}

fn matched(f: &mut Fields<'_>, copies: bool) -> Value {
    let mut fields = Named::new();
    put(&mut fields, field::NAME, f.opt_text("name", "the managed route that is set").map(text));
    if copies {
        let becomes = "share of the matching requests that is copied";
        let copied = f.opt_count("percentage", 0..=100, becomes);
        put(&mut fields, field::PERCENTAGE, copied.map(|p| percent(p as f64)));
    }
    let given = f.has("match");
    f.no_effect(
        &["match"],
        "users who match are spec.traffic.headerShare; all requests are copied",
    );
    if given {
        // Copied requests are usually matched by method or path, users by a header.
        fields.push((field::SHARE, text(if copies { "100%" } else { SENDERS })));
    }
    mapping(fields)
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
            f.labels("labels", "labels of that side's pods, by which Services find them")
        });
        wired.labels.extend(labels.flatten().into_iter().flatten());
    }
}

fn blue_green(f: &mut Fields<'_>, wired: &mut Wired) -> Strategy {
    let mut fields = Named::new();
    service(f, "activeService", &mut wired.services);
    f.missing("activeService", "the name of the Service that is switched");
    if !service(f, "previewService", &mut wired.services) {
        fields.push((field::PREVIEW_SERVICE, Value::Flag(false)));
    }
    let auto = f.opt_flag("autoPromotionEnabled", "switch without being asked").map(Value::Flag);
    put(&mut fields, field::AUTO_PROMOTION_ENABLED, auto);
    let after = "pause before the switch, after the analysis";
    put(&mut fields, field::AUTO_PROMOTION_AFTER, span(f, "autoPromotionSeconds", after));
    let pods =
        f.opt_count("previewReplicaCount", 0..=5000, "pods of the preview before the switch");
    put(&mut fields, field::PREVIEW_REPLICA_COUNT, pods.map(integer));
    let keep = "from the switch to the end of the old pods";
    put(&mut fields, field::SCALE_DOWN_DELAY, span(f, "scaleDownDelaySeconds", keep));
    let limit = f.opt_count("scaleDownDelayRevisionLimit", 0..=1000, "old versions that stay up");
    put(&mut fields, field::SCALE_DOWN_DELAY_REVISION_LIMIT, limit.map(integer));
    let abort = "from an abort to the end of the preview's pods; 0 keeps them";
    put(&mut fields, field::ABORT_SCALE_DOWN_DELAY, span(f, "abortScaleDownDelaySeconds", abort));
    let path = "spec.strategy.blueGreen";
    let before =
        f.object("prePromotionAnalysis", |f| reference(f, &format!("{path}.prePromotionAnalysis")));
    let after = f.object("postPromotionAnalysis", |f| {
        reference(f, &format!("{path}.postPromotionAnalysis"))
    });
    f.no_effect(&["maxUnavailable"], "restarts of pods mind it, a release does not");
    f.not_flown(&["antiAffinity"], "pods go to nodes by free room alone");
    ephemeral(f, ["activeMetadata", "previewMetadata"], wired);
    Strategy::BlueGreen(fields, before, after)
}
