//! Sweeps: settings that take several values, and the points that they span.
//!
//! `path=a,b,c` is read here, with ranges (`5..50/10`); the scenario at a point knows where it
//! stands. Deliberately unknown here: files, and what the flights of the points come to.

mod range;

pub use range::expand;
pub use windtunnel_model::scenario::model::{Changes, Point};

use std::sync::Arc;
use windtunnel_base::problem::{Place, Problem};

/// Most scenarios that a sweep may make of one.
pub const MOST_POINTS: usize = 1_000;

/// A setting, and the values that it takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// Its path, as `--set` names it.
    pub path: String,
    /// Its values, as they are written in YAML.
    pub values: Vec<String>,
}

/// Reads what `--set` is given, or says everything that is wrong with it.
pub fn read(sets: &[String]) -> Result<Vec<Setting>, Vec<Problem>> {
    let (mut settings, mut problems) = (Vec::<Setting>::new(), Vec::new());
    for set in sets {
        let Some((path, values)) = set.split_once('=') else {
            let help = "write --set spec.service.replicas=5, or with several values =5,20,100 or \
                        =5..50/15";
            problems.push(wrong(format!("found {set:?}, without `=`"), help));
            continue;
        };
        let path = path.trim().to_string();
        if settings.iter().any(|known| known.path == path) {
            let help = "give all its values in one: --set path=a,b flies each";
            problems.push(wrong(format!("{path} is set twice"), help));
            continue;
        }
        match self::values(values) {
            Ok(values) => settings.push(Setting { path, values }),
            Err((found, help)) => problems.push(wrong(format!("{path}: {found}"), &help)),
        }
    }
    let counts = settings.iter().map(|setting| setting.values.len());
    let points = counts.fold(1_usize, usize::saturating_mul);
    if points > MOST_POINTS {
        problems.push(wrong(format!("{points} combinations"), &format!("at most {MOST_POINTS}")));
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

fn wrong(found: String, help: &str) -> Problem {
    Problem::error(Place::default(), "", found).help(help).in_file(&Arc::from("--set"))
}

/// All combinations of the settings' values; the last setting changes fastest.
pub fn points(settings: &[Setting]) -> Vec<Changes> {
    settings.iter().fold(vec![Vec::new()], |points, setting| {
        let grown = points.iter().flat_map(|point| {
            setting.values.iter().map(move |value| {
                let mut point = point.clone();
                point.push((setting.path.clone(), value.clone()));
                point
            })
        });
        grown.collect()
    })
}

/// The values of a list, ranges written out; or what is wrong, with a way out.
fn values(text: &str) -> Result<Vec<String>, (String, String)> {
    let mut all: Vec<String> = Vec::new();
    for part in split(text) {
        let found = match expand(&part) {
            Some(values) => values?,
            None => vec![part],
        };
        for value in found {
            if all.iter().any(|known| known.trim() == value.trim()) {
                let found = format!("the value {} is there twice", value.trim());
                return Err((found, "name every value once".to_string()));
            }
            all.push(value);
        }
    }
    Ok(all)
}

/// Splits at commas that stand outside brackets, braces and quotes.
fn split(text: &str) -> Vec<String> {
    let (mut depth, mut quote, mut values) = (0_i32, None, vec![String::new()]);
    for c in text.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth -= 1,
            (',', None) if depth == 0 => {
                values.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = values.last_mut() {
            last.push(c);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sets: &[&str]) -> Vec<String> {
        let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
        let problems = read(&sets).expect_err("it is wrong");
        problems.iter().map(|p| format!("{}: {}", p.message, p.help)).collect()
    }

    #[test]
    fn sweeps_combine_and_respect_brackets() {
        let sets = ["a.b=1,2".to_string(), "c=[5%, 10%],x".to_string()];
        let points = points(&read(&sets).expect("well formed"));
        assert_eq!(points.len(), 4);
        assert_eq!(points[0], [("a.b".into(), "1".into()), ("c".into(), "[5%, 10%]".into())]);
        assert_eq!(points[1][0].1, "1", "the last setting changes fastest");
        assert_eq!(super::points(&[]), [vec![]]);
    }

    #[test]
    fn ranges_stand_among_values() {
        let read = read(&["a=1,5..15/5,100".to_string()]).expect("well formed");
        assert_eq!(read[0].values, ["1", "5", "10", "15", "100"]);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let told = told(&["novalue", "a=1", "a=2", "b=1..9", "c=1..9/0", "d=3,1..5/1"]);
        let wanted =
            ["without `=`", "a is set twice", "1..9 has no step", "the step", "3 is there"];
        assert_eq!(told.len(), wanted.len(), "{told:#?}");
        for (line, part) in told.iter().zip(wanted) {
            assert!(line.contains(part), "{part}: {told:#?}");
        }
    }

    #[test]
    fn more_points_than_can_be_flown_are_refused_before_they_are_made() {
        let told = told(&["a=1..1000/1", "b=1..1000/1"]);
        assert!(told[0].contains("1000000 combinations"), "{told:?}");
    }
}
