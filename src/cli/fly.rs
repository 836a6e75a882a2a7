//! `run`: flies everything, writes the report, prints a table per scenario.

use super::flags::{Flight, Format, Run};
use super::output::Folder;
use super::pace::{Pace, Timer};
use super::sources::Sources;
use super::{FINE, INTERRUPTED, WRONG, asked, columns, input, only, output, repeat, stop, threads};
use super::{sweep, told};
use std::sync::Arc;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::problem::nearest;
use windtunnel_experiment::fly::FlySettings;
use windtunnel_experiment::results::{LeftOut, Results, Warned};
use windtunnel_experiment::{budget, rounds};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_report::{self as report, run_json, verdicts};

/// Most services of manifests that are flown at once: a report has pictures of each.
const RELEASED_MAX: usize = 100;

/// More tables than these are printed on demand only.
const TABLES_MAX: usize = 8;

/// What flights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A report, with typical flights recorded.
    Report {
        /// And the telemetry of one of them kept?
        export: bool,
    },
    /// Judging expectations.
    Check {
        /// And a report of the flights, with typical ones recorded?
        report: bool,
    },
    /// Judging the claims of a textbook, which takes all flights or none.
    Textbook,
}

/// A report that is going to be written.
pub struct Report<'f> {
    out: &'f str,
    folder: Folder,
    flight: &'f Flight,
}

impl<'f> Report<'f> {
    /// Opens the folder; what is wrong with it has been said.
    pub fn open(out: &'f str, flight: &'f Flight) -> Result<Report<'f>, u8> {
        let folder = Folder::open(out).map_err(|error| wrong_folder(&error, flight.format))?;
        Ok(Report { out, folder, flight })
    }

    /// Writes everything and puts it in place; gives the name of the folder. Of a first look
    /// pictures are SVG only.
    pub fn write(self, results: &Results) -> Result<String, u8> {
        let flight = self.flight;
        let documents = || match flight.quick {
            true => report::documents_in(report::SKETCH, results),
            false => report::documents(results),
        };
        let written = threads::within(flight.jobs, documents).and_then(|documents| {
            let telemetry = report::telemetry::documents(results);
            self.folder.write(documents.into_iter().chain(telemetry))
        });
        let kept = written.map_err(|error| wrong_folder(&error, flight.format))?;
        kept.iter().for_each(|kept| output::say(&format!("windtunnel: {kept}")));
        Ok(self.out.trim_end_matches('/').to_string())
    }
}

fn wrong_folder(error: &str, format: Format) -> u8 {
    output::deny(&[format!("windtunnel: --out: {error}")], format);
    WRONG
}

/// Opens the output, flies, writes, prints.
pub fn run(flags: &Run) -> u8 {
    if let Some(code) = columns::settle(flags) {
        return code;
    }
    let flight = &flags.flight;
    let done = Report::open(&flags.out, flight).and_then(|report| {
        let purpose = Purpose::Report { export: flags.telemetry };
        let (scenarios, (left_out, warnings)) = scenarios(flight)?;
        let whole = flags.details || flags.telemetry;
        let scenarios = if whole { sweep::in_whole(scenarios) } else { scenarios };
        let results = Results { left_out, warnings, ..results(flight, &scenarios, purpose)? };
        let place = report.write(&results)?;
        Ok((results, place))
    });
    let (results, place) = match done {
        Ok(done) => done,
        Err(code) => return code,
    };
    stop::written();
    tell(&results, flags);
    say_end(&results, flight, Some(&place));
    if stop::asked() { INTERRUPTED } else { FINE }
}

/// Says where the results are, what repeats them if time decided, and whether they are whole.
pub fn say_end(results: &Results, flight: &Flight, place: Option<&str>) {
    if let Some(out) = place {
        output::say(&format!("Results: {out}/summary.md, {out}/runs.csv, {out}/charts/"));
    }
    if results.interrupted {
        let what = if place.is_some() { "in these files" } else { "judged" };
        output::say(&format!("Interrupted: only finished replications are {what}."));
        return;
    }
    let each = thousands(replications(results));
    if flight.lasting.is_some() {
        output::say(&format!("{each} replications of each; repeat with {}", results.command));
    } else if flight.quick {
        output::say(&format!(
            "A first look, by {each} replications of each: intervals are wide, and who leads is \
             seldom proved."
        ));
    }
    if stop::asked() {
        output::say("Interrupted when everything was flown: the results are whole.");
    }
}

