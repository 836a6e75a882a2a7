//! `run`: flies everything, writes the report, prints a table per scenario.

use super::flags::{Format, Run};
use super::{FINE, INTERRUPTED, WRONG, input, output};
use crate::base::escape;
use crate::base::problem::nearest;
use crate::experiment::fly::{BATCH, Settings};
use crate::experiment::results::Results;
use crate::report::{self, Formats};
use crate::scenario::model::{Expected, Scenario};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by Ctrl-C; flights in the air are given up, finished ones are kept.
static STOP: AtomicBool = AtomicBool::new(false);

/// Flies, writes, prints.
pub fn run(flags: &Run) -> u8 {
    if let Err(error) = output::refuse_foreign(Path::new(&flags.out)) {
        output::say(&format!("windtunnel: {error}"));
        return WRONG;
    }
    let results = match scenarios(flags).and_then(|scenarios| results(flags, &scenarios, true)) {
        Ok(results) => results,
        Err(code) => return code,
    };
    let written = report::documents(&results, Formats::ALL).and_then(|documents| {
        let telemetry = report::telemetry::documents(&results);
        output::replace_folder(&flags.out, documents.into_iter().chain(telemetry))
    });
    if let Err(error) = written {
        output::say(&format!("windtunnel: {error}"));
        return WRONG;
    }
    match flags.format {
        Format::Json => output::print(&escape::json::pretty(&report::table::json(&results))),
        Format::Text => {
            for scenario in &results.scenarios {
                output::print(&format!("{}\n", report::table::text(scenario)));
            }
        }
    }
    let out = flags.out.trim_end_matches('/');
    output::say(&format!("Results: {out}/summary.md, {out}/runs.csv, {out}/charts/"));
    if results.interrupted {
        output::say("Interrupted: only finished replications are in these files.");
        return INTERRUPTED;
    }
    FINE
}

/// Loads what is to be flown; on failure everything has been said and the exit code comes back.
pub fn scenarios(flags: &Run) -> Result<Vec<Arc<Scenario>>, u8> {
    let loaded = input::load_or_say(&flags.source)?;
    input::tell(&loaded.import.lists);
    chosen(loaded.scenarios, &flags.strategies)
}

/// Flies; nothing comes back if it was interrupted too early.
pub fn results(flags: &Run, scenarios: &[Arc<Scenario>], record: bool) -> Result<Results, u8> {
    if let Some(jobs) = flags.jobs {
        // Fails only when a pool exists already, which a single run never has.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global();
    }
    let settings = Settings {
        seed: flags.seed,
        replications: flags.replications.or(flags.quick.then_some(BATCH)),
        requests_max: flags.max_requests,
        checked: flags.checked,
        record,
        export: flags.telemetry,
    };
    listen_for_interrupt();
    let bar = progress(scenarios);
    let names: Vec<String> = scenarios.iter().map(|s| s.name.clone()).collect();
    let count = names.len();
    let tell = |index: usize, done: u64, expected: u64| {
        bar.set_length(expected);
        bar.set_position(done);
        let name = escape::terminal::line(&names[index]);
        bar.set_message(format!("{name} ({}/{count})", index + 1));
    };
    let results = crate::experiment::run(scenarios, &settings, &command(), &STOP, &tell);
    bar.finish_and_clear();
    if results.scenarios.is_empty() {
        output::say("Interrupted before a replication was complete: nothing is written.");
        return Err(INTERRUPTED);
    }
    Ok(results)
}

/// The scenarios with only the strategies that were asked for.
pub fn chosen(scenarios: Vec<Arc<Scenario>>, wanted: &[String]) -> Result<Vec<Arc<Scenario>>, u8> {
    if wanted.is_empty() {
        return Ok(scenarios);
    }
    let known: Vec<&str> =
        scenarios.iter().flat_map(|s| s.plans.iter().map(|p| p.name.as_str())).collect();
    let unknown = wanted.iter().find(|name| !known.contains(&name.as_str()));
    if let Some(name) = unknown {
        let near = nearest(name, known.iter().copied());
        let help = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
        output::say(&format!(
            "windtunnel: --strategies: no scenario has a strategy {name:?}{help}"
        ));
        return Err(WRONG);
    }
    let keep = |scenario: &Arc<Scenario>| {
        let mut scenario = Scenario::clone(scenario);
        scenario.plans.retain(|p| wanted.contains(&p.name));
        scenario.expect.retain(|e| {
            let reference = match &e.what {
                Expected::Difference { reference, .. } => reference,
                _ => &e.strategy,
            };
            wanted.contains(&e.strategy) && wanted.contains(reference)
        });
        (!scenario.plans.is_empty()).then(|| Arc::new(scenario))
    };
    Ok(scenarios.iter().filter_map(keep).collect())
}

fn listen_for_interrupt() {
    let handler = || {
        if STOP.swap(true, Ordering::SeqCst) {
            // The second time: leave at once, nothing half-written is left behind.
            std::process::exit(i32::from(INTERRUPTED));
        }
        output::say("\nInterrupted: finishing up; once more to leave at once.");
    };
    // Without a handler Ctrl-C still ends the process; only the finished part would be lost.
    let _ = ctrlc::set_handler(handler);
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
fn command() -> String {
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
