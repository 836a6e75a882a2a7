//! Manifests as a dialect of settings: types as strict as the API server's, documentation that says
//! what becomes of a field, and a note for each that is given.

use super::elsewhere::{self, UNKNOWN};
use crate::note::{Lists, Note, SourcePlace, Weight};
use crate::scalars;
use std::ops::RangeInclusive;
use std::sync::Arc;
use windtunnel_base::node::{Key, Node, Value};
use windtunnel_base::problem::{Place, Problem, nearest};
use windtunnel_base::settings::{Dialect, FieldSpec, Reader, SettingKind, scalars as plain};

/// What windtunnel does with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It shapes the flight.
    Used,
    /// It changes nothing in a flight.
    NoEffect,
    /// It would change figures, and is not flown.
    NotFlown,
    /// The real system overrides it, cuts it or never reads it.
    Overridden,
    /// The server or a tool wrote it.
    Bookkeeping,
}

/// One documented field of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDoc {
    /// Path, with `[]` for lists.
    pub path: String,
    /// What it holds.
    pub holds: String,
    /// What windtunnel does with it.
    pub treatment: Treatment,
    /// In words.
    pub becomes: &'static str,
}

/// The dialect of the API server, and the object that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Api {
    /// Whose fields they are: `Deployment/storefront`.
    pub object: Arc<str>,
    /// The file it stands in.
    pub file: Arc<str>,
}

impl Api {
    /// A line of one of the lists, about `field` of the object.
    pub(super) fn note(&self, place: Place, field: String, text: String, weight: Weight) -> Note {
        let written_at = SourcePlace { file: Arc::clone(&self.file), place };
        Note {
            written_at,
            object: self.object.to_string(),
            field,
            text,
            source: String::new(),
            weight,
        }
    }
}

impl Dialect for Api {
    type Doc = FieldDoc;
    type Notes = Lists;

    const DEFAULTS: bool = false;

    fn count(node: &Node, range: &RangeInclusive<u64>) -> Result<u64, String> {
        scalars::count(node, range)
    }

    fn number(node: &Node, range: &RangeInclusive<f64>) -> Result<f64, String> {
        plain::number(node, range)
    }

    fn text(node: &Node) -> Result<String, String> {
        scalars::text(node)
    }

    fn flag(node: &Node) -> Result<bool, String> {
        scalars::flag(node)
    }

    fn doc(spec: FieldSpec) -> Option<FieldDoc> {
        let holds = match spec.kind {
            SettingKind::Count(..) => "whole number".into(),
            SettingKind::Number(..) => "number".into(),
            SettingKind::Text => "text".into(),
            SettingKind::Flag => "true or false".into(),
            SettingKind::Choice(words) => words.join(", "),
            SettingKind::Other(holds) => holds.into(),
            _ => return None,
        };
        Some(FieldDoc { path: spec.path, holds, treatment: Treatment::Used, becomes: spec.help })
    }

    fn place(&self, problem: Problem) -> Problem {
        problem.in_file(&self.file)
    }

    fn understood(reader: &Reader<'_, Api>, name: &str, node: &Node, becomes: &str) {
        let text = match &node.value {
            Value::Map(_) | Value::List(_) => becomes.to_string(),
            _ => format!("{}: {becomes}", node.shown()),
        };
        let place = reader.key_place(name).unwrap_or(node.place);
        let path = reader.child_path(name);
        let note = reader.dialect().note(place, path, text, Weight::NoEffect);
        reader.sink().borrow_mut().notes.understood.push(note);
    }

    fn unread(reader: &Reader<'_, Api>, key: &Key) {
        let near = nearest(&key.name, reader.names().iter().copied());
        let help = near.map(|near| format!("did you mean {near}?")).unwrap_or_default();
        let why = match near {
            Some(near) => format!("{UNKNOWN}; did you mean {near}?"),
            None => elsewhere::plain(),
        };
        let message = format!("{UNKNOWN} {:?} is ignored", key.name);
        reader.push(Problem::warning(key.place, reader.path(), message).help(help));
        let path = reader.child_path(&key.name);
        let note = reader.dialect().note(key.place, path, why, Weight::Matters);
        reader.sink().borrow_mut().notes.ignored.push(note);
    }
}
