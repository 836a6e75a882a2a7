//! `summary.md`: what the flights say, for readers.
//!
//! Per scenario: its question, the textbook table with the figures that decided, the main
//! measures with intervals, verdicts, harm per year, what to choose by, and how precise it all
//! is. Deliberately absent: computing measures; sentences that the tables do not carry.

use super::figure::{Quantity, significant};
use super::{Document, Format, choose, headlines, names, reading, run_json, seen, stops, worst};
use crate::base::count::{counted, plural};
use crate::base::escape::markdown;
use crate::experiment::results::{LeftOut, RatingRow, Results, ScenarioResults};
use crate::outcome::{MeasureId, Verdict};
use crate::scenario::ids::{PlanId, ReleaseId, VariantId};

/// The format.
pub const FORMAT: Format = make;

/// Measures of the main table: column head, column of `runs.csv`.
const MAIN: [(&str, MeasureId); 8] = [
    ("users hurt by the release", reading::HURT_SHARE),
    ("requests failed", MeasureId::RequestsFailed),
    ("downtime by the release", MeasureId::DowntimeByReleaseS),
    ("detected after", MeasureId::DetectedAfterS),
    ("rollback", MeasureId::RollbackS),
    ("harm to safe", MeasureId::HarmToSafeS),
    ("extra fleet-minutes", MeasureId::FleetMinutesExtra),
    ("extra cost", MeasureId::CostExtraUsd),
];

/// Measures summed up over a year of releases.
const YEARLY: [(&str, MeasureId); 3] = [
    ("users hurt by releases", MeasureId::UsersHurtByRelease),
    ("value lost by releases", MeasureId::ValueLostByReleaseUsd),
    ("extra cost of pods", MeasureId::CostExtraUsd),
];

fn make(results: &Results) -> Result<Vec<Document>, String> {
    let bytes = text(results).into_bytes();
    Ok(vec![Document { path: "summary.md".to_string(), bytes }])
}

/// The whole page.
pub fn text(results: &Results) -> String {
    let mut page = "# What the flights say\n\n".to_string();
    if results.interrupted {
        page += "**Interrupted:** some flights are missing; the figures cover those flown.";
        let unrecorded = results.scenarios.iter().filter(|s| s.recordings.is_empty());
        let names: Vec<&str> = unrecorded.map(|s| s.scenario.name.as_str()).collect();
        if !names.is_empty() {
            let names = names.join(", ");
            page += &format!(" No typical flight was recorded of {names}: timelines and events ");
            page += "of it are missing.";
        }
        page += "\n\n";
    }
    let command = markdown::command(&results.command);
    page += &left_out(results);
    page += &super::warnings::markdown(results);
    page += &format!("Seed {}. Repeat with {command}.\n", results.seed);
    page += "Intervals are 95 %. Shares of users are shares of the users active in the horizon.\n";
    if let Some(table) = worst::markdown(results) {
        page += &format!("\n## Worst first\n\n{table}\n");
    }
    if results.scenarios.len() > 1 {
        page += "\n![Who gets hurt: all strategies in all scenarios](charts/overview.svg)\n";
    }
    let folders = names::slugs(results.scenarios.iter().map(|s| s.scenario.name.as_str()));
    for (scenario, folder) in results.scenarios.iter().zip(&folders) {
        page += &section(scenario, folder);
    }
    page
}

/// Documents first; of fields those that would change figures.
fn left_out(results: &Results) -> String {
    if results.left_out.is_empty() {
        return String::new();
    }
    let line = |left: &LeftOut| {
        let (what, text) = (markdown::text(&left.what), markdown::text(&left.text));
        let mark = if left.document { "**" } else { "" };
        format!("- {mark}{what}{mark}: {text}\n")
    };
    let lines: String = results.left_out.iter().map(line).collect();
    format!("## What was left out, and what it may change\n\n{lines}\n")
}

