//! The procedure stopped between any two steps, with and without an exchange in one step.

use super::folder::Folder;
use super::inventory::{self, Inventory};
use super::leftovers::sweep;
use super::staging::{Staging, hold};
use super::swap::{SYSTEM, System, put_folder};
use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use windtunnel_report::Document;

fn documents(text: &str) -> impl Iterator<Item = Document> {
    let document = |path: &str| Document { path: path.to_string(), bytes: text.into() };
    ["run.json", "charts/x/a.svg", "charts/b.svg"].map(document).into_iter()
}

fn open(target: &Path) -> Result<Folder, String> {
    Folder::open(&target.display().to_string())
}

fn write(target: &Path, text: &str) {
    let written = open(target).and_then(|folder| folder.write(documents(text)));
    assert_eq!(written, Ok(None));
}

/// The text of the report that stands there, which is whole.
fn text(target: &Path) -> String {
    let list = Inventory::of(target).expect("readable").expect("a report");
    assert!(list.whole && list.strange(target).expect("readable").is_empty());
    let text = |path: &str| fs::read_to_string(target.join(path)).expect("a file");
    let texts = ["run.json", "charts/x/a.svg", "charts/b.svg"].map(text);
    assert!(texts.iter().all(|other| *other == texts[0]), "mixed: {texts:?}");
    texts[0].clone()
}

fn names(folder: &Path) -> Vec<String> {
    let name = |e: io::Result<fs::DirEntry>| e.expect("an entry").file_name();
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|e| name(e).to_string_lossy().into_owned()).collect()
}

