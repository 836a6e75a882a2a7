//! The tables of the terminal, cell by cell; cells that are broken over lines are put together.

use super::cells::{Faults, compare};
use super::money;
use super::page::often;
use super::sections;
use super::sheet::Scene;

/// A table: what its columns are called, and its rows.
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

fn is_rule(line: &str) -> bool {
    line.chars().count() > 20 && line.chars().all(|c| c == '─')
}

/// The tables of one scenario: heads and rows stand between rules in turn.
pub fn tables(text: &str) -> Vec<Table> {
    let lines: Vec<&str> = text.lines().collect();
    let rules: Vec<usize> = (0..lines.len()).filter(|at| is_rule(lines[*at])).collect();
    let blocks: Vec<&[&str]> = rules.windows(2).map(|pair| &lines[pair[0] + 1..pair[1]]).collect();
    blocks.chunks_exact(2).map(|pair| table(pair[0], pair[1])).collect()
}

/// Where texts begin that two blanks or more set apart.
fn starts(line: &str) -> Vec<usize> {
    let letters: Vec<char> = line.chars().collect();
    let blank = |at: usize| letters.get(at).is_none_or(|c| *c == ' ');
    let begins =
        |at: &usize| !blank(*at) && (*at == 0 || *at > 1 && blank(*at - 1) && blank(*at - 2));
    (0..letters.len()).filter(begins).collect()
}

fn table(head: &[&str], rows: &[&str]) -> Table {
    let mut columns: Vec<usize> = head.iter().flat_map(|line| starts(line)).collect();
    columns.sort_unstable();
    columns.dedup();
    let cells = |line: &str| -> Vec<String> {
        let letters: Vec<char> = line.chars().collect();
        let ends = columns.iter().skip(1).copied().chain([usize::MAX]);
        let cell = |(from, to): (&usize, usize)| {
            let to = to.min(letters.len());
            letters[(*from).min(to)..to].iter().collect::<String>().trim().to_string()
        };
        columns.iter().zip(ends).map(cell).collect()
    };
    let add = |all: &mut Vec<String>, line: &str| {
        for (cell, more) in all.iter_mut().zip(cells(line)) {
            *cell = format!("{cell} {more}").trim().to_string();
        }
    };
    let mut titles = vec![String::new(); columns.len()];
    head.iter().for_each(|line| add(&mut titles, line));
    let mut all: Vec<Vec<String>> = Vec::new();
    for line in rows {
        if !line.starts_with(' ') {
            all.push(vec![String::new(); columns.len()]);
        }
        add(all.last_mut().expect("a row begins with a name"), line);
    }
    Table { head: titles, rows: all }
}

/// The three tables of a scenario, and that of its dollars; `stops` are the cells of the page, which are checked there.
pub fn check(scene: &Scene<'_>, text: &str, section: &str) -> Faults {
    let all = tables(text);
    let (ratings, stops, failed, dollars) = match all.as_slice() {
        [ratings, stops, failed] => (ratings, stops, failed, None),
        [ratings, stops, failed, dollars] => (ratings, stops, failed, Some(dollars)),
        all => return vec![format!("{}: {} tables", scene.name, all.len())],
    };
    let mut faults = Vec::new();
    // Its title stands above its columns.
    let heads = ["strategy", "a year", "than today's", "to change: paid back"];
    let heads = heads.map(str::to_string);
    let dollars = dollars.into_iter();
    faults.extend(dollars.flat_map(|table| money::check(scene, &heads, &table.rows)));
    for table in [ratings, stops, failed] {
        let names: Vec<&String> = table.rows.iter().map(|row| &row[0]).collect();
        if names != scene.plans.iter().collect::<Vec<_>>() {
            return vec![format!("{}: rows {names:?}", scene.name)];
        }
    }
    for (at, plan) in scene.plans.iter().enumerate() {
        for (head, cell) in ratings.head.iter().zip(&ratings.rows[at]).skip(1) {
            faults.extend(rating(scene, plan, head, cell));
        }
        for (release, cell) in scene.releases.iter().zip(failed.rows[at].iter().skip(1)) {
            let of = |measure: &str, column: &str| scene.summary(plan, &release.0, measure, column);
            let shipped = of("rollout_s", "p50").filter(|_| !release.1);
            let place = format!("{} · {plan} · {} · failed", scene.name, release.0);
            faults.extend(compare(&place, cell, &[of("requests_failed", "mean"), shipped]));
        }
    }
    faults.extend(stopped(scene, stops, section));
    faults
}

fn rating(scene: &Scene<'_>, plan: &str, head: &str, cell: &str) -> Faults {
    let of = |column: &str| scene.rating(plan, column);
    let place = format!("{} · {plan} · {head}", scene.name);
    let word = head.split(':').next().unwrap_or(head);
    let exposed = scene.rating_word(plan, "exposed") == "yes";
    let wanted = match word {
        "downtime" => vec![of("outage_good_s").filter(|s| *s > 0.0)],
        "rollback" if !exposed => vec![scene.outage_unmet(plan)],
        "rollback" if of("rollback_outage_s").is_some_and(|s| s >= 1.0) => {
            vec![of("rollback_outage_s")]
        }
        "rollback" => vec![of("way_back_s")],
        "risk" => vec![of("hurt_share"), often(of("hurt_share"))],
        "cost" => vec![of("fleet_minutes")],
        "delivery" => {
            let ships = scene.rating_word(plan, word) != "n.a.";
            vec![of("good_shipped").filter(|_| ships), of("time_to_ship_p50_s")]
        }
        _ => return vec![format!("{place}: no rule")],
    };
    let mut faults = compare(&place, cell, &wanted);
    if !cell.starts_with(&scene.rating_word(plan, word)) {
        faults.push(format!("{place}: {cell:?} begins with another word"));
    }
    faults
}

/// The cells of the page, those that are alike once where releases stand below one another.
fn stopped(scene: &Scene<'_>, table: &Table, section: &str) -> Faults {
    let page = sections::tables(section);
    let page = page.iter().find(|table| table.under == "Who stops what").expect("the table");
    let squeezed = |text: &str| text.replace([' ', '`'], "");
    let mut faults = Vec::new();
    for (row, shown) in page.rows.iter().zip(&table.rows) {
        let mut wanted: Vec<String> = row[1..].iter().map(|cell| squeezed(cell)).collect();
        if table.head.len() == 3 && table.head[1] == "release" {
            let mut once: Vec<String> = Vec::new();
            wanted.retain(|cell| {
                let new = !once.contains(cell);
                once.push(cell.clone());
                new
            });
            wanted = vec![wanted.concat()];
        }
        let from = table.head.len() - wanted.len();
        let found: Vec<String> = shown[from..].iter().map(|cell| squeezed(cell)).collect();
        if found != wanted {
            faults.push(format!("{} · {}: {found:?} for {wanted:?}", scene.name, row[0]));
        }
    }
    faults
}
