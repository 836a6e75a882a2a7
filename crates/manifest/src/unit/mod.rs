//! Release units: what is released together, found among the objects of a run, each as the
//! Scenario that says the same.
//!
//! Order matters: what says most about a release is looked at first (controllers; weights, copies
//! and matches; two colours behind one Service; single Deployments), and takes the objects that
//! belong to it. What is left is attached to a unit by name, or listed as ignored. Problems here
//! are contradictions between objects.

pub use apart::is_guest;

use super::draft::Draft;
use super::kinds::Object;
use super::note::{Lists, Note, Weight};
use super::store::Store;
use super::worlds::Clash;
use std::collections::{BTreeMap, BTreeSet};
use windtunnel_base::problem::{Problem, nearest};

mod apart;
pub mod argo;
mod argo_analysis;
mod argo_refs;
mod argo_service;
mod argo_steps;
pub mod argo_valid;
mod argo_write;
pub mod attach;
mod balancers;
pub mod blue_green;
mod budgets;
mod by_hand;
pub mod flagger;
pub mod flagger_valid;
pub mod hosts;
pub mod idle_fleet;
mod kayenta;
pub mod keda;
pub mod load;
pub mod mesh;
mod metric_answers;
pub mod nowhere;
pub mod orders;
pub mod placement;
pub mod plain;
pub mod pod_ratio;
pub mod policies;
pub mod roles;
pub mod routes;
pub mod scaled;
pub mod slips;
pub mod targets;
pub mod template_valid;
pub mod workload;

/// What looking for units yields.
#[derive(Debug, Default)]
pub struct UnitsFound {
    /// Release units, each a Scenario in the making.
    pub drafts: Vec<Draft>,
    /// Notes about them.
    pub lists: Lists,
    /// Contradictions.
    pub problems: Vec<Problem>,
    /// Files that release the same service.
    pub clashes: Vec<Clash>,
    /// Bytes of texts that arguments were put into.
    filled: usize,
    /// Titles of what the first drafts use, and how many drafts those are.
    taken: (BTreeSet<String>, usize),
}

/// Units by what they are called and by what they use: their numbers, rising.
#[derive(Debug, Default)]
struct Who {
    by_name: BTreeMap<String, BTreeSet<usize>>,
    by_use: BTreeMap<String, BTreeSet<usize>>,
}

impl Who {
    /// The units that use one of the objects.
    fn use_any<'t>(&self, titles: impl IntoIterator<Item = &'t String>) -> BTreeSet<usize> {
        titles.into_iter().filter_map(|title| self.by_use.get(title)).flatten().copied().collect()
    }

    /// The units that one of the names means.
    fn are_called<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeSet<usize> {
        names.into_iter().filter_map(|name| self.by_name.get(name)).flatten().copied().collect()
    }
}

impl UnitsFound {
    /// Records a contradiction in `object`, at `field`.
    pub fn problem(
        &mut self,
        object: &Object,
        field: &str,
        message: String,
        expected: &str,
        help: &str,
    ) {
        let written_at = object.written_at(field);
        let path = format!("{} {field}", object.title());
        let problem = Problem::error(written_at.place, path.trim_end(), message);
        self.problems.push(problem.expected(expected).help(help).in_file(&written_at.file));
    }

    /// Books an object that no unit uses.
    pub fn ignore(&mut self, object: &Object, field: &str, why: &str, weight: Weight) {
        self.lists.ignored.push(Note {
            written_at: object.written_at(field),
            object: object.title(),
            field: field.to_string(),
            text: why.to_string(),
            source: String::new(),
            weight,
        });
    }

    /// Books a field that the real system overrides or cuts: `why` says by what, and what holds
    /// instead. It is flown so.
    pub fn overridden(&mut self, object: &Object, field: &str, why: &str) {
        self.lists.overridden.push(Note {
            written_at: object.written_at(field),
            object: object.title(),
            field: field.to_string(),
            text: why.to_string(),
            source: String::new(),
            weight: Weight::Matters,
        });
    }

