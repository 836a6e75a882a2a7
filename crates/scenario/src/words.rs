//! Names and shares in lists: names that files, labels and `expect:` lines can carry, each once,
//! and shares that come to a whole.

use windtunnel_base::settings::Reader;

/// Longest name.
const LONGEST: usize = 63;

/// The way out where the reader divides the rest.
const LEFT_OUT: &str = "leave the share of one of them out: it gets what the others leave";

/// Complains about a name that a file, a label or an `expect:` line could not carry.
pub fn check(r: &mut Reader<'_>, field: &str, name: &str) {
    if !is_name(name) {
        refuse(r, field, name, "'-', '_' and '.'");
    }
}

/// The same for the name of a route, which may be a path such as `/checkout`.
pub fn check_path(r: &mut Reader<'_>, field: &str, name: &str) {
    if !is_name(name.replace('/', "-").trim_start_matches('-')) {
        refuse(r, field, name, "'-', '_', '.' and '/'");
    }
}

/// Tells a name as it was found, if it was given.
fn refuse(r: &mut Reader<'_>, field: &str, name: &str, marks: &str) {
    if r.has(field) {
        let expected = format!("letters, digits, {marks}, at most {LONGEST} in all");
        r.problem(field, format!("found {name:?}"), &expected, "");
    }
}

/// Can files, labels and `expect:` lines carry this name?
pub fn is_name(name: &str) -> bool {
    let sound = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let ends = name.starts_with('-') || name.starts_with('.');
    !name.is_empty() && name.chars().count() <= LONGEST && name.chars().all(sound) && !ends
}

/// Complains about names that a list of mappings holds twice, and about shares in it that do not
/// come to 100 %.
pub fn listed<'n>(
    r: &mut Reader<'_>,
    field: &'static str,
    entries: impl Iterator<Item = (&'n str, f64)>,
) {
    let entries: Vec<(&str, f64)> = entries.collect();
    for (i, (name, _)) in entries.iter().enumerate() {
        if !name.is_empty() && entries[..i].iter().any(|(earlier, _)| earlier == name) {
            let (place, path) = (r.place_in(field, i, "name"), format!("{field}[{i}].name"));
            let message = format!("the name {name:?} is given twice");
            r.problem_at(place, &path, message, "names that differ", "");
        }
    }
    let sum: f64 = entries.iter().map(|(_, share)| share).sum();
    if (sum - 1.0).abs() > 0.001 {
        let percent = format!("{:.4}", sum * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        let help = if field == "variants" { LEFT_OUT } else { "" };
        r.problem(field, format!("the shares come to {percent}%"), "100% in all", help);
    }
}
