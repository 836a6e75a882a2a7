//! Numbers, durations and strings as queries write them (`promql/parser/lex.go`;
//! `prometheus/common`, `model.ParseDuration`; `util/strutil/quote.go`).

use super::error::ParseError;

/// Longest duration: what 64 bits hold as nanoseconds, some 292 years.
const LONGEST_MS: f64 = 9_223_372_036_854.0;

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
        return i64::from_str_radix(hex, 16).ok().map(|n| n as f64);
    }
    // Go reads an integer with a leading zero as octal where it can.
    let octal =
        lower.len() > 1 && lower.starts_with('0') && lower[1..].bytes().all(|b| b.is_ascii_digit());
    if octal && let Ok(n) = i64::from_str_radix(&lower[1..], 8) {
        return Some(n as f64);
    }
    let shape = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-');
    let value: Option<f64> = lower.chars().all(shape).then(|| lower.parse().ok()).flatten();
    value.filter(|value| value.is_finite())
}

/// Plain seconds as a duration in milliseconds, rounded as Prometheus rounds; nothing if too long.
pub fn seconds_ms(seconds: f64) -> Option<i64> {
    let ms = ((seconds * 1e9).round() / 1e6).trunc();
    (ms.abs() <= LONGEST_MS).then_some(ms as i64)
}

/// Underscores stand between digits, or between `0x` and one.
fn odd_underscores(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let digit = |b: &u8| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
    let before = |i: usize| match i.checked_sub(1) {
        Some(1) if hex => true,
        Some(before) => digit(&bytes[before]),
        None => false,
    };
    let after = |i: usize| bytes.get(i + 1).is_some_and(digit);
    let mut under = bytes.iter().enumerate().filter(|(_, b)| **b == b'_');
    under.any(|(i, _)| !before(i) || !after(i))
}

/// The string at the head of a text, and how many bytes it takes with its quotes.
pub fn unquote(text: &str) -> Result<(String, usize), ParseError> {
    let open = text.chars().next().unwrap_or('"');
    let mut value: Vec<u8> = Vec::new();
    let mut at = 1;
    loop {
        let Some(c) = text[at..].chars().next() else {
            return Err(ParseError::at(text, 0, "unterminated quoted string"));
        };
        match c {
            // Bytes that are no UTF-8 match nothing, as the character for them does.
            _ if c == open => return Ok((String::from_utf8_lossy(&value).into_owned(), at + 1)),
            '\u{fffd}' => return Err(ParseError::at(text, at, "invalid UTF-8 rune")),
            '\n' if open != '`' => {
                return Err(ParseError::at(text, 0, "unterminated quoted string"));
            }
            '\\' if open != '`' => {
                let (escaped, length) = escape(&text[at..], open)
                    .ok_or_else(|| ParseError::at(text, at, "unknown escape sequence"))?;
                value.extend(escaped);
                at += length;
            }
            _ => {
                value.extend(c.encode_utf8(&mut [0; 4]).bytes());
                at += c.len_utf8();
            }
        }
    }
}

/// An escape sequence as Go has them: what it stands for, and its length. `\x` and octal digits
/// stand for bytes.
fn escape(text: &str, quote: char) -> Option<(Vec<u8>, usize)> {
    let kind = text[1..].chars().next()?;
    let plain = |byte: u8| Some((vec![byte], 2));
    let code = |from: usize, to: usize, radix| {
        let digits = text.get(from..to).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, radix).ok()
    };
    let byte = |code: Option<u32>| Some((vec![u8::try_from(code?).ok()?], 4));
    let character =
        |code: Option<u32>, length| Some((char::from_u32(code?)?.to_string().into_bytes(), length));
    match kind {
        'a' => plain(7),
        'b' => plain(8),
        'f' => plain(12),
        'n' => plain(b'\n'),
        'r' => plain(b'\r'),
        't' => plain(b'\t'),
        'v' => plain(11),
        '\\' => plain(b'\\'),
        c if c == quote => plain(c as u8),
        'x' => byte(code(2, 4, 16)),
        'u' => character(code(2, 6, 16), 6),
        'U' => character(code(2, 10, 16), 10),
        '0'..='7' => byte(code(1, 4, 8)),
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
        assert_eq!((duration_ms("292y"), duration_ms("293y")), (Some(9_208_512_000_000), None));
        assert_eq!((seconds_ms(0.57), seconds_ms(1e300)), (Some(570), None));
    }

    #[test]
    fn numbers_as_go_reads_them() {
        for (text, value) in [("1", 1.0), (".5", 0.5), ("5.", 5.0), ("1e-3", 1e-3), ("0x1F", 31.0)]
        {
            assert_eq!(number(text, true), Some(value), "{text}");
        }
        assert_eq!(number("1_000", true), Some(1000.0));
        assert_eq!(number("1_000", false), None);
        assert_eq!((number("1__0", true), number("0x_1F", true)), (None, Some(31.0)));
        assert_eq!(number("Inf", true), Some(f64::INFINITY));
        assert!(number("NaN", true).is_some_and(f64::is_nan));
        assert_eq!(number("010", true), Some(8.0));
        let huge = "9".repeat(400);
        for wrong in ["0xg", "1e", "1.2.3", "5x", "infinity", "1_e2", "1e_1", "_1", "1_", &huge] {
            assert_eq!(number(wrong, true), None, "{wrong}");
        }
    }

    #[test]
    fn strings_resolve_escapes() {
        assert_eq!(unquote(r#""a\n\x41\101""#).expect("read"), ("a\nAA".into(), 13));
        assert_eq!(unquote(r"`a\n`x").expect("read"), (r"a\n".into(), 5));
        assert_eq!(unquote(r#""\xc3\xa9\u00e9""#).expect("read").0, "éé", "bytes");
        assert_eq!(unquote(r#""\xff""#).expect("read").0, "\u{fffd}");
        assert!(
            unquote(r#""\q""#).is_err() && unquote("\"a").is_err() && unquote("'a\nb'").is_err()
        );
    }
}
