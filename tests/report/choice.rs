//! The choice and its sentences: who is beaten by whom, and that no more is said than was tested.

use crate::headlines::{Luck, NAMES, Plan, flown, results};
use windtunnel::experiment::figures::Figures;
use windtunnel::experiment::results::ScenarioResults;
use windtunnel::experiment::winner::{Criterion, Ending, Standing};
use windtunnel::outcome::{MeasureId, Verdict};
use windtunnel::report::headlines;
use windtunnel::scenario::ids::{PlanId, ReleaseId};

fn luck(hurt: f64, loss: f64) -> Luck {
    Luck {
        hurt: [0.0, hurt],
        loss: [0.0, loss],
        shipped: Some(100),
        stopped: 100,
        fleet: 1.0,
        qualifies: true,
    }
}

fn lines(results: &ScenarioResults) -> Vec<String> {
    headlines::choice::lines(results, &|name| name.to_string())
}

const PRICED: Plan = Plan { n: 100, good: true, priced: true };

/// Dollars decide where requests have a value, whatever users say.
#[test]
fn dollars_decide_where_there_are_prices() {
    let all = [luck(0.3, 200.0), luck(0.1, 9_000.0)];
    let priced = flown(&all, PRICED);
    assert_eq!(priced.choice.criterion, Criterion::ReleaseUsd);
    assert_eq!(priced.choice.ending, Ending::Wins, "{:?}", priced.choice);
    assert!(lines(&priced)[0].starts_with("alpha wins: a year of 150 releases costs $"));
    let plain = flown(&all, Plan { priced: false, ..PRICED });
    assert_eq!(plain.choice.criterion, Criterion::UsersHurt);
    assert!(lines(&plain)[0].starts_with("beta wins: a release hurts "), "{:?}", lines(&plain));
}

/// Of a tie in dollars only what was tested is told: the first against those that it beats.
#[test]
fn of_a_tie_in_dollars_users_tell_only_what_was_tested() {
    let all = [luck(0.201, 500.0), luck(0.3, 500.0), luck(0.2, 500.0), luck(0.6, 500.0)];
    let tied = flown(&all, PRICED);
    assert_eq!(tied.choice.ending, Ending::Tie, "{:?}", tied.choice);
    let (first, more) = tied.choice.fewest_hurt().expect("some hurt more");
    let names = |standings: &[&Standing]| -> Vec<&str> {
        standings.iter().map(|standing| NAMES[standing.plan.0]).collect()
    };
    assert_eq!((NAMES[first.plan.0], names(&more)), ("gamma", vec!["beta", "delta"]));
    let lines = lines(&tied);
    let line = lines.iter().find(|line| line.contains("fewer users")).expect("the line");
    let start = "Of the tied gamma certainly hurts fewer users than beta and delta: ";
    assert!(line.starts_with(start) && line.ends_with(" less than beta."), "{line}");
    let behind = more[0].behind.expect("pairs");
    assert!(behind.interval.lower > 0.0 && behind.interval.lower < behind.value);
    let alike = flown(&[luck(0.2, 500.0), luck(0.2, 500.0)], PRICED);
    assert!(alike.choice.fewest_hurt().is_none());
}

/// A tie names who takes fewest pods only if that is certain against every other.
#[test]
fn fewest_pods_are_told_where_they_are_certain() {
    let with = |fleet: f64| Luck { fleet, ..luck(0.1, 500.0) };
    let told = |all: &[Luck]| {
        let lines = lines(&flown(all, PRICED));
        lines.into_iter().find(|line| line.contains(" pods")).expect("the line")
    };
    let clear = told(&[with(9.0), with(1.0), with(20.0)]);
    assert!(clear.starts_with("Of the tied beta takes fewest pods: a release 1.02"), "{clear}");
    let close = told(&[with(1.001), with(1.0), with(20.0)]);
    assert!(close.starts_with("None of the tied certainly takes fewer pods than beta"), "{close}");
}

