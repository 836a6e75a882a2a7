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
    /// Who is counted.
    pub exposure: Exposure,
}

/// When a user enters an experiment's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// The route on which the variants differ, by its number: only its requests can convert.
    /// Nothing means that all routes are meant.
    pub step: Option<u8>,
    /// Does every served user enter, whether or not the step was reached? So it is without a log of
    /// exposures, when only the assignment is known.
    pub everyone: bool,
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
