//! stub
use crate::base::time::SimDuration;
/// stub
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeSettings {
    pub initial_delay: SimDuration,
    pub period: SimDuration,
    pub timeout: SimDuration,
    pub success_threshold: u32,
    pub failure_threshold: u32,
}
