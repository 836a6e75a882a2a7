//! Documents that are not flown, by their kinds and names, so that others find them.

use super::Stranger;
use super::refer::{By, Reference};
use std::collections::BTreeMap;

/// Numbers of documents by namespace.
type Spaces<'s> = BTreeMap<Option<&'s str>, Vec<usize>>;

/// Where each stands in the list: two of one name in two namespaces are two.
pub struct Names<'s> {
    by_name: BTreeMap<(&'s str, &'s str), Spaces<'s>>,
    /// Kinds by what fields that mean them begin with.
    stems: BTreeMap<String, &'s str>,
}

impl<'s> Names<'s> {
    /// Of all of them.
    pub fn of(strangers: &'s [Stranger]) -> Names<'s> {
        let mut names = Names { by_name: BTreeMap::new(), stems: BTreeMap::new() };
        for (at, stranger) in strangers.iter().enumerate() {
            let kind = stranger.kind.split('.').next().unwrap_or_default();
            let spaces = names.by_name.entry((kind, stranger.name())).or_default();
            spaces.entry(stranger.space()).or_default().push(at);
            names.stems.entry(kind.to_ascii_lowercase()).or_insert(kind);
        }
        names
    }

    /// Those of a kind and name that something of this namespace may mean.
    pub fn called(&self, kind: &str, name: &str, space: Option<&str>) -> Vec<usize> {
        let Some(spaces) = self.by_name.get(&(kind, name)) else { return Vec::new() };
        match space {
            Some(_) => {
                [space, None].iter().filter_map(|s| spaces.get(s)).flatten().copied().collect()
            }
            None => spaces.values().flatten().copied().collect(),
        }
    }

    /// Those that a reference means.
    pub fn meant(&self, reference: &Reference) -> Vec<usize> {
        let kind = match &reference.by {
            By::Kind(kind) => kind.as_str(),
            By::Field(stem) => self.stems.get(stem).copied().unwrap_or_default(),
            _ => return Vec::new(),
        };
        self.called(kind, &reference.name, reference.namespace.as_deref())
    }
}
