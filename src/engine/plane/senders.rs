//! Who sends a request: every user alike, or some far more often than others.
//!
//! It knows nothing of when, and of what becomes of it.

use super::tape::Drawn;
use crate::base::maths;
use crate::base::random::{Stream, scale};
use crate::traffic::{Activity, Traffic};
use std::sync::Arc;

/// Draws users in proportion to their activity (Walker's alias method for Zipf).
#[derive(Clone, Debug)]
pub(super) enum Senders {
    /// So many users, all alike.
    Alike(u32),
    /// By user: the draw below which it stays with this one, and the other one.
    Alias(Arc<[(u32, u32)]>),
}

impl Senders {
    pub(super) fn new(traffic: &Traffic) -> Senders {
        let Activity::Zipf { exponent } = traffic.activity else {
            return Senders::Alike(traffic.users);
        };
        let weights = (1..=traffic.users).map(|k| maths::pow(f64::from(k), -exponent));
        Senders::Alias(alias_table(weights.collect()).into())
    }

    /// How many users there are.
    pub(super) fn count(&self) -> u32 {
        match self {
            Senders::Alike(count) => *count,
            Senders::Alias(table) => table.len() as u32,
        }
    }

    /// The sender of each of `requests`.
    pub(super) fn draw(&self, stream: &mut Stream, requests: &mut [Drawn]) {
        let mut own = stream.clone();
        match self {
            Senders::Alike(count) => {
                for Drawn { arrival, .. } in requests {
                    arrival.user = scale(own.bits(), *count);
                }
            }
            Senders::Alias(table) => {
                for Drawn { arrival, .. } in requests {
                    let bits = own.bits();
                    let column = scale(bits, table.len() as u32);
                    let (keep_below, other) = table[column as usize];
                    arrival.user = if (bits as u32) < keep_below { column } else { other };
                }
            }
        }
        *stream = own;
    }
}

/// Vose's construction of the alias table: (keep the column below this draw, else take the other).
fn alias_table(weights: Vec<f64>) -> Vec<(u32, u32)> {
    let total: f64 = weights.iter().sum();
    let count = weights.len();
    let mut scaled: Vec<f64> = weights.iter().map(|w| w * count as f64 / total).collect();
    let mut table = vec![(u32::MAX, 0); count];
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..count).partition(|i| scaled[*i] < 1.0);
    while let (Some(s), Some(l)) = (small.pop(), large.last().copied()) {
        table[s] = ((scaled[s] * 4_294_967_296.0) as u32, l as u32);
        scaled[l] -= 1.0 - scaled[s];
        if scaled[l] < 1.0 {
            large.pop();
            small.push(l);
        }
    }
    for (i, entry) in table.iter_mut().enumerate() {
        if entry.0 == u32::MAX {
            entry.1 = i as u32;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_table_keeps_the_weights() {
        let weights = vec![8.0, 4.0, 2.0, 1.0, 1.0];
        let table = alias_table(weights.clone());
        let mut shares = vec![0.0; 5];
        for (i, (keep, other)) in table.iter().enumerate() {
            let kept = if *keep == u32::MAX { 1.0 } else { f64::from(*keep) / 4_294_967_296.0 };
            shares[i] += kept / 5.0;
            shares[*other as usize] += (1.0 - kept) / 5.0;
        }
        for (share, weight) in shares.iter().zip(weights) {
            assert!((share - weight / 16.0).abs() < 1e-6, "{shares:?}");
        }
    }
}
