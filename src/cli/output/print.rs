//! Results to standard output, everything else to standard error.

use super::super::flags::{Color, Format};
use super::super::sources::Sources;
use super::problem;
use std::io::{Error, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windtunnel_base::escape::{is_hidden, json, short, terminal};
use windtunnel_base::problem::{Place, Problem, Severity, limited};

/// Warnings of a kind that people are shown of many: one can look at so many.
const WARNINGS: usize = 3;

/// Was a result lost because standard output took no more (a full disk, a closed one)?
static LOST: AtomicBool = AtomicBool::new(false);
/// Was standard output closed when the process began?
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Is the process about to leave? Then what other threads run into is no news.
static HUSHED: AtomicBool = AtomicBool::new(false);
/// Does the user want to hear of errors only?
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only errors are said.
pub fn quiet(wanted: bool) {
    QUIET.store(wanted, Ordering::Relaxed);
}

/// Are only errors said?
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Settles when there are colours, on both streams.
pub fn colour(wanted: Color) {
    match wanted {
        // NO_COLOR, CLICOLOR_FORCE, TERM and the terminal decide.
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Notes whether standard output is closed. To be called before `main`: the runtime puts the null
/// device in the place of a closed one, where results would vanish with exit code 0.
pub fn note_if_closed() {
    #[cfg(unix)]
    if rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err() {
        CLOSED.store(true, Ordering::Relaxed);
    }
}

/// Prints to standard output, control characters shown; a reader that has closed the pipe has
/// seen enough, which is fine.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    judge(out.write_all(terminal::text(text).as_bytes()).and_then(|()| out.flush()));
}

/// Prints a text whose words of judgement are coloured where standard output takes colours.
pub fn print_judged(text: &str) {
    let text = terminal::text(text);
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    judge(out.write_all(super::colour::judged(&text).as_bytes()).and_then(|()| out.flush()));
}

/// Prints what the flags came to: help and version as results, wrong flags as a problem; words
/// that hold control characters are shown without clap's own colours.
pub fn print_clap(error: &clap::Error) {
    let text = error.render().to_string();
    let hides = |c: char| is_hidden(c) && c != '\n' && c != '\t';
    if error.use_stderr() && text.contains(hides) {
        return fail_lines(text.trim_end());
    }
    let printed = error.print();
    if !error.use_stderr() {
        judge(printed.and_then(|()| std::io::stdout().lock().flush()));
    }
}

/// What became of a result on its way out.
fn judge(written: Result<(), Error>) {
    let closed = CLOSED.load(Ordering::Relaxed);
    let written = if closed { Err(Error::other("it is closed")) } else { written };
    if let Some(error) = written.err().filter(|e| e.kind() != ErrorKind::BrokenPipe)
        && !LOST.swap(true, Ordering::Relaxed)
    {
        fail(&format!("windtunnel: standard output: {error}"));
    }
}

/// Was everything printed that had to be?
pub fn all_printed() -> bool {
    !LOST.load(Ordering::Relaxed)
}

/// Says a line on standard error: line feeds in it, such as those of a path, are shown. Unlike
/// `eprintln!` it survives a closed one: whoever does not listen misses it.
pub fn say(line: &str) {
    say_lines(&terminal::line(line));
}

/// Says a text of several lines, whose parts that others wrote cannot begin one.
pub fn say_lines(text: &str) {
    if !is_quiet() {
        fail_lines(text);
    }
}

/// Says an error in a line, however quiet the user wants it.
pub fn fail(line: &str) {
    fail_lines(&terminal::line(line));
}

/// Says an error in several lines.
pub fn fail_lines(text: &str) {
    if !HUSHED.load(Ordering::Relaxed) {
        let text = short::message(text);
        let _ = writeln!(std::io::stderr().lock(), "{}", terminal::text(&text));
    }
}

/// Says nothing from now on.
pub(super) fn hush() {
    HUSHED.store(true, Ordering::Relaxed);
}

/// Says in lines why there is no answer (`windtunnel: --flag: …`): on standard error, or in JSON in
/// the place of the answer, as problems of a flag or of the command.
pub fn deny(lines: &[String], format: Format) {
    if format == Format::Text {
        return lines.iter().for_each(|line| fail(line));
    }
    let problem = |line: &String| {
        let message = line.strip_prefix("windtunnel: ").unwrap_or(line);
        let (of, message) = match message.split_once(": ") {
            Some((flag, message)) if flag.starts_with("--") => (flag, message),
            _ => ("windtunnel", message),
        };
        Problem::error(Place::default(), "", message).in_file(&Arc::from(of))
    };
    let problems: Vec<Problem> = lines.iter().map(problem).collect();
    refuse(&problems, &Sources::default(), format);
}

/// Prints problems to standard error: the first of every kind, and how many more there are, each
/// with its place in the text it is about.
pub fn complain(problems: &[Problem], sources: &Sources) {
    // Takes the colours out where standard error is no terminal or the user wants none.
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    let heard = |problem: &Problem| !is_quiet() || problem.severity == Severity::Error;
    for problem in limited(problems, WARNINGS).into_iter().filter(heard) {
        // Nothing is left to tell if standard error is closed.
        let _ = err.write_all(problem::drawn(&problem, sources).as_bytes());
    }
}

/// Says why there is no answer: on standard error, or in JSON in the place of the answer.
pub fn refuse(problems: &[Problem], sources: &Sources, format: Format) {
    match format {
        Format::Text => complain(problems, sources),
        Format::Json => print(&json::pretty(&problem::findings(false, &[], problems, sources))),
    }
}
