//! Many services at once: folders of folders, all objects of a cluster, and how to choose.

use super::desk::{Answer, Desk, SMALL};
use super::limits::bounded;
use serde_json::Value;
use std::time::Duration;

fn deployment(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  \
         replicas: 3\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n        \
         - {{name: {name}, image: \"{name}:2\"{more}}}\n"
    )
}

const PROBE: &str = ", readinessProbe: {tcpSocket: {port: 80}}";

fn services(count: usize) -> String {
    (0..count).map(|n| deployment(&format!("svc-{n:03}"), PROBE)).collect()
}

fn refused(desk: &Desk, args: &[&str]) -> Answer {
    let answer = desk.run(args);
    assert_eq!(answer.code, Some(2), "{} {}", answer.out, answer.err);
    answer
}

fn names(json: &str) -> Vec<String> {
    let answer: Value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e} in {json}"));
    let scenarios = answer["scenarios"].as_array().expect("scenarios");
    let name =
        |s: &Value| s["scenario"].as_str().or(s["metadata"]["name"].as_str()).map(str::to_string);
    scenarios.iter().filter_map(name).collect()
}

#[test]
fn a_folder_of_folders_is_read_when_asked_for() {
    let desk = Desk::new();
    desk.write("team/web/a.yaml", &deployment("web", PROBE));
    desk.write("team/api/b.yaml", &deployment("api", PROBE));
    desk.write("team/.git/c.yaml", &deployment("hidden", PROBE));
    let err = refused(&desk, &["import", "team"]).err;
    assert!(err.contains("no scenario in this folder") && err.contains("-R reads the"), "{err}");
    let found = desk.fine(&["import", "team", "-R", "--format", "json"]);
    assert_eq!(names(&found), ["api", "web"]);
    desk.write("empty/deep/note.txt", "nothing");
    let err = refused(&desk, &["import", "empty"]).err;
    assert!(err.contains("windtunnel new") && !err.contains("-R"), "{err}");
}

#[test]
fn one_of_many_is_chosen_by_name() {
    let desk = Desk::new();
    desk.write("all.yaml", &services(12));
    let of =
        |only: &str| names(&desk.fine(&["import", "all.yaml", "--only", only, "--format", "json"]));
    assert_eq!(of("svc-003"), ["svc-003"]);
    assert_eq!(of("svc-003,svc-01*"), ["svc-003", "svc-010", "svc-011"]);
    let one = desk.fine(&["import", "all.yaml", "--only", "svc-003"]);
    assert!(!one.contains("svc-004"), "notes of what was left away: {one}");
    let err = refused(&desk, &["run", "all.yaml", "--only", "svc-0O3"]).err;
    assert!(err.contains("--only: error: nothing here is called \"svc-0O3\""), "{err}");
    assert!(err.contains("svc-011"), "{err}");
    let err = refused(&desk, &["replay", "all.yaml"]).err;
    assert!(err.contains("12 were named: choose with --only NAME"), "{err}");
    let event_log = desk.fine(&["replay", "all.yaml", "--only", "svc-003"]);
    assert!(event_log.starts_with("svc-003 · rollingUpdate"), "{event_log}");
}

#[test]
fn scenarios_are_chosen_by_name_too() {
    let desk = Desk::new();
    desk.write("two/a.yaml", super::desk::SMALL);
    desk.write("two/b.yaml", &super::desk::SMALL.replace("name: small", "name: other"));
    let args = ["run", "two", "--only", "oth*", "--replications", "1", "--format", "json"];
    assert_eq!(names(&desk.fine(&args)), ["other"]);
    let err = refused(&desk, &["check", "two", "--only", "third"]).err;
    assert!(err.contains("nothing here is called \"third\""), "{err}");
}

