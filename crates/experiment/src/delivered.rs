//! What chance decides of `constraints:`, each with its interval: the rollback, users hurt, cost,
//! false alarms and time to ship.
//!
//! The last two are of good releases, weighed by their shares among themselves. Deliberately
//! absent: all other constraints ([`super::qualification`]).

use super::figures::{Figure, Figures};
use super::full_rollback::{self, Typical};
use super::results::Limit;
use windtunnel_base::time::SimDuration;
use windtunnel_model::outcome::figure::{Quantity, told_with_limit};
use windtunnel_model::outcome::{MeasureId, Outcome, Verdict};
use windtunnel_model::scenario::ids::{PlanId, ReleaseId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_stats::estimate::CONFIDENCE;
use windtunnel_stats::mixture::{
    Counted, Stratum, quantile_interval_of_mix, quantiles_of_mix, share_of_mix,
};

/// Share of the good releases that are shipped whose time to ship is bounded.
pub const SHIPPED_WITHIN: f64 = 0.95;

/// What a strategy's flights say to limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Certainly not kept.
    pub against: Vec<(Limit, String)>,
    /// Neither certainly kept nor certainly not.
    pub open: Vec<(Limit, String)>,
}

impl Kept {
    /// Holds a figure against a limit by the ends of its interval.
    fn hold(&mut self, limit: Limit, found: Option<Figure>, most: f64, told: Told<'_>) {
        let Some(found) = found else { return };
        if found.interval.lower > most {
            self.against.push((limit, told(&found)));
        } else if found.interval.upper > most {
            self.open.push((limit, told(&found)));
        }
    }
}

/// What is said of a figure that does not certainly keep its limit.
type Told<'a> = &'a dyn Fn(&Figure) -> String;

/// The limits of what releases may do. Chance decides them, so a strategy is refused only if
/// the whole interval lies beyond the limit; until it lies within, that is said.
pub fn kept(scenario: &Scenario, flights: &[Vec<Vec<Outcome>>], plan: PlanId) -> Kept {
    let (wishes, mut kept) = (&scenario.constraints, Kept::default());
    let mean = |measure| Figures::of(scenario, flights).mean(ReleaseId::Mix, plan, measure);
    if let Some(most) = wishes.rollback_max.map(|span| span.as_secs_f64())
        && let Some(typical) = full_rollback::typical(scenario, flights, plan)
    {
        let told = |_: &Figure| told_rollback(&typical, most);
        kept.hold(Limit::Rollback, Some(typical.figure), most, &told);
    }
    if let Some(most) = wishes.risk_max.map(|share| share.value()) {
        let found = mean(MeasureId::UsersHurtByReleaseShare);
        kept.hold(Limit::Risk, found, most, &|figure| {
            let (told, most) = beside(Quantity::Share, figure, most);
            format!("hurts {told} of the users, at most {most} allowed")
        });
    }
    if let Some(most) = wishes.fleet_minutes_max {
        let found = mean(MeasureId::FleetMinutesExtra);
        kept.hold(Limit::FleetMinutes, found, most, &|figure| {
            let (told, most) = beside(Quantity::FleetMinutes, figure, most);
            format!("costs {told}, at most {most} allowed")
        });
    }
    if let Some(most) = wishes.false_alarm_max.map(|share| share.value()) {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let found = false_alarms(scenario, flights, plan);
        kept.hold(Limit::FalseAlarm, found, most, &|figure| {
            let ends = [figure.value, figure.interval.lower, figure.interval.upper].map(percent);
            let [mean, lower, upper] = ends;
            let most = percent(most);
            format!("takes {mean} [{lower}, {upper}] of the good releases back, {most} allowed")
        });
    }
    if let Some(most) = wishes.time_to_ship_max {
        let found = time_to_ship_s(scenario, flights, plan);
        kept.hold(Limit::TimeToShip, found, most.as_secs_f64(), &|figure| {
            let span = |secs: f64| match secs.is_finite() {
                true => SimDuration::from_secs_f64(secs.max(0.0).round()).to_string(),
                false => "?".to_string(),
            };
            let ends = [figure.value, figure.interval.lower, figure.interval.upper].map(span);
            let [value, lower, upper] = ends;
            format!("95 % of those shipped take up to {value} [{lower}, {upper}], {most} allowed")
        });
    }
    kept
}

