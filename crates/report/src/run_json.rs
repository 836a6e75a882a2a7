//! The answer for machines: `run.json` in a folder, and what `run` and `check` print with
//! `--format json`. One shape for all three, described in `docs/json.md`.
//!
//! What was flown, from which seed, how to repeat it, every figure with its interval, and what the
//! lines of `expect:` came to. Deliberately absent: time of day, machine, user; the same command
//! gives the same bytes.

use super::verdicts::{self, Counts};
use super::{Document, Format, headlines, money, reading, seen, sweeps, worst};
use serde_json::{Value, json};
use windtunnel_base::escape;
use windtunnel_experiment::delivery::DeliveryRow;
use windtunnel_experiment::matrix::{By, Cause, StopRow};
use windtunnel_experiment::results::{
    ExpectationResult, LeftOut, RatingRow, Results, ScenarioResults, SummaryRow, VerdictRow, Warned,
};
use windtunnel_experiment::storm;
use windtunnel_model::outcome::Verdict;
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_stats::mixture::ShareOf;

/// Name and number of the shape. The number grows when something in it is renamed, moved, taken
/// away, or means something else; what is added leaves it.
pub const SCHEMA: &str = "windtunnel.results/1";

/// What makes these files of the results.
pub const FORMAT: Format = make;

fn make(results: &Results) -> Result<Vec<Document>, String> {
    let bytes = text(results).into_bytes();
    Ok(vec![Document { path: "run.json".to_string(), bytes }])
}

/// The answer as text.
pub fn text(results: &Results) -> String {
    escape::json::pretty(&value(results))
}

/// The whole answer of a run, as `run.json` and `--format json` have it.
pub fn value(results: &Results) -> Value {
    let counts = Counts::of(results);
    let flights = || results.scenarios.iter().flat_map(|s| s.flights.iter().flatten());
    let left_out =
        |left: &LeftOut| json!({ "what": left.what, "text": left.text, "document": left.document });
    let scenarios = results.scenarios.iter().map(|one| scenario(one, results.seed));
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": results.seed,
        "command": results.command,
        "interrupted": results.interrupted,
        "replications": {
            "least": flights().map(Vec::len).min(),
            "most": flights().map(Vec::len).max(),
        },
        "verdict": counts.judgement().map(verdicts::word),
        "lines": {
            "holds": counts.hold, "fails": counts.fail, "undecided": counts.undecided,
        },
        "left_out": results.left_out.iter().map(left_out).collect::<Vec<_>>(),
        "warnings": results.warnings.iter().map(warned).collect::<Vec<_>>(),
        "worst_first": worst::json(results),
        "sweeps": sweeps::json::json(results),
        "scenarios": scenarios.collect::<Vec<_>>(),
    })
}

fn warned(warned: &Warned) -> Value {
    let Warned { what, text, help, place, more } = warned;
    json!({"what": what, "text": text, "help": help, "place": place, "more": more})
}

fn scenario(results: &ScenarioResults, seed: u64) -> Value {
    let scenario = &results.scenario;
    let releases = scenario.release.variants.iter();
    let releases =
        releases.map(|v| json!({"release": v.name, "share": v.share.value(), "bad": v.bad}));
    let no_help = reading::no_strategy_helps(results);
    let no_help = no_help.iter().map(|found| scenario.release_name(found.variant));
    let qualification = results.qualification.iter().map(|row| {
        let strategy = scenario.plan_name(row.plan);
        json!({"strategy": strategy, "qualifies": row.qualifies, "reasons": row.reasons,
               "not_proved": row.open})
    });
    json!({
        "scenario": scenario.name,
        "storm": storm::digest(scenario, seed),
        "horizon_s": scenario.horizon.as_secs_f64(),
        "release_at_s": scenario.release.at.as_secs_f64(),
        "releases_per_year": scenario.releases_per_year,
        "users": scenario.traffic.users,
        "replicas": scenario.service.replicas,
        "releases": releases.collect::<Vec<_>>(),
        "strategies": results.ratings.iter().map(|r| rating(results, r)).collect::<Vec<_>>(),
        "choice": choice(results),
        "money": money::json(results),
        "no_strategy_helps_against": no_help.collect::<Vec<_>>(),
        "qualification": qualification.collect::<Vec<_>>(),
        "deliveries": all(results, &results.deliveries, delivery),
        "stops": all(results, &results.stops, stop),
        "met": seen::json(results),
        "figures": all(results, &results.summary, figure),
        "verdicts": all(results, &results.verdicts, verdict),
        "precision": precision(results),
        "expectations": results.expectations.iter().map(expectation).collect::<Vec<_>>(),
    })
}

fn all<T>(
    results: &ScenarioResults,
    rows: &[T],
    one: fn(&ScenarioResults, &T) -> Value,
) -> Vec<Value> {
    rows.iter().map(|row| one(results, row)).collect()
}

