//! Manifests on the command line: by file, folder and pipe, beside Scenarios and within them.

use super::desk::Desk;
use serde_json::Value;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop:2, readinessProbe: {tcpSocket: {port: 80}}}]}
";

const CANARY: &str = "\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  analysis: {interval: 10s, threshold: 2, stepWeight: 50, maxWeight: 50}
";

const SCENARIO: &str = "\
apiVersion: windtunnel/v1alpha1
kind: Scenario
metadata: {name: noon}
spec:
  horizon: 3m
  service: {name: shop, startup: 5s}
  traffic: {users: 100, arrivals: {poisson: {rate: 5/s}}}
  release: {at: 20s, variants: [{name: good}]}
";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("team/deployment.yaml", DEPLOYMENT);
    desk.write("team/canary.yaml", CANARY);
    desk.write("noon.yaml", SCENARIO);
    desk
}

const FAST: [&str; 4] = ["--replications", "2", "--format", "json"];

fn flown(desk: &Desk, args: &[&str]) -> Value {
    json(&desk.fine(&[&["run"][..], args, &FAST].concat()))
}

#[test]
fn files_folders_and_pipes_are_one_stream() {
    let desk = desk();
    let by_folder = desk.fine(&["import", "team"]);
    let by_file = desk.fine(&["import", "team/canary.yaml", "team/deployment.yaml"]);
    let spec = |text: &str| text.split("\n\n#").next().unwrap_or_default().to_string();
    assert_eq!(spec(&by_folder), spec(&by_file));
    let stream = format!("{DEPLOYMENT}---\n{CANARY}");
    let piped = desk.run_with(&["import", "-"], &stream);
    assert_eq!(spec(&piped.out), spec(&by_file), "{}", piped.err);
    let list = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \
        \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"shop\", \"uid\": \"1\"}, \
        \"spec\": {\"selector\": {\"matchLabels\": {\"a\": \"b\"}}, \"template\": {\"metadata\": \
        {\"labels\": {\"a\": \"b\"}}, \"spec\": {\"containers\": [{\"name\": \"shop\"}]}}}, \"status\": \
        {}}]}";
    let listed = desk.run_with(&["import", "-", "--format", "json"], list);
    let answer = json(&listed.out);
    assert_eq!(answer["scenarios"][0]["metadata"]["name"], "shop", "{}", listed.err);
    let ignored = answer["ignored"].as_array().expect("a list");
    assert!(ignored.iter().any(|n| n["field"] == "status" && n["line"] == 1));
    assert!(answer["assumed"].as_array().is_some_and(|a| a.iter().all(|n| n["source"] != "")));
}

/// What another program reads is left out of a folder, and said; alone it is told to be nothing of
/// ours.
#[test]
fn files_of_other_programs_in_a_folder_are_left_out() {
    let desk = desk();
    let alone = desk.fine(&["import", "team"]);
    desk.write("team/docker-compose.yml", "services: {web: {image: web}}\n");
    desk.write("team/patch.json", "[{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}]\n");
    let both = desk.run_with(&["import", "team"], "");
    assert_eq!(both.out, alone, "{}", both.err);
    for file in ["docker-compose.yml", "patch.json"] {
        assert!(both.err.contains(&format!("{file}:1:1: warning: neither")), "{}", both.err);
    }
    desk.write("others/docker-compose.yml", "services: {web: {image: web}}\n");
    let others = desk.run_with(&["import", "others"], "");
    assert_eq!((others.code, others.out.as_str()), (Some(2), ""), "{}", others.err);
    assert!(others.err.contains("neither a scenario nor a manifest"), "{}", others.err);
}

#[test]
fn a_scenario_that_is_none_is_refused() {
    let answer = desk().run(&["import", "team", "--scenario", "team/canary.yaml"]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("team/canary.yaml: error: no document of kind Scenario"));
}

/// When nothing is released, the reasons are told with it.
#[test]
fn what_keeps_everything_from_being_released_is_told() {
    let desk = desk();
    desk.write("empty.yaml", &DEPLOYMENT.replace("replicas: 3", "replicas: 0"));
    let answer = desk.run_with(&["import", "empty.yaml"], "");
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("empty.yaml:5:13: error: Deployment/shop spec.replicas: no pods"));
    assert!(answer.err.contains("nothing is released here: found Deployment/shop"));
}

