//! Reports of more and of fewer things than usual: one strategy, six releases, no good one.

use crate::fixture::results;
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel::experiment::results::{FlightRecord, Results, ScenarioResults};
use windtunnel::report::charts::SVG;
use windtunnel::scenario::ids::{PlanId, VariantId};

fn charts(results: &Results) -> Vec<(String, String)> {
    let all = SVG(results).expect("charts").into_iter();
    all.map(|d| (d.path, String::from_utf8(d.bytes).expect("UTF-8"))).collect()
}

fn title(svg: &str) -> &str {
    let (_, rest) = svg.split_once("<title>").expect("a title");
    rest.split_once("</title>").expect("closed").0
}

/// The first scenario with only some of its strategies.
fn with_strategies(names: &[&str]) -> Results {
    let mut results = results();
    results.scenarios.truncate(1);
    let scenario = &mut results.scenarios[0];
    let kept: Vec<bool> =
        scenario.scenario.plans.iter().map(|p| names.contains(&p.name.as_str())).collect();
    for of_variant in &mut scenario.flights {
        let mut keep = kept.iter();
        of_variant.retain(|_| *keep.next().expect("a plan"));
    }
    Arc::make_mut(&mut scenario.scenario).plans.retain(|p| names.contains(&p.name.as_str()));
    // Where a strategy stands now, or whether it is gone.
    let moved = |plan: &mut PlanId| {
        let keeps = kept[plan.0];
        *plan = PlanId(kept[..plan.0].iter().filter(|kept| **kept).count());
        keeps
    };
    scenario.ratings.retain_mut(|row| moved(&mut row.plan));
    scenario.summary.retain_mut(|row| moved(&mut row.plan));
    scenario.verdicts.retain_mut(|row| moved(&mut row.plan));
    scenario.differences.retain_mut(|row| moved(&mut row.plan) && moved(&mut row.reference));
    scenario.precision.retain_mut(|row| moved(&mut row.plan));
    scenario.qualification.retain_mut(|row| moved(&mut row.plan));
    scenario.recordings.retain_mut(|row| moved(&mut row.plan));
    results
}

#[test]
fn one_strategy_is_compared_with_nobody() {
    for name in ["recreate", "rollingUpdate", "blueGreen", "canary", "shadow"] {
        for (path, svg) in charts(&with_strategies(&[name])) {
            let title = title(&svg);
            for word in ["other", "every strategy", "beats", "Only ", "cheapest", "fewest", "all "]
            {
                assert!(!title.contains(word), "{name}: {path}: {title}");
            }
        }
    }
}

/// The first scenario with its bad release six times, under names of their own.
fn with_releases(count: usize) -> Results {
    let mut results = results();
    results.scenarios.truncate(1);
    let of: &mut ScenarioResults = &mut results.scenarios[0];
    let bad = of.scenario.release.variants.iter().position(|v| v.bad).expect("a bad one");
    let first = of.scenario.release.variants[bad].clone();
    let (flights, recordings) = (of.flights[bad].clone(), of.recordings.clone());
    for number in of.scenario.release.variants.len()..count {
        let mut variant = first.clone();
        variant.name = format!("bad-{number}");
        let records = recordings.iter().filter(|record| record.variant == VariantId(bad));
        let named =
            |record: &FlightRecord| FlightRecord { variant: VariantId(number), ..record.clone() };
        of.recordings.extend(records.map(named));
        Arc::make_mut(&mut of.scenario).release.variants.push(variant);
        of.flights.push(flights.clone());
    }
    results
}

/// (x, y, text) of all texts of a chart.
fn texts(svg: &str) -> Vec<(f64, f64, String)> {
    let number = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        rest.split('"').next()?.parse::<f64>().ok()
    };
    let parts = svg.split("<text").skip(1);
    let found = parts.filter_map(|part| {
        let (tag, text) = part.split_once('>')?;
        let text = text.split('<').next()?.trim().to_string();
        Some((number(tag, " x")?, number(tag, " y")?, text))
    });
    found.collect()
}

/// Captions of the time axis stand side by side without touching, three to a row.
#[test]
fn captions_of_timelines_have_room() {
    for (releases, rows) in [(2, 1), (3, 1), (4, 2), (6, 2)] {
        let results = with_releases(releases);
        let timelines = charts(&results).into_iter().filter(|(path, _)| path.contains("timeline"));
        let mut seen = 0;
        for (path, svg) in timelines {
            let captions: Vec<(f64, f64, String)> =
                texts(&svg).into_iter().filter(|t| t.2.contains("since the release")).collect();
            assert_eq!(captions.len(), releases, "{path}");
            let mut by_row: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
            captions.iter().for_each(|(x, y, _)| by_row.entry(*y as i64).or_default().push(*x));
            assert_eq!(by_row.len(), rows, "{path}");
            for row in by_row.values() {
                assert!(row.len() <= 3, "{path}");
                // About 250 points wide each.
                assert!(row.windows(2).all(|pair| pair[1] - pair[0] >= 250.0), "{path}: {row:?}");
            }
            seen += 1;
        }
        assert!(seen > 0, "no timeline");
    }
}

/// Whoever looks at a legend finds each release under a mark of its own.
#[test]
fn all_charts_draw_six_releases() {
    for (path, svg) in charts(&with_releases(6)) {
        assert!(!svg.contains("NaN"), "{path}");
    }
}