/// The service without a probe hurts most, comes first, and the line says why.
#[test]
fn the_overview_comes_first_and_the_worst_on_top() {
    let desk = Desk::new();
    let two = deployment("sound", PROBE) + &deployment("bare", "");
    desk.write("two.yaml", &two);
    let short = ["--replications", "2", "--set", "spec.horizon=20m", "--out", "two"];
    let out = desk.fine(&[&["run", "two.yaml"][..], &short].concat());
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("2 scenarios, worst first"), "{out}");
    assert!(lines[1].trim_start().starts_with("bare "), "{out}");
    assert!(
        out.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("no readiness probe, no preStop"),
        "{out}"
    );
    assert!(out.contains("bare: 1 strategy") && out.contains("sound: 1 strategy"), "{out}");
    let run: Value = serde_json::from_str(&desk.read("two/run.json")).expect("JSON");
    assert_eq!(run["worst_first"][0]["scenario"], "bare");
    let why = run["worst_first"][0]["why"].as_array().expect("reasons");
    assert!(why.iter().any(|reason| reason == "no readiness probe"), "{why:?}");
    assert!(desk.read("two/summary.md").contains("## Worst first\n\n| service |"));
}

/// Two programs that share a label of their tier are two services, and no two colours of one.
#[test]
fn programs_of_one_tier_are_services_of_their_own() {
    let desk = Desk::new();
    let with_service = |name: &str| {
        let deployment = deployment(name, PROBE);
        let deployment =
            deployment.replace(&format!("{{app: {name}}}"), &format!("{{app: {name}, tier: web}}"));
        format!(
            "{deployment}---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
             spec: {{selector: {{app: {name}, tier: web}}, ports: [{{port: 80}}]}}\n"
        )
    };
    desk.write("tier.yaml", &(with_service("cart") + &with_service("search")));
    let found = desk.fine(&["import", "tier.yaml", "--format", "json"]);
    assert_eq!(names(&found), ["cart", "search"]);
    assert!(!found.contains("blueGreen") && found.contains("rollingUpdate"), "{found}");
}

/// Nine tables are too many for a terminal: they are printed on demand.
#[test]
fn details_are_printed_on_demand() {
    let desk = Desk::new();
    desk.write("nine.yaml", &services(9));
    let short =
        ["run", "nine.yaml", "--replications", "1", "--set", "spec.horizon=15m", "--out", "n"];
    let answer = desk.run(&short);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.contains("9 tables are in summary.md:\n--details"), "{}", answer.out);
    assert!(!answer.out.contains("svc-004: 1 strategy"), "{}", answer.out);
    // The twin is no combination, but it is flown, and so is what is recorded.
    let told = "9 scenarios, 54 combinations of strategy and release, each flown once: 126 flights \
        with twins and recordings, some ";
    assert!(answer.err.contains(told), "{}", answer.err);
    let all = desk.fine(&[&short[..], &["--details"]].concat());
    assert!(all.contains("svc-004: 1 strategy"), "{all}");
}

/// All of a large cluster can be read; what is flown is to be chosen.
#[test]
fn more_services_than_can_be_flown_are_read_and_told() {
    let desk = Desk::new();
    desk.write("all.yaml", &services(101));
    assert!(desk.fine(&["validate", "all.yaml"]).contains("svc-011, … and 89 more: valid"));
    let err = refused(&desk, &["run", "all.yaml"]).err;
    assert!(err.contains("101 services are released here, and at most 100 are flown"), "{err}");
    assert!(err.contains("choose with --only NAME"), "{err}");
}

