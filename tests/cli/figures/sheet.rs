//! The CSV files of a report, asked by the names of their columns.

use super::number::{Figure, Unit};
use serde_json::Value;
use std::collections::BTreeMap;

type Record = BTreeMap<String, String>;

/// All tables by file name.
pub struct Sheets(BTreeMap<String, Vec<Record>>);

impl Sheets {
    pub fn read(files: &BTreeMap<String, String>) -> Sheets {
        let tables = files.iter().filter(|(path, _)| path.ends_with(".csv"));
        let read = |text: &str| -> Vec<Record> {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            reader.deserialize().map(|row| row.expect("a row")).collect()
        };
        Sheets(tables.map(|(path, text)| (path.clone(), read(text))).collect())
    }

    /// The rows of a table whose columns hold these values.
    pub fn rows<'a>(
        &'a self,
        file: &str,
        key: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Record> + 'a {
        let rows = self.0.get(file).unwrap_or_else(|| panic!("no {file}"));
        rows.iter().filter(move |row| key.iter().all(|(column, value)| row[*column] == **value))
    }

    /// A text cell of the one row; empty where there is none.
    pub fn text(&self, file: &str, key: &[(&str, &str)], column: &str) -> String {
        let found = self
            .rows(file, key)
            .next()
            .map(|row| row.get(column).unwrap_or_else(|| panic!("{file} has no {column}")).clone());
        found.unwrap_or_default()
    }

    /// A number of the one row.
    pub fn number(&self, file: &str, key: &[(&str, &str)], column: &str) -> Option<f64> {
        self.text(file, key, column).parse().ok()
    }
}

/// A scenario as the report names it.
pub struct Scene<'a> {
    pub sheets: &'a Sheets,
    pub name: String,
    pub plans: Vec<String>,
    /// Name, and whether it is bad.
    pub releases: Vec<(String, bool)>,
    pub per_year: f64,
    pub scenarios: usize,
    /// What is written in the scenario itself.
    pub written: Vec<f64>,
}

