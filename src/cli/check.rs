//! `check`: the CI gate. Every `expect:` line must hold by its whole interval.

use super::flags::{Flight, Format};
use super::fly::Purpose;
use super::{FAILED, FINE, INTERRUPTED, UNDECIDED, WRONG, fly, output, stop};
use crate::base::{escape, wrap};
use crate::experiment::results::{ExpectationResult, Judgement, Results};
use serde_json::{Value, json};

/// Flies until every line is decided or the budget is spent, and prints what they came to.
pub fn run(flags: &Flight) -> u8 {
    let scenarios = match fly::scenarios(flags) {
        Ok((scenarios, _)) => scenarios,
        Err(code) => return code,
    };
    if scenarios.iter().all(|s| s.expect.is_empty()) {
        let line = "windtunnel: no `expect:` line in these scenarios: nothing to check";
        output::deny(&[line.to_string()], flags.format);
        return WRONG;
    }
    let results = match fly::results(flags, &scenarios, Purpose::Check) {
        Ok(results) => results,
        Err(code) => return code,
    };
    stop::written();
    let lines: Vec<(&str, &ExpectationResult)> = results
        .scenarios
        .iter()
        .flat_map(|s| s.expectations.iter().map(|e| (s.scenario.name.as_str(), e)))
        .collect();
    match flags.format {
        Format::Json => output::print(&escape::json::pretty(&as_json(&results, &lines))),
        Format::Text => output::print_judged(&as_text(&lines)),
    }
    if results.interrupted {
        return INTERRUPTED;
    }
    let any = |judgement| lines.iter().any(|(_, e)| e.judgement == judgement);
    match (any(Judgement::Fails), any(Judgement::Undecided)) {
        (true, _) => FAILED,
        (false, true) => UNDECIDED,
        (false, false) => FINE,
    }
}

fn word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Holds => "holds",
        Judgement::Fails => "FAILS",
        Judgement::Undecided => "UNDECIDED",
    }
}

fn as_text(lines: &[(&str, &ExpectationResult)]) -> String {
    let mut text = String::new();
    let mut last = "";
    for (scenario, line) in lines {
        if *scenario != last {
            text.push_str(&format!("{scenario}\n"));
            last = scenario;
        }
        for told in [
            format!("  {:9} {}", word(line.judgement), line.text),
            format!("            {}", line.detail),
        ] {
            text.push_str(&wrap::wrapped(&told, wrap::COLUMNS, 12).join("\n"));
            text.push('\n');
        }
    }
    let count = |j: Judgement| lines.iter().filter(|(_, e)| e.judgement == j).count();
    let undecided = count(Judgement::Undecided);
    text.push_str(&format!(
        "{} hold, {} fail, {undecided} undecided\n",
        count(Judgement::Holds),
        count(Judgement::Fails)
    ));
    text
}

fn as_json(results: &Results, lines: &[(&str, &ExpectationResult)]) -> Value {
    let line = |(scenario, e): &(&str, &ExpectationResult)| {
        json!({
            "scenario": scenario, "expectation": e.text,
            "judgement": word(e.judgement).to_lowercase(),
            "value": e.value, "interval": e.interval, "detail": e.detail,
        })
    };
    let all = lines.iter().map(line).collect::<Vec<_>>();
    json!({ "seed": results.seed, "command": results.command, "expectations": all })
}
