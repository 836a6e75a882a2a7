//! The analyses of a Rollout: templates and those within them merged, arguments put in place.
//!
//! Follows argoproj/argo-rollouts `rollout/analysis.go` (`getAnalysisTemplatesFromRefs`) and
//! `utils/analysis/helpers.go` (`FlattenTemplates`, `MergeArgs`). What a provider answers that no
//! flight can ask stands in annotations of its template. Deliberately unknown here: steps.

use super::kayenta::Question;
use super::{UnitsFound, help_for};
use crate::draft::{Draft, list, mapping, text};
use crate::kinds::Object;
use crate::kinds::analysis_template::{AnalysisTemplate, Argument, Given, TemplateMetric, limit};
use crate::kinds::rollout::Reference;
use crate::note::Weight;
use crate::standard_releases::{LATEST, STABLE};
use crate::store::Store;
use regex::Regex;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::nearest;
use windtunnel_base::units::parse_duration;
use windtunnel_model::analysis::reply::{EXPECTED, Reply};
use windtunnel_model::strategy::argo::field;
use windtunnel_model::strategy::flagger::query::{FILLED_MAX, too_long};

/// Most bytes of texts with arguments put in place, over all analyses.
pub(super) const ALL_FILLED_MAX: usize = 64 << 20;

/// Deepest nesting of templates.
const DEPTH_MAX: usize = 16;

/// Annotations that say what a provider answers; a metric's name may follow after a point.
const ANSWERS: &str = "windtunnel-answers";
const TAKES: &str = "windtunnel-takes";
const QUERY: &str = "windtunnel-query";

/// A template with the object that it stands in.
type Template<'a> = (&'a Object, &'a AnalysisTemplate);

/// The metrics of an analysis, with arguments put in place; it is written under `at`.
pub fn analysis_of(
    store: &Store,
    object: &Object,
    reference: &Reference,
    at: &str,
    draft: &mut Draft,
    found: &mut UnitsFound,
) -> Vec<(&'static str, Value)> {
    let mut collected = Collected { store, near: object, templates: Vec::new(), path: Vec::new() };
    let field = match reference.one {
        true => reference.path.clone(),
        false => format!("{}.templates", reference.path),
    };
    let before = found.problems.len();
    collected.add(object, &field, &reference.templates, found);
    let whole = found.problems.len() == before;
    // The controller puts those of the whole cluster last.
    let (own, cluster): (Vec<Template>, Vec<Template>) =
        collected.templates.into_iter().partition(|(o, _)| o.kind == "AnalysisTemplate");
    let templates: Vec<Template> = own.into_iter().chain(cluster).collect();
    templates.iter().for_each(|(owner, _)| draft.takes(owner));
    let mut merged = Merged { object, arguments: Vec::new(), given: &reference.arguments };
    merged.arguments = declared(&templates, found);
    let dry = reference.dry_run.iter().chain(templates.iter().flat_map(|(_, t)| &t.dry_run));
    let dry: Vec<Regex> = dry.filter_map(|name| pattern(object, reference, name, found)).collect();
    let mut metrics = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (owner, template) in &templates {
        check_annotations(owner, template, found);
        for (m, metric) in template.metrics.iter().enumerate() {
            let field = format!("spec.metrics[{m}]");
            if names.contains(&metric.name.as_str()) {
                let message = format!("two metrics have the same name {:?}", metric.name);
                let help = "the controller refuses to merge them";
                found.problem(owner, &field, message, "names that differ", help);
            }
            names.push(&metric.name);
            let is_dry = dry.iter().any(|pattern| pattern.is_match(&metric.name));
            let asked = AnalysisAsked { store, metric, owner, field: &field, answers: template };
            let own = format!("{at}.{}[{}]", field::METRICS, metrics.len());
            metrics.push(asked.metric_of(&mut merged, is_dry, draft, found));
            if metric.query.is_some() {
                let written_at = owner.written_at(&format!("{field}.provider.prometheus.query"));
                draft.origins.push((format!("{own}.{}", field::QUERY), written_at));
            }
            draft.origins.push((own, owner.written_at(&field)));
        }
    }
    let vain = |rule: &&Regex| whole && !names.iter().any(|name| rule.is_match(name));
    for rule in dry.iter().filter(vain) {
        let message = format!("dryRun: {:?}: Rule didn't match any metric name(s)", rule.as_str());
        let help = "the AnalysisRun would end in Error";
        found.problem(object, &reference.path, message, "a pattern of a metric's name", help);
    }
    vec![(field::METRICS, list(metrics))]
}

