//! Documents that are not flown: of unknown kinds, of known names in other groups, and of kinds
//! that are known and left out.
//!
//! Each is searched for references to what is flown. What owns a release, divides its requests or
//! sets its size makes a flight without it one of another release, and is an error unless the user
//! says otherwise; what may change the result is a warning, one for all of a kind; what is known
//! to be without effect is a note. A kind that is read some day comes here no more.
//! Deliberately unknown here: what such a document would do in a flight.

mod annotations;
mod effect;
mod flown;
mod kinds;
mod led;
mod names;
mod refer;
mod stranger;

use super::draft::Draft;
use super::note::{Note, SourcePlace, Weight};
use super::store::Store;
use effect::{Judged, Meeting};
use flown::Flown;
use kinds::Known;
use names::Names;
use refer::{By, Reference};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel_base::node::Node;
use windtunnel_base::problem::{Place, Problem};
use windtunnel_base::several;

pub use effect::Effect;
pub use kinds::{is_listed, page};
pub use stranger::Stranger;

/// Documents between a reference and what is flown, at most.
const BETWEEN: usize = 4;

/// A document that is not flown, and what that may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stands.
    pub written_at: SourcePlace,
    /// What it is, with its name: `ScaledObject/web`.
    pub object: String,
    /// The field that refers to what is flown; empty if none does.
    pub field: String,
    /// What leaving it out may change.
    pub effect: Effect,
    /// Titles of what it refers to.
    pub about: Vec<String>,
    kind: String,
    before: String,
    after: String,
}

/// All of a kind of which the same is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it is: `ScaledObject/web`, or how many of a kind and some of their names.
    pub what: String,
    /// What leaving it out may change, in a sentence.
    pub text: String,
    /// The same in a word.
    pub effect: Effect,
}

/// What looking at all of them yields.
#[derive(Debug, Default)]
pub struct Unflown {
    /// A note of each.
    pub notes: Vec<Note>,
    /// Errors, or warnings.
    pub problems: Vec<Problem>,
    /// Those that may change something.
    pub left_out: Vec<LeftOut>,
}

/// Looks at all of them; `lenient` makes warnings of what would be errors.
pub fn judge(strangers: &[Stranger], store: &Store, drafts: &[Draft], lenient: bool) -> Unflown {
    let mut flown = Flown::of(drafts, store);
    flown.led.behind(strangers);
    let met = meetings(strangers, store, &flown);
    let mut all = Unflown::default();
    for (stranger, met) in strangers.iter().zip(&met) {
        let (text, weight, judged) = verdict(stranger, met, &flown);
        let field = judged.as_ref().and_then(|judged| met.get(judged.by));
        let field = field.map(|met| met.reference.path.clone()).unwrap_or_default();
        let Some(judged) = judged else {
            all.notes.push(note(stranger, field, text, weight));
            continue;
        };
        let about = about(met, &judged);
        let left = LeftOut {
            written_at: stranger.written_at.clone(),
            object: stranger.title(),
            field: field.clone(),
            effect: judged.effect,
            about,
            kind: stranger.kind.clone(),
            before: judged.before.to_string(),
            after: judged.after,
        };
        let sentence = left.sentence(&left.about);
        if judged.effect.governs() {
            let place = met.get(judged.by).map_or(stranger.written_at.place, |m| m.reference.place);
            let own = place.line > 0 && !stranger.inner;
            let place = if own { place } else { stranger.written_at.place };
            all.problems.push(governing(&left, place, lenient));
        }
        all.notes.push(note(stranger, field, sentence, weight));
        all.left_out.push(left);
    }
    for left in annotations::left_out(store, drafts) {
        all.problems.push(governing(&left, left.written_at.place, lenient));
        all.left_out.push(left);
    }
    let others: Vec<&LeftOut> = all.left_out.iter().filter(|l| !l.effect.governs()).collect();
    all.problems.extend(grouped(&others).into_iter().map(|(first, group)| {
        let message = match first.effect {
            Effect::OwnRelease => group.text,
            _ => format!("not flown: {}", group.text),
        };
        Problem::warning(first.written_at.place, group.what, message)
            .in_file(&first.written_at.file)
    }));
    all
}

