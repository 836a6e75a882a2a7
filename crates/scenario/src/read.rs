//! Text → scenarios: the head of a document, the fields of `spec`, and everything wrong with them.
//!
//! All problems come at once, in the order of the text. Defaults of lists are written into the
//! tree before it is read, so that a default is read like anything else. Deliberately unknown
//! here: files and the engine. Read next: `service`, `clients`, `release` and `operations`, which
//! read the parts of `spec`.

use super::{
    causes, clients, consistency, expect, operations, release, scalar, scaling, service, textbook,
    tree, warn, words, yaml,
};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use windtunnel_base::escape::short::middle;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Place, Problem, Severity, nearest};
use windtunnel_base::settings::{Reader, Sink, read_tree};
use windtunnel_base::source::Source;
use windtunnel_base::time::SimDuration;
use windtunnel_model::scenario::ids::PlanId;
use windtunnel_model::scenario::model::{Expectation, Scenario};
use windtunnel_model::scenario::{crew, prices};
use windtunnel_model::strategy::Plan;
use windtunnel_model::world::service::Service;

/// The version of the format.
pub const API_VERSION: &str = "windtunnel/v1alpha1";

/// The kind of document read here.
pub const KIND: &str = "Scenario";

/// Scenarios with warnings, or all problems (warnings included).
pub type Read = Result<(Vec<Scenario>, Vec<Problem>), Vec<Problem>>;

/// Longest flight.
const HORIZON_MAX: SimDuration = SimDuration::from_secs(30 * 86_400);

/// Reads all scenarios of a text; `file` is its name in problems.
pub fn read(text: &str, file: &str) -> Read {
    match yaml::documents(text, file) {
        Ok(documents) => read_documents(&documents, text, file),
        Err(problem) => Err(vec![problem]),
    }
}

/// Reads scenarios from parsed documents, perhaps changed by [`set`]; `text` is what they were
/// parsed from (its head comment belongs to the first scenario).
pub fn read_documents(documents: &[Node], text: &str, file: &str) -> Read {
    let sink = RefCell::new(Sink::default());
    let mut scenarios: Vec<Scenario> = Vec::new();
    for document in documents.iter().filter(|d| is_scenario(d, &sink)) {
        let head = if scenarios.is_empty() { head(text) } else { String::new() };
        let scenario = Scenario { head, ..document_of(document, &sink) };
        if scenarios.iter().any(|s| s.name == scenario.name) {
            let place = tree::place(document, "metadata.name");
            let same = |other: &&Node| named(other) == Some(&scenario.name);
            let first = documents.iter().find(same).map(|d| tree::place(d, "metadata.name"));
            let first = first.map_or(String::new(), |p| format!(", first in line {}", p.line));
            let found = format!("the name {:?} is given twice{first}", scenario.name);
            push(&sink, Problem::error(place, "metadata.name", found));
        }
        scenarios.push(scenario);
    }
    let mut problems = sink.into_inner().problems;
    if documents.is_empty() {
        let nothing = Problem::error(Place { line: 1, column: 1 }, "", "found nothing");
        let expected = format!("a document of kind {KIND}");
        problems.push(nothing.expected(expected).help("`windtunnel new NAME` writes one"));
    }
    let file: Arc<str> = Arc::from(file);
    for line in scenarios.iter_mut().flat_map(|scenario| &mut scenario.expect) {
        if line.place.line > 0 {
            line.file = Arc::clone(&file);
        }
    }
    let mut problems: Vec<Problem> = problems.into_iter().map(|p| p.in_file(&file)).collect();
    let source = Source::yaml(text);
    scalar::locate(&mut problems, |_| Some(&source));
    problems.sort_by_key(|p| p.place);
    problems.dedup();
    let problems = causes::only_roots(problems);
    match problems.iter().any(|p| p.severity == Severity::Error) {
        true => Err(problems),
        false => Ok((scenarios, problems)),
    }
}

/// The platform scrapes no faster than `every`: what the scenario leaves open is scraped so often,
/// and what it says may not be faster.
fn scrape(
    document: &Node,
    scenario: &mut Scenario,
    every: Option<SimDuration>,
    sink: &RefCell<Sink>,
) {
    let path = "spec.telemetry.interval";
    let interval = scenario.telemetry.interval;
    let Some(every) = every.filter(|every| *every > interval) else { return };
    if document.at(path).is_none() {
        scenario.telemetry.interval = every;
        return;
    }
    let found = format!("found {interval}, faster than the platform scrapes");
    let problem = Problem::error(tree::place(document, path), path, found);
    let expected = format!("{every} or more, as spec.constraints.scrapeEvery says");
    let help = "leave spec.telemetry.interval out to scrape as often as the platform does";
    push(sink, problem.expected(expected).help(help));
}

