//! A Canary of Flagger that is bound to a scenario: its queries, filled in and read, and what can
//! be told of it before its first tick.
//!
//! The controller finds a query that Prometheus refuses at every check, and takes every release
//! back for it; here it is an error of the scenario. Deliberately unknown here: answers and ticks.

use super::check::{Question, Source, questions};
use super::drive::Flagger;
use super::query::{Builtin, Model, loses_lines, requests};
use super::settings::{FlaggerMetric, FlaggerSettings};
use super::upstream::upstreams;
use super::weights::{Mode, steps_to_last};
use crate::analysis::promql::Query;
use crate::strategy::binding::Binding;
use crate::strategy::pilot::{Facts, Judged, Pilot, Surprise};
use crate::strategy::{Limits, Needs, Plan, Scaling, Spec};
use crate::world::action::Gate;
use crate::world::names::Names;
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::problem::nearest;
use windtunnel_base::time::SimDuration;

/// The plan of a Canary, under a name of its own.
pub fn plan(name: &str, settings: FlaggerSettings) -> Plan {
    let metrics = settings.analysis.iter().flat_map(|analysis| &analysis.metrics);
    let needs = Needs {
        second_fleet: true,
        routing: settings.provider.needs(),
        controller: true,
        metrics: !settings.skips_analysis() && metrics.count() > 0,
        mixing: true,
        ..Needs::default()
    };
    Plan { name: name.to_string(), kind: "flagger", needs, spec: Box::new(settings) }
}

/// What a Canary asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The queries of its checks.
    pub queries: BTreeMap<Question, Query>,
    /// What counts the requests behind a built-in query, by the number of its metric.
    pub counts: BTreeMap<usize, Query>,
}

/// What a template may ask for (v1beta1/metric.go), besides its variables.
const PLACEHOLDERS: [&str; 7] =
    ["name", "namespace", "target", "service", "ingress", "route", "interval"];

impl Spec for FlaggerSettings {
    fn bind(&self, binding: &mut Binding<'_>) -> Option<Pilot> {
        let asked = asked(self, binding)?;
        let mut settings = self.clone();
        let about = binding.about();
        if settings.target.writes_replicas {
            settings.target.replicas = Some(about.replicas);
        }
        let facts = Facts {
            queries: asked.queries.values().chain(asked.counts.values()).cloned().collect(),
            judged: judged(self, &asked),
            names: Arc::new(renamed(self, about.names)),
            scaling: scaling(self),
            takes: takes(self),
            surprises: surprises(self),
            orders: self.orders.clone(),
            ..Facts::of(about.names)
        };
        let facts = facts.stopping_by(gates(self));
        let facts = facts.with_surprises(super::ratio::surprises(self, &asked));
        Some(Pilot { facts, machine: Box::new(Flagger::new(settings, asked)) })
    }
}

/// By what a Canary may go back: its metrics, those without a query of their own as well, and
/// webhooks.
fn gates(settings: &FlaggerSettings) -> Vec<Gate> {
    let analysis = || settings.analysis.iter();
    let metrics = analysis().flat_map(|a| &a.metrics).map(|m| Gate::Metric(m.name.clone()));
    let hooks = analysis().flat_map(|a| &a.webhooks).map(|w| Gate::Webhook(w.name.clone()));
    metrics.chain(hooks).chain([Gate::ProgressDeadline, Gate::Analysis]).collect()
}

/// Reads all queries; what is wrong with them is told.
fn asked(settings: &FlaggerSettings, binding: &mut Binding<'_>) -> Option<Asked> {
    let (mut asked, mut sound) = (Asked::default(), true);
    let metrics = settings.analysis.as_ref().map_or(&[][..], |analysis| &analysis.metrics);
    for (question, text) in questions(settings) {
        let Some(metric) = metrics.get(question.0) else { continue };
        match query(binding, question, metric, text) {
            Some(query) => drop(asked.queries.insert(question, query)),
            None => sound = false,
        }
    }
    for (number, metric) in metrics.iter().enumerate() {
        if Builtin::parse(&metric.name).is_none() {
            continue;
        }
        let interval = metric.interval.as_deref().filter(|i| !i.is_empty()).unwrap_or("1m");
        let model = Model { names: &settings.names, interval, variables: &metric.variables };
        let text = requests(settings.provider, &model);
        match query(binding, (number, Source::Builtin), metric, text) {
            Some(query) => drop(asked.counts.insert(number, query)),
            None => sound = false,
        }
    }
    sound.then_some(asked)
}