    /// Books a check of an object that cannot be asked here, and warns: what it would stop is flown
    /// as if nobody looked.
    pub fn unasked(&mut self, object: &Object, field: &str, why: &str, help: &str) {
        self.ignore(object, field, why, Weight::Matters);
        let (written_at, path) = (object.written_at(field), format!("{} {field}", object.title()));
        let warning =
            Problem::warning(written_at.place, &path, why.to_string()).help(help.to_string());
        self.problems.push(warning.in_file(&written_at.file));
    }

    /// Books what is assumed of an answer that no flight can ask for, and warns of it: a gate
    /// that always opens decides nothing.
    pub fn assume_answer(
        &mut self,
        object: &Object,
        field: &str,
        answer: &str,
        source: String,
        weight: Weight,
    ) {
        // A name may stand behind the field.
        let written_at = object.written_at(field.split(' ').next().unwrap_or(field));
        let path = format!("{} {field}", object.title());
        let message = format!("taken to answer {answer}");
        let warning = Problem::warning(written_at.place, &path, message).help(source.clone());
        self.problems.push(warning.in_file(&written_at.file));
        self.lists.assumed.push(Note {
            written_at,
            object: object.title(),
            field: field.to_string(),
            text: format!("answers {answer}"),
            source,
            weight,
        });
    }

    /// Adds a unit that has taken what belongs to it.
    pub fn add(&mut self, draft: Draft) {
        let (titles, counted) = &mut self.taken;
        if *counted == self.drafts.len() {
            *counted += 1;
            titles.extend(draft.used.iter().cloned());
        }
        self.drafts.push(draft);
    }

    /// Looks anew at what the units use, when they have taken more.
    pub(super) fn recount(&mut self) {
        let titles = self.drafts.iter().flat_map(|d| d.used.iter().cloned()).collect();
        self.taken = (titles, self.drafts.len());
    }

    /// Does some unit use the object?
    pub fn uses(&self, object: &Object) -> bool {
        let (titles, counted) = &self.taken;
        let title = object.title();
        titles.contains(&title) || self.drafts[*counted..].iter().any(|d| d.used.contains(&title))
    }

    /// Who is who among the units, as they are now.
    fn who(&self) -> Who {
        let mut who = Who::default();
        for (number, draft) in self.drafts.iter().enumerate() {
            for title in &draft.used {
                who.by_use.entry(title.clone()).or_default().insert(number);
            }
            for name in draft.aliases.iter().chain([&draft.name]) {
                who.by_name.entry(name.clone()).or_default().insert(number);
            }
        }
        who
    }
}

/// A way out where nothing near is called `name`: the same in another namespace, or the nearest.
fn help_for(name: &str, known: &[&Object], otherwise: &str) -> Option<String> {
    if let Some(same) = known.iter().find(|o| o.metadata.name == name) {
        let space = same.metadata.namespace.as_deref().unwrap_or("default");
        return Some(format!("{} lies in the namespace {space}", same.title()));
    }
    let names = known.iter().map(|o| o.metadata.name.as_str());
    let near = nearest(name, names).map(|near| format!("did you mean {near}?"));
    near.or((!otherwise.is_empty()).then(|| otherwise.to_string()))
}

/// Finds all units.
pub fn find(store: &Store) -> UnitsFound {
    apart::find(store)
}

/// Finds the units of objects that know each other.
fn within(store: &Store) -> UnitsFound {
    let mut found = UnitsFound::default();
    plain::check(store, &mut found);
    slips::check(store, &mut found);
    template_valid::check(store, &mut found);
    argo_valid::check(store, &mut found);
    flagger_valid::check(store, &mut found);
    scaled::check(store, &mut found);
    flagger::find(store, &mut found);
    argo::find(store, &mut found);
    mesh::find(store, &mut found);
    blue_green::find(store, &mut found);
    pod_ratio::find(store, &mut found);
    plain::find(store, &mut found);
    placement::settle(store, &mut found);
    orders::check(store, &mut found);
    attach::all(store, &mut found);
    targets::settle(store, &mut found);
    scaled::settle(store, &mut found);
    found
}
