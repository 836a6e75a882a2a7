//! What Argo's provider `kayenta` asks, with the CanaryConfig that it names: the same as a Scenario
//! says it.
//!
//! Follows argoproj/argo-rollouts `metricproviders/kayenta/kayenta.go`, and for queries
//! spinnaker/kayenta `QueryConfigUtils.java` and `PrometheusMetricsService.java`. What a flight
//! cannot ask is left out of the score with a warning. Deliberately unknown here: arguments, which
//! are in place by now, and how series are judged.

use super::UnitsFound;
use crate::draft::{Draft, integer, list, mapping, secs, text};
use crate::kinds::Object;
use crate::kinds::analysis_template::{Kayenta, Scope, Side};
use crate::kinds::canary_config::{CanaryConfig, CanaryConfigMetric, PROMETHEUS};
use crate::store::Store;
use windtunnel_base::date::parse_ms;
use windtunnel_base::node::Value;
use windtunnel_base::problem::nearest;
use windtunnel_model::analysis::check::judge::kayenta::POINTS_MAX;
use windtunnel_model::analysis::promql::Query;
use windtunnel_model::strategy::flagger::query::{FILLED_MAX, too_long};

/// The judge that is flown.
const JUDGE: &str = "NetflixACAJudge-v1.0";

/// The scope that is meant where a metric names none.
const SCOPE: &str = "default";

/// Milliseconds that are taken where nothing says how many.
const LIFETIME_MS: i64 = 600_000;

/// A group without a share in the score, for metrics of none.
const NOWHERE: &str = "none";

/// A question to Kayenta, and where it stands.
pub struct Question<'a> {
    /// All objects.
    pub store: &'a Store,
    /// The template that asks.
    pub owner: &'a Object,
    /// Where it does.
    pub field: String,
    /// What it asks.
    pub kayenta: Kayenta,
}

/// A canary config and where it stands.
type Config<'a> = (&'a Object, &'a CanaryConfig);

