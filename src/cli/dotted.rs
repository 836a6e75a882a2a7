//! Names that `explain` takes apart: paths through parts (`canary.checks.errorRate.max`), and the
//! ratings with their words.

use serde_json::{Value, json};
use windtunnel_base::settings::{FieldSpec, SettingKind};
use windtunnel_model::outcome::Rating;
use windtunnel_report::reading::RULES;
use windtunnel_scenario::describe::Entry;

/// What a rating is, or what one of its words takes: as text and as JSON.
pub fn rating(name: &str) -> Option<(String, Value)> {
    if name.is_empty() || name.contains('*') {
        return None;
    }
    let plain = |rule: &str| rule.replace('*', "");
    if ["rating", "ratings"].contains(&name) {
        let rules = RULES.map(plain);
        let told: String = rules.iter().map(|rule| format!("    {rule}\n")).collect();
        let title = "rating (of a strategy, by the flights of a scenario)";
        return Some((format!("{title}:\n{told}"), json!({ "rating": name, "rules": rules })));
    }
    let of_rating = Rating::ALL.into_iter().find(|rating| rating.word() == name);
    let has_word = |rule: &&&str| rule.contains(&format!("*{name}*"));
    let rules: Vec<&str> = match of_rating {
        Some(rating) => vec![RULES[rating as usize]],
        None => RULES.iter().filter(has_word).copied().collect(),
    };
    if rules.is_empty() {
        return None;
    }
    let texts: Vec<String> = rules.iter().map(|rule| plain(rule)).collect();
    let kind = if of_rating.is_some() { "rating" } else { "a word of a rating" };
    let told: String = texts.iter().map(|rule| format!("    {rule}\n")).collect();
    Some((format!("{name} ({kind}):\n{told}"), json!({ "rating": name, "rules": texts })))
}

/// The field at the end of a path, and the part that it belongs to.
pub fn field<'e>(entries: &'e [Entry], path: &str) -> Option<(&'e Entry, &'e FieldSpec)> {
    let (entry, rest) = walked(entries, path)?;
    let wanted = rest.join(".");
    entry.fields.iter().find(|field| bare(&field.path) == wanted).map(|field| (entry, field))
}

/// The fields of this very name, with the parts that have one.
pub fn within<'e>(entries: &'e [Entry], name: &str) -> Vec<(&'e Entry, &'e FieldSpec)> {
    let named = |field: &&FieldSpec| bare(&field.path) == bare(name);
    entries.iter().filter_map(|e| Some((e, e.fields.iter().find(named)?))).collect()
}

/// The part at the end of a path.
pub fn part<'e>(entries: &'e [Entry], path: &str) -> Option<&'e Entry> {
    let (entry, rest) = walked(entries, path)?;
    rest.is_empty().then_some(entry)
}

/// Follows a path through the parts that it names; the steps within the last one come back.
fn walked<'e, 'p>(entries: &'e [Entry], path: &'p str) -> Option<(&'e Entry, Vec<&'p str>)> {
    let steps: Vec<&str> =
        path.split('.').map(|step| step.split('[').next().unwrap_or(step)).collect();
    let document = || entries.iter().find(|entry| entry.group == "scenario");
    let first = entries
        .iter()
        .find(|entry| Some(&entry.name) == steps.first() && entry.group != "scenario");
    let (mut entry, mut rest) = match first {
        Some(entry) => (entry, &steps[1..]),
        None => (document()?, &steps[..]),
    };
    while let Some((next, left)) = deeper(entries, entry, rest) {
        (entry, rest) = (next, left);
    }
    Some((entry, rest.to_vec()))
}

/// The part that a field of `entry` holds under the next steps, with the steps that are left.
fn deeper<'e, 's, 'p>(
    entries: &'e [Entry],
    entry: &Entry,
    rest: &'s [&'p str],
) -> Option<(&'e Entry, &'s [&'p str])> {
    (1..rest.len()).find_map(|count| {
        let path = rest[..count].join(".");
        let at = |field: &&FieldSpec| {
            bare(&field.path).trim_start_matches("spec.") == path.trim_start_matches("spec.")
        };
        let field = entry.fields.iter().find(at)?;
        let (SettingKind::Part(names) | SettingKind::Parts(names)) = &field.kind else {
            return None;
        };
        let name = names.iter().find(|name| **name == rest[count])?;
        // Of parts that share a name, the one whose group holds all names of the field.
        let group = |entry: &&Entry| {
            names.iter().all(|n| entries.iter().any(|e| e.group == entry.group && e.name == *n))
        };
        let part = entries.iter().filter(|entry| entry.name == *name).find(group)?;
        Some((part, &rest[count + 1..]))
    })
}

/// A path without the marks of lists.
fn bare(path: &str) -> String {
    path.replace("[]", "")
}
