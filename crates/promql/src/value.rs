//! Answers: numbers, elements with labels, rows of samples.

/// Labels as texts, sorted by name.
pub type LabelTexts = Vec<(String, String)>;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number without labels.
    Scalar(f64),
    /// Elements with one value each. Sorted by labels, unless the query sorts.
    Vector(Vec<Element>),
    /// Rows of samples: of a bare range selector, or of a range query. Sorted by labels.
    Matrix(Vec<MatrixRow>),
    /// A string.
    Text(String),
}

/// An element of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its labels; the metric's name is `__name__`.
    pub labels: LabelTexts,
    /// Value of the element.
    pub value: f64,
}

/// A row of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixRow {
    /// Labels of the row, the metric's name among them where functions keep it.
    pub labels: LabelTexts,
    /// Its samples: milliseconds of Unix time, value.
    pub samples: Vec<(i64, f64)>,
}

/// Adds the elements of one instant to the rows of their labels.
pub(super) fn append(rows: &mut Vec<MatrixRow>, at: i64, elements: Vec<Element>) {
    for element in elements {
        match rows.binary_search_by(|row| row.labels.cmp(&element.labels)) {
            Ok(known) => rows[known].samples.push((at, element.value)),
            Err(place) => {
                let samples = vec![(at, element.value)];
                rows.insert(place, MatrixRow { labels: element.labels, samples });
            }
        }
    }
}

/// A float as Prometheus prints it: shortest decimal without an exponent.
pub fn shown(value: f64) -> String {
    crate::exposition::number(value)
}
