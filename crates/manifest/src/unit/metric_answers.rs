//! MetricTemplates of providers that no flight can ask: their annotations say what these answer, or
//! what Prometheus is asked in their place.

use super::UnitsFound;
use crate::draft::text;
use crate::kinds::Object;
use crate::kinds::canary::Analysis;
use crate::kinds::metric_template::MetricTemplate;
use crate::note::Weight;
use crate::store::Store;
use windtunnel_base::node::Value;
use windtunnel_base::problem::{Problem, nearest};
use windtunnel_base::units::parse_duration;
use windtunnel_model::analysis::reply::{EXPECTED, Reply};
use windtunnel_model::strategy::flagger::field;

/// The annotation that says what a provider answers.
const ANSWERS: &str = "windtunnel-answers";

/// The annotation that says how long it takes.
const TAKES: &str = "windtunnel-takes";

/// The annotation with PromQL in its place.
const QUERY: &str = "windtunnel-query";

/// What an annotation of a template says.
fn said<'t>(template: &'t MetricTemplate, name: &str) -> Option<&'t str> {
    template.answers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// What is asked of a template, `owner`, by a metric of a Canary, `object`, at `field`.
pub fn asked(
    owner: &Object,
    template: &MetricTemplate,
    object: &Object,
    field: &str,
    found: &mut UnitsFound,
) -> Vec<(&'static str, Value)> {
    check(owner, template, found);
    let mut fields = Vec::new();
    match (said(template, QUERY).or(template.query.as_deref()), said(template, ANSWERS)) {
        (Some(query), _) => fields.push((field::QUERY, text(query))),
        (None, answers) => {
            let answers = answers.filter(|answers| Reply::parse(answers).is_some());
            if answers.is_none() && said(template, ANSWERS).is_none() {
                let source = format!(
                    "no {} is asked; the annotation {ANSWERS} or {QUERY} of {} says otherwise",
                    template.provider,
                    owner.title()
                );
                found.assume_answer(object, field, "always", source, Weight::Matters);
            }
            fields.push((field::ANSWERS, text(answers.unwrap_or("always"))));
        }
    }
    let takes = said(template, TAKES).filter(|takes| parse_duration(takes).is_some());
    fields.extend(takes.map(|takes| (field::TAKES, text(takes))));
    fields
}

/// Annotations that are slips, or that say what is not so.
fn check(owner: &Object, template: &MetricTemplate, found: &mut UnitsFound) {
    for (name, value) in &template.answers {
        let field = format!("metadata.annotations.{name}");
        let known = [ANSWERS, TAKES, QUERY];
        if !known.contains(&name.as_str()) {
            let near = nearest(name, known).map(|near| format!("did you mean {near}?"));
            let message = format!("unknown annotation {name:?}");
            let expected = format!("one of {}", known.join(", "));
            found.problem(owner, &field, message, &expected, &near.unwrap_or_default());
        } else if name == ANSWERS && Reply::parse(value).is_none() {
            found.problem(owner, &field, format!("found {value:?}"), EXPECTED, "");
        } else if name == TAKES && parse_duration(value).is_none() {
            found.problem(owner, &field, format!("found {value:?}"), "a duration such as 30s", "");
        } else if name == ANSWERS && (template.query.is_some() || said(template, QUERY).is_some()) {
            let why = "its query is asked: what it answers is not a setting";
            found.ignore(owner, &field, why, Weight::Matters);
        }
    }
}

/// How many of an analysis' checks are asked, where some are not.
pub fn count(store: &Store, object: &Object, analysis: &Analysis, found: &mut UnitsFound) {
    let unasked = analysis.metrics.iter().filter(|metric| {
        let named = metric.template.as_ref().and_then(|(name, _)| {
            let mut all = store.metric_templates();
            all.find(|(owner, _)| owner.metadata.name == *name)
        });
        named.is_some_and(|(_, template)| {
            let silent = said(template, QUERY).or(said(template, ANSWERS)).is_none();
            template.query.is_none() && silent
        })
    });
    let (unasked, all) = (unasked.count(), analysis.metrics.len());
    if unasked == 0 {
        return;
    }
    let field = format!("spec.{}.metrics", analysis.field);
    let (written_at, path) = (object.written_at(&field), format!("{} {field}", object.title()));
    let message = format!("{} of {all} checks are flown", all - unasked);
    let help = "give --checks, or windtunnel-query in the annotations of the MetricTemplate";
    found.problems.push(
        Problem::warning(written_at.place, &path, message).help(help).in_file(&written_at.file),
    );
}
