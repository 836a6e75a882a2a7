//! The figures of a cell against what they have to be.

use super::number::told;

/// What is wrong, in sentences.
pub type Faults = Vec<String>;

/// Compares the figures of a cell with what they have to be, in order.
pub fn compare(place: &str, cell: &str, wanted: &[Option<f64>]) -> Faults {
    let found = told(cell);
    let wanted: Vec<f64> = wanted.iter().filter_map(|value| *value).collect();
    let same = found.len() == wanted.len()
        && found.iter().zip(&wanted).all(|(figure, value)| figure.is(*value));
    if same { Vec::new() } else { vec![format!("{place}: {cell:?} for {wanted:?}")] }
}

/// The same of a mean with its interval, which is left out where it is open, or no wider than the
/// mean's own digits.
pub fn estimate(place: &str, cell: &str, [mean, lower, upper]: [Option<f64>; 3]) -> Faults {
    if cell.contains('[') || mean.is_none() {
        return compare(place, cell, &[mean, lower, upper]);
    }
    let close = |end: Option<f64>| match (told(cell).first(), end) {
        (Some(figure), Some(end)) => figure.is_about(end),
        _ => true,
    };
    let mut faults = compare(place, cell, &[mean]);
    if lower.is_some() && upper.is_some() && !(close(lower) && close(upper)) {
        faults.push(format!("{place}: {cell:?} without its interval"));
    }
    faults
}
