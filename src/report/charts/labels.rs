//! Names beside marks: none on another, none on a mark, none outside.
//!
//! Greedy and in order: the first name gets the best place, and so on. With the few dozen marks
//! of a chart that is as good as searching. Deliberately absent: drawing.

use super::canvas::{Frame, Point};

/// Height of a name.
pub const HEIGHT: f64 = 22.0;

/// A place for a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The area it takes.
    pub frame: Frame,
    /// Does it lie so far from its mark that a line must lead to it?
    pub led: bool,
}

/// Finds a place for each name of the given widths beside its mark. `taken` are areas where no
/// name may be.
pub fn place(marks: &[(Point, f64)], taken: &[Frame], within: Frame) -> Vec<Place> {
    let mut busy: Vec<Frame> = taken.to_vec();
    busy.extend(marks.iter().map(|((x, y), _)| around(*x, *y, 9.0)));
    let mut places = Vec::new();
    for (index, ((x, y), width)) in marks.iter().enumerate() {
        let own = taken.len() + index;
        let candidates = candidates((*x, *y), *width);
        let free = |place: &&Place| {
            let inside = place.frame.left >= within.left
                && place.frame.right <= within.right
                && place.frame.top >= within.top
                && place.frame.bottom <= within.bottom;
            let mut others = busy.iter().enumerate().filter(|(other, _)| *other != own);
            inside && !others.any(|(_, other)| other.overlaps(&place.frame))
        };
        let chosen = candidates.iter().find(free).copied().unwrap_or(candidates[0]);
        busy.push(chosen.frame);
        places.push(chosen);
    }
    places
}

fn around(x: f64, y: f64, reach: f64) -> Frame {
    Frame { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }
}

/// Places around a mark, best first: right, left, above, below, then further away.
fn candidates((x, y): Point, width: f64) -> Vec<Place> {
    let at = |left: f64, middle: f64, led: bool| {
        let (top, bottom) = (middle - HEIGHT / 2.0, middle + HEIGHT / 2.0);
        Place { frame: Frame { left, top, right: left + width, bottom }, led }
    };
    let (right, left, centred) = (x + 13.0, x - 13.0 - width, x - width / 2.0);
    let mut all = vec![
        at(right, y, false),
        at(left, y, false),
        at(centred, y - 22.0, false),
        at(centred, y + 22.0, false),
        at(right, y - 17.0, false),
        at(right, y + 17.0, false),
        at(left, y - 17.0, false),
        at(left, y + 17.0, false),
    ];
    for ring in 1..6 {
        let far = 24.0 * f64::from(ring) + 14.0;
        for side in [right + 6.0, left - 6.0, centred] {
            all.push(at(side, y - far, true));
            all.push(at(side, y + far, true));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Frame = Frame { left: 0.0, top: 0.0, right: 600.0, bottom: 400.0 };

    #[test]
    fn names_of_crowded_marks_stay_apart() {
        let marks: Vec<(Point, f64)> =
            (0..8).map(|i| ((300.0 + f64::from(i % 3), 200.0 + f64::from(i)), 90.0)).collect();
        let places = place(&marks, &[], PAGE);
        for (index, first) in places.iter().enumerate() {
            for second in &places[index + 1..] {
                assert!(!first.frame.overlaps(&second.frame), "{first:?} {second:?}");
            }
        }
        assert!(places.iter().any(|place| place.led), "the last ones lie away");
    }

    #[test]
    fn names_at_the_edge_go_inside() {
        let places = place(&[((595.0, 5.0), 80.0)], &[], PAGE);
        assert!(places[0].frame.right <= 600.0 && places[0].frame.top >= 0.0);
        assert!(place(&[], &[], PAGE).is_empty());
    }
}
