//! Inputs without measure: endless files, bombs, floods of mistakes. Each is refused with a word
//! that says what is too much, in bounded time and memory, and nothing is cut in silence.

use super::desk::{Desk, PROGRAM, SMALL};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Seconds in which every answer has to be there; it takes some tens of them on no machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the program under a limit of memory, in kilobytes, and of time; tells how long it took.
pub fn bounded(desk: &Desk, args: &[&str], kilobytes: u64) -> (Output, Duration) {
    let limit = format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\"");
    let mut words = vec!["-c", &limit, PROGRAM];
    words.extend(args);
    let mut child = Command::new("sh")
        .args(words)
        .current_dir(desk.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::fs::File::create(desk.path("out")).expect("a file")))
        .stderr(Stdio::from(std::fs::File::create(desk.path("err")).expect("a file")))
        .spawn()
        .expect("a shell");
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if begin.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("{args:?} takes more than {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |name: &str| std::fs::read(desk.path(name)).expect("a file");
    (Output { status, stdout: read("out"), stderr: read("err") }, begin.elapsed())
}

/// The same with memory enough for any answer.
fn roomy(desk: &Desk, args: &[&str]) -> Output {
    bounded(desk, args, 4_000_000).0
}

/// The same, refused: exit code 2, and what standard error says.
fn refused(desk: &Desk, args: &[&str]) -> String {
    let output = roomy(desk, args);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
    assert!(!err.contains("panicked"), "{err}");
    err
}

fn with_trace(desk: &Desk, file: &str) {
    let trace = format!("{{trace: {{file: {file}}}}}");
    desk.write("traced.yaml", &SMALL.replace("{poisson: {rate: 10/s}}", &trace));
}

fn fifo(desk: &Desk, name: &str) {
    let made = Command::new("mkfifo").arg(desk.path(name)).status().expect("mkfifo");
    assert!(made.success());
}

#[test]
fn only_plain_files_are_opened() {
    let desk = Desk::new();
    fifo(&desk, "pipe");
    fifo(&desk, "pipe.yaml");
    for file in ["pipe", "/dev/zero"] {
        with_trace(&desk, file);
        let err = refused(&desk, &["validate", "traced.yaml"]);
        assert!(err.contains("no plain file") && err.contains(file), "{err}");
    }
    desk.write("named.yaml", &SMALL.replace("- rollingUpdate", "- manifest: pipe.yaml"));
    assert!(refused(&desk, &["validate", "named.yaml"]).contains("no plain file"));
    for args in [
        &["validate", "pipe.yaml"][..],
        &["validate", "/dev/zero"],
        &["validate", "small.yaml", "--checks", "pipe.yaml"],
        &["run", "small.yaml", "--scenario", "pipe.yaml"],
        &["query", "pipe", "up"],
        &["query", "/dev/zero", "up"],
        &["textbook", "pipe.yaml", "--out", "page.md"],
    ] {
        assert!(refused(&desk, args).contains("no plain file"), "{args:?}");
    }
    // A folder with a FIFO in it is read without it.
    assert!(roomy(&desk, &["validate", "small.yaml"]).status.success());
}

