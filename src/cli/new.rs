//! `new`: a commented scenario to start from.

use super::flags::New;
use super::output::File;
use super::{FINE, WRONG, output};
use windtunnel_base::escape::shell;
use windtunnel_scenario::starter::starter;
use windtunnel_scenario::words;

/// Prints the starter, or writes it to a file that does not exist yet.
pub fn run(flags: &New) -> u8 {
    let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !flags.name.chars().all(named)
        || !words::is_name(&flags.name)
        || flags.name.ends_with(['-', '.'])
    {
        output::fail(&format!(
            "windtunnel: name {:?}; expected letters, digits, '-', '_' and '.', at most 63 in all",
            flags.name
        ));
        return WRONG;
    }
    let text = starter(&flags.name);
    let Some(path) = flags.out.as_ref().filter(|path| *path != "-") else {
        output::print(&text);
        return FINE;
    };
    match File::open_new(path).and_then(|file| file.write(text.as_bytes())) {
        Ok(()) => {
            let quoted = shell::word(path);
            output::say(&format!("Wrote {path}; fly it with `windtunnel run {quoted}`."));
            FINE
        }
        Err(error) => {
            output::fail(&format!("windtunnel: --out: {error}"));
            WRONG
        }
    }
}
