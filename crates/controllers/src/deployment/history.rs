//! Which old replica sets are thrown away, and with them the ways back.
//!
//! Follows k/k `pkg/controller/deployment/sync.go` (`cleanupDeployment`). Deliberately unknown
//! here: when to clean up. The controller does it only when a rollout is complete, or paused.

use super::set::{SetState, age_key};

/// The history limit that means "keep everything".
pub const KEEP_ALL: u32 = i32::MAX as u32;

/// The positions in `old` (the old sets, in any order) that go, first to go first, if `limit` old
/// sets may stay. The surplus is counted over all old sets and taken from the lowest revisions on
/// (a set without revision counts as 0, ties by age); a set in that range that still has pods, or
/// is asked for any, stays and is not replaced by another. No limit keeps everything.
pub fn surplus(old: &[SetState], limit: Option<u32>) -> Vec<usize> {
    let Some(limit) = limit.filter(|limit| *limit != KEEP_ALL) else {
        return Vec::new();
    };
    let mut order: Vec<usize> = (0..old.len()).collect();
    order.sort_by_key(|at| (old[*at].revision.unwrap_or(0), age_key(&old[*at])));
    order.truncate(old.len().saturating_sub(limit as usize));
    order.retain(|at| old[*at].size == 0 && old[*at].replicas == 0);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_with_pods_shields_itself_only() {
        let set = |revision, size, replicas| SetState {
            revision,
            size,
            replicas,
            created: revision.unwrap_or(9),
            ..SetState::default()
        };
        let old = [set(Some(3), 0, 0), set(Some(1), 0, 1), set(Some(2), 0, 0), set(None, 0, 0)];
        assert_eq!(surplus(&old, Some(1)), [3, 2]);
        assert_eq!(surplus(&old, Some(4)), Vec::<usize>::new());
        assert_eq!(surplus(&old, None), Vec::<usize>::new());
        assert_eq!(surplus(&old, Some(KEEP_ALL)), Vec::<usize>::new());
    }
}
