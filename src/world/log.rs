//! The two logs beside telemetry that may reach a decision: exposures of an experiment, and the
//! differences a shadow found. Plain counts.

/// What an experiment's log holds: users by arm (0 control, 1 variant).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExperimentCounts {
    /// Users exposed.
    pub users: [u64; 2],
    /// Users that completed the business step since their exposure.
    pub converted: [u64; 2],
    /// Users that met an error since their exposure.
    pub erred: [u64; 2],
    /// Users that met both arms.
    pub crossed: u64,
}

/// Differences found when copies of requests were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Copies compared.
    pub compared: u64,
    /// Status differs.
    pub status: u64,
    /// Body differs, of answers with equal status, after normalising.
    pub body: u64,
    /// Latency differs by more than 500 ms.
    pub latency: u64,
}

/// What the shadow's log holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShadowCounts {
    /// Candidate against the user's answer.
    pub candidate: Differences,
    /// A second old copy against the user's answer: how often equal versions differ.
    pub noise: Differences,
    /// Copies that found no pod.
    pub unanswered: u64,
}
