//! `--only`: of everything that was named the services and Scenarios that are meant.
//!
//! It is decided before anything is judged: a foreign controller of another service, or a slip in
//! its files, is then none of this run's business, while what belongs to the chosen ones, or may
//! have been meant to, is told as ever. Deliberately unknown here: how units are found.

use super::draft::Draft;
use super::kinds::Object;
use super::note::{Lists, Note};
use super::objects::Objects;
use super::unit::is_guest;
use super::{Input, belongs, is_manifest, told_apart, unflown};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_scenario::read;

/// Names that are listed when one is to be chosen.
const LISTED: usize = 12;

/// A Scenario, a unit, or both together: what becomes one flyable.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// The Scenario: which input, and which of its documents.
    pub scenario: Option<(usize, usize)>,
    /// Position of the release unit among those that were found; nothing for a Scenario alone.
    pub draft: Option<usize>,
    /// Is the Scenario flown with several units, so that each needs a name of its own?
    pub several: bool,
    /// What it is called by.
    names: Vec<String>,
    /// The file that tells it apart: of the Scenario, or of the unit, if it has none or shares it.
    pub home: Arc<str>,
}

/// Everything that could be flown.
pub fn pairs(inputs: &[Input], drafts: &[Draft], shared: &BTreeSet<Arc<str>>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut flown = vec![false; drafts.len()];
    for (at, input) in inputs.iter().enumerate() {
        for (number, document) in input.documents.iter().enumerate() {
            if is_manifest(document) {
                continue;
            }
            let own = read::named(document).unwrap_or_default();
            let (scenario, units) = (Some((at, number)), belongs(document, drafts));
            if units.is_empty() {
                let (names, home) = (vec![own.to_string()], Arc::clone(&input.file));
                pairs.push(Pair { scenario, names, home, ..Pair::default() });
            }
            let several = units.len() > 1;
            for unit in units {
                flown[unit] = true;
                let draft = &drafts[unit];
                let own = if several { format!("{own}-{}", draft.name) } else { own.to_string() };
                let names = std::iter::once(own).chain(called(draft)).collect();
                let is_shared = shared.contains(&input.file);
                let home = if is_shared { &draft.written_at.file } else { &input.file };
                let home = Arc::clone(home);
                pairs.push(Pair { scenario, draft: Some(unit), several, names, home });
            }
        }
    }
    let alone = (0..drafts.len()).filter(|unit| !flown[*unit]);
    pairs.extend(alone.map(|unit| {
        let names = called(&drafts[unit]).collect();
        let home = Arc::clone(&drafts[unit].written_at.file);
        Pair { draft: Some(unit), names, home, ..Pair::default() }
    }));
    pairs
}

fn called(draft: &Draft) -> impl Iterator<Item = String> {
    std::iter::once(&draft.name).chain(&draft.aliases).cloned()
}

/// Those of each cluster that one of the patterns means; all, if there is no pattern.
pub fn chosen(
    clusters: Vec<Vec<Pair>>,
    patterns: &[String],
) -> Result<Vec<Vec<Pair>>, Vec<Problem>> {
    if patterns.is_empty() || clusters.iter().all(Vec::is_empty) {
        return Ok(clusters);
    }
    let pairs = || clusters.iter().flatten();
    let files: Vec<Arc<str>> = pairs().map(|pair| Arc::clone(&pair.home)).collect();
    let names = with_paths(pairs().map(|pair| pair.names.clone()).collect(), &files);
    let mut meant = of_names(&names, patterns)?.into_iter();
    let mut kept = |pairs: Vec<Pair>| -> Vec<Pair> {
        pairs.into_iter().filter(|_| meant.next() == Some(true)).collect()
    };
    Ok(clusters.into_iter().map(&mut kept).collect())
}

/// The names by which things of these files are called; first the one that tells those of one name
/// apart.
pub fn with_paths(mut names: Vec<Vec<String>>, files: &[Arc<str>]) -> Vec<Vec<String>> {
    let first =
        |(names, file): (&Vec<String>, &Arc<str>)| Some((names.first()?.clone(), file.clone()));
    let firsts: Vec<_> = names.iter().zip(files).map(first).collect();
    let apart = told_apart::of_names(firsts.iter().flatten().cloned());
    for (names, first) in names.iter_mut().zip(firsts) {
        let new = first.and_then(|first| apart.get(&first));
        new.into_iter().for_each(|new| names.insert(0, new.clone()));
    }
    names
}

/// Documents that belong to what was not chosen.
#[derive(Debug, Default)]
pub struct Others {
    /// Where documents begin, and whether they are others'.
    starts: BTreeMap<(Arc<str>, Place), bool>,
}