/// Twenty thousand objects in one list, as `kubectl get -A -o json` prints them.
#[test]
fn a_list_of_twenty_thousand_objects_is_read() {
    let desk = Desk::new();
    let object = |n: usize| {
        let (name, group) = (format!("a-{}", n / 10), n % 10);
        match group {
            0 => format!(
                "{{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{{\"name\":\
                 \"{name}\",\"managedFields\":[{{\"manager\":\"x\"}}]}},\"spec\":{{\"selector\":\
                 {{\"matchLabels\":{{\"app\":\"{name}\"}}}},\"template\":{{\"metadata\":{{\"labels\":\
                 {{\"app\":\"{name}\"}}}},\"spec\":{{\"containers\":[{{\"name\":\"a\"}}]}}}}}},\
                 \"status\":{{\"replicas\":1}}}}"
            ),
            1 => format!(
                "{{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{{\"name\":\"{name}\"}},\
                 \"spec\":{{\"selector\":{{\"app\":\"{name}\"}}}}}}"
            ),
            _ => format!(
                "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\
                 \"{name}-{group}\",\"uid\":\"{n}\"}},\"data\":{{\"a\":\"b\",\"c\":\"d\"}}}}"
            ),
        }
    };
    let items: Vec<String> = (0..20_000).map(object).collect();
    let list =
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}}", items.join(",\n"));
    desk.write("all.json", &list);
    let (answer, took) = bounded(&desk, &["validate", "all.json"], 500_000);
    let out = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    assert!(out.contains("… and 1,988 more: valid"), "{out}");
    // Ten seconds on an idle core; tests are built with less care for speed, and run side by side.
    assert!(took < Duration::from_secs(40), "{took:?}");
}

/// What a repository keeps beside plain manifests for Kustomize and Helm is told, and not applied.
#[test]
fn files_of_other_tools_beside_manifests_are_told() {
    let desk = Desk::new();
    let folder = desk.path("tree");
    std::fs::create_dir(&folder).expect("a folder");
    desk.write("tree/app.yaml", &deployment("sound", PROBE));
    desk.write("tree/kustomization.yaml", "resources: [app.yaml]\n");
    desk.write("tree/values.yaml", "replicas: 3\n");
    let answer = desk.run(&["validate", "tree"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("a Kustomize file, which is not applied"), "{}", answer.err);
    assert!(answer.err.contains("a file of a Helm chart, which is not applied"), "{}", answer.err);
    let alone = refused(&desk, &["validate", "tree/kustomization.yaml"]).err;
    assert!(alone.contains("kubectl kustomize tree"), "{alone}");
}

/// A foreign controller of one service, and a mistake in another, are none of a third one's business.
#[test]
fn who_is_chosen_is_judged_alone() {
    let desk = Desk::new();
    let owner = |name: &str| {
        format!(
            "---\napiVersion: rollouts.kruise.io/v1beta1\nkind: Rollout\nmetadata: {{name: \
             k-{name}}}\nspec: {{workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: \
             {name}}}, strategy: {{canary: {{steps: [{{replicas: 1}}]}}}}}}\n"
        )
    };
    let service = |name: &str, selector: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: \
             {{app: {selector}}}, ports: [{{port: 80}}]}}\n"
        )
    };
    let broken = deployment("ledger", PROBE).replace("replicas: 3", "replicas: many");
    let all = deployment("pay", PROBE) + &deployment("cart", "") + &owner("cart") + &broken;
    desk.write("dump.yaml", &all);
    let err = refused(&desk, &["import", "dump.yaml"]).err;
    assert!(err.contains("k-cart") && err.contains("many"), "{err}");
    let only = |file: &str, name: &str| desk.run(&["import", file, "--only", name]);
    let pay = only("dump.yaml", "pay");
    assert_eq!(pay.code, Some(0), "{}", pay.err);
    let told = pay.out + &pay.err;
    assert!(!told.contains("Deployment/cart") && !told.contains("owns the release"), "{told}");
    assert!(!told.contains("ledger"), "{told}");
    let cart = only("dump.yaml", "cart");
    assert!(cart.code == Some(2) && cart.err.contains("owns the release of Deployment/cart"));
    let ledger = only("dump.yaml", "ledger");
    assert!(ledger.code == Some(2) && ledger.err.contains("many"), "{}", ledger.err);
    // What may have been meant for the chosen one is its business.
    desk.write("slip.yaml", &(all + &service("pay", "pya")));
    let slip = only("slip.yaml", "pay");
    assert!(slip.code == Some(2) && slip.err.contains("picks no pods"), "{}", slip.err);
    assert!(!slip.err.contains("k-cart"), "{}", slip.err);
}

