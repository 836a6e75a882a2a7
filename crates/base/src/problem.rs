//! A problem with something a user wrote: where, what was found, what was expected, a way out.
//!
//! Readers collect problems instead of stopping at the first. What a problem quotes is kept short,
//! and its text shows control characters instead of using them. Printing belongs to the command
//! line.

use super::escape::short::{self, thousands};
use super::escape::terminal;
use super::excerpt::{excerpt, word};
use super::several::{self, Line};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A place in a text, both counted from 1; line 0 means "nowhere in particular".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A text within which something is wrong, such as a query, and where.
///
/// It may be the value of a field, which a file holds in one of its notations, or have been made
/// of one: then no place in a file is that of the mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The text, without any notation of a file.
    pub text: Arc<str>,
    /// The byte of it at which it is wrong.
    pub byte: usize,
}

/// How far a problem reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// From its place to this one in the file.
    Until(Place),
    /// At a byte of a text that begins at its place.
    Within(Within),
}

impl Within {
    /// The byte behind the word at which it is wrong.
    pub fn end(&self) -> usize {
        let byte = self.inner();
        byte + word(&self.text[byte..])
    }

    /// A byte at which a character begins.
    fn inner(&self) -> usize {
        let mut byte = self.byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    /// Line and character of the text.
    pub fn place(&self) -> Place {
        let before = &self.text[..self.inner()];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            line: count(before.matches('\n').count() + 1),
            column: count(line.chars().count() + 1),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input can't be used.
    Error,
    /// The input is used, but will probably surprise.
    Warning,
}

/// One thing wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// File, or `-` for standard input.
    pub file: Arc<str>,
    /// Where in the file.
    pub place: Place,
    /// Path of the field, such as `spec.service.replicas`; empty if none.
    pub path: String,
    /// What is wrong, with what was found.
    pub message: String,
    /// What was expected; empty if the message says it.
    pub expected: Box<str>,
    /// A way out; empty if none is known.
    pub help: String,
    /// How far it reaches, if that is known.
    pub extent: Option<Box<Extent>>,
}

impl Problem {
    /// An error at `place`.
    pub fn error(place: Place, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            file: Arc::from(""),
            place,
            path: shortened(path.into()),
            message: shortened(message.into()),
            expected: Box::default(),
            help: String::new(),
            extent: None,
        }
    }

    /// A warning at `place`.
    pub fn warning(place: Place, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, path, message) }
    }

    /// The same, saying what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Problem {
        self.expected = shortened(expected.into()).into_boxed_str();
        self
    }

    /// The same, with a way out.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = shortened(help.into());
        self
    }

    /// The same, at a byte of a text that begins at its place.
    pub fn within(mut self, text: impl Into<Arc<str>>, byte: usize) -> Problem {
        self.extent = Some(Box::new(Extent::Within(Within { text: text.into(), byte })));
        self
    }

    /// The text within which it is, as long as `place` is only where that begins.
    pub fn inner(&self) -> Option<&Within> {
        match self.extent.as_deref() {
            Some(Extent::Within(within)) => Some(within),
            _ => None,
        }
    }

    /// Where it ends in the file, if that is known.
    pub fn end(&self) -> Option<Place> {
        match self.extent.as_deref() {
            Some(Extent::Until(end)) => Some(*end),
            _ => None,
        }
    }

    /// The same, in `file`.
    pub fn in_file(mut self, file: &Arc<str>) -> Problem {
        self.file = Arc::clone(file);
        self
    }
}

/// A text without the middle of what is too long: a name of megabytes is not told whole.
fn shortened(text: String) -> String {
    match short::message(&text) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(short) => short,
    }
}

/// Problems as they are told: the first of every kind, and how many more there are of it; of long
/// lists so many warnings of a kind.
pub fn limited(problems: &[Problem], warnings: usize) -> Vec<Problem> {
    let kind = |p: &Problem| match p.severity {
        Severity::Error => format!("{} {}", p.file, p.kind()),
        // The same of many services is told of the first ones, in whatever files they stand.
        Severity::Warning => p.kind(),
    };
    let more = |of: &Problem, message: String| Problem {
        message,
        place: Place::default(),
        ..Problem {
            severity: of.severity,
            file: Arc::clone(&of.file),
            ..Problem::error(Place::default(), "", "")
        }
    };
    let most = |problem: &Problem| match problem.severity {
        Severity::Error => several::OF_A_KIND,
        Severity::Warning => warnings,
    };
    let lines = several::limited_to(problems, kind, most).into_iter();
    lines
        .map(|line| match line {
            Line::One(problem) => problem.clone(),
            Line::Alike(of, count) => {
                let more = more(of, format!("… and {} more like this", thousands(count)));
                // Those of other files are among them.
                let elsewhere = |p: &Problem| p.file != of.file && p.kind() == of.kind();
                match of.severity == Severity::Warning && problems.iter().any(elsewhere) {
                    true => more.in_file(&Arc::from("")),
                    false => more,
                }
            }
            Line::Others(count) => {
                let worst = problems.iter().min_by_key(|p| p.severity).unwrap_or(&problems[0]);
                more(
                    worst,
                    format!(
                        "… and {} more problems, of other kinds or in other files",
                        thousands(count)
                    ),
                )
            }
        })
        .collect()
}

