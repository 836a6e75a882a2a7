//! Φ⁻¹, the quantile of the standard normal distribution.

use super::ln;

/// A quotient of two polynomials of degree 7, coefficients from the constant upwards.
struct Quotient {
    above: [f64; 8],
    below: [f64; 8],
}

/// For |p − ½| ≤ 0.425, in 0.180625 − (p − ½)².
const CENTRE: Quotient = Quotient {
    above: [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    below: [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
};

/// For r = √(−ln p) ≤ 5, in r − 1.6.
const MIDDLE: Quotient = Quotient {
    above: [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        0.000_774_545_014_278_341_4,
    ],
    below: [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        0.000_547_593_808_499_534_5,
        1.050_750_071_644_416_9e-9,
    ],
};

/// For r = √(−ln p) > 5, in r − 5.
const TAIL: Quotient = Quotient {
    above: [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    below: [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        0.000_786_869_131_145_613_3,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
};

impl Quotient {
    fn at(&self, x: f64) -> f64 {
        let value = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
        value(&self.above) / value(&self.below)
    }
}

/// Φ⁻¹(p): −∞ and ∞ at 0 and 1, NaN outside. Relative error about 10⁻¹⁶ (Wichura, "Algorithm
/// AS 241", Applied Statistics 37, 1988, routine PPND16).
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        return centred * CENTRE.at(0.180_625 - centred * centred);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(centred);
    }
    let r = (-ln(tail)).sqrt();
    let z = if r <= 5.0 { MIDDLE.at(r - 1.6) } else { TAIL.at(r - 5.0) };
    z.copysign(centred)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Truths of 40 digits.
    #[test]
    fn quantiles_to_fifteen_digits() {
        let rows = include_str!("../../../../tests/data/maths/normal_quantile.csv").lines().skip(1);
        for (p, z) in rows.filter_map(|line| line.split_once(',')) {
            let (p, z): (f64, f64) = (p.parse().expect("p"), z.parse().expect("z"));
            assert!((quantile(p) - z).abs() <= 1e-15 * z.abs().max(0.1), "{p}: {}", quantile(p));
        }
    }

    #[test]
    fn ends() {
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(quantile(-0.1).is_nan() && quantile(f64::NAN).is_nan());
        assert_eq!(quantile(0.5), 0.0);
    }
}
