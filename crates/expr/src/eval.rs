//! Runs a checked expression.
//!
//! Follows expr-lang `vm/vm.go` and `vm/runtime`: `/` and `**` make numbers with a point, `and`
//! and `or` stop early, an index outside a list is an error. Work is limited. Deliberately
//! unknown here: what was checked before; whatever does not fit is an error.

use super::builtin;
use super::dates;
use super::lists;
use super::texts::Patterns;
use super::tree::Node;
use super::value::{Value, mismatch, text};
use jiff::Zoned;
use std::cmp::Ordering;
use windtunnel_base::maths;

/// Most steps of one evaluation; expr's memory budget is a million.
const STEPS_MAX: u32 = 1_000_000;

/// Runs an expression for this result, at this instant.
pub fn run(tree: &Node, result: &Value, now: &Zoned) -> Result<Value, String> {
    let patterns = Patterns::default();
    Machine { result, now, names: Vec::new(), elements: Vec::new(), steps: 0, patterns }.of(tree)
}

/// What a closure is asked about.
struct Element {
    value: Value,
    at: usize,
    /// What `reduce` has come to so far.
    so_far: Value,
}

struct Machine<'r> {
    result: &'r Value,
    now: &'r Zoned,
    names: Vec<(String, Value)>,
    elements: Vec<Element>,
    steps: u32,
    patterns: Patterns,
}

