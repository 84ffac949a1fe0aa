//! A copy of an SQLite file while others write to it.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kernel::{Problem, Result};

use super::{copy, place};
use crate::{Db, Sql, Tx, Wall, connect, place::beside, vals};

/// Tries to find the file at rest: a long read by somebody else keeps the log from being brought over, and ends.
const TRIES: u32 = 600;
const BETWEEN: Duration = Duration::from_millis(100);

const LOOK: Sql = Sql::new("SELECT COUNT(*) AS n FROM sqlite_master");

/// A file, by its device and its number there.
type Opened = ((u64, u64), Arc<File>);

/// Files that were opened for copying, by device and number. None is ever closed again: closing any handle of a file
/// lets go of all locks that the process holds on it, those of SQLite's connections among them.
static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());

/// Opens a database beside whoever serves it: no lock is taken, no migration runs.
pub(super) async fn beside_others(path: &Path) -> Result<Db> {
    let pools = connect::sqlite_beside_others(path).await?;
    Ok(Db::over(pools, &[crate::FLOOR], None))
}

/// Brings the log over into the file and begins a read while the log is empty. As long as that read is open nobody
/// may write into the file itself: others' changes go to the log. The file is then one state of the database, and
/// can be copied at any pace.
pub(super) async fn freeze(db: &Db, path: &Path) -> Result<Tx> {
    for _ in 0..TRIES {
        db.bring_log_over().await?;
        let mut tx = db.begin_read(Wall::All("a backup holds all organisations")).await?;
        tx.one(LOOK, &vals![]).await?;
        // Had the log not been empty when the read began, that read would have kept it from being emptied since.
        if fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len()) == 0 {
            return Ok(tx);
        }
        tx.rollback().await?;
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Problem::conflict(
        super::PLACE,
        "The database could not be copied: somebody has been reading it without a pause for a minute, such as a long \
         export. Try again when that has ended.",
    ))
}

/// Bytes of the file.
pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// Copies the frozen file, packed.
pub(super) async fn copy(path: &Path, to: copy::To, rate: Option<u64>) -> Result<copy::Copied> {
    let from = opened(path).map_err(|e| place("Cannot read", path, &e))?;
    let length = from.metadata().map_err(|e| place("Cannot read", path, &e))?.len();
    let copied = copy::gently(move || copy::pack(&from, length, to, rate)).await;
    copied.map_err(|e| place("The backup could not be made of", path, &e))
}

fn opened(path: &Path) -> std::io::Result<Arc<File>> {
    let about = fs::metadata(path)?;
    let key = (about.dev(), about.ino());
    let mut all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, file)) = all.iter().find(|(known, _)| *known == key) {
        return Ok(file.clone());
    }
    let file = Arc::new(File::open(path)?);
    all.push((key, file.clone()));
    Ok(file)
}
