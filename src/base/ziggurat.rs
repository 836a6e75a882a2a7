//! The quick part of the ziggurat method, inlined where requests are drawn.
//!
//! `rand_distr` samples by Doornik's ziggurat (ZIGNOR, 2005): 98.8 % of draws take one number, one
//! product and one comparison. These two samplers do that part in place and hand everything else,
//! with the generator as it was, to `rand_distr`: the draws are the same, bit for bit. The tables
//! are private there, so they are read out once by sampling with chosen numbers.

use super::random::Stream;
use rand::rand_core::{Infallible, TryRng};
use rand_distr::{Distribution, Exp1, StandardNormal};
use std::sync::LazyLock;

/// Upper ends of the 256 layers, and 0 at last.
#[derive(Debug)]
struct Layers([f64; 257]);

static NORMAL: LazyLock<Layers> = LazyLock::new(|| {
    // A mantissa of 1/2 + 2⁻¹² makes 2 × 1.5002… − 3 = 2⁻¹¹: the draw is that part of its layer.
    read_layers(StandardNormal, (1 << 51) | (1 << 40), 2048.0)
});

static EXPONENTIAL: LazyLock<Layers> = LazyLock::new(|| {
    // A mantissa of zero makes 1 − (1 − 2⁻⁵³): the draw is that part of its layer.
    read_layers(Exp1, 0, 9_007_199_254_740_992.0)
});

/// Numbers of our choice: the first, then the largest.
struct Chosen(u64);

impl TryRng for Chosen {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::MAX)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(std::mem::replace(&mut self.0, u64::MAX))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(u8::MAX);
        Ok(())
    }
}

/// Reads the ends of all layers: a draw with this `mantissa` is the end of its layer over `part`.
fn read_layers(distribution: impl Distribution<f64>, mantissa: u64, part: f64) -> Layers {
    let mut layers = [0.0; 257];
    for (layer, end) in layers.iter_mut().take(256).enumerate() {
        *end = distribution.sample(&mut Chosen(mantissa << 12 | layer as u64)) * part;
    }
    Layers(layers)
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
    /// The quick part: what 64 random bits lead to, if they leave nothing open.
    #[inline(always)]
    fn quick(self, bits: u64) -> Option<f64> {
        let layer = (bits & 0xff) as usize;
        let u = f64::from_bits(bits >> 12 | 0x400 << 52) - 3.0;
        let x = u * self.0.0[layer];
        (x.abs() < self.0.0[layer + 1]).then_some(x)
    }

    /// The next standard normal of `stream`, as `rand_distr::StandardNormal` draws it.
    #[inline(always)]
    pub fn draw(self, stream: &mut Stream) -> f64 {
        one(stream, |bits| self.quick(bits), StandardNormal)
    }

    /// The next standard normals of `stream`, one for each of `places`.
    #[inline(always)]
    pub fn fill<T>(self, stream: &mut Stream, places: &mut [T], put: impl FnMut(&mut T, f64)) {
        many(stream, places, |bits| self.quick(bits), StandardNormal, put);
    }
}

impl Exponentials {
    /// The quick part: what 64 random bits lead to, if they leave nothing open.
    #[inline(always)]
    fn quick(self, bits: u64) -> Option<f64> {
        let layer = (bits & 0xff) as usize;
        let u = f64::from_bits(bits >> 12 | 0x3ff << 52) - (1.0 - f64::EPSILON / 2.0);
        let x = u * self.0.0[layer];
        (x < self.0.0[layer + 1]).then_some(x)
    }

    /// The next unit exponential of `stream`, as `rand_distr::Exp1` draws it.
    #[inline(always)]
    pub fn draw(self, stream: &mut Stream) -> f64 {
        one(stream, |bits| self.quick(bits), Exp1)
    }

    /// The next unit exponentials of `stream`, one for each of `places`.
    #[inline(always)]
    pub fn fill<T>(self, stream: &mut Stream, places: &mut [T], put: impl FnMut(&mut T, f64)) {
        many(stream, places, |bits| self.quick(bits), Exp1, put);
    }
}

#[inline(always)]
fn one(
    stream: &mut Stream,
    quick: impl Fn(u64) -> Option<f64>,
    distribution: impl Distribution<f64>,
) -> f64 {
    let before = stream.clone();
    if let Some(x) = quick(stream.bits()) {
        return x;
    }
    *stream = before;
    seldom(stream, distribution)
}

/// Draws for all of `places`, with the stream in registers as long as the quick part suffices.
#[inline(always)]
fn many<T>(
    stream: &mut Stream,
    places: &mut [T],
    quick: impl Fn(u64) -> Option<f64>,
    distribution: impl Distribution<f64> + Copy,
    mut put: impl FnMut(&mut T, f64),
) {
    let mut places = places.iter_mut();
    loop {
        let mut ahead = stream.clone();
        let open = loop {
            let Some(place) = places.next() else { break None };
            let mut next = ahead.clone();
            let Some(x) = quick(next.bits()) else { break Some(place) };
            ahead = next;
            put(place, x);
        };
        *stream = ahead;
        let Some(place) = open else { return };
        put(place, seldom(stream, distribution));
    }
}

/// A draw that the quick part leaves open.
#[cold]
#[inline(never)]
fn seldom(stream: &mut Stream, distribution: impl Distribution<f64>) -> f64 {
    stream.sample(distribution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Streams};

    /// Every draw and the generator behind it: a wrong layer would part the two at once.
    #[test]
    fn draws_are_those_of_rand_distr_bit_for_bit() {
        let mut ours = Streams::new(11, 0).stream(Purpose::Demand, 0);
        let mut theirs = ours.clone();
        for draw in 0..300_000 {
            let (a, b) = (Normals::default().draw(&mut ours), theirs.sample(StandardNormal));
            let (c, d): (f64, f64) = (Exponentials::default().draw(&mut ours), theirs.sample(Exp1));
            let (b, d): (f64, f64) = (b, d);
            assert_eq!((a.to_bits(), c.to_bits()), (b.to_bits(), d.to_bits()), "draw {draw}");
        }
        assert_eq!(ours.bits(), theirs.bits());
    }

    #[test]
    fn layers_fall_to_zero() {
        for layers in [&*NORMAL, &*EXPONENTIAL] {
            assert!(layers.0.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }
}
