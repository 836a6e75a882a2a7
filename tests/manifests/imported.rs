//! Manifests and what they are imported as, side by side in `tests/data/manifests`: a `*.import`
//! file holds the Scenario and the lists, or every problem. `UPDATE_GOLDEN=1` rewrites them.

use super::input::{files, import, name, root};
use windtunnel::base::problem::Problem;
use windtunnel::manifest::note::{Lists, Note, Weight};
use windtunnel::manifest::{print, refused};

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}

/// Notes, but for those that every manifest has: defaults of what no manifest can say.
fn listing(lists: &Lists) -> String {
    let usual = ["spec.horizon", "spec.onCall", "spec.service.concurrency", "spec.service.routes"];
    let line = |note: &Note| {
        let source = if note.source.is_empty() { "" } else { " (" };
        let end = if note.source.is_empty() { "" } else { ")" };
        let weight = if note.weight == Weight::Matters { "! " } else { "" };
        format!(
            "  {weight}{}:{} {} {}: {}{source}{}{end}\n",
            note.written_at.place.line,
            note.written_at.place.column,
            note.object,
            note.field,
            note.text,
            note.source
        )
    };
    let lists = [
        ("understood", &lists.understood),
        ("assumed", &lists.assumed),
        ("overridden", &lists.overridden),
        ("ignored", &lists.ignored),
    ];
    let text = lists.map(|(title, notes)| {
        let kept = notes.iter().filter(|n| !usual.contains(&n.field.as_str()));
        match (title, notes.as_slice()) {
            ("overridden", []) => String::new(),
            _ => format!("{title}:\n{}", kept.map(line).collect::<String>()),
        }
    });
    text.concat()
}

/// What a user would see.
fn outcome(text: &str, file: &str) -> String {
    let import = match import(text, file) {
        Ok(import) => import,
        Err(problems) => return format!("refused\n{}", lines(&problems)),
    };
    let mut out = String::new();
    for flyable in &import.flyables {
        let read = flyable.scenario();
        out.push_str(&print::yaml(&flyable.node));
        out.push_str(&match read {
            Ok((_, warnings)) => lines(&warnings),
            Err(problems) => format!("refused\n{}", lines(&problems)),
        });
        out.push_str("---\n");
    }
    out.push_str(&lines(&import.warnings));
    out + &listing(&import.lists)
}

fn check(folder: &str, golden: &str) {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for path in files(folder) {
        let text = std::fs::read_to_string(&path).expect("text");
        let found = outcome(&text, &name(&path));
        let golden = root(golden).join(name(&path)).with_extension("import");
        if update {
            std::fs::write(&golden, &found).expect("the golden file is writable");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}: expected\n{expected}found\n{found}", name(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_manifest_comes_to_what_stands_beside_it() {
    check("tests/data/manifests", "tests/data/manifests");
}

#[test]
fn the_manifests_that_come_along_are_understood_as_written_down() {
    check("scenarios/manifests", "tests/data/manifests/shipped");
}

/// What is printed is a Scenario that reads as the same Scenario.
#[test]
fn a_printed_import_can_be_flown_again() {
    for path in files("scenarios/manifests") {
        let text = std::fs::read_to_string(&path).expect("text");
        let import = import(&text, &name(&path)).unwrap_or_else(|p| panic!("{}", lines(&p)));
        for flyable in &import.flyables {
            let printed = print::yaml(&flyable.node);
            let again = windtunnel::scenario::read::read(&printed, "printed.yaml");
            let (again, _) = again.unwrap_or_else(|p| panic!("{}\n{printed}", lines(&p)));
            let (own, _) = flyable.scenario().unwrap_or_else(|p| panic!("{}", lines(&p)));
            assert_eq!(format!("{:?}", own), format!("{:?}", again), "{printed}");
        }
    }
}

#[test]
fn nothing_written_is_dropped_in_silence() {
    for path in files("scenarios/manifests") {
        let text = std::fs::read_to_string(&path).expect("text");
        let lists = import(&text, &name(&path)).unwrap_or_else(|p| panic!("{}", lines(&p))).lists;
        let said: Vec<u32> = [&lists.understood, &lists.overridden, &lists.ignored]
            .iter()
            .flat_map(|l| l.iter().map(|n| n.written_at.place.line))
            .collect();
        for (i, line) in text.lines().enumerate() {
            let line_number = i as u32 + 1;
            let bare = line.split('#').next().unwrap_or_default().trim();
            // Lines that only open a mapping or say what the document is need no note, nor do the
            // later lines of a text.
            let opens = bare.is_empty() || bare.ends_with(':') || bare.starts_with("---");
            let head = bare.starts_with("apiVersion:") || bare.starts_with("kind:");
            let inner = !bare.contains(": ");
            let told = said.contains(&line_number);
            assert!(opens || head || inner || told, "{}:{line_number}: {line}", name(&path));
        }
    }
}

#[test]
fn strictness_refuses_gaps_and_leaves_whole_manifests_alone() {
    for (file, fine) in [
        ("rolling-update.yaml", true),
        ("recreate.yaml", true),
        ("blue-green.yaml", true),
        ("canary-istio.yaml", false),
        ("ab-test-istio.yaml", false),
        ("shadow-istio.yaml", false),
        ("canary-flagger.yaml", true),
        ("canary-argo.yaml", true),
    ] {
        let text = std::fs::read_to_string(root("scenarios/manifests").join(file)).expect("text");
        let import = import(&text, file).unwrap_or_else(|p| panic!("{}", lines(&p)));
        let refused = refused(&import.lists);
        assert_eq!(refused.is_empty(), fine, "{file}: {}", lines(&refused));
    }
}

/// What the API server writes into every object is nobody's wish: `kubectl get -o yaml` passes
/// where what was applied does. A wish that happens to stand beside it does not.
#[test]
fn strictness_lets_what_the_server_wrote_pass() {
    let path = root("tests/data/manifests/kubectl-defaults.yaml");
    let text = std::fs::read_to_string(path).expect("text");
    let refusals = |text: &str| {
        let import = import(text, "dump.yaml").unwrap_or_else(|p| panic!("{}", lines(&p)));
        refused(&import.lists)
    };
    assert_eq!(lines(&refusals(&text)), "");
    for (default, wish) in [
        ("dnsPolicy: ClusterFirst", "dnsPolicy: Default"),
        ("internalTrafficPolicy: Cluster", "internalTrafficPolicy: Local"),
        ("type: ClusterIP", "type: NodePort"),
        ("securityContext: {}", "securityContext: {runAsUser: 1}"),
    ] {
        let changed = text.replace(default, wish);
        assert_ne!(changed, text, "{default} is in the text");
        assert_eq!(refusals(&changed).len(), 1, "{wish}");
    }
}
