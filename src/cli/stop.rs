//! Ctrl-C (SIGINT), SIGTERM and SIGHUP: the first asks to stop, the second leaves at once.
//!
//! As long as nothing is worth keeping (while input is read, in every verb that only answers) the
//! first signal leaves, too. Once a flight of `run` or `check` is finished it sets a flag that
//! flights look at, and what is finished is written. The exit code is 130 whichever signal it was.

use super::INTERRUPTED;
use super::output::{abandon, say_lines};
use std::sync::atomic::{AtomicBool, Ordering};

/// Was a stop asked for?
static STOP: AtomicBool = AtomicBool::new(false);
/// Is there something that a stop should not throw away?
static KEEPS: AtomicBool = AtomicBool::new(false);
/// Was everything written that was to be?
static WRITTEN: AtomicBool = AtomicBool::new(false);

/// Begins to listen.
pub fn listen() {
    leave_hangups_ignored();
    // Without a handler the signals still end the process; only the finished part would be lost.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) || !KEEPS.load(Ordering::SeqCst) {
            leave();
        }
        say_lines("\nInterrupted: finishing up; once more to leave at once.");
    });
}

/// The flag that is set once a stop is asked for.
pub fn flag() -> &'static AtomicBool {
    &STOP
}

/// Was a stop asked for?
pub fn asked() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// From now on a stop keeps what is finished.
pub fn keep() {
    KEEPS.store(true, Ordering::SeqCst);
}

/// Everything is written; from now on a stop just leaves.
pub fn written() {
    WRITTEN.store(true, Ordering::SeqCst);
    KEEPS.store(false, Ordering::SeqCst);
}

fn leave() -> ! {
    // Told when nothing can be put in place any more, so that it stays true.
    abandon(|placed| {
        let placed = placed || WRITTEN.load(Ordering::SeqCst);
        let rest = if placed { "." } else { ": nothing is written." };
        say_lines(&format!("\nInterrupted{rest}"));
    });
    std::process::exit(i32::from(INTERRUPTED))
}

/// Under `nohup` the end of the terminal is not to end the process: a blocked signal stays pending
/// for as long as it lives.
fn leave_hangups_ignored() {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::signal::{SigSet, Signal};
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        if ignored.is_some_and(|mask| mask >> (Signal::SIGHUP as u32 - 1) & 1 == 1) {
            let mut hangup = SigSet::empty();
            hangup.add(Signal::SIGHUP);
            // Threads that are made later inherit it.
            let _ = hangup.thread_block();
        }
    }
}