impl Question<'_> {
    /// What a Scenario says in its place; the error says why it cannot be flown.
    pub fn setting(&self, draft: &mut Draft, found: &mut UnitsFound) -> Result<Value, String> {
        let config = self.config(draft, found)?;
        let (mut metrics, mut scopes) = (Vec::new(), Vec::new());
        let mut groups: Vec<String> = Vec::new();
        for (index, metric) in config.1.metrics.iter().enumerate() {
            let field = format!("{}metrics[{index}]", config.1.root);
            if metric.muted {
                continue;
            }
            match self.queries(config, metric, found) {
                Ok((experiment, control, scope)) => {
                    let inline = metric.query.inline.is_some();
                    let below = if inline { ".customInlineTemplate" } else { "" };
                    sound(
                        config.0,
                        &format!("{field}.query{below}"),
                        [&experiment, &control],
                        found,
                    );
                    let group = group(config.0, &field, metric, found);
                    let mut fields = vec![("group", text(group.clone()))];
                    fields.push(("experiment", text(experiment)));
                    fields.push(("control", text(control)));
                    fields.extend(metric.fields.iter().cloned());
                    metrics.push(mapping(fields));
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                    if !scopes.contains(&scope) {
                        scopes.push(scope);
                    }
                }
                Err((below, why)) => {
                    let why = format!("left out of the score: {why}");
                    let help = "the score is of the other metrics alone";
                    found.unasked(config.0, &format!("{field}{below}"), &why, help);
                }
            }
        }
        if metrics.is_empty() {
            return Err(format!("no metric of {} can be asked", config.0.title()));
        }
        let (lifetime, step) = self.window(&scopes, found);
        Ok(mapping(vec![
            ("pass", integer(self.kayenta.pass)),
            // At pass or above, nothing is left that is inconclusive.
            ("marginal", integer(self.kayenta.marginal.min(self.kayenta.pass))),
            ("lifetime", secs(lifetime as f64 / 1000.0)),
            ("step", secs(step as f64)),
            ("groups", weights(config.1, &groups)),
            ("metrics", list(metrics)),
        ]))
    }

    /// The config of the name, if it is judged as it would be flown.
    fn config(&self, draft: &mut Draft, found: &mut UnitsFound) -> Result<Config<'_>, String> {
        let (wanted, application) = (&self.kayenta.config, &self.kayenta.application);
        let all = || self.store.canary_configs();
        let Some(config) = all().find(|(object, _)| object.metadata.name == *wanted) else {
            let near = nearest(wanted, all().map(|(object, _)| object.metadata.name.as_str()));
            let near = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
            return Err(format!("no CanaryConfig here is called {wanted:?}{near}"));
        };
        let (object, body) = config;
        draft.takes(object);
        if !body.applications.is_empty() && !body.applications.contains(application) {
            let field = format!("{}.application", self.field);
            let message = format!("{} is none of the application {application:?}", object.title());
            let expected = format!("one of {}", body.applications.join(", "));
            let help = "Kayenta would not find it, and the AnalysisRun would end in Error";
            found.problem(self.owner, &field, message, &expected, help);
        }
        match &body.judge {
            Some(judge) if judge != JUDGE => {
                let why = format!("the judge {judge:?} is not flown");
                let help = format!("{JUDGE} is");
                found.unasked(object, &format!("{}judge.name", body.root), &why, &help);
                Err(format!("the judge of {} is not flown", object.title()))
            }
            _ => Ok(config),
        }
    }

    /// The queries of a metric for the new version and for the stable one, and the number of the
    /// scope that fills them; or where and why it cannot be asked.
    fn queries(
        &self,
        config: Config<'_>,
        metric: &CanaryConfigMetric,
        found: &mut UnitsFound,
    ) -> Result<(String, String, usize), (&'static str, String)> {
        let scopes = &self.kayenta.scopes;
        let name = metric.scope.as_deref().unwrap_or(SCOPE);
        let Some(at) = scopes.iter().position(|scope| scope.name == name) else {
            let near = nearest(name, scopes.iter().map(|scope| scope.name.as_str()));
            let near = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
            let field = if metric.scope.is_some() { ".scopeName" } else { "" };
            let owner = self.owner.title();
            return Err((field, format!("{owner} has no scope {name:?}{near}")));
        };
        let Scope { control, experiment, .. } = &scopes[at];
        let of = |side: &Side| query(config.1, metric, side);
        let filled = (of(experiment)?, of(control)?);
        found.filled = found.filled.saturating_add(filled.0.len() + filled.1.len());
        if found.filled > super::argo_analysis::ALL_FILLED_MAX {
            return Err((".query", too_long()));
        }
        if !metric.query.by.is_empty() {
            let index = config.1.metrics.iter().position(|known| known == metric);
            let field = format!("{}metrics[{}]", config.1.root, index.unwrap_or(0));
            let why = "Kayenta judges every series of the groups, a flight the first alone";
            let help = "a query of one series for each version";
            found.unasked(config.0, &format!("{field}.query.groupByFields"), why, help);
        }
        Ok((filled.0, filled.1, at))
    }

    /// How far back points are taken, in milliseconds, and seconds from one to the next.
    fn window(&self, scopes: &[usize], found: &mut UnitsFound) -> (i64, u64) {
        let span = |side: &Side| {
            let span = parse_ms(&side.end)?.checked_sub(parse_ms(&side.start)?)?;
            (span > 0).then_some(span)
        };
        let of = |side: &Side| (span(side), side.step.unwrap_or(60));
        let mut taken = None;
        for at in scopes {
            let (field, scope) =
                (format!("{}.scopes[{at}]", self.field), &self.kayenta.scopes[*at]);
            for (name, side) in
                [("experimentScope", &scope.experiment), ("controlScope", &scope.control)]
            {
                let (field, own) = (format!("{field}.{name}"), of(side));
                if own.0.is_none() {
                    let why = "start and end are not two instants, one after the other: flown \
                        with the 10m before each measurement";
                    let help = "RFC 3339, such as 2026-01-01T00:10:00Z";
                    found.unasked(self.owner, &field, why, help);
                }
                let first = *taken.get_or_insert(own);
                if first != own && own.0.is_some() && first.0.is_some() {
                    let why = "another time or step than the first scope's: flown with that";
                    found.unasked(self.owner, &field, why, "one time and one step for all");
                }
            }
        }
        let (span, step) = taken.unwrap_or((None, 60));
        let span = span.unwrap_or(LIFETIME_MS);
        let points = span / (step as i64 * 1000);
        if points > POINTS_MAX as i64 {
            let field = format!("{}.scopes", self.field);
            let message = format!("found {points} points from start to end");
            let expected = format!("at most {POINTS_MAX}");
            found.problem(self.owner, &field, message, &expected, "a longer step");
        }
        (span, step)
    }
}

