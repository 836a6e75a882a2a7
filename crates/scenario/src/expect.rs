//! `spec.expect`: lines that say what must hold of the results.
//!
//! `strategy · release · measure [· statistic] operator limit`, with `·`, `|` or `,` between the
//! words: `canary · bad · users_hurt_by_release_share · p95 < 0.5%`, a difference of two strategies
//! (`canary - rollingUpdate · bad · users_hurt < 0`), a share of verdicts (`canary · good · verdict
//! promoted-good ≥ 95%`), of flights that a check stopped (`canary · bad · stopped_by errorRate ≥
//! 90%`) or a rating (`recreate · rating downtime = yes`). Deliberately unknown
//! here: results, and how a line is judged.

use std::sync::Arc;
use windtunnel_base::escape::short::middle;
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_base::units::{parse_duration, parse_money};
use windtunnel_model::outcome::{MEASURES, Rating, Unit, Verdict};
use windtunnel_model::scenario::crew;
use windtunnel_model::scenario::ids::{PlanId, ReleaseId};
use windtunnel_model::scenario::model::{Expectation, Expected, Operator, Scenario, Statistic};

/// Separators between the words of a line.
const SEPARATORS: [char; 4] = ['·', '|', ',', '•'];

/// Operators as they may be written, longer ones first.
const OPERATORS: [(&str, Operator); 6] = [
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("≤", Operator::AtMost),
    ("≥", Operator::AtLeast),
    ("<", Operator::Below),
    (">", Operator::Above),
];

/// A piece of a line, and how many characters precede it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Word<'a> {
    text: &'a str,
    column: u32,
}

/// What is wrong with a line: the word, what was found, what was expected, a way out.
struct Wrong {
    column: u32,
    found: String,
    expected: String,
    help: String,
}

/// Reads one line, which begins at `place`; a problem says at which word of it it is.
pub fn parse(line: &str, place: Place, scenario: &Scenario) -> Result<Expectation, Problem> {
    let read = expectation(line, scenario);
    let expectation = read.map_err(|wrong| {
        let byte = line.char_indices().nth(wrong.column as usize).map_or(line.len(), |(at, _)| at);
        Problem::error(place, "spec.expect", wrong.found)
            .expected(wrong.expected)
            .help(wrong.help)
            .within(line, byte)
    })?;
    Ok(Expectation { place, ..expectation })
}

fn expectation(line: &str, scenario: &Scenario) -> Result<Expectation, Wrong> {
    let words = split(line, &SEPARATORS, 0);
    let form = "strategy · release · measure · statistic < limit";
    let [who, rest @ ..] = words.as_slice() else { return Err(missing(line, form)) };
    let (strategy, reference) = strategies(*who, scenario)?;
    if let [rating] = rest
        && let Some(rest) = after(*rating, "rating")
    {
        let (what, operator, limit) = rated(rest)?;
        return Ok(made(line, strategy, ReleaseId::Mix, what, operator, limit));
    }
    let [release, what @ ..] = rest else { return Err(missing(line, form)) };
    let releases: Vec<ReleaseId> = scenario.releases().collect();
    let release = *one_of(*release, &releases, |id| scenario.release_name(*id), "variant")?;
    let (what, statistic) = match what {
        [what] => (*what, None),
        [what, statistic] => (*what, Some(*statistic)),
        [] => return Err(missing(line, form)),
        [.., more] => return Err(wrong(*more, "one word too many", form)),
    };
    if let Some(rest) = after(what, "verdict") {
        let (word, operator, limit) = compared(rest)?;
        let verdict = *one_of(word, &Verdict::ALL, |v| v.word(), "verdict")?;
        let limit = figure(limit, Unit::Share)?;
        return Ok(made(line, strategy, release, Expected::Verdict(verdict), operator, limit));
    }
    if let Some(rest) = after(what, STOPPED_BY) {
        let (word, operator, limit) = compared(rest)?;
        let by = stopper(word, strategy, scenario)?;
        let limit = figure(limit, Unit::Share)?;
        let made = made(line, strategy, release, Expected::StoppedBy, operator, limit);
        return Ok(Expectation { by, ..made });
    }
    let (measure, statistic, operator, limit) = match statistic {
        Some(words) => {
            let (statistic, operator, limit) = compared(words)?;
            (what, Some(statistic), operator, limit)
        }
        None => {
            let (measure, operator, limit) = compared(what)?;
            (measure, None, operator, limit)
        }
    };
    let measure = one_of(measure, &MEASURES, |measure| measure.name, "measure")?.id;
    let limit = figure(limit, measure.measure().unit)?;
    let what = match (reference, statistic) {
        (Some(reference), None) => Expected::Difference { measure, reference },
        (Some(reference), Some(word)) if word.text == "mean" => {
            Expected::Difference { measure, reference }
        }
        (Some(_), Some(word)) => {
            return Err(wrong(word, format!("found {:?}", word.text), "mean, for a difference"));
        }
        (None, word) => Expected::Measure { measure, statistic: statistic_of(word)? },
    };
    Ok(made(line, strategy, release, what, operator, limit))
}

