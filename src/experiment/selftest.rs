//! placeholder until the proofs are merged
/// Effort
#[derive(Clone, Copy, Debug)]
pub enum Effort {
    /// q
    Quick,
    /// f
    Full,
}
/// Proof
#[derive(Clone, Debug)]
pub struct Proof {
    #[allow(missing_docs)]
    pub name: &'static str,
    #[allow(missing_docs)]
    pub theory: f64,
    #[allow(missing_docs)]
    pub estimate: f64,
    #[allow(missing_docs)]
    pub lower: f64,
    #[allow(missing_docs)]
    pub upper: f64,
    #[allow(missing_docs)]
    pub holds: bool,
    #[allow(missing_docs)]
    pub note: &'static str,
}
/// s
pub fn selftest(_: u64, _: Effort) -> Vec<Proof> {
    Vec::new()
}
