//! From a typed path to the place that is to be written: links are followed, and what can never be
//! written is refused.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// So many links in a row are a circle.
const LINKS: u32 = 40;

/// What is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder with everything in it.
    Folder,
    /// A file.
    File,
}

/// Where something is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path as it was typed, for messages.
    pub typed: String,
    /// The target itself, which is no link; nothing may be there yet.
    pub target: PathBuf,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Folder => "folder",
            Kind::File => "file",
        }
    }
}

impl Place {
    /// The place that `typed` names, or why nothing can be written there. What is in it is not
    /// looked at.
    pub fn of(typed: &str, kind: Kind) -> Result<Place, String> {
        let word = kind.word();
        if typed.is_empty() {
            return Err(format!("an empty name names no {word}"));
        }
        if typed == "-" {
            return Err(format!("\"-\" stands for standard output; a {word} called so is \"./-\""));
        }
        if kind == Kind::File && typed.ends_with(['/', std::path::MAIN_SEPARATOR]) {
            return Err(format!("{typed:?} names a folder, where a file is to be written"));
        }
        let target = followed(Path::new(typed), kind).map_err(|why| format!("{typed}: {why}"))?;
        let place = Place { typed: typed.to_string(), target };
        place.refuse_odd_names()?;
        Ok(place)
    }

    /// The folder in which the target lies, or is to lie.
    pub fn folder(&self) -> &Path {
        let folder = self.target.parent().unwrap_or(Path::new("."));
        if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
    }

    /// A message about the target, by the name that the user gave it.
    pub fn says(&self, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.typed)
    }

    fn refuse_odd_names(&self) -> Result<(), String> {
        let name = self.target.file_name().and_then(|name| name.to_str());
        match name {
            Some(name) if !name.contains(char::is_control) => Ok(()),
            _ => Err(format!("{:?}: a name of printable characters is needed", self.typed)),
        }
    }
}

/// The path behind all links.
fn followed(typed: &Path, kind: Kind) -> Result<PathBuf, String> {
    let mut path = typed.to_path_buf();
    for step in 0..LINKS {
        let last = path.components().next_back();
        if !matches!(last, Some(Component::Normal(_))) {
            let inside = "name one inside it, such as ./report";
            return Err(format!("it is not replaced as a whole; {inside}"));
        }
        // The real folder, so that `..` and links in the middle mean what the system means.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = real(folder.unwrap_or(Path::new("."))).map_err(|e| text(&e))?;
        let target = folder.join(path.file_name().unwrap_or_default());
        let found = match fs::symlink_metadata(&target) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound && step == 0 => return Ok(target),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(format!("it is a link to {}, which does not exist", path.display()));
            }
            Err(error) => return Err(text(&error)),
        };
        if !found.is_symlink() {
            return fits(&target, &found, kind).map(|()| target);
        }
        if folder.starts_with("/proc") {
            return Err("it stands for an open stream; name a file or folder".to_string());
        }
        path = folder.join(fs::read_link(&target).map_err(|e| text(&e))?);
    }
    Err("links lead in a circle".to_string())
}

/// A folder without links; where it does not exist yet, only that part of it which does.
fn real(folder: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (above, name) = (folder.parent(), folder.file_name());
            let Some((above, name)) = above.zip(name) else { return Err(error) };
            // A link that leads nowhere is no folder that could be made.
            if fs::symlink_metadata(folder).is_ok() {
                return Err(error);
            }
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            Ok(real(above)?.join(name))
        }
        other => other,
    }
}

/// Can what is there be replaced by what is to be written?
fn fits(target: &Path, found: &fs::Metadata, kind: Kind) -> Result<(), String> {
    let fits = match kind {
        Kind::Folder => found.is_dir(),
        Kind::File => found.is_file(),
    };
    if !fits {
        return Err(format!("it is a {}, not a {}", what(found), kind.word()));
    }
    if is_mounted(target, found) {
        return Err("something is mounted there, which cannot be replaced; \
             name one inside it"
            .to_string());
    }
    let here = std::env::current_dir().and_then(fs::canonicalize);
    if here.is_ok_and(|here| here.starts_with(target)) {
        return Err("it is the folder that you are in; name another".to_string());
    }
    Ok(())
}

/// What a path names, in a word.
fn what(found: &fs::Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        if kind.is_fifo() {
            return "named pipe";
        }
        if kind.is_socket() {
            return "socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "device";
        }
    }
    if found.is_dir() { "folder" } else { "file" }
}

/// Is something mounted at this very path?
#[cfg(target_os = "linux")]
fn is_mounted(target: &Path, _: &fs::Metadata) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let found = statx(CWD, target, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS);
    found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_mounted(target: &Path, found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let above = target.parent().map(fs::metadata);
    above.is_some_and(|above| above.is_ok_and(|above| above.dev() != found.dev()))
}

#[cfg(not(unix))]
fn is_mounted(_: &Path, _: &fs::Metadata) -> bool {
    false
}

/// What the system says, without its number.
pub fn text(error: &io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or_default().to_string()
}