/// A rollback that does not certainly keep its limit, or that there is none.
fn told_rollback(typical: &Typical, most: f64) -> String {
    let figure = &typical.figure;
    let flights = match figure.n {
        1 => "1 flight".to_string(),
        n => format!("{n} flights"),
    };
    let (told, most) = beside(Quantity::Seconds, figure, most);
    match typical.went_back {
        false => format!("no bad release was taken back in {flights}, at most {most} back allowed"),
        true if figure.interval.lower.is_infinite() && figure.interval.lower > 0.0 => {
            format!("its rollback does not end within the horizon, at most {most} allowed")
        }
        true if figure.value.is_infinite() => format!(
            "its rollback does not end within the horizon in half of {flights} or more, at most \
             {most} allowed"
        ),
        true => {
            format!("its rollback takes {told}, the median of {flights}, at most {most} allowed")
        }
    }
}

/// A figure with its interval, and its limit, in one unit.
fn beside(quantity: Quantity, figure: &Figure, most: f64) -> (String, String) {
    let ends = (figure.interval.lower, figure.interval.upper);
    told_with_limit(quantity, figure.value, ends, most)
}

/// The good variants that are released at all, with their shares.
fn good(scenario: &Scenario) -> impl Iterator<Item = (VariantId, f64)> {
    let with_share = |id: VariantId| (id, scenario.variant(id).share.value());
    let variants = scenario.variant_ids().filter(|id| !scenario.variant(*id).bad);
    variants.map(with_share).filter(|(_, share)| *share > 0.0)
}

/// Share of good releases that are taken back, with its exact interval; nothing if none was flown.
pub fn false_alarms(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    plan: PlanId,
) -> Option<Figure> {
    let figures = Figures::of(scenario, flights);
    let of = |(id, weight): (VariantId, f64)| {
        let own = figures.counts(id.into(), plan, |verdict| verdict == Verdict::FalseRollback);
        own.into_iter().map(move |counted| Counted { weight, ..counted })
    };
    let parts: Vec<Counted> = good(scenario).flat_map(of).collect();
    let found = share_of_mix(&parts, CONFIDENCE)?;
    let n = parts.iter().map(|part| part.n).sum::<u64>() as usize;
    Some(Figure { value: found.share, interval: found.interval, n })
}

/// Seconds from the release until only the new version serves: the 95 % quantile over the good
/// releases that are shipped, with its interval. One that the horizon cuts takes at least until
/// then. Nothing if none was shipped.
pub fn time_to_ship_s(
    scenario: &Scenario,
    flights: &[Vec<Vec<Outcome>>],
    plan: PlanId,
) -> Option<Figure> {
    let cut = scenario.horizon.as_secs_f64() - scenario.release.at.as_secs_f64();
    let of = |(id, weight): (VariantId, f64)| {
        let shipped = flights.get(id.0)?[plan.0].iter();
        let shipped = shipped.filter(|row| row.verdict == Verdict::PromotedGood);
        let time = |row: &Outcome| row.measures.get(MeasureId::RolloutS).unwrap_or(cut);
        let values: Vec<f64> = shipped.map(time).collect();
        (!values.is_empty()).then_some(Stratum { weight, values })
    };
    let strata: Vec<Stratum> = good(scenario).filter_map(of).collect();
    let [value] = quantiles_of_mix(&strata, [SHIPPED_WITHIN])?;
    let interval = quantile_interval_of_mix(&strata, SHIPPED_WITHIN, CONFIDENCE)?;
    let n = strata.iter().map(|stratum| stratum.values.len()).sum();
    Some(Figure { value, interval, n })
}
