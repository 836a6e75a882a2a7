//! Paths → scenarios: finds files, reads them, applies `--set`, reads traces.
//!
//! All problems of all files are collected before anything is flown.

use super::flags::Source;
use crate::base::problem::{Place, Problem, Severity};
use crate::scenario::model::Scenario;
use crate::scenario::{read, yaml};
use crate::traffic::{Arrivals, trace};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder that is flown when no path is given.
const DEFAULT_FOLDER: &str = "scenarios";
/// Larger inputs are refused before they are read.
const LARGEST_BYTES: u64 = 16 << 20;
/// The way out for whoever has no scenario yet.
const WRITE_ONE: &str = "name a file, or write one with `windtunnel new NAME --out FILE`";
/// The way out for whoever names something else than a scenario.
const TOO_LARGE: &str = "a scenario is a YAML text; traces belong into a CSV file beside it";
/// Most scenarios that `--set` may make of one.
const LARGEST_SWEEP: usize = 1_000;

/// Scenarios with the warnings about them, or all problems.
pub type Loaded = Result<(Vec<Arc<Scenario>>, Vec<Problem>), Vec<Problem>>;

/// Reads everything that `source` names.
pub fn load(source: &Source) -> Loaded {
    let (mut scenarios, mut problems) = (Vec::<Arc<Scenario>>::new(), Vec::new());
    let sweep = match sweep(&source.sets) {
        Ok(sweep) => sweep,
        Err(problem) => return Err(vec![problem]),
    };
    let files = match files(&source.paths) {
        Ok(files) => files,
        Err(problem) => return Err(vec![problem]),
    };
    for file in files {
        match load_file(&file, &sweep) {
            Ok((found, warnings)) => {
                problems.extend(warnings);
                for scenario in found {
                    if scenarios.iter().any(|s| s.name == scenario.name) {
                        let message = format!("the scenario {:?} is defined twice", scenario.name);
                        let name: Arc<str> = Arc::from(shown(&file));
                        problems.push(Problem::error(Place::default(), "", message).in_file(&name));
                    }
                    scenarios.push(Arc::new(scenario));
                }
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems);
    }
    Ok((scenarios, problems))
}

fn shown(file: &Option<PathBuf>) -> String {
    file.as_ref().map_or("-".into(), |path| path.display().to_string())
}

fn wrong(file: &str, message: String, help: &str) -> Problem {
    Problem::error(Place::default(), "", message).help(help).in_file(&Arc::from(file))
}

/// The files behind the paths, in order; nothing stands for standard input.
fn files(paths: &[String]) -> Result<Vec<Option<PathBuf>>, Problem> {
    let default = [DEFAULT_FOLDER.to_string()];
    let paths = if paths.is_empty() { &default[..] } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if path == "-" {
            files.push(None);
            continue;
        }
        let path = Path::new(path);
        if path.is_dir() {
            files.extend(in_folder(path)?.into_iter().map(Some));
        } else {
            files.push(Some(path.to_path_buf()));
        }
    }
    Ok(files)
}

/// The scenario files directly in a folder, sorted by name.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let name = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|e| wrong(&name, e.to_string(), ""))?;
    let is_yaml = |path: &PathBuf| {
        let ending = path.extension().and_then(|e| e.to_str());
        path.is_file() && matches!(ending, Some("yaml" | "yml" | "json"))
    };
    let mut files: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(is_yaml).collect();
    files.sort();
    if files.is_empty() {
        let message = "no scenario in this folder (*.yaml, *.yml, *.json)".into();
        return Err(wrong(&name, message, WRITE_ONE));
    }
    Ok(files)
}

/// What a file holds, or standard input for `-`, as text; refused when larger than `largest` bytes.
pub fn text(path: &str, largest: u64) -> Result<String, Problem> {
    let file = (path != "-").then(|| PathBuf::from(path));
    let found = bytes(&file, largest, ["", ""]).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            wrong("", format!("byte {at} is not UTF-8"), "")
        })
    });
    found.map_err(|problem| problem.in_file(&Arc::from(path)))
}

/// The bytes of a file or of standard input, refused when too many; what helps if there is no file,
/// and if there are too many.
fn bytes(file: &Option<PathBuf>, largest: u64, helps: [&str; 2]) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let unread = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => wrong("", "no such file or folder".into(), helps[0]),
        _ => wrong("", error.to_string(), ""),
    };
    let read = match file {
        Some(path) => {
            let opened = std::fs::File::open(path).map_err(unread)?;
            opened.take(largest + 1).read_to_end(&mut bytes)
        }
        None => std::io::stdin().lock().take(largest + 1).read_to_end(&mut bytes),
    };
    read.map_err(unread)?;
    if bytes.len() as u64 > largest {
        return Err(wrong("", format!("more than {} MB", largest >> 20), helps[1]));
    }
    Ok(bytes)
}

type FileResult = Result<(Vec<Scenario>, Vec<Problem>), Vec<Problem>>;