/// Replications of the pair that has fewest.
fn replications(results: &Results) -> usize {
    let flights = results.scenarios.iter().flat_map(|s| s.flights.iter().flatten());
    flights.map(Vec::len).min().unwrap_or(0)
}

/// What is left out, the overview, then a table each, unless they are many; last what the lines of
/// `expect:` came to, and of many those only that do not hold.
fn tell(results: &Results, flags: &Run) {
    if flags.flight.format == Format::Json {
        return output::print(&run_json::text(results));
    }
    output::print(&told::block(&results.left_out));
    if report::sweeps::is_sweep(results) {
        output::print(&report::sweeps::text::text(results));
        if !flags.details {
            let how = "--details prints the table of each point, and draws its charts.";
            return output::print(&format!("{how}\n\n"));
        }
    }
    let swept = report::sweeps::is_sweep(results);
    let overview = if swept { String::new() } else { report::worst::text(results) };
    let (count, many) = (results.scenarios.len(), TABLES_MAX);
    if !overview.is_empty() {
        output::print(&format!("{overview}\n"));
    }
    let all = count <= many || flags.details;
    if all {
        for scenario in &results.scenarios {
            let table = report::table::text(scenario, &flags.columns);
            output::print_judged(&format!("{table}\n"));
        }
    } else {
        let how = "--details prints the table of each, --only NAME flies one";
        output::print(&format!("{count} tables are in summary.md:\n{how}.\n\n"));
    }
    let lines = verdicts::text(results, all);
    if !lines.is_empty() {
        output::print_judged(&format!("What was expected:\n{lines}\n"));
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
    let scenarios = chosen(loaded.scenarios, &flags.strategies, flags.format)?;
    Ok((asked::scenarios(scenarios, flags), told))
}

/// Flies; nothing comes back if it was interrupted too early.
pub fn results(
    flags: &Flight,
    scenarios: &[Arc<Scenario>],
    purpose: Purpose,
) -> Result<Results, u8> {
    let quick = || budget::quick(scenarios);
    let settings = FlySettings {
        seed: flags.seed,
        replications: flags.replications.or_else(|| flags.quick.then(quick)),
        requests_max: flags.max_requests,
        decide: matches!(purpose, Purpose::Check { .. }),
        checked: flags.checked,
        record: matches!(purpose, Purpose::Report { .. } | Purpose::Check { report: true }),
        export: purpose == Purpose::Report { export: true },
    };
    let told = purpose != Purpose::Textbook;
    let pace = Pace::begin(scenarios, &settings, flags.lasting, flags.jobs, told);
    let tell = |index: usize, done: u64, expected: u64| {
        if told {
            stop::keep();
        }
        pace.note(index, done, expected);
    };
    let results = threads::within(flags.jobs, || match flags.lasting {
        Some(limit) => {
            let timer = Timer::begin(limit, settings.record);
            let mut more = |flown| timer.more(flown);
            rounds::run(scenarios, &settings, stop::flag(), &tell, &mut more)
        }
        None => windtunnel_experiment::run(
            scenarios,
            &settings,
            &repeat::command(),
            stop::flag(),
            &tell,
        ),
    });
    pace.end();
    let results = results.map_err(|problems| {
        output::refuse(&problems, &Sources::default(), flags.format);
        WRONG
    })?;
    let mut results = asked::results(results);
    if results.scenarios.is_empty() {
        output::fail("Interrupted before a replication was complete: nothing is written.");
        return Err(INTERRUPTED);
    }
    if flags.lasting.is_some() || results.interrupted {
        results.command = repeat::with_replications(replications(&results).max(1));
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
