//! Duties that only one server does at a time.

use kernel::{Instant, Result};

use crate::{Tx, vals};

crate::statements! {
    /// all organisations: a duty belongs to the installation.
    TAKE = "INSERT INTO lease (name, holder, until_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
            SET holder = $2, until_at = $3 WHERE lease.holder = $2 OR lease.until_at < $4";
    /// all organisations: a duty belongs to the installation.
    LEAVE = "DELETE FROM lease WHERE name = $1 AND holder = $2";
}

/// Takes or renews a duty until an instant; `false` when another server holds it.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn take(tx: &mut Tx, name: &str, holder: &str, now: Instant, until: Instant) -> Result<bool> {
    Ok(tx.execute(TAKE, &vals![name, holder, until, now]).await? == 1)
}

/// Gives a duty up.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn leave(tx: &mut Tx, name: &str, holder: &str) -> Result<()> {
    tx.execute(LEAVE, &vals![name, holder]).await.map(drop)
}
