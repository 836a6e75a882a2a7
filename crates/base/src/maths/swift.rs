//! `exp` and `ln` for the request loop: no branch, no table, no call, so that the compiler turns
//! a loop over an array into vector instructions. Additions, products, one quotient and bits only;
//! the scalar and the vector way give the same bits.

use std::f64::consts::LOG2_E;

/// ln 2 in two parts: the first ends in 21 zero bits, so that its product with a whole number
/// below 2²¹ is exact (the usual split of Cody and Waite, "Software Manual for the Elementary
/// Functions").
const LN2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);
/// 1.5 × 2⁵²: added and taken away, it rounds to a whole number, which its low bits hold meanwhile.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Smallest argument of [`exp`]; below, the result is that of this end.
pub const EXP_LEAST: f64 = -708.0;
/// Largest argument of [`exp`]; above, the result is that of this end.
pub const EXP_MOST: f64 = 709.0;

/// Taylor's coefficients of eʳ from r¹⁴ downwards are cut: for |r| ≤ ln 2 / 2 what is left out is
/// below r¹⁴/14! < 4.2 × 10⁻¹⁸ of the result.
const TAYLOR: [f64; 14] = [
    1.0,
    1.0,
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// eˣ for [`EXP_LEAST`] ≤ x ≤ [`EXP_MOST`], within 1 unit in the last place (tested against values
/// of 40 digits); outside, the value at the nearer end; NaN for NaN.
///
/// x = n ln 2 + r with |r| ≤ ln 2 / 2, and eˣ = 2ⁿ eʳ by Taylor's polynomial of degree 13.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = if x > EXP_MOST { EXP_MOST } else { x };
    let x = if x < EXP_LEAST { EXP_LEAST } else { x };
    let rounded = x * LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    // The low bits of `rounded` are n; as an exponent it is 2ⁿ.
    let power = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    let t = &TAYLOR;
    let square = r * r;
    let fourth = square * square;
    // Pairs of neighbours first (Estrin's scheme): short chains of products.
    let low = (t[2] + t[3] * r) + (t[4] + t[5] * r) * square;
    let middle = (t[6] + t[7] * r) + (t[8] + t[9] * r) * square;
    let high = (t[10] + t[11] * r) + (t[12] + t[13] * r) * square;
    let rest = low + (middle + high * fourth) * fourth;
    power * (1.0 + (r + square * rest))
}

/// ln x of a positive normal x, within 2 units in the last place (tested against values of 40
/// digits); of anything else the result means nothing.
///
/// x = 2ᵏ m with √½ ≤ m < √2, and ln m = 2 artanh s, s = (m − 1)/(m + 1), |s| < 0.1716, by its
/// series up to s²¹: what is left out is below s²²/23 < 7 × 10⁻¹⁹ of the result.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    /// Bits of √½: what lies between it and √2 has k = 0.
    const ROOT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    let bits = x.to_bits().wrapping_sub(ROOT_HALF);
    let k = (bits as i64 >> 52) as i32;
    let m = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF).wrapping_add(ROOT_HALF));
    let k = f64::from(k);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = 1.0 / 3.0 + w * (1.0 / 7.0 + w * (1.0 / 11.0 + w * (1.0 / 15.0 + w * (1.0 / 19.0))));
    let odd = 1.0 / 5.0 + w * (1.0 / 9.0 + w * (1.0 / 13.0 + w * (1.0 / 17.0 + w * (1.0 / 21.0))));
    // 2 artanh s = f − s (f − 2 z (series)): the greatest part, f, is exact.
    let series = 2.0 * z * (even + z * odd);
    let correction = s * (f - series);
    k * LN2_HIGH - ((correction - k * LN2_LOW) - f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(found: f64, truth: f64) -> u64 {
        found.to_bits().abs_diff(truth.to_bits())
    }

    /// The greatest error over a table of arguments and values of 40 digits, in units in the last
    /// place of the value.
    fn worst(table: &str, function: impl Fn(f64) -> f64) -> u64 {
        let rows = table.lines().skip(1).map(|line| line.split_once(',').expect("two columns"));
        let error = |(x, truth): (&str, &str)| {
            let x: f64 = x.parse().expect("a number");
            ulps(function(x), truth.parse().expect("a number"))
        };
        rows.map(error).max().expect("rows")
    }

    #[test]
    fn exp_errs_by_one_unit_at_most() {
        let table = include_str!("../../../../tests/data/maths/exp.csv");
        assert!(worst(table, exp) <= 1);
        // The test can fail: a polynomial that lacks one term errs by hundreds.
        assert!(worst(table, |x| exp(x) * (1.0 - 1e-13)) > 100);
    }

    #[test]
    fn ln_errs_by_two_units_at_most() {
        let table = include_str!("../../../../tests/data/maths/ln.csv");
        assert!(worst(table, ln) <= 2);
    }

    #[test]
    fn ends_and_nonsense() {
        assert_eq!(exp(1e9), exp(EXP_MOST));
        assert_eq!(exp(f64::NEG_INFINITY), exp(EXP_LEAST));
        assert!(exp(f64::NAN).is_nan() && exp(EXP_MOST).is_finite() && exp(EXP_LEAST) > 0.0);
        assert_eq!((exp(0.0), ln(1.0)), (1.0, 0.0));
    }

    /// A loop over an array, which the compiler makes vector instructions of, and single calls.
    #[test]
    fn the_vector_way_gives_the_same_bits() {
        let xs: Vec<f64> = (0..1_000).map(|k| f64::from(k) * 0.037 - 20.0).collect();
        let at_once: Vec<f64> = xs.iter().map(|x| ln(exp(*x)) + exp(-x)).collect();
        for (x, found) in xs.iter().zip(&at_once) {
            let alone = std::hint::black_box(ln)(std::hint::black_box(exp)(*x))
                + std::hint::black_box(exp)(-x);
            assert_eq!(alone.to_bits(), found.to_bits());
        }
    }
}
