//! Tests of the probe worker: named cases, and its calculators against single attempts.

use super::*;
use proptest::prelude::*;

const KINDS: [ProbeKind; 3] = [ProbeKind::Readiness, ProbeKind::Liveness, ProbeKind::Startup];

fn secs(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// The state after one attempt more.
fn observe(worker: &mut ProbeWorker, success: bool) -> ProbeState {
    worker.feed(success, 1);
    worker.state()
}

/// Three failures on ticks of 10 s: a fault takes between 20 and 30 s to show.
#[test]
fn a_fault_shows_after_the_third_tick() {
    let mut worker = ProbeWorker::new(ProbeKind::Readiness, ProbeSettings::default());
    assert_eq!(worker.next_flip(secs(3), secs(5), secs(5), true), Some(secs(13)));
    worker.advance(secs(3), secs(5), secs(5), secs(100), true);
    assert_eq!(worker.state(), ProbeState::Success);
    assert_eq!(worker.next_flip(secs(3), secs(5), secs(101), true), None);
    assert_eq!(worker.next_flip(secs(3), secs(5), secs(103), false), Some(secs(123)));
    assert_eq!(worker.next_flip(secs(3), secs(5), secs(104), false), Some(secs(133)));
}

#[test]
fn a_held_worker_waits_for_a_new_container() {
    let settings = ProbeSettings { failure_threshold: 1, ..ProbeSettings::default() };
    let mut worker = ProbeWorker::new(ProbeKind::Liveness, settings).behind_startup_probe();
    assert_eq!(observe(&mut worker, false), ProbeState::Success, "startup is not finished");
    worker.startup_finished();
    assert_eq!(observe(&mut worker, false), ProbeState::Failure);
    assert_eq!(worker.next_flip(secs(0), secs(0), secs(0), true), None);
    worker.container_replaced();
    assert_eq!((worker.state(), worker.on_hold), (ProbeState::Success, false));
    assert_eq!(observe(&mut worker, false), ProbeState::Success, "startup begins again");
}

proptest! {
    /// The calculators agree with attempts made one by one.
    #[test]
    fn calculators_agree_with_single_attempts(
        kind in 0_usize..3,
        thresholds in (1_u32..4, 1_u32..4),
        delay_ms in 0_u64..30_000,
        period in 1_u64..12,
        started_ms in 0_u64..20_000,
        spans in proptest::collection::vec((1_u64..90_000, any::<bool>(), 0_u8..6), 1..12),
    ) {
        let settings = ProbeSettings {
            initial_delay: SimDuration::from_millis(delay_ms),
            period: SimDuration::from_secs(period),
            success_threshold: thresholds.0,
            failure_threshold: thresholds.1,
            ..ProbeSettings::default()
        };
        let (admitted, ms) = (secs(1), SimDuration::from_millis);
        let started = admitted + ms(started_ms);
        let mut quick = ProbeWorker::new(KINDS[kind], settings);
        let mut slow = quick.clone();
        let mut from = started;
        for (span, healthy, replaced) in spans {
            if replaced == 0 {
                quick.container_replaced();
                slow.container_replaced();
            }
            let until = from + ms(span);
            let foretold = quick.next_flip(admitted, started, from, healthy);
            let (mut flip, mut tick) = (None, admitted);
            while tick < until {
                let age = tick.since(started).as_nanos() / 1_000_000_000;
                if tick >= from && age >= delay_ms / 1000 {
                    let before = slow.state();
                    if observe(&mut slow, healthy) != before {
                        flip = flip.or(Some(tick));
                    }
                }
                tick += settings.period;
            }
            quick.advance(admitted, started, from, until, healthy);
            prop_assert_eq!(&quick, &slow);
            prop_assert_eq!(foretold.filter(|at| *at < until), flip);
            from = until;
        }
    }
}
