//! The JSON Schema (draft 2020-12) of scenarios and textbooks, for editors and other tools.
//!
//! Made from the catalogue. It says what a field may look like; how fields fit together (shares
//! that come to 100 %, one trigger a fault) only the readers know.

use super::describe::{Entry, MANIFEST, catalogue, group_of};
use super::{read, textbook};
use serde_json::{Map, Value, json};
use windtunnel_base::settings::{FieldSpec, SettingKind, is_inline};

/// The kinds of documents.
const DOCUMENTS: [&str; 2] = [read::KIND, textbook::KIND];

/// The schema of one document: a Textbook where `kind` says so, else a Scenario.
pub fn json_schema() -> Value {
    let entries = catalogue();
    let mut definitions = units();
    let mut groups: Vec<&str> = entries.iter().map(|e| e.group).collect();
    groups.dedup();
    for group in groups.into_iter().filter(|g| !["scenario", "textbook"].contains(g)) {
        let own = |e: &&Entry| e.group == group && e.name != MANIFEST;
        let parts: Vec<&Entry> = entries.iter().filter(own).collect();
        definitions.insert(group.to_string(), one_of(&parts));
        for part in parts {
            let mut settings = object(&part.fields, "");
            // `canary:` with nothing behind it takes all defaults.
            settings.insert("type".into(), json!(["object", "null"]));
            settings.insert("description".into(), json!(part.summary));
            definitions.insert(format!("{group}.{}", part.name), Value::Object(settings));
        }
    }
    definitions.extend(entries.iter().find(|e| e.name == MANIFEST).map(manifest));
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("A windtunnel scenario or textbook"));
    for document in entries.iter().filter(|e| DOCUMENTS.contains(&e.name)) {
        let required = match document.name {
            textbook::KIND => json!(["kind", "spec"]),
            _ => json!(["apiVersion", "kind", "metadata", "spec"]),
        };
        let mut own = object(&document.fields, "");
        own.insert("description".into(), json!(document.summary));
        own.insert("required".into(), required);
        definitions.insert(document.name.into(), Value::Object(own));
    }
    let is_textbook =
        json!({"properties": {"kind": {"const": textbook::KIND}}, "required": ["kind"]});
    schema.insert("if".into(), is_textbook);
    for (keyword, kind) in [("then", textbook::KIND), ("else", read::KIND)] {
        schema.insert(keyword.into(), json!({"$ref": format!("#/$defs/{kind}")}));
    }
    schema.insert("$defs".into(), Value::Object(definitions));
    Value::Object(schema)
}

/// `manifest: path`, or its long form: only where strategies are listed.
fn manifest(entry: &Entry) -> (String, Value) {
    let long = Value::Object(object(&entry.fields, ""));
    let settings = json!({"oneOf": [{"type": "string"}, long], "description": entry.summary});
    let named = json!({
        "type": "object",
        "properties": {MANIFEST: settings},
        "required": [MANIFEST],
        "additionalProperties": false,
    });
    (MANIFEST.to_string(), named)
}

/// A part: its name, or its name with settings.
fn one_of(parts: &[&Entry]) -> Value {
    let names: Vec<&str> = parts.iter().map(|p| p.name).collect();
    let reference = |p: &Entry| json!({"$ref": format!("#/$defs/{}.{}", p.group, p.name)});
    // Both forms of a part that may be written as its own settings: `query: {…}` too.
    let settings: Map<String, Value> =
        parts.iter().map(|p| (p.name.to_string(), reference(p))).collect();
    let inline = parts.iter().copied().filter(|p| is_inline(p.name, &p.fields));
    let mut forms = vec![
        json!({"enum": names}),
        json!({
            "type": "object",
            "properties": settings,
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
        }),
    ];
    forms.extend(inline.map(reference));
    json!({ "oneOf": forms })
}

/// The mapping whose fields stand directly below `prefix`.
fn object(fields: &[FieldSpec], prefix: &str) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let below = field.path.strip_prefix(prefix).filter(|name| !name.contains('.'));
        let Some(name) = below.filter(|name| !name.is_empty()) else { continue };
        properties.insert(name.to_string(), described(fields, field));
        let optional = field.kind == SettingKind::OptObject;
        if field.required || !optional && has_required(fields, &field.path) {
            required.push(json!(name));
        }
    }
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        object.insert("required".into(), Value::Array(required));
    }
    object.insert("additionalProperties".into(), json!(false));
    object
}

/// Must a mapping be given because something in it must?
fn has_required(fields: &[FieldSpec], path: &str) -> bool {
    let below = format!("{path}.");
    let optional =
        |path: &str| fields.iter().any(|f| f.path == path && f.kind == SettingKind::OptObject);
    let inner = |f: &FieldSpec| {
        let rest = f.path.strip_prefix(&below).filter(|rest| !rest.contains('['));
        // Nothing must be given of a mapping that may be left out.
        let dots = rest.map(|rest| rest.match_indices('.').map(|(at, _)| below.len() + at));
        dots.is_some_and(|mut ends| !ends.any(|end| optional(&f.path[..end])))
    };
    fields.iter().any(|f| f.required && inner(f))
}

fn described(fields: &[FieldSpec], field: &FieldSpec) -> Value {
    let mut schema = match kind(fields, field) {
        Value::Object(schema) => schema,
        other => return other,
    };
    let mut help = field.help.to_string();
    if let Some(default) = &field.default {
        help += &format!(" (default: {default})");
    }
    schema.insert("description".into(), json!(help));
    Value::Object(schema)
}

