//! The pod template of a workload: probes, shutdown, resources; the rest shapes no rollout.

use super::placing::{self, Placing};
use crate::fields::{Fields, Labels, Manifest};
use crate::scalars;
use windtunnel_base::units::parse_duration;

/// A pod template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTemplate {
    /// Labels of the pods.
    pub labels: Labels,
    /// Seconds from deletion to SIGKILL.
    pub grace_secs: Option<u64>,
    /// Its containers, in order.
    pub containers: Vec<Container>,
    /// How many containers have to end before these start.
    pub init: usize,
    /// Where its pods may go.
    pub placing: Placing,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Name of the container within the pod.
    pub name: String,
    /// The image it runs: what a release changes; nothing if it is left out.
    pub image: Option<String>,
    /// Readiness probe.
    pub readiness: Option<Probe>,
    /// Liveness probe.
    pub liveness: Option<Probe>,
    /// Startup probe.
    pub startup: Option<Probe>,
    /// Seconds of its preStop hook.
    pub pre_stop_secs: Option<f64>,
    /// CPU limit in cores, or its request where there is no limit.
    pub cpu: Option<f64>,
    /// Cores that it requests, by which an autoscaler measures.
    pub cpu_request: Option<f64>,
    /// Bytes of memory: its limit and its request.
    pub memory: [Option<f64>; 2],
    /// Ports that it names.
    pub ports: usize,
    /// Those among them that are ports of its node.
    pub host_ports: usize,
}

/// A probe, as far as it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// Seconds before the first attempt.
    pub initial_delay_secs: Option<u64>,
    /// Seconds between attempts.
    pub period_secs: Option<u64>,
    /// Seconds until an attempt has failed.
    pub timeout_secs: Option<u64>,
    /// Successes in a row.
    pub success_threshold: Option<u64>,
    /// Failures in a row.
    pub failure_threshold: Option<u64>,
}

/// Containers that meshes and agents put beside the application.
const SIDECARS: [&str; 6] =
    ["istio-proxy", "linkerd-proxy", "envoy", "envoy-sidecar", "vault-agent", "cloudsql-proxy"];

const NOT_A_ROLLOUT: &str = "no effect on a rollout: what the process does is given by a Scenario";

/// What a process gets, whatever it does with that.
const OF_PROCESS: [&str; 14] = [
    "env",
    "envFrom",
    "command",
    "args",
    "volumeMounts",
    "volumeDevices",
    "workingDir",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    "terminationMessagePath",
    "terminationMessagePolicy",
];

/// Longest time that a pod may be given, in seconds.
const SECS_MAX: u64 = 86_400;

impl PodTemplate {
    /// The application's container: that whose readiness probe is the last to pass, since a pod is
    /// ready when all of its containers are; without a probe the first that is no known sidecar.
    pub fn application(&self) -> Option<&Container> {
        let own = || self.containers.iter().filter(|c| !SIDECARS.contains(&c.name.as_str()));
        let probed = own().filter(|c| c.readiness.is_some());
        // Of equals the first.
        let slowest = probed.reduce(|a, b| if b.ready_secs() > a.ready_secs() { b } else { a });
        slowest.or(own().next()).or(self.containers.first())
    }
}

impl Container {
    /// Seconds by which its readiness probe has passed, if every attempt succeeds: a period of
    /// waiting for each.
    fn ready_secs(&self) -> u64 {
        self.readiness.as_ref().map_or(0, |probe| {
            let successes = probe.success_threshold.unwrap_or(1);
            let period = probe.period_secs.unwrap_or(10);
            probe.initial_delay_secs.unwrap_or(0) + successes.saturating_mul(period)
        })
    }
}

