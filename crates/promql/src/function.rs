//! The functions of PromQL: names, argument types, and which rules know them.
//!
//! Functions that exist for native histograms alone are known, so that queries parse, and give no
//! elements: the series here are floats. Experimental functions, which a server takes only with a
//! flag, are refused.

use super::Rules;
use super::ast::Type;
use Type::{Matrix, Scalar, Text, Vector};

/// A function.
#[derive(Debug, PartialEq)]
pub struct Function {
    /// How queries write it: `rate`.
    pub name: &'static str,
    /// Types of its arguments.
    pub args: &'static [Type],
    /// How many of them may be left out; the last one may be repeated if negative.
    pub optional: i8,
    /// What it yields.
    pub yields: Type,
}

const fn over(name: &'static str) -> Function {
    Function { name, args: &[Matrix], optional: 0, yields: Vector }
}

const fn each(name: &'static str) -> Function {
    Function { name, args: &[Vector], optional: 0, yields: Vector }
}

const fn date(name: &'static str) -> Function {
    Function { name, args: &[Vector], optional: 1, yields: Vector }
}

const fn with(name: &'static str, args: &'static [Type]) -> Function {
    Function { name, args, optional: 0, yields: Vector }
}

/// All functions but those of [`NEW`] and [`OLD`].
const FUNCTIONS: &[Function] = &[
    each("abs"),
    each("absent"),
    over("absent_over_time"),
    each("acos"),
    each("acosh"),
    each("asin"),
    each("asinh"),
    each("atan"),
    each("atanh"),
    over("avg_over_time"),
    each("ceil"),
    over("changes"),
    with("clamp", &[Vector, Scalar, Scalar]),
    with("clamp_max", &[Vector, Scalar]),
    with("clamp_min", &[Vector, Scalar]),
    each("cos"),
    each("cosh"),
    over("count_over_time"),
    date("day_of_month"),
    date("day_of_week"),
    date("day_of_year"),
    date("days_in_month"),
    each("deg"),
    over("delta"),
    over("deriv"),
    each("exp"),
    each("floor"),
    each("histogram_count"),
    with("histogram_fraction", &[Scalar, Scalar, Vector]),
    with("histogram_quantile", &[Scalar, Vector]),
    each("histogram_sum"),
    date("hour"),
    over("idelta"),
    over("increase"),
    over("irate"),
    Function {
        name: "label_join",
        args: &[Vector, Text, Text, Text],
        optional: -1,
        yields: Vector,
    },
    with("label_replace", &[Vector, Text, Text, Text, Text]),
    over("last_over_time"),
    each("ln"),
    each("log10"),
    each("log2"),
    over("max_over_time"),
    over("min_over_time"),
    date("minute"),
    date("month"),
    Function { name: "pi", args: &[], optional: 0, yields: Scalar },
    with("predict_linear", &[Matrix, Scalar]),
    over("present_over_time"),
    with("quantile_over_time", &[Scalar, Matrix]),
    each("rad"),
    over("rate"),
    over("resets"),
    Function { name: "round", args: &[Vector, Scalar], optional: 1, yields: Vector },
    Function { name: "scalar", args: &[Vector], optional: 0, yields: Scalar },
    each("sgn"),
    each("sin"),
    each("sinh"),
    each("sort"),
    each("sort_desc"),
    each("sqrt"),
    over("stddev_over_time"),
    over("stdvar_over_time"),
    over("sum_over_time"),
    each("tan"),
    each("tanh"),
    Function { name: "time", args: &[], optional: 0, yields: Scalar },
    each("timestamp"),
    with("vector", &[Scalar]),
    date("year"),
];

/// Functions that only the rules of 3.x know.
const NEW: &[Function] = &[
    over("first_over_time"),
    each("histogram_avg"),
    each("histogram_stddev"),
    each("histogram_stdvar"),
];

/// Functions that only the rules of 2.x know.
const OLD: &[Function] = &[with("holt_winters", &[Matrix, Scalar, Scalar])];

/// Functions that a server takes only with a flag.
const EXPERIMENTAL: &[&str] = &[
    "double_exponential_smoothing",
    "end",
    "histogram_quantiles",
    "info",
    "mad_over_time",
    "max_of",
    "min_of",
    "range",
    "sort_by_label",
    "sort_by_label_desc",
    "start",
    "start_timestamp",
    "step",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];

/// The function of a name, or why there is none.
pub fn find(name: &str, rules: Rules) -> Result<&'static Function, String> {
    let own = if rules == Rules::V2 { OLD } else { NEW };
    if let Some(function) = FUNCTIONS.iter().chain(own).find(|f| f.name == name) {
        return Ok(function);
    }
    if rules == Rules::V3 && EXPERIMENTAL.contains(&name) {
        return Err(format!("function {name:?} is experimental: a server refuses it by default"));
    }
    if name == "holt_winters" {
        return Err("unknown function with name \"holt_winters\": 3.0 renamed it to \
            double_exponential_smoothing, behind a flag"
            .into());
    }
    let near = windtunnel_base::problem::nearest(name, FUNCTIONS.iter().map(|f| f.name));
    let near = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
    Err(format!("unknown function with name {name:?}{near}"))
}
