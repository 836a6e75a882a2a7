//! `summary.md`, table by table and cell by cell.

use super::cells::{Faults, compare, estimate};
use super::money;
use super::sections::{Table, tables};
use super::sheet::Scene;

/// Where each column of the table of measures comes from.
const MEASURES: [(&str, &str); 9] = [
    ("users hurt by the release", "users_hurt_by_release_share"),
    ("requests failed", "requests_failed"),
    ("time to ship (rollout)", "rollout_s"),
    ("objective missed by the release", "downtime_by_release_s"),
    ("detected after", "detected_after_s"),
    ("decision to last request", "rollback_s"),
    ("harm to safe", "harm_to_safe_s"),
    ("extra fleet-minutes", "fleet_minutes_extra"),
    ("extra cost", "cost_extra_usd"),
];

/// And of the table of a year.
const YEARLY: [(&str, &str); 3] = [
    ("users hurt by releases", "users_hurt_by_release"),
    ("value lost by releases", "value_lost_by_release_usd"),
    ("extra cost of pods", "cost_extra_usd"),
];

/// All tables of a scenario's section.
pub fn check(scene: &Scene<'_>, section: &str) -> Faults {
    let mut faults = Vec::new();
    for table in tables(section) {
        match (table.under.as_str(), table.head[0].as_str()) {
            ("The textbook table, measured", _) => faults.extend(ratings(scene, &table)),
            ("The main measures", _) => faults.extend(measures(scene, &table)),
            ("Delivery", _) => faults.extend(delivery(scene, &table)),
            ("Who stops what", _) => faults.extend(stops(scene, &table)),
            ("What users met", _) if table.head[2] == "asked" => {
                faults.extend(steps(scene, &table))
            }
            ("What users met", _) => faults.extend(met(scene, &table)),
            ("How the flights ended", _) => faults.extend(verdicts(scene, &table)),
            (title, _) if title.starts_with("A year of") => faults.extend(yearly(scene, &table)),
            ("The year in dollars", _) => {
                faults.extend(money::check(scene, &table.head, &table.rows))
            }
            ("Choose by", _) | ("What was expected", _) => {}
            (other, _) => faults.push(format!("{}: no rule for the table {other}", scene.name)),
        }
    }
    faults
}

fn each_plan(
    scene: &Scene<'_>,
    table: &Table,
    mut check: impl FnMut(&str, &str, &str, &str) -> Faults,
) -> Faults {
    let mut faults = Vec::new();
    let names: Vec<&String> = table.rows.iter().map(|row| &row[0]).collect();
    if names != scene.plans.iter().collect::<Vec<_>>() {
        return vec![format!("{} · {}: rows {names:?}", scene.name, table.under)];
    }
    for (row, plan) in table.rows.iter().zip(&scene.plans) {
        for (head, cell) in table.head.iter().zip(row).skip(1) {
            let place = format!("{} · {} · {plan} · {head}", scene.name, table.under);
            faults.extend(check(&place, plan, head, cell));
        }
    }
    faults
}

/// Frequencies stand beside small shares.
pub fn often(share: Option<f64>) -> Option<f64> {
    share.filter(|share| *share > 0.0 && *share < 0.01)
}

fn ratings(scene: &Scene<'_>, table: &Table) -> Faults {
    each_plan(scene, table, |place, plan, head, cell| {
        let of = |column: &str| scene.rating(plan, column);
        let head = head.split(':').next().unwrap_or(head);
        let word = format!("**{}**", scene.rating_word(plan, head));
        let wanted = match head {
            "downtime" => vec![of("outage_good_s")],
            "rollback" if scene.rating_word(plan, "exposed") == "no" => {
                vec![scene.outage_unmet(plan)]
            }
            "rollback" => {
                let (back, start) = (of("way_back_s"), of("start_to_ready_s"));
                let ratio = back.zip(start.filter(|s| *s > 0.0)).map(|(back, start)| back / start);
                let outage = of("rollback_outage_s").filter(|s| *s >= 1.0 && back.is_some());
                vec![back, ratio, outage]
            }
            "risk" => vec![of("hurt_share"), often(of("hurt_share"))],
            "cost" => vec![of("fleet_minutes")],
            _ => return vec![format!("{place}: no rule")],
        };
        let mut faults = compare(place, &scene.without_names(cell), &wanted);
        if !cell.starts_with(&word) {
            faults.push(format!("{place}: {cell:?} for the word {word}"));
        }
        faults
    })
}

