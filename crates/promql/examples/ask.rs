//! Asks a file in Prometheus' text format: `ask QUERY FILE`, at the last instant in it.

use std::process::ExitCode;
use windtunnel_promql::value::{Value, shown};
use windtunnel_promql::{Options, Query, exposition};

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [query, file] = given.as_slice() else {
        eprintln!("usage: ask QUERY FILE");
        return ExitCode::from(2);
    };
    match ask(query, file) {
        Ok(answer) => {
            print!("{answer}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        }
    }
}

fn ask(query: &str, file: &str) -> Result<String, String> {
    let query = Query::parse(query).map_err(|wrong| format!("{wrong:?}"))?;
    let text = std::fs::read_to_string(file).map_err(|wrong| format!("{file}: {wrong}"))?;
    let recorded = exposition::read::read(&text, None).map_err(|wrong| format!("{wrong:#?}"))?;
    let store = recorded.store;
    let last = store.ids().filter_map(|id| store.samples(id).last().map(|(at_ms, _)| at_ms)).max();
    let at_ms = last.ok_or("no sample in it")?;
    match query.instant(&store, at_ms, &Options::default()).map_err(|wrong| wrong.0)? {
        Value::Scalar(value) => Ok(format!("{}\n", shown(value))),
        Value::Vector(elements) => {
            let line = |e: &windtunnel_promql::value::Element| {
                format!("{:?} {}\n", e.labels, shown(e.value))
            };
            Ok(elements.iter().map(line).collect())
        }
        other => Ok(format!("{other:?}\n")),
    }
}
