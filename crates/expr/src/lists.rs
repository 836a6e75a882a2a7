//! Functions of lists and maps.
//!
//! Follows expr-lang `builtin/lib.go` and `vm/runtime/sort.go`. Keys of maps are texts here; they
//! are asked for by what `string` makes of a value. Deliberately unknown here: trees.

use super::value::{Value, text};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Runs a function.
pub fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let first = arguments.first().unwrap_or(&Value::Nil);
    let wrong = || Err(format!("invalid argument for {name} (type {})", first.type_name()));
    Ok(match (name, first) {
        ("concat", _) => {
            let mut all = Vec::new();
            for argument in arguments {
                let Value::List(list) = argument else {
                    return Err(format!("cannot concat {}", argument.type_name()));
                };
                all.extend(list.iter().cloned());
            }
            Value::List(all)
        }
        ("get", container) => got(container, arguments.get(1).unwrap_or(&Value::Nil)),
        ("flatten", Value::List(list)) => {
            let mut all = Vec::new();
            flatten(list, &mut all);
            Value::List(all)
        }
        ("uniq", Value::List(list)) => {
            let mut kept: Vec<Value> = Vec::new();
            for value in list {
                if !kept.iter().any(|known| known.equals(value)) {
                    kept.push(value.clone());
                }
            }
            Value::List(kept)
        }
        ("join", Value::List(list)) => {
            let glue = match arguments.get(1) {
                None => "",
                Some(Value::Text(glue)) => glue,
                Some(_) => return wrong(),
            };
            let part = |value: &Value| match value {
                Value::Text(text) => Ok(text.clone()),
                other => Err(format!("cannot join {}", other.type_name())),
            };
            Value::Text(list.iter().map(part).collect::<Result<Vec<_>, _>>()?.join(glue))
        }
        ("keys", Value::Map(map)) => Value::List(map.keys().cloned().map(Value::Text).collect()),
        ("values", Value::Map(map)) => Value::List(map.values().cloned().collect()),
        ("toPairs", Value::Map(map)) => {
            let pair = |(key, value): (&String, &Value)| {
                Value::List(vec![Value::Text(key.clone()), value.clone()])
            };
            Value::List(map.iter().map(pair).collect())
        }
        ("fromPairs", Value::List(list)) => {
            let mut map = BTreeMap::new();
            for pair in list {
                let Value::List(pair) = pair else { return wrong() };
                let [key, value] = pair.as_slice() else {
                    return Err("invalid pair length: 2 expected".into());
                };
                map.insert(text(key), value.clone());
            }
            Value::Map(map)
        }
        _ => return wrong(),
    })
}

/// A member, or nothing.
fn got(container: &Value, key: &Value) -> Value {
    let found = match (container, key) {
        (Value::Map(map), key) => map.get(&text(key)).cloned(),
        (Value::List(list), Value::Int(at)) => {
            let at = if *at < 0 { at + list.len() as i64 } else { *at };
            usize::try_from(at).ok().and_then(|at| list.get(at)).cloned()
        }
        _ => None,
    };
    found.unwrap_or(Value::Nil)
}

/// What is no list, in its order, out of lists of any depth.
pub fn flatten(list: &[Value], into: &mut Vec<Value>) {
    for value in list {
        match value {
            Value::List(inner) => flatten(inner, into),
            other => into.push(other.clone()),
        }
    }
}

/// The list in the order of its keys, `desc` for the other way round.
pub fn sorted_by(list: Vec<Value>, keys: &[Value], way: Option<&Value>) -> Result<Value, String> {
    let down = match way {
        None => false,
        Some(Value::Text(way)) if way == "asc" => false,
        Some(Value::Text(way)) if way == "desc" => true,
        Some(other) => return Err(format!("unknown order: {}", text(other))),
    };
    for pair in keys.windows(2) {
        pair[0].compare(&pair[1], "<")?;
    }
    let mut order: Vec<(Value, &Value)> = list.into_iter().zip(keys).collect();
    order.sort_by(|(_, a), (_, b)| {
        let order = a.compare(b, "<").ok().flatten().unwrap_or(Ordering::Equal);
        if down { order.reverse() } else { order }
    });
    Ok(Value::List(order.into_iter().map(|(value, _)| value).collect()))
}

/// Elements by what a closure says of them.
pub fn grouped(list: Vec<Value>, keys: &[Value]) -> Value {
    let mut groups: BTreeMap<String, Value> = BTreeMap::new();
    for (value, key) in list.into_iter().zip(keys) {
        let group = groups.entry(text(key)).or_insert(Value::List(Vec::new()));
        if let Value::List(group) = group {
            group.push(value);
        }
    }
    Value::Map(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_put_together_and_taken_apart() {
        let list = Value::floats([1.0, 2.0, 1.0]);
        let one = std::slice::from_ref(&list);
        assert_eq!(call("uniq", one), Ok(Value::floats([1.0, 2.0])));
        let both = call("concat", &[list.clone(), list.clone()]);
        assert!(matches!(both, Ok(Value::List(all)) if all.len() == 6));
        let nested = Value::List(vec![list.clone(), Value::List(vec![list.clone()])]);
        let flat = call("flatten", &[nested]);
        assert!(matches!(flat, Ok(Value::List(all)) if all.len() == 6));
        assert_eq!(call("get", &[list, Value::Int(9)]), Ok(Value::Nil));
    }

    #[test]
    fn maps_become_pairs_and_come_back() {
        let map = Value::Map([("a".to_string(), Value::Int(1))].into());
        let pairs = call("toPairs", std::slice::from_ref(&map)).expect("pairs");
        assert_eq!(call("fromPairs", &[pairs]), Ok(map));
        assert!(call("keys", &[Value::Int(1)]).is_err());
    }

    #[test]
    fn orders_go_both_ways_and_have_to_exist() {
        let list = || vec![Value::Int(1), Value::Int(2)];
        let keys = [Value::Int(5), Value::Int(3)];
        assert_eq!(
            sorted_by(list(), &keys, None),
            Ok(Value::List(vec![2, 1].into_iter().map(Value::Int).collect()))
        );
        let mixed = [Value::Int(5), Value::Text("a".into())];
        assert!(sorted_by(list(), &mixed, None).is_err());
        assert!(sorted_by(list(), &keys, Some(&Value::Text("up".into()))).is_err());
    }
}
