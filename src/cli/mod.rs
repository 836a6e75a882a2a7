//! Layer 8: the command line. The only reader and the only writer of files.
//!
//! Parse, then resolve, then run: `flags` says what was typed, `input` turns paths into scenarios,
//! one file a verb does the rest, `output` prints and writes. `stop` listens to signals, `crash`
//! tells internal errors, `threads` asks for threads. Standard output carries results only;
//! progress and problems go to standard error. Exit codes: 0 fine, 1 an expectation failed, 3 one
//! is undecided and none failed, 2 the input or the tool is wrong or the result could not be
//! printed, 130 interrupted.

mod asked;
pub mod check;
mod columns;
pub mod crash;
pub mod diff;
mod dotted;
pub mod explain;
pub mod files;
pub mod flags;
pub mod fly;
pub mod import;
pub mod input;
mod lint;
pub mod man;
pub mod new;
mod only;
pub mod output;
mod pace;
pub mod query;
mod repeat;
pub mod replay;
pub mod selftest;
pub mod sources;
pub mod stop;
mod sweep;
pub mod textbook;
pub mod threads;
mod told;
mod traces;
pub mod validate;

use clap::{ColorChoice, CommandFactory, FromArgMatches};
use flags::{Flags, Format, Verb};
use std::process::ExitCode;

/// All is well.
pub const FINE: u8 = 0;
/// An expectation failed.
pub const FAILED: u8 = 1;
/// An expectation is undecided, and none failed.
pub const UNDECIDED: u8 = 3;
/// The input or the tool is wrong.
pub const WRONG: u8 = 2;
/// Stopped by the user; what was finished is written.
pub const INTERRUPTED: u8 = 130;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let code = match parse() {
        Ok(flags) => {
            output::quiet(flags.global.quiet);
            output::colour(flags.global.color);
            stop::listen();
            crash::guard(seed(&flags.verb), || run(&flags.verb))
        }
        // Help and version, or wrong flags.
        Err(answer) if !answer.use_stderr() => {
            output::print_clap(&answer);
            FINE
        }
        Err(answer) => {
            refuse(&answer);
            WRONG
        }
    };
    let answered = [FINE, FAILED, UNDECIDED].contains(&code);
    ExitCode::from(if answered && !output::all_printed() { WRONG } else { code })
}

/// Says what is wrong with the flags, in JSON if that was asked for.
fn refuse(answer: &clap::Error) {
    let said = of_environment();
    if is_json_asked() {
        let text = answer.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        let mut line = first.strip_prefix("error: ").unwrap_or(first).to_string();
        line += &said.map_or(String::new(), |said| format!(" ({said})"));
        return output::deny(&[line], Format::Json);
    }
    output::print_clap(answer);
    said.iter().for_each(|line| output::fail(line));
}

/// Is the answer wanted in JSON, as far as can be told of flags that are wrong?
fn is_json_asked() -> bool {
    let typed: Vec<_> = std::env::args_os().skip(1).take_while(|word| word != "--").collect();
    let two = |pair: &[std::ffi::OsString]| pair[0] == "--format" && pair[1] == "json";
    let named = typed.iter().any(|word| word.to_string_lossy().starts_with("--format"));
    let by_environment = || std::env::var_os("WINDTUNNEL_FORMAT").is_some_and(|f| f == "json");
    typed.windows(2).any(two)
        || typed.iter().any(|word| word == "--format=json")
        || !named && by_environment()
}

/// What was typed, and what the environment says in the place of flags.
fn parse() -> Result<Flags, clap::Error> {
    let typed: Vec<_> = std::env::args_os().collect();
    let never = typed.windows(2).any(|pair| pair[0] == "--color" && pair[1] == "never");
    let colour = match never || typed.iter().any(|word| word == "--color=never") {
        true => ColorChoice::Never,
        false => ColorChoice::Auto,
    };
    // A flag that is typed wins over what the environment says of the same thing.
    let is_said = |word: &std::ffi::OsString| {
        word == "--quick" || word == "--for" || word.to_string_lossy().starts_with("--for=")
    };
    let mut command = Flags::command().color(colour);
    if typed.iter().any(is_said) {
        for verb in ["run", "check"] {
            command = command.mut_subcommand(verb, |verb| {
                verb.mut_arg("replications", |arg| arg.env(None::<&str>))
            });
        }
    }
    let matches = command.try_get_matches_from(typed)?;
    repeat::note(&matches);
    Flags::from_arg_matches(&matches)
}

/// Which flags the environment sets: whoever typed none of them would look for it in vain.
fn of_environment() -> Option<String> {
    let set = |name: &&str| std::env::var_os(format!("WINDTUNNEL_{name}")).is_some();
    let names = ["SEED", "REPLICATIONS", "JOBS", "OUT", "FORMAT", "COLOR", "QUIET"];
    let names: Vec<String> =
        names.iter().filter(|n| set(n)).map(|n| format!("WINDTUNNEL_{n}")).collect();
    (!names.is_empty()).then(|| format!("set in the environment: {}", names.join(", ")))
}

fn run(verb: &Verb) -> u8 {
    match verb {
        Verb::Run(run) => fly::run(run),
        Verb::Check(check) => check::run(check),
        Verb::Replay(replay) => replay::run(replay),
        Verb::Query(query) => query::run(query),
        Verb::Validate(validate) => validate::run(validate),
        Verb::Lint(flags) => lint::run(flags),
        Verb::Import(import) => import::run(import),
        Verb::List(list) => explain::list(list),
        Verb::Explain(explain) => explain::explain(explain),
        Verb::Schema => explain::schema(),
        Verb::New(new) => new::run(new),
        Verb::Selftest(selftest) => selftest::run(selftest),
        Verb::Textbook(textbook) => textbook::run(textbook),
        Verb::Diff(diff) => diff::run(diff),
        Verb::Man(man) => man::run(man),
        Verb::Completions { shell } => explain::completions(*shell),
    }
}

/// The seed that a verb was given.
fn seed(verb: &Verb) -> Option<u64> {
    match verb {
        Verb::Run(run) => Some(run.flight.seed),
        Verb::Check(check) => Some(check.flight.seed),
        Verb::Replay(replay) => Some(replay.seed),
        Verb::Selftest(selftest) => Some(selftest.seed),
        Verb::Textbook(textbook) => Some(textbook.seed),
        _ => None,
    }
}
