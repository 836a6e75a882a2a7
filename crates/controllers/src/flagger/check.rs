//! One analysis: which queries are asked, and what their answers do to the advancement.
//!
//! Read from fluxcd/flagger 1.44 `pkg/controller/scheduler_metrics.go`: first all built-in and
//! inline queries in the order of the metrics, then all templates; the first that fails ends it.
//! Deliberately unknown here: phases and counters.

use super::answer::{FlaggerAnswer, whole_millis};
use super::query::{Builtin, Model, builtin, duration_factor, render};
use super::settings::{FlaggerMetric, FlaggerSettings, Range};
use super::words::{Event, go_duration};
use std::collections::BTreeMap;
use windtunnel_base::time::SimDuration;

/// Where a metric's query comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Built into the controller.
    Builtin,
    /// Written in the metric.
    Inline,
    /// A MetricTemplate.
    Template,
}

/// A query that an analysis may ask: the number of its metric, and where it comes from.
pub type Question = (usize, Source);

/// All queries of a Canary, rendered; an error is what the check will say instead of asking.
pub fn questions(settings: &FlaggerSettings) -> BTreeMap<Question, Result<String, String>> {
    let mut found = BTreeMap::new();
    let metrics = settings.analysis.iter().flat_map(|a| a.metrics.iter()).enumerate();
    for (number, metric) in metrics {
        let usual = metric.interval.as_deref().filter(|i| !i.is_empty()).unwrap_or("1m");
        let names = &settings.names;
        let variables = &metric.variables;
        let model = Model { names, interval: usual, variables };
        if let Some(which) = Builtin::parse(&metric.name) {
            found.insert((number, Source::Builtin), builtin(settings.provider, which, &model));
        }
        if let Some(query) = metric.query.as_deref().filter(|q| !q.is_empty()) {
            found.insert((number, Source::Inline), render(query, &model));
        }
        if let Some(template) = metric.template.as_ref().filter(|t| t.reply.is_none()) {
            // Nothing is put for an interval that a template's metric does not give.
            let interval = metric.interval.as_deref().unwrap_or("");
            let model = Model { names, interval, variables };
            found.insert((number, Source::Template), render(&template.query, &model));
        }
    }
    found
}

/// Runs all metric checks; `ask` answers a question. The error is the event that halts.
pub fn run(
    settings: &FlaggerSettings,
    ask: &mut dyn FnMut(Question) -> FlaggerAnswer,
) -> Result<(), Event> {
    let Some(analysis) = &settings.analysis else { return Ok(()) };
    for (number, metric) in analysis.metrics.iter().enumerate() {
        if let Some(which) = Builtin::parse(&metric.name) {
            judge_builtin(settings, metric, which, ask((number, Source::Builtin)))?;
        }
        if metric.query.as_deref().is_some_and(|q| !q.is_empty()) {
            let name = &metric.name;
            let value = match ask((number, Source::Inline)) {
                FlaggerAnswer::Value(value) => value,
                FlaggerAnswer::NoValues => {
                    let text = format!("Halt advancement no values found for metric: {name}");
                    return Err(Event::warning(text));
                }
                FlaggerAnswer::Error(text) => {
                    let text = format!("Prometheus query failed for {name}: {text}");
                    return Err(Event::warning(text));
                }
                FlaggerAnswer::Given(passes) => {
                    given(settings, metric, passes)?;
                    continue;
                }
            };
            judge_custom(settings, metric, value)?;
        }
    }
    for (number, metric) in analysis.metrics.iter().enumerate() {
        if metric.template.is_some() {
            let name = &metric.name;
            let value = match ask((number, Source::Template)) {
                FlaggerAnswer::Value(value) => value,
                FlaggerAnswer::NoValues => {
                    return Err(Event::warning(format!(
                        "Halt advancement no values found for custom metric: {name}: \
                         no values found"
                    )));
                }
                FlaggerAnswer::Error(text) => {
                    return Err(Event::warning(format!("Metric query failed for {name}: {text}")));
                }
                FlaggerAnswer::Given(passes) => {
                    given(settings, metric, passes)?;
                    continue;
                }
            };
            judge_custom(settings, metric, value)?;
        } else if Builtin::parse(&metric.name).is_none()
            && metric.query.as_deref().is_none_or(str::is_empty)
        {
            return Err(Event::warning(
                "Metric query failed for no usable metrics template and query were configured",
            ));
        }
    }
    Ok(())
}

