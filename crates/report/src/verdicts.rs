//! What the lines of `expect:` came to: in text for a terminal, and in one word for all.

use windtunnel_base::wrap;
use windtunnel_experiment::results::{ExpectationResult, Judgement, Results, ScenarioResults};

/// How many lines came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that hold.
    pub hold: usize,
    /// Lines that fail.
    pub fail: usize,
    /// Lines that are undecided.
    pub undecided: usize,
}

impl Counts {
    /// Counts the lines of all scenarios.
    pub fn of(results: &Results) -> Counts {
        let mut counts = Counts::default();
        for line in results.scenarios.iter().flat_map(|s| &s.expectations) {
            match line.judgement {
                Judgement::Holds => counts.hold += 1,
                Judgement::Fails => counts.fail += 1,
                Judgement::Undecided => counts.undecided += 1,
            }
        }
        counts
    }

    /// All lines together: one that fails decides, then one that is undecided; nothing if there is
    /// no line.
    pub fn judgement(self) -> Option<Judgement> {
        match self {
            Counts { fail: 1.., .. } => Some(Judgement::Fails),
            Counts { undecided: 1.., .. } => Some(Judgement::Undecided),
            Counts { hold: 1.., .. } => Some(Judgement::Holds),
            Counts { .. } => None,
        }
    }
}

/// The word for a judgement, in JSON and in tables.
pub fn word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Holds => "holds",
        Judgement::Fails => "fails",
        Judgement::Undecided => "undecided",
    }
}

/// The word in a list, where a line that does not hold must not be overlooked.
fn mark(judgement: Judgement) -> String {
    match judgement {
        Judgement::Holds => word(judgement).to_string(),
        _ => word(judgement).to_uppercase(),
    }
}

/// Where a line stands, `file:line:column`; nothing if it stands in no file.
pub fn spot(line: &ExpectationResult) -> Option<String> {
    let place = line.place;
    let placed = place.line > 0 && !line.file.is_empty();
    placed.then(|| format!("{}:{}:{}", line.file, place.line, place.column))
}

/// All lines, or those only that do not hold, by scenario; then how many came to what. Empty if
/// there is no line.
pub fn text(results: &Results, all: bool) -> String {
    let counts = Counts::of(results);
    if counts.judgement().is_none() {
        return String::new();
    }
    let mut text: String = results.scenarios.iter().map(|s| of_scenario(s, all)).collect();
    text +=
        &format!("{} hold, {} fail, {} undecided\n", counts.hold, counts.fail, counts.undecided);
    text
}

fn of_scenario(results: &ScenarioResults, all: bool) -> String {
    let shown = |line: &&ExpectationResult| all || line.judgement != Judgement::Holds;
    let lines: Vec<&ExpectationResult> = results.expectations.iter().filter(shown).collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", results.scenario.name);
    for line in lines {
        let open = line.judgement != Judgement::Holds;
        let spot = spot(line).filter(|_| open).map(|spot| format!("            {spot}"));
        let first = format!("  {:9} {}", mark(line.judgement), line.text);
        let told = [Some(first), spot, Some(format!("            {}", line.detail))];
        for told in told.into_iter().flatten() {
            text += &wrap::wrapped(&told, wrap::COLUMNS, 12).join("\n");
            text.push('\n');
        }
    }
    text
}
