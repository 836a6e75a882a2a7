//! All objects of a run, and how they find each other: by name, by selector, by host.

use super::alike::Alike;
use super::fields::Labels;
use super::kinds::analysis_template::AnalysisTemplate;
use super::kinds::autoscaler::Autoscaler;
use super::kinds::canary::Canary;
use super::kinds::canary_config::CanaryConfig;
use super::kinds::deployment::Deployment;
use super::kinds::destination_rule::DestinationRule;
use super::kinds::disruption_budget::DisruptionBudget;
use super::kinds::metric_template::MetricTemplate;
use super::kinds::node::Node;
use super::kinds::pod::contains;
use super::kinds::rollout::Rollout;
use super::kinds::service::Service;
use super::kinds::virtual_service::VirtualService;
use super::kinds::volume_claim::Access;
use super::kinds::{Body, Object};
use super::rule::{Destination, namespace, short};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use windtunnel_base::problem::nearest;

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The objects, in the order they were read; none is added once one was looked for.
    pub objects: Vec<Object>,
    /// Names that a Scenario beside gives to the old and the new version, of workloads or versions.
    pub told: Vec<[String; 2]>,
    /// Labels of pods that objects of other kinds run.
    pub others: Vec<Labels>,
    index: OnceCell<Index>,
    routed: OnceCell<BTreeMap<String, Vec<(usize, usize)>>>,
}

/// Where objects stand in the list, by what others know of them.
#[derive(Clone, Debug, Default)]
struct Index {
    by_name: BTreeMap<String, Vec<usize>>,
    /// Workloads, by each label of their pods.
    by_label: BTreeMap<(String, String), Vec<usize>>,
    /// DestinationRules, by the first word of their host.
    by_host: BTreeMap<String, Vec<usize>>,
    by_kind: BTreeMap<&'static str, Vec<usize>>,
    /// Autoscalers, by the name of what they scale.
    by_scaled: BTreeMap<String, Vec<usize>>,
    pods: Vec<usize>,
    /// Names that hosts may mean: of Services and of what runs pods.
    hosts: Alike,
    /// Names of hosts of DestinationRules.
    rules: Alike,
    /// Names of workloads.
    workloads: Alike,
    /// Values of the labels of pods.
    values: Alike,
    by_value: BTreeMap<String, BTreeSet<String>>,
}

