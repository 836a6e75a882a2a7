//! All objects of a run, and how they find each other: by name, by selector, by host.

use super::fields::Labels;
use super::kinds::analysis_template::AnalysisTemplate;
use super::kinds::autoscaler::Autoscaler;
use super::kinds::canary::Canary;
use super::kinds::canary_config::CanaryConfig;
use super::kinds::deployment::Deployment;
use super::kinds::destination_rule::DestinationRule;
use super::kinds::disruption_budget::DisruptionBudget;
use super::kinds::ingress::Ingress;
use super::kinds::metric_template::MetricTemplate;
use super::kinds::node::Node;
use super::kinds::pod::contains;
use super::kinds::rollout::Rollout;
use super::kinds::service::Service;
use super::kinds::virtual_service::VirtualService;
use super::kinds::volume_claim::Access;
use super::kinds::{Body, Object};
use super::rule::short;
use crate::base::problem::nearest;

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The objects, in the order they were read.
    pub objects: Vec<Object>,
    /// Names that a Scenario beside gives to the old and the new version, of workloads or versions.
    pub told: Vec<[String; 2]>,
    /// Labels of pods that objects of other kinds run.
    pub others: Vec<Labels>,
}

macro_rules! of_kind {
    ($(#[$doc:meta])* $name:ident, $body:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $name(&self) -> impl Iterator<Item = (&Object, &$type)> {
            self.objects.iter().filter_map(|object| match &object.body {
                Body::$body(body) => Some((object, &**body)),
                _ => None,
            })
        }
    };
}

impl Store {
    of_kind!(
        /// All Deployments.
        deployments, Deployment, Deployment
    );
    of_kind!(
        /// All Services.
        services, Service, Service
    );
    of_kind!(
        /// All Ingresses.
        ingresses, Ingress, Ingress
    );
    /// All sets of rules, whatever their kind.
    pub fn virtual_services(&self) -> impl Iterator<Item = (&Object, &VirtualService)> {
        self.objects.iter().filter_map(|object| match &object.body {
            Body::VirtualService(body) | Body::HttpRoute(body) | Body::Router(body) => {
                Some((object, &**body))
            }
            Body::Ingress(body) => Some((object, &body.routes)),
            _ => None,
        })
    }

    of_kind!(
        /// All autoscalers.
        autoscalers, Autoscaler, Autoscaler
    );
    of_kind!(
        /// All limits of evictions.
        disruption_budgets, DisruptionBudget, DisruptionBudget
    );
    of_kind!(
        /// All DestinationRules.
        destination_rules, DestinationRule, DestinationRule
    );

    of_kind!(
        /// All Canaries.
        canaries, Canary, Canary
    );
    of_kind!(
        /// All MetricTemplates.
        metric_templates, MetricTemplate, MetricTemplate
    );

    of_kind!(
        /// All Rollouts.
        rollouts, Rollout, Rollout
    );
    of_kind!(
        /// All templates of analyses, of a namespace or of the cluster.
        analysis_templates, AnalysisTemplate, AnalysisTemplate
    );
    of_kind!(
        /// All canary configs of Kayenta.
        canary_configs, CanaryConfig, CanaryConfig
    );

    of_kind!(
        /// All nodes.
        nodes, Node, Node
    );

    /// Who may have the volume of a claim, with the claim.
    pub fn volume_claim(&self, near: &Object, name: &str) -> Option<(&Object, Access)> {
        self.objects.iter().filter(|o| o.metadata.name == name && o.is_near(near)).find_map(|o| {
            match o.body {
                Body::VolumeClaim(access) => Some((o, access)),
                _ => None,
            }
        })
    }

    /// Everything that runs pods, with their labels.
    pub fn pods(&self) -> impl Iterator<Item = (&Object, &Labels)> {
        self.objects
            .iter()
            .filter_map(|object| object.template().map(|template| (object, &template.labels)))
    }

    /// Does anything that was given run pods with these labels?
    pub fn runs(&self, near: &Object, selector: &Labels) -> bool {
        let own = self.pods().any(|(o, labels)| o.is_near(near) && contains(labels, selector));
        own || self.others.iter().any(|labels| contains(labels, selector))
    }

    /// The DestinationRule of a host.
    pub fn rule_of(&self, near: &Object, host: &str) -> Option<(&Object, &DestinationRule)> {
        let mut rules = self.destination_rules();
        rules.find(|(object, rule)| short(&rule.host) == short(host) && object.is_near(near))
    }

    /// The Service of a host.
    pub fn service_of(&self, near: &Object, host: &str) -> Option<(&Object, &Service)> {
        let mut services = self.services();
        services.find(|(object, _)| object.metadata.name == short(host) && object.is_near(near))
    }

    /// The Deployments behind a host: those that its Service picks; without a Service, those whose
    /// name or `app` label is the host's, or whose name begins with it.
    pub fn behind(&self, near: &Object, host: &str) -> Vec<(&Object, &Deployment)> {
        let host = short(host);
        let service = self.service_of(near, host);
        let all = self.deployments().filter(|(object, _)| object.is_near(near));
        all.filter(|(object, deployment)| {
            let labels = deployment.template.as_ref().map(|t| &t.labels);
            if let Some(selector) = service.and_then(|(_, s)| s.selector.as_ref()) {
                return labels.is_some_and(|l| contains(l, selector));
            }
            let name = object.metadata.name.as_str();
            let prefixed = name.strip_prefix(host).is_some_and(|rest| rest.starts_with('-'));
            let apps = ["app", "app.kubernetes.io/name", "k8s-app"];
            let app = |(k, v): &(String, String)| apps.contains(&k.as_str()) && v == host;
            name == host || prefixed || labels.is_some_and(|l| l.iter().any(app))
        })
        .collect()
    }

    /// The name of a service or Deployment that `host` was probably meant to be.
    pub fn host_like(&self, host: &str) -> Option<&str> {
        let services = self.services().map(|(o, _)| o.metadata.name.as_str());
        let deployments = self.deployments().map(|(o, _)| o.metadata.name.as_str());
        let rules = self.destination_rules().map(|(_, r)| short(&r.host));
        nearest(short(host), services.chain(deployments).chain(rules))
    }
}