/// The page says what the terminal said, once of a kind.
#[test]
fn the_page_carries_the_warnings() {
    let desk = Desk::new();
    let text: String = (0..25).map(|n| deployment(&format!("svc-{n:03}"), PROBE)).collect();
    desk.write("all.yaml", &text);
    desk.write("more.yaml", &deployment("zebra", PROBE));
    let run = ["run", "all.yaml", "more.yaml", "--replications", "1"];
    let short = ["--set", "spec.horizon=15m", "--out", "o"];
    let answer = desk.run(&[&run[..], &short].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let page = desk.read("o/summary.md");
    let warned = page.split("## What was warned of").nth(1).expect("a section");
    let warned = warned.split("\n## ").next().unwrap_or_default();
    let same = "is over before the balancers have learned of the end";
    assert_eq!(warned.matches(same).count(), 1, "{warned}");
    assert!(warned.contains("all.yaml:") && warned.contains("and 25 more places"), "{warned}");
    assert_eq!(answer.err.matches(same).count(), 3, "{}", answer.err);
    assert!(answer.err.contains("and 23 more like this"), "{}", answer.err);
}

/// A word of help does not read a whole tree, and is right of a large one.
#[test]
fn a_large_tree_is_looked_into_for_a_word_of_help() {
    let desk = Desk::new();
    let folder = desk.path("tree/deep");
    std::fs::create_dir_all(&folder).expect("a folder");
    for n in 0..20_100 {
        std::fs::write(folder.join(format!("{n}.yaml")), "").expect("a file");
    }
    let err = refused(&desk, &["import", "tree"]).err;
    assert!(err.contains("-R reads the"), "{err}");
}

/// The names that `validate` finds.
fn valid(desk: &Desk, args: &[&str]) -> Vec<String> {
    let out = desk.fine(&[&["validate", "--format", "json"], args].concat());
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e} in {out}"));
    let names = answer["scenarios"].as_array().expect("names").iter();
    names.filter_map(|name| name.as_str().map(str::to_string)).collect()
}

/// Whatever comes with windtunnel can be flown by the folder, and all folders at once.
#[test]
fn every_shipped_folder_is_valid_as_a_whole() {
    let desk = Desk::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let folder = |name: &str| valid(&desk, &[&format!("{root}/{name}")]);
    let mut all = 0;
    for (name, holds) in [("", "judges"), ("textbook", "no-prestop")] {
        let found = folder(name);
        assert!(found.iter().any(|name| name == holds), "{found:?}");
        all += found.len();
    }
    let controllers = folder("controllers");
    assert_eq!(controllers.len(), 11, "each flown with its own manifests alone: {controllers:?}");
    let manifests = folder("manifests");
    assert_eq!(manifests.len(), 8, "a name for each: {manifests:?}");
    let every = valid(&desk, &["-R", root]);
    assert_eq!(every.len(), all + controllers.len() + manifests.len());
    for name in ["textbook/no-prestop", "controllers/no-prestop", "with-prestop", "basics"] {
        assert!(every.iter().any(|n| n == name), "{name} of {every:?}");
    }
}

