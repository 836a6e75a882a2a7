//! The ziggurat method (Doornik's ZIGNOR, 2005) for standard normals and unit exponentials.
//!
//! 98.8 % of draws take one number, one product and one comparison, inlined where requests are
//! drawn. The rest (wedges and tails) ask `exp` and `ln`, here in plain arithmetic, so that no draw
//! depends on the machine's C library, as those of `rand_distr` do. Its layers are ours: they are
//! private there, so they are read out once by sampling with chosen numbers, which ends in the
//! quick part. Both take the same numbers from the generator, in the same order.

use super::maths::swift::{exp, ln};
use super::random::Stream;
use rand::rand_core::{Infallible, TryRng};
use rand_distr::{Distribution, Exp1, StandardNormal};
use std::sync::LazyLock;

/// The 256 layers under a density.
#[derive(Debug)]
struct Layers {
    /// Their upper ends, and 0 at last.
    ends: [f64; 257],
    /// The density at each end.
    heights: [f64; 257],
}

/// Upper ends of the top layers: their draws are never quick, so they cannot be read out without
/// the platform's `exp`.
const TOP_NORMAL: f64 = 0.215_241_895_913_273_8;
const TOP_EXPONENTIAL: f64 = 0.063_852_163_815_001_57;

static NORMAL: LazyLock<Layers> = LazyLock::new(|| {
    // A mantissa of 1/2 + 2⁻¹² makes 2 × 1.5002… − 3 = 2⁻¹¹: the draw is that part of its layer.
    read_layers(StandardNormal, (1 << 51) | (1 << 40), 2048.0, TOP_NORMAL, normal_density)
});

static EXPONENTIAL: LazyLock<Layers> = LazyLock::new(|| {
    // A mantissa of zero makes 1 − (1 − 2⁻⁵³): the draw is that part of its layer.
    read_layers(Exp1, 0, 9_007_199_254_740_992.0, TOP_EXPONENTIAL, |x| exp(-x))
});

/// Numbers of our choice: the first, then the largest.
struct Chosen(u64);

impl TryRng for Chosen {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::MAX)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        // Hidden from the compiler, which would work the rest of a draw out before it is needed.
        Ok(std::mem::replace(&mut self.0, std::hint::black_box(u64::MAX)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(u8::MAX);
        Ok(())
    }
}

/// Reads the ends of all layers but the top one: a draw with this `mantissa` is the end of its
/// layer over `part`.
fn read_layers(
    distribution: impl Distribution<f64>,
    mantissa: u64,
    part: f64,
    top: f64,
    density: impl Fn(f64) -> f64,
) -> Layers {
    let mut ends = [0.0; 257];
    for (layer, end) in ends.iter_mut().take(255).enumerate() {
        *end = distribution.sample(&mut Chosen(mantissa << 12 | layer as u64)) * part;
    }
    ends[255] = top;
    Layers { ends, heights: ends.map(density) }
}

/// The density of a standard normal, but for its constant factor.
fn normal_density(x: f64) -> f64 {
    exp(-x * x / 2.0)
}

