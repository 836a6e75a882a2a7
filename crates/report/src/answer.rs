//! Answers to queries: the JSON of Prometheus' HTTP interface, and tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Map, Value as Json, json};
use windtunnel_base::escape::quoted;
use windtunnel_model::analysis::promql::value::{Element, LabelTexts, MatrixRow, Value, shown};
use windtunnel_model::telemetry::exposition::{is_label_name, is_metric_name, seconds};

/// An answer at an instant, as `/api/v1/query` and `/api/v1/query_range` give it.
pub fn json(value: &Value, at_ms: i64) -> Json {
    let (kind, result) = match value {
        Value::Scalar(number) => ("scalar", sample(at_ms, *number)),
        Value::Text(text) => ("string", json!([instant(at_ms), text])),
        Value::Vector(elements) => ("vector", elements.iter().map(|e| element(e, at_ms)).collect()),
        Value::Matrix(rows) => ("matrix", rows.iter().map(row).collect()),
    };
    json!({ "status": "success", "data": { "resultType": kind, "result": result } })
}

fn element(element: &Element, at_ms: i64) -> Json {
    json!({ "metric": labels(&element.labels), "value": sample(at_ms, element.value) })
}

fn row(row: &MatrixRow) -> Json {
    let values: Vec<Json> = row.samples.iter().map(|(at, value)| sample(*at, *value)).collect();
    json!({ "metric": labels(&row.labels), "values": values })
}

/// A refusal: `bad_data` when the question is wrong, `execution` when it cannot be answered.
pub fn error_json(class: &str, message: &str) -> Json {
    json!({ "status": "error", "errorType": class, "error": message })
}

fn labels(labels: &LabelTexts) -> Map<String, Json> {
    labels.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect()
}

fn sample(at_ms: i64, value: f64) -> Json {
    json!([instant(at_ms), wire(value)])
}

/// Seconds, whole where they are whole.
fn instant(at_ms: i64) -> Json {
    if at_ms % 1000 == 0 { json!(at_ms / 1000) } else { json!(at_ms as f64 / 1000.0) }
}

/// A value as the interface writes it (`util/jsonutil/marshal.go`): very small and very large ones
/// with an exponent of two digits or more.
fn wire(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !value.is_finite() || (1e-6..1e21).contains(&size) {
        return shown(value);
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |e| ("-", e));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// An answer as a table; empty if nothing was found.
pub fn text(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    match value {
        Value::Scalar(number) => return format!("{}\n", wire(*number)),
        Value::Text(text) => return format!("{text}\n"),
        Value::Vector(elements) if elements.is_empty() => return String::new(),
        Value::Matrix(rows) if rows.is_empty() => return String::new(),
        Value::Vector(elements) => {
            table.set_header(["series", "value"]);
            for element in elements {
                table.add_row([series(&element.labels), wire(element.value)]);
            }
            align(&mut table, 1);
        }
        Value::Matrix(rows) => {
            table.set_header(["series", "time", "value"]);
            for row in rows {
                let mut name = series(&row.labels);
                for (at, value) in &row.samples {
                    table.add_row([std::mem::take(&mut name), seconds(*at), wire(*value)]);
                }
            }
            align(&mut table, 1);
            align(&mut table, 2);
        }
    }
    // Every line begins with the space before its first cell, be that empty or not.
    let lines = table.to_string();
    let plain = |line: &str| format!("{}\n", line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.lines().map(plain).collect()
}

fn align(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

/// `name{label="value"}`, as the console of Prometheus shows a series.
fn series(labels: &LabelTexts) -> String {
    let name = labels.iter().find(|(name, _)| name == "__name__").map_or("", |(_, value)| value);
    let rest = labels.iter().filter(|(name, _)| name != "__name__");
    let quotes = |name: &str| match is_label_name(name) {
        true => name.to_string(),
        false => quoted::text(name),
    };
    let mut inner: Vec<String> =
        rest.map(|(name, value)| format!("{}={}", quotes(name), quoted::text(value))).collect();
    // A name that needs quotes stands in the braces, as in Prometheus 3.
    let before = if is_metric_name(name) { name } else { "" };
    if before.is_empty() && !name.is_empty() {
        inner.insert(0, quoted::text(name));
    }
    match inner.is_empty() && !before.is_empty() {
        true => before.to_string(),
        false => format!("{before}{{{}}}", inner.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: f64) -> Value {
        let labels = vec![("__name__".into(), "up".into()), ("pod".into(), "a".into())];
        Value::Vector(vec![Element { labels, value }])
    }

    #[test]
    fn json_is_that_of_the_interface() {
        let text = |value: &Value| json(value, 1_500)["data"].to_string();
        let wanted = r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","pod":"a"},"#;
        assert_eq!(text(&one(1.0)), format!("{wanted}\"value\":[1.5,\"1\"]}}]}}"));
        let scalar = json(&Value::Scalar(f64::INFINITY), 2_000);
        let wanted = r#"{"status":"success","data":{"resultType":"scalar","result":[2,"+Inf"]}}"#;
        assert_eq!(scalar.to_string(), wanted);
        let row = MatrixRow { labels: vec![], samples: vec![(1000, 1.0), (1001, 2.0)] };
        let wanted =
            r#"{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[1.001,"2"]]}]}"#;
        assert_eq!(text(&Value::Matrix(vec![row])), wanted);
        assert_eq!(text(&Value::Vector(vec![])), r#"{"resultType":"vector","result":[]}"#);
    }

    #[test]
    fn exponents_have_two_digits() {
        let shown = [1.5e-7, -2e21, 1e-6, 9.9e20, 1e300].map(wire);
        let wanted = ["1.5e-07", "-2e+21", "0.000001", "990000000000000000000", "1e+300"];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn odd_names_stand_in_quotes() {
        let label = |name: &str, value: &str| (name.to_string(), value.to_string());
        let labels = [label("__name__", "a\u{1b}[31m"), label("x\u{7}", "\u{202e}\n")];
        assert_eq!(series(&labels.to_vec()), r#"{"a\u001b[31m", "x\u0007"="\u202e\n"}"#);
    }

    #[test]
    fn tables_name_the_series() {
        assert_eq!(text(&one(0.5)), "series       value\nup{pod=\"a\"}    0.5\n");
        let samples = vec![(1_000, 1.0), (15_500, 22.0)];
        let rows = ["a", "long name"].map(|pod| MatrixRow {
            labels: vec![("pod".into(), pod.into())],
            samples: samples.clone(),
        });
        let wanted = [
            "series             time  value",
            "{pod=\"a\"}             1      1",
            "                   15.5     22",
            "{pod=\"long name\"}     1      1",
            "                   15.5     22",
        ];
        let found = text(&Value::Matrix(rows.into()));
        assert_eq!(found.lines().collect::<Vec<_>>(), wanted, "{found}");
        assert_eq!(text(&Value::Scalar(2.0)), "2\n");
        assert_eq!(text(&Value::Vector(vec![])), "");
    }
}
