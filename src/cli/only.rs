//! `--only`: of everything that was named the services and scenarios that are meant.

use super::files::wrong;
use crate::base::escape::short::thousands;
use crate::base::node::Node;
use crate::base::problem::{Problem, nearest};
use crate::manifest::note::Note;
use crate::manifest::{Flyable, Import, Input, is_manifest};
use crate::scenario::read;
use std::collections::BTreeSet;

/// Names that are listed when one is to be chosen.
const LISTED: usize = 12;

/// Keeps the units of manifests, and the Scenarios beside them, that one of the patterns means;
/// what was noted of objects that only others use goes with those.
pub fn of_import(import: &mut Import, patterns: &[String]) -> Result<(), Vec<Problem>> {
    if patterns.is_empty() {
        return Ok(());
    }
    let names = |flyable: &Flyable| {
        let own = read::named(&flyable.node).map(str::to_string);
        own.into_iter().chain(flyable.names.iter().cloned()).collect::<Vec<_>>()
    };
    let all: Vec<Vec<String>> = import.flyables.iter().map(names).collect();
    let meant = chosen(&all, patterns)?;
    let mut number = 0;
    let (kept, left): (Vec<Flyable>, Vec<Flyable>) =
        std::mem::take(&mut import.flyables).into_iter().partition(|_| {
            number += 1;
            meant[number - 1]
        });
    let titles = |flyables: &[Flyable]| -> BTreeSet<String> {
        flyables.iter().flat_map(|f| f.objects.iter().cloned()).collect()
    };
    let foreign = &titles(&left) - &titles(&kept);
    import.flyables = kept;
    let own = |note: &Note| !foreign.contains(&note.object);
    let lists = &mut import.lists;
    for list in [&mut lists.understood, &mut lists.assumed, &mut lists.ignored] {
        list.retain(own);
    }
    // The path of a problem with a manifest begins with its object.
    let object = |path: &str| path.split(' ').next().unwrap_or_default().to_string();
    import.warnings.retain(|problem| !foreign.contains(&object(&problem.path)));
    Ok(())
}

/// Keeps the Scenarios that one of the patterns means.
pub fn of_scenarios(inputs: &mut Vec<Input>, patterns: &[String]) -> Result<(), Vec<Problem>> {
    if patterns.is_empty() {
        return Ok(());
    }
    let names = |document: &Node| read::named(document).map(str::to_string).into_iter().collect();
    let documents = || inputs.iter().flat_map(|input| &input.documents);
    let all: Vec<Vec<String>> = documents().filter(|d| !is_manifest(d)).map(names).collect();
    let mut meant = chosen(&all, patterns)?.into_iter();
    // A file of which nothing is meant says nothing; one without documents is told of as ever.
    inputs.retain_mut(|input| {
        let empty = input.documents.is_empty();
        input.documents.retain(|document| is_manifest(document) || meant.next() == Some(true));
        empty || !input.documents.is_empty()
    });
    Ok(())
}

/// Which of those that bear these names are meant; each pattern must mean one.
fn chosen(all: &[Vec<String>], patterns: &[String]) -> Result<Vec<bool>, Vec<Problem>> {
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
            problems.push(wrong("--only", message, &help));
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

/// How to choose, where more were named than can be taken.
pub fn how(names: &[&str]) -> String {
    format!("choose with --only NAME (* stands for any letters), of {}", listed(names))
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
        let wrong = chosen(&all, &["svc-1".into(), "elsewhere".into()]).expect_err("no such name");
        assert!(wrong[0].help.ends_with("svc-11, … and 28 more"), "{}", wrong[0].help);
        let found = chosen(&all, &["svc-1".into(), "svc-2*".into()]).expect("names");
        assert_eq!(found.iter().filter(|meant| **meant).count(), 12);
    }
}