/// Below the smallest or above the largest value that passes? Says which, with the bound.
fn outside(range: &Range, value: f64) -> Option<(&'static str, f64)> {
    match (range.min, range.max) {
        (Some(min), _) if value < min => Some(("<", min)),
        (_, Some(max)) if value > max => Some((">", max)),
        _ => None,
    }
}

fn judge_builtin(
    settings: &FlaggerSettings,
    metric: &FlaggerMetric,
    which: Builtin,
    answer: FlaggerAnswer,
) -> Result<(), Event> {
    let (names, provider) = (&settings.names, settings.provider);
    let value = match answer {
        FlaggerAnswer::Value(value) => value,
        FlaggerAnswer::NoValues => {
            let tail = match which {
                Builtin::SuccessRate if duration_factor(provider) == 1.0 => {
                    ": running query failed: no values found"
                }
                Builtin::SuccessRate => ": no values found",
                Builtin::Duration => "",
            };
            return Err(Event::warning(format!(
                "Halt advancement no values found for {} metric {} probably {}.{} is not receiving \
                 traffic{tail}",
                provider.word(),
                metric.name,
                names.target,
                names.namespace
            )));
        }
        FlaggerAnswer::Error(text) => {
            return Err(Event::warning(format!("Prometheus query failed: {text}")));
        }
        FlaggerAnswer::Given(passes) => return given(settings, metric, passes),
    };
    let halt = format!("Halt {}.{} advancement", names.canary, names.namespace);
    match which {
        Builtin::SuccessRate => {
            let range = metric.range.unwrap_or(Range { min: Some(metric.threshold), max: None });
            outside(&range, value).map_or(Ok(()), |(sign, bound)| {
                let text = format!("{halt} success rate {value:.2}% {sign} {bound}%");
                Err(Event::warning(text))
            })
        }
        Builtin::Duration => {
            let value = whole_millis(value * duration_factor(provider));
            let range = metric.range.unwrap_or(Range { min: None, max: Some(metric.threshold) });
            let bound = |ms: f64| whole_millis(ms);
            let said = |sign: &str, bound: SimDuration| {
                let (value, bound) = (go_duration(value), go_duration(bound));
                Err(Event::warning(format!("{halt} request duration {value} {sign} {bound}")))
            };
            match (range.min.map(bound), range.max.map(bound)) {
                (Some(min), _) if value < min => said("<", min),
                (_, Some(max)) if value > max => said(">", max),
                _ => Ok(()),
            }
        }
    }
}

/// What a provider answered that nobody asked: there is no value to tell.
fn given(settings: &FlaggerSettings, metric: &FlaggerMetric, passes: bool) -> Result<(), Event> {
    let (names, name) = (&settings.names, &metric.name);
    let text = format!(
        "Halt {}.{} advancement {name} is outside of its range",
        names.canary, names.namespace
    );
    if passes { Ok(()) } else { Err(Event::warning(text)) }
}

/// Is this value of a query of the user's own within its range?
pub fn passes(metric: &FlaggerMetric, value: f64) -> bool {
    outside(&range(metric), value).is_none()
}

/// What a query of the user's own has to keep to.
fn range(metric: &FlaggerMetric) -> Range {
    metric.range.unwrap_or(Range { min: None, max: Some(metric.threshold) })
}

