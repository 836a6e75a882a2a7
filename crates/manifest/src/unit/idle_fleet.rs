//! Rules that send everything to one subset while another fleet of the same host stands idle: a
//! switch that is yet to come, by an edit of the rules.

use super::blue_green::{self, Fleet, Switch};
use super::{UnitsFound, routes};
use crate::kinds::Object;
use crate::kinds::pod::contains;
use crate::rule::{Rule, short};
use crate::store::Store;

/// A unit, if the rules leave a named subset with a fleet of its own without requests.
pub fn find(store: &Store, object: &Object, rules: &[&Rule], found: &mut UnitsFound) {
    let [rule] = rules else { return };
    let [at] = rule.live()[..] else { return };
    let to = &rule.destinations[at];
    let Some(subset) = &to.subset else { return };
    let Some((owner, named)) = store.rule_of(object, &to.host) else { return };
    let Some(serving) = routes::carrying(store, object, to) else { return };
    if found.uses(serving.0) {
        return;
    }
    let behind = store.behind(object, &to.host);
    // The subset that comes next in the list, or else the first: which one is meant is not said.
    let live = named.subsets.iter().position(|s| s.name == *subset).unwrap_or(0);
    let (before, after) = named.subsets.split_at(live + 1);
    let idle = after.iter().chain(before).find_map(|other| {
        let fleet = behind.iter().find(|(o, d)| {
            let labels = d.template.as_ref().map(|t| &t.labels);
            let carries = labels.is_some_and(|l| contains(l, &other.labels));
            carries && o.title() != serving.0.title() && !found.uses(o)
        });
        fleet.map(|(o, d)| (*o, *d, other.name.clone()))
    });
    let Some(idle) = idle else { return };
    let blue: Fleet<'_> = (serving.0, serving.1, subset.clone());
    let switch = Switch {
        owner: object,
        name: short(&to.host),
        field: rule.field_of(at, "subset"),
        by: "subset",
        gate: "nobody edits the rules in these files; whoever does waits for all pods",
    };
    let mut draft = blue_green::unit(&switch, &blue, &idle, found);
    draft.takes(owner);
    draft.aliases.push(short(&to.host).to_string());
    found.add(draft);
}
