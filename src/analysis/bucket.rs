//! Which arm a user belongs to: deterministic buckets from hashes, as flag services make them.
//!
//! The order of the key's parts, the salt and the truncation of the digest all change every
//! assignment, so each rule is spelled out. Raising a percentage never removes a user. Deliberately
//! absent: what a bucket means.

use md5::{Digest, Md5};

/// The usual key of an experiment: `user:experiment`.
pub fn experiment_key(user: &str, experiment: &str) -> String {
    format!("{user}:{experiment}")
}

/// The key's MD5 digest, all 128 bits as one big-endian number, modulo `modulus`. Nothing for a
/// modulus of 0.
pub fn md5_bucket(key: &str, modulus: u64) -> Option<u64> {
    let digest: [u8; 16] = Md5::digest(key.as_bytes()).into();
    let rest = u128::from_be_bytes(digest).checked_rem(u128::from(modulus))?;
    u64::try_from(rest).ok()
}

/// Unleash's normalised value: MurmurHash3 of `group:user`, modulo `modulus`, plus 1; a rollout of
/// p % includes values ≤ p (Unleash client specification). Nothing for a modulus of 0.
pub fn murmur3_bucket(group: &str, user: &str, seed: u32, modulus: u32) -> Option<u32> {
    murmur3_x86_32(format!("{group}:{user}").as_bytes(), seed).checked_rem(modulus).map(|b| b + 1)
}

/// MurmurHash3's 32-bit variant (Appleby, public domain), over bytes.
pub fn murmur3_x86_32(bytes: &[u8], seed: u32) -> u32 {
    let scatter = |k: u32| k.wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593);
    let mut hash = seed;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let word = u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        hash = (hash ^ scatter(word)).rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64);
    }
    let tail = blocks.remainder().iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    hash ^= scatter(tail);
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ hash >> 13).wrapping_mul(0xC2B2_AE35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Widely published test vectors.
    #[test]
    fn murmur_vectors() {
        for (text, seed, hash) in [
            ("", 0, 0),
            ("", 1, 0x514E_28B7),
            ("aaaa", 0x9747_B28C, 0x5A97_808A),
            ("abc", 0, 0xB3DD_93FA),
            ("Hello, world!", 0x9747_B28C, 0x2488_4CBA),
        ] {
            assert_eq!(murmur3_x86_32(text.as_bytes(), seed), hash, "{text}");
        }
    }

    #[test]
    fn a_modulus_of_zero_is_refused() {
        assert_eq!(md5_bucket("a", 0), None);
        assert_eq!(murmur3_bucket("a", "b", 0, 0), None);
        assert_eq!(md5_bucket(&experiment_key("user-0", "checkout-v2"), 100), Some(10));
    }
}
