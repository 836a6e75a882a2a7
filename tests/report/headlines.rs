//! Sentences over random results: nothing is crowned that ships nothing, does not qualify or was
//! flown alone, and nothing is said that the tables do not carry.

use crate::fixture::{COMPARISON, Fate};
use crate::world::scenario;
use proptest::prelude::*;
use std::sync::Arc;
use windtunnel::base::units::{Money, Share};
use windtunnel::experiment::results::{QualificationRow, ScenarioResults};
use windtunnel::experiment::winner::{
    Choice, Criterion, Ending, MONEY_FLOOR, RuledOut, USERS_FLOOR,
};
use windtunnel::experiment::{delivery, matrix, money, precision, rating, steps, tables, winner};
use windtunnel::outcome::{MeasureId, Measures, Outcome, Verdict};
use windtunnel::report::figure::Quantity;
use windtunnel::report::headlines::{self, standing};
use windtunnel::report::{reading, table};
use windtunnel::scenario::ids::{PlanId, ReleaseId, VariantId};
use windtunnel::scenario::model::Scenario;
use windtunnel::world::service::Route;

pub const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const USERS: f64 = 10_000.0;

/// How a made-up strategy fares.
#[derive(Clone, Debug)]
pub struct Luck {
    /// Share of users hurt by a good and by a bad release.
    pub hurt: [f64; 2],
    /// Dollars that a good and a bad release lose.
    pub loss: [f64; 2],
    /// Of 100 good releases so many are shipped; nothing is by design where none.
    pub shipped: Option<u32>,
    /// Of 100 bad releases so many are stopped.
    pub stopped: u32,
    pub fleet: f64,
    pub qualifies: bool,
}

fn luck() -> impl Strategy<Value = Luck> {
    let share = prop_oneof![Just(0.0), 0.0..0.002f64, 0.0..0.9f64];
    let shipped = prop_oneof![
        3 => Just(Some(100)),
        2 => (0..=100u32).prop_map(Some),
        1 => Just(None),
    ];
    let fleet = prop_oneof![Just(0.0), -1.0..30.0f64];
    let hurt = (share.clone(), share).prop_map(|(good, bad)| [good, bad]);
    let usd = prop_oneof![Just(0.0), 0.0..20.0f64, 0.0..20_000.0f64];
    let loss = (usd.clone(), usd).prop_map(|(good, bad)| [good, bad]);
    (hurt, loss, shipped, 0..=100u32, fleet, proptest::bool::weighted(0.8)).prop_map(
        |(hurt, loss, shipped, stopped, fleet, qualifies)| Luck {
            hurt,
            loss,
            shipped,
            stopped,
            fleet,
            qualifies,
        },
    )
}

fn outcome(luck: &Luck, bad: bool, r: u32, n: u32) -> Outcome {
    let within = |of: u32| u64::from(r) * 100 < u64::from(of) * u64::from(n);
    let verdict = match (bad, luck.shipped) {
        (false, None) => Verdict::PassedGood,
        (false, Some(of)) if within(of) => Verdict::PromotedGood,
        (false, Some(_)) => Verdict::FalseRollback,
        (true, _) if within(luck.stopped) => Verdict::RolledBackBad,
        (true, _) => Verdict::MissedBad,
    };
    let wave = 1.0 + f64::from(r % 7) / 50.0;
    let share = luck.hurt[usize::from(bad)] * wave;
    let loss = luck.loss[usize::from(bad)] * wave;
    let exposed = if luck.shipped.is_some() { USERS / 2.0 } else { 0.0 };
    let measures = Measures {
        users_active: Some(USERS),
        users_exposed: Some(exposed),
        users_hurt_by_release: Some(share * USERS),
        users_hurt_by_release_share: Some(share),
        value_lost_by_release_usd: Some(loss),
        release_usd: Some(loss),
        fleet_minutes_extra: Some(luck.fleet + f64::from(r % 5) / 100.0),
        outage_by_release_s: Some(0.0),
        downtime_by_release_s: Some(if bad { share * 100.0 } else { 0.0 }),
        detected_after_s: (bad && within(luck.stopped)).then_some(60.0),
        rollback_s: (bad && within(luck.stopped)).then_some(5.0),
        capacity_restored_s: (bad && within(luck.stopped)).then_some(4.0),
        rollout_s: (!bad && verdict == Verdict::PromotedGood).then_some(90.0),
        start_to_ready_s: Some(10.0),
        ..Measures::default()
    };
    let (stopped_by, differences, steps) = (None, None, Vec::new());
    let by_human = false;
    Outcome {
        replication: r,
        verdict,
        measures,
        bill: Default::default(),
        stopped_by,
        by_human,
        differences,
        steps,
        work: 1,
    }
}

