//! Long lists of messages, cut with a word: some of every kind, and how many more there are.
//!
//! Deliberately unknown here: what a message is about.

use std::collections::BTreeMap;

/// Messages of one kind that are shown.
pub const OF_A_KIND: usize = 20;

/// Messages that are shown in all.
const IN_ALL: usize = 200;

/// Names that are told of many.
const TOLD: usize = 3;

/// A line of a list that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a, T> {
    /// This one.
    One(&'a T),
    /// So many more of the kind of this one.
    Alike(&'a T, usize),
    /// So many more, of kinds of which none is shown.
    Others(usize),
}

/// The first of every kind in the order of the list, and behind the last shown one of a kind how
/// many more of it there are.
pub fn limited<'a, T>(all: &'a [T], kind: impl Fn(&T) -> String) -> Vec<Line<'a, T>> {
    limited_to(all, kind, |_| OF_A_KIND)
}

/// [`limited`], with as many of a kind as the kind of each says, if the list is long at all.
pub fn limited_to<'a, T>(
    all: &'a [T],
    kind: impl Fn(&T) -> String,
    most: impl Fn(&T) -> usize,
) -> Vec<Line<'a, T>> {
    if all.len() <= OF_A_KIND {
        return all.iter().map(Line::One).collect();
    }
    // Of every kind: how many there are, how many are shown, and the last shown one.
    let mut kinds: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut shown = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let (count, told, last) = kinds.entry(kind(one)).or_default();
        *count += 1;
        if *told < most(one) && shown.len() < IN_ALL {
            (*told, *last) = (*told + 1, at);
            shown.push(at);
        }
    }
    let others = kinds.values().filter(|(_, told, _)| *told == 0).map(|(count, ..)| count).sum();
    let more = |at: usize| {
        let kind = kinds.values().find(|(_, told, last)| *told > 0 && *last == at);
        kind.map_or(0, |(count, told, _)| count - told)
    };
    let mut lines = Vec::new();
    for at in shown {
        lines.push(Line::One(&all[at]));
        if more(at) > 0 {
            lines.push(Line::Alike(&all[at], more(at)));
        }
    }
    lines.extend((others > 0).then_some(Line::Others(others)));
    lines
}

/// Some names of many: `a, b, c and 4 more`.
pub fn names<T: AsRef<str>>(names: &[T]) -> String {
    let told: Vec<&str> = names.iter().take(TOLD).map(AsRef::as_ref).collect();
    let told = told.join(", ");
    match names.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

/// What a message has in common with others of its kind: its words, without numbers and quotes.
pub fn shape(message: &str) -> String {
    let (mut shape, mut quoted, mut escaped) = (String::new(), false, false);
    for c in message.chars() {
        match c {
            _ if quoted && escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if !quoted && !c.is_ascii_digit() => shape.push(c),
            _ => {}
        }
        if shape.len() >= 200 {
            break;
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kinds_are_told_by_their_words() {
        assert_eq!(
            shape("metrics[3]: time \"x\\\" 1\" of 5"),
            shape("metrics[12]: time \"\" of 7")
        );
        assert_ne!(shape("time \"x\""), shape("user \"x\""));
    }

    #[test]
    fn of_many_names_some_are_told() {
        assert_eq!(names(&["a", "b", "c"]), "a, b, c");
        assert_eq!(names(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn a_long_list_says_how_much_longer_it_is() {
        let all: Vec<String> = (0..100_000).map(|n| format!("row {n}")).collect();
        let lines = limited(&all, |one| shape(one));
        assert_eq!(lines.len(), OF_A_KIND + 1);
        assert_eq!(lines[OF_A_KIND], Line::Alike(&all[OF_A_KIND - 1], 99_980));
        let letters = |n: usize| "abcdefghij".chars().nth(n % 10).into_iter().collect::<String>();
        let all: Vec<String> = (0..1000).map(|n| letters(n) + &letters(n / 10)).collect();
        let mut kinds = all.iter().map(|one| format!("{one}{one}")).collect::<Vec<_>>();
        kinds.extend((0..300).map(|n| format!("{}-{}", "z".repeat(n + 1), n)));
        let lines = limited(&kinds, |one| shape(one));
        assert!(lines.len() <= 2 * IN_ALL + 1);
    }

    proptest! {
        #[test]
        fn none_is_lost(all in prop::collection::vec("[a-d]{1,3}", 0..900)) {
            let counted = limited(&all, |one| shape(one)).iter().map(|line| match line {
                Line::One(_) => 1,
                Line::Alike(_, more) | Line::Others(more) => *more,
            }).sum::<usize>();
            prop_assert_eq!(counted, all.len());
        }
    }
}
