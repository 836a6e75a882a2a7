//! `man`: manual pages in roff, from the same declarations as the help.

use super::flags::{Flags, Man};
use super::{FINE, WRONG, output};
use clap::CommandFactory;
use windtunnel_base::problem::nearest;

/// Prints the page of the program, or of one verb.
pub fn run(flags: &Man) -> u8 {
    let mut program = Flags::command();
    program.build();
    let known: Vec<String> = program.get_subcommands().map(|c| c.get_name().to_string()).collect();
    let page = match &flags.verb {
        None => Some(program),
        // Built, a verb knows what `man` looks for: windtunnel-run(1).
        Some(name) => program.find_subcommand(name).cloned(),
    };
    let Some(page) = page else {
        let name = flags.verb.as_deref().unwrap_or_default();
        let near = nearest(name, known.iter().map(String::as_str));
        let help = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        let known = known.join(", ");
        output::fail(&format!("windtunnel: no verb {name:?}; known are {known}{help}"));
        return WRONG;
    };
    let source = concat!("windtunnel ", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(page).manual("Manual of windtunnel").source(source);
    let mut roff = Vec::new();
    if let Err(error) = man.render(&mut roff) {
        output::fail(&format!("windtunnel: {error}"));
        return WRONG;
    }
    output::print(&String::from_utf8_lossy(&roff));
    FINE
}
