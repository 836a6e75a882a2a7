//! A file that is replaced as a whole.

use super::leftovers::sweep;
use super::place::{Kind, Place, text};
use super::staging::{Staging, hold, sync_folder};
use super::swap::{exists, put_new};
use std::fs;
use std::io::{self, ErrorKind, Read};

/// Name of the file while it is written.
const STAGED: &str = "file";
/// So much of an old file tells whether it is ours.
const HEAD_BYTES: u64 = 4096;

/// A file that may be replaced, opened before anything is flown.
#[derive(Debug)]
pub struct File {
    place: Place,
    staging: Staging,
    /// Must nothing be there?
    new: bool,
    /// Is there an old one of ours?
    replaces: bool,
}

impl File {
    /// Opens `typed` to be replaced if it is empty or `is_ours`, by its beginning; or says why it
    /// can't be written. `what` names what is written, for the message.
    pub fn open(typed: &str, what: &str, is_ours: impl Fn(&str) -> bool) -> Result<File, String> {
        let place = Place::of(typed, Kind::File)?;
        let head = head(&place).map_err(|e| place.says(text(&e)))?;
        let old = head.filter(|head| !head.is_empty());
        if old.as_ref().is_some_and(|head| !is_ours(head)) {
            return Err(place.says(format!("it is there, and is no {what}; name another file")));
        }
        Ok(File { replaces: old.is_some(), ..File::beside(place, false)? })
    }

    /// May a file be called so? What is there is not looked at.
    pub fn may_be(typed: &str) -> Result<(), String> {
        Place::of(typed, Kind::File).map(drop)
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
        Ok(File { place, staging, new, replaces: false })
    }

    /// Is there an old one, which is ours?
    pub fn replaces(&self) -> bool {
        self.replaces
    }

    /// Writes the content, on disk but not yet in place.
    pub fn stage(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = self.staging.write(STAGED, bytes);
        written.map_err(|e| self.place.says(text(&e)))
    }

    /// Puts the content in place.
    pub fn put(self) -> Result<(), String> {
        let (fresh, target) = (self.staging.path().join(STAGED), &self.place.target);
        // Nobody leaves between the rename and what follows.
        let held = hold();
        let put = match self.new {
            true => put_new(&fresh, target),
            false => keep_mode(&fresh, target).and_then(|()| fs::rename(&fresh, target)),
        };
        let put = put.and_then(|()| sync_folder(self.place.folder()));
        drop(held);
        put.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => self.place.says("it exists by now, and is left alone"),
            _ => self.place.says(text(&error)),
        })
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

/// How the file begins; nothing if there is none.
fn head(place: &Place) -> io::Result<Option<String>> {
    if !exists(&place.target)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    fs::File::open(&place.target)?.take(HEAD_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
