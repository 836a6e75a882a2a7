//! Calls of functions: each goes to the file of its kind; plain arithmetic is done here.

use super::{Evaluator, Found, Moment, Sample, dates, fail, renamed};
use crate::Rules;
use crate::ast::{Aggregate, Expr, Fold, Node};
use crate::error::EvalError;
use crate::eval::quantile::nan_first;
use windtunnel_base::maths;

/// Does the order of the elements carry meaning?
pub fn keeps_order(expr: &Expr) -> bool {
    match &expr.bare().node {
        Node::Call(function, _) => matches!(function.name, "sort" | "sort_desc"),
        Node::Aggregate(a) => {
            let Aggregate { op, .. } = &**a;
            matches!(op, Fold::Topk | Fold::Bottomk)
        }
        _ => false,
    }
}

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        args: &[Expr],
        at: Moment,
    ) -> Result<Found, EvalError> {
        let seconds = at.at as f64 / 1000.0;
        match name {
            "time" => return Ok(Found::Scalar(seconds)),
            "pi" => return Ok(Found::Scalar(std::f64::consts::PI)),
            "scalar" => {
                let samples = self.vector(&args[0], at)?;
                let one = if let [sample] = &samples[..] { sample.value } else { f64::NAN };
                return Ok(Found::Scalar(one));
            }
            _ => {}
        }
        Ok(Found::Vector(match name {
            "vector" => vec![Sample { labels: Vec::new(), value: self.scalar(&args[0], at)? }],
            "absent" => {
                let present = !self.vector(&args[0], at)?.is_empty();
                self.absent(present, &args[0])
            }
            "absent_over_time" => {
                let present = !self.windows(&args[0], at)?.is_empty();
                self.absent(present, &args[0])
            }
            "timestamp" => self.timestamp(&args[0], at)?,
            "sort" | "sort_desc" => self.sorted(name == "sort_desc", &args[0], at)?,
            "label_replace" => self.label_replace(args, at)?,
            "label_join" => self.label_join(args, at)?,
            "histogram_quantile" => {
                let phi = self.scalar(&args[0], at)?;
                self.histogram(&[phi], &args[1], at)?
            }
            "histogram_fraction" => {
                let bounds = [self.scalar(&args[0], at)?, self.scalar(&args[1], at)?];
                let found = self.histogram(&bounds, &args[2], at)?;
                // 2.x knows it for native histograms alone.
                if self.options.rules == Rules::V2 { Vec::new() } else { found }
            }
            // These read native histograms, and every series here is made of floats.
            "histogram_avg" | "histogram_count" | "histogram_sum" | "histogram_stddev"
            | "histogram_stdvar" => {
                self.vector(&args[0], at)?;
                Vec::new()
            }
            _ if dates::part(name, 0.0).is_some() => self.date(name, args, at)?,
            _ => return self.mapped(name, args, at),
        }))
    }

    fn absent(&mut self, present: bool, expr: &Expr) -> Vec<Sample> {
        if present {
            return Vec::new();
        }
        vec![Sample { labels: self.absent_labels(expr), value: 1.0 }]
    }

    /// Times of the samples of a plain selector; of anything else, the time of the question.
    fn timestamp(&mut self, expr: &Expr, at: Moment) -> Result<Vec<Sample>, EvalError> {
        let timed: Vec<(i64, Sample)> = match &expr.bare().node {
            Node::Selector(selector) => {
                let mut timed = Vec::new();
                self.each_newest(selector, at, |labels, ms, value| {
                    timed.push((ms, Sample { labels: labels.to_vec(), value }));
                })?;
                timed
            }
            _ => self.vector(expr, at)?.into_iter().map(|s| (at.at, s)).collect(),
        };
        let stamp = |(ms, sample): (i64, Sample)| Sample { value: ms as f64 / 1000.0, ..sample };
        renamed(timed.into_iter().map(stamp).collect(), Some(self.options.rules), Some)
    }

    fn sorted(&mut self, falling: bool, expr: &Expr, at: Moment) -> Result<Vec<Sample>, EvalError> {
        let mut samples = self.vector(expr, at)?;
        samples.sort_by(|a, b| {
            // NaN comes last either way.
            let nan = a.value.is_nan().cmp(&b.value.is_nan());
            let order = nan_first(a.value, b.value);
            nan.then(if falling { order.reverse() } else { order })
        });
        Ok(samples)
    }

    fn date(&mut self, name: &str, args: &[Expr], at: Moment) -> Result<Vec<Sample>, EvalError> {
        let samples = match args.first() {
            Some(expr) => self.vector(expr, at)?,
            None => vec![Sample { labels: Vec::new(), value: at.at.div_euclid(1000) as f64 }],
        };
        renamed(samples, Some(self.options.rules), |value| dates::part(name, value))
    }

    /// Functions of a range, or of each element by itself.
    fn mapped(&mut self, name: &str, args: &[Expr], at: Moment) -> Result<Found, EvalError> {
        let ranges = args.iter().any(|a| a.yields() == crate::ast::Type::Matrix);
        if ranges {
            return match self.over_time(name, args, at)? {
                Some(samples) => Ok(Found::Vector(samples)),
                None => fail(format!("unknown function {name:?}")),
            };
        }
        let samples = self.vector(&args[0], at)?;
        let mut numbers = Vec::new();
        for arg in &args[1..] {
            numbers.push(self.scalar(arg, at)?);
        }
        if let ("clamp", [low, high]) = (name, &numbers[..])
            && low > high
        {
            return Ok(Found::Vector(Vec::new()));
        }
        if of_value(name, 0.0, &numbers).is_none() {
            return fail(format!("unknown function {name:?}"));
        }
        let value = |x: f64| of_value(name, x, &numbers);
        Ok(Found::Vector(renamed(samples, Some(self.options.rules), value)?))
    }
}

