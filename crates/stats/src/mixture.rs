//! Figures of a release that may be one of several variants: per-variant figures, combined.
//!
//! Every variant is a stratum with a known weight, its own flights and its own number of them.
//! The mean of the mix is Σ weight·mean; its interval keeps each variant's own distances to its
//! ends, skewed as they are, and combines them as variances are combined (MOVER: Zou & Donner,
//! "Construction of Confidence Limits about Effect Measures", 2008; with correlated strata: Zou,
//! 2008). Variants that flew the same replications met the same storm, so their means move
//! together: the correlation is taken from the replications they share. A single variant is a mix
//! of one. Deliberately absent: where flights come from.

use super::bounds::Bounds;
use super::interval::{Interval, clopper_pearson};
use super::mean::{MeanOf, Method, mean_of};
use windtunnel_base::moments::correlation;

/// One variant's flights.
#[derive(Clone, Debug, PartialEq)]
pub struct Stratum {
    /// Its share of the mix, above 0; shares are scaled to sum to 1.
    pub weight: f64,
    /// One value by replication, NaN where the flight has none.
    pub values: Vec<f64>,
}

impl Stratum {
    /// The values that exist.
    pub fn known(&self) -> Vec<f64> {
        self.values.iter().copied().filter(|value| !value.is_nan()).collect()
    }

    /// Replication by replication what `self` has more than `other`, NaN where either has none.
    pub fn minus(&self, other: &Stratum) -> Stratum {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a - b).collect();
        Stratum { weight: self.weight, values }
    }
}

/// The weights, scaled to sum to 1; nothing without strata or with weights that make no sense.
fn weights(strata: &[Stratum]) -> Option<Vec<f64>> {
    let total: f64 = strata.iter().map(|s| s.weight).sum();
    let sound = strata.iter().all(|s| s.weight > 0.0) && total.is_finite();
    (sound && !strata.is_empty()).then(|| strata.iter().map(|s| s.weight / total).collect())
}

/// The mean of the mix. Nothing if a stratum has no value.
pub fn mean_of_mix(strata: &[Stratum], bounds: &Bounds, confidence: f64) -> Option<MeanOf> {
    mean_of_parts(strata, &vec![*bounds; strata.len()], confidence)
}

/// The same, each stratum with bounds of its own. Nothing if there are not as many.
pub fn mean_of_parts(strata: &[Stratum], bounds: &[Bounds], confidence: f64) -> Option<MeanOf> {
    let weights = weights(strata).filter(|weights| weights.len() == bounds.len())?;
    let of = |(s, bounds): (&Stratum, &Bounds)| mean_of(&s.known(), bounds, confidence);
    let parts: Vec<MeanOf> = strata.iter().zip(bounds).map(of).collect::<Option<_>>()?;
    if let [one] = parts.as_slice() {
        return Some(*one);
    }
    let mean: f64 = weights.iter().zip(&parts).map(|(w, part)| w * part.mean).sum();
    let together = correlations(strata);
    let reach = |distance: &dyn Fn(&MeanOf) -> f64| {
        let far: Vec<f64> = weights.iter().zip(&parts).map(|(w, p)| w * distance(p)).collect();
        if far.iter().any(|d| d.is_infinite()) {
            return f64::INFINITY;
        }
        let pairs = (0..far.len()).flat_map(|i| (0..far.len()).map(move |j| (i, j)));
        let square: f64 = pairs.map(|(i, j)| together[i][j] * far[i] * far[j]).sum();
        square.max(0.0).sqrt()
    };
    let lower = mean - reach(&|part| part.mean - part.interval.lower);
    let upper = mean + reach(&|part| part.interval.upper - part.mean);
    let least = bounds.iter().map(|b| b.least).fold(f64::INFINITY, f64::min);
    let most = bounds.iter().map(|b| b.most).fold(f64::NEG_INFINITY, f64::max);
    let interval = Interval { lower: lower.max(least), upper: upper.min(most) };
    Some(MeanOf { mean, interval, method: Method::Mixed })
}