/// A name of `dryRun`, which is a pattern.
fn pattern(
    object: &Object,
    reference: &Reference,
    name: &str,
    found: &mut UnitsFound,
) -> Option<Regex> {
    let compiled = regex::RegexBuilder::new(name).size_limit(1 << 20).build();
    if compiled.is_err() {
        let message = format!("dryRun: {name:?} is no pattern");
        found.problem(object, &reference.path, message, "a regular expression", "");
    }
    compiled.ok()
}

/// Templates that were found so far, and the way to the one at hand.
struct Collected<'a> {
    store: &'a Store,
    near: &'a Object,
    templates: Vec<Template<'a>>,
    path: Vec<String>,
}

impl Collected<'_> {
    /// Adds templates by name, and those that they take in.
    fn add(
        &mut self,
        from: &Object,
        field: &str,
        names: &[(String, bool)],
        found: &mut UnitsFound,
    ) {
        for (i, (name, cluster)) in names.iter().enumerate() {
            let field = match field.ends_with(".templates") {
                true => format!("{field}[{i}].templateName"),
                false => format!("{field}.templateName"),
            };
            let kind = if *cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
            let store = self.store;
            let of_kind = || store.analysis_templates().filter(|(o, _)| o.kind == kind);
            let near = |o: &Object| *cluster || o.is_near(self.near);
            let template = of_kind().find(|(o, _)| o.metadata.name == *name && near(o));
            let Some((owner, template)) = template else {
                let known: Vec<&Object> = of_kind().map(|(o, _)| o).collect();
                let message = format!("no {kind} here is called {name:?}");
                let help = help_for(name, &known, &format!("add the file with the {kind}"));
                let help = help.unwrap_or_default();
                found.problem(from, &field, message, "a template among these files", &help);
                continue;
            };
            let title = owner.title();
            if self.path.contains(&title) || self.path.len() >= DEPTH_MAX {
                let way = [self.path.join(" → "), title].join(" → ");
                let message = format!("templates that take in each other: {way}");
                let help = "the controller would never come to an end";
                found.problem(from, &field, message, "templates without a cycle", help);
                continue;
            }
            // One that is met twice counts once.
            if !self.templates.iter().any(|(o, _)| o.title() == title) {
                self.templates.push((owner, template));
                self.path.push(title);
                self.add(owner, "spec.templates", &template.templates, found);
                self.path.pop();
            }
        }
    }
}

/// The arguments of all templates together; a value that two of them give has to be the same.
fn declared(templates: &[Template<'_>], found: &mut UnitsFound) -> Vec<Argument> {
    let mut all: Vec<Argument> = Vec::new();
    for (owner, template) in templates {
        for argument in &template.arguments {
            let Some(known) = all.iter_mut().find(|known| known.name == argument.name) else {
                all.push(argument.clone());
                continue;
            };
            match (&known.value, &argument.value) {
                (Some(Given::Text(a)), Some(Given::Text(b))) if a != b => {
                    let name = &argument.name;
                    let message = format!("the argument {name:?} has two values: {a:?}, {b:?}");
                    let help = "the controller refuses to merge the templates";
                    found.problem(owner, "spec.args", message, "one value", help);
                }
                (None, _) => *known = argument.clone(),
                _ => {}
            }
        }
    }
    all
}

/// Annotations that mean no metric of their template are slips.
fn check_annotations(owner: &Object, template: &AnalysisTemplate, found: &mut UnitsFound) {
    for (name, value) in &template.answers {
        let field = format!("metadata.annotations.{name}");
        let (head, metric) = name.split_once('.').unwrap_or((name, ""));
        let known = [ANSWERS, TAKES, QUERY];
        if !known.contains(&head) {
            let near = nearest(head, known).map(|near| format!("did you mean {near}?"));
            let message = format!("unknown annotation {name:?}");
            let expected = format!("one of {}", known.join(", "));
            found.problem(owner, &field, message, &expected, &near.unwrap_or_default());
        }
        let names = || template.metrics.iter().map(|metric| metric.name.as_str());
        if !metric.is_empty() && !names().any(|name| name == metric) {
            let near = nearest(metric, names()).map(|near| format!("did you mean {near}?"));
            let message = format!("no metric here is called {metric:?}");
            let help = near.unwrap_or_default();
            found.problem(owner, &field, message, "a metric of the template", &help);
        }
        if head == ANSWERS && Reply::parse(value).is_none() {
            found.problem(owner, &field, format!("found {value:?}"), EXPECTED, "");
        }
        if head == TAKES && parse_duration(value).is_none() {
            found.problem(owner, &field, format!("found {value:?}"), "a duration such as 30s", "");
        }
    }
}

/// Arguments of an analysis: those that its templates declare, and those that the Rollout gives.
struct Merged<'a> {
    object: &'a Object,
    arguments: Vec<Argument>,
    given: &'a [Argument],
}

