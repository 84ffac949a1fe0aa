//! The seal: events are closed into signed batches, each of which names the root of the one before.
//!
//! Every transaction that records events also leaves their ids in `event_unsealed`, in the same commit. From time
//! to time [`close`] takes what waits there, puts id, record and hash of each event into a Merkle tree (RFC 6962
//! §2.1), and signs the tree's root together with the root of the batch before (Ed25519, RFC 8032). From then on an
//! event cannot be altered, taken out, put in or moved without [`verify`] naming it, unless whoever does it also
//! holds the key and signs everything since anew; against that helps a root kept elsewhere. That the seals are ours, and
//! that none were taken away, is known from the [`Witness`] beside the key. `THREAT_MODEL.md` says what remains possible.
//!
//! It is not one chain over all events, because every write would then wait for the one before.

mod batch;
mod closer;
mod events;
mod fault;
mod key;
mod merkle;
mod record;
mod rows;
mod sealer;
mod sums;
mod verify;
mod witness;

use std::collections::BTreeMap;

use kernel::{Instant, OrgId, Problem, Result};
use uuid::Uuid;

pub use batch::{Batch, Leaf};
pub use fault::{Fault, Named, RowFault};
pub use key::{KeyFault, PublicKey, Signer, parse_root};
pub use record::{Record, Wanted, rebuilt};
pub use sealer::{SEALED_BY, Sealer};
pub use verify::{Account, Anchor, VERIFIED, of_record, verify};
pub use witness::Witness;

use crate::{Db, Row, Select, Tx, Val, vals};

crate::statements! {
    /// What waits, in the order of its ids.
    WAITING = "SELECT id, ids FROM event_unsealed WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// It was read in this snapshot and is sealed by this transaction.
    SEALED = "DELETE FROM event_unsealed WHERE org_id = $1 AND id <= $2";
    /// Who waits, and since when. all organisations: the sealer serves all.
    UNSEALED = "SELECT org_id, COUNT(*) AS n, MIN(queued_at) AS since FROM event_unsealed GROUP BY org_id";
    /// The last batch.
    LAST = "SELECT number, events, tree, previous, sealed_at, sealed_by, next_by, note, root, signature \
            FROM event_seal WHERE org_id = $1 ORDER BY number DESC LIMIT 1";
    /// How far the chain goes; also told when the last batch cannot be read.
    LAST_NUMBER = "SELECT number FROM event_seal WHERE org_id = $1 ORDER BY number DESC LIMIT 1";
    /// The batch with a root.
    WITH_ROOT = "SELECT number, events, tree, previous, sealed_at, sealed_by, next_by, note, root, signature \
                 FROM event_seal WHERE org_id = $1 AND root = $2";
    /// Whether anything was ever sealed. all organisations: one key serves all.
    ANY = "SELECT org_id FROM event_seal LIMIT 1";
    /// Closes a batch.
    CLOSE = "INSERT INTO event_seal (org_id, number, events, leaves, tree, previous, sealed_at, sealed_by, \
             next_by, note, root, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
}

/// Events in one batch, about: a transaction's are not parted.
pub const BATCH: usize = 8_000;

/// Pieces of the record that are checked at the same time.
const AT_ONCE: usize = 3;

/// Rows of the queue read at a time.
const ROWS: u32 = 256;

/// What one organisation has not sealed.
#[derive(Clone, Copy, Debug)]
pub struct Unsealed {
    /// Whose.
    pub org: OrgId,
    /// Transactions.
    pub transactions: i64,
    /// Since when the first of them waits, by the clock of the server that wrote it.
    pub since: Instant,
}

/// What one transaction recorded waits for its seal.
pub(crate) const QUEUE: &str = "INSERT INTO event_unsealed (org_id, id, ids, queued_at) VALUES";

/// The rows by which the sealer learns what this transaction recorded; written last, with its events.
pub(crate) fn queue(unsealed: BTreeMap<OrgId, Vec<u8>>) -> Vec<Vec<Val>> {
    let now = Instant::machine_now();
    let first = |ids: &Vec<u8>| ids.first_chunk().copied().map(Uuid::from_bytes);
    let row = |(org, ids): (OrgId, Vec<u8>)| first(&ids).map(|first| vals![org, first, ids, now].to_vec());
    unsealed.into_iter().filter_map(row).collect()
}

/// What waits for its seal, by organisation. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn unsealed(tx: &mut Tx) -> Result<Vec<Unsealed>> {
    let read = |row: &Row| {
        Ok(Unsealed { org: row.get("org_id")?, transactions: row.get("n")?, since: row.get("since")? })
    };
    tx.all(UNSEALED, &[]).await?.iter().map(read).collect()
}

/// The last batch of an organisation; none before the first.
///
/// # Errors
/// As [`Tx::all`].
pub async fn last(tx: &mut Tx, org: OrgId) -> Result<Option<Batch>> {
    tx.find(LAST, &vals![org]).await?.as_ref().map(Batch::from_row).transpose()
}

/// The batch with a root, if it is still there.
///
/// # Errors
/// As [`Tx::all`].
pub async fn with_root(tx: &mut Tx, org: OrgId, root: &[u8; 32]) -> Result<Option<Batch>> {
    let row = tx.find(WITH_ROOT, &vals![org, root.as_slice()]).await?;
    row.as_ref().map(Batch::from_row).transpose()
}