/// What is to be flown, and by how many flights.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub n: u32,
    /// Good releases, too?
    pub good: bool,
    /// Has a request a value?
    pub priced: bool,
}

pub fn results(lucks: &[Luck], n: u32) -> ScenarioResults {
    flown(lucks, Plan { n, good: true, priced: false })
}

pub fn flown(lucks: &[Luck], plan: Plan) -> ScenarioResults {
    let n = plan.n;
    let fate = |at: usize| match at {
        // The first looks at nothing.
        0 => Fate { name: NAMES[at], ..COMPARISON[1] },
        at => Fate { name: NAMES[at], ..COMPARISON[3] },
    };
    let fates: Vec<Fate> = (0..lucks.len()).map(fate).collect();
    let mut scenario: Scenario = scenario("random", &fates);
    if plan.priced {
        Arc::make_mut(&mut scenario.service).routes = vec![route()];
    }
    let kinds: &[bool] = if plan.good { &[false, true] } else { &[true] };
    scenario.release.variants.retain(|variant| kinds.contains(&variant.bad));
    let flights: Vec<Vec<Vec<Outcome>>> = kinds
        .iter()
        .map(|bad| {
            let of = |luck: &Luck| (0..n).map(|r| outcome(luck, *bad, r, n)).collect();
            lucks.iter().map(of).collect()
        })
        .collect();
    let deliveries = delivery::deliveries(&scenario, &flights);
    let row = |(plan, luck): (usize, &Luck)| QualificationRow {
        plan: PlanId(plan),
        qualifies: luck.qualifies,
        open: Vec::new(),
        beyond: Vec::new(),
        unsure: Vec::new(),
        reasons: vec!["a constraint".to_string()],
    };
    let qualification: Vec<QualificationRow> = lucks.iter().enumerate().map(row).collect();
    ScenarioResults {
        summary: tables::summary(&scenario, &flights),
        verdicts: tables::verdicts(&scenario, &flights),
        differences: tables::differences(&scenario, &flights),
        precision: precision::reached(&scenario, &flights),
        ratings: rating::ratings(&scenario, &flights, &deliveries),
        expectations: Vec::new(),
        recordings: Vec::new(),
        steps: steps::steps(&scenario, &flights),
        stops: matrix::stops(&scenario, &flights),
        idle: matrix::idle(&scenario, &flights),
        choice: winner::choose(&scenario, &flights, &deliveries, &qualification),
        money: money::money(&scenario, &flights),
        deliveries,
        qualification,
        flights,
        scenario: scenario.into(),
    }
}

fn route() -> Route {
    Route {
        name: "buy".to_string(),
        share: Share::ONE,
        write: false,
        service_time: windtunnel::base::distribution::Distribution::constant(
            windtunnel::base::time::SimDuration::from_millis(50),
        ),
        errors: Share::ZERO,
        value: Money::usd(0.1),
        conversion: Share::ZERO,
    }
}

fn ruled_out(choice: &Choice, plan: PlanId) -> Option<&RuledOut> {
    choice.ruled_out.iter().find(|(own, _)| *own == plan).map(|(_, reason)| reason)
}

/// The winner delivers, qualifies, was not flown alone, and beats all others by what matters.
fn check_choice(results: &ScenarioResults, lucks: &[Luck]) {
    let choice = &results.choice;
    let all = choice.standings.len() + choice.ruled_out.len();
    assert_eq!(all, lucks.len(), "everybody stands or is ruled out");
    for standing in &choice.standings {
        let luck = &lucks[standing.plan.0];
        assert!(luck.qualifies && luck.shipped.is_some(), "{choice:?}");
        assert!(ruled_out(choice, standing.plan).is_none());
    }
    let line = &headlines::choice::lines(results, &|name| name.to_string())[0];
    let named = |plan: PlanId| results.scenario.plan_name(plan);
    match choice.ending {
        Ending::Wins | Ending::Leads => {
            let first = &choice.standings[0];
            assert!(lucks.len() > 1, "flown alone: {line}");
            assert!(line.starts_with(named(first.plan)), "{line}");
            let proved = results.deliveries[first.plan.0].is_proved();
            assert_eq!(proved, choice.ending == Ending::Wins, "{line}");
            for rival in &choice.standings[1..] {
                let more = rival.figure.mean - first.figure.mean;
                let floor = match choice.criterion {
                    Criterion::UsersHurt => USERS_FLOOR,
                    Criterion::ReleaseUsd => MONEY_FLOOR * rival.figure.mean.abs(),
                };
                assert!(rival.beaten && more > floor, "{line}");
                let behind = rival.behind.expect("pairs");
                assert!(behind.interval.lower > 0.0, "differences.csv would contradict: {line}");
            }
        }
        Ending::Tie => {
            assert!(choice.tied().len() > 1);
            assert!(choice.tied().iter().all(|plan| line.contains(named(*plan))), "{line}");
        }
        Ending::Alone => assert_eq!(lucks.len(), 1),
        Ending::Nobody => assert!(choice.standings.is_empty()),
    }
}

