//! Texts that look like manifests and are none yet: templates, shell scripts, overlays. Each is
//! refused with the command that makes manifests of it.

use super::kinds::canary_config;
use std::sync::Arc;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Place, Problem, nearest};

/// What begins an action of a Helm template. Flagger's and Argo's own templates begin otherwise.
const HELM: [&str; 17] = [
    ".Values",
    ".Release",
    ".Chart",
    ".Capabilities",
    ".Files",
    ".Template",
    "include ",
    "template ",
    "if ",
    "else",
    "range ",
    "with ",
    "define ",
    "end",
    "toYaml ",
    "tpl ",
    "/*",
];

/// A problem with a text that is no YAML yet; nothing if it may be read.
pub fn text(text: &str, file: &str) -> Option<Problem> {
    let found = text.lines().enumerate().find_map(|(i, line)| {
        let place = |column: usize| Place { line: i as u32 + 1, column: column as u32 + 1 };
        helm(line).map(|column| templated(place(column))).or_else(|| {
            let script = heredoc(line) || i == 0 && line.starts_with("#!");
            script.then(|| shell(place(0)))
        })
    });
    found.map(|problem| problem.in_file(&Arc::from(file)))
}

/// A document of another program's: no mapping, or one without any key that ours have, not even a
/// slip of one.
pub fn is_stranger(node: &Node) -> bool {
    let own = ["apiVersion", "kind", "metadata", "spec"];
    match &node.value {
        Value::Map(_) if canary_config::is_bare(node) => false,
        Value::Map(entries) => {
            !entries.is_empty() && entries.iter().all(|(key, _)| nearest(&key.name, own).is_none())
        }
        _ => true,
    }
}

/// The column of an action that only Helm understands.
fn helm(line: &str) -> Option<usize> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let (at, _) = line.match_indices("{{").find(|(at, _)| {
        let action = line[at + 2..].trim_start_matches('-').trim_start();
        // `${{ … }}` is an expression of a workflow.
        let workflow = line[..*at].ends_with('$') || line[at + 2..].starts_with('{');
        HELM.iter().any(|word| action.starts_with(word)) && !workflow
    })?;
    Some(line[..at].chars().count())
}

/// A line of a shell script that feeds manifests to a command.
fn heredoc(line: &str) -> bool {
    let command = ["cat ", "cat<", "kubectl ", "tee ", "oc ", "istioctl "];
    line.contains("<<") && command.iter().any(|c| line.starts_with(c))
}

fn templated(place: Place) -> Problem {
    Problem::error(place, "", "a Helm template")
        .expected("the manifests that Helm makes of it")
        .help("helm template RELEASE CHART | windtunnel run -")
}

fn shell(place: Place) -> Problem {
    Problem::error(place, "", "a shell script with manifests in it")
        .expected("the manifests alone")
        .help(
            "write `windtunnel run -` in place of `kubectl apply -f -`, or save what stands \
             between the marks as a file of its own",
        )
}

/// A problem with a document that only another tool understands.
pub fn document(node: &Node, file: &str) -> Option<Problem> {
    let Value::Map(entries) = &node.value else { return None };
    let text = |name: &str| node.get(name).and_then(Node::text).unwrap_or_default();
    let place = entries.first().map_or(node.place, |(key, _)| key.place);
    let kustomization = text("kind") == "Kustomization"
        && text("apiVersion").starts_with("kustomize.config.k8s.io")
        || node.get("kind").is_none() && is_named(file, "kustomization");
    if kustomization {
        let problem = Problem::error(place, "", "a Kustomize file");
        let problem = problem.expected("the manifests that Kustomize makes of it");
        let folder = file.rsplit_once(['/', '\\']).map_or(".", |(folder, _)| folder);
        let help = format!("kubectl kustomize {folder} | windtunnel run -");
        return Some(problem.help(help).in_file(&Arc::from(file)));
    }
    let chart = node.get("kind").is_none()
        && (is_named(file, "values") || is_named(file, "Chart") && node.get("version").is_some());
    chart.then(|| {
        let problem = Problem::error(place, "", "a file of a Helm chart");
        let problem = problem.expected("the manifests that Helm makes of it");
        let help = "helm template RELEASE CHART | windtunnel run -";
        problem.help(help).in_file(&Arc::from(file))
    })
}

/// Is this the name of the file, whatever its folder and ending?
fn is_named(file: &str, name: &str) -> bool {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    matches!(last.rsplit_once('.'), Some((stem, "yaml" | "yml")) if stem == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::yaml;

    #[test]
    fn templates_of_helm_are_told_from_those_of_controllers() {
        for helm in ["replicas: {{ .Values.n }}", "{{- if .Values.on }}", "  {{ include \"x\" . }}"]
        {
            let problem = text(helm, "t.yaml").expect(helm);
            assert!(problem.help.contains("helm template") && problem.place.line == 1);
        }
        for own in [
            "query: a{hash=\"{{args.canary-hash}}\"}",
            "rate(x{namespace=\"{{ namespace }}\"}[{{ interval }}])",
            "# {{ .Values.n }}",
            "a: {b: {c: 1}}",
            "run: echo ${{ if github.ref }}",
        ] {
            assert_eq!(text(own, "t.yaml"), None, "{own}");
        }
    }

    #[test]
    fn scripts_are_told_where_they_begin() {
        let script = "set -e\ncat <<EOF | kubectl apply -f -\nkind: Service\nEOF\n";
        assert_eq!(text(script, "s.sh").map(|p| p.place.line), Some(2));
        assert!(text("#!/bin/sh\nkubectl apply", "s").is_some());
        let inner = "command:\n  - |\n    cat <<EOF > /etc/x\n    EOF\n";
        assert_eq!(text(inner, "t.yaml"), None);
    }

    #[test]
    fn overlays_and_charts_are_told_by_kind_or_name() {
        let of = |text: &str, file: &str| {
            let node = yaml::documents(text, file).expect("valid").remove(0);
            document(&node, file).map(|p| p.help)
        };
        let overlay = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
        assert!(of(overlay, "a.yaml").is_some_and(|h| h.contains("kubectl kustomize")));
        assert!(of("resources: [a.yaml]", "x/kustomization.yaml").is_some());
        assert!(of("replicas: 3", "chart/values.yaml").is_some());
        assert_eq!(of("kind: Deployment", "values.yaml"), None);
        assert_eq!(of("replicas: 3", "a.yaml"), None);
    }

    #[test]
    fn documents_of_other_programs_are_told_from_slips() {
        let of = |text: &str| is_stranger(&yaml::documents(text, "a").expect("valid").remove(0));
        for other in ["services: {web: {image: a}}", "[{op: add}]", "on: push\njobs: {}", "text"] {
            assert!(of(other), "{other}");
        }
        for own in ["kind: Deployment", "spec: {}", "apiversion: v1", "metadata: {name: a}\nx: 1"] {
            assert!(!of(own), "{own}");
        }
    }
}
