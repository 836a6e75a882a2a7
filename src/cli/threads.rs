//! As many threads as asked for, or as many as the machine grants: results do not depend on it.

use super::output::say;
use rayon::ThreadPoolBuilder;
use std::num::NonZero;
use std::sync::Once;

static STARTED: Once = Once::new();

/// Starts the threads that fly, once: `jobs` of them, or one a core (or `RAYON_NUM_THREADS`).
pub fn start(jobs: Option<u16>) {
    STARTED.call_once(|| {
        let asked = jobs.map_or(0, usize::from);
        let Err(refusal) = ThreadPoolBuilder::new().num_threads(asked).build_global() else {
            return;
        };
        let mut fewer = std::thread::available_parallelism().map_or(1, NonZero::get);
        if asked > 0 {
            fewer = fewer.min(asked / 2);
        }
        let granted = loop {
            if fewer <= 1 {
                // The thread that is there already; nothing is asked of the system.
                let builder = ThreadPoolBuilder::new().num_threads(1).use_current_thread();
                let _ = builder.build_global();
                break 1;
            }
            if ThreadPoolBuilder::new().num_threads(fewer).build_global().is_ok() {
                break fewer;
            }
            fewer /= 2;
        };
        let threads = if granted == 1 { "one thread" } else { &format!("{granted} threads") };
        say(&format!("windtunnel: threads were refused ({refusal}); flying with {threads}"));
    });
}
