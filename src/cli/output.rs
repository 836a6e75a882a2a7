//! Writing: a folder of documents as a whole or not at all, text to standard output, problems to
//! standard error.

use crate::base::escape::{short, terminal};
use crate::base::problem::{Problem, limited};
use crate::report::Document;
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Was a result lost because standard output took no more (a full disk)?
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints to standard output, control characters shown; a closed pipe is fine.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(terminal::text(text).as_bytes()).and_then(|()| out.flush());
    if let Some(error) = written.err().filter(|e| e.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
        say(&format!("windtunnel: standard output: {error}"));
    }
}

/// Was everything printed that had to be?
pub fn all_printed() -> bool {
    !LOST.load(Ordering::Relaxed)
}

/// Says a line on standard error. Unlike `eprintln!` it survives a closed one: whoever does not
/// listen misses it.
pub fn say(line: &str) {
    let line = short::message(line);
    let _ = writeln!(std::io::stderr().lock(), "{}", terminal::text(&line));
}

/// Prints problems to standard error: the first of every kind, and how many more there are.
pub fn complain(problems: &[Problem]) {
    let mut err = std::io::stderr().lock();
    for problem in limited(problems) {
        // Nothing is left to tell if standard error is closed.
        let _ = writeln!(err, "{problem}");
    }
}

/// Replaces `folder` by the documents. They are written beside it first, so that a failure leaves
/// the old folder as it was.
pub fn replace_folder(
    folder: &str,
    documents: impl Iterator<Item = Document>,
) -> Result<(), String> {
    let target = Path::new(folder);
    refuse_foreign(target)?;
    let name = target.file_name().ok_or_else(|| format!("{folder:?} names no folder"))?;
    let mut fresh_name = name.to_os_string();
    fresh_name.push(format!(".new-{}", std::process::id()));
    let fresh = target.with_file_name(fresh_name);
    let written = write_all(&fresh, documents).and_then(|()| swap(&fresh, target));
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&fresh);
    }
    written
}

/// A folder that holds something else than a report is never replaced; asked before the first
/// flight, too, so that no one waits in vain.
pub fn refuse_foreign(target: &Path) -> Result<(), String> {
    let shown = target.display();
    if target.exists() && !target.is_dir() {
        return Err(format!("{shown} is not a folder"));
    }
    let Ok(mut entries) = std::fs::read_dir(target) else { return Ok(()) };
    if entries.next().is_some() && !target.join("run.json").is_file() {
        return Err(format!("{shown} holds files that are not a report; name another --out"));
    }
    Ok(())
}

/// Replaces a file by a text: written beside it first, so that a failure leaves it as it was.
pub fn replace_file(path: &str, text: &str) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{path}: {e}");
    let fresh = format!("{path}.new-{}", std::process::id());
    let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written.map_err(failed)
}

fn write_all(folder: &Path, documents: impl Iterator<Item = Document>) -> Result<(), String> {
    let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    for document in documents {
        let relative = PathBuf::from(&document.path);
        assert!(
            relative.components().all(|c| matches!(c, Component::Normal(_))),
            "a report stays in its folder"
        );
        let path = folder.join(relative);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| failed(parent, e))?;
        }
        std::fs::write(&path, &document.bytes).map_err(|e| failed(&path, e))?;
    }
    Ok(())
}

/// Two renames, so that at no instant half a report stands in the folder.
fn swap(fresh: &Path, target: &Path) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", target.display());
    if !target.exists() {
        return std::fs::rename(fresh, target).map_err(failed);
    }
    let mut old_name = target.file_name().unwrap_or_default().to_os_string();
    old_name.push(format!(".old-{}", std::process::id()));
    let old = target.with_file_name(old_name);
    std::fs::rename(target, &old).map_err(failed)?;
    if let Err(error) = std::fs::rename(fresh, target) {
        let _ = std::fs::rename(&old, target);
        return Err(failed(error));
    }
    std::fs::remove_dir_all(&old).map_err(failed)
}
