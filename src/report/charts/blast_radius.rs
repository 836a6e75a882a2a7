//! Blast radius: which share of the users a release hurts, per strategy and variant.

use super::dots::DotChart;
use super::measures::{self, Releases};
use super::page;
use crate::experiment::rating::RISK_LIMITS;
use crate::experiment::results::ScenarioResults;
use crate::report::figure::Quantity;
use crate::report::reading::{self, HURT_SHARE};

/// The chart as SVG.
pub fn svg(results: &ScenarioResults) -> Result<String, String> {
    let name = &results.scenario.name;
    let subtitle = format!("{name}: users hurt by the release, with 95 % intervals");
    let releases = Releases::of(results, false, true);
    let groups = measures::groups(results, &releases, &[HURT_SHARE], |_, _| "not flown".into());
    if !measures::has_values(&groups) {
        return page::empty("No flight to tell whom a release hurts", name);
    }
    let title = "Users hurt, of those active";
    let mut panel = measures::panel(title, measures::axis(Quantity::Share, &groups, &[0]));
    let [low, medium] = RISK_LIMITS;
    panel.zones = vec![(low, "low risk"), (medium, "medium"), (f64::INFINITY, "high")];
    let legend = releases.legend();
    DotChart { title: message(results), subtitle, legend, panels: vec![panel], groups }.svg()
}

/// Who is hurt most and least by the first of the bad variants that hurts anybody.
fn message(results: &ScenarioResults) -> String {
    let share = |value: f64| Quantity::Share.show(value);
    if let Some(found) = reading::no_strategy_helps(results).first() {
        let (best, worst) = (&found.best, &found.worst);
        let scenario = &results.scenario;
        let against = match scenario.bad_variants().count() {
            1 => String::new(),
            _ => format!(" against {}", scenario.release_name(found.variant)),
        };
        return format!(
            "No strategy helps{against}: even {} hurts {} of the users, {} hurts {}",
            scenario.plan_name(best.0),
            share(best.1),
            scenario.plan_name(worst.0),
            share(worst.1)
        );
    }
    let scenario = &results.scenario;
    let several = scenario.bad_variants().count() > 1;
    let named = |kind: &str, name: &str, one: &str| match several {
        true => format!("The {kind} {name}"),
        false => one.to_string(),
    };
    let bad = scenario
        .bad_variants()
        .map(|v| (v, named("bad release", scenario.release_name(v), "A bad release")));
    let others = scenario
        .variant_ids()
        .map(|v| (v, named("release", scenario.release_name(v), "A release")));
    let rankings =
        bad.chain(others).map(|(v, word)| (measures::ranked(results, v, HURT_SHARE), word));
    let most = |ranked: &[(&str, f64)]| ranked.last().map_or(0.0, |last| last.1);
    let Some((ranked, word)) = rankings.into_iter().find(|(ranked, _)| most(ranked) > 0.0) else {
        return "No release hurt a user".to_string();
    };
    let (Some(best), Some(worst)) = (ranked.first(), ranked.last()) else {
        return "No release hurt a user".to_string();
    };
    let start = format!("{word} hurts {} of the users under {}", share(worst.1), worst.0);
    if ranked.len() < 2 {
        return start;
    }
    let nobody: Vec<&str> = ranked.iter().filter(|r| r.1 == 0.0).map(|r| r.0).collect();
    match nobody.is_empty() {
        true if share(best.1) == share(worst.1) => {
            format!("{word} hurts {} of the users, under every strategy", share(worst.1))
        }
        true => format!("{start}, {} under {}", share(best.1), best.0),
        false => format!("{start}, nobody under {}", measures::listed(&nobody)),
    }
}