/// Reads `template`; nothing if it is not given.
pub fn template(f: &mut Fields<'_>) -> Option<PodTemplate> {
    f.object("template", |f| {
        let labels = f.object("metadata", |f| {
            let labels = f.labels("labels", "labels of the pods, by which selectors find them");
            f.no_effect(&["annotations"], "no effect on a rollout");
            let own = "never read: a pod has the namespace of its ReplicaSet, and a name made of \
                that one's (k/k pkg/controller/controller_utils.go, GetPodFromTemplate)";
            f.overridden(&["name", "namespace", "generateName"], own);
            f.bookkeeping(&["creationTimestamp"], "written by the server: no effect");
            f.not_flown(&["finalizers"], "a pod goes when it has ended: nobody has to let it go");
            let written = [
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "generation",
                "managedFields",
                "ownerReferences",
                "resourceVersion",
                "selfLink",
                "uid",
            ];
            f.bookkeeping(&written, "of a template nobody reads it: no effect");
            labels
        });
        let spec = f.object("spec", spec).unwrap_or_default();
        PodTemplate { labels: labels.flatten().unwrap_or_default(), ..spec }
    })
}

fn spec(f: &mut Fields<'_>) -> PodTemplate {
    let grace = "from deletion to SIGKILL, preStop included: spec.service.grace";
    let grace_secs = f.opt_count("terminationGracePeriodSeconds", 0..=SECS_MAX, grace);
    let containers = f.list("containers", container);
    let init = f.list("initContainers", |f| {
        f.opt_text("name", "one after another before the process: spec.service.scheduling");
        f.opt_text("image", "how long it works is assumed: spec.service.scheduling");
        let beside = "Always: it stays beside the process, which does not wait for its end";
        let beside = f.opt_choice("restartPolicy", &["Always", "Never", "OnFailure"], beside);
        f.no_effect(&OF_PROCESS, NOT_A_ROLLOUT);
        f.no_effect(&["ports", "resources", "resizePolicy"], NOT_A_ROLLOUT);
        f.not_flown(&["restartPolicyRules"], "one that fails is run again");
        let probes = ["readinessProbe", "livenessProbe", "startupProbe", "lifecycle"];
        f.not_flown(
            &probes,
            "one that stays beside the process is ready at once, and ends with it",
        );
        beside != Some(0)
    });
    let init = init.into_iter().filter(|waits| *waits).count();
    let placing = placing::read(f);
    f.opt_choice("restartPolicy", &["Always"], "containers are restarted with back-off");
    f.no_effect(
        &[
            "securityContext",
            "serviceAccountName",
            "serviceAccount",
            "automountServiceAccountToken",
            "imagePullSecrets",
            "dnsPolicy",
            "dnsConfig",
            "hostPID",
            "hostIPC",
            "hostAliases",
            "hostname",
            "subdomain",
            "enableServiceLinks",
            "shareProcessNamespace",
            "overhead",
            "os",
            "setHostnameAsFQDN",
            "activeDeadlineSeconds",
            "hostUsers",
            "ephemeralContainers",
        ],
        NOT_A_ROLLOUT,
    );
    f.no_effect(&["resources", "hostnameOverride"], NOT_A_ROLLOUT);
    f.not_flown(&["schedulingGroup"], "pods find their nodes one by one");
    PodTemplate { labels: Labels::new(), grace_secs, containers, init, placing }
}

