//! `run`: flies everything, writes the report, prints a table per scenario.

use super::flags::{Flight, Format, Run};
use super::output::Folder;
use super::sources::Sources;
use super::{FINE, INTERRUPTED, WRONG, input, only, output, stop, threads, told};
use crate::base::escape;
use crate::base::escape::short::thousands;
use crate::base::problem::nearest;
use crate::experiment::fly::{BATCH, Settings};
use crate::experiment::results::{LeftOut, Results, Warned};
use crate::report;
use crate::scenario::model::Scenario;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Most services of manifests that are flown at once: a report has pictures of each.
const RELEASED_MAX: usize = 100;

/// More tables than these are printed on demand only.
const TABLES_MAX: usize = 8;

/// From this long on it is said how long the flights will take.
const LONG: Duration = Duration::from_secs(10);

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
    let flown = scenarios(flight).and_then(|(scenarios, (left_out, warnings))| {
        Ok(Results { left_out, warnings, ..results(flight, &scenarios, purpose)? })
    });
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
    tell(&results, flight.format, flags.details);
    let out = out.trim_end_matches('/');
    output::say(&format!("Results: {out}/summary.md, {out}/runs.csv, {out}/charts/"));
    if results.interrupted {
        output::say("Interrupted: only finished replications are in these files.");
    } else if stop::asked() {
        output::say("Interrupted when everything was flown: the results are whole.");
    }
    if stop::asked() { INTERRUPTED } else { FINE }
}

/// What is left out, the overview, then a table each, unless they are many.
fn tell(results: &Results, format: Format, details: bool) {
    if format == Format::Json {
        return output::print(&escape::json::pretty(&report::table::json(results)));
    }
    output::print(&told::block(&results.left_out));
    let overview = report::worst::text(results);
    let (count, many) = (results.scenarios.len(), TABLES_MAX);
    if !overview.is_empty() {
        output::print(&format!("{overview}\n"));
    }
    if count > many && !details {
        let how = "--details prints the table of each, --only NAME flies one";
        return output::print(&format!("{count} tables are in summary.md:\n{how}.\n\n"));
    }
    for scenario in &results.scenarios {
        output::print(&format!("{}\n", report::table::text(scenario)));
    }
}

/// What of the input is not flown, and what was warned of.
pub type Told = (Vec<LeftOut>, Vec<Warned>);

/// Loads what is to be flown; on failure everything has been said and the exit code comes back.
/// With the scenarios comes what of the input is not flown, and what was warned of.
pub fn scenarios(flags: &Flight) -> Result<(Vec<Arc<Scenario>>, Told), u8> {
    let loaded = input::load_or_say(&flags.source, flags.format, true)?;
    let released = loaded.import.flyables.len();
    if released > RELEASED_MAX {
        let names: Vec<&str> = loaded.scenarios.iter().map(|s| s.name.as_str()).collect();
        let line = format!(
            "windtunnel: {} services are released here, and at most {RELEASED_MAX} are flown at \
             once: {}",
            thousands(released),
            only::how(&names)
        );
        output::deny(&[line], flags.format);
        return Err(WRONG);
    }
    let told = (told::left_out(&loaded.import), told::warned(&loaded.warnings));
    Ok((chosen(loaded.scenarios, &flags.strategies, flags.format)?, told))
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
    let (began, announced) = (Instant::now(), AtomicBool::new(false));
    if purpose != Purpose::Textbook {
        announce(scenarios, &settings);
    }
    let names: Vec<String> = scenarios.iter().map(|s| s.name.clone()).collect();
    let count = names.len();
    let tell = |index: usize, done: u64, expected: u64| {
        if purpose != Purpose::Textbook {
            stop::keep();
        }
        if index > 0 && !announced.swap(true, Ordering::Relaxed) {
            let all = began.elapsed() * count as u32 / index as u32;
            if all > LONG && purpose != Purpose::Textbook {
                let (first, all) = (rounded(began.elapsed()), rounded(all));
                output::say(&format!("The first of {count} took {first}: about {all} for all."));
            }
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

/// Says how much is going to be flown, where it is much.
fn announce(scenarios: &[Arc<Scenario>], settings: &Settings) {
    if scenarios.len() <= TABLES_MAX {
        return;
    }
    let pairs = |s: &Arc<Scenario>| 1 + s.release.variants.len() * s.plans.len();
    let flights: usize = scenarios.iter().map(pairs).sum();
    let often = match settings.replications {
        Some(1) => "once".to_string(),
        Some(exactly) => format!("{} times", thousands(exactly as usize)),
        None => {
            let least = scenarios.iter().map(|s| s.budget.replications_min).min().unwrap_or(1);
            let least = thousands(least as usize);
            format!("{least} times or more, as precision asks (--quick flies {BATCH})")
        }
    };
    let (count, flights) = (scenarios.len(), thousands(flights));
    output::say(&format!(
        "{count} scenarios: {flights} combinations of strategy and release, each flown {often}; \
         --only NAME flies fewer."
    ));
}

/// A time as people say it.
fn rounded(span: Duration) -> String {
    match span.as_secs_f64() {
        secs if secs < 90.0 => format!("{secs:.0} s"),
        secs => format!("{:.0} min", secs / 60.0),
    }
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
