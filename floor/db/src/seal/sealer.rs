//! Sealing for good: with the key of the installation, and only where what was sealed before is still there.

use std::path::{Path, PathBuf};

use kernel::{Instant, OrgId, Problem, Result};
use tokio::sync::Mutex;

use super::{Batch, KeyFault, PublicKey, Signer, Witness, close, last, rotate, with_root};
use crate::{Db, vals};

crate::statements! {
    /// The keys of a chain, those of its first batches first.
    KEYS = "SELECT MIN(number) AS number, sealed_by, next_by FROM event_seal WHERE org_id = $1 \
            GROUP BY sealed_by, next_by ORDER BY 1";
}

/// Every statement of the sealer with its name.
pub const SEALED_BY: &[crate::Named] = ALL;

/// Seals what waits, batch after batch. The key and the [`Witness`] are read from their files each time, so that what was
/// mended or exchanged there counts at once.
#[derive(Debug)]
pub struct Sealer {
    key: PathBuf,
    witness: PathBuf,
    /// One at a time: the witness is read, used and written.
    turn: Mutex<()>,
}

impl Sealer {
    /// With the files where key and witness lie.
    pub fn new(key: PathBuf, witness: PathBuf) -> Self {
        Self { key, witness, turn: Mutex::new(()) }
    }

    /// Makes the key of an installation that never sealed anything, and a witness that says so: from then on a witness that is
    /// not there was taken away.
    ///
    /// # Errors
    /// [`KeyFault`], such as when there is a key.
    pub fn begin(&self) -> Result<Signer, KeyFault> {
        let signer = Signer::create(&self.key)?;
        self.begin_anew(&signer)?;
        Ok(signer)
    }

    /// Forgets what was sealed, of a database that is made anew.
    ///
    /// # Errors
    /// [`KeyFault::Disk`].
    pub fn begin_anew(&self, signer: &Signer) -> Result<(), KeyFault> {
        let mut witness = Witness::default();
        witness.trust(signer.public());
        witness.write(&self.witness)
    }

    /// The key's file.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Seals all that waits in an organisation; says how many events that were.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with code `seal.key` when the key cannot be read or is not the one to go on with, with code
    /// `seal.witness` when the witness cannot be read or written, or is not there and neither is a seal, with code `seal.cut` when the chain does not hold what this
    /// installation sealed last; else as a write.
    pub async fn seal(&self, db: &Db, org: OrgId, at: Instant) -> Result<i64> {
        let _turn = self.turn.lock().await;
        let signer = Signer::read(&self.key).map_err(|fault| no_key(&fault))?;
        let (mut witness, is_new) = self.read(db, org).await?;
        if witness.keys().is_empty() {
            return Err(self.nothing_known());
        }
        self.check(db, org, &witness).await?;
        let (mut events, mut sealed) = (0, None);
        let done = loop {
            match close(db, org, &signer, at).await {
                Ok(Some(batch)) => {
                    events += batch.events;
                    sealed = Some(batch);
                }
                Ok(None) => break Ok(events),
                Err(problem) => break Err(problem),
            }
        };
        if let Some(batch) = &sealed {
            witness.note(org, batch);
        }
        if sealed.is_some() || is_new {
            self.write(&witness)?;
        }
        done
    }

