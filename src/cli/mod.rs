//! Layer 13: the command line. The only reader and the only writer of files.
//!
//! Parse, then resolve, then run: `flags` says what was typed, `input` turns paths into scenarios,
//! one file a verb does the rest, `output` writes. Standard output carries results only; progress
//! and problems go to standard error. Exit codes: 0 fine, 1 an expectation failed, 2 the input or
//! the tool is wrong, 130 interrupted.

pub mod check;
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

use crate::base::escape::is_hidden;
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

/// Help and version, or what is wrong with the flags; words that hold control characters are shown
/// without clap's own colours.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let hides = |c: char| is_hidden(c) && c != '\n' && c != '\t';
    if error.use_stderr() && text.contains(hides) {
        output::say(text.trim_end());
    } else {
        // Nothing is left to tell if the stream is closed.
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { WRONG } else { FINE })
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(error) => return usage(&error),
    };
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
