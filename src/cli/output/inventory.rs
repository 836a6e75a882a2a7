//! The list of files that windtunnel wrote into a folder, kept in the folder: how a report of ours
//! is told from everything else.
//!
//! ```text
//! windtunnel.dev/report/v1
//! 9e107d9d372bb6826bd81d3542a419d6  runs.csv
//! e4d909c290d0fb1ca068ffaddf22cbd0  charts/overview.svg
//! whole
//! ```
//!
//! A line is written before its file is, so that whatever a killed run leaves is listed. A folder
//! is ours if the list is whole, every file is listed, and every file is what was written: an entry
//! that is not listed, or a file that was changed since, belongs to the user. Nothing but listed
//! files is ever deleted.

use md5::{Digest, Md5};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

/// Name of the list.
pub const NAME: &str = "inventory.txt";
/// First line of the list.
pub const MAGIC: &str = "windtunnel.dev/report/v1";
/// Last line of the list.
pub const WHOLE: &str = "whole";

/// A list as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Digest of each file, by its path with slashes.
    files: BTreeMap<String, String>,
    /// Was everything written?
    pub whole: bool,
}

/// The digest of a content.
pub fn digest(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The line of a file.
pub fn line(path: &str, bytes: &[u8]) -> String {
    format!("{}  {path}\n", digest(bytes))
}

/// May a document have this path? It stays in its folder, and in its line.
pub fn is_plain(path: &str) -> bool {
    let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
    let inner = Path::new(path).components().all(normal);
    inner && !path.is_empty() && !path.contains(char::is_control) && path != NAME
}

impl Inventory {
    /// The list of a folder; nothing if it has none that is ours.
    pub fn of(folder: &Path) -> io::Result<Option<Inventory>> {
        let path = folder.join(NAME);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => Ok(Inventory::parse(&fs::read(path)?)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Inventory> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split_inclusive('\n').map(|line| line.strip_suffix('\n'));
        if lines.next()? != Some(MAGIC) {
            return None;
        }
        let mut inventory = Inventory::default();
        // The last line of a killed run may be cut: its file was not begun.
        for line in lines.flatten() {
            match line.split_once("  ") {
                Some((digest, path)) if is_plain(path) => {
                    inventory.files.insert(path.to_string(), digest.to_string());
                }
                _ => inventory.whole = line == WHOLE,
            }
        }
        Some(inventory)
    }

    /// What in the folder is not as it was written: strange entries first, then changed files. A
    /// file that is gone is no loss.
    pub fn strange(&self, folder: &Path) -> io::Result<Vec<Strange>> {
        let mut found = Vec::new();
        self.compare(folder, "", &mut found)?;
        found.sort();
        Ok(found)
    }

    fn compare(&self, folder: &Path, below: &str, found: &mut Vec<Strange>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() && self.folders().contains(Path::new(&name)) {
                self.compare(&entry.path(), &format!("{name}/"), found)?;
                continue;
            }
            match self.files.get(&name).filter(|_| kind.is_file()) {
                Some(written) if *written == digest_of(&entry.path())? => {}
                Some(_) => found.push(Strange::Changed(name)),
                None if name == NAME && kind.is_file() => {}
                None => found.push(Strange::Unlisted(name)),
            }
        }
        Ok(())
    }

    /// The folders in which listed files lie.
    fn folders(&self) -> BTreeSet<&Path> {
        let inner = self.files.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
        inner.filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// Deletes the listed files, the folders that are empty then, the list, and the folder; an
    /// error if anything stays. Files that are gone already are fine.
    pub fn remove(&self, folder: &Path) -> io::Result<()> {
        let files = self.files.keys().map(|path| folder.join(path));
        for file in files {
            gone(fs::remove_file(file))?;
        }
        let mut folders: Vec<PathBuf> =
            self.folders().into_iter().map(|path| folder.join(path)).collect();
        folders.sort();
        for inner in folders.into_iter().rev() {
            gone(fs::remove_dir(inner))?;
        }
        gone(fs::remove_file(folder.join(NAME)))?;
        gone(fs::remove_dir(folder))
    }
}

/// An entry of a folder that is not of the report in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strange {
    /// It is not listed.
    Unlisted(String),
    /// It is listed, but is not what was written.
    Changed(String),
}

impl std::fmt::Display for Strange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Strange::Unlisted(name) => write!(f, "{name:?}"),
            Strange::Changed(name) => write!(f, "{name:?} (changed since)"),
        }
    }
}

/// The digest of a file, read piece by piece.
fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (fs::File::open(path)?, Md5::new());
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&piece[..read]),
        }
    }
}

/// What is gone already needs not go.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
