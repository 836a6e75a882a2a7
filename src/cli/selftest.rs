//! `selftest`: theory, estimate, interval, for whoever wants to know whether to trust the engine.

use super::flags::{Format, Selftest};
use super::{FAILED, FINE, output, threads};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use windtunnel_base::escape;
use windtunnel_experiment::selftest::{Effort, Proof, selftest};

/// Runs all proofs; 1 unless every one holds.
pub fn run(flags: &Selftest) -> u8 {
    let effort = if flags.quick { Effort::Quick } else { Effort::Full };
    let proofs = threads::within(None, || selftest(flags.seed, effort));
    match flags.format {
        Format::Json => {
            let all: Vec<Value> = proofs.iter().map(as_json).collect();
            output::print(&escape::json::pretty(&json!({ "seed": flags.seed, "proofs": all })));
        }
        Format::Text => output::print(&as_text(&proofs)),
    }
    if proofs.iter().all(|p| p.holds) { FINE } else { FAILED }
}

fn as_json(p: &Proof) -> Value {
    json!({
        "name": p.name, "theory": p.theory, "estimate": p.estimate,
        "lower": p.lower, "upper": p.upper, "holds": p.holds, "formula": p.note,
    })
}

fn as_text(proofs: &[Proof]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(100);
    table.set_header(["proof", "theory", "estimate", "interval", "", "formula"]);
    for p in proofs {
        let interval = format!("{:.5} to {:.5}", p.lower, p.upper);
        let word = if p.holds { "holds" } else { "FAILS" };
        let (theory, estimate) = (format!("{:.5}", p.theory), format!("{:.5}", p.estimate));
        table.add_row([p.name, &theory, &estimate, &interval, word, p.note]);
    }
    let failed = proofs.iter().filter(|p| !p.holds).count();
    format!("{}\n{} of {} proofs hold\n", table.trim_fmt(), proofs.len() - failed, proofs.len())
}
