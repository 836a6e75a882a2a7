//! The textbook: claims about ways to ship, each with the lines that judge it.
//!
//! `kind: Textbook` names a folder of scenarios and lists claims by chapter. A claim is stated as
//! `expect:` lines, swept over a setting, or has no measure. Deliberately unknown here: flights,
//! and whether a claim holds.

use super::sweep::expand;
use super::{tree, yaml};
use std::cell::RefCell;
use std::sync::Arc;
use windtunnel_base::node::Node;
use windtunnel_base::problem::{Place, Problem, Severity};
use windtunnel_base::settings::{Reader, Sink, read_tree};
use windtunnel_model::outcome::Verdict;

/// The kind of document.
pub const KIND: &str = "Textbook";

/// Most values of a sweep.
const MOST_VALUES: usize = 50;

/// Claims by chapter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Textbook {
    /// Folder of the scenarios, relative to the file.
    pub scenarios: String,
    /// Chapters, in the order of the text.
    pub chapters: Vec<Chapter>,
}

/// Claims under one heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chapter {
    /// Heading of the chapter.
    pub title: String,
    /// What the textbook says.
    pub claims: Vec<Claim>,
}

/// What a measurement says of a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holding {
    /// All lines hold.
    Holds,
    /// Some do, or a sweep turns.
    Depends,
    /// All lines fail.
    Refuted,
    /// Nothing that a flight measures speaks to it.
    #[default]
    NoMeasure,
}

impl Holding {
    const ALL: [Holding; 4] =
        [Holding::Holds, Holding::Depends, Holding::Refuted, Holding::NoMeasure];
    const WORDS: [&str; 4] = ["holds", "depends", "refuted", "no measure"];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Holding::WORDS[self as usize]
    }
}

/// One sentence of the textbook, and how it is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    /// Short name, such as `RU7`.
    pub id: String,
    /// What the textbook says.
    pub says: String,
    /// What the author of the file takes the measurement to say; judging finds out.
    pub stated: Holding,
    /// The claim as lines, each in a scenario.
    pub evidence: Vec<Line>,
    /// The claim as lines over values of a setting.
    pub sweeps: Vec<Sweep>,
    /// A table of verdicts to show.
    pub matrix: Option<Matrix>,
    /// A chart of a scenario to show.
    pub picture: Option<Picture>,
    /// The mechanism, in words.
    pub why: String,
    /// Where the claim stands.
    pub place: Place,
}

/// A line, and the scenario that it speaks of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Name of the scenario.
    pub scenario: String,
    /// As in `spec.expect`.
    pub text: String,
    /// Where the line stands.
    pub place: Place,
}

/// A line that is judged at every value of a setting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    /// The line that is judged at every value.
    pub line: Line,
    /// Path of the setting, as for `--set`.
    pub set: String,
    /// Its values, rising.
    pub values: Vec<String>,
    /// Flights for each.
    pub replications: u32,
}

/// How often a verdict fell, by strategy and release.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Name of the scenario.
    pub scenario: String,
    /// The verdict of bad releases; good ones show false alarms.
    pub verdict: Verdict,
}

/// A chart of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the chart.
    pub chart: String,
}

/// Reads a textbook, or says everything that is wrong with it.
pub fn read(text: &str, file: &str) -> Result<Textbook, Vec<Problem>> {
    let documents = yaml::documents(text, file).map_err(|problem| vec![problem])?;
    let named: Arc<str> = Arc::from(file);
    let [document] = documents.as_slice() else {
        let found = format!("found {} documents", documents.len());
        let problem = Problem::error(Place { line: 1, column: 1 }, "", found);
        return Err(vec![problem.expected("one Textbook").in_file(&named)]);
    };
    let sink = RefCell::new(Sink::default());
    let mut textbook = read_tree(document, "", &sink, self::document);
    place(&mut textbook, document);
    let mut problems = sink.into_inner().problems;
    problems.extend(twice(&textbook));
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems.into_iter().map(|p| p.in_file(&named)).collect());
    }
    Ok(textbook)
}

/// Reads all fields of a document; also run without one, to describe them.
pub(super) fn document(r: &mut Reader<'_>) -> Textbook {
    let versions = [super::read::API_VERSION];
    r.choice("apiVersion", &versions, versions[0], "version of this format");
    r.choice("kind", &[KIND], KIND, "what this document is");
    r.object("metadata", "about this document", |r| r.opt_text("name", "its name"));
    r.object("spec", "the claims", |r| Textbook {
        scenarios: r.text("scenarios", ".", "folder of the scenarios, relative to this file"),
        chapters: r.opt_list("chapters", "claims under one heading", chapter).unwrap_or_default(),
    })
}

fn chapter(r: &mut Reader<'_>) -> Chapter {
    Chapter {
        title: r.required_text("title", "the heading"),
        claims: r.opt_list("claims", "what the textbook says", claim).unwrap_or_default(),
    }
}

