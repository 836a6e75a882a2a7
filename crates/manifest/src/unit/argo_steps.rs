//! What a Rollout's own annotations say, and the steps that need them: experiments and plugins.
//!
//! Deliberately unknown here: how an analysis is put together (see [`super::argo_analysis`]).

use super::UnitsFound;
use super::argo_analysis::analysis_of;
use super::argo_write::{self, given, span};
use crate::draft::{Draft, integer, list, mapping, text};
use crate::kinds::Object;
use crate::kinds::analysis_template::Given;
use crate::kinds::metadata::ORDERS;
use crate::kinds::rollout::{Beside, Experiment, Reference, Rollout, Step, Strategy};
use crate::note::Weight;
use crate::standard_releases::{LATEST, STABLE};
use crate::store::Store;
use windtunnel_base::node::Value;
use windtunnel_base::problem::nearest;
use windtunnel_base::units::parse_duration;
use windtunnel_model::analysis::reply::{EXPECTED, Reply};
use windtunnel_model::strategy::argo::field;

/// After how long a pause without end is promoted.
pub const PROMOTED: &str = "windtunnel-promoted";
/// After how long a paused Rollout is resumed.
pub const RESUMED: &str = "windtunnel-resumed";
/// Whose rules its controller follows.
pub const RULES: &str = "windtunnel-rules";
const ANSWERS: &str = "windtunnel-answers";
const TAKES: &str = "windtunnel-takes";

/// What an annotation of the Rollout says.
pub fn said<'r>(rollout: &'r Rollout, name: &str) -> Option<&'r str> {
    let found = rollout.answers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// Annotations that mean nothing are slips.
pub fn check_annotations(object: &Object, rollout: &Rollout, found: &mut UnitsFound) {
    let steps: Vec<String> = match &rollout.strategy {
        Some(Strategy::Canary(canary)) => canary
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Plugin(index, _) => Some(format!("step-{index}")),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    for (name, value) in &rollout.answers {
        let field = format!("metadata.annotations.{name}");
        let (head, step) = name.split_once('.').unwrap_or((name, ""));
        let known = [PROMOTED, RESUMED, RULES, ORDERS, ANSWERS, TAKES];
        let told = |names: &[&str]| match nearest(
            if step.is_empty() { head } else { step },
            names.iter().copied(),
        ) {
            Some(near) => format!("did you mean {near}?"),
            None => String::new(),
        };
        if !known.contains(&head) {
            let (message, expected) = (format!("unknown annotation {name:?}"), known.join(", "));
            found.problem(object, &field, message, &format!("one of {expected}"), &told(&known));
        } else if !step.is_empty() && !steps.iter().any(|known| known == step) {
            let names: Vec<&str> = steps.iter().map(String::as_str).collect();
            let message = format!("{step:?} is no plugin step");
            let expected = format!("one of {}", names.join(", "));
            found.problem(object, &field, message, &expected, &told(&names));
        }
        let span = parse_duration(value).is_some();
        let fits = match head {
            // The strategy's reader says what is wrong with these.
            RULES | ORDERS => true,
            ANSWERS => Reply::parse(value).is_some(),
            PROMOTED => span || value == "never",
            _ => span,
        };
        if !fits {
            let expected = match head {
                ANSWERS => EXPECTED,
                PROMOTED => "a duration such as 10m, or never",
                _ => "a duration such as 30s",
            };
            found.problem(object, &field, format!("found {value:?}"), expected, "");
        }
    }
}

/// A Rollout, and whether a router divides its traffic.
pub struct Said<'a> {
    /// All objects.
    pub store: &'a Store,
    /// The Rollout's.
    pub object: &'a Object,
    /// What it says.
    pub rollout: &'a Rollout,
    /// Has it traffic routing?
    pub routed: bool,
}

