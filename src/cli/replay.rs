//! `replay`: one release, told event by event.

use super::flags::{Format, Replay};
use super::output::File;
use super::sources::Sources;
use super::{FINE, WRONG, input, only, output, stop};
use windtunnel_base::escape;
use windtunnel_base::escape::short::thousands;
use windtunnel_base::problem::nearest;
use windtunnel_engine::{FlightSpec, fly, fly_twin};
use windtunnel_experiment::fly::{recording_interval, single_order};
use windtunnel_experiment::results::FlightRecord;
use windtunnel_model::scenario::crew::Crew;
use windtunnel_model::scenario::ids::{PlanId, VariantId};
use windtunnel_model::scenario::model::Scenario;
use windtunnel_model::telemetry::exposition::markers::{name, while_replaced};
use windtunnel_report as report;
use windtunnel_report::telemetry::{MARKERS, is_markers};

/// Opens the output, reflies the asked flight with recording on, and tells it.
pub fn run(flags: &Replay) -> u8 {
    let export = match flags.telemetry.as_deref().map(Export::open).transpose() {
        Ok(export) => export,
        Err(error) => {
            output::deny(&[format!("windtunnel: --telemetry: {error}")], flags.format);
            return WRONG;
        }
    };
    let loaded = match input::load_or_say(&flags.source, flags.format, true) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let [scenario] = loaded.scenarios.as_slice() else {
        let names: Vec<&str> = loaded.scenarios.iter().map(|s| s.name.as_str()).collect();
        let (count, how) = (thousands(names.len()), only::how(&names));
        let line = format!("windtunnel: replay tells one scenario, {count} were named: {how}");
        output::deny(&[line], flags.format);
        return WRONG;
    };
    let (plan, variant) = match (plan_of(scenario, flags), variant_of(scenario, flags)) {
        (Ok(plan), Ok(variant)) => (plan, variant),
        (plan, variant) => {
            let lines = [plan.err(), variant.err()].into_iter().flatten();
            output::deny(&lines.collect::<Vec<_>>(), flags.format);
            return WRONG;
        }
    };
    let crew = match Crew::bind(scenario) {
        Ok(crew) => crew,
        Err(problems) => {
            output::refuse(&problems, &Sources::default(), flags.format);
            return WRONG;
        }
    };
    let plain = single_order(scenario, flags.seed, flags.replication);
    let twin = fly_twin(scenario, &plain);
    let record = Some(recording_interval(scenario.horizon));
    let order = FlightSpec { record, export: flags.telemetry.is_some(), ..plain };
    let (outcome, recording) = fly(&crew, variant, plan, &order, &twin);
    let record = FlightRecord {
        variant: VariantId(variant),
        plan: PlanId(plan),
        replication: flags.replication,
        recording: recording.unwrap_or_default(),
    };
    if let Some(export) = export
        && let Some(texts) = report::telemetry::texts(scenario, &record)
        && let Err(error) = export.write(&texts)
    {
        output::deny(&[format!("windtunnel: --telemetry: {error}")], flags.format);
        return WRONG;
    }
    tell(scenario, &record, outcome.verdict.word(), flags.format);
    FINE
}

fn tell(scenario: &Scenario, record: &FlightRecord, verdict: &str, format: Format) {
    match format {
        Format::Json => {
            let mut told = report::replay::json(scenario, record);
            told["verdict"] = verdict.into();
            output::print(&escape::json::pretty(&told));
        }
        Format::Text => {
            let event_log = report::replay::text(scenario, record);
            output::print(&format!("{event_log}\nVerdict: {verdict}\n"));
        }
    }
}

/// The two files of an export.
struct Export {
    path: String,
    /// The series that are there.
    old: Option<String>,
    series: File,
    markers: File,
    /// The same file while the series are not yet replaced.
    between: Option<File>,
}

impl Export {
    /// Opens both. A text of series is an export if the markers beside it say so, by its digest.
    fn open(path: &str) -> Result<Export, String> {
        let (beside, what) = (format!("{path}{MARKERS}"), "export of windtunnel");
        let old = File::peek(path)?;
        let markers = File::open(&beside, what, is_markers)?;
        let sealed = File::peek(&beside)?.unwrap_or_default();
        let series = File::open(path, what, |series| name(&sealed, series))?;
        // Markers that are there for a moment, should the series have to be replaced.
        let replaced = old.as_ref().is_some_and(|old| !old.is_empty());
        let between = replaced.then(|| File::open(&beside, what, is_markers)).transpose()?;
        Ok(Export { path: path.to_string(), old, series, markers, between })
    }

    /// Writes both. Should the process be killed between two steps, the markers that stand there
    /// fit the series beside them, or name those as what was to be replaced: whoever asks them is
    /// told, and the next export takes their place.
    fn write(mut self, (series, markers): &(String, String)) -> Result<(), String> {
        self.series.stage(series.as_bytes())?;
        self.markers.stage(markers.as_bytes())?;
        let mut order = vec![&self.series, &self.markers];
        if let (Some(between), Some(old)) = (&mut self.between, &self.old) {
            between.stage(while_replaced(markers, old).as_bytes())?;
            order.insert(0, between);
        } else {
            order.reverse();
        }
        File::put_all(&order)?;
        stop::written();
        let path = self.path;
        let quoted = escape::shell::word(&path);
        output::say(&format!("Telemetry: {path}; ask it with `windtunnel query {quoted} QUERY`."));
        Ok(())
    }
}

/// Finds a name in a list, or says what is known.
fn find<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Result<usize, String> {
    let known: Vec<&str> = known.collect();
    known.iter().position(|k| *k == name).ok_or_else(|| {
        let near = nearest(name, known.iter().copied());
        let help = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
        format!("windtunnel: no {what} {name:?}; known are {}{help}", known.join(", "))
    })
}

fn plan_of(scenario: &Scenario, flags: &Replay) -> Result<usize, String> {
    match &flags.strategy {
        Some(name) => find("strategy", name, scenario.plans.iter().map(|p| p.name.as_str())),
        None => Ok(0),
    }
}

fn variant_of(scenario: &Scenario, flags: &Replay) -> Result<usize, String> {
    let variants = &scenario.release.variants;
    match &flags.release {
        Some(name) => find("release", name, variants.iter().map(|v| v.name.as_str())),
        None => Ok(variants.iter().position(|v| v.bad).unwrap_or(0)),
    }
}
