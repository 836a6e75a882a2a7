//! `flagger`: a Canary of Flagger, written in a Scenario with the controller's own words.
//!
//! `windtunnel import` writes it from a Canary's manifest. Fields and defaults are those of
//! [`super::settings`]; what a manifest cannot say (what a webhook's service answers, which share
//! of users a match means) is a field here.

use super::drive::plan;
use super::field;
use super::provider::Provider;
use super::query::Builtin;
use super::settings::{
    Affinity, Analysis, Autoscaler, FlaggerMetric, FlaggerSettings, Hook, Load, Matching, Names,
    Range, Rules, Target, Template, Webhook,
};
use super::weights::{TOTAL, steps_to_last};
use crate::analysis::reply::{EXPECTED, Reply};
use crate::strategy::deployment::bounds::IntOrPercent;
use crate::strategy::{Plan, orders};
use std::collections::BTreeMap;
use windtunnel_base::problem::nearest;
use windtunnel_base::settings::{Part, Reader};

/// `flagger` for the catalogue: name, summary and reader.
pub const PART: Part<Plan> = Part {
    name: "flagger",
    summary: "a Canary of Flagger, tick by tick as the controller runs it",
    read,
};

/// The words for providers.
const PROVIDERS: [&str; 15] = [
    "istio",
    "kubernetes",
    "gatewayapi",
    "nginx",
    "skipper",
    "linkerd",
    "smi",
    "contour",
    "gloo",
    "kuma",
    "appmesh",
    "knative",
    "traefik",
    "apisix",
    "osm",
];

/// The words for releases whose rules hold; the newest first.
pub(super) const RULES: [&str; 2] = ["v1.44", "v1.43"];

/// Where a load goes: the canary's own Service, or the name that users call.
pub const TO: [&str; 2] = ["canary", "service"];

fn read(r: &mut Reader<'_>) -> Plan {
    let name = r.text(field::NAME, "flagger", "name in tables and charts");
    let names = r.object(field::NAMES, "names that events and queries speak of", names);
    let provider = r.choice(
        field::PROVIDER,
        &PROVIDERS,
        "istio",
        "who divides the traffic and counts it; the controller's own default is istio",
    );
    let help = "whose rules hold: since 1.44 a primary that fails in promotion leaves the traffic \
        on the canary";
    let rules = r.choice(field::RULES, &RULES, RULES[0], help);
    let settings = FlaggerSettings {
        provider: Provider::parse(PROVIDERS[provider]).unwrap_or_default(),
        analysis: r.opt_object(field::ANALYSIS, "left out: promoted without a look", analysis),
        skip_analysis: r.flag(field::SKIP_ANALYSIS, false, "promote without a look"),
        suspend: r.flag(field::SUSPEND, false, "no tick does anything"),
        progress_deadline: r.duration(
            field::PROGRESS_DEADLINE,
            "600s",
            "pods not ready for this long: rollback",
        ),
        autoscaler: r.opt_object(field::AUTOSCALER, "the target has an autoscaler", autoscaler),
        target: r.object(field::TARGET, "the Deployment that is released", target),
        rules: Rules { failed_promotion_keeps_canary: rules == 0 },
        first_tick: r.opt_duration(
            field::FIRST_TICK,
            "from the release to the tick that sees it; left out: anywhere within an interval",
        ),
        orders: orders::of_canary(r),
        ..FlaggerSettings::new(names)
    };
    plan(&name, settings)
}

fn names(r: &mut Reader<'_>) -> Names {
    let target = r.text(field::TARGET, "service", "the Deployment that is released");
    let namespace = r.text(field::NAMESPACE, "default", "its namespace");
    let own = Names::of(&target, &namespace);
    let mut other = |name, help| r.opt_text(name, help).unwrap_or_else(|| target.clone());
    Names {
        canary: other(field::CANARY, "name of the Canary; left out: the target's"),
        service: other(field::SERVICE, "name of the Service; left out: the target's"),
        ingress: other(field::INGRESS, "name of the Ingress; left out: the target's"),
        route: other(field::ROUTE, "name of the route; left out: the target's"),
        ..own
    }
}

fn target(r: &mut Reader<'_>) -> Target {
    let max_surge = IntOrPercent::read(
        r,
        field::MAX_SURGE,
        "of the Deployment, for the primary's own update too",
    );
    let max_unavailable = IntOrPercent::read(r, field::MAX_UNAVAILABLE, "of the Deployment");
    let help = "pods that the release writes; left out: none, until the canary is scaled up";
    let full = "the release writes the service's `replicas`";
    Target {
        replicas: r.opt_count(field::REPLICAS, 0..=5000, help).map(|pods| pods as u32),
        writes_replicas: r.flag(field::WRITES_REPLICAS, false, full),
        max_surge,
        max_unavailable,
        recreate: r.flag(field::RECREATE, false, "the primary stops all old pods first"),
        deadline: Some(r.duration(field::PROGRESS_DEADLINE, "600s", "of the Deployments")),
    }
}

