//! `run.json`: the numbers of tables, to the last digit.

use super::cells::Faults;
use super::sheet::Scene;
use serde_json::Value;

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn same(place: &str, found: &Value, wanted: Option<f64>) -> Faults {
    if found.as_f64() == wanted {
        Vec::new()
    } else {
        vec![format!("{place}: {found} for {wanted:?}")]
    }
}

/// A mean and its interval beside three cells.
fn estimate(place: &str, found: &Value, wanted: [Option<f64>; 3]) -> Faults {
    let ends = ["mean", "lower", "upper"].into_iter().zip(wanted);
    ends.flat_map(|(name, wanted)| same(&format!("{place} · {name}"), &found[name], wanted))
        .collect()
}

pub fn check(scene: &Scene<'_>, run: &Value) -> Faults {
    let own = |value: &&Value| value["scenario"] == scene.name.as_str();
    let json = rows(&run["scenarios"]).iter().find(own).expect("the scenario");
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_string();
    let mut faults = Vec::new();
    for met in rows(&json["met"]) {
        let (plan, release) = (text(met, "strategy"), text(met, "release"));
        for (name, measure) in [
            ("users_met", "users_exposed_share"),
            ("users_met_before_verdict", "exposed_before_verdict_share"),
            ("users_flipped", "users_flipped_share"),
        ] {
            let place = format!("run.json · {plan} · {release} · {name}");
            faults.extend(estimate(&place, &met[name], scene.estimate(&plan, &release, measure)));
        }
        let key = [
            ("scenario", scene.name.as_str()),
            ("strategy", plan.as_str()),
            ("release", release.as_str()),
        ];
        let table: Vec<_> = scene.sheets.rows("steps.csv", &key).collect();
        let steps = rows(&met["steps"]);
        if steps.len() != table.len() {
            faults.push(format!("run.json · {plan} · {release}: {} steps", steps.len()));
        }
        for (step, row) in steps.iter().zip(table) {
            for name in ["step", "asked", "pods_new", "pods", "lasted_s", "flights"] {
                let place = format!("run.json · {plan} · {release} · {name}");
                faults.extend(same(&place, &step[name], row[name].parse().ok()));
            }
            for name in ["requests_met", "users_met"] {
                let ends =
                    ["", "_lower", "_upper"].map(|end| row[&format!("{name}{end}")].parse().ok());
                faults.extend(estimate(&format!("run.json · {plan} · {name}"), &step[name], ends));
            }
        }
    }
    faults.extend(choice(scene, &json["choice"]));
    for row in rows(&json["precision"]) {
        let (plan, release) = (text(row, "strategy"), text(row, "release"));
        let key = [
            ("scenario", scene.name.as_str()),
            ("strategy", plan.as_str()),
            ("release", release.as_str()),
        ];
        let of = |column: &str| scene.sheets.number("precision.csv", &key, column);
        let place = format!("run.json · precision · {plan} · {release}");
        faults.extend(same(&place, &row["flights"], of("flights")));
        faults.extend(same(&place, &row["worst"]["half_width"], of("half_width")));
        faults.extend(same(&place, &row["worst"]["target"], of("target")));
    }
    for (at, row) in rows(&json["expectations"]).iter().enumerate() {
        let key = [("scenario", scene.name.as_str())];
        let Some(line) = scene.sheets.rows("expectations.csv", &key).nth(at) else {
            faults.push(format!("run.json · expectation {at} is in no table"));
            continue;
        };
        for name in ["value", "lower", "upper"] {
            let place = format!("run.json · expectation {at} · {name}");
            faults.extend(same(&place, &row[name], line[name].parse().ok()));
        }
    }
    faults
}

fn choice(scene: &Scene<'_>, json: &Value) -> Faults {
    let mut faults = Vec::new();
    for standing in rows(&json["standings"]) {
        let plan = standing["strategy"].as_str().unwrap_or_default();
        let key = [("scenario", scene.name.as_str()), ("strategy", plan)];
        let of = |column: &str| scene.sheets.number("choice.csv", &key, column);
        let place = format!("run.json · choice · {plan}");
        faults.extend(estimate(&place, standing, ["mean", "lower", "upper"].map(of)));
        if !standing["behind"].is_null() {
            let behind = ["behind", "behind_lower", "behind_upper"].map(of);
            faults.extend(estimate(&place, &standing["behind"], behind));
        }
        // The figure that decides is one of the table of measures.
        let measure = json["measure"].as_str().unwrap_or_default();
        let [mean, ..] = scene.estimate(plan, "all", measure);
        faults.extend(same(&place, &standing["mean"], mean));
    }
    faults
}
