//! The year in dollars, on the page and on the terminal.

use super::cells::{Faults, compare, estimate};
use super::sheet::Scene;

/// Years within which a change may be paid back, as the texts say it.
const YEARS_MAX: f64 = 10.0;

/// All cells of a table of it.
pub fn check(scene: &Scene<'_>, heads: &[String], rows: &[Vec<String>]) -> Faults {
    let mut faults = Vec::new();
    for (row, plan) in rows.iter().zip(&scene.plans) {
        if row[0] != *plan {
            faults.push(format!("{}: dollars of {:?} for {plan}", scene.name, row[0]));
        }
        for (head, text) in heads.iter().zip(row).skip(1) {
            let place = format!("{} · dollars · {plan} · {head}", scene.name);
            faults.extend(cell(scene, &place, plan, head, text));
        }
    }
    faults
}

fn cell(scene: &Scene<'_>, place: &str, plan: &str, head: &str, text: &str) -> Faults {
    let of = |figure: &str, column: &str| {
        let key = [("scenario", scene.name.as_str()), ("strategy", plan), ("figure", figure)];
        scene.sheets.number("money.csv", &key, column)
    };
    let all = |figure: &str| ["value", "lower", "upper"].map(|column| of(figure, column));
    match head {
        "pods" | "platform" | "people" | "harm" | "delay" => {
            compare(place, text, &[of(&format!("{head}_usd"), "value")])
        }
        "total" | "a year" => estimate(place, text.trim_matches('*'), all("total_usd")),
        head if head.starts_with("to change") => {
            let [months, soonest, latest] = all("payback_months");
            let cost = of("adoption_usd", "value");
            let wanted = match (cost, months, soonest, latest) {
                (None, ..) => vec![],
                (Some(cost), ..) if cost <= 0.0 => vec![Some(cost)],
                (_, Some(_), _, Some(_)) => vec![cost, months, soonest, latest],
                (_, Some(_), _, None) => vec![cost, months, Some(YEARS_MAX)],
                (_, None, ..) => vec![cost, Some(YEARS_MAX), soonest],
            };
            compare(place, &text.replace(": ", " "), &wanted)
        }
        head if head.contains("than") && ["today", "–"].contains(&text) => Vec::new(),
        head if head.contains("than") => estimate(place, text, all("more_than_today_usd")),
        _ => vec![format!("{place}: no rule")],
    }
}
