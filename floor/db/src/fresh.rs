//! Filling a new database with very many rows.
//!
//! A served SQLite file promises that every acknowledged write is on the disk and that a killed program leaves
//! whole transactions; both cost several times what the rows do. A database that is being made promises nothing yet. So
//! it is filled under a name of its own without a journal and without waiting for the disk, indexes of its large tables
//! are made after the rows, and only when everything is there and synced it gets its real name. **Invariant:** no file
//! has the database's name before [`Fresh::finish`] has synced it, so what a killed program left is never opened.
//!
//! PostgreSQL is filled as it is served: another server may share it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use kernel::{Problem, Result};
use sqlx::{AssertSqlSafe, Executor as _, SqlitePool};

use crate::{Db, Place, RoomSchema, connect, fault::problem, idle::Idle, open::Pools, writer::Writer};

/// Kilobytes of pages kept in memory while rows come in: the keys of ten million events come in any order, and pages
/// that are written once a batch instead of once a row are what makes it fast.
const CACHE: u32 = 262_144;
/// The word index keeps so many bytes of words before it writes them; its usual size is restored at the end.
const WORDS_AHEAD: u32 = 64 << 20;
const WORDS_USUAL: u32 = 1 << 20;

/// A database that is being filled.
pub struct Fresh {
    db: Db,
    place: Option<Place>,
    making: Option<Making>,
}

/// The file under its temporary name; removed when it is dropped before it was done.
struct Making {
    path: PathBuf,
    pool: SqlitePool,
    /// The indexes to be made at the end.
    indexes: Vec<String>,
    done: bool,
}

impl Fresh {
    /// Begins. `large` names the tables whose indexes are made at the end; nothing that is written until then may
    /// need them.
    pub(crate) async fn begin(place: Place, rooms: &[RoomSchema], large: &[&str]) -> Result<Self> {
        let mut all = vec![crate::FLOOR];
        all.extend_from_slice(rooms);
        let Some(path) = place.making() else {
            return Ok(Self { db: place.open(rooms).await?, place: None, making: None });
        };
        remove(&path)?;
        let pool = connect::sqlite_to_fill(&path, CACHE, &all).await?;
        let mut making = Making { path, pool: pool.clone(), indexes: Vec::new(), done: false };
        making.indexes = take_indexes(&pool, large).await?;
        set_words(&pool, "automerge", 0).await?;
        set_words(&pool, "hashsize", WORDS_AHEAD).await?;
        let pools = Pools::Sqlite { writer: Writer::new(pool.clone()), readers: Idle::new(pool) };
        Ok(Self { db: Db::over(pools, &all, None), place: Some(place), making: Some(making) })
    }

    /// The database to write to.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Rows one transaction should have: many where nobody else waits for the writer's place.
    pub fn rows_a_batch(&self) -> usize {
        if self.making.is_some() { 16_000 } else { 1_000 }
    }

    /// Makes the indexes, brings everything to the disk and gives the database its name. `progress` gets a sentence
    /// now and then.
    ///
    /// # Errors
    /// When the disk is full or a row breaks an index; then nothing has the database's name.
    pub async fn finish(mut self, rooms: &[RoomSchema], progress: impl Fn(&str)) -> Result<Db> {
        let (Some(place), Some(mut making)) = (self.place.take(), self.making.take()) else {
            return Ok(self.db.clone());
        };
        for sql in &making.indexes {
            let name = sql.split_whitespace().skip_while(|word| *word != "INDEX").nth(1).unwrap_or_default();
            progress(&format!("Making the index {name}."));
            run(&making.pool, sql).await?;
        }
        progress("Putting the words in order.");
        run(&making.pool, "INSERT INTO search_words (search_words) VALUES ('optimize')").await?;
        set_words(&making.pool, "automerge", 4).await?;
        set_words(&making.pool, "hashsize", WORDS_USUAL).await?;
        making.pool.close().await;
        progress("Bringing it to the disk.");
        let path = making.path.clone();
        tokio::task::spawn_blocking(move || File::open(path)?.sync_all())
            .await
            .map_err(Problem::bug)?
            .map_err(|e| unwritten(&making.path, &e))?;
        place.put_in(&making.path)?;
        making.done = true;
        place.open(rooms).await
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.done {
            // Whoever fills a database stops at the first error, and says that one; what is left is of no use.
            let _ = remove(&self.path);
        }
    }
}

/// Removes what an earlier attempt left.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritten(path, &error)),
        _ => Ok(()),
    }
}

pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Problem {
    Problem::conflict(
        "db.fill",
        format!(
            "{} cannot be written ({error}). Make room or choose another folder, and begin again; nothing half made is \
             ever taken for a database.",
            path.display()
        ),
    )
}

/// Takes the indexes of these tables away and gives the statements that make them again.
async fn take_indexes(pool: &SqlitePool, large: &[&str]) -> Result<Vec<String>> {
    const MADE: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL \
                        AND tbl_name = $1 ORDER BY rowid";
    let mut indexes = Vec::new();
    for table in large {
        let found: Vec<(String, String)> =
            sqlx::query_as(MADE).bind(*table).fetch_all(pool).await.map_err(|e| problem(e, MADE))?;
        for (name, sql) in found {
            run(pool, &format!("DROP INDEX {name}")).await?;
            indexes.push(sql);
        }
    }
    Ok(indexes)
}

async fn set_words(pool: &SqlitePool, what: &str, to: u32) -> Result<()> {
    run(pool, &format!("INSERT INTO search_words (search_words, rank) VALUES ('{what}', {to})")).await
}

async fn run(pool: &SqlitePool, sql: &str) -> Result<()> {
    pool.execute(AssertSqlSafe(sql.to_owned())).await.map(drop).map_err(|e| problem(e, sql))
}
