//! Documents read at every point of a sweep: `--set` applied, everything wrong said once.

use super::sources::Sources;
use super::traces::Traces;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windtunnel_base::node::{self, Node};
use windtunnel_base::problem::{Place, Problem};
use windtunnel_base::several::shape;
use windtunnel_manifest::told_apart::Names;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_scenario::sweep::{Changes, Point, Setting, points};
use windtunnel_scenario::{foretell, read, shares, tree, warn};

/// Most scenarios of which it is foretold what chance does to checks.
const FORETOLD_MAX: usize = 50;

/// What was found so far, in all files.
pub struct SweepSettings<'f> {
    /// What scenarios of one name in several files are called.
    pub names: &'f Names,
    /// Where the scenario of a name stands.
    pub spots: &'f mut BTreeMap<String, String>,
    /// Scenarios of all points, in the order they are flown.
    pub scenarios: &'f mut Vec<Arc<Scenario>>,
    /// Everything wrong, and warnings.
    pub problems: &'f mut Vec<Problem>,
    /// What was told already: of points of a sweep, and of what several share.
    pub told: &'f mut Told,
    /// The texts of all files.
    pub sources: &'f mut Sources,
}

/// File, place, path and text of what was told.
pub type Told = BTreeSet<(Arc<str>, Place, String, String)>;

/// Those that were not told yet.
fn new_ones(problems: impl IntoIterator<Item = Problem>, told: &mut Told) -> Vec<Problem> {
    let key = |p: &Problem| (Arc::clone(&p.file), p.place, p.path.clone(), p.message.clone());
    problems.into_iter().filter(|problem| told.insert(key(problem))).collect()
}

/// Reads documents of a file at every point of a sweep; `home` tells those of one name apart.
pub fn collect(
    (documents, file, home): (&[Node], &Arc<str>, &Arc<str>),
    settings: &[Setting],
    read: impl Fn(&[Node]) -> read::Read,
    placed: impl Fn(Problem) -> Problem,
    found: &mut SweepSettings<'_>,
) {
    let SweepSettings { names, spots, scenarios, problems, told, sources } = found;
    let (mut traces, mut warned) = (Traces::default(), Vec::new());
    for changes in points(settings) {
        let (mut changed, wrong) = changed((documents, file), &changes);
        let sound = wrong.is_empty();
        let fitted = fitted(&mut changed, &changes);
        warned.extend(new_ones(fitted, told).into_iter().map(|note| (note, changes.clone())));
        problems.extend(new_ones(wrong, told));
        let (found, notes) = match read(&changed) {
            Ok(read) => read,
            Err(wrong) => {
                // Told once, with the first changes that it comes with.
                let wrong = new_ones(wrong, told).into_iter();
                problems.extend(wrong.map(|problem| after(problem, &changes)));
                continue;
            }
        };
        if !sound {
            continue;
        }
        warned.extend(new_ones(notes, told).into_iter().map(|note| (note, changes.clone())));
        for scenario in found {
            let own = (scenario.name.clone(), Arc::clone(home));
            let name = names.get(&own).cloned().unwrap_or_else(|| own.0.clone());
            let scenario = at_point(Scenario { name, ..scenario }, settings, &changes);
            let own = document_of(&changed, &own.0);
            let place = tree::place(own, "metadata.name");
            match spots.get(&scenario.name) {
                Some(first) => {
                    let found = format!(
                        "the scenario {:?} is defined twice, first in {first}",
                        scenario.name
                    );
                    let problem = Problem::error(place, "metadata.name", found).in_file(file);
                    problems.push(problem.help("give each a name of its own"));
                }
                None => {
                    let written_at = match place.line {
                        0 => file.to_string(),
                        line => format!("{file}:{line}:{}", place.column),
                    };
                    spots.insert(scenario.name.clone(), written_at);
                }
            }
            match traces.put(scenario, file, sources) {
                Ok(scenario) => {
                    let of_trace = warn::of_trace(own, &scenario);
                    let foretold = foretold(own, &scenario, scenarios.len());
                    let foretold = of_trace.into_iter().chain(foretold).map(&placed);
                    let new = new_ones(foretold, told).into_iter();
                    warned.extend(new.map(|note| (note, changes.clone())));
                    scenarios.push(Arc::new(scenario));
                }
                Err(found) => problems.extend(new_ones(found, told)),
            }
        }
    }
    problems.extend(alike(warned));
}

