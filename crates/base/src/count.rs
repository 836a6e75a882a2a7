//! Numbers with their nouns: `1 warning`, `2 warnings`, `no warnings` is left to the writer.

/// A number and its noun, which is given in the singular.
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {}", plural(noun)) }
}

/// The plural of a regular noun.
pub fn plural(noun: &str) -> String {
    let ends = |end: &str| noun.ends_with(end);
    match noun.strip_suffix('y') {
        Some(stem) if !["ay", "ey", "oy", "uy"].iter().any(|end| ends(end)) => format!("{stem}ies"),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| ends(end)) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_everything_else_plural() {
        let texts = [0, 1, 2].map(|n| counted(n, "warning"));
        assert_eq!(texts, ["0 warnings", "1 warning", "2 warnings"]);
        let irregular = ["strategy", "query", "day", "switch", "box"].map(plural);
        assert_eq!(irregular, ["strategies", "queries", "days", "switches", "boxes"]);
    }
}
