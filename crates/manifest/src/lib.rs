//! Layer 6: other people's YAML → the same Scenario; what is ignored is listed, never silent.
//!
//! It is handed documents and gives back Scenario documents, with four lists: understood, assumed,
//! overridden, ignored. A manifest's wishes are written as the Scenario that says the same
//! ([`draft`]), so that there is one reader, `--set` works on manifests, and an import can be
//! printed and flown again. Documents that are not flown are judged by what they refer to
//! ([`unflown`]).
//! Deliberately unknown here: files, the engine, and what becomes of a Scenario.
//!
//! Read next: [`kinds`] for one file per kind, [`mod@unit`] for how objects become release
//! units, [`join`] for a Scenario beside manifests, [`standard_releases`] for what flies
//! without one.

#![forbid(unsafe_code)]

pub mod alike;
pub mod canary_ingress;
pub mod checks;
pub mod defaults;
pub mod documentation;
pub mod draft;
pub mod fields;
pub mod foreign;
pub mod join;
pub mod kinds;
pub mod named;
pub mod nested;
pub mod newer;
pub mod note;
pub mod objects;
pub mod only;
pub mod print;
pub mod rule;
mod scalars;
pub mod standard_releases;
pub mod store;
pub mod told_apart;
pub mod unflown;
pub mod unit;
pub mod worlds;

use draft::Draft;
use kinds::canary_config;
use note::{Lists, SourcePlace};
use only::Pair;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use unflown::LeftOut;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::node::Node;
use windtunnel_base::problem::{Place, Problem, Severity, nearest};
use windtunnel_scenario::read::{self as scenario, KIND, Read};
use windtunnel_scenario::textbook;

/// Objects that are named where nothing is released.
const SEEN_MAX: usize = 8;

/// Most reasons that are told when nothing is released.
const REASONS_MAX: usize = 20;

/// A text that was parsed.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Name of its file, or `-`.
    pub file: Arc<str>,
    /// Its text, for the comment at its head.
    pub text: Arc<str>,
    /// What the text holds, document by document.
    pub documents: Vec<Node>,
}

/// A Scenario that manifests came to.
#[derive(Clone, Debug)]
pub struct Flyable {
    /// The Scenario, as if it had been written by hand.
    pub node: Node,
    /// The text that a Scenario in it was parsed from; empty if it is made of manifests alone.
    pub text: Arc<str>,
    /// Name of the file of that Scenario, or of the first manifest.
    pub file: Arc<str>,
    /// Paths of the document, and the places in manifests where their values came from.
    pub origins: Vec<(String, SourcePlace)>,
    /// The file by which it is told from others of its name.
    pub home: Arc<str>,
}

/// What was found in a run's documents.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// Scenarios, ready to be read.
    pub flyables: Vec<Flyable>,
    /// Understood, assumed, overridden, ignored.
    pub lists: Lists,
    /// Warnings.
    pub warnings: Vec<Problem>,
    /// Documents that are not flown, and what that may change.
    pub left_out: Vec<LeftOut>,
}

/// Is the document a manifest, and not a Scenario (or something meant to be one)?
pub fn is_manifest(document: &Node) -> bool {
    let kind = document.get("kind").and_then(Node::text);
    let version = document.get("apiVersion").and_then(Node::text).unwrap_or_default();
    // A Textbook of ours is for another verb, and told so.
    let ours = kind == Some(textbook::KIND) && version.starts_with("windtunnel/");
    kind.is_some_and(|kind| kind != KIND && nearest(kind, [KIND]).is_none() && !ours)
        || canary_config::is_bare(document)
        || foreign::document(document, "").is_some()
}

/// How manifests are to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadRequest<'a> {
    /// Is what governs a release and is not flown to be warned of only?
    pub lenient: bool,
    /// Names of what is meant, with `*` for any letters; empty: everything.
    pub only: &'a [String],
}

/// Finds what can be flown in the documents of a run, as it is asked for; or all problems.
pub fn read(inputs: &[Input], asked: ReadRequest<'_>) -> Result<Import, Vec<Problem>> {
    let (worlds, shared) = worlds::of(inputs);
    let pairs = |w: &worlds::World<'_>| only::pairs(&w.inputs, &w.found.drafts, &shared);
    let pairs: Vec<Vec<Pair>> = worlds.iter().map(pairs).collect();
    let (mut import, mut problems) = (Import::default(), Vec::new());
    let meant = match only::chosen(pairs, asked.only) {
        Ok(meant) => meant,
        // What is not found may be what could not be read.
        Err(unknown) => {
            problems.extend(unknown);
            let found = worlds.into_iter().flat_map(|w| [w.read.problems, w.found.problems]);
            problems.extend(found.flatten());
            return Err(problems);
        }
    };
    let (several, mut used) = (worlds.len() > 1, BTreeSet::new());
    for (world, pairs) in worlds.into_iter().zip(meant) {
        if !(several && pairs.is_empty()) {
            used.extend(world.found.drafts.iter().flat_map(|draft| draft.used.clone()));
            found_in(world, pairs, asked, &mut import, &mut problems);
        }
    }
    // What one cluster has no use for may serve another.
    let serves =
        |note: &note::Note| shared.contains(&note.written_at.file) && used.contains(&note.object);
    import.lists.ignored.retain(|note| !serves(note));
    problems.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
    // Of a template that several analyses take in each is told once.
    problems.dedup();
    if fields::has_errors(&problems) {
        return Err(problems);
    }
    import.lists.sort();
    Ok(Import { warnings: problems, ..import })
}