/// Tells what Prometheus would not take: the first of both queries, which differ in their scopes.
fn sound(object: &Object, field: &str, queries: [&String; 2], found: &mut UnitsFound) {
    let wrong = |query: &String| Query::parse(query).err().map(|error| (query.clone(), error));
    if let Some((query, error)) = queries.into_iter().find_map(wrong) {
        let expected = "a query that Prometheus takes once its placeholders are filled in";
        let help = "Kayenta's analysis would end in an error";
        found.problem(object, field, error.message, expected, help);
        if let Some(problem) = found.problems.pop() {
            found.problems.push(problem.within(query, error.byte));
        }
    }
}

/// The group of a metric.
fn group(
    object: &Object,
    field: &str,
    metric: &CanaryConfigMetric,
    found: &mut UnitsFound,
) -> String {
    let (field, help) = (format!("{field}.groups"), "one group for each metric");
    match &metric.groups[..] {
        [] => {
            let why = "in no group: it has no share in the score";
            found.unasked(object, &field, why, help);
            NOWHERE.to_string()
        }
        [group] => group.clone(),
        [group, ..] => {
            let why = format!("in several groups: flown in {group:?} alone");
            found.unasked(object, &field, &why, help);
            group.clone()
        }
    }
}

/// Weights of the groups that have metrics: those without one share what all others leave.
fn weights(config: &CanaryConfig, groups: &[String]) -> Value {
    let own = |group: &String| config.weights.iter().find(|(name, _)| name == group);
    let given: f64 = config.weights.iter().map(|(_, weight)| weight).sum();
    let nowhere = |group: &&String| *group == NOWHERE && own(group).is_none();
    let open = groups.iter().filter(|group| own(group).is_none() && !nowhere(group)).count();
    let rest = (100.0 - given).max(0.0) / open.max(1) as f64;
    let weight = |group: &String| match own(group) {
        Some((_, weight)) => *weight,
        None if nowhere(&group) => 0.0,
        None => rest,
    };
    let entry = |group: &String| {
        mapping(vec![("name", text(group.clone())), ("weight", Value::Number(weight(group)))])
    };
    list(groups.iter().map(entry).collect())
}

