//! What a Canary of Flagger says, as plain data, with the defaults of the real controller.
//!
//! Read from fluxcd/flagger 1.44 `pkg/apis/flagger/v1beta1/canary.go`. Each field names the
//! field of the manifest it stands for. Whoever reads manifests fills it in; nothing here parses.
//! Deliberately unknown here: how a tick goes (see [`super::tick`]).

use super::provider::Provider;
use crate::deployment::bounds::{Bounds, IntOrPercent};
use crate::order::Ordered;
use crate::reply::Reply;
use std::collections::BTreeMap;
use windtunnel_base::time::SimDuration;
use windtunnel_base::units::{Rate, Share};

/// One Canary.
#[derive(Clone, Debug, PartialEq)]
pub struct FlaggerSettings {
    /// Names that events and queries speak of.
    pub names: Names,
    /// `spec.provider`: who divides the traffic and counts it.
    pub provider: Provider,
    /// `spec.analysis` (or the old `spec.canaryAnalysis`); without one the analysis is skipped.
    pub analysis: Option<Analysis>,
    /// `spec.skipAnalysis`.
    pub skip_analysis: bool,
    /// `spec.suspend`: no tick does anything.
    pub suspend: bool,
    /// `spec.progressDeadlineSeconds`.
    pub progress_deadline: SimDuration,
    /// `spec.autoscalerRef`.
    pub autoscaler: Option<Autoscaler>,
    /// What the target Deployment says of itself.
    pub target: Target,
    /// Which release's rules apply where they changed.
    pub rules: Rules,
    /// From the release to the first tick that can see it; nothing draws it within one interval.
    pub first_tick: Option<SimDuration>,
    /// What people order during the release.
    pub orders: Vec<Ordered>,
}

/// Names that events and queries speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Name of the Canary.
    pub canary: String,
    /// Namespace of the Canary, as placeholders have it.
    pub namespace: String,
    /// `spec.targetRef.name`: the Deployment.
    pub target: String,
    /// `spec.service.name`, else the target's name.
    pub service: String,
    /// `spec.ingressRef.name`, else the target's name.
    pub ingress: String,
    /// `spec.routeRef.name`, else the target's name.
    pub route: String,
}

/// What the promotion copies from the target Deployment to the primary, and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `spec.replicas` as the release writes it; nothing leaves the target at zero until it is
    /// scaled up to the primary's size.
    pub replicas: Option<u32>,
    /// The release writes the service's full size there, whatever a Scenario makes of it.
    pub writes_replicas: bool,
    /// `maxSurge` of its strategy, for the primary's own update too.
    pub max_surge: IntOrPercent,
    /// `maxUnavailable` of its strategy.
    pub max_unavailable: IntOrPercent,
    /// `strategy.type: Recreate`: the primary stops all old pods before it starts a new one.
    pub recreate: bool,
    /// The Deployments' own `spec.progressDeadlineSeconds`, nothing if it is switched off.
    pub deadline: Option<SimDuration>,
}

/// `spec.autoscalerRef`, with what Flagger reads of the autoscaler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Autoscaler {
    /// Its `minReplicas`: the size at which the canary starts if above 1.
    pub min_replicas: Option<u32>,
    /// `primaryScalerReplicas`: other limits for the primary's copy, as (min, max).
    pub primary: (Option<u32>, Option<u32>),
}

/// `spec.analysis`.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// `interval`, at least 10 s: the time between ticks.
    pub interval: SimDuration,
    /// `threshold`: failed ticks that roll back; 0 means 1.
    pub threshold: u32,
    /// `maxWeight`, percent; 0 means 100.
    pub max_weight: u32,
    /// `stepWeight`, percent; 0 means not set.
    pub step_weight: u32,
    /// `stepWeights`, percent.
    pub step_weights: Vec<u32>,
    /// `stepWeightPromotion`, percent; 0 moves all traffic at once.
    pub step_weight_promotion: u32,
    /// `iterations`.
    pub iterations: u32,
    /// `mirror`.
    pub mirror: bool,
    /// `mirrorWeight`, percent; 0 mirrors everything.
    pub mirror_weight: u32,
    /// `match`: which users' requests the rules apply to.
    pub matching: Option<Matching>,
    /// `primaryReadyThreshold`, percent.
    pub primary_ready: u32,
    /// `canaryReadyThreshold`, percent.
    pub canary_ready: u32,
    /// `sessionAffinity`.
    pub affinity: Option<Affinity>,
    /// `metrics`, in order.
    pub metrics: Vec<FlaggerMetric>,
    /// `webhooks`, in order.
    pub webhooks: Vec<Webhook>,
}

/// `match`: conditions on requests. Only their number and reach count here.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// The conditions as they were written, for the event log.
    pub conditions: Vec<String>,
    /// Share of users whose requests match.
    pub share: Share,
}

/// `sessionAffinity`: users who met the canary once stay there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affinity {
    /// `cookieName`.
    pub cookie: String,
    /// `maxAge` of that cookie; the default is a day.
    pub max_age: SimDuration,
    /// `primaryCookieName`: users who met the primary stay there for one interval.
    pub primary_cookie: Option<String>,
}