#[test]
fn a_scenario_beside_manifests_says_traffic_and_faults() {
    let desk = desk();
    let together = flown(&desk, &["team", "noon.yaml"]);
    let by_flag = flown(&desk, &["team", "--scenario", "noon.yaml"]);
    for results in [together, by_flag] {
        let scenarios = results["scenarios"].as_array().expect("a list");
        assert_eq!(scenarios.len(), 1);
        assert_eq!(scenarios[0]["scenario"], "noon");
        assert_eq!(scenarios[0]["strategies"][0]["strategy"], "flagger");
    }
    let swept = flown(&desk, &["team", "noon.yaml", "--set", "spec.service.replicas=2,4"]);
    assert_eq!(swept["scenarios"].as_array().map(Vec::len), Some(2));
    desk.write("slip.yaml", &SCENARIO.replace("name: shop", "name: shpo"));
    let slipped = desk.run(&["run", "team", "slip.yaml"]);
    assert_eq!(slipped.code, Some(2));
    assert!(slipped.err.contains("did you mean shop?"), "{}", slipped.err);
}

#[test]
fn a_scenario_names_manifests_among_its_strategies() {
    let desk = desk();
    desk.write("all.yaml", &format!("{DEPLOYMENT}---\n{CANARY}"));
    let strategies = "  strategies:\n    - rollingUpdate\n    - manifest: all.yaml\n    \
        - manifest: {path: team/deployment.yaml, name: ours}\n";
    desk.write("beside.yaml", &format!("{SCENARIO}{strategies}"));
    let results = flown(&desk, &["beside.yaml"]);
    let names: Vec<&Value> = results["scenarios"][0]["strategies"]
        .as_array()
        .map(|rows| rows.iter().map(|row| &row["strategy"]).collect())
        .unwrap_or_default();
    assert_eq!(names, ["rollingUpdate", "flagger", "ours"]);
    desk.write("lost.yaml", &format!("{SCENARIO}  strategies: [{{manifest: nowhere.yaml}}]\n"));
    let lost = desk.run(&["validate", "lost.yaml"]);
    assert_eq!(lost.code, Some(2));
    assert!(
        lost.err.contains("lost.yaml:9:27: error: spec.strategies[0].manifest"),
        "{}",
        lost.err
    );
}

