//! Which of two names is the later version's, as far as names tell: `v1` and `v2`, `web` and
//! `web-canary`, `shop:1.9` and `shop:1.10`. It knows no object and no rule.

use std::cmp::Ordering;

/// Words for what is there already. Colours are none: either may be the one that serves.
const OLD: [&str; 8] =
    ["stable", "primary", "baseline", "old", "current", "control", "live", "previous"];

/// Words for what is tried.
const NEW: [&str; 8] =
    ["canary", "candidate", "new", "next", "preview", "beta", "experiment", "experimental"];

/// The order of two names by age: `Less` if `a` is the older. Nothing if the names do not tell.
pub fn order(a: &str, b: &str) -> Option<Ordering> {
    let by_role = role(a).cmp(&role(b));
    let by_role = (by_role != Ordering::Equal).then_some(by_role);
    by_role.or_else(|| by_number(a, b))
}

/// The order of two images of one repository, by their tags.
pub fn order_of_images(a: &str, b: &str) -> Option<Ordering> {
    let ((repository, a), (other, b)) = (image(a), image(b));
    if repository == other { order(a?, b?) } else { None }
}

/// Repository and tag of an image; a digest tells nothing.
pub fn image(image: &str) -> (&str, Option<&str>) {
    let name = image.split('@').next().unwrap_or(image);
    // A colon before the last slash belongs to the port of a registry.
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (name, None),
    }
}

/// Words for what is there already, and for what is tried.
pub fn roles() -> impl Iterator<Item = &'static str> {
    OLD.into_iter().chain(NEW)
}

/// Is it one of these words?
pub fn is_role(word: &str) -> bool {
    roles().any(|role| role == word)
}

fn role(name: &str) -> i8 {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| {
        lower.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
    };
    i8::from(has(&NEW)) - i8::from(has(&OLD))
}

/// The first number in which the names differ decides, if they are alike but for numbers.
fn by_number(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (parts(a), parts(b));
    let words = |parts: &[Part]| parts.iter().filter(|p| p.1.is_none()).count();
    if words(&a).abs_diff(words(&b)) > 1 {
        return None;
    }
    let mut found = None;
    for (a, b) in a.iter().zip(&b) {
        match (a.1, b.1) {
            (Some(a), Some(b)) => found = found.or(Some(a.cmp(&b)).filter(|o| o.is_ne())),
            _ if a.0 != b.0 => return None,
            _ => {}
        }
    }
    found
}

/// A run of letters or of digits; its number, if it is one.
type Part<'a> = (&'a str, Option<u64>);

fn parts(name: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        parts.push((part, part.parse().ok()));
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_versions_are_told_by_number_or_role() {
        for (old, new) in [
            ("v1", "v2"),
            ("web-v9", "web-v10"),
            ("1.9.3", "1.10.0"),
            ("1.9", "1.10.1"),
            ("shop", "shop-canary"),
            ("shop-primary", "shop"),
            ("stable", "canary"),
        ] {
            assert_eq!(order(old, new), Some(Ordering::Less), "{old} {new}");
            assert_eq!(order(new, old), Some(Ordering::Greater), "{new} {old}");
        }
    }

    #[test]
    fn names_that_tell_nothing_have_no_order() {
        for (a, b) in
            [("blue", "green"), ("a1b2", "c3d4"), ("web", "worker"), ("v1", "v1"), ("", "é")]
        {
            assert_eq!(order(a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn images_are_compared_within_their_repository() {
        assert_eq!(order_of_images("shop:1", "shop:2"), Some(Ordering::Less));
        assert_eq!(
            order_of_images("reg:5000/shop:1.2", "reg:5000/shop:1.10"),
            Some(Ordering::Less)
        );
        assert_eq!(order_of_images("shop:1", "cart:2"), None);
        assert_eq!(order_of_images("shop", "shop:2"), None);
        assert_eq!(image("reg:5000/shop@sha256:1"), ("reg:5000/shop", None));
    }
}