fn autoscaler(r: &mut Reader<'_>) -> Autoscaler {
    let mut pods = |name, help| r.opt_count(name, 0..=5000, help).map(|pods| pods as u32);
    Autoscaler {
        min_replicas: pods(field::MIN_REPLICAS, "the size at which the canary starts, if above 1"),
        primary: (
            pods(field::PRIMARY_MIN_REPLICAS, "other limits for the primary's copy"),
            pods(field::PRIMARY_MAX_REPLICAS, "other limits for the primary's copy"),
        ),
    }
}

fn analysis(r: &mut Reader<'_>) -> Analysis {
    let interval = r.duration(field::INTERVAL, "60s", "time between ticks; 10s at least");
    let percent = |r: &mut Reader<'_>, name, max, help| r.count(name, 0, 0..=max, help) as u32;
    let whole = |text: &str| text.parse::<u32>().ok().filter(|w| u64::from(*w) <= WEIGHT_MAX);
    let weights = "percent, one step each; taken where stepWeight is 0";
    let weights = r.texts(field::STEP_WEIGHTS, "", weights, whole, "a whole number from 0 on");
    let ready = "percent of the pods that must be ready";
    let analysis = Analysis {
        interval: Analysis::interval_of(Some(interval)),
        threshold: r.count(field::THRESHOLD, 0, 0..=1000, "failed ticks that roll back; 0 means 1")
            as u32,
        max_weight: percent(
            r,
            field::MAX_WEIGHT,
            WEIGHT_MAX,
            "percent at which it is promoted; 0 means 100",
        ),
        step_weight: percent(r, field::STEP_WEIGHT, WEIGHT_MAX, "percent that each step adds"),
        step_weights: weights.into_iter().map(|(_, weight)| weight).collect(),
        step_weight_promotion: percent(
            r,
            field::STEP_WEIGHT_PROMOTION,
            WEIGHT_MAX,
            "percent that goes back to the primary with each tick; 0 moves all at once",
        ),
        iterations: percent(
            r,
            field::ITERATIONS,
            10_000,
            "ticks of an A/B test or a blue-green release",
        ),
        mirror: r.flag(field::MIRROR, false, "copy requests before any are sent"),
        mirror_weight: percent(
            r,
            field::MIRROR_WEIGHT,
            100,
            "percent that is copied; 0 copies all",
        ),
        matching: r.opt_object(field::MATCH, "whom the rules mean; left out: everyone", matching),
        primary_ready: r.count(field::PRIMARY_READY_THRESHOLD, 100, 0..=100, ready) as u32,
        canary_ready: r.count(field::CANARY_READY_THRESHOLD, 100, 0..=100, ready) as u32,
        affinity: r.opt_object(field::SESSION_AFFINITY, "users who met it stay with it", affinity),
        metrics: r
            .opt_list(field::METRICS, "checks of every tick, in order", metric)
            .unwrap_or_default(),
        webhooks: r.opt_list(field::WEBHOOKS, "gates, tests and load", webhook).unwrap_or_default(),
    };
    let moves = analysis.step_weight > 0 || !analysis.step_weights.is_empty();
    if !moves && analysis.iterations == 0 && !r.describing() {
        r.warning(field::STEP_WEIGHT, "nothing moves the weight", "give stepWeight or iterations");
    }
    // The weight ends at 100, and the controller waits for more.
    if analysis.step_weights.is_empty() && analysis.iterations == 0 && analysis.max_weight > TOTAL {
        let message = format!("no weight reaches {}: nothing is promoted", analysis.max_weight);
        r.warning(field::MAX_WEIGHT, message, "100 at most");
    }
    let listed = analysis.step_weight == 0 && !analysis.step_weights.is_empty();
    if listed
        && analysis.iterations == 0
        && let Err(weight) = steps_to_last(&analysis)
    {
        let message = format!("the weight stays at {weight} for ever: nothing is promoted");
        r.warning("stepWeights", message, "each above the one before, and 100 at most");
    }
    analysis
}

/// Largest number that the controller's own fields are tried with.
const WEIGHT_MAX: u64 = i32::MAX as u64;

fn matching(r: &mut Reader<'_>) -> Matching {
    let some = |text: &str| Some(text.to_string());
    let conditions =
        r.texts(field::CONDITIONS, "", "as they are written, for the event log", some, "text");
    Matching {
        conditions: conditions.into_iter().map(|(_, text)| text).collect(),
        share: r.share(field::SHARE, "10%", "share of users whose requests match (assumption)"),
    }
}

fn affinity(r: &mut Reader<'_>) -> Affinity {
    Affinity {
        cookie: r.text(field::COOKIE, "flagger-cookie", "its cookie"),
        max_age: r.duration(field::MAX_AGE, "24h", "how long the cookie holds"),
        primary_cookie: r.opt_text(field::PRIMARY_COOKIE, "cookie of users who met the primary"),
    }
}

