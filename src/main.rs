//! The `windtunnel` program: see the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    windtunnel::cli::main()
}
