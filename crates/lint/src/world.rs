//! What a query would come to in a world that is made up: so much traffic, so much of it on the
//! new version, and so many answers of each kind.
//!
//! A small reading of PromQL over shares instead of series. What it cannot follow is unknown, and
//! of what is unknown nothing is said.

use super::fill::Filled;
use super::query::{Ended, Picks, is_of_requests, picks, statuses};
use std::collections::BTreeMap;
use windtunnel_promql::Query;
use windtunnel_promql::ast::{Aggregate, Binary, Expr, Fold, Many, Node, Op, Selector, Test};

/// How the answers of a version end: shares in the order of [`Ended::ALL`], and their seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// Shares; a kind with none has no series.
    pub shares: [f64; 4],
    /// Seconds that an answer takes.
    pub seconds: f64,
}

/// A world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct World {
    /// Requests a second.
    pub rate: f64,
    /// Share of them on the new version.
    pub weight: f64,
    /// The new version's answers.
    pub new: Mix,
    /// The stable version's answers.
    pub stable: Mix,
    /// Are there series without any request, as after a night?
    pub idle: bool,
}

/// Answers that are all good.
pub const GOOD: Mix = Mix { shares: [1.0, 0.0, 0.0, 0.0], seconds: 0.1 };

impl World {
    /// A good release at a weight.
    pub fn good(weight: f64) -> World {
        World { rate: 20.0, weight, new: GOOD, stable: GOOD, idle: false }
    }

    /// A release of which a share of the answers fails.
    pub fn failing(weight: f64, share: f64) -> World {
        World::ending(weight, Ended::Failed, share)
    }

    /// A release of which a share of the answers ends in some way, the others well.
    pub fn ending(weight: f64, ended: Ended, share: f64) -> World {
        let of = |kind: &Ended| {
            f64::from(u8::from(*kind == ended)) * share
                + f64::from(u8::from(*kind == Ended::Well)) * (1.0 - share)
        };
        let [well, redirect, refused, failed] = Ended::ALL;
        let shares = [of(&well), of(&redirect), of(&refused), of(&failed)];
        World { new: Mix { shares, ..GOOD }, ..World::good(weight) }
    }

    /// No request at all, and no series.
    pub fn empty() -> World {
        World { rate: 0.0, ..World::good(0.5) }
    }
}

/// Seconds that processes have lived when a query is asked.
const LIVED_S: f64 = 3600.0;

/// A query's answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// A number that is no vector.
    Scalar(f64),
    /// A vector: its first value if it has any, and whether it has several.
    Vector(Option<f64>, bool),
}

impl Answer {
    /// The number, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Answer::Scalar(value) => Some(value),
            Answer::Vector(value, _) => value,
        }
    }
}

/// What a query comes to in a world; nothing if that cannot be followed. Names of `recorded` stand
/// for the queries behind them.
pub fn answer(
    expr: &Expr,
    filled: &Filled,
    recorded: &BTreeMap<String, String>,
    world: &World,
) -> Option<Answer> {
    Reader { filled, world, recorded, held: None, depth: 0 }.of(expr)
}

struct Reader<'a> {
    filled: &'a Filled,
    world: &'a World,
    recorded: &'a BTreeMap<String, String>,
    /// Whose requests are meant, where a record is asked for one version's.
    held: Option<Picks>,
    /// Records within records.
    depth: u32,
}

/// Records within records that are followed.
const DEEPEST: u32 = 4;