impl Machine<'_> {
    fn of(&mut self, node: &Node) -> Result<Value, String> {
        self.work(1)?;
        match node {
            Node::Literal(value) => {
                self.work(value.weight() - 1)?;
                Ok(value.clone())
            }
            Node::Name(name, _) => {
                let known = self.names.iter().rev().find(|(known, _)| known == name);
                let value = known.map_or(self.result, |(_, value)| value).clone();
                self.weighed(value)
            }
            Node::Element(_) => self.element(|element| element.value.clone()),
            Node::Accumulator(_) => self.element(|element| element.so_far.clone()),
            Node::Index(_) => self.element(|element| Value::Int(element.at as i64)),
            Node::Let(name, value, body, _) => {
                let value = self.of(value)?;
                self.names.push((name.clone(), value));
                let found = self.of(body);
                self.names.pop();
                found
            }
            Node::Sequence(all) => {
                let mut last = Value::Nil;
                for one in all {
                    last = self.of(one)?;
                }
                Ok(last)
            }
            Node::Map(pairs, _) => {
                let mut map = std::collections::BTreeMap::new();
                for (key, value) in pairs {
                    let key = text(&self.of(key)?);
                    map.insert(key, self.of(value)?);
                }
                Ok(Value::Map(map))
            }
            Node::Closure(body) => self.of(body),
            Node::List(items, _) => {
                Ok(Value::List(items.iter().map(|item| self.of(item)).collect::<Result<_, _>>()?))
            }
            Node::Unary(operator, value, _) => {
                let value = self.of(value)?;
                unary(operator, value)
            }
            Node::Binary(operator, left, right, _) => self.binary(operator, left, right),
            Node::Choice(condition, yes, no, _) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.of(chosen)
            }
            Node::Member(value, key, optional, _) => {
                let (value, key) = (self.of(value)?, self.of(key)?);
                member(&value, &key, *optional)
            }
            Node::Slice(value, from, to, _) => self.slice(value, from.as_deref(), to.as_deref()),
            Node::Call(name, arguments, _) => self.call(name, arguments),
            Node::Method(value, name, arguments, _) => {
                let value = self.of(value)?;
                let mut found = Vec::new();
                for argument in arguments {
                    found.push(self.of(argument)?);
                }
                let found = dates::run(&value, name, &found)?;
                self.weighed(found)
            }
        }
    }

    fn element(&mut self, part: impl Fn(&Element) -> Value) -> Result<Value, String> {
        let found = self.elements.last().map_or(Value::Nil, part);
        self.weighed(found)
    }

    /// A value that was made or copied: large ones cost more.
    fn weighed(&mut self, value: Value) -> Result<Value, String> {
        self.work(value.weight())?;
        Ok(value)
    }

    fn work(&mut self, steps: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.steps > STEPS_MAX { Err("memory budget exceeded".into()) } else { Ok(()) }
    }

    fn truth(&mut self, node: &Node) -> Result<bool, String> {
        match self.of(node)? {
            Value::Bool(found) => Ok(found),
            other => Err(format!("interface conversion: {} is not bool", other.type_name())),
        }
    }

    fn binary(&mut self, operator: &str, left: &Node, right: &Node) -> Result<Value, String> {
        match operator {
            "and" | "&&" => return Ok(Value::Bool(self.truth(left)? && self.truth(right)?)),
            "or" | "||" => return Ok(Value::Bool(self.truth(left)? || self.truth(right)?)),
            "??" => {
                let left = self.of(left)?;
                return if left == Value::Nil { self.of(right) } else { Ok(left) };
            }
            _ => {}
        }
        let (left, right) = (self.of(left)?, self.of(right)?);
        match operator {
            "==" | "!=" if matches!(&left, Value::List(_) | Value::Map(_)) => {
                self.work(left.weight())?;
                Ok(Value::Bool(left.equals(&right) == (operator == "==")))
            }
            "==" => Ok(Value::Bool(left.equals(&right))),
            "!=" => Ok(Value::Bool(!left.equals(&right))),
            "<" | ">" | "<=" | ">=" => {
                let order = left.compare(&right, operator)?;
                let holds = order.is_some_and(|order| match operator {
                    "<" => order == Ordering::Less,
                    ">" => order == Ordering::Greater,
                    "<=" => order != Ordering::Greater,
                    _ => order != Ordering::Less,
                });
                Ok(Value::Bool(holds))
            }
            "in" => {
                self.work(right.weight())?;
                contained(&left, &right).map(Value::Bool)
            }
            ".." => self.range(&left, &right),
            "matches" => {
                let (Value::Text(text), Value::Text(pattern)) = (&left, &right) else {
                    return Err(mismatch(&left, &right, operator));
                };
                self.work(self.patterns.cost(text, pattern))?;
                self.patterns.matches(text, pattern).map(Value::Bool)
            }
            _ => {
                let found = arithmetic(operator, &left, &right)?;
                self.weighed(found)
            }
        }
    }

    fn range(&mut self, from: &Value, to: &Value) -> Result<Value, String> {
        let (Value::Int(from), Value::Int(to)) = (from, to) else {
            return Err(mismatch(from, to, ".."));
        };
        let count = to.saturating_sub(*from).saturating_add(1).max(0);
        self.work(usize::try_from(count).unwrap_or(usize::MAX))?;
        Ok(Value::List((*from..=*to).map(Value::Int).collect()))
    }

    fn slice(
        &mut self,
        value: &Node,
        from: Option<&Node>,
        to: Option<&Node>,
    ) -> Result<Value, String> {
        let whole = self.of(value)?;
        let length = match &whole {
            Value::List(list) => list.len() as i64,
            Value::Text(text) => text.chars().count() as i64,
            _ => return Err("cannot slice".into()),
        };
        let mut end = |node: Option<&Node>, usual: i64| match node.map(|n| self.of(n)) {
            None => Ok(usual),
            Some(Ok(Value::Int(at))) => Ok(if at < 0 { at + length } else { at }.clamp(0, length)),
            Some(Ok(other)) => Err(format!("cannot slice at {}", other.type_name())),
            Some(Err(text)) => Err(text),
        };
        let (from, to) = (end(from, 0)?, end(to, length)?);
        let (from, count) = (from as usize, to.max(from) as usize - from as usize);
        Ok(match whole {
            Value::List(list) => Value::List(list.into_iter().skip(from).take(count).collect()),
            Value::Text(text) => Value::Text(text.chars().skip(from).take(count).collect()),
            _ => Value::Nil,
        })
    }

    fn call(&mut self, name: &str, arguments: &[Node]) -> Result<Value, String> {
        match arguments {
            [list, Node::Closure(body), more @ ..] => {
                let list = match self.of(list)? {
                    Value::List(list) => list,
                    other => return Err(format!("cannot {name} over {}", other.type_name())),
                };
                match name {
                    "reduce" => self.reduce(list, body, more.first()),
                    "sortBy" | "groupBy" => {
                        let keys = self.asked("map", &list, body)?;
                        let more = more.first().map(|node| self.of(node)).transpose()?;
                        match name {
                            "sortBy" => lists::sorted_by(list, &keys, more.as_ref()),
                            _ => Ok(lists::grouped(list, &keys)),
                        }
                    }
                    _ => self.with_closure(name, list, body),
                }
            }
            [list] if matches!(name, "count" | "sum") => {
                let Value::List(list) = self.of(list)? else {
                    return Err(format!("cannot {name} over this"));
                };
                self.with_closure(name, list, &Node::Element(0))
            }
            _ => {
                let mut values = Vec::new();
                for argument in arguments {
                    values.push(self.of(argument)?);
                }
                self.work(values.iter().map(Value::weight).sum())?;
                self.work(builtin::cost(name, &values))?;
                let found = builtin::call(name, &values, self.result, self.now)?;
                self.weighed(found)
            }
        }
    }

    /// `reduce(list, closure, initial)`; without an initial value the first element is it.
    fn reduce(
        &mut self,
        list: Vec<Value>,
        body: &Node,
        initial: Option<&Node>,
    ) -> Result<Value, String> {
        let initial = initial.map(|node| self.of(node)).transpose()?;
        let mut left = list.into_iter().enumerate();
        let first = initial.or_else(|| left.next().map(|(_, value)| value));
        let mut so_far = first.ok_or("reduce of empty array with no initial value")?;
        for (at, value) in left {
            self.elements.push(Element { value, at, so_far });
            let found = self.of(body);
            self.elements.pop();
            so_far = found?;
        }
        Ok(so_far)
    }

    /// What a closure says to the elements of a list, in order, as far as it is asked.
    fn asked(&mut self, name: &str, list: &[Value], body: &Node) -> Result<Vec<Value>, String> {
        let mut found = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            self.elements.push(Element { value: value.clone(), at, so_far: Value::Nil });
            let value = self.of(body);
            self.elements.pop();
            found.push(value?);
            let stop = matches!(
                (name, found.last()),
                ("all", Some(Value::Bool(false)))
                    | ("any" | "none" | "find" | "findIndex", Some(Value::Bool(true)))
            );
            if stop {
                break;
            }
        }
        Ok(found)
    }

    fn with_closure(&mut self, name: &str, list: Vec<Value>, body: &Node) -> Result<Value, String> {
        let found = self.asked(name, &list, body)?;
        if name == "map" {
            return Ok(Value::List(found));
        }
        if name == "sum" {
            let sum = |sum, value: &Value| arithmetic("+", &sum, value);
            return found.iter().try_fold(Value::Int(0), sum);
        }
        let mut hits = Vec::new();
        for (at, value) in found.iter().enumerate() {
            match value {
                Value::Bool(true) => hits.push(at),
                Value::Bool(false) => {}
                other => return Err(format!("{} is not bool", other.type_name())),
            }
        }
        let element = |at: Option<&usize>| at.map_or(Value::Nil, |at| list[*at].clone());
        Ok(match name {
            "all" => Value::Bool(hits.len() == found.len()),
            "any" => Value::Bool(!hits.is_empty()),
            "none" => Value::Bool(hits.is_empty()),
            "one" => Value::Bool(hits.len() == 1),
            "count" => Value::Int(hits.len() as i64),
            "filter" => Value::List(hits.iter().map(|at| list[*at].clone()).collect()),
            "find" => element(hits.first()),
            "findLast" => element(hits.last()),
            "findLastIndex" => hits.last().map_or(Value::Nil, |at| Value::Int(*at as i64)),
            "findIndex" => hits.first().map_or(Value::Nil, |at| Value::Int(*at as i64)),
            _ => return Err(format!("unknown name {name}")),
        })
    }
}