fn container(f: &mut Fields<'_>) -> Container {
    let name = f.opt_text(
        "name",
        "of several, that with the slowest readiness probe is taken for the application",
    );
    let image = f.opt_text("image", "what is released: the version before it is the old one");
    let readiness = probe(f, "readinessProbe");
    let liveness = probe(f, "livenessProbe");
    let startup = probe(f, "startupProbe");
    let pre_stop_secs = f.object("lifecycle", lifecycle).flatten();
    let resources = f.object("resources", |f| {
        let limit = f.object("limits", |f| cpu(f, "CPU limit, against which CPU checks measure"));
        let request = f.object("requests", |f| cpu(f, "share of it in use is what an HPA reads"));
        f.no_effect(&["claims"], NOT_A_ROLLOUT);
        (limit.unwrap_or_default(), request.unwrap_or_default())
    });
    let (limit, request) = resources.unwrap_or_default();
    let (limit, cpu_request, memory) = (limit.0, request.0, [limit.1, request.1]);
    let ports = f.list("ports", |f| {
        f.opt_scalar("containerPort", "port", "where the process listens", scalars::port_number);
        f.opt_text("name", "a name that Services and probes may use");
        f.no_effect(&["protocol", "hostIP"], "every request is an HTTP request");
        let on_node = "a port of its node, which one pod a node can have: placement.hostPorts";
        f.opt_scalar("hostPort", "port", on_node, scalars::port_number).is_some()
    });
    f.no_effect(&OF_PROCESS, NOT_A_ROLLOUT);
    f.not_flown(&["restartPolicyRules"], "containers are restarted with back-off");
    f.not_flown(&["restartPolicy", "resizePolicy"], "containers are restarted with back-off");
    Container {
        name: name.unwrap_or_default(),
        image,
        readiness,
        liveness,
        startup,
        pre_stop_secs,
        cpu: limit.or(cpu_request),
        cpu_request,
        memory,
        ports: ports.len(),
        host_ports: ports.into_iter().filter(|on_node| *on_node).count(),
    }
}

/// Cores, and bytes of memory.
fn cpu(f: &mut Fields<'_>, becomes: &'static str) -> (Option<f64>, Option<f64>) {
    let cores = f.opt_scalar("cpu", "quantity", becomes, scalars::cores);
    let memory = "what an autoscaler's memory metric measures against; only a leak fills it";
    let memory = f.opt_scalar("memory", "quantity", memory, scalars::bytes);
    f.no_effect(&["ephemeral-storage"], "no effect on a rollout");
    let is_extended = |name: &str| name.contains('/') || name.starts_with("hugepages-");
    let own = |name: &&str| !f.names().contains(name);
    if f.describing() || f.unread().map(|key| key.name.as_str()).filter(own).any(is_extended) {
        let told = "a surge pod needs as much again: where no node has it free, it stays Pending";
        f.free_unless(&["/", "hugepages-"], told, "no resource of Kubernetes: no effect");
    }
    (cores, memory)
}

fn probe(f: &mut Fields<'_>, name: &'static str) -> Option<Probe> {
    let once = name != "readinessProbe";
    f.object(name, |f| {
        let secs =
            |f: &mut Fields<'_>, name, min, becomes| f.opt_count(name, min..=SECS_MAX, becomes);
        let probe = Probe {
            initial_delay_secs: secs(f, "initialDelaySeconds", 0, "no attempt before this"),
            period_secs: secs(f, "periodSeconds", 1, "time between attempts"),
            timeout_secs: secs(f, "timeoutSeconds", 1, "an attempt unanswered for this fails"),
            success_threshold: f.opt_count("successThreshold", 1..=100, "successes in a row"),
            failure_threshold: f.opt_count("failureThreshold", 1..=1000, "failures in a row"),
        };
        if once && probe.success_threshold.is_some_and(|n| n != 1) {
            let help = "the API server refuses anything else for liveness and startup probes";
            f.problem("successThreshold", "more than one success", "1", help);
        }
        f.object("httpGet", |f| {
            f.opt_text("path", "the simulated process answers its probes as it answers requests");
            f.opt_scalar("port", "port", "where the process is probed", scalars::port);
            f.no_effect(&["scheme", "host", "httpHeaders"], "no effect on the answer");
        });
        f.object("tcpSocket", |f| {
            f.opt_scalar("port", "port", "where the process is probed", scalars::port);
            f.no_effect(&["host"], "no effect on the answer");
        });
        f.object("grpc", |f| {
            f.opt_scalar("port", "port", "where the process is probed", scalars::port);
            f.no_effect(&["service"], "no effect on the answer");
        });
        f.object("exec", |f| {
            f.texts("command", "the simulated process answers its probes as it answers requests");
        });
        let why = "a container killed by this probe gets the pod's own grace";
        f.not_flown(&["terminationGracePeriodSeconds"], why);
        assume_defaults(f, &probe);
        probe
    })
}

