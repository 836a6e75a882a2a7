//! What a query's selectors pick: versions, answers by their status, and how long a window is.
//!
//! Told from names: labels that say a status, metrics that count failures alone, values and
//! placeholders that say a version. Deliberately unknown here: how a check judges.

use super::fill::Filled;
use windtunnel_promql::ast::{Expr, Matcher, Node, Selector, Test};
use windtunnel_promql::duration::DurationRange;

/// Whose requests a selector sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picks {
    /// The new version's alone.
    New,
    /// The stable version's alone.
    Stable,
    /// Nothing in it tells the versions apart.
    Both,
    /// That hangs on a value which is in no file.
    Unknown,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// 2xx.
    Well,
    /// 3xx.
    Redirect,
    /// 4xx.
    Refused,
    /// 5xx.
    Failed,
}

impl Ended {
    /// All of them.
    pub const ALL: [Ended; 4] = [Ended::Well, Ended::Redirect, Ended::Refused, Ended::Failed];
}

/// Ways in which exporters write how answers ended, in the order of [`Ended::ALL`].
const NOTATIONS: [[&str; 4]; 9] = [
    ["200", "302", "404", "500"],
    ["2xx", "3xx", "4xx", "5xx"],
    ["2", "3", "4", "5"],
    ["OK", "OK", "NotFound", "Internal"],
    ["0", "0", "5", "13"],
    ["success", "success", "success", "failure"],
    ["success", "success", "success", "error"],
    ["ok", "ok", "ok", "error"],
    ["success", "success", "success", "failed"],
];

fn says_status(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let words = ["status", "code", "outcome", "classification", "result", "response_class"];
    words.iter().any(|word| label.contains(word)) && !label.contains("country")
}

/// Does a value pass a condition?
pub fn passes(test: &Test, value: &str) -> bool {
    match test {
        Test::Equal(text) => text == value,
        Test::NotEqual(text) => text != value,
        Test::Like(pattern) => pattern.is_match(value),
        Test::NotLike(pattern) => !pattern.is_match(value),
    }
}

/// The answers that a selector sees, and how they are written in it; nothing if no label says.
pub fn statuses(selector: &Selector) -> Option<Vec<Ended>> {
    let tests: Vec<&Matcher> = selector
        .matchers
        .iter()
        .filter(|matcher| {
            let failing = matcher.label.eq_ignore_ascii_case("error");
            matcher.label != "__name__" && (says_status(&matcher.label) || failing)
        })
        .collect();
    let name = selector.name().unwrap_or_default();
    if tests.is_empty() {
        return by_name(name);
    }
    // The notation in which the conditions tell something apart; a selector for 5xx alone and one
    // for all but 5xx are both of the first.
    let seen = |notation: &[&str; 4]| -> Vec<Ended> {
        let all = Ended::ALL.iter().zip(notation);
        let passing = all.filter(|(_, value)| tests.iter().all(|m| passes(&m.test, value)));
        passing.map(|(ended, _)| *ended).collect()
    };
    let telling = NOTATIONS.iter().map(seen).find(|found| !found.is_empty() && found.len() < 4);
    Some(telling.unwrap_or(Ended::ALL.to_vec()))
}

/// Metrics that count only one kind of end by their own name.
fn by_name(name: &str) -> Option<Vec<Ended>> {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["error", "fail", "5xx", "exception"]) {
        return Some(vec![Ended::Failed]);
    }
    let good = ["success", "succeeded", "completed", "converted", "purchase", "2xx"];
    has(&good).then(|| vec![Ended::Well, Ended::Redirect, Ended::Refused])
}

/// Does a selector count or time requests, as far as its name tells?
pub fn is_of_requests(selector: &Selector) -> bool {
    let name = selector.name().unwrap_or_default();
    // What a rule recorded is no counter any more.
    if name.contains(':') {
        return false;
    }
    let parts = ["request", "response", "call", "rpc", "http", "order", "checkout", "grpc"];
    let counted = ["_total", "_count", "_sum", "_bucket"];
    let other = ["cpu", "memory", "restart", "goroutine", "heap", "in_flight", "inflight", "size"];
    !other.iter().any(|word| name.contains(word))
        && (counted.iter().any(|end| name.ends_with(end))
            || parts.iter().any(|word| name.contains(word))
            || by_name(name).is_some())
}

/// Words that name the new version, and the stable one.
const NEW_WORDS: [&str; 5] = ["canary", "preview", "latest", "candidate", "green"];
const STABLE_WORDS: [&str; 5] = ["stable", "primary", "baseline", "active", "blue"];

