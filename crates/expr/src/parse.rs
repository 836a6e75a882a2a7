//! Makes a tree of the tokens of an expression.
//!
//! Follows expr-lang `parser/parser.go`: binary operators by precedence, one level of recursion
//! for each, and nesting is limited. Deliberately unknown here: types.

use super::Fault;
use super::builtin::{Shape, shape};
use super::token::{Kind, Token, tokens};
use super::tree::Node;
use super::value::Value;

/// Deepest nesting of an expression.
const DEPTH_MAX: usize = 64;

/// Most nodes that are copied for chains of comparisons and for `?:`.
const COPIES_MAX: usize = 2_000;

/// Binary operators with their precedence, and whether they bind to the right.
const BINARY: &[(&str, u32, bool)] = &[
    ("|", 0, false),
    ("||", 10, false),
    ("or", 10, false),
    ("&&", 15, false),
    ("and", 15, false),
    ("==", 20, false),
    ("!=", 20, false),
    ("<", 20, false),
    (">", 20, false),
    (">=", 20, false),
    ("<=", 20, false),
    ("in", 20, false),
    ("contains", 20, false),
    ("startsWith", 20, false),
    ("endsWith", 20, false),
    ("matches", 20, false),
    ("..", 25, false),
    ("+", 30, false),
    ("-", 30, false),
    ("*", 60, false),
    ("/", 60, false),
    ("%", 60, false),
    ("**", 100, true),
    ("^", 100, true),
    ("??", 500, false),
];

/// Unary operators with their precedence.
const UNARY: &[(&str, u32)] = &[("not", 50), ("!", 50), ("-", 90), ("+", 90)];

