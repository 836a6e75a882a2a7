//! Two runs compared, in words and as JSON: what matters first, then scenario by scenario.

use super::figure::Quantity;
use super::headlines::listed;
use serde_json::{Value, json};
use windtunnel_base::count::counted;
use windtunnel_base::wrap;
use windtunnel_experiment::diff::{
    Chosen, Diff, DiffRow, ScenarioDiff, Share, Side, What, Word, rank,
};

/// Most figures of a scenario that are printed without being asked for.
const ROWS_MAX: usize = 12;

/// The comparison for people.
pub fn text(diff: &Diff, sides: [&Side; 2], details: bool) -> String {
    let mut out = wrap::filled(&first(diff));
    out += &wrap::filled(&counts(diff));
    out += &remarks(diff, sides);
    for scenario in &diff.scenarios {
        out += &format!("\n{}", one(scenario, details));
    }
    out
}

/// The first line: what matters.
fn first(diff: &Diff) -> String {
    if !diff.differs() {
        let moved = diff.scenarios.iter().any(|s| !s.rows.is_empty() || !s.paired);
        let [same, pairs] = [0, 1].map(|n| diff.scenarios.iter().map(|s| s.same[n]).sum::<usize>());
        return match (moved, same == pairs) {
            (false, true) => {
                let flights = counted(pairs as u64, "flight");
                format!("No difference: {flights} compared, and every figure is the same.")
            }
            _ => "No difference is certain: what differs may be chance.".to_string(),
        };
    }
    for scenario in &diff.scenarios {
        if let Some([before, after]) = &scenario.choice {
            let (name, before, after) = (&scenario.name, chosen(before), chosen(after));
            return format!(
                "Different: the choice for {name} was \"{before}\" and is \"{after}\"."
            );
        }
    }
    let find = |of: &dyn Fn(&ScenarioDiff) -> Option<String>| {
        diff.scenarios.iter().find_map(|s| Some(format!("Different: {}: {}", s.name, of(s)?)))
    };
    let only = |told: String| match diff.certain() {
        0 => format!("{told}; no figure certainly differs."),
        _ => format!("{told}."),
    };
    if let Some(told) = find(&|s| s.shares.first().map(share)) {
        return only(told);
    }
    if let Some(told) = find(&|s| s.words.first().map(word)) {
        return only(told);
    }
    let rows = diff.scenarios.iter().flat_map(|s| s.rows.iter().map(move |row| (s, row)));
    let top = rows.filter(|(_, row)| row.certain).min_by(|a, b| rank::before(a.1, b.1));
    if let Some((scenario, row)) = top {
        return format!("Different: {}: {}.", scenario.name, told(row));
    }
    "Different: not the same was flown.".to_string()
}

/// A share that changed, in words.
fn share(share: &Share) -> String {
    let [before, after] = share.shares.map(|share| Quantity::Share.show(share));
    format!("{} was {before} of the releases and is {after}", share.release)
}

/// A rating that changed, in words.
fn word(word: &Word) -> String {
    let [before, after] = &word.words;
    format!("{}: {} was {before} and is {after}", word.strategy, word.rating)
}

/// One figure in words.
fn told(row: &DiffRow) -> String {
    let ([release, strategy], [before, after]) = (&row.names, shown(row));
    let of = format!("{strategy} · {release}: {}", figure(row));
    format!("{of} was {before} and is {after}, a difference of {}", change(row))
}

fn quantity(row: &DiffRow) -> Quantity {
    match row.what {
        What::Measure(measure) => Quantity::of(measure),
        What::Verdict(_) => Quantity::Share,
    }
}

fn figure(row: &DiffRow) -> String {
    match row.what {
        What::Measure(measure) => measure.name().to_string(),
        What::Verdict(verdict) => format!("share of {}", verdict.word()),
    }
}

fn shown(row: &DiffRow) -> [String; 2] {
    row.values.map(|value| quantity(row).show(value))
}

fn change(row: &DiffRow) -> String {
    let interval = row.change.interval;
    quantity(row).show_interval(row.change.mean, interval.lower, interval.upper)
}

fn chosen(choice: &Chosen) -> String {
    let first = choice.first.as_deref().unwrap_or("no strategy");
    match choice.ending.as_str() {
        "wins" => format!("{first} wins"),
        "leads" => format!("{first} leads, not proved"),
        "tie" => format!("a tie, {first} first"),
        "alone" => format!("{first} alone"),
        "nobody" => "no strategy can be chosen".to_string(),
        // A word of another version.
        other => format!("{other}: {first}"),
    }
}

fn counts(diff: &Diff) -> String {
    let all: usize = diff.scenarios.iter().map(|s| s.compared).sum();
    let rows = diff.scenarios.iter().flat_map(|s| &s.rows);
    let (certain, moved) = (diff.certain(), rows.count());
    if certain == 0 {
        return format!(
            "None of {} certainly differs (Holm, 5 % for all together); {moved} differ in these \
             flights, which may be chance.",
            counted(all as u64, "figure")
        );
    }
    format!(
        "{certain} of {} certainly differ, with a chance of 5 % at most that one of them is none \
         (Holm); {} more differ in these flights, which may be chance.",
        counted(all as u64, "figure"),
        moved - certain
    )
}