/// Whose requests a selector sees; `filled` says what stood where it was read from.
pub fn picks(selector: &Selector, filled: &Filled) -> Picks {
    let mut found = Picks::Both;
    for matcher in selector.matchers.iter().filter(|matcher| matcher.label != "__name__") {
        let one = of_matcher(matcher, filled);
        match (found, one) {
            (_, Picks::New) => return Picks::New,
            (Picks::Both, other) | (Picks::Unknown, other @ Picks::Stable) => found = other,
            _ => {}
        }
    }
    found
}

fn of_matcher(matcher: &Matcher, filled: &Filled) -> Picks {
    let (text, negated) = match &matcher.test {
        Test::Equal(text) => (text.as_str(), false),
        Test::NotEqual(text) => (text.as_str(), true),
        Test::Like(pattern) => (pattern.as_str(), false),
        Test::NotLike(pattern) => (pattern.as_str(), true),
    };
    if says_status(&matcher.label) || matcher.label == "le" {
        return Picks::Both;
    }
    // Flagger's ingresses: the canary's series bear its name, those of the primary none.
    if matcher.label == "canary" {
        return if negated == text.is_empty() { Picks::New } else { Picks::Stable };
    }
    let has = |words: &[&str]| words.iter().any(|word| text.to_ascii_lowercase().contains(word));
    let side = |new: bool| if new == negated { Picks::Stable } else { Picks::New };
    if has(&STABLE_WORDS) {
        return side(false);
    }
    if has(&NEW_WORDS) {
        return side(true);
    }
    // A label that says a version is held to one; a workload that is the target's is the canary's.
    let label = matcher.label.to_ascii_lowercase();
    let literal = matches!(&matcher.test, Test::Equal(text) if !text.is_empty());
    let versions = ["version", "revision", "track", "variant", "slot"];
    let of_hash = filled.spans.iter().any(|span| text.contains(&filled.text[span.from..span.to]));
    if literal && !of_hash && versions.iter().any(|word| label.contains(word)) {
        return Picks::New;
    }
    if literal && Some(text) == filled.target.as_deref() && !is_whole(&matcher.label) {
        return Picks::New;
    }
    if label.contains("namespace") {
        return Picks::Both;
    }
    for span in &filled.spans {
        let value = &filled.text[span.from..span.to];
        if value.is_empty() || !text.contains(value) {
            continue;
        }
        match span.word.as_str() {
            // Flagger's target is what the new version runs in; the primary has a name of its own.
            "target" if !is_whole(&matcher.label) => return side(true),
            word if word.starts_with("args.") || word.starts_with("variables.") => {
                let word = word.to_ascii_lowercase();
                let says = |words: &[&str]| words.iter().any(|part| word.contains(part));
                if says(&STABLE_WORDS) {
                    return side(false);
                }
                if says(&NEW_WORDS) || says(&["hash", "version", "revision"]) {
                    return side(true);
                }
                if !span.known {
                    return Picks::Unknown;
                }
            }
            _ => {}
        }
    }
    Picks::Both
}

/// Labels that name a service as a whole, both of its versions.
fn is_whole(label: &str) -> bool {
    matches!(label, "app" | "service" | "job" | "ingress" | "host" | "destination_service_name")
        || label.ends_with("namespace")
}

/// A selector in a query, with the function that asks it over a window.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'q> {
    /// The selector.
    pub selector: &'q Selector,
    /// The window in milliseconds; nothing for an instant.
    pub window_ms: Option<i64>,
    /// The function that a window is handed to: `rate`.
    pub function: Option<&'static str>,
    /// The first byte of the selector in the filled query.
    pub at: usize,
}

/// All selectors of a query, from left to right.
pub fn asked(expr: &Expr) -> Vec<Asked<'_>> {
    let mut found = Vec::new();
    walk(expr, None, &mut found);
    found.sort_by_key(|asked| asked.at);
    found
}

fn walk<'q>(expr: &'q Expr, function: Option<&'static str>, found: &mut Vec<Asked<'q>>) {
    let at = expr.at;
    match &expr.node {
        Node::Selector(selector) => {
            found.push(Asked { selector, window_ms: None, function, at });
        }
        Node::Range(selector, length) => {
            let window_ms = length.ms(DurationRange::default()).ok();
            found.push(Asked { selector, window_ms, function, at });
        }
        Node::Call(called, arguments) => {
            arguments.iter().for_each(|argument| walk(argument, Some(called.name), found));
        }
        _ => expr.children().into_iter().for_each(|child| walk(child, function, found)),
    }
}
