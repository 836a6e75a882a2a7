//! Selectors: names and matchers, and the instants they are fixed to.

use super::Rules;
use super::ast::{At, Matcher, Selector, Test, When};
use super::error::ParseError;
use super::lexer::Token;
use super::literal::number;
use super::parser::Parser;
use regex::{Regex, RegexBuilder};

/// Largest compiled regular expression, in bytes.
const LARGEST_REGEX: usize = 1 << 20;

impl Parser<'_> {
    /// A selector; its name has been read, its braces have not.
    pub(super) fn selector(&mut self, name: Option<String>) -> Result<Selector, ParseError> {
        let at = self.here();
        let mut matchers: Vec<Matcher> = Vec::new();
        let mut named = name.is_some();
        let named_test = |n: String| Matcher { label: "__name__".into(), test: Test::Equal(n) };
        matchers.extend(name.map(named_test));
        if self.take_sign("{") {
            while !self.take_sign("}") {
                let at = self.here();
                let quoted = matches!(self.peek(), Token::Text(_))
                    && matches!(self.peek_after(), Token::Sign("," | "}"));
                let matcher = match (quoted && self.rules == Rules::V3, self.peek().clone()) {
                    (true, Token::Text(text)) => {
                        self.next();
                        named_test(text)
                    }
                    _ => self.matcher()?,
                };
                let names_it =
                    matcher.label == "__name__" && matches!(matcher.test, Test::Equal(_));
                if names_it && (named && matchers.first().is_some_and(|m| m.label == "__name__")) {
                    let message = "metric name must not be set twice";
                    return Err(self.wrong_at(at, message));
                }
                named |= quoted;
                matchers.push(matcher);
                if !self.take_sign(",") {
                    self.need_sign("}", "\",\" or \"}\"")?;
                    break;
                }
            }
        }
        if matchers.iter().all(Matcher::takes_empty) {
            let message = "vector selector must contain at least one non-empty matcher";
            return Err(self.wrong_at(at, message));
        }
        let exact = |m: &Matcher| match (&m.test, m.label == "__name__") {
            (Test::Equal(name), true) => Some(name.clone()),
            _ => None,
        };
        let name = matchers.iter().find_map(exact);
        Ok(Selector { matchers, name, when: When::default() })
    }

    fn matcher(&mut self) -> Result<Matcher, ParseError> {
        let label = self.label_name()?;
        let Token::Sign(sign @ ("=" | "!=" | "=~" | "!~")) = self.peek().clone() else {
            return Err(self.unexpected("one of \"=\", \"!=\", \"=~\", \"!~\""));
        };
        self.next();
        let at = self.here();
        let Token::Text(value) = self.peek().clone() else {
            return Err(self.unexpected("a value in quotes"));
        };
        self.next();
        let regex = || anchored(&value, self.rules).map_err(|e| self.wrong_at(at, e));
        let test = match sign {
            "=" => Test::Equal(value),
            "!=" => Test::NotEqual(value),
            "=~" => Test::Like(regex()?),
            _ => Test::NotLike(regex()?),
        };
        if self.is_word("or") {
            let message = "matchers are joined by commas: all of them must hold";
            return Err(self.wrong(message));
        }
        Ok(Matcher { label, test })
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    /// What follows `@`: seconds of Unix time, `start()` or `end()`.
    pub(super) fn instant(&mut self) -> Result<At, ParseError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.is_word(word) {
                self.next();
                self.need_sign("(", "\"()\"")?;
                self.need_sign(")", "\")\"")?;
                return Ok(at);
            }
        }
        let minus = self.is_sign("-");
        if minus || self.is_sign("+") {
            self.next();
        }
        let text = match self.peek().clone() {
            Token::Number(text) | Token::Word(text) => text,
            _ => return Err(self.unexpected("a timestamp, start() or end()")),
        };
        let found = number(&text, self.rules == Rules::V3);
        let Some(seconds) = found else {
            return Err(self.unexpected("a timestamp, start() or end()"));
        };
        if seconds.is_nan() || seconds.abs() >= 9.2e15 {
            let message = format!("timestamp out of bounds for @ modifier: {text}");
            return Err(self.wrong(message));
        }
        self.next();
        let ms = (seconds * 1000.0).round() as i64;
        Ok(At::Instant(if minus { -ms } else { ms }))
    }
}

impl Matcher {
    /// Does an absent label pass?
    pub fn takes_empty(&self) -> bool {
        self.takes("")
    }

    /// Does a label with this value pass?
    pub fn takes(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => wanted == value,
            Test::NotEqual(unwanted) => unwanted != value,
            Test::Like(regex) => regex.is_match(value),
            Test::NotLike(regex) => !regex.is_match(value),
        }
    }
}

/// A regular expression that must match a whole value. Under the rules of 3.x `.` takes newlines
/// too. RE2 takes a brace that begins no repetition literally, so such a text is tried again.
pub fn anchored(pattern: &str, rules: Rules) -> Result<Regex, String> {
    let build = |pattern: &str| {
        RegexBuilder::new(&format!("^(?:{pattern})$"))
            .dot_matches_new_line(rules == Rules::V3)
            .size_limit(LARGEST_REGEX)
            .build()
    };
    build(pattern).or_else(|error| {
        let literal = pattern.replace("\\{", "{").replace('{', "\\{");
        build(&literal).map_err(|_| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("bad regular expression: {}", last.trim_start_matches("error: "))
        })
    })
}
