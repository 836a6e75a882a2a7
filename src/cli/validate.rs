//! `validate`: every problem and every warning, nothing flown.

use super::flags::{Format, Validate};
use super::sources::Sources;
use super::{FINE, WRONG, input, only, output};
use crate::base::count::counted;
use crate::base::escape;
use crate::base::problem::Severity;

/// Reads and reports; 2 if anything can't be used.
pub fn run(flags: &Validate) -> u8 {
    let mut sources = Sources::default();
    let (names, problems, code) = match input::load(&flags.source, &mut sources) {
        Ok(loaded) => {
            let names = loaded.scenarios.iter().map(|s| s.name.clone()).collect();
            (names, loaded.warnings, FINE)
        }
        Err(problems) => (Vec::<String>::new(), problems, WRONG),
    };
    match flags.format {
        Format::Json => {
            let answer = output::findings(code == FINE, &names, &problems, &sources);
            output::print(&escape::json::pretty(&answer));
        }
        Format::Text => {
            output::complain(&problems, &sources);
            let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
            if code == FINE {
                let warnings = counted(warnings as u64, "warning");
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                output::print(&format!("{} valid, {warnings}\n", only::listed(&names)));
            }
        }
    }
    code
}
