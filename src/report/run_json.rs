//! `run.json`: what was flown, from which seed, how to repeat it, and how precise it is.
//!
//! CSV files carry no comments, so everything about the run as a whole stands here. Deliberately
//! absent: time of day, machine, user; the same command gives the same bytes.

use super::{Document, Format, headlines, money, seen, worst};
use crate::base::escape;
use crate::experiment::results::{ExpectationResult, Judgement, Results, ScenarioResults};
use serde_json::{Value, json};

/// The format.
pub const FORMAT: Format = make;

fn make(results: &Results) -> Result<Vec<Document>, String> {
    let value = json!({
        "seed": results.seed,
        "version": env!("CARGO_PKG_VERSION"),
        "command": results.command,
        "interrupted": results.interrupted,
        "worst_first": worst::json(results),
        "scenarios": results.scenarios.iter().map(scenario).collect::<Vec<_>>(),
    });
    let bytes = escape::json::pretty(&value).into_bytes();
    Ok(vec![Document { path: "run.json".to_string(), bytes }])
}

fn scenario(results: &ScenarioResults) -> Value {
    let scenario = &results.scenario;
    let variants = scenario.release.variants.iter();
    json!({
        "name": scenario.name,
        "horizon_s": scenario.horizon.as_secs_f64(),
        "release_at_s": scenario.release.at.as_secs_f64(),
        "releases_per_year": scenario.releases_per_year,
        "users": scenario.traffic.users,
        "replicas": scenario.service.replicas,
        "releases": variants
            .map(|v| json!({"name": v.name, "share": v.share.value(), "bad": v.bad}))
            .collect::<Vec<_>>(),
        "strategies": scenario.plans.iter()
            .map(|p| json!({"name": p.name, "kind": p.kind}))
            .collect::<Vec<_>>(),
        "met": seen::json(results),
        "choice": choice(results),
        "money": money::json(results),
        "precision": precision(results),
        "expectations": results.expectations.iter().map(expectation).collect::<Vec<_>>(),
    })
}

/// Which strategy to choose, as data.
pub(super) fn choice(results: &ScenarioResults) -> Value {
    let (choice, scenario) = (&results.choice, &results.scenario);
    let standings = choice.standings.iter().map(|standing| {
        let figure = &standing.figure;
        json!({
            "strategy": scenario.plan_name(standing.plan),
            "mean": figure.mean, "lower": figure.lower, "upper": figure.upper,
            "behind": standing.behind.map(|found| json!({
                "mean": found.value,
                "lower": found.interval.lower,
                "upper": found.interval.upper,
            })),
            "beaten": standing.beaten,
        })
    });
    let ruled_out = choice.ruled_out.iter().map(|(plan, reason)| {
        json!({ "strategy": scenario.plan_name(*plan), "why": headlines::choice::why(reason) })
    });
    json!({
        "ending": choice.ending.word(),
        "measure": choice.criterion.measure().name(),
        "standings": standings.collect::<Vec<_>>(),
        "ruled_out": ruled_out.collect::<Vec<_>>(),
        "more_good_flights": choice.more_flights,
        "lines": headlines::choice::lines(results, &|name| name.to_string()),
    })
}

fn precision(results: &ScenarioResults) -> Vec<Value> {
    let rows = results.precision.iter().map(|row| {
        json!({
            "release": results.scenario.release_name(row.variant),
            "strategy": results.scenario.plan_name(row.plan),
            "flights": row.n,
            "reached": row.reached,
            "worst": row.worst.map(|(measure, half_width, target)| {
                json!({"measure": measure.name(), "half_width": half_width, "target": target})
            }),
        })
    });
    rows.collect()
}

/// One expectation with its judgement.
pub(super) fn expectation(result: &ExpectationResult) -> Value {
    json!({
        "text": result.text,
        "judgement": judgement_word(result.judgement),
        "value": result.value,
        "lower": result.interval.map(|(lower, _)| lower),
        "upper": result.interval.map(|(_, upper)| upper),
        "detail": result.detail,
    })
}

/// The word for a judgement in JSON and text.
pub(super) fn judgement_word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Holds => "holds",
        Judgement::Fails => "fails",
        Judgement::Undecided => "undecided",
    }
}