fn section(results: &ScenarioResults, folder: &str) -> String {
    let scenario = &results.scenario;
    let mut parts = vec![format!("## {}", markdown::text(&scenario.name))];
    let head = markdown::prose(&scenario.head);
    let head: Vec<String> = head.lines().map(|l| format!("> {l}").trim().into()).collect();
    parts.extend((!head.is_empty()).then(|| head.join("\n")));
    let choice = headlines::choice::lines(results, &named);
    if let Some((first, rest)) = choice.split_first() {
        parts.insert(1, format!("**{first}** {}", rest.join(" ")).trim().to_string());
    }
    parts.push(flown(results));
    parts.push(format!(
        "![Users hurt](charts/{folder}/blast-radius.svg)\n![Cost against \
         harm](charts/{folder}/cost-harm.svg)"
    ));
    parts.push("### The textbook table, measured".to_string());
    parts.push(ratings(results));
    parts.push(reading::RULES.map(|rule| format!("- {rule}")).join("\n"));
    for found in reading::no_strategy_helps(results) {
        let share = |s: f64| Quantity::Share.show(s);
        parts.push(format!(
            "**No strategy helps** against *{}*: even {} hurts {} of the users, {} hurts {}.",
            markdown::text(scenario.release_name(found.variant)),
            markdown::text(scenario.plan_name(found.best.0)),
            share(found.best.1),
            markdown::text(scenario.plan_name(found.worst.0)),
            share(found.worst.1)
        ));
    }
    parts.push("### The main measures".to_string());
    parts.push(measures(results));
    parts.push("### Delivery".to_string());
    parts.push(delivery(results));
    parts.push("### Who stops what".to_string());
    parts.push(stopped(results));
    parts.push("### What users met".to_string());
    parts.push(seen::markdown(results));
    parts.push("### How the flights ended".to_string());
    parts.push(verdicts(results));
    parts.push(format!(
        "### A year of {} releases",
        significant(results.scenario.releases_per_year)
    ));
    parts.push(yearly(results));
    parts.push("### Choose by".to_string());
    parts.push(choose_by(results));
    parts.extend(expectations(results));
    parts.push("### How precise this is".to_string());
    parts.push(precision(results));
    format!("\n{}\n", parts.join("\n\n"))
}

fn flown(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let shares = scenario.release.variants.iter().map(|v| {
        let kind = if v.bad { "bad" } else { "good" };
        let name = markdown::text(&v.name);
        format!("*{name}* ({kind}, {} of releases)", Quantity::Share.show(v.share.value()))
    });
    let flights: usize = results.flights.iter().flatten().map(Vec::len).sum();
    format!(
        "{} {} of {} each, {}; shipped is {}. The release begins {} after the start.",
        significant(flights as f64),
        if flights == 1 { "flight".to_string() } else { plural("flight") },
        scenario.horizon,
        counted(scenario.plans.len() as u64, "strategy"),
        shares.collect::<Vec<_>>().join(", "),
        scenario.release.at,
    )
}

fn ratings(results: &ScenarioResults) -> String {
    let rows = results.ratings.iter().map(|r| {
        vec![
            named(results.scenario.plan_name(r.plan)),
            format!("**{}** ({} of outage)", r.downtime, Quantity::Seconds.show(r.outage_good_s)),
            format!("**{}** ({})", r.rollback, rollback_figures(r)),
            format!("**{}** ({} hurt)", r.risk, Quantity::Share.show(r.hurt_share)),
            format!("**{}** ({})", r.cost, Quantity::FleetMinutes.show(r.fleet_minutes)),
        ]
    });
    table(&["strategy", "downtime", "rollback", "risk", "cost"], rows.collect())
}

