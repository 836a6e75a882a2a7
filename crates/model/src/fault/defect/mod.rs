//! Faults that a new version may carry, one file each.

use super::Fault;
use windtunnel_base::settings::Part;

pub mod client_retries;
pub mod conversion;
pub mod cpu;
pub mod crash_after;
pub mod crash_on_start;
pub mod dependency_calls;
pub mod errors;
pub mod hang;
pub mod latency;
pub mod load_dependent;
pub mod memory_leak;
pub mod probe_lies;
pub mod route_mix;
pub mod schema_change;
pub mod slow_start;
pub mod unreadable_data;
pub mod wrong_answers;

/// All of them.
pub const PARTS: &[Part<Fault>] = &[
    client_retries::PART,
    conversion::PART,
    cpu::PART,
    crash_after::PART,
    crash_on_start::PART,
    dependency_calls::PART,
    errors::PART,
    hang::PART,
    latency::PART,
    load_dependent::PART,
    memory_leak::PART,
    probe_lies::PART,
    route_mix::PART,
    schema_change::PART,
    slow_start::PART,
    unreadable_data::PART,
    wrong_answers::PART,
];
