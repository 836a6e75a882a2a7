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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modulus_of_zero_is_refused() {
        assert_eq!(md5_bucket("a", 0), None);
        assert_eq!(md5_bucket(&experiment_key("user-0", "checkout-v2"), 100), Some(10));
    }
}
