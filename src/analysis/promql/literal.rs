//! Numbers, durations and strings as queries write them (`promql/parser/lex.go`;
//! `prometheus/common`, `model.ParseDuration`; `util/strutil/quote.go`).

use super::error::ParseError;

/// Longest duration: ten thousand years in milliseconds, far inside what an instant holds.
const LONGEST_MS: f64 = 3.2e14;

/// A duration such as `1h30m` in milliseconds; nothing if the text is none.
pub fn duration_ms(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 7] = [
        ("y", 31_536_000_000.0),
        ("w", 604_800_000.0),
        ("d", 86_400_000.0),
        ("h", 3_600_000.0),
        ("m", 60_000.0),
        ("s", 1000.0),
        ("ms", 1.0),
    ];
    let (mut rest, mut total, mut smallest) = (text, 0.0, None);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|n| *n > 0)?;
        let count: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters])?;
        // Largest unit first, each at most once.
        if smallest.is_some_and(|s| unit <= s) {
            return None;
        }
        smallest = Some(unit);
        total += count * UNITS[unit].1;
        rest = &rest[letters..];
    }
    (smallest.is_some() && total <= LONGEST_MS).then_some(total as i64)
}

/// A number: decimal, hexadecimal, `inf`, `nan`; `_` between digits if allowed.
pub fn number(text: &str, underscores: bool) -> Option<f64> {
    let plain: String = match (text.contains('_'), underscores) {
        (true, false) => return None,
        (true, true) if odd_underscores(text) => return None,
        _ => text.chars().filter(|c| *c != '_').collect(),
    };
    let lower = plain.to_ascii_lowercase();
    match lower.as_str() {
        "inf" => return Some(f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(|n| n as f64);
    }
    // Go reads an integer with a leading zero as octal where it can.
    let octal =
        lower.len() > 1 && lower.starts_with('0') && lower[1..].bytes().all(|b| b.is_ascii_digit());
    if octal && let Ok(n) = u64::from_str_radix(&lower[1..], 8) {
        return Some(n as f64);
    }
    let shape = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-');
    (lower.chars().all(shape)).then(|| lower.parse().ok()).flatten()
}

fn odd_underscores(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |i: Option<usize>| {
        i.and_then(|i| bytes.get(i)).is_some_and(|b| b.is_ascii_hexdigit() || *b == b'x')
    };
    let under = bytes.iter().enumerate().filter(|(_, b)| **b == b'_');
    under.map(|(i, _)| i).any(|i| !digit(i.checked_sub(1)) || !digit(Some(i + 1)))
}

/// The string at the head of a text, and how many bytes it takes with its quotes.
pub fn unquote(text: &str) -> Result<(String, usize), ParseError> {
    let open = text.chars().next().unwrap_or('"');
    let mut value = String::new();
    let mut at = 1;
    loop {
        let Some(c) = text[at..].chars().next() else {
            return Err(ParseError::at(text, 0, "unterminated quoted string"));
        };
        match c {
            _ if c == open => return Ok((value, at + 1)),
            '\n' if open != '`' => {
                return Err(ParseError::at(text, 0, "unterminated quoted string"));
            }
            '\\' if open != '`' => {
                let (escaped, length) = escape(&text[at..], open)
                    .ok_or_else(|| ParseError::at(text, at, "unknown escape sequence"))?;
                value.push(escaped);
                at += length;
            }
            _ => {
                value.push(c);
                at += c.len_utf8();
            }
        }
    }
}

/// An escape sequence as Go has them: (character, bytes).
fn escape(text: &str, quote: char) -> Option<(char, usize)> {
    let kind = text[1..].chars().next()?;
    let plain = |c| Some((c, 2));
    let coded = |digits: &str, radix, length| {
        let code = u32::from_str_radix(digits, radix).ok()?;
        Some((char::from_u32(code)?, length))
    };
    match kind {
        'a' => plain('\u{7}'),
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\u{b}'),
        '\\' => plain('\\'),
        c if c == quote => plain(c),
        'x' => coded(text.get(2..4)?, 16, 4),
        'u' => coded(text.get(2..6)?, 16, 6),
        'U' => coded(text.get(2..10)?, 16, 10),
        '0'..='7' => coded(text.get(1..4)?, 8, 4).filter(|(c, _)| u32::from(*c) < 256),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_go_from_large_to_small() {
        assert_eq!(duration_ms("1h30m"), Some(5_400_000));
        assert_eq!(duration_ms("1y2w3d4h5m6s7ms"), Some(33_019_506_007));
        for wrong in ["", "5", "5M", "1m1h", "1.5h", "5m5m", "m", "99999999999y"] {
            assert_eq!(duration_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_as_go_reads_them() {
        for (text, value) in [("1", 1.0), (".5", 0.5), ("5.", 5.0), ("1e-3", 1e-3), ("0x1F", 31.0)]
        {
            assert_eq!(number(text, true), Some(value), "{text}");
        }
        assert_eq!(number("1_000", true), Some(1000.0));
        assert_eq!(number("1_000", false), None);
        assert_eq!(number("1__0", true), None);
        assert_eq!(number("Inf", true), Some(f64::INFINITY));
        assert!(number("NaN", true).is_some_and(f64::is_nan));
        assert_eq!(number("010", true), Some(8.0));
        for wrong in ["0xg", "1e", "1.2.3", "5x", "infinity"] {
            assert_eq!(number(wrong, true), None, "{wrong}");
        }
    }

    #[test]
    fn strings_resolve_escapes() {
        assert_eq!(unquote(r#""a\n\x41\101""#).expect("read"), ("a\nAA".into(), 13));
        assert_eq!(unquote(r"`a\n`x").expect("read"), (r"a\n".into(), 5));
        assert!(
            unquote(r#""\q""#).is_err() && unquote("\"a").is_err() && unquote("'a\nb'").is_err()
        );
    }
}
