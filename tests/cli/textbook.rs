//! `textbook`: claims are judged by flights, a claim that comes out otherwise stops the page, and
//! the page that comes with windtunnel says what its scenarios say.

use super::desk::{Answer, Desk, PROGRAM, SMALL};
use std::path::Path;
use std::process::Command;

/// A textbook of one chapter over `small.yaml`.
fn textbook(claims: &str) -> Desk {
    let desk = Desk::new();
    let text = format!(
        "apiVersion: windtunnel/v1alpha1\nkind: Textbook\nspec:\n  scenarios: ../flown\n  chapters:\n  \
         - title: One\n    claims:\n{claims}"
    );
    desk.write("book/claims.yaml", &text);
    desk.write("flown/small.yaml", SMALL);
    desk
}

const EXPOSED: &str = "{scenario: small, line: canary · bad · users_exposed > 0}";

#[test]
fn a_page_comes_with_its_charts() {
    let claims = format!(
        "    - {{id: A1, claim: A canary exposes users., verdict: holds, why: It has to., evidence: [{EXPOSED}]}}
    - id: A2
      claim: A small canary exposes few users.
      verdict: depends
      why: A weight is a share.
      sweeps:
      - scenario: small
        set: spec.strategies[1].canary.steps[0]
        values: [1%, 80%]
        line: canary · bad · exposed_before_verdict_share < 30%
        replications: 8
      matrix: {{scenario: small}}
      picture: {{scenario: small, chart: blast-radius}}
    - {{id: A3, claim: It is simple., verdict: no measure, why: People differ.}}
"
    );
    let desk = textbook(&claims);
    let answer = desk.run(&["textbook", "book/claims.yaml"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let page = std::fs::read_to_string(desk.path("book/claims.md")).expect("the page");
    for part in [
        "### A1: A canary exposes users",
        "**Holds.** It has to.",
        "**Depends.** A weight is a share.",
        "**No measure.** People differ.",
        "turns at `steps[0]` of about",
        "`windtunnel check flown/small.yaml`",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for chart in ["a2-sweep", "small-matrix", "small-blast-radius"] {
        let path = desk.path(&format!("book/claims/{chart}.svg"));
        assert!(path.is_file() && page.contains(&format!("claims/{chart}.svg")), "{chart}");
    }
}

#[test]
fn the_page_is_the_file_that_was_named_and_takes_no_place_of_another() {
    let claims = format!(
        "    - {{id: A1, claim: x, verdict: holds, why: y, evidence: [{EXPOSED}], \
         picture: {{scenario: small, chart: blast-radius}}}}\n"
    );
    let desk = textbook(&claims);
    let textbook = ["textbook", "book/claims.yaml", "--out"];
    let out = |name: &str| desk.run(&[&textbook[..], &[name]].concat());
    let answer = out("new/page.txt");
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("Written: new/page.txt"), "{}", answer.err);
    assert!(desk.read("new/page.txt").contains("page/small-blast-radius.svg"));
    assert!(!desk.path("new/page.md").exists());
    assert_eq!(out("new/page.txt").code, Some(0), "its own page and charts are replaced");
    // A page that was edited, or merely quotes one, is the user's.
    let made = desk.read("new/page.txt");
    let quote = "They say: The page is made by `windtunnel textbook` from x.\n";
    for text in [made.replacen("# ", "# My ", 1), format!("{made}mine\n"), quote.to_string()] {
        desk.write("new/page.txt", &text);
        let answer = out("new/page.txt");
        assert!(answer.code == Some(2) && answer.err.contains("changed since"), "{}", answer.err);
        assert_eq!(desk.read("new/page.txt"), text);
    }
    desk.write("new/page.txt", &made.replace('\n', "\r\n"));
    assert_eq!(out("new/page.txt").code, Some(0), "a checkout may change the ends of lines");
    for (name, text) in [("mine.md", "my notes"), ("charts/mine.svg", "my chart")] {
        desk.write(name, text);
        let page = name.replace("charts/mine.svg", "charts.md");
        let answer = out(&page);
        assert_eq!(answer.code, Some(2), "{page}: {}", answer.err);
        assert_eq!(desk.read(name), text);
    }
    #[cfg(unix)]
    {
        std::fs::create_dir(desk.path("sub")).expect("a folder");
        desk.write("sub/p.md", "");
        std::os::unix::fs::symlink("sub/p.md", desk.path("l.md")).expect("a link");
        assert_eq!(out("l.md").code, Some(0));
        assert!(desk.read("sub/p.md").contains("(p/small-blast-radius.svg)"));
        assert!(desk.path("sub/p/small-blast-radius.svg").is_file());
        std::fs::remove_file(desk.path("l.md")).expect("removed");
        std::fs::remove_dir_all(desk.path("sub")).expect("removed");
    }
    let answer = out("page");
    assert!(answer.code == Some(2) && answer.err.contains("page.md"), "{}", answer.err);
    let both = [&textbook[..], &["x.md", "--only", "A1"]].concat();
    assert_eq!(desk.run(&both).code, Some(2), "--only writes no page");
    assert_eq!(desk.names(), ["book", "charts", "flown", "mine.md", "new", "small.yaml"]);
}

#[test]
fn a_claim_that_comes_out_otherwise_stops_the_page() {
    let claims = format!(
        "    - {{id: A1, claim: x, verdict: refuted, why: y, evidence: [{EXPOSED}]}}
    - id: A2
      claim: x
      verdict: refuted
      why: y
      evidence: [{{scenario: small, line: canary · bad · users_exposed > 100000}}]
"
    );
    let desk = textbook(&claims);
    let answer = desk.run(&["textbook", "book/claims.yaml"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    for part in [
        "A1 is stated as refuted, found holds",
        "does not expect `canary · bad · users_exposed ≤ 100000`",
        "Nothing is written",
    ] {
        assert!(answer.err.contains(part), "{part}\n{}", answer.err);
    }
    assert!(!desk.path("book/claims.md").exists());
}

#[test]
fn unknown_names_are_said_with_the_nearest() {
    let claims = "    - id: A1
      claim: x
      verdict: holds
      why: y
      evidence:
      - {scenario: smal, line: canary · bad · users_exposed > 0}
      - {scenario: small, line: canary · bad · users_exposd > 0}
";
    let desk = textbook(claims);
    let answer = desk.run(&["textbook", "book/claims.yaml"]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("did you mean small?"), "{}", answer.err);
    assert!(answer.err.contains("did you mean users_exposed?"), "{}", answer.err);
    let answer = desk.run(&["textbook", "book/claims.yaml", "--only", "B1"]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("no claim is called \"B1\""), "{}", answer.err);
}

/// Flies every claim of the textbook. Exit code 0 says that each came out as it is stated, and that
/// the scenarios expect what was measured; the page in the repository has to tell the same verdicts.
#[test]
fn the_textbook_in_the_repository_is_what_its_scenarios_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let desk = Desk::new();
    let page = desk.path("textbook.md");
    let made = Command::new(PROGRAM)
        .args(["textbook", "docs/textbook.yaml", "--out"])
        .arg(&page)
        .current_dir(root)
        .output();
    let answer = Answer::of(&made.expect("it runs"));
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let fresh = std::fs::read_to_string(&page).expect("the page");
    let kept = std::fs::read_to_string(root.join("docs/textbook.md")).expect("the page");
    let told = |text: &str| -> Vec<String> {
        let lines = text.lines();
        let verdicts = ["### ", "**Holds", "**Depends", "**Refuted", "**No measure"];
        let told = lines.filter(|line| verdicts.iter().any(|start| line.starts_with(start)));
        told.map(str::to_string).collect()
    };
    let (fresh, kept) = (told(&fresh), told(&kept));
    let other: Vec<_> = fresh.iter().zip(&kept).filter(|(fresh, kept)| fresh != kept).collect();
    assert!(other.is_empty(), "run `windtunnel textbook` and commit the page: {other:#?}");
    assert!(fresh.len() == kept.len() && kept.len() > 100, "{} claims", kept.len());
}