/// Correlations of the strata's means: of values over the replications that both have, thinned by
/// those that only one has, r·c/√(n·m). Negative ones count as none: a few flights know them badly,
/// and what was not seen would not cancel.
pub(crate) fn correlations(strata: &[Stratum]) -> Vec<Vec<f64>> {
    let count = |s: &Stratum| s.values.iter().filter(|value| !value.is_nan()).count() as f64;
    let of = |(i, a): (usize, &Stratum), (j, b): (usize, &Stratum)| {
        if i == j {
            return 1.0;
        }
        let both = a.values.iter().zip(&b.values).filter(|(x, y)| !x.is_nan() && !y.is_nan());
        let (x, y): (Vec<f64>, Vec<f64>) = both.map(|(x, y)| (*x, *y)).unzip();
        let shared = x.len() as f64 / (count(a) * count(b)).sqrt();
        correlation(&x, &y).unwrap_or(0.0).max(0.0) * shared
    };
    let row = |a| strata.iter().enumerate().map(|b| of(a, b)).collect();
    strata.iter().enumerate().map(row).collect()
}

/// All values of the mix with their weights, ascending by value; weights sum to 1. Nothing if a
/// stratum has no value.
fn weighted(strata: &[Stratum]) -> Option<Vec<(f64, f64)>> {
    let mut all = Vec::new();
    for (weight, stratum) in weights(strata)?.into_iter().zip(strata) {
        let known = stratum.known();
        if known.is_empty() {
            return None;
        }
        let each = weight / known.len() as f64;
        all.extend(known.into_iter().map(|value| (value, each)));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(all)
}

/// The `q` quantiles of a release drawn from the mix, linear between the values at
/// (weight before)/(1 − weight of the last): of one stratum that is type 7.
pub fn quantiles_of_mix<const N: usize>(strata: &[Stratum], q: [f64; N]) -> Option<[f64; N]> {
    let all = weighted(strata)?;
    let span = 1.0 - all.last()?.1;
    let mut before = 0.0;
    let places: Vec<f64> = all
        .iter()
        .map(|(_, weight)| {
            let place = before / span;
            before += weight;
            place
        })
        .collect();
    let at = |q: f64| {
        // Sums of weights are rounded; a place that differs in the last digits is the same place.
        let above = places.partition_point(|place| *place <= q + 1e-12).max(1);
        let (low, high) = (all[above - 1].0, all[above.min(all.len() - 1)].0);
        if above >= all.len() || low == high {
            return low;
        }
        let part = (q - places[above - 1]) / (places[above] - places[above - 1]);
        if part <= 1e-9 { low } else { low + (high - low) * part }
    };
    Some(q.map(at))
}

/// The interval of the mix's `q` quantile, free of assumptions: all x at which the share of
/// values up to x may be `q`. Of one stratum that is the order-statistics interval. An end
/// without a bound is infinite.
pub fn quantile_interval_of_mix(strata: &[Stratum], q: f64, confidence: f64) -> Option<Interval> {
    let all = weighted(strata)?;
    if !(q > 0.0 && q < 1.0) {
        return None;
    }
    let shares = weights(strata)?;
    let sorted = |s: &Stratum| {
        let mut known = s.known();
        known.sort_by(f64::total_cmp);
        known
    };
    let strata: Vec<Vec<f64>> = strata.iter().map(sorted).collect();
    let share = |counts: &dyn Fn(&[f64]) -> usize| {
        let parts = shares.iter().zip(&strata).map(|(weight, values)| Counted {
            weight: *weight,
            hits: counts(values) as u64,
            n: values.len() as u64,
        });
        share_of_mix(&parts.collect::<Vec<_>>(), confidence)
    };
    let up_to = |x: f64| share(&|values| values.partition_point(|value| *value <= x));
    share(&|_| 0)?;
    let open = share(&|_| 0).is_some_and(|none| none.interval.upper >= q);
    let first = |test: &dyn Fn(Interval) -> bool| {
        let at = all.partition_point(|(x, _)| up_to(*x).is_some_and(|s| !test(s.interval)));
        all.get(at).map(|(x, _)| *x)
    };
    let lower = first(&|share| share.upper >= q).filter(|_| !open);
    let upper = first(&|share| share.lower >= q);
    Some(Interval {
        lower: lower.unwrap_or(f64::NEG_INFINITY),
        upper: upper.unwrap_or(f64::INFINITY),
    })
}

/// One variant's count of flights in which something happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// Its share of the mix, above 0.
    pub weight: f64,
    /// Flights in which it happened.
    pub hits: u64,
    /// Flights.
    pub n: u64,
}

