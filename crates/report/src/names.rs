//! File names from names that people chose.

/// One file name per name, in order: lower case, letters and digits, words joined by `-`, and all
/// different.
pub fn slugs<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let plain = slug(name);
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(|n| !taken.contains(n));
        taken.push(free.unwrap_or(plain));
    }
    taken
}

/// One file name: lower case, letters and digits, words joined by `-`.
///
/// Camel case falls into words; anything but ASCII letters and digits ends a word.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    let mut lower_before = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphanumeric() {
            lower_before = false;
            if !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        if letter.is_ascii_uppercase() && lower_before {
            out.push('-');
        }
        lower_before = letter.is_ascii_lowercase();
        out.push(letter.to_ascii_lowercase());
    }
    let trimmed = out.trim_matches('-');
    if trimmed.is_empty() { "unnamed".to_string() } else { trimmed.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_different_files() {
        let names = ["blueGreen", "blue-green", "a/b: c", "../..", "", "ABTest 50%"];
        let expected = ["blue-green", "blue-green-2", "a-b-c", "unnamed", "unnamed-2", "abtest-50"];
        assert_eq!(slugs(names), expected);
    }
}
