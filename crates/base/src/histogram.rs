//! A log-linear latency histogram: 128 sub-buckets per power of two, below 0.8 % wide.
//!
//! Recording is an index from the bits of the value and one addition, so histograms merge exactly
//! by adding counts, in any order and on any number of threads.

/// Buckets per power of two.
const SUB_BITS: u32 = 7;
/// Everything below 2¹⁰ ns (about a microsecond) shares the first bucket.
const FIRST_EXPONENT: u32 = 10;
/// Everything from 2⁴³ ns (2.4 h) on shares the last bucket.
const EXPONENTS: u32 = 33;
/// Number of buckets.
pub const BUCKETS: usize = ((EXPONENTS << SUB_BITS) + 1) as usize;

/// The bucket of a latency in nanoseconds.
///
/// Exponent and leading bits are read off the number as a double, which is exact below 2⁵³;
/// everything above is in the last bucket anyway (as a negative double, if need be).
#[inline(always)]
pub fn bucket_of(nanos: u64) -> usize {
    const FIRST: u64 = ((1023 + FIRST_EXPONENT as u64) << SUB_BITS) - 1;
    let leading = (nanos as i64 as f64).to_bits() >> (52 - SUB_BITS);
    (leading.saturating_sub(FIRST) as usize).min(BUCKETS - 1)
}

/// The smallest latency (nanoseconds) that falls into `bucket`.
pub fn bucket_floor(bucket: usize) -> u64 {
    if bucket == 0 {
        return 0;
    }
    let index = bucket as u32 - 1;
    let exponent = (index >> SUB_BITS) + FIRST_EXPONENT;
    (u64::from(index & ((1 << SUB_BITS) - 1)) | 1 << SUB_BITS) << (exponent - SUB_BITS)
}

/// Counts of latencies, with their exact sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: Box<[u32; BUCKETS]>,
    count: u64,
    sum_nanos: u128,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: Box::new([0; BUCKETS]), count: 0, sum_nanos: 0 }
    }
}

impl Histogram {
    /// Adds one latency whose bucket is known.
    #[inline(always)]
    pub fn record_in(&mut self, bucket: usize, nanos: u64) {
        self.counts[bucket] += 1;
        self.count += 1;
        self.sum_nanos += u128::from(nanos);
    }

    /// How many latencies were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean in milliseconds; nothing when empty.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_nanos as f64 / self.count as f64 / 1e6)
    }

    /// The `q` quantile in milliseconds (middle of its bucket); nothing when empty.
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        let wanted = ((self.count as f64 * q).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && self.count > 0 {
                let middle = bucket_floor(bucket) + bucket_floor(bucket + 1);
                return Some(middle as f64 / 2e6);
            }
        }
        None
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(other.counts.iter()).for_each(|(a, b)| *a += b);
        self.count += other.count;
        self.sum_nanos += other.sum_nanos;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_narrow_and_ordered() {
        let mut nanos = 1_100_u64;
        while nanos < 1 << 42 {
            let bucket = bucket_of(nanos);
            let (low, high) = (bucket_floor(bucket), bucket_floor(bucket + 1));
            assert!(low <= nanos && nanos < high, "{nanos} not in {low}..{high}");
            assert!((high - low) as f64 / low as f64 <= 1.0 / 128.0 + 1e-12);
            nanos += nanos / 37;
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
        for edge in (0..=BUCKETS - 1).map(bucket_floor) {
            assert_eq!(bucket_floor(bucket_of(edge)), edge);
            assert_eq!(bucket_of(edge.saturating_sub(1)) + usize::from(edge > 0), bucket_of(edge));
        }
        assert_eq!([bucket_of(0), bucket_of(1_023), bucket_of(1_024)], [0, 0, 1]);
        assert_eq!(bucket_of((1 << 43) - 1), BUCKETS - 1);
    }

    #[test]
    fn quantiles_of_a_known_set() {
        let mut histogram = Histogram::default();
        (1..=1000).map(|ms| ms * 1_000_000).for_each(|ns| histogram.record_in(bucket_of(ns), ns));
        for q in [0.01, 0.5, 0.99, 1.0] {
            let ms = histogram.quantile_ms(q).expect("not empty");
            assert!((ms / (q * 1000.0) - 1.0).abs() < 0.01, "{q}: {ms}");
        }
        assert_eq!(histogram.mean_ms(), Some(500.5));
        assert_eq!(Histogram::default().quantile_ms(0.5), None);
    }
}
