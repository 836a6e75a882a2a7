//! A tree of values with the place of each: what is left of a YAML or JSON text after parsing.
//!
//! It knows no syntax; the scenario layer builds it, the settings reader walks it.

use super::problem::Place;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value starts.
    pub place: Place,
    /// What stands there, without its place.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or `.nan`, `.inf`.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Where the key starts.
    pub place: Place,
    /// The key as it was written, without quotes.
    pub name: String,
}

impl Node {
    /// A node without a place, for values that no file holds.
    pub fn unplaced(value: Value) -> Node {
        Node { place: Place::default(), value }
    }

    /// The value under `name` of a mapping.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(k, _)| k.name == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// What stands under a path of keys, joined by dots.
    pub fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, key| node.get(key))
    }

    /// The items, if it is a list; else none.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The items of the list under a path of keys; none if there is no list.
    pub fn items_at(&self, path: &str) -> &[Node] {
        self.at(path).map_or(&[], Node::items)
    }

    /// The number, if it is a whole one.
    pub fn integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// The text, if it is text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What the value looks like to a user, shortened.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Flag(flag) => flag.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) if text.chars().count() > 40 => {
                format!("{:?}…", text.chars().take(37).collect::<String>())
            }
            Value::Text(text) => format!("{text:?}"),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(entries) if entries.len() == 1 => "a mapping with 1 key".into(),
            Value::Map(entries) => format!("a mapping with {} keys", entries.len()),
        }
    }

    /// What stands at a place within this value, as a user sees it: a key, or a value.
    pub fn shown_at(&self, place: Place) -> Option<String> {
        if self.place == place {
            return Some(self.shown());
        }
        match &self.value {
            Value::List(items) => items.iter().find_map(|item| item.shown_at(place)),
            Value::Map(entries) => entries.iter().find_map(|(key, value)| {
                let own = (key.place == place).then(|| format!("the key {:?}", key.name));
                own.or_else(|| value.shown_at(place))
            }),
            _ => None,
        }
    }

    /// A scalar as the text a unit parser reads.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Integer(number) => Some(number.to_string()),
            Value::Number(number) => Some(number.to_string()),
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}