/// Finds what can be flown of one cluster, of which these pairs are meant.
fn found_in(
    world: worlds::World<'_>,
    pairs: Vec<Pair>,
    asked: ReadRequest<'_>,
    import: &mut Import,
    all: &mut Vec<Problem>,
) {
    let worlds::World { inputs, mut read, found } = world;
    let mut problems = std::mem::take(&mut read.problems);
    let mut lists = std::mem::take(&mut read.lists);
    lists.extend(found.lists);
    problems.extend(found.problems);
    let mut drafts = found.drafts;
    if !asked.only.is_empty() {
        let meant: BTreeSet<usize> = pairs.iter().filter_map(|pair| pair.draft).collect();
        only::Others::of(&read, &drafts, &meant).forget(&mut lists, &mut problems);
    }
    let pairs = renumbered(pairs, &mut drafts);
    let unflown = unflown::judge(&read.strangers, &read.store, &drafts, asked.lenient);
    lists.ignored.extend(unflown.notes);
    problems.extend(unflown.problems);
    if drafts.is_empty() && !fields::has_errors(&problems) {
        problems.extend(nothing(&inputs, &read.store, &lists));
    }
    let flyables = flyables(&inputs, drafts, &pairs, &mut lists, &mut problems);
    import.flyables.extend(flyables);
    import.lists.extend(lists);
    import.left_out.extend(unflown.left_out);
    all.extend(problems);
}

/// Nothing to fly: says what was seen, and what kept each of it from being flown.
fn nothing(inputs: &[Input], store: &store::Store, lists: &Lists) -> Vec<Problem> {
    let scenarios = inputs.iter().flat_map(|i| &i.documents).any(|d| !is_manifest(d));
    if scenarios {
        return Vec::new();
    }
    let mut seen: Vec<String> = store.objects.iter().map(kinds::Object::title).collect();
    let unknown = inputs.iter().flat_map(|i| &i.documents).filter_map(|d| d.get("kind")?.text());
    if seen.is_empty() {
        seen = unknown.map(str::to_string).collect();
        seen.dedup();
    }
    let more = seen.len().saturating_sub(SEEN_MAX);
    seen.truncate(SEEN_MAX);
    seen.extend((more > 0).then(|| format!("and {} more", thousands(more))));
    let file = inputs.first().map(|i| Arc::clone(&i.file)).unwrap_or_default();
    let message = format!("nothing is released here: found {}", seen.join(", "));
    let problem = Problem::error(Place { line: 1, column: 1 }, "", message).in_file(&file);
    let expected = "a Deployment, a Canary, a Rollout, or rules that divide requests";
    let found = problem.expected(expected).help("name the files of the workload beside these");
    let matters = lists.ignored.iter().filter(|note| note.weight == note::Weight::Matters);
    let reason = |note: &note::Note| {
        let path = format!("{} {}", note.object, note.field);
        Problem::error(note.written_at.place, path.trim(), note.text.clone())
            .in_file(&note.written_at.file)
    };
    let mut reasons: Vec<Problem> = matters.map(reason).collect();
    let more = reasons.len().saturating_sub(REASONS_MAX);
    reasons.truncate(REASONS_MAX);
    reasons.extend((more > 0).then(|| {
        let message = format!("… and {} more reasons like these", thousands(more));
        Problem::error(Place::default(), "", message).in_file(&file)
    }));
    std::iter::once(found).chain(reasons).collect()
}

/// Keeps the units that are meant, and gives the pairs their numbers among these.
fn renumbered(mut pairs: Vec<Pair>, drafts: &mut Vec<Draft>) -> Vec<Pair> {
    let meant: BTreeSet<usize> = pairs.iter().filter_map(|pair| pair.draft).collect();
    let numbers: BTreeMap<usize, usize> = meant.into_iter().zip(0..).collect();
    let mut number = 0;
    drafts.retain(|_| {
        number += 1;
        numbers.contains_key(&(number - 1))
    });
    for pair in &mut pairs {
        pair.draft = pair.draft.and_then(|draft| numbers.get(&draft).copied());
    }
    pairs
}

