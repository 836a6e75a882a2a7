//! Paths → texts: finds files, reads them, and parses them into documents.

use super::flags::Source;
use super::output;
use super::sources::Sources;
use std::collections::{BTreeSet, VecDeque};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel_base::problem::{Place, Problem, Severity};
use windtunnel_base::source::Source as Text;
use windtunnel_manifest::{self as manifest, Input};
use windtunnel_scenario::yaml;

/// The folder that is flown when no path is given.
const DEFAULT_FOLDER: &str = "scenarios";
/// Larger inputs are refused before they are read.
const LARGEST_BYTES: u64 = 64 << 20;
/// Most files, and most folders, of one tree.
const FILES_MAX: usize = 20_000;
/// Folders that are looked into for a word of help.
const LOOKED_MAX: usize = 500;
/// Larger recordings of traffic are refused before they are read.
const LARGEST_TRACE: u64 = 1 << 30;
/// The way out for whoever has no scenario yet.
const WRITE_ONE: &str = "name a file, or write one with `windtunnel new NAME --out FILE`";
/// The way out for whoever names something else than a scenario.
const TOO_LARGE: &str = "a scenario is a YAML text; traces belong into a CSV file beside it";

/// Everything that `source` names, parsed, and a warning for each file of a folder that is
/// something else altogether; or what is wrong with the files.
pub fn read(
    source: &Source,
    sources: &mut Sources,
) -> Result<(Vec<Input>, Vec<Problem>), Vec<Problem>> {
    let mut files = files(&source.paths, source.recursive).map_err(|problem| vec![problem])?;
    let own = |path: &String| Named { path: Some(PathBuf::from(path)), in_folder: false };
    files.extend(source.scenario.iter().map(own));
    let (mut inputs, mut problems, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    for file in &files {
        let place = file.path.as_ref().map(|path| path.canonicalize().unwrap_or(path.clone()));
        // `--scenario` may name what lies in a folder that is given; it is told what is wrong then.
        let own = source.scenario.as_ref().is_some_and(|own| file.path == Some(PathBuf::from(own)));
        if !known.insert(place) && !own {
            let name = file.path.as_ref().map_or("-".into(), |path| path.display().to_string());
            let what = if file.path.is_some() { "this file" } else { "standard input" };
            problems.push(wrong(&name, format!("{what} is given twice"), "name it once"));
            continue;
        }
        let found = parsed(&file.path, WRITE_ONE, sources);
        match found.map_err(|problem| (problem, false)).and_then(own_documents) {
            // Beside manifests that can be flown it is only told.
            Err((mut problem, true)) if file.in_folder => {
                problem.severity = Severity::Warning;
                problem.message += ", which is not applied";
                strangers.push(problem);
            }
            Err((problem, _)) => problems.push(problem),
            Ok(input) if file.in_folder && is_stranger(&input) => {
                let message = "neither a scenario nor a manifest: left out";
                let problem = Problem::warning(Place { line: 1, column: 1 }, "", message);
                let problem = problem.expected("documents with apiVersion and kind");
                strangers.push(problem.in_file(&input.file));
            }
            Ok(input) => inputs.push(input),
        }
    }
    if inputs.is_empty() {
        let error = |p: Problem| Problem { severity: Severity::Error, ..p };
        problems.extend(strangers.drain(..).map(error));
    }
    if problems.is_empty() { Ok((inputs, strangers)) } else { Err(problems) }
}

/// A file whose documents have nothing of ours: no one of them is meant.
fn is_stranger(input: &Input) -> bool {
    !input.documents.is_empty() && input.documents.iter().all(manifest::foreign::is_stranger)
}

/// A file beside another, by the path that the other names.
pub fn beside(file: &str, path: &str, sources: &mut Sources) -> Result<Input, Problem> {
    let folder = Path::new(file).parent().unwrap_or(Path::new("."));
    let help = "paths of manifests begin at the scenario's folder";
    let input = parsed(&Some(folder.join(path)), help, sources)?;
    own_documents(input).map_err(|(problem, _)| problem)
}

/// A file with checks, by its path.
pub fn checks(path: &str, sources: &mut Sources) -> Result<Input, Problem> {
    let help = "name a file with a list of checks: {name, query, failsWhen}";
    let input = parsed(&(path != "-").then(|| PathBuf::from(path)), help, sources)?;
    own_documents(input).map_err(|(problem, _)| problem)
}

/// A problem of a file as a whole.
pub fn wrong(file: &str, message: String, help: &str) -> Problem {
    Problem::error(Place::default(), "", message).help(help).in_file(&Arc::from(file))
}

/// A file as documents; `missing` helps if there is none. Its text is kept.
fn parsed(file: &Option<PathBuf>, missing: &str, sources: &mut Sources) -> Result<Input, Problem> {
    let name = file.as_ref().map_or("-".into(), |path| path.display().to_string());
    let named: Arc<str> = Arc::from(name.as_str());
    let helps = [missing, TOO_LARGE];
    let bytes = bytes(file, LARGEST_BYTES, helps).map_err(|problem| problem.in_file(&named))?;
    let text: Arc<str> = Arc::from(yaml::text(&bytes, &name)?);
    drop(bytes);
    sources.keep(&name, Text::yaml(Arc::clone(&text)));
    if let Some(problem) = manifest::foreign::text(&text, &name) {
        return Err(problem);
    }
    let documents = yaml::documents(&text, &name)?;
    Ok(Input { file: named, text, documents })
}

/// Everything that paths name, parsed, whatever it is; what is wrong with the files. Of a folder,
/// texts that are no YAML yet are only told.
pub fn all(paths: &[String], recursive: bool, sources: &mut Sources) -> (Vec<Input>, Vec<Problem>) {
    let (mut inputs, mut problems) = (Vec::new(), Vec::new());
    let files = match files(paths, recursive) {
        Ok(files) => files,
        Err(problem) => return (inputs, vec![problem]),
    };
    let mut known = BTreeSet::new();
    for file in files {
        let place = file.path.as_ref().map(|path| path.canonicalize().unwrap_or(path.clone()));
        if !known.insert(place) {
            continue;
        }
        match parsed(&file.path, "name a file or a folder", sources) {
            Ok(input) => inputs.push(input),
            Err(mut problem) => {
                if file.in_folder && problem.message.contains("Helm") {
                    problem.severity = Severity::Warning;
                }
                problems.push(problem);
            }
        }
    }
    (inputs, problems)
}

/// A file whose documents only another tool understands is a problem of that kind.
fn own_documents(input: Input) -> Result<Input, (Problem, bool)> {
    let foreign = |document| manifest::foreign::document(document, &input.file);
    match input.documents.iter().find_map(foreign) {
        Some(problem) => Err((problem, true)),
        None => Ok(input),
    }
}

/// A file that is to be read.
struct Named {
    /// Its path; nothing stands for standard input.
    path: Option<PathBuf>,
    /// Was only its folder named?
    in_folder: bool,
}

/// The files behind the paths, in order.
fn files(paths: &[String], recursive: bool) -> Result<Vec<Named>, Problem> {
    let default = [DEFAULT_FOLDER.to_string()];
    if paths.is_empty() && !Path::new(DEFAULT_FOLDER).exists() {
        let message = "no path was given, and there is no such folder here".to_string();
        return Err(wrong(DEFAULT_FOLDER, message, WRITE_ONE));
    }
    let paths = if paths.is_empty() { &default[..] } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if path == "-" {
            files.push(Named { path: None, in_folder: false });
            continue;
        }
        let path = Path::new(path);
        if path.is_dir() {
            let found = if recursive { in_folders(path)? } else { in_folder(path)? };
            let found = found.into_iter();
            files.extend(found.map(|path| Named { path: Some(path), in_folder: true }));
        } else {
            files.push(Named { path: Some(path.to_path_buf()), in_folder: false });
        }
    }
    Ok(files)
}

