//! Two Deployments that differ by a label which a Service names: blue-green, switched by an edit of
//! the selector. Rules that name a subset are switched alike.

use super::{UnitsFound, workload};
use crate::draft::{Draft, text};
use crate::fields::Labels;
use crate::kinds::deployment::Deployment;
use crate::kinds::service::Service;
use crate::kinds::{Body, Object};
use crate::newer;
use crate::store::Store;

/// A fleet: the object, its settings, and its value of the label that tells the fleets apart.
pub type Fleet<'a> = (&'a Object, &'a Deployment, String);

/// What is edited when the fleets are switched.
pub struct Switch<'a> {
    /// The object whose selector is switched.
    pub owner: &'a Object,
    /// Name of the service that is released.
    pub name: &'a str,
    /// The field that names the fleet which serves.
    pub field: String,
    /// What it names the fleet by.
    pub by: &'a str,
    /// Why the switch waits for all pods.
    pub gate: &'a str,
}

/// A unit for every Service with two such Deployments.
pub fn find(store: &Store, found: &mut UnitsFound) {
    for (service_object, service) in store.services() {
        let Some((label, fleets)) = fleets(store, service_object, service, found) else { continue };
        let live = service.selector.iter().flatten().find(|(k, _)| *k == label);
        let Some((_, live)) = live else { continue };
        let Some(blue) = fleets.iter().find(|f| f.2 == *live) else { continue };
        // Programs that share a label of their tier are no colours of each other.
        let other = |f: &&Fleet<'_>| f.2 != *live && is_colour(&label, blue, f);
        let Some(green) = fleets.iter().find(other) else { continue };
        let switch = Switch {
            owner: service_object,
            name: &service_object.metadata.name,
            field: format!("spec.selector.{label}"),
            by: &label,
            gate: "nobody edits the selector in these files; whoever does waits for all pods",
        };
        let draft = unit(&switch, blue, green, found);
        found.add(draft);
    }
}

/// Labels that say which program of several a pod runs; their last words.
const PROGRAMS: [&str; 8] =
    ["component", "tier", "role", "process", "layer", "app", "name", "service"];

/// Labels that say which of two fleets of one program a pod belongs to.
const FLEETS: [&str; 11] = [
    "color",
    "colour",
    "slot",
    "version",
    "ver",
    "track",
    "release",
    "stage",
    "deployment",
    "env",
    "variant",
];

/// Words for fleets that take turns.
const COLOURS: [&str; 14] = [
    "blue", "green", "red", "black", "white", "yellow", "orange", "purple", "grey", "gray", "a",
    "b", "active", "preview",
];

/// Do two fleets that differ by a label run one program? What the label says of them tells, and
/// their images, which are alike or differ by the colours alone: `acme/api` and `acme/web` of a
/// label `tier` are two programs, and so are the two parts of one image that `component` tells
/// apart.
fn is_colour(label: &str, a: &Fleet<'_>, b: &Fleet<'_>) -> bool {
    let alike = workload::is_alike(a.1, b.1);
    if are_turns(&a.2, &b.2) || FLEETS.contains(&last(label).as_str()) {
        return alike || plain(a).is_some_and(|image| Some(image) == plain(b));
    }
    // Programs may be numbered.
    let numbered = || letters(&a.2) == letters(&b.2);
    match is_program(label) {
        true => alike && !numbered() && newer::order(&a.2, &b.2).is_some(),
        false => alike,
    }
}

/// The last word of a label.
fn last(label: &str) -> String {
    label.rsplit(['/', '.']).next().unwrap_or(label).to_ascii_lowercase()
}

fn is_program(label: &str) -> bool {
    PROGRAMS.contains(&last(label).as_str())
}

fn letters(value: &str) -> String {
    value.replace(|c: char| c.is_ascii_digit(), "")
}

/// Do two values differ by words for fleets that take turns, and by nothing else?
fn are_turns(a: &str, b: &str) -> bool {
    let split = |value: &str| -> Vec<String> {
        let words = value.split(|c: char| !c.is_ascii_alphanumeric());
        words.map(str::to_ascii_lowercase).collect()
    };
    let (a, b) = (split(a), split(b));
    let colour = |word: &String| COLOURS.contains(&word.as_str());
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || colour(a) && colour(b))
}

/// What runs pods with a value of a label for which another's pods may take over. Of programs only
/// those that are called alike but for a word of their turn or role: there may be thousands beside.
fn candidates<'a>(
    store: &'a Store,
    (label, live): &(String, String),
    rest: &Labels,
) -> Vec<(&'a Object, &'a Labels)> {
    let turns = live.split(|c: char| !c.is_ascii_alphanumeric());
    let turns = turns.map(str::to_ascii_lowercase);
    let marked = turns.into_iter().any(|word| COLOURS.contains(&&*word) || newer::is_role(&word));
    if marked || !is_program(label) {
        return store.pods_with(rest);
    }
    let names =
        newer::roles().flat_map(|role| [format!("{live}-{role}"), format!("{role}-{live}")]);
    let with = |value: String| {
        let mut wanted = rest.clone();
        wanted.push((label.clone(), value));
        store.pods_with(&wanted)
    };
    std::iter::once(live.clone()).chain(names).flat_map(with).collect()
}