/// Sets a field of a document by its path, as `--set` does; default lists can be reached into.
pub fn set(document: &mut Node, path: &str, value: &str) -> Result<(), Problem> {
    fill_defaults(document);
    tree::set(document, path, value)
}

/// Writes the defaults of lists into a document that leaves them out.
pub fn fill_defaults(document: &mut Node) {
    tree::fill(document, "spec.service.routes", service::ROUTES);
    tree::fill(document, "spec.release.variants", release::VARIANTS);
    tree::fill(document, "spec.strategies", release::PLANS);
}

/// The comment at the head of a text, without its `#`.
pub fn head(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    let bare = lines.map(|line| {
        let line = line.trim_start_matches('#');
        line.strip_prefix(' ').unwrap_or(line).trim_end()
    });
    bare.collect::<Vec<_>>().join("\n").trim().to_string()
}

/// The name that a document gives its scenario.
pub fn named(document: &Node) -> Option<&str> {
    document.get("metadata")?.get("name")?.text()
}

fn push(sink: &RefCell<Sink>, problem: Problem) {
    sink.borrow_mut().problems.push(problem);
}

/// Is the document a scenario? Complains about one that is not.
fn is_scenario(document: &Node, sink: &RefCell<Sink>) -> bool {
    let accepted = format!("apiVersion: {API_VERSION}, kind: {KIND}");
    if !matches!(document.value, Value::Map(_)) {
        let found = format!("found {}", document.shown());
        push(sink, Problem::error(document.place, "", found).expected(accepted));
        return false;
    }
    let Some(kind) = document.get("kind") else {
        let missing = Problem::error(document.place, "", "kind is missing").expected(accepted);
        push(sink, missing);
        return document.get("spec").is_some();
    };
    if kind.text() != Some(KIND) {
        let found = format!("found {}", kind.shown());
        let problem = Problem::error(kind.place, "kind", found).expected(accepted);
        let near = kind.text().and_then(|k| nearest(k, [KIND]));
        if kind.text() == Some(textbook::KIND) {
            push(sink, problem.help("`windtunnel textbook FILE` judges its claims"));
            return false;
        }
        push(
            sink,
            match near {
                Some(near) => problem.help(format!("did you mean {near}?")),
                None => problem
                    .help("`windtunnel import` reads manifests of Kubernetes and its controllers"),
            },
        );
        return false;
    }
    if document.get("apiVersion").is_none() {
        let missing = Problem::error(document.place, "", "apiVersion is missing");
        push(sink, missing.expected(accepted));
    }
    true
}

/// Reads one document and checks that its parts fit together.
fn document_of(document: &Node, sink: &RefCell<Sink>) -> Scenario {
    let mut filled = document.clone();
    fill_defaults(&mut filled);
    let start = sink.borrow().problems.len();
    let Draft { mut scenario, expect, scrape_every } = read_tree(&filled, "", sink, fields);
    scrape(&filled, &mut scenario, scrape_every, sink);
    for problem in consistency::check(&filled, &scenario) {
        push(sink, problem);
    }
    for (place, line) in &expect {
        match expect::parse(line, *place, &scenario) {
            Ok(expectation) => scenario.expect.push(expectation),
            Err(problem) => push(sink, problem),
        }
    }
    // Of this document, for others of the stream may stand before it.
    let own = sink.borrow().problems[start..].to_vec();
    let sound = own.iter().all(|problem| problem.severity != Severity::Error);
    match crew::bind(&scenario) {
        Ok((pilots, _)) if sound => {
            for problem in warn::warnings(&filled, &scenario, &pilots) {
                push(sink, problem);
            }
        }
        Ok(_) => {}
        Err(problems) => {
            let mut told = wrong_fields(&own);
            for problem in problems.into_iter().filter(|p| told.insert(p.path.clone())) {
                let place = tree::place(&filled, &problem.path);
                push(sink, Problem { place, ..problem });
            }
        }
    }
    scenario
}