fn made(
    line: &str,
    plan: PlanId,
    release: ReleaseId,
    what: Expected,
    operator: Operator,
    limit: f64,
) -> Expectation {
    let (text, place) = (line.trim().to_string(), Place::default());
    let by = Arc::from("");
    Expectation { text, file: Arc::from(""), place, plan, release, what, by, operator, limit }
}

/// `canary`, or `canary - rollingUpdate`.
fn strategies(word: Word<'_>, scenario: &Scenario) -> Result<(PlanId, Option<PlanId>), Wrong> {
    let plans: Vec<PlanId> = scenario.plan_ids().collect();
    let plan = |word| one_of(word, &plans, |id| scenario.plan_name(*id), "strategy").copied();
    let Some((one, other)) = split_once(word, " - ").or_else(|| split_once(word, " − ")) else {
        return Ok((plan(word)?, None));
    };
    let (one, reference) = (plan(one)?, plan(other)?);
    if one == reference {
        let found = format!("{} minus itself", scenario.plan_name(one));
        return Err(wrong(other, found, "two strategies"));
    }
    Ok((one, Some(reference)))
}

/// The keyword of lines about who stopped a release.
const STOPPED_BY: &str = "stopped_by";

/// Whoever is on call, in lines about who stopped a release.
pub const HUMAN: &str = "human";

/// Who may stop a release of a strategy: a check, another gate, or the human. Where its queries
/// cannot be read, which is told elsewhere, any name is taken.
fn stopper(word: Word<'_>, plan: PlanId, scenario: &Scenario) -> Result<Arc<str>, Wrong> {
    let bound = crew::bind(scenario);
    let pilot = bound.as_ref().ok().and_then(|(pilots, _)| pilots.get(plan.0));
    let Some(pilot) = pilot else { return Ok(Arc::from(word.text)) };
    let names: Vec<&str> = pilot.facts.stoppers().into_iter().chain([HUMAN]).collect();
    let what = format!("check or gate of {}", scenario.plan_name(plan));
    Ok(Arc::from(*one_of(word, &names, |name| name, &what)?))
}

/// `downtime = yes`.
fn rated(word: Word<'_>) -> Result<(Expected, Operator, f64), Wrong> {
    let Some((rating, found)) = split_once(word, "=") else {
        return Err(wrong(word, format!("found {:?}", word.text), "a rating, = and a word"));
    };
    let rating = *one_of(rating, &Rating::ALL, |rating| rating.word(), "rating")?;
    let grade = *one_of(found, rating.grades(), |grade| grade.word(), "rating's word")?;
    Ok((Expected::Rating { rating, grade }, Operator::AtLeast, 0.0))
}

fn statistic_of(word: Option<Word<'_>>) -> Result<Statistic, Wrong> {
    let Some(word) = word else { return Ok(Statistic::Mean) };
    let all = [
        ("mean", Statistic::Mean),
        ("p05", Statistic::P05),
        ("p50", Statistic::P50),
        ("p95", Statistic::P95),
        ("spread", Statistic::Spread),
    ];
    Ok(one_of(word, &all, |(name, _)| name, "statistic")?.1)
}

/// `left operator right`.
fn compared(word: Word<'_>) -> Result<(Word<'_>, Operator, Word<'_>), Wrong> {
    let first = |(sign, operator): &(&'static str, Operator)| {
        word.text.find(sign).map(|at| (at, std::cmp::Reverse(sign.len()), *sign, *operator))
    };
    let found = OPERATORS.iter().filter_map(first).min_by_key(|(at, longest, ..)| (*at, *longest));
    let Some((_, _, sign, operator)) = found else {
        let found = format!("found no comparison in {:?}", word.text);
        return Err(wrong(word, found, "<, ≤ (or <=), > or ≥ (or >=) and a limit"));
    };
    let (left, right) = split_once(word, sign).unwrap_or((word, word));
    Ok((left, operator, right))
}

