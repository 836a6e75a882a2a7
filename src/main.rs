//! The `windtunnel` program: see the library's `cli`.

use std::process::ExitCode;

// Safe: it asks the system one thing and stores a flag, and needs nothing of the runtime.
#[ctor::ctor(unsafe)]
fn before_main() {
    windtunnel::cli::output::note_if_closed();
}

fn main() -> ExitCode {
    windtunnel::cli::main()
}
