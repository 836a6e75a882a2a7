//! Made-up results of two scenarios, as an experiment would hand them over: nothing is flown.
//!
//! Figures follow a few plain rules per strategy, so that tables and charts look as they do in
//! earnest: six strategies (one kind twice in the second scenario), a good and a bad variant,
//! twenty flights, recordings, empty values, an expectation of each judgement.

use crate::recordings::recording;
use crate::world::scenario;
use windtunnel::experiment::delivery::{self, DeliveryRow};
use windtunnel::experiment::results::*;
use windtunnel::experiment::{matrix, money, winner};
use windtunnel::outcome::{Grade, MeasureId, Measures, Outcome, Rating, Step, Verdict};
use windtunnel::scenario::ids::{PlanId, ReleaseId, VariantId};
use windtunnel::scenario::model::Scenario;
use windtunnel::stats::bounds::Bounds;
use windtunnel::stats::estimate::estimate;
use windtunnel::stats::interval::{t_ci, wilson};
use windtunnel::stats::mixture::Stratum;
use windtunnel::world::log::{Differences, ShadowCounts};

pub const FLIGHTS: u32 = 20;
const USERS: f64 = 19_500.0;

/// How a strategy fares: shares of users hurt, seconds, fleet-minutes.
#[derive(Clone, Copy)]
pub struct Fate {
    pub name: &'static str,
    pub kind: &'static str,
    pub hurt: [f64; 2],
    pub outage: [f64; 2],
    pub detected: Option<f64>,
    pub full_rollback: Option<f64>,
    pub fleet: f64,
    pub ratings: [&'static str; 4],
    pub bad_verdict: Verdict,
}

/// The six strategies of the first scenario.
pub const COMPARISON: [Fate; 6] = [
    Fate {
        name: "recreate",
        kind: "recreate",
        hurt: [0.062, 0.285],
        outage: [38.0, 77.0],
        detected: Some(505.0),
        full_rollback: Some(47.0),
        fleet: -0.42,
        ratings: ["yes", "slow", "high", "low"],
        bad_verdict: Verdict::RolledBackLate,
    },
    Fate {
        name: "rollingUpdate",
        kind: "rollingUpdate",
        hurt: [0.0004, 0.131],
        outage: [0.0, 0.0],
        detected: Some(498.0),
        full_rollback: Some(62.0),
        fleet: 0.31,
        ratings: ["no", "medium", "medium", "low"],
        bad_verdict: Verdict::RolledBackLate,
    },
    Fate {
        name: "blueGreen",
        kind: "blueGreen",
        hurt: [0.0, 0.128],
        outage: [0.0, 0.0],
        detected: Some(496.0),
        full_rollback: Some(1.4),
        fleet: 40.9,
        ratings: ["no", "instant", "medium", "high"],
        bad_verdict: Verdict::RolledBackLate,
    },
    Fate {
        name: "canary",
        kind: "canary",
        hurt: [0.0002, 0.0052],
        outage: [0.0, 0.0],
        detected: Some(118.0),
        full_rollback: Some(9.0),
        fleet: 2.1,
        ratings: ["no", "fast", "low", "medium"],
        bad_verdict: Verdict::RolledBackBad,
    },
    Fate {
        name: "abTest",
        kind: "abTest",
        hurt: [0.0003, 0.041],
        outage: [0.0, 0.0],
        detected: Some(390.0),
        full_rollback: Some(2.0),
        fleet: 9.4,
        ratings: ["no", "instant", "medium", "high"],
        bad_verdict: Verdict::RolledBackBad,
    },
    Fate {
        name: "shadow",
        kind: "shadow",
        hurt: [0.0, 0.0],
        outage: [0.0, 0.0],
        detected: None,
        full_rollback: None,
        fleet: 17.8,
        ratings: ["no", "n.a.", "none", "high"],
        bad_verdict: Verdict::RolledBackBad,
    },
];

/// The strategies of the second scenario: one kind twice, and a bug that nobody sees in time.
pub fn slow_start() -> Vec<Fate> {
    let mut fates = COMPARISON.to_vec();
    fates.truncate(4);
    for fate in &mut fates {
        fate.hurt[1] = 0.21 + fate.outage[1] / 1000.0;
        fate.fleet *= 3.0;
        fate.bad_verdict = Verdict::MissedBad;
        fate.detected = None;
        fate.full_rollback = None;
        fate.ratings[2] = "high";
    }
    let twin = Fate { name: "canary-slow", hurt: [0.0004, 0.19], fleet: 8.8, ..fates[3] };
    fates.push(twin);
    fates
}

/// Both scenarios.
pub fn results() -> Results {
    Results {
        seed: 7,
        command: "windtunnel run scenarios --seed 7".to_string(),
        scenarios: vec![
            flown(scenario("strategy-comparison", &COMPARISON), &COMPARISON),
            flown(scenario("slow-jvm", &slow_start()), &slow_start()),
        ],
        left_out: Vec::new(),
        warnings: Vec::new(),
        interrupted: false,
    }
}

/// Nothing but the scenarios: an interrupted run before its first flight.
pub fn nothing_flown() -> Results {
    let mut results = Results { interrupted: true, ..results() };
    for s in &mut results.scenarios {
        *s = ScenarioResults {
            scenario: s.scenario.clone(),
            flights: Vec::new(),
            summary: Vec::new(),
            verdicts: Vec::new(),
            differences: Vec::new(),
            ratings: Vec::new(),
            steps: Vec::new(),
            precision: Vec::new(),
            recordings: Vec::new(),
            expectations: Vec::new(),
            qualification: Vec::new(),
            deliveries: Vec::new(),
            stops: Vec::new(),
            idle: Vec::new(),
            choice: winner::choose(&s.scenario, &[], &[], &[]),
            money: Default::default(),
        };
    }
    results
}

/// A number within ±1 that looks random and is always the same.
pub fn wobble(a: u32, b: u32) -> f64 {
    let x = f64::from(a) * 0.618_033_988_75 + f64::from(b) * 0.754_877_666_25;
    2.0 * (x - x.floor()) - 1.0
}

fn flown(scenario: Scenario, fates: &[Fate]) -> ScenarioResults {
    let flights: Vec<Vec<Vec<Outcome>>> = (0..2)
        .map(|variant| {
            let one = |fate: &Fate| (0..FLIGHTS).map(|r| outcome(fate, variant, r)).collect();
            fates.iter().map(one).collect()
        })
        .collect();
    let recordings = (0..2)
        .flat_map(|variant| fates.iter().enumerate().map(move |fate| (variant, fate)))
        .map(|(variant, (plan, fate))| FlightRecord {
            variant: VariantId(variant),
            plan: PlanId(plan),
            replication: 11,
            recording: recording(fate, variant == 1),
        })
        .collect();
    let (deliveries, qualification) =
        (delivery::deliveries(&scenario, &flights), qualification(fates));
    let rated = |((plan, fate), found): ((usize, &Fate), &DeliveryRow)| RatingRow {
        delivery: found.grade,
        ..rating((plan, fate))
    };
    ScenarioResults {
        summary: summary(fates, &flights),
        verdicts: verdicts(&flights),
        differences: differences(fates, &flights),
        ratings: fates.iter().enumerate().zip(&deliveries).map(rated).collect(),
        steps: windtunnel::experiment::steps::steps(&scenario, &flights),
        precision: precision(fates),
        recordings,
        expectations: expectations(),
        stops: matrix::stops(&scenario, &flights),
        idle: matrix::idle(&scenario, &flights),
        choice: winner::choose(&scenario, &flights, &deliveries, &qualification),
        money: money::money(&scenario, &flights),
        deliveries,
        qualification,
        scenario: scenario.into(),
        flights,
    }
}

fn outcome(fate: &Fate, variant: usize, r: u32) -> Outcome {
    let bad = variant == 1;
    let share = (fate.hurt[variant] * (1.0 + 0.18 * wobble(r, 1))).max(0.0);
    let back = |seconds: Option<f64>, salt| {
        // Two flights in twenty meet the end of the horizon first.
        let seconds = seconds.filter(|_| bad && !(r % 10 == 3 && fate.kind == "rollingUpdate"))?;
        Some(seconds * (1.0 + 0.3 * wobble(r, salt)))
    };
    let (detected, rollback) = (back(fate.detected, 2), back(fate.full_rollback, 3));
    let extra_hours = fate.fleet * 10.0 / 60.0 * (1.0 + 0.05 * wobble(r, 4));
    let outage = fate.outage[variant] * (1.0 + 0.1 * wobble(r, 5));
    let exposed = if fate.hurt[1] > 0.0 { (share * 11.0).min(0.97) * USERS } else { 0.0 };
    let measures = Measures {
        users_active: Some(USERS),
        users_exposed: Some(exposed.round()),
        users_hurt: Some((share * USERS).round() + 210.0),
        users_hurt_by_release: Some((share * USERS).round()),
        users_spared: Some(0.0),
        requests: Some(216_000.0 + 400.0 * wobble(r, 6)),
        requests_failed: Some(130.0 + share * USERS * 1.3),
        outage_s: Some(outage),
        downtime_by_release_s: Some(outage * 1.1 + if bad { share * 900.0 } else { 0.0 }),
        detected_after_s: detected,
        rollback_s: rollback,
        capacity_restored_s: rollback.map(|s| s * 0.8),
        harm_to_safe_s: detected.zip(rollback).map(|(a, b)| a + b),
        pod_hours: Some(10.0 + extra_hours),
        pod_hours_extra: Some(extra_hours),
        fleet_minutes_extra: Some(extra_hours * 6.0),
        pods_peak: Some(10.0 + (fate.fleet / 4.0).clamp(0.0, 10.0).round()),
        cost_usd: Some((10.0 + extra_hours) * 0.05),
        cost_extra_usd: Some(extra_hours * 0.05),
        value_lost_by_release_usd: Some(share * USERS * 0.4),
        users_hurt_by_release_share: Some(share),
        start_to_ready_s: Some(15.0),
        outage_by_release_s: Some(outage),
        ..Measures::default()
    };
    let verdict = match (bad, r) {
        (true, _) => fate.bad_verdict,
        (false, 4) if fate.kind == "canary" => Verdict::FalseRollback,
        (false, _) if fate.kind == "shadow" => Verdict::PassedGood,
        (false, _) => Verdict::PromotedGood,
    };
    let found =
        Differences { compared: 4000, status: if bad { 80 } else { 2 }, body: 6, latency: 1 };
    let noise = Differences { compared: 4000, status: 2, body: 5, latency: 1 };
    let differences =
        (fate.kind == "shadow").then_some(ShadowCounts { candidate: found, noise, unanswered: 3 });
    let false_alarm = verdict == Verdict::FalseRollback;
    let stopped_by = false_alarm.then(|| "p99".to_string());
    let steps = if fate.kind == "canary" { steps(bad) } else { Vec::new() };
    let by_human = verdict == Verdict::RolledBackLate;
    let work = 216_000;
    Outcome {
        replication: r,
        verdict,
        measures,
        bill: Default::default(),
        stopped_by,
        by_human,
        differences,
        steps,
        work,
    }
}

/// Two steps of a canary whose only pod is one of two; a bad release does not come to the second.
fn steps(bad: bool) -> Vec<Step> {
    let step = |asked: f64, users_new: u64| Step {
        asked,
        lasted_s: 300.0,
        requests: 6_000,
        requests_new: 3_000,
        users: 19_500,
        users_new,
        pods: [1, 2],
    };
    [step(0.1, 17_000), step(0.5, 19_400)].into_iter().take(if bad { 1 } else { 2 }).collect()
}

fn row(release: ReleaseId, plan: PlanId, measure: MeasureId, strata: &[Stratum]) -> SummaryRow {
    let values = strata.iter().flat_map(|stratum| &stratum.values);
    SummaryRow {
        release,
        plan,
        measure,
        estimate: estimate(strata, &Bounds::NONE),
        empty: values.filter(|value| value.is_nan()).count() as u32,
    }
}

fn stratum(weight: f64, flights: &[Outcome], measure: MeasureId) -> Stratum {
    let value = |flight: &Outcome| flight.measures.get(measure).unwrap_or(f64::NAN);
    Stratum { weight, values: flights.iter().map(value).collect() }
}

fn column(flights: &[Outcome], measure: MeasureId) -> Vec<f64> {
    flights.iter().filter_map(|flight| flight.measures.get(measure)).collect()
}

fn summary(fates: &[Fate], flights: &[Vec<Vec<Outcome>>]) -> Vec<SummaryRow> {
    let mut rows = Vec::new();
    for (s, _) in fates.iter().enumerate() {
        for measure in MeasureId::all() {
            let [good, bad] = [(0, 0.85), (1, 0.15)]
                .map(|(variant, weight)| stratum(weight, &flights[variant][s], measure));
            let [first, second] = [0, 1].map(|variant| VariantId(variant).into());
            rows.push(row(first, PlanId(s), measure, std::slice::from_ref(&good)));
            rows.push(row(second, PlanId(s), measure, std::slice::from_ref(&bad)));
            rows.push(row(ReleaseId::Mix, PlanId(s), measure, &[good, bad]));
        }
    }
    rows
}

fn verdicts(flights: &[Vec<Vec<Outcome>>]) -> Vec<VerdictRow> {
    let mut rows = Vec::new();
    for (v, by_plan) in flights.iter().enumerate() {
        for (s, all) in by_plan.iter().enumerate() {
            for verdict in Verdict::ALL {
                let n = all.iter().filter(|flight| flight.verdict == verdict).count();
                let interval = wilson(n as u64, all.len() as u64, 0.95).expect("flights");
                rows.push(VerdictRow {
                    release: VariantId(v).into(),
                    plan: PlanId(s),
                    verdict,
                    n: n as u32,
                    share: n as f64 / all.len() as f64,
                    lower: interval.lower,
                    upper: interval.upper,
                });
            }
        }
    }
    rows
}

fn differences(fates: &[Fate], flights: &[Vec<Vec<Outcome>>]) -> Vec<DifferenceRow> {
    let measure = MeasureId::UsersHurtByRelease;
    let reference = column(&flights[1][0], measure);
    let rows = fates.iter().enumerate().skip(1).filter_map(|(s, _)| {
        let own = column(&flights[1][s], measure);
        let pairs: Vec<f64> = own.iter().zip(&reference).map(|(a, b)| a - b).collect();
        let paired = t_ci(&pairs, 0.95)?;
        Some(DifferenceRow {
            release: VariantId(1).into(),
            plan: PlanId(s),
            reference: PlanId(0),
            measure,
            n: pairs.len() as u32,
            mean: paired.mean,
            lower: paired.interval.lower,
            upper: paired.interval.upper,
        })
    });
    rows.collect()
}

fn rating((plan, fate): (usize, &Fate)) -> RatingRow {
    let grade = |rating: Rating| {
        let named = |grade: &&Grade| grade.word() == fate.ratings[rating as usize];
        *rating.grades().iter().find(named).expect("a word of the rating")
    };
    let [downtime, rollback, risk, cost] = Rating::TEXTBOOK.map(grade);
    RatingRow {
        plan: PlanId(plan),
        downtime,
        rollback,
        risk,
        cost,
        delivery: Grade::NotApplicable,
        outage_good_s: fate.outage[0],
        full_rollback_s: fate.full_rollback,
        start_to_ready_s: Some(15.0),
        rollback_outage_s: fate.outage[1] / 2.0,
        hurt_share: 0.85 * fate.hurt[0] + 0.15 * fate.hurt[1],
        fleet_minutes: fate.fleet,
        exposed: fate.hurt[1] > 0.0,
        went_back: fate.full_rollback.is_some(),
    }
}

fn precision(fates: &[Fate]) -> Vec<PrecisionRow> {
    let pairs = fates.iter().enumerate().flat_map(|fate| [0, 1].map(|variant| (fate, variant)));
    pairs
        .map(|((plan, fate), variant)| PrecisionRow {
            variant: VariantId(variant),
            plan: PlanId(plan),
            n: FLIGHTS,
            reached: fate.kind != "canary",
            worst: Some((MeasureId::DetectedAfterS, 12.5, 8.0)),
        })
        .collect()
}

fn expectations() -> Vec<ExpectationResult> {
    let lines = [
        ("canary · bad · users_hurt_by_release_share · p95 < 0.5%", Judgement::Holds),
        ("canary · good · verdict promoted-good ≥ 95%", Judgement::Undecided),
        ("recreate · good · outage_s · mean < 1s", Judgement::Fails),
    ];
    let result = |(text, judgement): (&str, Judgement)| ExpectationResult {
        text: text.to_string(),
        judgement,
        value: Some(0.95),
        interval: Some((0.76, 0.99)),
        detail: "measured 95.0 % [76.4, 99.1] over 20 flights".to_string(),
        ..ExpectationResult::default()
    };
    lines.map(result).to_vec()
}

fn qualification(fates: &[Fate]) -> Vec<QualificationRow> {
    fates
        .iter()
        .enumerate()
        .map(|(plan, fate)| QualificationRow {
            plan: PlanId(plan),
            qualifies: fate.kind != "blueGreen" && fate.outage[0] < 1.0,
            open: Vec::new(),
            beyond: Vec::new(),
            unsure: Vec::new(),
            reasons: vec![match fate.kind {
                "blueGreen" => "needs a second fleet: peak 20 pods of 10".to_string(),
                _ if fate.outage[0] >= 1.0 => format!("{} s of outage", fate.outage[0]),
                _ => format!("{} fleet-minutes", fate.fleet),
            }],
        })
        .collect()
}
