//! `trace`: arrivals as recorded, from a CSV file with the columns `t_s[,user][,route]`.
//!
//! The part only knows the path; the command line reads the file and hands its text to [`parse`].

use super::{Arrivals, Recorded};
use crate::base::problem::{Place, Problem};
use crate::base::settings::{Part, Reader};
use crate::base::time::SimDuration;

/// The part.
pub const PART: Part<Arrivals> =
    Part { name: "trace", summary: "arrivals as recorded in a CSV file (t_s, user, route)", read };

/// Longest recording that is read.
const LONGEST: usize = 20_000_000;

fn read(r: &mut Reader<'_>) -> Arrivals {
    let path = r.required_text(
        "file",
        "CSV file with the columns t_s[,user][,route], relative to the scenario",
    );
    let speed = r.number("speed", 1.0, 0.001..=1000.0, "2 plays the recording twice as fast");
    Arrivals::TraceFile { path, speed }
}

/// Turns the text of a recording into arrivals, or all of its problems (at most 20).
pub fn parse(text: &str, speed: f64, routes: &[&str]) -> Result<Vec<Recorded>, Vec<Problem>> {
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    let mut lines = text.lines().enumerate();
    let header = lines.next().map(|(_, line)| line.trim()).unwrap_or_default();
    let columns: Vec<&str> = header.split(',').map(str::trim).collect();
    let column = |name: &str| columns.iter().position(|c| *c == name);
    let Some(at_column) = column("t_s") else {
        let problem =
            Problem::error(Place { line: 1, column: 1 }, "", format!("header {header:?}"));
        return Err(vec![problem.expected("the columns t_s[,user][,route]")]);
    };
    let (user_column, route_column) = (column("user"), column("route"));
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i).copied());
        let mut wrong = |what: String, expected: &str| {
            let place = Place { line: number as u32 + 1, column: 1 };
            problems.push(Problem::error(place, "", what).expected(expected));
        };
        let secs = cell(Some(at_column)).and_then(|c| c.parse::<f64>().ok());
        let Some(secs) = secs.filter(|s| (0.0..=3.2e8).contains(s)) else {
            wrong(format!("time {:?}", cell(Some(at_column)).unwrap_or("")), "seconds from 0 on");
            continue;
        };
        let user = cell(user_column).map(str::parse::<u32>);
        if let Some(Err(_)) = user {
            wrong(format!("user {:?}", cell(user_column).unwrap_or("")), "a whole number");
        }
        let route = cell(route_column).map(|name| routes.iter().position(|r| *r == name));
        if let Some(None) = route {
            let name = cell(route_column).unwrap_or("");
            wrong(format!("route {name:?}"), &format!("one of {}", routes.join(", ")));
        }
        rows.push(Recorded {
            at: SimDuration::from_secs_f64(secs / speed),
            user: user.and_then(Result::ok),
            route: route.flatten().map(|r| r as u8),
        });
        if problems.len() >= 20 || rows.len() > LONGEST {
            break;
        }
    }
    if rows.is_empty() && problems.is_empty() {
        let place = Place { line: 1, column: 1 };
        problems.push(Problem::error(place, "", "no arrivals").expected("at least one row"));
    }
    rows.sort_by_key(|r| r.at);
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_sorted_and_named() {
        let rows = parse("t_s,route\n2.0,b\n1.0,a\n", 2.0, &["a", "b"]).expect("valid");
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].route, rows[0].at), (Some(0), SimDuration::from_millis(500)));
    }

    #[test]
    fn every_bad_row_is_named() {
        let problems = parse("t_s,user,route\nx,1,a\n1,-1,a\n1,1,zz\n", 1.0, &["a"]).unwrap_err();
        let lines: Vec<u32> = problems.iter().map(|p| p.place.line).collect();
        assert_eq!(lines, [2, 3, 4]);
        assert!(parse("", 1.0, &[]).is_err() && parse("t_s\n", 1.0, &[]).is_err());
    }
}
