//! A fresh folder beside the target, in which output is written before it is put in place.
//!
//! It is created exclusively under a random name. Its list (`inventory`) is locked for as long as
//! the process lives: a staging folder whose list can be locked is dead. Whoever drops a staging
//! folder removes what is in it.

use super::inventory::{self, Inventory};
use super::print::hush;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How the names of staging folders begin; 16 hexadecimal digits follow.
const PREFIX: &str = ".windtunnel-";

/// What is to be removed should the process leave: staging folders, and the folders above them that
/// were made for them. Whoever puts output in place holds the lock, so that no leaving falls
/// between.
static OPEN: Mutex<Vec<(PathBuf, Vec<PathBuf>)>> = Mutex::new(Vec::new());

/// A folder that is being filled.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    list: fs::File,
}

/// Nobody leaves while this is held.
pub type Held = MutexGuard<'static, Vec<(PathBuf, Vec<PathBuf>)>>;

/// Waits until nobody is about to leave, and keeps it so.
pub fn hold() -> Held {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Was anything put in place? Set while [`OPEN`] is locked.
static PLACED: AtomicBool = AtomicBool::new(false);

/// Says, between the rename and the next chance to leave, that something stands in its place.
pub fn placed(_: &Held, put: bool) {
    PLACED.fetch_or(put, Ordering::SeqCst);
}

/// Removes what is being written, for a process that is about to leave; nothing is written or put
/// in place from now on. `say` is told whether anything was put in place before.
pub fn abandon(say: impl FnOnce(bool)) {
    let open = hold();
    say(PLACED.load(Ordering::SeqCst));
    hush();
    for (path, made) in open.iter() {
        clear(path);
        unmake(made);
    }
    // The lock is never given back: the process ends.
    std::mem::forget(open);
}

/// A random name that `create` makes something of; other names are tried if it is taken.
pub fn under_a_random_name<T>(
    folder: &Path,
    mut create: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let mut last = io::Error::from(ErrorKind::AlreadyExists);
    for _ in 0..8 {
        let random = RandomState::new().hash_one(std::process::id());
        let path = folder.join(format!("{PREFIX}{random:016x}"));
        match fs::create_dir(&path).and_then(|()| create(&path)) {
            Ok(made) => return Ok((path, made)),
            Err(error) if retried(&error) => last = error,
            Err(error) => {
                let _ = fs::remove_dir(&path);
                return Err(error);
            }
        }
    }
    Err(last)
}

/// The name is taken, or another process took the empty folder for one that a killed run left.
fn retried(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound)
}

/// Is it a name that [`under_a_random_name`] gives?
pub fn is_random_name(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX);
    digits.is_some_and(|d| d.len() == 16 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A new list that begins with `head`, locked.
pub fn locked_list(folder: &Path, head: &str) -> io::Result<fs::File> {
    let path = folder.join(inventory::NAME);
    let mut list = fs::File::create_new(&path)?;
    // Where there are no locks, no staging folder is ever taken for dead.
    if matches!(list.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        // Another process came before the lock, and takes the folder for one that was left.
        return Err(ErrorKind::NotFound.into());
    }
    fs::symlink_metadata(&path)?;
    list.write_all(format!("{head}\n").as_bytes())?;
    Ok(list)
}

impl Staging {
    /// An empty staging folder in `folder`, which is made if need be.
    pub fn create(folder: &Path) -> io::Result<Staging> {
        // Whoever leaves finds it in the list, or finds nothing of it.
        let mut open = hold();
        let made = make(folder)?;
        let created = under_a_random_name(folder, |path| locked_list(path, inventory::MAGIC));
        match created {
            Ok((path, list)) => {
                open.push((path.clone(), made));
                Ok(Staging { path, list })
            }
            Err(error) => {
                unmake(&made);
                Err(error)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, on disk when this comes back.
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if !inventory::is_plain(path) {
            return Err(io::Error::other("no name for a file of a report"));
        }
        let mut file = {
            // Once it was abandoned nothing comes into being in it: whoever leaves holds this.
            let _held = hold();
            self.list.write_all(inventory::line(path, bytes).as_bytes())?;
            let path = self.path.join(path);
            // The staging folder itself is never made anew: what has no list is nobody's.
            if let Some(above) = path.parent().filter(|above| *above != self.path) {
                fs::metadata(&self.path)?;
                fs::create_dir_all(above)?;
            }
            fs::File::create_new(&path)?
        };
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Says that everything is written, on disk when this comes back.
    pub fn finish(&mut self) -> io::Result<()> {
        self.list.write_all(format!("{}\n", inventory::WHOLE).as_bytes())?;
        self.list.sync_all()?;
        sync_folders(&self.path)
    }

    /// It has been put in place, and so have the folders above it: nothing is to be removed.
    pub fn settle(&self, held: &mut Held) {
        placed(held, true);
        held.retain(|(path, _)| *path != self.path);
    }

    /// Ends as a killed process ends: nothing is removed, the lock is gone.
    #[cfg(test)]
    pub fn die(self) {
        hold().retain(|(path, _)| *path != self.path);
        let _ = self.list.unlock();
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut open = hold();
        if let Some(at) = open.iter().position(|(path, _)| *path == self.path) {
            let (path, made) = open.remove(at);
            clear(&path);
            unmake(&made);
        }
    }
}

/// Removes a folder with everything that its list names.
fn clear(folder: &Path) {
    if let Ok(Some(inventory)) = Inventory::of(folder) {
        let _ = inventory.remove(folder);
    }
}

/// Makes a folder and those above it, and says which were made, outermost first.
fn make(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|path| !path.exists());
    let mut made: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
    made.reverse();
    match fs::create_dir_all(folder) {
        Ok(()) => Ok(made),
        Err(error) => {
            unmake(&made);
            Err(error)
        }
    }
}

/// Removes folders that were made in vain, unless something lies in them.
fn unmake(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Names are on disk only when their folder is.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened, and need not be.
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}
