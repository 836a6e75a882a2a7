//! Layer 4: metric checks that can never fail, or fail every good release, told from their text.
//!
//! Documents go in ([`mod@read`]), findings come out ([`lint`]). A check's query is read, and
//! worked out in worlds that are made up ([`world`]): a good release, one that fails, one that
//! nobody asks. What its controller makes of the answers is worked out by the controller's own
//! rules ([`judging`]). The rules ([`rules`]), a file a code, look at both. Deliberately unknown
//! here: files, flights, and how findings are printed.

#![forbid(unsafe_code)]

pub mod check;
pub mod fill;
pub mod finding;
pub mod judging;
pub mod look;
pub mod query;
pub mod read;
pub mod rules;
pub mod world;

use finding::{Finding, Harm};
use look::Look;
use read::Document;

/// What a lint comes to.
#[derive(Clone, Debug, Default)]
pub struct Lint {
    /// The findings, in the order of files and lines.
    pub findings: Vec<Finding>,
    /// Checks that were looked at.
    pub checks: usize,
    /// Checks that ask somebody else than Prometheus, and were not.
    pub elsewhere: usize,
    /// Seconds between two scrapes that were taken.
    pub scrape_s: f64,
}

/// The code of a query that is none.
pub const NOT_PROMQL: &str = "WT127";

/// Looks at all checks of some documents.
pub fn lint(documents: &[Document<'_>]) -> Lint {
    let found = read::read(documents);
    let mut findings = Vec::new();
    for check in &found.checks {
        match Look::new(check, &found.recorded) {
            Ok(look) => findings.extend(rules::of(&look)),
            Err((byte, why)) => {
                findings.push(unread(check, byte, &why));
                let windows = Look::of_windows(check, &found.recorded);
                findings.extend(windows.iter().flat_map(rules::of));
            }
        }
    }
    findings.sort_by(|a, b| (&a.file, a.place, a.code).cmp(&(&b.file, b.place, b.code)));
    let scrape_s = found.checks.first().map_or(read::SCRAPE_S, |check| check.scrape_s);
    Lint { findings, checks: found.checks.len(), elsewhere: found.elsewhere, scrape_s }
}

/// A query that is no PromQL: every measurement is an error.
fn unread(check: &check::Check, byte: usize, why: &str) -> Finding {
    let written = check.filled.written(byte).min(check.query.text.len());
    let line = check.query.text[..floor(&check.query.text, written)].matches('\n').count() + 1;
    Finding {
        code: NOT_PROMQL,
        harm: Harm::FailsGood,
        file: check.query_file.clone(),
        place: check.query.place,
        object: check.object.clone(),
        check: check.name.clone(),
        evidence: format!("the query is not PromQL, in its line {line}: {why}"),
        repair: "a query that Prometheus takes".to_string(),
    }
}

fn floor(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}