/// Holm: a rival that is certainly worse at 5 %, and not at 2.5 %, is beaten only after another was.
#[test]
fn rivals_are_beaten_in_rounds() {
    let n = 40;
    let found = |delta: f64, at: f64| {
        let pair = results(&[luck(0.1, 0.0), luck(0.1 + delta, 0.0)], n);
        let figures = Figures::of(&pair.scenario, &pair.flights).at(at);
        let measure = MeasureId::UsersHurtByReleaseShare;
        figures.difference(ReleaseId::Mix, (PlanId(1), PlanId(0)), measure).expect("pairs")
    };
    let at_once = |delta: f64| found(delta, 0.975).interval.lower > 0.0;
    let last = |delta: f64| found(delta, 0.95).interval.lower > 0.0;
    let deltas = (1..4000).map(|step| f64::from(step) / 4000.0);
    let between = deltas.into_iter().find(|delta| last(*delta) && !at_once(*delta));
    let between = between.expect("the interval at 97.5 % is wider");
    let choice = |all: &[Luck]| results(all, n).choice;
    let with = |delta: f64| luck(0.1 + delta, 0.0);
    let both = choice(&[with(0.0), with(between), with(0.85)]);
    assert!(both.standings[1..].iter().all(|rival| rival.beaten), "{both:?}");
    assert_eq!(both.ending, Ending::Leads);
    let neither = choice(&[with(0.0), with(between), with(between)]);
    assert!(neither.standings[1..].iter().all(|rival| !rival.beaten), "{neither:?}");
    assert_eq!(neither.ending, Ending::Tie);
}

/// Without a good release nothing wins: what leads is not proved, and the sentence says why.
#[test]
fn without_a_good_release_nothing_wins() {
    let all = [luck(0.001, 0.0), luck(0.6, 0.0)];
    let blind = flown(&all, Plan { good: false, priced: false, n: 100 });
    assert_eq!(blind.choice.ending, Ending::Leads, "{:?}", blind.choice);
    let line = &lines(&blind)[0];
    assert!(line.starts_with("alpha leads, not proved (no good release was flown): "), "{line}");
    let overview = headlines::overview::headline(&[&blind]);
    assert_eq!(overview, "alpha leads, not proved");
    let several = headlines::overview::headline(&[&blind, &blind, &blind]);
    assert_eq!(several, "No winner in 3 scenarios: 3 a lead, not proved");
}

/// What ships nothing is not praised for what it stops, and hides nobody who stops more.
#[test]
fn stopping_is_praised_where_one_ships() {
    let told = |all: &[Luck]| headlines::stops::headline(&results(all, 60), Verdict::RolledBackBad);
    let shadow = Luck { shipped: None, stopped: 100, ..luck(0.0, 0.0) };
    let noisy = Luck { shipped: Some(10), stopped: 100, ..luck(0.0, 0.0) };
    let lax = Luck { stopped: 10, ..luck(0.2, 0.0) };
    let both = told(&[lax.clone(), shadow.clone(), noisy.clone()]);
    let wanted = "No strategy that ships good releases and may be chosen stops a kind of bad release \
                  in most flights";
    assert_eq!(both, wanted);
    assert_eq!(told(&[lax.clone(), lax]), "No kind of bad release is stopped in most flights");
    assert_eq!(told(&[shadow, noisy]), headlines::standing::NOBODY);
}

/// Each number of flights stands beside the strategy that it is of, and what is alike is told of
/// those that may be chosen.
#[test]
fn the_blast_radius_tells_of_whom() {
    let told = |all: &[Luck]| headlines::blast_radius::headline(&results(all, 60));
    let fit = |hurt: f64| luck(hurt, 0.0);
    let shadow = Luck { shipped: None, ..luck(0.5, 0.0) };
    let nobody = told(&[fit(0.5), fit(0.0), fit(0.0)]);
    assert!(nobody.ends_with("nobody under beta (60 flights) and gamma (60 flights)"), "{nobody}");
    let alike = told(&[shadow, fit(0.5), fit(0.5)]);
    assert!(alike.contains("under any that may be chosen; no difference is certain"), "{alike}");
}

/// "No strategy helps" needs one that looks at nothing: without it nobody knows what was spared.
#[test]
fn no_strategy_helps_against_one_that_looks_at_nothing() {
    let helps = |all: &[Luck]| {
        let found = results(all, 60);
        windtunnel::report::reading::no_strategy_helps(&found).is_empty()
    };
    let missed = |hurt: f64| Luck { stopped: 0, ..luck(hurt, 0.0) };
    // The first looks at nothing.
    assert!(!helps(&[missed(0.3), missed(0.25)]));
    assert!(helps(&[missed(0.3), missed(0.1)]));
    assert!(helps(&[luck(0.3, 0.0), missed(0.25)]), "the first has stopped it");
}
