//! `run`: flies everything, writes the report, prints a table per scenario.

use super::flags::{Flight, Format, Run};
use super::output::Folder;
use super::sources::Sources;
use super::{FINE, INTERRUPTED, WRONG, input, output, stop, threads};
use crate::base::escape;
use crate::base::problem::nearest;
use crate::experiment::fly::{BATCH, Settings};
use crate::experiment::results::Results;
use crate::report;
use crate::scenario::model::Scenario;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;

/// What flights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A report, with typical flights recorded.
    Report {
        /// And the telemetry of one of them kept?
        export: bool,
    },
    /// Judging expectations.
    Check,
    /// Judging the claims of a textbook, which takes all flights or none.
    Textbook,
}

/// Opens the output, flies, writes, prints.
pub fn run(flags: &Run) -> u8 {
    let (out, flight) = (flags.out.as_str(), &flags.flight);
    let wrong = |error: String| {
        output::deny(&[format!("windtunnel: --out: {error}")], flight.format);
        WRONG
    };
    let folder = match Folder::open(out) {
        Ok(folder) => folder,
        Err(error) => return wrong(error),
    };
    let purpose = Purpose::Report { export: flags.telemetry };
    let flown = scenarios(flight).and_then(|scenarios| results(flight, &scenarios, purpose));
    let results = match flown {
        Ok(results) => results,
        Err(code) => return code,
    };
    let documents = || report::documents(&results);
    let written = threads::within(flight.jobs, documents).and_then(|documents| {
        let telemetry = report::telemetry::documents(&results);
        folder.write(documents.into_iter().chain(telemetry))
    });
    match written {
        Ok(kept) => kept.iter().for_each(|kept| output::say(&format!("windtunnel: {kept}"))),
        Err(error) => return wrong(error),
    }
    stop::written();
    tell(&results, flight.format);
    let out = out.trim_end_matches('/');
    output::say(&format!("Results: {out}/summary.md, {out}/runs.csv, {out}/charts/"));
    if results.interrupted {
        output::say("Interrupted: only finished replications are in these files.");
    } else if stop::asked() {
        output::say("Interrupted when everything was flown: the results are whole.");
    }
    if stop::asked() { INTERRUPTED } else { FINE }
}

fn tell(results: &Results, format: Format) {
    match format {
        Format::Json => output::print(&escape::json::pretty(&report::table::json(results))),
        Format::Text => {
            for scenario in &results.scenarios {
                output::print(&format!("{}\n", report::table::text(scenario)));
            }
        }
    }
}

/// Loads what is to be flown; on failure everything has been said and the exit code comes back.
pub fn scenarios(flags: &Flight) -> Result<Vec<Arc<Scenario>>, u8> {
    let loaded = input::load_or_say(&flags.source, flags.format)?;
    input::tell(&loaded.import.lists);
    chosen(loaded.scenarios, &flags.strategies, flags.format)
}

/// Flies; nothing comes back if it was interrupted too early.
pub fn results(
    flags: &Flight,
    scenarios: &[Arc<Scenario>],
    purpose: Purpose,
) -> Result<Results, u8> {
    let settings = Settings {
        seed: flags.seed,
        replications: flags.replications.or(flags.quick.then_some(BATCH)),
        requests_max: flags.max_requests,
        decide: purpose == Purpose::Check,
        checked: flags.checked,
        record: matches!(purpose, Purpose::Report { .. }),
        export: purpose == Purpose::Report { export: true },
    };
    let bar = progress(scenarios);
    let names: Vec<String> = scenarios.iter().map(|s| s.name.clone()).collect();
    let count = names.len();
    let tell = |index: usize, done: u64, expected: u64| {
        if purpose != Purpose::Textbook {
            stop::keep();
        }
        // A bar that nobody sees would still estimate its speed.
        if bar.is_hidden() {
            return;
        }
        bar.set_length(expected);
        bar.set_position(done);
        let name = escape::terminal::line(&names[index]);
        bar.set_message(format!("{name} ({}/{count})", index + 1));
    };
    let results = threads::within(flags.jobs, || {
        crate::experiment::run(scenarios, &settings, &command(), stop::flag(), &tell)
    });
    bar.finish_and_clear();
    let results = results.map_err(|problems| {
        output::refuse(&problems, &Sources::default(), flags.format);
        WRONG
    })?;
    if results.scenarios.is_empty() {
        output::say("Interrupted before a replication was complete: nothing is written.");
        return Err(INTERRUPTED);
    }
    Ok(results)
}

/// The scenarios with only the strategies that were asked for.
pub fn chosen(
    scenarios: Vec<Arc<Scenario>>,
    wanted: &[String],
    format: Format,
) -> Result<Vec<Arc<Scenario>>, u8> {
    if wanted.is_empty() {
        return Ok(scenarios);
    }
    let known: Vec<&str> =
        scenarios.iter().flat_map(|s| s.plans.iter().map(|p| p.name.as_str())).collect();
    let unknown = wanted.iter().find(|name| !known.contains(&name.as_str()));
    if let Some(name) = unknown {
        let near = nearest(name, known.iter().copied());
        let help = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
        let line = format!("windtunnel: --strategies: no scenario has a strategy {name:?}{help}");
        output::deny(&[line], format);
        return Err(WRONG);
    }
    let keep = |scenario: &Arc<Scenario>| {
        let scenario = scenario.only(|plan| wanted.contains(&plan.name));
        (!scenario.plans.is_empty()).then(|| Arc::new(scenario))
    };
    Ok(scenarios.iter().filter_map(keep).collect())
}

fn progress(scenarios: &[Arc<Scenario>]) -> ProgressBar {
    if !std::io::stderr().is_terminal() || scenarios.is_empty() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let template = "{msg:34!} {bar:32} {pos}/{len} flights {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// The command that repeats this run, as typed but for the number of threads: it changes no byte.
pub fn command() -> String {
    let mut words = vec!["windtunnel".to_string()];
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        match word.as_str() {
            "--jobs" => drop(typed.next()),
            set if set.starts_with("--jobs=") => {}
            _ => words.push(word),
        }
    }
    escape::shell::command(words)
}