#[test]
fn scenarios_of_one_name_are_told_apart_by_their_folders() {
    let desk = Desk::new();
    let two = SMALL.replace("replicas: 3", "replicas: 4");
    desk.write("old/small.yaml", SMALL);
    desk.write("new/small.yaml", &two);
    desk.write("new/other.yaml", &two);
    let args = ["run", "old", "new/small.yaml", "--replications", "1", "--out", "out"];
    let out = desk.fine(&args);
    assert!(out.contains("old/small: 3 strategies") && out.contains("new/small: 3"), "{out}");
    for name in ["old-small", "new-small"] {
        assert!(desk.path(&format!("out/charts/{name}")).is_dir(), "{name}");
    }
    let rows = std::fs::read_to_string(desk.path("out/runs.csv")).expect("rows");
    assert!(rows.contains("\nold/small,") && rows.contains("\nnew/small,"), "{rows}");
    assert_eq!(
        valid(&desk, &["new", "old"]),
        ["new/other/small", "new/small/small", "old/small/small"]
    );
    assert_eq!(valid(&desk, &["new", "old", "--only", "old/*"]), ["small"]);
    assert_eq!(valid(&desk, &["new", "old", "--only", "small"]).len(), 3);
    let err = refused(&desk, &["validate", "new/small.yaml", "old", "--only", "older/small"]).err;
    assert!(err.contains("did you mean old/small?"), "{err}");
    let swept = valid(&desk, &["new", "--set", "spec.service.replicas=2,3"]);
    assert_eq!(swept[0], "other/small replicas=2");
    desk.write("twice.yaml", &format!("{SMALL}---\n{SMALL}"));
    let err = refused(&desk, &["validate", "twice.yaml", "old"]).err;
    assert!(err.contains("is given twice, first in line 3"), "{err}");
}

/// Two environments are two clusters; two files of one folder are one, and may not disagree.
#[test]
fn folders_that_hold_the_same_object_are_clusters_of_their_own() {
    let desk = Desk::new();
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: \
                   {app: web}, ports: [{port: 80}]}\n";
    let web = |replicas: &str| deployment("web", PROBE).replace("replicas: 3", replicas);
    desk.write("k8s/prod/deploy/web.yaml", &web("replicas: 9"));
    desk.write("k8s/prod/net/web.yaml", service);
    desk.write("k8s/staging/web.yaml", &web("replicas: 2"));
    desk.write("k8s/base/service.yaml", service);
    assert_eq!(valid(&desk, &["-R", "k8s"]), ["deploy/web", "staging/web"]);
    let printed = desk.fine(&["import", "-R", "k8s"]);
    assert!(printed.contains("# Ignored: 0\n"), "what both need is ignored by neither: {printed}");
    let json = desk.fine(&["import", "-R", "k8s", "--format", "json"]);
    assert_eq!(names(&json), ["deploy.web", "staging.web"]);
    let found: Value = serde_json::from_str(&json).expect("JSON");
    let size = |n: usize| found["scenarios"][n]["spec"]["service"]["replicas"].as_u64();
    assert_eq!((size(0), size(1)), (Some(9), Some(2)));
    assert_eq!(valid(&desk, &["-R", "k8s", "--only", "staging/web"]), ["web"]);
    // What is printed reads as two scenarios.
    let again = desk.run_with(&["validate", "-"], &printed);
    assert!(again.out.starts_with("deploy.web, staging.web: valid"), "{}{}", again.out, again.err);
    desk.write("k8s/staging/more.yaml", &web("replicas: 5"));
    let err = refused(&desk, &["validate", "k8s/staging"]).err;
    assert!(err.contains("Deployment/web is given twice"), "{err}");
    let err = refused(&desk, &["validate", "-R", "k8s"]).err;
    assert_eq!(err.matches("is given twice").count(), 1, "{err}");
}

/// A Scenario that needs manifests goes with all of those that are apart, one that needs none with
/// none of them.
#[test]
fn scenarios_beside_clusters_go_with_those_that_they_need() {
    let desk = Desk::new();
    for (name, replicas) in [("a", "replicas: 2"), ("b", "replicas: 5")] {
        let text = deployment("web", PROBE).replace("replicas: 3", replicas);
        desk.write(&format!("{name}/web.yaml"), &text);
    }
    desk.write(
        "storm.yaml",
        &SMALL.replace("name: small", "name: storm").replace("    replicas: 3\n", ""),
    );
    let found = valid(&desk, &["a", "b", "storm.yaml", "small.yaml"]);
    assert_eq!(found, ["small", "a/storm", "b/storm"]);
}
