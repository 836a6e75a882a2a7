//! Documents → scenarios: finds what manifests release, applies `--set`, reads traces.
//!
//! All problems of all files are collected before anything is flown.

use super::files::{self, wrong};
use super::flags::{Format, Source};
use super::sources::Sources;
use super::{WRONG, only, output, told};
use crate::base::node::{self, Node};
use crate::base::problem::{Place, Problem, Severity};
use crate::base::source::Source as Text;
use crate::manifest::checks::{self, Own};
use crate::manifest::{self, Asked, Flyable, Import, Input, named};
use crate::scenario::model::Scenario;
use crate::scenario::{foretell, read, tree, warn};
use crate::traffic::{Arrivals, Recorded, trace};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most scenarios that `--set` may make of one.
const LARGEST_SWEEP: usize = 1_000;

/// Most scenarios of which it is foretold what chance does to checks.
const FORETOLD_MAX: usize = 50;

/// What a source came to.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The scenarios, ready to fly.
    pub scenarios: Vec<Arc<Scenario>>,
    /// Warnings about them.
    pub warnings: Vec<Problem>,
    /// What was found in manifests; empty lists if there were none.
    pub import: Import,
}

/// Reads everything that `source` names, or says everything that is wrong with it; the texts are
/// kept.
pub fn load(source: &Source, sources: &mut Sources) -> Result<Loaded, Vec<Problem>> {
    let loaded = read_all(source, sources).map_err(|problems| sources.locate(problems))?;
    Ok(Loaded { warnings: sources.locate(loaded.warnings), ..loaded })
}

fn read_all(source: &Source, sources: &mut Sources) -> Result<Loaded, Vec<Problem>> {
    let sweep = sweep(&source.sets).map_err(|problem| vec![problem])?;
    let (mut inputs, strangers) = files::read(source, sources)?;
    let own = match &source.checks {
        Some(path) => {
            checks::read(&files::checks(path, sources).map_err(|problem| vec![problem])?)?
        }
        None => Vec::new(),
    };
    if let Some(path) = &source.scenario
        && inputs.last().is_some_and(|own| own.documents.iter().all(manifest::is_manifest))
    {
        let help = "manifests are named without --scenario";
        return Err(vec![wrong(path, "no document of kind Scenario in it".into(), help)]);
    }
    let documents = || inputs.iter().flat_map(|i| &i.documents);
    let mixed = documents().any(|d| manifest::is_manifest(d) || !named::named(d).is_empty());
    let mut loaded = Loaded::default();
    let (mut problems, mut spots, mut told) = (strangers, BTreeMap::new(), Told::new());
    let slips: Vec<Problem> = inputs.iter().flat_map(named::slips).collect();
    if !slips.is_empty() {
        return Err(slips);
    }
    if mixed {
        loaded.import = import(&inputs, source, sources)?;
        drop(inputs);
        let nodes = loaded.import.flyables.iter_mut().map(|flyable| &mut flyable.node);
        put(nodes, &own)?;
        problems.append(&mut loaded.import.warnings);
        if source.strict {
            problems.extend(manifest::refused(&loaded.import.lists));
        }
        for flyable in &loaded.import.flyables {
            let read = |changed: &[Node]| {
                let node = changed.first().cloned().unwrap_or_else(|| flyable.node.clone());
                Flyable { node, ..flyable.clone() }.scenario()
            };
            let nodes = std::slice::from_ref(&flyable.node);
            let placed = |problem: Problem| flyable.placed(problem.in_file(&flyable.file));
            let found = Found {
                spots: &mut spots,
                scenarios: &mut loaded.scenarios,
                problems: &mut problems,
                told: &mut told,
                sources,
            };
            collect((nodes, &flyable.file), &sweep, read, placed, found);
        }
    } else {
        only::of_scenarios(&mut inputs, &source.only)?;
        put(inputs.iter_mut().flat_map(|input| &mut input.documents), &own)?;
        for input in &inputs {
            let read = |changed: &[Node]| read::read_documents(changed, &input.text, &input.file);
            let placed = |problem: Problem| problem.in_file(&input.file);
            let found = Found {
                spots: &mut spots,
                scenarios: &mut loaded.scenarios,
                problems: &mut problems,
                told: &mut told,
                sources,
            };
            collect((&input.documents[..], &input.file), &sweep, read, placed, found);
        }
    }
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems);
    }
    Ok(Loaded { warnings: problems, ..loaded })
}

/// [`load`], with everything wrong said; on failure the exit code comes back. If something is to be
/// flown, it is said what manifests were taken for. Warnings come last, where they are seen.
pub fn load_or_say(source: &Source, format: Format, flown: bool) -> Result<Loaded, u8> {
    let mut sources = Sources::default();
    let loaded = load(source, &mut sources).map_err(|problems| {
        output::refuse(&problems, &sources, format);
        WRONG
    })?;
    if flown {
        told::tell(&loaded.import, &loaded.warnings);
    }
    output::complain(&loaded.warnings, &sources);
    Ok(loaded)
}