impl Merged<'_> {
    /// The value of an argument; the error says why there is none.
    fn value(&self, name: &str, draft: &Draft, found: &mut UnitsFound) -> Result<String, String> {
        let of = |arguments: &[Argument]| {
            arguments.iter().find(|a| a.name == name).and_then(|a| a.value.clone())
        };
        let given = of(self.given).or_else(|| of(&self.arguments));
        let Some(given) = given else {
            return Err(format!("the argument {name:?} has no value"));
        };
        if !self.arguments.iter().any(|argument| argument.name == name) {
            let source = "no template declares it under spec.args: the controller refuses that";
            draft.assume(&mut found.lists, &format!("args.{name}"), "declared", source, true);
        }
        match given {
            Given::Text(text) => Ok(text),
            Given::Latest => Ok(LATEST.into()),
            Given::Stable => Ok(STABLE.into()),
            Given::Secret => Ok(String::new()),
            Given::Field(path) => match field(&self.object.node, &path) {
                Some(text) => Ok(text),
                None if path == "metadata.namespace" => {
                    let source = "the Rollout names no namespace, and kubectl's own is default";
                    let name = format!("args.{name}");
                    draft.assume(&mut found.lists, &name, "default", source, false);
                    Ok("default".into())
                }
                None => {
                    let what = "its fieldRef";
                    Err(format!("the argument {name:?} has no value: {what} {path} is not given"))
                }
            },
        }
    }

    /// The text with every `{{args.NAME}}` replaced; the errors are of those without a value, and
    /// of texts that become too long.
    fn fill(&self, text: &str, draft: &Draft, found: &mut UnitsFound) -> Result<String, Unfilled> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            let Some(end) = rest[at..].find("}}") else { break };
            let inner = rest[at + 2..at + end].trim();
            out.push_str(&rest[..at]);
            match inner.strip_prefix("args.") {
                Some(name) => {
                    let value = self.value(name, draft, found);
                    let value = value.map_err(|why| Unfilled::Missing(name.to_string(), why))?;
                    if out.len() + value.len() > FILLED_MAX {
                        return Err(Unfilled::TooLong(too_long()));
                    }
                    out.push_str(&value);
                }
                None => out.push_str(&rest[at..at + end + 2]),
            }
            rest = &rest[at + end + 2..];
        }
        out.push_str(rest);
        found.filled = found.filled.saturating_add(out.len());
        match found.filled > ALL_FILLED_MAX {
            true => Err(Unfilled::TooLong(format!(
                "filled in, all texts are longer than {} bytes",
                thousands(ALL_FILLED_MAX)
            ))),
            false => Ok(out),
        }
    }
}

/// Why arguments cannot be put in place.
enum Unfilled {
    /// This one has no value: why.
    Missing(String, String),
    /// The text would become too long.
    TooLong(String),
}

/// A field of the Rollout, such as `metadata.labels['region']` or `spec.containers[0].image`.
fn field(node: &Node, path: &str) -> Option<String> {
    let mut node = node;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (inner, after) = inner.split_once(']')?;
            node = match (inner.parse::<usize>(), &node.value) {
                (Ok(at), Value::List(items)) => items.get(at)?,
                _ => node.get(inner.trim_matches(['\'', '"']))?,
            };
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            node = node.get(&rest[..end])?;
            rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
        }
    }
    node.scalar_text()
}

/// A metric, and where it stands.
struct AnalysisAsked<'a> {
    store: &'a Store,
    metric: &'a TemplateMetric,
    owner: &'a Object,
    field: &'a str,
    answers: &'a AnalysisTemplate,
}

