//! The Merkle tree hash of RFC 6962 §2.1: leaves and inner nodes are hashed with different first bytes, so that
//! neither can stand for the other.

use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// The root over leaves in order. Nothing has the hash of nothing.
pub(super) fn root<'l>(leaves: impl Iterator<Item = &'l [u8]>) -> Hash {
    // The roots of complete subtrees, the largest first; `1 << height` leaves each.
    let mut peaks: Vec<(u32, Hash)> = Vec::new();
    for leaf in leaves {
        let mut top = (0, node(0, &[leaf]));
        while let Some((height, left)) = peaks.pop_if(|peak| peak.0 == top.0) {
            top = (height + 1, node(1, &[&left, &top.1]));
        }
        peaks.push(top);
    }
    let folded =
        peaks.into_iter().map(|(_, hash)| hash).rev().reduce(|right, left| node(1, &[&left, &right]));
    folded.unwrap_or_else(|| Sha256::digest([]).into())
}

fn node(first: u8, parts: &[&[u8]]) -> Hash {
    let mut sha = Sha256::new_with_prefix([first]);
    for part in parts {
        sha.update(part);
    }
    sha.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1 word for word: split at the largest power of two smaller than the number of leaves.
    fn by_the_book(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => node(0, &[one]),
            many => {
                let split = many.len().next_power_of_two() / 2;
                let (left, right) = many.split_at(split);
                node(1, &[&by_the_book(left), &by_the_book(right)])
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        let leaves: Vec<Vec<u8>> = (0..70_u8).map(|n| vec![n; usize::from(n % 7)]).collect();
        for n in 0..leaves.len() {
            let some = &leaves[..n];
            assert_eq!(root(some.iter().map(Vec::as_slice)), by_the_book(some), "{n} leaves");
        }
    }

    /// The test vectors of the Certificate Transparency reference implementation for 0, 1 and 8 leaves.
    #[test]
    fn the_root_is_that_of_others() {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let hex = |hash: Hash| hash.iter().map(|b| format!("{b:02x}")).collect::<String>();
        for (n, wanted) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(hex(root(leaves.iter().take(n).copied())), wanted, "{n} leaves");
        }
    }
}
