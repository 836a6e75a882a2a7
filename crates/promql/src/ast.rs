//! A parsed query: plain data, type-checked, its regular expressions compiled.

use super::duration::Length;
use super::function::Function;
use regex::Regex;

/// An expression and where it starts in the text, in bytes.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Its first byte.
    pub at: usize,
    /// Its levels: one more than the highest expression in it has.
    pub height: u32,
}

/// Kinds of expressions.
#[derive(Clone, Debug)]
pub enum Node {
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// `metric{label="value"}`
    Selector(Selector),
    /// `selector[5m]`
    Range(Selector, Length),
    /// `expression[30m:1m]`
    Subquery(Box<Subquery>),
    /// `( … )`
    Paren(Box<Expr>),
    /// `-x`, `+x`
    Unary {
        /// Is it a minus?
        minus: bool,
        /// What it applies to.
        inner: Box<Expr>,
    },
    /// `a + b`
    Binary(Box<Binary>),
    /// `sum by (job) (x)`
    Aggregate(Box<Aggregate>),
    /// `rate(x[5m])`
    Call(&'static Function, Vec<Expr>),
}

/// Which series, and when.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Conditions on labels, the metric's name among them.
    pub matchers: Vec<Matcher>,
    /// Where in time.
    pub when: When,
}

impl Selector {
    /// The metric's name, if exactly one is asked for.
    pub fn name(&self) -> Option<&str> {
        self.matchers.iter().find_map(|matcher| match &matcher.test {
            Test::Equal(name) if matcher.label == "__name__" => Some(name.as_str()),
            _ => None,
        })
    }
}

/// `offset` and `@`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    /// Back in time by this much.
    pub offset: Length,
    /// A fixed instant.
    pub at: Option<At>,
}

/// A fixed instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Milliseconds of Unix time.
    Instant(i64),
    /// The start of the query's range.
    Start,
    /// The end of the question's range.
    End,
}

/// A condition on a label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Name of the label; `__name__` is the metric's.
    pub label: String,
    /// What its value must be.
    pub test: Test,
}

/// Conditions; regular expressions are anchored at both ends.
#[derive(Clone, Debug)]
pub enum Test {
    /// `=`
    Equal(String),
    /// `!=`
    NotEqual(String),
    /// `=~`
    Like(Regex),
    /// `!~`
    NotLike(Regex),
}

/// A subquery.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What is asked at every step.
    pub inner: Expr,
    /// How far back it goes.
    pub range: Length,
    /// Its step; the default step when absent.
    pub step: Option<Length>,
    /// Where in time.
    pub when: When,
}

/// A binary operation.
#[derive(Clone, Debug)]
pub struct Binary {
    /// What is done with the elements.
    pub op: Op,
    /// Left operand.
    pub left: Expr,
    /// Right operand.
    pub right: Expr,
    /// `bool`: compare to 0 and 1 instead of filtering.
    pub returns_bool: bool,
    /// How elements of two vectors find each other.
    pub matching: Matching,
}

/// How elements of two vectors find each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// Are `labels` the only ones compared (`on`), or the only ones left out?
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// Which side may have several elements to one.
    pub many: Many,
    /// Labels that `group_left` and `group_right` copy from the one side.
    pub include: Vec<String>,
}

/// Which side may have several elements to one of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Many {
    /// Neither.
    #[default]
    None,
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
    /// `atan2`
    Atan2,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
}

impl Op {
    /// The operator that a word or sign stands for.
    pub fn of(text: &str) -> Option<Op> {
        Some(match text {
            "+" => Op::Add,
            "-" => Op::Sub,
            "*" => Op::Mul,
            "/" => Op::Div,
            "%" => Op::Mod,
            "^" => Op::Pow,
            "atan2" => Op::Atan2,
            "==" => Op::Equal,
            "!=" => Op::NotEqual,
            ">" => Op::Above,
            "<" => Op::Below,
            ">=" => Op::AtLeast,
            "<=" => Op::AtMost,
            "and" => Op::And,
            "or" => Op::Or,
            "unless" => Op::Unless,
            _ => return None,
        })
    }

    /// The higher, the tighter it binds.
    pub fn precedence(self) -> u8 {
        match self {
            Op::Or => 1,
            Op::And | Op::Unless => 2,
            op if op.compares() => 3,
            Op::Add | Op::Sub => 4,
            Op::Pow => 6,
            _ => 5,
        }
    }