fn rating(results: &ScenarioResults, row: &RatingRow) -> Value {
    let plan = results.scenario.plan(row.plan);
    json!({
        "strategy": plan.name,
        "kind": plan.kind,
        "downtime": row.downtime.word(),
        "rollback": row.rollback.word(),
        "risk": row.risk.word(),
        "cost": row.cost.word(),
        "outage_good_s": row.outage_good_s,
        "way_back_s": row.full_rollback_s,
        "start_to_ready_s": row.start_to_ready_s,
        "rollback_outage_s": row.rollback_outage_s,
        "hurt_share": row.hurt_share,
        "fleet_minutes": row.fleet_minutes,
        "delivery": row.delivery.word(),
        "bad_stopped": verdict_share(results, row.plan, Verdict::RolledBackBad, true),
        "false_alarm": verdict_share(results, row.plan, Verdict::FalseRollback, false),
    })
}

/// How often a verdict falls over the variants of one kind, weighted by their shares.
fn verdict_share(results: &ScenarioResults, plan: PlanId, of: Verdict, bad: bool) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for id in results.scenario.variant_ids() {
        let variant = results.scenario.variant(id);
        let wanted = variant.bad == bad && variant.share.value() > 0.0;
        if !wanted || reading::flights(results, id, plan) == 0 {
            continue;
        }
        let row = reading::verdict(results, id, plan, of);
        sum += variant.share.value() * row.map_or(0.0, |row| row.share);
        total += variant.share.value();
    }
    (total > 0.0).then(|| sum / total)
}

/// Which strategy to choose, as data.
fn choice(results: &ScenarioResults) -> Value {
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

fn share(found: &ShareOf) -> Value {
    let (lower, upper) = (found.interval.lower, found.interval.upper);
    json!({ "share": found.share, "lower": lower, "upper": upper })
}

fn delivery(results: &ScenarioResults, row: &DeliveryRow) -> Value {
    json!({
        "strategy": results.scenario.plan_name(row.plan),
        "delivery": row.grade.word(),
        "by_design": row.by_design,
        "flights": row.flights,
        "shipped": row.shipped.as_ref().map(share),
        "time_to_ship_p50_s": row.time_to_ship_s.map(|[median, _]| median),
        "time_to_ship_p95_s": row.time_to_ship_s.map(|[_, late]| late),
        "false_alarms_per_year": row.false_alarms_per_year.as_ref().map(|found| json!({
            "mean": found.share, "lower": found.interval.lower, "upper": found.interval.upper,
        })),
        "unfinished": row.unfinished,
        "no_evidence": row.no_evidence,
    })
}

fn stop(results: &ScenarioResults, row: &StopRow) -> Value {
    let cause = |cause: &Cause| {
        let one = |(by, flights): &(By, _)| json!({"check": by.word(), "flights": flights});
        let by = cause.by.iter().map(one);
        json!({
            "flights": cause.flights,
            "by": by.collect::<Vec<_>>(),
            "after_harm_p50_s": cause.after_s,
        })
    };
    json!({
        "strategy": results.scenario.plan_name(row.plan),
        "release": results.scenario.release_name(row.variant),
        "bad": results.scenario.variant(row.variant).bad,
        "flights": row.flights,
        "stopped": share(&row.stopped),
        "late": share(&row.late),
        "kept": share(&row.kept),
        "open": share(&row.open),
        "stopped_by": cause(&row.early),
        "late_by": cause(&row.afterwards),
    })
}

fn figure(results: &ScenarioResults, row: &SummaryRow) -> Value {
    let (scenario, found) = (&results.scenario, row.estimate.as_ref());
    json!({
        "release": scenario.release_name(row.release),
        "strategy": scenario.plan_name(row.plan),
        "measure": row.measure.name(),
        "unit": row.measure.measure().unit.word(),
        "n": found.map_or(0, |found| found.n),
        "mean": found.map(|found| found.mean),
        "lower": found.map(|found| found.lower),
        "upper": found.map(|found| found.upper),
    })
}

fn verdict(results: &ScenarioResults, row: &VerdictRow) -> Value {
    let scenario = &results.scenario;
    json!({
        "release": scenario.release_name(row.release),
        "strategy": scenario.plan_name(row.plan),
        "verdict": row.verdict.word(),
        "n": row.n, "share": row.share, "lower": row.lower, "upper": row.upper,
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
fn expectation(result: &ExpectationResult) -> Value {
    let placed = verdicts::spot(result).is_some();
    json!({
        "file": placed.then(|| result.file.to_string()),
        "line": placed.then_some(result.place.line),
        "column": placed.then_some(result.place.column),
        "text": result.text,
        "judgement": verdicts::word(result.judgement),
        "value": result.value,
        "lower": result.interval.map(|(lower, _)| lower),
        "upper": result.interval.map(|(_, upper)| upper),
        "unit": result.unit.map(|unit| unit.word()),
        "flights": result.flights,
        "needed": result.needed,
        "detail": result.detail,
    })
}
