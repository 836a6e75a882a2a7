//! A check, read: its query, what it picks, and which values pass. What rules look at.

use super::check::{Asks, Check};
use super::judging::{self, Made, Passing};
use super::query::Ended;
use super::query::{Asked, Picks, asked, is_of_requests, picks, statuses};
use super::world::{Answer, World, answer};
use std::collections::BTreeMap;
use windtunnel_promql::Query;
use windtunnel_promql::ast::{Expr, Node, Op, Type};

/// A check with its query read.
pub struct Look<'a> {
    /// The check.
    pub check: &'a Check,
    /// Its query.
    pub query: Query,
    /// Which values pass; nothing if nobody says.
    pub passing: Option<Passing>,
    /// Queries of recording rules, by the names that they give.
    pub recorded: &'a BTreeMap<String, String>,
    /// Is nothing known of the query but its windows?
    pub only_timing: bool,
}

impl<'a> Look<'a> {
    /// Reads a check's query, or says what is wrong with it and at which byte of the filled text.
    pub fn new(
        check: &'a Check,
        recorded: &'a BTreeMap<String, String>,
    ) -> Result<Look<'a>, (usize, String)> {
        let query =
            Query::parse(&check.filled.text).map_err(|error| (error.byte, error.message))?;
        let scalar = query.yields() == Type::Scalar;
        // Where a list is compared with a number, what was meant is looked at.
        let meant = |scalar: bool| judging::passing(check, scalar);
        let passing = match meant(scalar) {
            Some(Passing::Nothing) => meant(!scalar),
            found => found,
        };
        Ok(Look { check, query, passing, recorded, only_timing: check.asks != Asks::Query })
    }

    /// A check whose query is no PromQL, as far as its windows can be seen; nothing if it has none.
    pub fn of_windows(
        check: &'a Check,
        recorded: &'a BTreeMap<String, String>,
    ) -> Option<Look<'a>> {
        let windows = check.filled.text.split('[').skip(1).filter_map(|part| {
            let length: String = part.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
            windtunnel_promql::duration_ms(&length).map(|_| format!("rate(unread[{length}])"))
        });
        let windows: Vec<String> = windows.collect();
        let query = Query::parse(&windows.join(" + ")).ok()?;
        Some(Look { check, query, passing: None, recorded, only_timing: true })
    }

    /// The query's expression.
    pub fn expr(&self) -> &Expr {
        self.query.expr()
    }

    /// Its selectors.
    pub fn asked(&self) -> Vec<Asked<'_>> {
        asked(self.expr())
    }

    /// What a selector picks.
    pub fn picks(&self, asked: &Asked<'_>) -> Picks {
        picks(asked.selector, &self.check.filled)
    }

    /// What the query comes to in a world.
    pub fn answer(&self, world: &World) -> Option<Answer> {
        // A ratio that divides every series by itself is no share of anything.
        if self.query.self_ratio().is_some() {
            return None;
        }
        answer(self.expr(), &self.check.filled, self.recorded, world)
    }

    /// What the check makes of a world.
    pub fn made(&self, world: &World) -> Option<Made> {
        judging::made(self.check, self.answer(world)?)
    }

    /// The query's number in a world.
    pub fn value(&self, world: &World) -> Option<f64> {
        self.answer(world)?.value().filter(|value| value.is_finite())
    }

    /// The weight that evidence is worked out for: that of the first step, or 5 %.
    pub fn weight(&self) -> f64 {
        self.check.first_weight.filter(|w| *w > 0.0 && *w < 1.0).unwrap_or(0.05)
    }

    /// Does every selector see requests of both versions?
    pub fn sees_both(&self) -> bool {
        let asked = self.asked();
        !asked.is_empty() && asked.iter().all(|a| self.picks(a) == Picks::Both)
    }

    /// Selectors that see failed answers alone.
    pub fn only_failed(&self) -> Vec<Asked<'_>> {
        let failed = |a: &Asked<'_>| {
            is_of_requests(a.selector)
                && statuses(a.selector).is_some_and(|seen| {
                    seen.contains(&Ended::Failed) && !seen.contains(&Ended::Well)
                })
        };
        self.asked().into_iter().filter(failed).collect()
    }

    /// Does the query's number rise with the share of failed answers (1), fall (-1), or neither?
    pub fn trend(&self) -> Option<i32> {
        self.trend_of(Ended::Failed)
    }

    /// The same of answers that end in another way.
    pub fn trend_of(&self, ended: Ended) -> Option<i32> {
        let part = self.value(&World::ending(0.5, ended, 0.05))?;
        let most = self.value(&World::ending(0.5, ended, 0.6))?;
        Some(if most > part + 1e-9 {
            1
        } else if most < part - 1e-9 {
            -1
        } else {
            0
        })
    }

    /// Is a fallback `or vector(n)` in the query, of a number that a test accepts?
    pub fn falls_back(&self, accepts: impl Fn(f64) -> bool) -> bool {
        any(self.expr(), &|expr| match &expr.node {
            Node::Binary(binary) if binary.op == Op::Or => {
                vector_of(&binary.right).is_some_and(&accepts)
            }
            _ => false,
        })
    }

    /// Is there a call of this name?
    pub fn calls(&self, name: &str) -> bool {
        any(
            self.expr(),
            &|expr| matches!(&expr.node, Node::Call(function, _) if function.name == name),
        )
    }

    /// The longest window, in seconds: its own, or that of a record it asks.
    pub fn longest_window_s(&self) -> Option<f64> {
        let own = self.asked().into_iter().filter_map(|asked| match asked.window_ms {
            Some(ms) => Some(ms),
            None => self.window_of_record(asked.selector.name()?),
        });
        own.max().map(|ms| ms as f64 / 1000.0)
    }

    /// The window of a recording rule, in milliseconds: that of its query, or the one its name ends
    /// with, as names by convention do (`job:requests:rate5m`).
    fn window_of_record(&self, name: &str) -> Option<i64> {
        if let Some(text) = self.recorded.get(name) {
            let query = Query::parse(text).ok()?;
            return asked(query.expr()).into_iter().filter_map(|asked| asked.window_ms).max();
        }
        let last = name.rsplit_once(':')?.1;
        let from = last.find(|c: char| c.is_ascii_digit())?;
        windtunnel_promql::duration_ms(&last[from..])
    }

    /// The shortest window of a rate, in seconds.
    pub fn shortest_window_s(&self) -> Option<f64> {
        let rates = ["rate", "irate", "increase", "delta", "idelta"];
        let all = self.asked().into_iter();
        let all = all.filter(|a| a.function.is_some_and(|name| rates.contains(&name)));
        all.filter_map(|asked| asked.window_ms).min().map(|ms| ms as f64 / 1000.0)
    }
}

/// The number of `vector(n)`.
pub fn vector_of(expr: &Expr) -> Option<f64> {
    match &expr.node {
        Node::Paren(inner) => vector_of(inner),
        Node::Call(function, arguments) if function.name == "vector" => {
            match arguments.first().map(|a| &a.node) {
                Some(Node::Number(number)) => Some(*number),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Is there an expression in this one that a test accepts?
pub fn any(expr: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    test(expr) || expr.children().into_iter().any(|child| any(child, test))
}
