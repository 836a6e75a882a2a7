//! `--checks FILE`: a list of metric checks in the user's own PromQL, put on every strategy that
//! analyses, in the words of each.
//!
//! The rule is that of release scripts: checks are asked in order, the first whose condition holds
//! fails the release, and NaN compares false. Windtunnel's own canary and A/B test take them as
//! `query` checks; Flagger gets metrics with a range, Argo a background analysis. Deliberately
//! unknown here: whether a check can fail at all.

use super::draft::{integer, list, mapping, text};
use super::join::child;
use super::{Input, print};
use std::sync::Arc;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_model::analysis::check::query::condition;
use windtunnel_model::analysis::check::{Bound, Compare};
use windtunnel_model::analysis::promql::{Query, Rules};

/// Most checks of a file.
const CHECKS_MAX: usize = 200;

/// Just enough more or less than a bound that passing it is failing the strict comparison.
const EDGE: f64 = 1e-12;

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    name: String,
    query: String,
    fails_when: String,
    compare: Compare,
    limit: f64,
}

/// Reads a file of checks; or all of its problems.
pub fn read(input: &Input) -> Result<Vec<Own>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut checks = Vec::new();
    let entries = match input.documents.as_slice() {
        [document] => document.get("checks").unwrap_or(document),
        documents => {
            let found = format!("found {} documents", documents.len());
            let problem = Problem::error(Place { line: 1, column: 1 }, "", found);
            problems.push(problem.expected("one document with a list of checks"));
            return Err(placed(problems, &input.file));
        }
    };
    match &entries.value {
        Value::List(items) if !items.is_empty() && items.len() <= CHECKS_MAX => {
            for (i, item) in items.iter().enumerate() {
                checks.extend(check(item, &format!("checks[{i}]"), &mut problems));
            }
        }
        _ => {
            let found = format!("found {}", entries.shown());
            let problem = Problem::error(entries.place, "checks", found);
            let expected = format!("a list of 1 to {CHECKS_MAX} checks");
            let help = "checks: [{name: errors, query: …, failsWhen: \"> 0.01\"}]";
            problems.push(problem.expected(expected).help(help));
        }
    }
    if problems.is_empty() { Ok(checks) } else { Err(placed(problems, &input.file)) }
}

fn placed(problems: Vec<Problem>, file: &Arc<str>) -> Vec<Problem> {
    problems.into_iter().map(|problem| problem.in_file(file)).collect()
}

fn check(item: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<Own> {
    let known = ["name", "query", "failsWhen"];
    let Value::Map(entries) = &item.value else {
        let problem = Problem::error(item.place, path, format!("found {}", item.shown()));
        problems.push(problem.expected("a mapping with name, query and failsWhen"));
        return None;
    };
    for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
        let problem = Problem::error(key.place, path, format!("unknown key {:?}", key.name));
        let problem = problem.expected(format!("one of {}", known.join(", ")));
        problems.push(match nearest(&key.name, known) {
            Some(near) => problem.help(format!("did you mean {near}?")),
            None => problem,
        });
    }
    let mut field = |name: &str| {
        let found = item.get(name).and_then(Node::text).map(str::to_string);
        if found.is_none() && name != "name" {
            let place = item.get(name).map_or(item.place, |node| node.place);
            let problem = Problem::error(place, path, format!("{name} is missing"));
            problems.push(problem.expected("text"));
        }
        found
    };
    let (name, query, fails) = (field("name"), field("query")?, field("failsWhen")?);
    let place = |name: &str| item.get(name).map_or(item.place, |node| node.place);
    // Which rules hold is the scenario's to say, and is looked at there.
    let any = Rules::WORDS.map(|(_, rules)| Query::parse_by(&query, rules));
    if let [Err(error), Err(_)] = any {
        let problem = Problem::error(place("query"), format!("{path}.query"), error.message);
        problems.push(
            problem.expected("a query that Prometheus takes").within(query.as_str(), error.byte),
        );
    }
    let Some(Bound::FailsWhen(compare, limit)) = condition(&fails) else {
        let found = format!("found {fails:?}");
        let problem = Problem::error(place("failsWhen"), format!("{path}.failsWhen"), found);
        problems.push(problem.expected("a comparison with a number: \"> 0.01\", \"== 0\""));
        return None;
    };
    let name = name.unwrap_or_else(|| path.to_string());
    Some(Own { name, query, fails_when: fails, compare, limit })
}

/// Puts the checks on every strategy of a document that analyses; returns how many strategies got
/// them.
pub fn put(document: &mut Node, checks: &[Own]) -> usize {
    let strategies = child(document, "spec").and_then(|spec| child(spec, "strategies"));
    let Some(Node { value: Value::List(items), .. }) = strategies else { return 0 };
    items.iter_mut().map(|item| usize::from(put_on(item, checks))).sum()
}