/// Writes "new" over "old", stopped as by SIGKILL at the `stop`-th step; false if there are fewer.
fn stopped(target: &Path, exchange: &dyn Fn(&Path, &Path) -> io::Result<()>, stop: usize) -> bool {
    let steps = Cell::new(0);
    let between = || {
        steps.set(steps.get() + 1);
        if steps.get() == stop { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    };
    let mut folder = open(target).expect("it can be written");
    for document in documents("new") {
        folder.stage(&document).expect("written");
    }
    let put = folder.put(&System { exchange, between: &between });
    folder.die();
    let was_stopped = steps.get() == stop;
    assert!(was_stopped || put == Ok(None), "{put:?}");
    was_stopped
}

#[test]
fn with_an_exchange_the_target_is_whole_at_every_instant() {
    let desk = tempfile::tempdir().expect("a folder");
    let target = desk.path().join("o");
    let (mut seen, mut stop) = (Vec::new(), 1);
    write(&target, "old");
    while stopped(&target, SYSTEM.exchange, stop) {
        seen.push(text(&target));
        write(&target, "old");
        assert_eq!(names(desk.path()), ["o"], "rests of a stop at step {stop}");
        stop += 1;
    }
    assert_eq!(seen, ["old", "new", "new"]);
    assert_eq!((text(&target).as_str(), names(desk.path())), ("new", vec!["o".to_string()]));
}

#[test]
fn without_an_exchange_the_next_run_puts_back_what_was_moved_aside() {
    for lacking in [ErrorKind::Unsupported, ErrorKind::InvalidInput] {
        let desk = tempfile::tempdir().expect("a folder");
        let target = desk.path().join("o");
        let exchange = |_: &Path, _: &Path| match lacking {
            ErrorKind::Unsupported => Err(lacking.into()),
            _ => Err(io::Error::from_raw_os_error(22)),
        };
        let (mut seen, mut stop) = (Vec::new(), 1);
        write(&target, "old");
        while stopped(&target, &exchange, stop) {
            let found = if target.exists() { text(&target) } else { "aside".to_string() };
            // Whatever is written beside it repairs it.
            let other = open(&desk.path().join("other")).expect("it can be written");
            let repaired = text(&target);
            assert!(repaired == found || found == "aside" && repaired == "old");
            seen.push(found);
            drop(other);
            assert_eq!(names(desk.path()), ["o"], "rests of a stop at step {stop}");
            write(&target, "old");
            stop += 1;
        }
        assert_eq!(seen, ["old", "old", "aside", "new", "new", "new"]);
        assert_eq!((text(&target).as_str(), names(desk.path())), ("new", vec!["o".to_string()]));
    }
}

#[test]
fn a_rename_that_fails_puts_the_old_one_back() {
    let desk = tempfile::tempdir().expect("a folder");
    let (target, fresh) = (desk.path().join("o"), desk.path().join("nothing"));
    write(&target, "old");
    let exchange = |_: &Path, _: &Path| Err(ErrorKind::Unsupported.into());
    let failed = put_folder(&fresh, &target, &System { exchange: &exchange, ..SYSTEM });
    assert!(failed.is_err());
    assert_eq!((text(&target).as_str(), names(desk.path())), ("old", vec!["o".to_string()]));
}

#[test]
fn what_comes_into_the_target_meanwhile_is_kept_and_so_are_the_flights() {
    let desk = tempfile::tempdir().expect("a folder");
    let target = desk.path().join("o");
    write(&target, "old");
    let folder = open(&target).expect("it can be written");
    fs::write(target.join("mine"), "precious").expect("a file");
    let why = folder.write(documents("new")).expect_err("it holds a file of the user");
    assert!(why.contains("did not write: \"mine\"") && why.ends_with("o-2"), "{why}");
    assert_eq!(text(&desk.path().join("o-2")), "new");
    assert_eq!(fs::read_to_string(target.join("mine")).expect("it stays"), "precious");
    // In the very last moment: it is exchanged, but nothing of it is deleted.
    fs::remove_file(target.join("mine")).expect("removed");
    let mut folder = open(&target).expect("it can be written");
    documents("new").for_each(|document| folder.stage(&document).expect("written"));
    let late = |one: &Path, other: &Path| {
        fs::write(target.join("mine"), "precious")?;
        (SYSTEM.exchange)(one, other)
    };
    let told = folder.put(&System { exchange: &late, ..SYSTEM }).expect("in place");
    let kept = told.expect("a word on it");
    let kept = Path::new(kept.rsplit(' ').next().expect("a path"));
    assert_eq!(text(&target), "new");
    assert_eq!(fs::read_to_string(kept.join("mine")).expect("it stays"), "precious");
    assert!(kept.join("run.json").is_file(), "nothing of it was deleted");
    drop(folder);
    sweep(desk.path());
    assert!(kept.join("mine").is_file(), "nor is it later");
}

#[test]
fn a_living_run_is_left_alone() {
    let desk = tempfile::tempdir().expect("a folder");
    let mut alive = Staging::create(desk.path()).expect("created");
    alive.write("a.csv", b"a").expect("written");
    sweep(desk.path());
    assert!(alive.path().join("a.csv").exists());
    let path = alive.path().to_path_buf();
    alive.die();
    sweep(desk.path());
    assert!(!path.exists());
}

#[test]
fn folders_above_that_were_made_in_vain_are_removed() {
    let desk = tempfile::tempdir().expect("a folder");
    fs::create_dir(desk.path().join("there")).expect("a folder");
    let folder = open(&desk.path().join("there/a/b/c")).expect("it can be written");
    assert!(desk.path().join("there/a/b").exists());
    drop(folder);
    assert_eq!(names(&desk.path().join("there")), Vec::<String>::new());
}

#[test]
fn documents_stay_in_their_folder_and_their_line() {
    let plain = ["a", "a/b.csv", "telemetry/x y/ä.om"];
    assert!(plain.iter().all(|path| inventory::is_plain(path)));
    let odd = ["", "/a", "../a", "a/../b", "./a", "a\nb", "a\u{1b}b", "inventory.txt"];
    for path in odd {
        assert!(!inventory::is_plain(path), "{path:?}");
    }
    let desk = tempfile::tempdir().expect("a folder");
    let mut staging = Staging::create(desk.path()).expect("created");
    assert!(staging.write("../a", b"").is_err());
    staging.settle(&mut hold());
}

#[test]
fn an_old_report_that_cannot_be_deleted_is_told_with_its_place() {
    let desk = tempfile::tempdir().expect("a folder");
    let target = desk.path().join("o");
    write(&target, "old");
    let mut folder = open(&target).expect("it can be written");
    documents("new").for_each(|document| folder.stage(&document).expect("written"));
    let steps = Cell::new(0);
    let between = || {
        steps.set(steps.get() + 1);
        // The second step is the deletion.
        if steps.get() == 2 { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    };
    let told = folder.put(&System { between: &between, ..SYSTEM }).expect("in place");
    let told = told.expect("a word on it");
    assert!(told.contains("can't be deleted (permission denied)"), "{told}");
    assert_eq!(text(Path::new(told.rsplit(' ').next().expect("a path"))), "old");
    assert_eq!(text(&target), "new");
}

#[test]
fn runs_that_replace_each_other_blame_nobody() {
    let desk = tempfile::tempdir().expect("a folder");
    let target = desk.path().join("o");
    write(&target, "first");
    std::thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let target = &target;
            scope.spawn(move || (0..20).for_each(|_| write(target, name)));
        }
    });
    assert!(["one", "two", "three"].contains(&text(&target).as_str()));
    assert_eq!(names(desk.path()), ["o"]);
}

#[test]
fn nothing_comes_into_being_in_a_folder_that_was_removed() {
    let desk = tempfile::tempdir().expect("a folder");
    let mut staging = Staging::create(desk.path()).expect("created");
    staging.write("a/b.csv", b"a").expect("written");
    fs::remove_dir_all(staging.path()).expect("removed");
    assert!(staging.write("c.csv", b"c").is_err() && staging.write("d/e.csv", b"e").is_err());
    assert!(!staging.path().exists());
}