/// Warnings that differ by their numbers alone are told once, with how many more there are.
fn alike(warned: Vec<(Problem, Changes)>) -> Vec<Problem> {
    let mut kinds: Vec<(String, Problem, Changes, usize)> = Vec::new();
    for (problem, changes) in warned {
        let kind = format!("{:?} {} {}", problem.place, problem.path, shape(&problem.message));
        match kinds.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, _, _, more)) => *more += 1,
            None => kinds.push((kind, problem, changes, 0)),
        }
    }
    let told = |(_, problem, changes, more): (String, Problem, Changes, usize)| match more {
        0 => problem,
        more => {
            let mut problem = after(problem, &changes);
            problem.message += &format!(" and {more} more like this at other values");
            problem
        }
    };
    kinds.into_iter().map(told).collect()
}

/// The documents with all changes that can be made, and why the others cannot.
fn changed((documents, file): (&[Node], &str), changes: &Changes) -> (Vec<Node>, Vec<Problem>) {
    let mut changed = documents.to_vec();
    let mut problems = Vec::new();
    for (path, value) in changes {
        for document in &mut changed {
            if let Err(mut problem) = read::set(document, path, value) {
                problem.message += &format!(" in {}", read::named(document).unwrap_or(file));
                problems.push(problem.in_file(&Arc::from("--set")));
            }
        }
    }
    (changed, problems)
}

/// Shares that are changed leave the rest to the others; what became of those.
fn fitted(documents: &mut [Node], changes: &Changes) -> Vec<Problem> {
    let paths = || changes.iter().map(|(path, _)| path.as_str());
    let told = documents.iter_mut().flat_map(|document| shares::fit(document, paths()));
    told.map(|problem| problem.in_file(&Arc::from("--set"))).collect()
}

/// The scenario as one point of the sweep, named by where it stands.
fn at_point(scenario: Scenario, settings: &[Setting], changes: &Changes) -> Scenario {
    if settings.iter().all(|setting| setting.values.len() < 2) {
        return scenario;
    }
    let several = |path: &String| settings.iter().any(|s| s.path == *path && s.values.len() > 1);
    let values = changes.iter().filter(|(path, _)| several(path)).cloned().collect();
    let name = swept_name(&scenario.name, changes);
    let point = Point { scenario: scenario.name.clone(), values, whole: false };
    Scenario { name, point: Some(point), ..scenario }
}

/// Asks for the whole report of every point.
pub fn in_whole(scenarios: Vec<Arc<Scenario>>) -> Vec<Arc<Scenario>> {
    let whole = |mut scenario: Arc<Scenario>| {
        if scenario.point.is_some()
            && let Some(point) = &mut Arc::make_mut(&mut scenario).point
        {
            point.whole = true;
        }
        scenario
    };
    scenarios.into_iter().map(whole).collect()
}

/// The document that a scenario of this name was made of, or the first.
fn document_of<'d>(documents: &'d [Node], name: &str) -> &'d Node {
    static NOTHING: Node = Node { place: Place { line: 0, column: 0 }, value: node::Value::Null };
    let named = documents.iter().find(|document| read::named(document) == Some(name));
    named.or(documents.first()).unwrap_or(&NOTHING)
}

/// What chance does to the checks of a scenario, which was made of this document.
fn foretold(document: &Node, scenario: &Scenario, number: usize) -> Vec<Problem> {
    if number >= FORETOLD_MAX {
        let message = format!(
            "what chance does to checks is foretold of the first {FORETOLD_MAX} scenarios only"
        );
        return vec![Problem::warning(Place::default(), "", message).help("--only NAME chooses")];
    }
    foretell::warnings(document, scenario)
}

/// The file alone may be right: a problem of a changed document names the changes.
fn after(mut problem: Problem, changes: &Changes) -> Problem {
    let words: Vec<String> =
        changes.iter().map(|(p, value)| format!("--set {p}={value}")).collect();
    if !words.is_empty() {
        problem.message = format!("{} (with {})", problem.message, words.join(" "));
    }
    problem
}

/// The name of one point of a sweep: `checkout replicas=5`.
fn swept_name(name: &str, changes: &Changes) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_string();
    let words = changes.iter().map(|(path, value)| format!("{}={value}", last(path)));
    format!("{name} {}", words.collect::<Vec<_>>().join(" "))
}