/// Arithmetic on one value.
fn of_value(name: &str, x: f64, numbers: &[f64]) -> Option<f64> {
    Some(match (name, numbers) {
        ("abs", _) => x.abs(),
        ("ceil", _) => x.ceil(),
        ("floor", _) => x.floor(),
        ("exp", _) => maths::exp(x),
        ("ln", _) => maths::ln(x),
        ("log2", _) => maths::log2(x),
        ("log10", _) => maths::log10(x),
        ("sqrt", _) => x.sqrt(),
        ("sgn", _) if x > 0.0 => 1.0,
        ("sgn", _) if x < 0.0 => -1.0,
        ("sgn", _) => x,
        ("sin", _) => maths::sin(x),
        ("cos", _) => maths::cos(x),
        ("tan", _) => maths::tan(x),
        ("asin", _) => maths::asin(x),
        ("acos", _) => maths::acos(x),
        ("atan", _) => maths::atan(x),
        ("sinh", _) => maths::sinh(x),
        ("cosh", _) => maths::cosh(x),
        ("tanh", _) => maths::tanh(x),
        ("asinh", _) => maths::asinh(x),
        ("acosh", _) => maths::acosh(x),
        ("atanh", _) => maths::atanh(x),
        ("deg", _) => x * 180.0 / std::f64::consts::PI,
        ("rad", _) => x * std::f64::consts::PI / 180.0,
        ("clamp", [least, most]) => larger(*least, smaller(*most, x)),
        ("clamp_min", [least]) => larger(*least, x),
        ("clamp_max", [most]) => smaller(*most, x),
        ("round", []) => (x + 0.5).floor(),
        ("round", [to]) => {
            // As Prometheus computes it, with the inverse: ties go up.
            let inverse = 1.0 / to;
            (x * inverse + 0.5).floor() / inverse
        }
        _ => return None,
    })
}

/// The larger of two, as Go has it: infinity wins over NaN, NaN over the rest.
fn larger(a: f64, b: f64) -> f64 {
    match (a == f64::INFINITY || b == f64::INFINITY, a.is_nan() || b.is_nan()) {
        (true, _) => f64::INFINITY,
        (_, true) => f64::NAN,
        _ => a.max(b),
    }
}

/// The smaller of two, as Go has it.
fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}
