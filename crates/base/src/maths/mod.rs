//! Exponentials, logarithms, powers and angles in plain arithmetic: the same bits on every
//! processor and with every C library.
//!
//! `f64::exp` and its like call the C library of the machine, which picks an implementation by
//! processor (glibc: with or without fused multiply-add) and changes it between releases: the last
//! bit of one call in ten differs. Here stands the only way to these functions; clippy's list of
//! disallowed methods (`clippy.toml`) closes every other. Crate `libm` (a port of musl's libm to
//! Rust, version pinned) computes what is asked seldom, [`swift`] what the request loop asks.
//!
//! Left as they are: `sqrt`, `abs`, `floor`, `ceil`, `trunc`, `round` and the four operations,
//! which IEEE 754 defines to the last bit.

pub mod normal;
pub mod swift;

pub use libm::{
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, erfc, exp, expm1 as exp_m1,
    hypot, log as ln, log1p as ln_1p, log2, log10, pow, sin, sinh, tan, tanh,
};

/// ln Γ(x) of x > 0; infinite at the poles.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// x to a whole power, by squaring: the same products in the same order everywhere.
pub fn powi(x: f64, power: i32) -> f64 {
    let (mut base, mut left, mut result) = (x, power.unsigned_abs(), 1.0);
    while left > 0 {
        if left & 1 == 1 {
            result *= base;
        }
        base *= base;
        left >>= 1;
    }
    if power < 0 { 1.0 / result } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many units in the last place `found` is from `truth`.
    fn ulps(found: f64, truth: f64) -> u64 {
        found.to_bits().abs_diff(truth.to_bits())
    }

    /// Truths computed with 40 digits and rounded once.
    #[test]
    fn known_values_to_the_last_place() {
        for (found, truth) in [
            (exp(1.0), std::f64::consts::E),
            (ln(10.0), std::f64::consts::LN_10),
            (ln_1p(1e-10), 9.999_999_999_5e-11),
            (exp_m1(1e-10), 1.000_000_000_05e-10),
            (pow(2.5, 3.5), 24.705_294_220_065_465),
            (erfc(2.0), 0.004_677_734_981_047_266),
            (ln_gamma(0.5), 0.572_364_942_924_700_1),
            (ln_gamma(171.5), 709.143_163_030_928_2),
        ] {
            assert!(ulps(found, truth) <= 4, "{found:e} is not {truth:e}");
        }
    }

    #[test]
    fn whole_powers() {
        assert_eq!(
            (powi(3.0, 4), powi(2.0, -3), powi(7.0, 0), powi(-2.0, 3)),
            (81.0, 0.125, 1.0, -8.0)
        );
        assert_eq!((powi(0.0, 2), powi(10.0, 15)), (0.0, 1e15));
    }
}
