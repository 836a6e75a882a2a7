//! Pods as targets of a load balancer of AWS: when a new one gets requests, and whether its pod is
//! ready before that.
//!
//! Sources: kubernetes-sigs/aws-load-balancer-controller `docs/guide/ingress/annotations.md`
//! (health checks; an annotation of the Service comes before one of the Ingress),
//! `docs/deploy/pod_readiness_gate.md` (who is gated, and what happens without).

use super::UnitsFound;
use crate::draft::{Draft, mapping, text};
use crate::kinds::alb::{ATTRIBUTES, Alb, TARGET_TYPE};
use crate::kinds::placing::Gate;
use crate::kinds::service::Service;
use crate::kinds::{Body, Object};
use crate::note::{Lists, Note, Weight};
use crate::store::Store;
use windtunnel_base::node::Value;
use windtunnel_base::problem::Problem;

const REGISTRATION: &str = "spec.service.balancer.registration";

/// The kind that binds pods to a target group of one's own.
const GROUP: &str = "TargetGroupBinding";

/// Conditions that the controller sets, by what they begin with: its own, and those of its first
/// version.
const GATES: [&str; 2] = ["target-health.elbv2.k8s.aws", "target-health.alb.ingress.k8s.aws"];

/// Seconds from ready containers to the first health check (assumption).
const ALB_SECS: u64 = 5;
/// The same for a Network Load Balancer, which is slow to take targets (assumption).
const NLB_SECS: u64 = 90;

/// A delay that no request of a flight lasts for.
const SHORT_SECS: u64 = 10;

/// Who has a unit's pods for targets.
struct Balancer<'a> {
    object: &'a Object,
    field: &'static str,
    /// Seconds from ready containers to the first check, between checks, and how many it takes.
    checks: [u64; 3],
    alb: Option<&'a Alb>,
}

/// Writes when new targets of every unit get requests.
pub fn settle(store: &Store, found: &mut UnitsFound) {
    let UnitsFound { drafts, lists, problems, .. } = found;
    for draft in drafts {
        let balancer = balancer(store, draft);
        let mut owners = store.titled(&draft.used);
        owners.retain(|object| object.template().is_some());
        let (own, others) = gates(&owners);
        if balancer.is_some() || !own.is_empty() {
            write(store, draft, balancer.as_ref(), &own, lists);
        }
        if let Some(balancer) = &balancer {
            unasked_affinity(store, draft, balancer, lists);
            drained(&owners, balancer, lists, problems);
        }
        for (owner, gate) in others {
            unset(owner, gate, lists, problems);
        }
    }
    let unused = store.of_kinds(&[GROUP]).filter(|object| !found.uses(object));
    for object in unused.collect::<Vec<_>>() {
        let why = "the pods of its Service are not among these files, or another has them already";
        found.ignore(object, "", why, Weight::NoEffect);
    }
}

/// The load balancer whose targets are the unit's pods.
fn balancer<'a>(store: &'a Store, draft: &mut Draft) -> Option<Balancer<'a>> {
    let used = store.titled(&draft.used);
    let service = |object: &&'a Object| match &object.body {
        Body::Service(service) => Some((*object, &**service)),
        _ => None,
    };
    let services: Vec<(&Object, &Service)> = used.iter().filter_map(service).collect();
    if let Some((object, [interval, threshold])) =
        services.iter().find_map(|(object, service)| Some((*object, service.nlb?)))
    {
        let checks = [NLB_SECS, interval, threshold];
        return Some(Balancer { object, field: "metadata.annotations", checks, alb: None });
    }
    for object in used {
        let Body::Ingress(ingress) = &object.body else { continue };
        if !ingress.is_alb() {
            continue;
        }
        let own = services.iter().find(|(_, service)| service.alb.given);
        let of = |value: fn(&Alb) -> Option<u64>| {
            own.and_then(|(_, service)| value(&service.alb)).or(value(&ingress.alb))
        };
        let by_pod = own.and_then(|(_, service)| service.alb.by_pod).or(ingress.alb.by_pod);
        // Without a word its targets are nodes (`--default-target-type`).
        if by_pod == Some(true) {
            let passes = of(|alb| alb.threshold).unwrap_or(2);
            let checks = [ALB_SECS, of(|alb| alb.interval).unwrap_or(15), passes];
            return Some(Balancer { object, field: TARGET_TYPE, checks, alb: Some(&ingress.alb) });
        }
    }
    let named = |name: &str| services.iter().any(|(object, _)| object.metadata.name == name);
    let group = store.of_kinds(&[GROUP]).find(|object| match &object.body {
        Body::TargetGroup(group) => named(&group.service) && group.by_pod != Some(false),
        _ => false,
    });
    // A target group of one's own: AWS has 30 s and 5 checks for it.
    let object = group?;
    draft.takes(object);
    Some(Balancer { object, field: "spec.targetType", checks: [ALB_SECS, 30, 5], alb: None })
}

/// A gate of the pods of a workload.
type Gated<'a> = (&'a Object, &'a Gate);

/// Gates that a load balancer's controller opens, and those that nobody here does.
fn gates<'a>(owners: &[&'a Object]) -> (Vec<Gated<'a>>, Vec<Gated<'a>>) {
    let all = owners.iter().filter_map(|owner| Some((*owner, owner.template()?)));
    let all = all.flat_map(|(owner, t)| t.placing.gates.iter().map(move |gate| (owner, gate)));
    all.partition(|(_, gate)| GATES.iter().any(|own| gate.condition.starts_with(own)))
}