/// Problems of which the same is said, in the order of their first ones.
pub fn alike(problems: &[Problem]) -> Vec<(&Problem, usize)> {
    let mut groups: Vec<(&Problem, usize)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for problem in problems {
        let at = *known.entry(problem.kind()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, count)) => *count += 1,
            None => groups.push((problem, 1)),
        }
    }
    groups
}

impl Problem {
    /// What it has in common with others of its kind: its words, without numbers, quotes and names
    /// of objects (`Deployment/web`).
    fn kind(&self) -> String {
        let plain = |text: &str| {
            let words = text.split(' ').map(|word| match word.split_once('/') {
                Some((kind, name)) if kind.starts_with(char::is_uppercase) && !name.is_empty() => {
                    kind
                }
                _ => word,
            });
            several::shape(&words.collect::<Vec<_>>().join(" "))
        };
        format!("{} {} {}", self.severity as u8, plain(&self.path), plain(&self.message))
    }

    /// The first line, which editors and CI read: `file:line:column: error: path: message`.
    pub fn head(&self) -> String {
        format!("{}: {}: {}", self.written_at(), self.severity.word(), self.told())
    }

    /// `file:line:column`, or the file alone.
    pub fn written_at(&self) -> String {
        let file = terminal::line(&self.file);
        match self.place {
            Place { line: 0, .. } => file.into_owned(),
            Place { line, column } => format!("{file}:{line}:{column}"),
        }
    }

    /// `path: message; expected …`.
    pub fn told(&self) -> String {
        let told = |text: &str| terminal::line(&short::message(text)).into_owned();
        let path = if self.path.is_empty() { "" } else { &format!("{}: ", told(&self.path)) };
        let expected = match &*self.expected {
            "" => "",
            expected => &format!("; expected {}", told(expected)),
        };
        format!("{path}{}{expected}", told(&self.message))
    }

    /// The way out within a line.
    pub fn way_out(&self) -> String {
        terminal::line(&short::message(&self.help)).into_owned()
    }
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Without the text of the file; the command line shows that, too.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head())?;
        if let Some(within) = self.inner() {
            let shown = excerpt(&within.text, within.byte, within.byte);
            write!(f, "\n    {}\n    {}^", shown.text, " ".repeat(shown.indent()))?;
        }
        if !self.help.is_empty() {
            write!(f, "\n    help: {}", self.way_out())?;
        }
        Ok(())
    }
}

/// Names longer than this, in bytes, are like no other.
const LONGEST_MEANT: usize = 300;

/// The candidate most like `name`, if one is close enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name that is meant is this long, and the comparison takes the product of the lengths.
    if name.len() > LONGEST_MEANT {
        return None;
    }
    let lower = name.to_lowercase();
    let scored = candidates
        .into_iter()
        .filter(|c| c.len() <= LONGEST_MEANT)
        .map(|c| (strsim::jaro_winkler(&lower, &c.to_lowercase()), c));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_like_a_compiler_message() {
        let problem = Problem::error(Place { line: 6, column: 5 }, "spec", "unknown key maxSurg")
            .expected("one of maxSurge, maxUnavailable")
            .help("did you mean maxSurge?")
            .in_file(&Arc::from("a.yaml"));
        let text = problem.to_string();
        assert!(text.starts_with("a.yaml:6:5: error: spec: unknown key maxSurg; expected one of"));
        assert!(text.ends_with("help: did you mean maxSurge?"));
    }

    #[test]
    fn hostile_and_endless_texts_are_told_in_short() {
        let name = format!("a\u{1b}[31m\n{}", "x".repeat(100_000));
        let problem = Problem::error(Place::default(), name.as_str(), format!("key {name}"));
        let text = problem.expected(name.as_str()).help(name.as_str()).to_string();
        assert!(text.len() < 2_000 && text.lines().count() == 2, "{text:?}");
        assert!(!text.contains('\u{1b}') && text.contains("characters_left_out"), "{text}");
    }

    #[test]
    fn many_alike_are_counted() {
        let one = |n: u32| Problem::error(Place { line: n, column: 1 }, "", format!("row {n}"));
        let all: Vec<Problem> = (1..=100_000).map(one).collect();
        let told = limited(&all, 3);
        assert_eq!(told.len(), 21);
        assert_eq!(told[20].message, "… and 99,980 more like this");
        let all: Vec<Problem> =
            all.into_iter().map(|p| Problem { severity: Severity::Warning, ..p }).collect();
        assert_eq!(limited(&all, 3)[3].message, "… and 99,997 more like this");
        assert_eq!(limited(&all[..20], 3).len(), 20);
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("maxSurg", ["maxSurge", "interval"]), Some("maxSurge"));
        assert_eq!(nearest("zebra", ["maxSurge", "interval"]), None);
    }
}
