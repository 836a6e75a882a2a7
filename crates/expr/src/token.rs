//! Cuts the text of an expression into tokens, each with its position.
//!
//! Follows expr-lang `parser/lexer`. Deliberately unknown here: which tokens follow which.

use super::Fault;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// A text in quotes.
    Text(String),
    /// A name, `#` and `#index` included, or an operator that is a word.
    Name(String),
    /// An operator or a bracket.
    Sign(&'static str),
    /// Nothing follows.
    End,
}

/// A token and its position in characters, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub column: usize,
}

/// Signs, longest first where one begins another.
const SIGNS: &[&str] = &[
    "**", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "?:", "..", "::", "+", "-", "*", "/",
    "%", "^", "<", ">", "!", "?", ":", "(", ")", "[", "]", "{", "}", ",", ".", "|", ";", "=",
];

/// Longest expression that is read, in characters.
const LENGTH_MAX: usize = 20_000;

/// Most tokens of an expression, which also bounds how deep its tree can be.
const TOKENS_MAX: usize = 500;

/// Cuts a text; the last token is the end.
pub fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > LENGTH_MAX {
        return Err(Fault::at(LENGTH_MAX, format!("longer than {LENGTH_MAX} characters")));
    }
    let mut cutter = Cutter { chars, at: 0 };
    let mut found = Vec::new();
    loop {
        let token = cutter.next()?;
        let end = token.kind == Kind::End;
        if found.len() == TOKENS_MAX {
            return Err(Fault::at(token.column, format!("more than {TOKENS_MAX} tokens")));
        }
        found.push(token);
        if end {
            return Ok(found);
        }
    }
}

struct Cutter {
    chars: Vec<char>,
    at: usize,
}

impl Cutter {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take_while(&mut self, takes: impl Fn(char) -> bool) -> String {
        let from = self.at;
        while self.peek(0).is_some_and(&takes) {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    fn skip_blank(&mut self) -> Result<(), Fault> {
        loop {
            self.take_while(char::is_whitespace);
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('/')) => drop(self.take_while(|c| c != '\n')),
                (Some('/'), Some('*')) => {
                    let column = self.at + 1;
                    self.at += 2;
                    while (self.peek(0), self.peek(1)) != (Some('*'), Some('/')) {
                        if self.peek(0).is_none() {
                            return Err(Fault::at(column, "unclosed comment"));
                        }
                        self.at += 1;
                    }
                    self.at += 2;
                }
                _ => return Ok(()),
            }
        }
    }

