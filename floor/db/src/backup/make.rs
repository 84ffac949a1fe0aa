//! Making a backup.

use kernel::{Instant, Problem, Result};

use super::{
    FORMAT, Found, Manifest, Part, Shelf,
    copy::Copied,
    facts,
    note::{self, Kind},
    pieces::Sending,
    postgres,
    shelf::Half,
    sqlite,
};
use crate::{Db, Place, Tx, Wall, place::Lies};

/// What a backup is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The database's address.
    pub url: &'a str,
    /// Where the backup goes.
    pub shelf: &'a Shelf,
    /// The version of the program.
    pub program: &'a str,
    /// Most bytes a second that are read, so that others get on; as fast as it goes when nothing is said.
    pub rate: Option<u64>,
}

/// The copy's name in a backup of an SQLite file, packed by zstd.
pub(super) const SQLITE_FILE: &str = "baton.sqlite.zst";
/// The copy's name in a backup of PostgreSQL, in pg_dump's own format.
pub(super) const POSTGRES_FILE: &str = "baton.dump";

/// Makes a backup of a database that others may use meanwhile, and notes in that database what became of it.
///
/// # Errors
/// [`Problem::Conflict`] with words when there is no database, when the shelf cannot be written, and on PostgreSQL when
/// its own tools are missing or refuse. Nothing is left behind then.
pub async fn make(asked: Asked<'_>) -> Result<Found> {
    let lies = Place::beside_others(asked.url)?.whole().await?;
    let db = match &lies {
        Lies::File(path) => sqlite::beside_others(path).await?,
        Lies::Server(hosts) => Db::over(crate::connect::postgres_beside_others(hosts), &[crate::FLOOR], None),
    };
    let name = name(Instant::machine_now());
    let made = match asked.shelf.begin(&name).await {
        Ok(half) => {
            let made = match fill(&db, &lies, &asked, &half).await {
                Ok(manifest) => half.put(manifest).await,
                Err(refused) => Err(refused),
            };
            if made.is_err() {
                half.forget().await;
            }
            made
        }
        Err(refused) => Err(refused),
    };
    let noted = write_down(&db, asked.shelf, &made).await;
    db.close().await;
    if let Err(error) = noted {
        tracing::warn!(%error, "what became of the backup could not be noted in the database");
    }
    made
}

/// Copies the database into the backup and says what it holds.
async fn fill(db: &Db, lies: &Lies, asked: &Asked<'_>, half: &Half) -> Result<Manifest> {
    let file = if matches!(lies, Lies::File(_)) { SQLITE_FILE } else { POSTGRES_FILE };
    let (mut tx, at, copied) = match lies {
        Lies::File(path) => {
            let tx = sqlite::freeze(db, path).await?;
            let at = Instant::machine_now();
            let (to, sending) = half.create(file, sqlite::length(path)).await?;
            (tx, at, both(sqlite::copy(path, to, asked.rate), sending).await)
        }
        Lies::Server(_) => {
            let mut tx = db.begin_read(Wall::All("a backup holds all organisations")).await?;
            let snapshot = postgres::snapshot(&mut tx).await?;
            let at = Instant::machine_now();
            let (to, sending) = half.create(file, postgres::length(&mut tx).await?).await?;
            (tx, at, both(postgres::dump(asked.url, snapshot, to), sending).await)
        }
    };
    let manifest = match copied {
        Ok(copied) => describe(&mut tx, asked.program, at, file, copied).await,
        Err(refused) => Err(refused),
    };
    tx.rollback().await?;
    manifest
}

/// Copies while what was copied is sent. When the store refuses, the copy ends too, and the store's words count.
async fn both(copy: impl Future<Output = Result<Copied>>, sending: Sending) -> Result<Copied> {
    let (copied, sent) = tokio::join!(copy, sending.run());
    sent.and(copied)
}

async fn describe(tx: &mut Tx, program: &str, at: Instant, file: &str, copied: Copied) -> Result<Manifest> {
    let (engine, engine_version) = facts::engine(tx).await?;
    let part =
        Part { name: file.to_owned(), bytes: copied.bytes, sha256: copied.sha256, plain_bytes: copied.plain };
    Ok(Manifest {
        format: FORMAT,
        baton: program.to_owned(),
        engine,
        engine_version,
        at: at.to_string(),
        at_micros: at.micros(),
        steps: facts::steps(tx).await?,
        organisations: facts::orgs(tx).await?,
        rows: facts::rows(tx).await?,
        files: vec![part],
        audit_roots: facts::roots(tx).await?,
    })
}

/// The folder's name: when it was made, and a few letters so that two never meet.
fn name(at: Instant) -> String {
    let letters: u32 = rand::random_range(0..0x100_0000);
    format!("baton-{}-{letters:06x}", at.timestamp().strftime("%Y%m%dT%H%M%SZ"))
}

async fn write_down(db: &Db, shelf: &Shelf, made: &Result<Found>) -> Result<()> {
    let (well, at, place, words) = match made {
        Ok(found) => {
            let words = format!("{} bytes", found.manifest.bytes());
            (true, found.manifest.instant(), found.address(), words)
        }
        Err(problem) => {
            let words = match problem {
                Problem::Bug { source } => source.to_string(),
                other => other.to_string(),
            };
            (false, Instant::machine_now(), shelf.address(), words)
        }
    };
    crate::write!(db, Wall::All("a backup holds all organisations"), |tx| {
        note::put(tx, Kind::Backup, well, at, &place, &words).await
    })
}
