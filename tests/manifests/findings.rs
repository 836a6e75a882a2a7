//! What can be told of manifests before anything flies, with its place: ratios that decide nothing,
//! budgets that evict nobody, weights that the pods cannot form.

use super::input::import;
use windtunnel::base::problem::Problem;

/// The warnings about what becomes of a text, without those about the world that is assumed.
fn found(text: &str) -> Vec<Problem> {
    let import = import(text, "a.yaml").unwrap_or_else(|problems| panic!("{problems:#?}"));
    let scenarios = import.flyables.iter().flat_map(|flyable| {
        let (_, warnings) = flyable.scenario().unwrap_or_else(|problems| panic!("{problems:#?}"));
        warnings
    });
    let words = ["ratio", "budget", "eviction", "share of"];
    let of_these = |w: &Problem| words.iter().any(|word| w.message.contains(word));
    scenarios.filter(of_these).collect()
}

/// One warning, with these words, at the line with this text.
fn check(text: &str, words: &[&str], line: &str) {
    let found = found(text);
    let [warning] = &found[..] else { panic!("{found:#?}\n{text}") };
    for word in words {
        assert!(warning.message.contains(word), "{word:?} is not in {warning:#?}");
    }
    let at = text.lines().nth(warning.place.line as usize - 1).unwrap_or_default();
    assert!(at.contains(line), "{warning:#?} stands at {at:?}");
    assert_eq!(&*warning.file, "a.yaml");
}

const POD: &str = "{metadata: {labels: {app: search}}, spec: {containers: [{name: search, image: \
                   \"search:2\"}]}}";

/// A Rollout of so many pods with these steps.
fn rollout(replicas: u32, steps: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: search}}\nspec:\n  \
         replicas: {replicas}\n  selector: {{matchLabels: {{app: search}}}}\n  template: {POD}\n  \
         strategy:\n    canary:\n      maxSurge: 1\n      maxUnavailable: 0\n      steps:\n{steps}"
    )
}

fn analysed(query: &str, conditions: &str) -> String {
    let steps = "        - setWeight: 20\n        - analysis: {templates: [{templateName: errors}]}\n\
        \x20       - setWeight: 60\n        - analysis: {templates: [{templateName: errors}]}\n";
    format!(
        "{}---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: \
         errors}}\nspec:\n  args: [{{name: app, value: search}}]\n  metrics:\n    - name: share\n      \
         interval: 30s\n      count: 5\n      {conditions}\n      provider:\n        prometheus:\n          \
         address: http://prometheus:9090\n          query: |\n            {query}\n",
        rollout(5, steps)
    )
}

const BAD: &str = "rate(http_requests_total{app=\"{{args.app}}\",status=~\"5..\"}[1m])";
const ALL: &str = "rate(http_requests_total{app=\"{{args.app}}\"}[1m])";

#[test]
fn a_series_divided_by_itself_decides_nothing() {
    let text = analysed(&format!("{BAD} / {ALL}"), "successCondition: result[0] < 0.05");
    let never = "always 1 or NaN: the check never passes, and every release fails";
    check(
        &text,
        &["each series of http_requests_total", "both sides keep status", never],
        "rate(http",
    );
    let forgiven = "successCondition: result[0] < 0.05\n      failureLimit: 5";
    let text = analysed(&format!("{BAD} / {ALL}"), forgiven);
    check(&text, &["never passes, and all of its measurements fail"], "rate(http");
    let text = analysed(&format!("1 - {BAD} / {ALL}"), "failureCondition: result[0] > 0.05");
    check(&text, &["the query 0: the check passes whatever the release does"], "rate(http");
    let sums = format!("sum by (status) ({BAD}) / sum by (status) ({ALL})");
    let text = analysed(&sums, "successCondition: len(result) > 1 || result[0] < 0.05");
    check(&text, &["both sides keep status, so it is always 1 or NaN"], "rate(http");
    let share = format!("sum({BAD}) / sum({ALL})");
    assert_eq!(found(&analysed(&share, "successCondition: result[0] < 0.05")), []);
}