impl Reader<'_> {
    fn of(&self, expr: &Expr) -> Option<Answer> {
        match &expr.node {
            Node::Number(number) => Some(Answer::Scalar(*number)),
            Node::Paren(inner) => self.of(inner),
            Node::Unary { minus, inner } => {
                let sign = if *minus { -1.0 } else { 1.0 };
                Some(mapped(self.of(inner)?, |value| sign * value))
            }
            Node::Binary(binary) => self.binary(binary),
            Node::Aggregate(aggregate) => self.aggregate(aggregate),
            Node::Call(function, arguments) => self.call(function.name, arguments),
            // A counter without a window has counted since its process began.
            Node::Selector(selector) => {
                if let Some(text) = selector.name().and_then(|name| self.recorded.get(name)) {
                    return self.record(selector, text);
                }
                let found = self.counted(selector)?;
                Some(Answer::Vector(found.map(|value| value * LIVED_S), true))
            }
            Node::Text(_) | Node::Range(..) | Node::Subquery(_) => None,
        }
    }

    /// What a recording rule comes to for those whom a selector of its record picks.
    fn record(&self, selector: &Selector, text: &str) -> Option<Answer> {
        let picked = picks(selector, self.filled);
        let held = if picked == Picks::Both { self.held } else { Some(picked) };
        let query = Query::parse(text).ok().filter(|_| self.depth < DEEPEST)?;
        let answer = Reader { held, depth: self.depth + 1, ..*self }.of(query.expr())?;
        Some(Answer::Vector(answer.value(), several(answer)))
    }

    fn binary(&self, binary: &Binary) -> Option<Answer> {
        let (left, right) = (self.of(&binary.left)?, self.of(&binary.right)?);
        if binary.matching.many != Many::None {
            return None;
        }
        let (a, b) = (left.value(), right.value());
        let many = several(left) || several(right);
        if binary.op.on_sets() {
            return Some(match binary.op {
                Op::Or => Answer::Vector(a.or(b), if a.is_some() { several(left) } else { many }),
                Op::And => Answer::Vector(a.filter(|_| b.is_some()), several(left)),
                _ => Answer::Vector(a.filter(|_| b.is_none()), several(left)),
            });
        }
        let worked = |a: f64, b: f64| worked(binary.op, a, b);
        if let (Answer::Scalar(a), Answer::Scalar(b)) = (left, right) {
            return worked(a, b).map(Answer::Scalar);
        }
        let (Some(a), Some(b)) = (a, b) else { return Some(Answer::Vector(None, many)) };
        if binary.op.compares() {
            let holds = compared(binary.op, a, b)?;
            let kept = match (binary.returns_bool, holds) {
                (true, holds) => Some(f64::from(u8::from(holds))),
                (false, true) => Some(a),
                (false, false) => None,
            };
            return Some(Answer::Vector(kept, many));
        }
        worked(a, b).map(|value| Answer::Vector(Some(value), many))
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Option<Answer> {
        let inner = self.of(&aggregate.inner)?;
        let keeps = keeps_several(aggregate);
        match aggregate.op {
            Fold::Sum | Fold::Avg | Fold::Min | Fold::Max => {
                Some(Answer::Vector(inner.value(), keeps && several(inner)))
            }
            Fold::Count | Fold::Group => {
                let one = |_: f64| 1.0;
                Some(Answer::Vector(inner.value().map(one), keeps && several(inner)))
            }
            _ => None,
        }
    }

    fn call(&self, name: &str, arguments: &[Expr]) -> Option<Answer> {
        let first = arguments.first();
        match (name, first.map(|argument| &argument.node)) {
            (
                "rate" | "irate" | "increase" | "delta" | "idelta",
                Some(Node::Range(selector, length)),
            ) => {
                let window_s = length.ms(Default::default()).ok()? as f64 / 1000.0;
                let over = if name.ends_with("rate") { 1.0 } else { window_s };
                let found = self.counted(selector)?;
                Some(Answer::Vector(found.map(|value| value * over), true))
            }
            ("vector", _) => Some(Answer::Vector(self.of(first?)?.value(), false)),
            ("scalar", _) => Some(Answer::Scalar(self.of(first?)?.value().unwrap_or(f64::NAN))),
            ("abs", _) => Some(mapped(self.of(first?)?, f64::abs)),
            ("ceil" | "floor" | "round", _) => self.of(first?),
            ("sort" | "sort_desc", _) => self.of(first?),
            ("clamp_min", _) => {
                let least = self.of(arguments.get(1)?)?.value()?;
                Some(mapped(self.of(first?)?, |value| value.max(least)))
            }
            ("clamp_max", _) => {
                let most = self.of(arguments.get(1)?)?.value()?;
                Some(mapped(self.of(first?)?, |value| value.min(most)))
            }
            ("absent", _) => {
                let inner = self.of(first?)?.value();
                Some(Answer::Vector(inner.is_none().then_some(1.0), false))
            }
            ("histogram_quantile", _) => self.quantile(arguments),
            _ => None,
        }
    }

    /// Requests a second that a selector counts, or what it sums over them; nothing within if it
    /// has no series.
    fn counted(&self, selector: &Selector) -> Option<Option<f64>> {
        if !is_of_requests(selector) {
            return None;
        }
        let name = selector.name()?;
        let seen = statuses(selector).unwrap_or(Ended::ALL.to_vec());
        let per_answer = |mix: &Mix| match name {
            _ if name.ends_with("_sum") => mix.seconds * unit(name),
            _ if name.ends_with("_bucket") => within(selector, mix.seconds * unit(name)),
            _ => 1.0,
        };
        let (mut total, mut exists) = (0.0, false);
        for (mix, weight) in self.sides(selector) {
            for (ended, share) in Ended::ALL.iter().zip(mix.shares) {
                if share > 0.0 && seen.contains(ended) {
                    exists |= self.world.rate > 0.0 && weight > 0.0;
                    total += self.world.rate * weight * share * per_answer(&mix);
                }
            }
        }
        Some((exists || self.world.idle).then_some(if exists { total } else { 0.0 }))
    }

    /// The versions that a selector sees, with their weights.
    fn sides(&self, selector: &Selector) -> Vec<(Mix, f64)> {
        let World { weight, new, stable, .. } = *self.world;
        match self.held.unwrap_or(picks(selector, self.filled)) {
            Picks::New | Picks::Unknown => vec![(new, weight)],
            Picks::Stable => vec![(stable, 1.0 - weight)],
            Picks::Both => vec![(new, weight), (stable, 1.0 - weight)],
        }
    }

    fn quantile(&self, arguments: &[Expr]) -> Option<Answer> {
        let asked = arguments.get(1)?;
        let mut selectors = super::query::asked(asked).into_iter();
        let (Some(one), None) = (selectors.next(), selectors.next()) else { return None };
        let name = one.selector.name()?.to_string();
        let found = self.of(asked)?;
        let rank = self.of(arguments.first()?)?.value()?;
        let sides = self.sides(one.selector);
        let slow = sides.iter().map(|(mix, _)| mix.seconds).fold(0.0, f64::max);
        let fast = sides.iter().map(|(mix, _)| mix.seconds).fold(f64::INFINITY, f64::min);
        let total: f64 = sides.iter().map(|(_, weight)| weight).sum();
        let slow_share: f64 =
            sides.iter().filter(|(mix, _)| mix.seconds == slow).map(|(_, weight)| weight).sum();
        let seconds = if slow_share > (1.0 - rank) * total { slow } else { fast };
        let many = several(found) && keeps_series(asked);
        // Of no answers there is no quantile.
        let of = |count: f64| if count > 0.0 { seconds * unit(&name) } else { f64::NAN };
        Some(Answer::Vector(found.value().map(of), many))
    }
}

