//! The house keeps its shape: imports point down the layers of `docs/architecture.md`, and the tidy
//! rules hold. Between crates the compiler sees to it; their order is read from their manifests.
//! Within `crates/model`, which has several rooms, the text is read, so that a new file is under
//! the rules at once.

use std::fs;
use std::path::Path;

/// The crates, lowest first, each with its layer; a crate names only lower ones.
const CRATES: &[(&str, u32)] = &[
    ("base", 1),
    ("stats", 2),
    ("expr", 2),
    ("promql", 2),
    ("controllers", 3),
    ("model", 4),
    ("scenario", 5),
    ("engine", 5),
    ("lint", 4),
    ("manifest", 6),
    ("experiment", 6),
    ("report", 7),
];

/// Rooms of `crates/model`, each with its layer; a room names only lower ones.
const LAYERS: &[(&str, u32)] = &[
    ("world", 1),
    ("traffic", 2),
    ("fault", 2),
    ("telemetry", 2),
    ("analysis", 3),
    ("strategy", 4),
    ("outcome", 5),
    ("scenario", 6),
];

/// Where those rooms are.
const ROOMS: &str = "crates/model/src/";

/// Files that may hold a hash table, each with its reason; nobody may iterate one.
const MAY_HASH: &[&str] = &[];

/// Sites outside tests that may panic by `unwrap()`; lower it whenever one goes.
const UNWRAPS: usize = 0;

/// Longest function.
const FUNCTION_LINES: usize = 70;

/// Functions that are longer, with their length; lower or remove an entry, never raise one.
const LONG_FUNCTIONS: &[(&str, &str, usize)] = &[];

/// Longest line.
const COLUMNS: usize = 100;

struct Source {
    /// Path from the top, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// The crate that it belongs to; `src` for the program's own.
    fn krate(&self) -> &str {
        let path = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        path.split('/').next().unwrap_or_default()
    }

    /// The room of `crates/model` that it lies in; its own file is in none.
    fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix(ROOMS)?.split('/').next()?;
        Some(below.trim_end_matches(".rs")).filter(|room| *room != "lib")
    }

    /// The text before the tests at its end.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs")
    }
}

fn sources() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(top, &top.join("src"), &mut found);
    collect(top, &top.join("crates"), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "only {} files found", found.len());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let below = path.strip_prefix(root).expect("below the top");
            let names: Vec<_> =
                below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
            let text = fs::read_to_string(&path).expect("a readable file");
            found.push(Source { path: names.join("/"), text });
        }
    }
}