impl Said<'_> {
    /// A step as it is written in the strategy, under `at`.
    pub fn step(&self, step: &Step, at: &str, draft: &mut Draft, found: &mut UnitsFound) -> Value {
        let (name, value) = match step {
            Step::Analysis(reference) => {
                let at = format!("{at}.{}", field::ANALYSIS);
                let analysis = analysis_of(self.store, self.object, reference, &at, draft, found);
                (field::ANALYSIS, mapping(analysis))
            }
            Step::Experiment(experiment) => {
                (field::EXPERIMENT, self.experiment(experiment, at, draft, found))
            }
            Step::Plugin(index, name) => (field::PLUGIN, self.plugin(*index, name, found)),
            alone => return mapping(argo_write::step(alone).into_iter().collect()),
        };
        mapping(vec![(name, value)])
    }

    /// A plugin step: how it ends is an annotation's to say.
    fn plugin(&self, index: usize, name: &str, found: &mut UnitsFound) -> Value {
        let of = |head: &str| {
            said(self.rollout, &format!("{head}.step-{index}")).or(said(self.rollout, head))
        };
        let answers = of(ANSWERS);
        if answers.is_none() {
            let field = format!("spec.strategy.canary.steps[{index}].plugin");
            let source = format!(
                "no plugin is run; the Rollout's annotation {ANSWERS}.step-{index} says otherwise"
            );
            found.assume_answer(self.object, &field, "always", source, Weight::Matters);
        }
        let mut fields = vec![(field::NAME, text(name))];
        fields.extend(answers.map(|answers| (field::ANSWERS, text(answers))));
        fields.extend(of(TAKES).map(|takes| (field::TAKES, text(takes))));
        mapping(fields)
    }

    /// An experiment, with its analyses in place.
    fn experiment(
        &self,
        experiment: &Experiment,
        at: &str,
        draft: &mut Draft,
        found: &mut UnitsFound,
    ) -> Value {
        let templates = experiment.templates.iter().map(|template| {
            let version = if template.canary { "canary" } else { "stable" };
            let mut fields = vec![(field::NAME, text(template.name.clone()))];
            fields.push((field::SPEC_REF, text(version)));
            fields.extend(given([
                (field::REPLICAS, template.replicas.map(integer)),
                (field::WEIGHT, template.weight.map(integer)),
            ]));
            if !self.routed && !self.serves(template) {
                fields.push((field::SERVES, Value::Flag(false)));
            }
            mapping(fields)
        });
        let templates: Vec<Value> = templates.collect();
        let mut analyses = Vec::new();
        for (name, wanted, reference) in &experiment.analyses {
            let reference = self.with_hashes(experiment, reference);
            let mut fields = vec![(field::NAME, text(name.clone()))];
            if *wanted {
                fields.push((field::REQUIRED_FOR_COMPLETION, Value::Flag(true)));
            }
            let list = format!("{at}.{}.{}", field::EXPERIMENT, field::ANALYSES);
            let at = format!("{list}[{}]", analyses.len());
            fields.extend(analysis_of(self.store, self.object, &reference, &at, draft, found));
            analyses.push(mapping(fields));
        }
        let mut fields = given([
            (field::DURATION, experiment.duration.clone().map(text)),
            (field::SCALE_DOWN_DELAY, experiment.scale_down_delay_secs.map(span)),
        ]);
        fields.push((field::TEMPLATES, list(templates)));
        if !analyses.is_empty() {
            fields.push((field::ANALYSES, list(analyses)));
        }
        mapping(fields)
    }

    /// Do the users' Services select the pods of a template? They have the Rollout's labels, but
    /// for those that it replaces; a Service that the Rollout manages asks for a hash as well.
    fn serves(&self, template: &Beside) -> bool {
        let own = self.rollout.template.as_ref().map(|t| t.labels.as_slice()).unwrap_or_default();
        let replaced = |(name, value): &(String, String)| {
            template.labels.iter().any(|(other, new)| other == name && new != value)
        };
        self.rollout.wired.services.is_empty() && !own.iter().any(replaced)
    }

    /// Arguments with `{{templates.NAME.podTemplateHash}}` replaced: pods of an experiment carry
    /// the hash of their version here.
    fn with_hashes(&self, experiment: &Experiment, reference: &Reference) -> Reference {
        let mut reference = reference.clone();
        for argument in &mut reference.arguments {
            let Some(Given::Text(text)) = &mut argument.value else { continue };
            for template in &experiment.templates {
                let hash = if template.canary { LATEST } else { STABLE };
                let set = format!("{}-{hash}", self.object.metadata.name);
                for (what, value) in [("podTemplateHash", hash), ("replicaset.name", &set)] {
                    let name = &template.name;
                    *text = text.replace(&format!("{{{{templates.{name}.{what}}}}}"), value);
                }
            }
        }
        reference
    }
}
