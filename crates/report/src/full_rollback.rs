//! What stands beside the word of the rollback: how long, why not, and what a bad release did that
//! met nobody.

use super::figure::{Quantity, significant};
use super::reading;
use windtunnel_experiment::rating::OUTAGE_S;
use windtunnel_experiment::results::{RatingRow, ScenarioResults};
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, VariantId};

/// The bad release that takes the service down longest though none met a user, and for how long.
///
/// The rule calls the rollback *n.a.* then, since there is no user to take back; whoever reads that
/// has to know of the outage.
pub fn outage_unmet(results: &ScenarioResults, plan: PlanId) -> Option<(VariantId, f64)> {
    reading::rating(results, plan).filter(|row| !row.exposed)?;
    let outage = |id: VariantId| {
        let found = reading::estimate(results, id, plan, MeasureId::OutageByReleaseS)?;
        (found.mean >= OUTAGE_S).then_some((id, found.mean))
    };
    let all = results.scenario.bad_variants().filter_map(outage);
    all.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// In a table's cell, after the word: how long the rollback takes, or why that is not known.
pub fn short(results: &ScenarioResults, row: &RatingRow) -> String {
    match row.full_rollback_s {
        _ if !row.exposed => match outage_unmet(results, row.plan) {
            Some((_, outage)) => format!(", yet {} of outage", Quantity::Seconds.show(outage)),
            None => String::new(),
        },
        // The word is due to the outage then, and not to the time.
        _ if row.rollback_outage_s >= OUTAGE_S => {
            format!(" {} of outage", Quantity::Seconds.show(row.rollback_outage_s))
        }
        Some(seconds) => format!(" {}", Quantity::Seconds.show(seconds)),
        None if row.went_back => " not back".to_string(),
        None => " none went back".to_string(),
    }
}

/// The figures behind the word: W, and W as a multiple of T. Names are written by `name`.
pub fn figures(
    results: &ScenarioResults,
    row: &RatingRow,
    name: &dyn Fn(&str) -> String,
) -> String {
    if !row.exposed {
        let start = "no bad release exposed a user".to_string();
        return match outage_unmet(results, row.plan) {
            Some((variant, outage)) => format!(
                "{start}, yet {} takes the service down for {}",
                name(results.scenario.release_name(variant)),
                Quantity::Seconds.show(outage)
            ),
            None => start,
        };
    }
    let Some(full_rollback_s) = row.full_rollback_s else {
        return row.no_rollback().to_string();
    };
    let mut text = format!("W {}", Quantity::Seconds.show(full_rollback_s));
    if let Some(start_s) = row.start_to_ready_s.filter(|s| *s > 0.0) {
        text += &format!(", {} T", significant(full_rollback_s / start_s));
    }
    if row.rollback_outage_s >= OUTAGE_S {
        let outage = Quantity::Seconds.show(row.rollback_outage_s);
        text += &format!(", {outage} of outage on the way");
    }
    text
}
