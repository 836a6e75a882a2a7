//! Regular expressions as Prometheus reads them (RE2, `github.com/google/re2/wiki/Syntax`), in the
//! words of the `regex` crate, which differs in small ways: its `\d`, `\w`, `\s` and `\b` know all
//! of Unicode, its classes nest, a brace always opens a repetition.

use super::Rules;
use regex::{Regex, RegexBuilder};
use std::iter::Peekable;
use std::str::Chars;

/// Largest compiled regular expression, in bytes.
const LARGEST: usize = 1 << 20;

/// Most repetitions that RE2 takes.
const REPEATS_MAX: u32 = 1000;

/// A regular expression that must match a whole value. Under the rules of 3.x `.` takes newlines,
/// too.
pub fn anchored(pattern: &str, rules: Rules) -> Result<Regex, String> {
    let translated = translate(pattern)?;
    RegexBuilder::new(&format!("^(?:{translated})$"))
        .dot_matches_new_line(rules == Rules::V3)
        .size_limit(LARGEST)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("bad regular expression: {}", last.trim_start_matches("error: "))
        })
}

fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    // Does a repetition stand directly before?
    let mut repeated = false;
    while let Some(c) = chars.next() {
        let repeats = match c {
            '*' | '+' | '?' => {
                out.push(c);
                true
            }
            '{' => repetition(&mut chars, &mut out)?,
            '[' => {
                class(&mut chars, &mut out);
                false
            }
            '\\' => {
                escape(&mut chars, &mut out, false);
                false
            }
            _ => {
                out.push(c);
                false
            }
        };
        if repeats && repeated {
            return Err(format!("bad regular expression: invalid nested repetition: {pattern:?}"));
        }
        if repeats && chars.peek() == Some(&'?') {
            chars.next();
            out.push('?');
        }
        repeated = repeats;
    }
    Ok(out)
}

/// `{2}`, `{2,}`, `{2,5}`; any other brace is itself. Was it a repetition?
fn repetition(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<bool, String> {
    let inner: String = chars.clone().take_while(|c| *c != '}').collect();
    let closed = chars.clone().nth(inner.chars().count()) == Some('}');
    let count = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<u32>().ok().or(Some(u32::MAX)).filter(|_| !text.is_empty()),
        false => None,
    };
    let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
    let counts = (count(low), if high.is_empty() { count(low) } else { count(high) });
    let (true, (Some(low), Some(high))) = (closed, counts) else {
        out.push_str("\\{");
        return Ok(false);
    };
    if low > REPEATS_MAX || high > REPEATS_MAX {
        return Err(format!("bad regular expression: invalid repeat count: {{{inner}}}"));
    }
    out.push('{');
    out.push_str(&inner);
    out.push('}');
    for _ in 0..=inner.len() {
        chars.next();
    }
    Ok(true)
}

/// A class from behind its bracket to its end. A bracket in it is itself, unless it begins a named
/// class.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.peek() == Some(&'^') {
        chars.next();
        out.push('^');
    }
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            ']' if !first => {
                out.push(']');
                return;
            }
            '\\' => escape(chars, out, true),
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            ']' | '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '-' if chars.peek() == Some(&'-') => out.push_str("\\-"),
            _ => out.push(c),
        }
        first = false;
    }
}

/// What follows a backslash.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String, in_class: bool) {
    let Some(c) = chars.next() else {
        out.push('\\');
        return;
    };
    match c {
        'd' => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
        'w' => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
        's' => out.push_str(if in_class { "\\t\\n\\f\\r " } else { "[\\t\\n\\f\\r ]" }),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'b' | 'B' if !in_class => {
            out.push_str("(?-u:\\");
            out.push(c);
            out.push(')');
        }
        'Q' if !in_class => {
            let rest: String = chars.clone().collect();
            let text = rest.split("\\E").next().unwrap_or_default();
            out.push_str(&regex::escape(text));
            for _ in 0..text.chars().count() + 2 {
                chars.next();
            }
        }
        _ if c.is_ascii_alphanumeric() => {
            out.push('\\');
            out.push(c);
        }
        _ => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, takes: &[&str], refuses: &[&str]) {
        let regex = anchored(pattern, Rules::V3).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        for text in takes {
            assert!(regex.is_match(text), "{pattern} takes {text:?}");
        }
        for text in refuses {
            assert!(!regex.is_match(text), "{pattern} refuses {text:?}");
        }
    }

    #[test]
    fn whole_values_match() {
        check("5..", &["500", "503"], &["1500", "5000", "50"]);
        check("a|b", &["a", "b"], &["ab", "xa"]);
        check("(?i:PRO).*", &["production"], &["x-production"]);
    }

    #[test]
    fn words_and_digits_are_those_of_ascii() {
        check(r"\d+", &["12"], &["١٢"]);
        check(r"[\w.]+", &["a_1.b"], &["é", "a-b"]);
        check(r"\W[^\s\d]", &["é!"], &["a!", "é1", "é "]);
        check(r"a\b.*", &["a b", "aé"], &["ab"]);
    }

    #[test]
    fn braces_brackets_and_quotes_as_in_re2() {
        check(r"/v1/{id}", &["/v1/{id}"], &["/v1/id"]);
        check(r"a{2,3}{,5}", &["aa{,5}"], &["aaaa"]);
        check(r"[[a&&b~]+", &["[a&b~"], &["c"]);
        check(r"[]a]", &["]", "a"], &["b"]);
        check(r"[[:alpha:]_]+", &["ab_"], &["a1"]);
        check(r"\Qa.b\E\.", &["a.b."], &["axb."]);
        check(r"\<a\>", &["<a>"], &["a"]);
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for wrong in ["a**", "a{1001}", "(", "[a", r"(?=x)", r"\8", "a+?*"] {
            assert!(anchored(wrong, Rules::V3).is_err(), "{wrong}");
        }
        assert!(anchored(&"(a{900}){900}".repeat(3), Rules::V3).is_err(), "too large");
        assert!(anchored("a+?b??", Rules::V3).is_ok());
    }

    #[test]
    fn the_dot_takes_a_newline_since_3() {
        let takes = |rules| anchored("a.b", rules).is_ok_and(|r| r.is_match("a\nb"));
        assert_eq!((takes(Rules::V2), takes(Rules::V3)), (false, true));
    }
}