/// Puts the user's own checks on the strategies of all documents; none may be meant in vain.
fn put<'n>(nodes: impl Iterator<Item = &'n mut Node>, own: &[Own]) -> Result<(), Vec<Problem>> {
    if own.is_empty() {
        return Ok(());
    }
    let found: usize = nodes
        .map(|node| {
            read::fill_defaults(node);
            checks::put(node, own)
        })
        .sum();
    if found > 0 {
        return Ok(());
    }
    let message = "no strategy here analyses metrics".to_string();
    let help = "canary, abTest, flagger with an analysis and argoCanary do";
    Err(vec![wrong("--checks", message, help)])
}

/// Finds what manifests release, and reads the manifests that Scenarios name.
fn import(
    inputs: &[Input],
    source: &Source,
    sources: &mut Sources,
) -> Result<Import, Vec<Problem>> {
    let lenient = source.lenient;
    let mut import = manifest::read_by(inputs, Asked { lenient, only: &source.only })?;
    let mut problems = Vec::new();
    for flyable in &mut import.flyables {
        let mut texts = Vec::new();
        for named in named::named(&flyable.node) {
            match files::beside(&flyable.file, &named.path, sources) {
                Ok(input) => texts.push((named, input)),
                Err(problem) => {
                    let path = format!("spec.strategies[{}].manifest", named.index);
                    let message = format!("{}: {}", problem.file, problem.message);
                    let whole = problem.place.line == 0;
                    problems.push(match whole {
                        true => Problem { place: named.place, path, message, ..problem }
                            .in_file(&flyable.file),
                        false => problem,
                    });
                }
            }
        }
        match named::expand(flyable, &texts, lenient, &mut import.lists) {
            Ok((warnings, left_out)) => {
                import.warnings.extend(warnings);
                import.left_out.extend(left_out);
            }
            Err(found) => problems.extend(found),
        }
    }
    import.lists.sort();
    if problems.is_empty() { Ok(import) } else { Err(problems) }
}

/// What was found so far, in all files.
struct Found<'f> {
    /// Where the scenario of a name stands.
    spots: &'f mut BTreeMap<String, String>,
    scenarios: &'f mut Vec<Arc<Scenario>>,
    problems: &'f mut Vec<Problem>,
    /// Warnings that were told already: of points of a sweep, and of what several share.
    told: &'f mut Told,
    sources: &'f mut Sources,
}

/// File, place, path and text of a warning.
type Told = BTreeSet<(Arc<str>, Place, String, String)>;

/// Those of the warnings that were not told yet.
fn new_ones(warnings: impl IntoIterator<Item = Problem>, told: &mut Told) -> Vec<Problem> {
    let key = |p: &Problem| (Arc::clone(&p.file), p.place, p.path.clone(), p.message.clone());
    warnings.into_iter().filter(|problem| told.insert(key(problem))).collect()
}

/// Reads documents at every point of a sweep.
fn collect(
    (documents, file): (&[Node], &Arc<str>),
    sweep: &[Vec<(String, String)>],
    read: impl Fn(&[Node]) -> read::Read,
    placed: impl Fn(Problem) -> Problem,
    Found { spots, scenarios, problems, told, sources }: Found<'_>,
) {
    let mut traces = Traces::new();
    for changes in sweep {
        let mut changed = documents.to_vec();
        for (path, value) in changes {
            for document in &mut changed {
                if let Err(problem) = read::set(document, path, value) {
                    problems.push(problem.in_file(&Arc::from("--set")));
                    return;
                }
            }
        }
        let (found, notes) = match read(&changed) {
            Ok(read) => read,
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|p| after(p, changes)));
                return;
            }
        };
        problems.extend(new_ones(notes, told));
        for mut scenario in found {
            if sweep.len() > 1 {
                scenario.name = swept_name(&scenario.name, changes);
            }
            let place = found_at(&changed, &scenario.name);
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
                    let spot = match place.line {
                        0 => file.to_string(),
                        line => format!("{file}:{line}:{}", place.column),
                    };
                    spots.insert(scenario.name.clone(), spot);
                }
            }
            match with_trace(scenario, file, &mut traces, sources) {
                Ok(scenario) => {
                    let of_trace = warn::of_trace(document_of(&changed, &scenario.name), &scenario);
                    let foretold = foretold(&changed, &scenario, scenarios.len());
                    let foretold = of_trace.into_iter().chain(foretold).map(&placed);
                    problems.extend(new_ones(foretold, told));
                    scenarios.push(Arc::new(scenario));
                }
                Err(found) => problems.extend(found),
            }
        }
    }
}

/// The document that a scenario of this name was made of, or the first.
fn document_of<'d>(documents: &'d [Node], name: &str) -> &'d Node {
    static NOTHING: Node = Node { place: Place { line: 0, column: 0 }, value: node::Value::Null };
    let named = documents.iter().find(|document| read::named(document) == Some(name));
    named.or(documents.first()).unwrap_or(&NOTHING)
}

