//! `docs/manifests.md`: what windtunnel does with every field of every kind, from the kinds' own
//! `read` functions.

use super::fields::{FieldDoc, Treatment, describe};
use super::kinds::{KINDS, KindPart};

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

/// The text of the page.
pub fn page() -> String {
    let kinds = KINDS.iter().map(kind).collect::<String>();
    format!("{HEAD}\n{}\n{kinds}", contents())
}

fn contents() -> String {
    let rows = KINDS.iter().map(|part| {
        let versions: Vec<String> = part.versions.iter().map(|v| version(part, v)).collect();
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
