//! The table of choices that `summary.md` begins with.

use super::cells::{Faults, estimate};
use super::sections::tables;
use super::sheet::Scene;

/// Who comes next in each scenario, and by how much more.
pub fn check(scenes: &[Scene<'_>], page: &str) -> Faults {
    let (first, _) = page.split_once("\n## ").expect("contents");
    let all = tables(first);
    let [table] = all.as_slice() else { return vec![format!("{} first tables", all.len())] };
    let mut faults = Vec::new();
    for (scene, row) in scenes.iter().zip(&table.rows) {
        let place = format!("{} · the first page", scene.name);
        if row[0] != scene.name {
            faults.push(format!("{place}: {:?}", row[0]));
        }
        let key = [("scenario", scene.name.as_str()), ("place", "2")];
        let next = scene.sheets.text("choice.csv", &key, "strategy");
        if next.is_empty() {
            faults.extend((row[2] != "–").then(|| format!("{place}: {:?}", row[2])));
            continue;
        }
        if row[2] != next {
            faults.push(format!("{place}: {:?} for {next}", row[2]));
        }
        let dollars = scene.sheets.text("choice.csv", &key, "measure") == "release_usd";
        let times = if dollars { scene.per_year } else { 1.0 };
        let of = |column| scene.sheets.number("choice.csv", &key, column).map(|x| x * times);
        let wanted = ["behind", "behind_lower", "behind_upper"].map(of);
        faults.extend(estimate(&place, &row[3], wanted));
    }
    faults
}
