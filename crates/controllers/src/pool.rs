//! The pools that endpoints are told apart by.

/// A pool of endpoints that weights can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Pool {
    /// The service as it was.
    Stable = 0,
    /// The candidate: canary, green, variant or mirror target.
    Candidate = 1,
    /// A second old copy that a shadow is compared with.
    Baseline = 2,
}

/// Number of pools.
pub const POOLS: usize = 3;
