//! `--columns`: which columns the terminal's table has.

use super::flags::Run;
use super::{FINE, WRONG, output};
use windtunnel_base::problem::nearest;
use windtunnel_report::columns::known;

/// Lists the columns if that is asked, or says which are not known; then nothing is flown, and the
/// exit code comes back.
pub fn settle(flags: &Run) -> Option<u8> {
    let known = known();
    if flags.columns.iter().any(|name| name == "help") {
        output::print(&format!("{}\n", known.join("\n")));
        return Some(FINE);
    }
    let unknown = flags.columns.iter().filter(|name| !known.contains(&name.as_str()));
    let line = |name: &String| {
        let near = nearest(name, known.iter().copied());
        let help = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        format!("windtunnel: --columns: no column {name:?}{help} (`--columns help` lists them)")
    };
    let lines: Vec<String> = unknown.map(line).collect();
    if lines.is_empty() {
        return None;
    }
    output::deny(&lines, flags.flight.format);
    Some(WRONG)
}
