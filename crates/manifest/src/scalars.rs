//! One value of a manifest to one typed value, as strictly as the API server takes it; the error
//! says what was expected.

use std::ops::RangeInclusive;
use windtunnel_base::node::{Node, Value};
use windtunnel_base::settings::scalars;
use windtunnel_base::units::parse_duration;

pub(super) fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let is_quoted = node.text().is_some_and(|t| t.trim().parse::<u64>().is_ok());
    let hint = if is_quoted { ", without quotes" } else { "" };
    scalars::count(node, range).map_err(|expected| format!("{expected}{hint}"))
}

pub(super) fn text(node: &Node) -> Result<String, String> {
    node.text().map(str::to_string).ok_or_else(|| match node.value {
        Value::Integer(_) | Value::Number(_) | Value::Flag(_) => "text, in quotes".to_string(),
        _ => "text".to_string(),
    })
}

pub(super) fn flag(node: &Node) -> Result<bool, String> {
    match node.value {
        Value::Flag(flag) => Ok(flag),
        _ => Err("true or false".to_string()),
    }
}

/// A number of pods, or a percentage with its sign (apimachinery `pkg/util/intstr/intstr.go`).
pub(super) fn int_or_percent(node: &Node) -> Result<String, String> {
    let sound = match &node.value {
        Value::Integer(number) => (0..=1_000_000).contains(number).then(|| number.to_string()),
        Value::Text(text) => {
            let percent = text.strip_suffix('%').and_then(|p| p.parse::<u32>().ok());
            percent.filter(|p| *p <= 10_000).map(|_| text.clone())
        }
        _ => None,
    };
    sound.ok_or_else(|| "a number of pods or a whole percentage with its sign, 25%".to_string())
}

/// A Go duration, as it is written; `0` needs no unit.
pub(super) fn duration(node: &Node) -> Result<String, String> {
    let text = match &node.value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(0) => Some("0s".into()),
        _ => None,
    };
    let days = |text: &String| text.ends_with('d');
    let sound = text.filter(|t| !days(t) && parse_duration(t).is_some());
    sound.ok_or_else(|| "a duration with its unit, such as 90s or 1m".to_string())
}

/// A port: a number, or a name of a container's port.
pub(super) fn port(node: &Node) -> Result<String, String> {
    match &node.value {
        Value::Integer(number) if (1..=65_535).contains(number) => Ok(number.to_string()),
        Value::Text(text) if is_port_name(text) => Ok(text.clone()),
        Value::Text(text) if text.parse::<u32>().is_ok() => {
            Err("a port number without quotes, or the name of a port".into())
        }
        _ => Err("a port number from 1 to 65535, or the name of a port".into()),
    }
}

/// A port's number.
pub(super) fn port_number(node: &Node) -> Result<String, String> {
    match &node.value {
        Value::Integer(number) if (1..=65_535).contains(number) => Ok(number.to_string()),
        Value::Text(text) if text.parse::<u32>().is_ok() => {
            Err("a port number without quotes".into())
        }
        _ => Err("a port number from 1 to 65535".into()),
    }
}

fn is_port_name(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let letter = text.chars().any(|c| c.is_ascii_lowercase());
    letter && text.len() <= 15 && text.chars().all(sound)
}

/// A quantity of CPU, in cores: `500m`, `2`, `0.5` (apimachinery `pkg/api/resource`).
pub(super) fn cores(node: &Node) -> Result<f64, String> {
    quantity(node)
        .filter(|c| *c <= 1e6)
        .ok_or_else(|| "a quantity of CPU, such as 500m or 2".into())
}

/// A quantity of memory, in bytes: `256Mi`, `1G`.
pub(super) fn bytes(node: &Node) -> Result<f64, String> {
    quantity(node).ok_or_else(|| "a quantity of memory, such as 256Mi".into())
}

fn quantity(node: &Node) -> Option<f64> {
    let text = node.scalar_text()?;
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let factor = match &text[end..] {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    let value = number * factor;
    (value.is_finite() && value >= 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel_scenario::yaml;

    fn node(text: &str) -> Node {
        yaml::value(text).expect("valid")
    }

    #[test]
    fn values_have_the_types_of_the_api() {
        assert_eq!(count(&node("3"), &(0..=5)), Ok(3));
        for bad in ["-1", "\"3\"", "3.5", "9", "[3]"] {
            assert!(count(&node(bad), &(0..=5)).is_err(), "{bad}");
        }
        assert!(count(&node("\"3\""), &(0..=5)).is_err_and(|e| e.contains("without quotes")));
        assert_eq!(text(&node("a")), Ok("a".into()));
        assert!(text(&node("1")).is_err_and(|e| e.contains("quotes")));
        assert!(flag(&node("yes")).is_err());
    }

    #[test]
    fn percentages_need_their_sign() {
        assert_eq!(int_or_percent(&node("25%")), Ok("25%".into()));
        assert_eq!(int_or_percent(&node("2")), Ok("2".into()));
        for bad in ["\"25\"", "12.5%", "-1", "x%", "-5%"] {
            assert!(int_or_percent(&node(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn quantities_ports_and_durations() {
        assert_eq!(cores(&node("500m")), Ok(0.5));
        assert_eq!(bytes(&node("256Mi")), Ok(268_435_456.0));
        assert!(cores(&node("half")).is_err());
        assert_eq!(port(&node("8080")), Ok("8080".into()));
        assert_eq!(port(&node("http")), Ok("http".into()));
        assert!(port(&node("\"8080\"")).is_err_and(|e| e.contains("without quotes")));
        assert_eq!(duration(&node("1m30s")), Ok("1m30s".into()));
        for bad in ["10", "5 minutes", "\"\"", "1d"] {
            assert!(duration(&node(bad)).is_err(), "{bad}");
        }
    }
}