fn claim(r: &mut Reader<'_>) -> Claim {
    let id = r.required_text("id", "short name of the claim");
    let says = r.required_text("claim", "what the textbook says, in a sentence");
    let help = "what the measurement says of it";
    let stated = Holding::ALL[r.choice("verdict", &Holding::WORDS, "no measure", help)];
    let evidence = r.opt_list("evidence", "the claim as lines, each in a scenario", |r| Line {
        scenario: r.required_text("scenario", "name of the scenario"),
        text: r.required_text("line", "as in spec.expect"),
        place: Place::default(),
    });
    let claim = Claim {
        id,
        says,
        stated,
        evidence: evidence.unwrap_or_default(),
        sweeps: r.opt_list("sweeps", "lines over values of a setting", sweep).unwrap_or_default(),
        matrix: r.opt_object("matrix", "a table of verdicts to show", |r| Matrix {
            scenario: r.required_text("scenario", "name of the scenario"),
            verdict: {
                let help = "the verdict of bad releases";
                Verdict::ALL[r.choice("verdict", &Verdict::WORDS, "rolled-back-bad", help)]
            },
        }),
        picture: r.opt_object("picture", "a chart of a scenario to show", |r| Picture {
            scenario: r.required_text("scenario", "name of the scenario"),
            chart: r.required_text("chart", "name of the chart"),
        }),
        why: r.required_text("why", "the mechanism, in one or two sentences"),
        place: Place::default(),
    };
    let measured = !claim.sweeps.is_empty() || !claim.evidence.is_empty();
    if measured == (claim.stated == Holding::NoMeasure) {
        let expected = "evidence or a sweep, or the verdict `no measure`";
        r.problem("verdict", format!("found {}", claim.stated.word()), expected, "");
    }
    claim
}

fn sweep(r: &mut Reader<'_>) -> Sweep {
    let sweep = Sweep {
        line: Line {
            scenario: r.required_text("scenario", "name of the scenario"),
            text: r.required_text("line", "as in spec.expect"),
            place: Place::default(),
        },
        set: r.required_text("set", "path of the setting, as for --set"),
        values: values(r),
        replications: r.count("replications", 16, 2..=10_000, "flights for each value") as u32,
    };
    if !(2..=MOST_VALUES).contains(&sweep.values.len()) {
        let found = format!("found {}", sweep.values.len());
        r.problem("values", found, "two to fifty values", "");
    }
    sweep
}

fn values(r: &mut Reader<'_>) -> Vec<String> {
    let any = |text: &str| Some(text.to_string());
    let help = "its values, rising; ranges as for --set, such as 5..50/15";
    let mut values = Vec::new();
    for (_, value) in r.texts("values", "", help, any, "a value") {
        match expand(&value) {
            None => values.push(value),
            Some(Ok(range)) => values.extend(range),
            Some(Err((found, help))) => r.problem("values", found, "values", &help),
        }
    }
    values
}

/// Notes where claims and lines stand.
fn place(textbook: &mut Textbook, document: &Node) {
    for (i, chapter) in textbook.chapters.iter_mut().enumerate() {
        for (j, claim) in chapter.claims.iter_mut().enumerate() {
            let path = format!("spec.chapters[{i}].claims[{j}]");
            claim.place = tree::place(document, &path);
            for (k, line) in claim.evidence.iter_mut().enumerate() {
                line.place = tree::place(document, &format!("{path}.evidence[{k}].line"));
            }
            for (k, sweep) in claim.sweeps.iter_mut().enumerate() {
                let path = format!("{path}.sweeps[{k}].line");
                sweep.line.place = tree::place(document, &path);
            }
        }
    }
}

/// Claims whose name is taken.
fn twice(textbook: &Textbook) -> Vec<Problem> {
    let claims: Vec<&Claim> = textbook.chapters.iter().flat_map(|c| &c.claims).collect();
    let known = |index: usize| claims[..index].iter().any(|c| c.id == claims[index].id);
    let again = (0..claims.len()).filter(|index| known(*index));
    let problem = |index: usize| {
        let claim = claims[index];
        Problem::error(claim.place, "id", format!("{} is there twice", claim.id))
    };
    again.map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let text = "kind: Textbook\nspec:\n  chapters:\n  - title: One\n    claims:\n    \
                    - {id: A, claim: x, verdict: holds, why: y}\n    \
                    - {id: A, claim: x, verdict: sometimes, why: y, sweeps: [{values: [1]}]}\n";
        let problems = read(text, "t.yaml").expect_err("it is wrong");
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for part in ["evidence or a sweep", "sometimes", "two to fifty values", "A is there twice"]
        {
            assert!(said.iter().any(|line| line.contains(part)), "{part}: {said:#?}");
        }
    }

    #[test]
    fn lines_know_where_they_stand() {
        let text = "kind: Textbook\nspec:\n  chapters:\n  - title: One\n    claims:\n    \
                    - id: A\n      claim: x\n      verdict: holds\n      why: y\n      \
                    evidence:\n      \
                    - {scenario: s, line: a · b · c < 1}\n";
        let textbook = read(text, "t.yaml").expect("well formed");
        let line = &textbook.chapters[0].claims[0].evidence[0];
        assert_eq!((line.place.line, line.text.as_str()), (11, "a · b · c < 1"));
    }

    #[test]
    fn values_may_be_ranges() {
        let sweep = |values: &str| {
            let text = format!(
                "kind: Textbook\nspec:\n  chapters:\n  - title: One\n    claims:\n    \
                 - {{id: A, claim: x, verdict: holds, why: y, sweeps: [{{scenario: s, line: l, \
                 set: p, values: {values}}}]}}\n"
            );
            read(&text, "t.yaml").map(|book| book.chapters[0].claims[0].sweeps[0].values.clone())
        };
        assert_eq!(sweep("[1, 5..15/5]").expect("well formed"), ["1", "5", "10", "15"]);
        let problems = sweep("[1, 5..15]").expect_err("no step");
        assert!(problems[0].to_string().contains("has no step"), "{problems:?}");
    }
}
