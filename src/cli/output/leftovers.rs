//! What killed runs left beside a target: put back or removed, if it is provably theirs and they
//! are provably dead.
//!
//! A leftover has a random name of ours, a list that begins with a line of ours, and nobody holds
//! the lock of the list. What windtunnel 0.3.0 left behind (`NAME.new-PID`, `NAME.old-PID`) has
//! none of this and is left alone.

use super::inventory::{Inventory, MAGIC, NAME, Strange};
use super::print::say;
use super::staging::is_random_name;
use super::swap::{ASIDE, OLD, discard, exists, put_new};
use std::fs;
use std::io;
use std::path::Path;

/// Clears a folder of what dead runs left in it. Whatever resists stays.
pub fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let named = entry.file_name().to_str().is_some_and(is_random_name);
        if named && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = clear(&entry.path());
        }
    }
}

fn clear(leftover: &Path) -> io::Result<()> {
    let list = leftover.join(NAME);
    if !exists(&list)? {
        // Killed before its list was begun. A folder that is not empty cannot be removed so.
        return fs::remove_dir(leftover);
    }
    if !fs::symlink_metadata(&list)?.is_file() {
        return Ok(());
    }
    let locked = fs::File::open(&list)?;
    if locked.try_lock().is_err() {
        return Ok(());
    }
    let text = fs::read(&list)?;
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    match lines.next() {
        Some(MAGIC) => clear_staged(leftover),
        Some(ASIDE) => clear_aside(leftover, lines.next().unwrap_or_default()),
        Some(_) => Ok(()),
        // Killed before the first line was written.
        None => fs::remove_file(&list).and_then(|()| fs::remove_dir(leftover)),
    }
}

/// A fresh folder that was never put in place, or an old one that was about to be deleted.
fn clear_staged(leftover: &Path) -> io::Result<()> {
    let Some(inventory) = Inventory::of(leftover)? else { return Ok(()) };
    let strange = inventory.strange(leftover)?;
    // The file that was being written is not yet what it was to be.
    let cut = |strange: &Strange| !inventory.whole && matches!(strange, Strange::Changed(_));
    if strange.iter().all(cut) { inventory.remove(leftover) } else { Ok(()) }
}

/// A folder in which the old one waited while the fresh one was to take its place.
fn clear_aside(leftover: &Path, name: &str) -> io::Result<()> {
    let (old, target) = (leftover.join(OLD), leftover.with_file_name(name));
    let is_name = Path::new(name).file_name().is_some_and(|n| n == name);
    if exists(&old)? {
        if !is_name {
            return Ok(());
        }
        if !exists(&target)? {
            put_new(&old, &target)?;
            say(&format!("Put {} back, which a killed run had moved aside.", target.display()));
        } else if !discard(&old)?.is_empty() {
            return Ok(());
        }
    }
    fs::remove_file(leftover.join(NAME))?;
    fs::remove_dir(leftover)
}
