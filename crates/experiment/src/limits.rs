//! What each measure can be in one flight of a scenario, and how bad a flight that was not seen is
//! taken to be.
//!
//! Everything follows from the scenario alone, so that an interval never depends on what else was
//! flown. Two sizes of surprise are allowed for (`docs/methods.md`, "What was not seen"): of harm
//! a tenth of the greatest that there could be, of times and costs of the course of a release a
//! fiftieth. Differences of value are bounded closer, by what differed ([`of_difference`]).
//! Deliberately absent: what to do with them.

use super::money;
use windtunnel_model::outcome::{MeasureId, Reach};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::traffic::Arrivals;
use windtunnel_stats::bounds::Bounds;

/// Unseen harm: this share of the greatest possible.
const HARM: f64 = 0.1;
/// Unseen times and costs of a release's course: this share of the greatest possible.
const COURSE: f64 = 0.02;
/// A user's spell of failures counts for so many minutes at most.
const SPELL_MINUTES: f64 = 5.0;

/// The bounds of a measure's values.
pub fn bounds(scenario: &Scenario, measure: MeasureId) -> Bounds {
    let open = f64::INFINITY;
    let users = users(scenario);
    let requests = scenario.expected_requests();
    let horizon_s = scenario.horizon.as_secs_f64();
    let replicas = f64::from(scenario.service.replicas);
    let fleet_hours = replicas * horizon_s / 3600.0;
    let pods = scenario.tariff_of_pods();
    let fleet_usd = fleet_hours * pods.pod_hour.max(pods.surge_pod_hour);
    match measure.measure().reach {
        Reach::Users => Bounds::from_zero(users, COURSE * users),
        // A release that is taken back early exposes next to nobody.
        Reach::UsersExposed => Bounds { down: users, ..Bounds::from_zero(users, HARM * users) },
        Reach::UsersExposedShare => Bounds { down: 1.0, ..Bounds::from_zero(1.0, HARM) },
        Reach::UsersHurt => Bounds::from_zero(users, HARM * users),
        Reach::HarmShare => Bounds::from_zero(1.0, HARM),
        Reach::ShareDifference => Bounds { least: -1.0, most: 1.0, ..Bounds::signed(HARM) },
        Reach::UserMinutes => {
            Bounds::from_zero(users * (horizon_s / 60.0), HARM * users * SPELL_MINUTES)
        }
        Reach::Requests => Bounds::from_zero(open, COURSE * requests),
        Reach::RequestsHurt => Bounds::from_zero(open, HARM * requests),
        Reach::Latency => {
            Bounds::from_zero(open, COURSE * scenario.service.slow.as_secs_f64() * 1000.0)
        }
        // A pod, too, can be held up as long as what it waits for.
        Reach::HarmSeconds => Bounds::from_zero(horizon_s, HARM * horizon_s),
        // A release seldom spares an outage, but it may well spare some bad seconds.
        Reach::HarmSecondsAdded => {
            let both = Bounds { least: -horizon_s, most: horizon_s, ..Bounds::NONE };
            Bounds { up: HARM * horizon_s, ..both }
        }
        Reach::HarmSecondsDifference => {
            Bounds { least: -horizon_s, most: horizon_s, ..Bounds::signed(HARM * horizon_s) }
        }
        Reach::CourseSeconds => Bounds::from_zero(horizon_s, COURSE * horizon_s),
        Reach::Value => Bounds::from_zero(open, HARM * value(scenario)),
        Reach::ValueDifference => Bounds::signed(HARM * touched(scenario)),
        Reach::ReleaseCost => {
            let priced = money::reach::beyond(scenario, HARM * requests, HARM * users);
            Bounds::signed(HARM * touched(scenario) + COURSE * fleet_usd + priced)
        }
        Reach::Pods => Bounds::from_zero(open, HARM * replicas),
        Reach::PodHours => Bounds::from_zero(open, COURSE * fleet_hours),
        Reach::PodHoursDifference => Bounds::signed(COURSE * fleet_hours),
        Reach::FleetMinutesDifference => Bounds::signed(COURSE * horizon_s / 60.0),
        Reach::PodCost => Bounds::from_zero(open, COURSE * fleet_usd),
        Reach::PodCostDifference => Bounds::signed(COURSE * fleet_usd),
    }
}

