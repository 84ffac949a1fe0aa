//! Files, kept in the database in pieces of 256 KiB.

use kernel::{Id, OrgId, Result};

use crate::{Tx, vals};

crate::statements! {
    /// Adds one piece.
    PUT = "INSERT INTO blob_piece (org_id, blob_id, piece, bytes) VALUES ($1, $2, $3, $4)";
    /// One piece.
    GET = "SELECT bytes FROM blob_piece WHERE org_id = $1 AND blob_id = $2 AND piece = $3";
    /// Forgets a file.
    FORGET = "DELETE FROM blob_piece WHERE org_id = $1 AND blob_id = $2";
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
    tx.execute(FORGET, &vals![org, blob]).await
}
