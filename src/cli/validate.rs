//! `validate`: every problem and every warning, nothing flown.

use super::flags::{Format, Validate};
use super::{FINE, WRONG, input, output};
use crate::base::count::counted;
use crate::base::escape;
use crate::base::problem::{Problem, Severity, limited};
use serde_json::{Value, json};

/// Reads and reports; 2 if anything can't be used.
pub fn run(flags: &Validate) -> u8 {
    let (names, problems, code) = match input::load(&flags.source) {
        Ok(loaded) => {
            let names = loaded.scenarios.iter().map(|s| s.name.clone()).collect();
            (names, loaded.warnings, FINE)
        }
        Err(problems) => (Vec::<String>::new(), problems, WRONG),
    };
    match flags.format {
        Format::Json => {
            let found: Vec<Value> = limited(&problems).iter().map(as_json).collect();
            let answer = json!({ "valid": code == FINE, "scenarios": names, "problems": found });
            output::print(&escape::json::pretty(&answer));
        }
        Format::Text => {
            output::complain(&problems);
            let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
            if code == FINE {
                let warnings = counted(warnings as u64, "warning");
                output::print(&format!("{} valid, {warnings}\n", names.join(", ")));
            }
        }
    }
    code
}

fn as_json(problem: &Problem) -> Value {
    json!({
        "severity": if problem.severity == Severity::Error { "error" } else { "warning" },
        "file": &*problem.file, "line": problem.place.line, "column": problem.place.column,
        "path": problem.path, "message": problem.message,
        "expected": problem.expected, "help": problem.help,
    })
}