macro_rules! of_kind {
    ($(#[$doc:meta])* $name:ident, $body:ident, $type:ty, $($kind:literal),+) => {
        $(#[$doc])*
        pub fn $name(&self) -> impl Iterator<Item = (&Object, &$type)> {
            self.of_kinds(&[$($kind),+]).filter_map(|object| match &object.body {
                Body::$body(body) => Some((object, &**body)),
                _ => None,
            })
        }
    };
}

impl Store {
    of_kind!(
        /// All Deployments.
        deployments, Deployment, Deployment, "Deployment"
    );
    of_kind!(
        /// All Services.
        services, Service, Service, "Service"
    );
    /// All sets of rules, whatever their kind.
    pub fn virtual_services(&self) -> impl Iterator<Item = (&Object, &VirtualService)> {
        self.objects.iter().filter_map(|object| Some((object, rules(object)?)))
    }

    of_kind!(
        /// All autoscalers.
        autoscalers, Autoscaler, Autoscaler, "HorizontalPodAutoscaler", "ScaledObject"
    );
    of_kind!(
        /// All limits of evictions.
        disruption_budgets, DisruptionBudget, DisruptionBudget, "PodDisruptionBudget"
    );
    of_kind!(
        /// All DestinationRules.
        destination_rules, DestinationRule, DestinationRule, "DestinationRule"
    );

    of_kind!(
        /// All Canaries.
        canaries, Canary, Canary, "Canary"
    );
    of_kind!(
        /// All MetricTemplates.
        metric_templates, MetricTemplate, MetricTemplate, "MetricTemplate"
    );

    of_kind!(
        /// All Rollouts.
        rollouts, Rollout, Rollout, "Rollout"
    );
    of_kind!(
        /// All templates of analyses, of a namespace or of the cluster.
        analysis_templates, AnalysisTemplate, AnalysisTemplate, "AnalysisTemplate",
        "ClusterAnalysisTemplate"
    );
    of_kind!(
        /// All canary configs of Kayenta.
        canary_configs, CanaryConfig, CanaryConfig, "CanaryConfig"
    );

    of_kind!(
        /// All nodes.
        nodes, Node, Node, "Node"
    );

    /// Who may have the volume of a claim, with the claim.
    pub fn volume_claim(&self, near: &Object, name: &str) -> Option<(&Object, Access)> {
        self.named(name).filter(|o| o.is_near(near)).find_map(|o| match o.body {
            Body::VolumeClaim(access) => Some((o, access)),
            _ => None,
        })
    }

    /// All autoscalers of what bears a name.
    pub fn scalers_of(&self, name: &str) -> impl Iterator<Item = (&Object, &Autoscaler)> {
        let found = self.index().by_scaled.get(name).into_iter().flatten();
        found.filter_map(|at| match &self.objects[*at] {
            object @ Object { body: Body::Autoscaler(body), .. } => Some((object, &**body)),
            _ => None,
        })
    }

    /// All objects of one of these kinds, in the order they were read.
    pub fn of_kinds(&self, kinds: &[&str]) -> impl Iterator<Item = &Object> + use<'_> {
        let lists = kinds.iter().filter_map(|kind| self.index().by_kind.get(kind));
        let mut found: Vec<usize> = lists.flatten().copied().collect();
        found.sort_unstable();
        found.into_iter().map(|at| &self.objects[at])
    }

    /// The objects of these titles, in the order they were read.
    pub fn titled<'t>(&self, titles: impl IntoIterator<Item = &'t String>) -> Vec<&Object> {
        let of = |title: &'t String| {
            let (kind, name) = title.split_once('/')?;
            let named = self.index().by_name.get(name)?.iter().copied();
            Some(named.filter(move |at| self.objects[*at].kind == kind))
        };
        let found: BTreeSet<usize> = titles.into_iter().filter_map(of).flatten().collect();
        found.into_iter().map(|at| &self.objects[at]).collect()
    }

    /// Everything that runs pods, with their labels.
    pub fn pods(&self) -> impl Iterator<Item = (&Object, &Labels)> {
        self.index().pods.iter().filter_map(|at| with_labels(&self.objects[*at]))
    }

    /// Does anything that was given run pods with these labels?
    pub fn runs(&self, near: &Object, selector: &Labels) -> bool {
        let own = self.pods_with(selector).iter().any(|(o, _)| o.is_near(near));
        own || self.others.iter().any(|labels| contains(labels, selector))
    }

    /// What runs pods with all of these labels; with none, everything that runs pods.
    pub fn pods_with(&self, wanted: &Labels) -> Vec<(&Object, &Labels)> {
        let none = Vec::new();
        let index = self.index();
        let of = |pair: &(String, String)| index.by_label.get(pair).unwrap_or(&none);
        let rarest = wanted.iter().map(of).min_by_key(|found| found.len());
        let found = rarest.unwrap_or(&index.pods).iter();
        let found = found.filter_map(|at| with_labels(&self.objects[*at]));
        found.filter(|(_, labels)| contains(labels, wanted)).collect()
    }

    /// All objects of a name, in the order they were read.
    pub fn named<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s Object> + use<'s> {
        self.index().by_name.get(name).into_iter().flatten().map(|at| &self.objects[*at])
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (at, object) in self.objects.iter().enumerate() {
                index.by_name.entry(object.metadata.name.clone()).or_default().push(at);
                index.by_kind.entry(object.kind).or_default().push(at);
                if let Body::Autoscaler(scaler) = &object.body {
                    index.by_scaled.entry(scaler.target.clone()).or_default().push(at);
                }
                let space = object.metadata.namespace.as_deref();
                if let Body::DestinationRule(rule) = &object.body {
                    index.rules.add(short(&rule.host), space);
                    index.by_host.entry(short(&rule.host).to_string()).or_default().push(at);
                }
                if ["Service", "Deployment", "Rollout"].contains(&object.kind) {
                    index.hosts.add(&object.metadata.name, space);
                }
                if ["Deployment", "Rollout"].contains(&object.kind) {
                    index.workloads.add(&object.metadata.name, space);
                }
                let Some((_, labels)) = with_labels(object) else { continue };
                index.pods.push(at);
                for pair in labels {
                    index.values.add(&pair.1, space);
                    index.by_value.entry(pair.1.clone()).or_default().insert(pair.0.clone());
                    index.by_label.entry(pair.clone()).or_default().push(at);
                }
            }
            index
        })
    }

    /// The DestinationRules of hosts that begin with one of these words, in the order they were
    /// read.
    pub fn rules_about<'n>(
        &self,
        words: impl IntoIterator<Item = &'n String>,
    ) -> Vec<(&Object, &DestinationRule)> {
        let found = words.into_iter().filter_map(|word| self.index().by_host.get(word)).flatten();
        let found: BTreeSet<usize> = found.copied().collect();
        let rule = |at: usize| match &self.objects[at] {
            object @ Object { body: Body::DestinationRule(rule), .. } => Some((object, &**rule)),
            _ => None,
        };
        found.into_iter().filter_map(rule).collect()
    }

    /// The DestinationRules of a host, in all namespaces.
    fn rules_of(&self, host: &str) -> Vec<(&Object, &DestinationRule)> {
        self.rules_about([&short(host).to_string()])
    }

    /// The DestinationRule of a host.
    pub fn rule_of(&self, near: &Object, host: &str) -> Option<(&Object, &DestinationRule)> {
        let rules = self.rules_of(host);
        let at = meant(near, host, rules.iter().map(|(object, _)| *object))?;
        rules.get(at).copied()
    }

    /// The Service of a host.
    pub fn service_of(&self, near: &Object, host: &str) -> Option<(&Object, &Service)> {
        let all = self.named(short(host)).filter_map(|object| match &object.body {
            Body::Service(service) => Some((object, &**service)),
            _ => None,
        });
        let all: Vec<(&Object, &Service)> = all.collect();
        let at = meant(near, host, all.iter().map(|(object, _)| *object))?;
        all.get(at).copied()
    }

    /// The Deployments behind a host: those that its Service picks; without a Service, those whose
    /// name or `app` label is the host's, or whose name begins with it.
    pub fn behind<'s>(&'s self, near: &Object, host: &str) -> Vec<(&'s Object, &'s Deployment)> {
        let service = self.service_of(near, host);
        // Pods lie where their Service does.
        let near = service.map_or(near, |(object, _)| object);
        let host = short(host);
        let deployment = |object: &'s Object| match &object.body {
            Body::Deployment(body) if object.is_near(near) => Some((object, &**body)),
            _ => None,
        };
        if let Some(selector) = service.and_then(|(_, service)| service.selector.as_ref()) {
            let picked = self.pods_with(selector).into_iter();
            return picked.filter_map(|(object, _)| deployment(object)).collect();
        }
        let index = self.index();
        let prefix = format!("{host}-");
        let after = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let prefixed = index.by_name.range::<str, _>(after);
        let prefixed = prefixed.take_while(|(name, _)| name.starts_with(&prefix)).map(|(_, at)| at);
        let apps = ["app", "app.kubernetes.io/name", "k8s-app"];
        let apps = apps.map(|key| index.by_label.get(&(key.to_string(), host.to_string())));
        let all = index.by_name.get(host).into_iter().chain(prefixed);
        let all: BTreeSet<usize> =
            all.chain(apps.into_iter().flatten()).flatten().copied().collect();
        all.into_iter().filter_map(|at| deployment(&self.objects[at])).collect()
    }

    /// The rules that name the host of a Deployment, and the destinations by which they do.
    pub fn routed_to(&self, deployment: &Object) -> Vec<(&Object, &Destination)> {
        let routed = self.routed.get_or_init(|| {
            let mut routed: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
            for (at, object) in self.objects.iter().enumerate() {
                for (number, to) in destinations(object).into_iter().enumerate() {
                    for (behind, _) in self.behind(object, &to.host) {
                        routed.entry(behind.title()).or_default().push((at, number));
                    }
                }
            }
            routed
        });
        let found = routed.get(&deployment.title()).into_iter().flatten();
        let to = |(at, number): &(usize, usize)| {
            let object = &self.objects[*at];
            destinations(object).get(*number).map(|to| (object, *to))
        };
        found.filter_map(to).collect()
    }

    /// The Service or workload that `host` was probably meant to be, for somebody near.
    pub fn service_like(&self, near: &Object, host: &str) -> Option<&str> {
        self.index().hosts.slip(short(host), near.metadata.namespace.as_deref())
    }

    /// The same, or a host that rules are given for; nothing for one that bears such rules itself.
    pub fn host_like(&self, near: &Object, host: &str) -> Option<&str> {
        let rules = &self.index().rules;
        if self.index().by_host.contains_key(short(host)) {
            return None;
        }
        let space = near.metadata.namespace.as_deref();
        self.service_like(near, host).or_else(|| rules.slip(short(host), space))
    }

    /// The workload that `name` was probably meant to be, for somebody near.
    pub fn workload_like(&self, near: &Object, name: &str) -> Option<&str> {
        self.index().workloads.slip(name, near.metadata.namespace.as_deref())
    }

    /// Labels of pods that one of a selector was probably meant to be: another value, or the same
    /// one of another key.
    pub fn labels_like(&self, near: &Object, (key, value): &(String, String)) -> Labels {
        let index = self.index();
        let space = near.metadata.namespace.as_deref();
        let values = index.values.slip(value, space).into_iter().chain([value.as_str()]);
        let keys = values.filter_map(|value| Some((value, index.by_value.get(value)?)));
        let pairs = keys.flat_map(|(value, keys)| keys.iter().map(move |key| (key, value)));
        let meant = pairs.filter(|(own, _)| *own == key || nearest(key, [own.as_str()]).is_some());
        meant.map(|(key, value)| (key.clone(), value.to_string())).collect()
    }

    /// What runs pods and bears this name, or one that goes on behind it with a hyphen.
    pub fn named_like(&self, name: &str) -> Vec<&Object> {
        let index = self.index();
        let prefix = format!("{name}-");
        let after = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let prefixed = index.by_name.range::<str, _>(after);
        let prefixed = prefixed.take_while(|(name, _)| name.starts_with(&prefix)).map(|(_, at)| at);
        let all = index.by_name.get(name).into_iter().chain(prefixed).flatten();
        let all = all.map(|at| &self.objects[*at]);
        all.filter(|object| object.template().is_some()).collect()
    }
}

