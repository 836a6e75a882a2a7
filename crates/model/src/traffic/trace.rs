//! `trace`: arrivals as recorded, from a CSV file with the columns `t_s[,user][,route]`.
//!
//! The part only knows the path; the command line reads the file and hands its text to [`parse`].

use super::{Arrivals, Recorded};
use windtunnel_base::count::counted;
use windtunnel_base::escape::short::{middle, thousands};
use windtunnel_base::problem::{Place, Problem};
use windtunnel_base::settings::{Part, Reader};
use windtunnel_base::time::SimDuration;

/// `trace` for the catalogue: name, summary and reader.
pub const PART: Part<Arrivals> =
    Part { name: "trace", summary: "arrivals as recorded in a CSV file (t_s, user, route)", read };

/// Longest recording that is read, in rows.
const LONGEST: usize = 20_000_000;

/// Rows of which everything wrong is told; of later ones only how many they are.
const TOLD: usize = 20;

/// The columns of a recording; the first must be there.
const COLUMNS: [&str; 3] = ["t_s", "user", "route"];

fn read(r: &mut Reader<'_>) -> Arrivals {
    let path = r.required_text(
        "file",
        "CSV file with the columns t_s[,user][,route], relative to the scenario",
    );
    let speed = r.number("speed", 1.0, 0.001..=1000.0, "2 plays the recording twice as fast");
    Arrivals::TraceFile { path, speed }
}

/// Turns the text of a recording into arrivals, or all of its problems: those of the first 20 wrong
/// rows, and how many more there are.
pub fn parse(text: &str, speed: f64, routes: &[&str]) -> Result<Vec<Recorded>, Vec<Problem>> {
    parse_up_to(LONGEST, text, speed, routes)
}

fn parse_up_to(
    longest: usize,
    text: &str,
    speed: f64,
    routes: &[&str],
) -> Result<Vec<Recorded>, Vec<Problem>> {
    let mut lines = text.lines().enumerate();
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let table = Table::read(header, routes)?;
    let (mut rows, mut problems, mut wrong) = (Vec::new(), Vec::new(), 0_usize);
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    for (count, (number, line)) in filled.enumerate() {
        let place = Place { line: number as u32 + 1, column: 1 };
        if count >= longest {
            problems.push(too_long(place, longest));
            break;
        }
        match table.row(line, speed) {
            Ok(row) => rows.push(row),
            Err(found) => {
                wrong += 1;
                if wrong <= TOLD {
                    let problem = |(what, expected): (String, String)| {
                        Problem::error(place, "", what).expected(expected)
                    };
                    problems.extend(found.into_iter().map(problem));
                }
            }
        }
    }
    if wrong > TOLD {
        let message = format!("{} more rows are wrong", thousands(wrong - TOLD));
        problems.push(Problem::error(Place::default(), "", message));
    }
    if rows.is_empty() && problems.is_empty() {
        let place = Place { line: 1, column: 1 };
        problems.push(Problem::error(place, "", "no arrivals").expected("at least one row"));
    }
    rows.sort_by_key(|r: &Recorded| r.at);
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn too_long(place: Place, longest: usize) -> Problem {
    let message = format!("more than {} rows: nothing from here on is read", thousands(longest));
    let help = "replay a part of the recording, or every tenth user of it";
    let expected = format!("at most {} rows", thousands(longest));
    Problem::error(place, "", message).expected(expected).help(help)
}

/// Where the cells of a recording stand.
struct Table<'r> {
    /// Cells of every row: a row that is cut short, or has more, is not what was recorded.
    width: usize,
    at: usize,
    user: Option<usize>,
    route: Option<usize>,
    routes: &'r [&'r str],
}

