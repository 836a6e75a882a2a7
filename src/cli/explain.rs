//! `list`, `explain`, `schema`, `completions`: what may be written, from the readers themselves.

use super::flags::{Explain, Flags, Format, GROUP_WORDS, List};
use super::{FINE, WRONG, dotted, output};
use clap::CommandFactory;
use clap_complete::Shell;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde_json::{Value, json};
use windtunnel_base::count::plural;
use windtunnel_base::escape;
use windtunnel_base::problem::nearest;
use windtunnel_base::settings::{FieldSpec, SettingKind};
use windtunnel_base::wrap;
use windtunnel_model::outcome::{Better, MEASURES, Measure, Rating, Verdict};
use windtunnel_model::telemetry::family;
use windtunnel_scenario::describe::{self, Entry, GROUPS, catalogue};
use windtunnel_scenario::schema::json_schema;

/// Prints all parts, or those of one group.
pub fn list(flags: &List) -> u8 {
    let entries = catalogue();
    let wanted = flags.group.as_deref();
    // `strategies` and `strategy`, `checks` and `check` are the same wish; defects and chaos are
    // both faults.
    let fits = |group: &str| {
        let is_fault = ["defect", "chaos"].contains(&group);
        let named = |w: &str| w == group || w == plural(group);
        wanted.is_none_or(|w| named(w) || is_fault && ["fault", "faults"].contains(&w))
    };
    let chosen: Vec<&Entry> = entries.iter().filter(|e| fits(e.group)).collect();
    let (measures, metrics) = (fits("measure"), fits("metric"));
    if chosen.is_empty() && !measures && !metrics {
        let group = flags.group.as_deref().unwrap_or_default();
        let line = format!("windtunnel: no group {group:?}; known are {GROUP_WORDS}");
        output::deny(&[line], flags.format);
        return WRONG;
    }
    match flags.format {
        Format::Json => {
            let mut parts = chosen.iter().map(|e| entry_json(e)).collect::<Vec<_>>();
            let rows = MEASURES.iter().filter(|_| measures);
            parts.extend(rows.map(|m| {
                json!({
                    "group": "measure", "name": m.name, "summary": m.doc,
                    "unit": m.unit.word(), "better": m.better.word(),
                })
            }));
            let families = exported().into_iter().filter(|_| metrics);
            parts.extend(families.map(|[name, kind, help]| {
                json!({ "group": "metric", "name": name, "kind": kind, "summary": help })
            }));
            output::print(&escape::json::pretty(&json!(parts)));
        }
        Format::Text => output::print(&listing(&chosen, measures, metrics)),
    }
    FINE
}

fn listing(chosen: &[&Entry], measures: bool, metrics: bool) -> String {
    let mut text = String::new();
    for (group, heading) in GROUPS {
        let parts: Vec<&&Entry> = chosen.iter().filter(|e| e.group == group).collect();
        if !parts.is_empty() {
            let rows = parts.iter().map(|e| [e.name.to_string(), e.summary.to_string()]);
            text.push_str(&format!("{heading}\n{}\n\n", table(rows)));
        }
    }
    if measures {
        let rows = MEASURES.iter().map(|m| [m.name.to_string(), m.doc.to_string()]);
        text.push_str(&format!("Measures (columns of runs.csv)\n{}\n", table(rows)));
    }
    if metrics {
        let between = if text.is_empty() { "" } else { "\n" };
        let heading = "Metrics that the world exports (for queries; docs/telemetry.md)";
        text.push_str(&format!("{between}{heading}\n{}\n", table(exported().into_iter())));
    }
    text
}

/// Name, type and meaning of every metric family, once each.
fn exported() -> Vec<[String; 3]> {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for family in family::all() {
        if !rows.iter().any(|[name, ..]| name == family.name) {
            let kind = family.kind.word().to_string();
            rows.push([family.name.to_string(), kind, family.help.to_string()]);
        }
    }
    rows
}

fn table<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(wrap::COLUMNS as u16);
    rows.for_each(|row| {
        table.add_row(row);
    });
    // Names are never broken; the sentence in the last column is.
    table.column_iter_mut().take(N - 1).for_each(|column| {
        column.set_constraint(ColumnConstraint::ContentWidth);
    });
    table.trim_fmt()
}

