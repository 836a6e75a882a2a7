//! The corpus of metric checks as public repositories have them, labelled by hand before there were
//! rules: how many faults are found, and how many findings are none.
//!
//! Rules are mended with the odd files in view; the even ones are set aside for the measurement.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel_base::node::Node;
use windtunnel_lint::lint;
use windtunnel_lint::read::Document;
use windtunnel_scenario::yaml;

/// What the labels say of a check.
struct Label {
    faults: BTreeSet<String>,
    doubtful: BTreeSet<String>,
}

/// How findings and labels compare.
#[derive(Default)]
struct Tally {
    found: u32,
    missed: u32,
    wrong: u32,
    lines: Vec<String>,
}

impl Tally {
    fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.found + self.missed)
    }

    fn precision(&self) -> f64 {
        f64::from(self.found) / f64::from(self.found + self.wrong)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/lint")
}

fn documents(path: &Path) -> Vec<Node> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    yaml::documents(&text, &path.display().to_string()).expect("YAML")
}

fn codes(label: &Node, key: &str) -> BTreeSet<String> {
    let items = label.items_at(key).iter();
    items.map(|code| code.text().expect("a code").to_string()).collect()
}

/// Labels by file and metric.
fn labels() -> BTreeMap<(String, String), Label> {
    let all = documents(&folder().join("labels.yaml"));
    let items = all[0].items().iter();
    let one = |label: &Node| {
        let text = |key: &str| label.get(key).and_then(Node::text).expect("a text").to_string();
        let found = Label { faults: codes(label, "faults"), doubtful: codes(label, "doubtful") };
        ((text("file"), text("metric")), found)
    };
    items.map(one).collect()
}

/// Compares all files whose number is odd, or even.
fn tally(odd: bool) -> Tally {
    let labels = labels();
    let files: BTreeSet<&String> = labels.keys().map(|(file, _)| file).collect();
    let mut tally = Tally::default();
    for name in files {
        let number: u32 = name["corpus/".len()..][..3].parse().expect("a number");
        if (number % 2 == 1) != odd {
            continue;
        }
        let file: Arc<str> = Arc::from(name.as_str());
        let nodes = documents(&folder().join(name));
        let all: Vec<Document<'_>> =
            nodes.iter().map(|node| Document { file: &file, node }).collect();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in lint(&all).findings {
            found.entry(finding.check).or_default().insert(finding.code.to_string());
        }
        for ((of, metric), label) in &labels {
            if of != name {
                continue;
            }
            let found = found.remove(metric).unwrap_or_default();
            tally.found += found.intersection(&label.faults).count() as u32;
            for code in label.faults.difference(&found) {
                tally.missed += 1;
                tally.lines.push(format!("{name} {metric}: {code} is not found"));
            }
            for code in found.difference(&label.faults).filter(|c| !label.doubtful.contains(*c)) {
                tally.wrong += 1;
                tally.lines.push(format!("{name} {metric}: {code} is found and is none"));
            }
        }
        for (metric, codes) in found {
            tally.lines.push(format!("{name} {metric}: no label, and found {codes:?}"));
        }
    }
    tally.lines.sort();
    tally
}

fn told(half: &str, tally: &Tally) -> String {
    format!(
        "{half}: {} of {} faults found ({:.1} %), {} of {} findings are faults ({:.1} %)",
        tally.found,
        tally.found + tally.missed,
        100.0 * tally.recall(),
        tally.found,
        tally.found + tally.wrong,
        100.0 * tally.precision()
    )
}

/// Of what it says little is wrong, in both halves, and the document says how much: the figures of
/// the even half are those of rules that were never mended with it in view.
#[test]
fn faults_are_found_and_little_else() {
    let document = include_str!("../../../docs/thresholds.md");
    let document = document.split_whitespace().collect::<Vec<_>>().join(" ");
    for (half, odd) in [("odd", true), ("even", false)] {
        let seen = tally(odd);
        let told = told(half, &seen);
        println!("{told}");
        if odd {
            println!("{}", seen.lines.join("\n"));
        }
        assert!(seen.precision() >= 0.95, "{told}");
        assert!(seen.recall() >= 0.9, "{told}");
        assert!(document.contains(&told), "docs/thresholds.md has other figures: {told}");
    }
}
