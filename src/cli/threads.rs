//! As many threads as asked for, or as many as the machine grants: results do not depend on it.

use super::output::say;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZero;
use std::sync::OnceLock;

/// The threads that fly. A pool of our own: the one that rayon makes can be asked for only once.
static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();

/// Runs `work` on `jobs` threads, or on one a core (or `RAYON_NUM_THREADS`). The first call decides
/// how many there are.
pub fn within<T: Send>(jobs: Option<u16>, work: impl FnOnce() -> T + Send) -> T {
    match POOL.get_or_init(|| pool(jobs.map_or(0, usize::from))) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// How many threads fly.
pub fn count(jobs: Option<u16>) -> usize {
    within(jobs, rayon::current_num_threads)
}

/// Memory that a thread is to find: its stack, the flight and the chart that it works on, and the
/// addresses that the allocator reserves for a thread. With less, measured under `ulimit -v`, a
/// process of many threads ends without a word of ours.
const THREAD_BYTES: usize = 64 << 20;

fn pool(asked: usize) -> Option<ThreadPool> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let named = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse().ok());
    let wanted = if asked > 0 { asked } else { named.filter(|n| *n > 0).unwrap_or(cores) };
    let refusal = match granted(wanted) {
        Ok(pool) => return Some(pool),
        Err(refusal) => refusal,
    };
    // Not just below what is refused: what is flown needs room, too.
    let mut fewer = cores.min(wanted / 2);
    while fewer > 1 {
        if let Ok(pool) = granted(fewer) {
            say(&format!("windtunnel: {refusal}; {fewer} threads fly"));
            return Some(pool);
        }
        fewer /= 2;
    }
    say(&format!("windtunnel: {refusal}; one thread flies"));
    // The thread that is there already; nothing is asked of the system.
    ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok()
}

/// So many threads, or why not; one more is counted for what all of them share. Memory is asked for
/// first: a thread that is granted but finds none left ends the process.
fn granted(threads: usize) -> Result<ThreadPool, String> {
    let room =
        Vec::<u8>::new().try_reserve_exact(threads.saturating_add(1).saturating_mul(THREAD_BYTES));
    room.map_err(|_| format!("there is no memory for {threads} threads"))?;
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|refusal| format!("{threads} threads were refused ({refusal})"))
}
