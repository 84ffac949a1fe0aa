//! Whether two very long lists hold the same, without keeping either.
//!
//! MSet-Add-Hash of D. Clarke, S. Devadas, M. van Dijk, B. Gassend and G. E. Suh, “Incremental Multiset Hash Functions
//! and Their Application to Memory Integrity Checking”, ASIACRYPT 2003: the sum, modulo 2^128, of a keyed hash of each
//! member. Whoever does not know the key cannot make two different lists with one sum but by luck, once in 2^128. The key
//! is drawn anew for each check, after whatever was altered was altered.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Parts that a list is summed in, so that what differs is found in a small part of it.
const PARTS: usize = 1 << 16;

/// The secret of one check.
#[derive(Clone, Copy)]
pub(super) struct Secret([u8; 16]);

impl Secret {
    pub fn new() -> Self {
        Self(rand::random())
    }
}

/// The sums of a list of events.
pub(super) struct Sums {
    secret: Secret,
    parts: Vec<u128>,
}

impl Sums {
    pub fn new(secret: Secret) -> Self {
        Self { secret, parts: vec![0; PARTS] }
    }

    /// Counts an event in, with the hash of its content.
    pub fn add(&mut self, id: Uuid, hash: &[u8; 32]) {
        self.put(id, hash);
    }

    /// Counts an event in that nobody wrote so: as nothing that was ever sealed.
    pub fn add_odd(&mut self, id: Uuid) {
        self.put(id, &[]);
    }

    fn put(&mut self, id: Uuid, hash: &[u8]) {
        let mut sha = Sha256::new_with_prefix(self.secret.0);
        sha.update(id.as_bytes());
        sha.update(hash);
        let first: [u8; 16] = sha.finalize().first_chunk().copied().unwrap_or_default();
        if let Some(sum) = self.parts.get_mut(part(id)) {
            *sum = sum.wrapping_add(u128::from_be_bytes(first));
        }
    }

    /// Counts all in that another counted.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.parts.iter_mut().zip(&other.parts) {
            *sum = sum.wrapping_add(*more);
        }
    }

    /// Where two lists are not the same.
    pub fn differing(&self, other: &Self) -> Parts {
        Parts(self.parts.iter().zip(&other.parts).map(|(a, b)| a != b).collect())
    }
}

/// Some parts of a list.
pub(super) struct Parts(Vec<bool>);

impl Parts {
    pub fn all() -> Self {
        Self(vec![true; PARTS])
    }

    pub fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    /// Whether an event belongs to them.
    pub fn hold(&self, id: Uuid) -> bool {
        self.0.get(part(id)).copied().unwrap_or(true)
    }
}

/// The last bytes of an id are drawn at random.
fn part(id: Uuid) -> usize {
    let [.., a, b] = *id.as_bytes();
    usize::from(u16::from_be_bytes([a, b]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Member = (u128, [u8; 32]);

    fn sums(secret: Secret, list: &[Member]) -> Sums {
        let mut sums = Sums::new(secret);
        list.iter().for_each(|(id, hash)| sums.add(Uuid::from_u128(*id), hash));
        sums
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The order does not matter, nor in how many pieces a list is summed.
        #[test]
        fn one_list_has_one_sum(mut list: Vec<Member>, cut: prop::sample::Index) {
            let secret = Secret::new();
            let whole = sums(secret, &list);
            list.reverse();
            let (first, rest) = list.split_at(if list.is_empty() { 0 } else { cut.index(list.len()) });
            let mut pieces = sums(secret, first);
            pieces.merge(&sums(secret, rest));
            prop_assert!(whole.differing(&pieces).is_empty());
        }

        /// One member less, one twice, or one with another hash is seen, in its part.
        #[test]
        fn another_list_has_another(list in prop::collection::vec(any::<Member>(), 1..20), one: prop::sample::Index, how in 0..4) {
            let secret = Secret::new();
            let mut other = list.clone();
            let at = one.index(list.len());
            let (id, hash) = list[at];
            match how {
                0 => drop(other.remove(at)),
                1 => other.push((id, hash)),
                2 => other[at].1[0] ^= 1,
                _ => {}
            }
            let mut other = sums(secret, &other);
            if how == 3 {
                other.add_odd(Uuid::from_u128(id));
            }
            let odd = sums(secret, &list).differing(&other);
            prop_assert!(odd.hold(Uuid::from_u128(id)));
        }
    }
}
