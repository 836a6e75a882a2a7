//! What `kubectl rollout status` prints, which is what many pipelines wait for.
//!
//! Follows kubectl `pkg/polymorphichelpers/rollout_status.go`. Deliberately unknown here: when it
//! looks (each time the Deployment changes) and how long it waits (for ever, unless told).

use super::progress::Reason;
use super::status::DeploymentStatus;

/// One line, and whether it is the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusLine {
    /// The text, without the end of the line.
    pub text: String,
    /// Has the rollout succeeded?
    pub done: bool,
}

/// What the command sees of a Deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched<'a> {
    /// Name of the Deployment, as kubectl prints it.
    pub name: &'a str,
    /// Generation of its settings.
    pub generation: u64,
    /// `spec.replicas`.
    pub replicas: u32,
    /// `status` of the Deployment at this moment: pods by what they are.
    pub status: DeploymentStatus,
    /// The reason of its condition `Progressing`, if it has one.
    pub reason: Option<Reason>,
    /// The running revision.
    pub revision: u64,
}

/// The line printed for a Deployment. The error ends the command with exit code 1: the progress
/// deadline has passed, or a `wanted` revision (option `--revision`) is not the running one. New
/// pods count as updated when they are created, not when they are ready.
pub fn status_line(seen: &Watched, wanted: Option<u64>) -> Result<StatusLine, String> {
    let (status, name, running) = (&seen.status, seen.name, seen.revision);
    if let Some(wanted) = wanted.filter(|wanted| *wanted > 0 && *wanted != running) {
        return Err(format!(
            "desired revision ({wanted}) is different from the running revision ({running})"
        ));
    }
    let waiting = |rest: &str| {
        let text = format!("Waiting for deployment {rest}");
        Ok(StatusLine { text, done: false })
    };
    if seen.generation > status.observed_generation {
        return waiting("spec update to be observed...");
    }
    if seen.reason == Some(Reason::ProgressDeadlineExceeded) {
        return Err(format!("deployment \"{name}\" exceeded its progress deadline"));
    }
    let unfinished = |what: String| waiting(&format!("\"{name}\" rollout to finish: {what}..."));
    let DeploymentStatus { replicas, updated, available, .. } = *status;
    if updated < seen.replicas {
        let all = seen.replicas;
        return unfinished(format!("{updated} out of {all} new replicas have been updated"));
    }
    if replicas > updated {
        let old = replicas - updated;
        return unfinished(format!("{old} old replicas are pending termination"));
    }
    if available < updated {
        return unfinished(format!("{available} of {updated} updated replicas are available"));
    }
    let text = format!("deployment \"{name}\" successfully rolled out");
    Ok(StatusLine { text, done: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_end_the_command() {
        let status = DeploymentStatus { observed_generation: 2, ..DeploymentStatus::default() };
        let reason = Some(Reason::ProgressDeadlineExceeded);
        let mut seen =
            Watched { name: "web", generation: 2, replicas: 1, status, reason, revision: 4 };
        let text = "deployment \"web\" exceeded its progress deadline";
        assert_eq!(status_line(&seen, None), Err(text.into()));
        let text = "desired revision (3) is different from the running revision (4)";
        assert_eq!(status_line(&seen, Some(3)), Err(text.into()));
        seen.generation = 3;
        let line = status_line(&seen, None).expect("still waiting");
        assert_eq!(line.text, "Waiting for deployment spec update to be observed...");
    }
}
