//! One sealed batch.

use kernel::{Instant, OrgId, Problem, Result};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{PublicKey, Signer, merkle};
use crate::Row;

/// One event in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The event's id.
    pub id: Uuid,
    /// The record it is about, so that it can be named when the event is gone.
    pub record: Uuid,
    /// The event's hash when it was sealed.
    pub hash: [u8; 32],
}

impl Leaf {
    /// Stands for an event that was gone before it could be sealed.
    pub const NO_HASH: [u8; 32] = [0; 32];
    /// Bytes of a leaf.
    pub(super) const LEN: usize = 64;

    pub(super) fn pack(leaves: &[Self]) -> Vec<u8> {
        leaves
            .iter()
            .flat_map(|l| l.id.as_bytes().iter().chain(l.record.as_bytes()).chain(&l.hash).copied())
            .collect()
    }

    /// The leaves of a packed list; bytes that are no whole leaf are left to the check of the tree.
    pub(super) fn unpack(bytes: &[u8]) -> Vec<Self> {
        let read = |leaf: &[u8; Self::LEN]| {
            let (id, rest) = leaf.split_first_chunk()?;
            let (record, hash) = rest.split_first_chunk()?;
            let (id, record) = (Uuid::from_bytes(*id), Uuid::from_bytes(*record));
            Some(Self { id, record, hash: hash.try_into().ok()? })
        };
        bytes.as_chunks().0.iter().filter_map(read).collect()
    }
}

/// A batch of events as it stands on record; its leaves are read apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its place in the chain, from 1.
    pub number: i64,
    /// How many events it holds.
    pub events: i64,
    /// The root of the tree over its leaves.
    pub tree: [u8; 32],
    /// The root of the batch before; zeros for the first.
    pub previous: [u8; 32],
    /// When it was closed.
    pub sealed_at: Instant,
    /// Whose signature it bears.
    pub sealed_by: PublicKey,
    /// Who signs the next one.
    pub next_by: PublicKey,
    /// Why the key changed, where it did.
    pub note: Option<String>,
    /// The hash of all of the above: what to keep elsewhere.
    pub root: [u8; 32],
    /// Ed25519 over the root.
    pub signature: Vec<u8>,
}

impl Batch {
    /// Signs the batch that follows `before`.
    pub(super) fn next(
        org: OrgId,
        before: Option<&Self>,
        signer: &Signer,
        next_by: PublicKey,
        leaves: &[Leaf],
        (sealed_at, note): (Instant, Option<String>),
    ) -> Self {
        let packed = Leaf::pack(leaves);
        let mut batch = Self {
            number: before.map_or(1, |b| b.number + 1),
            events: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
            tree: tree(&packed),
            previous: before.map_or([0; 32], |b| b.root),
            sealed_at,
            sealed_by: signer.public(),
            next_by,
            note,
            root: [0; 32],
            signature: Vec::new(),
        };
        batch.root = batch.content(org);
        batch.signature = signer.sign(&batch.root);
        batch
    }

    pub(super) fn from_row(row: &Row) -> Result<Self> {
        let bytes = |name: &str| -> Result<[u8; 32]> {
            let bytes: Vec<u8> = row.get(name)?;
            bytes.try_into().map_err(|_| Problem::bug(format!("{name} of a seal is not 32 bytes long")))
        };
        Ok(Self {
            number: row.get("number")?,
            events: row.get("events")?,
            tree: bytes("tree")?,
            previous: bytes("previous")?,
            sealed_at: row.get("sealed_at")?,
            sealed_by: PublicKey::new(bytes("sealed_by")?),
            next_by: PublicKey::new(bytes("next_by")?),
            note: row.get("note")?,
            root: bytes("root")?,
            signature: row.get("signature")?,
        })
    }

    /// What its root should be.
    fn content(&self, org: OrgId) -> [u8; 32] {
        let mut sha = Sha256::new_with_prefix(b"baton seal 1\n");
        sha.update(org.uuid().as_bytes());
        sha.update(self.number.to_be_bytes());
        sha.update(self.events.to_be_bytes());
        sha.update(self.tree);
        sha.update(self.previous);
        sha.update(self.sealed_at.micros().to_be_bytes());
        sha.update(self.sealed_by.bytes());
        sha.update(self.next_by.bytes());
        sha.update([u8::from(self.note.is_some())]);
        sha.update(self.note.as_deref().unwrap_or_default());
        sha.finalize().into()
    }

    /// What is wrong with the batch itself, its leaves as packed, if anything.
    pub(super) fn flaw(&self, org: OrgId, packed: &[u8]) -> Option<&'static str> {
        if self.content(org) != self.root {
            return Some("its statement was altered");
        }
        if !self.sealed_by.signed(&self.root, &self.signature) {
            return Some("its signature does not fit");
        }
        let whole =
            usize::try_from(self.events).is_ok_and(|n| n.checked_mul(Leaf::LEN) == Some(packed.len()));
        if !whole || tree(packed) != self.tree {
            return Some("its list of events was altered");
        }
        None
    }
}

fn tree(packed: &[u8]) -> [u8; 32] {
    merkle::root(packed.chunks(Leaf::LEN))
}