/// Names of strategies in a text.
fn named(text: &str) -> Vec<usize> {
    (0..NAMES.len()).filter(|at| text.contains(NAMES[*at])).collect()
}

/// Estimates of a measure over all strategies.
fn estimates(results: &ScenarioResults, of: ReleaseId, measure: MeasureId) -> Vec<[f64; 3]> {
    let ends = |plan| {
        let found = reading::estimate(results, of, plan, measure).expect("flown");
        [found.mean, found.lower, found.upper]
    };
    results.scenario.plan_ids().map(ends).collect()
}

/// What ships nothing or does not qualify is never named as the best.
fn check_crowns(results: &ScenarioResults, lucks: &[Luck]) {
    let delivers = |at: usize| !results.deliveries[at].fails() && lucks[at].shipped.is_some();
    let may_lead = |at: usize| delivers(at) && lucks[at].qualifies;
    let blast = headlines::blast_radius::headline(results);
    // Behind the strategy that hurts most stands the one that is praised.
    if let Some((_, praise)) = blast.split_once(", ").filter(|_| !blast.starts_with("No strategy"))
    {
        assert!(named(praise).into_iter().all(may_lead), "{blast}");
    }
    let cost = headlines::cost::headline(results);
    let overview = headlines::overview::headline(&[results]);
    for (at, name) in NAMES.iter().enumerate().take(lucks.len()) {
        let cheapest =
            cost.contains(&format!(", {name} ")) || cost.starts_with(&format!("{name} saves"));
        assert!(!cheapest || may_lead(at) || lucks.len() == 1, "{cost}");
        let chosen = overview.starts_with(&format!("{name} is the one"));
        let proved = results.deliveries[at].is_proved();
        assert!(!chosen || may_lead(at) && proved, "{overview}");
    }
    check_map(results, lucks.len(), &may_lead);
    check_stops(results, &may_lead);
}

/// Who is named above the map may be chosen, and no other is better by what the table carries.
fn check_map(results: &ScenarioResults, strategies: usize, may_lead: &dyn Fn(usize) -> bool) {
    let map = headlines::cost_harm::headline(&spots(results));
    let crowned = ["No other strategy costs or hurts less than", "beats "];
    let crowned = crowned.iter().find_map(|word| Some(map.split_once(word)?.1));
    let Some(names) = crowned.map(named) else { return };
    assert!(names.iter().all(|at| may_lead(*at)), "{map}");
    assert!(names.is_empty() || strategies > 1, "flown alone: {map}");
    let ([at], true) = (names.as_slice(), map.starts_with("No other strategy")) else { return };
    let measures =
        [(MeasureId::FleetMinutesExtra, 0.1), (MeasureId::UsersHurtByReleaseShare, USERS_FLOOR)];
    for (measure, floor) in measures {
        let all = estimates(results, ReleaseId::Mix, measure);
        let [mean, lower, _] = all[*at];
        for [other, _, upper] in &all {
            assert!(*upper >= lower || mean - other <= floor, "{map}: {measure:?} {all:?}");
        }
    }
}

