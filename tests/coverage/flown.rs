//! Real flights: hundreds of replications of a small scenario, flown once, cut into blocks of
//! sixteen; every measure's figures of a block against those of the pool.

use crate::coverage::{Count, scenario};
use std::sync::atomic::AtomicBool;
use windtunnel::experiment::figures::Figures;
use windtunnel::experiment::fly::{Campaign, FlySettings};
use windtunnel::outcome::{MeasureId, Outcome, Verdict};
use windtunnel::scenario::ids::PlanId;

const BLOCK: u32 = 16;
const BLOCKS: u32 = 40;
/// Some seven hundred figures; all together fail by chance with less than 1 in 100 if each covers
/// 92 %.
const ERROR: f64 = 1e-5;

/// Thin traffic and a short horizon: cheap, and rare things are rare.
const SPEC: &str = "
  horizon: 6m
  service: {replicas: 3, startup: 2s, routes: [{name: buy, value: $2, write: true, errors: 1%}]}
  traffic: {users: 300, arrivals: {poisson: {rate: 3/s}}}
  release:
    at: 30s
    variants: [{name: good, share: 85%}, {name: bad, share: 15%, faults: [{errors: {rate: 12%}}]}]
  chaos: [{podKill: {randomly: 1/h}}]
  strategies:
    - rollingUpdate
    - canary: {steps: [20%, 50%, 100%], interval: 40s, checks: [{errorRate: {max: 5%}}]}
";

#[test]
fn every_figure_of_real_flights_holds_what_it_says() {
    let scenario = scenario(SPEC);
    let settings = FlySettings {
        seed: 4,
        replications: Some(BLOCK * BLOCKS),
        requests_max: None,
        decide: false,
        checked: false,
        record: false,
        export: false,
    };
    let stop = AtomicBool::new(false);
    let pool = Campaign::new(&scenario, &settings, &stop, &|_, _| {})
        .expect("sound queries")
        .fly()
        .flights;
    let whole = Figures::of(&scenario, &pool);
    let mut count = Count::default();
    for block in 0..BLOCKS {
        let from = (block * BLOCK) as usize;
        let cut = |rows: &Vec<Outcome>| rows[from..from + BLOCK as usize].to_vec();
        let flights: Vec<Vec<Vec<Outcome>>> =
            pool.iter().map(|plans| plans.iter().map(cut).collect()).collect();
        let part = Figures::of(&scenario, &flights);
        compare(&mut count, &whole, &part);
    }
    assert!(count.figures() > 500, "{}", count.figures());
    let failures = count.failures(ERROR);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count.weak_kinds().is_empty(), "{:?}", count.weak_kinds());
    assert!(count.average() > 0.95, "{}", count.average());
}

/// Counts which figures of `part` hold the values of `whole`.
fn compare(count: &mut Count, whole: &Figures<'_>, part: &Figures<'_>) {
    let close = |truth: f64| 1e-9 * truth.abs().max(1e-9);
    let pairs = whole.scenario.releases().flat_map(|id| [(id, 0), (id, 1)]);
    for (id, plan) in pairs {
        let release = whole.scenario.release_name(id);
        for measure in MeasureId::all() {
            let name = |figure: &str| format!("{release} {plan} {} {figure}", measure.name());
            let mean = |f: &Figures<'_>| f.estimate(id, PlanId(plan), measure);
            if let (Some(truth), Some(found)) = (mean(whole), mean(part)) {
                let room = close(truth.mean);
                let holds = found.lower - room <= truth.mean && truth.mean <= found.upper + room;
                count.add(name("mean"), holds);
            }
            for q in [0.05, 0.5, 0.95] {
                let of = |f: &Figures<'_>| f.quantile(id, PlanId(plan), measure, q);
                if let (Some(truth), Some(found)) = (of(whole), of(part)) {
                    count.add(name(&format!("{q}")), found.interval.contains(truth.value));
                }
            }
            let of = |f: &Figures<'_>| f.difference(id, (PlanId(1), PlanId(0)), measure);
            if let (0, Some(truth), Some(found)) = (plan, of(whole), of(part)) {
                let room = close(truth.value);
                let (low, high) = (found.interval.lower - room, found.interval.upper + room);
                count.add(name("difference"), low <= truth.value && truth.value <= high);
            }
        }
        for verdict in Verdict::ALL {
            let of = |f: &Figures<'_>| f.ended(id, PlanId(plan), |own| own == verdict);
            if let (Some(truth), Some(found)) = (of(whole), of(part)) {
                let name = format!("{release} {plan} {}", verdict.word());
                count.add(name, found.interval.contains(truth.value));
            }
        }
    }
}