/// The figures behind the rollback's word: W, and W as a multiple of T.
fn rollback_figures(row: &RatingRow) -> String {
    if !row.exposed {
        return "no bad release exposed a user".to_string();
    }
    let Some(way_back_s) = row.way_back_s else {
        return row.no_way_back().to_string();
    };
    let mut text = format!("W {}", Quantity::Seconds.show(way_back_s));
    if let Some(start_s) = row.start_to_ready_s.filter(|s| *s > 0.0) {
        text += &format!(", {} T", significant(way_back_s / start_s));
    }
    if row.rollback_outage_s >= 1.0 {
        let outage = Quantity::Seconds.show(row.rollback_outage_s);
        text += &format!(", {outage} of outage on the way");
    }
    text
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
    format!("{}\n\n{note}", table(&head, rows.collect()))
}

fn measures(results: &ScenarioResults) -> String {
    let mut head = vec!["strategy", "release", "flights"];
    head.extend(MAIN.map(|(title, ..)| title));
    let mut rows = Vec::new();
    let scenario = &results.scenario;
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let flights = reading::flights(results, variant, plan);
            let cells = MAIN.map(|(_, measure)| cell(results, variant, plan, measure));
            let names = [scenario.plan_name(plan), scenario.release_name(variant)];
            let start = names.map(named).into_iter().chain([flights.to_string()]);
            rows.push(start.chain(cells).collect());
        }
    }
    let note = "\"(3 of 40 empty)\": in three flights the horizon came first, or it never \
                happened; they are counted, not taken as 0.";
    format!("{}\n\n{note}", table(&head, rows))
}

/// Mean with interval, and how many flights have no value.
fn cell(results: &ScenarioResults, of: VariantId, plan: PlanId, measure: MeasureId) -> String {
    let Some(row) = reading::row(results, of, plan, measure) else { return "–".into() };
    let Some(estimate) = &row.estimate else { return "–".into() };
    let text = Quantity::of(measure).show_estimate(estimate);
    if row.empty == 0 {
        return text;
    }
    format!("{text} ({} of {} empty)", row.empty, estimate.n as u64 + u64::from(row.empty))
}

fn verdicts(results: &ScenarioResults) -> String {
    let seen = |v: &Verdict| results.verdicts.iter().any(|row| row.verdict == *v && row.n > 0);
    let columns: Vec<Verdict> = Verdict::ALL.into_iter().filter(seen).collect();
    let mut head = vec!["strategy", "release"];
    head.extend(columns.iter().map(|v| v.word()));
    let mut rows = Vec::new();
    let scenario = &results.scenario;
    for plan in scenario.plan_ids() {
        for variant in scenario.variant_ids() {
            let names = [scenario.plan_name(plan), scenario.release_name(variant)];
            let mut row = names.map(named).to_vec();
            row.extend(columns.iter().map(|v| verdict_cell(results, variant, plan, *v)));
            rows.push(row);
        }
    }
    table(&head, rows)
}

/// Who stops what: strategies down, releases across.
fn stopped(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let mut head = vec!["strategy"];
    let names: Vec<String> =
        scenario.variant_ids().map(|variant| named(scenario.release_name(variant))).collect();
    head.extend(names.iter().map(String::as_str));
    let rows = scenario.plan_ids().map(|plan| {
        let cell = |variant| stops::cell(results, (plan, variant), &markdown::code);
        let cells = scenario.variant_ids().map(cell);
        std::iter::once(named(scenario.plan_name(plan))).chain(cells).collect()
    });
    let mut text = table(&head, rows.collect());
    for line in stops::warnings(results, &named) {
        text += &format!("\n\n**{line}**");
    }
    text
}

fn verdict_cell(results: &ScenarioResults, of: VariantId, plan: PlanId, v: Verdict) -> String {
    match reading::verdict(results, of, plan, v) {
        Some(row) if row.n > 0 => Quantity::Share.show_interval(row.share, row.lower, row.upper),
        _ => "–".to_string(),
    }
}