/// What is said of stopping is so: of those that are praised, of all, and with what was done.
fn check_stops(results: &ScenarioResults, may_lead: &dyn Fn(usize) -> bool) {
    let told = headlines::stops::headline(results, Verdict::RolledBackBad);
    let bad = results.scenario.bad_variants().next().expect("a bad release");
    let share = |id: VariantId, plan: PlanId| {
        headlines::stops::share(results, id, plan, Verdict::RolledBackBad).expect("flown")
    };
    let stops = |plan: PlanId| share(bad, plan) > 0.5;
    if told.contains("stops every kind") {
        let at = named(told.split(' ').next().expect("a name"))[0];
        assert!(may_lead(at) && stops(PlanId(at)), "{told}");
        let hurt = reading::estimate(results, bad, PlanId(at), reading::HURT_SHARE).expect("flown");
        let (most, shown) = (rating::RISK_LIMITS[1], Quantity::Share.show(hurt.mean));
        assert!(hurt.mean <= most || told.contains(&format!("hurts {shown}")), "{told}");
    }
    if told.starts_with("No kind of bad release") {
        assert!(!results.scenario.plan_ids().any(stops), "{told}");
    }
    if told.starts_with("No strategy that ships") {
        let good = results.scenario.variant_ids().find(|id| *id != bad).expect("a good release");
        let fit = |plan: &PlanId| may_lead(plan.0) && share(good, *plan) < 0.5;
        assert!(!results.scenario.plan_ids().filter(fit).any(stops), "{told}");
    }
    if told == standing::NOBODY {
        assert!(!results.scenario.plan_ids().any(|plan| may_lead(plan.0)), "{told}");
    }
}

/// No strategy helps only against one that looks at nothing.
fn check_no_help(results: &ScenarioResults) {
    for found in reading::no_strategy_helps(results) {
        let (worst, hurt) = found.worst;
        assert!(!results.scenario.plan(worst).needs.metrics, "{found:?}");
        let stopped = reading::verdict(results, found.variant, worst, Verdict::RolledBackBad);
        assert_eq!(stopped.map_or(0, |row| row.n), 0, "{found:?}");
        assert!(found.best.1 > hurt / 2.0, "{found:?}");
    }
}

/// What the terminal prints: the answer first, and no line beyond the width.
fn check_text(results: &ScenarioResults) {
    let text = table::text(results, &[]);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let answer = headlines::choice::lines(results, &|name| name.to_string());
    assert!(flat.starts_with(&answer.join(" ")), "{answer:?}\n{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!["NaN", "inf"].iter().any(|word| flat.contains(word)), "{text}");
}

fn spots(results: &ScenarioResults) -> Vec<headlines::cost_harm::CostHarmPoint<'_>> {
    windtunnel::report::charts::cost_harm::told(results)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_sentence_says_what_the_tables_do_not(
        lucks in proptest::collection::vec(luck(), 1..=4),
        n in prop_oneof![Just(2u32), Just(16), 20..150u32],
        good in proptest::bool::weighted(0.8),
        priced in proptest::bool::ANY,
    ) {
        let results = flown(&lucks, Plan { n, good, priced });
        if good {
            check_choice(&results, &lucks);
            check_crowns(&results, &lucks);
        } else {
            assert!(results.choice.ending != Ending::Wins, "nothing good was flown");
        }
        check_no_help(&results);
        check_text(&results);
    }
}

/// A strategy that takes back what is good is not chosen, however little it hurts.
#[test]
fn what_ships_nothing_never_wins() {
    let luck = |hurt: f64, shipped| Luck {
        hurt: [hurt, hurt],
        loss: [0.0, 0.0],
        shipped,
        stopped: 100,
        fleet: 1.0,
        qualifies: true,
    };
    let results = results(&[luck(0.0, Some(10)), luck(0.0, None), luck(0.05, Some(100))], 100);
    let lines = headlines::choice::lines(&results, &|name| name.to_string());
    assert_eq!(results.choice.ending, Ending::Wins, "{lines:?}");
    assert!(lines[0].starts_with("gamma wins"), "{lines:?}");
    let out = lines.iter().find(|line| line.starts_with("Ruled out")).expect("reasons");
    assert!(out.contains("alpha (ships 10 % of the good releases)"), "{out}");
    assert!(out.contains("beta (ships nothing by design)"), "{out}");
}

/// Enough flights are asked for until it is certain that what is good is shipped.
#[test]
fn a_lead_is_not_a_proof() {
    let luck = |hurt: f64| Luck {
        hurt: [hurt, hurt],
        loss: [0.0, 0.0],
        shipped: Some(100),
        stopped: 100,
        fleet: 1.0,
        qualifies: true,
    };
    let few = results(&[luck(0.001), luck(0.6)], 40);
    assert_eq!(few.choice.ending, Ending::Leads, "{:?}", few.choice);
    let more = few.choice.more_flights as u32;
    let line = &headlines::choice::lines(&few, &|name| name.to_string())[0];
    assert!(line.contains(&format!("leads, not proved ({more} more good flights")), "{line}");
    let enough = results(&[luck(0.001), luck(0.6)], 40 + more);
    assert_eq!(enough.choice.ending, Ending::Wins, "{more}");
    let short = results(&[luck(0.001), luck(0.6)], 39 + more);
    assert_eq!(short.choice.ending, Ending::Leads, "{more}");
}
