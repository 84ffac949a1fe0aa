//! Files, kept in the database in pieces of 256 KiB.

use kernel::{Id, Instant, OrgId, Result};

use crate::{Db, Tx, Wall, vals};

crate::statements! {
    /// Adds one piece.
    PUT = "INSERT INTO blob_piece (org_id, blob_id, piece, bytes) VALUES ($1, $2, $3, $4)";
    /// One piece.
    GET = "SELECT bytes FROM blob_piece WHERE org_id = $1 AND blob_id = $2 AND piece = $3";
    /// Forgets a file.
    FORGET = "DELETE FROM blob_piece WHERE org_id = $1 AND blob_id = $2";
    /// A file begins, and no record names it yet.
    BEGIN = "INSERT INTO blob_loose (org_id, blob_id, begun_at) VALUES ($1, $2, $3)";
    /// A record names the file, or it is gone.
    SETTLE = "DELETE FROM blob_loose WHERE org_id = $1 AND blob_id = $2";
    /// all organisations: files left behind are swept for every organisation.
    LOOSE = "SELECT org_id, blob_id FROM blob_loose WHERE begun_at < $1 ORDER BY begun_at LIMIT 100";
}

/// Marks the ids of files.
pub enum BlobMark {}

/// Identifies a file.
pub type BlobId = Id<BlobMark>;

/// Bytes a piece; all but the last are full.
pub const PIECE: usize = 256 * 1024;

/// Adds the next piece of a file. All pieces but the last must hold [`PIECE`] bytes.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn put(tx: &mut Tx, org: OrgId, blob: BlobId, piece: i64, bytes: &[u8]) -> Result<()> {
    tx.execute(PUT, &vals![org, blob, piece, bytes]).await.map(drop)
}

/// One piece of a file, or `None` past its end.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn piece(tx: &mut Tx, org: OrgId, blob: BlobId, piece: i64) -> Result<Option<Vec<u8>>> {
    tx.find(GET, &vals![org, blob, piece]).await?.map(|row| row.get("bytes")).transpose()
}

/// Forgets a file's bytes.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn forget(tx: &mut Tx, org: OrgId, blob: BlobId) -> Result<u64> {
    settle(tx, org, blob).await?;
    tx.execute(FORGET, &vals![org, blob]).await
}

/// Begins a file that comes in several transactions: until [`settle`] it counts as left behind once it is old.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn begin(tx: &mut Tx, org: OrgId, blob: BlobId) -> Result<()> {
    tx.execute(BEGIN, &vals![org, blob, Instant::machine_now()]).await.map(drop)
}

/// A record names the file from now on.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn settle(tx: &mut Tx, org: OrgId, blob: BlobId) -> Result<()> {
    tx.execute(SETTLE, &vals![org, blob]).await.map(drop)
}

/// Seconds after which a file that no record names was left behind: no browser sends one for a day.
pub const LEFT_AFTER: i64 = 24 * 3600;

/// Forgets files that began before an instant of the machine's clock and that no record names; says how many.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn sweep(db: &Db, before: Instant) -> Result<u64> {
    let all = Wall::All("files left behind are swept for every organisation");
    let mut swept = 0;
    loop {
        let rows = crate::read!(db, all, |tx| tx.all(LOOSE, &vals![before]).await)?;
        for row in &rows {
            let (org, blob): (OrgId, BlobId) = (row.get("org_id")?, row.get("blob_id")?);
            crate::write!(db, org, |tx| forget(tx, org, blob).await)?;
            swept += 1;
        }
        if rows.is_empty() {
            return Ok(swept);
        }
    }
}