/// Where the name of a scenario stands, which was made of one of these documents.
fn found_at(documents: &[Node], name: &str) -> Place {
    tree::place(document_of(documents, name), "metadata.name")
}

/// What chance does to the checks of a scenario, which was made of one of these documents.
fn foretold(documents: &[Node], scenario: &Scenario, number: usize) -> Vec<Problem> {
    if number >= FORETOLD_MAX {
        let message = format!(
            "what chance does to checks is foretold of the first {FORETOLD_MAX} scenarios only"
        );
        return vec![Problem::warning(Place::default(), "", message).help("--only NAME chooses")];
    }
    foretell::warnings(document_of(documents, &scenario.name), scenario)
}

/// The file alone may be right: a problem of a changed document names the changes.
fn after(mut problem: Problem, changes: &[(String, String)]) -> Problem {
    let words: Vec<String> =
        changes.iter().map(|(p, value)| format!("--set {p}={value}")).collect();
    if !words.is_empty() {
        problem.message = format!("{} (with {})", problem.message, words.join(" "));
    }
    problem
}

/// The name of one point of a sweep: `checkout replicas=5`.
fn swept_name(name: &str, changes: &[(String, String)]) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_string();
    let words = changes.iter().map(|(path, value)| format!("{}={value}", last(path)));
    format!("{name} {}", words.collect::<Vec<_>>().join(" "))
}

/// Recordings that were read already, by path, speed and routes: all points of a sweep share one.
type Traces = BTreeMap<(PathBuf, u64, Vec<String>), Arc<[Recorded]>>;

/// Reads the trace that a scenario names, relative to its own file.
fn with_trace(
    mut scenario: Scenario,
    file: &str,
    known: &mut Traces,
    sources: &mut Sources,
) -> Result<Scenario, Vec<Problem>> {
    let Arrivals::TraceFile { path, speed } = scenario.traffic.arrivals.clone() else {
        return Ok(scenario);
    };
    let folder = Path::new(file).parent().unwrap_or(Path::new("."));
    let full = folder.join(&path);
    let names = scenario.service.routes.iter().map(|route| route.name.clone()).collect();
    let key = (full.clone(), speed.to_bits(), names);
    if let Some(rows) = known.get(&key) {
        scenario.traffic.arrivals = Arrivals::Trace(Arc::clone(rows));
        return Ok(scenario);
    }
    let text = files::trace(&full).map_err(|p| {
        vec![
            Problem { message: format!("trace {}: {}", p.file, p.message), ..p }
                .in_file(&Arc::from(file)),
        ]
    })?;
    let routes: Vec<&str> = scenario.service.routes.iter().map(|r| r.name.as_str()).collect();
    let place: Arc<str> = Arc::from(full.display().to_string());
    let rows: Arc<[Recorded]> = match trace::parse(&text, speed, &routes) {
        Ok(rows) => rows.into(),
        Err(problems) => {
            sources.keep(&place, Text::plain(text));
            return Err(problems.into_iter().map(|p| p.in_file(&place)).collect());
        }
    };
    known.insert(key, Arc::clone(&rows));
    scenario.traffic.arrivals = Arrivals::Trace(rows);
    Ok(scenario)
}

/// The points of a sweep: every combination of the values of all `--set`s.
fn sweep(sets: &[String]) -> Result<Vec<Vec<(String, String)>>, Problem> {
    let mut points: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for set in sets {
        let help = "write --set spec.service.replicas=5 or --set spec.service.replicas=5,20,100";
        let Some((path, values)) = set.split_once('=') else {
            return Err(wrong("--set", format!("found {set:?}, without `=`"), help));
        };
        if points.iter().flatten().any(|(known, _)| known == path.trim()) {
            let message = format!("{} is set twice", path.trim());
            let help = "give all its values in one: --set path=a,b flies each";
            return Err(wrong("--set", message, help));
        }
        let values = split_values(values);
        let grown = points.iter().flat_map(|point| {
            values.iter().map(move |value| {
                let mut point = point.clone();
                point.push((path.trim().to_string(), value.clone()));
                point
            })
        });
        let combined = points.len().saturating_mul(values.len());
        if combined > LARGEST_SWEEP {
            let message = format!("{combined} combinations");
            return Err(wrong("--set", message, &format!("at most {LARGEST_SWEEP}")));
        }
        points = grown.collect();
    }
    Ok(points)
}

/// Splits at commas that stand outside brackets, braces and quotes.
fn split_values(text: &str) -> Vec<String> {
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

    #[test]
    fn sweeps_combine_and_respect_brackets() {
        let sets = ["a.b=1,2".to_string(), "c=[5%, 10%],x".to_string()];
        let points = sweep(&sets).expect("well formed");
        assert_eq!(points.len(), 4);
        assert_eq!(points[0], [("a.b".into(), "1".into()), ("c".into(), "[5%, 10%]".into())]);
        assert!(sweep(&["novalue".to_string()]).is_err());
        assert_eq!(sweep(&[]).expect("empty"), [vec![]]);
    }
}
