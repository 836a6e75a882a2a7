//! `lint`: metric checks that can never fail, or fail every good release; nothing flown.

use super::flags::{Format, Lint};
use super::sources::Sources;
use super::{FAILED, FINE, WRONG, files, output};
use serde_json::json;
use windtunnel_base::count::counted;
use windtunnel_base::escape;
use windtunnel_base::problem::{Problem, Severity};
use windtunnel_lint::finding::{Finding, Harm};
use windtunnel_lint::read::{Document, SCRAPE_S};
use windtunnel_lint::rules;

/// Reads whatever is there and tells what is wrong with its checks; 1 if something is.
pub fn run(flags: &Lint) -> u8 {
    let mut sources = Sources::default();
    let (inputs, problems) = files::all(&flags.paths, flags.recursive, &mut sources);
    let problems = sources.locate(problems);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        output::refuse(&problems, &sources, flags.format);
        return WRONG;
    }
    let documents: Vec<Document<'_>> = inputs
        .iter()
        .flat_map(|input| input.documents.iter().map(|node| Document { file: &input.file, node }))
        .collect();
    let lint = windtunnel_lint::lint(&documents);
    let found = lint.findings.iter().any(|finding| finding.harm != Harm::Note);
    match flags.format {
        Format::Json => {
            let answer = json!({
                "checks": lint.checks,
                "elsewhere": lint.elsewhere,
                "assumed": { "scrape_s": lint.scrape_s },
                "findings": lint.findings.iter().map(as_json).collect::<Vec<_>>(),
            });
            output::print(&escape::json::pretty(&answer));
        }
        Format::Text => {
            output::complain(&problems, &sources);
            output::print(&text(&lint, &sources));
        }
    }
    if found { FAILED } else { FINE }
}

fn as_json(finding: &Finding) -> serde_json::Value {
    json!({
        "code": finding.code,
        "name": name(finding),
        "harm": finding.harm.word(),
        "file": &*finding.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "object": finding.object,
        "check": finding.check,
        "evidence": finding.evidence,
        "repair": finding.repair,
    })
}

fn name(finding: &Finding) -> &'static str {
    rules::named(finding.code).map_or("not PromQL", |rule| rule.name)
}

fn text(lint: &windtunnel_lint::Lint, sources: &Sources) -> String {
    let mut text = String::new();
    for finding in &lint.findings {
        let message = format!("{} {}: {}", finding.code, name(finding), finding.evidence);
        let path = format!("{} {}", finding.object, finding.check);
        let problem = Problem::warning(finding.place, path.trim(), message);
        let problem = problem.help(&finding.repair).in_file(&finding.file);
        // The answer goes to standard output, without colours.
        text += &anstream::adapter::strip_str(&output::drawn(&problem, sources)).to_string();
    }
    text + &summary(lint)
}

/// How many checks there are, and what is wrong with how many of them.
fn summary(lint: &windtunnel_lint::Lint) -> String {
    let of = |harm: Harm| {
        let found = lint.findings.iter().filter(|finding| finding.harm == harm);
        let mut checks: Vec<_> = found.map(|f| (&f.file, &f.object, &f.check)).collect();
        checks.sort();
        checks.dedup();
        checks.len()
    };
    let parts = [
        (of(Harm::NeverFails), "can never fail"),
        (of(Harm::FailsGood), "fail good releases"),
        (of(Harm::Weak), "see too little or too late"),
    ];
    let told: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let told = match told.is_empty() {
        true if lint.checks == 0 => {
            "no query of Prometheus here that a release is judged by".into()
        }
        true => "nothing found".to_string(),
        false => told.join(", "),
    };
    let mut text = format!("{}: {told}\n", counted(lint.checks as u64, "check"));
    if lint.elsewhere > 0 {
        let count = counted(lint.elsewhere as u64, "check");
        text += &format!("Not looked at: {count} that ask somebody else than Prometheus\n");
    }
    if lint.checks > 0 && lint.scrape_s == SCRAPE_S {
        text +=
            "Assumed: a scrape every 30 s; a Scenario's spec.telemetry.interval beside says it\n";
    }
    if !lint.findings.is_empty() {
        text += "`windtunnel explain CODE` tells of a code\n";
    }
    text
}
