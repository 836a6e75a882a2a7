//! Reads and writes the orders that people give a controller during a release.

use super::order::{HumanOrder, Ordered};
use windtunnel_base::node::Value;
use windtunnel_base::settings::Reader;
use windtunnel_base::settings::written::{duration, list, text};

/// The field, and the annotation of a manifest after `windtunnel-`.
pub const FIELD: &str = "orders";

/// What somebody tells a Deployment.
pub fn of_deployment(r: &mut Reader<'_>) -> Vec<Ordered> {
    let help = "what somebody orders, by the time since the release: pause, resume, undo, scale N";
    read(
        r,
        help,
        deployment,
        "a time and pause, resume, undo or scale N (1 to 5000), such as 2m scale 20",
    )
}

/// What somebody tells a Rollout.
pub fn of_rollout(r: &mut Reader<'_>) -> Vec<Ordered> {
    let help = "what somebody orders, by the time since the release: pause, resume, undo, \
        scale N, abort, retry, promote, promote full";
    read(
        r,
        help,
        Ordered::parse,
        "a time and an order of the list, such as 60s abort or 2m scale 20",
    )
}

/// What somebody does to the Deployment that a Canary of Flagger releases.
pub fn of_canary(r: &mut Reader<'_>) -> Vec<Ordered> {
    let help = "what somebody orders, by the time since the release: undo, which applies the old \
        template";
    read(r, help, canary, "a time and undo, such as 60s undo")
}

fn read(
    r: &mut Reader<'_>,
    help: &'static str,
    parse: fn(&str) -> Option<Ordered>,
    expected: &'static str,
) -> Vec<Ordered> {
    let mut found: Vec<Ordered> =
        r.texts(FIELD, "", help, parse, expected).into_iter().map(|(_, order)| order).collect();
    found.sort_by_key(|ordered| ordered.at);
    found
}

fn deployment(text: &str) -> Option<Ordered> {
    let known = |order| {
        matches!(
            order,
            HumanOrder::Pause | HumanOrder::Resume | HumanOrder::Undo | HumanOrder::Scale(_)
        )
    };
    Ordered::parse(text).filter(|ordered| known(ordered.order))
}

fn canary(text: &str) -> Option<Ordered> {
    Ordered::parse(text).filter(|ordered| ordered.order == HumanOrder::Undo)
}

/// The orders as they are written; nothing if there are none.
pub fn written(orders: &[Ordered]) -> Option<Value> {
    let line = |ordered: &Ordered| text(format!("{} {}", duration(ordered.at), ordered.order));
    (!orders.is_empty()).then(|| list(orders.iter().map(line)))
}
