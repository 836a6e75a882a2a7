//! A text that problems point into: line and column to byte, and back.
//!
//! Marks at intervals of about a thousand bytes bound the work of each question, however long the
//! text or a line of it. It knows no syntax but what ends a line.

use super::problem::Place;
use std::cell::OnceCell;

/// Bytes between two marks, at least.
const STRIDE: usize = 1024;

/// A place whose byte is known.
#[derive(Clone, Copy, Debug)]
struct Mark {
    place: Place,
    byte: usize,
}

/// A text with its places.
pub struct Source<'t> {
    text: Box<dyn AsRef<str> + 't>,
    /// Does a carriage return alone end a line, as in YAML?
    returns: bool,
    marks: OnceCell<Vec<Mark>>,
}

impl<'t> Source<'t> {
    /// A text whose lines end with line feeds.
    pub fn plain(text: impl AsRef<str> + 't) -> Source<'t> {
        Source { text: Box::new(text), returns: false, marks: OnceCell::new() }
    }

    /// A text of YAML: a carriage return ends a line, too.
    pub fn yaml(text: impl AsRef<str> + 't) -> Source<'t> {
        Source { returns: true, ..Source::plain(text) }
    }

    /// The whole text that places are in.
    pub fn text(&self) -> &str {
        (*self.text).as_ref()
    }

    /// The byte of a place; nothing if the text has no such place. Right behind the last character
    /// of a line is one.
    pub fn byte_at(&self, place: Place) -> Option<usize> {
        if place.line == 0 || place.column == 0 {
            return None;
        }
        let marks = self.marks();
        let from = marks.partition_point(|mark| mark.place <= place).checked_sub(1)?;
        let mut found = None;
        self.walk(marks[from], |mark| {
            if mark.place == place {
                found = Some(mark.byte);
            }
            mark.place < place
        });
        found
    }

    /// The place of a byte.
    pub fn place_at(&self, byte: usize) -> Place {
        let marks = self.marks();
        let from = marks.partition_point(|mark| mark.byte <= byte).saturating_sub(1);
        let mut place = Place { line: 1, column: 1 };
        self.walk(marks[from], |mark| {
            if mark.byte <= byte {
                place = mark.place;
            }
            mark.byte < byte
        });
        place
    }

    fn marks(&self) -> &[Mark] {
        self.marks.get_or_init(|| {
            let mut marks = Vec::new();
            let start = Mark { place: Place { line: 1, column: 1 }, byte: 0 };
            self.walk(start, |mark| {
                if marks.last().is_none_or(|last: &Mark| mark.byte >= last.byte + STRIDE) {
                    marks.push(mark);
                }
                true
            });
            marks
        })
    }

    /// Visits every place from `mark` on, the end of the text included, as long as it is wanted.
    fn walk(&self, mark: Mark, mut visit: impl FnMut(Mark) -> bool) {
        let text = self.text();
        let Mark { mut place, .. } = mark;
        let mut chars = text[mark.byte..].char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if !visit(Mark { place, byte: mark.byte + at }) {
                return;
            }
            let next = chars.peek().map(|(_, next)| *next);
            if c == '\n' || self.returns && c == '\r' && next != Some('\n') {
                place = Place { line: place.line.saturating_add(1), column: 1 };
            } else {
                place.column = place.column.saturating_add(1);
            }
        }
        visit(Mark { place, byte: text.len() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_counted_in_characters() {
        let source = Source::plain("ä\nbc\r\n");
        let at = |line, column| source.byte_at(Place { line, column });
        assert_eq!((at(1, 1), at(1, 2), at(2, 1), at(2, 2)), (Some(0), Some(2), Some(3), Some(4)));
        assert_eq!((at(1, 3), at(3, 1), at(4, 1), at(0, 1)), (None, Some(7), None, None));
        assert_eq!(Source::plain("a\rb").place_at(2), Place { line: 1, column: 3 });
        assert_eq!(Source::yaml("a\rb").place_at(2), Place { line: 2, column: 1 });
    }

    proptest! {
        #[test]
        fn bytes_and_places_are_each_others(
            pieces in prop::collection::vec("[aä日\t]{0,900}[\n\r]{0,2}", 0..8),
        ) {
            let text = pieces.concat();
            for source in [Source::plain(text.clone()), Source::yaml(text.clone())] {
                for (byte, _) in text.char_indices().step_by(17) {
                    prop_assert_eq!(source.byte_at(source.place_at(byte)), Some(byte));
                }
            }
        }
    }
}
