//! What the edge knows of its clients: requests answered well and badly. The alert reads it, for it
//! also counts what no pod answered. Both series exist from the start, as a careful exporter has
//! it, so that the first failures count.

use super::{Exporter, Family, SeriesKind};
use crate::telemetry::facts::EdgeFacts;
use crate::telemetry::page::Page;

/// Metric families that this exporter has.
pub const FAMILIES: &[Family] = &[Family {
    name: "edge_requests_total",
    kind: SeriesKind::Counter,
    help: "requests of clients by result: good, or failed (refused, 5xx, timed out, broken)",
    exporter: Exporter::Edge(requests),
}];

fn requests(facts: &EdgeFacts<'_>, page: &mut Page<'_>) {
    for (count, result) in facts.answered.iter().zip(["good", "failed"]) {
        page.cell("edge_requests_total", true, *count as f64, || {
            vec![("service", facts.names.service.clone()), ("result", result.to_string())]
        });
    }
}
