//! Binding settings to a scenario: every text of a query is read once, under the scenario's rules,
//! and what is wrong with one is told with the path of its field.
//!
//! One binding serves all strategies of a scenario and its alert. Deliberately unknown here: where
//! in a file a path stands; the scenario's reader knows that.

use super::Plan;
use super::pilot::Pilot;
use crate::analysis::check::about::About;
use crate::analysis::check::{Check, Metric};
use crate::analysis::promql::Query;
use crate::analysis::promql::error::ParseError;
use std::collections::BTreeMap;
use std::sync::Arc;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_base::time::SimDuration;

/// What queries that stand in settings as they are have to be.
const EXPECTED: &str = "a query that Prometheus takes";

/// What settings are bound to, with what was found so far.
#[derive(Debug)]
pub struct Binding<'a> {
    about: &'a About<'a>,
    /// Where the settings at hand stand.
    path: String,
    known: BTreeMap<Arc<str>, Result<Query, ParseError>>,
    problems: Vec<Problem>,
}

impl<'a> Binding<'a> {
    /// Nothing is read yet.
    pub fn new(about: &'a About<'a>) -> Binding<'a> {
        Binding { about, path: String::new(), known: BTreeMap::new(), problems: Vec::new() }
    }

    /// Whom the queries are about.
    pub fn about(&self) -> &'a About<'a> {
        self.about
    }

    /// Binds what stands under `path` below the settings at hand.
    pub fn at<T>(&mut self, path: &str, bind: impl FnOnce(&mut Binding<'a>) -> T) -> T {
        let inner = self.below(path);
        let outer = std::mem::replace(&mut self.path, inner);
        let bound = bind(self);
        self.path = outer;
        bound
    }

    /// Binds a strategy that stands under `path`.
    pub fn plan(&mut self, path: &str, plan: &Plan) -> Option<Pilot> {
        self.at(path, |binding| binding.at(plan.kind, |binding| plan.spec.bind(binding)))
    }

    /// Reads a text, unless it was read before.
    pub fn read(&mut self, text: &str) -> Result<Query, ParseError> {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let found = Query::parse_by(text, self.about.rules);
        self.known.insert(Arc::from(text), found.clone());
        found
    }

    /// The query of a field that is asked at instants; nothing if it is none, which is told.
    pub fn query(&mut self, field: &str, text: &str) -> Option<Query> {
        let query = self.range_query(field, text)?;
        match query.check_instant() {
            Ok(()) => Some(query),
            Err(error) => {
                self.problem(field, error.to_string(), EXPECTED, "");
                None
            }
        }
    }

    /// The query of a field that is asked over ranges: whether durations make sense is known when
    /// it is asked.
    pub fn range_query(&mut self, field: &str, text: &str) -> Option<Query> {
        match self.read(text) {
            Ok(query) => Some(query),
            Err(error) => {
                self.misread(field, text, error, EXPECTED, "");
                None
            }
        }
    }

    /// Tells that the text of a query, or what was made of that text, is none, and where.
    pub fn misread(
        &mut self,
        field: &str,
        text: &str,
        error: ParseError,
        expected: &str,
        help: &str,
    ) {
        let known = self.known.get_key_value(text);
        let text = known.map_or_else(|| Arc::from(text), |(text, _)| Arc::clone(text));
        let problem = Problem::error(Place::default(), self.below(field), error.message);
        self.problems.push(problem.expected(expected).help(help).within(text, error.byte));
    }

    /// The checks of the list `list`, ready to judge; `interval` is the window of those that have
    /// none.
    pub fn checks(
        &mut self,
        list: &str,
        checks: &[Check],
        interval: SimDuration,
    ) -> Option<Vec<Check>> {
        let bound: Vec<Option<Check>> = (checks.iter().enumerate())
            .map(|(number, check)| {
                let (about, place) = (self.about, format!("{list}[{number}]"));
                // A judge may wrap the text, but it leaves it whole.
                let field = |text: &str| match &check.metric {
                    Metric::Query { text: own, .. } if text.contains(own) => ".query.query",
                    Metric::Query { stable: Some(stable), .. } if text.contains(stable) => {
                        ".query.stableQuery"
                    }
                    _ => "",
                };
                let read = &mut |text: &str| self.query(&format!("{place}{}", field(text)), text);
                check.bind(about, interval, read)
            })
            .collect();
        bound.into_iter().collect()
    }

    /// Tells what is wrong with a field.
    pub fn problem(&mut self, field: &str, message: String, expected: &str, help: &str) {
        let problem = Problem::error(Place::default(), self.below(field), message);
        self.problems.push(problem.expected(expected).help(help));
    }

    /// Everything that was wrong, under the paths of the fields.
    pub fn problems(self) -> Vec<Problem> {
        self.problems
    }

    fn below(&self, path: &str) -> String {
        match (self.path.is_empty(), path.is_empty()) {
            (true, _) => path.to_string(),
            (_, true) => self.path.clone(),
            _ => format!("{}.{path}", self.path),
        }
    }
}
