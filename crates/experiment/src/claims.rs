//! Claims of a textbook, judged by what was flown: each line by its interval, each claim by its
//! lines.
//!
//! All lines hold: the claim holds. All fail: it is refuted. Some of each, or a sweep that turns:
//! it depends. An undecided line leaves the claim open, and is said to be. Deliberately absent:
//! files, flights, pages.

use super::expectation::judge;
use super::results::{ExpectationResult, Judgement, ScenarioResults};
use super::sweep::{self, Curve, Estimated, Turn};
use std::sync::Arc;
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_model::scenario::model::{Expectation, Expected, Operator, Scenario, Statistic};
use windtunnel_scenario::expect;
use windtunnel_scenario::textbook::{Claim, Holding, Line, Sweep};

/// A claim and what was found.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The claim of the textbook that was judged.
    pub claim: Claim,
    /// Its lines, judged, in its order.
    pub evidence: Vec<(Expectation, ExpectationResult)>,
    /// Its sweeps, judged, in its order.
    pub sweeps: Vec<Swept>,
    /// What follows; nothing while a line is undecided.
    pub found: Option<Holding>,
}

/// A line over the values of a setting.
#[derive(Clone, Debug)]
pub struct Swept {
    /// What was swept.
    pub sweep: Sweep,
    /// The line, as it is at the first value.
    pub line: Expectation,
    /// The scenario at the first value.
    pub scenario: Arc<Scenario>,
    /// The line at every value.
    pub points: Vec<Point>,
    /// The curves: of each side of a difference, or of the one figure.
    pub curves: Vec<Curve>,
    /// Where it turns.
    pub turn: Option<Turn>,
}

/// One value of a sweep.
#[derive(Clone, Debug)]
pub struct Point {
    /// The value, as written.
    pub value: String,
    /// The line, judged there.
    pub result: ExpectationResult,
}

/// Where the scenarios of a textbook are found: by name, and by value of a sweep.
pub trait Flown {
    /// The results of a scenario.
    fn scenario(&self, name: &str) -> Option<&ScenarioResults>;
    /// The results of a sweep, by value.
    fn sweep(&self, sweep: &Sweep) -> Option<&[ScenarioResults]>;
    /// Names of all scenarios, for the way out.
    fn names(&self) -> Vec<&str>;
    /// The seed of all flights.
    fn seed(&self) -> u64;
}