fn judge_custom(
    settings: &FlaggerSettings,
    metric: &FlaggerMetric,
    value: f64,
) -> Result<(), Event> {
    let names = &settings.names;
    outside(&range(metric), value).map_or(Ok(()), |(sign, bound)| {
        Err(Event::warning(format!(
            "Halt {}.{} advancement {} {value:.2} {sign} {bound}",
            names.canary, names.namespace, metric.name
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::super::provider::Provider;
    use super::super::settings::{Analysis, Names, Template};
    use super::*;

    fn canary(metrics: Vec<FlaggerMetric>) -> FlaggerSettings {
        let mut canary = FlaggerSettings::new(Names::of("podinfo", "test"));
        canary.analysis = Some(Analysis { metrics, ..Analysis::default() });
        canary
    }

    fn builtin_metric(name: &str, range: Option<Range>, threshold: f64) -> FlaggerMetric {
        FlaggerMetric { name: name.into(), range, threshold, ..FlaggerMetric::default() }
    }

    fn halted(settings: &FlaggerSettings, answer: FlaggerAnswer) -> Option<String> {
        run(settings, &mut |_| answer.clone()).err().map(|event| event.text)
    }

    #[test]
    fn the_success_rate_has_a_minimum() {
        let range = Some(Range { min: Some(99.0), max: None });
        let settings = canary(vec![builtin_metric("request-success-rate", range, 0.0)]);
        assert_eq!(
            halted(&settings, FlaggerAnswer::Value(3.0)).as_deref(),
            Some("Halt podinfo.test advancement success rate 3.00% < 99%")
        );
        assert_eq!(halted(&settings, FlaggerAnswer::Value(99.0)), None);
        let old = canary(vec![builtin_metric("request-success-rate", None, 99.5)]);
        assert!(halted(&old, FlaggerAnswer::Value(99.4)).is_some_and(|t| t.ends_with("< 99.5%")));
        // Without any bound the rate passes always.
        let none = canary(vec![builtin_metric("request-success-rate", None, 0.0)]);
        assert_eq!(halted(&none, FlaggerAnswer::Value(0.0)), None);
    }

    #[test]
    fn the_duration_has_a_maximum_in_whole_milliseconds() {
        let range = Some(Range { min: None, max: Some(500.9) });
        let mut settings = canary(vec![builtin_metric("request-duration", range, 0.0)]);
        assert_eq!(halted(&settings, FlaggerAnswer::Value(500.99)), None);
        assert_eq!(
            halted(&settings, FlaggerAnswer::Value(1501.0)).as_deref(),
            Some("Halt podinfo.test advancement request duration 1.501s > 500ms")
        );
        // This provider answers in seconds.
        settings.provider = Provider::Kubernetes;
        assert_eq!(halted(&settings, FlaggerAnswer::Value(0.5)), None);
        assert!(halted(&settings, FlaggerAnswer::Value(0.501)).is_some());
        // Without any bound everything of a whole millisecond fails.
        let none = canary(vec![builtin_metric("request-duration", None, 0.0)]);
        assert_eq!(halted(&none, FlaggerAnswer::Value(0.4)), None);
        assert!(halted(&none, FlaggerAnswer::Value(1.0)).is_some());
    }

    #[test]
    fn missing_data_halts() {
        let settings = canary(vec![builtin_metric("request-success-rate", None, 0.0)]);
        assert_eq!(
            halted(&settings, FlaggerAnswer::NoValues).as_deref(),
            Some(
                "Halt advancement no values found for istio metric request-success-rate probably \
                 podinfo.test is not receiving traffic: running query failed: no values found"
            )
        );
    }

    #[test]
    fn what_a_provider_answers_needs_no_query() {
        let reply = Some(crate::reply::Reply::Never);
        let template = Some(Template { reply, ..Template::default() });
        let settings =
            canary(vec![FlaggerMetric { name: "m".into(), template, ..FlaggerMetric::default() }]);
        assert!(questions(&settings).is_empty());
        assert_eq!(halted(&settings, FlaggerAnswer::Given(true)), None);
        let expected = "Halt podinfo.test advancement m is outside of its range";
        assert_eq!(halted(&settings, FlaggerAnswer::Given(false)).as_deref(), Some(expected));
    }

    #[test]
    fn templates_are_asked_last_and_a_metric_needs_a_query() {
        let template = FlaggerMetric {
            name: "mine".into(),
            template: Some(Template { query: "a{{ interval }}".into(), ..Template::default() }),
            ..FlaggerMetric::default()
        };
        let inline =
            FlaggerMetric { query: Some("b[{{ interval }}]".into()), ..FlaggerMetric::default() };
        let settings = canary(vec![template, inline]);
        let mut asked = Vec::new();
        let found = run(&settings, &mut |question| {
            asked.push(question);
            FlaggerAnswer::Value(0.0)
        });
        assert_eq!(found, Ok(()));
        assert_eq!(asked, [(1, Source::Inline), (0, Source::Template)]);
        // Only inline and built-in queries are given an interval.
        let texts: Vec<_> = questions(&settings).into_values().collect();
        assert_eq!(texts, [Ok("a".to_string()), Ok("b[1m]".to_string())]);
        let empty = canary(vec![FlaggerMetric { name: "x".into(), ..FlaggerMetric::default() }]);
        assert!(halted(&empty, FlaggerAnswer::Value(0.0)).is_some());
    }
}