impl<'r> Table<'r> {
    fn read(header: &str, routes: &'r [&'r str]) -> Result<Table<'r>, Vec<Problem>> {
        let problem = |found: String| {
            let problem = Problem::error(Place { line: 1, column: 1 }, "", found);
            problem.expected("the columns t_s[,user][,route]")
        };
        // One more than there are names to tell: a line of a million commas stays a line.
        let few = COLUMNS.len() + 1;
        let columns: Vec<&str> = header.trim().split(',').take(few).map(str::trim).collect();
        let column = |name: &str| columns.iter().position(|c| *c == name);
        let Some(at) = column("t_s") else {
            return Err(vec![problem(format!("header {:?}", middle(header.trim(), 60)))]);
        };
        let unknown = columns.iter().filter(|c| !COLUMNS.contains(c));
        let mut wrong: Vec<Problem> = unknown
            .map(|c| problem(format!("column {:?}", middle(c, 60))).help("leave it out"))
            .collect();
        let twice = |name: &&&str| columns.iter().filter(|c| **c == **name).count() > 1;
        wrong.extend(COLUMNS.iter().filter(twice).map(|c| problem(format!("column {c:?} twice"))));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let (user, route) = (column("user"), column("route"));
        Ok(Table { width: columns.len(), at, user, route, routes })
    }

    /// A row, or what is wrong with it and what was expected.
    fn row(&self, line: &str, speed: f64) -> Result<Recorded, Vec<(String, String)>> {
        let cell = |at: usize| line.split(',').nth(at).map(str::trim);
        let shown = |at: usize| format!("{:?}", middle(cell(at).unwrap_or(""), 60));
        let width = line.split(',').take(self.width + 1).count();
        if width != self.width {
            let more = if width > self.width { "more cells" } else { "fewer cells" };
            let expected = format!("{}, as the header names", counted(self.width as u64, "cell"));
            return Err(vec![(format!("{more} than columns"), expected)]);
        }
        let mut wrong = Vec::new();
        let secs = cell(self.at).and_then(|c| c.parse::<f64>().ok());
        let secs = secs.filter(|s| (0.0..=3.2e8).contains(s));
        if secs.is_none() {
            wrong.push((format!("time {}", shown(self.at)), "seconds from 0 on".to_string()));
        }
        let user = self.user.and_then(|at| Some((at, cell(at)?.parse::<u32>())));
        if let Some((at, Err(_))) = user {
            wrong.push((format!("user {}", shown(at)), "a whole number".to_string()));
        }
        let place = |name: &str| self.routes.iter().position(|r| *r == name);
        let route = self.route.and_then(|at| Some((at, place(cell(at)?))));
        if let Some((at, None)) = route {
            let expected = format!("one of {}", self.routes.join(", "));
            wrong.push((format!("route {}", shown(at)), expected));
        }
        let Some(secs) = secs.filter(|_| wrong.is_empty()) else { return Err(wrong) };
        Ok(Recorded {
            at: SimDuration::from_secs_f64(secs / speed),
            user: user.and_then(|(_, user)| user.ok()),
            route: route.and_then(|(_, route)| route).map(|r| r as u8),
        })
    }
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
        let endless = format!("t_s\n{}\n{}", "9".repeat(1_000_000), ",".repeat(1_000_000));
        let problems = parse(&endless, 1.0, &[]).unwrap_err();
        assert!(problems.iter().all(|p| p.message.len() < 100), "{problems:?}");
        assert!(parse("", 1.0, &[]).is_err() && parse("t_s\n", 1.0, &[]).is_err());
    }

    #[test]
    fn rows_that_are_cut_or_too_wide_and_odd_columns_are_refused() {
        for (text, lines) in [
            ("t_s,user,route\n1,4,a\n2\n3,5\n4,5,a", vec![3, 4]),
            ("t_s,user\n1,4\n2", vec![3]),
            ("t_s,user\n1,2,3,4\n", vec![2]),
            ("t_s,agent\n1,2\n", vec![1]),
            ("t_s,t_s\n1,2\n", vec![1]),
        ] {
            let problems = parse(text, 1.0, &["a"]).expect_err(text);
            assert_eq!(problems.iter().map(|p| p.place.line).collect::<Vec<_>>(), lines, "{text}");
        }
    }

    #[test]
    fn wrong_rows_are_told_up_to_a_limit_and_counted() {
        let problems = parse(&format!("t_s\n{}", "x\n".repeat(100_000)), 1.0, &[]).unwrap_err();
        assert_eq!(problems.len(), TOLD + 1);
        assert_eq!(problems[TOLD].message, "99,980 more rows are wrong");
    }

    #[test]
    fn what_is_too_long_is_refused_and_not_cut() {
        let text = "t_s\n1\n2\n\n3\n";
        assert_eq!(parse_up_to(3, text, 1.0, &[]).map(|rows| rows.len()), Ok(3));
        let problems = parse_up_to(2, text, 1.0, &[]).unwrap_err();
        assert_eq!((problems.len(), problems[0].place.line), (1, 5));
        assert!(problems[0].message.starts_with("more than 2 rows"), "{problems:?}");
    }
}