    fn next(&mut self) -> Result<Token, Fault> {
        self.skip_blank()?;
        let column = self.at + 1;
        let Some(first) = self.peek(0) else { return Ok(Token { kind: Kind::End, column }) };
        let fraction = first == '.' && self.peek(1).is_some_and(|c| c.is_ascii_digit());
        let kind = if first.is_ascii_digit() || fraction {
            self.number(column)?
        } else if matches!(first, '"' | '\'' | '`') {
            Kind::Text(self.quoted(first, column)?)
        } else if first.is_alphabetic() || matches!(first, '_' | '$' | '#') {
            self.at += 1;
            let rest = self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '$');
            Kind::Name(format!("{first}{rest}"))
        } else {
            let rest = &self.chars[self.at..];
            let begins = |sign: &&&str| sign.chars().eq(rest.iter().copied().take(sign.len()));
            let Some(sign) = SIGNS.iter().find(begins) else {
                return Err(Fault::at(column, format!("unrecognized character {first:?}")));
            };
            self.at += sign.len();
            Kind::Sign(sign)
        };
        Ok(Token { kind, column })
    }

    fn number(&mut self, column: usize) -> Result<Kind, Fault> {
        let bad = |text: &str| Fault::at(column, format!("bad number syntax: {text:?}"));
        let radix = match (self.peek(0), self.peek(1)) {
            (Some('0'), Some('x' | 'X')) => 16,
            (Some('0'), Some('b' | 'B')) => 2,
            (Some('0'), Some('o' | 'O')) => 8,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
            let digits = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
            let number = i64::from_str_radix(&digits.replace('_', ""), radix);
            return number.map(Kind::Int).map_err(|_| bad(&digits));
        }
        let mut text = self.take_while(|c| c.is_ascii_digit() || c == '_');
        // `1..3` is a range, not a number with a point.
        if self.peek(0) == Some('.') && self.peek(1) != Some('.') {
            self.at += 1;
            text += ".";
            text += &self.take_while(|c| c.is_ascii_digit() || c == '_');
        }
        if matches!(self.peek(0), Some('e' | 'E')) {
            self.at += 1;
            text += "e";
            if let Some(sign @ ('+' | '-')) = self.peek(0) {
                self.at += 1;
                text.push(sign);
            }
            text += &self.take_while(|c| c.is_ascii_digit());
        }
        if self.peek(0).is_some_and(char::is_alphanumeric) {
            return Err(bad(&text));
        }
        let plain = text.replace('_', "");
        if plain.contains(['.', 'e']) {
            return plain.parse().map(Kind::Float).map_err(|_| bad(&text));
        }
        plain.parse().map(Kind::Int).map_err(|_| bad(&text))
    }

    /// What follows a backslash, as Go's literals have it.
    fn escaped(&mut self, column: usize) -> Result<char, Fault> {
        let letter = self.peek(0).ok_or(Fault::at(column, "literal not terminated"))?;
        let digits = |count: usize, base: u32| {
            let code = (1..=count).map(|ahead| self.peek(ahead));
            let code: Option<String> = code.collect();
            let code = code.filter(|code| code.chars().all(|c| c.is_digit(base)));
            code.and_then(|code| u32::from_str_radix(&code, base).ok()).and_then(char::from_u32)
        };
        let (found, taken) = match letter {
            'a' => (Some('\u{7}'), 1),
            'b' => (Some('\u{8}'), 1),
            'f' => (Some('\u{c}'), 1),
            'n' => (Some('\n'), 1),
            'r' => (Some('\r'), 1),
            't' => (Some('\t'), 1),
            'v' => (Some('\u{b}'), 1),
            '\\' | '"' | '\'' | '`' | '?' => (Some(letter), 1),
            'x' | 'X' => (digits(2, 16), 3),
            'u' => (digits(4, 16), 5),
            'U' => (digits(8, 16), 9),
            '0'..='3' => {
                let code: Option<String> = (0..3).map(|ahead| self.peek(ahead)).collect();
                let code = code.and_then(|code| u32::from_str_radix(&code, 8).ok());
                (code.and_then(char::from_u32), 3)
            }
            _ => (None, 1),
        };
        self.at += taken;
        found.ok_or_else(|| Fault::at(column, "unable to unescape string"))
    }

    fn quoted(&mut self, quote: char, column: usize) -> Result<String, Fault> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                c if c == quote => return Ok(text),
                '\\' if quote != '`' => {
                    text.push(self.escaped(column)?);
                }
                c => text.push(c),
            }
        }
        Err(Fault::at(column, "literal not terminated"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).expect("a text that can be cut").into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn numbers_names_texts_and_signs() {
        let name = |n: &str| Kind::Name(n.into());
        assert_eq!(
            kinds("result[0] >= .95 // why"),
            [
                name("result"),
                Kind::Sign("["),
                Kind::Int(0),
                Kind::Sign("]"),
                Kind::Sign(">="),
                Kind::Float(0.95),
                Kind::End
            ]
        );
        assert_eq!(
            kinds("1_000 1e3 0x1f"),
            [Kind::Int(1000), Kind::Float(1000.0), Kind::Int(31), Kind::End]
        );
        assert_eq!(kinds("'a\\'b'/* x */#"), [Kind::Text("a'b".into()), name("#"), Kind::End]);
        assert_eq!(kinds("'\\u00e9\\x41\\101\\v'")[0], Kind::Text("éAA\u{b}".into()));
        assert!(tokens("'\\xg'").is_err() && tokens("'\\q'").is_err());
        assert_eq!(kinds("1..3")[1], Kind::Sign(".."));
    }

    #[test]
    fn nonsense_is_told_with_its_place() {
        for (text, column) in [("1 @ 2", 3), ("'a", 1), ("/* a", 1), ("2x", 1), ("0xg", 1)] {
            assert_eq!(tokens(text).map_err(|f| f.column), Err(column), "{text}");
        }
        assert!(tokens(&"1".repeat(100_000)).is_err());
    }
}