/// One query, which may be a template whose placeholders could not be filled in.
fn query(
    binding: &mut Binding<'_>,
    (number, source): Question,
    metric: &FlaggerMetric,
    text: Result<String, String>,
) -> Option<Query> {
    let (field, written) = match source {
        Source::Inline => ("query", metric.query.as_ref()),
        Source::Template => ("template.query", metric.template.as_ref().map(|t| &t.query)),
        Source::Builtin if metric.interval.is_some() => ("interval", None),
        Source::Builtin => ("name", None),
    };
    let field = format!("analysis.metrics[{number}].{field}");
    let written = written.filter(|text| text.contains("{{") || loses_lines(text));
    if let (Ok(text), None) = (&text, written) {
        return binding.query(&field, text);
    }
    let mut wrong_at = None;
    let read = text.and_then(|text| {
        let query = binding.read(&text).map_err(|error| {
            let message = error.message.clone();
            wrong_at = Some((text, error));
            message
        })?;
        query.check_instant().map(|()| query).map_err(|error| error.to_string())
    });
    let error = match read {
        Ok(query) => return Some(query),
        Err(error) => error,
    };
    let unknown = error.split('"').nth(1).and_then(|word| nearest(word, PLACEHOLDERS));
    let lost = [metric.query.as_ref(), metric.template.as_ref().map(|t| &t.query)];
    let lost = lost.into_iter().flatten().any(|text| loses_lines(text));
    let needs_interval = written.is_some_and(|text| text.contains("interval"));
    let help = match (&metric.interval, unknown) {
        _ if lost => LOST.into(),
        (_, Some(near)) => format!("did you mean {near}?"),
        (None, _) if needs_interval => "give the metric an interval".into(),
        _ => String::new(),
    };
    let expected = "a query once its placeholders are filled in";
    match wrong_at {
        Some((text, wrong)) => binding.misread(&field, &text, wrong, expected, &help),
        None => binding.problem(&field, error, expected, &help),
    }
    None
}

fn judged(settings: &FlaggerSettings, asked: &Asked) -> Vec<Judged> {
    let metrics = settings.analysis.iter().flat_map(|a| &a.metrics).enumerate();
    let of = |(number, metric): (usize, &FlaggerMetric)| {
        let mine = asked.queries.iter().filter(move |((of, _), _)| *of == number);
        let queries = mine.map(|(_, query)| query.clone()).collect();
        Judged { name: metric.name.clone(), path: String::new(), queries }
    };
    metrics.map(of).collect()
}

/// The target's own autoscaler, and the primary's copy of it where the Canary refers to one.
fn scaling(settings: &FlaggerSettings) -> Scaling {
    let copy = settings.autoscaler.map(|scaler| {
        let (min, max) = scaler.primary;
        Limits { min, max }
    });
    Scaling::Deployments([copy, Some(Limits::default())])
}

/// Workloads as Flagger renames them: the primary is a copy of the target.
fn renamed(settings: &FlaggerSettings, names: &Names) -> Names {
    let super::settings::Names { target, service, namespace, .. } = &settings.names;
    let workloads = [format!("{target}-primary"), target.clone(), format!("{target}-baseline")];
    let hosts = ["primary", "canary", "baseline"].map(|side| format!("{service}-{side}"));
    Names {
        namespace: namespace.clone(),
        // The primary's pods bear its own label, so that no selector picks both
        // (pkg/canary/deployment_controller.go, makePrimaryLabels).
        apps: workloads.clone(),
        workloads,
        backends: hosts.clone(),
        hosts,
        long_labels: true,
        upstreams: upstreams(settings.provider, &settings.names),
        ..names.clone()
    }
}

/// What the provider's router makes of the analysis, where its words say something else.
fn surprises(settings: &FlaggerSettings) -> Vec<Surprise> {
    let analysis = settings.analysis.iter().filter(|_| !settings.skips_analysis());
    let all = analysis.flat_map(|analysis| super::router::surprises(settings.provider, analysis));
    let told = |s: super::router::Surprise| Surprise {
        path: format!("{}.{}", super::field::ANALYSIS, s.field),
        message: s.message,
        help: s.help,
    };
    all.map(told).chain(comments(settings)).collect()
}

/// Queries of which the controller loses what stands behind a comment.
fn comments(settings: &FlaggerSettings) -> impl Iterator<Item = Surprise> {
    let metrics = settings.analysis.iter().flat_map(|analysis| &analysis.metrics).enumerate();
    metrics.flat_map(|(number, metric)| {
        let template = metric.template.as_ref().map(|template| &template.query);
        let texts = [("query", metric.query.as_ref()), ("template.query", template)];
        let lost = texts.into_iter().filter(|(_, text)| text.is_some_and(|t| loses_lines(t)));
        lost.map(move |(field, _)| Surprise {
            path: format!("analysis.metrics[{number}].{field}"),
            message: LOST.to_string(),
            help: "leave comments out of queries that Flagger asks".to_string(),
        })
    })
}

/// What becomes of comments (`pkg/metrics/providers/prometheus.go`, trimQuery).
const LOST: &str = "Flagger puts a query on one line: all that follows the # is a comment";

fn takes(settings: &FlaggerSettings) -> SimDuration {
    let Some(analysis) = &settings.analysis else { return settings.interval() };
    let ticks = match Mode::of(Some(analysis)) {
        // What never gets there is warned of, and takes no time that could be named.
        Mode::Canary => steps_to_last(analysis).unwrap_or(0) + 1,
        Mode::AbTesting => u64::from(analysis.iterations) + 1,
        Mode::BlueGreen => u64::from(analysis.iterations) + 2,
    };
    settings.interval() * ticks
}
