//! `docs/manifests.md`: what windtunnel does with every field of every kind, from the kinds' own
//! `read` functions.

use super::fields::{FieldDoc, Treatment, describe};
use super::kinds::{KINDS, KindPart};
use super::unflown;

const HEAD: &str = "\
# Manifests

What windtunnel does with every field of the manifests it reads. The page is made from the code that
reads them (`UPDATE_GOLDEN=1 cargo test --test manifests`), so it can't say anything else.

- **flown**: the field shapes the flight.
- **no effect**: it changes nothing that a flight measures; it is listed as ignored.
- **not flown**: it would change figures, and is listed as ignored.
- **overridden**: the real system overrides it, cuts it or never reads it, and so does a flight; it
  is listed as overridden, with what holds instead.
- **tools**: the server or a tool wrote it; it is listed, and `--strict` lets it pass. So is a
  value of the two kinds before that the API server writes by default (`dnsPolicy: ClusterFirst`).

Names and types are those of Kubernetes 1.36, Flagger 1.44, Argo Rollouts 1.10, Istio 1.31 and the
Gateway API 1.6: a test holds them against the schemas. A field that is not named here is unknown:
it is listed as ignored with the nearest known name, and `--strict` refuses it. Paths end in `[]`
for lists and in `*` for free keys.
";

const UNFLOWN: &str = "\
## Kinds that are not flown

A document of any other kind, and of a kind of this page's name in another group, is searched for
references to what is flown: `targetRef`, `workloadRef`, `scaleTargetRef` and the like, backends and
other names of Services, hosts, selectors, labels of pods that it runs, also in annotations and by
way of other documents.

- It **owns the release** (it names a workload and plans steps, batches or an analysis), **divides
  requests** (weights among several, copies, pods behind the same Service, one side of a Rollout) or
  **sets the size** (a `scaleTargetRef`, bounds of replicas): an error. `--lenient` makes it a
  warning, and the flight goes on without it.
- It refers to what is flown in another way: one warning for all of its kind.
- It is made or led by a controller that is flown, or refers to nothing that is: a note.

What is known of kinds, whatever they refer to:

";

/// The text of the page.
pub fn page() -> String {
    let kinds = named().map(kind).collect::<String>();
    format!("{HEAD}\n{}\n{kinds}{UNFLOWN}{}", contents(), unflown::page())
}

/// The kinds, each once, whatever groups it has been in.
fn named() -> impl Iterator<Item = &'static KindPart> {
    let first = |i: usize, part: &KindPart| KINDS[..i].iter().all(|other| other.kind != part.kind);
    KINDS.iter().enumerate().filter(move |(i, part)| first(*i, part)).map(|(_, part)| part)
}

fn contents() -> String {
    let rows = named().map(|part| {
        let groups = KINDS.iter().filter(|other| other.kind == part.kind);
        let versions = groups.flat_map(|of| of.versions.iter().map(|v| version(of, v)));
        let versions: Vec<String> = versions.collect();
        format!("| {} | {} | {} | {} |\n", part.kind, versions.join(", "), part.summary, part.since)
    });
    format!(
        "| kind | apiVersion | what it is here | since |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn version(part: &KindPart, version: &str) -> String {
    if part.group.is_empty() { version.to_string() } else { format!("{}/{version}", part.group) }
}

fn kind(part: &KindPart) -> String {
    let mut rows = String::new();
    let mut seen: Vec<String> = Vec::new();
    for field in describe(part.read) {
        if !seen.contains(&field.path) {
            rows.push_str(&row(&field, part));
            seen.push(field.path);
        }
    }
    format!(
        "## {}\n\n{}. Source of the meaning of its fields: {}.\n\n\
         | field | holds | | what windtunnel does with it | since |\n\
         |---|---|---|---|---|\n{rows}\n",
        part.kind, part.summary, part.source
    )
}

fn row(field: &FieldDoc, part: &KindPart) -> String {
    let treatment = match field.treatment {
        Treatment::Used => "flown",
        Treatment::NoEffect => "no effect",
        Treatment::NotFlown => "not flown",
        Treatment::Overridden => "overridden",
        Treatment::Bookkeeping => "tools",
    };
    let becomes = field.becomes.replace('|', "\\|");
    format!("| `{}` | {} | {treatment} | {becomes} | {} |\n", field.path, field.holds, part.since)
}
