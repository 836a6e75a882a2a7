//! The tables that a run ends with on the terminal.
//!
//! Plain text of at most 80 columns (names that are longer stand alone), one table a scenario.
//! Deliberately absent: colours and the terminal itself; whoever prints it knows those.

use super::figure::{Quantity, significant};
use super::headlines::listed;
use super::{columns, headlines, money, reading, seen, stops};
use crate::base::count::{counted, plural};
use crate::base::wrap;
use crate::experiment::rating::OUTAGE_S;
use crate::experiment::results::{RatingRow, ScenarioResults};
use crate::scenario::ids::VariantId;
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

/// Widest line of a table.
pub const WIDTH: u16 = wrap::COLUMNS as u16;

/// Rules above, below and under the head; none between rows.
pub(super) const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Names as they are: whoever prints them knows the terminal.
fn bare(name: &str) -> String {
    name.to_string()
}

/// The table of one scenario, with what is to be said about it below.
pub fn text(results: &ScenarioResults) -> String {
    with_columns(results, &[])
}

/// The same, with these columns of the CSV files in the place of the usual ones, if any is named.
pub fn with_columns(results: &ScenarioResults, columns: &[String]) -> String {
    let choice = headlines::choice::lines(results, &bare).iter().map(|l| wrap::filled(l)).collect();
    let scenario = &results.scenario;
    let mut out: String = choice;
    out += &wrap::filled(&headline(results));
    out += &format!("{}\n", ratings_table(results, columns).trim_fmt());
    out += &format!("{}\n", stops_table(results).trim_fmt());
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
    let users = "risk:\nusers hurt";
    let cost = "cost:\nfleet-min";
    table.set_header(["strategy", "downtime", "rollback", users, cost, "delivery:\ngood shipped"]);
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

/// Who stops what: strategies down, releases across.
fn stops_table(results: &ScenarioResults) -> Table {
    let mut table = Table::new();
    // The rule below the table before is the one above this.
    table.load_style(STYLE.top_border(LineStyle::none()));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    let scenario = &results.scenario;
    let kind = |id: VariantId| if scenario.variant(id).bad { "bad" } else { "good" };
    let head = scenario.variant_ids().map(|id| match scenario.release_name(id) {
        name if name == kind(id) => format!("{name} release"),
        name => format!("{name} ({})", kind(id)),
    });
    table.set_header(std::iter::once("strategy".to_string()).chain(head));
    for plan in scenario.plan_ids() {
        let cells =
            scenario.variant_ids().map(|variant| stops::cell(results, (plan, variant), &bare));
        let name = scenario.plan_name(plan).to_string();
        table.add_row(std::iter::once(name).chain(cells));
    }
    close(&mut table);
    table
}

fn cells(results: &ScenarioResults, row: &RatingRow) -> [String; 6] {
    let way_back = match row.way_back_s {
        _ if !row.exposed => String::new(),
        // The word is due to the outage then, and not to the time.
        _ if row.rollback_outage_s >= OUTAGE_S => {
            format!(" {} of outage", Quantity::Seconds.show(row.rollback_outage_s))
        }
        Some(seconds) => format!(" {}", Quantity::Seconds.show(seconds)),
        None if row.went_back => " not back".to_string(),
        None => " none went back".to_string(),
    };
    let outage = match row.outage_good_s {
        seconds if seconds > 0.0 => format!(" {}", Quantity::Seconds.show(seconds)),
        _ => String::new(),
    };
    [
        results.scenario.plan_name(row.plan).to_string(),
        format!("{}{outage}", row.downtime),
        format!("{}{way_back}", row.rollback),
        format!("{} {}", row.risk, Quantity::Share.show(row.hurt_share)),
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
