//! Which of many names another is a slip of, without comparing it with each.
//!
//! At most two letters differ, and of a short name fewer. Numbered names are names of their own:
//! where `web-1` and `web-2` are given, `web-7` is no slip. So are names that go on, as `web` and
//! `web-canary`.

use std::collections::BTreeSet;

/// A name this close to another is a slip of it.
const CLOSE: usize = 2;

/// Names longer than this, in bytes, are slips of none.
const LONGEST: usize = 300;

/// The names of a run.
#[derive(Clone, Debug, Default)]
pub struct Alike {
    names: BTreeSet<Name>,
    /// Names without their digits, by namespace.
    families: BTreeSet<(String, Option<String>)>,
}

/// A name, its namespace, if given, and the letters that occur in it as bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    name: String,
    space: Option<String>,
    letters: u64,
}

impl Alike {
    /// Takes in a name.
    pub fn add(&mut self, name: &str, space: Option<&str>) {
        let space = space.map(str::to_string);
        self.families.insert((family(name), space.clone()));
        self.names.insert(Name { name: name.to_string(), space, letters: letters(name) });
    }

    /// The name that this one is a slip of, for somebody in a namespace.
    pub fn slip(&self, name: &str, space: Option<&str>) -> Option<&str> {
        if name.len() > LONGEST || self.has_family(name, space) {
            return None;
        }
        let (bits, close) = (letters(name), CLOSE.min(name.len() / 3));
        let near = |other: &&Name| {
            let apart = (other.letters ^ bits).count_ones() as usize;
            let short = other.name.len().abs_diff(name.len()) <= 4 * close;
            let here = space.is_none() || other.space.is_none() || other.space.as_deref() == space;
            here && short && apart <= 2 * close
        };
        let goes_on = |near: &str| near.starts_with(name) || name.starts_with(near);
        let found = self.names.iter().filter(near);
        let found = found.map(|n| (strsim::damerau_levenshtein(name, &n.name), n.name.as_str()));
        let (distance, near) = found.min()?;
        (distance <= close && distance > 0 && !goes_on(near)).then_some(near)
    }

    fn has_family(&self, name: &str, space: Option<&str>) -> bool {
        let family = family(name);
        match space {
            Some(space) => [Some(space.to_string()), None]
                .into_iter()
                .any(|space| self.families.contains(&(family.clone(), space))),
            None => {
                let first = self.families.range((family.clone(), None)..).next();
                first.is_some_and(|(own, _)| *own == family)
            }
        }
    }
}

/// A name without its digits.
fn family(name: &str) -> String {
    name.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Which letters occur, a bit each; what is no letter of a name shares one.
fn letters(name: &str) -> u64 {
    let bit = |byte: u8| match byte {
        b'a'..=b'z' => byte - b'a',
        b'0'..=b'9' => 26 + byte - b'0',
        _ => 40,
    };
    name.bytes().fold(0, |bits, byte| bits | 1 << bit(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_names_of_their_own() {
        let mut alike = Alike::default();
        for name in ["storefront", "cart-1", "cart-2", "web"] {
            alike.add(name, Some("shop"));
        }
        let slip = |name| alike.slip(name, Some("shop"));
        for own in ["storefrnt", "storefornt", "storefronts1"] {
            assert_eq!(slip(own).is_some(), own != "storefronts1", "{own}");
        }
        for own in ["cart-7", "storefront-canary", "store", "wob-x", "we", "checkout"] {
            assert_eq!(slip(own), None, "{own}");
        }
        assert_eq!(slip("wab"), Some("web"));
        assert_eq!(alike.slip("storefrnt", Some("till")), None, "another namespace");
        assert_eq!(alike.slip("storefrnt", None), Some("storefront"));
    }
}
