//! Names and shares in lists: names that files, labels and `expect:` lines can carry, each once,
//! and shares that come to a whole.

use crate::base::settings::Reader;

/// Longest name.
const LONGEST: usize = 63;

/// Complains about a name that a file, a label or an `expect:` line could not carry.
pub fn check(r: &mut Reader<'_>, field: &str, name: &str) {
    if !is_name(name) && r.has(field) {
        let expected = format!("letters, digits, '-', '_' and '.', at most {LONGEST} in all");
        r.problem(field, format!("found {name:?}"), &expected, "");
    }
}

/// The same for the name of a route, which may be a path such as `/checkout`.
pub fn check_path(r: &mut Reader<'_>, field: &str, name: &str) {
    check(r, field, name.replace('/', "-").trim_start_matches('-'));
}

/// Can files, labels and `expect:` lines carry this name?
pub fn is_name(name: &str) -> bool {
    let sound = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let ends = name.starts_with('-') || name.starts_with('.');
    !name.is_empty() && name.chars().count() <= LONGEST && name.chars().all(sound) && !ends
}

/// Complains about a name that a list holds twice.
pub fn unique<'n>(r: &mut Reader<'_>, field: &str, names: impl Iterator<Item = &'n str>) {
    let names: Vec<&str> = names.collect();
    let twice = names.iter().enumerate().filter(|(i, name)| names[..*i].contains(name));
    for (_, name) in twice.filter(|(_, name)| !name.is_empty()) {
        r.problem(field, format!("the name {name:?} is given twice"), "names that differ", "");
    }
}

/// Complains about shares that do not come to 100 %.
pub fn whole(r: &mut Reader<'_>, field: &str, shares: impl Iterator<Item = f64>) {
    let sum: f64 = shares.sum();
    if (sum - 1.0).abs() > 0.001 && r.has(field) {
        let found = format!("the shares come to {:.4}%", sum * 100.0);
        let found = found.replace(".0000%", "%");
        r.problem(field, found, "100% in all", "");
    }
}
