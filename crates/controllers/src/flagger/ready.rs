//! Is a Deployment ready, may it still become so, and how large does the canary start?
//!
//! Read from fluxcd/flagger 1.44 `pkg/canary/deployment_ready.go` and
//! `deployment_controller.go` (`ScaleFromZero`). Deliberately unknown here: pods.

use super::settings::FlaggerSettings;
use windtunnel_base::time::{SimDuration, SimTime};

/// What a Deployment reports of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Has its controller seen the last change of its settings?
    pub observed: bool,
    /// Desired pods.
    pub desired: u32,
    /// Pods of the newest template.
    pub updated: u32,
    /// Pods of any template.
    pub replicas: u32,
    /// Available pods.
    pub available: u32,
    /// Reason `ProgressDeadlineExceeded`.
    pub deadline_exceeded: bool,
    /// Since when it has had fewer available pods than it must (`MinimumReplicasUnavailable`).
    pub unavailable_since: Option<SimTime>,
}

/// A Deployment that is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReady {
    /// Is waiting worth while?
    pub retriable: bool,
    /// The controller's words.
    pub text: String,
}

/// Says whether the Deployment `name` is ready, `deadline` and `threshold` (percent of available
/// pods) being the Canary's.
pub fn check(
    name: &str,
    report: &Report,
    deadline: SimDuration,
    threshold: u32,
    now: SimTime,
) -> Result<(), NotReady> {
    let not = |retriable, text| Err(NotReady { retriable, text });
    let waiting = "waiting for rollout to finish:";
    if !report.observed {
        let text = format!("{waiting} observed deployment generation less than desired generation");
        return not(true, text);
    }
    let retriable = report.unavailable_since.is_none_or(|since| since + deadline >= now);
    // The controller computes in single precision and cuts off.
    let wanted = (report.updated as f32 * (threshold as f32 / 100.0)) as u32;
    if report.deadline_exceeded {
        return not(false, format!("deployment {name:?} exceeded its progress deadline"));
    }
    if report.updated < report.desired {
        let text = format!(
            "{waiting} {} out of {} new replicas have been updated",
            report.updated, report.desired
        );
        return not(retriable, text);
    }
    if report.replicas > report.updated {
        let old = report.replicas - report.updated;
        return not(retriable, format!("{waiting} {old} old replicas are pending termination"));
    }
    if report.available < wanted {
        let text = format!(
            "{waiting} {} of {wanted} (readyThreshold {threshold}%) updated replicas are available",
            report.available
        );
        return not(retriable, text);
    }
    Ok(())
}

/// Pods the canary is scaled up to, its Deployment now asking for `desired` pods and the primary
/// for `primary`: full size, or the autoscaler's minimum, whatever the weight.
pub fn scale_up(settings: &FlaggerSettings, desired: u32, primary: u32) -> u32 {
    if desired > 0 {
        return desired;
    }
    match settings.autoscaler {
        None => primary.max(1),
        Some(scaler) => scaler.min_replicas.unwrap_or(1).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Autoscaler, Names};
    use super::*;

    fn report(desired: u32, updated: u32, replicas: u32, available: u32) -> Report {
        Report { observed: true, desired, updated, replicas, available, ..Report::default() }
    }

    fn at(report: &Report, threshold: u32, secs: u64) -> Result<(), NotReady> {
        let now = SimTime::ZERO + SimDuration::from_secs(secs);
        check("podinfo", report, SimDuration::from_secs(600), threshold, now)
    }

    #[test]
    fn the_rows_of_readiness() {
        let text = |r: Report, threshold| at(&r, threshold, 0).err().map(|n| n.text);
        let waiting = |rest: &str| Some(format!("waiting for rollout to finish: {rest}"));
        assert_eq!(
            text(report(3, 1, 3, 3), 100),
            waiting("1 out of 3 new replicas have been updated")
        );
        assert_eq!(
            text(report(3, 3, 4, 4), 100),
            waiting("1 old replicas are pending termination")
        );
        assert_eq!(
            text(report(3, 3, 3, 2), 100),
            waiting("2 of 3 (readyThreshold 100%) updated replicas are available")
        );
        // Half of three pods is cut to one.
        assert_eq!(text(report(3, 3, 3, 1), 50), None);
        assert_eq!(text(report(3, 3, 3, 3), 100), None);
    }

    #[test]
    fn waiting_ends_with_the_deadline() {
        let mut stuck = report(3, 3, 3, 2);
        stuck.unavailable_since = Some(SimTime::ZERO);
        assert!(at(&stuck, 100, 600).is_err_and(|n| n.retriable));
        assert!(at(&stuck, 100, 601).is_err_and(|n| !n.retriable));
        let mut late = report(3, 3, 3, 3);
        late.deadline_exceeded = true;
        assert!(at(&late, 100, 0).is_err_and(|n| !n.retriable));
    }

    #[test]
    fn the_canary_starts_at_full_size() {
        let mut canary = FlaggerSettings::new(Names::of("podinfo", "test"));
        assert_eq!(scale_up(&canary, 0, 6), 6);
        assert_eq!(scale_up(&canary, 2, 6), 2);
        canary.autoscaler = Some(Autoscaler::default());
        assert_eq!(scale_up(&canary, 0, 6), 1);
        canary.autoscaler = Some(Autoscaler { min_replicas: Some(3), primary: (None, None) });
        assert_eq!(scale_up(&canary, 0, 6), 3);
    }
}