/// A line without its comment; texts in quotes stay, they hold no paths of ours.
fn bare(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Top-level modules that a text names after `crate::`, with the line, groups included.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut group = 0;
    for (number, line) in text.lines().enumerate() {
        let mut rest = bare(line);
        if group > 0 {
            // A `use crate::{` that goes on over several lines.
            for word in rest.split([',', '{', '}', ' ']).filter(|w| !w.is_empty()) {
                if group == 1 {
                    found.push((number + 1, first_name(word)));
                }
            }
            group += rest.matches('{').count();
            group = group.saturating_sub(rest.matches('}').count());
            continue;
        }
        while let Some(at) = rest.find("crate::") {
            let own = at == 0 || !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '$');
            rest = &rest[at + "crate::".len()..];
            if !own {
                continue;
            }
            if let Some(inner) = rest.strip_prefix('{') {
                let closed = inner.find("};");
                let names = closed.map_or(inner, |end| &inner[..end]);
                found.extend(top_level(names).map(|name| (number + 1, name)));
                group = usize::from(closed.is_none());
            } else {
                found.push((number + 1, first_name(rest)));
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

/// The names of a group that stand outside inner braces.
fn top_level(names: &str) -> impl Iterator<Item = String> + '_ {
    let mut depth = 0;
    let mut outer = String::new();
    for c in names.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if depth == 0 => outer.push(c),
            _ => {}
        }
    }
    outer.split(',').map(|n| first_name(n.trim())).collect::<Vec<_>>().into_iter()
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn layer(module: &str) -> Option<u32> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// Imports of one file that point up, sideways, or nowhere.
fn wrong_edges(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let path = &source.path;
    let Some(own) = layer(room) else {
        return vec![format!("{path} belongs to no layer: add its folder to the table")];
    };
    let wrong = |(line, name): (usize, String)| {
        if room == name {
            return None;
        }
        match layer(&name) {
            Some(other) if other < own => None,
            Some(other) => {
                Some(format!("{path}:{line}: layer {own} imports {name}, layer {other}"))
            }
            None if name.starts_with(char::is_uppercase) => None,
            None => Some(format!("{path}:{line}: {name} belongs to no layer")),
        }
    };
    imports(&source.text).into_iter().filter_map(wrong).collect()
}

#[test]
fn imports_point_down() {
    let wrong: Vec<String> = sources().iter().flat_map(wrong_edges).collect();
    assert!(wrong.is_empty(), "{} wrong imports:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn wrong_imports_are_found() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let count =
        |path: &str, text: &str| wrong_edges(&source(&format!("{ROOMS}{path}"), text)).len();
    assert_eq!(count("strategy/shadow.rs", "use crate::world::pod::Pod;\n"), 0);
    assert_eq!(count("strategy/shadow.rs", "use crate::outcome::csv;\n"), 1, "upward");
    assert_eq!(count("fault/mod.rs", "use crate::traffic::Steps;\n"), 1, "sideways");
    assert_eq!(count("world/pod.rs", "fn f(x: &crate::fault::Fault) {}\n"), 1, "in a path");
    assert_eq!(count("world/pod.rs", "use crate::{world::user, fault::Fault};\n"), 1, "a group");
    let lines = "use crate::{\n    world::user::{A, B},\n    fault::error,\n};\n";
    assert_eq!(count("world/pod.rs", lines), 1, "a group over lines");
    assert_eq!(count("world/pod.rs", "// see crate::fault\n"), 0, "a comment");
    assert_eq!(count("world/pod.rs", "macro_rules! m { () => { $crate::fault::f() } }\n"), 0);
    assert_eq!(count("elsewhere/new.rs", ""), 1, "a folder without a layer");
    assert_eq!(count("world/user.rs", "use crate::nowhere::X;\n"), 1, "an unknown module");
    assert_eq!(wrong_edges(&source("src/cli/mod.rs", "use crate::nowhere::X;\n")).len(), 0);
}

#[test]
fn every_layer_is_there() {
    let sources = sources();
    for (name, _) in LAYERS {
        assert!(sources.iter().any(|s| s.room() == Some(*name)), "no room {name}");
    }
}

/// Names of our own crates in the dependencies of a manifest; what only tests need does not count.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut counts = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            counts = line == "[dependencies]";
        }
        let own = line.strip_prefix("windtunnel-").filter(|_| counts);
        found.extend(own.map(first_name));
    }
    found
}