/// Whether this installation ever sealed anything. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn any(tx: &mut Tx) -> Result<bool> {
    Ok(tx.find(ANY, &[]).await?.is_some())
}

/// Closes the next batch of what waits; `None` when nothing does.
///
/// # Errors
/// [`Problem::Conflict`] with code `seal.key` when another key is to sign next; else as a write.
pub async fn close(db: &Db, org: OrgId, signer: &Signer, at: Instant) -> Result<Option<Batch>> {
    crate::write!(db, org, |tx| {
        let Some((last, leaves)) = take(tx, org).await? else { return Ok(None) };
        tx.execute(SEALED, &vals![org, last]).await?;
        append(tx, org, (signer, signer.public()), leaves, (at, None)).await.map(Some)
    })
}

/// Records that another key signs from now on, in a batch without events that the present key signs.
///
/// # Errors
/// As [`close`].
pub async fn rotate(
    db: &Db,
    org: OrgId,
    from: &Signer,
    to: PublicKey,
    at: Instant,
    why: &str,
) -> Result<Batch> {
    crate::write!(db, org, |tx| append(tx, org, (from, to), Vec::new(), (at, Some(why.to_owned()))).await)
}

/// Goes on with a new key although the present one is lost. [`verify`] says so from then on: nobody can tell it
/// from somebody else's key.
///
/// # Errors
/// As a write.
pub async fn replace_lost(db: &Db, org: OrgId, with: &Signer, at: Instant, why: &str) -> Result<Batch> {
    crate::write!(db, org, |tx| {
        let before = last(tx, org).await?;
        let batch = Batch::next(org, before.as_ref(), with, with.public(), &[], (at, Some(why.to_owned())));
        keep(tx, org, &batch, &[]).await?;
        Ok(batch)
    })
}

async fn append(
    tx: &mut Tx,
    org: OrgId,
    (signer, next): (&Signer, PublicKey),
    leaves: Vec<Leaf>,
    stamp: (Instant, Option<String>),
) -> Result<Batch> {
    let before = last(tx, org).await?;
    if let Some(before) = before.as_ref().filter(|before| before.next_by != signer.public()) {
        return Err(Problem::conflict(
            "seal.key",
            format!(
                "The record of this database is sealed with the key {}, and the key file holds {}. Put the right \
                 key file back, or see “Keys” in the guide to the record.",
                before.next_by.short(),
                signer.public().short()
            ),
        ));
    }
    let batch = Batch::next(org, before.as_ref(), signer, next, &leaves, stamp);
    keep(tx, org, &batch, &leaves).await?;
    Ok(batch)
}

async fn keep(tx: &mut Tx, org: OrgId, batch: &Batch, leaves: &[Leaf]) -> Result<()> {
    let row = vals![
        org,
        batch.number,
        batch.events,
        Leaf::pack(leaves),
        batch.tree.as_slice(),
        batch.previous.as_slice(),
        batch.sealed_at,
        batch.sealed_by.bytes(),
        batch.next_by.bytes(),
        batch.note.clone(),
        batch.root.as_slice(),
        batch.signature.clone(),
    ];
    tx.execute(CLOSE, &row).await.map(drop)
}

/// Takes the first transactions of the queue, up to a batch: the last one's id, and their events in id order.
async fn take(tx: &mut Tx, org: OrgId) -> Result<Option<(Uuid, Vec<Leaf>)>> {
    let (mut last, mut ids) = (Uuid::nil(), Vec::new());
    'pages: loop {
        let rows = tx.all(WAITING, &vals![org, last, ROWS]).await?;
        for row in &rows {
            ids.extend(unpack(&row.get::<Vec<u8>>("ids")?));
            last = row.get("id")?;
            if ids.len() >= BATCH {
                break 'pages;
            }
        }
        if rows.len() < ROWS as usize {
            break;
        }
    }
    if last.is_nil() {
        return Ok(None);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut leaves = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        leaves.extend(found(tx, org, some).await?);
    }
    Ok(Some((last, leaves)))
}

/// The leaves of these events. One that is gone already is sealed as missing, so that it stays known.
async fn found(tx: &mut Tx, org: OrgId, ids: &[Uuid]) -> Result<Vec<Leaf>> {
    let mut select = Select::new("SELECT e.id, e.entity_id, e.hash FROM event e", "e", org);
    select.one_of("e.id", ids.iter().map(|id| (*id).into()));
    let mut known = std::collections::HashMap::with_capacity(ids.len());
    for row in select.all(tx).await? {
        let hash: Vec<u8> = row.get("hash")?;
        let hash = hash.try_into().unwrap_or(Leaf::NO_HASH);
        known.insert(row.get::<Uuid>("id")?, (row.get::<Uuid>("entity_id")?, hash));
    }
    Ok(ids
        .iter()
        .map(|id| {
            let (record, hash) = known.get(id).copied().unwrap_or((Uuid::nil(), Leaf::NO_HASH));
            if hash == Leaf::NO_HASH {
                tracing::error!(event = %id, "an event is gone or has no hash before it was sealed");
            }
            Leaf { id: *id, record, hash }
        })
        .collect())
}

/// Ids as the queue packs them.
fn unpack(bytes: &[u8]) -> impl Iterator<Item = Uuid> {
    bytes.as_chunks::<16>().0.iter().map(|id| Uuid::from_bytes(*id))
}
