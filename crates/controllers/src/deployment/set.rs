//! The replica sets of one Deployment, as its controller sees them, and how it changes their size.
//!
//! Deliberately unknown here: which size is right.

/// What the controller noted on a set when it last wrote the set's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// `spec.replicas` then (annotation `deployment.kubernetes.io/desired-replicas`).
    pub desired: u32,
    /// `spec.replicas` plus surge then (annotation `deployment.kubernetes.io/max-replicas`).
    pub max: u32,
}

/// One replica set: what was asked of it and what it reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetState {
    /// Names the set among those of its Deployment.
    pub id: u32,
    /// Asked size: the set's `spec.replicas`.
    pub size: u32,
    /// Reported active pods: `status.replicas`.
    pub replicas: u32,
    /// Reported ready pods: `status.readyReplicas`.
    pub ready: u32,
    /// Reported available pods: `status.availableReplicas`.
    pub available: u32,
    /// Order of creation: lower is older.
    pub created: u64,
    /// Does its template equal the Deployment's? At most one set's does, see [`find_new`].
    pub is_new: bool,
    /// What was noted with the last size; nothing if the notes are missing.
    pub noted: Option<Noted>,
}

/// Whose size a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The new set, which does not exist yet and is to be created.
    Create,
    /// The set with this id.
    Set(u32),
}

/// One write of a size. A change from a size to itself writes only the notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeChange {
    /// The ReplicaSet that is written, or that it is made.
    pub target: Target,
    /// Its size before, 0 for a set to be created.
    pub from: u32,
    /// Its size from now on.
    pub to: u32,
}

impl SizeChange {
    /// Sets `set` to `to`.
    pub fn of(set: &SetState, to: u32) -> Self {
        SizeChange { target: Target::Set(set.id), from: set.size, to }
    }

    /// Creates the new set with `to` pods.
    pub fn create(to: u32) -> Self {
        SizeChange { target: Target::Create, from: 0, to }
    }

    /// Pods gained, negative for pods lost.
    pub fn delta(&self) -> i64 {
        i64::from(self.to) - i64::from(self.from)
    }
}

/// The new set, if it exists.
pub fn new_set(sets: &[SetState]) -> Option<&SetState> {
    sets.iter().find(|set| set.is_new)
}

/// The old sets, oldest first.
pub fn old_sets(sets: &[SetState]) -> Vec<SetState> {
    let mut old: Vec<SetState> = sets.iter().filter(|set| !set.is_new).copied().collect();
    old.sort_by_key(age_key);
    old
}

/// Which of `templates` (one per set of `sets`) is the new set's, given the Deployment's: the
/// oldest set with an equal template (k/k `util/deployment_util.go`).
pub fn find_new<T: PartialEq>(sets: &[SetState], templates: &[T], wanted: &T) -> Option<usize> {
    let equal = |at: &usize| templates.get(*at).is_some_and(|template| template == wanted);
    (0..sets.len()).filter(equal).min_by_key(|at| age_key(&sets[*at]))
}

/// Sum of asked sizes.
pub fn total_size(sets: &[SetState]) -> i64 {
    sets.iter().map(|set| i64::from(set.size)).sum()
}

/// Sum of available pods.
pub fn total_available(sets: &[SetState]) -> i64 {
    sets.iter().map(|set| i64::from(set.available)).sum()
}

/// Orders sets by age, oldest first.
pub(super) fn age_key(set: &SetState) -> (u64, u32) {
    (set.created, set.id)
}

/// A size from arithmetic that may have gone below zero.
pub(super) fn size_from(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_equal_template_is_new() {
        let set = |id, created| SetState { id, created, ..Default::default() };
        let sets = [set(1, 30), set(2, 20), set(3, 10)];
        assert_eq!(find_new(&sets, &["a", "a", "b"], &"a"), Some(1));
        assert_eq!(find_new(&sets, &["a", "a", "b"], &"c"), None);
        assert_eq!(old_sets(&sets).iter().map(|set| set.id).collect::<Vec<_>>(), [3, 2, 1]);
    }
}
