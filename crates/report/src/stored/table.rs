//! Tables in CSV, row by row, with the line of each.

use super::{PROBLEMS_MAX, help};
use csv::StringRecord;
use windtunnel_base::problem::{Place, Problem};

/// A table whose columns were found.
pub struct Table {
    /// Column of each wanted name.
    wanted: Vec<usize>,
    /// All columns.
    pub head: Vec<String>,
}

impl Table {
    /// The cell of the wanted column with this number.
    pub fn cell<'r>(&self, row: &'r StringRecord, wanted: usize) -> &'r str {
        row.get(self.wanted[wanted]).unwrap_or_default()
    }
}

/// What is wrong with a cell.
pub struct Wrong {
    column: String,
    message: String,
    expected: String,
}

impl Wrong {
    /// In a column, in words.
    pub fn new(column: &str, message: String, expected: &str) -> Wrong {
        Wrong { column: column.to_string(), message, expected: expected.to_string() }
    }

    /// A cell that says something else than expected.
    pub fn found(column: &str, cell: &str, expected: &str) -> Wrong {
        Wrong::new(column, format!("found {cell:?}"), expected)
    }
}

/// What may have happened where rows are missing.
pub const CUT: &str = "the table may be cut short where a copy of the file ended";

/// The number of the last line.
pub fn last_line(text: &str) -> u32 {
    u32::try_from(text.lines().count().max(1)).unwrap_or(u32::MAX)
}

/// Reads a table, a row at a time; `each` says what is wrong with a row. Without its columns no row
/// is read.
pub fn read(
    (text, version): (&str, &str),
    wanted: &[&str],
    mut each: impl FnMut(&Table, &StringRecord) -> Vec<Wrong>,
) -> Vec<Problem> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let at = |line: u64| Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
    let wrong = |line, path: &str, message: String| Problem::error(at(line), path, message);
    let head: Vec<String> = match reader.headers() {
        Ok(head) => head.iter().map(String::from).collect(),
        Err(error) => return vec![wrong(1, "", error.to_string())],
    };
    if head.is_empty() {
        let columns = format!("the columns {}", wanted.join(", "));
        let problem = wrong(1, "", "found an empty table".to_string()).expected(columns);
        return vec![problem.help(help(version))];
    }
    let find = |name: &&str| head.iter().position(|column| column == name);
    let missing: Vec<&&str> = wanted.iter().filter(|name| find(name).is_none()).collect();
    if !missing.is_empty() {
        let problem = |name: &&str| {
            let problem = wrong(1, name, "no such column".to_string());
            problem.expected(format!("the columns {}", wanted.join(", "))).help(help(version))
        };
        return missing.into_iter().map(problem).collect();
    }
    let mut twice: Vec<&String> = head.iter().collect();
    twice.sort();
    if let Some(pair) = twice.windows(2).find(|pair| pair[0] == pair[1]) {
        return vec![wrong(1, pair[0], "this column is there twice".to_string())];
    }
    let table = Table { wanted: wanted.iter().filter_map(find).collect(), head };
    let mut problems = Vec::new();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                problems.push(wrong(line, "", error.to_string()));
                break;
            }
        };
        let line = row.position().map_or(1, csv::Position::line);
        let (found, expected) = (row.len(), table.head.len());
        if found != expected {
            let cells = if found == 1 { "cell" } else { "cells" };
            let problem = wrong(line, "", format!("a row of {found} {cells}"));
            problems.push(problem.expected(format!("{expected}, as in line 1")).help(CUT));
        } else {
            let told =
                |cell: Wrong| wrong(line, &cell.column, cell.message).expected(cell.expected);
            problems.extend(each(&table, &row).into_iter().map(told));
        }
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    problems
}