impl AnalysisAsked<'_> {
    /// What an annotation says of the metric: of it alone, or of all of the template.
    fn said(&self, head: &str) -> Option<&str> {
        let own = format!("{head}.{}", self.metric.name);
        let of = |name: &str| self.answers.answers.iter().find(|(known, _)| known == name);
        of(&own).or_else(|| of(head)).map(|(_, value)| value.as_str())
    }

    fn filled(
        &self,
        text: &str,
        merged: &Merged<'_>,
        draft: &Draft,
        found: &mut UnitsFound,
    ) -> String {
        let (name, why) = match merged.fill(text, draft, found) {
            Ok(filled) => return filled,
            Err(Unfilled::TooLong(why)) => {
                let help = "give the template shorter values";
                found.problem(self.owner, self.field, why, "a query that a server takes", help);
                return String::new();
            }
            Err(Unfilled::Missing(name, why)) => (name, why),
        };
        let names = merged.given.iter().map(|a| a.name.as_str()).filter(|known| *known != name);
        let help = match nearest(&name, names) {
            Some(near) => format!("did you mean {near}?"),
            None => "give it under args of the analysis".to_string(),
        };
        found.problem(self.owner, self.field, why, "a value for every argument", &help);
        String::new()
    }

    fn metric_of(
        &self,
        merged: &mut Merged<'_>,
        dry: bool,
        draft: &mut Draft,
        found: &mut UnitsFound,
    ) -> Value {
        let mut fields = vec![(field::NAME, text(self.metric.name.clone()))];
        // With no provider, or with several, the controller ends the run in Error, and so does a
        // flight: it is told both, or none.
        let others = &self.metric.providers[..];
        let instead = match (&self.metric.query, others) {
            (None, [_]) => self.said(QUERY),
            _ => None,
        };
        let query = self.metric.query.as_deref().or(instead);
        if let Some(query) = query {
            fields.push((field::QUERY, text(self.filled(query, merged, draft, found))));
        }
        if instead.is_none() && !others.is_empty() {
            let matters = query.is_none() && others.len() == 1;
            let canary = match matters && self.said(ANSWERS).is_none() {
                true => self.kayenta(merged, draft, found),
                false => Err(None),
            };
            match canary {
                Ok(canary) => {
                    fields.push(("kayenta", canary));
                    fields.extend(self.said(TAKES).map(|takes| ("takes", text(takes))));
                }
                Err(why) => fields.extend(self.given(&others.join(", "), matters, why, found)),
            }
        }
        if let Some(range) = &self.metric.range {
            let mut ends = Vec::new();
            for (name, value) in range {
                ends.push((*name, self.value(value, merged, draft, found)));
            }
            fields.push((field::RANGE_QUERY, mapping(ends)));
        }
        let judged = query.is_some();
        for (name, value) in &self.metric.fields {
            let value = self.value(value, merged, draft, found);
            let value = match &value {
                Value::Text(t) if name.ends_with("Limit") || *name == field::COUNT => {
                    t.parse().map(limit).unwrap_or(value)
                }
                _ => value,
            };
            if judged || !name.ends_with("Condition") {
                fields.push((name, value));
            }
        }
        if dry {
            fields.push((field::DRY_RUN, Value::Flag(true)));
        }
        mapping(fields)
    }

    /// A value with arguments put in place.
    fn value(
        &self,
        value: &Value,
        merged: &Merged<'_>,
        draft: &Draft,
        found: &mut UnitsFound,
    ) -> Value {
        match value {
            Value::Text(t) if t.contains("{{") => text(self.filled(t, merged, draft, found)),
            other => other.clone(),
        }
    }

    /// What Kayenta is asked with a CanaryConfig; else why it is not, if it is meant at all.
    fn kayenta(
        &self,
        merged: &Merged<'_>,
        draft: &mut Draft,
        found: &mut UnitsFound,
    ) -> Result<Value, Option<String>> {
        let Some(kayenta) = &self.metric.kayenta else { return Err(None) };
        let mut kayenta = kayenta.clone();
        let field = format!("{}.provider.kayenta", self.field);
        kayenta.texts().for_each(|text| *text = self.filled(text, merged, draft, found));
        let question = Question { store: self.store, owner: self.owner, field, kayenta };
        question.setting(draft, found).map_err(Some)
    }

    /// What a provider answers that no flight can ask, and whether it matters.
    fn given(
        &self,
        provider: &str,
        matters: bool,
        why: Option<String>,
        found: &mut UnitsFound,
    ) -> Vec<(&'static str, Value)> {
        let (answers, takes) = (self.said(ANSWERS), self.said(TAKES));
        if answers.is_none() && matters {
            let name = &self.metric.name;
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            let source = format!(
                "no {provider} is asked{why}; the template's annotation {ANSWERS}.{name} or \
                 {QUERY}.{name} says otherwise"
            );
            found.assume_answer(self.owner, self.field, "always", source, Weight::Matters);
        }
        let mut fields = vec![(field::PROVIDER, text(provider))];
        fields.push((field::ANSWERS, text(answers.unwrap_or("always"))));
        fields.extend(takes.map(|takes| (field::TAKES, text(takes))));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::yaml;

    #[test]
    fn fields_are_found_by_their_paths() {
        let text =
            "{metadata: {name: a, labels: {app.kubernetes.io/name: b}}, spec: {list: [{c: 1}]}}";
        let node = yaml::documents(text, "").expect("valid").remove(0);
        let of = |path: &str| field(&node, path);
        assert_eq!(of("metadata.name").as_deref(), Some("a"));
        assert_eq!(of("metadata.labels['app.kubernetes.io/name']").as_deref(), Some("b"));
        assert_eq!(of("spec.list[0].c").as_deref(), Some("1"));
        for none in ["spec.list[1].c", "spec.list[", "metadata.annotations['x']", "spec"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
