//! The tables that a run ends with on the terminal.
//!
//! Plain text of at most 80 columns (names that are longer stand alone), one table a scenario.
//! Deliberately absent: colours and the terminal itself; whoever prints it knows those.

use super::figure::{Quantity, significant};
use super::headlines::listed;
use super::{columns, full_rollback, headlines, money, reading, seen, stops};
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use windtunnel_base::count::{counted, plural};
use windtunnel_base::wrap;
use windtunnel_experiment::results::{RatingRow, ScenarioResults};
use windtunnel_model::outcome::MeasureId;
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_model::scenario::model::Scenario;

/// Widest line of a table.
pub const WIDTH: u16 = wrap::COLUMNS as u16;

/// Most releases side by side.
const ABREAST: usize = 3;

/// Rules above, below and under the head; none between rows.
pub(super) const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Names as they are: whoever prints them knows the terminal.
fn bare(name: &str) -> String {
    name.to_string()
}

/// The table of one scenario, with what is to be said about it below; with these columns of the CSV
/// files in the place of the usual ones, if any is named.
pub fn text(results: &ScenarioResults, columns: &[String]) -> String {
    let choice = headlines::choice::lines(results, &bare).iter().map(|l| wrap::filled(l)).collect();
    let scenario = &results.scenario;
    let mut out: String = choice;
    out += &wrap::filled(&headline(results));
    out += &format!("{}\n", ratings_table(results, columns).trim_fmt());
    out += &format!("{}\n", stops_table(results).trim_fmt());
    out += &format!("{}\n", failed_table(results).trim_fmt());
    out.extend(stops::warnings(results, &bare).iter().map(|line| wrap::filled(line)));
    out += &money::text(results);
    out += &seen::text(results);
    for found in reading::no_strategy_helps(results) {
        let share = Quantity::Share.show(found.best.1);
        out += &wrap::filled(&format!(
            "No strategy helps against {}: even {} hurts {share} of the users.",
            scenario.release_name(found.variant),
            scenario.plan_name(found.best.0)
        ));
    }
    out + &precision_line(results)
}

fn headline(results: &ScenarioResults) -> String {
    let scenario = &results.scenario;
    let counts = || results.flights.iter().flatten().map(Vec::len);
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let each = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let variants: Vec<&str> =
        scenario.release.variants.iter().map(|variant| variant.name.as_str()).collect();
    let strategies = counted(scenario.plans.len() as u64, "strategy");
    let releases = if variants.len() == 1 { "release" } else { "releases" };
    let flights = if most == 1 { "flight".to_string() } else { plural("flight") };
    format!(
        "{}: {strategies}, {releases} {}, {each} {flights} each, horizon {}",
        scenario.name,
        listed(&variants),
        scenario.horizon
    )
}

fn ratings_table(results: &ScenarioResults, columns: &[String]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    if !columns.is_empty() {
        table.set_header(std::iter::once("strategy").chain(columns.iter().map(String::as_str)));
        table.add_rows(columns::rows(results, columns));
        close(&mut table);
        return table;
    }
    let down = ["downtime:\noutage", "rollback:\nin full"];
    let rest = ["risk:\nusers hurt", "cost:\nfleet-min", "delivery:\ngood shipped"];
    table.set_header(["strategy"].into_iter().chain(down).chain(rest));
    for row in &results.ratings {
        table.add_row(cells(results, row));
    }
    close(&mut table);
    table
}

/// A table of a terminal's width with these columns.
pub(super) fn plain(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(head);
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    close(&mut table);
    table
}

