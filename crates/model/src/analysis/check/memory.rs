//! The looks that checks have taken so far: plain data, kept by whoever asks them.

use super::judge::Look;

/// The looks of each check of a list, by its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory(Vec<Vec<Look>>);

impl Memory {
    /// The looks of one check.
    pub fn of(&mut self, number: usize) -> &mut Vec<Look> {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, Vec::new);
        }
        &mut self.0[number]
    }
}