/// Reads a whole expression.
pub fn parse(text: &str) -> Result<Node, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, closures: 0, copies: 0 };
    let tree = parser.sequence()?;
    if parser.peek().kind == Kind::End { Ok(tree) } else { Err(parser.unexpected()) }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    closures: usize,
    copies: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn column(&self) -> usize {
        self.peek().column
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().kind, Kind::Sign(found) if *found == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Fault {
        let token = self.peek();
        let what = match &token.kind {
            Kind::Int(number) => format!("Number({number:?})"),
            Kind::Float(number) => format!("Number({number:?})"),
            Kind::Text(text) => format!("String({text:?})"),
            Kind::Name(name) => format!("Identifier({name:?})"),
            Kind::Sign(sign) => format!("Operator({sign:?})"),
            Kind::End => "EOF".to_string(),
        };
        Fault::at(token.column, format!("unexpected token {what}"))
    }

    /// A copy of a part that is needed twice; copies of copies would double without end.
    fn copy(&mut self, node: &Node) -> Result<Node, Fault> {
        self.copies += node.size();
        if self.copies > COPIES_MAX {
            return Err(Fault::at(self.column(), "too many nested comparisons"));
        }
        Ok(node.clone())
    }

    /// The operator at hand, words included.
    fn operator(&self) -> Option<(&'static str, u32, bool)> {
        let word: &str = match &self.peek().kind {
            Kind::Sign(sign) => sign,
            Kind::Name(name) => name,
            _ => return None,
        };
        BINARY.iter().copied().find(|(known, ..)| *known == word)
    }

    /// Expressions with `;` between them.
    fn sequence(&mut self) -> Result<Node, Fault> {
        let first = self.expression(0)?;
        let mut all = vec![first];
        while self.takes(";") {
            if self.peek().kind == Kind::End {
                break;
            }
            all.push(self.expression(0)?);
        }
        Ok(if all.len() > 1 { Node::Sequence(all) } else { all.remove(0) })
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Name(name) if name == word)
    }

    /// `let name = value; body`.
    fn variable(&mut self) -> Result<Node, Fault> {
        let column = self.column();
        self.at += 1;
        let Kind::Name(name) = self.peek().kind.clone() else { return Err(self.unexpected()) };
        if name == "result" {
            return Err(Fault::at(self.column(), "cannot redeclare result"));
        }
        if shape(&name) != Shape::Unknown {
            return Err(Fault::at(self.column(), format!("cannot redeclare builtin {name}")));
        }
        self.at += 1;
        self.expect("=")?;
        let value = self.expression(0)?;
        self.expect(";")?;
        let body = self.sequence()?;
        Ok(Node::Let(name, Box::new(value), Box::new(body), column))
    }

    /// `if condition { yes } else { no }`.
    fn conditional(&mut self) -> Result<Node, Fault> {
        let column = self.column();
        self.at += 1;
        let condition = self.expression(0)?;
        self.expect("{")?;
        let yes = self.sequence()?;
        self.expect("}")?;
        if !self.is_word("else") {
            return Err(self.unexpected());
        }
        self.at += 1;
        let no = if self.is_word("if") {
            self.nested(Parser::conditional)?
        } else {
            self.expect("{")?;
            let no = self.sequence()?;
            self.expect("}")?;
            no
        };
        Ok(Node::Choice(Box::new(condition), Box::new(yes), Box::new(no), column))
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Parser) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Fault::at(self.column(), format!("nested deeper than {DEPTH_MAX}")));
        }
        let found = read(self)?;
        self.depth -= 1;
        Ok(found)
    }

    fn expression(&mut self, least: u32) -> Result<Node, Fault> {
        self.nested(|parser| match least {
            0 if parser.is_word("let") => parser.variable(),
            0 if parser.is_word("if") => parser.conditional(),
            _ => parser.operators(least),
        })
    }

    fn operators(&mut self, least: u32) -> Result<Node, Fault> {
        let mut left = self.primary()?;
        let mut links = 0;
        while let Some((negated, (operator, precedence, right))) = self.next_operator() {
            if precedence < least {
                break;
            }
            // A chain makes a tree as deep as it is long.
            links += 1;
            if links > DEPTH_MAX {
                return Err(Fault::at(self.column(), "too many operators in a row"));
            }
            let column = self.column();
            self.at += 1 + usize::from(negated);
            if operator == "|" {
                left = self.pipe(left)?;
                continue;
            }
            left = if is_comparison(operator) {
                self.comparison(left, operator, precedence, column)?
            } else {
                let side = self.expression(if right { precedence } else { precedence + 1 })?;
                Node::Binary(operator, Box::new(left), Box::new(side), column)
            };
            if negated {
                left = Node::Unary("not", Box::new(left), column);
            }
        }
        if least == 0 { self.choice(left) } else { Ok(left) }
    }

    /// The operator at hand, with `not in` and its like as one.
    fn next_operator(&self) -> Option<(bool, (&'static str, u32, bool))> {
        if matches!(&self.peek().kind, Kind::Name(name) if name == "not") {
            let next = self.tokens.get(self.at + 1)?;
            let Kind::Name(word) = &next.kind else { return None };
            let known =
                ["in", "contains", "startsWith", "endsWith", "matches"].contains(&word.as_str());
            let found = BINARY.iter().copied().find(|(name, ..)| name == word)?;
            return known.then_some((true, found));
        }
        self.operator().map(|found| (false, found))
    }

    /// `a < b`, and chains such as `a < b < c`, which mean `a < b and b < c`.
    fn comparison(
        &mut self,
        left: Node,
        operator: &'static str,
        precedence: u32,
        column: usize,
    ) -> Result<Node, Fault> {
        let mut right = self.expression(precedence + 1)?;
        let mut links: Option<Node> = None;
        let (mut left, mut operator, mut column) = (left, operator, column);
        // Every comparison but the last lends its right side to the next one.
        while let Some((next, ..)) = self.operator().filter(|(o, ..)| is_comparison(o)) {
            let shared = self.copy(&right)?;
            let link = Node::Binary(operator, Box::new(left), Box::new(right), column);
            links = Some(chained(links, link, column));
            (left, operator, column) = (shared, next, self.column());
            self.at += 1;
            right = self.expression(precedence + 1)?;
        }
        let last = Node::Binary(operator, Box::new(left), Box::new(right), column);
        Ok(chained(links, last, column))
    }

    fn choice(&mut self, condition: Node) -> Result<Node, Fault> {
        let column = self.column();
        if self.takes("?:") {
            let no = self.expression(0)?;
            let yes = self.copy(&condition)?;
            return Ok(Node::Choice(Box::new(condition), Box::new(yes), Box::new(no), column));
        }
        if !self.takes("?") {
            return Ok(condition);
        }
        let yes = self.expression(0)?;
        self.expect(":")?;
        let no = self.expression(0)?;
        Ok(Node::Choice(Box::new(condition), Box::new(yes), Box::new(no), column))
    }

    /// `value | f(more)` is `f(value, more)`.
    fn pipe(&mut self, value: Node) -> Result<Node, Fault> {
        let token = self.peek().clone();
        let Kind::Name(name) = token.kind else { return Err(self.unexpected()) };
        self.at += 1;
        let call = self.call(name, Some(value), token.column)?;
        self.postfix(call)
    }

    fn primary(&mut self) -> Result<Node, Fault> {
        let token = self.peek().clone();
        let word: &str = match &token.kind {
            Kind::Sign(sign) => sign,
            Kind::Name(name) => name,
            _ => "",
        };
        if let Some((operator, precedence)) = UNARY.iter().find(|(known, _)| *known == word) {
            self.at += 1;
            let operator = if *operator == "!" { "not" } else { operator };
            let value = self.expression(*precedence)?;
            return Ok(Node::Unary(operator, Box::new(value), token.column));
        }
        self.at += 1;
        let node = match token.kind {
            Kind::Int(number) => Node::Literal(Value::Int(number)),
            Kind::Float(number) => Node::Literal(Value::Float(number)),
            Kind::Text(text) => Node::Literal(Value::Text(text)),
            Kind::Sign("(") => {
                let inner = self.sequence()?;
                self.expect(")")?;
                inner
            }
            Kind::Sign("[") => Node::List(self.list("]")?, token.column),
            Kind::Sign("{") => Node::Map(self.pairs()?, token.column),
            // Within a closure `.name` is the element's.
            Kind::Sign(".") if self.closures > 0 => {
                self.at -= 1;
                Node::Element(token.column)
            }
            // `::name(…)` is the function, whatever the environment calls by its name.
            Kind::Sign("::") => match self.peek().kind.clone() {
                Kind::Name(name) if shape(&name) != Shape::Unknown => {
                    let column = self.column();
                    self.at += 1;
                    self.name(name, column)?
                }
                _ => return Err(self.unexpected()),
            },
            Kind::Name(name) => self.name(name, token.column)?,
            Kind::Sign(_) | Kind::End => {
                self.at -= 1;
                return Err(self.unexpected());
            }
        };
        self.postfix(node)
    }

    fn name(&mut self, name: String, column: usize) -> Result<Node, Fault> {
        match name.as_str() {
            "true" => return Ok(Node::Literal(Value::Bool(true))),
            "false" => return Ok(Node::Literal(Value::Bool(false))),
            "nil" => return Ok(Node::Literal(Value::Nil)),
            "#" | "#index" if self.closures == 0 => {
                return Err(Fault::at(column, "cannot use pointer accessor outside closure"));
            }
            "#" => return Ok(Node::Element(column)),
            "#index" => return Ok(Node::Index(column)),
            "#acc" if self.closures > 0 => return Ok(Node::Accumulator(column)),
            name if name.starts_with('#') => {
                return Err(Fault::at(column, format!("unknown pointer {name}")));
            }
            _ => {}
        }
        if self.is_sign("(") {
            return self.call(name, None, column);
        }
        Ok(Node::Name(name, column))
    }

    fn call(&mut self, name: String, first: Option<Node>, column: usize) -> Result<Node, Fault> {
        self.expect("(")?;
        let (least, most, closure) = match shape(&name) {
            Shape::Function { least, most, closure } => (least, most, closure),
            Shape::Unknown => return Err(Fault::at(column, format!("unknown name {name}"))),
        };
        let mut arguments: Vec<Node> = first.into_iter().collect();
        while !self.takes(")") {
            let argument = match closure {
                Some(at) if at == arguments.len() => self.closure()?,
                _ => self.expression(0)?,
            };
            arguments.push(argument);
            if !self.takes(",") && !self.is_sign(")") {
                return Err(self.unexpected());
            }
        }
        if arguments.len() < least {
            return Err(Fault::at(column, format!("not enough arguments to call {name}")));
        }
        if arguments.len() > most {
            return Err(Fault::at(column, format!("too many arguments to call {name}")));
        }
        Ok(Node::Call(name, arguments, column))
    }

    fn closure(&mut self) -> Result<Node, Fault> {
        let braces = self.takes("{");
        self.closures += 1;
        let body = if braces { self.sequence()? } else { self.expression(0)? };
        self.closures -= 1;
        if braces {
            self.expect("}")?;
        }
        Ok(Node::Closure(Box::new(body)))
    }

    /// What stands in a map: `name: value`, `"name": value` or `(expression): value`.
    fn pairs(&mut self) -> Result<Vec<(Node, Node)>, Fault> {
        let mut found = Vec::new();
        while !self.takes("}") {
            let token = self.peek().clone();
            self.at += 1;
            let key = match token.kind {
                Kind::Name(name) | Kind::Text(name) => Node::Literal(Value::Text(name)),
                Kind::Int(number) => Node::Literal(Value::Text(number.to_string())),
                Kind::Sign("(") => {
                    let key = self.expression(0)?;
                    self.expect(")")?;
                    key
                }
                _ => {
                    self.at -= 1;
                    return Err(self.unexpected());
                }
            };
            self.expect(":")?;
            found.push((key, self.expression(0)?));
            if !self.takes(",") && !self.is_sign("}") {
                return Err(self.unexpected());
            }
        }
        Ok(found)
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        while !self.takes(end) {
            items.push(self.expression(0)?);
            if !self.takes(",") && !self.is_sign(end) {
                return Err(self.unexpected());
            }
        }
        Ok(items)
    }

    fn postfix(&mut self, mut node: Node) -> Result<Node, Fault> {
        let (mut links, mut chain) = (0, false);
        loop {
            links += 1;
            let column = self.column();
            if links > DEPTH_MAX {
                return Err(Fault::at(column, "too many members in a row"));
            }
            if self.is_sign(".") || self.is_sign("?.") {
                // What follows a `?.` that found nothing is nothing too.
                chain |= self.is_sign("?.");
                let optional = chain;
                self.at += 1;
                if chain && self.takes("[") {
                    node = self.index(node, true, column)?;
                    continue;
                }
                let token = self.peek().clone();
                let Kind::Name(name) = token.kind else { return Err(self.unexpected()) };
                self.at += 1;
                if self.is_sign("(") {
                    self.at += 1;
                    let arguments = self.list(")")?;
                    node = Node::Method(Box::new(node), name, arguments, token.column);
                    continue;
                }
                let key = Node::Literal(Value::Text(name));
                node = Node::Member(Box::new(node), Box::new(key), optional, column);
            } else if self.takes("[") {
                node = self.index(node, chain, column)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn index(&mut self, node: Node, optional: bool, column: usize) -> Result<Node, Fault> {
        let from = if self.is_sign(":") { None } else { Some(Box::new(self.expression(0)?)) };
        if self.takes(":") {
            let to = if self.is_sign("]") { None } else { Some(Box::new(self.expression(0)?)) };
            self.expect("]")?;
            return Ok(Node::Slice(Box::new(node), from, to, column));
        }
        self.expect("]")?;
        let key = from.ok_or_else(|| self.unexpected())?;
        Ok(Node::Member(Box::new(node), key, optional, column))
    }
}

fn chained(links: Option<Node>, last: Node, column: usize) -> Node {
    match links {
        None => last,
        Some(links) => Node::Binary("&&", Box::new(links), Box::new(last), column),
    }
}

fn is_comparison(operator: &str) -> bool {
    matches!(operator, "<" | ">" | "<=" | ">=")
}
