//! How dear a release may be that was not flown: what intervals of dollars allow for.
//!
//! As of everything else ([`crate::limits`]): of harm a part of the greatest possible;
//! of what happens once or not at all, one of it.

use windtunnel_model::outcome::bill::Tariff;
use windtunnel_model::scenario::model::Scenario;

/// A page takes no longer to decide than this share of all.
const DECIDED: f64 = 0.95;

/// The most that an unseen release may cost beyond pods and the value of requests, in US dollars:
/// `requests` failed, `users` hurt, a page and a false alarm. 0 where nothing of it has a price.
pub fn beyond(scenario: &Scenario, requests: f64, users: f64) -> f64 {
    let of = |tariff: Tariff| {
        let harm = requests * tariff.failed.max(tariff.slow) + users * tariff.user;
        let page = match scenario.on_call.present {
            true => {
                let decided = scenario.on_call.decide.quantile(DECIDED).as_secs_f64() / 3600.0;
                tariff.page + decided * tariff.engineer_hour
            }
            false => 0.0,
        };
        let left = scenario.horizon.as_secs_f64() - scenario.release.at.as_secs_f64();
        let late = (left / 3600.0 + tariff.again_hours) * tariff.delay_hour;
        harm + page + tariff.false_alarm_hours * tariff.engineer_hour + late
    };
    scenario.plans.first().map_or(0.0, |plan| of(scenario.tariff(plan)))
}
