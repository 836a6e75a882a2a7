//! Of problems that follow from one another only the first is told: what a typo hides is not
//! missing, and names that a broken list would have had are not unknown.

use windtunnel_base::problem::{Problem, Severity};

/// Without those that another one explains.
pub(super) fn only_roots(problems: Vec<Problem>) -> Vec<Problem> {
    let follows = |problem: &Problem| problems.iter().any(|cause| explains(cause, problem));
    let kept: Vec<bool> = problems.iter().map(|problem| !follows(problem)).collect();
    problems.into_iter().zip(kept).filter_map(|(problem, kept)| kept.then_some(problem)).collect()
}

fn explains(cause: &Problem, other: &Problem) -> bool {
    if cause.severity != Severity::Error || cause.place == other.place && cause == other {
        return false;
    }
    hides(cause, other) || takes_names(cause, other)
}

/// `servce` hides `service`, and with it all that must stand in it.
fn hides(cause: &Problem, other: &Problem) -> bool {
    let meant = cause.help.strip_prefix("did you mean ").and_then(|rest| rest.strip_suffix('?'));
    let Some(meant) = meant.filter(|_| cause.message.starts_with("unknown key")) else {
        return false;
    };
    let Some(missing) = other.message.strip_suffix(" is missing") else { return false };
    let dot = if cause.path.is_empty() { "" } else { "." };
    let inside = format!("{}{dot}{meant}", cause.path);
    let within = other.path == inside || other.path.starts_with(&format!("{inside}."));
    other.path == cause.path && missing == meant || within
}

/// Lines of `expect` name strategies and releases of lists that could not be read.
fn takes_names(cause: &Problem, other: &Problem) -> bool {
    let unknown = |what: &str| other.message.starts_with(&format!("unknown {what} "));
    let of = |list: &str| cause.path.starts_with(list);
    other.path == "spec.expect"
        && (of("spec.strategies") && unknown("strategy")
            || of("spec.release") && unknown("variant"))
}