/// Explains a part, a field, a measure or a verdict.
pub fn explain(flags: &Explain) -> u8 {
    let entries = catalogue();
    let name = flags.name.as_str();
    let parts: Vec<&Entry> = entries.iter().filter(|e| e.name == name).collect();
    let measure = MEASURES.iter().find(|m| m.name == name);
    let verdict = Verdict::ALL.iter().find(|v| v.word() == name);
    let field = entries
        .iter()
        .filter(|e| e.group == "scenario")
        .flat_map(|e| &e.fields)
        .find(|f| f.path.trim_start_matches("spec.") == name.trim_start_matches("spec."));
    let within = dotted::within(&entries, name);
    let (text, value) = match (parts.as_slice(), measure, verdict, field) {
        ([_, ..], ..) => {
            let text = parts.iter().map(|e| entry_text(e)).collect::<Vec<_>>().join("\n");
            (text, json!(parts.iter().map(|e| entry_json(e)).collect::<Vec<_>>()))
        }
        (_, Some(measure), ..) => explained(measure),
        (_, _, Some(verdict), _) => {
            let meaning = verdict_meaning(*verdict);
            (format!("{name}: {meaning}\n"), json!({ "verdict": name, "meaning": meaning }))
        }
        (_, _, _, Some(field)) => with_inner(&entries, field),
        _ if let Some(found) = dotted::rating(name) => found,
        _ if ["verdict", "verdicts"].contains(&name) => verdicts(),
        _ if let Some((entry, field)) = dotted::field(&entries, name) => {
            let (text, value) = with_inner_of(&entry.fields, field);
            (format!("of {} ({}):\n{text}", entry.name, entry.group), value)
        }
        _ if let Some(entry) = dotted::part(&entries, name) => {
            (entry_text(entry), json!([entry_json(entry)]))
        }
        _ if !within.is_empty() => {
            let told = within.iter().map(|(entry, field)| {
                let (text, value) = with_inner_of(&entry.fields, field);
                (format!("of {} ({}):\n{text}", entry.name, entry.group), value)
            });
            let (texts, values): (Vec<String>, Vec<Value>) = told.unzip();
            (texts.join("\n"), json!(values))
        }
        _ => match exported().into_iter().find(|[metric, ..]| metric == name) {
            Some([_, kind, help]) => (
                format!("{name} ({kind}): {help}\n"),
                json!({ "metric": name, "kind": kind, "meaning": help }),
            ),
            None => return unknown(name, &entries, flags.format),
        },
    };
    match flags.format {
        Format::Json => output::print(&escape::json::pretty(&value)),
        Format::Text => output::print(&wrap::filled(&text)),
    }
    FINE
}

fn unknown(name: &str, entries: &[Entry], format: Format) -> u8 {
    let parts = entries.iter().map(|e| e.name);
    let fields = entries.iter().flat_map(|e| e.fields.iter().map(|f| f.path.as_str()));
    let measures = MEASURES.iter().map(|m| m.name);
    let words = Verdict::ALL.iter().map(|v| v.word()).chain(["rating", "verdict"]);
    let metrics = family::all().map(|f| f.name).chain(Rating::ALL.map(Rating::word)).chain(words);
    let near = nearest(name, parts.chain(fields).chain(measures).chain(metrics));
    let help = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
    let line =
        format!("windtunnel: nothing is called {name:?}{help}; `windtunnel list` shows all names");
    output::deny(&[line], format);
    WRONG
}

/// A measure, as text and as JSON.
fn explained(m: &Measure) -> (String, Value) {
    let better = match m.better {
        Better::Less => "; less is better",
        Better::More => "; more is better",
        Better::Neither => "",
    };
    let more = format!("    {}", m.more.replace('*', "")).trim_end().to_string();
    let lines =
        [format!("{}: {}", m.name, m.doc), more, format!("    unit: {}{better}", m.unit.word())];
    let text = lines.iter().filter(|line| !line.is_empty()).map(|line| format!("{line}\n"));
    let value = json!({
        "measure": m.name, "meaning": m.doc, "more": m.more,
        "unit": m.unit.word(), "better": m.better.word(),
    });
    (text.collect(), value)
}

/// All verdicts, as text and as JSON.
fn verdicts() -> (String, Value) {
    let all = Verdict::ALL.iter().map(|v| (v.word(), verdict_meaning(*v)));
    let (lines, values): (Vec<String>, Vec<Value>) = all
        .map(|(word, meaning)| {
            (format!("    {word}: {meaning}\n"), json!({ "verdict": word, "meaning": meaning }))
        })
        .unzip();
    (format!("verdict (what a flight came to):\n{}", lines.concat()), json!(values))
}