/// Titles of what it refers to: of all, or where it governs of what its field means; of a Canary
/// and its Deployment the latter.
fn about(met: &[Meeting<'_>], judged: &Judged) -> Vec<String> {
    let by = met.get(judged.by).map(|m| &m.reference.path);
    let sole = matches!(judged.effect, Effect::Owns | Effect::Sizes);
    let meant = met.iter().filter(|m| !sole || Some(&m.reference.path) == by);
    let meant: Vec<&Meeting<'_>> = meant.collect();
    let deployed = meant.iter().any(|m| m.target.title.starts_with("Deployment/"));
    let told = meant.iter().filter(|m| !(deployed && m.target.kind == "Canary"));
    let told: BTreeSet<String> = told.map(|m| m.target.title.clone()).collect();
    told.into_iter().collect()
}

fn note(stranger: &Stranger, field: String, text: String, weight: Weight) -> Note {
    let (written_at, object) = (stranger.written_at.clone(), stranger.title());
    Note { written_at, object, field, text, source: String::new(), weight }
}

fn governing(left: &LeftOut, place: Place, lenient: bool) -> Problem {
    let path = format!("{} {}", left.object, left.field);
    let message = format!("not flown: {}", left.sentence(&left.about));
    let problem = match lenient {
        true => Problem::warning(place, path.trim_end(), message)
            .help("flown without it, as --lenient asks"),
        false => {
            let ways = "leave it out if it is not in use, or fly without it: --lenient";
            let help = format!("{}; {ways}", left.effect.way_out());
            Problem::error(place, path.trim_end(), message).help(help)
        }
    };
    problem.in_file(&left.written_at.file)
}

/// What is to be said of one: as a note, or as something that is left out.
fn verdict(
    stranger: &Stranger,
    met: &[Meeting<'_>],
    flown: &Flown,
) -> (String, Weight, Option<Judged>) {
    let plain = |text: String, weight: Weight| (text, weight, None);
    if let Some(maker) = stranger.maker(flown) {
        return plain(format!("made by the controller of {maker}: no effect"), Weight::Bookkeeping);
    }
    if !met.is_empty() {
        let routes = met.iter().any(|m| m.target.kind == "Service" || !m.direct);
        let leader = flown.led.of(stranger).filter(|_| routes);
        return match (effect::judge(&stranger.node, stranger.known, met), leader) {
            (Some(Judged { effect: Effect::Divides | Effect::MayChange, .. }), Some(leader)) => {
                let text = format!("its shares are those of {leader}, which is flown");
                plain(text, Weight::NoEffect)
            }
            (Some(judged), _) => (String::new(), Weight::Matters, Some(judged)),
            (None, _) => plain("it only recommends: no effect".to_string(), Weight::NoEffect),
        };
    }
    let of = |effect: Effect, after: String| {
        (String::new(), Weight::Matters, Some(Judged { effect, by: 0, before: "", after }))
    };
    let own = |why: &str| of(Effect::OwnRelease, format!("its own releases are not flown: {why}"));
    let runs = ["spec.template.spec.containers", "spec.template.metadata.labels"];
    let runs = runs.iter().any(|path| stranger.node.at(path).is_some());
    let weight = if flown.is_empty() { Weight::Matters } else { Weight::NoEffect };
    match stranger.known {
        Known::NamespaceWide(what) if flown.reaches(stranger.space()) => {
            of(Effect::MayChange, format!("it holds for all pods of its namespace: {what}"))
        }
        Known::Batch => plain("nothing releases its pods: no effect".to_string(), Weight::NoEffect),
        Known::Workload(why) => own(why),
        _ if runs => own("a workload of a kind that is not known here"),
        Known::Nothing => {
            let text = "a kind that is not known here, which refers to nothing that is flown";
            plain(text.to_string(), weight)
        }
        _ => plain("it refers to nothing that is flown".to_string(), weight),
    }
}

/// What each of them refers to of what is flown, if need be by way of others of them.
fn meetings<'f>(strangers: &[Stranger], store: &Store, flown: &'f Flown) -> Vec<Vec<Meeting<'f>>> {
    let mut references: Vec<Vec<Reference>> =
        strangers.iter().map(|s| refer::references(&s.node)).collect();
    owners(strangers, store, &mut references);
    let mut met: Vec<Vec<Meeting<'f>>> = references
        .iter()
        .map(|found| {
            let of = |reference: &Reference| {
                let found = flown.meant(reference).into_iter();
                let reference = reference.clone();
                found
                    .map(|target| Meeting { reference: reference.clone(), target, direct: true })
                    .collect::<Vec<_>>()
            };
            found.iter().flat_map(of).collect()
        })
        .collect();
    let names = Names::of(strangers);
    for _ in 0..BETWEEN {
        let mut further: Vec<(usize, Meeting<'f>)> = Vec::new();
        for (at, found) in references.iter().enumerate().filter(|(at, _)| met[*at].is_empty()) {
            for reference in found {
                let between = names.meant(reference);
                for target in between.into_iter().flat_map(|b| &met[b]).map(|m| m.target) {
                    let reference = reference.clone();
                    further.push((at, Meeting { reference, target, direct: false }));
                }
            }
        }
        if further.is_empty() {
            break;
        }
        further.into_iter().for_each(|(at, meeting)| met[at].push(meeting));
    }
    met
}

/// Adds a reference to each that owns an object of those that are read.
fn owners(strangers: &[Stranger], store: &Store, references: &mut [Vec<Reference>]) {
    let names = Names::of(strangers);
    for object in &store.objects {
        for owner in object.node.items_at("metadata.ownerReferences") {
            let [kind, name] = ["kind", "name"].map(|field| owner.get(field).and_then(Node::text));
            let space = object.metadata.namespace.as_deref();
            let [kind, name] = [kind, name].map(Option::unwrap_or_default);
            for at in names.called(kind, name, space) {
                references[at].push(Reference {
                    path: String::new(),
                    place: strangers[at].written_at.place,
                    by: By::Kind(object.kind.to_string()),
                    name: object.metadata.name.clone(),
                    namespace: object.metadata.namespace.clone(),
                    doubtful: false,
                    share: false,
                    copies: false,
                });
            }
        }
    }
}

impl LeftOut {
    /// What leaving it out may change, said of these.
    fn sentence(&self, about: &[String]) -> String {
        format!("{}{}{}", self.before, several::names(about), self.after)
    }

    /// What leaving it out may change, in a sentence.
    pub fn text(&self) -> String {
        self.sentence(&self.about)
    }
}

/// Names of what a document refers to.
pub fn named_in(document: &Node) -> BTreeSet<String> {
    let found = refer::references(document).into_iter().map(|reference| reference.name);
    found.filter(|name| !name.is_empty()).collect()
}

/// All of which the same is to be said, together: errors first.
pub fn groups(left_out: &[LeftOut]) -> Vec<Group> {
    let mut all: Vec<&LeftOut> = left_out.iter().collect();
    all.sort_by_key(|left| left.effect);
    grouped(&all).into_iter().map(|(_, group)| group).collect()
}

fn grouped<'l>(left_out: &[&'l LeftOut]) -> Vec<(&'l LeftOut, Group)> {
    let mut groups: Vec<Vec<&LeftOut>> = Vec::new();
    let mut known: BTreeMap<(Effect, &str, &str, &str), usize> = BTreeMap::new();
    for left in left_out {
        let key = (left.effect, left.kind.as_str(), left.before.as_str(), left.after.as_str());
        let at = *known.entry(key).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(left);
    }
    let group = |members: Vec<&'l LeftOut>| {
        let first = *members.first()?;
        let names =
            |left: &&LeftOut| left.object.rsplit('/').next().unwrap_or_default().to_string();
        let names: Vec<String> = members.iter().map(names).collect();
        let about: BTreeSet<String> = members.iter().flat_map(|l| l.about.clone()).collect();
        let about: Vec<String> = about.into_iter().collect();
        let what = match members.len() {
            1 => first.object.clone(),
            many => format!("{many} × {} ({})", first.kind, several::names(&names)),
        };
        Some((first, Group { what, text: first.sentence(&about), effect: first.effect }))
    };
    groups.into_iter().filter_map(group).collect()
}