/// Many columns have to fit: one blank and the separator between two of them are enough.
pub(super) fn close(table: &mut Table) {
    let last = table.column_count().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, u16::from(index < last)));
        if index == 0 {
            // Names are not broken.
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// A table below another, whose last rule is the one above this.
fn below() -> Table {
    let mut table = Table::new();
    table.load_style(STYLE.top_border(LineStyle::none()));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table
}

/// The names of releases, each with its kind.
fn release_names(scenario: &Scenario) -> Vec<String> {
    let kind = |id: VariantId| if scenario.variant(id).bad { "bad" } else { "good" };
    let name = |id: VariantId| match scenario.release_name(id) {
        name if name == kind(id) => format!("{name} release"),
        name => format!("{name} ({})", kind(id)),
    };
    scenario.variant_ids().map(name).collect()
}

/// Who stops what: strategies down, releases across; many releases down as well, those in one line
/// that fare alike.
fn stops_table(results: &ScenarioResults) -> Table {
    let mut table = below();
    let scenario = &results.scenario;
    let names = release_names(scenario);
    let cells = |plan: PlanId| -> Vec<String> {
        scenario.variant_ids().map(|id| stops::cell(results, (plan, id), &bare)).collect()
    };
    if names.len() <= ABREAST {
        table.set_header(std::iter::once("strategy").chain(names.iter().map(String::as_str)));
        for plan in scenario.plan_ids() {
            let name = scenario.plan_name(plan).to_string();
            table.add_row(std::iter::once(name).chain(cells(plan)));
        }
        close(&mut table);
        return table;
    }
    table.set_header(["strategy", "release", "what became of it"]);
    for plan in scenario.plan_ids() {
        let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
        for (cell, name) in cells(plan).into_iter().zip(&names) {
            match alike.iter_mut().find(|(other, _)| *other == cell) {
                Some((_, names)) => names.push(name),
                None => alike.push((cell, vec![name])),
            }
        }
        let mut strategy = scenario.plan_name(plan);
        for (cell, names) in alike {
            let names = names.join(", ");
            table.add_row([std::mem::take(&mut strategy), names.as_str(), cell.as_str()]);
        }
    }
    close(&mut table);
    table
}

/// Requests that fail in a flight, and how long a good release takes to be shipped: strategies
/// down, releases across.
fn failed_table(results: &ScenarioResults) -> Table {
    let mut table = below();
    let scenario = &results.scenario;
    let title = "requests failed;\ntime to ship".to_string();
    let names = release_names(scenario);
    // Where many stand side by side their names break where their words meet.
    let several = names.len() > ABREAST;
    let names = names.into_iter().map(|n| if several { n.replace('-', "-\n") } else { n });
    table.set_header(std::iter::once(title).chain(names));
    let cell = |plan: PlanId, id: VariantId| {
        let of = |measure| reading::estimate(results, id, plan, measure);
        let failed = of(MeasureId::RequestsFailed).map(|e| Quantity::Count.show(e.mean));
        let shipped = of(MeasureId::RolloutS).filter(|_| !scenario.variant(id).bad);
        let shipped = shipped.map(|e| format!("; {}", Quantity::Seconds.show(e.p50)));
        failed.map_or("–".to_string(), |failed| failed + &shipped.unwrap_or_default())
    };
    for plan in scenario.plan_ids() {
        let cells = scenario.variant_ids().map(|id| cell(plan, id));
        table.add_row(std::iter::once(scenario.plan_name(plan).to_string()).chain(cells));
    }
    close(&mut table);
    table
}

fn cells(results: &ScenarioResults, row: &RatingRow) -> [String; 6] {
    let full_rollback = full_rollback::short(results, row);
    let outage = match row.outage_good_s {
        seconds if seconds > 0.0 => format!(" {}", Quantity::Seconds.show(seconds)),
        _ => String::new(),
    };
    [
        results.scenario.plan_name(row.plan).to_string(),
        format!("{}{outage}", row.downtime),
        format!("{}{full_rollback}", row.rollback),
        format!("{} {}", row.risk, headlines::share_of_users(row.hurt_share)),
        format!("{} {}", row.cost, significant(row.fleet_minutes)),
        delivery(results, row),
    ]
}

/// The word, the share of good releases shipped, and the median time it takes.
fn delivery(results: &ScenarioResults, row: &RatingRow) -> String {
    let found = results.deliveries.iter().find(|found| found.plan == row.plan);
    let share = found.filter(|found| !found.by_design).and_then(|found| found.shipped);
    let time = found.and_then(|found| found.time_to_ship_s);
    let share = share.map(|share| format!(" {}", Quantity::Share.show(share.share)));
    let time = time.map(|[median, _]| format!(", {}", Quantity::Seconds.show(median)));
    format!("{}{}{}", row.delivery, share.unwrap_or_default(), time.unwrap_or_default())
}

fn precision_line(results: &ScenarioResults) -> String {
    let open = results.precision.iter().filter(|row| !row.reached).count();
    match (results.precision.len(), open) {
        (0, _) => String::new(),
        (_, 0) => "Precision: reached for every strategy and release.\n".to_string(),
        (all, open) => format!("Precision: not reached for {open} of {all}; see summary.md.\n"),
    }
}
