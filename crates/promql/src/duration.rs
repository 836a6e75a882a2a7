//! Lengths of time in a query: plain ones, and sums of durations such as `[5m * 2]` or
//! `[max_of(step(), 1m)]` (`promql/durations.go`), which 3.14 takes without a flag.
//!
//! What does not depend on the question is worked out when the query is read; `step()` and
//! `range()` wait for it. Deliberately unknown here: what is as long as that.

use super::Rules;
use super::ast::Op;
use super::error::ParseError;
use super::lexer::Token;
use super::literal::{duration_ms, number, seconds_ms};
use super::parser::Parser;
use std::sync::Arc;
use windtunnel_base::maths;

/// Longest length in seconds: what 64 bits hold as nanoseconds.
const LONGEST_SECS: f64 = 9_223_372_036.854_776;

/// What a question gives a duration: the step and the length of its range, in milliseconds. Both
/// are 0 for a question at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurationRange {
    /// `step()`
    pub step_ms: i64,
    /// `range()`
    pub range_ms: i64,
}

/// A length of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// Milliseconds.
    Ms(i64),
    /// Worked out anew for every question.
    Worked {
        /// How.
        term: Arc<Term>,
        /// May it be negative or nothing, as offsets may?
        signed: bool,
    },
}

impl Default for Length {
    fn default() -> Length {
        Length::Ms(0)
    }
}

impl Length {
    /// Its milliseconds for a question.
    pub fn ms(&self, asked: DurationRange) -> Result<i64, String> {
        match self {
            Length::Ms(ms) => Ok(*ms),
            Length::Worked { term, signed } => whole_ms(term.seconds(asked)?, *signed),
        }
    }

    /// Does it wait for the question?
    pub fn waits(&self) -> bool {
        matches!(self, Length::Worked { .. })
    }
}

/// A duration expression; numbers are seconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A number or a plain duration.
    Seconds(f64),
    /// `step()`
    Step,
    /// `range()`
    Range,
    /// `-x`
    Minus(Arc<Term>),
    /// `min_of(a, b)`, or `max_of(a, b)`.
    Bound {
        /// Is it the smaller one?
        least: bool,
        /// Left operand.
        left: Arc<Term>,
        /// Right operand.
        right: Arc<Term>,
    },
    /// `a + b`
    Binary(Op, Arc<Term>, Arc<Term>),
}

impl Term {
    fn seconds(&self, asked: DurationRange) -> Result<f64, String> {
        Ok(match self {
            Term::Seconds(seconds) => *seconds,
            Term::Step => asked.step_ms as f64 / 1000.0,
            Term::Range => asked.range_ms as f64 / 1000.0,
            Term::Minus(inner) => -inner.seconds(asked)?,
            Term::Bound { least, left, right } => {
                let (a, b) = (left.seconds(asked)?, right.seconds(asked)?);
                match (a.is_nan() || b.is_nan(), least) {
                    (true, _) => f64::NAN,
                    (_, true) => a.min(b),
                    (_, false) => a.max(b),
                }
            }
            Term::Binary(op, left, right) => {
                let (a, b) = (left.seconds(asked)?, right.seconds(asked)?);
                match op {
                    Op::Add => a + b,
                    Op::Sub => a - b,
                    Op::Mul => a * b,
                    Op::Div if b == 0.0 => return Err("division by zero".into()),
                    Op::Div => a / b,
                    Op::Mod if b == 0.0 => return Err("modulo by zero".into()),
                    Op::Mod => a % b,
                    _ => maths::pow(a, b),
                }
            }
        })
    }

    /// Does it hold `step()` or `range()`?
    fn waits(&self) -> bool {
        match self {
            Term::Seconds(_) => false,
            Term::Step | Term::Range => true,
            Term::Minus(inner) => inner.waits(),
            Term::Bound { left, right, .. } | Term::Binary(_, left, right) => {
                left.waits() || right.waits()
            }
        }
    }
}

/// Seconds of a duration expression as whole milliseconds.
fn whole_ms(seconds: f64, signed: bool) -> Result<i64, String> {
    if !seconds.is_finite() {
        return Err("duration is NaN or infinite".into());
    }
    if seconds.abs() > LONGEST_SECS {
        return Err("duration is out of range".into());
    }
    match signed || seconds > 0.0 {
        true => Ok((seconds * 1000.0) as i64),
        false => Err("duration must be greater than 0".into()),
    }
}