/// A limit in the measure's own unit; a bare number is taken as that unit.
fn figure(word: Word<'_>, unit: Unit) -> Result<f64, Wrong> {
    let (sign, text) = match word.text.strip_prefix(['-', '−']) {
        Some(rest) => (-1.0, rest.trim()),
        None => (1.0, word.text),
    };
    let percent = |t: &str| t.strip_suffix('%').and_then(|p| plain(p.trim())).map(|p| p / 100.0);
    let span = || parse_duration(text).map(|d| d.as_secs_f64());
    let (found, expected) = match unit {
        Unit::Share => {
            let share = percent(text).or_else(|| plain(text)).filter(|share| *share <= 1.0);
            (share, "a share such as 0.5%, 100% at most")
        }
        Unit::Seconds => (plain(text).or_else(span), "a duration such as 30s"),
        Unit::Millis => {
            let millis = span().map(|s| s * 1000.0);
            (plain(text).or(millis), "a duration such as 250ms")
        }
        Unit::Usd => (parse_money(text).map(|m| m.value()), "an amount such as $200"),
        Unit::UserMinutes
        | Unit::FleetMinutes
        | Unit::PodHours
        | Unit::Users
        | Unit::Requests
        | Unit::Connections
        | Unit::Pods => (plain(text), "a number"),
    };
    found.map(|f| f * sign).ok_or_else(|| wrong(word, format!("found {:?}", word.text), expected))
}

fn plain(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The item of this name.
fn one_of<'t, 'n, T>(
    word: Word<'_>,
    items: &'t [T],
    name: impl Fn(&T) -> &'n str,
    what: &str,
) -> Result<&'t T, Wrong> {
    let found = items.iter().find(|item| name(item) == word.text);
    found.ok_or_else(|| unknown(word, items.iter().map(&name).collect(), what))
}

fn unknown(word: Word<'_>, names: Vec<&str>, what: &str) -> Wrong {
    let expected = format!("one of {}", names.join(", "));
    let mut wrong = wrong(word, format!("unknown {what} {:?}", word.text), &expected);
    if let Some(meant) = nearest(word.text, names) {
        wrong.help = format!("did you mean {meant}?");
    }
    wrong
}

fn wrong(word: Word<'_>, found: impl Into<String>, expected: &str) -> Wrong {
    let (found, expected) = (found.into(), expected.to_string());
    Wrong { column: word.column, found, expected, help: String::new() }
}

fn missing(line: &str, form: &str) -> Wrong {
    let found = format!("found {:?}", middle(line, 60));
    let help = "for example: canary · bad · users_hurt_by_release_share · p95 < 0.5%".to_string();
    Wrong { column: 0, found, expected: form.to_string(), help }
}

/// The trimmed pieces of a text.
fn split<'a>(text: &'a str, separators: &[char], column: u32) -> Vec<Word<'a>> {
    let mut words = Vec::new();
    let mut before = column;
    for piece in text.split(|c| separators.contains(&c)) {
        words.push(trimmed(Word { text: piece, column: before }));
        before += piece.chars().count() as u32 + 1;
    }
    words
}

fn split_once<'a>(word: Word<'a>, separator: &str) -> Option<(Word<'a>, Word<'a>)> {
    let (left, right) = word.text.split_once(separator)?;
    let skipped = left.chars().count() + separator.chars().count();
    let right = Word { text: right, column: word.column + skipped as u32 };
    Some((trimmed(Word { text: left, column: word.column }), trimmed(right)))
}

/// What follows the keyword that a piece begins with.
fn after<'a>(word: Word<'a>, keyword: &str) -> Option<Word<'a>> {
    let rest = word.text.strip_prefix(keyword).filter(|r| r.starts_with([' ', '=']))?;
    let column = word.column + keyword.chars().count() as u32;
    Some(trimmed(Word { text: rest, column }))
}