fn load_file(file: &Option<PathBuf>, sweep: &[Vec<(String, String)>]) -> FileResult {
    let name = shown(file);
    let helps = [WRITE_ONE, TOO_LARGE];
    let bytes = bytes(file, LARGEST_BYTES, helps)
        .map_err(|problem| vec![problem.in_file(&Arc::from(name.as_str()))])?;
    let text = yaml::text(&bytes, &name).map_err(|p| vec![p])?;
    let documents = yaml::documents(text, &name).map_err(|p| vec![p])?;
    let (mut scenarios, mut warnings) = (Vec::new(), Vec::new());
    for changes in sweep {
        let mut changed = documents.clone();
        for (path, value) in changes {
            for document in &mut changed {
                read::set(document, path, value)
                    .map_err(|p| vec![p.in_file(&Arc::from("--set"))])?;
            }
        }
        let (found, notes) = read::read_documents(&changed, text, &name).map_err(|problems| {
            problems.into_iter().map(|p| after(p, changes)).collect::<Vec<_>>()
        })?;
        warnings.extend(notes.into_iter().filter(|n| !warnings.contains(n)).collect::<Vec<_>>());
        for mut scenario in found {
            if sweep.len() > 1 {
                scenario.name = swept_name(&scenario.name, changes);
            }
            scenarios.push(with_trace(scenario, file, &name)?);
        }
    }
    Ok((scenarios, warnings))
}

/// The file alone may be right: a problem of a changed document names the changes.
fn after(mut problem: Problem, changes: &[(String, String)]) -> Problem {
    let words: Vec<String> =
        changes.iter().map(|(p, value)| format!("--set {p}={value}")).collect();
    if !words.is_empty() {
        problem.message = format!("{} (with {})", problem.message, words.join(" "));
    }
    problem
}

/// The name of one point of a sweep: `checkout replicas=5`.
fn swept_name(name: &str, changes: &[(String, String)]) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_string();
    let words = changes.iter().map(|(path, value)| format!("{}={value}", last(path)));
    format!("{name} {}", words.collect::<Vec<_>>().join(" "))
}

/// Reads the trace that a scenario names, relative to its own file.
fn with_trace(
    mut scenario: Scenario,
    file: &Option<PathBuf>,
    name: &str,
) -> Result<Scenario, Vec<Problem>> {
    let Arrivals::TraceFile { path, speed } = scenario.traffic.arrivals.clone() else {
        return Ok(scenario);
    };
    let folder = file.as_ref().and_then(|f| f.parent()).unwrap_or(Path::new("."));
    let full = folder.join(&path);
    let text = std::fs::read_to_string(&full)
        .map_err(|e| vec![wrong(name, format!("trace {}: {e}", full.display()), "")])?;
    let routes: Vec<&str> = scenario.service.routes.iter().map(|r| r.name.as_str()).collect();
    let place: Arc<str> = Arc::from(full.display().to_string());
    let rows = trace::parse(&text, speed, &routes)
        .map_err(|problems| problems.into_iter().map(|p| p.in_file(&place)).collect::<Vec<_>>())?;
    scenario.traffic.arrivals = Arrivals::Trace(rows);
    Ok(scenario)
}

/// The points of a sweep: every combination of the values of all `--set`s.
fn sweep(sets: &[String]) -> Result<Vec<Vec<(String, String)>>, Problem> {
    let mut points: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for set in sets {
        let help = "write --set spec.service.replicas=5 or --set spec.service.replicas=5,20,100";
        let Some((path, values)) = set.split_once('=') else {
            return Err(wrong("--set", format!("found {set:?}, without `=`"), help));
        };
        let values = split_values(values);
        let grown = points.iter().flat_map(|point| {
            values.iter().map(move |value| {
                let mut point = point.clone();
                point.push((path.trim().to_string(), value.clone()));
                point
            })
        });
        points = grown.collect();
        if points.len() > LARGEST_SWEEP {
            let message = format!("{} combinations", points.len());
            return Err(wrong("--set", message, &format!("at most {LARGEST_SWEEP}")));
        }
    }
    Ok(points)
}

/// Splits at commas that stand outside brackets, braces and quotes.
fn split_values(text: &str) -> Vec<String> {
    let (mut depth, mut quote, mut values) = (0_i32, None, vec![String::new()]);
    for c in text.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth -= 1,
            (',', None) if depth == 0 => {
                values.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = values.last_mut() {
            last.push(c);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_combine_and_respect_brackets() {
        let sets = ["a.b=1,2".to_string(), "c=[5%, 10%],x".to_string()];
        let points = sweep(&sets).expect("well formed");
        assert_eq!(points.len(), 4);
        assert_eq!(points[0], [("a.b".into(), "1".into()), ("c".into(), "[5%, 10%]".into())]);
        assert!(sweep(&["novalue".to_string()]).is_err());
        assert_eq!(sweep(&[]).expect("empty"), [vec![]]);
    }
}
