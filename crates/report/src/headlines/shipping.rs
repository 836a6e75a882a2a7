//! Whether one strategy delivers no worse than another: the fifth figure, beside cost and harm.

use windtunnel_experiment::delivery::{DELIVERS, DeliveryRow};

/// Times to ship that differ by less than a minute do not matter.
const TIME_FLOOR_S: f64 = 60.0;

/// Does one ship as many of the good releases as the other, and as soon? Less than 1 % of them and
/// less than a minute do not matter; what was not measured is no worse.
pub fn no_worse(one: Option<&DeliveryRow>, other: Option<&DeliveryRow>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    let as_many = match (one.shipped, other.shipped) {
        (Some(one), Some(other)) => one.share >= other.share - (1.0 - DELIVERS),
        _ => true,
    };
    let as_soon = match (one.time_to_ship_s, other.time_to_ship_s) {
        (Some([one, _]), Some([other, _])) => one <= other + TIME_FLOOR_S,
        _ => true,
    };
    as_many && as_soon
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_model::outcome::Grade;
    use windtunnel_model::scenario::ids::PlanId;
    use windtunnel_stats::interval::Interval;
    use windtunnel_stats::mixture::ShareOf;

    fn row(share: f64, median: f64) -> DeliveryRow {
        let interval = Interval { lower: 0.0, upper: 1.0 };
        DeliveryRow {
            plan: PlanId(0),
            grade: Grade::Yes,
            by_design: false,
            flights: 40,
            shipped: Some(ShareOf { share, interval }),
            time_to_ship_s: Some([median, median]),
            false_alarms_per_year: None,
            unfinished: 0.0,
            no_evidence: 0.0,
            more_flights: 0,
        }
    }

    #[test]
    fn later_or_fewer_is_worse_beyond_what_matters() {
        let of = |one: DeliveryRow, other: DeliveryRow| no_worse(Some(&one), Some(&other));
        assert!(of(row(1.0, 30.0), row(1.0, 30.0)));
        assert!(of(row(0.995, 85.0), row(1.0, 30.0)));
        assert!(!of(row(0.97, 30.0), row(1.0, 30.0)), "it ships fewer");
        assert!(!of(row(1.0, 300.0), row(1.0, 30.0)), "it ships later");
        assert!(of(row(1.0, 30.0), row(0.9, 300.0)));
        assert!(no_worse(None, Some(&row(1.0, 1.0))));
    }
}