/// The keys of rows by strategy and release, with the mix after the releases if it is there.
fn each_release(
    scene: &Scene<'_>,
    table: &Table,
    with_mix: bool,
    mut check: impl FnMut(&str, [&str; 2], &str, &str) -> Faults,
) -> Faults {
    let mix = with_mix.then_some("all");
    let releases = || scene.releases.iter().map(|(name, _)| name.as_str()).chain(mix);
    let keys = scene.plans.iter().flat_map(|plan| releases().map(move |r| [plan.as_str(), r]));
    let keys: Vec<[&str; 2]> = keys.collect();
    let mut faults = Vec::new();
    if keys.len() != table.rows.len() {
        return vec![format!("{} · {}: {} rows", scene.name, table.under, table.rows.len())];
    }
    for (row, key) in table.rows.iter().zip(keys) {
        let shown = if key[1] == "all" { "*the mix*" } else { key[1] };
        if row[0] != key[0] || row[1] != shown {
            faults.push(format!("{} · {}: {:?} for {key:?}", scene.name, table.under, &row[..2]));
        }
        for (head, cell) in table.head.iter().zip(row).skip(2) {
            let place = format!("{} · {} · {key:?} · {head}", scene.name, table.under);
            faults.extend(check(&place, key, head, cell));
        }
    }
    faults
}

fn measures(scene: &Scene<'_>, table: &Table) -> Faults {
    each_release(scene, table, true, |place, [plan, release], head, cell| {
        if head == "flights" {
            return compare(place, cell, &[Some(scene.flights(plan, release) as f64)]);
        }
        let Some((_, measure)) = MEASURES.iter().find(|(title, _)| *title == head) else {
            return vec![format!("{place}: no rule")];
        };
        let (text, empty) = cell.split_once(" (").unwrap_or((cell, ""));
        let mut faults = estimate(place, text, scene.estimate(plan, release, measure));
        let of = |column: &str| scene.summary(plan, release, measure, column);
        let missing = of("empty").filter(|n| *n > 0.0 && of("mean").is_some());
        let all = missing.zip(of("n")).map(|(empty, n)| empty + n);
        faults.extend(compare(place, empty, &[missing, all]));
        faults
    })
}

fn delivery(scene: &Scene<'_>, table: &Table) -> Faults {
    each_plan(scene, table, |place, plan, head, cell| {
        let of = |column: &str| scene.rating(plan, column);
        let flown = of("good_shipped").filter(|_| scene.rating_word(plan, "delivery") != "n.a.");
        match head {
            "delivery" if cell == format!("**{}**", scene.rating_word(plan, head)) => Vec::new(),
            "good releases shipped" => {
                let ends = ["good_shipped_lower", "good_shipped_upper"].map(of);
                estimate(
                    place,
                    cell,
                    [flown, ends[0], ends[1]].map(|v| v.filter(|_| flown.is_some())),
                )
            }
            "time to ship, median" => compare(place, cell, &[of("time_to_ship_p50_s")]),
            "95 %" => compare(place, cell, &[of("time_to_ship_p95_s")]),
            "false alarms a year" => {
                let columns =
                    ["", "_lower", "_upper"].map(|end| format!("false_alarms_per_year{end}"));
                estimate(place, cell, columns.map(|column| of(&column)))
            }
            "unfinished" => compare(place, cell, &[of("good_unfinished")]),
            "without evidence" => compare(place, cell, &[of("good_no_evidence")]),
            _ => vec![format!("{place}: {cell:?}: no rule")],
        }
    })
}

