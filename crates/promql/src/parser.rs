//! Tokens → expressions, by precedence climbing, with Prometheus' own grammar
//! (`promql/parser/generated_parser.y`). Every error points at a character.
//!
//! Nesting is bounded, so that no text can exhaust the stack. Selectors are read in `selector`,
//! what types allow is checked in `check`.

use super::Rules;
use super::ast::{Aggregate, At, Binary, Expr, Fold, Many, Matching, Node, Op, Subquery, When};
use super::check;
use super::duration::Length;
use super::error::ParseError;
use super::function;
use super::lexer::{Token, TokenPlace, tokens};
use super::literal::{duration_ms, number};

/// Deepest nesting of expressions while they are read.
const DEEPEST: usize = 200;

/// Most levels of a parsed expression: `a + b + c` has three. Whoever walks it needs a stack.
const HIGHEST: u32 = 250;

/// Words that no metric may have as its bare name.
const RESERVED: [&str; 6] = ["bool", "on", "ignoring", "group_left", "group_right", "atan2"];

/// A text on its way to an expression.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) rules: Rules,
    spots: Vec<TokenPlace>,
    at: usize,
    depth: usize,
    /// Operators of the duration that is being read.
    sums: u32,
}

/// Reads a whole query.
pub fn parse(text: &str, rules: Rules) -> Result<Expr, ParseError> {
    let mut parser = Parser { text, rules, spots: tokens(text)?, at: 0, depth: 0, sums: 0 };
    if parser.peek() == &Token::End {
        return Err(parser.wrong("no expression found in input"));
    }
    let expr = parser.expr(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("the end of the query or an operator")),
    }
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> &Token {
        &self.spots[self.at].token
    }

    pub(super) fn peek_after(&self) -> &Token {
        &self.spots[(self.at + 1).min(self.spots.len() - 1)].token
    }

    /// The byte at which the next token starts.
    pub(super) fn here(&self) -> usize {
        self.spots[self.at].from
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.spots[self.at].token.clone();
        self.at = (self.at + 1).min(self.spots.len() - 1);
        token
    }

    pub(super) fn wrong(&self, message: impl Into<String>) -> ParseError {
        ParseError::at(self.text, self.here(), message)
    }

    pub(super) fn wrong_at(&self, byte: usize, message: impl Into<String>) -> ParseError {
        ParseError::at(self.text, byte, message)
    }

    pub(super) fn unexpected(&self, expected: &str) -> ParseError {
        let spot = &self.spots[self.at];
        let found = match spot.token {
            Token::End => "the query ends too early".to_string(),
            _ => format!("unexpected {:?}", &self.text[spot.from..spot.to]),
        };
        self.wrong(format!("{found}, expected {expected}"))
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(s) if *s == sign)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn need_sign(&mut self, sign: &str, expected: &str) -> Result<(), ParseError> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The next word in lower case, if it is one.
    fn keyword(&self) -> Option<String> {
        match self.peek() {
            Token::Word(word) => Some(word.to_ascii_lowercase()),
            _ => None,
        }
    }

    fn take_keyword(&mut self, word: &str) -> bool {
        let found = self.keyword().is_some_and(|k| k == word);
        if found {
            self.next();
        }
        found
    }

    /// An expression whose operators bind tighter than `floor`.
    fn expr(&mut self, floor: u8) -> Result<Expr, ParseError> {
        self.deeper()?;
        let mut left = self.unary()?;
        while let Some(op) = self.operator().filter(|op| op.precedence() > floor) {
            let op_at = self.here();
            self.next();
            let (returns_bool, matching) = self.modifiers()?;
            // A power takes the operator of its own kind to its right, the others do not.
            let right_floor = if op == Op::Pow { op.precedence() - 1 } else { op.precedence() };
            let right = self.expr(right_floor)?;
            let at = left.at;
            let binary = Binary { op, left, right, returns_bool, matching };
            check::binary(&binary).map_err(|e| self.wrong_at(op_at, e))?;
            left = Expr::new(Node::Binary(Box::new(binary)), at);
            if left.height > HIGHEST {
                return Err(self.wrong_at(op_at, format!("more than {HIGHEST} operators in a row")));
            }
        }
        self.shallower();
        Ok(left)
    }

    /// One level deeper; too deep is an error.
    pub(super) fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(self.wrong(format!("nested deeper than {DEEPEST} levels"))),
            false => Ok(()),
        }
    }

    /// One more operator in the duration that is being read.
    pub(super) fn sums(&mut self, op_at: usize) -> Result<(), ParseError> {
        self.sums += 1;
        match self.sums > HIGHEST {
            true => {
                Err(self.wrong_at(op_at, format!("more than {HIGHEST} operators in a duration")))
            }
            false => Ok(()),
        }
    }

    /// A new duration begins.
    pub(super) fn new_duration(&mut self) {
        self.sums = 0;
    }

    /// Back from one level.
    pub(super) fn shallower(&mut self) {
        self.depth -= 1;
    }

    fn operator(&self) -> Option<Op> {
        match self.peek() {
            Token::Sign(sign) => Op::of(sign),
            Token::Word(word) => Op::of(&word.to_ascii_lowercase()),
            _ => None,
        }
    }

    /// Signs before an expression bind like a multiplication: `-x ^ 2` is `-(x ^ 2)`.
    fn unary(&mut self) -> Result<Expr, ParseError> {
        let at = self.here();
        let minus = self.is_sign("-");
        if !minus && !self.is_sign("+") {
            return self.postfix();
        }
        self.next();
        let inner = self.expr(Op::Mul.precedence())?;
        check::unary(&inner).map_err(|e| self.wrong_at(at, e))?;
        let node = match inner.node {
            Node::Number(n) => Node::Number(if minus { -n } else { n }),
            _ => Node::Unary { minus, inner: Box::new(inner) },
        };
        Ok(Expr::new(node, at))
    }

    /// `bool`, `on` or `ignoring`, and the grouping.
    fn modifiers(&mut self) -> Result<(bool, Matching), ParseError> {
        let returns_bool = self.take_keyword("bool");
        let mut matching = Matching::default();
        let on = self.keyword().filter(|k| k == "on" || k == "ignoring");
        if let Some(on) = on {
            self.next();
            matching.on = on == "on";
            matching.labels = self.label_list()?;
            let many = self.keyword().filter(|k| k == "group_left" || k == "group_right");
            if let Some(many) = many {
                self.next();
                matching.many = if many == "group_left" { Many::Left } else { Many::Right };
                if self.is_sign("(") {
                    matching.include = self.label_list()?;
                }
            }
        }
        Ok((returns_bool, matching))
    }

    /// `(a, b)`; a trailing comma is allowed.
    fn label_list(&mut self) -> Result<Vec<String>, ParseError> {
        self.need_sign("(", "\"(\" and labels")?;
        let mut labels = Vec::new();
        while !self.take_sign(")") {
            let at = self.here();
            labels.push(self.label_name()?);
            if labels.last().is_some_and(String::is_empty) {
                return Err(self.wrong_at(at, "a label needs a name"));
            }
            if !self.take_sign(",") {
                self.need_sign(")", "\",\" or \")\"")?;
                break;
            }
        }
        Ok(labels)
    }

    pub(super) fn label_name(&mut self) -> Result<String, ParseError> {
        match self.peek().clone() {
            Token::Word(word) if !word.contains(':') => {
                self.next();
                Ok(word)
            }
            Token::Text(text) if self.rules == Rules::V3 => {
                self.next();
                Ok(text)
            }
            _ => Err(self.unexpected("the name of a label")),
        }
    }

    /// An expression with everything that may stand behind it: ranges, `offset`, `@`.
    fn postfix(&mut self) -> Result<Expr, ParseError> {
        let mut expr = self.primary()?;
        loop {
            if self.is_sign("[") {
                expr = self.range(expr)?;
            } else if self.take_keyword("offset") {
                let at = self.here();
                let offset = self.offset()?;
                let when = self.when_of(&mut expr, at, "offset")?;
                if std::mem::replace(&mut when.offset, offset) != Length::default() {
                    return Err(self.wrong_at(at, "offset may not be set multiple times"));
                }
            } else if self.is_sign("@") {
                let at = self.here();
                self.next();
                let instant = self.instant()?;
                let when = self.when_of(&mut expr, at, "@")?;
                if when.at.replace(instant).is_some() {
                    return Err(self.wrong_at(at, "@ <timestamp> may not be set multiple times"));
                }
            } else {
                return Ok(expr);
            }
        }
    }

    fn when_of<'e>(
        &self,
        expr: &'e mut Expr,
        at: usize,
        word: &str,
    ) -> Result<&'e mut When, ParseError> {
        match &mut expr.node {
            Node::Selector(selector) | Node::Range(selector, _) => Ok(&mut selector.when),
            Node::Subquery(sub) => Ok(&mut sub.when),
            _ => {
                let message = format!(
                    "{word} must be preceded by an instant vector selector or range vector \
                     selector or a subquery"
                );
                Err(self.wrong_at(at, message))
            }
        }
    }

    /// `[5m]` or `[30m:1m]`.
    fn range(&mut self, expr: Expr) -> Result<Expr, ParseError> {
        let open = self.here();
        self.next();
        let range = self.length("a duration")?;
        if self.take_sign(":") {
            let step = match self.is_sign("]") {
                true => None,
                false => Some(self.step()?),
            };
            self.need_sign("]", "\"]\"")?;
            check::subquery(&expr).map_err(|e| self.wrong_at(open, e))?;
            let (at, when) = (expr.at, When::default());
            let sub = Subquery { inner: expr, range, step, when };
            return Ok(Expr::new(Node::Subquery(Box::new(sub)), at));
        }
        self.need_sign("]", "\"]\" or \":\"")?;
        let Node::Selector(selector) = expr.node else {
            let message = "ranges only allowed for vector selectors";
            return Err(self.wrong_at(open, message));
        };
        if selector.when.offset != Length::default() {
            return Err(self.wrong_at(open, "no offset modifiers allowed before range"));
        }
        // 2.x overlooks `start()` and `end()` here.
        let fixed = match selector.when.at {
            Some(At::Instant(_)) => true,
            at => at.is_some() && self.rules == Rules::V3,
        };
        if fixed {
            return Err(self.wrong_at(open, "no @ modifiers allowed before range"));
        }
        Ok(Expr::new(Node::Range(selector, range), expr.at))
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        let at = self.here();
        let node = match self.peek().clone() {
            Token::Number(text) => {
                let value = self.number(&text)?;
                self.next();
                Node::Number(value)
            }
            Token::Text(text) => {
                self.next();
                Node::Text(text)
            }
            Token::Sign("(") => {
                self.next();
                let inner = self.expr(0)?;
                self.need_sign(")", "\")\"")?;
                Node::Paren(Box::new(inner))
            }
            Token::Sign("{") => Node::Selector(self.selector(None)?),
            Token::Word(word) => return self.word(&word, at),
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(Expr::new(node, at))
    }

    /// A number; under the rules of 3.x a duration counts as its seconds.
    pub(super) fn number(&self, text: &str) -> Result<f64, ParseError> {
        let duration = || duration_ms(text).filter(|_| self.rules == Rules::V3);
        number(text, self.rules == Rules::V3)
            .or_else(|| duration().map(|ms| ms as f64 / 1000.0))
            .ok_or_else(|| self.wrong(format!("bad number or duration {text:?}")))
    }

    /// A word: aggregation, function, number, or the name of a metric.
    fn word(&mut self, word: &str, at: usize) -> Result<Expr, ParseError> {
        let lower = word.to_ascii_lowercase();
        let opens = matches!(self.peek_after(), Token::Sign("("));
        let clause = matches!(self.peek_after(), Token::Word(next)
            if matches!(next.to_ascii_lowercase().as_str(), "by" | "without"));
        let fold = Fold::ALL.iter().find(|(name, _)| *name == lower);
        if let Some((_, op)) = fold.filter(|_| opens || clause) {
            self.next();
            let node = Node::Aggregate(Box::new(self.aggregate(*op)?));
            return Ok(Expr::new(node, at));
        }
        if matches!(lower.as_str(), "limitk" | "limit_ratio") && (opens || clause) {
            return Err(self.wrong(format!("{lower} is experimental: a server refuses it")));
        }
        if opens && !RESERVED.contains(&lower.as_str()) {
            let function = function::find(word, self.rules).map_err(|e| self.wrong(e))?;
            self.next();
            let args = self.arguments()?;
            let node = Node::Call(function, args);
            check::call(&node).map_err(|(arg, e)| self.wrong_at(arg.unwrap_or(at), e))?;
            return Ok(Expr::new(node, at));
        }
        if matches!(lower.as_str(), "inf" | "nan") {
            self.next();
            let value = if lower == "inf" { f64::INFINITY } else { f64::NAN };
            return Ok(Expr::new(Node::Number(value), at));
        }
        if RESERVED.contains(&lower.as_str()) || Op::of(&lower).is_some_and(|o| !o.on_sets()) {
            return Err(self.unexpected("an expression"));
        }
        self.next();
        Ok(Expr::new(Node::Selector(self.selector(Some(word.to_string()))?), at))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        self.need_sign("(", "\"(\"")?;
        let mut args = Vec::new();
        while !self.take_sign(")") {
            args.push(self.expr(0)?);
            if !self.take_sign(",") {
                self.need_sign(")", "\",\" or \")\"")?;
                break;
            }
            if self.is_sign(")") {
                return Err(self.wrong("trailing commas not allowed in function call args"));
            }
        }
        Ok(args)
    }

    /// An aggregation: its clause may stand before or behind the argument.
    fn aggregate(&mut self, op: Fold) -> Result<Aggregate, ParseError> {
        let before = self.clause()?;
        let open = self.here();
        let mut args = self.arguments()?;
        let after = if before.is_none() { self.clause()? } else { None };
        let (without, labels) = before.or(after).unwrap_or_default();
        let wanted = if op.has_param() { 2 } else { 1 };
        if args.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, \
                 got {}",
                args.len()
            );
            return Err(self.wrong_at(open, message));
        }
        let param = op.has_param().then(|| args.remove(0));
        let aggregate = Aggregate { op, param, inner: args.remove(0), without, labels };
        check::aggregate(&aggregate).map_err(|(at, e)| self.wrong_at(at, e))?;
        Ok(aggregate)
    }

    /// `by (…)` or `without (…)`.
    fn clause(&mut self) -> Result<Option<(bool, Vec<String>)>, ParseError> {
        let Some(word) = self.keyword().filter(|k| k == "by" || k == "without") else {
            return Ok(None);
        };
        self.next();
        Ok(Some((word == "without", self.label_list()?)))
    }
}
