//! Everything that may be written in a scenario, as data: for `list`, `explain`, the schema and the
//! swarm test.
//!
//! Made by the readers themselves, run without a text, so that it cannot say anything they don't.

use super::{clients, read, textbook};
use std::cell::RefCell;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::settings::{FieldSpec, Part, Reader, Sink, describe, read_tree};
use windtunnel_base::time::SimDuration;
use windtunnel_model::analysis::check::CHECKS;
use windtunnel_model::analysis::check::about::About;
use windtunnel_model::analysis::check::judge::JUDGES;
use windtunnel_model::analysis::promql::Rules;
use windtunnel_model::fault::{CHAOS, DEFECTS};
use windtunnel_model::strategy::STRATEGIES;
use windtunnel_model::traffic::SOURCES;
use windtunnel_model::world::names::Names;
use windtunnel_model::world::service::Version;

/// The groups of parts, in the order of `list`, each with a heading.
pub const GROUPS: [(&str, &str); 9] = [
    ("strategy", "Strategies (spec.strategies, and `then`)"),
    ("defect", "Defects of a new version (spec.release.variants[].faults)"),
    ("chaos", "Faults of the environment (spec.chaos)"),
    ("check", "Metric checks (`checks` and `guardrails` of strategies)"),
    ("judge", "Judges (`judge` of checks)"),
    ("traffic", "Sources of traffic (spec.traffic.arrivals)"),
    ("activity", "Spread of activity over users (spec.traffic.activity)"),
    ("textbook", "Claims that flights judge (windtunnel textbook)"),
    ("scenario", "The document itself"),
];

/// One thing that may be written, with all its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its group, as in [`GROUPS`].
    pub group: &'static str,
    /// Its name in YAML.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its fields, nested ones by their path.
    pub fields: Vec<FieldSpec>,
}

/// All parts and the document, group by group.
pub fn catalogue() -> Vec<Entry> {
    let mut entries = Vec::new();
    add(&mut entries, "strategy", STRATEGIES);
    entries.push(Entry {
        group: "strategy",
        name: MANIFEST,
        summary: "what a manifest beside the scenario says: `- manifest: canary.yaml`",
        fields: describe(manifest),
    });
    add(&mut entries, "defect", DEFECTS);
    add(&mut entries, "chaos", CHAOS);
    add(&mut entries, "check", CHECKS);
    add(&mut entries, "judge", JUDGES);
    add(&mut entries, "traffic", SOURCES);
    add(&mut entries, "activity", clients::ACTIVITIES);
    entries.push(Entry {
        group: "textbook",
        name: textbook::KIND,
        summary: "claims about ways to ship, each with the lines that judge it",
        fields: describe(textbook::document),
    });
    entries.push(Entry {
        group: "scenario",
        name: read::KIND,
        summary: "a service, its traffic, a release and the strategies to compare",
        fields: describe(read::fields),
    });
    entries
}

/// The word by which `spec.strategies` names a manifest.
pub const MANIFEST: &str = "manifest";

/// Its long form; the short one is the path alone. The manifest's own reader takes both.
fn manifest(r: &mut Reader<'_>) {
    let path = "file with the manifests, beside the scenario: whatever their strategy is";
    r.required_text("path", path);
    r.opt_text("name", "name in tables and charts; left out: its kind");
}

/// The group whose parts a field of these names takes (words may come before the names).
pub fn group_of(names: &[&'static str]) -> Option<&'static str> {
    let groups: [(&'static str, Vec<&'static str>); 7] = [
        ("strategy", part_names(STRATEGIES)),
        ("defect", part_names(DEFECTS)),
        ("chaos", part_names(CHAOS)),
        ("check", part_names(CHECKS)),
        ("judge", part_names(JUDGES)),
        ("traffic", part_names(SOURCES)),
        ("activity", part_names(clients::ACTIVITIES)),
    ];
    groups.into_iter().find(|(_, known)| names.ends_with(known)).map(|(group, _)| group)
}

/// The PromQL behind a check's short form, with default names and settings and a window of 1m.
pub fn query_of(check: &str) -> Option<String> {
    let part = CHECKS.iter().find(|part| part.name == check)?;
    let nothing = Node::unplaced(Value::Null);
    let check = read_tree(&nothing, "", &RefCell::new(Sink::default()), part.read);
    let names = Names::of_service("service");
    let rules = Rules::default();
    let about = About { names: &names, replicas: 1, cpu_limit: CPU_LIMIT, routes: &[], rules };
    let query = check.query(&about, SimDuration::from_secs(60), Version::New);
    (!query.is_empty()).then_some(query)
}

/// A CPU limit to explain checks with.
const CPU_LIMIT: f64 = 1.0;

fn add<T>(entries: &mut Vec<Entry>, group: &'static str, parts: &'static [Part<T>]) {
    entries.extend(parts.iter().map(|part| Entry {
        group,
        name: part.name,
        summary: part.summary,
        fields: describe(part.read),
    }));
}

pub(super) fn part_names<T>(parts: &'static [Part<T>]) -> Vec<&'static str> {
    parts.iter().map(|p| p.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_base::settings::SettingKind;

    #[test]
    fn every_field_is_described_and_every_part_has_a_group() {
        let entries = catalogue();
        for entry in &entries {
            assert!(GROUPS.iter().any(|(group, _)| *group == entry.group), "{entry:?}");
            assert!(!entry.summary.is_empty(), "{entry:?}");
            for field in &entry.fields {
                assert!(!field.help.is_empty(), "{}: {} has no help", entry.name, field.path);
                if let SettingKind::Part(names) | SettingKind::Parts(names) = &field.kind {
                    assert!(group_of(names).is_some(), "{}: {}", entry.name, field.path);
                }
            }
        }
        let scenario = entries.last().expect("the document");
        let path = |path: &str| scenario.fields.iter().find(|f| f.path == path).cloned();
        assert!(path("spec.service.replicas").is_some_and(|f| f.required));
        assert!(path("spec.service.routes[].serviceTime").is_some_and(|f| f.default.is_some()));
        assert_eq!(path("spec.onCall").map(|f| f.kind), Some(SettingKind::ObjectOr("none")));
    }

    #[test]
    fn every_short_form_has_its_query() {
        for part in CHECKS {
            let query = query_of(part.name);
            assert_eq!(query.is_some(), part.name != "query", "{}: {query:?}", part.name);
        }
        assert_eq!(query_of("canary"), None);
    }

    #[test]
    fn no_field_is_described_twice() {
        for entry in catalogue() {
            let mut paths: Vec<&str> = entry.fields.iter().map(|f| f.path.as_str()).collect();
            let all = paths.len();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), all, "{}", entry.name);
        }
    }
}
