//! Names beside marks: none outside, and none on another or on a mark if there is room.
//!
//! Greedy and in order: the first name gets the best place, and so on. With the few dozen marks
//! of a chart that is as good as searching. Deliberately absent: drawing.

use super::canvas::{Frame, Point};

/// Height of a name.
pub const HEIGHT: f64 = 22.0;

/// How much worse it is to cover a mark or a name than an area that is taken.
const NAMES: f64 = 100.0;

/// A place for a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The area it takes.
    pub frame: Frame,
    /// Does it lie so far from its mark that a line must lead to it?
    pub led: bool,
}

/// Finds a place for each name of the given widths beside its mark, inside. `taken` are areas where
/// names had better not be; where no place is free of them, the one that covers least is taken, and
/// rather such an area than a mark or another name.
pub fn place(marks: &[(Point, f64)], taken: &[Frame], within: Frame) -> Vec<Place> {
    let mut busy: Vec<Frame> = marks.iter().map(|((x, y), _)| around(*x, *y, 9.0)).collect();
    let mut places = Vec::new();
    for (own, ((x, y), width)) in marks.iter().enumerate() {
        let inside = |place: &Place| {
            place.frame.left >= within.left
                && place.frame.right <= within.right
                && place.frame.top >= within.top
                && place.frame.bottom <= within.bottom
        };
        let covers = |place: &Place| {
            let others = busy.iter().enumerate().filter(|(other, _)| *other != own);
            let names: f64 = others.map(|(_, other)| other.shared(&place.frame)).sum();
            let lines: f64 = taken.iter().map(|line| line.shared(&place.frame)).sum();
            NAMES * names + lines
        };
        let all = candidates((*x, *y), *width);
        let within = all.iter().filter(|place| inside(place));
        // Of equals the first.
        let chosen = within.min_by(|a, b| covers(a).total_cmp(&covers(b))).unwrap_or(&all[0]);
        busy.push(chosen.frame);
        places.push(*chosen);
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
                assert_eq!(first.frame.shared(&second.frame), 0.0, "{first:?} {second:?}");
            }
        }
        assert!(places.iter().any(|place| place.led), "the last ones lie away");
    }

    /// Lines everywhere leave no place free: names still stay apart.
    #[test]
    fn names_lie_on_lines_rather_than_on_names() {
        let marks = [((500.0, 380.0), 70.0), ((520.0, 380.0), 90.0)];
        let lines: Vec<Frame> = (0..60)
            .map(|i| f64::from(i) * 10.0)
            .map(|x| Frame { left: x, right: x + 2.0, ..PAGE })
            .collect();
        let places = place(&marks, &lines, PAGE);
        assert_eq!(places[0].frame.shared(&places[1].frame), 0.0, "{places:?}");
        assert!(places.iter().all(|place| place.frame.right <= 600.0), "{places:?}");
    }

    #[test]
    fn names_at_the_edge_go_inside() {
        let places = place(&[((595.0, 5.0), 80.0)], &[], PAGE);
        assert!(places[0].frame.right <= 600.0 && places[0].frame.top >= 0.0);
        assert!(place(&[], &[], PAGE).is_empty());
    }
}
