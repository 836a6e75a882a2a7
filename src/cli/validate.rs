//! `validate`: every problem and every warning, nothing flown.

use super::flags::{Format, Validate};
use super::sources::Sources;
use super::{FINE, WRONG, input, only, output, told};
use windtunnel_base::count::counted;
use windtunnel_base::escape;
use windtunnel_base::problem::Severity;
use windtunnel_manifest::Import;

/// Reads and reports; 2 if anything can't be used.
pub fn run(flags: &Validate) -> u8 {
    let mut sources = Sources::default();
    let (names, problems, import, code) = match input::load(&flags.source, &mut sources) {
        Ok(loaded) => {
            let names = loaded.scenarios.iter().map(|s| s.name.clone()).collect();
            (names, loaded.warnings, loaded.import, FINE)
        }
        Err(problems) => (Vec::<String>::new(), problems, Import::default(), WRONG),
    };
    match flags.format {
        Format::Json => {
            let mut answer = output::findings(code == FINE, &names, &problems, &sources);
            if code == FINE {
                answer["notFlown"] = told::as_json(&import);
            }
            output::print(&escape::json::pretty(&answer));
        }
        Format::Text => {
            output::complain(&problems, &sources);
            let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
            if code == FINE {
                let warnings = match warnings {
                    0 => "no warnings".to_string(),
                    count => format!("with {}", counted(count as u64, "warning")),
                };
                let block = told::block(&told::left_out(&import));
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                output::print(&format!("{block}{}: valid, {warnings}\n", only::listed(&names)));
            }
        }
    }
    code
}