/// The files directly in a folder that may hold scenarios or manifests, sorted by name.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let (files, folders) = entries(folder)?;
    if files.is_empty() {
        let help = if holds_files(folders) { "-R reads the folders in it, too" } else { WRITE_ONE };
        return Err(nothing_in(folder, help));
    }
    Ok(files)
}

/// Does one of the folders, or one below them, hold a file? Of a large tree a part is looked at:
/// this is for a word of help.
fn holds_files(folders: Vec<PathBuf>) -> bool {
    let mut open = VecDeque::from(folders);
    for _ in 0..LOOKED_MAX {
        let Some(folder) = open.pop_front() else { return false };
        let Ok((files, folders)) = entries(&folder) else { continue };
        if !files.is_empty() {
            return true;
        }
        open.extend(folders);
    }
    false
}

/// The files in a folder and in the folders below it, each folder's own first. Hidden folders and
/// links to folders are left alone, as by `kubectl apply -R`.
fn in_folders(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let (mut found, mut open, mut seen) = (Vec::new(), vec![folder.to_path_buf()], 0);
    while let Some(folder) = open.pop() {
        let (files, mut folders) = entries(&folder)?;
        found.extend(files);
        seen += 1;
        if found.len() > FILES_MAX || seen > FILES_MAX {
            let message = format!("more than {FILES_MAX} files and folders");
            return Err(wrong(&folder.display().to_string(), message, "name fewer folders"));
        }
        folders.reverse();
        open.append(&mut folders);
    }
    if found.is_empty() { Err(nothing_in(folder, WRITE_ONE)) } else { Ok(found) }
}