/// Joins units with the Scenarios of the run.
fn flyables(
    inputs: &[Input],
    drafts: Vec<Draft>,
    pairs: &[Pair],
    lists: &mut Lists,
    problems: &mut Vec<Problem>,
) -> Vec<Flyable> {
    let mut flyables = Vec::new();
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    for pair in pairs {
        let scenario = pair.scenario.and_then(|(input, document)| {
            let input = inputs.get(input)?;
            Some((input, input.documents.get(document)?))
        });
        let Some((input, document)) = scenario else {
            let draft = pair.draft.and_then(|draft| drafts.get_mut(draft)?.take());
            let Some(mut draft) = draft else { continue };
            standard_releases::fill(&mut draft, lists);
            standard_releases::settle(&mut draft.node);
            flyables.push(of_manifests(draft, &pair.home));
            continue;
        };
        let Some(draft) = pair.draft.and_then(|draft| drafts.get(draft)?.as_ref()) else {
            problems.extend(slip(document, input, &drafts));
            flyables.push(alone(document, input, &pair.home));
            continue;
        };
        standard_releases::assume_defaults(&with(draft, document), lists);
        let (mut node, origins) = join::join(document, &input.file, draft, lists);
        standard_releases::settle(&mut node);
        let (text, file) = (Arc::clone(&input.text), Arc::clone(&input.file));
        let home = Arc::clone(&pair.home);
        let mut flyable = Flyable { node, text, file, origins, home };
        if pair.several {
            rename(&mut flyable, &draft.name);
        }
        flyables.push(flyable);
    }
    flyables
}

fn alone(document: &Node, input: &Input, home: &Arc<str>) -> Flyable {
    let (text, file) = (Arc::clone(&input.text), Arc::clone(&input.file));
    let home = Arc::clone(home);
    Flyable { node: document.clone(), text, file, origins: Vec::new(), home }
}

fn of_manifests(draft: Draft, home: &Arc<str>) -> Flyable {
    let (file, home) = (Arc::clone(&draft.written_at.file), Arc::clone(home));
    Flyable { node: draft.node, text: Arc::from(""), file, origins: draft.origins, home }
}

/// The draft with a Scenario's document in place of its own, to ask what neither has said.
fn with(draft: &Draft, document: &Node) -> Draft {
    let mut lists = Lists::default();
    let (node, _) = join::join(document, &Arc::from(""), draft, &mut lists);
    Draft { node, ..draft.clone() }
}

/// Several units fly one Scenario: each under a name of its own.
fn rename(flyable: &mut Flyable, unit: &str) {
    let node = join::child(&mut flyable.node, "metadata").and_then(|m| join::child(m, "name"));
    if let Some(node) = node {
        let own = node.text().unwrap_or_default();
        node.value = draft::text(format!("{own}-{unit}"));
    }
}

/// The units that a Scenario is about: those of its service's name; all, if it names no service.
fn belongs(document: &Node, drafts: &[Draft]) -> Vec<usize> {
    let name = service_name(document).and_then(Node::text);
    let fits = |draft: &Draft| match name {
        Some(name) => draft.name == name || draft.aliases.iter().any(|a| a == name),
        None => true,
    };
    let fitting: Vec<usize> = (0..drafts.len()).filter(|i| fits(&drafts[*i])).collect();
    // Of units that share a name, the namespace tells which is meant.
    let space = document.get("spec").and_then(|s| s.get("service")?.get("namespace")?.text());
    let meant = |i: &usize| space.is_some() && drafts[*i].namespace.as_deref() == space;
    let chosen: Vec<usize> = fitting.iter().copied().filter(meant).collect();
    if chosen.is_empty() { fitting } else { chosen }
}

fn service_name(document: &Node) -> Option<&Node> {
    document.get("spec")?.get("service")?.get("name")
}

/// A Scenario whose service is a slip of a unit's name.
fn slip(document: &Node, input: &Input, drafts: &[Option<Draft>]) -> Option<Problem> {
    let node = service_name(document)?;
    let near = nearest(node.text()?, drafts.iter().flatten().map(|d| d.name.as_str()))?;
    let message = format!("nothing is released here under the name {}", node.shown());
    let problem = Problem::error(node.place, "spec.service.name", message);
    Some(problem.help(format!("did you mean {near}?")).in_file(&input.file))
}

impl Flyable {
    /// Reads it as a Scenario. Problems with values of manifests are told where those stand.
    pub fn scenario(&self) -> Read {
        let document = std::slice::from_ref(&self.node);
        let (scenarios, warnings) = scenario::read_documents(document, &self.text, &self.file)
            .map_err(|problems| problems.into_iter().map(|p| self.placed(p)).collect::<Vec<_>>())?;
        let warnings = warnings.into_iter().map(|p| self.placed(p)).collect();
        Ok((scenarios, warnings))
    }

    /// A problem with a value, where that value stands.
    pub fn placed(&self, problem: Problem) -> Problem {
        match join::origin(&self.origins, &problem.path) {
            Some(written_at) => {
                Problem { place: written_at.place, ..problem }.in_file(&written_at.file)
            }
            None => problem,
        }
    }
}

/// What `--strict` refuses, as problems.
pub fn refused(lists: &Lists) -> Vec<Problem> {
    let problem = |(list, note): (&str, &note::Note)| {
        let path = format!("{} {}", note.object, note.field);
        let message = match list {
            "ignored" => format!("ignored: {}", note.text),
            _ => format!("missing, assumed: {} ({})", note.text, note.source),
        };
        let mut problem = Problem::error(note.written_at.place, path.trim(), message);
        problem.severity = Severity::Error;
        problem.in_file(&note.written_at.file)
    };
    lists.refused().map(problem).collect()
}
