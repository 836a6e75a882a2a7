//! A folder to work in, and one way to run the program there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_windtunnel");

/// A scenario that is flown in milliseconds and in which every strategy has something to do.
pub const SMALL: &str = "\
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: small}
spec:
  horizon: 4m
  service:
    replicas: 3
    startup: 5s
    routes: [{name: home, serviceTime: {exponential: {mean: 30ms}}}]
  traffic: {users: 200, arrivals: {poisson: {rate: 10/s}}}
  release:
    at: 30s
    variants: [{name: good, share: 80%}, {name: bad, share: 20%, faults: [{errors: {rate: 30%}}]}]
  onCall: {acknowledge: 10s, decide: 10s}
  strategies:
    - rollingUpdate
    - canary: {steps: [20%, 100%], interval: 30s, checks: [{errorRate: {max: 10%}}]}
    - abTest: {duration: 1m}
  expect:
    - canary · bad · users_exposed > 0
";

/// A folder that vanishes with the test.
pub struct Desk {
    folder: TempDir,
}

/// What a run of the program came to.
pub struct Answer {
    /// Exit code; nothing if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Desk {
    /// A folder with `small.yaml` in it.
    pub fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().expect("a temporary folder") };
        desk.write("small.yaml", SMALL);
        desk
    }

    /// Where a name lies in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Runs the program here.
    pub fn run(&self, args: &[&str]) -> Answer {
        self.run_with(args, "")
    }

    /// Runs the program here with a text as standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Answer {
        let mut command = assert_cmd::Command::new(PROGRAM);
        let command = command.args(args).current_dir(self.folder.path()).write_stdin(input);
        Answer::of(&command.output().expect("the program starts"))
    }

    /// Runs the program here and asks for exit code 0; gives standard output.
    pub fn fine(&self, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(0), "{args:?}\n{}\n{}", answer.out, answer.err);
        answer.out
    }

    /// Names of everything directly in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let name = |e: std::io::Result<fs::DirEntry>| e.expect("an entry").file_name();
        let mut names: Vec<String> =
            entries.map(|e| name(e).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// All files below a name, with their bytes.
    pub fn files(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let root = self.path(name);
        collect(&root, &root, &mut files);
        files
    }
}

impl Answer {
    /// From what a process left behind.
    pub fn of(output: &std::process::Output) -> Answer {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Answer { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below the root").to_path_buf();
            files.insert(name, fs::read(&path).expect("a file"));
        }
    }
}
