//! The key with which this server seals the record.

use db::{
    Db, Wall,
    seal::{self, KeyFault, Sealer, Signer},
};
use kernel::Problem;

use crate::config::Config;

/// Prepares sealing; makes a key for a database that was never sealed. A server that cannot use its key serves all the
/// same and says so: it tries again each minute, and the age of what is not sealed grows in its metrics.
///
/// # Errors
/// When the database does not answer.
pub async fn sealer(db: &Db, config: &Config) -> kernel::Result<Sealer> {
    let (file, witness) = (config.seal_key(), config.seal_witness());
    let fault = match Signer::read(&file) {
        Ok(_) => None,
        Err(KeyFault::Missing(_)) => {
            let sealed = db::read!(db, Wall::All("whether there is a seal"), |tx| seal::any(tx).await)?;
            // A note without a seal means that seals were taken away.
            if sealed || witness.exists() {
                tracing::error!(
                    file = %file.display(),
                    "the record of this database is sealed, and the key is not there: nothing is sealed until the key \
                     file is put back. If it is lost, see “Keys” in the guide to the record"
                );
                None
            } else {
                Sealer::new(file.clone(), witness.clone())
                    .begin()
                    .map(|signer| {
                        tracing::info!(
                            file = %file.display(),
                            key = %signer.public(),
                            "made the key that seals the record; keep a copy of it elsewhere"
                        );
                    })
                    .err()
            }
        }
        Err(fault) => Some(fault),
    };
    if let Some(fault) = fault {
        tracing::error!(%fault, "the record is not sealed until this is mended");
    }
    Ok(Sealer::new(file, witness))
}

/// Forgets what was sealed of a demonstration that is made anew.
///
/// # Errors
/// [`Problem::Conflict`] when the note of it cannot be written.
pub fn forget(config: &Config) -> kernel::Result<()> {
    let (file, witness) = (config.seal_key(), config.seal_witness());
    let done = match Signer::read(&file) {
        Ok(signer) => Sealer::new(file, witness).begin_anew(&signer),
        // The next start makes one, unless a note says that there was one.
        Err(_) => match std::fs::remove_file(&witness) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(KeyFault::Disk { file: witness.display().to_string(), error })
            }
            _ => Ok(()),
        },
    };
    done.map_err(|fault| Problem::conflict("seal.witness", fault.to_string()))
}