#[test]
fn crates_name_lower_ones_only() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let layer = |name: &str| CRATES.iter().find(|(known, _)| *known == name).map(|(_, l)| *l);
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&folder).expect("a readable folder") {
        let entry = entry.expect("a readable entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        let Some(own) = layer(&name) else {
            wrong.push(format!("crates/{name} belongs to no layer: add it to the table"));
            continue;
        };
        let upward = |other: &String| layer(other).is_none_or(|other| other >= own);
        wrong.extend(
            dependencies(&manifest)
                .into_iter()
                .filter(upward)
                .map(|other| format!("crates/{name}, layer {own}, names {other}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    let text = "[dependencies]\nwindtunnel-base.workspace = true\nserde = \"1\"\n\
                [dev-dependencies]\nwindtunnel-engine.workspace = true\n";
    assert_eq!(dependencies(text), ["base"]);
}

/// Crates that are to run where there are no files, threads, clocks, processes or terminals.
const PURE: &[&str] =
    &["base", "stats", "expr", "promql", "controllers", "model", "scenario", "engine"];

#[test]
fn what_flies_needs_no_machine() {
    let names = [
        "std::fs",
        "std::thread",
        "std::process",
        "std::net",
        "std::env",
        "std::io::std",
        "Instant::now",
        "SystemTime",
        "std::os",
        "println!",
        "eprintln!",
    ];
    let mut wrong = Vec::new();
    let of_library = |s: &&Source| s.path.contains("/src/") && !s.is_test();
    for source in sources().iter().filter(of_library).filter(|s| PURE.contains(&s.krate())) {
        for (number, line) in source.code().lines().enumerate() {
            if let Some(name) = names.iter().find(|name| bare(line).contains(*name)) {
                wrong.push(format!("{}:{}: {name}", source.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// No crate of ours may step around the compiler.
#[test]
fn every_crate_forbids_what_is_unsafe() {
    let roots = sources().into_iter().filter(|s| s.path.ends_with("src/lib.rs"));
    let (with, without): (Vec<Source>, Vec<Source>) =
        roots.partition(|s| s.text.contains("#![forbid(unsafe_code)]"));
    let names: Vec<&str> = without.iter().map(|s| s.path.as_str()).collect();
    assert!(names.is_empty(), "{names:?}");
    assert_eq!(with.len(), CRATES.len() + 1);
}

#[test]
fn nothing_depends_on_the_order_of_a_hash_table() {
    let hashed = |s: &&Source| {
        let used = |line: &str| bare(line).contains("HashMap") || bare(line).contains("HashSet");
        s.code().lines().any(used) && !MAY_HASH.contains(&s.path.as_str())
    };
    let sources = sources();
    let found: Vec<&str> = sources.iter().filter(hashed).map(|s| s.path.as_str()).collect();
    assert!(found.is_empty(), "use a BTreeMap, or a sorted list: {found:?}");
}

#[test]
fn unwraps_only_become_fewer() {
    let sites = |s: &Source| s.code().lines().filter(|l| bare(l).contains(".unwrap()")).count();
    let sources = sources();
    let found: usize = sources.iter().filter(|s| !s.is_test()).map(sites).sum();
    assert!(found == UNWRAPS, "{found} unwraps outside tests, {UNWRAPS} allowed: remove or lower");
}

/// (name, lines) of every function of a text, by its indentation (the formatter keeps it).
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(name) = function_name(line.trim_start()) else { continue };
        let close = format!("{}}}", " ".repeat(indent));
        let ends = |l: &&str| *l == close || l.trim_end().ends_with(';') && l.starts_with(&close);
        if line.trim_end().ends_with(['}', ';']) {
            continue;
        }
        if let Some(length) = lines[start..].iter().position(ends) {
            found.push((name, length + 1));
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let words = ["pub(super) ", "pub(crate) ", "pub ", "const ", "unsafe ", "async "];
    let bare = words.iter().fold(line, |l, word| l.strip_prefix(word).unwrap_or(l));
    bare.strip_prefix("fn ").map(first_name)
}

#[test]
fn functions_fit_a_screen() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, lines) in functions(&source.text) {
            let known = LONG_FUNCTIONS.iter().find(|(p, n, _)| *p == source.path && *n == name);
            let limit = known.map_or(FUNCTION_LINES, |(.., lines)| *lines);
            if lines > limit {
                wrong.push(format!("{}: {name} has {lines} lines", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "longer than {FUNCTION_LINES} lines:\n{}", wrong.join("\n"));
}

#[test]
fn long_functions_are_found() {
    let body = "    x();\n".repeat(80);
    let text = format!("pub fn long(\n    a: u8,\n) {{\n{body}}}\n\nfn short() {{\n    y();\n}}\n");
    assert_eq!(functions(&text), [("long".to_string(), 84), ("short".to_string(), 3)]);
}

#[test]
fn lines_end_at_the_margin() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if line.chars().count() > COLUMNS {
                wrong.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "longer than {COLUMNS} columns:\n{}", wrong.join("\n"));
}

/// Random addresses of flights are written in one file, where a test asks whether two meet.
#[test]
fn purposes_of_draws_are_named_in_one_file() {
    let elsewhere =
        sources().into_iter().filter(|source| source.path != "crates/engine/src/address.rs");
    let names = |source: &Source| {
        source.krate() == "engine" && !source.is_test() && source.code().contains("Purpose")
    };
    let found: Vec<String> = elsewhere.filter(names).map(|source| source.path).collect();
    assert!(found.is_empty(), "{found:?}");
}