fn put_on(strategy: &mut Node, checks: &[Own]) -> bool {
    // A strategy that is named alone gets settings to put the checks into.
    if let Some(kind) = strategy.text().filter(|kind| ["canary", "abTest"].contains(kind)) {
        strategy.value = mapping(vec![(kind, mapping(Vec::new()))]);
    }
    let Value::Map(entries) = &mut strategy.value else { return false };
    let Some((kind, settings)) = entries.first_mut() else { return false };
    if settings.value == Value::Null {
        settings.value = mapping(Vec::new());
    }
    match kind.name.as_str() {
        "canary" => set(settings, "checks", list(checks.iter().map(plain).collect())),
        "abTest" => set(settings, "guardrails", list(checks.iter().map(plain).collect())),
        "flagger" => match child(settings, "analysis") {
            Some(analysis) => {
                set(analysis, "metrics", list(checks.iter().map(flagger).collect()));
            }
            None => return false,
        },
        "argoCanary" => argo(settings, checks),
        _ => return false,
    }
    true
}

fn set(settings: &mut Node, name: &str, value: Value) {
    let Value::Map(entries) = &mut settings.value else { return };
    entries.retain(|(key, _)| key.name != name);
    let key = Key { place: Place::default(), name: name.to_string() };
    entries.push((key, Node::unplaced(value)));
}

fn plain(check: &Own) -> Value {
    mapping(vec![
        ("name", text(check.name.clone())),
        ("query", text(check.query.clone())),
        ("failsWhen", text(check.fails_when.clone())),
    ])
}

/// Flagger's bounds are inclusive, so a strict comparison fails just beyond them.
fn flagger(check: &Own) -> Value {
    let step = EDGE * check.limit.abs().max(1.0);
    let bounds: Vec<(&str, f64)> = match check.compare {
        Compare::Above => vec![("max", check.limit)],
        Compare::AtLeast => vec![("max", check.limit - step)],
        Compare::Below => vec![("min", check.limit)],
        Compare::AtMost => vec![("min", check.limit + step)],
        // The nearest that a range can say: everything but the value, or nothing else.
        Compare::Equal => vec![("min", check.limit + step)],
        Compare::Unequal => vec![("min", check.limit), ("max", check.limit)],
    };
    let mut fields = vec![("name", text(check.name.clone())), ("query", text(check.query.clone()))];
    fields.extend(bounds.into_iter().map(|(name, bound)| (name, Value::Number(bound))));
    mapping(fields)
}

fn argo(settings: &mut Node, checks: &[Own]) {
    let metric = |check: &Own| {
        let limit = print::json(&Node::unplaced(Value::Number(check.limit)));
        let sign = Compare::ALL.iter().find(|(_, c)| *c == check.compare).map_or(">", |(s, _)| s);
        mapping(vec![
            ("name", text(check.name.clone())),
            ("query", text(check.query.clone())),
            ("interval", text("1m")),
            ("failureLimit", integer(0)),
            ("failureCondition", text(format!("len(result) > 0 && result[0] {sign} {limit}"))),
        ])
    };
    let metrics = list(checks.iter().map(metric).collect());
    match child(settings, "analysis") {
        Some(analysis) => set(analysis, "metrics", metrics),
        None => set(settings, "analysis", mapping(vec![("metrics", metrics)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::yaml;

    fn input(text: &str) -> Input {
        let documents = yaml::documents(text, "c.yaml").expect("valid");
        Input { file: Arc::from("c.yaml"), text: Arc::from(text), documents }
    }

    #[test]
    fn every_strategy_that_analyses_gets_the_checks_in_its_own_words() {
        let checks = "checks:\n  - {name: errors, query: 'up', failsWhen: '> 0.01'}\n";
        let checks = read(&input(checks)).expect("valid");
        let text = "spec: {strategies: [canary, recreate, {abTest: {}}, {flagger: {analysis: {}}}, \
            {argoCanary: {steps: []}}, {flagger: {}}]}";
        let mut document = yaml::documents(text, "").expect("valid").remove(0);
        assert_eq!(put(&mut document, &checks), 4);
        let printed = print::yaml(&document);
        for wanted in ["checks:", "guardrails:", "max: 0.01", "result[0] > 0.01"] {
            assert!(printed.contains(wanted), "{wanted} is not in\n{printed}");
        }
    }

    #[test]
    fn everything_wrong_with_checks_is_told_at_once() {
        let text = "checks:\n  - {name: a, query: 'rate(', failsWhen: '> 0.01'}\n  - {qury: up}\n  \
            - {query: up, failsWhen: 'much'}\n  - 7\n";
        let problems = read(&input(text)).expect_err("wrong");
        let lines: Vec<u32> = problems.iter().map(|p| p.place.line).collect();
        assert_eq!(lines, [2, 3, 3, 4, 5], "{problems:#?}");
        assert!(problems[1].help.contains("query"));
        assert!(read(&input("checks: []")).is_err());
    }
}
