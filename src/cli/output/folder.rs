//! A folder that is replaced as a whole.

use super::inventory::{Inventory, NAME, Strange};
use super::leftovers::sweep;
use super::place::{Kind, Place, text};
use super::staging::{Held, Staging, hold, sync_folder};
use super::swap::{Old, SYSTEM, System, exists, put_folder, put_new};
use std::fs;
use std::io;
use std::path::Path;
use windtunnel_report::Document;

/// So often a folder is looked at that other runs replace meanwhile.
const LOOKS: usize = 20;
/// Entries that a refusal names; more are counted.
const NAMED: usize = 3;

/// A folder that may be replaced, opened before anything is flown.
#[derive(Debug)]
pub struct Folder {
    place: Place,
    staging: Staging,
}

impl Folder {
    /// Opens `typed`, or says why it can't be written: it is no folder, it holds something that is
    /// not ours, or nothing can be created beside it.
    pub fn open(typed: &str) -> Result<Folder, String> {
        let trimmed = typed.trim_end_matches('/');
        let typed = if trimmed.is_empty() { typed } else { trimmed };
        let place = Place::of(typed, Kind::Folder)?;
        sweep(place.folder());
        refuse_foreign(&place.target).map_err(|why| place.says(why))?;
        let staging = Staging::create(place.folder());
        let staging = staging.map_err(|e| {
            let beside = place.folder().display();
            place.says(format!("no folder can be created in {beside}: {}", text(&e)))
        })?;
        Ok(Folder { place, staging })
    }

    /// Writes the documents and lets them take the place of what is there. What comes back is to be
    /// told: an old folder into which something was put meanwhile, and which is kept.
    pub fn write(
        mut self,
        documents: impl Iterator<Item = Document>,
    ) -> Result<Option<String>, String> {
        for document in documents {
            self.stage(&document)?;
        }
        self.put(&SYSTEM)
    }

    /// Writes a document, not yet in place.
    pub(super) fn stage(&mut self, document: &Document) -> Result<(), String> {
        let written = self.staging.write(&document.path, &document.bytes);
        written.map_err(|e| self.failed(&document.path, &e))
    }

    /// Puts what is written in place.
    pub(super) fn put(&mut self, system: &System<'_>) -> Result<Option<String>, String> {
        let target = self.place.target.clone();
        self.staging.finish().map_err(|e| self.failed(NAME, &e))?;
        if let Err(why) = refuse_foreign(&target) {
            return Err(self.put_beside(&why));
        }
        let mut held = hold();
        let old = self.swap(&mut held, system).map_err(|e| self.place.says(text(&e)))?;
        drop(held);
        let Some(old) = old else { return Ok(None) };
        let at = old.at.clone();
        match old.discard(system) {
            Ok(strange) if strange.is_empty() => Ok(None),
            Ok(strange) => Ok(Some(format!(
                "{}: while this was flown, the old folder was changed: {}; it is kept as {}",
                self.place.typed,
                told(&strange),
                at.display()
            ))),
            // Another run may have deleted it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Ok(Some(format!(
                "{}: the report is in place, but the old one can't be deleted ({}); it lies in {}",
                self.place.typed,
                text(&error),
                at.display()
            ))),
        }
    }

    fn swap(&self, held: &mut Held, system: &System<'_>) -> io::Result<Option<Old>> {
        let target = &self.place.target;
        if let Ok(found) = fs::metadata(target) {
            fs::set_permissions(self.staging.path(), found.permissions())?;
        }
        let mut old = put_folder(self.staging.path(), target, system);
        for _ in 0..LOOKS {
            // Another run put its report there in this very moment: this one takes its place.
            let late = matches!(&old, Err(e) if e.kind() == io::ErrorKind::AlreadyExists);
            if !late || refuse_foreign(target).is_err() {
                break;
            }
            old = put_folder(self.staging.path(), target, system);
        }
        let old = old?;
        self.staging.settle(held);
        sync_folder(self.place.folder())?;
        Ok(old)
    }

    /// The target became something that is not ours: the flights are not thrown away for it.
    fn put_beside(&self, why: &str) -> String {
        let mut held = hold();
        let (target, name) = (&self.place.target, self.place.target.file_name());
        let name = name.unwrap_or_default().to_string_lossy();
        let numbered = (2..100).map(|number| target.with_file_name(format!("{name}-{number}")));
        let free = numbered.into_iter().find(|path| put_new(self.staging.path(), path).is_ok());
        let Some(path) = free else { return self.place.says(why) };
        self.staging.settle(&mut held);
        self.place.says(format!(
            "{why}; it was all right before the flights, whose results are \
            now in {}",
            path.display()
        ))
    }

    /// Ends as a killed process ends.
    #[cfg(test)]
    pub(super) fn die(self) {
        self.staging.die();
    }

    fn failed(&self, path: &str, error: &io::Error) -> String {
        format!("{}/{path}: {}", self.place.typed, text(error))
    }
}

/// Refuses a folder that holds anything but a report of ours.
fn refuse_foreign(target: &Path) -> Result<(), String> {
    let strange = steady(target).map_err(|error| text(&error))?;
    if strange.is_empty() {
        return Ok(());
    }
    let way_out = "name another folder, or move this one away";
    if strange.contains(&Strange::Unlisted("run.json".to_string())) && is_of_old(target) {
        return Err(format!(
            "it is a report of windtunnel 0.3 or earlier, which kept no list of its files, so that \
             yours among them can't be told; {way_out}"
        ));
    }
    Err(format!("it holds what windtunnel did not write: {}; {way_out}", told(&strange)))
}

/// What in the folder is not ours, looked at while no other run put its report there.
fn steady(target: &Path) -> io::Result<Vec<Strange>> {
    for _ in 0..LOOKS {
        let before = identity(target);
        let found = looked_at(target);
        if matches!(&found, Ok(strange) if strange.is_empty()) || identity(target) == before {
            return found;
        }
    }
    looked_at(target)
}

/// Which folder stands there, and with which list.
fn identity(target: &Path) -> (Option<u64>, Option<Vec<u8>>) {
    #[cfg(unix)]
    let number = fs::metadata(target).ok().map(|found| std::os::unix::fs::MetadataExt::ino(&found));
    #[cfg(not(unix))]
    let number = None;
    (number, fs::read(target.join(NAME)).ok())
}

/// What in the folder is not ours; nothing if there is no folder.
fn looked_at(target: &Path) -> io::Result<Vec<Strange>> {
    if !exists(target)? {
        return Ok(Vec::new());
    }
    let inventory = Inventory::of(target)?;
    // A list without its end is of a report that was never put in place: somebody put it there.
    let inventory = inventory.filter(|inventory| inventory.whole);
    let listed = inventory.is_some();
    let mut strange = inventory.unwrap_or_default().strange(target)?;
    if !listed && exists(&target.join(NAME))? {
        strange.push(Strange::Unlisted(NAME.to_string()));
    }
    Ok(strange)
}

/// Was it written by a windtunnel that kept no inventory?
fn is_of_old(target: &Path) -> bool {
    let text = fs::read(target.join("run.json")).unwrap_or_default();
    let run: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let keys = ["seed", "version", "command", "interrupted", "scenarios"];
    keys.iter().all(|key| run.get(key).is_some())
}

fn told(strange: &[Strange]) -> String {
    let mut words: Vec<String> = strange.iter().take(NAMED).map(Strange::to_string).collect();
    if strange.len() > NAMED {
        words.push(format!("and {} more", strange.len() - NAMED));
    }
    words.join(", ")
}