fn assume_defaults(f: &mut Fields<'_>, probe: &Probe) {
    let defaults = [
        (probe.period_secs, "periodSeconds", 10),
        (probe.timeout_secs, "timeoutSeconds", 1),
        (probe.initial_delay_secs, "initialDelaySeconds", 0),
        (probe.success_threshold, "successThreshold", 1),
        (probe.failure_threshold, "failureThreshold", 3),
    ];
    for (given, name, value) in defaults {
        if given.is_none() && !f.has(name) {
            let source = "default of Kubernetes, pkg/apis/core/v1/defaults.go";
            f.assume(name, &value.to_string(), source, false);
        }
    }
}

/// Seconds of the preStop hook, as far as the manifest tells.
fn lifecycle(f: &mut Fields<'_>) -> Option<f64> {
    // The container does not count as running before it has ended (kubernetes.io/docs/concepts/
    // containers/container-lifecycle-hooks).
    f.not_flown(&["postStart"], "how long it keeps a container from running is not flown");
    f.no_effect(&["stopSignal"], "the process stops when it is asked to");
    let hook = f.object("preStop", |f| {
        let exec = f.object("exec", |f| {
            let becomes = "a `sleep` in it is the time a pod still serves: spec.service.preStop";
            f.texts("command", becomes).map(|words| slept(&words.join(" ")))
        });
        let sleep = f.object("sleep", |f| {
            f.opt_count(
                "seconds",
                0..=SECS_MAX,
                "the time a pod still serves: spec.service.preStop",
            )
        });
        let opaque = f.object("httpGet", |f| {
            f.opt_text("path", "how long the call takes can't be read here");
            f.opt_scalar("port", "port", "where the process is called", scalars::port);
            f.no_effect(&["scheme", "host", "httpHeaders"], "no effect on the answer");
        });
        f.no_effect(&["tcpSocket"], "Kubernetes does nothing with it");
        let slept = exec.flatten().flatten().or(sleep.flatten().map(|s| s as f64));
        if slept.is_none() && (opaque.is_some() || f.has("exec")) {
            let source = "how long the hook takes can't be read from the manifest; \
                spec.service.preStop in a Scenario says it";
            f.assume("exec", "0s", source, false);
        }
        slept
    });
    hook.flatten()
}

/// Seconds of the first `sleep` in a command.
fn slept(command: &str) -> Option<f64> {
    let words = command.split(|c: char| c.is_whitespace() || ";&|\"'()".contains(c));
    let mut words = words.filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        if word == "sleep" || word.ends_with("/sleep") {
            let span = words.next()?;
            let secs = span.parse::<f64>().ok().filter(|s| (0.0..=86_400.0).contains(s));
            return secs.or_else(|| parse_duration(span).map(|d| d.as_secs_f64()));
        }
    }
    None
}

/// Reads a label selector; nothing if it is not given. Expressions come back as texts.
pub fn selector(f: &mut Fields<'_>, name: &'static str) -> Option<Selector> {
    f.object(name, |f| {
        let labels = f.labels("matchLabels", "pods with all of these labels belong to it");
        let expressions = expressions(f, &OPERATORS);
        Selector { labels: labels.unwrap_or_default(), expressions }
    })
}

/// Reads `matchExpressions`.
pub fn expressions(f: &mut Fields<'_>, operators: &[&'static str]) -> Vec<Expression> {
    f.list("matchExpressions", |f| Expression {
        key: f.opt_text("key", "name of the label").unwrap_or_default(),
        operator: f
            .opt_choice("operator", operators, "how the label is compared")
            .map_or(0, |i| i as u8),
        values: f.texts("values", "what it is compared with").unwrap_or_default(),
    })
}