/// May an aggregation leave several elements? Labels that every selector in it holds to one value
/// tell nothing apart.
pub fn keeps_several(aggregate: &Aggregate) -> bool {
    let selectors = super::query::asked(&aggregate.inner);
    let is_held = |label: &String| {
        selectors.iter().all(|asked| {
            let own = asked.selector.matchers.iter();
            own.filter(|matcher| matcher.label == *label).any(|m| matches!(m.test, Test::Equal(_)))
        })
    };
    aggregate.without || aggregate.labels.iter().any(|label| label != "le" && !is_held(label))
}

/// Does a histogram reach the quantile without being summed by `le`?
fn keeps_series(expr: &Expr) -> bool {
    match &expr.node {
        Node::Aggregate(aggregate) => {
            aggregate.without || aggregate.labels.iter().any(|label| label != "le")
        }
        Node::Paren(inner) => keeps_series(inner),
        _ => true,
    }
}

/// Units of a metric in a second.
pub fn unit(name: &str) -> f64 {
    let ms = name.contains("millisecond") || name.contains("_ms_") || name.contains("_ms");
    if ms { 1000.0 } else { 1.0 }
}

/// Is an answer within the bucket that a selector names? One that names none sees them all.
fn within(selector: &Selector, value: f64) -> f64 {
    let bound = selector.matchers.iter().find(|matcher| matcher.label == "le");
    let Some(bound) = bound else { return 1.0 };
    let Test::Equal(text) = &bound.test else { return 1.0 };
    let bound: f64 = if text == "+Inf" { f64::INFINITY } else { text.parse().unwrap_or(f64::NAN) };
    f64::from(u8::from(value <= bound))
}

fn several(answer: Answer) -> bool {
    matches!(answer, Answer::Vector(_, true))
}

fn mapped(answer: Answer, change: impl Fn(f64) -> f64) -> Answer {
    match answer {
        Answer::Scalar(value) => Answer::Scalar(change(value)),
        Answer::Vector(value, many) => Answer::Vector(value.map(change), many),
    }
}

fn worked(op: Op, a: f64, b: f64) -> Option<f64> {
    Some(match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Div => a / b,
        Op::Mod => a % b,
        _ => return None,
    })
}

fn compared(op: Op, a: f64, b: f64) -> Option<bool> {
    Some(match op {
        Op::Equal => a == b,
        Op::NotEqual => a != b,
        Op::Above => a > b,
        Op::Below => a < b,
        Op::AtLeast => a >= b,
        Op::AtMost => a <= b,
        _ => return None,
    })
}