impl<'a> Scene<'a> {
    pub fn all(sheets: &'a Sheets, run: &Value) -> Vec<Scene<'a>> {
        let list = |value: &Value| value.as_array().expect("a list").clone();
        let text = |value: &Value, key: &str| value[key].as_str().expect("a name").to_string();
        let strategy = |value: &Value| text(value, "strategy");
        let all = list(&run["scenarios"]);
        let scene = |value: &Value| Scene {
            sheets,
            name: text(value, "scenario"),
            plans: list(&value["strategies"]).iter().map(strategy).collect(),
            releases: list(&value["releases"])
                .iter()
                .map(|r| (text(r, "release"), r["bad"] == true))
                .collect(),
            per_year: value["releases_per_year"].as_f64().expect("a number"),
            scenarios: all.len(),
            written: list(&value["releases"]).iter().filter_map(|r| r["share"].as_f64()).collect(),
        };
        all.iter().map(scene).collect()
    }

    /// A column of `ratings.csv`.
    pub fn rating(&self, plan: &str, column: &str) -> Option<f64> {
        self.sheets.number("ratings.csv", &[("scenario", &self.name), ("strategy", plan)], column)
    }

    pub fn rating_word(&self, plan: &str, column: &str) -> String {
        self.sheets.text("ratings.csv", &[("scenario", &self.name), ("strategy", plan)], column)
    }

    /// A column of `summary.csv`; `all` is the mix.
    pub fn summary(&self, plan: &str, release: &str, measure: &str, column: &str) -> Option<f64> {
        let key = [
            ("scenario", self.name.as_str()),
            ("strategy", plan),
            ("release", release),
            ("measure", measure),
        ];
        self.sheets.number("summary.csv", &key, column)
    }

    /// Mean and interval of a measure.
    pub fn estimate(&self, plan: &str, release: &str, measure: &str) -> [Option<f64>; 3] {
        ["mean", "lower", "upper"].map(|column| self.summary(plan, release, measure, column))
    }

    pub fn bad(&self) -> impl Iterator<Item = &str> {
        self.releases.iter().filter(|(_, bad)| *bad).map(|(name, _)| name.as_str())
    }

    /// The longest outage by a bad release that met nobody, from 1 s on.
    pub fn outage_unmet(&self, plan: &str) -> Option<f64> {
        let outage = |name: &str| self.summary(plan, name, "outage_by_release_s", "mean");
        let all = self.bad().filter_map(outage).filter(|outage| *outage >= 1.0);
        all.max_by(f64::total_cmp)
    }

    pub fn flights(&self, plan: &str, release: &str) -> usize {
        let mut key = vec![("scenario", self.name.as_str()), ("strategy", plan)];
        if release != "all" {
            key.push(("release", release));
        }
        self.sheets.rows("runs.csv", &key).count()
    }

    /// The text without the names in it, whose digits are no figures.
    pub fn without_names(&self, text: &str) -> String {
        let key = [("scenario", self.name.as_str())];
        let stops = self.sheets.rows("stops.csv", &key);
        let checks = stops.flat_map(|row| [row["stopped_by"].clone(), row["late_by"].clone()]);
        let lines =
            self.sheets.rows("expectations.csv", &key).map(|row| row["expectation"].clone());
        let releases = self.releases.iter().map(|(name, _)| name.clone());
        let names = self.plans.iter().cloned().chain(releases).chain(checks).chain(lines);
        let mut names: Vec<String> = names.chain([self.name.clone()]).collect();
        names.retain(|name| name.chars().any(|c| c.is_ascii_digit()));
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.iter().fold(text.replace('\\', ""), |text, name| text.replace(name.as_str(), "…"))
    }

    /// Is there a cell, or a sum over a year, or a number of things, that the figure may stand for?
    pub fn derives(&self, figure: &Figure) -> bool {
        // Said of every scenario: confidence, what proves delivery, and what matters.
        let rules = [0.99, 0.95, 0.05, 0.001, 0.003, 0.03, 1000.0];
        if rules.iter().chain(&self.written).any(|value| figure.is_about(*value)) {
            return true;
        }
        let key = [("scenario", self.name.as_str())];
        let files = ["ratings.csv", "summary.csv", "verdicts.csv", "steps.csv", "stops.csv"];
        let more =
            ["choice.csv", "precision.csv", "expectations.csv", "differences.csv", "money.csv"];
        for file in files.into_iter().chain(more) {
            for row in self.sheets.rows(file, &key) {
                let measure = row.get("measure").or(row.get("figure"));
                let measure = measure.map_or("", String::as_str);
                for (column, cell) in row {
                    let Ok(value) = cell.parse::<f64>() else { continue };
                    let named = if measure.is_empty() { column } else { measure };
                    let times = named.ends_with("_s") || column.ends_with("_s");
                    let suits = match figure.unit {
                        Unit::Seconds => times || file == "precision.csv",
                        Unit::Usd => named.ends_with("_usd"),
                        Unit::Share | Unit::OneIn => !times && !named.ends_with("_usd"),
                        Unit::Other => true,
                    };
                    let yearly = value * self.per_year;
                    // "Saves 0.4" is said of −0.4.
                    let all = [value, yearly, -value];
                    if suits && all.iter().any(|value| figure.is_about(*value)) {
                        return true;
                    }
                }
            }
        }
        self.counts(figure)
    }

    /// Numbers of things: strategies, releases, scenarios, flights of any group of them.
    fn counts(&self, figure: &Figure) -> bool {
        let flights: usize = self.plans.iter().map(|plan| self.flights(plan, "all")).sum();
        let most = flights.max(self.scenarios).max(self.plans.len()).max(self.releases.len());
        let is_count = figure.unit == Unit::Other && figure.value.fract() == 0.0;
        is_count && (0.0..=most as f64).contains(&figure.value) || figure.is_about(self.per_year)
    }
}
