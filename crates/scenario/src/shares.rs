//! Shares that `--set` changes: what is left is for the others, so that the shares of a list still
//! come to 100 %.
//!
//! Who sets the share of one release asks what happens if it is that one so often; the others keep
//! their proportions. Done to the document, before it is read, and told.

use super::tree;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::problem::{Place, Problem};
use windtunnel_base::units::parse_share;

/// Lists whose shares come to 100 %.
const LISTS: [&str; 2] = ["spec.release.variants", "spec.service.routes"];

/// Shares come to a whole within this.
const EXACT: f64 = 0.001;

/// Gives the others what is left of shares that these paths set; tells what became of them.
pub fn fit<'p>(document: &mut Node, paths: impl Iterator<Item = &'p str> + Clone) -> Vec<Problem> {
    let fitted = |list: &&str| fitted(document, list, &mut paths.clone());
    let new: Vec<_> = LISTS.iter().filter_map(|list| Some((*list, fitted(list)?))).collect();
    let mut told = Vec::new();
    for (list, shares) in new {
        let mut words = Vec::new();
        for (entry, share) in shares {
            let path = format!("{list}[{entry}]");
            let name = document.items_at(list).get(entry).and_then(|item| item.get("name")?.text());
            let text = format!("{}%", (share * 1e6).round() / 1e4);
            words.push(format!("{} has {text}", name.unwrap_or(&path)));
            // The entry has a share already, so the path leads somewhere.
            let _ = tree::set(document, &format!("{path}.share"), &text);
        }
        let message = format!("the others share what is left: {}", words.join(", "));
        let help = "set their shares, too, or leave one of them out of the file";
        told.push(Problem::warning(Place::default(), list, message).help(help));
    }
    told
}

/// Entries of a list with the shares that they get, if some were set and all are given.
fn fitted(
    document: &Node,
    list: &str,
    paths: &mut dyn Iterator<Item = &str>,
) -> Option<Vec<(usize, f64)>> {
    let set: Vec<usize> = paths.filter_map(|path| tree::entry_of(document, path, list)).collect();
    let shares: Option<Vec<f64>> = document.items_at(list).iter().map(share).collect();
    let shares = shares.filter(|_| !set.is_empty())?;
    let (own, others): (Vec<_>, Vec<_>) =
        shares.into_iter().enumerate().partition(|(entry, _)| set.contains(entry));
    let sum = |list: &[(usize, f64)]| list.iter().map(|(_, share)| share).sum::<f64>();
    let (left, before) = (1.0 - sum(&own), sum(&others));
    if (left - before).abs() <= EXACT || left < 0.0 || before <= 0.0 {
        return None;
    }
    Some(others.into_iter().map(|(entry, share)| (entry, share / before * left)).collect())
}

/// The share of an entry, as far as it can be read.
fn share(item: &Node) -> Option<f64> {
    let found = item.get("share")?;
    match &found.value {
        Value::Text(text) => parse_share(text).map(|share| share.value()),
        _ => parse_share(&found.scalar_text()?).map(|share| share.value()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;
    use crate::yaml;

    fn fitted_by(variants: &str, sets: &[(&str, &str)]) -> (Vec<f64>, Vec<String>) {
        let text = format!("spec: {{release: {{variants: {variants}}}}}\n");
        let mut document = yaml::documents(&text, "a").expect("YAML").remove(0);
        for (path, value) in sets {
            read::set(&mut document, path, value).expect("a path");
        }
        let told = fit(&mut document, sets.iter().map(|(path, _)| *path));
        let items = document.items_at("spec.release.variants").iter();
        let told = told.iter().map(|problem| problem.message.clone());
        (items.map(|item| share(item).unwrap_or(-1.0)).collect(), told.collect())
    }

    const TWO: &str = "[{name: good, share: 80%}, {name: bad, share: 0.2}]";

    #[test]
    fn the_others_keep_their_proportions() {
        let bad = "spec.release.variants.bad.share";
        let (shares, told) = fitted_by(TWO, &[(bad, "5%")]);
        assert_eq!(shares, [0.95, 0.05]);
        assert_eq!(told, ["the others share what is left: good has 95%"]);
        let three = "[{name: a, share: 60%}, {name: b, share: 30%}, {name: bad, share: 10%}]";
        let (shares, told) = fitted_by(three, &[("spec.release.variants[2].share", "40%")]);
        assert_eq!(shares, [0.4, 0.2, 0.4]);
        assert_eq!(told, ["the others share what is left: a has 40%, b has 20%"]);
        let (shares, _) = fitted_by(TWO, &[(bad, "100%")]);
        assert_eq!(shares, [0.0, 1.0]);
    }

    #[test]
    fn what_fits_or_cannot_fit_is_left_alone() {
        let bad = "spec.release.variants.bad.share";
        for (variants, sets, left) in [
            (TWO, &[(bad, "20%")][..], [0.8, 0.2]),
            (TWO, &[(bad, "120%")], [0.8, -1.0]),
            (TWO, &[(bad, "x")], [0.8, -1.0]),
            (TWO, &[(bad, "30%"), ("spec.release.variants.good.share", "30%")], [0.3, 0.3]),
            (TWO, &[("spec.release.variants.bad.name", "worse")], [0.8, 0.2]),
            ("[{name: good}, {name: bad, share: 20%}]", &[(bad, "5%")], [-1.0, 0.05]),
            ("[{name: good, share: 0}, {name: bad, share: 1}]", &[(bad, "5%")], [0.0, 0.05]),
        ] {
            assert_eq!(fitted_by(variants, sets), (left.to_vec(), Vec::new()), "{sets:?}");
        }
    }
}
