//! Text → tokens, each with the place of its first byte.
//!
//! Words are not yet told apart here: `sum`, `by` and `inf` may all be names of metrics or labels,
//! and only the parser knows where it stands. Rules of `prometheus/prometheus`,
//! `promql/parser/lex.go`.

use super::error::ParseError;
use super::literal::unquote;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A word: name, keyword, or `inf` and `nan`.
    Word(String),
    /// A number or duration as written: `1.5e3`, `0x1F`, `5m`, `1h30m`.
    Number(String),
    /// A string, its quotes and escapes resolved.
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end of the text.
    End,
}

/// A token and where it starts and ends, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenPlace {
    /// What was read there.
    pub token: Token,
    /// Its first byte.
    pub from: usize,
    /// The byte after its last one.
    pub to: usize,
}

/// Longest first, so that `=~` is not read as `=`.
const SIGNS: [&str; 25] = [
    "==", "!=", ">=", "<=", "=~", "!~", "(", ")", "{", "}", "[", "]", ",", ":", "+", "-", "*", "/",
    "%", "^", ">", "<", "=", "@", ";",
];

/// All tokens of a query, the end among them.
pub fn tokens(text: &str) -> Result<Vec<TokenPlace>, ParseError> {
    let mut spots = Vec::new();
    let mut at = 0;
    // Within brackets, `:` separates; elsewhere it may be part of a name.
    let mut in_brackets = false;
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.chars().next().unwrap_or(' ');
        let from = at;
        let token = if matches!(first, ' ' | '\t' | '\n' | '\r') {
            at += 1;
            continue;
        } else if first == '#' {
            at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            continue;
        } else if first.is_ascii_digit() || starts_with_fraction(rest) {
            let length = number_length(rest);
            at += length;
            Token::Number(rest[..length].to_string())
        } else if is_word(first) || (first == ':' && !in_brackets) {
            let part = |c: char| is_word(c) || c.is_ascii_digit() || (c == ':' && !in_brackets);
            let length = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
            at += length;
            Token::Word(rest[..length].to_string())
        } else if matches!(first, '"' | '\'' | '`') {
            let (value, length) = unquote(rest).map_err(|e| e.shifted(text, at))?;
            at += length;
            Token::Text(value)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let Some(sign) = sign.filter(|sign| **sign != ";") else {
                return Err(ParseError::at(text, at, format!("unexpected character: {first:?}")));
            };
            at += sign.len();
            in_brackets = match *sign {
                "[" => true,
                "]" => false,
                _ => in_brackets,
            };
            Token::Sign(sign)
        };
        spots.push(TokenPlace { token, from, to: at });
    }
    // Where its last word ends: a line feed after it begins no line of the query.
    let end = text.trim_end().len();
    spots.push(TokenPlace { token: Token::End, from: end, to: end });
    Ok(spots)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn starts_with_fraction(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('.') && chars.next().is_some_and(|c| c.is_ascii_digit())
}

/// Everything that hangs together with a number: digits, point, exponent, unit letters. Whether it
/// makes sense is decided where it is read.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut at = 0;
    while at < bytes.len() {
        let c = bytes[at];
        let signed_exponent = !hex
            && matches!(c, b'+' | b'-')
            && at > 0
            && matches!(bytes[at - 1], b'e' | b'E')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !(c.is_ascii_alphanumeric() || c == b'.' || c == b'_' || signed_exponent) {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Token> {
        tokens(text).expect("lexes").into_iter().map(|spot| spot.token).collect()
    }

    #[test]
    fn colons_belong_to_names_outside_brackets_only() {
        assert_eq!(all("a:b")[0], Token::Word("a:b".into()));
        let inside = all("a[5m:1m]");
        let expected = ["[", "5m", ":", "1m", "]"];
        for (token, text) in inside[1..].iter().zip(expected) {
            match token {
                Token::Number(t) => assert_eq!(t, text),
                Token::Sign(t) => assert_eq!(*t, text),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn comments_strings_and_odd_characters() {
        assert_eq!(
            all("a # b\n+ 1e-3"),
            [Token::Word("a".into()), Token::Sign("+"), Token::Number("1e-3".into()), Token::End]
        );
        assert_eq!(all("'it\\'s'")[0], Token::Text("it's".into()));
        let error = tokens("a + €").expect_err("no such character");
        assert_eq!((error.byte, error.column), (4, 5));
    }
}
