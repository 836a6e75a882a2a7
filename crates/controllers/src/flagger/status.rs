//! What Flagger keeps of a Canary between ticks, and how it is written.
//!
//! Read from fluxcd/flagger 1.44 `pkg/canary/status.go` and `pkg/canary/spec.go`. Deliberately
//! unknown here: why anything is written.

/// `status.phase`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The primary is being made.
    Initializing,
    /// Nothing has been released yet.
    #[default]
    Initialized,
    /// A gate holds the analysis back.
    Waiting,
    /// The analysis runs.
    Progressing,
    /// A gate holds the promotion back.
    WaitingPromotion,
    /// The primary gets the new template, then the traffic.
    Promoting,
    /// The canary is about to be scaled down.
    Finalising,
    /// Promoted.
    Succeeded,
    /// Rolled back, or a promotion that failed.
    Failed,
}

impl Phase {
    /// The word in `kubectl get canary`.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Initializing => "Initializing",
            Phase::Initialized => "Initialized",
            Phase::Waiting => "Waiting",
            Phase::Progressing => "Progressing",
            Phase::WaitingPromotion => "WaitingPromotion",
            Phase::Promoting => "Promoting",
            Phase::Finalising => "Finalising",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
        }
    }

    /// Is an analysis or a promotion under way, so that a tick goes on whatever the template?
    pub fn is_under_way(self) -> bool {
        matches!(self, Phase::Waiting) || self.has_begun()
    }

    /// Is the canary scaled up?
    pub fn has_begun(self) -> bool {
        matches!(
            self,
            Phase::Progressing | Phase::WaitingPromotion | Phase::Promoting | Phase::Finalising
        )
    }

    /// May a changed template still restart the analysis, and failed checks end it?
    pub fn is_analysing(self) -> bool {
        matches!(self, Phase::Progressing | Phase::WaitingPromotion)
    }
}

/// What the target runs: its pod template, and the ConfigMaps and Secrets it refers to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Hash of the pod template.
    pub template: u64,
    /// Hash of the tracked configurations.
    pub configs: u64,
}

/// `status` of a Canary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlaggerStatus {
    /// `phase`.
    pub phase: Phase,
    /// `canaryWeight`, as reported; decisions read the mesh object.
    pub weight: u32,
    /// `failedChecks`.
    pub failed: u32,
    /// `iterations`; a closed gate in canary mode makes it -1.
    pub iterations: i64,
    /// `lastAppliedSpec` and the tracked configurations.
    pub applied: Spec,
    /// `lastPromotedSpec`.
    pub promoted: u64,
}

impl FlaggerStatus {
    /// A Canary whose primary runs `spec`, with nothing released since.
    pub fn initialized(spec: Spec) -> FlaggerStatus {
        let (phase, promoted) = (Phase::Initialized, spec.template);
        FlaggerStatus { phase, promoted, applied: spec, ..FlaggerStatus::default() }
    }

    /// The status as `kubectl get canary -o yaml` shows it, on one line.
    pub fn told(&self) -> String {
        format!(
            "status: phase {}, canaryWeight {}, failedChecks {}, iterations {}",
            self.phase.word(),
            self.weight,
            self.failed,
            self.iterations
        )
    }

    /// Has the target changed since it was last looked at? Going back to the promoted template is
    /// no change; a changed configuration always is one.
    pub fn sees_change(&self, spec: Spec) -> bool {
        let template = spec.template != self.promoted && spec.template != self.applied.template;
        template || spec.configs != self.applied.configs
    }

    /// Writes the whole status: a new phase, counters at zero, and the target as it now is.
    pub fn sync(&mut self, phase: Phase, weight: u32, spec: Spec) {
        let promoted = self.promoted;
        *self =
            FlaggerStatus { phase, weight, applied: spec, promoted, ..FlaggerStatus::default() };
    }

    /// Writes the phase; `iterations` is the analysis block's.
    pub fn set_phase(&mut self, phase: Phase, iterations: u32) {
        self.phase = phase;
        let keeps = matches!(phase, Phase::Progressing | Phase::Waiting | Phase::Promoting);
        if !keeps {
            self.weight = 0;
            self.iterations = 0;
            if phase == Phase::WaitingPromotion {
                self.iterations = i64::from(iterations) - 1;
            }
        }
        if matches!(phase, Phase::Initialized | Phase::Succeeded) {
            self.promoted = self.applied.template;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_to_the_promoted_template_is_no_change() {
        let old = Spec { template: 1, configs: 1 };
        let new = Spec { template: 2, configs: 1 };
        let mut status = FlaggerStatus::initialized(old);
        assert!(!status.sees_change(old) && status.sees_change(new));
        status.sync(Phase::Progressing, 0, new);
        assert!(!status.sees_change(new) && !status.sees_change(old));
        assert!(status.sees_change(Spec { template: 3, configs: 1 }));
        assert!(status.sees_change(Spec { template: 1, configs: 2 }));
    }

    #[test]
    fn a_closed_gate_sets_the_iterations_back() {
        let mut status =
            FlaggerStatus { iterations: 5, weight: 50, failed: 2, ..FlaggerStatus::default() };
        status.set_phase(Phase::Promoting, 5);
        assert_eq!((status.iterations, status.weight), (5, 50));
        status.set_phase(Phase::WaitingPromotion, 5);
        assert_eq!((status.iterations, status.weight, status.failed), (4, 0, 2));
        status.set_phase(Phase::WaitingPromotion, 0);
        assert_eq!(status.iterations, -1);
    }
}