fn kind(fields: &[FieldSpec], field: &FieldSpec) -> Value {
    let unit = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let below = |suffix: &str| Value::Object(object(fields, &format!("{}{suffix}", field.path)));
    match &field.kind {
        SettingKind::Duration => unit("duration"),
        SettingKind::Share => unit("share"),
        SettingKind::Rate => unit("rate"),
        SettingKind::Money => unit("money"),
        SettingKind::Price => unit("price"),
        SettingKind::Distribution => unit("distribution"),
        SettingKind::Count(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        SettingKind::Number(min, max) => json!({"type": "number", "minimum": min, "maximum": max}),
        SettingKind::Text => json!({"type": ["string", "number"]}),
        SettingKind::Flag => json!({"type": "boolean"}),
        SettingKind::Choice(words) => json!({"enum": words}),
        SettingKind::Object | SettingKind::OptObject => below("."),
        SettingKind::ObjectOr(word) => json!({"oneOf": [{"const": word}, below(".")]}),
        SettingKind::List => json!({"type": "array", "items": below("[].")}),
        SettingKind::Texts => json!({"type": "array", "items": {"type": ["string", "number"]}}),
        SettingKind::Other(_) => json!({}),
        SettingKind::Part(names) => part(names, field.default.as_deref()),
        SettingKind::Parts(names) if field.path == "spec.strategies" => {
            let manifest = unit(MANIFEST);
            json!({"type": "array", "items": {"anyOf": [part(names, None), manifest]}})
        }
        SettingKind::Parts(names) => json!({"type": "array", "items": part(names, None)}),
    }
}

fn part(names: &[&'static str], default: Option<&str>) -> Value {
    let Some(group) = group_of(names) else { return json!({}) };
    let part = json!({"$ref": format!("#/$defs/{group}")});
    match default.filter(|word| names.first() == Some(word)) {
        Some(_) => json!({"anyOf": [{"enum": names}, part]}),
        None => part,
    }
}

/// Spellings of durations, shares, rates, money and distributions.
fn units() -> Map<String, Value> {
    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    let duration = "^\\s*(0|([0-9]*\\.?[0-9]+(ns|us|µs|ms|s|m|h|d))+)\\s*$";
    let of = |names: &[&str], required: &[&str]| {
        let property = |name: &&str| {
            let bare = matches!(*name, "cv" | "alpha");
            let unit =
                if bare { json!({"type": "number"}) } else { json!({"$ref": "#/$defs/duration"}) };
            (name.to_string(), unit)
        };
        let properties: Map<String, Value> = names.iter().map(property).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    };
    let one = |name: &str, settings: Value| {
        json!({
            "type": "object",
            "properties": {name: settings},
            "required": [name],
            "additionalProperties": false,
        })
    };
    let quantiles = ["median", "p90", "p95", "p99"];
    let lognormal =
        json!({"oneOf": [of(&["mean", "cv"], &["mean", "cv"]), of(&quantiles, &["median"])]});
    let distribution = json!({"anyOf": [
        {"$ref": "#/$defs/duration"},
        one("constant", json!({"$ref": "#/$defs/duration"})),
        one("uniform", of(&["min", "max"], &["min", "max"])),
        one("exponential", of(&["mean"], &["mean"])),
        one("lognormal", lognormal),
        one("pareto", of(&["min", "alpha"], &["min", "alpha"])),
    ]});
    let number = "[0-9]*\\.?[0-9]+";
    let mut units = Map::new();
    units.insert("duration".into(), json!({"anyOf": [pattern(duration), {"const": 0}]}));
    units.insert(
        "share".into(),
        json!({"anyOf": [
            pattern(&format!("^\\s*{number}(\\s*%)?\\s*$")),
            {"type": "number", "minimum": 0, "maximum": 1},
        ]}),
    );
    units.insert("rate".into(), pattern(&format!("^\\s*{number}\\s*[kK]?\\s*/\\s*[smhd]\\s*$")));
    units.insert(
        "money".into(),
        json!({"anyOf": [
            pattern(&format!("^\\s*\\$?{number}\\s*$")),
            {"type": "number", "minimum": 0},
        ]}),
    );
    units.insert("price".into(), pattern(&format!("^\\s*\\$?{number}\\s*/h\\s*$")));
    units.insert("distribution".into(), distribution);
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    found.push(target.clone());
                }
                map.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = json_schema();
        let mut found = Vec::new();
        references(&schema, &mut found);
        assert!(found.len() > 100);
        for target in found {
            let name = target.strip_prefix("#/$defs/").expect("a definition");
            assert!(schema["$defs"].get(name).is_some(), "{target}");
        }
    }

    #[test]
    fn nesting_and_duties_are_kept() {
        let schema = json_schema();
        let spec = &schema["$defs"]["Scenario"]["properties"]["spec"];
        assert_eq!(spec["required"], json!(["service"]));
        assert_eq!(spec["properties"]["service"]["required"], json!(["replicas"]));
        let route = &spec["properties"]["service"]["properties"]["routes"]["items"];
        assert_eq!(route["required"], json!(["name"]));
        assert_eq!(route["additionalProperties"], json!(false));
        let probe = &spec["properties"]["service"]["properties"]["readinessProbe"]["oneOf"];
        assert_eq!(probe[0]["const"], json!("none"));
        assert_eq!(probe[1]["properties"]["period"]["$ref"], json!("#/$defs/duration"));
        let then = &schema["$defs"]["strategy.shadow"]["properties"]["then"]["anyOf"];
        assert_eq!(then[1]["$ref"], json!("#/$defs/strategy"));
        let claims = &schema["$defs"]["Textbook"]["properties"]["spec"]["properties"]["chapters"];
        let claim = &claims["items"]["properties"]["claims"]["items"];
        assert_eq!(claim["required"], json!(["id", "claim", "why"]));
    }
}
