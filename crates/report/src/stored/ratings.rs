//! `ratings.csv`: the words of each strategy.

use super::table;
use windtunnel_base::problem::Problem;
use windtunnel_experiment::diff::Side;
use windtunnel_model::outcome::Rating;

/// Reads it into `side`, whose scenarios are those of `run.json`. Words that older versions did
/// not have are left out.
pub fn read(text: &str, side: &mut Side) -> Vec<Problem> {
    let version = side.version.clone();
    let scenarios = &mut side.scenarios;
    table::read((text, &version), &["scenario", "strategy"], |table, row| {
        let [scenario, strategy] = [0, 1].map(|wanted| table.cell(row, wanted));
        let Some(found) = scenarios.iter_mut().find(|s| s.name == scenario) else {
            let message = format!("found {scenario:?}");
            return Err(("scenario".into(), message, "a scenario of run.json".into()));
        };
        for rating in Rating::ALL.map(Rating::word) {
            let Some(at) = table.head.iter().position(|column| column == rating) else { continue };
            let word = row.get(at).unwrap_or_default().to_string();
            found.ratings.push(([strategy.to_string(), rating.to_string()], word));
        }
        Ok(())
    })
}