#[test]
fn strictness_refuses_what_is_ignored_or_missing() {
    let desk = desk();
    assert_eq!(desk.run(&["validate", "team", "--strict"]).code, Some(0));
    let unknown = DEPLOYMENT.replace("replicas: 3", "replicas: 3\n  replicass: 4");
    desk.write("unknown.yaml", &unknown);
    assert_eq!(desk.run(&["validate", "unknown.yaml"]).code, Some(0));
    let refused = desk.run(&["validate", "unknown.yaml", "--strict"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("unknown.yaml:6:3: error: Deployment/shop spec.replicass"));
    let alone = desk.run(&["run", "team/canary.yaml", "--strict"]);
    assert_eq!(alone.code, Some(2));
    assert!(alone.err.contains("missing, assumed"), "{}", alone.err);
}

#[test]
fn what_is_no_manifest_yet_is_answered_with_a_command() {
    let desk = desk();
    for (file, text, wanted) in [
        ("t.yaml", "replicas: {{ .Values.replicas }}\n", "helm template"),
        ("kustomization.yaml", "resources: [a.yaml]\n", "kubectl kustomize"),
        ("apply.sh", "kubectl apply -f - <<EOF\nkind: Service\nEOF\n", "windtunnel run -"),
        ("config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "ConfigMap"),
    ] {
        desk.write(file, text);
        let answer = desk.run(&["run", file]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{file}");
        assert!(answer.err.contains(wanted), "{file}: {}", answer.err);
    }
}

#[test]
fn own_checks_are_put_on_whatever_analyses() {
    let desk = desk();
    let checks = "checks:\n  - name: error_rate\n    query: sum(rate(http_requests_total[1m]))\n    \
        failsWhen: \"> 1000000\"\n";
    desk.write("checks.yaml", checks);
    let with = desk.fine(&["import", "team", "--checks", "checks.yaml"]);
    assert!(with.contains("name: error_rate") && with.contains("max: 1000000"), "{with}");
    let results = flown(&desk, &["small.yaml", "--checks", "checks.yaml"]);
    assert_eq!(results["scenarios"][0]["scenario"], "small");
    let vain = desk.run(&["run", "team/deployment.yaml", "--checks", "checks.yaml"]);
    assert_eq!(vain.code, Some(2));
    assert!(vain.err.contains("no strategy here analyses"), "{}", vain.err);
    desk.write("wrong.yaml", "checks: [{query: up, failsWhen: often}]\n");
    let wrong = desk.run(&["run", "small.yaml", "--checks", "wrong.yaml"]);
    assert!(wrong.err.contains("wrong.yaml:1:33: error: checks[0].failsWhen"), "{}", wrong.err);
}

/// A check the wrong way round (the share of orders that are completed is not to be small) takes
/// every good release back; the summary says which one it is.
#[test]
fn the_check_that_takes_good_releases_back_is_named() {
    let desk = desk();
    let orders = "sum(rate(orders_completed_total[1m])) / sum(rate(checkout_started_total[1m]))";
    let checks = format!(
        "checks:\n  - {{name: fine, query: \"vector(0)\", failsWhen: \"> 1\"}}\n  - name: \
         conversion_rate\n    query: {orders}\n    failsWhen: \"> 0.03\"\n"
    );
    desk.write("checks.yaml", &checks);
    let run = ["run", "small.yaml", "--checks", "checks.yaml", "--replications", "4"];
    let answer = desk.run(&[&run[..], &["--strategies", "canary", "--out", "out"]].concat());
    let summary = std::fs::read_to_string(desk.path("out/summary.md")).expect("a summary");
    let told = "| canary | taken back 100 % by `conversion_rate` |";
    assert!(summary.contains(told), "{}\n{summary}", answer.err);
}

/// A template that asks another service than Prometheus leaves its metric without a say.
#[test]
fn metrics_that_nobody_can_ask_are_warned_of() {
    let desk = desk();
    let canary = |analysis: &str| {
        format!(
            "{DEPLOYMENT}---\napiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: \
             shop}}\nspec:\n  provider: istio\n  targetRef: {{apiVersion: apps/v1, kind: \
             Deployment, name: shop}}\n  service: {{port: 80}}\n  analysis: {analysis}\n"
        )
    };
    let analysis = "{interval: 30s, threshold: 1, maxWeight: 50, stepWeight: 20, metrics: [{name: \
                    foo, templateRef: {name: m}, thresholdRange: {max: 0}}]}";
    let template = "---\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: \
                    m}\nspec: {provider: {type: datadog}, query: 'vector(1)'}\n";
    desk.write("asked.yaml", &format!("{}{template}", canary(analysis)));
    let answer = desk.run_with(&["validate", "asked.yaml"], "");
    assert!(answer.err.contains("warning: Canary/shop spec.analysis.metrics[0]"), "{}", answer.err);
    assert!(answer.err.contains("0 of 1 checks are flown"), "{}", answer.err);

    desk.write("stuck.yaml", &canary("{interval: 30s, stepWeights: [10, 10, 20]}"));
    let answer = desk.run_with(&["validate", "stuck.yaml"], "");
    assert!(answer.err.contains("stays at 10 for ever"), "{}", answer.err);
    assert!(!answer.err.contains("takes at least"), "{}", answer.err);
}

#[test]
fn rollouts_and_deployments_that_the_api_server_refuses_are_refused() {
    let desk = desk();
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: w}\nspec:\n  \
                   replicas: 5\n  selector: {matchLabels: {app: w}}\n  template: {metadata: \
                   {labels: {app: w}}, spec: {containers: [{name: w, image: 'x:1'}]}}\n  \
                   strategy: {canary: {steps: [{setWeight: 20}, {pause: {duration: 0}}]}}\n";
    let told = |text: &str| {
        desk.write("one.yaml", text);
        desk.run_with(&["validate", "one.yaml"], "")
    };
    assert_eq!(told(rollout).code, Some(0));
    let none = told(&rollout.replace("replicas: 5", "replicas: 0"));
    assert!(none.code == Some(2) && none.err.contains("spec.replicas: no pods"), "{}", none.err);
    let odd = told(&rollout.replace("{setWeight: 20}", "{foo: 1}"));
    assert!(
        odd.code == Some(2) && odd.err.contains("Step must have one of the following set"),
        "{}",
        odd.err
    );
    let late = DEPLOYMENT.replace("replicas: 3", "replicas: 3\n  minReadySeconds: 600");
    let late = told(&late);
    assert!(late.code == Some(2) && late.err.contains("minReadySeconds"), "{}", late.err);
}

/// A Rollout that asks Kayenta for a config that is not among the files.
const ASKS_KAYENTA: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop:2, readinessProbe: {tcpSocket: {port: 80}}}]}
  strategy:
    canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: judged}]}}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: judged}
