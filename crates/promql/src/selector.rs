//! Selectors: names and matchers, and the instants they are fixed to.

use super::Rules;
use super::ast::{At, Matcher, Selector, Test, When};
use super::error::ParseError;
use super::lexer::Token;
use super::parser::Parser;
use super::pattern::anchored;

impl Parser<'_> {
    /// A selector; its name has been read, its braces have not.
    pub(super) fn selector(&mut self, name: Option<String>) -> Result<Selector, ParseError> {
        let at = self.here();
        let named = name.is_some();
        let mut matchers: Vec<Matcher> = name.map(Matcher::of_name).into_iter().collect();
        if self.take_sign("{") {
            while !self.take_sign("}") {
                let at = self.here();
                let matcher = self.name_or_matcher()?;
                if named && matcher.label == "__name__" {
                    return Err(self.wrong_at(at, "metric name must not be set twice"));
                }
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
        Ok(Selector { matchers, when: When::default() })
    }

    /// `label="value"`; under the rules of 3.x a text alone is the metric's name.
    fn name_or_matcher(&mut self) -> Result<Matcher, ParseError> {
        if self.rules == Rules::V3
            && matches!(self.peek_after(), Token::Sign("," | "}"))
            && let Token::Text(name) = self.peek().clone()
        {
            self.next();
            return Ok(Matcher::of_name(name));
        }
        self.matcher()
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
        let (text, seconds) = match self.peek().clone() {
            Token::Number(text) => (text.clone(), self.number(&text)?),
            Token::Word(text) if matches!(&*text.to_ascii_lowercase(), "inf" | "nan") => {
                (text, f64::NAN)
            }
            _ => return Err(self.unexpected("a timestamp, start() or end()")),
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
    /// The condition that a name before the braces stands for.
    fn of_name(name: String) -> Matcher {
        Matcher { label: "__name__".into(), test: Test::Equal(name) }
    }

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
