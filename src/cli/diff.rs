//! placeholder
use super::flags::Diff;
pub fn run(_: &Diff) -> u8 {
    0
}
