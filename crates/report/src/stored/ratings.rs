//! `ratings.csv`: the words of each strategy.

use super::table::{self, Wrong};
use windtunnel_base::problem::{Place, Problem};
use windtunnel_experiment::diff::Side;
use windtunnel_model::outcome::Rating;

/// Columns that every version wrote.
const NAMES: [&str; 6] = ["scenario", "strategy", "downtime", "rollback", "risk", "cost"];

/// Reads it into `side`, whose scenarios are those of `run.json` if that is `sound`. Words that
/// older versions did not have are left out.
pub fn read(text: &str, side: &mut Side, sound: bool) -> Vec<Problem> {
    let version = side.version.clone();
    let scenarios = &mut side.scenarios;
    let mut problems = table::read((text, &version), &NAMES, |table, row| {
        let [scenario, strategy] = [0, 1].map(|wanted| table.cell(row, wanted));
        let (mut wrong, mut words): (Vec<Wrong>, Vec<_>) = (Vec::new(), Vec::new());
        for rating in Rating::ALL {
            let name = rating.word();
            let Some(at) = table.head.iter().position(|column| column == name) else { continue };
            let word = row.get(at).unwrap_or_default();
            let known: Vec<&str> = rating.grades().iter().map(|grade| grade.word()).collect();
            if !known.contains(&word) {
                wrong.push(Wrong::found(name, word, &format!("one of {}", known.join(", "))));
            }
            words.push(([strategy.to_string(), name.to_string()], word.to_string()));
        }
        if !sound {
            return wrong;
        }
        let Some(found) = scenarios.iter_mut().find(|s| s.name == scenario) else {
            wrong.push(Wrong::found("scenario", scenario, "a scenario of run.json"));
            return wrong;
        };
        if !found.strategies.iter().any(|known| known == strategy) {
            wrong.push(Wrong::found("strategy", strategy, "a strategy of run.json"));
        } else if found.ratings.iter().any(|([known, _], _)| known == strategy) {
            let message = format!("{strategy} is there twice");
            wrong.push(Wrong::new("strategy", message, "each strategy once"));
        } else {
            found.ratings.extend(words);
        }
        wrong
    });
    if sound && problems.is_empty() {
        for scenario in &side.scenarios {
            let rated = |name: &&String| scenario.ratings.iter().any(|([s, _], _)| s == *name);
            for strategy in scenario.strategies.iter().filter(|name| !rated(name)) {
                let message = format!("no row of {strategy} in {}", scenario.name);
                let place = Place { line: table::last_line(text), column: 1 };
                let problem = Problem::error(place, "strategy", message);
                problems.push(problem.expected("each strategy of run.json").help(table::CUT));
            }
        }
    }
    problems
}