/// The query of a metric for one version; or where and why it cannot be asked.
fn query(
    config: &CanaryConfig,
    metric: &CanaryConfigMetric,
    side: &Side,
) -> Result<String, (&'static str, String)> {
    let asked = &metric.query;
    if let Some(service) = asked.service.as_ref().filter(|service| *service != PROMETHEUS) {
        return Err((".query", format!("{service} is not asked, the series are Prometheus'")));
    }
    let (below, custom) = match (&asked.inline, &asked.template) {
        (Some(inline), _) => (".query.customInlineTemplate", Some(inline)),
        (None, Some(name)) => {
            let below = ".query.customFilterTemplate";
            let found = config.templates.iter().find(|(known, _)| known == name);
            let Some((_, template)) = found else {
                let near = nearest(name, config.templates.iter().map(|(name, _)| name.as_str()));
                let near = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
                return Err((below, format!("no template is called {name:?}{near}")));
            };
            (below, Some(template))
        }
        (None, None) => (".query", None),
    };
    let resource = asked.resource.as_deref().unwrap_or_default();
    let values = [
        ("scope", side.scope.as_str()),
        ("location", side.region.as_str()),
        ("region", side.region.as_str()),
        ("resourceType", resource),
    ];
    let custom = custom.map(|custom| expanded(custom, &values)).transpose();
    let custom = custom.map_err(|why| (below, why))?.unwrap_or_default();
    if let Some(query) = custom.strip_prefix("PromQL:") {
        return Ok(query.to_string());
    }
    let Some(name) = &asked.metric else {
        return Err((below, "neither `PromQL:` and a query nor a metricName".into()));
    };
    if custom.is_empty() {
        let why = match resource {
            "" => "Kayenta wants a custom template, or the type of a machine",
            _ => "series of virtual machines are none of a flight's",
        };
        return Err((".query", why.into()));
    }
    let matchers = std::iter::once(custom).chain(asked.bindings.iter().cloned());
    let matchers = matchers.collect::<Vec<_>>().join(",");
    let by =
        if asked.by.is_empty() { String::new() } else { format!(" by ({})", asked.by.join(",")) };
    Ok(format!("avg({name}{{{matchers}}}){by}"))
}

/// A text with every `${name}` replaced; or what Kayenta could not replace either.
fn expanded(template: &str, values: &[(&str, &str)]) -> Result<String, String> {
    // As it is kept within pipelines.
    let template = template.replace("$\\{", "${");
    if template.contains("<#") || template.contains("[#=") {
        return Err("directives of FreeMarker are not flown".into());
    }
    let (mut out, mut rest) = (String::new(), template.as_str());
    while let Some(at) = rest.find("${") {
        let Some(end) = rest[at..].find('}') else {
            return Err("a ${ without its }".into());
        };
        let name = rest[at + 2..at + end].trim();
        let value = values.iter().find(|(known, value)| *known == name && !value.is_empty());
        let Some((_, value)) = value else {
            let given = values.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| *name);
            let given = given.collect::<Vec<_>>().join(", ");
            let given =
                if given.is_empty() { "nothing is".into() } else { format!("given: {given}") };
            return Err(format!("${{{name}}} has no value here ({given})"));
        };
        out.push_str(&rest[..at]);
        out.push_str(value);
        if out.len() > FILLED_MAX {
            return Err(too_long());
        }
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_names_are_replaced_and_all_else_is_told() {
        let values = [("scope", "new"), ("location", "")];
        let of = |template: &str| expanded(template, &values);
        assert_eq!(of("a{v=\"${scope}\",w=\"$\\{ scope }\"}"), Ok("a{v=\"new\",w=\"new\"}".into()));
        assert_eq!(of("no placeholder $ {}"), Ok("no placeholder $ {}".into()));
        for wrong in ["${location}", "${scope!'x'}", "${scope", "<#if scope>x</#if>", "${}"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let long = "${scope}".repeat(FILLED_MAX / 3 + 1);
        assert_eq!(of(&long), Err(too_long()));
    }

    /// `groupWeights` of groups without a metric still take their part of 100.
    #[test]
    fn weights_are_shared_as_kayenta_shares_them() {
        let weights_given = vec![("a".to_string(), 40.0), ("absent".to_string(), 20.0)];
        let config = CanaryConfig { weights: weights_given, ..CanaryConfig::default() };
        let groups = ["a", "b", "c", NOWHERE].map(String::from);
        let Value::List(items) = weights(&config, &groups) else { panic!("a list") };
        let found: Vec<Value> =
            items.iter().map(|item| item.get("weight").expect("a weight").value.clone()).collect();
        assert_eq!(found, [40.0, 20.0, 20.0, 0.0].map(Value::Number));
    }
}
