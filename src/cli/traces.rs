//! Recordings of traffic that scenarios name, read once each.

use super::files;
use super::sources::Sources;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel_base::problem::Problem;
use windtunnel_base::source::Source as Text;
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::traffic::{Arrivals, Recorded, trace};

/// Recordings that were read already, by path, speed and routes: all points of a sweep share one.
#[derive(Default)]
pub struct Traces(BTreeMap<(PathBuf, u64, Vec<String>), Arc<[Recorded]>>);

impl Traces {
    /// Reads the trace that a scenario names, relative to its own file.
    pub fn put(
        &mut self,
        mut scenario: Scenario,
        file: &str,
        sources: &mut Sources,
    ) -> Result<Scenario, Vec<Problem>> {
        let Arrivals::TraceFile { path, speed } = scenario.traffic.arrivals.clone() else {
            return Ok(scenario);
        };
        let folder = Path::new(file).parent().unwrap_or(Path::new("."));
        let full = folder.join(&path);
        let names = scenario.service.routes.iter().map(|route| route.name.clone()).collect();
        let key = (full.clone(), speed.to_bits(), names);
        if let Some(rows) = self.0.get(&key) {
            scenario.traffic.arrivals = Arrivals::Trace(Arc::clone(rows));
            return Ok(scenario);
        }
        let text = files::trace(&full).map_err(|p| {
            vec![
                Problem { message: format!("trace {}: {}", p.file, p.message), ..p }
                    .in_file(&Arc::from(file)),
            ]
        })?;
        let routes: Vec<&str> = scenario.service.routes.iter().map(|r| r.name.as_str()).collect();
        let place: Arc<str> = Arc::from(full.display().to_string());
        let rows: Arc<[Recorded]> = match trace::parse(&text, speed, &routes) {
            Ok(rows) => rows.into(),
            Err(problems) => {
                sources.keep(&place, Text::plain(text));
                return Err(problems.into_iter().map(|p| p.in_file(&place)).collect());
            }
        };
        self.0.insert(key, Arc::clone(&rows));
        scenario.traffic.arrivals = Arrivals::Trace(rows);
        Ok(scenario)
    }
}
