//! What flies when no Scenario says otherwise: the default traffic and the standard releases.
//!
//! The storm is one release with six variants: what a release can be and what can happen to it.
//! Node loss belongs to no version; it strikes a good release when half of the fleet is new.

use super::draft::{Draft, text};
use super::join::child;
use super::note::Lists;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::Place;
use windtunnel_model::world::names::Names;
use windtunnel_scenario::yaml;

/// Requests per second for each pod: little enough that slower answers show as slow answers, and
/// not as an overload (a pod serves 8 at once).
const RATE_PER_POD: u64 = 4;

/// Share of users that send a header by which a rule tells them apart, where no Scenario says:
/// the default of `spec.traffic.headerShare`.
pub const HEADER_SHARE: &str = "10%";

/// Stands for the share of users that send a header, until a Scenario is known.
pub const SENDERS: &str = "{{headerShare}}";

/// Stands for the hash of the new version's pod template until all names are known.
pub const LATEST: &str = "{{hash.latest}}";

/// Stands for the hash of the old version's.
pub const STABLE: &str = "{{hash.stable}}";

/// The standard releases. Shares are assumptions in the range of published change failure rates
/// (DORA 2024: 5 % to 20 %): 15 % of the releases are bad.
pub const STORM: &str = "\
- {name: good, share: 80%}
- {name: node-loss, share: 5%, chaos: [{nodeLoss: {atProgress: 50%}}]}
- {name: errors, share: 5%, faults: [{errors: {rate: 5%}}]}
- {name: slow-answers, share: 4%, faults: [{latency: {add: 1s}}]}
- {name: crash-on-start, share: 3%, faults: [crashOnStart]}
- {name: leak, share: 3%, faults: [{memoryLeak: {kibPerRequest: 100, limitMib: 256}}]}
";

/// What a Scenario says beside a manifest, and where its default is documented.
const DEFAULTS: [(&str, &str, &str); 5] = [
    (
        "spec.service.startup",
        "{lognormal: {median: 8s, p99: 25s}}",
        "no manifest says how long a process takes to start",
    ),
    (
        "spec.service.routes",
        "one kind of request, 50ms in the mean, 0.1% errors",
        "no manifest says how long a request takes",
    ),
    ("spec.service.concurrency", "8", "no manifest says how many requests a pod serves at once"),
    ("spec.onCall", "a human: 3m to acknowledge, 10m to decide", "no manifest says who watches"),
    ("spec.horizon", "60m", "length of every flight"),
];

/// Writes the storm and the traffic into a unit that flies without a Scenario.
pub fn fill(draft: &mut Draft, lists: &mut Lists) {
    let replicas = draft.get("spec.service.replicas").map(|n| n.value.clone());
    let pods = match replicas {
        Some(Value::Integer(pods)) => u64::try_from(pods).unwrap_or(1).max(1),
        _ => 1,
    };
    let rate = format!("{}/s", pods * RATE_PER_POD);
    draft.write("spec.traffic.arrivals.poisson.rate", text(rate.clone()));
    let source = "default traffic: 4 requests per second and pod; a Scenario beside says its own";
    draft.assume(
        lists,
        "spec.traffic.arrivals",
        &format!("{{poisson: {{rate: {rate}}}}}"),
        source,
        false,
    );
    draft.write("spec.release.variants", storm().value);
    let storm = "good 80%, node-loss 5%, errors 5%, slow-answers 4%, crash-on-start 3%, leak 3%";
    let source = "the standard releases; a Scenario beside says its own release";
    draft.assume(lists, "spec.release.variants", storm, source, false);
    assume_defaults(draft, lists);
}

/// Settles what depends on manifest and Scenario both: an A/B test by header has the share of users
/// that send the header, and its sample ratio is judged by that.
///
/// A query that asks by the hash of a pod template gets the hash that the flight's pods have.
pub fn settle(document: &mut Node) {
    hashes(document);
    let share = document.get("spec").and_then(|s| s.get("traffic")?.get("headerShare")).cloned();
    let share = share.unwrap_or(Node::unplaced(text(HEADER_SHARE)));
    let strategies = child(document, "spec").and_then(|spec| child(spec, "strategies"));
    let Some(Node { value: Value::List(items), .. }) = strategies else { return };
    for item in items {
        if let Some(test) = child(item, "abTest")
            && test.get("assignment").and_then(Node::text) == Some("header")
        {
            put(test, "share", &share);
        }
        let matched = child(item, "canary").and_then(|canary| child(canary, "matched"));
        if let Some(said) = matched.filter(|said| said.text() == Some(SENDERS)) {
            *said = share.clone();
        }
        let analysis = child(item, "flagger").and_then(|canary| child(canary, "analysis"));
        if let Some(matching) = analysis.and_then(|analysis| child(analysis, "match")) {
            put(matching, "share", &share);
        }
        let steps = child(item, "argoCanary").and_then(|canary| child(canary, "steps"));
        let Some(Node { value: Value::List(steps), .. }) = steps else { continue };
        for route in steps.iter_mut().filter_map(|step| child(step, "setHeaderRoute")) {
            for said in child(route, "share").into_iter().filter(|s| s.text() == Some(SENDERS)) {
                *said = share.clone();
            }
        }
    }
}

fn hashes(document: &mut Node) {
    let service = document.get("spec").and_then(|spec| spec.get("service"));
    let of = |name: &str| service.and_then(|s| s.get(name)).and_then(Node::text);
    let versions = service.and_then(|s| s.get("versions"));
    let version = |name: &str| versions.and_then(|v| v.get(name)).and_then(Node::text);
    let mut names = Names::of_service(of("name").unwrap_or("service"));
    names.versions =
        [version("old").unwrap_or("old"), version("new").unwrap_or("new")].map(str::to_string);
    let hashes = [(LATEST, names.template_hash(1)), (STABLE, names.template_hash(0))];
    replace(document, &hashes);
}

fn replace(node: &mut Node, hashes: &[(&str, String); 2]) {
    match &mut node.value {
        Value::Text(text) => {
            for (mark, hash) in hashes.iter().filter(|_| node.place == Place::default()) {
                *text = text.replace(mark, hash);
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| replace(item, hashes)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| replace(value, hashes)),
        _ => {}
    }
}

fn put(settings: &mut Node, name: &str, value: &Node) {
    let open = settings.get(name).is_none();
    if let (true, Value::Map(entries)) = (open, &mut settings.value) {
        let key = Key { place: Place::default(), name: name.into() };
        entries.push((key, value.clone()));
    }
}

/// Books the defaults of everything that neither a manifest nor a Scenario has said.
pub fn assume_defaults(draft: &Draft, lists: &mut Lists) {
    for (path, value, source) in DEFAULTS {
        if draft.get(path).is_none() {
            draft.assume(lists, path, value, source, false);
        }
    }
}

fn storm() -> Node {
    yaml::value(STORM).unwrap_or(Node::unplaced(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::read::read;

    #[test]
    fn the_storm_is_a_valid_release() {
        let body = STORM.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let text = format!(
            "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {{name: a}}\nspec:\n  \
             service: {{replicas: 3}}\n  release:\n    variants:\n{body}"
        );
        let (scenarios, _) = read(&text, "storm.yaml").unwrap_or_else(|p| panic!("{p:?}"));
        let bad: f64 =
            scenarios[0].release.variants.iter().filter(|v| v.bad).map(|v| v.share.value()).sum();
        assert!((bad - 0.15).abs() < 1e-9, "{bad}");
        assert_eq!(scenarios[0].release.variants[1].chaos.len(), 1);
    }
}