/// Which of some objects a host means that `near` names: the one in the namespace that it says, or
/// else one that lies near.
fn meant<'a>(
    near: &Object,
    host: &str,
    mut all: impl Iterator<Item = &'a Object> + Clone,
) -> Option<usize> {
    let space = namespace(host);
    let said = |object: &Object| space.is_some() && object.metadata.namespace.as_deref() == space;
    let exact = all.clone().position(said);
    exact.or_else(|| all.position(|object| object.is_near(near)))
}

/// Where the rules of an object send requests, and copies of them.
fn destinations(object: &Object) -> Vec<&Destination> {
    let Some(VirtualService { rules, .. }) = rules(object) else { return Vec::new() };
    let mirrors = rules.iter().filter_map(|rule| rule.mirror.as_ref().map(|(to, _)| to));
    rules.iter().flat_map(|rule| &rule.destinations).chain(mirrors).collect()
}

/// The set of rules that an object is, whatever its kind.
pub fn rules(object: &Object) -> Option<&VirtualService> {
    match &object.body {
        Body::VirtualService(body) | Body::HttpRoute(body) | Body::Router(body) => Some(body),
        Body::Ingress(body) => Some(&body.routes),
        _ => None,
    }
}

/// What an object that runs pods writes on them.
fn with_labels(object: &Object) -> Option<(&Object, &Labels)> {
    object.template().map(|template| (object, &template.labels))
}
