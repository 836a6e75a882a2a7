//! A set of small whole numbers, one bit each: who was active, exposed, hurt.

/// A fixed-size set of numbers below its length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// An empty set of numbers below `len`.
    pub fn new(len: usize) -> Self {
        BitSet { words: vec![0; len.div_ceil(64)] }
    }

    /// Adds `index`; says whether it was new.
    #[inline]
    pub fn insert(&mut self, index: u32) -> bool {
        let word = &mut self.words[index as usize / 64];
        let bit = 1 << (index % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Is `index` in the set?
    #[inline]
    pub fn contains(&self, index: u32) -> bool {
        self.words[index as usize / 64] >> (index % 64) & 1 == 1
    }

    /// How many numbers are in the set.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|w| u64::from(w.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_once() {
        let mut a = BitSet::new(130);
        for i in [0, 64, 129] {
            assert!(a.insert(i));
        }
        assert!(!a.insert(64));
        assert_eq!(a.count(), 3);
        assert!(a.contains(129) && !a.contains(5));
    }
}
