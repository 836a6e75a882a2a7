//! Documents that run: every `windtunnel` command in `README.md`, `docs/*.md` and the course is
//! executed, the example files in them are written first, and what they link to exists.
//!
//! Commands are those of fenced blocks marked `sh` or `console` (there after `$ `). YAML blocks that
//! begin with `# name.yaml` become that file. Runs are scaled down to two replications.

use super::desk::{Answer, Desk, PROGRAM};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A fenced block: the word behind the fence, and its lines.
struct Block {
    kind: String,
    lines: Vec<String>,
}

fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = vec![Path::new(ROOT).join("README.md")];
    for folder in ["docs", "docs/course"] {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("docs");
        paths.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    paths.retain(|path| path.extension().is_some_and(|e| e == "md"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(kind), None) => {
                open = Some(Block { kind: kind.trim().to_string(), lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line.to_string()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// The commands of a block that run windtunnel.
fn commands(block: &Block) -> Vec<String> {
    let typed = |line: &String| match block.kind.as_str() {
        "sh" => Some(line.trim().to_string()),
        "console" => line.trim().strip_prefix("$ ").map(str::to_string),
        _ => None,
    };
    let typed = block.lines.iter().filter_map(typed);
    let ours = typed.map(|line| line.replace("cargo run --release -- ", "windtunnel "));
    ours.filter(|line| line.starts_with("windtunnel ") || line.contains("| windtunnel ")).collect()
}

/// The same command with so few replications that it takes a moment.
fn scaled(command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let flies = words.iter().any(|word| matches!(*word, "run" | "check"));
    let mut kept = Vec::new();
    let mut skip = false;
    for word in words {
        if !std::mem::take(&mut skip) && word != "--quick" {
            skip = matches!(word, "--replications" | "-n" | "--for");
            if !skip {
                kept.push(word);
            }
        }
        if flies && matches!(word, "run" | "check") {
            kept.extend(["--replications", "2"]);
        }
    }
    kept.join(" ")
}

fn execute(desk: &Desk, command: &str) -> Answer {
    let folder = Path::new(PROGRAM).parent().expect("a folder");
    let usual = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{usual}", desk.path("bin").display(), folder.display());
    let output = std::process::Command::new("sh")
        .args(["-c", command])
        .env("PATH", path)
        .current_dir(desk.path("."))
        .output();
    Answer::of(&output.expect("sh runs"))
}

/// Stands for a tool that need not be here: it prints manifests, as the real one would, if it is
/// called as the documents call it.
#[cfg(unix)]
fn stand_in(desk: &Desk, tool: &str, arguments: &str) {
    use std::os::unix::fs::PermissionsExt;
    let made = Path::new(ROOT).join("scenarios/manifests/rolling-update.yaml");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in {arguments}) exec cat {};; esac\nexit 1\n",
        made.display()
    );
    let name = format!("bin/{tool}");
    desk.write(&name, &script);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(desk.path(&name), executable).expect("permissions");
}

/// Example files, and the scenarios that come with windtunnel as far as a document names them.
fn prepare(desk: &Desk, text: &str) {
    let first = "scenarios/strategy-comparison.yaml";
    let below = ["manifests", "controllers", "textbook"].map(|name| format!("scenarios/{name}"));
    let folders = [vec!["scenarios".to_string()], below.to_vec()].concat();
    let entries = folders.iter().flat_map(|folder| {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("scenarios");
        entries.map(move |entry| (folder, entry.expect("an entry").path()))
    });
    for (folder, path) in entries {
        let name = format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_file() && (name == first || text.contains(&name)) {
            desk.write(&name, &fs::read_to_string(&path).expect("text"));
        }
    }
    for block in blocks(text).iter().filter(|block| block.kind == "yaml") {
        let named = block.lines.first().and_then(|line| line.strip_prefix("# "));
        if let Some(name) = named.filter(|n| n.ends_with(".yaml") && !n.contains(' ')) {
            desk.write(name, &(block.lines.join("\n") + "\n"));
        }
    }
}

#[test]
#[cfg(unix)]
fn every_command_in_the_documents_runs() {
    let mut ran = 0;
    for (path, text) in documents() {
        let desk = Desk::new();
        prepare(&desk, &text);
        stand_in(&desk, "helm", "'template my-release ./chart'");
        stand_in(&desk, "kubectl", "'kustomize overlays/prod'|'get deploy,svc,hpa,pdb -A -o yaml'");
        for command in blocks(&text).iter().flat_map(commands) {
            let answer = execute(&desk, &scaled(&command));
            // With two replications an expectation may well be undecided.
            let checks = command.contains("windtunnel check");
            let differs = command.contains("windtunnel diff") && answer.code == Some(1);
            let judged = checks && [Some(1), Some(3)].contains(&answer.code);
            let found = command.contains("windtunnel lint") && answer.code == Some(1);
            let fine = answer.code == Some(0) || judged || differs || found;
            let (name, err) = (path.display(), &answer.err);
            assert!(fine, "{name}: `{command}` ends with {:?}\n{err}", answer.code);
            ran += 1;
        }
        reference_pictures_are_made(&desk, &text);
    }
    assert!(ran >= 10, "only {ran} commands");
}

/// What stands in a document as printed by a command is what that command prints, word for word;
/// `UPDATE_GOLDEN=1` writes it. The README shows no output of another kind.
#[test]
fn printed_blocks_are_what_is_printed() {
    const MARK: &str = "<!-- printed by: ";
    let mut compared = 0;
    for (path, text) in documents() {
        let desk = Desk::new();
        prepare(&desk, &text);
        let mut new = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(MARK) {
            let (command, after) = after.split_once(" -->\n\n```text\n").expect("a block");
            let (block, after) = after.split_once("```\n").expect("its end");
            let printed = execute(&desk, command).out.trim_end().to_string() + "\n";
            let update = std::env::var_os("UPDATE_GOLDEN").is_some();
            assert!(update || block == printed, "{}: {command} prints\n{printed}", path.display());
            new += &format!("{before}{MARK}{command} -->\n\n```text\n{printed}```\n");
            rest = after;
            compared += 1;
        }
        new += rest;
        if new != text {
            fs::write(&path, new).expect("the document is writable");
        }
        if path.ends_with("README.md") && path.parent() == Some(Path::new(ROOT)) {
            let shown = blocks(&text).iter().filter(|block| block.kind == "text").count();
            assert_eq!(shown, text.matches(MARK).count(), "output that no command is named for");
        }
    }
    assert!(compared >= 2, "only {compared} blocks");
}

/// A picture below `reports/reference` is one that the document's own command has just made.
fn reference_pictures_are_made(desk: &Desk, text: &str) {
    for target in links(text).filter(|target| target.starts_with("reports/reference/")) {
        assert!(desk.path(target).exists(), "{target} is not made by the commands of its document");
    }
}

/// Targets of Markdown links and pictures.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next())
}

#[test]
fn what_the_documents_link_to_exists() {
    for (path, text) in documents() {
        let folder = path.parent().expect("a folder");
        for target in links(&text) {
            let elsewhere = target.is_empty() || target.contains("://");
            assert!(elsewhere || folder.join(target).exists(), "{}: {target}", path.display());
        }
    }
}

#[test]
fn examples_are_scenarios_without_warnings() {
    for (path, text) in documents() {
        for block in blocks(&text).iter().filter(|block| block.kind == "yaml") {
            if block.lines.iter().any(|line| line.trim() == "kind: Scenario") {
                let desk = Desk::new();
                let answer = desk.run_with(&["validate", "-"], &(block.lines.join("\n") + "\n"));
                let name = path.display();
                assert_eq!(answer.code, Some(0), "{name}\n{}", answer.err);
                assert!(answer.out.contains("no warnings"), "{name}\n{}", answer.err);
            }
        }
    }
}

#[test]
fn the_readme_and_ci_name_the_same_test_command() {
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join(name)).expect("text");
    let names = |text: &str| {
        let line = |line: &&str| line.trim() == "cargo test";
        text.lines().filter(line).count()
    };
    assert_eq!((names(&read("README.md")), names(&read(".ci/run"))), (1, 1));
}

#[test]
fn commands_are_found_and_scaled() {
    let text = "```console\n$ windtunnel run a.yaml --replications 400 --quick\nresult\n```\n\
        ```sh\ncargo test\nwindtunnel new x | windtunnel run -\n```\n```text\nwindtunnel no\n```\n";
    let found: Vec<String> = blocks(text).iter().flat_map(commands).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(scaled(&found[0]), "windtunnel run --replications 2 a.yaml");
    assert_eq!(scaled(&found[1]), "windtunnel new x | windtunnel run --replications 2 -");
}