/// One entry of `metrics`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlaggerMetric {
    /// `name`; `request-success-rate` and `request-duration` are built in.
    pub name: String,
    /// `interval`, as written; the built-in and inline queries put 1m for nothing.
    pub interval: Option<String>,
    /// `thresholdRange`.
    pub range: Option<Range>,
    /// `threshold`, used when there is no range: a minimum for the success rate, else a maximum.
    pub threshold: f64,
    /// `query`: inline PromQL.
    pub query: Option<String>,
    /// `templateRef`, resolved.
    pub template: Option<Template>,
    /// `templateVariables`.
    pub variables: BTreeMap<String, String>,
}

/// `thresholdRange`; both bounds are inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// Smallest value that passes.
    pub min: Option<f64>,
    /// Largest value that passes.
    pub max: Option<f64>,
}

/// A MetricTemplate that a metric refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// Name of the MetricTemplate: `templateRef.name`.
    pub name: String,
    /// Namespace of the MetricTemplate: the Canary's own where the reference names none.
    pub namespace: String,
    /// `spec.query`, with its placeholders; empty where `reply` stands in its place.
    pub query: String,
    /// What a provider answers that no flight can ask: success is a value within the bounds.
    pub reply: Option<Reply>,
    /// How long the provider takes to answer; the tick waits for it.
    pub takes: SimDuration,
}

/// What a webhook is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hook {
    /// `confirm-rollout`: may the analysis begin?
    ConfirmRollout,
    /// `pre-rollout`: a test before any traffic.
    PreRollout,
    /// `rollout`, or no type at all: a check in every analysis.
    #[default]
    Rollout,
    /// `confirm-traffic-increase`: may the weight go up?
    ConfirmTrafficIncrease,
    /// `confirm-promotion`: may the promotion begin?
    ConfirmPromotion,
    /// `post-rollout`: told at the end.
    PostRollout,
    /// `rollback`: success means "go back".
    Rollback,
    /// `event`: told of every event; its answer changes nothing.
    Event,
}

impl Hook {
    /// The types as manifests write them.
    pub const WORDS: &[(&str, Hook)] = &[
        ("confirm-rollout", Hook::ConfirmRollout),
        ("pre-rollout", Hook::PreRollout),
        ("rollout", Hook::Rollout),
        ("", Hook::Rollout),
        ("confirm-traffic-increase", Hook::ConfirmTrafficIncrease),
        ("confirm-promotion", Hook::ConfirmPromotion),
        ("post-rollout", Hook::PostRollout),
        ("rollback", Hook::Rollback),
        ("event", Hook::Event),
    ];

    /// The answer to assume when nothing is known of the service: gates are open, tests pass, and
    /// nobody calls back.
    pub fn usual_reply(self) -> Reply {
        if self == Hook::Rollback { Reply::Never } else { Reply::Always }
    }

    /// The type that `word` names.
    pub fn parse(word: &str) -> Option<Hook> {
        Hook::WORDS.iter().find(|(known, _)| *known == word).map(|(_, hook)| *hook)
    }
}

/// One entry of `webhooks`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Webhook {
    /// `name`.
    pub name: String,
    /// `type`.
    pub hook: Hook,
    /// What the service behind `url` answers.
    pub reply: Reply,
    /// The load that a load tester behind `url` sends to the canary after each call.
    pub load: Option<Load>,
    /// How long the service takes to answer; the tick waits for it.
    pub takes: SimDuration,
    /// `timeout`: an answer that comes later is a failed call. Nothing means 10 s.
    pub timeout: Option<SimDuration>,
    /// `retries`: further calls after one that was answered with 5xx, or not in time.
    pub retries: u32,
}

impl Webhook {
    /// Is it answered at once, whatever the answer?
    pub fn is_quick(&self) -> bool {
        let flaky = matches!(self.reply, Reply::Share(_)) && self.retries > 0;
        self.takes == SimDuration::ZERO && !flaky
    }

    /// Does a call made `age` after the release began succeed, and how long does it block the tick?
    /// Late and failed answers are asked for again after 1 s, 2 s, 4 s …, at most 30 s
    /// (hashicorp/go-retryablehttp `client.go`, `DefaultBackoff`); a refusal, such as that of a
    /// gate (403), is not. In a share of calls the service fails (5xx), each time drawn anew.
    pub fn call(&self, age: SimDuration, key: u64) -> (bool, SimDuration) {
        let timeout = self.timeout();
        let mut blocks = SimDuration::ZERO;
        for number in 0..=self.retries {
            if number > 0 {
                blocks += SimDuration::from_secs(1 << (number - 1).min(5)).min(LONGEST_PAUSE);
            }
            blocks += self.takes.min(timeout);
            let in_time = !self.times_out();
            let key = key ^ u64::from(number) << 32;
            if in_time && self.reply.passes(age, key) {
                return (true, blocks);
            }
            if in_time && !matches!(self.reply, Reply::Share(_)) {
                break;
            }
        }
        (false, blocks)
    }

