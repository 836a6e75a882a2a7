//! maxSurge and maxUnavailable against apimachinery's and the controller's own tests.

use crate::input::Input;
use crate::runner;
use serde_json::{Value, json};
use windtunnel::strategy::deployment::bounds::{Bounds, IntOrPercent};

#[test]
fn rollout_bounds() {
    runner::run("kubernetes-rollout-bounds", answer);
}

fn answer(kind: &str, input: Input) -> Option<Value> {
    Some(match kind {
        "percent_value" => {
            let (total, up) = (input.count("total"), input.flag("round_up", false));
            match input.int_or_percent("value").map(|value| value.resolve(total, up)) {
                Some(Ok(pods)) => json!(pods),
                _ => json!("error"),
            }
        }
        "surge_and_unavailable" => match input.bounds() {
            Ok(Bounds { surge, unavailable }) => {
                json!({"surge": surge, "unavailable": unavailable})
            }
            Err(_) => json!("error"),
        },
        "max_unavailable" => of_bounds(input, |bounds| {
            bounds.max_unavailable(input.replacement(), input.count("replicas"))
        }),
        "min_available" => of_bounds(input, |bounds| {
            bounds.min_available(input.replacement(), input.count("replicas"))
        }),
        "parse_text" => match IntOrPercent::parse(input.text("text")) {
            IntOrPercent::Int(_) => json!("int"),
            IntOrPercent::Text(_) => json!("string"),
        },
        _ => return None,
    })
}

fn of_bounds(input: Input, pods: impl Fn(Bounds) -> u32) -> Value {
    let bounds = match input.get("max_surge") {
        Some(_) => input.bounds(),
        // These cases are about the other bound: a surge keeps it from being raised to 1.
        None => Bounds::resolve(
            Some(&IntOrPercent::Int(1)),
            input.int_or_percent("max_unavailable").as_ref(),
            input.count("replicas"),
        ),
    };
    bounds.map_or(json!("error"), |bounds| json!(pods(bounds)))
}