/// The fields of which it has been said already that they are wrong or missing: that a text which
/// could not be read is no query either is no news.
fn wrong_fields(told: &[Problem]) -> BTreeSet<String> {
    let field = |problem: &Problem| match problem.message.strip_suffix(" is missing") {
        Some(name) => format!("{}.{name}", problem.path),
        None => problem.path.clone(),
    };
    told.iter().filter(|p| p.severity == Severity::Error).map(field).collect()
}

/// What a document yields before its parts are held against each other.
pub(super) struct Draft {
    scenario: Scenario,
    expect: Vec<(Place, String)>,
    scrape_every: Option<SimDuration>,
}

/// Reads all fields of a document; also run without one, to describe them.
pub(super) fn fields(r: &mut Reader<'_>) -> Draft {
    r.choice("apiVersion", &[API_VERSION], API_VERSION, "version of this format");
    r.choice("kind", &[KIND], KIND, "what this document is");
    let name = r.object("metadata", "about this document", |r| {
        let name = r.required_text("name", "name of the scenario, unique within a run");
        words::check(r, "name", &name);
        name
    });
    r.object("spec", "the scenario", |r| spec(r, name))
}

fn spec(r: &mut Reader<'_>, name: String) -> Draft {
    let horizon = r.duration("horizon", "60m", "length of every flight, the same for all");
    if horizon < SimDuration::from_secs(10) || horizon > HORIZON_MAX {
        r.problem("horizon", format!("found {horizon}"), "10s to 30 days", "");
    }
    let (objective, slow) = r.object("objective", "what counts as good", operations::objective);
    let (service, scaling) =
        r.object("service", "the service under test", |r| (service::read(r), scaling::read(r)));
    let cluster = r.object("cluster", "the cluster's own controllers", operations::cluster);
    let clients = r.object("traffic", "who sends requests, and when", clients::read);
    let release = r.object("release", "what is released", release::release);
    let chaos = release::chaos(r);
    let on_call = operations::on_call(r, objective);
    let telemetry = r.object("telemetry", "what is scraped", operations::telemetry);
    let plans = release::plans(r);
    let come_back = "share of failed business requests that come back later (assumption)";
    let come_back = r.share("comeBack", "50%", come_back);
    let per_year = "such releases a year, for harm per year; one a week (assumption)";
    let releases_per_year = r.number("releasesPerYear", 52.0, 0.0..=1e6, per_year);
    let prices = r.object("prices", "what things cost, in US dollars", prices::read);
    let baseline = baseline(r, &plans);
    let help = "what must hold, such as `canary · bad · users_hurt_by_release_share · p95 < 0.5%`, \
        `canary · bad · verdict rolled-back-bad ≥ 90%` or `canary · bad · stopped_by errorRate ≥ \
        90%`";
    let lines = r.texts("expect", "", help, |line| Some(line.to_string()), "a line of text");
    let (constraints, scrape_every) =
        r.object("constraints", "what the platform can't do", operations::constraints);
    let mut budget = r.object("replications", "how many flights", operations::budget);
    budget.strategies_listed = plans.len() as u32;
    let service = Service {
        timeout: clients.timeout,
        retries: clients.retries,
        slow,
        objective,
        come_back,
        ..service
    };
    let scenario = Scenario {
        name,
        head: String::new(),
        point: None,
        horizon,
        service: Arc::new(service),
        autoscaler: scaling.autoscaler,
        applied: scaling.applied,
        disruptions: scaling.disruptions,
        cluster,
        traffic: clients.traffic,
        release,
        chaos,
        on_call,
        telemetry,
        plans,
        releases_per_year,
        prices,
        baseline,
        expect: Vec::<Expectation>::new(),
        constraints,
        budget,
    };
    Draft { scenario, expect: lines, scrape_every }
}

/// The strategy of today.
fn baseline(r: &mut Reader<'_>, plans: &[Plan]) -> Option<PlanId> {
    let help = "the strategy of today, which the others are compared with in dollars";
    let name = r.opt_text("baseline", help)?;
    let found = plans.iter().position(|plan| plan.name == name).map(PlanId);
    if found.is_none() {
        let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
        let help = match nearest(&name, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => String::new(),
        };
        let message = format!("unknown strategy {:?}", middle(&name, 40));
        r.problem("baseline", message, &format!("one of {}", names.join(", ")), &help);
    }
    found
}