impl Parser<'_> {
    /// A length above zero, within brackets; `expected` says what may stand there.
    pub(super) fn length(&mut self, expected: &str) -> Result<Length, ParseError> {
        let at = self.here();
        if self.rules == Rules::V2 || self.is_lone_number() {
            let (ms, seconds) = self.plain_duration(expected)?;
            return match seconds > 0.0 {
                true => Ok(Length::Ms(ms)),
                false => Err(self.wrong_at(at, "duration must be greater than 0")),
            };
        }
        self.new_duration();
        let term = self.term(0, expected)?;
        self.worked(term, at, false)
    }

    /// The step of a subquery: a length of a millisecond or more.
    pub(super) fn step(&mut self) -> Result<Length, ParseError> {
        let at = self.here();
        match self.length("a step or \"]\"")? {
            Length::Ms(0) => Err(self.wrong_at(at, "a step is a millisecond or more")),
            step => Ok(step),
        }
    }

    /// Does a number stand here with nothing behind it that would make a sum of it?
    fn is_lone_number(&self) -> bool {
        let ends = matches!(self.peek_after(), Token::Sign("]" | ":"));
        matches!(self.peek(), Token::Number(_)) && ends
    }

    /// What follows `offset`: a signed duration. One that begins with a parenthesis, or with two
    /// signs, goes on over the operators behind it, as Prometheus' grammar has it; any other ends
    /// with its first duration.
    pub(super) fn offset(&mut self) -> Result<Length, ParseError> {
        let at = self.here();
        let sign = |token: &Token| matches!(token, Token::Sign("-" | "+"));
        let signs = (sign(self.peek()), sign(self.peek_after()));
        self.new_duration();
        if self.rules == Rules::V3 && (self.is_sign("(") || signs == (true, true)) {
            let term = self.term(0, "a duration")?;
            return self.worked(term, at, true);
        }
        let minus = self.take_sign("-");
        let _ = !minus && self.rules == Rules::V3 && self.take_sign("+");
        if self.rules == Rules::V2 || matches!(self.peek(), Token::Number(_)) {
            let at = self.here();
            let (ms, _) = self.plain_duration("a duration")?;
            if ms == 0 && self.rules == Rules::V2 {
                return Err(self.wrong_at(at, "duration must be greater than 0"));
            }
            return Ok(Length::Ms(if minus { -ms } else { ms }));
        }
        let term = self.factor("a duration")?;
        let term = if minus { Term::Minus(Arc::new(term)) } else { term };
        self.worked(term, at, true)
    }

    /// The length of a duration expression: worked out now if it does not wait for the question.
    fn worked(&self, term: Term, at: usize, signed: bool) -> Result<Length, ParseError> {
        if term.waits() {
            return Ok(Length::Worked { term: Arc::new(term), signed });
        }
        let ms =
            term.seconds(DurationRange::default()).and_then(|seconds| whole_ms(seconds, signed));
        ms.map(Length::Ms).map_err(|why| self.wrong_at(at, why))
    }

    /// A duration expression whose operators bind tighter than `floor`.
    fn term(&mut self, floor: u8, expected: &str) -> Result<Term, ParseError> {
        self.deeper()?;
        let mut left = self.factor(expected)?;
        while let Some(op) = self.arithmetic().filter(|op| op.precedence() > floor) {
            let op_at = self.here();
            self.next();
            let right_floor = op.precedence() - u8::from(op == Op::Pow);
            let right = self.term(right_floor, "a duration")?;
            let by_zero = right == Term::Seconds(0.0);
            match op {
                Op::Div if by_zero => return Err(self.wrong_at(op_at, "division by zero")),
                Op::Mod if by_zero => return Err(self.wrong_at(op_at, "modulo by zero")),
                _ => left = Term::Binary(op, Arc::new(left), Arc::new(right)),
            }
            self.sums(op_at)?;
        }
        self.shallower();
        Ok(left)
    }

    fn arithmetic(&self) -> Option<Op> {
        let Token::Sign(sign @ ("+" | "-" | "*" | "/" | "%" | "^")) = self.peek() else {
            return None;
        };
        Op::of(sign)
    }

    /// What operators of durations stand between.
    fn factor(&mut self, expected: &str) -> Result<Term, ParseError> {
        match self.peek().clone() {
            Token::Sign(sign @ ("-" | "+")) => {
                self.next();
                let inner = self.term(Op::Mul.precedence(), "a duration")?;
                Ok(match (sign, inner) {
                    ("-", Term::Seconds(seconds)) => Term::Seconds(-seconds),
                    ("-", inner) => Term::Minus(Arc::new(inner)),
                    (_, inner) => inner,
                })
            }
            Token::Sign("(") => {
                self.next();
                let inner = self.term(0, "a duration")?;
                self.need_sign(")", "\")\"")?;
                Ok(inner)
            }
            Token::Number(text) => {
                let seconds = duration_ms(&text).map(|ms| ms as f64 / 1000.0);
                let seconds = seconds.or_else(|| number(&text, true));
                let seconds = seconds.filter(|seconds| seconds.abs() <= LONGEST_SECS);
                let found = seconds.ok_or_else(|| self.wrong(format!("bad duration {text:?}")))?;
                self.next();
                Ok(Term::Seconds(found))
            }
            Token::Word(word) => self.duration_call(&word.to_ascii_lowercase(), expected),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// `step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`.
    fn duration_call(&mut self, word: &str, expected: &str) -> Result<Term, ParseError> {
        if !matches!(word, "step" | "range" | "min_of" | "max_of") {
            return Err(self.unexpected(expected));
        }
        self.next();
        self.need_sign("(", "\"(\"")?;
        let term = match word {
            "step" => Term::Step,
            "range" => Term::Range,
            _ => {
                let left = Arc::new(self.term(0, "a duration")?);
                self.need_sign(",", "\",\" and a second duration")?;
                let right = Arc::new(self.term(0, "a duration")?);
                Term::Bound { least: word == "min_of", left, right }
            }
        };
        self.need_sign(")", "\")\"")?;
        Ok(term)
    }

    /// A duration as one token, in milliseconds and as seconds, of which a part of a millisecond
    /// counts as something; under the rules of 3.x plain seconds will do.
    fn plain_duration(&mut self, expected: &str) -> Result<(i64, f64), ParseError> {
        let Token::Number(text) = self.peek().clone() else {
            return Err(self.unexpected(expected));
        };
        let plain = duration_ms(&text).map(|ms| (ms, ms as f64 / 1000.0));
        let seconds = || number(&text, true).filter(|_| self.rules == Rules::V3);
        let found = plain.or_else(|| seconds().and_then(|secs| Some((seconds_ms(secs)?, secs))));
        let found = found.ok_or_else(|| self.wrong(format!("bad duration {text:?}")))?;
        self.next();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Query;

    /// Range and offset of `x[…] offset …` in milliseconds, for a question of this kind.
    fn ms(range: &str, offset: &str, asked: DurationRange) -> Result<(i64, i64), String> {
        let text = format!("x[{range}] offset {offset}");
        let query = Query::parse(&text).map_err(|e| e.message)?;
        let crate::ast::Node::Range(selector, length) = &query.expr.node else {
            return Err("no range".into());
        };
        Ok((length.ms(asked)?, selector.when.offset.ms(asked)?))
    }

    #[test]
    fn durations_can_be_worked_out() {
        let asked = DurationRange { step_ms: 15_000, range_ms: 3_600_000 };
        for (range, offset, wanted) in [
            ("5m * 2", "1m", (600_000, 60_000)),
            ("(5+2) * 1m", "(1h / 2)", (420_000, 1_800_000)),
            ("4h % 3h", "((2 ^ 3) * 1m)", (3_600_000, 480_000)),
            ("step() + 1", "-step()", (16_000, -15_000)),
            ("max_of(step(), 20s)", "range()", (20_000, 3_600_000)),
            ("min_of(2 * step() + 5s, 5m)", "-(30s - 1m)", (35_000, 30_000)),
            ("10m - 1m - 1m", "--5m", (480_000, 300_000)),
            ("2 ^ 3 ^ 0", "-(-2 ^ 2)", (2_000, 4_000)),
            ("0.57", "1.5", (570, 1_500)),
            ("0.0001", "(3s) - 1s - 1s", (0, 1_000)),
            ("(5)", "(2s) * 2", (5_000, 4_000)),
            ("1_0 + 1", "--1s * 2", (11_000, 2_000)),
        ] {
            assert_eq!(ms(range, offset, asked), Ok(wanted), "[{range}] offset {offset}");
        }
    }

    /// As a server of 3.14 takes them.
    #[test]
    fn an_offset_ends_with_its_first_duration_unless_that_stands_in_parentheses() {
        for text in ["x offset 1s * 2", "x offset step() * 2", "x offset -(1s) ^ 2"] {
            let query = Query::parse(text).expect(text);
            assert!(matches!(query.expr.node, crate::ast::Node::Binary(_)));
        }
        for text in ["x offset 1s offset (1s)", "x[1m] offset step() offset 1s", "x @ (5+5)"] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
        for text in ["x[5m*2]", "x offset (1m)", "x[step()]", "first_over_time(x[1m])"] {
            assert!(Query::parse_by(text, Rules::V2).is_err(), "2.42 knows no {text}");
        }
    }

    #[test]
    fn what_makes_no_duration_is_said() {
        let of = |range: &str| ms(range, "0s", DurationRange::default()).expect_err(range);
        assert_eq!(of("5m - 10m"), "duration must be greater than 0");
        assert_eq!(of("1m / 0"), "division by zero");
        assert_eq!(of("1m % (1 - 1)"), "modulo by zero");
        assert_eq!(of("10 ^ 400"), "duration is NaN or infinite");
        assert_eq!(of("10 ^ 100"), "duration is out of range");
        assert_eq!(of("step()"), "duration must be greater than 0");
        assert!(of("5m *").contains("expected a duration"));
        assert!(of("max_of(1m)").contains("a second duration"));
        assert!(of("scrape()").contains("unexpected \"scrape\""));
        let deep = format!("{}1m{}", "(".repeat(5_000), ")".repeat(5_000));
        assert!(of(&deep).contains("nested deeper"));
        let long = format!("1m{}", " + 1m".repeat(50_000));
        assert!(of(&long).contains("operators in a duration"));
    }
}