/// The bounds of a measure's differences between two strategies that meet the same storm with one
/// release; `mine` and `theirs` are its values in their flights.
///
/// Of value, which adds up over a whole flight, a tenth of all for each pair that was not seen
/// would drown every difference. What two strategies make of one release differs by what they do,
/// and so a pair that was not seen is taken to differ by no more than flights with this release, by
/// either of them, were seen to differ among each other: whoever misses a release for once does as
/// badly as one that always does. Where they were all alike, by a fiftieth of all that the release
/// can touch.
pub fn of_difference(
    scenario: &Scenario,
    measure: MeasureId,
    (mine, theirs): (&[f64], &[f64]),
) -> Bounds {
    let widest = bounds(scenario, measure).of_difference();
    let reach = measure.measure().reach;
    if !matches!(reach, Reach::Value | Reach::ValueDifference | Reach::ReleaseCost) {
        return widest;
    }
    let seen = || mine.iter().chain(theirs).copied().filter(|value| value.is_finite());
    let most = seen().fold(f64::NEG_INFINITY, f64::max);
    let differed = most - seen().fold(f64::INFINITY, f64::min);
    let surprise = (widest.up * COURSE / HARM).max(differed).min(widest.up);
    Bounds { down: surprise, up: surprise, ..widest }
}

/// What the requests are worth that come after a release has begun, as far as it would stay away:
/// it touches no others.
fn touched(scenario: &Scenario) -> f64 {
    let (at, horizon) = (scenario.release.at.min(scenario.horizon), scenario.horizon);
    let before = match &scenario.traffic.arrivals {
        Arrivals::Steps(steps) => steps.expected(at) / steps.expected(horizon).max(1e-9),
        Arrivals::Trace(rows) => {
            let early = rows.iter().filter(|row| row.at < at).count();
            early as f64 / rows.len().max(1) as f64
        }
        Arrivals::Closed { .. } | Arrivals::TraceFile { .. } => {
            at.as_secs_f64() / horizon.as_secs_f64().max(1e-9)
        }
    };
    value(scenario) * (1.0 - before)
}

/// Users who may send.
fn users(scenario: &Scenario) -> f64 {
    f64::from(scenario.traffic.users.min(match scenario.traffic.arrivals {
        // Of a closed loop only so many ever send.
        Arrivals::Closed { sessions, .. } => sessions,
        _ => u32::MAX,
    }))
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
    use windtunnel_scenario::read::read;

    const PRICED: &str = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: p}\n\
        spec:\n  horizon: 50m\n  service: {replicas: 3, \
        routes: [{name: buy, value: $2}]}\n  traffic: {arrivals: {poisson: {rate: 1/s}}}\n  \
        release: {at: 10m}\n";

    /// Requests before the release are beyond its reach, and a pair not seen differs as seen ones
    /// do: between a fiftieth and a tenth of what it can touch.
    #[test]
    fn differences_of_value_reach_as_far_as_what_differed() {
        let (scenarios, _) = read(PRICED, "priced.yaml").expect("a scenario");
        let scenario = &scenarios[0];
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-6, "{found}");
        let measure = MeasureId::ValueLostByReleaseUsd;
        near(bounds(scenario, MeasureId::HarmUsd).up, 300.0);
        near(bounds(scenario, measure).up, 240.0);
        let of = |mine: &[f64], theirs: &[f64]| of_difference(scenario, measure, (mine, theirs)).up;
        near(of(&[0.0, 0.0], &[0.0, f64::NAN]), 48.0);
        near(of(&[0.0, 1.0], &[100.0, f64::NAN]), 100.0);
        near(of(&[0.0, 1.0], &[1000.0]), 240.0);
        let users = MeasureId::UsersHurtByReleaseShare;
        let wide = of_difference(scenario, users, (&[0.0], &[0.0]));
        assert_eq!(wide, bounds(scenario, users).of_difference());
    }

    /// Measures that compare with the twin may be negative, and no others; all have a reach.
    #[test]
    fn what_is_compared_may_be_negative() {
        let text = "apiVersion: windtunnel/v1alpha1\nkind: Scenario\nmetadata: {name: plain}\n\
                    spec:\n  service:\n    replicas: 3\n    routes: [{name: buy, value: $2}]\n";
        let (scenarios, _) = read(text, "plain.yaml").expect("a scenario");
        for measure in MeasureId::all() {
            let (bounds, name) = (bounds(&scenarios[0], measure), measure.name());
            assert!(bounds.up > 0.0 && bounds.up.is_finite(), "{name}: {bounds:?}");
            let signed = ["_extra", "_by_release_s", "_by_release_usd", "cost_extra_usd"];
            let either = signed.iter().any(|end| name.ends_with(end))
                || ["release_usd", "new_traffic_minus_pods"].contains(&name);
            assert_eq!(bounds.least < 0.0, either, "{name}: {bounds:?}");
        }
    }
}