#[test]
fn pipes_of_a_shell_are_read() {
    let desk = Desk::new();
    let script = format!(
        "{PROGRAM} validate /dev/stdin < small.yaml && cat small.yaml | {PROGRAM} \
        validate /dev/stdin && {PROGRAM} validate - < small.yaml"
    );
    let output = Command::new("sh").arg("-c").arg(script).current_dir(desk.path(".")).output();
    let output = output.expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn recordings_beyond_the_limit_are_refused() {
    let desk = Desk::new();
    with_trace(&desk, "big.csv");
    desk.write("big.csv", &format!("t_s\n{}garbage\n", "1\n".repeat(20_000_100)));
    let err = refused(&desk, &["validate", "traced.yaml"]);
    assert!(err.contains("big.csv:20000002:1") && err.contains("20,000,000 rows"), "{err}");
    // A file of holes is larger than any recording, and is not read at all.
    let file = std::fs::File::create(desk.path("big.csv")).expect("a file");
    file.set_len(3 << 30).expect("a sparse file");
    assert!(refused(&desk, &["validate", "traced.yaml"]).contains("more than 1024 MB"));
}

/// Problems that are told, each with at most four lines below it.
fn heads(err: &str) -> usize {
    let heads = err.lines().filter(|line| line.contains(": error: ")).count();
    assert!(err.lines().count() <= 5 * heads, "{err}");
    heads
}

#[test]
fn floods_of_mistakes_are_counted_and_not_told_one_by_one() {
    let desk = Desk::new();
    with_trace(&desk, "bad.csv");
    desk.write("bad.csv", &format!("t_s\n{}", "x\n".repeat(100_000)));
    let err = refused(&desk, &["validate", "traced.yaml"]);
    assert!(heads(&err) < 30 && err.contains("99,980 more"), "{err}");
    let keys: String = (0..5_000).map(|n| format!("  key{n}: 1\n")).collect();
    desk.write("keys.yaml", &format!("{SMALL}{keys}"));
    let err = refused(&desk, &["validate", "keys.yaml"]);
    assert!(heads(&err) < 60 && err.contains("… and 4,980 more like this"), "{err}");
    let json = roomy(&desk, &["validate", "keys.yaml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let told = json["problems"].as_array().map(Vec::len);
    assert!(told.is_some_and(|told| (20..40).contains(&told)), "{told:?}");
}

#[test]
fn endless_names_are_told_in_short() {
    let desk = Desk::new();
    let long = "x".repeat(15_000_000);
    for (what, text) in [
        ("a kind", SMALL.replace("kind: Scenario", &format!("kind: {long}"))),
        ("a name", SMALL.replace("name: small", &format!("name: {long}"))),
        ("a key", format!("{SMALL}  {long}: 1\n")),
        ("a value", SMALL.replace("replicas: 3", &format!("replicas: {long}"))),
        ("a part", SMALL.replace("- rollingUpdate", &format!("- {long}"))),
        ("a line", SMALL.replace("canary · bad · users_exposed > 0", &long)),
        (
            "a query",
            SMALL.replace(
                "errorRate: {max: 10%}",
                &format!("query: {{query: \"{long} x\", failsWhen: \"> 0\"}}"),
            ),
        ),
        ("a manifest", SMALL.replace("- rollingUpdate", &format!("- manifest: {long}"))),
        (
            "a trace",
            SMALL.replace("{poisson: {rate: 10/s}}", &format!("{{trace: {{file: {long}}}}}")),
        ),
        ("a document", format!("apiVersion: {long}\nkind: {long}\nmetadata: {{name: {long}}}\n")),
        ("no YAML", format!("{{{long}: [\n")),
    ] {
        desk.write("long.yaml", &text);
        let err = refused(&desk, &["validate", "long.yaml"]);
        assert!(err.len() < 20_000, "{what}: {} bytes", err.len());
    }
}

#[test]
fn labels_of_queries_do_not_grow_without_end() {
    let desk = Desk::new();
    desk.write("one.om", "a{i=\"x\"} 1 1000\n");
    let double = |query: String, _| format!("label_join({query},\"i\",\"\",\"i\",\"i\")");
    let bomb = (0..40).fold("a".to_string(), double);
    let err = refused(&desk, &["query", "one.om", &bomb]);
    assert!(err.contains("a label of more than"), "{err}");
    let replace = |query: String, _| {
        format!("label_replace({query},\"i\",\"${{1}}${{1}}${{1}}${{1}}\",\"i\",\"(.*)\")")
    };
    let bomb = (0..20).fold("a".to_string(), replace);
    assert!(refused(&desk, &["query", "one.om", &bomb]).contains("a label of more than"));
    // In a flight the check has no answer, as with any query that a server refuses.
    let bomb = (0..40).fold("http_requests_total".to_string(), |query: String, _| {
        format!("label_join({query},\"version\",\"\",\"version\",\"version\")")
    });
    let check = format!("query: {{query: '{bomb}', failsWhen: \"> 0\"}}");
    desk.write("bomb.yaml", &SMALL.replace("errorRate: {max: 10%}", &check));
    let told = roomy(&desk, &["replay", "bomb.yaml", "--strategy", "canary"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn queries_end() {
    let desk = Desk::new();
    let series = |i| (0..40).map(move |t| format!("a{{i=\"{i}\"}} {t} {}\n", 1000 * (15 * t + 1)));
    desk.write("s.om", &(0..100).flat_map(series).collect::<String>());
    for query in [
        "max_over_time(max_over_time(a[1d:1s])[1d:1s])",
        "max_over_time(max_over_time(b[1d:1s])[1d:1s])",
        "max_over_time(max_over_time((1 > 2)[1d:1s])[1d:1s])",
        "count_over_time((a{i=~\".*9.*\"} > 1e9)[10d:1s])",
        "sum_over_time((absent(a) or (a + a))[10d:1s])",
    ] {
        let begin = Instant::now();
        let output = roomy(&desk, &["query", "s.om", query]);
        assert!(output.status.code().is_some(), "{query}");
        assert!(begin.elapsed() < PATIENCE, "{query}: {:?}", begin.elapsed());
    }
    let err = refused(&desk, &["query", "s.om", "max_over_time(max_over_time(a[1d:1s])[1d:1s])"]);
    assert!(err.contains("steps of work") || err.contains("too many samples"), "{err}");
}

#[test]
fn series_that_do_not_fit_into_memory_are_refused() {
    use std::fmt::Write;
    let desk = Desk::new();
    let mut text = String::new();
    (0..5_000_000).for_each(|i| writeln!(text, "a{{i=\"{i}\"}} 1 1000").expect("a text"));
    desk.write("many.om", &text);
    let err = refused(&desk, &["query", "many.om", "count(a)"]);
    assert!(err.contains("too much to hold") && err.contains("GB of memory"), "{err}");
    desk.write("many.json", &format!("{{\"series\": [{}[]]}}", "[],".repeat(20 << 20)));
    assert!(refused(&desk, &["query", "many.json", "a"]).contains("MB of JSON"));
}

#[test]
fn telemetry_without_its_end_is_refused_and_never_misread() {
    let desk = Desk::new();
    desk.fine(&["replay", "small.yaml", "--telemetry", "f.om"]);
    assert!(desk.run(&["query", "f.om", "count(up)"]).err.is_empty());
    for name in ["f.om", "f.om.stale"] {
        let whole = desk.read(name);
        assert!(whole.ends_with("# EOF\n"), "{name}");
    }
    let (whole, stale) = (desk.read("f.om"), desk.read("f.om.stale"));
    for part in [2, 3, 5] {
        let mut end = whole.len() / part * (part - 1);
        while !whole.is_char_boundary(end) {
            end -= 1;
        }
        desk.write("f.om", &whole[..end]);
        let err = refused(&desk, &["query", "f.om", "count(up)"]);
        assert!(err.contains("cut off") || err.contains("# EOF"), "{err}");
    }
    desk.write("f.om", &whole);
    desk.write("f.om.stale", &stale[..stale.len() / 2]);
    let answer = desk.run(&["query", "f.om", "count(up)"]);
    assert!(answer.err.contains("# EOF"), "{}", answer.err);
    desk.write("cut.om", "# TYPE a gauge\na{i=\"1\"} 5 1700000000\na{i=\"1\"} 6 17000000");
    assert!(refused(&desk, &["query", "cut.om", "a"]).contains("cut off"));
    desk.write("open.txt", "a 1 1000\na 2 20");
    assert!(desk.run(&["query", "open.txt", "a"]).err.contains("no line feed"));
}

#[test]
fn placeholders_do_not_grow_without_end() {
    let desk = Desk::new();
    let value = "x".repeat(1_000_000);
    let argo = format!("\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: shop, namespace: test}}
spec:
  replicas: 4
  selector: {{matchLabels: {{app: shop}}}}
  template: {{metadata: {{labels: {{app: shop}}}}, spec: {{containers: [{{name: shop, image: i}}]}}}}
  strategy:
    canary:
      analysis: {{startingStep: 1, templates: [{{templateName: t0}}], args: [{{name: a, value: {value}}}]}}
      steps: [{{setWeight: 25}}, {{pause: {{duration: 30s}}}}]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: t0, namespace: test}}
spec:
  args: [{{name: a}}]
  metrics: [{{name: m, interval: 20s, count: 3, successCondition: \"true\", \
provider: {{prometheus: {{address: \"http://x\", query: \"{}\"}}}}}}]
", "{{args.a}}".repeat(10_000));
    desk.write("argo.yaml", &argo);
    let err = refused(&desk, &["import", "argo.yaml"]);
    assert!(err.contains("65,536 bytes") && err.len() < 10_000, "{err}");
}

#[test]
fn conditions_end() {
    let desk = Desk::new();
    for (n, condition) in [
        "join(split(repeat(\"a\",100000), \"\"), repeat(\"b\",100000)) == \"\"",
        "trim(repeat(\"a\",500000), repeat(\"b\",499990)+\"a\") == \"\"",
        "all(1..100000, not (\"b\" matches \"(a{100}){100}\"))",
        "all(1..100000, not (\"b\" matches (\"(a{100}){9\" + string(#) + \"}\")))",
        "uniq(map(1..2000, repeat(\"a\",3000) + string(#))) == []",
        "split(repeat(\"ab\",400000), \"b\") == []",
        "all(1..300000, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" matches \"(a|aa)+$\")",
        "len(fromJSON(\"[\" + repeat(\"[],\", 900000) + \"1]\")) == 1",
        "reduce(1..100000, [#acc]) == []",
        "replace(repeat(\"a\", 100000), \"\", repeat(\"b\", 100000)) == \"\"",
        "splitAfter(repeat(\"a,\", 200000), \",\") == []",
    ]
    .iter()
    .enumerate()
    {
        let text = format!("\
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {{name: e{n}}}
spec:
  horizon: 4m
  service: {{replicas: 3, startup: 5s}}
  traffic: {{users: 100, arrivals: {{poisson: {{rate: 2/s}}}}}}
  release: {{at: 30s, variants: [{{name: good, share: 100%}}]}}
  strategies:
    - argoCanary:
        steps: [{{setWeight: 50}}, {{pause: {{duration: 30s}}}}]
        analysis:
          metrics: [{{name: m, query: vector(1), interval: 20s, count: 2, successCondition: '{condition}'}}]
");
        desk.write("e.yaml", &text);
        let begin = Instant::now();
        let output = roomy(&desk, &["replay", "e.yaml"]);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 2)) && !err.contains("panicked"), "{condition}: {err}");
        assert!(begin.elapsed() < PATIENCE, "{condition}");
    }
}

#[test]
fn sweeps_and_lists_have_ends() {
    let desk = Desk::new();
    let values: Vec<String> = (0..400).map(|n| n.to_string()).collect();
    let paths = ["spec.service.replicas", "spec.traffic.users", "spec.service.slots"];
    let sets = paths.map(|path| format!("--set={path}={}", values.join(",")));
    let args = ["validate", "small.yaml", &sets[0], &sets[1], &sets[2]];
    assert!(refused(&desk, &args).contains("combinations"));
    let err = refused(&desk, &["new", &"x".repeat(64)]);
    assert!(err.contains("63"), "{err}");
}

/// With too little memory for all threads that were asked for, fewer fly; none finds the end of it.
#[test]
#[cfg(target_os = "linux")]
fn threads_that_find_no_memory_are_not_started() {
    let desk = Desk::new();
    for (kilobytes, jobs) in [(500_000, "64"), (300_000, "8"), (200_000, "4")] {
        let line = format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\"");
        let run = ["run", "small.yaml", "--replications", "1", "--out", "o", "--jobs", jobs];
        let output = Command::new("sh")
            .args(["-c", &line, PROGRAM])
            .args(run)
            .current_dir(desk.path("."))
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{kilobytes} {jobs}: {said}");
        assert!(said.contains("there is no memory for"), "{said}");
    }
}

/// Objects of a service: a Deployment with labels, and others that refer to it.
fn objects(name: &str, mix: &str) -> Vec<String> {
    let object = |version: &str, kind: &str, rest: String| {
        format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n{rest}\n")
    };
    let shared = if mix == "tier" { ", tier: web" } else { "" };
    let labels = format!("app: {name}{shared}");
    let picked = if mix == "stray" { format!("app: other-{name}") } else { labels.clone() };
    let deployment = format!(
        "spec: {{replicas: 3, selector: {{matchLabels: {{{labels}}}}}, template: {{metadata: \
         {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a, image: \"{name}:2\", resources: \
         {{requests: {{cpu: 100m}}}}}}]}}}}}}"
    );
    let service = format!("spec: {{selector: {{{picked}}}, ports: [{{port: 80}}]}}");
    let scaler = format!(
        "spec: {{maxReplicas: 9, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: \
         {name}}}}}"
    );
    let ingress = format!(
        "spec: {{ingressClassName: nginx, rules: [{{host: {name}.x, http: {{paths: [{{path: /, \
         pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}]}}}}]}}"
    );
    let mapping = format!("spec: {{prefix: /, service: {name}}}");
    let mut all =
        vec![object("apps/v1", "Deployment", deployment), object("v1", "Service", service)];
    if mix == "stray" {
        // One that is called like the Deployment would be a slip.
        all[1] = all[1].replacen(&format!("name: {name}"), &format!("name: other-{name}"), 1);
    }
    if mix == "all" {
        all.push(object("autoscaling/v2", "HorizontalPodAutoscaler", scaler));
        all.push(object("networking.k8s.io/v1", "Ingress", ingress));
        all.push(object("getambassador.io/v3alpha1", "Mapping", mapping));
    }
    all
}

/// The promise is 20,000 objects in 10 s and 500 MB by the program as it is released. The one that
/// is tested is not optimised: it may take three times as long, and address space for what it only
/// reserves. What counts is the time of the processor, whoever else has a share of it. A walk over
/// all objects for each of them takes minutes.
#[test]
#[cfg(target_os = "linux")]
fn lists_of_twenty_thousand_objects_are_read_in_time() {
    let desk = Desk::new();
    for mix in ["pairs", "tier", "stray", "all"] {
        let each = objects("x", mix).len();
        let all = (0..20_000 / each).flat_map(|n| objects(&format!("svc-{n:05}"), mix));
        desk.write("all.yaml", &all.collect::<String>());
        let line = "ulimit -v 700000; ulimit -t 30; exec \"$0\" \"$@\"";
        let output = Command::new("sh")
            .args(["-c", line, PROGRAM, "import", "all.yaml"])
            .current_dir(desk.path("."))
            .output()
            .expect("a shell");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{mix}: {:?} {err}", output.status);
    }
}
