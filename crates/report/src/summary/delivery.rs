//! What each strategy ships.

use super::Section;
use super::markup::{named, table};
use crate::figure::Quantity;
use windtunnel_experiment::results::ScenarioResults;

/// A row a strategy.
pub fn section(results: &ScenarioResults) -> Option<Section> {
    Some(Section::new("Delivery", delivery(results)))
}

/// What each strategy ships, how soon, and what it takes back for nothing.
fn delivery(results: &ScenarioResults) -> String {
    let head = [
        "strategy",
        "delivery",
        "good releases shipped",
        "time to ship, median",
        "95 %",
        "false alarms a year",
        "unfinished",
        "without evidence",
    ];
    let rows = results.deliveries.iter().map(|found| {
        let share = |share: f64| match found.flights {
            0 => "–".to_string(),
            _ => Quantity::Share.show(share),
        };
        let shipped = found
            .shipped
            .filter(|_| !found.by_design)
            .map(|s| Quantity::Share.show_interval(s.share, s.interval.lower, s.interval.upper));
        let alarms = found
            .false_alarms_per_year
            .map(|s| Quantity::Count.show_interval(s.share, s.interval.lower, s.interval.upper));
        let time = |at: usize| found.time_to_ship_s.map(|times| Quantity::Seconds.show(times[at]));
        let or = |text: Option<String>| text.unwrap_or_else(|| "–".to_string());
        vec![
            named(results.scenario.plan_name(found.plan)),
            format!("**{}**", found.grade),
            or(shipped),
            or(time(0)),
            or(time(1)),
            or(alarms),
            share(found.unfinished),
            share(found.no_evidence),
        ]
    });
    let note = "Delivery is *yes* from 99 % of the good releases on, *mostly* from 95 % on, *n.a.* \
                where nothing is to be shipped. What certainly ships less than 95 % cannot win.";
    format!("{}\n\n{note}", table(&head, rows))
}