const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// Operators of terms about nodes.
pub const NODE_OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// All of these.
    pub labels: Labels,
    /// And all of these.
    pub expressions: Vec<Expression>,
}

/// One requirement of a selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    key: String,
    operator: u8,
    values: Vec<String>,
}

impl Selector {
    /// Does it pick pods with these labels?
    pub fn picks(&self, labels: &Labels) -> bool {
        contains(labels, &self.labels) && self.expressions.iter().all(|e| e.fits(labels))
    }
}

impl Expression {
    /// Does it hold of something with these labels?
    pub fn fits(&self, labels: &Labels) -> bool {
        let value = labels.iter().find(|(key, _)| *key == self.key).map(|(_, value)| value);
        let number = |text: &String| text.parse::<i64>().ok();
        let both = || Some((number(value?)?, number(self.values.first()?)?));
        match self.operator {
            0 => value.is_some_and(|v| self.values.contains(v)),
            1 => value.is_none_or(|v| !self.values.contains(v)),
            2 => value.is_some(),
            3 => value.is_none(),
            4 => both().is_some_and(|(own, bound)| own > bound),
            _ => both().is_some_and(|(own, bound)| own < bound),
        }
    }
}

/// Are all of `wanted` among `labels`?
pub fn contains(labels: &Labels, wanted: &Labels) -> bool {
    wanted.iter().all(|pair| labels.contains(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_that_is_ready_last_stands_for_the_pod() {
        let of = |name: &str, probe: Option<(u64, u64)>| Container {
            name: name.into(),
            readiness: probe.map(|(delay, period)| Probe {
                initial_delay_secs: Some(delay),
                period_secs: Some(period),
                ..Probe::default()
            }),
            ..Container::default()
        };
        let check = |containers: Vec<Container>, expected: &str| {
            let template = PodTemplate { containers, ..PodTemplate::default() };
            assert_eq!(template.application().map(|c| c.name.as_str()), Some(expected));
        };
        check(vec![of("a", Some((0, 3))), of("b", Some((60, 30)))], "b");
        check(vec![of("a", Some((0, 10))), of("b", Some((0, 10)))], "a");
        check(vec![of("a", None), of("b", Some((0, 3)))], "b");
        check(vec![of("envoy", Some((60, 3))), of("b", Some((0, 3)))], "b");
        check(vec![of("envoy", None), of("b", None)], "b");
    }

    #[test]
    fn sleeps_are_found_in_commands() {
        for (command, secs) in [
            ("sleep 15", Some(15.0)),
            ("/bin/sh -c sleep 5 && nginx -s quit", Some(5.0)),
            ("sh -c nginx -s quit; /bin/sleep 2.5", Some(2.5)),
            ("sleep 1m", Some(60.0)),
            ("nginx -s quit", None),
            ("sleep", None),
        ] {
            assert_eq!(slept(command), secs, "{command}");
        }
    }

    #[test]
    fn selectors_pick_by_all_of_their_terms() {
        let labels = vec![("app".to_string(), "a".to_string()), ("v".into(), "1".into())];
        let of = |operator, key: &str, values: &[&str]| Selector {
            labels: vec![("app".into(), "a".into())],
            expressions: vec![Expression {
                key: key.into(),
                operator,
                values: values.iter().map(|v| v.to_string()).collect(),
            }],
        };
        assert!(of(0, "v", &["1", "2"]).picks(&labels) && !of(0, "v", &["2"]).picks(&labels));
        assert!(of(1, "v", &["2"]).picks(&labels) && !of(1, "v", &["1"]).picks(&labels));
        assert!(of(2, "v", &[]).picks(&labels) && !of(2, "w", &[]).picks(&labels));
        assert!(of(3, "w", &[]).picks(&labels) && !of(3, "v", &[]).picks(&labels));
    }
}
