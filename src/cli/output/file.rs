//! A file that is replaced as a whole.

use super::inventory::digest;
use super::leftovers::sweep;
use super::place::{Kind, Place, text};
use super::staging::{Held, Staging, hold, placed, sync_folder};
use super::swap::{exists, put_new};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

/// Name of the file while it is written.
const STAGED: &str = "file";
/// A larger file is not looked at, and is not ours.
const LARGEST_BYTES: u64 = 1 << 30;

/// A file that may be replaced, opened before anything is flown.
#[derive(Debug)]
pub struct File {
    place: Place,
    staging: Staging,
    /// Must nothing be there?
    new: bool,
    /// Digest of what is there.
    old: Option<String>,
}

impl File {
    /// Opens `typed` to be replaced if it is empty or, by its whole text, `is_ours`; or says why it
    /// can't be written. `what` names what is written, for the message.
    pub fn open(typed: &str, what: &str, is_ours: impl Fn(&str) -> bool) -> Result<File, String> {
        let place = Place::of(typed, Kind::File)?;
        let old = content(&place).map_err(|e| place.says(text(&e)))?;
        let foreign = |old: &Vec<u8>| !old.is_empty() && !is_ours(&String::from_utf8_lossy(old));
        if old.as_ref().is_some_and(foreign) {
            return Err(place.says(format!(
                "it is there, and is no {what}, or was changed since; name another file, or move \
                 this one away"
            )));
        }
        Ok(File { old: old.map(|old| digest(&old)), ..File::beside(place, false)? })
    }

    /// The file behind the links that `typed` may name.
    pub fn target(typed: &str) -> Result<PathBuf, String> {
        Place::of(typed, Kind::File).map(|place| place.target)
    }

    /// What a file of this name holds; nothing if there is none. Fails if no file may be called so.
    pub fn peek(typed: &str) -> Result<Option<String>, String> {
        let place = Place::of(typed, Kind::File)?;
        let found = content(&place).map_err(|e| place.says(text(&e)))?;
        Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Opens `typed`, where nothing may be yet.
    pub fn open_new(typed: &str) -> Result<File, String> {
        let place = Place::of(typed, Kind::File)?;
        if exists(&place.target).map_err(|e| place.says(text(&e)))? {
            return Err(place.says("it exists already, and is left alone"));
        }
        File::beside(place, true)
    }

    fn beside(place: Place, new: bool) -> Result<File, String> {
        if !place.folder().is_dir() {
            return Err(place.says(format!("there is no folder {}", place.folder().display())));
        }
        sweep(place.folder());
        let staging = Staging::create(place.folder());
        let staging = staging.map_err(|e| {
            let beside = place.folder().display();
            place.says(format!("nothing can be created in {beside}: {}", text(&e)))
        })?;
        Ok(File { place, staging, new, old: None })
    }

    /// Writes the content, on disk but not yet in place.
    pub fn stage(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = self.staging.write(STAGED, bytes);
        written.map_err(|e| self.place.says(text(&e)))
    }

    /// Puts the content in place.
    pub fn put(self) -> Result<(), String> {
        File::put_all(&[&self])
    }

    /// Puts some files in place, one after the other; nobody leaves between them.
    pub fn put_all(files: &[&File]) -> Result<(), String> {
        let held = hold();
        files.iter().filter(|file| !file.new).try_for_each(|file| file.refuse_changed())?;
        files.iter().try_for_each(|file| file.put_held(&held))
    }

    fn put_held(&self, held: &Held) -> Result<(), String> {
        let (fresh, target) = (self.staging.path().join(STAGED), &self.place.target);
        let put = match self.new {
            true => put_new(&fresh, target),
            false => keep_mode(&fresh, target).and_then(|()| fs::rename(&fresh, target)),
        };
        placed(held, put.is_ok());
        let put = put.and_then(|()| sync_folder(self.place.folder()));
        put.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => self.place.says("it exists by now, and is left alone"),
            _ => self.place.says(text(&error)),
        })
    }

    /// Whatever was written there since it was opened is not ours to replace.
    fn refuse_changed(&self) -> Result<(), String> {
        let now = content(&self.place).map_err(|e| self.place.says(text(&e)))?;
        match now.map(|now| digest(&now)) {
            Some(now) if self.old.as_ref() != Some(&now) => {
                Err(self.place.says("it was changed meanwhile, and is left alone"))
            }
            _ => Ok(()),
        }
    }

    /// Writes and puts in place.
    pub fn write(mut self, bytes: &[u8]) -> Result<(), String> {
        self.stage(bytes)?;
        self.put()
    }
}

/// Who may read the old file may read the new one.
fn keep_mode(fresh: &std::path::Path, target: &std::path::Path) -> io::Result<()> {
    match fs::metadata(target) {
        Ok(found) => fs::set_permissions(fresh, found.permissions()),
        Err(_) => Ok(()),
    }
}

/// What the file holds; nothing if there is none.
fn content(place: &Place) -> io::Result<Option<Vec<u8>>> {
    if !exists(&place.target)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    fs::File::open(&place.target)?.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST_BYTES {
        true => Err(io::Error::other("it is there, and larger than what windtunnel writes")),
        false => Ok(Some(bytes)),
    }
}
