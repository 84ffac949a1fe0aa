//! Human numbers: one row a series, taken last in a transaction so that it is held only briefly.

use kernel::{OrgId, Result};

use crate::{Tx, vals};

crate::statements! {
    /// Takes the next number of a series.
    NEXT = "INSERT INTO counter (org_id, name, value) VALUES ($1, $2, $3) \
            ON CONFLICT (org_id, name) DO UPDATE SET value = counter.value + 1 RETURNING value";
}

/// The next number of a series, which begins at `first`.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn next(tx: &mut Tx, org: OrgId, series: &str, first: i64) -> Result<i64> {
    tx.one(NEXT, &vals![org, series, first]).await?.get("value")
}
