//! The tree of an expression.

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A literal.
    Literal(super::value::Value),
    /// A name of the environment.
    Name(String, usize),
    /// The element that a closure is asked about.
    Element(usize),
    /// The position of that element.
    Index(usize),
    /// `not`, `-` or `+` of a value.
    Unary(&'static str, Box<Node>, usize),
    /// An operator between two values.
    Binary(&'static str, Box<Node>, Box<Node>, usize),
    /// `condition ? yes : no`.
    Choice(Box<Node>, Box<Node>, Box<Node>, usize),
    /// `value[index]` and `value.name`; the flag is for `?.`.
    Member(Box<Node>, Box<Node>, bool, usize),
    /// `value[from:to]`.
    Slice(Box<Node>, Option<Box<Node>>, Option<Box<Node>>, usize),
    /// A list.
    List(Vec<Node>, usize),
    /// A function with its arguments.
    Call(String, Vec<Node>, usize),
    /// A method of a value, with its arguments.
    Method(Box<Node>, String, Vec<Node>, usize),
    /// A closure.
    Closure(Box<Node>),
    /// What `reduce` has come to so far.
    Accumulator(usize),
    /// `let name = value; body`.
    Let(String, Box<Node>, Box<Node>, usize),
    /// Expressions one after another; the last one counts.
    Sequence(Vec<Node>),
    /// Named values: keys and what they stand for.
    Map(Vec<(Node, Node)>, usize),
}

impl Node {
    /// Does it ask for this name of the environment anywhere?
    pub fn names(&self, wanted: &str) -> bool {
        let optional = |node: &Option<Box<Node>>| node.as_ref().is_some_and(|n| n.names(wanted));
        let any = |nodes: &[Node]| nodes.iter().any(|node| node.names(wanted));
        match self {
            Node::Name(name, _) => name == wanted,
            Node::Literal(_) | Node::Element(_) | Node::Index(_) | Node::Accumulator(_) => false,
            Node::Unary(_, value, _) | Node::Closure(value) => value.names(wanted),
            Node::Binary(_, left, right, _)
            | Node::Member(left, right, ..)
            | Node::Let(_, left, right, _) => left.names(wanted) || right.names(wanted),
            Node::Choice(condition, yes, no, _) => {
                condition.names(wanted) || yes.names(wanted) || no.names(wanted)
            }
            Node::Slice(value, from, to, _) => {
                value.names(wanted) || optional(from) || optional(to)
            }
            Node::Method(value, _, items, _) => value.names(wanted) || any(items),
            Node::List(items, _) | Node::Call(_, items, _) | Node::Sequence(items) => any(items),
            Node::Map(pairs, _) => {
                pairs.iter().any(|(key, value)| key.names(wanted) || value.names(wanted))
            }
        }
    }

    /// Number of nodes in it.
    pub fn size(&self) -> usize {
        let optional = |node: &Option<Box<Node>>| node.as_ref().map_or(0, |node| node.size());
        let all = |nodes: &[Node]| nodes.iter().map(Node::size).sum::<usize>();
        1 + match self {
            Node::Literal(_) | Node::Name(..) => 0,
            Node::Element(_) | Node::Index(_) | Node::Accumulator(_) => 0,
            Node::Unary(_, value, _) | Node::Closure(value) => value.size(),
            Node::Binary(_, left, right, _)
            | Node::Member(left, right, ..)
            | Node::Let(_, left, right, _) => left.size() + right.size(),
            Node::Choice(condition, yes, no, _) => condition.size() + yes.size() + no.size(),
            Node::Slice(value, from, to, _) => value.size() + optional(from) + optional(to),
            Node::Method(value, _, items, _) => value.size() + all(items),
            Node::List(items, _) | Node::Call(_, items, _) | Node::Sequence(items) => all(items),
            Node::Map(pairs, _) => pairs.iter().map(|(key, value)| key.size() + value.size()).sum(),
        }
    }
}