/// Judges a claim, or says what is wrong with its lines.
pub fn judge_claim(claim: &Claim, flown: &dyn Flown) -> Result<Judged, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut evidence = Vec::new();
    for line in &claim.evidence {
        match judge_line(line, flown) {
            Ok(found) => evidence.push(found),
            Err(problem) => problems.push(problem),
        }
    }
    let mut sweeps = Vec::new();
    for sweep in &claim.sweeps {
        match judge_sweep(sweep, flown) {
            Ok(swept) => sweeps.push(swept),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let found = conclude(&evidence, &sweeps);
    Ok(Judged { claim: claim.clone(), evidence, sweeps, found })
}

fn judge_line(line: &Line, flown: &dyn Flown) -> Result<(Expectation, ExpectationResult), Problem> {
    let results = flown.scenario(&line.scenario).ok_or_else(|| unknown(line, flown))?;
    let parsed = expect::parse(&line.text, line.place, &results.scenario)?;
    let result = judge(results, &parsed);
    Ok((parsed, result))
}

fn unknown(line: &Line, flown: &dyn Flown) -> Problem {
    let message = format!("no scenario is called {:?}", line.scenario);
    let problem = Problem::error(line.place, "scenario", message);
    match nearest(&line.scenario, flown.names()) {
        Some(near) => problem.help(format!("did you mean {near}?")),
        None => problem.expected(format!("one of {}", flown.names().join(", "))),
    }
}

fn judge_sweep(sweep: &Sweep, flown: &dyn Flown) -> Result<Swept, Problem> {
    let Some(all) = flown.sweep(sweep).filter(|all| !all.is_empty()) else {
        return Err(unknown(&sweep.line, flown));
    };
    // What a line names may stand elsewhere in another value's scenario.
    let line = |results: &ScenarioResults| {
        expect::parse(&sweep.line.text, sweep.line.place, &results.scenario)
    };
    let (first, scenario) = (line(&all[0])?, &all[0].scenario);
    let curve = |side: Expectation| {
        let plan = scenario.plan(side.plan);
        Curve { name: plan.name.clone(), kind: plan.kind, points: Vec::new() }
    };
    let mut curves: Vec<Curve> = sides(&first).into_iter().map(curve).collect();
    let mut points = Vec::new();
    for (value, results) in sweep.values.iter().zip(all) {
        let line = line(results)?;
        for (curve, side) in curves.iter_mut().zip(sides(&line)) {
            curve.points.push(figure(results, &side));
        }
        points.push(Point { value: value.clone(), result: judge(results, &line) });
    }
    let turn = sweep::turn(points.iter().map(|point| point.result.judgement));
    let scenario = Arc::clone(scenario);
    Ok(Swept { sweep: sweep.clone(), line: first, scenario, points, curves, turn })
}

/// The figures that a line compares: one each for the strategies of a difference.
pub fn sides(line: &Expectation) -> Vec<Expectation> {
    let Expected::Difference { measure, reference } = line.what else {
        return vec![line.clone()];
    };
    let side = |plan: PlanId| Expectation {
        plan,
        what: Expected::Measure { measure, statistic: Statistic::Mean },
        ..line.clone()
    };
    vec![side(line.plan), side(reference)]
}

fn figure(results: &ScenarioResults, side: &Expectation) -> Option<Estimated> {
    let found = judge(results, side);
    found.value.zip(found.interval)
}

fn conclude(evidence: &[(Expectation, ExpectationResult)], sweeps: &[Swept]) -> Option<Holding> {
    if evidence.is_empty() && sweeps.is_empty() {
        return Some(Holding::NoMeasure);
    }
    let points = sweeps.iter().flat_map(|s| &s.points).map(|p| p.result.judgement);
    // Around its turn a sweep is undecided by nature; a line of its own has to be decided.
    let points = points.filter(|judgement| *judgement != Judgement::Undecided);
    let lines = evidence.iter().map(|(_, result)| result.judgement);
    let all: Vec<Judgement> = lines.chain(points).collect();
    if all.is_empty() || all.contains(&Judgement::Undecided) {
        return None;
    }
    let holds = all.iter().filter(|judgement| **judgement == Judgement::Holds).count();
    Some(match holds {
        0 => Holding::Refuted,
        n if n == all.len() => Holding::Holds,
        _ => Holding::Depends,
    })
}

/// What a claim's judged lines leave to be desired: a verdict that is not the stated one, and lines
/// that the scenario does not expect as they were measured.
pub fn objections(judged: &Judged, flown: &dyn Flown) -> Vec<Problem> {
    let claim = &judged.claim;
    let mut problems = Vec::new();
    let found = judged.found.map_or("undecided", Holding::word);
    if judged.found != Some(claim.stated) {
        let undecided = judged.evidence.iter().filter(|e| e.1.judgement == Judgement::Undecided);
        let lines: Vec<String> =
            undecided.map(|(line, result)| format!("{}: {}", line.text, result.detail)).collect();
        let message = format!("{} is stated as {}, found {found}", claim.id, claim.stated.word());
        let problem = Problem::error(claim.place, "verdict", message);
        problems.push(if lines.is_empty() { problem } else { problem.help(lines.join("; ")) });
    }
    for (line, (parsed, result)) in claim.evidence.iter().zip(&judged.evidence) {
        let Some(results) = flown.scenario(&line.scenario) else { continue };
        let wanted = match result.judgement {
            Judgement::Holds => parsed.text.clone(),
            Judgement::Fails => opposite(parsed, results),
            Judgement::Undecided => continue,
        };
        let same = |known: &Expectation| plain(&known.text) == plain(&wanted);
        if !results.scenario.expect.iter().any(same) {
            problems.push(missing(line.place, &line.scenario, &wanted));
        }
    }
    problems
}

fn missing(place: Place, scenario: &str, wanted: &str) -> Problem {
    let message = format!("the scenario {scenario} does not expect `{wanted}`");
    Problem::error(place, "evidence", message).help("add it to its spec.expect")
}

/// The line that holds where this one fails.
fn opposite(line: &Expectation, results: &ScenarioResults) -> String {
    if let Expected::Rating { rating, .. } = line.what {
        let row = results.ratings.iter().find(|row| row.plan == line.plan);
        let found = row.map_or("", |row| row.grade(rating).word());
        let name = results.scenario.plan_name(line.plan);
        return format!("{name} · rating {} = {found}", rating.word());
    }
    let turned = match line.operator {
        Operator::Below => Operator::AtLeast,
        Operator::AtMost => Operator::Above,
        Operator::Above => Operator::AtMost,
        Operator::AtLeast => Operator::Below,
    };
    plain(&line.text).replacen(line.operator.sign(), turned.sign(), 1)
}

/// Without what may be written in several ways.
fn plain(text: &str) -> String {
    let words = text.replace(">=", "≥").replace("<=", "≤");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
