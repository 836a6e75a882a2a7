//! Puts what is staged in place, so that at every instant the target is whole: the old or the new.
//!
//! An old folder and a fresh one exchange their names in one step (`RENAME_EXCHANGE` on Linux,
//! `RENAME_SWAP` on macOS). A file system that lacks it (NFS, some of FUSE) gets two renames: the
//! old folder goes into a folder of ours whose list names the target, then the fresh one takes its
//! place. Should the process be killed between the two, nothing stands at the target, but the old
//! folder is whole, and the next run with an output beside it puts it back (`leftovers`).

use super::inventory::{Inventory, NAME, Strange};
use super::staging::{locked_list, sync_folder, under_a_random_name};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// First line of the list of a folder in which an old one waits; the next is the target's name.
pub const ASIDE: &str = "windtunnel.dev/aside/v1";
/// Name of the old folder in it.
pub const OLD: &str = "old";

/// What the system does, so that tests can do without it, and stop between two steps.
pub struct System<'a> {
    /// Lets two paths exchange what they name.
    pub exchange: &'a dyn Fn(&Path, &Path) -> io::Result<()>,
    /// Called between two steps; an error ends everything there.
    pub between: &'a dyn Fn() -> io::Result<()>,
}

/// The system as it is.
pub const SYSTEM: System<'static> = System { exchange: &exchange, between: &|| Ok(()) };

/// What stood at the target before.
#[derive(Debug)]
pub struct Old {
    /// Where it is now.
    pub at: PathBuf,
    /// The folder around it, if it was moved into one, and the lock of its list.
    around: Option<(PathBuf, fs::File)>,
}

/// Puts the folder `fresh` in the place of the folder `target`, if there is one.
pub fn put_folder(fresh: &Path, target: &Path, system: &System<'_>) -> io::Result<Option<Old>> {
    (system.between)()?;
    if !exists(target)? {
        put_new(fresh, target)?;
        return Ok(None);
    }
    match (system.exchange)(fresh, target) {
        Ok(()) => Ok(Some(Old { at: fresh.to_path_buf(), around: None })),
        Err(error) if is_lacking(&error) => two_renames(fresh, target, system).map(Some),
        Err(error) => Err(error),
    }
}

/// Puts a file or folder where nothing is.
pub fn put_new(fresh: &Path, target: &Path) -> io::Result<()> {
    match rename_new(fresh, target) {
        Err(error) if is_lacking(&error) => {
            if fresh.is_dir() {
                // A folder takes the place of nothing but an empty folder.
                return fs::rename(fresh, target);
            }
            // A second name is never given in the place of a first.
            fs::hard_link(fresh, target).and_then(|()| fs::remove_file(fresh))
        }
        other => other,
    }
}

fn two_renames(fresh: &Path, target: &Path, system: &System<'_>) -> io::Result<Old> {
    let beside = target.parent().unwrap_or(Path::new("."));
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::other("its name is not UTF-8"))?;
    let head = format!("{ASIDE}\n{name}");
    let (around, list) = under_a_random_name(beside, |path| locked_list(path, &head))?;
    list.sync_all().and_then(|()| sync_folder(&around)).and_then(|()| sync_folder(beside))?;
    (system.between)()?;
    let at = around.join(OLD);
    let old = Old { at, around: Some((around, list)) };
    let moved = fs::rename(target, &old.at);
    (system.between)()?;
    if let Err(error) = moved.and_then(|()| put_new(fresh, target)) {
        if !old.at.exists() || put_new(&old.at, target).is_ok() {
            old.leave();
        }
        return Err(error);
    }
    (system.between)()?;
    Ok(old)
}

impl Old {
    /// Deletes it, unless something in it is not ours: then it stays where it is, and what was
    /// found comes back.
    pub fn discard(self, system: &System<'_>) -> io::Result<Vec<Strange>> {
        (system.between)()?;
        let strange = discard(&self.at)?;
        if strange.is_empty() {
            (system.between)()?;
            self.leave();
        }
        Ok(strange)
    }

    /// Removes the folder around it, which is empty by now.
    fn leave(&self) {
        if let Some((around, _)) = &self.around {
            let _ = fs::remove_file(around.join(NAME)).and_then(|()| fs::remove_dir(around));
        }
    }
}

/// Deletes a report or an empty folder; what is not ours stays, and comes back.
pub fn discard(folder: &Path) -> io::Result<Vec<Strange>> {
    let inventory = Inventory::of(folder)?.unwrap_or_default();
    let strange = inventory.strange(folder)?;
    if strange.is_empty() {
        inventory.remove(folder)?;
    }
    Ok(strange)
}

/// Is there anything of this name?
pub fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Does the error say that the system or the file system has no such rename?
#[cfg(unix)]
fn is_lacking(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let lacking = [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP];
    lacking.iter().any(|known| error.raw_os_error() == Some(known.raw_os_error()))
        || error.kind() == ErrorKind::Unsupported
}

#[cfg(not(unix))]
fn is_lacking(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_new(fresh: &Path, target: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, fresh, CWD, target, RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(ErrorKind::Unsupported))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(ErrorKind::Unsupported))
}
