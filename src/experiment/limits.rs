//! What each measure can be in one flight of a scenario, and how bad a flight that was not seen is
//! taken to be.
//!
//! Everything follows from the scenario alone, so that an interval never depends on what else was
//! flown. Two sizes of surprise are allowed for (`docs/methods.md`, "What was not seen"): of harm
//! a tenth of the greatest that there could be, of times and costs of the course of a release a
//! fiftieth. Deliberately absent: what to do with them.

use crate::scenario::model::Scenario;
use crate::stats::bounds::Bounds;
use crate::traffic::Arrivals;

/// Unseen harm: this share of the greatest possible.
const HARM: f64 = 0.1;
/// Unseen times and costs of a release's course: this share of the greatest possible.
const COURSE: f64 = 0.02;
/// A user's spell of failures counts for so many minutes at most.
const SPELL_MINUTES: f64 = 5.0;

/// The bounds of a measure's values, by its column.
pub fn bounds(scenario: &Scenario, measure: &str) -> Bounds {
    of_users(scenario, measure)
        .or_else(|| of_requests(scenario, measure))
        .or_else(|| of_time(scenario, measure))
        .or_else(|| of_pods_and_money(scenario, measure))
        .unwrap_or(Bounds::NONE)
}

/// Measures that count users, or a share of them.
fn of_users(scenario: &Scenario, measure: &str) -> Option<Bounds> {
    let users = f64::from(scenario.traffic.users.min(match scenario.traffic.arrivals {
        // Of a closed loop only so many ever send.
        Arrivals::Closed { sessions, .. } => sessions,
        _ => u32::MAX,
    }));
    Some(match measure {
        "users_active" => Bounds::from_zero(users, COURSE * users),
        // A release that is taken back early exposes next to nobody.
        "users_exposed" | "exposed_before_verdict" => {
            Bounds { down: users, ..Bounds::from_zero(users, HARM * users) }
        }
        "users_exposed_share" | "exposed_before_verdict_share" => {
            Bounds { down: 1.0, ..Bounds::from_zero(1.0, HARM) }
        }
        "users_hurt"
        | "users_hurt_by_release"
        | "users_spared"
        | "users_crossed"
        | "users_flipped" => Bounds::from_zero(users, HARM * users),
        "users_hurt_by_release_share" | "users_flipped_share" => Bounds::from_zero(1.0, HARM),
        "user_minutes_down" => {
            let minutes = scenario.horizon.as_secs_f64() / 60.0;
            Bounds::from_zero(users * minutes, HARM * users * SPELL_MINUTES)
        }
        _ => return None,
    })
}

/// Measures that count requests, and their latencies.
fn of_requests(scenario: &Scenario, measure: &str) -> Option<Bounds> {
    let requests = scenario.expected_requests();
    let open = f64::INFINITY;
    Some(match measure {
        "weight_at_verdict" => Bounds::from_zero(1.0, HARM),
        "new_traffic_minus_pods" => Bounds { least: -1.0, most: 1.0, ..Bounds::signed(HARM) },
        "requests" | "requests_judged" => Bounds::from_zero(open, COURSE * requests),
        "requests_failed"
        | "requests_wrong"
        | "requests_slow"
        | "connections_broken"
        | "side_effects_duplicated" => Bounds::from_zero(open, HARM * requests),
        "p50_old_ms" | "p99_old_ms" | "p50_new_ms" | "p99_new_ms" => {
            Bounds::from_zero(open, COURSE * scenario.service.slow.as_secs_f64() * 1000.0)
        }
        _ => return None,
    })
}

/// Measures in seconds of a flight.
fn of_time(scenario: &Scenario, measure: &str) -> Option<Bounds> {
    let horizon_s = scenario.horizon.as_secs_f64();
    Some(match measure {
        "outage_s" | "downtime_s" | "rollback_outage_s" => {
            Bounds::from_zero(horizon_s, HARM * horizon_s)
        }
        // A release seldom spares an outage, but it may well spare some bad seconds.
        "outage_by_release_s" => {
            let both = Bounds { least: -horizon_s, most: horizon_s, ..Bounds::NONE };
            Bounds { up: HARM * horizon_s, ..both }
        }
        "downtime_by_release_s" => {
            Bounds { least: -horizon_s, most: horizon_s, ..Bounds::signed(HARM * horizon_s) }
        }
        "detected_after_s"
        | "rollback_s"
        | "capacity_restored_s"
        | "harm_to_safe_s"
        | "rollout_s"
        | "mixed_version_s" => Bounds::from_zero(horizon_s, COURSE * horizon_s),
        // A pod can be held up as long as what it waits for.
        "start_to_ready_s" => Bounds::from_zero(horizon_s, HARM * horizon_s),
        _ => return None,
    })
}

/// Measures that count pods, their hours, and money.
fn of_pods_and_money(scenario: &Scenario, measure: &str) -> Option<Bounds> {
    let replicas = f64::from(scenario.service.replicas);
    let horizon_s = scenario.horizon.as_secs_f64();
    let fleet_hours = replicas * horizon_s / 3600.0;
    let fleet_usd = fleet_hours * scenario.service.price_per_hour.value();
    let open = f64::INFINITY;
    Some(match measure {
        "harm_usd" => Bounds::from_zero(open, HARM * value(scenario)),
        "value_lost_by_release_usd" => Bounds::signed(HARM * value(scenario)),
        "release_usd" => Bounds::signed(HARM * value(scenario) + COURSE * fleet_usd),
        "pods_available_min" | "pods_peak" => Bounds::from_zero(open, HARM * replicas),
        "pod_hours" => Bounds::from_zero(open, COURSE * fleet_hours),
        "pod_hours_extra" => Bounds::signed(COURSE * fleet_hours),
        "fleet_minutes_extra" => Bounds::signed(COURSE * horizon_s / 60.0),
        "cost_usd" => Bounds::from_zero(open, COURSE * fleet_usd),
        "cost_extra_usd" => Bounds::signed(COURSE * fleet_usd),
        _ => return None,
    })
}

/// What all requests of a flight are worth, as far as it would stay away, in US dollars.
fn value(scenario: &Scenario) -> f64 {
    let service = &scenario.service;
    let routes = service.routes.iter().map(|route| route.share.value() * route.value.value());
    let kept = 1.0 - service.come_back.value();
    scenario.expected_requests() * routes.sum::<f64>() * kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Measures;
    use crate::scenario::read::read;

    /// A new measure is given bounds here, or this fails.
    #[test]
    fn every_measure_has_bounds() {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: plain}\n\
                    spec:\n  service:\n    replicas: 3\n    routes: [{name: buy, value: $2}]\n";
        let (scenarios, _) = read(text, "plain.yaml").expect("a scenario");
        for (measure, _) in Measures::COLUMNS {
            let bounds = bounds(&scenarios[0], measure);
            assert!(bounds.up > 0.0 && bounds.up.is_finite(), "{measure}: {bounds:?}");
            let signed = ["_extra", "_by_release_s", "_by_release_usd", "cost_extra_usd"];
            let either = signed.iter().any(|end| measure.ends_with(end))
                || ["release_usd", "new_traffic_minus_pods"].contains(measure);
            assert_eq!(bounds.least < 0.0, either, "{measure}: {bounds:?}");
        }
    }
}