/// Files of a folder that may hold scenarios or manifests, and the folders in it, sorted by name.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Problem> {
    let name = folder.display().to_string();
    let all = std::fs::read_dir(folder).map_err(|e| wrong(&name, output::said(&e), ""))?;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in all.filter_map(Result::ok) {
        let path = entry.path();
        let ending = path.extension().and_then(|e| e.to_str());
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.is_file() && matches!(ending, Some("yaml" | "yml" | "json")) {
            files.push(path);
        } else if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn nothing_in(folder: &Path, help: &str) -> Problem {
    let message = "no scenario in this folder (*.yaml, *.yml, *.json)".into();
    wrong(&folder.display().to_string(), message, help)
}

/// The text of a recording of traffic, of a plain file only.
pub fn trace(path: &Path) -> Result<String, Problem> {
    let shown = path.display().to_string();
    let special = std::fs::metadata(path).is_ok_and(|about| !about.is_file());
    if special {
        return Err(wrong(&shown, "no plain file".into(), "name a CSV file"));
    }
    let help = "replay a part of the recording, or every tenth user of it";
    let file = Some(path.to_path_buf());
    let found = bytes(&file, LARGEST_TRACE, ["", help]).and_then(utf8);
    found.map_err(|problem| problem.in_file(&Arc::from(shown)))
}

/// What a file holds, or standard input for `-`, as text; refused when larger than `largest` bytes.
pub fn text(path: &str, largest: u64) -> Result<String, Problem> {
    let file = (path != "-").then(|| PathBuf::from(path));
    let found = bytes(&file, largest, ["", ""]).and_then(utf8);
    found.map_err(|problem| problem.in_file(&Arc::from(path)))
}

fn utf8(bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        wrong("", format!("byte {at} is not UTF-8"), "")
    })
}

/// The bytes of a file or of standard input, refused when too many; what helps if there is no file,
/// and if there are too many.
fn bytes(file: &Option<PathBuf>, largest: u64, helps: [&str; 2]) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let unread = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => wrong("", "no such file or folder".into(), helps[0]),
        ErrorKind::IsADirectory => {
            wrong("", "it is a folder, where a file is meant".into(), "name a file in it")
        }
        _ => wrong("", output::said(&error), ""),
    };
    let read = match file {
        Some(path) => {
            refuse_special(path, largest, helps[1]).map_err(unread)??;
            let opened = std::fs::File::open(path).map_err(unread)?;
            opened.take(largest + 1).read_to_end(&mut bytes)
        }
        None => std::io::stdin().lock().take(largest + 1).read_to_end(&mut bytes),
    };
    read.map_err(unread)?;
    if bytes.len() as u64 > largest {
        return Err(too_large(largest, helps[1]));
    }
    Ok(bytes)
}

fn too_large(largest: u64, help: &str) -> Problem {
    wrong("", format!("more than {} MB", largest >> 20), help)
}

/// Refuses what is no plain file before it is opened: a FIFO that nobody writes to would be waited
/// for without end, a device such as `/dev/zero` never ends. Pipes that are open already, such as
/// those of `<(command)` in a shell, are read.
fn refuse_special(path: &Path, largest: u64, help: &str) -> std::io::Result<Result<(), Problem>> {
    let about = std::fs::metadata(path)?;
    let inherited =
        ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|of| path.starts_with(of));
    Ok(if about.is_file() || about.is_dir() {
        if about.len() > largest && about.is_file() {
            Err(too_large(largest, help))
        } else {
            Ok(())
        }
    } else if inherited {
        Ok(())
    } else {
        Err(wrong("", "no plain file".into(), "`-` reads standard input"))
    })
}
