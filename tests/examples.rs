//! The examples of the crates that stand by themselves do what their READMEs say.
//!
//! `cargo test` builds them; where one test binary was built alone they are missing, and skipped
//! with a notice.

use std::path::PathBuf;
use std::process::Command;

/// What an example prints, with its exit code; nothing if it was not built.
fn run(name: &str, arguments: &[&str]) -> Option<(String, Option<i32>)> {
    let own = std::env::current_exe().expect("this test's path");
    let folder: PathBuf = own.ancestors().nth(2)?.join("examples");
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        println!("the example {name} is not built: skipped; `cargo test` builds it");
        return None;
    }
    let output = Command::new(path).args(arguments).output().expect("it runs");
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code()))
}

#[test]
fn a_rolling_update_is_written_step_by_step() {
    let Some((printed, code)) = run("rollout", &["4", "25%", "25%"]) else { return };
    let steps = "new: 0 to 1\nold: 4 to 3\nnew: 1 to 2\nold: 3 to 1\nnew: 2 to 4\nold: 1 to 0\n";
    // Five pods at most, three ready at least. The set is made and the old one shrunk in one go;
    // afterwards each goes as far as the other has left room: two of the old, two of the new.
    assert_eq!((printed.as_str(), code), (steps, Some(0)));
    assert_eq!(run("rollout", &["many", "1", "0"]).expect("it is built").1, Some(2));
}

#[test]
fn a_condition_is_told_of_every_value() {
    let Some((printed, code)) = run("holds", &["result[0] < 0.05", "0.01", "0.2"]) else { return };
    assert_eq!((printed.as_str(), code), ("0.01: true\n0.2: false\n", Some(0)));
    assert_eq!(run("holds", &["result[", "1"]).expect("it is built").1, Some(2));
}

#[test]
fn two_shares_are_compared() {
    let Some((printed, code)) = run("compare", &["40/1000", "20/1000"]) else { return };
    assert!(printed.starts_with("difference, 95 %: 0.005"), "{printed}");
    assert_eq!(code, Some(0));
    assert_eq!(run("compare", &["3/2", "1/2"]).expect("it is built").1, Some(2));
}

#[test]
fn a_file_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("metrics.txt");
    std::fs::write(&file, "up{job=\"a\"} 1 1000\nup{job=\"b\"} 0 1000\n").expect("written");
    let file = file.to_string_lossy();
    let Some((printed, code)) = run("ask", &["sum(up)", &file]) else { return };
    assert_eq!((printed.as_str(), code), ("[] 1\n", Some(0)));
    assert_eq!(run("ask", &["sum(", &file]).expect("it is built").1, Some(2));
}
