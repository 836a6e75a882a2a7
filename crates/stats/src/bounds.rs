//! What one flight's value of a measure can be, and how large a surprise an interval allows for.
//!
//! No sample can bound a mean whose values have no bound: an unseen flight, however rare, may be
//! as bad as it likes (Bahadur & Savage, "The Nonexistence of Certain Statistical Procedures in
//! Nonparametric Problems", 1956). So an interval that is to hold must say how bad it takes
//! unseen flights to be. It is said here, before any flight, and told in `docs/methods.md`.
//! Deliberately absent: which measure has which bounds.

/// The values that a measure can have, and the reach of what a sample has not shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// No value is below; −∞ if none is known.
    pub least: f64,
    /// No value is above; +∞ if none is known.
    pub most: f64,
    /// A flight of a kind not seen yet is taken to lie at most this far below the greatest value
    /// seen; never negative.
    pub down: f64,
    /// A flight of a kind not seen yet is taken to lie at most this far above the least value
    /// seen; never negative.
    pub up: f64,
}

impl Bounds {
    /// Values of any size, and nothing unseen: only what the sample itself shows counts.
    pub const NONE: Bounds =
        Bounds { least: f64::NEG_INFINITY, most: f64::INFINITY, down: 0.0, up: 0.0 };

    /// A measure that cannot be negative nor above `most` (which may be infinite), with surprises
    /// of `surprise` both ways.
    pub fn from_zero(most: f64, surprise: f64) -> Bounds {
        Bounds { least: 0.0, most, down: surprise, up: surprise }
    }

    /// A measure of either sign, with surprises of `surprise` both ways.
    pub fn signed(surprise: f64) -> Bounds {
        Bounds { down: surprise, up: surprise, ..Bounds::NONE }
    }

    /// The bounds of a − b, when both sides have these.
    pub fn of_difference(self) -> Bounds {
        let surprise = self.down.max(self.up);
        Bounds {
            least: self.least - self.most,
            most: self.most - self.least,
            down: surprise,
            up: surprise,
        }
    }

    /// Where the values of flights that were not seen may lie, beside those from `least` to `most`.
    pub fn reach(&self, least: f64, most: f64) -> (f64, f64) {
        let down = (most - self.down).max(self.least).min(least);
        let up = (least + self.up).min(self.most).max(most);
        (down, up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprises_stay_within_what_is_possible() {
        let share = Bounds::from_zero(1.0, 0.1);
        assert_eq!(share.reach(0.0, 0.0), (0.0, 0.1));
        assert_eq!(share.reach(1.0, 1.0), (0.9, 1.0));
        assert_eq!(share.reach(0.2, 0.6), (0.2, 0.6), "more was seen than is allowed for");
        assert_eq!(Bounds::NONE.reach(3.0, 4.0), (3.0, 4.0));
        let both = share.of_difference();
        assert_eq!((both.least, both.most), (-1.0, 1.0));
        assert_eq!(both.reach(0.0, 0.0), (-0.1, 0.1));
    }
}