fn canary(metric: &str, beside: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: search}}\nspec:\n  replicas: 4\n  \
         selector: {{matchLabels: {{app: search}}}}\n  template: {POD}\n---\n\
         apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: search}}\nspec:\n  \
         targetRef: {{apiVersion: apps/v1, kind: Deployment, name: search}}\n  \
         service: {{port: 80}}\n  analysis:\n    interval: 1m\n    threshold: 2\n    \
         maxWeight: 50\n    stepWeight: 25\n    metrics:\n{metric}{beside}"
    )
}

#[test]
fn flaggers_metrics_are_looked_at_as_well() {
    let inline = "      - name: share\n        thresholdRange: {max: 0.01}\n        query: \
        'rate(http_requests_total{status=~\"5..\"}[1m]) / rate(http_requests_total[1m])'\n";
    let never = "never passes, and every release goes back";
    check(&canary(inline, ""), &["always 1 or NaN", never], "name: share");
    let within = inline.replace("max: 0.01", "max: 1");
    check(
        &canary(&within, ""),
        &["whatever the release does, unless it is NaN or empty"],
        "name: share",
    );
    let named = "      - name: share\n        interval: 1m\n        thresholdRange: {max: 0.01}\n        \
        templateRef: {name: share}\n";
    let template = "---\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: \
        share}\nspec:\n  provider: {type: prometheus, address: \"http://p\"}\n  query: '100 * \
        rate(http_requests_total{status=~\"5..\"}[{{ interval }}]) / \
        rate(http_requests_total[{{ interval }}])'\n";
    check(&canary(named, template), &["always 100 or NaN", never], "name: share");
}

fn deployment(replicas: u32, beside: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: search}}\nspec:\n  \
         replicas: {replicas}\n  selector: {{matchLabels: {{app: search}}}}\n  template: {POD}\n{beside}"
    )
}

fn budget(name: &str, says: &str) -> String {
    format!(
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}}}\n\
         spec: {{selector: {{matchLabels: {{app: search}}}}, {says}}}\n"
    )
}

#[test]
fn a_budget_that_never_allows_an_eviction_is_told() {
    let three = deployment(3, &budget("a", "minAvailable: 3"));
    check(&three, &["never allows an eviction of 3 pods, 3 of 3 have to stay"], "minAvailable: 3");
    let none = deployment(3, &budget("a", "maxUnavailable: 0%"));
    check(&none, &["none may be missing"], "maxUnavailable: 0%");
    assert_eq!(found(&deployment(3, &budget("a", "minAvailable: 50%"))), []);
    let two = budget("a", "maxUnavailable: 1") + &budget("b", "maxUnavailable: 2");
    check(&deployment(3, &two), &["another budget covers the same pods"], "maxUnavailable: 2");
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: \
        a}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: search}, \
        minReplicas: 2, maxReplicas: 9, metrics: [{type: Resource, resource: {name: cpu, target: \
        {type: AverageValue, averageValue: 400m}}}]}\n";
    let scaled = deployment(6, &format!("{scaler}{}", budget("a", "minAvailable: 2")));
    let few = "with 2 pods, the autoscaler's fewest, but from 3 on";
    check(&scaled, &[few], "minAvailable: 2");
}

#[test]
fn weights_that_no_number_of_pods_forms_are_told() {
    let steps =
        "        - setWeight: 10\n        - pause: {duration: 1m}\n        - setWeight: 50\n";
    let words = ["share of 3 pods: 10% comes to 25% (1 of 4)"];
    check(&rollout(3, steps), &words, "setWeight: 10");
    assert_eq!(found(&rollout(10, steps)), []);
    // One pod of each version.
    check(
        &rollout(1, "        - setWeight: 10\n"),
        &["10% comes to 50% (1 of 2)"],
        "setWeight: 10",
    );
}
