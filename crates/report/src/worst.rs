//! Which of several services is worst off when released, and why: a line each, the worst first.
//!
//! The order follows the users that a release hurts; the reasons are what the flights show and
//! what the service lacks. Deliberately absent: measuring, and what a reader should do about it.

use super::figure::Quantity;
use super::{headlines, reading};
use serde_json::{Value, json};
use windtunnel_base::count::counted;
use windtunnel_base::escape::markdown;
use windtunnel_base::wrap;
use windtunnel_experiment::rating::OUTAGE_S;
use windtunnel_experiment::results::{RatingRow, Results, ScenarioResults};
use windtunnel_model::outcome::Grade;
use windtunnel_model::scenario::ids::VariantId;
use windtunnel_scenario::weak;

/// One service, by the strategy with which most users are hurt.
struct WorstRow<'a> {
    results: &'a ScenarioResults,
    rating: &'a RatingRow,
    /// The release that hurts most, and the share of users that it hurts.
    worst: Option<(VariantId, f64)>,
}

impl WorstRow<'_> {
    fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.rating.outage_good_s >= OUTAGE_S {
            let outage = Quantity::Seconds.show(self.rating.outage_good_s);
            reasons.push(format!("{outage} of outage by good releases"));
        }
        if self.rating.rollback_outage_s >= OUTAGE_S {
            let outage = Quantity::Seconds.show(self.rating.rollback_outage_s);
            reasons.push(format!("{outage} of outage on the rollback"));
        } else if let (Grade::Slow, Some(full_rollback)) =
            (self.rating.rollback, self.rating.full_rollback_s)
        {
            reasons.push(format!("{} to go back", Quantity::Seconds.show(full_rollback)));
        }
        reasons.extend(weak::spots(&self.results.scenario));
        reasons
    }

    /// The strategy, where there are several.
    fn strategy(&self) -> Option<&str> {
        let several = self.results.ratings.len() > 1;
        several.then(|| self.results.scenario.plan_name(self.rating.plan))
    }

    fn worst_release(&self) -> Option<String> {
        let (variant, share) = self.worst.filter(|(_, share)| *share > 0.0)?;
        let name = self.results.scenario.release_name(variant);
        Some(format!("{name} hurts {}", Quantity::Share.show(share)))
    }
}

/// All services that were flown, the worst first; those that fare alike as they were named.
fn rows(results: &Results) -> Vec<WorstRow<'_>> {
    let row = |results| {
        let scenario: &ScenarioResults = results;
        let by_harm = |a: &&RatingRow, b: &&RatingRow| a.hurt_share.total_cmp(&b.hurt_share);
        let rating = scenario.ratings.iter().rev().max_by(by_harm)?;
        let harm = |variant: VariantId| {
            let share = reading::estimate(scenario, variant, rating.plan, reading::HURT_SHARE)?;
            Some((variant, share.mean))
        };
        let variants = scenario.scenario.variant_ids().filter_map(harm);
        let worst = variants.max_by(|a, b| a.1.total_cmp(&b.1));
        Some(WorstRow { results: scenario, rating, worst })
    };
    let mut rows: Vec<WorstRow<'_>> = results.scenarios.iter().filter_map(row).collect();
    rows.sort_by(|a, b| b.rating.hurt_share.total_cmp(&a.rating.hurt_share));
    rows
}

/// For the terminal; nothing for one service alone.
pub fn text(results: &Results) -> String {
    let rows = rows(results);
    if rows.len() < 2 {
        return String::new();
    }
    let count = counted(rows.len() as u64, "scenario");
    let mut out = format!("{count}, worst first, by the share of users that a release hurts:\n");
    let names = rows.iter().map(|row| row.results.scenario.name.chars().count());
    let width = names.max().unwrap_or(0).min(30);
    for row in &rows {
        let hurt = Quantity::Share.show(row.rating.hurt_share);
        let by = row.strategy().map(|strategy| format!("with {strategy}"));
        let all: Vec<String> = by.into_iter().chain(row.worst_release()).collect();
        let reasons = row.reasons().join(", ");
        let choice = headlines::choice::short(row.results).unwrap_or_default();
        let why: Vec<String> =
            [choice, all.join(": "), reasons].into_iter().filter(|w| !w.is_empty()).collect();
        let start = format!("  {:width$} {hurt:>7}", row.results.scenario.name);
        let line = format!("{start}  {}", why.join("; "));
        let indent = start.chars().count() + 2;
        let indent = if indent > wrap::COLUMNS / 2 { 6 } else { indent };
        out += &format!("{}\n", wrap::wrapped(line.trim_end(), wrap::COLUMNS, indent).join("\n"));
    }
    out
}

/// The worst of all in a line of Markdown; nothing if no release hurts anybody. Names are written
/// by `name`.
pub fn line(results: &Results, name: &dyn Fn(&str) -> String) -> Option<String> {
    let rows = rows(results);
    let row = rows.first()?;
    let (variant, share) = row.worst.filter(|(_, share)| *share > 0.0)?;
    let scenario = &row.results.scenario;
    let with = name(scenario.plan_name(row.rating.plan));
    Some(format!(
        "**The worst:** {} with {with}: a release hurts {} of the users over the mix, *{}* {}.",
        name(&scenario.name),
        Quantity::Share.show(row.rating.hurt_share),
        name(scenario.release_name(variant)),
        Quantity::Share.show(share)
    ))
}

/// For `summary.md`; nothing for one service alone.
pub fn markdown(results: &Results) -> Option<String> {
    let rows = rows(results);
    if rows.len() < 2 {
        return None;
    }
    let cells = |row: &WorstRow<'_>| {
        let name = markdown::text(&row.results.scenario.name).into_owned();
        let strategy = row.strategy().map(|name| format!(" (with {})", markdown::text(name)));
        let hurt = headlines::share_of_users(row.rating.hurt_share);
        let hurt = format!("{hurt}{}", strategy.unwrap_or_default());
        let worst = row.worst.filter(|(_, share)| *share > 0.0).map(|(variant, share)| {
            let name = markdown::text(row.results.scenario.release_name(variant)).into_owned();
            format!("{name}: {}", Quantity::Share.show(share))
        });
        let why = row.reasons().join(", ");
        vec![name, hurt, worst.unwrap_or_default(), why]
    };
    let head = ["service", "users hurt by a release", "most by", "why"];
    Some(markdown::table(&head, rows.iter().map(cells)))
}

/// For machines: always, the worst first.
pub fn json(results: &Results) -> Vec<Value> {
    let row = |row: &WorstRow<'_>| {
        let scenario = &row.results.scenario;
        json!({
            "scenario": scenario.name,
            "strategy": scenario.plan_name(row.rating.plan),
            "hurt_share": row.rating.hurt_share,
            "worst_release": row.worst.map(|(variant, share)| {
                json!({"release": scenario.release_name(variant), "hurt_share": share})
            }),
            "why": row.reasons(),
        })
    };
    rows(results).iter().map(row).collect()
}