spec:
  metrics:
    - name: aca
      provider:
        kayenta:
          application: shop
          canaryConfigName: shop-errors
          threshold: {pass: 95, marginal: 50}
          scopes:
            - name: default
              controlScope: {scope: a, step: 60, start: now, end: now}
              experimentScope: {scope: b, step: 60, start: now, end: now}
";

/// Without its CanaryConfig Kayenta's answer is taken for a success, and everybody says so; an
/// annotation of the template says otherwise, and then nothing is assumed.
#[test]
fn what_kayenta_is_taken_to_answer_is_told_everywhere() {
    let desk = Desk::new();
    desk.write("rollout.yaml", ASKS_KAYENTA);
    let mild = "metadata: {name: judged, annotations: {windtunnel-answers.aca: never}}";
    let said = ASKS_KAYENTA.replace("metadata: {name: judged}", mild);
    desk.write("said.yaml", &said);
    let run = ["run", "rollout.yaml", "--replications", "1", "--set", "spec.horizon=5m"];
    for args in [&["validate", "rollout.yaml"][..], &["import", "rollout.yaml"], &run] {
        let told = desk.run(args);
        let text = format!("{}{}", told.out, told.err);
        assert!(text.contains("taken to answer always"), "{args:?}: {text}");
        assert!(text.contains("no CanaryConfig here is called \"shop-errors\""), "{text}");
        let args: Vec<&str> =
            args.iter().map(|a| if *a == "rollout.yaml" { "said.yaml" } else { *a }).collect();
        let told = desk.run(&args);
        let text = format!("{}{}", told.out, told.err);
        assert!(!text.contains("taken to answer always"), "{args:?}: {text}");
    }
}

/// Another project's Rollout, and two routers, beside the Deployment.
const OTHERS: &str = "\
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: {name: steps}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  strategy: {canary: {steps: [{replicas: 1, pause: {}}]}}
---
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: one}
spec: {action: pod-kill, selector: {labelSelectors: {app: shop}}}
---
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: two}
spec: {action: pod-kill, selector: {labelSelectors: {app: shop}}}
";