    /// Does the controller give up before an answer comes?
    pub fn times_out(&self) -> bool {
        self.takes > self.timeout()
    }

    fn timeout(&self) -> SimDuration {
        self.timeout.unwrap_or(SimDuration::from_secs(10))
    }
}

/// Longest pause before a further call (`RetryWaitMax`).
const LONGEST_PAUSE: SimDuration = SimDuration::from_secs(30);

/// Synthetic requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Straight to the canary's own Service, or to the name that users call, where the split
    /// divides them?
    pub straight: bool,
    /// Requests a second (`hey -q 10 -c 2` sends 20).
    pub rate: Rate,
    /// For how long after the call; a call meanwhile starts nothing.
    pub lasts: SimDuration,
}

/// Which release's rules apply where they changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Since 1.44 a primary that fails in promotion leaves all traffic on the canary; before,
    /// everything was rolled back to the broken primary.
    pub failed_promotion_keeps_canary: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { failed_promotion_keeps_canary: true }
    }
}

impl Names {
    /// The names of a Canary for the Deployment `target`, which lends all others.
    pub fn of(target: &str, namespace: &str) -> Names {
        let name = target.to_string();
        Names {
            canary: name.clone(),
            namespace: namespace.to_string(),
            target: name.clone(),
            service: name.clone(),
            ingress: name.clone(),
            route: name,
        }
    }
}

impl Target {
    /// The bounds of an update of `replicas` pods; settings that mean no number bound nothing.
    pub fn bounds(&self, replicas: u32) -> Bounds {
        let found = Bounds::resolve(Some(&self.max_surge), Some(&self.max_unavailable), replicas);
        found.unwrap_or(Bounds { surge: 1, unavailable: 0 })
    }
}

impl FlaggerSettings {
    /// A Canary that only names its target: every default of the controller, no analysis.
    pub fn new(names: Names) -> FlaggerSettings {
        FlaggerSettings {
            names,
            provider: Provider::Istio,
            analysis: None,
            skip_analysis: false,
            suspend: false,
            progress_deadline: SimDuration::from_secs(600),
            autoscaler: None,
            target: Target {
                replicas: None,
                writes_replicas: false,
                max_surge: IntOrPercent::Text("25%".into()),
                max_unavailable: IntOrPercent::Text("25%".into()),
                recreate: false,
                deadline: Some(SimDuration::from_secs(600)),
            },
            rules: Rules::default(),
            first_tick: None,
            orders: Vec::new(),
        }
    }

    /// The time between ticks; a Canary without analysis ticks every minute.
    pub fn interval(&self) -> SimDuration {
        self.analysis.as_ref().map_or(Analysis::default().interval, |a| a.interval)
    }

    /// Is the new version promoted unseen?
    pub fn skips_analysis(&self) -> bool {
        self.analysis.is_none() || self.skip_analysis
    }
}

impl Analysis {
    /// Longest time between ticks that is too short for the controller, which then takes this.
    pub const INTERVAL_MIN: SimDuration = SimDuration::from_secs(10);

    /// `interval` as the controller takes it: nothing is 60 s, and 10 s is the least.
    pub fn interval_of(written: Option<SimDuration>) -> SimDuration {
        written.map_or(Analysis::default().interval, |i| i.max(Analysis::INTERVAL_MIN))
    }

    /// Failed ticks that roll back.
    pub fn failed_max(&self) -> u32 {
        self.threshold.max(1)
    }
}

impl Default for Analysis {
    fn default() -> Self {
        Analysis {
            interval: SimDuration::from_secs(60),
            threshold: 0,
            max_weight: 0,
            step_weight: 0,
            step_weights: Vec::new(),
            step_weight_promotion: 0,
            iterations: 0,
            mirror: false,
            mirror_weight: 0,
            matching: None,
            primary_ready: 100,
            canary_ready: 100,
            affinity: None,
            metrics: Vec::new(),
            webhooks: Vec::new(),
        }
    }
}

impl Default for Affinity {
    fn default() -> Self {
        Affinity {
            cookie: String::new(),
            max_age: SimDuration::from_secs(86_400),
            primary_cookie: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_floor_and_a_default() {
        let secs = SimDuration::from_secs;
        assert_eq!(Analysis::interval_of(None), secs(60));
        assert_eq!(Analysis::interval_of(Some(secs(1))), secs(10));
        assert_eq!(Analysis::interval_of(Some(secs(30))), secs(30));
    }

    #[test]
    fn a_canary_without_analysis_is_promoted_unseen() {
        let mut canary = FlaggerSettings::new(Names::of("podinfo", "test"));
        assert!(canary.skips_analysis());
        canary.analysis = Some(Analysis::default());
        assert!(!canary.skips_analysis());
        assert_eq!(canary.analysis.as_ref().map(Analysis::failed_max), Some(1));
    }

    #[test]
    fn a_hook_without_type_is_a_rollout_hook() {
        assert_eq!(Hook::parse(""), Some(Hook::Rollout));
        assert_eq!(Hook::parse("rollback"), Some(Hook::Rollback));
        assert_eq!(Hook::parse("confirm"), None);
    }
}
