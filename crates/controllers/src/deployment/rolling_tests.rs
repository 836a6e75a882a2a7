//! Tests of the rolling step: the stall that upstream's comment works out, and a random walk.

use super::*;
use crate::deployment::set::Target;
use proptest::prelude::*;

fn set(id: u32, size: u32, available: u32, is_new: bool) -> SetState {
    let created = u64::from(id);
    SetState {
        id,
        size,
        replicas: size,
        ready: available,
        available,
        created,
        is_new,
        ..SetState::default()
    }
}

fn apply(sets: &mut Vec<SetState>, changes: &[SizeChange]) {
    for change in changes {
        match change.target {
            Target::Create => {
                let id = sets.iter().map(|set| set.id).max().unwrap_or(0) + 1;
                sets.push(set(id, change.to, 0, true));
            }
            Target::Set(id) => {
                let found = sets.iter_mut().find(|set| set.id == id).expect("a known set");
                assert_eq!(found.size, change.from, "changes build on each other");
                found.size = change.to;
            }
        }
    }
}

/// D=10, S=3, U=2 and a version that never gets ready: stuck at 5 new and 8 old pods. Undo makes
/// the good set new: four broken pods go at once, then the good set grows, then the last one goes.
#[test]
fn a_version_that_never_gets_ready_stalls() {
    let aim = Aim { replicas: 10, bounds: Bounds { surge: 3, unavailable: 2 } };
    let mut sets = vec![set(1, 10, 10, false)];
    for _ in 0..10 {
        let changes = reconcile(&aim, &sets);
        apply(&mut sets, &changes);
        sets[0].available = sets[0].size;
    }
    assert_eq!((sets[0].size, sets[1].size), (8, 5));
    sets[0].available = 7;
    assert_eq!(reconcile(&aim, &sets), []);
    (sets[0].is_new, sets[1].is_new) = (true, false);
    let mut steps = Vec::new();
    while let Some(change) = reconcile(&aim, &sets).first() {
        steps.push((change.target, change.to));
        apply(&mut sets, &[*change]);
        sets[0].available = sets[0].size;
        assert!(steps.len() < 9, "it ends");
    }
    assert_eq!(steps, [(Target::Set(2), 1), (Target::Set(1), 10), (Target::Set(2), 0)]);
}

/// A set that reports more available pods than were asked for ends the step, without an error.
#[test]
fn lagging_status_waits() {
    let aim = Aim { replicas: 4, bounds: Bounds { surge: 1, unavailable: 1 } };
    let sets = [set(1, 3, 4, false), set(2, 2, 2, true)];
    assert_eq!(reconcile_old(&aim, &sets[1], &sets[..1]), []);
}

proptest! {
    /// However availability comes and goes, sizes never exceed `replicas` + surge by a step of
    /// ours, a step never lowers the number of available pods below the minimum, and once all pods
    /// are well the rollout ends.
    #[test]
    fn bounds_hold_on_a_random_walk(
        replicas in 1_u32..40,
        surge in 0_u32..12,
        unavailable in 0_u32..12,
        old in proptest::collection::vec(0_u32..20, 0..3),
        moves in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<bool>()), 0..60),
    ) {
        let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
        let aim = Aim { replicas, bounds: Bounds { surge, unavailable } };
        let mut sets = vec![set(1, replicas, replicas, false)];
        for size in old {
            let id = sets.len() as u32 + 1;
            sets.push(set(id, size, size / 2, false));
        }
        let most = aim.max_total().max(total_size(&sets));
        for (which, share, roll) in moves {
            let at = usize::from(which) % sets.len();
            sets[at].available = (u32::from(share) * sets[at].size + 127) / 255;
            if roll && which % 16 == 0 {
                sets.iter_mut().for_each(|set| set.is_new = false);
            }
            step(&aim, &mut sets)?;
            prop_assert!(total_size(&sets) <= most, "{} pods", total_size(&sets));
        }
        for _ in 0..200 {
            sets.iter_mut().for_each(|set| set.available = set.size);
            step(&aim, &mut sets)?;
        }
        let sizes: Vec<_> = sets.iter().map(|set| if set.is_new { set.size } else { 0 }).collect();
        prop_assert!(sets.iter().map(|set| set.size).eq(sizes.iter().copied()), "old pods remain");
        prop_assert_eq!(total_size(&sets), i64::from(replicas));
    }
}

/// One sync. The set deletes its unhealthy pods first, so a shrink costs available pods only
/// beyond the unhealthy ones.
fn step(aim: &Aim, sets: &mut Vec<SetState>) -> Result<(), TestCaseError> {
    let before = total_available(sets);
    let changes = reconcile(aim, sets);
    let grows = changes.iter().filter(|change| change.delta() > 0).count();
    let starts = changes.iter().filter(|change| change.target == Target::Create).count();
    prop_assert!(grows == 0 || starts == 1 || changes.len() == 1, "{:?}", changes);
    let room = aim.max_total() - total_size(sets);
    let gain: i64 = changes.iter().map(SizeChange::delta).filter(|delta| *delta > 0).sum();
    prop_assert!(gain == 0 || gain <= room, "{:?} in {}", changes, room);
    apply(sets, &changes);
    sets.iter_mut().for_each(|set| set.available = set.available.min(set.size));
    let after = total_available(sets);
    prop_assert!(after == before || after >= aim.min_available(), "{} to {}", before, after);
    Ok(())
}
