//! `check`: the CI gate. Every `expect:` line must hold by its whole interval.

use super::flags::{CheckFlags, Format};
use super::fly::{self, Purpose, Report};
use super::{FAILED, FINE, INTERRUPTED, UNDECIDED, WRONG, output, stop};
use windtunnel_experiment::results::Judgement;
use windtunnel_report::verdicts::Counts;
use windtunnel_report::{run_json, verdicts};

/// Flies until every line is decided or the budget is spent, and prints what they came to; writes
/// the whole report if a folder is named.
pub fn run(flags: &CheckFlags) -> u8 {
    let flight = &flags.flight;
    let report = match flags.out.as_deref().map(|out| Report::open(out, flight)).transpose() {
        Ok(report) => report,
        Err(code) => return code,
    };
    let (scenarios, (left_out, warnings)) = match fly::scenarios(flight) {
        Ok(found) => found,
        Err(code) => return code,
    };
    if scenarios.iter().all(|s| s.expect.is_empty()) {
        let line = "windtunnel: no `expect:` line in these scenarios: nothing to check";
        output::deny(&[line.to_string()], flight.format);
        return WRONG;
    }
    let purpose = Purpose::Check { report: report.is_some() };
    let mut results = match fly::results(flight, &scenarios, purpose) {
        Ok(results) => results,
        Err(code) => return code,
    };
    (results.left_out, results.warnings) = (left_out, warnings);
    let written = report.map(|report| report.write(&results));
    let place = match written.transpose() {
        Ok(place) => place,
        Err(code) => return code,
    };
    stop::written();
    match flight.format {
        Format::Json => output::print(&run_json::text(&results)),
        Format::Text => output::print_judged(&verdicts::text(&results, true)),
    }
    fly::say_end(&results, flight, place.as_deref());
    if results.interrupted {
        return INTERRUPTED;
    }
    match Counts::of(&results).judgement() {
        Some(Judgement::Fails) => FAILED,
        Some(Judgement::Undecided) => UNDECIDED,
        Some(Judgement::Holds) | None => FINE,
    }
}