/// A share of flights with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareOf {
    /// The share, 0 to 1.
    pub share: f64,
    /// The interval of the share over the mix.
    pub interval: Interval,
}

/// The share of the mix's flights in which something happens: shares and the ends of Clopper and
/// Pearson's intervals, weighted alike. So it holds whatever the variants have in common. Nothing
/// if a variant has no flight.
pub fn share_of_mix(parts: &[Counted], confidence: f64) -> Option<ShareOf> {
    let total: f64 = parts.iter().map(|part| part.weight).sum();
    if !(total > 0.0 && total.is_finite()) {
        return None;
    }
    let (mut share, mut lower, mut upper) = (0.0, 0.0, 0.0);
    for part in parts {
        let interval = clopper_pearson(part.hits, part.n, confidence)?;
        let weight = part.weight / total;
        share += weight * part.hits as f64 / part.n as f64;
        lower += weight * interval.lower;
        upper += weight * interval.upper;
    }
    Some(ShareOf { share, interval: Interval { lower, upper: upper.min(1.0) } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantile::{quantile_of_sorted, sorted};

    fn stratum(weight: f64, values: &[f64]) -> Stratum {
        Stratum { weight, values: values.to_vec() }
    }

    const NONE: Bounds = Bounds::NONE;

    #[test]
    fn every_flight_of_every_variant_counts() {
        let mix = [stratum(85.0, &[2.0]), stratum(15.0, &[4.0, 6.0, f64::NAN, 8.0])];
        let found = mean_of_mix(&mix, &NONE, 0.95).expect("values");
        assert!((found.mean - (0.85 * 2.0 + 0.15 * 6.0)).abs() < 1e-12);
        assert_eq!(found.interval, Interval::EVERYTHING, "one flight has no interval");
        let gone = [stratum(0.5, &[f64::NAN; 3]), stratum(0.5, &[1.0; 3])];
        assert_eq!(mean_of_mix(&gone, &NONE, 0.95), None);
        assert_eq!(mean_of_mix(&[], &NONE, 0.95), None);
    }

    /// What two variants have in common adds up; only over the replications that both flew.
    #[test]
    fn the_common_storm_is_accounted_for() {
        let up: Vec<f64> = (0..20).map(f64::from).collect();
        let down: Vec<f64> = up.iter().rev().copied().collect();
        let width = |other: &[f64]| {
            let mix = [stratum(0.5, &up), stratum(0.5, other)];
            mean_of_mix(&mix, &NONE, 0.95).expect("values").interval.half_width()
        };
        let single = mean_of(&up, &NONE, 0.95).expect("values").interval.half_width();
        assert!((width(&down) - single / 2.0_f64.sqrt()).abs() < 1e-9, "{}", width(&down));
        assert!((width(&up) - single).abs() < 1e-9);
        let longer: Vec<f64> = up.iter().chain(&up).chain(&up).copied().collect();
        assert!(width(&longer) < width(&up));
    }

    #[test]
    fn of_one_variant_nothing_changes() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0];
        let one = [stratum(0.3, &values)];
        for q in [0.0, 0.05, 0.25, 0.5, 0.77, 0.95, 1.0] {
            let [got] = quantiles_of_mix(&one, [q]).expect("values");
            let seven = sorted(&values).and_then(|v| quantile_of_sorted(&v, q)).expect("values");
            assert!((got - seven).abs() < 1e-9, "{q}: {got}, {seven}");
        }
        let share = share_of_mix(&[Counted { weight: 0.2, hits: 3, n: 40 }], 0.95).expect("share");
        assert_eq!(Some(share.interval), clopper_pearson(3, 40, 0.95));
    }

    /// 85 % of releases take 0 to 9, 15 % take 100: the median is a good one's, the 95 % quantile
    /// a bad one's.
    #[test]
    fn quantiles_are_those_of_a_release_drawn_from_the_mix() {
        let good: Vec<f64> = (0..10).map(f64::from).collect();
        let mix = [stratum(0.85, &good), stratum(0.15, &[100.0; 200])];
        let [middle, high] = quantiles_of_mix(&mix, [0.5, 0.95]).expect("values");
        assert!((4.0..7.0).contains(&middle), "{middle}");
        assert_eq!(high, 100.0);
        assert_eq!(share_of_mix(&[Counted { weight: 1.0, hits: 0, n: 0 }], 0.95), None);
    }
}
