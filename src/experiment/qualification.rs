//! "Choose by": which strategies qualify under the scenario's constraints, and what decides.

use super::results::{QualificationRow, RatingRow};
use crate::outcome::Grade;
use crate::scenario::model::Scenario;

/// One row a strategy.
pub fn qualify(scenario: &Scenario, ratings: &[RatingRow]) -> Vec<QualificationRow> {
    ratings.iter().map(|rating| row(scenario, rating)).collect()
}

fn row(scenario: &Scenario, rating: &RatingRow) -> QualificationRow {
    let (wishes, plan) = (&scenario.constraints, scenario.plan(rating.plan));
    let mut against = Vec::new();
    let mut refuse = |violated: bool, reason: String| {
        if violated {
            against.push(reason);
        }
    };
    refuse(wishes.no_second_fleet && plan.needs.second_fleet, "needs a second fleet".into());
    refuse(
        wishes.no_traffic_routing && plan.needs.traffic_routing,
        "needs a balancer that divides requests".into(),
    );
    refuse(
        wishes.no_mixing && plan.needs.mixing,
        "lets two versions serve at the same time".into(),
    );
    let outage = rating.outage_good_s;
    refuse(
        rating.downtime == Grade::Yes && !wishes.maintenance_window,
        format!("{outage:.1} s of outage at every release, and no maintenance window"),
    );
    if let Some(limit) = wishes.risk_max.map(|s| s.value()) {
        let share = rating.hurt_share;
        let reason = format!(
            "hurts {:.2} % of the users, at most {:.2} % allowed",
            share * 100.0,
            limit * 100.0
        );
        refuse(share > limit, reason);
    }
    if let (Some(limit), Some(way_back)) = (wishes.rollback_max, rating.way_back_s) {
        let reason = format!("takes {way_back:.0} s back, at most {limit} allowed");
        refuse(way_back > limit.as_secs_f64(), reason);
    }
    let endless = rating.way_back_s.is_none() && rating.exposed;
    refuse(
        wishes.rollback_max.is_some() && endless,
        match rating.went_back {
            true => "its way back does not end within the horizon".into(),
            false => "no bad release was taken back".into(),
        },
    );
    if let Some(limit) = wishes.fleet_minutes_max {
        let cost = rating.fleet_minutes;
        refuse(cost > limit, format!("costs {cost:.1} fleet-minutes, at most {limit:.1} allowed"));
    }
    let qualifies = against.is_empty();
    let reasons = if qualifies { vec![strengths(rating)] } else { against };
    QualificationRow { plan: rating.plan, qualifies, reasons }
}

fn strengths(rating: &RatingRow) -> String {
    let back = match rating.way_back_s {
        Some(secs) => format!("{secs:.0} s back"),
        None if rating.exposed => rating.no_way_back().to_string(),
        None => "no bad release met a user".to_string(),
    };
    format!(
        "hurts {:.2} % of the users, {back}, {:.1} fleet-minutes a release",
        rating.hurt_share * 100.0,
        rating.fleet_minutes
    )
}
