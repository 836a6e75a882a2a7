//! `summary.md` taken apart: sections of scenarios, and their tables.

use super::sheet::Scene;

/// A table of the page: its heading, head and rows.
pub struct Table {
    pub under: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// The sections of the scenarios, in their order.
pub fn all<'p>(page: &'p str, scenes: &[Scene<'_>]) -> Vec<&'p str> {
    let starts = page.match_indices("\n## ").map(|(at, _)| at + 1).collect::<Vec<_>>();
    let ends = starts.iter().skip(1).copied().chain([page.len()]);
    let all: Vec<&str> = starts.iter().zip(ends).map(|(from, to)| &page[*from..to]).collect();
    let own = |scene: &Scene<'_>| {
        let title = |text: &&&str| {
            text.lines().next().is_some_and(|l| l.replace('\\', "") == format!("## {}", scene.name))
        };
        *all.iter().find(title).unwrap_or_else(|| panic!("no section of {}", scene.name))
    };
    scenes.iter().map(own).collect()
}

/// The tables of a section.
pub fn tables(section: &str) -> Vec<Table> {
    let (mut all, mut under): (Vec<Table>, String) = (Vec::new(), String::new());
    let mut open = false;
    for line in section.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            under = title.to_string();
        }
        let cells = |line: &str| -> Vec<String> {
            let line = line.replace("\\|", "¦");
            let cells = line.trim_matches('|').split('|').map(str::trim);
            cells.map(|cell| cell.replace('\\', "").replace('¦', "|")).collect()
        };
        match line.starts_with('|') {
            true if !open => {
                all.push(Table { under: under.clone(), head: cells(line), rows: Vec::new() });
            }
            true if !line.starts_with("|---") => {
                all.last_mut().expect("a table").rows.push(cells(line));
            }
            _ => {}
        }
        open = line.starts_with('|');
    }
    all
}
