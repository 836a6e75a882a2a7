//! Checks an expression against the type that `result` has, before it is run.
//!
//! Follows expr-lang `checker/checker.go`: a mismatch is an error even where it would not be
//! reached. A value whose type can't be told (an element of mixed JSON, `default(..)`) fits
//! everywhere and is looked at when it comes. Deliberately unknown here: values other than the
//! result's.

use super::Fault;
use super::dates;
use super::tree::Node;
use super::value::Value;
use std::fmt;

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Could be anything.
    Any,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A text.
    Text,
    /// A list.
    List(Box<Type>),
    /// Named values.
    Map,
    /// A date.
    Time,
    /// A duration.
    Span,
    /// A time zone.
    Zone,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => write!(f, "interface {{}}"),
            Type::Bool => write!(f, "bool"),
            Type::Int => write!(f, "int"),
            Type::Float => write!(f, "float64"),
            Type::Text => write!(f, "string"),
            Type::List(of) => write!(f, "[]{of}"),
            Type::Map => write!(f, "map[string]interface {{}}"),
            Type::Time => write!(f, "time.Time"),
            Type::Span => write!(f, "time.Duration"),
            Type::Zone => write!(f, "*time.Location"),
        }
    }
}

impl Type {
    /// The type of a value. Lists of samples hold numbers; other lists may hold anything.
    pub fn of(value: &Value) -> Type {
        match value {
            Value::Nil => Type::Any,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Float(_) => Type::Float,
            Value::Text(_) => Type::Text,
            Value::Map(_) => Type::Map,
            Value::Time(_) => Type::Time,
            Value::Span(_) => Type::Span,
            Value::Zone(_) => Type::Zone,
            Value::List(list) => {
                let numbers = list.iter().all(|v| matches!(v, Value::Float(_)));
                Type::List(Box::new(if numbers { Type::Float } else { Type::Any }))
            }
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Type::Int | Type::Float | Type::Any)
    }

    fn fits(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Any, _) | (_, Type::Any) => true,
            (Type::Int | Type::Float, Type::Int | Type::Float) => true,
            (Type::List(_), Type::List(_)) => true,
            (a, b) => a == b,
        }
    }
}

/// Checks a whole expression for this result.
pub fn check(tree: &Node, result: &Value) -> Result<Type, Fault> {
    Checker { result: Type::of(result), names: Vec::new(), elements: Vec::new() }.of(tree)
}

struct Checker {
    result: Type,
    names: Vec<(String, Type)>,
    elements: Vec<Type>,
}

impl Checker {
    fn of(&mut self, node: &Node) -> Result<Type, Fault> {
        match node {
            Node::Literal(Value::Nil) => Ok(Type::Any),
            Node::Literal(value) => Ok(Type::of(value)),
            Node::Name(name, _) if name == "result" => Ok(self.result.clone()),
            Node::Name(name, column) => {
                let known = self.names.iter().rev().find(|(known, _)| known == name);
                let known = known.map(|(_, found)| found.clone());
                known.ok_or_else(|| Fault::at(*column, format!("unknown name {name}")))
            }
            Node::Accumulator(_) => Ok(Type::Any),
            Node::Let(name, value, body, column) => self.variable(name, value, body, *column),
            Node::Sequence(all) => {
                let mut last = Type::Any;
                for one in all {
                    last = self.of(one)?;
                }
                Ok(last)
            }
            Node::Map(pairs, _) => {
                for (key, value) in pairs {
                    self.of(key)?;
                    self.of(value)?;
                }
                Ok(Type::Map)
            }
            Node::Element(_) => Ok(self.elements.last().cloned().unwrap_or(Type::Any)),
            Node::Index(_) => Ok(Type::Int),
            Node::Closure(body) => self.of(body),
            Node::List(items, _) => self.list(items),
            Node::Unary(operator, value, column) => self.unary(operator, value, *column),
            Node::Binary(operator, left, right, column) => {
                let (left, right) = (self.of(left)?, self.of(right)?);
                binary(operator, &left, &right, *column)
            }
            Node::Choice(condition, yes, no, column) => {
                let found = self.of(condition)?;
                if !found.fits(&Type::Bool) {
                    let text = format!("non-bool expression (type {found}) used as condition");
                    return Err(Fault::at(*column, text));
                }
                let (yes, no) = (self.of(yes)?, self.of(no)?);
                Ok(if yes == no { yes } else { Type::Any })
            }
            Node::Member(value, key, _, column) => self.member(value, key, *column),
            Node::Slice(value, from, to, column) => self.slice(value, [from, to], *column),
            Node::Call(name, arguments, column) => self.call(name, arguments, *column),
            Node::Method(value, name, arguments, column) => {
                self.method(value, name, arguments, *column)
            }
        }
    }

    fn list(&mut self, items: &[Node]) -> Result<Type, Fault> {
        let mut common: Option<Type> = None;
        for item in items {
            let found = self.of(item)?;
            common = Some(match common {
                None => found,
                Some(known) if known == found => known,
                Some(_) => Type::Any,
            });
        }
        Ok(Type::List(Box::new(common.unwrap_or(Type::Any))))
    }

