//! Documents → scenarios: finds what manifests release, and reads everything at every point of a
//! sweep.
//!
//! All problems of all files are collected before anything is flown.

use super::files::{self, wrong};
use super::flags::{Format, Source};
use super::sources::Sources;
use super::sweep::{SweepSettings, Told, collect};
use super::{WRONG, only, output, told};
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::node::Node;
use windtunnel_base::problem::{Problem, Severity};
use windtunnel_manifest::checks::{self, Own};
use windtunnel_manifest::{
    self as manifest, Flyable, Import, Input, ReadRequest, named, told_apart,
};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_scenario::sweep::Setting;
use windtunnel_scenario::{read, sweep};

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
    let settings = sweep::read(&source.sets)?;
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
    let slips: Vec<Problem> = inputs.iter().flat_map(named::slips).collect();
    if !slips.is_empty() {
        return Err(slips);
    }
    let (mut import, mut problems) = (Import::default(), strangers);
    if mixed {
        import = self::import(&inputs, source, sources)?;
        inputs.clear();
        put(import.flyables.iter_mut().map(|flyable| &mut flyable.node), &own)?;
        problems.append(&mut import.warnings);
        if source.strict {
            problems.extend(manifest::refused(&import.lists));
        }
    } else {
        only::of_scenarios(&mut inputs, &source.only)?;
        put(inputs.iter_mut().flat_map(|input| &mut input.documents), &own)?;
    }
    let scenarios = collected((&inputs, &import), &settings, &mut problems, sources);
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems);
    }
    Ok(Loaded { scenarios, warnings: problems, import })
}

/// The scenarios of what was found in manifests, and of files without any, at every point.
fn collected(
    (inputs, import): (&[Input], &Import),
    settings: &[Setting],
    problems: &mut Vec<Problem>,
    sources: &mut Sources,
) -> Vec<Arc<Scenario>> {
    let (mut spots, mut told, mut scenarios) = (BTreeMap::new(), Told::new(), Vec::new());
    let of_manifests = import.flyables.iter().map(|flyable| (&flyable.node, &flyable.home));
    let of_files = inputs.iter().flat_map(|i| i.documents.iter().zip(std::iter::repeat(&i.file)));
    let names = told_apart::apart(of_manifests.chain(of_files));
    let mut found = SweepSettings {
        names: &names,
        spots: &mut spots,
        scenarios: &mut scenarios,
        problems,
        told: &mut told,
        sources,
    };
    for flyable in &import.flyables {
        let read = |changed: &[Node]| {
            let node = changed.first().cloned().unwrap_or_else(|| flyable.node.clone());
            Flyable { node, ..flyable.clone() }.scenario()
        };
        let nodes = std::slice::from_ref(&flyable.node);
        let placed = |problem: Problem| flyable.placed(problem.in_file(&flyable.file));
        collect((nodes, &flyable.file, &flyable.home), settings, read, placed, &mut found);
    }
    for Input { documents, file, text } in inputs {
        let read = |changed: &[Node]| read::read_documents(changed, text, file);
        let placed = |problem: Problem| problem.in_file(file);
        collect((documents, file, file), settings, read, placed, &mut found);
    }
    scenarios
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
    let mut import = manifest::read(inputs, ReadRequest { lenient, only: &source.only })?;
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