    /// Has the present key announce another one, in a batch of its own. The new key counts as ours before it is announced.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub async fn announce(
        &self,
        db: &Db,
        org: OrgId,
        (from, to): (&Signer, PublicKey),
        at: Instant,
        why: &str,
    ) -> Result<Batch> {
        let _turn = self.turn.lock().await;
        let (mut witness, _) = self.read(db, org).await?;
        if witness.keys().is_empty() {
            return Err(self.nothing_known());
        }
        self.check(db, org, &witness).await?;
        witness.trust(to);
        self.write(&witness)?;
        let batch = rotate(db, org, from, to, at, why).await?;
        witness.note(org, &batch);
        self.write(&witness)?;
        Ok(batch)
    }

    /// Goes on where the chain does not hold what was sealed last, as after a backup was restored, or where nothing tells
    /// whether anything was sealed: a batch without events says so and why, signed. Returns nothing where nothing is missing.
    ///
    /// # Errors
    /// As [`Sealer::seal`], but for `seal.cut`.
    pub async fn resume(&self, db: &Db, org: OrgId, at: Instant, why: &str) -> Result<Option<Batch>> {
        let _turn = self.turn.lock().await;
        let (mut witness, _) = self.read(db, org).await?;
        let words = match missing(db, org, &witness).await? {
            Some((number, _)) => format!("{why} (batch {number}, sealed here before, is not in the chain)"),
            None if witness.keys().is_empty() => {
                format!("{why} (there was neither a seal nor a note of one)")
            }
            None => return Ok(None),
        };
        let signer = Signer::read(&self.key).map_err(|fault| no_key(&fault))?;
        let batch = rotate(db, org, &signer, signer.public(), at, &words).await?;
        witness.note(org, &batch);
        self.write(&witness)?;
        Ok(Some(batch))
    }

    /// Takes a key that replaced a lost one for ours, with the batch it began with.
    ///
    /// # Errors
    /// With code `seal.witness`.
    pub async fn replaced(&self, db: &Db, org: OrgId, batch: &Batch) -> Result<()> {
        let _turn = self.turn.lock().await;
        let (mut witness, _) = self.read(db, org).await?;
        witness.note(org, batch);
        self.write(&witness)
    }

    /// The witness; for a chain that none was kept of yet, by an earlier version, one that takes it as it is. Says whether it
    /// must be written.
    async fn read(&self, db: &Db, org: OrgId) -> Result<(Witness, bool)> {
        let read = Witness::read(&self.witness).map_err(|fault| no_witness(&fault))?;
        let known = read.as_ref().is_some_and(|witness| witness.last(org).is_some());
        let mut witness = read.clone().unwrap_or_default();
        let there = crate::read!(db, org, |tx| {
            let Some(batch) = last(tx, org).await? else { return Ok(None) };
            let keys = tx.all(KEYS, &vals![org]).await?;
            let keys: Result<Vec<[Vec<u8>; 2]>> =
                keys.iter().map(|row| Ok([row.get("sealed_by")?, row.get("next_by")?])).collect();
            Ok(Some((batch, keys?)))
        })?;
        let (false, Some((batch, keys))) = (known, there) else { return Ok((witness, false)) };
        let keys = keys.into_iter().flatten().filter_map(|key| Some(PublicKey::new(key.try_into().ok()?)));
        match read {
            None => {
                tracing::warn!(
                    file = %self.witness.display(),
                    batches = batch.number,
                    "there was no note of what this installation has sealed; the chain is taken as it is, and noted from \
                     now on"
                );
                keys.for_each(|key| witness.trust(key));
            }
            // Another server's work, with our keys.
            Some(_) => {
                if let Some(key) = keys.into_iter().find(|key| !witness.keys().contains(key)) {
                    return Err(cut(format!(
                        "The chain of an organisation is sealed with the key {}, which is none of this installation's",
                        key.short()
                    )));
                }
            }
        }
        witness.note(org, &batch);
        Ok((witness, true))
    }

    async fn check(&self, db: &Db, org: OrgId, witness: &Witness) -> Result<()> {
        match missing(db, org, witness).await? {
            None => Ok(()),
            Some((number, _)) => {
                Err(cut(format!("The record does not hold batch {number}, which this installation sealed")))
            }
        }
    }

    fn nothing_known(&self) -> Problem {
        let words = format!(
            "There is a key, and neither a seal nor the note of what was sealed ({}): somebody may have taken both away to have \
             another history sealed. Nothing is sealed until a person has looked. If a root was kept elsewhere, put back \
             the backup whose chain has it. If nothing was ever sealed here, say so with `baton audit resume --reason \
             \"…\"`, and sealing begins; see “Keys” in the guide to the record.",
            self.witness.display()
        );
        Problem::conflict("seal.witness", words)
    }

    fn write(&self, witness: &Witness) -> Result<()> {
        witness.write(&self.witness).map_err(|fault| no_witness(&fault))
    }
}

/// What the witness says was sealed last, if the chain does not hold it.
async fn missing(db: &Db, org: OrgId, witness: &Witness) -> Result<Option<(i64, [u8; 32])>> {
    let Some((number, root)) = witness.last(org) else { return Ok(None) };
    let found = crate::read!(db, org, |tx| with_root(tx, org, &root).await)?;
    Ok(match found {
        Some(batch) if batch.number == number => None,
        _ => Some((number, root)),
    })
}

fn cut(what: String) -> Problem {
    let words = format!(
        "{what}. Somebody cut the history off or wrote it anew, or a backup was restored. Nothing is sealed until a \
         person has looked: `baton audit verify` says what differs. If a backup was restored, say so with `baton audit \
         resume --reason \"…\"`, and sealing goes on; see “Keys” in the guide to the record."
    );
    Problem::conflict("seal.cut", words)
}

fn no_key(fault: &KeyFault) -> Problem {
    Problem::conflict("seal.key", fault.to_string())
}

fn no_witness(fault: &KeyFault) -> Problem {
    let words = format!("{fault} It notes what this installation has sealed; nothing is sealed without it.");
    Problem::conflict("seal.witness", words)
}