impl Others {
    /// Of everything that was read; these units are meant.
    pub fn of(read: &Objects, drafts: &[Draft], meant: &BTreeSet<usize>) -> Others {
        let mut users: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, draft) in drafts.iter().enumerate() {
            let titles: BTreeSet<&str> = draft.used.iter().map(String::as_str).collect();
            titles.into_iter().for_each(|title| users.entry(title).or_default().push(number));
        }
        let names: BTreeSet<String> = meant.iter().flat_map(|n| called(&drafts[*n])).collect();
        let is_other = |object: &Object| {
            let all = users.get(object.title().as_str()).map(Vec::as_slice).unwrap_or_default();
            let near = all.iter().filter(|number| drafts[**number].is_near(object));
            let near: Vec<&usize> = near.collect();
            let using = if near.is_empty() { all.iter().collect() } else { near };
            match using.is_empty() {
                true => !is_guest(object) && !concerns(object, &names),
                false => !using.into_iter().any(|number| meant.contains(number)),
            }
        };
        let others = read.store.objects.iter().filter(|object| is_other(object));
        let others: BTreeSet<_> = others.map(|object| (object.kind, &object.metadata)).collect();
        let start = |(start, object): (&(Arc<str>, Place), &Option<(&'static str, _)>)| {
            let other = object.as_ref().is_some_and(|(kind, own)| others.contains(&(*kind, own)));
            (start.clone(), other)
        };
        Others { starts: read.starts.iter().map(start).collect() }
    }

    fn hold(&self, file: &Arc<str>, place: Place) -> bool {
        let before = self.starts.range(..=(Arc::clone(file), place)).next_back();
        before.is_some_and(|((own, _), other)| own == file && *other && place.line > 0)
    }

    /// Takes out what is said of them.
    pub fn forget(&self, lists: &mut Lists, problems: &mut Vec<Problem>) {
        let Lists { understood, assumed, overridden, ignored } = lists;
        for list in [understood, assumed, overridden, ignored] {
            list.retain(|note: &Note| !self.hold(&note.written_at.file, note.written_at.place));
        }
        problems.retain(|problem| !self.hold(&problem.file, problem.place));
    }
}

/// May an object that belongs to nothing have been meant for one of these names?
fn concerns(object: &Object, names: &BTreeSet<String>) -> bool {
    let of = |name: &str| {
        names.contains(name) || nearest(name, names.iter().map(String::as_str)).is_some()
    };
    of(&object.metadata.name) || unflown::named_in(&object.node).iter().any(|name| of(name))
}

/// Which of those that bear these names are meant; each pattern must mean one.
pub fn of_names(all: &[Vec<String>], patterns: &[String]) -> Result<Vec<bool>, Vec<Problem>> {
    let mut meant = vec![false; all.len()];
    let mut problems = Vec::new();
    for pattern in patterns {
        let mut found = false;
        for (names, meant) in all.iter().zip(&mut meant) {
            let fits = names.iter().any(|name| fits(pattern, name));
            *meant |= fits;
            found |= fits;
        }
        if !found {
            let known: Vec<&str> =
                all.iter().filter_map(|names| names.first()).map(String::as_str).collect();
            let message = format!("nothing here is called {pattern:?}");
            let near = nearest(pattern, known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean {near}? There is {}", listed(&known)),
                None => format!("there is {}", listed(&known)),
            };
            let problem = Problem::error(Place::default(), "", message).help(&help);
            problems.push(problem.in_file(&Arc::from("--only")));
        }
    }
    if problems.is_empty() { Ok(meant) } else { Err(problems) }
}

/// The first names, and how many more there are.
pub fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let mut shown: Vec<String> = names.iter().take(LISTED).map(|name| name.to_string()).collect();
    match more {
        0 => shown.join(", "),
        more => {
            shown.push(format!("… and {} more", thousands(more)));
            shown.join(", ")
        }
    }
}

/// Does the pattern, in which `*` stands for any letters, mean the name?
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.len() >= last.len() && left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name) in [
            ("shop", "shop"),
            ("*", ""),
            ("pay*", "payments"),
            ("*-api", "cart-api"),
            ("a*b*c", "a-b-b-c"),
            ("a*a", "aa"),
            ("*.prod", "shop.prod"),
            ("**", "x"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("shop", "shops"), ("pay*", "repay"), ("a*a", "a"), ("a*b*c", "acb"), ("", "a")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_name_that_means_nothing_is_told_with_those_that_do() {
        let all: Vec<Vec<String>> = (0..40).map(|n| vec![format!("svc-{n}")]).collect();
        let wrong =
            of_names(&all, &["svc-1".into(), "elsewhere".into()]).expect_err("no such name");
        assert!(wrong[0].help.ends_with("svc-11, … and 28 more"), "{}", wrong[0].help);
        let found = of_names(&all, &["svc-1".into(), "svc-2*".into()]).expect("names");
        assert_eq!(found.iter().filter(|meant| **meant).count(), 12);
    }
}