/// What a reader must know of the two runs.
fn remarks(diff: &Diff, sides: [&Side; 2]) -> String {
    let mut out = String::new();
    let words = ["before", "after"];
    let mut say = |line: String| out += &wrap::filled(&line);
    if sides[0].version != sides[1].version {
        let [a, b] = sides.map(|side| &side.version);
        say(format!("Versions differ: {a} before, {b} after; some of it may be the program's."));
    }
    for (at, word) in words.into_iter().enumerate() {
        if sides[at].interrupted {
            say(format!("The run {word} was interrupted: some of its flights are missing."));
        }
        let list = |names: &[String]| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            listed(&names)
        };
        if !diff.only[at].is_empty() {
            say(format!("Flown only {word}: {}.", list(&diff.only[at])));
        }
        if !diff.measures[at].is_empty() {
            say(format!("Measured only {word}: {}.", list(&diff.measures[at])));
        }
        if !sides[at].strangers.is_empty() {
            let strangers = list(&sides[at].strangers);
            say(format!("Not known to this version, and not compared, {word}: {strangers}."));
        }
    }
    out
}

fn one(scenario: &ScenarioDiff, details: bool) -> String {
    let how = match (scenario.paired, scenario.storm_unknown) {
        (true, _) => {
            let [same, all] = scenario.same;
            format!("the same storm, so flight by flight; {same} of {all} are the same")
        }
        (false, true) => "one run does not tell its storm, so not in pairs".to_string(),
        (false, false) => "another storm, so not in pairs".to_string(),
    };
    let mut out = wrap::filled(&format!("{}: {how}", scenario.name));
    let mut say = |line: String| {
        out += &wrap::wrapped(&format!("  {line}"), wrap::COLUMNS, 4).join("\n");
        out.push('\n');
    };
    if let Some([before, after]) = &scenario.choice {
        say(format!("choice: {} → {}", chosen(before), chosen(after)));
    }
    for found in &scenario.shares {
        let [before, after] = found.shares.map(|share| Quantity::Share.show(share));
        say(format!("share of {}: {before} → {after}", found.release));
    }
    for word in &scenario.words {
        let [before, after] = &word.words;
        say(format!("{}: {} {before} → {after}", word.strategy, word.rating));
    }
    for (list, word) in scenario.only.iter().zip(["before", "after"]) {
        if !list.is_empty() {
            say(format!("flown only {word}: {}", list.join(", ")));
        }
    }
    let certain: Vec<&DiffRow> = scenario.rows.iter().filter(|row| row.certain).collect();
    let told_rows: Vec<&&DiffRow> = match details {
        true => certain.iter().collect(),
        false => certain.iter().filter(|row| rank::is_main(row)).take(ROWS_MAX).collect(),
    };
    for row in &told_rows {
        let ([release, strategy], [before, after]) = (&row.names, shown(row));
        let of = format!("{strategy} · {release}: {}", figure(row));
        say(format!("{of} {before} → {after}, difference {}", change(row)));
    }
    match certain.len() - told_rows.len() {
        0 => {}
        more => say(format!("… and {more} more that certainly differ: --details prints them")),
    }
    out
}

/// The comparison for machines: every figure that differs in the flights.
pub fn json(diff: &Diff, sides: [&Side; 2]) -> Value {
    let side = |at: usize| {
        json!({
            "version": sides[at].version, "seed": sides[at].seed,
            "interrupted": sides[at].interrupted, "only": diff.only[at],
            "only_measures": diff.measures[at], "unknown_columns": sides[at].strangers,
        })
    };
    json!({
        "differs": diff.differs(),
        "first": first(diff),
        "certain": diff.certain(),
        "compared": diff.scenarios.iter().map(|s| s.compared).sum::<usize>(),
        "before": side(0),
        "after": side(1),
        "scenarios": diff.scenarios.iter().map(scenario_json).collect::<Vec<_>>(),
    })
}

fn scenario_json(scenario: &ScenarioDiff) -> Value {
    let choice = |c: &Chosen| json!({"ending": c.ending, "strategy": c.first});
    let words = scenario.words.iter().map(|word| {
        let [before, after] = &word.words;
        json!({"strategy": word.strategy, "rating": word.rating, "before": before, "after": after})
    });
    let row = |row: &DiffRow| {
        let (measure, verdict) = match row.what {
            What::Measure(measure) => (Some(measure.name()), None),
            What::Verdict(verdict) => (None, Some(verdict.word())),
        };
        let interval = row.change.interval;
        json!({
            "release": row.names[0], "strategy": row.names[1],
            "measure": measure, "verdict": verdict,
            "before": row.values[0], "after": row.values[1],
            "difference": row.change.mean, "lower": interval.lower, "upper": interval.upper,
            "p": row.change.p, "certain": row.certain, "flights": row.flights,
        })
    };
    json!({
        "scenario": scenario.name,
        "paired": scenario.paired,
        "flights_same": scenario.same[0],
        "flights_paired": scenario.same[1],
        "choice": scenario.choice.as_ref().map(|[before, after]| {
            json!({"before": choice(before), "after": choice(after)})
        }),
        "shares": scenario.shares.iter().map(|found| {
            let [before, after] = found.shares;
            json!({"release": found.release, "before": before, "after": after})
        }).collect::<Vec<_>>(),
        "ratings": words.collect::<Vec<_>>(),
        "only_before": scenario.only[0],
        "only_after": scenario.only[1],
        "figures": scenario.rows.iter().map(row).collect::<Vec<_>>(),
    })
}
