//! Layer 13: the command line. The only reader and the only writer of files.
//!
//! Parse, then resolve, then run: `flags` says what was typed, `input` turns paths into scenarios,
//! one file a verb does the rest, `output` writes. Standard output carries results only; progress
//! and problems go to standard error. Exit codes: 0 fine, 1 an expectation failed, 2 the input or
//! the tool is wrong, 130 interrupted.

pub mod check;
mod dotted;
pub mod explain;
pub mod files;
pub mod flags;
pub mod fly;
pub mod import;
pub mod input;
pub mod new;
pub mod output;
pub mod query;
pub mod replay;
pub mod selftest;
pub mod textbook;
pub mod validate;

use clap::Parser;
use flags::{Flags, Verb};
use std::process::ExitCode;

/// All is well.
pub const FINE: u8 = 0;
/// An expectation failed.
pub const FAILED: u8 = 1;
/// The input or the tool is wrong.
pub const WRONG: u8 = 2;
/// Stopped by the user; what was finished is written.
pub const INTERRUPTED: u8 = 130;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    // clap itself leaves with 2 on a wrong flag and with 0 after help.
    let flags = Flags::parse();
    let code = match flags.verb {
        Verb::Run(run) => fly::run(&run),
        Verb::Check(run) => check::run(&run),
        Verb::Replay(replay) => replay::run(&replay),
        Verb::Query(query) => query::run(&query),
        Verb::Validate(validate) => validate::run(&validate),
        Verb::Import(import) => import::run(&import),
        Verb::List(list) => explain::list(&list),
        Verb::Explain(explain) => explain::explain(&explain),
        Verb::Schema => explain::schema(),
        Verb::New(new) => new::run(&new),
        Verb::Selftest(selftest) => selftest::run(&selftest),
        Verb::Textbook(textbook) => textbook::run(&textbook),
        Verb::Completions { shell } => explain::completions(shell),
    };
    let lost = code == FINE && !output::all_printed();
    ExitCode::from(if lost { WRONG } else { code })
}