fn stops(scene: &Scene<'_>, table: &Table) -> Faults {
    each_plan(scene, table, |place, plan, release, cell| {
        let key = [("scenario", scene.name.as_str()), ("strategy", plan), ("release", release)];
        let of = |column: &str| scene.sheets.number("stops.csv", &key, column);
        let by = |column: &str| scene.sheets.text("stops.csv", &key, column);
        let bad = by("bad") == "yes";
        let mut faults = Vec::new();
        let mut parts = cell.split("; ");
        for (column, cause) in
            [("stopped", "stopped"), ("late", "late"), ("kept", ""), ("open", "")]
        {
            let Some(share) = of(column).filter(|share| *share > 0.0) else { continue };
            let part = parts.next().unwrap_or_default();
            let (who, after) = match cause {
                "" => (String::new(), None),
                cause => (by(&format!("{cause}_by")), of(&format!("{cause}_after_p50_s"))),
            };
            let after = after.filter(|_| part.contains(" after "));
            faults.extend(compare(place, &scene.without_names(part), &[Some(share), after]));
            let named = if who == "human" { "a human".to_string() } else { who };
            let told = part.contains(" by ") && part.contains(&named);
            if !cause.is_empty() && !told {
                faults.push(format!("{place}: {part:?} for {named:?}"));
            }
        }
        let hurt = scene.summary(plan, release, "users_hurt_by_release_share", "mean");
        let hurt = hurt.filter(|h| bad && *h > 0.03 && of("stopped").is_some_and(|s| s > 0.0));
        faults.extend(compare(place, parts.next().unwrap_or_default(), &[hurt]));
        faults.extend(parts.next().map(|more| format!("{place}: {more:?} too many")));
        faults
    })
}

fn met(scene: &Scene<'_>, table: &Table) -> Faults {
    each_release(scene, table, false, |place, [plan, release], head, cell| {
        let measure = match head {
            "users who met the new version" => "users_exposed_share",
            "before the verdict" => "exposed_before_verdict_share",
            "users who met the old one again" => "users_flipped_share",
            _ => return vec![format!("{place}: no rule")],
        };
        estimate(place, cell, scene.estimate(plan, release, measure))
    })
}

fn steps(scene: &Scene<'_>, table: &Table) -> Faults {
    let key = [("scenario", scene.name.as_str())];
    let rows: Vec<_> = scene.sheets.rows("steps.csv", &key).collect();
    let mut faults = Vec::new();
    if rows.len() != table.rows.len() {
        return vec![format!("{}: {} steps for {}", scene.name, table.rows.len(), rows.len())];
    }
    for (shown, row) in table.rows.iter().zip(rows) {
        let of = |column: &str| row[column].parse::<f64>().ok();
        let ends = |what: &str| ["", "_lower", "_upper"].map(|end| of(&format!("{what}{end}")));
        for (head, cell) in table.head.iter().zip(shown) {
            let place = format!("{} · step {} · {head}", scene.name, row["step"]);
            let cell = cell.trim_matches('*');
            faults.extend(match head.as_str() {
                "strategy" | "release" if *cell == row[head] => Vec::new(),
                "asked" => compare(&place, cell, &[of("asked")]),
                "requests that met it" => estimate(&place, cell, ends("requests_met")),
                "users who met it by the end" => estimate(&place, cell, ends("users_met")),
                "pods, new of all" => compare(&place, cell, &[of("pods_new"), of("pods")]),
                "lasted" => compare(&place, cell, &[of("lasted_s")]),
                "flights" => compare(&place, cell, &[of("flights")]),
                _ => vec![format!("{place}: {cell:?}: no rule")],
            });
        }
    }
    faults
}

fn verdicts(scene: &Scene<'_>, table: &Table) -> Faults {
    each_release(scene, table, false, |place, [plan, release], head, cell| {
        let key = [
            ("scenario", scene.name.as_str()),
            ("strategy", plan),
            ("release", release),
            ("verdict", head),
        ];
        let of = |column: &str| scene.sheets.number("verdicts.csv", &key, column);
        let flown = of("n").filter(|n| *n > 0.0);
        estimate(
            place,
            cell,
            ["share", "lower", "upper"].map(|c| of(c).filter(|_| flown.is_some())),
        )
    })
}

fn yearly(scene: &Scene<'_>, table: &Table) -> Faults {
    each_plan(scene, table, |place, plan, head, cell| {
        let Some((_, measure)) = YEARLY.iter().find(|(title, _)| *title == head) else {
            return vec![format!("{place}: no rule")];
        };
        let year = scene.estimate(plan, "all", measure).map(|v| v.map(|v| v * scene.per_year));
        estimate(place, cell, year)
    })
}