fn write(
    store: &Store,
    draft: &mut Draft,
    balancer: Option<&Balancer<'_>>,
    gates: &[(&Object, &Gate)],
    lists: &mut Lists,
) {
    let after = format!("{REGISTRATION}.after");
    let [first, interval, passes] = balancer.map_or([ALB_SECS, 15, 2], |b| b.checks);
    let checks = interval.saturating_mul(passes).min(3_600);
    let [median, late] = [first + checks, 3 * first + checks + interval.min(300)];
    let span = |secs: u64| text(format!("{secs}s"));
    let spread = mapping(vec![("median", span(median)), ("p99", span(late))]);
    let value = mapping(vec![("lognormal", spread)]);
    let source = match balancer {
        Some(_) => {
            format!("{passes} health checks, {interval}s apart, after {first}s (assumption)")
        }
        None => "its load balancer is not among these files: an ALB with its controller's defaults"
            .to_string(),
    };
    match balancer {
        Some(balancer) => draft.set(&after, value, balancer.object.written_at(balancer.field)),
        None => draft.write(&after, value),
    }
    let shown = format!("{{lognormal: {{median: {median}s, p99: {late}s}}}}");
    draft.assume(lists, &after, &shown, &source, balancer.is_none());
    let gate = format!("{REGISTRATION}.gate");
    let namespace = draft.namespace.clone().unwrap_or_else(|| "default".into());
    let injects = store.named(&namespace).find(|object| object.body == Body::Namespace(true));
    if let Some((owner, own)) = gates.first() {
        draft.set(
            &gate,
            Value::Flag(true),
            owner.written_at(&format!("{}.conditionType", own.path)),
        );
    } else if let Some(object) = injects {
        draft.takes(object);
        draft.set(&gate, Value::Flag(true), object.written_at("metadata.labels"));
    } else {
        let source = "no readinessGate in the template, and no Namespace of these files has the \
            label elbv2.k8s.aws/pod-readiness-gate-inject: enabled";
        draft.assume(lists, &gate, "false", source, false);
    }
}

/// A Service's own affinity is kube-proxy's, whom nobody asks on the way to a pod.
fn unasked_affinity(store: &Store, draft: &mut Draft, balancer: &Balancer<'_>, lists: &mut Lists) {
    let kept = balancer.alb.is_some_and(|alb| alb.settings.iter().any(|s| s.name == "stickyFor"));
    let sticky = |object: &&Object| match &object.body {
        Body::Service(service) => service.sticky && !kept,
        _ => false,
    };
    for object in store.titled(&draft.used).into_iter().filter(sticky) {
        draft.remove("spec.service.balancer.stickyFor");
        let policy = draft.get("spec.service.balancer.policy").and_then(|node| node.text());
        if policy == Some("sticky") {
            draft.write("spec.service.balancer.policy", text("random"));
        }
        let told = format!(
            "kube-proxy keeps it, and {} sends requests to pods past it",
            balancer.object.title()
        );
        lists.overridden.push(draft.note(object, "spec.sessionAffinity", told));
    }
}

/// How long a target that leaves may finish its requests: AWS has 300 s.
fn drained(
    owners: &[&Object],
    balancer: &Balancer<'_>,
    lists: &mut Lists,
    problems: &mut Vec<Problem>,
) {
    let Some(drain) = balancer.alb.and_then(|alb| alb.drain) else { return };
    let grace = owners.iter().filter_map(|owner| owner.template()?.grace_secs).max().unwrap_or(30);
    let (text, weight) = match () {
        () if drain >= grace => {
            (format!("a pod is gone within its grace of {grace}s, before"), Weight::NoEffect)
        }
        () if drain > SHORT_SECS => {
            let text = format!("no request of a flight lasts {drain}s");
            (text, Weight::NoEffect)
        }
        () => {
            let text = format!(
                "requests that last longer than {drain}s are cut off as their pod leaves; not flown"
            );
            (text, Weight::Matters)
        }
    };
    let (written_at, object) = (balancer.object.written_at(ATTRIBUTES), balancer.object.title());
    let field = format!("{ATTRIBUTES} deregistration_delay.timeout_seconds");
    if weight == Weight::Matters {
        let path = format!("{object} {field}");
        let warning = Problem::warning(written_at.place, &path, text.clone());
        problems.push(warning.help("a delay above the longest request").in_file(&written_at.file));
    }
    lists.ignored.push(Note { written_at, object, field, text, source: String::new(), weight });
}

/// A condition that none of these files sets.
fn unset(owner: &Object, gate: &Gate, lists: &mut Lists, problems: &mut Vec<Problem>) {
    let path = format!("{}.conditionType", gate.path);
    let text = format!(
        "somebody has to set {:?} on every new pod: flown as set at once. While nobody does, no \
         new pod is ever ready, and a rollout waits until its progress deadline",
        gate.condition
    );
    let (written_at, object) = (owner.written_at(&path), owner.title());
    let warning = Problem::warning(written_at.place, format!("{object} {path}"), text.clone());
    let help = "make sure that its controller runs, or remove the gate";
    problems.push(warning.help(help).in_file(&written_at.file));
    let (source, weight) = (String::new(), Weight::Matters);
    lists.ignored.push(Note { written_at, object, field: path, text, source, weight });
}