fn metric(r: &mut Reader<'_>) -> FlaggerMetric {
    let query = r.opt_text(field::QUERY, "PromQL of its own");
    let pair = |text: &str| {
        text.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()))
    };
    let help = "values for the template's placeholders, name=value";
    let variables = r.texts(field::VARIABLES, "", help, pair, "name=value");
    let bound = |r: &mut Reader<'_>, name, help| r.opt_number(name, -1e12..=1e12, help);
    let min = bound(r, field::MIN, "smallest value that passes; a success rate in percent");
    let max = bound(r, field::MAX, "largest value that passes; a duration in milliseconds");
    let metric = FlaggerMetric {
        name: r
            .required_text(field::NAME, "request-success-rate and request-duration are built in"),
        interval: r.opt_text(field::INTERVAL, "window of the query, 1m if left out"),
        range: (min.is_some() || max.is_some()).then_some(Range { min, max }),
        threshold: r.number(
            field::THRESHOLD,
            0.0,
            -1e12..=1e12,
            "used where there is no min and max",
        ),
        query,
        template: r.opt_object(field::TEMPLATE, "a MetricTemplate", template),
        variables: variables.into_iter().map(|(_, pair)| pair).collect::<BTreeMap<_, _>>(),
    };
    askable(r, &metric);
    metric
}

fn template(r: &mut Reader<'_>) -> Template {
    let query = r.opt_text(field::QUERY, "PromQL with {{ placeholders }}");
    let help = "what a provider answers that no flight can ask, as of a webhook: a value within \
        the bounds is a success";
    let answers = r.opt_text(field::ANSWERS, help);
    let reply = answers.as_deref().map(|answers| {
        Reply::parse(answers).unwrap_or_else(|| {
            r.problem(field::ANSWERS, format!("found {answers:?}"), EXPECTED, "");
            Reply::Always
        })
    });
    if query.is_none() == reply.is_none() && !r.describing() {
        let found = if reply.is_some() { "query and answers at once" } else { "no query" };
        r.problem(field::QUERY, found, "a query, or answers in its place", "");
    }
    Template {
        name: r.text(field::NAME, "template", "its name"),
        namespace: r.text(field::NAMESPACE, "default", "its namespace"),
        query: query.unwrap_or_default(),
        reply,
        takes: r.duration(field::TAKES, "0s", "how long it takes; the tick waits for it"),
    }
}

/// A metric must come to a query: the controller fails every check of one that does not.
fn askable(r: &mut Reader<'_>, metric: &FlaggerMetric) {
    let has_text = metric.query.is_some() || metric.template.is_some();
    let is_known = has_text || Builtin::parse(&metric.name).is_some();
    if r.describing() || metric.name.is_empty() || is_known {
        return;
    }
    let words = ["request-success-rate", "request-duration"];
    let found = format!("no metric called {:?} is built in: every check fails", metric.name);
    let help = nearest(&metric.name, words).map(|near| format!("did you mean {near}?"));
    let help = help.unwrap_or_else(|| "give it a query or a templateRef".to_string());
    r.problem(field::NAME, found, &words.join(" or "), &help);
}

fn webhook(r: &mut Reader<'_>) -> Webhook {
    let words: Vec<&'static str> =
        Hook::WORDS.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
    let kind = r.choice(field::TYPE, &words, "rollout", "when it is called");
    let hook = Hook::parse(words[kind]).unwrap_or_default();
    let help = "what the service answers: always or never (success), `from 5m` or `until 5m` \
        after the release began, or a share of calls such as 30%; left out: always, but never for \
        rollback";
    let answers = r.opt_text(field::ANSWERS, help);
    let reply = match answers.as_deref().map(Reply::parse) {
        Some(Some(reply)) => reply,
        Some(None) => {
            let found = format!("found {:?}", answers.unwrap_or_default());
            let expected = "always, never, `from 5m`, `until 5m`, or a share such as 30%";
            r.problem(field::ANSWERS, found, expected, "");
            hook.usual_reply()
        }
        None => hook.usual_reply(),
    };
    Webhook {
        name: r.text(field::NAME, "webhook", "its name"),
        hook,
        reply,
        load: r.opt_object(field::LOAD, "synthetic requests after each call, no users'", |r| {
            Load {
                straight: r.choice(
                    field::TO,
                    &TO,
                    "canary",
                    "its own Service, or the name that users call: then the split divides them",
                ) == 0,
                rate: r.rate(field::RATE, "20/s", "requests; `hey -q 10 -c 2` sends 20 a second"),
                lasts: r.duration(field::LASTS, "1m", "for how long after the call"),
            }
        }),
        takes: r.duration(field::TAKES, "0s", "how long the service takes; the tick waits for it"),
        timeout: r.opt_duration(field::TIMEOUT, "a later answer is a failed call; left out: 10s"),
        retries: r.count(field::RETRIES, 0, 0..=100, "further calls after a late or failed one")
            as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::settings::describe;

    #[test]
    fn providers_have_the_controllers_words() {
        for word in PROVIDERS {
            assert_eq!(Provider::parse(word).map(Provider::word), Some(word));
        }
        let fields = describe(read);
        assert!(fields.iter().any(|f| f.path == "analysis.metrics[].template.query"));
        assert!(fields.iter().all(|f| !f.help.is_empty()));
    }
}
