//! Sentences over random results: nothing is crowned that ships nothing, does not qualify or was
//! flown alone, and nothing is said that the tables do not carry.

use crate::fixture::{COMPARISON, Fate};
use crate::world::scenario;
use proptest::prelude::*;
use windtunnel::experiment::results::{QualificationRow, ScenarioResults};
use windtunnel::experiment::winner::{Choice, Ending, RuledOut, USERS_FLOOR};
use windtunnel::experiment::{delivery, matrix, money, precision, rating, steps, tables, winner};
use windtunnel::outcome::{Measures, Outcome, Verdict};
use windtunnel::report::headlines;
use windtunnel::scenario::ids::PlanId;
use windtunnel::scenario::model::Scenario;

const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const USERS: f64 = 10_000.0;

/// How a made-up strategy fares.
#[derive(Clone, Debug)]
struct Luck {
    /// Share of users hurt by a good and by a bad release.
    hurt: [f64; 2],
    /// Of 100 good releases so many are shipped; nothing is by design where none.
    shipped: Option<u32>,
    /// Of 100 bad releases so many are stopped.
    stopped: u32,
    fleet: f64,
    qualifies: bool,
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
    (hurt, shipped, 0..=100u32, fleet, proptest::bool::weighted(0.8)).prop_map(
        |(hurt, shipped, stopped, fleet, qualifies)| Luck {
            hurt,
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
    let share = luck.hurt[usize::from(bad)] * (1.0 + f64::from(r % 7) / 50.0);
    let exposed = if luck.shipped.is_some() { USERS / 2.0 } else { 0.0 };
    let measures = Measures {
        users_active: Some(USERS),
        users_exposed: Some(exposed),
        users_hurt_by_release: Some(share * USERS),
        users_hurt_by_release_share: Some(share),
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

fn results(lucks: &[Luck], n: u32) -> ScenarioResults {
    let fate = |at: usize| Fate { name: NAMES[at], ..COMPARISON[3] };
    let fates: Vec<Fate> = (0..lucks.len()).map(fate).collect();
    let scenario: Scenario = scenario("random", &fates);
    let flights: Vec<Vec<Vec<Outcome>>> = [false, true]
        .map(|bad| {
            let of = |luck: &Luck| (0..n).map(|r| outcome(luck, bad, r, n)).collect();
            lucks.iter().map(of).collect()
        })
        .into();
    let deliveries = delivery::deliveries(&scenario, &flights);
    let row = |(plan, luck): (usize, &Luck)| QualificationRow {
        plan: PlanId(plan),
        qualifies: luck.qualifies,
        open: Vec::new(),
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
                assert!(rival.beaten && more > USERS_FLOOR, "{line}");
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

/// What ships nothing or does not qualify is never named as the best.
fn check_crowns(results: &ScenarioResults, lucks: &[Luck]) {
    let delivers = |at: usize| !results.deliveries[at].fails() && lucks[at].shipped.is_some();
    for (at, luck) in lucks.iter().enumerate() {
        let name = NAMES[at];
        let blast = headlines::blast_radius::headline(results);
        let praised = blast.ends_with(&format!("under {name}"))
            && blast.matches("under").count() > 1
            && !blast.starts_with("No strategy helps");
        assert!(!praised || delivers(at), "{blast}");
        let cost = headlines::cost::headline(results);
        let cheapest =
            cost.contains(&format!(", {name} ")) || cost.starts_with(&format!("{name} saves"));
        assert!(!cheapest || delivers(at) || lucks.len() == 1, "{cost}");
        let overview = headlines::overview::headline(&[results]);
        let chosen = overview.starts_with(&format!("{name} is the one"));
        assert!(!chosen || delivers(at) && luck.qualifies, "{overview}");
        let map = headlines::cost_harm::headline(&spots(results));
        let crowned = map.contains("beat") && map.contains(name);
        assert!(!crowned || delivers(at) && luck.qualifies, "{map}");
        assert!(!(crowned && lucks.len() == 1), "flown alone: {map}");
    }
    let stops = headlines::stops::headline(results, Verdict::RolledBackBad);
    if stops.contains("stops every kind") {
        let name = stops.split(' ').next().expect("a name");
        let at = NAMES.iter().position(|known| *known == name).expect("a strategy");
        let caught = headlines::stops::share(
            results,
            windtunnel::scenario::ids::VariantId(1),
            PlanId(at),
            Verdict::RolledBackBad,
        );
        assert!(caught >= Some(0.5), "{stops}");
        let hurt = lucks[at].hurt[1];
        assert!(hurt <= 0.026 || stops.contains("hurts"), "what it did stands beside: {stops}");
    }
}

fn spots(results: &ScenarioResults) -> Vec<headlines::cost_harm::Spot<'_>> {
    windtunnel::report::charts::cost_harm::told(results)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_sentence_says_what_the_tables_do_not(
        lucks in proptest::collection::vec(luck(), 1..=4),
        n in prop_oneof![Just(2u32), Just(16), 20..150u32],
    ) {
        let results = results(&lucks, n);
        check_choice(&results, &lucks);
        check_crowns(&results, &lucks);
        windtunnel::report::table::text(&results);
    }
}

/// A strategy that takes back what is good is not chosen, however little it hurts.
#[test]
fn what_ships_nothing_never_wins() {
    let luck = |hurt: f64, shipped| Luck {
        hurt: [hurt, hurt],
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