    /// Is it a comparison?
    pub fn compares(self) -> bool {
        use Op::{Above, AtLeast, AtMost, Below, Equal, NotEqual};
        matches!(self, Equal | NotEqual | Above | Below | AtLeast | AtMost)
    }

    /// Does it work on sets of elements?
    pub fn on_sets(self) -> bool {
        matches!(self, Op::And | Op::Or | Op::Unless)
    }
}

/// An aggregation.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// What is done with the elements.
    pub op: Fold,
    /// The number or string that some of them need.
    pub param: Option<Expr>,
    /// What is aggregated.
    pub inner: Expr,
    /// Is it `without`?
    pub without: bool,
    /// The labels of `by` or `without`.
    pub labels: Vec<String>,
}

/// Aggregations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `count`
    Count,
    /// `group`
    Group,
    /// `stddev`
    Stddev,
    /// `stdvar`
    Stdvar,
    /// `quantile`
    Quantile,
    /// `topk`
    Topk,
    /// `bottomk`
    Bottomk,
    /// `count_values`
    CountValues,
}

impl Fold {
    /// All aggregations by their names.
    pub const ALL: [(&'static str, Fold); 12] = [
        ("sum", Fold::Sum),
        ("avg", Fold::Avg),
        ("min", Fold::Min),
        ("max", Fold::Max),
        ("count", Fold::Count),
        ("group", Fold::Group),
        ("stddev", Fold::Stddev),
        ("stdvar", Fold::Stdvar),
        ("quantile", Fold::Quantile),
        ("topk", Fold::Topk),
        ("bottomk", Fold::Bottomk),
        ("count_values", Fold::CountValues),
    ];

    /// Does it take a parameter?
    pub fn has_param(self) -> bool {
        matches!(self, Fold::Quantile | Fold::Topk | Fold::Bottomk | Fold::CountValues)
    }
}

/// What an expression yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number.
    Scalar,
    /// Elements with one value each.
    Vector,
    /// Elements with samples over a range.
    Matrix,
    /// A string.
    Text,
}

impl Type {
    /// The word in Prometheus' messages.
    pub fn word(self) -> &'static str {
        match self {
            Type::Scalar => "scalar",
            Type::Vector => "instant vector",
            Type::Matrix => "range vector",
            Type::Text => "string",
        }
    }
}

impl Expr {
    /// An expression that begins at a byte of the text.
    pub fn new(node: Node, at: usize) -> Expr {
        let mut expr = Expr { node, at, height: 1 };
        let below = expr.children().iter().map(|child| child.height).max();
        expr.height += below.unwrap_or(0);
        expr
    }

    /// What it yields.
    pub fn yields(&self) -> Type {
        match &self.node {
            Node::Number(_) => Type::Scalar,
            Node::Text(_) => Type::Text,
            Node::Selector(_) | Node::Aggregate(_) => Type::Vector,
            Node::Range(..) | Node::Subquery(_) => Type::Matrix,
            Node::Paren(inner) | Node::Unary { inner, .. } => inner.yields(),
            Node::Binary(b) => match (b.left.yields(), b.right.yields()) {
                (Type::Scalar, Type::Scalar) => Type::Scalar,
                _ => Type::Vector,
            },
            Node::Call(function, _) => function.yields,
        }
    }

    /// The expression within any parentheses.
    pub fn bare(&self) -> &Expr {
        match &self.node {
            Node::Paren(inner) => inner.bare(),
            _ => self,
        }
    }

    /// The lengths of time of this very expression: ranges, steps, offsets.
    pub fn lengths(&self) -> Vec<&Length> {
        match &self.node {
            Node::Selector(selector) => vec![&selector.when.offset],
            Node::Range(selector, range) => vec![range, &selector.when.offset],
            Node::Subquery(sub) => [Some(&sub.range), sub.step.as_ref(), Some(&sub.when.offset)]
                .into_iter()
                .flatten()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The expressions directly below it.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.node {
            Node::Number(_) | Node::Text(_) | Node::Selector(_) | Node::Range(..) => Vec::new(),
            Node::Subquery(sub) => vec![&sub.inner],
            Node::Paren(inner) | Node::Unary { inner, .. } => vec![inner],
            Node::Binary(b) => vec![&b.left, &b.right],
            Node::Aggregate(a) => a.param.iter().chain([&a.inner]).collect(),
            Node::Call(_, args) => args.iter().collect(),
        }
    }
}
