//! The key with which this server seals the record.

use std::path::Path;

use db::{
    Db, Wall,
    seal::{self, KeyFault, Signer},
};

/// Reads the key; makes one for a database that was never sealed. A server without the key serves all the same and
/// says so: the age of what is not sealed then grows in its metrics.
///
/// # Errors
/// When the database does not answer.
pub async fn signer(db: &Db, file: &Path) -> kernel::Result<Option<Signer>> {
    let fault = match Signer::read(file) {
        Ok(signer) => return Ok(Some(signer)),
        Err(KeyFault::Missing(_)) => {
            let sealed = db::read!(db, Wall::All("whether there is a seal"), |tx| seal::any(tx).await)?;
            if sealed {
                tracing::error!(
                    file = %file.display(),
                    "the record of this database is sealed, and the key is not there: nothing is sealed until the key \
                     file is put back. If it is lost, see “Keys” in the guide to the record"
                );
                return Ok(None);
            }
            match Signer::create(file) {
                Ok(signer) => {
                    tracing::info!(
                        file = %file.display(),
                        key = signer.public().short(),
                        "made the key that seals the record; keep a copy of it elsewhere"
                    );
                    return Ok(Some(signer));
                }
                Err(fault) => fault,
            }
        }
        Err(fault) => fault,
    };
    tracing::error!(%fault, "the record is not sealed until this is mended");
    Ok(None)
}