    fn variable(
        &mut self,
        name: &str,
        value: &Node,
        body: &Node,
        column: usize,
    ) -> Result<Type, Fault> {
        if self.names.iter().any(|(known, _)| known == name) {
            return Err(Fault::at(column, format!("cannot redeclare variable {name}")));
        }
        let value = self.of(value)?;
        self.names.push((name.to_string(), value));
        let found = self.of(body);
        self.names.pop();
        found
    }

    fn slice(
        &mut self,
        value: &Node,
        ends: [&Option<Box<Node>>; 2],
        column: usize,
    ) -> Result<Type, Fault> {
        for end in ends.into_iter().flatten() {
            let found = self.of(end)?;
            if !found.fits(&Type::Int) {
                return Err(Fault::at(column, format!("non-integer slice index {found}")));
            }
        }
        match self.of(value)? {
            found @ (Type::List(_) | Type::Text | Type::Any) => Ok(found),
            other => Err(Fault::at(column, format!("cannot slice {other}"))),
        }
    }

    fn unary(&mut self, operator: &str, value: &Node, column: usize) -> Result<Type, Fault> {
        let found = self.of(value)?;
        let fits = if operator == "not" { found.fits(&Type::Bool) } else { found.is_number() };
        if !fits {
            let text = format!("invalid operation: {operator} (mismatched type {found})");
            return Err(Fault::at(column, text));
        }
        Ok(if operator == "not" { Type::Bool } else { found })
    }

    fn member(&mut self, value: &Node, key: &Node, column: usize) -> Result<Type, Fault> {
        let (value, key) = (self.of(value)?, self.of(key)?);
        match value {
            Type::Any | Type::Map => Ok(Type::Any),
            Type::List(of) if key.is_number() => Ok(*of),
            Type::Text if key.is_number() => Ok(Type::Text),
            Type::List(_) => {
                let text =
                    format!("array elements can only be selected using an integer (got {key})");
                Err(Fault::at(column, text))
            }
            other => Err(Fault::at(column, format!("type {other} has no field or index"))),
        }
    }

    fn method(
        &mut self,
        value: &Node,
        name: &str,
        arguments: &[Node],
        column: usize,
    ) -> Result<Type, Fault> {
        let of = self.of(value)?;
        for argument in arguments {
            self.of(argument)?;
        }
        match dates::method(&of, name) {
            Some((found, takes)) if takes == arguments.len() => Ok(found),
            Some((_, takes)) => {
                let much = if arguments.len() < takes { "not enough" } else { "too many" };
                Err(Fault::at(column, format!("{much} arguments to call {name}")))
            }
            None if of == Type::Any => Ok(Type::Any),
            None => Err(Fault::at(column, format!("type {of} has no method {name}"))),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Node], column: usize) -> Result<Type, Fault> {
        let mut found = Vec::new();
        for argument in arguments {
            if let Node::Closure(body) = argument {
                let element = match found.first() {
                    Some(Type::List(of)) => (**of).clone(),
                    Some(Type::Any | Type::Map) | None => Type::Any,
                    Some(other) => {
                        let text = format!("builtin {name} takes only array (got {other})");
                        return Err(Fault::at(column, text));
                    }
                };
                self.elements.push(element);
                let of = self.of(body);
                self.elements.pop();
                let of = of?;
                let value = ["map", "sum", "reduce", "sortBy", "groupBy"].contains(&name);
                if !value && !of.fits(&Type::Bool) {
                    let text = format!("predicate should return boolean (got {of})");
                    return Err(Fault::at(column, text));
                }
                found.push(of);
            } else {
                found.push(self.of(argument)?);
            }
        }
        returns(name, &found, column)
    }
}

