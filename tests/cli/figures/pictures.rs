//! Figures in charts: every mark has its figure beside it, in the order of strategies and releases.

use super::cells::Faults;
use super::number::{Figure, told};
use super::sections;
use super::sheet::Scene;

/// The texts of an SVG, in the order in which they are drawn; the title first.
pub fn texts(svg: &str) -> Vec<String> {
    let plain = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        text.replace("&apos;", "'").replace("&amp;", "&").trim().to_string()
    };
    let parts = svg.split("<text").skip(1).filter_map(|part| part.split_once('>'));
    parts.filter_map(|(_, rest)| Some(plain(rest.split_once('<')?.0))).collect()
}

pub fn title(svg: &str) -> String {
    let text = svg.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    text.expect("a title").0.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The figures that have to stand in a chart in this order, between others (of axes, say).
fn in_order(place: &str, found: &[Figure], wanted: &[Option<f64>]) -> Faults {
    let mut rest = found.iter();
    for (at, value) in wanted.iter().filter_map(|value| *value).enumerate() {
        if !rest.any(|figure| figure.is_about(value)) {
            return vec![format!("{place}: {value}, number {at}, is not where it belongs")];
        }
    }
    Vec::new()
}

/// Charts of one scenario: name of the file, and SVG.
pub fn check(scene: &Scene<'_>, section: &str, charts: &[(&str, &str)]) -> Faults {
    let mut faults = Vec::new();
    for (name, svg) in charts {
        let place = format!("{} · {name}.svg", scene.name);
        for figure in told(&scene.without_names(&title(svg))) {
            if !scene.derives(&figure) {
                faults.push(format!("{place}: nothing yields {figure:?} of {:?}", title(svg)));
            }
        }
        let wanted = match *name {
            "blast-radius" => lines(scene, &["users_hurt_by_release_share"], true),
            "downtime" => lines(scene, &["outage_by_release_s", "downtime_by_release_s"], true),
            "cost" => lines(scene, &["fleet_minutes_extra", "pods_peak"], true),
            "stops" => stops(scene, section),
            "steps" => Vec::new(),
            "rollback" => rollback(scene),
            // Its figures are compared in tests/report/money.rs.
            "cost-harm" | "money" => Vec::new(),
            name if name.starts_with("timeline-") => Vec::new(),
            _ => return vec![format!("{place}: no rule")],
        };
        if *name == "steps" {
            faults.extend(steps(scene, &place, svg));
        }
        let all = texts(svg).iter().map(|text| scene.without_names(text)).collect::<Vec<_>>();
        // Fields of the matrix are broken into lines.
        let all = if *name == "stops" { all.join(" ") } else { all.join(" · ") };
        faults.extend(in_order(&place, &told(&all), &wanted));
    }
    faults
}

/// Panel by panel, strategy by strategy, release by release.
fn lines(scene: &Scene<'_>, measures: &[&str], all: bool) -> Vec<Option<f64>> {
    let mut wanted = Vec::new();
    // The mix is drawn where it decides, and where there are several releases.
    let mix = measures[0] != "outage_by_release_s" && scene.releases.len() > 1;
    for measure in measures {
        for plan in &scene.plans {
            for (release, bad) in &scene.releases {
                wanted.extend((all || *bad).then(|| scene.summary(plan, release, measure, "mean")));
            }
            wanted.extend(mix.then(|| scene.summary(plan, "all", measure, "mean")));
        }
    }
    wanted
}

fn rollback(scene: &Scene<'_>) -> Vec<Option<f64>> {
    let mut wanted = Vec::new();
    for panel in [["detected_after_s", ""], ["rollback_s", "capacity_restored_s"]] {
        for plan in &scene.plans {
            for release in scene.bad() {
                let measures = panel.iter().filter(|measure| !measure.is_empty());
                wanted.extend(measures.map(|m| scene.summary(plan, release, m, "mean")));
            }
        }
    }
    let some = wanted.iter().any(Option::is_some);
    if some { wanted } else { Vec::new() }
}

/// The figures of the fields, which are those of the page's cells, checked there.
fn stops(scene: &Scene<'_>, section: &str) -> Vec<Option<f64>> {
    let page = sections::tables(section);
    let page = page.iter().find(|table| table.under == "Who stops what").expect("the table");
    let count = scene.releases.len();
    // At most six side by side, bands of about the same size.
    let abreast = count.div_ceil(count.div_ceil(6));
    let mut wanted = Vec::new();
    for from in (0..count).step_by(abreast) {
        for row in &page.rows {
            for cell in row[1..].iter().skip(from).take(abreast) {
                let figures = told(&scene.without_names(cell));
                wanted.extend(figures.into_iter().map(|figure| Some(figure.value)));
            }
        }
    }
    wanted
}

/// Every line of the chart is a step of the table.
fn steps(scene: &Scene<'_>, place: &str, svg: &str) -> Faults {
    let key = [("scenario", scene.name.as_str())];
    let mut faults = Vec::new();
    let mut seen = 0;
    for text in texts(svg).iter().filter(|text| text.contains(" asked, ")) {
        let found = told(text);
        seen += 1;
        let is_row = |row: &std::collections::BTreeMap<String, String>| {
            let of = |column: &str| row[column].parse::<f64>().ok();
            let cells = ["asked", "requests_met", "pods_new", "pods"].map(of);
            let same = |(figure, cell): (&Figure, &Option<f64>)| cell.is_some_and(|c| figure.is(c));
            found.len() == 4 && found.iter().zip(&cells).all(same)
        };
        if !scene.sheets.rows("steps.csv", &key).any(is_row) {
            faults.push(format!("{place}: {text:?} is no step"));
        }
    }
    if seen == 0 && !title(svg).starts_with("At every step of half a minute") {
        faults.push(format!("{place}: no step"));
    }
    faults
}

/// The tiles of the overview: scenarios down, their strategies across.
pub fn overview(scenes: &[Scene<'_>], svg: &str) -> Faults {
    let rate = |scene: &Scene<'_>| {
        scene.plans.iter().map(|plan| scene.rating(plan, "hurt_share")).collect::<Vec<_>>()
    };
    let wanted: Vec<Option<f64>> = scenes.iter().flat_map(rate).collect();
    let strip =
        |text: &String| scenes.iter().fold(text.clone(), |text, scene| scene.without_names(&text));
    let all = texts(svg).iter().map(strip).collect::<Vec<_>>().join(" · ");
    in_order("overview.svg", &told(&all), &wanted)
}
