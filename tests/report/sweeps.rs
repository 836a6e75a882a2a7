//! Sweeps in reports: pictures of few and many values, of odd names, and of runs that were cut.

use crate::fixture::results;
use std::sync::Arc;
use windtunnel::experiment::results::Results;
use windtunnel::experiment::sweep::{choice_turns, grids};
use windtunnel::report::{charts, csv, summary, sweeps};
use windtunnel::scenario::sweep::Point;

/// The first made-up scenario at so many values of a setting; the canary hurts more with each.
fn swept(paths: &[(&str, Vec<String>)]) -> Results {
    growing(paths, 80.0)
}

/// The same, the canary hurting by so many times its share more with each value.
fn growing(paths: &[(&str, Vec<String>)], growth: f64) -> Results {
    let mut all = results();
    let first = all.scenarios.remove(0);
    all.scenarios.clear();
    let points = paths.iter().fold(vec![Vec::new()], |points, (path, values)| {
        let grown = points.iter().flat_map(|point: &Vec<(String, String)>| {
            values.iter().map(move |value| {
                let mut point = point.clone();
                point.push((path.to_string(), value.clone()));
                point
            })
        });
        grown.collect()
    });
    for (number, values) in points.into_iter().enumerate() {
        let mut point = first.clone();
        let scenario = Arc::make_mut(&mut point.scenario);
        scenario.name = format!("{} {number}", scenario.name);
        let name = first.scenario.name.clone();
        scenario.point = Some(Point { scenario: name, values, whole: false });
        let canary = scenario.plans.iter().position(|p| p.name == "canary").expect("a canary");
        for by_plan in &mut point.flights {
            let scale = 1.0 + growth * number as f64;
            for outcome in &mut by_plan[canary] {
                let share = &mut outcome.measures.users_hurt_by_release_share;
                *share = share.map(|share| (share * scale).min(1.0));
            }
            // Enough flights for differences to be certain.
            for outcomes in by_plan {
                let flown = outcomes.clone();
                outcomes.clear();
                (0..8).for_each(|_| outcomes.extend(flown.iter().cloned()));
            }
        }
        point.recordings.clear();
        all.scenarios.push(point);
    }
    all
}

fn numbers(count: usize) -> Vec<String> {
    (1..=count).map(|n| (n * 5).to_string()).collect()
}

fn pictures(results: &Results) -> Vec<(String, String)> {
    let text =
        |d: windtunnel::report::Document| (d.path, String::from_utf8(d.bytes).expect("UTF-8"));
    charts::SVG(results).expect("charts").into_iter().map(text).collect()
}

