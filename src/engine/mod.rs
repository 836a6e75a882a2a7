//! Layer 9
pub mod plane;