fn unary(operator: &str, value: Value) -> Result<Value, String> {
    match (operator, value) {
        ("not", Value::Bool(found)) => Ok(Value::Bool(!found)),
        ("-", Value::Int(number)) => Ok(Value::Int(number.wrapping_neg())),
        ("-", Value::Float(number)) => Ok(Value::Float(-number)),
        ("+", value @ (Value::Int(_) | Value::Float(_))) => Ok(value),
        (operator, value) => Err(format!("invalid operation: {operator} {}", value.type_name())),
    }
}

fn arithmetic(operator: &str, left: &Value, right: &Value) -> Result<Value, String> {
    if let Some(found) = dates::arithmetic(operator, left, right) {
        return found;
    }
    if let (Value::Text(a), Value::Text(b)) = (left, right) {
        return match operator {
            "+" => Ok(Value::Text(format!("{a}{b}"))),
            "contains" => Ok(Value::Bool(a.contains(b.as_str()))),
            "startsWith" => Ok(Value::Bool(a.starts_with(b.as_str()))),
            "endsWith" => Ok(Value::Bool(a.ends_with(b.as_str()))),
            _ => Err(mismatch(left, right, operator)),
        };
    }
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        match operator {
            "+" => return Ok(Value::Int(a.wrapping_add(*b))),
            "-" => return Ok(Value::Int(a.wrapping_sub(*b))),
            "*" => return Ok(Value::Int(a.wrapping_mul(*b))),
            "%" if *b == 0 => return Err("integer divide by zero".into()),
            "%" => return Ok(Value::Int(a.wrapping_rem(*b))),
            _ => {}
        }
    }
    let (Some(a), Some(b)) = (left.as_float(), right.as_float()) else {
        return Err(mismatch(left, right, operator));
    };
    Ok(Value::Float(match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "**" | "^" => maths::pow(a, b),
        _ => return Err(mismatch(left, right, operator)),
    }))
}