fn yearly(results: &ScenarioResults) -> String {
    let times = results.scenario.releases_per_year;
    let mut head = vec!["strategy"];
    head.extend(YEARLY.map(|(title, ..)| title));
    let rows = results.scenario.plan_ids().map(|plan| {
        let cells = YEARLY.map(|(_, measure)| {
            match reading::estimate(results, ReleaseId::Mix, plan, measure) {
                Some(e) => {
                    let [mean, lower, upper] = [e.mean, e.lower, e.upper].map(|end| end * times);
                    Quantity::of(measure).show_interval(mean, lower, upper)
                }
                None => "–".to_string(),
            }
        });
        std::iter::once(named(results.scenario.plan_name(plan))).chain(cells).collect()
    });
    format!(
        "{}\n\nThe mix of one release times the releases of a year; a user hurt by two releases \
         counts twice.",
        table(&head, rows.collect())
    )
}

fn choose_by(results: &ScenarioResults) -> String {
    let list = |all: &[(String, String)]| {
        let shown = |(name, figure): &(String, String)| format!("{} ({figure})", named(name));
        let names: Vec<String> = all.iter().map(shown).collect();
        if names.is_empty() { "–".to_string() } else { names.join(" · ") }
    };
    let limit = |text: &str| if text.is_empty() { "–".to_string() } else { text.to_string() };
    let rows = choose::answers(results).into_iter().map(|answer| {
        let (within, beyond) = (list(&answer.within), list(&answer.beyond));
        vec![answer.question.to_string(), limit(&answer.limit), within, beyond]
    });
    let head = ["choose by", "limit here", "qualify, best first", "do not"];
    let mut text = table(&head, rows.collect());
    if results.qualification.is_empty() {
        return text;
    }
    text += "\n\nUnder all constraints of the scenario together:\n";
    for row in &results.qualification {
        let word =
            if row.qualifies { "meets the constraints" } else { "does not meet the constraints" };
        let reasons = row.reasons.join("; ");
        let colon = if reasons.is_empty() { "" } else { ": " };
        text += &format!(
            "\n- {} **{word}**{colon}{reasons}",
            named(results.scenario.plan_name(row.plan))
        );
    }
    text
}

fn expectations(results: &ScenarioResults) -> Vec<String> {
    if results.expectations.is_empty() {
        return Vec::new();
    }
    let rows = results.expectations.iter().map(|e| {
        let judgement = run_json::judgement_word(e.judgement);
        vec![markdown::code(&e.text), format!("**{judgement}**"), e.detail.clone()]
    });
    let table = table(&["expectation", "judgement", "measured"], rows.collect());
    vec!["### What was expected".to_string(), table]
}

fn precision(results: &ScenarioResults) -> String {
    let (reached, open): (Vec<_>, Vec<_>) = results.precision.iter().partition(|row| row.reached);
    let mut text = format!(
        "{} of {} combinations of strategy and release reached the precision asked for: half of \
         the t interval of each main measure within 5 % of its mean, 0.1 % of the users or 1 s. \
         The intervals in the tables are wider: they allow for flights that were not seen.",
        reached.len(),
        results.precision.len()
    );
    for row in open {
        let strategy = named(results.scenario.plan_name(row.plan));
        let release = named(results.scenario.release_name(row.variant));
        let flights = counted(row.n as u64, "flight");
        text += &format!("\n- {strategy} · {release}: {flights}");
        if let Some((measure, half_width, target)) = row.worst {
            let show = |width| Quantity::of(measure).show(width);
            let (half, aim) = (show(half_width), show(target));
            text += &format!(", `{}` is known to ±{half} (asked: ±{aim})", measure.name());
        }
    }
    text
}

/// A name that a user chose, as a part of the page.
fn named(name: &str) -> String {
    markdown::text(name).into_owned()
}

/// A table in Markdown; what stands in its cells is Markdown already.
fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut lines = vec![markdown::row(head)];
    lines.push(format!("|{}", "---|".repeat(head.len())));
    lines.extend(rows.into_iter().map(markdown::row));
    lines.join("\n")
}