/// The name of a fleet's image without its colour; nothing if it is nothing else.
fn plain(fleet: &Fleet<'_>) -> Option<String> {
    let image = newer::image(workload::image(fleet.1)?).0;
    let words = image.split_inclusive(|c: char| !c.is_alphanumeric());
    let own = |word: &&str| word.trim_end_matches(|c: char| !c.is_alphanumeric()) != fleet.2;
    let whole: String = words.filter(own).collect();
    let image = if fleet.2.len() > 2 { image.replace(&fleet.2, "") } else { whole };
    let end = image.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
    let name = end.rsplit('/').next().unwrap_or_default();
    name.contains(char::is_alphanumeric).then(|| end.to_string())
}

/// The label of the selector by which two or more Deployments differ that agree in all others.
fn fleets<'a>(
    store: &'a Store,
    object: &Object,
    service: &Service,
    found: &UnitsFound,
) -> Option<(String, Vec<Fleet<'a>>)> {
    let selector = service.selector.as_ref()?;
    let candidates = selector.iter().map(|pair| {
        let label = &pair.0;
        let mut rest = selector.clone();
        rest.retain(|(key, _)| key != label);
        let all = if rest.is_empty() { Vec::new() } else { candidates(store, pair, &rest) };
        let fleet = |(o, labels): (&'a Object, &'a Labels)| {
            let Body::Deployment(d) = &o.body else { return None };
            let value = labels.iter().find(|(key, _)| key == label).map(|(_, v)| v.clone())?;
            (o.is_near(object) && !found.uses(o)).then_some((o, &**d, value))
        };
        let mut fleets: Vec<Fleet<'a>> = all.into_iter().filter_map(fleet).collect();
        fleets.dedup_by(|a, b| a.2 == b.2);
        (label.clone(), fleets)
    });
    candidates.into_iter().find(|(_, fleets)| fleets.len() > 1)
}

/// The unit of a switch from `blue` to `green`.
pub fn unit(
    switch: &Switch<'_>,
    blue: &Fleet<'_>,
    green: &Fleet<'_>,
    found: &mut UnitsFound,
) -> Draft {
    let Switch { owner, name, field, by, gate } = switch;
    let mut draft = Draft::new(name, owner);
    let lists = &mut found.lists;
    // A stopped fleet comes up at the size of the one that serves; the release starts it anyway.
    let (object, deployment, colour) = blue;
    let pods = deployment.replicas.filter(|r| *r > 0).or(green.1.replicas.filter(|r| *r > 0));
    workload::replicas(&mut draft, object, pods, lists);
    let (candidate, released, other) = green;
    let template = released.template.as_ref().or(deployment.template.as_ref());
    workload::pods(&mut draft, candidate, template, released.min_ready_secs, lists);
    workload::names(&mut draft, object, candidate);
    draft.takes(object);
    draft.takes(candidate);
    let labels = |fleet: &Deployment| fleet.template.as_ref().map(|t| t.labels.clone());
    draft.fleets = labels(deployment).zip(labels(released)).map(|(old, new)| [old, new]);
    draft.aliases.extend([object.metadata.name.clone(), candidate.metadata.name.clone()]);
    let path = draft.strategy("blueGreen", owner.written_at(field));
    let text_of = |colour: &str, role: &str| format!("{by}: {colour} is the fleet that {role}");
    draft.understand(lists, owner, field, format!("the switch, from {colour} to {other}"));
    draft.understand(lists, object, "metadata.name", text_of(colour, "serves"));
    draft.understand(lists, candidate, "metadata.name", text_of(other, "takes over"));
    if let Some(secs) = released.deadline_secs {
        let written_at = candidate.written_at("spec.progressDeadlineSeconds");
        draft.set(&format!("{path}.progressDeadline"), text(format!("{secs}s")), written_at);
    }
    draft.write(&format!("{path}.gate"), text("rolloutStatus"));
    draft.assume(lists, &format!("{path}.gate"), "rolloutStatus", gate, false);
    let keep = "no file scales the old fleet down, so it stays to the end of the flight";
    draft.write(&format!("{path}.keepOld"), text("60m"));
    draft.assume(lists, &format!("{path}.keepOld"), "60m", keep, false);
    let differs = blue.1.replicas.zip(released.replicas).filter(|(a, b)| a != b && *b > 0);
    if let Some((_, given)) = differs {
        let why = "both fleets are flown at the size of the one that serves";
        let weight = crate::note::Weight::Matters;
        found.ignore(candidate, "spec.replicas", &format!("{given}: {why}"), weight);
    }
    draft
}
