//! `import`: the Scenario that manifests come to, and four lists with places: understood, assumed,
//! overridden, ignored.

use super::flags::{Format, Import};
use super::{FINE, WRONG, input, output, told};
use serde_json::{Value, json};
use windtunnel_base::escape;
use windtunnel_manifest::note::{Alike, Lists, Note, Weight, alike};
use windtunnel_manifest::{print, told_apart};

/// Reads, prints; 2 if anything can't be used.
pub fn run(flags: &Import) -> u8 {
    let mut loaded = match input::load_or_say(&flags.source, flags.format, false) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    told_apart::write(loaded.import.flyables.iter_mut().map(|f| (&mut f.node, &f.home)));
    let import = &loaded.import;
    if import.flyables.is_empty() {
        let line = "windtunnel: no manifest here: nothing to import".to_string();
        output::deny(&[line], flags.format);
        return WRONG;
    }
    let documents = import.flyables.iter().map(|f| &f.node);
    match flags.format {
        Format::Json => {
            let scenarios: Vec<Value> = documents.map(print::json).collect();
            let list = |notes: &[Note]| notes.iter().map(as_json).collect::<Vec<_>>();
            let lists = &import.lists;
            let answer = json!({
                "scenarios": scenarios,
                "understood": list(&lists.understood),
                "assumed": list(&lists.assumed),
                "overridden": list(&lists.overridden),
                "ignored": list(&lists.ignored),
                "notFlown": told::as_json(import),
            });
            output::print(&escape::json::pretty(&answer));
        }
        Format::Text => {
            let texts: Vec<String> = documents.map(print::yaml).collect();
            // The lists are comments, so that the whole answer can be flown as it is.
            output::print(&format!("{}\n{}", texts.join("---\n"), listing(&import.lists)));
        }
    }
    FINE
}

fn as_json(note: &Note) -> Value {
    let mut value = json!({
        "file": &*note.written_at.file,
        "line": note.written_at.place.line,
        "column": note.written_at.place.column,
        "object": note.object,
        "field": note.field,
        "text": note.text,
    });
    if !note.source.is_empty() {
        value["source"] = note.source.as_str().into();
        value["missing"] = (note.weight == Weight::Matters).into();
    } else if note.weight != Weight::NoEffect {
        value["matters"] = (note.weight == Weight::Matters).into();
    }
    value
}

fn listing(lists: &Lists) -> String {
    let mut text = String::new();
    // What is assumed alike of many objects is told once.
    for (title, notes, once) in [
        ("Understood", &lists.understood, false),
        ("Assumed", &lists.assumed, true),
        ("Overridden", &lists.overridden, false),
        ("Ignored", &lists.ignored, false),
    ] {
        text.push_str(&format!("# {title}: {}\n", notes.len()));
        let each = |note| Alike { first: note, objects: note.object.clone(), count: 1 };
        let told = if once { alike(notes) } else { notes.iter().map(each).collect() };
        for alike in told {
            text.push_str(&format!("#   {}\n", line(&alike)));
        }
    }
    text
}

fn line(alike: &Alike<'_>) -> String {
    let note = alike.first;
    let text = note.text.replace('\n', " ");
    let field = format!("{} {}", alike.objects, note.field);
    let source = match note.source.as_str() {
        "" => String::new(),
        source => format!(" ({source})"),
    };
    let missing = note.weight == Weight::Matters && !note.source.is_empty();
    let missing = if missing { "missing: " } else { "" };
    let line = format!("{}: {}: {missing}{text}{source}", note.written_at, field.trim_end());
    // One comment a note: a line feed in a name must not begin a line of YAML.
    escape::terminal::line(&line).into_owned()
}