fn trimmed(word: Word<'_>) -> Word<'_> {
    let start = word.text.trim_start();
    let skipped = word.text.chars().count() - start.chars().count();
    Word { text: start.trim_end(), column: word.column + skipped as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;
    use windtunnel_model::outcome::{Grade, MeasureId};

    fn scenario() -> Scenario {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: a}\n\
            spec: {service: {replicas: 3}}\n";
        read(text, "a").expect("valid").0.remove(0)
    }

    fn one(line: &str) -> Result<Expectation, Problem> {
        parse(line, Place { line: 7, column: 5 }, &scenario())
    }

    #[test]
    fn lines_of_all_forms() {
        let found = one("canary · bad · users_hurt_by_release_share · p95 < 0.5%").expect("valid");
        assert_eq!((found.operator, found.limit), (Operator::Below, 0.005));
        let measure = MeasureId::UsersHurtByReleaseShare;
        assert_eq!(found.what, Expected::Measure { measure, statistic: Statistic::P95 });
        let found = one("canary | good | verdict promoted-good >= 95%").expect("valid");
        assert_eq!(found.what, Expected::Verdict(Verdict::PromotedGood));
        assert_eq!((found.operator, found.limit), (Operator::AtLeast, 0.95));
        let found = one("canary · bad · stopped_by errorRate ≥ 90%").expect("valid");
        assert_eq!((found.what, &*found.by, found.limit), (Expected::StoppedBy, "errorRate", 0.9));
        for by in ["human", "progress deadline"] {
            let line = format!("canary · all · stopped_by {by} < 5%");
            assert_eq!(&*one(&line).expect("valid").by, by);
        }
        assert_eq!(
            &*one("blueGreen · bad · stopped_by smoke test > 0").expect("valid").by,
            "smoke test"
        );
        let found = one("canary - rollingUpdate, bad, users_hurt < -3").expect("valid");
        let of_name = |plan: &PlanId| scenario().plan_name(*plan) == "rollingUpdate";
        let reference = scenario().plan_ids().find(of_name).expect("listed");
        let measure = MeasureId::UsersHurt;
        assert_eq!(found.what, Expected::Difference { measure, reference });
        assert_eq!(found.limit, -3.0);
        let found = one("recreate · rating downtime = yes").expect("valid");
        let (rating, grade) = (Rating::Downtime, Grade::Yes);
        assert_eq!(found.what, Expected::Rating { rating, grade });
    }

    #[test]
    fn limits_speak_the_unit_of_their_measure() {
        for (line, limit) in [
            ("canary · all · harm_usd < $200", 200.0),
            ("canary · all · harm_usd < 200", 200.0),
            ("canary · bad · rollback_s · p50 ≤ 2m", 120.0),
            ("canary · bad · p99_new_ms < 1.5s", 1500.0),
            ("canary · bad · p99_new_ms < 250", 250.0),
            ("canary · bad · new_traffic_minus_pods < 20%", 0.2),
            ("canary · bad · users_hurt <= 12", 12.0),
        ] {
            assert_eq!(one(line).map(|e| e.limit), Ok(limit), "{line}");
        }
    }

    #[test]
    fn the_offending_word_is_named_and_placed() {
        for (line, column, part) in [
            ("canry · bad · users_hurt < 1", 1, "did you mean canary?"),
            ("canary · bat · users_hurt < 1", 10, "did you mean bad?"),
            ("canary · bad · users_hrut < 1", 16, "did you mean users_hurt?"),
            ("canary · bad · verdict promoted-god > 1%", 24, "did you mean promoted-good?"),
            ("canary · bad · stopped_by erorRate > 1%", 27, "did you mean errorRate?"),
            ("canary · bad · stopped_by smoke test > 1%", 27, "latency, progress deadline, human"),
            ("canary · bad · stopped_by errorRate > 2", 39, "100% at most"),
            ("canary · bad · users_hurt · p96 < 1", 29, "unknown statistic"),
            ("canary · bad · users_hurt < NaN", 29, "found \"NaN\""),
            ("canary · bad · users_hurt_by_release_share < 5", 46, "100% at most"),
            ("canary · bad · users_hurt", 16, "no comparison"),
            ("canary - canary · bad · users_hurt < 0", 10, "minus itself"),
            ("canary · rating risk = huge", 24, "rating's word"),
            ("canary", 1, "expected strategy · release"),
            ("", 1, "unknown strategy"),
        ] {
            let found = one(line).expect_err(line);
            let at = found.inner().map(|within| within.place());
            assert_eq!(at, Some(Place { line: 1, column }), "{line}: {found}");
            assert!(found.to_string().contains(part), "{line}: {found}");
        }
    }
}