#[test]
fn curves_of_two_and_of_twenty_values_tell_where_the_order_turns() {
    for count in [2, 20] {
        let results = swept(&[("spec.service.replicas", numbers(count))]);
        let all = pictures(&results);
        let (_, svg) = all
            .iter()
            .find(|(path, _)| {
                path == "charts/sweep-strategy-comparison/users-hurt-by-a-release.svg"
            })
            .unwrap_or_else(|| panic!("{:?}", all.iter().map(|p| &p.0).collect::<Vec<_>>()));
        let told = "<title>Users hurt by a release: canary is better at 5, ";
        assert!(svg.contains(told) && svg.contains("\nturns\n"), "{svg}");
        for (path, svg) in &all {
            assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{path}");
            assert!(path.starts_with("charts/sweep-strategy-comparison/"), "{path}");
        }
        let text = sweeps::text::text(&results);
        assert!(text.replace("\n  ", " ").contains("change places in between"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(summary::text(&results).contains("## Sweep: strategy-comparison over"));
    }
}

#[test]
fn maps_of_five_by_eight_have_a_field_for_every_point() {
    let results = swept(&[("a.first", numbers(5)), ("b.second", numbers(8))]);
    let all = pictures(&results);
    let map = |name: &str| {
        let path = format!("charts/sweep-strategy-comparison/{name}.svg");
        all.iter().find(|(known, _)| *known == path).map(|(_, svg)| svg.clone()).expect("a map")
    };
    let fields = |svg: &str| svg.matches("<rect").count();
    let strategies = results.scenarios[0].scenario.plans.len();
    assert_eq!(fields(&map("users-hurt-by-a-release")), 1 + 40 * strategies);
    assert_eq!(fields(&map("choice")), 1 + 40);
    let text = sweeps::text::text(&results);
    assert!(text.contains("Of 40 points the choice is"), "{text}");
}

/// What only leads is not shown as what wins: in the sentence, the maps and the picture.
#[test]
fn a_lead_is_told_from_a_winner() {
    use windtunnel::experiment::winner::Ending;
    let crown = |mut results: Results, ending: Ending| {
        for point in &mut results.scenarios {
            point.choice.ending = ending;
        }
        results
    };
    let one = || swept(&[("spec.service.replicas", numbers(3))]);
    let told = |results: &Results| sweeps::text::text(results).replace("\n  ", " ");
    let (leads, wins) = (told(&crown(one(), Ending::Leads)), told(&crown(one(), Ending::Wins)));
    assert!(leads.contains("not proved at 3 of 3") && !wins.contains("not proved"), "{leads}");
    let page = summary::text(&crown(one(), Ending::Leads));
    assert!(page.contains("**The same leads at every value of"), "{page}");
    let two = || swept(&[("a.first", numbers(2)), ("b.second", numbers(2))]);
    let (leads, wins) = (crown(two(), Ending::Leads), crown(two(), Ending::Wins));
    assert!(told(&leads).contains("(leads, not proved) at 4"), "{}", told(&leads));
    assert!(told(&leads).contains("? "), "{}", told(&leads));
    assert!(told(&leads).contains("with a question mark leads") && !told(&wins).contains('?'));
    let map = |results: &Results| {
        let all = pictures(results);
        let found = all.into_iter().find(|(path, _)| path.ends_with("/choice.svg"));
        found.expect("a map of choices").1
    };
    assert!(
        map(&leads).contains("proved\n")
            && !map(&wins).contains("proved\n")
            && map(&leads) != map(&wins)
    );
}

/// Prices make the year's dollars the figure by which strategies are compared: it has a curve.
#[test]
fn prices_have_a_curve_of_the_year() {
    let named = |results: &Results| {
        let all = pictures(results);
        all.iter().any(|(path, _)| path.ends_with("/a-year-of-releases-in-all.svg"))
    };
    let free = swept(&[("spec.releasesPerYear", numbers(3))]);
    assert!(!named(&free), "without prices there is none");
    let mut priced = free.clone();
    for (at, point) in priced.scenarios.iter_mut().enumerate() {
        let scenario = Arc::make_mut(&mut point.scenario);
        scenario.prices.engineer = Some(windtunnel::base::units::Money::usd(99.0));
        let flown = point.flights.iter_mut().flatten().flatten();
        flown.for_each(|flight| flight.measures.release_usd = Some(3.0));
        scenario.releases_per_year = 5.0 * (at + 1) as f64;
        point.money = windtunnel::experiment::money::money(scenario, &point.flights);
    }
    let total = priced.scenarios[0].money.years[0].total.expect("a total");
    assert!(named(&priced), "{:?}", pictures(&priced).iter().map(|p| &p.0).collect::<Vec<_>>());
    let table = csv::bytes(&csv::sweeps::TABLE, &priced).expect("a table");
    let table = String::from_utf8(table).expect("UTF-8");
    let row = table.lines().find(|line| line.contains(",all,usd_per_year,")).expect("a row");
    assert!(row.contains(&format!(",{},", total.value)), "{row}");
    assert!(sweeps::text::text(&priced).contains("a year of releases, in all"));
}

/// Where nothing changes nothing turns, and what ships nothing is better than nobody.
#[test]
fn nothing_turns_by_chance_and_nothing_is_crowned_that_ships_nothing() {
    let still = sweeps::text::text(&growing(&[("spec.service.replicas", numbers(20))], 0.0));
    assert!(!still.contains("change places in"), "{still}");
    let told = sweeps::text::text(&swept(&[("spec.service.replicas", numbers(2))]));
    assert!(told.contains("canary is better at 5"), "{told}");
    assert!(!told.contains("shadow is better") && !told.contains(", shadow at"), "{told}");
}

/// A map of many rows stays a picture that can be opened.
#[test]
fn maps_of_many_values_are_no_longer_than_a_few_pages() {
    let results = swept(&[("a.first", numbers(60)), ("b.second", numbers(3))]);
    for (path, svg) in pictures(&results) {
        let height = svg.split("height=\"").nth(1).and_then(|rest| rest.split('"').next());
        let height: f64 = height.and_then(|text| text.parse().ok()).expect("a height");
        assert!(height < 8_000.0, "{path}: {height}");
    }
    let text = sweeps::text::text(&swept(&[("a.first", numbers(2)), ("b.second", numbers(12))]));
    assert!(text.contains("Its maps are in summary.md"), "{text}");
}

/// A run that was interrupted has no figures of the values that it did not come to; the others
/// stand where they belong.
#[test]
fn points_that_are_missing_leave_gaps() {
    let mut results = swept(&[("a.first", numbers(3)), ("b.second", numbers(2))]);
    results.scenarios.truncate(5);
    let grid = &grids(&results.scenarios)[0];
    assert!(grid.at(2, 0).is_some() && grid.at(2, 1).is_none());
    assert_eq!(grid.line(1).iter().flatten().count(), 2);
    assert!(choice_turns(&grid.line(0)).is_empty(), "all points choose alike");
    assert!(!pictures(&results).is_empty());
    assert!(csv::bytes(&csv::sweeps::TABLE, &results).is_ok_and(|bytes| !bytes.is_empty()));
    results.scenarios.truncate(1);
    assert!(sweeps::text::text(&results).contains("1 point"), "a single point is a sweep as well");
}

#[test]
fn names_and_values_of_any_kind_are_escaped() {
    let odd = ["<b>&\"'", "| a | b |", "`x`", "=1+1", "a very long value that is a whole query"];
    let results = swept(&[("spec.<i>.x", odd.map(str::to_string).to_vec())]);
    for (path, svg) in pictures(&results) {
        assert!(!svg.contains("<b>") && !svg.contains("<i>"), "{path}");
    }
    let page = summary::text(&results);
    let mut rows = page.lines().filter(|line| line.starts_with('|'));
    assert!(rows.all(|row| !row.contains("| a | b |")), "{page}");
    let table = csv::bytes(&csv::sweeps::TABLE, &results).expect("a table");
    let table = String::from_utf8(table).expect("UTF-8");
    assert!(table.contains("'=1+1"), "what a spreadsheet would compute is text");
}

/// For people to look at: `cargo test --test report sweeps -- --ignored`.
#[test]
#[ignore = "writes files"]
fn gallery_of_sweeps() {
    let root = std::env::temp_dir().join("wt-sweeps");
    for (name, results) in [
        ("two", swept(&[("spec.service.replicas", numbers(2))])),
        ("twenty", swept(&[("spec.service.replicas", numbers(20))])),
        ("map", swept(&[("spec.service.replicas", numbers(5)), ("spec.b.c", numbers(8))])),
    ] {
        for document in windtunnel::report::documents(&results).expect("documents") {
            let path = root.join(name).join(&document.path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, document.bytes).expect("a file");
        }
    }
}
