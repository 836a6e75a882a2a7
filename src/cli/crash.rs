//! An internal error in three lines: what, where, and the seed and command that repeat it.

use super::output::fail_lines;
use super::{WRONG, repeat, stop};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Longest message; an internal error may quote its input.
const MESSAGE_CHARS: usize = 300;

/// Was one told? Threads that fail together fail of one cause.
static TOLD: AtomicBool = AtomicBool::new(false);
/// The seed of what is flown.
static SEED: OnceLock<u64> = OnceLock::new();

/// Runs a verb; an internal error is told, undoes what was half-written, and comes back as the exit
/// code of a wrong tool.
pub fn guard(seed: Option<u64>, verb: impl FnOnce() -> u8) -> u8 {
    if let Some(seed) = seed {
        let _ = SEED.set(seed);
    }
    set_hook(Box::new(tell));
    catch_unwind(AssertUnwindSafe(verb)).unwrap_or(WRONG)
}

fn tell(info: &PanicHookInfo<'_>) {
    if TOLD.swap(true, Ordering::SeqCst) {
        return;
    }
    // Other threads give up what they fly.
    stop::flag().store(true, Ordering::SeqCst);
    let place = info.location().map_or("an unknown place".into(), ToString::to_string);
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    fail_lines(&told(message.unwrap_or("no message"), &place, SEED.get(), &repeat::command()));
}

fn told(message: &str, place: &str, seed: Option<&u64>, command: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let words: String = message.chars().map(plain).take(MESSAGE_CHARS).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = if message.chars().nth(MESSAGE_CHARS).is_some() { " …" } else { "" };
    let seed = seed.map_or(String::new(), |seed| format!(" (seed {seed})"));
    format!(
        "windtunnel: internal error: {words}{cut}\n  at {place}, windtunnel {}; nothing is \
         written\n  repeat it{seed} with: {command}",
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::process::Command;

    #[test]
    fn it_takes_three_lines_whatever_the_message_is() {
        let long = "left: \u{1b}[31m1\n right: 2\n".repeat(100);
        let text = told(&long, "src/x.rs:1:2", Some(&7), "windtunnel run x.yaml --seed 7");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].starts_with("windtunnel: internal error: left: [31m1 right: 2 left:"));
        assert!(lines[0].ends_with(" …") && lines[0].chars().count() < 340, "{text}");
        assert!(lines[1].contains("src/x.rs:1:2"), "{text}");
        assert!(lines[2].ends_with("(seed 7) with: windtunnel run x.yaml --seed 7"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }

    /// Runs itself as another process, for an internal error ends it; set by the test below.
    const INNER: &str = "WINDTUNNEL_TEST_OF_INTERNAL_ERRORS";

    #[test]
    fn inner_process_that_fails_on_a_thread_of_the_pool() {
        if std::env::var_os(INNER).is_none() {
            return;
        }
        let code = guard(Some(41), || {
            (0..64).into_par_iter().for_each(|number| assert!(number > 64, "number {number}"));
            0
        });
        std::process::exit(i32::from(code));
    }

    #[test]
    fn an_internal_error_of_any_thread_ends_with_code_2_and_no_page_of_backtrace() {
        let name = "cli::crash::tests::inner_process_that_fails_on_a_thread_of_the_pool";
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program)
            .args(["--exact", name, "--nocapture"])
            .env(INNER, "1")
            .env("RUST_BACKTRACE", "full")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(said.lines().count(), 3, "{said}");
        assert!(said.contains("number ") && said.contains("src/cli/crash.rs:"), "{said}");
        assert!(said.contains("(seed 41) with: windtunnel "), "{said}");
    }
}