/// Standard normals.
#[derive(Clone, Copy, Debug)]
pub struct Normals(&'static Layers);

/// Unit exponentials.
#[derive(Clone, Copy, Debug)]
pub struct Exponentials(&'static Layers);

impl Default for Normals {
    fn default() -> Self {
        Normals(&NORMAL)
    }
}

impl Default for Exponentials {
    fn default() -> Self {
        Exponentials(&EXPONENTIAL)
    }
}

impl Normals {
    /// The draw of a layer that these bits name.
    #[inline(always)]
    fn within(self, bits: u64) -> f64 {
        (f64::from_bits(bits >> 12 | 0x400 << 52) - 3.0) * self.0.ends[(bits & 0xff) as usize]
    }

    /// The quick part: what 64 random bits lead to, if they leave nothing open.
    #[inline(always)]
    fn quick(self, bits: u64) -> Option<f64> {
        let x = self.within(bits);
        (x.abs() < self.0.ends[(bits & 0xff) as usize + 1]).then_some(x)
    }

    /// The next standard normal of `stream`.
    #[inline(always)]
    pub fn draw(self, stream: &mut Stream) -> f64 {
        let bits = stream.bits();
        self.quick(bits).unwrap_or_else(|| self.seldom(bits, stream))
    }

    /// The next standard normals of `stream`, one for each of `places`.
    #[inline(always)]
    pub fn fill<T>(self, stream: &mut Stream, places: &mut [T], put: impl FnMut(&mut T, f64)) {
        many(stream, places, |bits| self.quick(bits), |bits, s| self.seldom(bits, s), put);
    }

    /// Goes on where the quick part leaves `bits` open.
    #[cold]
    #[inline(never)]
    fn seldom(self, mut bits: u64, stream: &mut Stream) -> f64 {
        loop {
            let layer = (bits & 0xff) as usize;
            let x = self.within(bits);
            if layer == 0 {
                return self.tail(stream).copysign(x);
            }
            if self.0.has_under(layer, stream, normal_density(x)) {
                return x;
            }
            bits = stream.bits();
            if let Some(x) = self.quick(bits) {
                return x;
            }
        }
    }

    /// A draw beyond the lowest layer (Marsaglia, "Generating a variable from the tail of the
    /// normal distribution", 1964).
    fn tail(self, stream: &mut Stream) -> f64 {
        let begin = self.0.ends[1];
        loop {
            let (x, y) = (ln(open(stream.bits())) / begin, ln(open(stream.bits())));
            if -2.0 * y >= x * x {
                return begin - x;
            }
        }
    }
}

impl Exponentials {
    /// The draw of a layer that these bits name.
    #[inline(always)]
    fn within(self, bits: u64) -> f64 {
        open(bits) * self.0.ends[(bits & 0xff) as usize]
    }

    /// The quick part: what 64 random bits lead to, if they leave nothing open.
    #[inline(always)]
    fn quick(self, bits: u64) -> Option<f64> {
        let x = self.within(bits);
        (x < self.0.ends[(bits & 0xff) as usize + 1]).then_some(x)
    }

    /// The next unit exponential of `stream`.
    #[inline(always)]
    pub fn draw(self, stream: &mut Stream) -> f64 {
        let bits = stream.bits();
        self.quick(bits).unwrap_or_else(|| self.seldom(bits, stream))
    }

    /// The next unit exponentials of `stream`, one for each of `places`.
    #[inline(always)]
    pub fn fill<T>(self, stream: &mut Stream, places: &mut [T], put: impl FnMut(&mut T, f64)) {
        many(stream, places, |bits| self.quick(bits), |bits, s| self.seldom(bits, s), put);
    }

    /// Goes on where the quick part leaves `bits` open.
    #[cold]
    #[inline(never)]
    fn seldom(self, mut bits: u64, stream: &mut Stream) -> f64 {
        loop {
            let layer = (bits & 0xff) as usize;
            let x = self.within(bits);
            if layer == 0 {
                // Beyond the lowest layer an exponential begins anew. Zero, once in 2⁵³, is out.
                return self.0.ends[1] - ln(half_open(stream.bits()).max(f64::MIN_POSITIVE));
            }
            if self.0.has_under(layer, stream, exp(-x)) {
                return x;
            }
            bits = stream.bits();
            if let Some(x) = self.quick(bits) {
                return x;
            }
        }
    }
}

impl Layers {
    /// Does a point drawn at random height of `layer` lie below the `density`?
    fn has_under(&self, layer: usize, stream: &mut Stream, density: f64) -> bool {
        let (top, bottom) = (self.heights[layer + 1], self.heights[layer]);
        top + (bottom - top) * half_open(stream.bits()) < density
    }
}

/// 64 random bits as a number of (0, 1).
#[inline(always)]
fn open(bits: u64) -> f64 {
    f64::from_bits(bits >> 12 | 0x3ff << 52) - (1.0 - f64::EPSILON / 2.0)
}

/// 64 random bits as a number of [0, 1).
fn half_open(bits: u64) -> f64 {
    (bits >> 11) as f64 * (f64::EPSILON / 2.0)
}

/// Draws for all of `places`, with the stream in registers as long as the quick part suffices.
#[inline(always)]
fn many<T>(
    stream: &mut Stream,
    places: &mut [T],
    quick: impl Fn(u64) -> Option<f64>,
    seldom: impl Fn(u64, &mut Stream) -> f64,
    mut put: impl FnMut(&mut T, f64),
) {
    let mut places = places.iter_mut();
    loop {
        let mut ahead = stream.clone();
        let open = loop {
            let Some(place) = places.next() else { break None };
            let bits = ahead.bits();
            let Some(x) = quick(bits) else { break Some((place, bits)) };
            put(place, x);
        };
        *stream = ahead;
        let Some((place, bits)) = open else { return };
        put(place, seldom(bits, stream));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Streams};

    /// The draws of `rand_distr`, to the last digits of `exp` and `ln`, and the same state of the
    /// generator behind them: a wrong layer or tail would part the two at once.
    #[test]
    fn draws_are_those_of_rand_distr() {
        let mut ours = Streams::new(11, 0).stream(Purpose::Demand, 0);
        let mut theirs = ours.clone();
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-14 * b.abs();
        let mut tails = 0;
        for draw in 0..300_000 {
            let (a, b) = (Normals::default().draw(&mut ours), theirs.sample(StandardNormal));
            let (c, d): (f64, f64) = (Exponentials::default().draw(&mut ours), theirs.sample(Exp1));
            let b: f64 = b;
            assert!(near(a, b) && near(c, d), "draw {draw}: {a} {b}, {c} {d}");
            tails += usize::from(a.abs() > 3.66) + usize::from(c > 7.7);
        }
        assert_eq!(ours.bits(), theirs.bits());
        assert!(tails > 50, "the tails were met");
    }

    #[test]
    fn layers_fall_to_zero() {
        for layers in [&*NORMAL, &*EXPONENTIAL] {
            assert!(layers.ends.windows(2).all(|pair| pair[0] > pair[1]));
            assert!(layers.heights.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