/// What a verdict means.
fn verdict_meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::PromotedGood => "a good release stays",
        Verdict::RolledBackBad => "a bad release was taken back before it was promoted",
        Verdict::MissedBad => "a bad release stays: nothing and nobody noticed in time",
        Verdict::FalseRollback => "a good release was taken back",
        Verdict::RolledBackLate => "a bad release was promoted, then taken back by the human",
        Verdict::NoEvidence => "the evidence sufficed neither way; the release was taken back",
        Verdict::PassedGood => "nothing was to be shipped, and a good release was found good",
        Verdict::Unfinished => "the horizon came before any decision",
    }
}

fn entry_text(entry: &Entry) -> String {
    let fields = entry.fields.iter().map(field_text).collect::<String>();
    let query = query_of(entry).map_or(String::new(), |query| {
        // Blanks between matchers are as good as none, and lines can break there.
        format!("\nin PromQL: {}\n", query.replace("\",", "\", "))
    });
    format!("{} ({}): {}\n\n{fields}{query}", entry.name, entry.group, entry.summary)
}

/// A field of the scenario and, if it holds others, those directly in it.
fn with_inner(entries: &[Entry], field: &FieldSpec) -> (String, Value) {
    let scenario = entries.iter().filter(|e| e.group == "scenario").flat_map(|e| &e.fields);
    with_inner_of(scenario, field)
}

/// The same among the fields of any part.
fn with_inner_of<'e>(
    fields: impl IntoIterator<Item = &'e FieldSpec>,
    field: &FieldSpec,
) -> (String, Value) {
    let inner = |other: &&FieldSpec| {
        let rest = other.path.strip_prefix(&field.path).map(|rest| rest.trim_start_matches("[]"));
        rest.and_then(|rest| rest.strip_prefix('.')).is_some_and(|name| !name.contains('.'))
    };
    let inner: Vec<&FieldSpec> = fields.into_iter().filter(inner).collect();
    let (mut text, mut value) = (field_text(field), field_json(field));
    if !inner.is_empty() {
        text += &inner.iter().map(|field| field_text(field)).collect::<String>();
        value["fields"] = inner.into_iter().map(field_json).collect();
    }
    (text, value)
}

/// Two lines, because paths and defaults are too long to stand beside each other.
fn field_text(field: &FieldSpec) -> String {
    let default = match (&field.default, field.required) {
        (_, true) => ", required".to_string(),
        (Some(default), _) => format!(", default {default}"),
        (None, _) => String::new(),
    };
    format!("{}: {}{default}\n    {}\n", field.path, kind_text(&field.kind), field.help)
}

/// What a field holds, in words.
fn kind_text(kind: &SettingKind) -> String {
    match kind {
        SettingKind::Duration => "duration".into(),
        SettingKind::Share => "share".into(),
        SettingKind::Rate => "rate".into(),
        SettingKind::Money => "money".into(),
        SettingKind::Price => "price".into(),
        SettingKind::Count(low, high) => format!("{low}..{high}"),
        SettingKind::Number(low, high) => format!("{low}..{high}"),
        SettingKind::Text => "text".into(),
        SettingKind::Flag => "true|false".into(),
        SettingKind::Distribution => "distribution".into(),
        SettingKind::Choice(words) => words.join(" | "),
        SettingKind::Part(names) => format!("one of {}", names.join(", ")),
        SettingKind::Parts(names) => format!("list of {}", names.join(", ")),
        SettingKind::Object | SettingKind::OptObject => "mapping".into(),
        SettingKind::ObjectOr(word) => format!("{word}|mapping"),
        SettingKind::List => "list of mappings".into(),
        SettingKind::Texts => "list".into(),
        SettingKind::Other(holds) => holds.to_string(),
    }
}

/// The query behind a check's short form.
fn query_of(entry: &Entry) -> Option<String> {
    (entry.group == "check").then(|| describe::query_of(entry.name)).flatten()
}

fn entry_json(entry: &Entry) -> Value {
    let fields: Vec<Value> = entry.fields.iter().map(field_json).collect();
    let mut json = json!({
        "group": entry.group, "name": entry.name, "summary": entry.summary, "fields": fields,
    });
    if let Some(query) = query_of(entry) {
        json["query"] = query.into();
    }
    json
}

fn field_json(field: &FieldSpec) -> Value {
    json!({
        "path": field.path, "kind": kind_text(&field.kind), "default": field.default,
        "required": field.required, "help": field.help,
    })
}

/// Prints the JSON Schema of scenarios and textbooks.
pub fn schema() -> u8 {
    output::print(&escape::json::pretty(&json_schema()));
    FINE
}

/// Prints completions.
pub fn completions(shell: Shell) -> u8 {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "windtunnel", &mut bytes);
    output::print(&String::from_utf8_lossy(&bytes));
    FINE
}