fn contained(needle: &Value, hay: &Value) -> Result<bool, String> {
    match hay {
        Value::List(list) => Ok(list.iter().any(|value| value.equals(needle))),
        Value::Map(map) => match needle {
            Value::Text(key) => Ok(map.contains_key(key)),
            other => Err(mismatch(other, hay, "in")),
        },
        Value::Nil => Ok(false),
        other => Err(format!("operator \"in\" not defined on {}", other.type_name())),
    }
}

fn member(value: &Value, key: &Value, optional: bool) -> Result<Value, String> {
    match (value, key) {
        (Value::Nil, _) if optional => Ok(Value::Nil),
        (Value::List(list), Value::Int(_) | Value::Float(_)) => {
            let at = key.as_float().unwrap_or(0.0) as i64;
            let length = list.len() as i64;
            let found = if at < 0 { at + length } else { at };
            let item = usize::try_from(found).ok().and_then(|found| list.get(found));
            item.cloned().ok_or(format!("index out of range: {at} (array length is {length})"))
        }
        (Value::Map(map), key) => Ok(map.get(&text(key)).cloned().unwrap_or(Value::Nil)),
        (Value::Text(text), Value::Int(at)) => {
            let length = text.chars().count() as i64;
            let found = if *at < 0 { at + length } else { *at };
            let letter = usize::try_from(found).ok().and_then(|found| text.chars().nth(found));
            let letter = letter.map(|letter| Value::Text(letter.to_string()));
            letter.ok_or(format!("index out of range: {at} (array length is {length})"))
        }
        _ => {
            let key = match key {
                Value::Text(key) => key.clone(),
                Value::Int(at) => at.to_string(),
                other => other.type_name().to_string(),
            };
            Err(format!("cannot fetch {key} from {}", value.type_name()))
        }
    }
}