#[test]
fn what_is_not_flown_is_told_wherever_one_looks() {
    let desk = desk();
    desk.write("others.yaml", &format!("{DEPLOYMENT}---\n{OTHERS}"));
    for verb in ["validate", "run", "check", "replay", "import"] {
        let refused = desk.run(&[verb, "others.yaml"]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{verb}");
        let told = "others.yaml:15:16: error: Rollout.rollouts.kruise.io/steps spec.workloadRef: \
                    not flown: it owns the release of Deployment/shop";
        assert!(refused.err.contains(told), "{verb}: {}", refused.err);
    }
    let chaos = "2 × PodChaos (one, two): it refers to Deployment/shop";
    let valid = desk.run(&["validate", "others.yaml", "--lenient"]);
    assert_eq!(valid.code, Some(0), "{}", valid.err);
    assert!(valid.out.starts_with("Left out, and what it may change:\n  Rollout.rollouts."));
    assert!(valid.out.contains(chaos), "{}", valid.out);
    assert!(valid.out.ends_with("shop: valid, with 3 warnings\n"), "{}", valid.out);
    let all = ["--lenient", "--format", "json"];
    for verb in ["validate", "import"] {
        let answer = json(&desk.fine(&[&[verb, "others.yaml"][..], &all].concat()));
        let found = answer["notFlown"].as_array().expect("a list");
        let effects: Vec<&str> = found.iter().filter_map(|f| f["effect"].as_str()).collect();
        assert_eq!(effects, ["ownsRelease", "mayChange", "mayChange"], "{verb}");
        assert_eq!(found[0]["about"][0], "Deployment/shop");
        assert_eq!((&found[0]["line"], &found[0]["column"]), (&12.into(), &7.into()));
    }
    let run = ["run", "others.yaml", "--lenient", "--replications", "1", "--out", "told"];
    let run = desk.run(&[&run[..], &["--set", "spec.horizon=8m"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.starts_with("Left out, and what it may change:\n"), "{}", run.out);
    assert!(!run.err.contains(": ignored: Rollout"), "told twice: {}", run.err);
    let page = desk.read("told/summary.md");
    let section = "## What was left out, and what it may change\n\n- **Rollout.rollouts.kruise.io";
    assert!(page.contains(section), "{page}");
    assert!(page.contains("2 × PodChaos (one, two)"), "{page}");
    let strict = desk.run(&["validate", "others.yaml", "--lenient", "--strict"]);
    assert_eq!(strict.code, Some(2), "the two contradict each other");
}

/// Many services of the same kind: what is assumed of all is told once, and a run says in one line
/// how much it is; warnings come last.
#[test]
fn assumptions_are_counted_and_told_once() {
    let desk = Desk::new();
    let names = ["a", "b", "c", "d", "e"];
    let all = names.map(|name| DEPLOYMENT.replace("shop", name)).join("---\n");
    desk.write("all.yaml", &all.replacen("replicas: 3", "replicas: 3\n  replicass: 4", 1));
    let listed = desk.fine(&["import", "all.yaml"]);
    let once =
        "5 × Deployment (a, b, c and 2 more) spec.service.grace: 30s (default of Kubernetes)";
    assert_eq!(listed.matches("spec.service.grace").count(), 1, "{listed}");
    assert!(listed.contains(once), "{listed}");
    let answer = json(&desk.fine(&["import", "all.yaml", "--format", "json"]));
    let assumed = answer["assumed"].as_array().expect("a list");
    let grace = assumed.iter().filter(|n| n["field"] == "spec.service.grace").count();
    assert_eq!(grace, 5, "machines get every one");
    let run = desk.run(&["replay", "all.yaml"]);
    let lines: Vec<&str> = run.err.lines().collect();
    let told = format!("{} assumptions: `windtunnel import` lists them, with ", assumed.len());
    assert!(lines[0].starts_with(&told), "{}", run.err);
    let warning = lines[1].contains(": warning: ") && lines[1].contains("\"replicass\"");
    assert!(warning, "{}", run.err);
}

/// A field that is written a level too deep is told where it is known.
#[test]
fn a_misplaced_field_is_told_where_it_belongs() {
    let desk = Desk::new();
    let deep = "{name: shop, terminationGracePeriodSeconds: 9, image";
    let text = DEPLOYMENT.replace("{name: shop, image", deep);
    let text = text.replace("replicas: 3\n", "replicas: 3\n  strategy: {minReadySeconds: 5}\n");
    desk.write("deep.yaml", &text);
    let told = desk.run(&["validate", "deep.yaml"]).err;
    for wanted in ["spec.minReadySeconds", "spec.template.spec.terminationGracePeriodSeconds"] {
        assert!(told.contains(&format!("did you mean {wanted}?")), "{told}");
    }
}

/// A Rollout whose checks ask by the hash of the pod template is flown alike alone and named by a
/// Scenario: no mark of a hash is left in either.
#[test]
fn hashes_are_known_wherever_a_rollout_is_named() {
    let desk = Desk::new();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/manifests/canary-argo.yaml");
    desk.write("argo.yaml", &std::fs::read_to_string(shipped).expect("a manifest"));
    desk.write("s.yaml", &format!("{SCENARIO}  strategies: [{{manifest: argo.yaml}}]\n"));
    for path in ["argo.yaml", "s.yaml"] {
        let printed = desk.fine(&["import", path]);
        assert!(printed.contains("rollouts_pod_template_hash"), "{path}: {printed}");
        assert!(!printed.contains("{{hash"), "{path}: {printed}");
    }
}