/// The type that a function returns for arguments of these types.
fn returns(name: &str, found: &[Type], column: usize) -> Result<Type, Fault> {
    let first = found.first().unwrap_or(&Type::Any);
    let element = match first {
        Type::List(of) => Some((**of).clone()),
        Type::Any => Some(Type::Any),
        _ => None,
    };
    let wrong = || {
        let text = format!("invalid argument for {name} (type {first})");
        Err(Fault::at(column, text))
    };
    if let Some(of) = of_text(name) {
        return if matches!(first, Type::Text | Type::Any) { Ok(of) } else { wrong() };
    }
    Ok(match name {
        "asInt" | "int" => Type::Int,
        "asFloat" | "float" => Type::Float,
        "isNil" => Type::Bool,
        "default" => Type::Any,
        "isNaN" | "isInf" => {
            if !matches!(first, Type::Int | Type::Float | Type::Any) {
                let text = format!("cannot use {first} as argument (type float64) to call {name} ");
                return Err(Fault::at(column, text));
            }
            Type::Bool
        }
        "len" if element.is_none() && !matches!(first, Type::Text | Type::Map) => return wrong(),
        "len" | "count" | "findIndex" | "findLastIndex" => Type::Int,
        "all" | "none" | "any" | "one" => Type::Bool,
        "string" => Type::Text,
        "now" => Type::Time,
        "date" if matches!(first, Type::Text | Type::Zone | Type::Any) => Type::Time,
        "ceil" | "floor" | "round" if first.is_number() => Type::Float,
        "abs" if first.is_number() => first.clone(),
        "mean" | "median" => Type::Float,
        "max" | "min" => {
            let number = |t: &Type| t.is_number() || matches!(t, Type::List(of) if of.is_number());
            if !found.iter().all(number) {
                return wrong();
            }
            Type::Any
        }
        "get" => return got(first, found.get(1).unwrap_or(&Type::Any), column),
        "sum" | "reduce" | "fromJSON" => Type::Any,
        "type" | "toJSON" => Type::Text,
        "join" if element.is_some() => Type::Text,
        "keys" | "values" | "toPairs" if matches!(first, Type::Map | Type::Any) => {
            Type::List(Box::new(Type::Any))
        }
        "fromPairs" if element.is_some() => Type::Map,
        "groupBy" if element.is_some() => Type::Map,
        "concat" | "flatten" if found.iter().all(|t| matches!(t, Type::List(_) | Type::Any)) => {
            Type::List(Box::new(Type::Any))
        }
        "bitand" | "bitor" | "bitxor" | "bitnand" | "bitshl" | "bitshr" | "bitushr" | "bitnot"
            if found.iter().all(|t| matches!(t, Type::Int | Type::Any)) =>
        {
            Type::Int
        }
        "filter" | "reverse" | "sort" | "sortBy" | "uniq" | "take" if element.is_some() => {
            first.clone()
        }
        "map" => Type::List(Box::new(found.get(1).cloned().unwrap_or(Type::Any))),
        "first" | "last" | "find" | "findLast" if element.is_some() => Type::Any,
        _ => return wrong(),
    })
}

/// The type of `get(container, key)`.
fn got(container: &Type, key: &Type, column: usize) -> Result<Type, Fault> {
    let wrong = match container {
        Type::Any => return Ok(Type::Any),
        Type::List(of) if matches!(key, Type::Int | Type::Any) => return Ok((**of).clone()),
        Type::Map if matches!(key, Type::Text | Type::Any) => return Ok(Type::Any),
        Type::List(_) => format!("non-integer slice index {key}"),
        Type::Map => format!("cannot use {key} to get an element from {container}"),
        _ => format!("type {container} does not support indexing"),
    };
    Err(Fault::at(column, wrong))
}

/// What a function of a text returns.
fn of_text(name: &str) -> Option<Type> {
    match name {
        "duration" => Some(Type::Span),
        "timezone" => Some(Type::Zone),
        "upper" | "toBase64" | "fromBase64" | "lower" | "trim" | "trimPrefix" | "trimSuffix"
        | "replace" | "repeat" => Some(Type::Text),
        "indexOf" | "lastIndexOf" => Some(Type::Int),
        "hasPrefix" | "hasSuffix" => Some(Type::Bool),
        "split" | "splitAfter" => Some(Type::List(Box::new(Type::Text))),
        _ => None,
    }
}

/// The type of an operator between two types.
fn binary(operator: &str, left: &Type, right: &Type, column: usize) -> Result<Type, Fault> {
    let both = |fits: fn(&Type) -> bool| fits(left) && fits(right);
    let is_text = |t: &Type| matches!(t, Type::Text | Type::Any);
    let is_bool = |t: &Type| matches!(t, Type::Bool | Type::Any);
    let known = *left != Type::Any && *right != Type::Any;
    let found = match operator {
        "==" | "!=" if left.fits(right) => Some(Type::Bool),
        "or" | "||" | "and" | "&&" if both(is_bool) => Some(Type::Bool),
        "<" | ">" | "<=" | ">=" if both(Type::is_number) || both(is_text) => Some(Type::Bool),
        "-" | "*" if both(Type::is_number) => Some(numeric(left, right)),
        "+" if both(Type::is_number) => Some(numeric(left, right)),
        "+" if both(is_text) => Some(if known { Type::Text } else { Type::Any }),
        "/" | "**" | "^" if both(Type::is_number) => Some(Type::Float),
        "%" if both(|t| matches!(t, Type::Int | Type::Any)) => Some(Type::Int),
        "in" => match right {
            Type::Any => Some(Type::Bool),
            Type::Map if is_text(left) => Some(Type::Bool),
            Type::List(of) if left.fits(of) => Some(Type::Bool),
            _ => None,
        },
        "contains" | "startsWith" | "endsWith" | "matches" if both(is_text) => Some(Type::Bool),
        ".." if both(|t| matches!(t, Type::Int | Type::Any)) => {
            Some(Type::List(Box::new(Type::Int)))
        }
        _ if dates::operated(operator, left, right).is_some() => {
            dates::operated(operator, left, right)
        }
        "??" => Some(if left == right { left.clone() } else { Type::Any }),
        _ => None,
    };
    found.ok_or_else(|| {
        let text = format!("invalid operation: {operator} (mismatched types {left} and {right})");
        Fault::at(column, text)
    })
}

fn numeric(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Any, _) | (_, Type::Any) => Type::Any,
        (Type::Int, Type::Int) => Type::Int,
        _ => Type::Float,
    }
}
